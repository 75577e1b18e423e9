-- The audit, of owners: sums can be right though credits are somebody else's.
--
-- Does:  renames private.audit() of the file on the audit for causes to audit_of_amounts(); audit() answers
--        what that finds, and what the new audit_of_owners() finds.
-- Locks: none; it sees one snapshot.
-- Undo:  drop function private.audit, private.audit_of_owners;
--        alter function private.audit_of_amounts() rename to audit;

alter function private.audit() rename to audit_of_amounts;

create function private.audit_of_owners()
returns table (law text, subject text, detail text)
language sql
stable
set search_path = ''
as $$
  select 'a payment''s credits are its buyer''s', t.id::text,
         format('%s of %s, payment of %s', t.type, t.user_id, o.user_id)
  from public.credit_transactions t join public.payment_orders o on o.id = t.payment_id
  where t.user_id <> o.user_id
  union all
  select 'who spends from a lot owns it', t.id::text, format('%s of %s, lot of %s', t.type, t.user_id, lot.user_id)
  from public.credit_transactions t
  cross join lateral unnest(t.lot_ids) as part (lot_id)
  join public.credit_lots lot on lot.id = part.lot_id
  where t.user_id <> lot.user_id
  union all
  select 'a refund or dispute counts where its payment is known', claim.id, format('payment %s', o.id)
  from (
    select id, stripe_payment_intent_id from public.refunds where payment_id is null
    union all
    select id, stripe_payment_intent_id from public.disputes where payment_id is null) claim
  join public.payment_orders o on o.stripe_payment_intent_id = claim.stripe_payment_intent_id
$$;

-- Every broken law of the books, one row each; empty always. Anything else is a bug or a manipulation.
create function private.audit()
returns table (law text, subject text, detail text)
language sql
stable
set search_path = ''
as $$
  select * from private.audit_of_amounts()
  union all
  select * from private.audit_of_owners()
$$;

revoke all on function private.audit_of_owners(), private.audit() from public, anon, authenticated, service_role;

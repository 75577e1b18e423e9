-- Drift is what merging mends, or what a person must look at, and nothing else. A dispute or refund that Stripe
-- sets back a step, which the books do not follow, was found and refused by every run for months. A
-- subscription that the books know nothing of, because they are a backup's, was charged every month and
-- never found. And a payment whose bank declined it while it was processed is found now.
--
-- Does:  creates is_later_refund_status() and is_later_dispute_status(), which hold what merge_refund() (of the
--        file on settlement) and merge_dispute() (of that on circles by keys) held, and replaces those two
--        and drift_of() of the file on reconciliation.
-- Locks: none.
-- Undo:  create the three anew as they stand in those files; drop function
--        private.is_later_refund_status, private.is_later_dispute_status.

-- Whether a status follows the known one. Null for one that is new to us: it is not merged, but it is drift.
create function private.is_later_refund_status(p_status text, p_known text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  c_in_order constant text[] := array['pending', 'requires_action', 'succeeded', 'canceled', 'failed'];
begin
  return array_position(c_in_order, p_status) > array_position(c_in_order, p_known);
end
$$;

create function private.is_later_dispute_status(p_status text, p_known text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
declare
  c_in_order constant text[] := array[
    'warning_needs_response', 'warning_under_review', 'warning_closed', 'prevented', 'needs_response',
    'under_review', 'lost', 'appeal_needs_response', 'appeal_under_review', 'won'];
begin
  return array_position(c_in_order, p_status) > array_position(c_in_order, p_known);
end
$$;

-- A refund can fail after it succeeded, never the other way round.
create or replace function private.merge_refund(p_refund jsonb, p_payment_intent_id text)
returns void
language sql
set search_path = ''
as $$
  insert into public.refunds as known (id, stripe_payment_intent_id, amount, currency, status, reason)
  values (p_refund ->> 'id', p_payment_intent_id, (p_refund ->> 'amount')::bigint,
          p_refund ->> 'currency', p_refund ->> 'status', p_refund ->> 'reason')
  on conflict (id) do update set status = excluded.status, updated_at = now()
  where private.is_later_refund_status(excluded.status, known.status)
$$;

-- An inquiry may become a chargeback, a chargeback ends won or lost; a late reinstatement wins.
create or replace function private.merge_dispute(p_dispute jsonb, p_payment_intent_id text)
returns void
language sql
set search_path = ''
as $$
  insert into public.disputes as known (id, stripe_payment_intent_id, amount, currency, status, reason, due_by)
  values (p_dispute ->> 'id', p_payment_intent_id, (p_dispute ->> 'amount')::bigint,
          p_dispute ->> 'currency', p_dispute ->> 'status', p_dispute ->> 'reason',
          (p_dispute ->> 'due_by')::timestamptz)
  on conflict (id) do update set
    status = excluded.status, amount = excluded.amount,
    due_by = coalesce(excluded.due_by, known.due_by), updated_at = now()
  where private.is_later_dispute_status(excluded.status, known.status)
$$;

-- What the facts say that the books do not hold, in one word; null where they agree or are not ours:
-- unknown_payment (our id, but no such order; a subscription's invoice of a customer or price that is not
-- here), unpaid, ended, processing, refund, dispute, subscription, link (an id that was never written
-- down), conflict (money that a paid payment knows nothing of: another amount, or a second session's).
-- What is found is mended by merging the facts, or refused there; this only reads.
create or replace function private.drift_of(p_facts jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  o public.payment_orders;
  v_refusal text;
  v_has_owner boolean;
begin
  if p_facts ? 'subscription' and private.subscription_drifts(p_facts -> 'subscription') then
    return 'subscription';
  end if;

  select * into o from public.payment_orders where id = private.find_payment(p_facts);
  if o.id is null and p_facts -> 'invoice' ? 'lines' then
    v_has_owner := (select c.user_id from private.owner_of_invoice(p_facts) c) is not null;
    return case
      when not coalesce((p_facts ->> 'paid')::boolean, false) then null
      when v_has_owner and private.credits_of_invoice(p_facts -> 'invoice') <> 0 then
        case when not exists (select from private.carried_credits c where c.invoice_id = p_facts -> 'invoice' ->> 'id')
          then 'unpaid' end
      -- Of an order that was not in a backup, its customer or its price may not have been either.
      when p_facts -> 'invoice' ? 'first_payment_id' and (p_facts ->> 'amount')::bigint > 0 and not (v_has_owner and exists (
          select from jsonb_array_elements(p_facts -> 'invoice' -> 'lines') line
          join public.stripe_prices price on price.id = line.value ->> 'price_id')) then 'unknown_payment'
    end;
  elsif o.id is null then
    return case when p_facts ? 'payment_id' then 'unknown_payment' end;
  end if;

  v_refusal := private.refusal_of(o, p_facts);
  if v_refusal is not null then
    return case
      when not coalesce((p_facts ->> 'paid')::boolean, false) then null
      -- The session's facts will tell, or a person was told already: saying it again mends nothing.
      when v_refusal = 'amount_unexplained' or o.error ->> 'code' = 'amount_mismatch' then null
      when o.paid_at is null then 'unpaid'
      else 'conflict'
    end;
  end if;
  return case
    when (p_facts ->> 'paid')::boolean and o.paid_at is null then 'unpaid'
    when (p_facts ? 'ended' or private.is_declined_for_good(o, p_facts)) and o.ended is null and o.paid_at is null
      then 'ended'
    when (p_facts ->> 'processing')::boolean and not o.processing and o.paid_at is null then 'processing'
    when exists (
      select from jsonb_array_elements(p_facts -> 'refunds') said
      left join public.refunds r on r.id = said.value ->> 'id'
      where r.payment_id is null or private.is_later_refund_status(said.value ->> 'status', r.status) is not false)
      then 'refund'
    when exists (
      select from jsonb_array_elements(p_facts -> 'disputes') said
      left join public.disputes d on d.id = said.value ->> 'id'
      where d.payment_id is null or private.is_later_dispute_status(said.value ->> 'status', d.status) is not false)
      then 'dispute'
    when (p_facts ? 'checkout_session_id' and o.stripe_checkout_session_id is null)
      or (p_facts ? 'payment_intent_id' and o.stripe_payment_intent_id is null)
      or (p_facts -> 'invoice' ? 'id' and o.stripe_invoice_id is null) then 'link'
  end;
end
$$;

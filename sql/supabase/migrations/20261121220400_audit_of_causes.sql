-- The audit, for causes: what a row says it was for must be what it was, and more than its sum.
--
-- Does:  replaces private.audit() of the file on the audit for every way to pay; its laws stand as they
--        were. New ones hold each spend and hold against its price, a captured hold against its ledger
--        row, a payment's status and refunded money against its facts, a lot against its grant.
-- Locks: none; it sees one snapshot.
-- Undo:  create it anew as it stands in that file.

create or replace function private.audit()
returns table (law text, subject text, detail text)
language sql
stable
set search_path = ''
as $$
  with ledger as (
    select user_id,
           sum(amount) as balance,
           sum((select coalesce(sum(part), 0) from unnest(lot_amounts) part)) as from_lots,
           sum(amount) filter (where type in ('purchase', 'subscription', 'bonus')) as granted,
           -sum(amount) filter (where type = 'spend') as spent
    from public.credit_transactions group by user_id
  ), lots as (
    select user_id, sum(remaining) as remaining, sum(held) as held, sum(debt_paid) as debt_paid
    from public.credit_lots group by user_id
  ), lineage as (
    select part.lot_id, sum(part.amount) as amount,
           coalesce(sum(part.amount) filter (where t.type in ('purchase', 'subscription', 'bonus')), 0) as granted,
           coalesce(sum(part.amount) filter (
             where t.type in ('refund', 'dispute_reversal') and part.amount > 0), 0) as given_back
    from public.credit_transactions t
    cross join lateral unnest(t.lot_ids, t.lot_amounts) as part (lot_id, amount)
    group by part.lot_id
  ), chain as (
    select *, lag(balance_after, 1, 0::bigint) over (partition by user_id order by seq) as balance_before
    from public.credit_transactions
  ), by_payment as (
    select payment_id,
           coalesce(sum(amount) filter (where type in ('purchase', 'subscription')), 0) as granted,
           coalesce(-sum(amount) filter (where type = 'refund'), 0) as refunded,
           coalesce(-sum(amount) filter (where type in ('dispute', 'dispute_reversal')), 0) as disputed
    from public.credit_transactions where payment_id is not null group by payment_id
  ), implied as (
    select o.id, case when o.paid_at is null then 0 else o.credits end as granted, o.amount_captured,
           (select coalesce(sum(r.amount), 0) from public.refunds r
            where r.payment_id = o.id and r.status in ('pending', 'requires_action', 'succeeded')) as refunded,
           (select coalesce(sum(d.amount), 0) from public.disputes d
            where d.payment_id = o.id and private.is_chargeback(d.status)) as disputed
    from public.payment_orders o
  ), standing as (  -- as private.settle() derives it
    select i.id, case
             when o.paid_at is not null and i.disputed > 0 then 'disputed'
             when o.paid_at is not null and i.refunded > 0 and i.refunded >= o.amount_captured then 'refunded'
             when o.paid_at is not null and i.refunded > 0 then 'partially_refunded'
             when o.paid_at is not null then 'succeeded'
             when o.ended is not null then o.ended
             when o.processing then 'processing'
             else 'pending'
           end as status
    from public.payment_orders o join implied i on i.id = o.id
  )
  select 'balance is the sum of the ledger', coalesce(a.user_id, l.user_id)::text,
         format('balance %s, ledger %s', a.balance, l.balance)
  from public.user_credits a full join ledger l using (user_id)
  where coalesce(a.balance, 0) <> coalesce(l.balance, 0)
  union all
  select 'balance is what the lots hold, less debt', a.user_id::text,
         format('balance %s, lots %s, debt %s', a.balance, lots.remaining, a.debt)
  from public.user_credits a left join lots using (user_id)
  where a.balance <> coalesce(lots.remaining, 0) - a.debt
  union all
  select 'every lot belongs to an account', lots.user_id::text, format('lots %s', lots.remaining)
  from lots left join public.user_credits a using (user_id) where a.user_id is null
  union all
  select 'held is what the lots reserve', a.user_id::text, format('held %s, lots %s', a.held, lots.held)
  from public.user_credits a left join lots using (user_id) where a.held <> coalesce(lots.held, 0)
  union all
  select 'held is the sum of active holds', a.user_id::text, format('held %s, holds %s', a.held, h.amount)
  from public.user_credits a
  left join (select user_id, sum(amount) as amount from public.credit_holds where status = 'held' group by user_id) h
    using (user_id)
  where a.held <> coalesce(h.amount, 0)
  union all
  select 'a lot reserves what its active holds took', lot.id::text, format('held %s, holds %s', lot.held, h.part)
  from public.credit_lots lot
  left join (
    select reserved.lot_id, sum(reserved.part) as part
    from public.credit_holds held cross join lateral unnest(held.lot_ids, held.lot_parts) as reserved (lot_id, part)
    where held.status = 'held' group by reserved.lot_id) h on h.lot_id = lot.id
  where lot.held <> coalesce(h.part, 0)
  union all
  select 'debt is what no lot has covered', a.user_id::text,
         format('debt %s, uncovered %s, paid %s', a.debt, l.from_lots - l.balance, lots.debt_paid)
  from public.user_credits a left join ledger l using (user_id) left join lots using (user_id)
  where a.debt <> coalesce(l.from_lots - l.balance, 0) - coalesce(lots.debt_paid, 0)
  union all
  select 'who owes has no free credits', lot.user_id::text, format('debt %s, lot %s', a.debt, lot.id)
  from public.user_credits a join public.credit_lots lot using (user_id)
  where a.debt > 0 and lot.remaining > lot.held
  union all
  select 'lifetime sums are those of the ledger', a.user_id::text,
         format('granted %s of %s, spent %s of %s', a.lifetime_granted, l.granted, a.lifetime_spent, l.spent)
  from public.user_credits a left join ledger l using (user_id)
  where (a.lifetime_granted, a.lifetime_spent) <> (coalesce(l.granted, 0), coalesce(l.spent, 0))
  union all
  select 'no lot is negative or above its grant', lot.id::text,
         format('held %s, remaining %s, granted %s', lot.held, lot.remaining, lot.granted)
  from public.credit_lots lot where not lot.remaining between lot.held and lot.granted
  union all
  select 'a lot holds what its transactions left in it', lot.id::text,
         format('remaining %s, lineage %s, debt paid %s', lot.remaining, lineage.amount, lot.debt_paid)
  from public.credit_lots lot left join lineage on lineage.lot_id = lot.id
  where lot.remaining <> coalesce(lineage.amount, 0) - lot.debt_paid
  union all
  select 'a lot is exhausted when nothing remains', lot.id::text, format('remaining %s', lot.remaining)
  from public.credit_lots lot where lot.exhausted <> (lot.remaining = 0)
  union all
  select 'no transaction is of nothing', t.id::text, t.type::text
  from public.credit_transactions t where t.amount = 0
  union all
  select 'the running balance has no gap', chain.id::text,
         format('%s %s makes %s', chain.balance_before, chain.amount, chain.balance_after)
  from chain where chain.balance_after <> chain.balance_before + chain.amount
  union all
  select 'every ledger row has a cause', t.id::text, t.type::text
  from public.credit_transactions t
  where case t.type
    when 'spend' then t.feature is null
    when 'bonus' then t.description is null
    when 'adjustment' then t.description is null
    when 'expiry' then cardinality(t.lot_ids) = 0
    else t.payment_id is null end
  union all
  select 'a payment''s credits are what its facts imply', o.id::text,
         format('granted %s, refunded %s, disputed %s', p.granted, p.refunded, p.disputed)
  from public.payment_orders o
  join implied i on i.id = o.id
  left join by_payment p on p.payment_id = o.id
  where (o.credits_granted, o.credits_refunded, o.credits_disputed)
          is distinct from (coalesce(p.granted, 0), coalesce(p.refunded, 0), coalesce(p.disputed, 0))
     or o.credits_granted <> i.granted
     or o.credits_refunded <> private.share(i.granted, i.refunded::bigint, i.amount_captured)
     or o.credits_refunded + o.credits_disputed
          <> private.share(i.granted, (i.refunded + i.disputed)::bigint, i.amount_captured)
  union all
  select 'who has paid gets credits once', lot.payment_id::text, count(*)::text
  from public.credit_lots lot where lot.payment_id is not null
  group by lot.payment_id having count(*) > 1
  union all
  select 'what was captured is the order, less discount, with tax', o.id::text,
         format('ordered %s, discount %s, tax %s, captured %s', o.amount, o.amount_discount, o.amount_tax, o.amount_captured)
  from public.payment_orders o
  where o.paid_at is not null and o.ui_mode <> 'invoice' and o.kind <> 'subscription'
    and o.amount_captured not between o.amount - o.amount_discount and o.amount - o.amount_discount + o.amount_tax
  union all
  select 'auto-recharge keeps to the limit it was given', r.user_id::text,
         format('limit %s, spent %s', r.monthly_limit, private.recharged_this_month(r.user_id, r.livemode, r.currency))
  from public.auto_recharges r
  where r.enabled and exists (
    select from public.payment_orders o
    where o.user_id = r.user_id and o.kind = 'auto_recharge' and o.created_at >= r.consented_at
      and o.created_at >= date_trunc('month', now(), 'UTC'))
    and private.recharged_this_month(r.user_id, r.livemode, r.currency) > r.monthly_limit
  union all
  select 'a spend is of its quantity, at its price', t.id::text,
         format('%s of %s at version %s for %s', t.quantity, t.feature, t.price_version, t.amount)
  from public.credit_transactions t
  left join public.feature_costs cost on cost.feature = t.feature and cost.version = t.price_version
  where t.type = 'spend' and -t.amount is distinct from t.quantity::numeric * cost.credits
  union all
  select 'a hold is of its quantity, at its price', h.id::text,
         format('%s of %s at version %s for %s', h.quantity, h.feature, h.price_version, h.amount)
  from public.credit_holds h
  left join public.feature_costs cost on cost.feature = h.feature and cost.version = h.price_version
  where h.amount is distinct from h.quantity::numeric * cost.credits
  union all
  select 'a captured hold and its ledger row name each other', coalesce(h.id, t.hold_id)::text,
         format('hold %s names row %s, row %s names hold %s', h.id, h.transaction_id, t.id, t.hold_id)
  from (select * from public.credit_holds where status = 'captured' or transaction_id is not null) h
  full join (select * from public.credit_transactions where hold_id is not null) t
    on t.id = h.transaction_id and t.hold_id = h.id
  where h.id is null or t.id is null or h.status <> 'captured'
  union all
  select 'what is captured is part of the hold', h.id::text,
         format('held %s for %s, captured %s for %s as %s', h.quantity, h.amount, t.quantity, -t.amount, t.type)
  from public.credit_holds h join public.credit_transactions t on t.id = h.transaction_id
  where t.type <> 'spend'
     or (t.user_id, t.feature, t.price_version) is distinct from (h.user_id, h.feature, h.price_version)
     or t.quantity > h.quantity or -t.amount > h.amount
  union all
  select 'a payment''s status is what its facts imply', o.id::text,
         format('status %s, implied %s', o.status, standing.status)
  from public.payment_orders o join standing on standing.id = o.id where o.status <> standing.status
  union all
  select 'a payment''s refunded money is that of its refunds', o.id::text,
         format('refunded %s, refunds %s', o.amount_refunded, i.refunded)
  from public.payment_orders o join implied i on i.id = o.id where o.amount_refunded <> i.refunded
  union all
  -- What was given back has made lots grow above their grant, while it came back into another lot than
  -- it had been taken from.
  select 'a lot is of its grant, and of what was given back', lot.id::text,
         format('lot %s, granted %s, given back %s', lot.granted, lineage.granted, lineage.given_back)
  from public.credit_lots lot left join lineage on lineage.lot_id = lot.id
  where lot.granted not between coalesce(lineage.granted, 0)
                            and coalesce(lineage.granted + lineage.given_back, 0)
$$;

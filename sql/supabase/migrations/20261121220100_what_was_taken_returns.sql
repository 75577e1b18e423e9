-- What was taken returns: a refund that failed and a dispute that was won give credits back to the very
-- lots they were taken from, and a refund takes none in the stead of credits that have expired.
--
-- Does:  replaces take_back and give_back of the file on credit movements; creates put_back_expired, and
--        an index of the few lots that have paid debt. All credits used to return to the payment's own
--        lot, where those of later purchases expired with it.
-- Locks: SHARE on credit_lots while the index is built (a second per million rows): spending waits.
-- Undo:  create take_back and give_back anew as they stand in that file; drop function
--        private.put_back_expired; drop index public.credit_lots_that_paid_debt;

create index credit_lots_that_paid_debt on public.credit_lots (user_id) where debt_paid > 0;

-- What has expired of a payment's credits is gone already, so that taking them must not cost others: as
-- many as p_credits of them are put back, to be taken at once.
create function private.put_back_expired(p_payment_id uuid, p_credits bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lot public.credit_lots;
  v_row public.credit_transactions;
  v_expired bigint;
begin
  select * into v_lot from public.credit_lots where payment_id = p_payment_id;
  select coalesce(-sum(amount), 0) into v_expired from public.credit_transactions
  where payment_id = p_payment_id and type = 'expiry';
  v_row.amount := least(v_expired, p_credits - (v_lot.remaining - v_lot.held));
  if v_row.amount > 0 then
    update public.credit_lots set remaining = remaining + v_row.amount, exhausted = false where id = v_lot.id;
    v_row.user_id := v_lot.user_id;
    v_row.type := 'expiry';
    v_row.lot_ids := array[v_lot.id];
    v_row.lot_amounts := array[v_row.amount];
    v_row.payment_id := p_payment_id;
    v_row.expires_at := v_lot.expires_at;
    perform private.post(v_row);
  end if;
end
$$;

-- Takes -p_row.amount credits back: from the lot of p_row.payment_id first, be they expired (without a
-- payment, from lots that nobody paid for), then from the others, earliest-expiring first. Credits that
-- a hold reserves stay with the hold, for its work may be done already; what is missing becomes debt.
create or replace function private.take_back(p_row public.credit_transactions)
returns public.credit_transactions
language plpgsql
set search_path = ''
as $$
declare
  v_missing bigint := -p_row.amount;
  v_part bigint;
  v_lot public.credit_lots;
begin
  perform private.put_back_expired(p_row.payment_id, v_missing);
  p_row.lot_ids := '{}';
  p_row.lot_amounts := '{}';
  for v_lot in
    select * from public.credit_lots
    where user_id = p_row.user_id and not exhausted and remaining > held
    order by payment_id is distinct from p_row.payment_id, expires_at, id
  loop
    v_part := least(v_missing, v_lot.remaining - v_lot.held);
    update public.credit_lots
    set remaining = remaining - v_part, exhausted = (remaining = v_part)
    where id = v_lot.id;
    p_row.lot_ids := p_row.lot_ids || v_lot.id;
    p_row.lot_amounts := p_row.lot_amounts || -v_part;
    v_missing := v_missing - v_part;
    exit when v_missing = 0;
  end loop;
  return private.post(p_row);
end
$$;

-- Gives p_row.amount credits back that refunds and disputes of p_row.payment_id have taken: each lot gets
-- its own again, with the expiry the buyer knew, those that last longest first. The rest had become
-- debt: what is still owed of it is owed no more, and the lots that have paid it get it back.
create or replace function private.give_back(p_row public.credit_transactions)
returns public.credit_transactions
language plpgsql
set search_path = ''
as $$
declare
  v_missing bigint := p_row.amount;
  v_paid bigint;  -- of what is missing: lots have paid for it since
  v_part bigint;
  v_lot record;
begin
  p_row.lot_ids := '{}';
  p_row.lot_amounts := '{}';
  for v_lot in
    select lot.id, -sum(part.amount) as taken
    from public.credit_transactions t
    cross join lateral unnest(t.lot_ids, t.lot_amounts) as part (lot_id, amount)
    join public.credit_lots lot on lot.id = part.lot_id
    where t.payment_id = p_row.payment_id and t.type in ('refund', 'dispute', 'dispute_reversal')
    group by lot.id
    having sum(part.amount) < 0
    order by lot.expires_at desc nulls first, lot.id
  loop
    exit when v_missing = 0;
    v_part := least(v_missing, v_lot.taken);
    update public.credit_lots
    set remaining = remaining + v_part, granted = greatest(granted, remaining + v_part), exhausted = false
    where id = v_lot.id;
    p_row.lot_ids := p_row.lot_ids || v_lot.id;
    p_row.lot_amounts := p_row.lot_amounts || v_part;
    v_missing := v_missing - v_part;
  end loop;

  select greatest(0, v_missing - debt) into v_paid from public.user_credits where user_id = p_row.user_id;
  update public.user_credits set debt = debt + v_paid where user_id = p_row.user_id and v_paid > 0;
  for v_lot in
    select id, debt_paid from public.credit_lots
    where user_id = p_row.user_id and debt_paid > 0 and v_paid > 0
    order by expires_at desc nulls first, id
  loop
    exit when v_paid = 0;
    v_part := least(v_paid, v_lot.debt_paid);
    update public.credit_lots
    set remaining = remaining + v_part, debt_paid = debt_paid - v_part, exhausted = false
    where id = v_lot.id;
    v_paid := v_paid - v_part;
  end loop;

  p_row := private.post(p_row);
  perform private.pay_debt(p_row.user_id);
  return p_row;
end
$$;

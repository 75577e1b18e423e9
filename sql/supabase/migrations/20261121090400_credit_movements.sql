-- Credit movements: the few private steps of which every change to the ledger is made.
--
-- Does:  creates lock_user_credits, post, sweep_expired, pay_debt, grant_credits, take_back and
--        give_back in schema `private`. Nobody but the functions of later files calls them.
-- Locks: none.
-- Undo:  drop function private.give_back, private.take_back, private.grant_credits,
--        private.pay_debt, private.sweep_expired, private.post, private.lock_user_credits;
--
-- All but the first expect the caller to hold the user's user_credits row.

-- Takes the lock that every change to one user's credits stands on, and makes the row if it is
-- the first. Lock, then read: a balance read before the lock may be another tab's past.
create function private.lock_user_credits(p_user_id uuid)
returns public.user_credits
language plpgsql
set search_path = ''
as $$
declare
  v_account public.user_credits;
begin
  select * into v_account from public.user_credits where user_id = p_user_id for update;
  if not found then
    insert into public.user_credits (user_id) values (p_user_id) on conflict do nothing;
    select * into v_account from public.user_credits where user_id = p_user_id for update;
  end if;
  return v_account;
end
$$;

-- Appends one ledger row and moves the balance with it. p_row carries user_id, type, amount,
-- lot_ids, lot_amounts and the cause; what the lots do not cover becomes, or ceases to be, debt.
create function private.post(p_row public.credit_transactions)
returns public.credit_transactions
language plpgsql
set search_path = ''
as $$
declare
  v_from_lots bigint := coalesce((select sum(part) from unnest(p_row.lot_amounts) part), 0);
begin
  update public.user_credits set
    balance = balance + p_row.amount,
    debt = debt + v_from_lots - p_row.amount,
    lifetime_granted = lifetime_granted
      + case when p_row.type in ('purchase', 'subscription', 'bonus') then p_row.amount else 0 end,
    lifetime_spent = lifetime_spent - case when p_row.type = 'spend' then p_row.amount else 0 end,
    updated_at = now()
  where user_id = p_row.user_id
  returning balance, balance - held into p_row.balance_after, p_row.available_after;

  insert into public.credit_transactions
    (id, user_id, type, amount, balance_after, available_after, lot_ids, lot_amounts, payment_id, hold_id,
     feature, quantity, price_version, request_id, idempotency_key, description, metadata, expires_at)
  values
    (coalesce(p_row.id, gen_random_uuid()), p_row.user_id, p_row.type, p_row.amount,
     p_row.balance_after, p_row.available_after,
     coalesce(p_row.lot_ids, '{}'), coalesce(p_row.lot_amounts, '{}'), p_row.payment_id, p_row.hold_id,
     p_row.feature, p_row.quantity, p_row.price_version, p_row.request_id, p_row.idempotency_key,
     p_row.description, coalesce(p_row.metadata, '{}'), p_row.expires_at)
  returning * into p_row;
  if p_row.amount < 0 and p_row.hold_id is null then  -- a hold has told it when it reserved
    perform private.note_low_balance(p_row.user_id, p_row.available_after - p_row.amount, p_row.available_after);
  end if;
  return p_row;
end
$$;

-- Writes off what has expired and is not reserved by a hold. Returns the credits written off.
create function private.sweep_expired(p_user_id uuid)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_lot public.credit_lots;
  v_row public.credit_transactions;
  v_swept bigint := 0;
begin
  for v_lot in
    select * from public.credit_lots
    where user_id = p_user_id and not exhausted and expires_at <= now() and remaining > held
    order by expires_at, id
  loop
    update public.credit_lots
    set remaining = held, exhausted = (held = 0)
    where id = v_lot.id;

    v_row := null;
    v_row.user_id := p_user_id;
    v_row.type := 'expiry';
    v_row.amount := v_lot.held - v_lot.remaining;
    v_row.lot_ids := array[v_lot.id];
    v_row.lot_amounts := array[v_row.amount];
    v_row.payment_id := v_lot.payment_id;
    v_row.expires_at := v_lot.expires_at;
    perform private.post(v_row);
    v_swept := v_swept - v_row.amount;
  end loop;
  return v_swept;
end
$$;

-- Lets free credits pay what the user owes, earliest-expiring first. The balance does not change:
-- it has counted the debt since the day it was made.
create function private.pay_debt(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_debt bigint;
  v_part bigint;
  v_lot public.credit_lots;
begin
  select debt into v_debt from public.user_credits where user_id = p_user_id;
  if v_debt = 0 then
    return;
  end if;

  for v_lot in
    select * from public.credit_lots
    where user_id = p_user_id and not exhausted and remaining > held
    order by expires_at, id
  loop
    v_part := least(v_debt, v_lot.remaining - v_lot.held);
    update public.credit_lots
    set remaining = remaining - v_part, debt_paid = debt_paid + v_part, exhausted = (remaining = v_part)
    where id = v_lot.id;
    v_debt := v_debt - v_part;
    exit when v_debt = 0;
  end loop;

  update public.user_credits set debt = v_debt where user_id = p_user_id;
end
$$;

-- A new lot and its ledger row. p_row carries user_id, type, amount (> 0), cause and expires_at.
create function private.grant_credits(p_row public.credit_transactions)
returns public.credit_transactions
language plpgsql
set search_path = ''
as $$
declare
  v_lot_id uuid;
begin
  insert into public.credit_lots (user_id, source, payment_id, granted, remaining, expires_at)
  values (p_row.user_id, p_row.type, p_row.payment_id, p_row.amount, p_row.amount, p_row.expires_at)
  returning id into v_lot_id;

  p_row.lot_ids := array[v_lot_id];
  p_row.lot_amounts := array[p_row.amount];
  p_row := private.post(p_row);
  perform private.pay_debt(p_row.user_id);
  return p_row;
end
$$;

-- Takes -p_row.amount credits back: from the lot of p_row.payment_id first (without one, from those
-- that nobody paid for), then from the others, earliest-expiring first. Credits that a hold reserves stay with the hold, for its work may be
-- done already; what is missing becomes debt.
create function private.take_back(p_row public.credit_transactions)
returns public.credit_transactions
language plpgsql
set search_path = ''
as $$
declare
  v_missing bigint := -p_row.amount;
  v_part bigint;
  v_lot public.credit_lots;
begin
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

-- Gives p_row.amount credits back into the lot of p_row.payment_id, with the expiry the buyer knew.
-- The lot grows where they had been taken from others, while a hold reserved its own.
create function private.give_back(p_row public.credit_transactions)
returns public.credit_transactions
language plpgsql
set search_path = ''
as $$
begin
  update public.credit_lots
  set remaining = remaining + p_row.amount,
      granted = greatest(granted, remaining + p_row.amount),
      exhausted = false
  where payment_id = p_row.payment_id
  returning array[id], array[p_row.amount] into p_row.lot_ids, p_row.lot_amounts;

  p_row := private.post(p_row);
  perform private.pay_debt(p_row.user_id);
  return p_row;
end
$$;

-- Told once: a low balance is what a user has after a change and had not before it, whatever steps
-- the change is made of.
--
-- Does:  makes private.post and private.sweep_expired anew with an argument that keeps them quiet, and
--        replaces end_hold, which compares what was available before with what is after. A hold that
--        ended on expired credits told one crossing twice, or none.
-- Locks: none.
-- Undo:  drop function private.post, private.sweep_expired; create them anew as they stand in the file on
--        credit movements, and end_hold as it stands in the file on holds.

drop function private.post;
drop function private.sweep_expired;

-- Appends one ledger row and moves the balance with it. p_row carries user_id, type, amount,
-- lot_ids, lot_amounts and the cause; what the lots do not cover becomes, or ceases to be, debt. A
-- step of a greater change tells nothing: who makes the change compares its beginning with its end.
create function private.post(p_row public.credit_transactions, p_tells boolean default true)
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
  if p_tells and p_row.amount < 0 then
    perform private.note_low_balance(p_row.user_id, p_row.available_after - p_row.amount, p_row.available_after);
  end if;
  return p_row;
end
$$;

-- Writes off what has expired and is not reserved by a hold. Returns the credits written off.
create function private.sweep_expired(p_user_id uuid, p_tells boolean default true)
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
    perform private.post(v_row, p_tells);
    v_swept := v_swept - v_row.amount;
  end loop;
  return v_swept;
end
$$;

-- Ends a hold that is held: gives up its reservation and, of the reserved credits, consumes the
-- first p_captured. What becomes free pays debt, and is written off if it has expired meanwhile.
create or replace function private.end_hold(
  p_hold public.credit_holds, p_status text, p_row public.credit_transactions)
returns public.credit_holds
language plpgsql
set search_path = ''
as $$
declare
  v_captured bigint := coalesce(-p_row.amount, 0);
  v_available_before bigint;
begin
  update public.credit_lots lot set
    held = held - reserved.part,
    remaining = remaining - reserved.consumed,
    exhausted = (remaining = reserved.consumed)
  from (
    select lot_id, part, greatest(0, least(part, v_captured - (sum(part) over (order by n) - part))) as consumed
    from unnest(p_hold.lot_ids, p_hold.lot_parts) with ordinality as reserved (lot_id, part, n)
  ) reserved
  where lot.id = reserved.lot_id;
  update public.user_credits set held = held - p_hold.amount, updated_at = now()
  where user_id = p_hold.user_id
  returning balance - held - p_hold.amount into v_available_before;

  perform private.pay_debt(p_hold.user_id);
  perform private.sweep_expired(p_hold.user_id, false);
  if v_captured > 0 then
    p_row := private.post(p_row, false);
  end if;

  update public.credit_holds set
    status = p_status, ended_at = now(), transaction_id = p_row.id,
    available_after = (select balance - held from public.user_credits where user_id = p_hold.user_id)
  where id = p_hold.id
  returning * into p_hold;
  if p_hold.available_after < v_available_before then
    perform private.note_low_balance(p_hold.user_id, v_available_before, p_hold.available_after);
  end if;
  return p_hold;
end
$$;

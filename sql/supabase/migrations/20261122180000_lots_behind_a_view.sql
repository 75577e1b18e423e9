-- Lots behind a view: what people and readers know as public.credit_lots can say more than one row does.
--
-- Does:  moves the table credit_lots to schema private, with its indexes, policy and rights, and puts a view
--        of it in its place. The eleven functions that change lots name the table where it is now; not a
--        word else of them is new. Functions that only read go on reading public.credit_lots.
--        A view of your own on credit_lots goes on reading the table, and a policy or grant of your own stays
--        with it: make them anew.
-- Locks: ACCESS EXCLUSIVE on credit_lots for a moment, nothing is rewritten. A spend that waits for it fails
--        whole, and its repetition is served.
-- Undo:  drop view public.credit_lots; alter table private.credit_lots set schema public; and create the
--        eleven anew as they stand in the files on credit movements, spending, what was taken returns, told
--        once, same key same request and faster spend.

alter table public.credit_lots set schema private;

create view public.credit_lots with (security_invoker = true) as
select id, user_id, source, payment_id, granted, remaining, held, debt_paid, expires_at, exhausted, created_at
from private.credit_lots;
comment on view public.credit_lots is 'One grant each; spent earliest-expiring first (null: never expires, last).';
comment on column public.credit_lots.debt_paid is 'Part of the grant that paid debt, and so was never spendable.';
revoke all on public.credit_lots from public, anon, authenticated, service_role;
grant select on public.credit_lots to authenticated, service_role;

-- Writes off what has expired and is not reserved by a hold. Returns the credits written off.
create or replace function private.sweep_expired(p_user_id uuid)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_lot private.credit_lots;
  v_row public.credit_transactions;
  v_swept bigint := 0;
begin
  for v_lot in
    select * from private.credit_lots
    where user_id = p_user_id and not exhausted and expires_at <= now() and remaining > held
    order by expires_at, id
  loop
    update private.credit_lots
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
create or replace function private.pay_debt(p_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_debt bigint;
  v_part bigint;
  v_lot private.credit_lots;
begin
  select debt into v_debt from public.user_credits where user_id = p_user_id;
  if v_debt = 0 then
    return;
  end if;

  for v_lot in
    select * from private.credit_lots
    where user_id = p_user_id and not exhausted and remaining > held
    order by expires_at, id
  loop
    v_part := least(v_debt, v_lot.remaining - v_lot.held);
    update private.credit_lots
    set remaining = remaining - v_part, debt_paid = debt_paid + v_part, exhausted = (remaining = v_part)
    where id = v_lot.id;
    v_debt := v_debt - v_part;
    exit when v_debt = 0;
  end loop;

  update public.user_credits set debt = v_debt where user_id = p_user_id;
end
$$;

-- A new lot and its ledger row. p_row carries user_id, type, amount (> 0), cause and expires_at.
create or replace function private.grant_credits(p_row public.credit_transactions)
returns public.credit_transactions
language plpgsql
set search_path = ''
as $$
declare
  v_lot_id uuid;
begin
  insert into private.credit_lots (user_id, source, payment_id, granted, remaining, expires_at)
  values (p_row.user_id, p_row.type, p_row.payment_id, p_row.amount, p_row.amount, p_row.expires_at)
  returning id into v_lot_id;

  p_row.lot_ids := array[v_lot_id];
  p_row.lot_amounts := array[p_row.amount];
  p_row := private.post(p_row);
  perform private.pay_debt(p_row.user_id);
  return p_row;
end
$$;

-- What has expired of a payment's credits is gone already, so that taking them must not cost others: as
-- many as p_credits of them are put back, to be taken at once.
create or replace function private.put_back_expired(p_payment_id uuid, p_credits bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lot private.credit_lots;
  v_row public.credit_transactions;
  v_expired bigint;
begin
  select * into v_lot from private.credit_lots where payment_id = p_payment_id;
  select coalesce(-sum(amount), 0) into v_expired from public.credit_transactions
  where payment_id = p_payment_id and type = 'expiry';
  v_row.amount := least(v_expired, p_credits - (v_lot.remaining - v_lot.held));
  if v_row.amount > 0 then
    update private.credit_lots set remaining = remaining + v_row.amount, exhausted = false where id = v_lot.id;
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
  v_lot private.credit_lots;
begin
  perform private.put_back_expired(p_row.payment_id, v_missing);
  p_row.lot_ids := '{}';
  p_row.lot_amounts := '{}';
  for v_lot in
    select * from private.credit_lots
    where user_id = p_row.user_id and not exhausted and remaining > held
    order by payment_id is distinct from p_row.payment_id, expires_at, id
  loop
    v_part := least(v_missing, v_lot.remaining - v_lot.held);
    update private.credit_lots
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
    join private.credit_lots lot on lot.id = part.lot_id
    where t.payment_id = p_row.payment_id and t.type in ('refund', 'dispute', 'dispute_reversal')
    group by lot.id
    having sum(part.amount) < 0
    order by lot.expires_at desc nulls first, lot.id
  loop
    exit when v_missing = 0;
    v_part := least(v_missing, v_lot.taken);
    update private.credit_lots
    set remaining = remaining + v_part, granted = greatest(granted, remaining + v_part), exhausted = false
    where id = v_lot.id;
    p_row.lot_ids := p_row.lot_ids || v_lot.id;
    p_row.lot_amounts := p_row.lot_amounts || v_part;
    v_missing := v_missing - v_part;
  end loop;

  select greatest(0, v_missing - debt) into v_paid from public.user_credits where user_id = p_row.user_id;
  update public.user_credits set debt = debt + v_paid where user_id = p_row.user_id and v_paid > 0;
  for v_lot in
    select id, debt_paid from private.credit_lots
    where user_id = p_row.user_id and debt_paid > 0 and v_paid > 0
    order by expires_at desc nulls first, id
  loop
    exit when v_paid = 0;
    v_part := least(v_paid, v_lot.debt_paid);
    update private.credit_lots
    set remaining = remaining + v_part, debt_paid = debt_paid - v_part, exhausted = false
    where id = v_lot.id;
    v_paid := v_paid - v_part;
  end loop;

  p_row := private.post(p_row);
  perform private.pay_debt(p_row.user_id);
  return p_row;
end
$$;

-- Chooses the lots that p_amount comes from, earliest-expiring first, and writes nothing. Writes
-- off what has expired before. Refuses with insufficient_credits. The caller holds the account.
create or replace function private.allocate(
  p_user_id uuid, p_amount bigint, out lot_ids uuid[], out lot_parts bigint[])
language plpgsql
set search_path = ''
as $$
declare
  v_available bigint;
  v_missing bigint := p_amount;
  v_lot private.credit_lots;
begin
  perform private.sweep_expired(p_user_id);
  select balance - held into v_available from public.user_credits where user_id = p_user_id;
  if v_available is null or v_available < p_amount then
    perform private.fail(402, 'insufficient_credits', 'There are not enough credits.',
      jsonb_build_object('required', p_amount, 'available', coalesce(v_available, 0)));
  end if;

  for v_lot in
    select * from private.credit_lots
    where user_id = p_user_id and not exhausted and remaining > held
    order by expires_at, id
  loop
    lot_ids := lot_ids || v_lot.id;
    lot_parts := lot_parts || least(v_missing, v_lot.remaining - v_lot.held);
    v_missing := v_missing - least(v_missing, v_lot.remaining - v_lot.held);
    exit when v_missing = 0;
  end loop;
end
$$;

-- Any spend, in the order of its possible refusals: who, again, how much, enough. Takes from as
-- many lots as it needs.
create or replace function private.spend_with_care(
  p_id uuid, p_user_id uuid, p_feature text, p_quantity bigint, p_idempotency_key text,
  p_metadata jsonb, p_request_id text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_account public.user_credits;
  v_price record;
  v_parts record;
  v_row public.credit_transactions;
begin
  v_account := private.lock_user_credits(p_user_id);
  perform private.require_active_user(p_user_id);

  select * into v_row from public.credit_transactions where id = p_id;
  if found then
    if (v_row.user_id, v_row.feature, v_row.quantity, v_row.metadata)
       is distinct from (p_user_id, p_feature, p_quantity, p_metadata) then
      perform private.fail_for_reused_key();
    end if;
    -- A request that asks again, because its answer was lost on the way, hears what it would have heard.
    return private.spend_answer(v_row, p_request_id is null or p_request_id is distinct from v_row.request_id);
  end if;

  select * into v_price from private.price_of(p_feature, p_quantity);
  select * into v_parts from private.allocate(p_user_id, v_price.amount);
  update private.credit_lots lot
  set remaining = remaining - taken.part, exhausted = (remaining = taken.part)
  from unnest(v_parts.lot_ids, v_parts.lot_parts) as taken (lot_id, part)
  where lot.id = taken.lot_id;

  v_row.id := p_id;
  v_row.user_id := p_user_id;
  v_row.type := 'spend';
  v_row.amount := -v_price.amount;
  v_row.lot_ids := v_parts.lot_ids;
  v_row.lot_amounts := private.negated(v_parts.lot_parts);
  v_row.feature := p_feature;
  v_row.quantity := p_quantity;
  v_row.price_version := v_price.version;
  v_row.idempotency_key := p_idempotency_key;
  v_row.metadata := p_metadata;
  v_row.request_id := p_request_id;
  v_row := private.post(v_row);
  perform private.note_low_balance(p_user_id, v_account.balance - v_account.held);
  return private.spend_answer(v_row, false);
end
$$;

-- Reserves what p_quantity units cost for p_ttl_seconds. Answers {hold_id, amount, status,
-- expires_at, available, replayed, …}; a repeated key gives the first answer, and replayed says whether
-- it was another request that had it. Refuses with insufficient_credits {required, available},
-- forbidden, not_found, validation_error, idempotency_conflict.
create or replace function public.hold(
  p_user_id uuid, p_feature text, p_quantity bigint, p_ttl_seconds integer, p_idempotency_key text,
  p_request_id text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  c_ttl_seconds_max constant integer := 86400;
  v_account public.user_credits;
  v_price record;
  v_parts record;
  v_hold public.credit_holds;
begin
  v_account := private.lock_user_credits(p_user_id);
  perform private.require_active_user(p_user_id);

  select * into v_hold from public.credit_holds where id = private.id_of_key('hold', p_idempotency_key);
  if found then
    if (v_hold.user_id, v_hold.feature, v_hold.quantity, v_hold.expires_at - v_hold.created_at)
       is distinct from (p_user_id, p_feature, p_quantity, make_interval(secs => p_ttl_seconds)) then
      perform private.fail_for_reused_key();
    end if;
    -- As above.
    return private.hold_answer(
      v_hold, v_hold.status <> 'held' or p_request_id is null or p_request_id is distinct from v_hold.request_id);
  end if;

  if p_ttl_seconds not between 1 and c_ttl_seconds_max then
    perform private.fail(422, 'validation_error', 'The time to hold is out of bounds.',
      '{"errors": [{"field": "ttl_seconds", "message": "Between 1 and 86400."}]}');
  end if;
  select * into v_price from private.price_of(p_feature, p_quantity);
  select * into v_parts from private.allocate(p_user_id, v_price.amount);

  update private.credit_lots lot
  set held = held + reserved.part
  from unnest(v_parts.lot_ids, v_parts.lot_parts) as reserved (lot_id, part)
  where lot.id = reserved.lot_id;
  update public.user_credits set held = held + v_price.amount, updated_at = now()
  where user_id = p_user_id
  returning balance - held into v_hold.available_after;

  insert into public.credit_holds
    (id, user_id, feature, price_version, quantity, amount, lot_ids, lot_parts, available_after,
     idempotency_key, request_id, expires_at)
  values
    (private.id_of_key('hold', p_idempotency_key), p_user_id, p_feature, v_price.version, p_quantity,
     v_price.amount, v_parts.lot_ids, v_parts.lot_parts, v_hold.available_after, p_idempotency_key,
     p_request_id, now() + make_interval(secs => p_ttl_seconds))
  returning * into v_hold;
  perform private.note_low_balance(p_user_id, v_account.balance - v_account.held);
  return private.hold_answer(v_hold, false);
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
  update private.credit_lots lot set
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
  perform private.sweep_expired(p_hold.user_id);
  if v_captured > 0 then
    p_row := private.post(p_row);
  end if;

  update public.credit_holds set
    status = p_status, ended_at = now(), transaction_id = p_row.id,
    available_after = (select balance - held from public.user_credits where user_id = p_hold.user_id)
  where id = p_hold.id
  returning * into p_hold;
  perform private.note_low_balance(p_hold.user_id, v_available_before);
  return p_hold;
end
$$;

-- Spends p_quantity units of a feature, earliest-expiring credits first. Answers {transaction_id,
-- amount (credits, positive), balance, available, replayed}; a repeated key gives the first answer
-- and changes nothing. Refuses with insufficient_credits {required, available}, forbidden,
-- not_found, validation_error, idempotency_conflict.
--
-- Nearly every spend is new, fits into the earliest lot, leaves enough and is in order. That case
-- is three short statements, whatever the user's history; all else is spend_with_care's.
create or replace function public.spend(
  p_user_id uuid, p_feature text, p_quantity bigint, p_idempotency_key text,
  p_metadata jsonb default '{}', p_request_id text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_id constant uuid := md5('spend:' || p_idempotency_key);  -- private.id_of_key, without the call
  v_amount bigint;
  v_version integer;
  v_balance bigint;
  v_held bigint;
  v_answer jsonb;
begin
  -- Before the lock, so that a user's spends wait for each other as short as possible.
  select cost.credits * p_quantity, cost.version into v_amount, v_version
  from public.feature_costs cost, auth.users u
  where cost.feature = p_feature and cost.active and p_quantity between 1 and 1000000000
    and u.id = p_user_id and u.deleted_at is null and not u.is_anonymous
    and (u.banned_until is null or u.banned_until <= now());

  -- Two tabs must not spend one credit: this locks the account, and what follows reads after it.
  -- Nobody gets below the threshold here: who does is told so, with care.
  update public.user_credits
  set balance = balance - v_amount, lifetime_spent = lifetime_spent + v_amount, updated_at = now()
  where user_id = p_user_id and balance - held >= v_amount + low_balance_threshold
  returning balance, held into v_balance, v_held;
  if found then
    -- By its place, not by its id, which saves a walk through an index: whoever changes a lot holds
    -- its account's lock, so it can't move meanwhile.
    with lot as (
      update private.credit_lots
      set remaining = remaining - v_amount, exhausted = (remaining = v_amount)
      where ctid = (select ctid from private.credit_lots
                    where user_id = p_user_id and not exhausted order by expires_at, id limit 1)
        and remaining - held >= v_amount and (expires_at is null or expires_at > now())
        and not exists (select from public.credit_transactions where id = v_id)
      returning id
    )
    insert into public.credit_transactions
      (id, user_id, type, amount, balance_after, available_after, lot_ids, lot_amounts, feature,
       quantity, price_version, idempotency_key, metadata, request_id)
    select
      v_id, p_user_id, 'spend', -v_amount, v_balance, v_balance - v_held, array[lot.id],
      array[-v_amount], p_feature, p_quantity, v_version, p_idempotency_key, p_metadata, p_request_id
    from lot
    returning jsonb_build_object('transaction_id', id, 'amount', -amount, 'balance', balance_after,
                                 'available', available_after, 'replayed', false) into v_answer;
    if found then
      return v_answer;
    end if;
    -- Not that simple after all. The account is still ours: put it back as it was.
    update public.user_credits
    set balance = balance + v_amount, lifetime_spent = lifetime_spent - v_amount
    where user_id = p_user_id;
  end if;
  return private.spend_with_care(v_id, p_user_id, p_feature, p_quantity, p_idempotency_key, p_metadata, p_request_id);
end
$$;

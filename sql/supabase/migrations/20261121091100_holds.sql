-- Holds: credits reserved while work runs, then captured, released, or given up by the clock.
--
-- Does:  creates credit_holds with hold, capture, release and get_hold, which only the service may
--        call, and expire_holds for the job.
-- Locks: none, the table is new; a foreign key takes SHARE ROW EXCLUSIVE on credit_transactions for
--        a moment.
-- Undo:  drop function public.expire_holds, public.get_hold, public.release, public.capture,
--        public.hold, private.end_hold, private.lock_hold, private.hold_answer;
--        drop table public.credit_holds;

create table public.credit_holds (
  id              uuid primary key,
  user_id         uuid not null,
  feature         text not null,
  price_version   integer not null,
  quantity        bigint not null check (quantity > 0),
  amount          bigint not null check (amount > 0),
  lot_ids         uuid[] not null,
  lot_parts       bigint[] not null,
  status          text not null default 'held' check (status in ('held', 'captured', 'released', 'expired')),
  available_after bigint not null,
  transaction_id  uuid references public.credit_transactions,
  idempotency_key text not null,
  request_id      text,
  expires_at      timestamptz not null,
  created_at      timestamptz not null default now(),
  ended_at        timestamptz,
  foreign key (feature, price_version) references public.feature_costs (feature, version),
  check ((status = 'captured') = (transaction_id is not null)),
  check ((status = 'held') = (ended_at is null))
);
create index credit_holds_of_user on public.credit_holds (user_id, created_at desc);
create index credit_holds_expiring on public.credit_holds (expires_at) where status = 'held';
create index credit_holds_of_transaction on public.credit_holds (transaction_id) where transaction_id is not null;
create index credit_holds_of_price on public.credit_holds (feature, price_version);
comment on column public.credit_holds.id is 'Made from the idempotency key: the primary key is its guard.';
comment on column public.credit_holds.lot_parts is 'How much of each lot in lot_ids is reserved.';

alter table public.credit_holds enable row level security;
revoke all on public.credit_holds from public, anon, authenticated, service_role;
grant select on public.credit_holds to authenticated, service_role;
create policy "Users read only their own holds" on public.credit_holds
  for select to authenticated using (user_id = (select auth.uid()));

-- A hold as the service sees it. One past its time reads as expired, even before a job has ended it.
create function private.hold_answer(p_hold public.credit_holds, p_replayed boolean)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'hold_id', p_hold.id, 'user_id', p_hold.user_id, 'feature', p_hold.feature,
    'quantity', p_hold.quantity, 'amount', p_hold.amount,
    'status', case when p_hold.status = 'held' and p_hold.expires_at <= now() then 'expired' else p_hold.status end,
    'expires_at', p_hold.expires_at, 'available', p_hold.available_after,
    'transaction_id', p_hold.transaction_id, 'replayed', p_replayed)
$$;

-- Reserves what p_quantity units cost for p_ttl_seconds. Answers {hold_id, amount, status,
-- expires_at, available, replayed, …}; a repeated key gives the first answer. Refuses with
-- insufficient_credits {required, available}, forbidden, not_found, validation_error,
-- idempotency_conflict.
create function public.hold(
  p_user_id uuid, p_feature text, p_quantity bigint, p_ttl_seconds integer, p_idempotency_key text,
  p_request_id text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  c_ttl_seconds_max constant integer := 86400;
  v_price record;
  v_parts record;
  v_hold public.credit_holds;
begin
  perform private.lock_user_credits(p_user_id);
  perform private.require_active_user(p_user_id);

  select * into v_hold from public.credit_holds where id = private.id_of_key('hold', p_idempotency_key);
  if found then
    if (v_hold.user_id, v_hold.feature, v_hold.quantity) is distinct from (p_user_id, p_feature, p_quantity) then
      perform private.fail_for_reused_key();
    end if;
    return private.hold_answer(v_hold, true);
  end if;

  if p_ttl_seconds not between 1 and c_ttl_seconds_max then
    perform private.fail(422, 'validation_error', 'The time to hold is out of bounds.',
      '{"errors": [{"field": "ttl_seconds", "message": "Between 1 and 86400."}]}');
  end if;
  select * into v_price from private.price_of(p_feature, p_quantity);
  select * into v_parts from private.allocate(p_user_id, v_price.amount);

  update public.credit_lots lot
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
  perform private.note_low_balance(p_user_id, v_hold.available_after + v_hold.amount, v_hold.available_after);
  return private.hold_answer(v_hold, false);
end
$$;

-- Locks a hold with its account, in the order of all locks: the account first. Refuses with
-- not_found.
create function private.lock_hold(p_hold_id uuid)
returns public.credit_holds
language plpgsql
set search_path = ''
as $$
declare
  v_hold public.credit_holds;
begin
  select * into v_hold from public.credit_holds where id = p_hold_id;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such hold.');
  end if;
  perform private.lock_user_credits(v_hold.user_id);
  select * into v_hold from public.credit_holds where id = p_hold_id for update;
  return v_hold;
end
$$;

-- Ends a hold that is held: gives up its reservation and, of the reserved credits, consumes the
-- first p_captured. What becomes free pays debt, and is written off if it has expired meanwhile.
create function private.end_hold(p_hold public.credit_holds, p_status text, p_row public.credit_transactions)
returns public.credit_holds
language plpgsql
set search_path = ''
as $$
declare
  v_captured bigint := coalesce(-p_row.amount, 0);
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
  where user_id = p_hold.user_id;

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
  return p_hold;
end
$$;

-- Spends p_quantity of the units that are held (all of them without one) and releases the rest.
-- Answers {transaction_id, amount (credits, positive), balance, available}; again gives the same
-- answer. Refuses with not_found, invalid_state (released, expired), validation_error (more than
-- is held).
create function public.capture(p_hold_id uuid, p_quantity bigint default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_hold public.credit_holds;
  v_row public.credit_transactions;
  v_quantity bigint;
begin
  v_hold := private.lock_hold(p_hold_id);
  if v_hold.status = 'captured' then
    select * into v_row from public.credit_transactions where id = v_hold.transaction_id;
    return private.spend_answer(v_row, true);
  end if;
  if v_hold.status <> 'held' or v_hold.expires_at <= now() then
    perform private.fail(409, 'invalid_state', 'This hold has ended and can''t be captured.');
  end if;
  v_quantity := coalesce(p_quantity, v_hold.quantity);
  if v_quantity not between 1 and v_hold.quantity then
    perform private.fail(422, 'validation_error', 'More was asked for than is held.',
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', 'quantity', 'message', format('Between 1 and %s.', v_hold.quantity)))));
  end if;

  v_row.id := private.id_of_key('capture', v_hold.id::text);  -- one capture per hold, whatever goes wrong
  v_row.user_id := v_hold.user_id;
  v_row.type := 'spend';
  v_row.amount := -(v_hold.amount / v_hold.quantity * v_quantity);
  v_row.hold_id := v_hold.id;
  v_row.feature := v_hold.feature;
  v_row.quantity := v_quantity;
  v_row.price_version := v_hold.price_version;
  v_row.request_id := v_hold.request_id;
  select array_agg(lot_id order by n), array_agg(-consumed order by n) into v_row.lot_ids, v_row.lot_amounts
  from (
    select lot_id, n, least(part, -v_row.amount - (sum(part) over (order by n) - part)) as consumed
    from unnest(v_hold.lot_ids, v_hold.lot_parts) with ordinality as reserved (lot_id, part, n)
  ) reserved
  where consumed > 0;

  v_hold := private.end_hold(v_hold, 'captured', v_row);
  select * into v_row from public.credit_transactions where id = v_hold.transaction_id;
  return private.spend_answer(v_row, false);
end
$$;

-- Gives the reserved credits back. Answers {hold_id, status, available}; releasing what has ended
-- without a capture changes nothing. Refuses with not_found, invalid_state (captured).
create function public.release(p_hold_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_hold public.credit_holds;
begin
  v_hold := private.lock_hold(p_hold_id);
  if v_hold.status = 'captured' then
    perform private.fail(409, 'invalid_state', 'This hold has been captured.');
  end if;
  if v_hold.status = 'held' then
    v_hold := private.end_hold(
      v_hold, case when v_hold.expires_at <= now() then 'expired' else 'released' end, null);
  end if;
  return private.hold_answer(v_hold, false);
end
$$;

create function public.get_hold(p_hold_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_hold public.credit_holds;
begin
  select * into v_hold from public.credit_holds where id = p_hold_id;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such hold.');
  end if;
  return private.hold_answer(v_hold, false);
end
$$;

-- For the job: ends up to p_limit holds whose time is over. Answers {expired}; call it again while
-- that equals p_limit. Accounts are locked in the order of their ids, so that two such jobs can't
-- wait for each other in a circle.
create function public.expire_holds(p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_due record;
  v_hold public.credit_holds;
  v_expired integer := 0;
begin
  for v_due in
    select id from (
      select id, user_id from public.credit_holds
      where status = 'held' and expires_at <= now() order by expires_at limit p_limit
    ) due order by user_id, id
  loop
    v_hold := private.lock_hold(v_due.id);
    if v_hold.status = 'held' then
      perform private.end_hold(v_hold, 'expired', null);
      v_expired := v_expired + 1;
    end if;
  end loop;
  return jsonb_build_object('expired', v_expired);
end
$$;

revoke all on function
  public.hold(uuid, text, bigint, integer, text, text), public.capture(uuid, bigint),
  public.release(uuid), public.get_hold(uuid), public.expire_holds(integer)
  from public, anon, authenticated, service_role;
grant execute on function
  public.hold(uuid, text, bigint, integer, text, text), public.capture(uuid, bigint),
  public.release(uuid), public.get_hold(uuid), public.expire_holds(integer)
  to service_role;

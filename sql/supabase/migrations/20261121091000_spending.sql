-- Spending: what features cost, and one call that spends, once per idempotency key.
--
-- Does:  creates feature_costs with its first prices, and spend(), which only the service may call.
-- Locks: none, the table is new.
-- Undo:  drop function public.spend, private.spend_with_care, private.id_of_key,
--        private.spend_answer, private.negated, private.allocate, private.price_of; drop table public.feature_costs;

create table public.feature_costs (
  feature  text not null check (feature ~ '^[a-z0-9_]{1,64}$'),
  version  integer not null check (version > 0),
  unit     text not null,
  credits  bigint not null check (credits between 1 and 1000000),
  active   boolean not null default true,
  created_at timestamptz not null default now(),
  primary key (feature, version)
);
create unique index feature_costs_active on public.feature_costs (feature) where active;
comment on table public.feature_costs is
  'Credits per unit of a feature. A new price is a new version; the old one stays, for the ledger names it.';

alter table public.feature_costs enable row level security;
revoke all on public.feature_costs from public, anon, authenticated, service_role;
grant select on public.feature_costs to authenticated, service_role;
create policy "Users read what features cost" on public.feature_costs
  for select to authenticated using (active);

insert into public.feature_costs (feature, version, unit, credits) values
  ('docx_processing', 1, 'started 1,000 words', 2),
  ('audio_processing', 1, 'started minute', 3),
  ('image_generation', 1, 'image', 8),
  ('file_storage', 1, 'gigabyte-month', 5);

-- The price of a feature and what a quantity of it costs. Refuses with not_found and
-- validation_error.
create function private.price_of(p_feature text, p_quantity bigint, out version integer, out amount bigint)
language plpgsql
stable
set search_path = ''
as $$
#variable_conflict use_column
declare
  c_quantity_max constant bigint := 1000000000;
begin
  if p_quantity not between 1 and c_quantity_max then
    perform private.fail(422, 'validation_error', 'The quantity is out of bounds.',
      '{"errors": [{"field": "quantity", "message": "Between 1 and 1000000000."}]}');
  end if;
  select cost.version, cost.credits * p_quantity into version, amount
  from public.feature_costs cost where cost.feature = p_feature and cost.active;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such feature.');
  end if;
end
$$;

-- Chooses the lots that p_amount comes from, earliest-expiring first, and writes nothing. Writes
-- off what has expired before. Refuses with insufficient_credits. The caller holds the account.
create function private.allocate(
  p_user_id uuid, p_amount bigint, out lot_ids uuid[], out lot_parts bigint[])
language plpgsql
set search_path = ''
as $$
declare
  v_available bigint;
  v_missing bigint := p_amount;
  v_lot public.credit_lots;
begin
  perform private.sweep_expired(p_user_id);
  select balance - held into v_available from public.user_credits where user_id = p_user_id;
  if v_available is null or v_available < p_amount then
    perform private.fail(402, 'insufficient_credits', 'There are not enough credits.',
      jsonb_build_object('required', p_amount, 'available', coalesce(v_available, 0)));
  end if;

  for v_lot in
    select * from public.credit_lots
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

create function private.negated(p_parts bigint[])
returns bigint[]
language sql
immutable
set search_path = ''
as $$
  select array_agg(-part order by n) from unnest(p_parts) with ordinality as parts (part, n)
$$;

-- What the service is told about a spend; the same for its replay.
create function private.spend_answer(p_row public.credit_transactions, p_replayed boolean)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'transaction_id', p_row.id, 'amount', -p_row.amount, 'balance', p_row.balance_after,
    'available', p_row.available_after, 'replayed', p_replayed)
$$;

-- The ledger id that belongs to an idempotency key: the primary key is its guard, and no spend
-- pays for a second unique index.
create function private.id_of_key(p_scope text, p_key text)
returns uuid
language sql
immutable
set search_path = ''
as $$
  select md5(p_scope || ':' || p_key)::uuid
$$;

-- Any spend, in the order of its possible refusals: who, again, how much, enough. Takes from as
-- many lots as it needs.
create function private.spend_with_care(
  p_id uuid, p_user_id uuid, p_feature text, p_quantity bigint, p_idempotency_key text,
  p_metadata jsonb, p_request_id text)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_price record;
  v_parts record;
  v_row public.credit_transactions;
begin
  perform private.lock_user_credits(p_user_id);
  perform private.require_active_user(p_user_id);

  select * into v_row from public.credit_transactions where id = p_id;
  if found then
    if (v_row.user_id, v_row.feature, v_row.quantity, v_row.metadata)
       is distinct from (p_user_id, p_feature, p_quantity, p_metadata) then
      perform private.fail_for_reused_key();
    end if;
    return private.spend_answer(v_row, true);
  end if;

  select * into v_price from private.price_of(p_feature, p_quantity);
  select * into v_parts from private.allocate(p_user_id, v_price.amount);
  update public.credit_lots lot
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
  return private.spend_answer(private.post(v_row), false);
end
$$;

-- Spends p_quantity units of a feature, earliest-expiring credits first. Answers {transaction_id,
-- amount (credits, positive), balance, available, replayed}; a repeated key gives the first answer
-- and changes nothing. Refuses with insufficient_credits {required, available}, forbidden,
-- not_found, validation_error, idempotency_conflict.
--
-- Nearly every spend is new, fits into the earliest lot, leaves enough and is in order. That case
-- is two short reads and one write, whatever the user's history; all else is spend_with_care's.
create function public.spend(
  p_user_id uuid, p_feature text, p_quantity bigint, p_idempotency_key text,
  p_metadata jsonb default '{}', p_request_id text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_id constant uuid := private.id_of_key('spend', p_idempotency_key);
  v_now constant timestamptz := now();
  v_balance bigint;
  v_held bigint;
  v_threshold bigint;
  v_amount bigint;
  v_version integer;
  v_lot_id uuid;
  v_free bigint;
begin
  -- Two tabs must not spend one credit: lock the account, then read.
  select a.balance, a.held, a.low_balance_threshold, cost.credits * p_quantity, cost.version
  into v_balance, v_held, v_threshold, v_amount, v_version
  from public.user_credits a
  join auth.users u on u.id = a.user_id
    and u.deleted_at is null and (u.banned_until is null or u.banned_until <= v_now) and not u.is_anonymous
  join public.feature_costs cost on cost.feature = p_feature and cost.active
  where a.user_id = p_user_id
  for update of a;

  select id, remaining - held into v_lot_id, v_free
  from public.credit_lots
  where user_id = p_user_id and not exhausted
  order by expires_at, id limit 1;

  if v_free >= v_amount and p_quantity between 1 and 1000000000
     and v_balance - v_held >= v_amount + v_threshold then  -- who gets below it is told so, with care
    with lot as (
      update public.credit_lots
      set remaining = remaining - v_amount, exhausted = (remaining = v_amount)
      where id = v_lot_id and (expires_at is null or expires_at > v_now)
        and not exists (select from public.credit_transactions where id = v_id)
      returning id
    ), account as (
      update public.user_credits
      set balance = balance - v_amount, lifetime_spent = lifetime_spent + v_amount, updated_at = v_now
      from lot where user_id = p_user_id
    )
    insert into public.credit_transactions
      (id, user_id, type, amount, balance_after, available_after, lot_ids, lot_amounts, feature, quantity,
       price_version, idempotency_key, metadata, request_id)
    select v_id, p_user_id, 'spend', -v_amount, v_balance - v_amount, v_balance - v_amount - v_held,
           array[lot.id], array[-v_amount], p_feature, p_quantity, v_version, p_idempotency_key, p_metadata,
           p_request_id
    from lot;
    if found then
      return jsonb_build_object('transaction_id', v_id, 'amount', v_amount, 'balance', v_balance - v_amount,
                                'available', v_balance - v_amount - v_held, 'replayed', false);
    end if;
  end if;
  return private.spend_with_care(v_id, p_user_id, p_feature, p_quantity, p_idempotency_key, p_metadata, p_request_id);
end
$$;

revoke all on function public.spend(uuid, text, bigint, text, jsonb, text)
  from public, anon, authenticated, service_role;
grant execute on function public.spend(uuid, text, bigint, text, jsonb, text) to service_role;

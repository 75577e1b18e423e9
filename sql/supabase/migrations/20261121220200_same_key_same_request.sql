-- Same key, same request: a key that comes again with another time to hold, or with another expiry of
-- a grant, is refused as any other request with a used key, where the first answer was repeated.
--
-- Does:  replaces hold() of the file on holds and spend_with_care() of the file on spending, which call
--        nothing a replay that comes with the request_id of the first, and adjust_credits() of the file
--        on upkeep, which refuses a grant that would have expired before it is made. They tell a low
--        balance in the new way, so the old note_low_balance goes.
-- Locks: none.
-- Undo:  create the three anew as they stand in those files, note_low_balance as in that on functions
--        compiled once, and
--        alter function public.hold(uuid, text, bigint, integer, text, text) set plan_cache_mode = 'force_generic_plan'.

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
  perform private.note_low_balance(p_user_id, v_account.balance - v_account.held);
  return private.hold_answer(v_hold, false);
end
$$;

-- An admin grants (p_credits > 0, a bonus lot) or takes (p_credits < 0, an adjustment), with a
-- reason and once per key. Answers spend_answer's shape, amount signed. Refuses with
-- idempotency_conflict, not_found (user) and validation_error (an expiry in the past).
create or replace function public.adjust_credits(
  p_user_id uuid, p_credits bigint, p_reason text, p_expires_at timestamptz, p_actor text,
  p_idempotency_key text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_expires_at constant timestamptz := case when p_credits > 0 then p_expires_at end;
  v_account public.user_credits;
  v_row public.credit_transactions;
begin
  if not exists (select from auth.users where id = p_user_id) then
    perform private.fail(404, 'not_found', 'There is no such user.');
  end if;
  v_account := private.lock_user_credits(p_user_id);

  select * into v_row from public.credit_transactions where id = private.id_of_key('adjustment', p_idempotency_key);
  if found then
    if (v_row.user_id, v_row.amount, v_row.description, v_row.expires_at)
       is distinct from (p_user_id, p_credits, p_reason, v_expires_at) then
      perform private.fail_for_reused_key();
    end if;
  elsif v_expires_at <= now() then
    perform private.fail(422, 'validation_error', 'These credits would have expired already.',
      '{"errors": [{"field": "expires_at", "message": "In the future."}]}');
  else
    perform private.sweep_expired(p_user_id);
    v_row.id := private.id_of_key('adjustment', p_idempotency_key);
    v_row.user_id := p_user_id;
    v_row.amount := p_credits;
    v_row.description := p_reason;
    v_row.idempotency_key := p_idempotency_key;
    v_row.metadata := jsonb_build_object('actor', p_actor);
    if p_credits > 0 then
      v_row.type := 'bonus';
      v_row.expires_at := v_expires_at;
      v_row := private.grant_credits(v_row);
    else
      v_row.type := 'adjustment';
      v_row := private.take_back(v_row);
    end if;
    perform private.note_low_balance(p_user_id, v_account.balance - v_account.held);
  end if;
  return jsonb_build_object(
    'transaction_id', v_row.id, 'amount', v_row.amount, 'balance', v_row.balance_after,
    'available', v_row.available_after);
end
$$;

drop function private.note_low_balance(uuid, bigint, bigint);

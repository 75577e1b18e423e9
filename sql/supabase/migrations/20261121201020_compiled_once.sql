-- Compiled once: the small functions that every spend, hold and webhook calls.
--
-- Does:  replaces functions of earlier files by the same in PL/pgSQL; names, arguments, answers and
--        what they do stay. A function in SQL that sets its search_path is parsed and planned anew in
--        every transaction; PL/pgSQL keeps its plans for as long as the connection lives. A hold with
--        its capture takes less than half the time so, a spend four fifths.
-- Locks: none.
-- Undo:  create them anew as they stand in the files on spending, holds, settlement, account events, usage
--        and buying; alter function public.hold, public.capture reset plan_cache_mode.

create or replace function private.id_of_key(p_scope text, p_key text)
returns uuid
language plpgsql
immutable
set search_path = ''
as $$
begin
  return md5(p_scope || ':' || p_key)::uuid;
end
$$;

create or replace function private.spend_answer(p_row public.credit_transactions, p_replayed boolean)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'transaction_id', p_row.id, 'amount', -p_row.amount, 'balance', p_row.balance_after,
    'available', p_row.available_after, 'replayed', p_replayed);
end
$$;

create or replace function private.negated(p_parts bigint[])
returns bigint[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (select array_agg(-part order by n) from unnest(p_parts) with ordinality as parts (part, n));
end
$$;

create or replace function private.hold_answer(p_hold public.credit_holds, p_replayed boolean)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'hold_id', p_hold.id, 'user_id', p_hold.user_id, 'feature', p_hold.feature,
    'quantity', p_hold.quantity, 'amount', p_hold.amount,
    'status', case when p_hold.status = 'held' and p_hold.expires_at <= now() then 'expired' else p_hold.status end,
    'expires_at', p_hold.expires_at, 'available', p_hold.available_after,
    'transaction_id', p_hold.transaction_id, 'replayed', p_replayed);
end
$$;

create or replace function private.note_low_balance(p_user_id uuid, p_available_before bigint, p_available bigint)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.account_events (user_id, type, data)
  select p_user_id, 'low_balance',
         jsonb_build_object('available', p_available, 'threshold', a.low_balance_threshold)
  from public.user_credits a
  where a.user_id = p_user_id
    and p_available_before >= a.low_balance_threshold and p_available < a.low_balance_threshold;
end
$$;

create or replace function private.share(p_credits bigint, p_part bigint, p_whole bigint)
returns bigint
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case
    when p_part <= 0 or p_whole <= 0 then 0
    when p_part >= p_whole then p_credits
    else floor(p_credits::numeric * p_part / p_whole)::bigint
  end;
end
$$;

create or replace function private.is_chargeback(p_status text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return p_status in ('needs_response', 'under_review', 'lost', 'appeal_needs_response', 'appeal_under_review');
end
$$;

create or replace function private.lock_payment_intent(p_payment_intent_id text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('payment_intent:' || p_payment_intent_id, 0));
end
$$;

-- Those that a page or a request calls by itself, as the files on usage and buying describe them.
create or replace function public.list_account_events(p_limit integer)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(event) order by event.created_at desc), '[]')
    from (
      select e.id, e.type, e.data, e.created_at from public.account_events e
      where e.user_id = (select auth.uid())
      order by e.created_at desc limit p_limit
    ) event);
end
$$;

create or replace function public.get_usage(p_from timestamptz, p_to timestamptz)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(spent) order by spent.period, spent.feature), '[]')
    from (
      select (t.created_at at time zone 'UTC')::date as period, t.feature,
             -sum(t.amount)::bigint as credits, count(*) as calls
      from public.credit_transactions t
      where t.user_id = (select auth.uid()) and t.type = 'spend'
        and t.created_at >= p_from and t.created_at < p_to
      group by 1, 2
    ) spent);
end
$$;

create or replace function public.claim_idempotency_key(p_caller text, p_key text, p_request_hash text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('answer', (private.claim_key(p_caller, p_key, p_request_hash)).answer));
end
$$;

create or replace function public.get_order(p_payment_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select private.order_json(o) from public.payment_orders o where o.id = p_payment_id);
end
$$;

-- Their arrays make Postgres expect that a plan for the very values is better, and plan anew each time.
alter function public.hold(uuid, text, bigint, integer, text, text) set plan_cache_mode = 'force_generic_plan';
alter function public.capture(uuid, bigint) set plan_cache_mode = 'force_generic_plan';

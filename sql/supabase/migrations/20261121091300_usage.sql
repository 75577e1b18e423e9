-- Usage: what was spent on what, how long the credits will last, and what the user should know.
--
-- Does:  creates get_usage, get_forecast, list_account_events and set_low_balance_threshold. The
--        first three run as the caller under row security; the last only the service may call.
-- Locks: none.
-- Undo:  drop function public.set_low_balance_threshold, public.list_account_events,
--        public.get_forecast, public.get_usage;

-- Spending from p_from (included) to p_to (excluded) by UTC day and feature:
-- [{period, feature, credits, calls}], oldest first. Reads no more than that period of the ledger.
create function public.get_usage(p_from timestamptz, p_to timestamptz)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(spent) order by spent.period, spent.feature), '[]')
  from (
    select (t.created_at at time zone 'UTC')::date as period, t.feature,
           -sum(t.amount)::bigint as credits, count(*) as calls
    from public.credit_transactions t
    where t.user_id = (select auth.uid()) and t.type = 'spend'
      and t.created_at >= p_from and t.created_at < p_to
    group by 1, 2
  ) spent
$$;

-- {per_day, days_left, empty_on, next_expiry: {credits, expires_at}}. The rule: the average of the
-- last 30 days, or of the days since the first spend in them if those are fewer, goes on; expiry
-- apart, the available credits then last days_left (rounded down). Null where nothing was spent.
create function public.get_forecast()
returns jsonb
language sql
stable
set search_path = ''
as $$
  with credits as (
    select public.get_credits() as now
  ), spent as (
    select -sum(t.amount) as credits,
           greatest(1, extract(epoch from now() - min(t.created_at)) / 86400) as days
    from public.credit_transactions t
    where t.user_id = (select auth.uid()) and t.type = 'spend' and t.created_at >= now() - interval '30 days'
  ), pace as (
    select spent.credits / spent.days as per_day,
           floor(greatest(0, (credits.now ->> 'available')::numeric) / nullif(spent.credits / spent.days, 0)) as days_left
    from spent, credits
  )
  select jsonb_build_object(
    'per_day', round(pace.per_day, 1),
    'days_left', least(pace.days_left, 36500),
    'empty_on', (now() at time zone 'UTC')::date + least(pace.days_left, 36500)::integer,
    'next_expiry', credits.now -> 'expiring' -> 0)
  from pace, credits
$$;

-- The newest p_limit events of the caller: [{id, type, data, created_at}].
create function public.list_account_events(p_limit integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(event) order by event.created_at desc), '[]')
  from (
    select e.id, e.type, e.data, e.created_at from public.account_events e
    where e.user_id = (select auth.uid())
    order by e.created_at desc limit p_limit
  ) event
$$;

-- From how many available credits on a user wants to be told. Answers {low_balance_threshold}.
create function public.set_low_balance_threshold(p_user_id uuid, p_threshold bigint)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.lock_user_credits(p_user_id);
  update public.user_credits set low_balance_threshold = p_threshold where user_id = p_user_id;
  return jsonb_build_object('low_balance_threshold', p_threshold);
end
$$;

revoke all on function
  public.get_usage(timestamptz, timestamptz), public.get_forecast(), public.list_account_events(integer),
  public.set_low_balance_threshold(uuid, bigint)
  from public, anon, authenticated, service_role;
grant execute on function
  public.get_usage(timestamptz, timestamptz), public.get_forecast(), public.list_account_events(integer)
  to authenticated;
grant execute on function public.set_low_balance_threshold(uuid, bigint) to service_role;

-- Forecast of nothing: who has spent nothing is told so, and not that his credits last a century.
--
-- Does:  replaces get_forecast() of the file on usage; the same rule and the same members.
-- Locks: none.
-- Undo:  create get_forecast() anew as it stands in the file on usage.

-- {per_day, days_left, empty_on, next_expiry: {credits, expires_at}}. The rule: the average of the
-- last 30 days, or of the days since the first spend in them if those are fewer, goes on; expiry
-- apart, the available credits then last days_left (rounded down, a century at most). Null where
-- nothing was spent.
create or replace function public.get_forecast()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    with credits as (
      select public.get_credits() as now
    ), spent as (
      select -sum(t.amount) as credits,
             greatest(1, extract(epoch from now() - min(t.created_at)) / 86400) as days
      from public.credit_transactions t
      where t.user_id = (select auth.uid()) and t.type = 'spend' and t.created_at >= now() - interval '30 days'
      having sum(t.amount) < 0
    ), pace as (
      select spent.credits / spent.days as per_day,
             least(36500, floor(greatest(0, (credits.now ->> 'available')::numeric) * spent.days / spent.credits)) as days_left
      from spent, credits
    )
    select jsonb_build_object(
      'per_day', round(pace.per_day, 1),
      'days_left', pace.days_left,
      'empty_on', (now() at time zone 'UTC')::date + pace.days_left::integer,
      'next_expiry', credits.now -> 'expiring' -> 0)
    from credits left join pace on true);
end
$$;

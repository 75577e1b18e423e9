-- The threshold, shown: users see from where on they are told of a low balance.
--
-- Does:  replaces get_credits() of the file on reading; it answers low_balance_threshold as well.
-- Locks: none.
-- Undo:  create it anew as it stands in that file.

-- {balance, held, available, lifetime_granted, lifetime_spent, expiring, low_balance,
-- low_balance_threshold, updated_at}.
-- What has expired is not counted, whether or not a job has written it off yet; what a hold
-- reserves is, for it was reserved in time.
create or replace function public.get_credits()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    with account as (
      select * from public.user_credits where user_id = (select auth.uid())
      union all
      select (select auth.uid()), 0, 0, 0, 0, 0, 50, now()
      where not exists (select from public.user_credits where user_id = (select auth.uid()))
    ), open_lots as (
      select expires_at, sum(remaining - held) as free
      from public.credit_lots
      where user_id = (select auth.uid()) and not exhausted and expires_at is not null
      group by expires_at
    ), expired as (
      select coalesce(sum(free), 0)::bigint as credits from open_lots where expires_at <= now()
    )
    select jsonb_build_object(
      'balance', a.balance - expired.credits,
      'held', a.held,
      'available', a.balance - expired.credits - a.held,
      'lifetime_granted', a.lifetime_granted,
      'lifetime_spent', a.lifetime_spent,
      'low_balance', a.balance - expired.credits - a.held < a.low_balance_threshold,
      'low_balance_threshold', a.low_balance_threshold,
      'updated_at', a.updated_at,
      'expiring', (
        select coalesce(jsonb_agg(jsonb_build_object('credits', free, 'expires_at', expires_at)
                                  order by expires_at), '[]')
        from open_lots where expires_at > now() and free > 0))
    from account a, expired);
end
$$;

-- Event delivery: which account events are due to be told to the app, and what came of it.
--
-- Does:  creates claim_account_events and finish_account_event; the service's job calls both.
-- Locks: none.
-- Undo:  drop function public.finish_account_event, public.claim_account_events;

-- Up to p_limit due events, [{id, user_id, type, data, created_at, attempts}]. Each is leased for a
-- minute: a job that dies gives it back, and two jobs never send the same one at once.
create function public.claim_account_events(p_limit integer)
returns jsonb
language sql
security definer
set search_path = ''
as $$
  with due as (
    select id from public.account_events
    where next_attempt_at <= now()
    order by next_attempt_at limit p_limit
    for update skip locked
  ), claimed as (
    update public.account_events e
    set attempts = e.attempts + 1, next_attempt_at = now() + interval '1 minute'
    from due where e.id = due.id
    returning e.id, e.user_id, e.type, e.data, e.created_at, e.attempts
  )
  select coalesce(jsonb_agg(to_jsonb(claimed) order by created_at), '[]') from claimed
$$;

-- p_error null: it was taken. Otherwise it is due again after 1, 2, 4 … minutes, at most 12 hours,
-- and given up after 20 attempts, some five days.
create function public.finish_account_event(p_id uuid, p_error text default null)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.account_events set
    delivered_at = case when p_error is null then now() end,
    error = p_error,
    next_attempt_at = case when p_error is not null and attempts < 20
      then now() + least(interval '12 hours', interval '1 minute' * 2 ^ (attempts - 1)) end
  where id = p_id and delivered_at is null
$$;

revoke all on function public.claim_account_events(integer), public.finish_account_event(uuid, text)
  from public, anon, authenticated, service_role;
grant execute on function public.claim_account_events(integer), public.finish_account_event(uuid, text)
  to service_role;

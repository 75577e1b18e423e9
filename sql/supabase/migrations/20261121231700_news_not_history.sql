-- The app is told news, not history: events wait for it from the first day on, and whoever set the address of
-- his app's webhook later was sent every low balance of the years before.
--
-- Does:  replaces claim_account_events() of the file on what is given up at last: what nobody has asked for
--        in 30 days is given up, a thousand at a time, and stands in nobody's way. The page shows it all
--        the same.
-- Locks: none.
-- Undo:  create claim_account_events() anew as it stands in that file.

-- Up to p_limit due events, [{id, user_id, type, data, created_at, attempts}]. Each is leased for a
-- minute: a job that dies gives it back, and two jobs never send the same one at once. One that 20
-- jobs have died of is given up, as one that the app refused 20 times, and one of more than 30 days.
create or replace function public.claim_account_events(p_limit integer)
returns jsonb
language sql
security definer
set search_path = ''
as $$
  with over as (
    select id from public.account_events
    where next_attempt_at <= now() and (attempts >= 20 or created_at < now() - interval '30 days')
    order by next_attempt_at limit 1000
    for update skip locked
  ), given_up as (
    update public.account_events e
    set next_attempt_at = null, error = coalesce(e.error, case when e.attempts = 0 then 'Nobody sent it in time.'
                               else 'Each job that sent it ended before it was answered.' end)
    from over where e.id = over.id
  ), due as (
    select id from public.account_events
    where next_attempt_at <= now() and attempts < 20 and created_at >= now() - interval '30 days'
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

-- Given up at last: an account event whose job dies each time it is sent is not sent for ever.
--
-- Does:  replaces claim_account_events() of the file on event delivery: it counts a try that nobody ended.
-- Locks: none.
-- Undo:  create it anew as it stands in that file.

-- Up to p_limit due events, [{id, user_id, type, data, created_at, attempts}]. Each is leased for a
-- minute: a job that dies gives it back, and two jobs never send the same one at once. One that 20
-- jobs have died of is given up, as one that the app refused 20 times.
create or replace function public.claim_account_events(p_limit integer)
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
  ), given_up as (
    update public.account_events e
    set next_attempt_at = null, error = coalesce(e.error, 'Each job that sent it ended before it was answered.')
    from due where e.id = due.id and e.attempts >= 20
  ), claimed as (
    update public.account_events e
    set attempts = e.attempts + 1, next_attempt_at = now() + interval '1 minute'
    from due where e.id = due.id and e.attempts < 20
    returning e.id, e.user_id, e.type, e.data, e.created_at, e.attempts
  )
  select coalesce(jsonb_agg(to_jsonb(claimed) order by created_at), '[]') from claimed
$$;

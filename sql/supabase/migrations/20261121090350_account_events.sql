-- Account events: what a user, and the app he came from, should hear of once.
--
-- Does:  creates account_events, which users read, and private.note_low_balance(), which records
--        that the available credits have fallen below a user's threshold.
-- Locks: none, the table is new.
-- Undo:  drop function private.note_low_balance; drop table public.account_events;

create table public.account_events (
  id              uuid primary key default gen_random_uuid(),
  user_id         uuid not null,
  type            text not null check (type in ('low_balance')),
  data            jsonb not null,
  created_at      timestamptz not null default clock_timestamp(),
  -- Delivery to the app, by a signed webhook; null next_attempt_at: delivered, or given up.
  attempts        integer not null default 0,
  next_attempt_at timestamptz default now(),
  delivered_at    timestamptz,
  error           text
);
create index account_events_of_user on public.account_events (user_id, created_at desc);
create index account_events_due on public.account_events (next_attempt_at) where next_attempt_at is not null;

alter table public.account_events enable row level security;
revoke all on public.account_events from public, anon, authenticated, service_role;
grant select on public.account_events to authenticated, service_role;
create policy "Users read only their own events" on public.account_events
  for select to authenticated using (user_id = (select auth.uid()));

-- Records the crossing, not the state: one row each time the available credits go from the
-- threshold or more to less. The caller holds the account.
create function private.note_low_balance(p_user_id uuid, p_available_before bigint, p_available bigint)
returns void
language sql
set search_path = ''
as $$
  insert into public.account_events (user_id, type, data)
  select p_user_id, 'low_balance',
         jsonb_build_object('available', p_available, 'threshold', a.low_balance_threshold)
  from public.user_credits a
  where a.user_id = p_user_id
    and p_available_before >= a.low_balance_threshold and p_available < a.low_balance_threshold
$$;

-- The webhook inbox: every event that Stripe sends, what became of it, and why.
--
-- Does:  creates stripe_events, which users cannot see, and receive_event(), which records an
--        event and settles its payment in one transaction.
-- Locks: none, the table is new.
-- Undo:  drop function public.receive_event; drop table public.stripe_events;

create table public.stripe_events (
  id                       text primary key,
  type                     text not null,
  livemode                 boolean not null,
  api_version              text,
  status                   text not null default 'received'
                             check (status in ('received', 'processed', 'ignored', 'failed')),
  attempts                 integer not null default 1,
  error                    text,
  payment_id               uuid,
  stripe_payment_intent_id text,
  payload                  jsonb not null,
  created_at               timestamptz not null,
  received_at              timestamptz not null default now(),
  processed_at             timestamptz
);
create index stripe_events_failed on public.stripe_events (received_at desc) where status = 'failed';
create index stripe_events_orphaned on public.stripe_events (stripe_payment_intent_id) where error = 'unknown_payment';
comment on column public.stripe_events.created_at is 'When Stripe made it, in whole seconds: never an order.';

alter table public.stripe_events enable row level security;
revoke all on public.stripe_events from public, anon, authenticated, service_role;
grant select on public.stripe_events to service_role;
create policy "Nobody reads the webhook inbox with a user's token" on public.stripe_events
  for select to authenticated using (false);

-- Records one verified event and merges its facts. p_livemode is the mode this shop runs in;
-- p_facts is null for a type that nothing listens to. Answers {status, error, retry}:
--   processed  its facts are in the books
--   duplicate  they had been before
--   ignored    of no concern, or of the other mode: recorded, without effect
--   failed     refused for a reason that sending it again will not cure; with retry, for a reason
--              that may pass: nothing but this record was kept, and Stripe should send it again
create function public.receive_event(p_event jsonb, p_livemode boolean, p_facts jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_event public.stripe_events;
  v_retry boolean := false;
begin
  -- Before the event's own row, because an event of the same intent may come to mend that row.
  perform private.lock_payment_intent(p_facts ->> 'payment_intent_id');
  -- Ten deliveries at once queue here on the primary key; the first does the work.
  insert into public.stripe_events as known
    (id, type, livemode, api_version, payload, created_at, stripe_payment_intent_id)
  values
    (p_event ->> 'id', p_event ->> 'type', (p_event ->> 'livemode')::boolean, p_event ->> 'api_version',
     p_event, to_timestamp((p_event ->> 'created')::double precision), p_facts ->> 'payment_intent_id')
  on conflict (id) do update set attempts = known.attempts + 1
  returning * into v_event;
  if v_event.status in ('processed', 'ignored') then
    return jsonb_build_object('status', 'duplicate');
  end if;

  v_event.status := 'processed';
  v_event.error := null;
  if v_event.livemode <> p_livemode then
    v_event.status := 'ignored';
    v_event.error := 'livemode_mismatch';
  elsif p_facts is null then
    v_event.status := 'ignored';
  else
    -- One poisonous event must neither hold up the others nor vanish with its transaction.
    begin
      select merged.payment_id, merged.failure into v_event.payment_id, v_event.error
      from private.merge_facts(p_facts) merged;
    exception
      when unique_violation then
        v_event.error := 'payment_intent_mismatch';  -- the intent or session is another payment's
      when others then
        v_event.error := sqlstate || ' ' || sqlerrm;
        -- No connection, deadlock, no resources, locked, shutting down, disk: these pass.
        v_retry := left(sqlstate, 2) in ('08', '40', '53', '55', '57', '58');
    end;
    if v_event.error is not null then
      v_event.status := 'failed';
    end if;
  end if;

  update public.stripe_events
  set status = v_event.status, error = v_event.error, payment_id = v_event.payment_id, processed_at = now()
  where id = v_event.id;
  -- A refund's event may have come before the payment was known by its intent: its facts were
  -- kept then, and have been settled now.
  if v_event.status = 'processed' then
    update public.stripe_events
    set status = 'processed', error = null, payment_id = v_event.payment_id, processed_at = now()
    where stripe_payment_intent_id = p_facts ->> 'payment_intent_id' and error = 'unknown_payment';
  end if;
  return jsonb_build_object('status', v_event.status, 'error', v_event.error, 'retry', v_retry);
end
$$;
revoke all on function public.receive_event(jsonb, boolean, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.receive_event(jsonb, boolean, jsonb) to service_role;

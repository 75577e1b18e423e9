-- Administration: what an admin of the shop may look up about anybody.
--
-- Does:  creates require_admin, and search_payments, get_user_account and list_stripe_events, which
--        only the service may call (the HTTP layer asks for an admin first), with the indexes that they
--        read by.
-- Locks: SHARE on payment_orders and stripe_events while their indexes are built (about a second per
--        million rows each); reading goes on, buying and webhooks wait.
-- Undo:  drop function public.list_stripe_events, public.get_user_account, public.search_payments,
--        public.require_admin;
--        drop index public.stripe_events_of_type, public.stripe_events_newest,
--        public.payment_orders_of_currency, public.payment_orders_of_status, public.payment_orders_newest;

create index payment_orders_newest on public.payment_orders (created_at desc, id desc);
create index payment_orders_of_status on public.payment_orders (status, created_at desc, id desc);
create index payment_orders_of_currency on public.payment_orders (currency, created_at desc, id desc);
create index stripe_events_newest on public.stripe_events (received_at desc, id desc);
create index stripe_events_of_type on public.stripe_events (type, received_at desc, id desc);

-- Refuses with forbidden who is no admin any more, or banned, or deleted: a token says for up to an hour
-- what was true when it was made.
create function public.require_admin(p_user_id uuid)
returns void
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  if not exists (
    select from auth.users u
    where u.id = p_user_id and u.deleted_at is null and (u.banned_until is null or u.banned_until <= now())
      and u.raw_app_meta_data ->> 'role' = 'admin'
  ) then
    perform private.fail(403, 'forbidden', 'This is for the shop''s admins.');
  end if;
end
$$;

-- Everybody's payments, newest first, as the view `payments` shows them, each with email, refunds:
-- [{id, status, reason, amount, currency, created_at}] and disputes: [… and due_by]. Answers {rows,
-- next_cursor}. All that is given must hold; p_query is the id of a payment or user, any id that Stripe
-- gave the payment (intent, session, invoice, subscription, refund, dispute) or the user's e-mail
-- address. p_from is included, p_to is not. Refuses with validation_error (cursor).
--
-- Planned anew for each call: what was not asked for must cost nothing, and each question has an index
-- of its own.
create function public.search_payments(
  p_limit integer, p_cursor uuid default null, p_query text default null, p_status text default null,
  p_user_id uuid default null, p_currency text default null, p_from timestamptz default null,
  p_to timestamptz default null, p_disputed boolean default false)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  c_uuid constant text := '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$';
  v_before timestamptz := 'infinity';
  v_before_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_payment_ids uuid[];
  v_user_ids uuid[];
begin
  if p_cursor is not null then
    select created_at, id into v_before, v_before_id from public.payment_orders where id = p_cursor;
    if not found then
      perform private.fail(422, 'validation_error', 'There is no such page.',
        '{"errors": [{"field": "cursor", "message": "There is no such page."}]}');
    end if;
  end if;

  if p_query ~ c_uuid then
    v_payment_ids := array[p_query::uuid];
    v_user_ids := array[p_query::uuid];
  elsif p_query like '%@%' then
    -- Supabase's index of addresses leaves out who came by single sign-on.
    v_user_ids := array(select id from auth.users where email = lower(p_query) and not is_sso_user);
    if v_user_ids = '{}' then
      v_user_ids := array(select id from auth.users where email = lower(p_query) and is_sso_user);
    end if;
  elsif p_query is not null then
    v_payment_ids := array(
      select id from public.payment_orders where stripe_payment_intent_id = p_query
      union all select id from public.payment_orders where stripe_checkout_session_id = p_query
      union all select id from public.payment_orders where stripe_invoice_id = p_query
      union all select id from public.payment_orders where stripe_subscription_id = p_query
      union all select payment_id from public.refunds where id = p_query
      union all select payment_id from public.disputes where id = p_query);
  end if;

  return (
    with page as (
      select o.id, row_number() over (order by o.created_at desc, o.id desc) as n
      from public.payment_orders o
      where (o.created_at, o.id) < (v_before, v_before_id)
        and (p_query is null or o.id = any (v_payment_ids) or o.user_id = any (v_user_ids))
        and (p_user_id is null or o.user_id = p_user_id)
        and (p_currency is null or o.currency = p_currency)
        and (p_from is null or o.created_at >= p_from)
        and (p_to is null or o.created_at < p_to)
        and (not p_disputed or exists (select from public.disputes d where d.payment_id = o.id))
        and (p_status is null or case p_status  -- an open one past its time reads as expired
          when 'expired' then o.status = 'expired' or o.status = 'pending' and o.expires_at <= now()
          when 'pending' then o.status = 'pending' and (o.expires_at is null or o.expires_at > now())
          else o.status = p_status end)
      order by o.created_at desc, o.id desc
      limit p_limit + 1
    ), shown as (
      select n, to_jsonb(p) || jsonb_build_object(
        'email', (select u.email from auth.users u where u.id = p.user_id),
        'refunds', (
          select coalesce(jsonb_agg(jsonb_build_object(
            'id', r.id, 'status', r.status, 'reason', r.reason, 'amount', r.amount, 'currency', r.currency,
            'created_at', r.created_at) order by r.created_at, r.id), '[]')
          from public.refunds r where r.payment_id = p.payment_id),
        'disputes', (
          select coalesce(jsonb_agg(jsonb_build_object(
            'id', d.id, 'status', d.status, 'reason', d.reason, 'amount', d.amount, 'currency', d.currency,
            'due_by', d.due_by, 'created_at', d.created_at) order by d.created_at, d.id), '[]')
          from public.disputes d where d.payment_id = p.payment_id)) as payment
      from page join public.payments p on p.payment_id = page.id
      where n <= p_limit
    )
    select jsonb_build_object(
      'rows', (select coalesce(jsonb_agg(payment order by n), '[]') from shown),
      'next_cursor', case when count(*) > p_limit then (array_agg(id) filter (where n = p_limit))[1] end)
    from page);
end
$$;

-- One user: {user_id, email, created_at, banned_until, deleted_at, is_anonymous, is_erased, credits as
-- get_credits() answers it, payments and transactions (the newest p_limit of each), subscriptions and
-- payment_methods of this mode}. Who was erased from Auth is still known by his books. Refuses with
-- not_found.
create function public.get_user_account(p_user_id uuid, p_livemode boolean, p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  u auth.users;
begin
  select * into u from auth.users where id = p_user_id;
  if not found
     and not exists (select from public.user_credits where user_id = p_user_id)
     and not exists (select from public.payment_orders where user_id = p_user_id) then
    perform private.fail(404, 'not_found', 'There is no such user.');
  end if;

  -- For the rest of this transaction auth.uid() is that user's: the functions that he reads his own
  -- account with answer the admin in the same words.
  perform set_config('request.jwt.claims', jsonb_build_object('sub', p_user_id)::text, true);
  return jsonb_build_object(
    'user_id', p_user_id, 'email', u.email, 'created_at', u.created_at, 'banned_until', u.banned_until,
    'deleted_at', u.deleted_at, 'is_anonymous', coalesce(u.is_anonymous, false), 'is_erased', u.id is null,
    'credits', public.get_credits(),
    'payments', public.search_payments(p_limit, p_user_id => p_user_id) -> 'rows',
    'transactions', public.list_transactions(p_limit) -> 'rows',
    'subscriptions', public.list_subscriptions(p_user_id, p_livemode),
    'payment_methods', public.list_payment_methods(p_livemode));
end
$$;

-- The webhook inbox, newest first, without payloads: {rows: [{id, type, livemode, api_version, status,
-- attempts, error, payment_id, payment_intent_id, created_at, received_at, processed_at}], next_cursor}.
-- Refuses with validation_error (cursor).
create function public.list_stripe_events(
  p_limit integer, p_cursor text default null, p_status text default null, p_type text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_before timestamptz := 'infinity';
  v_before_id text := '';
begin
  if p_cursor is not null then
    select received_at, id into v_before, v_before_id from public.stripe_events where id = p_cursor;
    if not found then
      perform private.fail(422, 'validation_error', 'There is no such page.',
        '{"errors": [{"field": "cursor", "message": "There is no such page."}]}');
    end if;
  end if;
  return (
    with page as (
      select e.id, e.type, e.livemode, e.api_version, e.status, e.attempts, e.error, e.payment_id,
             e.stripe_payment_intent_id as payment_intent_id, e.created_at, e.received_at, e.processed_at,
             row_number() over (order by e.received_at desc, e.id desc) as n
      from public.stripe_events e
      where (e.received_at, e.id) < (v_before, v_before_id)
        and (p_status is null or e.status = p_status)
        and (p_type is null or e.type = p_type)
      order by e.received_at desc, e.id desc
      limit p_limit + 1
    )
    select jsonb_build_object(
      'rows', coalesce(jsonb_agg(to_jsonb(page) - 'n' order by n) filter (where n <= p_limit), '[]'),
      'next_cursor', case when count(*) > p_limit then (array_agg(id) filter (where n = p_limit))[1] end)
    from page);
end
$$;

revoke all on function
  public.search_payments(integer, uuid, text, text, uuid, text, timestamptz, timestamptz, boolean),
  public.get_user_account(uuid, boolean, integer), public.list_stripe_events(integer, text, text, text),
  public.require_admin(uuid)
  from public, anon, authenticated, service_role;
grant execute on function
  public.search_payments(integer, uuid, text, text, uuid, text, timestamptz, timestamptz, boolean),
  public.get_user_account(uuid, boolean, integer), public.list_stripe_events(integer, text, text, text),
  public.require_admin(uuid)
  to service_role;

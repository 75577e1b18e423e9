-- Subscriptions: who has one, how it stands, and which price at Stripe sells which package.
--
-- Does:  creates stripe_prices, which users cannot see, and subscriptions, which they read, with the
--        functions around them. A subscription itself grants nothing: its paid invoices do, see the
--        file on settlement by invoice.
-- Locks: none, the tables are new.
-- Undo:  drop function public.list_abandoned_subscriptions, public.require_subscription,
--        public.list_subscriptions, public.record_price, private.merge_subscription;
--        drop table public.subscriptions, public.stripe_prices;

-- A price at Stripe never changes its amount, and here it keeps its credits, so a line of an invoice that
-- names one says for ever what was sold. When the catalog changes, the next order makes a new price.
create table public.stripe_prices (
  id         text primary key,
  package_id text not null references public.credit_packages,
  currency   text not null,
  amount     bigint not null check (amount > 0),
  credits    bigint not null check (credits > 0),
  interval   text,
  locale     text not null,
  livemode   boolean not null,
  archived   boolean not null default false,
  created_at timestamptz not null default now()
);
create index stripe_prices_of_package on public.stripe_prices (package_id, currency, amount, credits, locale, livemode)
  where not archived;
comment on column public.stripe_prices.locale is 'The language of the product''s name on Stripe''s page and on invoices.';

create table public.subscriptions (
  id                   text primary key,
  user_id              uuid not null,
  livemode             boolean not null,
  stripe_price_id      text not null references public.stripe_prices,
  status               text not null check (status in
    ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused')),
  cancel_at_period_end boolean not null default false,
  current_period_end   timestamptz,
  ended_at             timestamptz,
  learnt_at            timestamptz not null,
  created_at           timestamptz not null
);
create index subscriptions_of_user on public.subscriptions (user_id, created_at desc);
create index subscriptions_living on public.subscriptions (livemode, id) where ended_at is null;
create index subscriptions_of_price on public.subscriptions (stripe_price_id);
comment on column public.subscriptions.learnt_at is
  'When Stripe was asked. Events tell their order in whole seconds only, so each makes us ask, and the latest answer stays.';

alter table public.stripe_prices enable row level security;
alter table public.subscriptions enable row level security;
revoke all on public.stripe_prices, public.subscriptions from public, anon, authenticated, service_role;
grant select on public.stripe_prices to service_role;
grant select on public.subscriptions to authenticated, service_role;
create policy "Nobody reads Stripe's prices with a user's token" on public.stripe_prices
  for select to authenticated using (false);
create policy "Users read only their own subscriptions" on public.subscriptions
  for select to authenticated using (user_id = (select auth.uid()));

-- {id, customer_id, price_id, status, cancel_at_period_end, current_period_end, ended_at, created_at,
-- learnt_at}: a subscription as Stripe knew it at learnt_at. What has ended stays ended. One that we know
-- is told on even when its customer was deleted or its price exchanged for one that is not ours; others
-- are refused with unknown_customer and unknown_price: something else is sold with this account too.
create function private.merge_subscription(p_subscription jsonb)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_user record;
  v_new public.subscriptions;
  v_known public.subscriptions;
begin
  select * into v_user from private.user_of_customer(p_subscription ->> 'customer_id');
  select * into v_known from public.subscriptions where id = p_subscription ->> 'id' for update;
  v_new := jsonb_populate_record(null::public.subscriptions, p_subscription);
  v_new.user_id := coalesce(v_known.user_id, v_user.user_id);
  v_new.livemode := coalesce(v_known.livemode, v_user.livemode);
  v_new.created_at := coalesce(v_new.created_at, v_known.created_at);
  v_new.stripe_price_id := coalesce(
    (select id from public.stripe_prices where id = p_subscription ->> 'price_id'), v_known.stripe_price_id);
  if v_new.user_id is null then
    return 'unknown_customer';
  elsif v_new.stripe_price_id is null then
    return 'unknown_price';
  end if;
  if v_known.learnt_at > v_new.learnt_at or (v_known.ended_at is not null and v_new.ended_at is null) then
    return null;
  end if;
  insert into public.subscriptions select v_new.*
  on conflict (id) do update set
    stripe_price_id = excluded.stripe_price_id, status = excluded.status,
    cancel_at_period_end = excluded.cancel_at_period_end, current_period_end = excluded.current_period_end,
    ended_at = excluded.ended_at, learnt_at = excluded.learnt_at;

  insert into public.account_events (user_id, type, data)
  select v_new.user_id, news.type, jsonb_build_object('subscription_id', v_new.id)
  from (values
    ('subscription_past_due', v_new.status = 'past_due' and v_known.status is distinct from 'past_due'),
    ('subscription_ended', v_new.ended_at is not null and v_known.ended_at is null)
  ) as news (type, happened)
  where news.happened;
  return null;
end
$$;

-- Writes down which price at Stripe sells a package, in place of p_replaces if Stripe sells that no more.
create function public.record_price(
  p_price_id text, p_package_id text, p_currency text, p_amount bigint, p_credits bigint, p_livemode boolean,
  p_locale text default 'en', p_replaces text default null)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.stripe_prices set archived = true where id = p_replaces;
  insert into public.stripe_prices (id, package_id, currency, amount, credits, interval, locale, livemode)
  select p_price_id, p_package_id, p_currency, p_amount, p_credits, sold.interval, p_locale, p_livemode
  from public.credit_packages sold where sold.id = p_package_id
  on conflict do nothing
$$;

-- The caller's subscriptions of this mode, newest first: [{subscription_id, package_id, status (Stripe's
-- word), cancel_at_period_end, current_period_end, ended_at, created_at, credits, interval, amount, currency}].
create function public.list_subscriptions(p_user_id uuid, p_livemode boolean)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
        'subscription_id', s.id, 'package_id', sold.id, 'status', s.status,
        'cancel_at_period_end', s.cancel_at_period_end, 'current_period_end', s.current_period_end,
        'ended_at', s.ended_at, 'created_at', s.created_at, 'credits', price.credits, 'interval', sold.interval,
        'amount', price.amount, 'currency', price.currency) order by s.created_at desc, s.id), '[]')
    from public.subscriptions s
    join public.stripe_prices price on price.id = s.stripe_price_id
    join public.credit_packages sold on sold.id = price.package_id
    where s.user_id = p_user_id and s.livemode = p_livemode);
end
$$;

-- {subscription_id, status, ended_at} of a subscription that is the user's own. Refuses with not_found,
-- also for somebody else's.
create function public.require_subscription(p_user_id uuid, p_subscription_id text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  s public.subscriptions;
begin
  select * into s from public.subscriptions where id = p_subscription_id and user_id = p_user_id;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such subscription.');
  end if;
  return jsonb_build_object('subscription_id', s.id, 'status', s.status, 'ended_at', s.ended_at);
end
$$;

-- Up to p_limit ids of living subscriptions whose user has been erased: somebody must end them.
create function public.list_abandoned_subscriptions(p_livemode boolean, p_limit integer)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(abandoned.id), '[]')
  from (
    select s.id from public.subscriptions s
    left join auth.users u on u.id = s.user_id and u.deleted_at is null
    where s.livemode = p_livemode and s.ended_at is null and u.id is null
    order by s.id limit p_limit
  ) abandoned
$$;

revoke all on function
  public.record_price(text, text, text, bigint, bigint, boolean, text, text), public.list_subscriptions(uuid, boolean),
  public.require_subscription(uuid, text), public.list_abandoned_subscriptions(boolean, integer)
  from public, anon, authenticated, service_role;
grant execute on function
  public.record_price(text, text, text, bigint, bigint, boolean, text, text), public.list_subscriptions(uuid, boolean),
  public.require_subscription(uuid, text), public.list_abandoned_subscriptions(boolean, integer)
  to service_role;

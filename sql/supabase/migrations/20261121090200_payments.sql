-- Payments: what was ordered, and the facts that Stripe has told us about it.
--
-- Does:  creates payment_orders with stripe_customers, refunds and disputes beside it, and the view
--        `payments`, the shape the API shows. Users read their own rows; nobody but the functions
--        of later files writes.
-- Locks: none, the tables are new.
-- Undo:  drop view public.payments; drop table public.disputes, public.refunds, public.payment_orders,
--        public.stripe_customers;
--
-- Users are named by their bare id, without a foreign key to auth.users: erasing a person must
-- not erase the books.

create table public.stripe_customers (
  user_id            uuid not null,
  livemode           boolean not null,
  stripe_customer_id text not null unique,
  created_at         timestamptz not null default now(),
  primary key (user_id, livemode)
);

create table public.payment_orders (
  id                 uuid primary key default gen_random_uuid(),
  user_id            uuid not null,
  package_id         text not null references public.credit_packages,
  kind               text not null check (kind in ('one_time', 'subscription', 'auto_recharge')),
  livemode           boolean not null,

  -- What was ordered: copied from the catalog, so that a later price changes no old order.
  amount             bigint not null check (amount >= 0),
  currency           text not null check (currency ~ '^[a-z]{3}$'),
  credits            bigint not null check (credits > 0),
  expires_after_days integer check (expires_after_days > 0),

  -- How the buyer pays: enough to repeat the same request to Stripe after a crash.
  ui_mode            text not null check (ui_mode in ('hosted', 'embedded')),
  return_url         text,
  locale             text not null default 'en',

  -- What Stripe said, merged monotonically; see the file on settlement.
  stripe_checkout_session_id text unique,
  stripe_payment_intent_id   text unique,
  payment_url        text,
  receipt_url        text,
  expires_at         timestamptz,
  processing         boolean not null default false,
  ended              text check (ended in ('expired', 'canceled', 'failed')),
  error              jsonb,
  paid_at            timestamptz,
  amount_captured    bigint not null default 0 check (amount_captured >= 0),

  -- What follows from the facts; written by private.settle alone.
  status             text not null default 'pending' check (status in
    ('pending', 'processing', 'succeeded', 'failed', 'canceled', 'expired',
     'partially_refunded', 'refunded', 'disputed')),
  amount_refunded    bigint not null default 0 check (amount_refunded >= 0),
  credits_granted    bigint not null default 0 check (credits_granted in (0, credits)),
  credits_refunded   bigint not null default 0 check (credits_refunded >= 0),
  credits_disputed   bigint not null default 0 check (credits_disputed >= 0),
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  check (credits_refunded + credits_disputed <= credits_granted)
);
create index payment_orders_of_user on public.payment_orders (user_id, created_at desc, id desc);
create index payment_orders_open on public.payment_orders (user_id, expires_at) where status = 'pending';
create index payment_orders_of_package on public.payment_orders (package_id);

-- A refund or dispute is known by its payment intent before it is known whose payment that is:
-- its event may arrive first. payment_id and user_id follow when the payment is found.
create table public.refunds (
  id                       text primary key,
  stripe_payment_intent_id text not null,
  payment_id               uuid references public.payment_orders,
  user_id                  uuid,
  amount                   bigint not null check (amount >= 0),
  currency                 text not null,
  status                   text not null check (status in
    ('pending', 'requires_action', 'succeeded', 'failed', 'canceled')),
  reason                   text,
  created_at               timestamptz not null default now(),
  updated_at               timestamptz not null default now()
);
create index refunds_of_payment on public.refunds (payment_id);
create index refunds_of_user on public.refunds (user_id);
create index refunds_without_payment on public.refunds (stripe_payment_intent_id) where payment_id is null;

create table public.disputes (
  id                       text primary key,
  stripe_payment_intent_id text not null,
  payment_id               uuid references public.payment_orders,
  user_id                  uuid,
  amount                   bigint not null check (amount >= 0),
  currency                 text not null,
  status                   text not null check (status in
    ('warning_needs_response', 'warning_under_review', 'warning_closed', 'needs_response',
     'under_review', 'lost', 'appeal_needs_response', 'appeal_under_review', 'won', 'prevented')),
  reason                   text,
  due_by                   timestamptz,
  created_at               timestamptz not null default now(),
  updated_at               timestamptz not null default now()
);
create index disputes_of_payment on public.disputes (payment_id);
create index disputes_of_user on public.disputes (user_id);
create index disputes_without_payment on public.disputes (stripe_payment_intent_id) where payment_id is null;

alter table public.stripe_customers enable row level security;
alter table public.payment_orders   enable row level security;
alter table public.refunds          enable row level security;
alter table public.disputes         enable row level security;
revoke all on public.stripe_customers, public.payment_orders, public.refunds, public.disputes
  from public, anon, authenticated, service_role;
grant select on public.stripe_customers, public.payment_orders, public.refunds, public.disputes
  to authenticated, service_role;

-- (select auth.uid()) runs once a statement instead of once a row, and null, which is what the
-- anonymous key has for an id, equals nothing.
create policy "Users read only their own customer" on public.stripe_customers
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Users read only their own payments" on public.payment_orders
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Users read only their own refunds" on public.refunds
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Users read only their own disputes" on public.disputes
  for select to authenticated using (user_id = (select auth.uid()));

-- A payment as the API shows it. An open payment past its expiry reads as expired, even while
-- Stripe's event about it is still on its way.
create view public.payments with (security_invoker = true) as
select o.id as payment_id,
       case when o.status = 'pending' and o.expires_at <= now() then 'expired' else o.status end as status,
       o.kind, o.package_id, o.amount, o.amount_refunded, o.currency, o.credits, o.credits_refunded,
       case when o.status = 'pending' and o.expires_at > now() then o.payment_url end as payment_url,
       o.receipt_url, o.error, o.created_at, o.paid_at, o.expires_at,
       o.user_id, o.livemode, o.ui_mode, o.stripe_checkout_session_id, o.stripe_payment_intent_id
from public.payment_orders o;
revoke all on public.payments from public, anon, authenticated, service_role;
grant select on public.payments to authenticated, service_role;

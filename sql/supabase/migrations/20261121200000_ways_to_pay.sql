-- Ways to pay: what an order must know to be paid inside the page, off session, by an invoice, with
-- a discount or with tax; and what is on sale by subscription.
--
-- Does:  adds columns to payment_orders, stripe_customers and credit_packages, widens two check
--        constraints, shows the new columns in the view `payments` and in list_packages(), lists open
--        payments of which Stripe has not told yet when they end, and puts two subscriptions and
--        prices in dinars on sale.
-- Locks: ACCESS EXCLUSIVE on payment_orders, account_events and the catalog while it runs. New columns
--        have constant defaults, so no row is rewritten; the checks read payment_orders and
--        account_events once (about a second per million rows).
-- Undo:  delete the packages `monthly` and `yearly` and the prices in kwd, put the view, the two
--        functions and the two constraints back as they were, then drop the columns.

alter table public.credit_packages add column rollover boolean not null default true;
comment on column public.credit_packages.rollover is
  'Of a subscription: true, unused credits live on for expires_after_days; false, they end with the period they were paid for.';

-- Stripe takes three-decimal amounts in steps of ten (https://docs.stripe.com/currencies#three-decimal).
alter table public.credit_package_prices add constraint three_decimal_prices_end_in_zero
  check (currency not in ('bhd', 'jod', 'kwd', 'omr', 'tnd') or amount % 10 = 0);

alter table public.stripe_customers add column deleted_at timestamptz;
comment on column public.stripe_customers.deleted_at is
  'Since when Stripe does not know this customer any more; the next purchase makes a new one.';

alter table public.payment_orders
  add column options                jsonb not null default '{}',
  add column amount_due             bigint check (amount_due >= 0),
  add column amount_discount        bigint not null default 0 check (amount_discount >= 0),
  add column amount_tax             bigint not null default 0 check (amount_tax >= 0),
  add column credits_expire_at      timestamptz,
  add column stripe_invoice_id      text unique,
  add column stripe_subscription_id text,
  add column invoice_url            text,
  drop constraint payment_orders_credits_check,  -- an invoice may only make up for what was granted before
  add constraint payment_orders_credits_check check (credits >= 0),
  drop constraint payment_orders_ui_mode_check,
  add constraint payment_orders_ui_mode_check
    check (ui_mode in ('hosted', 'embedded', 'elements', 'off_session', 'invoice'));
comment on column public.payment_orders.options is
  'What the request to Stripe asks for beside the price: promotion_codes, automatic_tax, invoice, save_payment_method (booleans), payment_method_id.';
comment on column public.payment_orders.amount_due is
  'What is to be paid after discount and tax, once Stripe has told it; null: the amount that was ordered.';
comment on column public.payment_orders.credits_expire_at is
  'Where the credits end with a period instead of after expires_after_days.';
create index payment_orders_of_subscription on public.payment_orders (stripe_subscription_id)
  where stripe_subscription_id is not null;
create index payment_orders_recharging on public.payment_orders (user_id, created_at desc)
  where kind = 'auto_recharge';

alter table public.account_events
  drop constraint account_events_type_check,
  add constraint account_events_type_check check (type in
    ('low_balance', 'auto_recharge_off', 'payment_requires_action', 'subscription_past_due', 'subscription_ended'));

-- requires_action: the money waits for the buyer himself, who was not there when it was asked for.
create or replace view public.payments with (security_invoker = true) as
select o.id as payment_id,
       case when o.status = 'pending' and o.expires_at <= now() then 'expired' else o.status end as status,
       o.kind, o.package_id, o.amount, o.amount_refunded, o.currency, o.credits, o.credits_refunded,
       case when o.status = 'pending' and o.expires_at > now() then o.payment_url end as payment_url,
       o.receipt_url, o.error, o.created_at, o.paid_at, o.expires_at,
       o.user_id, o.livemode, o.ui_mode, o.stripe_checkout_session_id, o.stripe_payment_intent_id,
       o.amount_captured as amount_paid, o.amount_discount, o.amount_tax, o.invoice_url,
       o.stripe_subscription_id as subscription_id, o.stripe_invoice_id,
       coalesce(o.status = 'pending' and o.expires_at > now()
         and (o.ui_mode = 'invoice' or 'authentication_required' in (o.error ->> 'code', o.error ->> 'decline_code')),
         false) as requires_action
from public.payment_orders o;

-- The payments that the caller can still finish or cancel, newest first; their number is bounded
-- where they are made, with the same day for an order whose answer from Stripe was lost. A recharge
-- without an intent is being charged just now.
create or replace function public.list_open_payments()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(p) order by p.created_at desc), '[]')
    from public.payments p
    join public.payment_orders o on o.id = p.payment_id
    where o.user_id = (select auth.uid()) and o.status = 'pending'
      and coalesce(o.expires_at, o.created_at + interval '1 day') > now()
      and (o.ui_mode <> 'off_session' or o.stripe_payment_intent_id is not null));
end
$$;

create or replace function public.list_packages()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(listed) - 'position' order by listed.currency, listed.position, listed.id), '[]')
    from (
      select p.id, p.kind, p.interval, p.credits, p.expires_after_days, p.rollover, p.name, p.description, p.position,
             price.currency, price.amount,
             round(price.amount::numeric / p.credits, 6)::double precision as price_per_credit,
             count(*) over shelf > 1 and rank() over (shelf order by price.amount::numeric / p.credits) = 1
               as best_value
      from public.credit_packages p
      join public.credit_package_prices price on price.package_id = p.id
      where p.active and price.active
      window shelf as (partition by price.currency, p.kind, p.interval)
    ) listed);
end
$$;

insert into public.credit_packages (id, kind, interval, credits, expires_after_days, rollover, position, name, description) values
  ('monthly', 'subscription', 'month', 1000, 183, false, 50,
   '{"en": "Monthly", "zh": "月度订阅"}', '{"en": "A fresh supply every month.", "zh": "每月一份新的积分。"}'),
  ('yearly', 'subscription', 'year', 12000, 366, true, 60,
   '{"en": "Yearly", "zh": "年度订阅"}', '{"en": "A whole year of credits at once.", "zh": "一次备足全年的积分。"}');

insert into public.credit_package_prices (package_id, currency, amount) values
  ('monthly', 'usd', 899), ('monthly', 'eur', 849), ('monthly', 'jpy', 1380), ('monthly', 'cny', 8500),
  ('yearly', 'usd', 10490), ('yearly', 'eur', 9690), ('yearly', 'jpy', 15900), ('yearly', 'cny', 95000),
  ('starter', 'kwd', 1550), ('creator', 'kwd', 4600), ('professional', 'kwd', 9200);

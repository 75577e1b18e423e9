-- A subscription, a year in short: each invoice that is paid brings credits, and is a payment of its own.
\ir begin.psql

select public.record_customer(:'ada', false, 'cus_1') as customer;
select public.record_price('price_month', 'monthly', 'usd', 899, 1000, false) \g /dev/null
select public.record_price('price_year', 'yearly', 'usd', 8990, 12000, false) \g /dev/null
select answer -> 'payment' ->> 'payment_id' as payment
from public.create_payment(:'ada', 'monthly', 'usd', 'usd', false, 'hosted', null, 'en') answer \gset

-- What Stripe says of an invoice: which lines, at which prices, until when, and that it is paid.
create function pg_temp.paid(p_id text, p_lines jsonb, p_reason text, p_amount integer, p_ends text, p_payment text default null)
returns text language sql as $$
  select public.record_facts(jsonb_strip_nulls(jsonb_build_object(
    'payment_id', p_payment, 'customer_id', 'cus_1', 'payment_intent_id', 'pi_of_' || p_id,
    'paid', true, 'amount', p_amount, 'currency', 'usd',
    'invoice', jsonb_build_object('id', p_id, 'subscription_id', 'sub_1', 'billing_reason', p_reason, 'currency', 'usd',
                                  'amount_subtotal', p_amount, 'period_end', p_ends, 'lines', p_lines)))) ->> 'status'
$$;

-- The first invoice pays the order; the next ones make payments of their own.
select pg_temp.paid('in_1', '[{"price_id": "price_month", "amount": 899}]', 'subscription_create', 899, '2100-02-01Z', :'payment') as january;
select pg_temp.paid('in_2', '[{"price_id": "price_month", "amount": 899}]', 'subscription_cycle', 899, '2100-03-01Z') as february;
select pg_temp.paid('in_2', '[{"price_id": "price_month", "amount": 899}]', 'subscription_cycle', 899, '2100-03-01Z') as february_again;

-- The monthly package does not roll over: what is left ends a day after its period.
select granted, (expires_at at time zone 'UTC')::date as ends from public.credit_lots where user_id = :'ada' order by expires_at;

-- March can't be charged: an open payment for Ada, until she pays or Stripe gives up.
select payment ->> 'status' as march, payment ->> 'requires_action' as requires_action
from public.record_facts(jsonb_build_object('customer_id', 'cus_1', 'payment_url', 'https://invoice.stripe.com/i/3',
  'expires_at', '2100-05-01', 'error', '{"code": "authentication_required"}'::jsonb,
  'invoice', '{"id": "in_3", "subscription_id": "sub_1", "billing_reason": "subscription_cycle", "currency": "usd",
    "amount_subtotal": 899, "period_end": "2100-04-01Z", "lines": [{"price_id": "price_month", "amount": 899}]}'::jsonb)) payment;
select pg_temp.paid('in_3', '[{"price_id": "price_month", "amount": 899}]', 'subscription_cycle', 899, '2100-04-01Z') as march;

-- In the middle of April she changes to the yearly plan: the rest of the month counts against the year.
select pg_temp.paid('in_4', '[{"price_id": "price_month", "amount": 899}]', 'subscription_cycle', 899, '2100-05-01Z') as april;
select pg_temp.paid('in_5', '[{"price_id": "price_month", "amount": -450}, {"price_id": "price_year", "amount": 8990}]',
  'subscription_update', 8540, '2101-04-15Z') as the_year;

-- And back to the monthly one: the money stays at Stripe for the next invoices, and so the credits count
-- against the next ones.
select coalesce(pg_temp.paid('in_6', '[{"price_id": "price_year", "amount": -450}, {"price_id": "price_month", "amount": 150}]',
  'subscription_update', 0, '2100-06-01Z'), 'nothing to pay') as a_smaller_plan;
select pg_temp.paid('in_7', '[{"price_id": "price_month", "amount": 899}]', 'subscription_cycle', 599, '2100-07-01Z') as june;

select package_id, amount_captured, credits, stripe_invoice_id as invoice
from public.payment_orders where user_id = :'ada' order by stripe_invoice_id;
select balance from public.user_credits where user_id = :'ada';
select * from private.audit();

-- A promotion code: less is paid, the credits are the package's, and a refund takes them in proportion
-- to what was paid.
\ir begin.psql

select answer -> 'payment' ->> 'payment_id' as payment
from public.create_payment(:'ada', 'starter', 'usd', 'usd', false, 'hosted', null, 'en',
  p_options => '{"promotion_codes": true}') answer \gset

-- The payment intent is heard of first. Its amount is not the price, and it can't say why.
select merged.failure from private.merge_facts(jsonb_build_object('payment_id', :'payment',
  'payment_intent_id', 'pi_1', 'paid', true, 'amount', 399, 'currency', 'usd')) merged;

-- The session can: its sum before discounts is the price.
select payment ->> 'status' as status, payment ->> 'amount' as ordered, payment ->> 'amount_discount' as discount,
       payment ->> 'amount_paid' as paid
from public.record_facts(jsonb_build_object('payment_id', :'payment', 'checkout_session_id', 'cs_1',
  'payment_intent_id', 'pi_1', 'paid', true, 'amount', 399, 'amount_subtotal', 499, 'amount_discount', 100,
  'currency', 'usd')) payment;
select balance from public.user_credits where user_id = :'ada';

-- What a refund of 1.99 would move, before anybody asks Stripe for it.
select plan ->> 'amount_left' as amount_left, plan ->> 'amount' as amount, plan ->> 'credits' as credits
from public.plan_refund(:'payment', null, 199) plan;

select payment ->> 'status' as status, payment ->> 'credits_refunded' as credits_refunded
from public.record_facts('{"payment_intent_id": "pi_1", "refunds":
  [{"id": "re_1", "amount": 199, "currency": "usd", "status": "succeeded"}]}') payment;
select type, amount, balance_after from public.credit_transactions where user_id = :'ada' order by seq;
select * from private.audit();

-- Auto-recharge: a user agrees to terms, a job orders what is due, and the bank has the last word.
\ir begin.psql

-- Her card, as Stripe told of it; of a card no more is kept than this.
select public.record_customer(:'ada', false, 'cus_1') as customer;
select public.record_facts('{"payment_methods": [{"id": "pm_1", "customer_id": "cus_1", "brand": "visa",
  "last4": "4242", "exp_month": 12, "exp_year": 2034}]}') \g /dev/null

-- "Below 100 credits buy a starter package, for 10.00 dollars a month at most."
select terms ->> 'enabled' as enabled, terms ->> 'amount' as amount, terms ->> 'spent_this_month' as spent
from public.set_auto_recharge(:'ada', false, true, 100, 'starter', 'usd', 'usd', 1000) terms;
select terms from public.auto_recharge_consents where user_id = :'ada';

-- The job: an order for whoever is due, once. Until an intent is known for it, it is the same order again.
select due -> 'payment' ->> 'payment_id' as payment, due -> 'options' ->> 'payment_method_id' as card
from jsonb_array_elements(public.claim_auto_recharges(false, 10)) due \gset
\echo charge :card
select due -> 'payment' ->> 'payment_id' = :'payment' as the_same
from jsonb_array_elements(public.claim_auto_recharges(false, 10)) due;

-- The bank wants to see Ada. The payment stays open for her, she is told once, and nothing more is ordered.
select payment ->> 'status' as status, payment ->> 'requires_action' as requires_action
from public.record_facts(jsonb_build_object('payment_id', :'payment', 'payment_intent_id', 'pi_1',
  'expires_at', now() + interval '3 days', 'payment_url', 'https://shop.example/?payment=1',
  'error', '{"code": "authentication_required"}'::jsonb)) payment;
select type from public.account_events where user_id = :'ada' and type <> 'low_balance';
select public.claim_auto_recharges(false, 10);

-- She comes, and pays.
select payment ->> 'status' as status from public.record_facts(jsonb_build_object(
  'payment_intent_id', 'pi_1', 'paid', true, 'amount', 499, 'currency', 'usd')) payment;
select balance from public.user_credits where user_id = :'ada';

-- She removes the card: nobody has agreed to charge another one.
select public.record_facts('{"payment_methods": [{"id": "pm_1", "detached": true}]}') \g /dev/null
select terms ->> 'enabled' as enabled, terms ->> 'off_reason' as off_reason, terms ->> 'spent_this_month' as spent
from public.get_auto_recharge(:'ada', false) terms;
select * from private.audit();

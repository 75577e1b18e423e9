-- A purchase: the order exists before Stripe is asked, and credits come when Stripe says paid.
\ir begin.psql

select answer -> 'payment' ->> 'status' as status, answer -> 'payment' ->> 'amount' as cents,
       answer -> 'payment' ->> 'credits' as credits, answer -> 'payment' ->> 'payment_id' as payment
from public.create_payment(:'ada', 'starter', 'usd', 'usd', false, 'hosted', null, 'en') answer
\gset
\echo :status, :cents cents for :credits credits

-- Whatever tells of it, webhook or success page: facts are merged and the ledger follows.
select public.record_facts(jsonb_build_object('payment_id', :'payment', 'payment_intent_id', 'pi_1',
  'paid', true, 'amount', 499, 'currency', 'usd')) ->> 'status' as status;

-- The same again changes nothing.
select public.record_facts(jsonb_build_object('payment_id', :'payment', 'payment_intent_id', 'pi_1',
  'paid', true, 'amount', 499, 'currency', 'usd')) ->> 'status' as status;

select type, amount, balance_after, description from public.credit_transactions where user_id = :'ada';
select source, granted, remaining, expires_at::date - current_date as days from public.credit_lots where user_id = :'ada';
select * from private.audit();

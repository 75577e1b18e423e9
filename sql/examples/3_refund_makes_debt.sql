-- A refund of credits that were spent: what is missing is debt, and the next credits pay it.
\ir begin.psql
\ir buy.psql

select public.spend(:'ada', 'image_generation', 50, 'images') ->> 'available' as available;

-- The buyer gets all his money back; 400 of the 500 credits are gone.
select payment ->> 'status' as status, payment ->> 'credits_refunded' as credits_refunded
from public.record_facts('{"payment_intent_id": "pi_1", "refunds":
  [{"id": "re_1", "amount": 499, "currency": "usd", "status": "succeeded"}]}') payment;
select balance, held, debt from public.user_credits where user_id = :'ada';

-- Nothing can be spent meanwhile: 402, with what is required and what is there.
select public.spend(:'ada', 'docx_processing', 1, 'no');
\echo :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE

select public.adjust_credits(:'ada', 450, 'Goodwill', null, 'the shop', 'k1') ->> 'available' as available;
select balance, debt from public.user_credits where user_id = :'ada';
select source, granted, remaining, debt_paid from public.credit_lots where user_id = :'ada' order by granted desc;
select type, amount, balance_after from public.credit_transactions where user_id = :'ada' order by seq;
select * from private.audit();

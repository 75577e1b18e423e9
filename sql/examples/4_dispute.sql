-- A chargeback takes the credits while it is open. Lost, it keeps them; a late victory returns them.
\ir begin.psql
\ir buy.psql

-- An inquiry only marks.
select payment ->> 'status' as status from public.record_facts('{"payment_intent_id": "pi_1", "disputes":
  [{"id": "du_1", "amount": 499, "currency": "usd", "status": "warning_needs_response"}]}') payment;
select balance from public.user_credits where user_id = :'ada';

select payment ->> 'status' as status from public.record_facts('{"payment_intent_id": "pi_1", "disputes":
  [{"id": "du_1", "amount": 499, "currency": "usd", "status": "needs_response"}]}') payment;
select balance from public.user_credits where user_id = :'ada';

select payment ->> 'status' as status from public.record_facts('{"payment_intent_id": "pi_1", "disputes":
  [{"id": "du_1", "amount": 499, "currency": "usd", "status": "lost"}]}') payment;
-- An event that was late says nothing new.
select payment ->> 'status' as status from public.record_facts('{"payment_intent_id": "pi_1", "disputes":
  [{"id": "du_1", "amount": 499, "currency": "usd", "status": "needs_response"}]}') payment;
select balance from public.user_credits where user_id = :'ada';

select payment ->> 'status' as status from public.record_facts('{"payment_intent_id": "pi_1", "disputes":
  [{"id": "du_1", "amount": 499, "currency": "usd", "status": "won"}]}') payment;
select type, amount, balance_after from public.credit_transactions where user_id = :'ada' order by seq;
select * from private.audit();

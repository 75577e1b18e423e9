-- Credits expire; they are gone from the moment on, whenever a job writes it down. What a hold has
-- reserved in time may still be captured.
\ir begin.psql

select public.adjust_credits(:'ada', 30, 'For a moment', now() + interval '1 hour', 'the shop', 'k1') ->> 'balance' as balance;
select public.adjust_credits(:'ada', 100, 'To keep', null, 'the shop', 'k2') ->> 'balance' as balance;
select answer ->> 'hold_id' as hold from public.hold(:'ada', 'docx_processing', 5, 900, 'work') answer \gset

-- An hour goes by.
update public.credit_lots set expires_at = now() where user_id = :'ada' and expires_at is not null;

-- What its owner sees, before anything is written off.
select set_config('request.jwt.claims', '{"sub": "00000000-0000-4000-8000-000000000001"}', false) \g /dev/null
select seen ->> 'balance' as balance, seen ->> 'held' as held, seen ->> 'available' as available
from public.get_credits() seen;

select public.expire_credits(100);
select public.expire_credits(100);

-- Three of the five units are captured; the other two were of credits that have expired.
select answer ->> 'amount' as amount, answer ->> 'available' as available from public.capture(:'hold', 3) answer;
select type, amount, balance_after from public.credit_transactions where user_id = :'ada' order by seq;
select * from private.audit();

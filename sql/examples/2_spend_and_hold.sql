-- Spending by feature and quantity; and holding, for work that may fail.
\ir begin.psql

select public.adjust_credits(:'ada', 20, 'A present', now() + interval '1 day', 'ada''s friend', 'k1') ->> 'balance' as balance;
select public.adjust_credits(:'ada', 100, 'A welcome', null, 'the shop', 'k2') ->> 'balance' as balance;

-- Five units of two credits each, from the credits that expire first. The key makes a retry safe.
select answer ->> 'amount' as amount, answer ->> 'available' as available, answer ->> 'replayed' as replayed
from public.spend(:'ada', 'docx_processing', 5, 'upload-1') answer;
select answer ->> 'amount' as amount, answer ->> 'available' as available, answer ->> 'replayed' as replayed
from public.spend(:'ada', 'docx_processing', 5, 'upload-1') answer;

-- Ten minutes of audio may turn out shorter: hold for ten, capture seven, the rest is free again.
select answer ->> 'amount' as held, answer ->> 'available' as available, answer ->> 'hold_id' as hold
from public.hold(:'ada', 'audio_processing', 10, 900, 'audio-1') answer \gset
\echo :held held, :available available
select answer ->> 'amount' as amount, answer ->> 'balance' as balance, answer ->> 'available' as available
from public.capture(:'hold', 7) answer;

-- Which lots each transaction took from.
select t.type, t.feature, lot.source, (lot.expires_at is null) as for_ever, part.amount
from public.credit_transactions t
join public.credit_transaction_lots part on part.transaction_id = t.id
join public.credit_lots lot on lot.id = part.lot_id
where t.user_id = :'ada'
order by t.seq, part.amount;
select * from private.audit();

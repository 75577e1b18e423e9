-- Books with one old customer among many: his 100,000 ledger rows, 20,000 used-up lots, 2,000 payments,
-- holds and account events each; everybody else has a few. Written straight into the tables, in balance.
-- The old customer is 00000000-0000-4000-8000-000000000000, the others count on from there.

create function pg_temp.customer(n integer) returns uuid language sql immutable
return ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid;

create temporary table size as
select n, pg_temp.customer(n) as user_id,
       case when n = 0 then 20000 else 3 end as used_lots,
       case when n = 0 then 59999 else 5 end as spends,
       case when n = 0 then 2000 else 2 end as others
from generate_series(0, 2000) n;

insert into auth.users (id) select user_id from size;

-- One open lot each of a million credits; then used-up lots of one credit, each granted and spent.
create temporary table lot as
select gen_random_uuid() as id, user_id, nth, case nth when 0 then 1000000 else 1 end as granted, spends
from size, generate_series(0, used_lots) nth;

insert into private.credit_lots (id, user_id, source, granted, remaining, exhausted, expires_at, created_at)
select id, user_id, 'bonus', granted, case nth when 0 then granted - spends else 0 end, nth > 0,
       case when nth > 0 then now() + interval '1 day' end, now() - interval '1 year'
from lot;

create temporary table movement as
select user_id, 0 as step, 0 as part, 'bonus' as type, 1000000 as amount, id as lot_id from lot where nth = 0
union all
select user_id, nth, part, case part when 1 then 'bonus' else 'spend' end, case part when 1 then 1 else -1 end, id
from lot, generate_series(1, 2) part where nth > 0
union all
select user_id, 100000 + n, 0, 'spend', -1, id from lot, generate_series(1, spends) n where nth = 0;

insert into public.credit_transactions
  (user_id, type, amount, balance_after, available_after, lot_ids, lot_amounts, feature, quantity, price_version,
   description, created_at)
select user_id, type::public.credit_transaction_type, amount, balance, balance, array[lot_id], array[amount],
       case type when 'spend' then 'unit' end, 1, 1, 'long ago',
       now() - interval '1 year' + interval '364 days' * row_number() over by_time / count(*) over (partition by user_id)
from (select *, sum(amount) over (partition by user_id order by step, part) as balance from movement) movement
window by_time as (partition by user_id order by step, part)
order by user_id, step, part;

insert into public.user_credits (user_id, balance, lifetime_granted, lifetime_spent)
select user_id, sum(amount), sum(amount) filter (where amount > 0), -sum(amount) filter (where amount < 0)
from movement group by user_id;

insert into public.payment_orders
  (user_id, package_id, kind, livemode, amount, currency, credits, ui_mode, ended, status, created_at)
select user_id, 'starter', 'one_time', false, 499, 'usd', 500, 'hosted', 'expired', 'expired',
       now() - nth * interval '1 hour'
from size, generate_series(1, others) nth;

insert into public.credit_holds
  (id, user_id, feature, price_version, quantity, amount, lot_ids, lot_parts, status, available_after,
   idempotency_key, expires_at, created_at, ended_at)
select gen_random_uuid(), user_id, 'docx_processing', 1, 1, 2, '{}', '{}', 'released', 0, '',
       now() - nth * interval '1 hour', now() - nth * interval '1 hour', now()
from size, generate_series(1, others) nth;

insert into public.account_events (user_id, type, data, attempts, next_attempt_at, delivered_at, created_at)
select user_id, 'low_balance', '{}', 1, null, now(), now() - nth * interval '1 hour'
from size, generate_series(1, others) nth;

analyze;

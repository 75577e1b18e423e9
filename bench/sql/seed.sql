-- Functions that fill the books the way the shop itself would have, but at once. private.audit()
-- finds nothing to say about what they write. The bench finds a user or an order again by its
-- name, of which the id is made.

-- Users '<p_name>1' to '<p_name><p_users>', each with one bonus lot, of which p_rows - 1 spends
-- have been made: p_rows ledger rows.
create function bench.seed_users(p_name text, p_users integer, p_rows integer)
returns void
language plpgsql
as $$
declare
  c_granted constant bigint := 1000000000;
  c_cost constant bigint := (select credits from public.feature_costs where feature = 'docx_processing' and active);
  c_spent constant bigint := (p_rows - 1) * c_cost;
begin
  insert into auth.users (id, aud, role, email, created_at)
  select md5(p_name || n)::uuid, 'authenticated', 'authenticated', p_name || n || '@example.com', now()
  from generate_series(1, p_users) n;

  insert into public.user_credits (user_id, balance, lifetime_granted, lifetime_spent)
  select md5(p_name || n)::uuid, c_granted - c_spent, c_granted, c_spent
  from generate_series(1, p_users) n;

  insert into private.credit_lots (id, user_id, source, granted, remaining, expires_at)
  select md5('lot' || p_name || n)::uuid, md5(p_name || n)::uuid, 'bonus', c_granted, c_granted - c_spent,
         now() + interval '183 days'
  from generate_series(1, p_users) n;

  insert into public.credit_transactions
    (user_id, type, amount, balance_after, available_after, lot_ids, lot_amounts, description, created_at)
  select md5(p_name || n)::uuid, 'bonus', c_granted, c_granted, c_granted,
         array[md5('lot' || p_name || n)::uuid], array[c_granted], 'Seed', now() - interval '1 year'
  from generate_series(1, p_users) n;

  insert into public.credit_transactions
    (id, user_id, type, amount, balance_after, available_after, lot_ids, lot_amounts,
     feature, quantity, price_version, created_at)
  select md5(p_name || n || ':' || k)::uuid, md5(p_name || n)::uuid, 'spend', -c_cost,
         c_granted - k * c_cost, c_granted - k * c_cost,
         array[md5('lot' || p_name || n)::uuid], array[-c_cost],
         'docx_processing', 1, 1, now() - interval '1 year' + k * interval '20 seconds'
  from generate_series(1, p_users) n, generate_series(1, p_rows - 1) k
  order by k;
end
$$;

-- Open orders 'order1' to 'order<p_orders>' of the starter package, shared out among the users
-- '<p_name>1' to '<p_name><p_users>', each waiting for the webhook that says it is paid.
create function bench.seed_orders(p_name text, p_users integer, p_orders integer)
returns void
language sql
begin atomic
  insert into public.stripe_customers (user_id, livemode, stripe_customer_id)
  select md5(p_name || n)::uuid, false, 'cus_' || md5(p_name || n)
  from generate_series(1, p_users) n;

  insert into public.payment_orders
    (id, user_id, package_id, kind, livemode, amount, currency, credits, expires_after_days, ui_mode,
     stripe_checkout_session_id, expires_at)
  select md5('order' || n)::uuid, md5(p_name || (n % p_users + 1))::uuid, 'starter', 'one_time', false,
         499, 'usd', 500, 183, 'hosted', 'cs_test_' || md5('order' || n)::uuid, now() + interval '1 day'
  from generate_series(1, p_orders) n;
end;

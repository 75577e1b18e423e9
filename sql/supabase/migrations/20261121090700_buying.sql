-- Buying: the order that exists before Stripe is asked, once per idempotency key.
--
-- Does:  creates idempotency_keys, which users cannot see, with claim_idempotency_key() and
--        store_idempotent_answer(), and create_payment().
-- Locks: none, the table is new.
-- Undo:  drop function public.create_payment, public.get_order, private.order_json, public.store_idempotent_answer,
--        public.claim_idempotency_key, private.claim_key; drop table public.idempotency_keys;

create table public.idempotency_keys (
  caller       text not null,
  key          text not null check (length(key) between 1 and 255),
  request_hash text not null,
  answer       jsonb,
  created_at   timestamptz not null default now(),
  primary key (caller, key)
);
comment on column public.idempotency_keys.answer is
  '{body} of the first answer; before there is one, null or the payment_id of the order it made.';

alter table public.idempotency_keys enable row level security;
revoke all on public.idempotency_keys from public, anon, authenticated, service_role;
grant select on public.idempotency_keys to service_role;
create policy "Nobody reads idempotency keys with a user's token" on public.idempotency_keys
  for select to authenticated using (false);

-- Makes the key the caller's own or returns what it was used for before; the same key with
-- another request is a conflict.
create function private.claim_key(p_caller text, p_key text, p_request_hash text)
returns public.idempotency_keys
language plpgsql
set search_path = ''
as $$
declare
  v_known public.idempotency_keys;
begin
  insert into public.idempotency_keys as known (caller, key, request_hash)
  values (p_caller, p_key, p_request_hash)
  on conflict (caller, key) do update set request_hash = known.request_hash  -- lock it, then read it
  returning * into v_known;
  if v_known.request_hash <> p_request_hash then
    perform private.fail_for_reused_key();
  end if;
  return v_known;
end
$$;

-- For requests that make no order. Answers {"answer": the first answer, or null}.
create function public.claim_idempotency_key(p_caller text, p_key text, p_request_hash text)
returns jsonb
language sql
security definer
set search_path = ''
as $$
  select jsonb_build_object('answer', (private.claim_key(p_caller, p_key, p_request_hash)).answer)
$$;

create function public.store_idempotent_answer(p_caller text, p_key text, p_answer jsonb)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.idempotency_keys set answer = coalesce(answer, '{}') || p_answer
  where caller = p_caller and key = p_key and (answer -> 'body') is null
$$;

-- An order with all that the request to Stripe is made of: {payment: the payments row,
-- product: {name, description}, customer_id, return_url, locale}.
create function private.order_json(o public.payment_orders)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'payment', (select to_jsonb(p) from public.payments p where p.payment_id = o.id),
    'product', (
      select jsonb_build_object(
        'name', coalesce(sold.name ->> o.locale, sold.name ->> 'en'),
        'description', coalesce(sold.description ->> o.locale, sold.description ->> 'en'))
      from public.credit_packages sold where sold.id = o.package_id),
    'customer_id', (
      select known.stripe_customer_id from public.stripe_customers known
      where known.user_id = o.user_id and known.livemode = o.livemode),
    'return_url', o.return_url,
    'locale', o.locale)
$$;

-- The order again, for a request to Stripe whose answer was lost.
create function public.get_order(p_payment_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select private.order_json(o) from public.payment_orders o where o.id = p_payment_id
$$;

-- Orders a package, at the catalog's price and no other. With a key that was used for this request
-- before, answers the order made then. Answers order_json with {answer: what is stored for the
-- key, or null}. Refuses with not_found (package), validation_error (currency), forbidden (user),
-- invalid_state (too many open payments), idempotency_conflict.
create function public.create_payment(
  p_user_id uuid, p_package_id text, p_currency text, p_default_currency text, p_livemode boolean,
  p_ui_mode text, p_return_url text, p_locale text,
  p_idempotency_key text default null, p_request_hash text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  c_open_payments_max constant integer := 20;
  v_key public.idempotency_keys;
  v_package public.credit_packages;
  v_price public.credit_package_prices;
  o public.payment_orders;
begin
  perform private.require_active_user(p_user_id);
  if p_idempotency_key is not null then
    v_key := private.claim_key(p_user_id::text, p_idempotency_key, p_request_hash);
  end if;

  select * into o from public.payment_orders where id = (v_key.answer ->> 'payment_id')::uuid;
  if o.id is null then
    select * into v_package from public.credit_packages where id = p_package_id and active;
    if not found then
      perform private.fail(404, 'not_found', 'There is no such package on sale.');
    end if;
    -- Without a wish, the shop's own currency, or the one that the package is sold in.
    select * into v_price from public.credit_package_prices
    where package_id = p_package_id and active and currency = coalesce(p_currency, currency)
    order by currency = p_default_currency desc, currency limit 1;
    if not found then
      perform private.fail(422, 'validation_error', 'This package is not sold in that currency.',
        '{"errors": [{"field": "currency", "message": "This package is not sold in that currency."}]}');
    end if;

    -- Counted under a lock, so that the bound holds for many tabs on many servers at once.
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('open_payments:' || p_user_id, 0));
    if (select count(*) from public.payment_orders
        where user_id = p_user_id and status = 'pending'
          and coalesce(expires_at, created_at + interval '1 day') > now()) >= c_open_payments_max then
      perform private.fail(409, 'invalid_state',
        'There are too many unfinished payments. Finish or cancel one of them first.');
    end if;

    insert into public.payment_orders
      (user_id, package_id, kind, livemode, amount, currency, credits, expires_after_days,
       ui_mode, return_url, locale)
    values
      (p_user_id, p_package_id, v_package.kind, p_livemode, v_price.amount, v_price.currency,
       v_package.credits, v_package.expires_after_days, p_ui_mode, p_return_url, p_locale)
    returning * into o;
    update public.idempotency_keys set answer = jsonb_build_object('payment_id', o.id)
    where caller = p_user_id::text and key = p_idempotency_key;
  end if;

  return private.order_json(o) || jsonb_build_object('answer', v_key.answer);
end
$$;

revoke all on function
  public.claim_idempotency_key(text, text, text),
  public.store_idempotent_answer(text, text, jsonb),
  public.get_order(uuid),
  public.create_payment(uuid, text, text, text, boolean, text, text, text, text, text)
  from public, anon, authenticated, service_role;
grant execute on function
  public.claim_idempotency_key(text, text, text),
  public.store_idempotent_answer(text, text, jsonb),
  public.get_order(uuid),
  public.create_payment(uuid, text, text, text, boolean, text, text, text, text, text)
  to service_role;

-- Buying, every way: orders that are paid inside the page, with a saved card, or by subscription.
--
-- Does:  replaces create_payment() by one that also takes options and a card; callers that know
--        neither go on working. order_json() tells Stripe's price and the customer that is no more.
-- Locks: none.
-- Undo:  drop function public.create_payment, private.is_subscribed; create both functions anew as they
--        stand in the file on buying.

-- Whether a user has a living subscription to a package.
create function private.is_subscribed(p_user_id uuid, p_livemode boolean, p_package_id text)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select exists (
      select from public.subscriptions s join public.stripe_prices price on price.id = s.stripe_price_id
      where s.user_id = p_user_id and s.livemode = p_livemode and s.ended_at is null
        and price.package_id = p_package_id)
    -- Or one is paid for, and Stripe has not told of it yet, as it does for three days.
    or exists (
      select from public.payment_orders o
      where o.user_id = p_user_id and o.livemode = p_livemode and o.package_id = p_package_id
        and o.kind = 'subscription' and o.ui_mode <> 'invoice' and o.status in ('processing', 'succeeded')
        and o.created_at > now() - interval '3 days'
        and not exists (select from public.subscriptions s where s.id = o.stripe_subscription_id)));
end
$$;

-- An order with all that the request to Stripe is made of: {payment: the payments row, product: {name,
-- description}, interval, stripe_price_id, customer_id, former_customer_id, is_subscribed,
-- superseded_session_id, options, return_url, locale}.
create or replace function private.order_json(o public.payment_orders)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'payment', (select to_jsonb(p) from public.payments p where p.payment_id = o.id),
      'product', jsonb_build_object(
        'name', coalesce(sold.name ->> o.locale, sold.name ->> 'en'),
        'description', coalesce(sold.description ->> o.locale, sold.description ->> 'en')),
      'interval', sold.interval,
      'stripe_price_id', (
        select price.id from public.stripe_prices price
        where (price.package_id, price.currency, price.amount, price.credits, price.locale, price.livemode)
            = (o.package_id, o.currency, o.amount, o.credits, o.locale, o.livemode)
          and price.interval = sold.interval and not price.archived
        order by price.created_at, price.id limit 1),
      'customer_id', case when known.deleted_at is null then known.stripe_customer_id end,
      'former_customer_id', case when known.deleted_at is not null then known.stripe_customer_id end,
      'is_subscribed', o.kind = 'subscription' and private.is_subscribed(o.user_id, o.livemode, o.package_id),
      'superseded_session_id', (
        -- Two tabs must not subscribe twice: the page that was opened before is closed. There is one at most,
        -- for each order closes the one before it.
        select earlier.stripe_checkout_session_id from public.payment_orders earlier
        where o.kind = 'subscription' and o.status = 'pending' and earlier.user_id = o.user_id
          and earlier.status = 'pending' and earlier.expires_at > now() and earlier.id <> o.id
          and (earlier.package_id, earlier.kind, earlier.livemode) = (o.package_id, o.kind, o.livemode)
          and earlier.stripe_checkout_session_id is not null
        order by earlier.created_at desc limit 1),
      'options', o.options,
      'return_url', o.return_url,
      'locale', o.locale)
    from public.credit_packages sold
    left join public.stripe_customers known on known.user_id = o.user_id and known.livemode = o.livemode
    where sold.id = o.package_id);
end
$$;

drop function public.create_payment(uuid, text, text, text, boolean, text, text, text, text, text);

-- Orders a package, at the catalog's price and no other. With a key that was used for this request
-- before, answers the order made then. Answers order_json with {answer: what is stored for the
-- key, or null}. p_options as payment_orders.options; its payment_method_id must be the user's own.
-- Refuses with not_found (package, card), validation_error (currency, kind), forbidden (user),
-- invalid_state (too many open payments, subscribed already), idempotency_conflict.
create function public.create_payment(
  p_user_id uuid, p_package_id text, p_currency text, p_default_currency text, p_livemode boolean,
  p_ui_mode text, p_return_url text, p_locale text,
  p_idempotency_key text default null, p_request_hash text default null, p_options jsonb default '{}')
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
    if v_package.kind = 'subscription' and p_ui_mode = 'elements' then
      perform private.fail(422, 'validation_error', 'A subscription is bought on the payment page.',
        '{"errors": [{"field": "package_id", "message": "A subscription is bought on the payment page."}]}');
    end if;
    -- Without a wish, the shop's own currency, or the one that the package is sold in.
    select * into v_price from public.credit_package_prices
    where package_id = p_package_id and active and currency = coalesce(p_currency, currency)
    order by currency = p_default_currency desc, currency limit 1;
    if not found then
      perform private.fail(422, 'validation_error', 'This package is not sold in that currency.',
        '{"errors": [{"field": "currency", "message": "This package is not sold in that currency."}]}');
    end if;
    if p_options ? 'payment_method_id' then
      perform public.require_payment_method(p_user_id, p_livemode, p_options ->> 'payment_method_id');
    end if;

    -- Counted under a lock, so that the bound holds for many tabs on many servers at once.
    perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('open_payments:' || p_user_id, 0));
    if (select count(*) from public.payment_orders
        where user_id = p_user_id and status = 'pending'
          and coalesce(expires_at, created_at + interval '1 day') > now()) >= c_open_payments_max then
      perform private.fail(409, 'invalid_state',
        'There are too many unfinished payments. Finish or cancel one of them first.');
    end if;
    if v_package.kind = 'subscription' then
      if private.is_subscribed(p_user_id, p_livemode, p_package_id) then
        perform private.fail(409, 'invalid_state', 'There is a subscription to this package already.');
      elsif exists (
          select from public.payment_orders other
          where other.user_id = p_user_id and other.package_id = p_package_id and other.livemode = p_livemode
            and other.status = 'pending' and other.stripe_checkout_session_id is null
            and other.ui_mode <> 'invoice' and other.created_at > now() - interval '3 minutes') then
        perform private.fail(409, 'invalid_state', 'This subscription is being ordered in another tab just now.');
      end if;
    end if;

    insert into public.payment_orders
      (user_id, package_id, kind, livemode, amount, currency, credits, expires_after_days,
       ui_mode, return_url, locale, options)
    values
      (p_user_id, p_package_id, v_package.kind, p_livemode, v_price.amount, v_price.currency,
       v_package.credits, v_package.expires_after_days, p_ui_mode, p_return_url, p_locale, p_options)
    returning * into o;
    update public.idempotency_keys set answer = jsonb_build_object('payment_id', o.id)
    where caller = p_user_id::text and key = p_idempotency_key;
  end if;

  return private.order_json(o) || jsonb_build_object('answer', v_key.answer);
end
$$;

revoke all on function
  public.create_payment(uuid, text, text, text, boolean, text, text, text, text, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function
  public.create_payment(uuid, text, text, text, boolean, text, text, text, text, text, jsonb)
  to service_role;

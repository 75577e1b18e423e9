-- Stripe bills all subscriptions of a customer in one currency: an order of a second one in another could
-- not be placed, and its buyer read of an error at Stripe.
-- https://docs.stripe.com/invoicing/multi-currency-customers
--
-- Does:  replaces create_payment() of the file on prices shown, which refuses such an order and says why.
-- Locks: none.
-- Undo:  create create_payment() anew as it stands in that file.

-- Orders a package, at the catalog's price and no other, and only if that is the price the buyer was
-- shown (p_expected_amount; null: he is shown it at Stripe). With a key that was used for this request
-- before, answers the order made then. Answers order_json with {answer: what is stored for the
-- key, or null}. p_options as payment_orders.options; its payment_method_id must be the user's own.
-- Refuses with not_found (package, card), validation_error (currency, kind, expected_amount), forbidden (user),
-- invalid_state (too many open payments, subscribed already or in another currency), idempotency_conflict.
create or replace function public.create_payment(
  p_user_id uuid, p_package_id text, p_currency text, p_default_currency text, p_livemode boolean,
  p_ui_mode text, p_return_url text, p_locale text,
  p_idempotency_key text default null, p_request_hash text default null, p_options jsonb default '{}',
  p_expected_amount bigint default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  c_open_payments_max constant integer := 20;
  v_key public.idempotency_keys;
  v_offer record;
  v_other_currency text;
  o public.payment_orders;
begin
  perform private.require_active_user(p_user_id);
  if p_idempotency_key is not null then
    v_key := private.claim_key(p_user_id::text, p_idempotency_key, p_request_hash);
  end if;

  select * into o from public.payment_orders where id = (v_key.answer ->> 'payment_id')::uuid;
  if o.id is null then
    -- Package and price in one look: an admin may be changing both. Without a wish, the price in the
    -- shop's own currency, or in one that the package is sold in.
    select sold.kind, sold.credits, sold.expires_after_days, price.amount, price.currency into v_offer
    from public.credit_packages sold
    left join public.credit_package_prices price
      on price.package_id = sold.id and price.active and price.currency = coalesce(p_currency, price.currency)
    where sold.id = p_package_id and sold.active
    order by price.currency = p_default_currency desc nulls last, price.currency limit 1;
    if not found then
      perform private.fail(404, 'not_found', 'There is no such package on sale.');
    end if;
    if v_offer.kind = 'subscription' and p_ui_mode = 'elements' then
      perform private.fail(422, 'validation_error', 'A subscription is bought on the payment page.',
        '{"errors": [{"field": "package_id", "message": "A subscription is bought on the payment page."}]}');
    end if;
    if v_offer.amount is null then
      perform private.fail(422, 'validation_error', 'This package is not sold in that currency.',
        '{"errors": [{"field": "currency", "message": "This package is not sold in that currency."}]}');
    end if;
    perform private.require_price(p_expected_amount, v_offer.amount);
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
    if v_offer.kind = 'subscription' then
      select upper(price.currency) into v_other_currency
      from public.subscriptions s join public.stripe_prices price on price.id = s.stripe_price_id
      where s.user_id = p_user_id and s.livemode = p_livemode and s.ended_at is null
        and price.currency <> v_offer.currency
      limit 1;
      if private.is_subscribed(p_user_id, p_livemode, p_package_id) then
        perform private.fail(409, 'invalid_state', 'There is a subscription to this package already.');
      elsif v_other_currency is not null then
        perform private.fail(409, 'invalid_state', format(
          'There is a subscription in %s, and a second one must be in the same currency.', v_other_currency));
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
      (p_user_id, p_package_id, v_offer.kind, p_livemode, v_offer.amount, v_offer.currency,
       v_offer.credits, v_offer.expires_after_days, p_ui_mode, p_return_url, p_locale, p_options)
    returning * into o;
    update public.idempotency_keys set answer = jsonb_build_object('payment_id', o.id)
    where caller = p_user_id::text and key = p_idempotency_key;
  end if;

  return private.order_json(o) || jsonb_build_object('answer', v_key.answer);
end
$$;

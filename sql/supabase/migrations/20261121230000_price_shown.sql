-- The price that was shown: who pays with a saved card, or agrees to auto-recharge, on a page that was
-- opened before the price rose is asked again, where he paid, or agreed to, more than he had read.
--
-- Does:  replaces create_payment() of the file on buying every way and set_auto_recharge() of that on
--        consent, which take p_expected_amount; callers that do not know it go on working. create_payment
--        reads a package and its price at once, so that an order never mixes old credits with a new price.
-- Locks: none.
-- Undo:  drop function public.create_payment, public.set_auto_recharge, private.require_price; create the
--        two anew as they stand in those files.

create function private.require_price(p_expected_amount bigint, p_amount bigint)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_expected_amount <> p_amount then
    perform private.fail(422, 'validation_error', 'The price has changed since it was shown.',
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', 'expected_amount', 'message', format('The price is %s now.', p_amount)))));
  end if;
end
$$;

drop function public.create_payment(uuid, text, text, text, boolean, text, text, text, text, text, jsonb);
drop function public.set_auto_recharge(uuid, boolean, boolean, bigint, text, text, text, bigint);

-- Orders a package, at the catalog's price and no other, and only if that is the price the buyer was
-- shown (p_expected_amount; null: he is shown it at Stripe). With a key that was used for this request
-- before, answers the order made then. Answers order_json with {answer: what is stored for the
-- key, or null}. p_options as payment_orders.options; its payment_method_id must be the user's own.
-- Refuses with not_found (package, card), validation_error (currency, kind, expected_amount), forbidden (user),
-- invalid_state (too many open payments, subscribed already), idempotency_conflict.
create function public.create_payment(
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
      (p_user_id, p_package_id, v_offer.kind, p_livemode, v_offer.amount, v_offer.currency,
       v_offer.credits, v_offer.expires_after_days, p_ui_mode, p_return_url, p_locale, p_options)
    returning * into o;
    update public.idempotency_keys set answer = jsonb_build_object('payment_id', o.id)
    where caller = p_user_id::text and key = p_idempotency_key;
  end if;

  return private.order_json(o) || jsonb_build_object('answer', v_key.answer);
end
$$;

-- Sets it as the user wishes and keeps his consent. Answers get_auto_recharge(). Refuses with not_found
-- (package), validation_error (currency, expected_amount, limit below one price), invalid_state (no card),
-- forbidden.
create function public.set_auto_recharge(
  p_user_id uuid, p_livemode boolean, p_enabled boolean, p_threshold bigint, p_package_id text,
  p_currency text, p_default_currency text, p_monthly_limit bigint,
  p_expected_amount bigint default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_price public.credit_package_prices;
  v_card_id text;
begin
  perform private.require_active_user(p_user_id);
  if p_enabled is not true then
    update public.auto_recharges set enabled = false, off_reason = null, updated_at = now()
    where user_id = p_user_id and livemode = p_livemode and (enabled or off_reason is not null);
    if found then  -- what was off already is no news, and consents are kept for ever
      insert into public.auto_recharge_consents (user_id, terms) values (p_user_id, '{"enabled": false}');
    end if;
    return public.get_auto_recharge(p_user_id, p_livemode);
  end if;

  select price.* into v_price
  from public.credit_package_prices price
  join public.credit_packages sold on sold.id = price.package_id and sold.active and sold.kind = 'one_time'
  where price.package_id = p_package_id and price.active and price.currency = coalesce(p_currency, price.currency)
  order by price.currency = p_default_currency desc, price.currency limit 1;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such package on sale in that currency.');
  end if;
  perform private.require_price(p_expected_amount, v_price.amount);
  if p_monthly_limit < v_price.amount then
    perform private.fail(422, 'validation_error', 'The monthly limit is less than one recharge costs.',
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', 'monthly_limit', 'message', format('At least %s, the price of one recharge.', v_price.amount)))));
  end if;
  -- Consent is to a card: one that is removed or replaced meanwhile is waited for.
  perform from public.stripe_customers where user_id = p_user_id and livemode = p_livemode for update;
  select id into v_card_id from public.payment_methods
  where user_id = p_user_id and livemode = p_livemode and is_default;
  if not found then
    perform private.fail(409, 'invalid_state', 'Save a card first: a recharge is paid with the default card.');
  end if;

  insert into public.auto_recharges
    (user_id, livemode, enabled, threshold, package_id, currency, amount, monthly_limit, consented_at)
  values
    (p_user_id, p_livemode, true, p_threshold, p_package_id, v_price.currency, v_price.amount, p_monthly_limit, now())
  on conflict (user_id, livemode) do update set
    enabled = true, threshold = excluded.threshold, package_id = excluded.package_id,
    currency = excluded.currency, amount = excluded.amount, monthly_limit = excluded.monthly_limit,
    off_reason = null, consented_at = excluded.consented_at, updated_at = now();
  insert into public.auto_recharge_consents (user_id, terms)
  values (p_user_id, jsonb_build_object(
    'enabled', true, 'threshold', p_threshold, 'package_id', p_package_id, 'currency', v_price.currency,
    'amount', v_price.amount, 'monthly_limit', p_monthly_limit, 'payment_method_id', v_card_id));
  return public.get_auto_recharge(p_user_id, p_livemode);
end
$$;

revoke all on function
  private.require_price(bigint, bigint),
  public.create_payment(uuid, text, text, text, boolean, text, text, text, text, text, jsonb, bigint),
  public.set_auto_recharge(uuid, boolean, boolean, bigint, text, text, text, bigint, bigint)
  from public, anon, authenticated, service_role;
grant execute on function
  public.create_payment(uuid, text, text, text, boolean, text, text, text, text, text, jsonb, bigint),
  public.set_auto_recharge(uuid, boolean, boolean, bigint, text, text, text, bigint, bigint)
  to service_role;

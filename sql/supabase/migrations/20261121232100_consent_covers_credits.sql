-- Consent to auto-recharge is to so many credits for so much money. Who had agreed to 500 for 4.99 was charged 4.99
-- for the 50 that the package had become, and what he had agreed to could not be shown.
--
-- Does:  adds credits to auto_recharges (null: consented before it was noted, and not held against anybody), and
--        replaces set_auto_recharge() of the file on consent withdrawn, which notes it there and in the
--        consent's terms, and claim_auto_recharges() of that on what is recharged once, which ends what has
--        become dearer in this way too: price_changed.
-- Locks: ACCESS EXCLUSIVE on auto_recharges, for the moment that a column takes.
-- Undo:  create both functions anew as they stand in those files;
--        alter table public.auto_recharges drop column credits.

alter table public.auto_recharges add column credits bigint;

-- Sets it as the user wishes and keeps his consent. Answers get_auto_recharge(). Refuses with not_found
-- (package), validation_error (currency, expected_amount, limit below one price), invalid_state (no card),
-- forbidden (user) where he switches it on.
create or replace function public.set_auto_recharge(
  p_user_id uuid, p_livemode boolean, p_enabled boolean, p_threshold bigint, p_package_id text,
  p_currency text, p_default_currency text, p_monthly_limit bigint,
  p_expected_amount bigint default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_offer record;
  v_card_id text;
begin
  if p_enabled is not true then
    update public.auto_recharges set enabled = false, off_reason = null, updated_at = now()
    where user_id = p_user_id and livemode = p_livemode and (enabled or off_reason is not null);
    if found then  -- what was off already is no news, and consents are kept for ever
      insert into public.auto_recharge_consents (user_id, terms) values (p_user_id, '{"enabled": false}');
    end if;
    return public.get_auto_recharge(p_user_id, p_livemode);
  end if;
  perform private.require_active_user(p_user_id);

  select price.currency, price.amount, sold.credits into v_offer
  from public.credit_package_prices price
  join public.credit_packages sold on sold.id = price.package_id and sold.active and sold.kind = 'one_time'
  where price.package_id = p_package_id and price.active and price.currency = coalesce(p_currency, price.currency)
  order by price.currency = p_default_currency desc, price.currency limit 1;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such package on sale in that currency.');
  end if;
  perform private.require_price(p_expected_amount, v_offer.amount);
  if p_monthly_limit < v_offer.amount then
    perform private.fail(422, 'validation_error', 'The monthly limit is less than one recharge costs.',
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', 'monthly_limit', 'message', format('At least %s, the price of one recharge.', v_offer.amount)))));
  end if;
  -- Consent is to a card: one that is removed or replaced meanwhile is waited for.
  perform from public.stripe_customers where user_id = p_user_id and livemode = p_livemode for update;
  select id into v_card_id from public.payment_methods
  where user_id = p_user_id and livemode = p_livemode and is_default;
  if not found then
    perform private.fail(409, 'invalid_state', 'Save a card first: a recharge is paid with the default card.');
  end if;

  insert into public.auto_recharges
    (user_id, livemode, enabled, threshold, package_id, currency, amount, credits, monthly_limit, consented_at)
  values
    (p_user_id, p_livemode, true, p_threshold, p_package_id, v_offer.currency, v_offer.amount, v_offer.credits,
     p_monthly_limit, now())
  on conflict (user_id, livemode) do update set
    enabled = true, threshold = excluded.threshold, package_id = excluded.package_id,
    currency = excluded.currency, amount = excluded.amount, credits = excluded.credits,
    monthly_limit = excluded.monthly_limit, off_reason = null, consented_at = excluded.consented_at, updated_at = now();
  insert into public.auto_recharge_consents (user_id, terms)
  values (p_user_id, jsonb_build_object(
    'enabled', true, 'threshold', p_threshold, 'package_id', p_package_id, 'currency', v_offer.currency,
    'amount', v_offer.amount, 'credits', v_offer.credits, 'monthly_limit', p_monthly_limit,
    'payment_method_id', v_card_id));
  return public.get_auto_recharge(p_user_id, p_livemode);
end
$$;

-- For the job: orders up to p_limit recharges that are due, and finds again those whose request to
-- Stripe may have been lost. Answers [order_json]; options.payment_method_id is the card to charge.
-- Two jobs at once never order for one user twice: each locks the user's row and skips the other's.
create or replace function public.claim_auto_recharges(p_livemode boolean, p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  r public.auto_recharges;
  v_offer record;
  v_last public.payment_orders;
  v_card_id text;
  o public.payment_orders;
  v_orders jsonb := '[]';
begin
  for r in
    select recharge.* from public.auto_recharges recharge
    join auth.users u on u.id = recharge.user_id and u.deleted_at is null
      and (u.banned_until is null or u.banned_until <= now())
    where recharge.enabled and recharge.livemode = p_livemode
      and private.available_credits(recharge.user_id) < recharge.threshold
      and private.may_recharge(recharge)
    -- Whoever can't be charged now is due again at once: he must not stand before everybody else for ever.
    order by random() limit p_limit
    for update of recharge skip locked
  loop
    -- Since this row was found, the last recharge may have been heard of, and its credits have come. Asked
    -- in this order that does no harm: a recharge that is lost no more never becomes lost again.
    select * into v_last from public.payment_orders
    where user_id = r.user_id and kind = 'auto_recharge' and livemode = p_livemode
    order by created_at desc limit 1;
    if private.is_lost(v_last, r) then
      v_orders := v_orders || jsonb_build_array(private.order_json(v_last));
      continue;
    end if;
    continue when not private.may_recharge(r) or private.available_credits(r.user_id) >= r.threshold;

    select price.currency, price.amount, sold.credits, sold.expires_after_days into v_offer
    from public.credit_package_prices price
    join public.credit_packages sold on sold.id = price.package_id and sold.active
    where price.package_id = r.package_id and price.currency = r.currency and price.active;
    if v_offer.amount is null or v_offer.amount > r.amount or v_offer.credits < r.credits then
      perform private.end_auto_recharge(r.user_id, p_livemode, 'price_changed');
      continue;
    end if;
    select id into v_card_id from public.payment_methods
    where user_id = r.user_id and livemode = p_livemode and is_default;
    if not found then
      perform private.end_auto_recharge(r.user_id, p_livemode, 'no_card');
      continue;
    end if;

    insert into public.payment_orders
      (user_id, package_id, kind, livemode, amount, currency, credits, expires_after_days, ui_mode, options)
    values
      (r.user_id, r.package_id, 'auto_recharge', p_livemode, v_offer.amount, v_offer.currency, v_offer.credits,
       v_offer.expires_after_days, 'off_session', jsonb_build_object('payment_method_id', v_card_id))
    returning * into o;
    v_orders := v_orders || jsonb_build_array(private.order_json(o));
  end loop;
  return v_orders;
end
$$;

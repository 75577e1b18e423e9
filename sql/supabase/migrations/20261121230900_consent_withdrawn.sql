-- Consent can always be withdrawn: whoever had been banned could not switch auto-recharge off, and his
-- card would have been charged again once the ban was lifted.
--
-- Does:  replaces set_auto_recharge() of the file on prices shown, which asks whether the user may buy only
--        where he switches it on.
-- Locks: none.
-- Undo:  create set_auto_recharge anew as it stands in that file.

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
  v_price public.credit_package_prices;
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

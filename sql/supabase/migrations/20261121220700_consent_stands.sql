-- A consent stands: who agreed to auto-recharge while his card was being removed had agreed for whatever
-- card came next, and a consent that was given while an earlier recharge failed could be ended by it.
--
-- Does:  replaces set_auto_recharge and end_failing_auto_recharge of the file on auto-recharge, which lock
--        what they decide by before they read it: the customer, and the consent.
-- Locks: none.
-- Undo:  create the two anew as they stand in that file.

-- Switches auto-recharge off when the last three recharges since it was switched on have failed. Who
-- switches it on meanwhile, and a recharge that fails beside this one, are waited for, and count.
create or replace function private.end_failing_auto_recharge(p_user_id uuid, p_livemode boolean)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform from public.auto_recharges where user_id = p_user_id and livemode = p_livemode for update;
  if (
    select count(*) filter (where last.status in ('failed', 'expired', 'canceled')) = 3
    from (
      select o.status from public.payment_orders o
      join public.auto_recharges r on r.user_id = o.user_id and r.livemode = o.livemode
      where o.user_id = p_user_id and o.livemode = p_livemode and o.kind = 'auto_recharge'
        and o.created_at >= r.consented_at
      order by o.created_at desc limit 3
    ) last)
  then
    perform private.end_auto_recharge(p_user_id, p_livemode, 'payments_failed');
  end if;
end
$$;

-- Sets it as the user wishes and keeps his consent. Answers get_auto_recharge(). Refuses with not_found
-- (package), validation_error (currency, limit below one price), invalid_state (no card), forbidden.
create or replace function public.set_auto_recharge(
  p_user_id uuid, p_livemode boolean, p_enabled boolean, p_threshold bigint, p_package_id text,
  p_currency text, p_default_currency text, p_monthly_limit bigint)
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

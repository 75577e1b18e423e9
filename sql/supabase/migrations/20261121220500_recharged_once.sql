-- Recharged once: a job charged a card again when the last recharge was heard to have succeeded, or
-- credits came in another way, while it was deciding.
--
-- Does:  replaces claim_auto_recharges of the file on auto-recharge, which reads the last recharge once,
--        and only then asks whether another is due and the credits are still missing. Who is due comes
--        in any order: ten whom Stripe could not answer for kept everybody else waiting.
-- Locks: none.
-- Undo:  create claim_auto_recharges anew as it stands in that file.

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
  v_price public.credit_package_prices;
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

    select price.* into v_price
    from public.credit_package_prices price
    join public.credit_packages sold on sold.id = price.package_id and sold.active
    where price.package_id = r.package_id and price.currency = r.currency and price.active;
    if v_price.amount is null or v_price.amount > r.amount then
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
    select r.user_id, sold.id, 'auto_recharge', p_livemode, v_price.amount, v_price.currency, sold.credits,
           sold.expires_after_days, 'off_session', jsonb_build_object('payment_method_id', v_card_id)
    from public.credit_packages sold where sold.id = r.package_id
    returning * into o;
    v_orders := v_orders || jsonb_build_array(private.order_json(o));
  end loop;
  return v_orders;
end
$$;

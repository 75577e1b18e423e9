-- A payment that was being processed and then refused has failed. Banks do that with cards, too: some wait a day for
-- their holder's word. It stayed in processing for ever: its buyer could not end it, and if it was a recharge,
-- no other was ever made, and nobody was told.
--
-- Does:  creates is_declined_for_good(), and replaces merge_payment() of the file on what is carried.
-- Locks: none.
-- Undo:  create merge_payment() anew as it stands in that file; drop function private.is_declined_for_good.

-- Whether the facts say that nothing will come of the payment any more. A refusal at once is none: its buyer
-- is there and tries another card. Of what is paid on Stripe's page, its session or invoice says so.
create function private.is_declined_for_good(o public.payment_orders, p_facts jsonb)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return coalesce(
    (o.ui_mode = 'elements' and (p_facts ->> 'late_refusal')::boolean)
    or (o.ui_mode in ('elements', 'off_session') and o.processing and (p_facts ->> 'declined')::boolean), false);
end
$$;

-- Merges what the facts say about a payment and settles it. failure is null, or why they were refused:
-- unknown_payment, session_mismatch, payment_intent_mismatch, invoice_mismatch, amount_mismatch. A
-- refused fact credits nothing, and sending it again will not make it right (the refunds and disputes in
-- it are facts of their own, which count where their intent is the payment's); but amount_unexplained
-- asks for the session's facts first, and then for the same again with is_final.
create or replace function private.merge_payment(p_facts jsonb, out payment_id uuid, out failure text)
language plpgsql
set search_path = ''
as $$
#variable_conflict use_column
declare
  o public.payment_orders;
  v_intent_id text := p_facts ->> 'payment_intent_id';
  v_invoice jsonb := p_facts -> 'invoice';
  v_is_paid boolean := coalesce((p_facts ->> 'paid')::boolean, false);
  v_refund jsonb;
  v_dispute jsonb;
begin
  if v_intent_id is not null then
    for v_refund in select value from jsonb_array_elements(p_facts -> 'refunds') loop
      perform private.merge_refund(v_refund, v_intent_id);
    end loop;
    for v_dispute in select value from jsonb_array_elements(p_facts -> 'disputes') loop
      perform private.merge_dispute(v_dispute, v_intent_id);
    end loop;
  end if;

  payment_id := coalesce(private.find_payment(p_facts),
                         case when v_invoice ? 'lines' then private.payment_of_invoice(p_facts) end);
  -- Whoever writes off expired credits names their payment, which takes a share of its key under the
  -- account's lock: this lock leaves that free, or the two would wait for each other.
  select * into o from public.payment_orders where id = payment_id for no key update;
  failure := private.refusal_of(o, p_facts);
  if failure = 'amount_mismatch' then
    -- Money has moved, but not the money that was ordered: mark it for a person, credit nothing.
    update public.payment_orders set
      ended = 'failed',
      error = jsonb_build_object('code', 'amount_mismatch',
                'message', 'The amount captured is not the amount ordered.')
    where id = o.id;
  end if;
  if failure is not null then
    if failure = 'amount_mismatch' or o.stripe_payment_intent_id = v_intent_id then
      perform private.link_claims(o);
      perform private.settle(o.id);
    end if;
    return;
  end if;

  -- Each of these is a key, and to write one takes the whole lock: only behind the account's. What is
  -- carried is locked behind it too.
  if (v_is_paid and o.paid_at is null and v_invoice is not null)
     or (o.stripe_checkout_session_id is null and p_facts ->> 'checkout_session_id' is not null)
     or (o.stripe_payment_intent_id is null and v_intent_id is not null)
     or (o.stripe_invoice_id is null and v_invoice ->> 'id' is not null) then
    perform private.lock_user_credits(o.user_id);
  end if;

  if v_is_paid and o.paid_at is null and v_invoice is not null then
    o.credits := private.use_carried_credits(o.user_id, o.livemode, o.currency, o.credits);
  end if;
  update public.payment_orders set
    credits = o.credits,
    stripe_checkout_session_id = coalesce(stripe_checkout_session_id, p_facts ->> 'checkout_session_id'),
    stripe_payment_intent_id = coalesce(stripe_payment_intent_id, v_intent_id),
    stripe_invoice_id = coalesce(stripe_invoice_id, v_invoice ->> 'id'),
    stripe_subscription_id = coalesce(stripe_subscription_id, v_invoice ->> 'subscription_id'),
    payment_url = coalesce(p_facts ->> 'payment_url', payment_url),
    -- A subscription's paper is its invoice: whose the charge is, is known too late for the receipt.
    receipt_url = case when kind <> 'subscription' then coalesce(p_facts ->> 'receipt_url', receipt_url) end,
    invoice_url = coalesce(p_facts ->> 'invoice_url', invoice_url),
    expires_at = coalesce((p_facts ->> 'expires_at')::timestamptz, expires_at),
    -- Credits that do not roll over end a day after their period: the next invoice is paid an hour or
    -- more after it began.
    credits_expire_at = coalesce(credits_expire_at, (
      select (v_invoice ->> 'period_end')::timestamptz + interval '1 day'
      from public.credit_packages sold where sold.id = o.package_id and not sold.rollover)),
    processing = processing or coalesce((p_facts ->> 'processing')::boolean, false),
    -- What a person decided outlasts what a clock did, and a failure outlasts both.
    ended = case
      when 'failed' in (ended, p_facts ->> 'ended') then 'failed'
      when private.is_declined_for_good(o, p_facts) then 'failed'
      when 'canceled' in (ended, p_facts ->> 'ended') then 'canceled'
      else coalesce(ended, p_facts ->> 'ended')
    end,
    -- Of a renewal that waits for 3D Secure Stripe says that too and that it failed, in any order.
    error = case
      when v_invoice is not null and error ->> 'code' = 'authentication_required' then error
      -- That a recharge needs 3D Secure was Stripe's first answer: what its buyer did then is newer.
      when ui_mode = 'off_session' and error is not null
           and 'authentication_required' in (p_facts -> 'error' ->> 'code', p_facts -> 'error' ->> 'decline_code')
        then error
      else coalesce(p_facts -> 'error', error) end,
    paid_at = case when v_is_paid
      then least(paid_at, coalesce((p_facts ->> 'paid_at')::timestamptz, now())) else paid_at end,
    amount_captured = case when v_is_paid then (p_facts ->> 'amount')::bigint else amount_captured end,
    amount_due = case when v_is_paid then (p_facts ->> 'amount')::bigint else amount_due end,
    -- Below zero in an invoice that gives more back than it asks for.
    amount_discount = case when v_is_paid
      then greatest(0, coalesce((p_facts ->> 'amount_discount')::bigint, amount_discount)) else amount_discount end,
    amount_tax = case when v_is_paid
      then greatest(0, coalesce((p_facts ->> 'amount_tax')::bigint, amount_tax)) else amount_tax end
  where id = o.id
  returning * into o;

  insert into public.stripe_customers (user_id, livemode, stripe_customer_id)
  select o.user_id, o.livemode, p_facts ->> 'customer_id'
  where p_facts ->> 'customer_id' is not null
  on conflict do nothing;
  perform private.link_claims(o);
  perform private.settle(o.id);
end
$$;

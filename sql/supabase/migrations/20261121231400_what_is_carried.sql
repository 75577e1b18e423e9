-- What invoices carry, in its currency and behind the account. Stripe pays an invoice from the balance in that
-- invoice's own currency; credits that were given back in another one counted against it all the same. And
-- two invoices of one user waited for each other, where one knew its keys and the other learnt them: what is
-- carried was locked before the account by the first, and behind it by the second.
--
-- Does:  adds currency to carried_credits (null: from before, it counts in any), and replaces
--        payment_of_invoice() and use_carried_credits() of the file on facts of every kind, and
--        merge_payment() of that on circles by keys, which locks the account first.
-- Locks: ACCESS EXCLUSIVE on carried_credits, for the moment that a column takes.
-- Undo:  create merge_payment() and payment_of_invoice() anew as they stand in those files, then
--        use_carried_credits() likewise; drop the function that took a currency, and the column.

alter table private.carried_credits add column currency text;

-- The payment that an invoice is: the one known by its id; for the first of a subscription, the order
-- it was bought with; for every other, a new one of the customer's user. Null for an invoice that is
-- none of ours or grants nothing; what a smaller plan gives back is carried.
create or replace function private.payment_of_invoice(p_facts jsonb)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_invoice jsonb := p_facts -> 'invoice';
  v_credits bigint := private.credits_of_invoice(v_invoice);
  v_id uuid;
begin
  if v_invoice ->> 'billing_reason' = 'subscription_create' then
    select id into v_id from public.payment_orders
    where id = (p_facts ->> 'payment_id')::uuid and kind = 'subscription' and ui_mode <> 'invoice';
    if found then
      return v_id;
    end if;
  end if;
  if v_credits > 0 then
    insert into public.payment_orders
      (user_id, package_id, kind, livemode, amount, currency, credits, expires_after_days, ui_mode, locale,
       stripe_invoice_id)
    select c.user_id, sold.id, 'subscription', c.livemode, greatest(0, (v_invoice ->> 'amount_subtotal')::bigint),
           v_invoice ->> 'currency', v_credits, sold.expires_after_days, 'invoice',
           coalesce((select first.locale from public.payment_orders first
                     where first.stripe_subscription_id = v_invoice ->> 'subscription_id'
                     order by first.created_at limit 1), 'en'),
           v_invoice ->> 'id'
    from private.owner_of_invoice(p_facts) c,
         jsonb_array_elements(v_invoice -> 'lines') line
         join public.stripe_prices price on price.id = line.value ->> 'price_id'
         join public.credit_packages sold on sold.id = price.package_id
    where c.user_id is not null
    order by (line.value ->> 'amount')::bigint desc limit 1
    on conflict (stripe_invoice_id) do nothing;
  elsif v_credits < 0 and (p_facts ->> 'paid')::boolean then
    insert into private.carried_credits (invoice_id, user_id, livemode, currency, credits)
    select v_invoice ->> 'id', c.user_id, c.livemode, v_invoice ->> 'currency', -v_credits
    from private.owner_of_invoice(p_facts) c where c.user_id is not null
    on conflict do nothing;
  end if;
  select id into v_id from public.payment_orders where stripe_invoice_id = v_invoice ->> 'id';
  return v_id;
end
$$;

drop function private.use_carried_credits(uuid, boolean, bigint);

-- Counts what is carried in its currency against the credits of an invoice that has just been paid; answers
-- what is left. The caller holds the payment's row, and the account.
create function private.use_carried_credits(p_user_id uuid, p_livemode boolean, p_currency text, p_credits bigint)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_carried private.carried_credits;
  v_part bigint;
begin
  for v_carried in
    select * from private.carried_credits
    where user_id = p_user_id and livemode = p_livemode and used < credits
      and coalesce(currency, p_currency) = p_currency
    order by invoice_id for update
  loop
    v_part := least(p_credits, v_carried.credits - v_carried.used);
    update private.carried_credits set used = used + v_part where invoice_id = v_carried.invoice_id;
    p_credits := p_credits - v_part;
    exit when p_credits = 0;
  end loop;
  return p_credits;
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
      -- A bank has said no days later. Of what was paid on Stripe's page the session says that, too.
      when ui_mode = 'elements' and (p_facts ->> 'late_refusal')::boolean then 'failed'
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

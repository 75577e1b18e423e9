-- Facts of every kind: beside a payment's, those of invoices, cards, customers and subscriptions.
--
-- Does:  replaces merge_facts, find_payment and settle of the file on settlement, and adds the steps
--        for invoices. Facts now may also hold:
--   amount_subtotal, amount_discount, amount_tax    what a Checkout Session made of the order's amount
--   invoice_url                                     noted
--   invoice: {id, subscription_id, billing_reason, currency, amount_subtotal, period_end,
--             lines: [{price_id, amount}]}          paid, amount and the rest say what became of it
--   payment_methods: [{…}], customer: {…}, subscription: {…}
-- Locks: none.
-- Undo:  create the three functions anew as they stand in the file on settlement;
--        drop function private.merge_payment, private.refusal_of, private.payment_of_invoice, private.owner_of_invoice,
--        private.use_carried_credits, private.credits_of_invoice; drop table private.carried_credits;

-- The credits that an invoice's lines stand for: each in proportion of its amount, before discounts
-- and tax, to the price it names. So a period grants its package, a proration its share (the unused
-- part of the old plan counts against the new one), a trial nothing. Below zero for a change to a
-- smaller plan: see private.carried_credits.
create function private.credits_of_invoice(p_invoice jsonb)
returns bigint
language sql
stable
set search_path = ''
as $$
  select floor(coalesce(sum(price.credits::numeric * (line.value ->> 'amount')::bigint / price.amount), 0))::bigint
  from jsonb_array_elements(p_invoice -> 'lines') line
  join public.stripe_prices price on price.id = line.value ->> 'price_id'
$$;

-- What a change to a smaller plan gave back in money, as credits that stay with the user now and count
-- against the next ones: Stripe keeps that money as the customer's balance and pays his next invoices
-- with it. Without this, changing up and down again would make credits out of nothing.
create table private.carried_credits (
  invoice_id text primary key,
  user_id    uuid not null,
  livemode   boolean not null,
  credits    bigint not null check (credits > 0),
  used       bigint not null default 0 check (used between 0 and credits),
  created_at timestamptz not null default now()
);
create index carried_credits_of_user on private.carried_credits (user_id, livemode) where used < credits;
revoke all on private.carried_credits from public, anon, authenticated, service_role;

-- Counts what is carried against the credits of an invoice that has just been paid; answers what is left.
-- The caller holds the payment's row.
create function private.use_carried_credits(p_user_id uuid, p_livemode boolean, p_credits bigint)
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

-- Whose an invoice is: his who has the customer or, should he have a newer one, the subscription.
create function private.owner_of_invoice(p_facts jsonb, out user_id uuid, out livemode boolean)
language sql
stable
set search_path = ''
as $$
  select c.user_id, c.livemode from public.stripe_customers c
  where c.stripe_customer_id = p_facts ->> 'customer_id'
  union all
  select s.user_id, s.livemode from public.subscriptions s
  where s.id = p_facts -> 'invoice' ->> 'subscription_id'
  limit 1
$$;

-- The payment that an invoice is: the one known by its id; for the first of a subscription, the order
-- it was bought with; for every other, a new one of the customer's user. Null for an invoice that is
-- none of ours or grants nothing; what a smaller plan gives back is carried.
create function private.payment_of_invoice(p_facts jsonb)
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
    insert into private.carried_credits (invoice_id, user_id, livemode, credits)
    select v_invoice ->> 'id', c.user_id, c.livemode, -v_credits
    from private.owner_of_invoice(p_facts) c where c.user_id is not null
    on conflict do nothing;
  end if;
  select id into v_id from public.payment_orders where stripe_invoice_id = v_invoice ->> 'id';
  return v_id;
end
$$;

create or replace function private.find_payment(p_facts jsonb)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(
    (select id from public.payment_orders where stripe_checkout_session_id = p_facts ->> 'checkout_session_id'),
    (select id from public.payment_orders where stripe_invoice_id = p_facts -> 'invoice' ->> 'id'),
    (select id from public.payment_orders where stripe_payment_intent_id = p_facts ->> 'payment_intent_id'),
    (select id from public.payment_orders
     where id = (p_facts ->> 'payment_id')::uuid and not p_facts ? 'invoice'));
end
$$;

-- Brings the ledger and the status of one payment to what its facts imply. The caller holds the
-- payment's row.
create or replace function private.settle(p_payment_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  o public.payment_orders;
  v_row public.credit_transactions;
  v_status text;
  v_refunded bigint;
  v_disputed bigint;
  v_granted bigint;
  v_credits_refunded bigint;
  v_credits_disputed bigint;
begin
  select * into strict o from public.payment_orders where id = p_payment_id;

  -- Money that is leaving counts as gone: a pending refund's credits must not be spent meanwhile.
  select coalesce(sum(amount), 0) into v_refunded from public.refunds
  where payment_id = o.id and status in ('pending', 'requires_action', 'succeeded');
  -- An inquiry (warning_*) only marks; a chargeback takes the credits until it is won.
  select coalesce(sum(amount), 0) into v_disputed from public.disputes
  where payment_id = o.id and private.is_chargeback(status);

  v_granted := case when o.paid_at is not null then o.credits else 0 end;
  v_credits_refunded := private.share(v_granted, v_refunded, o.amount_captured);
  v_credits_disputed :=
    private.share(v_granted, v_refunded + v_disputed, o.amount_captured) - v_credits_refunded;

  if (v_granted, v_credits_refunded, v_credits_disputed)
     is distinct from (o.credits_granted, o.credits_refunded, o.credits_disputed) then
    perform private.lock_user_credits(o.user_id);
    perform private.sweep_expired(o.user_id);
    v_row.user_id := o.user_id;
    v_row.payment_id := o.id;

    if v_granted > o.credits_granted then
      v_row.type := case o.kind when 'subscription' then 'subscription' else 'purchase' end;
      v_row.amount := v_granted;
      v_row.description := (select coalesce(p.name ->> o.locale, p.name ->> 'en')
                            from public.credit_packages p where p.id = o.package_id);
      -- Who hears of a payment late must still have a day to spend what he paid for.
      v_row.expires_at := case
        when o.credits_expire_at is not null then greatest(o.credits_expire_at, now() + interval '1 day')
        else now() + make_interval(days => o.expires_after_days) end;
      perform private.grant_credits(v_row);
      v_row.description := null;
      v_row.expires_at := null;
    end if;

    -- Give before taking, so that a dispute that turns into a refund makes no debt in passing.
    v_row.type := 'dispute_reversal';
    v_row.amount := o.credits_disputed - v_credits_disputed;
    if v_row.amount > 0 then
      perform private.give_back(v_row);
    end if;
    v_row.type := 'refund';
    v_row.amount := o.credits_refunded - v_credits_refunded;
    if v_row.amount > 0 then
      perform private.give_back(v_row);
    elsif v_row.amount < 0 then
      perform private.take_back(v_row);
    end if;
    v_row.type := 'dispute';
    v_row.amount := o.credits_disputed - v_credits_disputed;
    if v_row.amount < 0 then
      perform private.take_back(v_row);
    end if;
  end if;

  update public.payment_orders set
    credits_granted = v_granted,
    credits_refunded = v_credits_refunded,
    credits_disputed = v_credits_disputed,
    amount_refunded = v_refunded,
    error = case when o.paid_at is null then o.error end,
    status = case
      when o.paid_at is not null and v_disputed > 0 then 'disputed'
      when o.paid_at is not null and v_refunded > 0 and v_refunded >= o.amount_captured then 'refunded'
      when o.paid_at is not null and v_refunded > 0 then 'partially_refunded'
      when o.paid_at is not null then 'succeeded'
      when o.ended is not null then o.ended
      when o.processing then 'processing'
      else 'pending'
    end,
    updated_at = now()
  where id = o.id
  returning status into v_status;

  if o.kind = 'auto_recharge' and v_status in ('failed', 'expired', 'canceled') and o.status <> v_status then
    perform private.end_failing_auto_recharge(o.user_id, o.livemode);
  end if;
end
$$;

-- Why facts about this order are not believed; null: they are. Names what merge_payment refuses.
create function private.refusal_of(o public.payment_orders, p_facts jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  v_invoice jsonb := p_facts -> 'invoice';
  v_is_paid boolean := coalesce((p_facts ->> 'paid')::boolean, false);
  -- A discount or tax may make another amount of the price, as long as nobody has told which.
  v_may_change boolean := o.amount_due is null
    and (coalesce((o.options ->> 'promotion_codes')::boolean, false)
         or coalesce((o.options ->> 'automatic_tax')::boolean, false));
begin
  return case
    when o.id is null then 'unknown_payment'
    when o.stripe_checkout_session_id <> p_facts ->> 'checkout_session_id' then 'session_mismatch'
    when o.stripe_payment_intent_id <> p_facts ->> 'payment_intent_id' then 'payment_intent_mismatch'
    when o.stripe_invoice_id <> v_invoice ->> 'id' then 'invoice_mismatch'
    -- Another amount than the price may be its discount or tax, which the session alone can tell.
    when v_is_paid and v_may_change and v_invoice is null and not p_facts ? 'amount_subtotal'
         and o.amount <> (p_facts ->> 'amount')::bigint and not coalesce((p_facts ->> 'is_final')::boolean, false)
      then 'amount_unexplained'
    when v_is_paid and o.currency is distinct from p_facts ->> 'currency' then 'amount_mismatch'
    when v_is_paid and o.paid_at is null and v_invoice ? 'lines' and o.ui_mode <> 'invoice'
         and o.credits <> private.credits_of_invoice(v_invoice)
      then 'amount_mismatch'
    when v_is_paid and v_invoice is not null then null
    when v_is_paid and p_facts ? 'amount_subtotal' and o.amount is distinct from (p_facts ->> 'amount_subtotal')::bigint
      then 'amount_mismatch'
    when v_is_paid and v_may_change and p_facts ? 'amount_subtotal'
         and (p_facts ->> 'amount')::bigint - (o.amount - coalesce((p_facts ->> 'amount_discount')::bigint, 0))
             not between 0 and coalesce((p_facts ->> 'amount_tax')::bigint, 0)
      then 'amount_mismatch'
    when v_is_paid and not (v_may_change and p_facts ? 'amount_subtotal')
         and coalesce(o.amount_due, o.amount) is distinct from (p_facts ->> 'amount')::bigint
      then 'amount_mismatch'
  end;
end
$$;

-- Merges what the facts say about a payment and settles it. failure is null, or why they were refused:
-- unknown_payment, session_mismatch, payment_intent_mismatch, invoice_mismatch, amount_mismatch. A
-- refused fact credits nothing, and sending it again will not make it right; but amount_unexplained
-- asks for the session's facts first, and then for the same again with is_final.
create function private.merge_payment(p_facts jsonb, out payment_id uuid, out failure text)
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
  select * into o from public.payment_orders where id = payment_id for update;
  failure := private.refusal_of(o, p_facts);
  if failure = 'amount_mismatch' then
    -- Money has moved, but not the money that was ordered: mark it for a person, credit nothing.
    update public.payment_orders set
      ended = 'failed',
      error = jsonb_build_object('code', 'amount_mismatch',
                'message', 'The amount captured is not the amount ordered.')
    where id = o.id;
    perform private.settle(o.id);
  end if;
  if failure is not null then
    return;
  end if;

  if v_is_paid and o.paid_at is null and v_invoice is not null then
    o.credits := private.use_carried_credits(o.user_id, o.livemode, o.credits);
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
  update public.refunds set payment_id = o.id, user_id = o.user_id
  where stripe_payment_intent_id = o.stripe_payment_intent_id and refunds.payment_id is null;
  update public.disputes set payment_id = o.id, user_id = o.user_id
  where stripe_payment_intent_id = o.stripe_payment_intent_id and disputes.payment_id is null;

  perform private.settle(o.id);
end
$$;

-- Merges facts of every kind. failure is null or names what was refused: what merge_payment says,
-- unknown_customer, unknown_price, or unreadable, which empty facts are.
create or replace function private.merge_facts(p_facts jsonb, out payment_id uuid, out failure text)
language plpgsql
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_card jsonb;
begin
  if p_facts = '{}' then
    failure := 'unreadable';
    return;
  end if;
  perform private.lock_payment_intent(p_facts ->> 'payment_intent_id');

  -- A card before the customer whose default it is; the payment last.
  for v_card in select value from jsonb_array_elements(p_facts -> 'payment_methods') loop
    failure := coalesce(failure, private.merge_payment_method(v_card));
  end loop;
  if p_facts ? 'customer' then
    failure := coalesce(failure, private.merge_customer(p_facts -> 'customer'));
  end if;
  if p_facts ? 'subscription' then
    failure := coalesce(failure, private.merge_subscription(p_facts -> 'subscription'));
  end if;
  if p_facts ?| array['payment_id', 'checkout_session_id', 'payment_intent_id', 'invoice', 'refunds', 'disputes'] then
    select merged.payment_id, coalesce(failure, merged.failure) into payment_id, failure
    from private.merge_payment(p_facts) merged;
  end if;
end
$$;

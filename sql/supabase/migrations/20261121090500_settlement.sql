-- Settlement: facts in, ledger converges.
--
-- Does:  creates merge_facts and settle in schema `private`, and the service's way in,
--        record_facts().
-- Locks: none.
-- Undo:  drop function public.record_facts, private.merge_facts, private.lock_payment_intent,
--        private.merge_refund, private.merge_dispute, private.find_payment, private.settle, private.is_chargeback, private.share;
--
-- Facts are what Stripe says about one payment now:
--   payment_id, checkout_session_id, payment_intent_id    at least one names the payment
--   customer_id, payment_url, receipt_url, expires_at     noted
--   paid, amount, currency, paid_at                       captured, in minor units
--   processing                                            an asynchronous method is at work
--   ended: expired | canceled | failed                    nothing more will come, unless paid does
--   error: {code, message, decline_code}                  why the last try failed
--   refunds:  [{id, amount, currency, status, reason}]
--   disputes: [{id, amount, currency, status, reason, due_by}]
-- Each fact only ever moves a payment forward, so duplicates change nothing and any order of
-- arrival ends in the same state.

-- p_part of p_whole in credits, rounded down; the whole of it exactly when nothing is left.
create function private.share(p_credits bigint, p_part bigint, p_whole bigint)
returns bigint
language sql
immutable
set search_path = ''
as $$
  select case
    when p_part <= 0 or p_whole <= 0 then 0
    when p_part >= p_whole then p_credits
    else floor(p_credits::numeric * p_part / p_whole)::bigint
  end
$$;

-- Whether a dispute of this status holds the buyer's money: lost and appealed ones still do.
create function private.is_chargeback(p_status text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select p_status in ('needs_response', 'under_review', 'lost', 'appeal_needs_response', 'appeal_under_review')
$$;

-- Brings the ledger and the status of one payment to what its facts imply. The caller holds the
-- payment's row.
create function private.settle(p_payment_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  o public.payment_orders;
  v_row public.credit_transactions;
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
      v_row.expires_at := now() + make_interval(days => o.expires_after_days);
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
  where id = o.id;
end
$$;

-- A refund can fail after it succeeded, never the other way round.
create function private.merge_refund(p_refund jsonb, p_payment_intent_id text)
returns void
language sql
set search_path = ''
as $$
  insert into public.refunds as known (id, stripe_payment_intent_id, amount, currency, status, reason)
  values (p_refund ->> 'id', p_payment_intent_id, (p_refund ->> 'amount')::bigint,
          p_refund ->> 'currency', p_refund ->> 'status', p_refund ->> 'reason')
  on conflict (id) do update set status = excluded.status, updated_at = now()
  where array_position(array['pending', 'requires_action', 'succeeded', 'canceled', 'failed'], excluded.status)
      > array_position(array['pending', 'requires_action', 'succeeded', 'canceled', 'failed'], known.status)
$$;

-- An inquiry may become a chargeback, a chargeback ends won or lost; a late reinstatement wins.
create function private.merge_dispute(p_dispute jsonb, p_payment_intent_id text)
returns void
language sql
set search_path = ''
as $$
  insert into public.disputes as known (id, stripe_payment_intent_id, amount, currency, status, reason, due_by)
  values (p_dispute ->> 'id', p_payment_intent_id, (p_dispute ->> 'amount')::bigint,
          p_dispute ->> 'currency', p_dispute ->> 'status', p_dispute ->> 'reason',
          (p_dispute ->> 'due_by')::timestamptz)
  on conflict (id) do update set
    status = excluded.status, due_by = coalesce(excluded.due_by, known.due_by), updated_at = now()
  where array_position(array['warning_needs_response', 'warning_under_review', 'warning_closed', 'prevented',
                             'needs_response', 'under_review', 'lost',
                             'appeal_needs_response', 'appeal_under_review', 'won'], excluded.status)
      > array_position(array['warning_needs_response', 'warning_under_review', 'warning_closed', 'prevented',
                             'needs_response', 'under_review', 'lost',
                             'appeal_needs_response', 'appeal_under_review', 'won'], known.status)
$$;

-- The payment that the facts speak of: by Stripe's own ids, else by ours, which its metadata
-- carries before we have noted Stripe's. Null if there is none.
create function private.find_payment(p_facts jsonb)
returns uuid
language sql
stable
set search_path = ''
as $$
  select coalesce(
    (select id from public.payment_orders where stripe_checkout_session_id = p_facts ->> 'checkout_session_id'),
    (select id from public.payment_orders where stripe_payment_intent_id = p_facts ->> 'payment_intent_id'),
    (select id from public.payment_orders where id = (p_facts ->> 'payment_id')::uuid))
$$;

-- A refund and the payment it belongs to may be learnt in two transactions at the same time.
create function private.lock_payment_intent(p_payment_intent_id text)
returns void
language sql
set search_path = ''
as $$
  select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('payment_intent:' || p_payment_intent_id, 0))
$$;

-- Merges facts into their payment and settles it. failure is null, or why the facts were refused:
-- unknown_payment, session_mismatch, payment_intent_mismatch, amount_mismatch, or unreadable, which
-- empty facts are. A refused fact credits nothing, and sending it again will not make it right.
create function private.merge_facts(p_facts jsonb, out payment_id uuid, out failure text)
language plpgsql
set search_path = ''
as $$
#variable_conflict use_column
declare
  o public.payment_orders;
  v_intent_id text := p_facts ->> 'payment_intent_id';
  v_refund jsonb;
  v_dispute jsonb;
begin
  if v_intent_id is not null then
    perform private.lock_payment_intent(v_intent_id);
    for v_refund in select value from jsonb_array_elements(p_facts -> 'refunds') loop
      perform private.merge_refund(v_refund, v_intent_id);
    end loop;
    for v_dispute in select value from jsonb_array_elements(p_facts -> 'disputes') loop
      perform private.merge_dispute(v_dispute, v_intent_id);
    end loop;
  end if;

  select * into o from public.payment_orders where id = private.find_payment(p_facts) for update;
  payment_id := o.id;
  failure := case
    when p_facts = '{}' then 'unreadable'
    when o.id is null then 'unknown_payment'
    when o.stripe_checkout_session_id <> p_facts ->> 'checkout_session_id' then 'session_mismatch'
    when o.stripe_payment_intent_id <> v_intent_id then 'payment_intent_mismatch'
    when (p_facts ->> 'paid')::boolean
         and (o.amount, o.currency) is distinct from ((p_facts ->> 'amount')::bigint, p_facts ->> 'currency')
      then 'amount_mismatch'
  end;
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

  update public.payment_orders set
    stripe_checkout_session_id = coalesce(stripe_checkout_session_id, p_facts ->> 'checkout_session_id'),
    stripe_payment_intent_id = coalesce(stripe_payment_intent_id, v_intent_id),
    payment_url = coalesce(p_facts ->> 'payment_url', payment_url),
    receipt_url = coalesce(p_facts ->> 'receipt_url', receipt_url),
    expires_at = coalesce((p_facts ->> 'expires_at')::timestamptz, expires_at),
    processing = processing or coalesce((p_facts ->> 'processing')::boolean, false),
    -- What a person decided outlasts what a clock did, and a failure outlasts both.
    ended = case
      when 'failed' in (ended, p_facts ->> 'ended') then 'failed'
      when 'canceled' in (ended, p_facts ->> 'ended') then 'canceled'
      else coalesce(ended, p_facts ->> 'ended')
    end,
    error = coalesce(p_facts -> 'error', error),
    paid_at = case when (p_facts ->> 'paid')::boolean
      then least(paid_at, coalesce((p_facts ->> 'paid_at')::timestamptz, now())) else paid_at end,
    amount_captured = case when (p_facts ->> 'paid')::boolean
      then (p_facts ->> 'amount')::bigint else amount_captured end
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

-- What the server has learnt by asking Stripe. Answers the payment as the API shows it, after the
-- facts; refused facts show in its status and error.
create function public.record_facts(p_facts jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_payment_id uuid;
begin
  select merged.payment_id into v_payment_id from private.merge_facts(p_facts) merged;
  return (select to_jsonb(p) from public.payments p where p.payment_id = v_payment_id);
end
$$;
revoke all on function public.record_facts(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_facts(jsonb) to service_role;

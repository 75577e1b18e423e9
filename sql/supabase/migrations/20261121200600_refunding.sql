-- Refunding: what a refund would give back in money and take back in credits, before anybody asks
-- Stripe for it. The refund itself arrives as a fact like any other.
--
-- Does:  creates plan_refund() and plan_refund_once().
-- Locks: none.
-- Undo:  drop function public.plan_refund_once, public.plan_refund;

-- Plans a refund of p_amount minor units (null: all that is left) of one payment, which is named by our
-- id or by its payment intent. Answers {payment_id, payment_intent_id, user_id, amount, currency,
-- amount_left (before), credits (that would go), credits_missing (of these, what would become debt),
-- refunds (how many there are)}. Refuses with not_found, invalid_state (unpaid, nothing was charged,
-- nothing is left, under dispute: the bank has the money already), validation_error (amount).
create function public.plan_refund(p_payment_id uuid, p_payment_intent_id text, p_amount bigint)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  o public.payment_orders;
  v_left bigint;
  v_amount bigint;
  v_credits bigint;
  v_spendable bigint;
begin
  select * into o from public.payment_orders
  where id = p_payment_id or stripe_payment_intent_id = p_payment_intent_id;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such payment.');
  end if;
  v_left := o.amount_captured - o.amount_refunded;
  v_amount := coalesce(p_amount, v_left);
  if o.paid_at is null then
    perform private.fail(409, 'invalid_state', 'This payment was never paid, so there is nothing to refund.');
  elsif o.amount_captured = 0 or o.stripe_payment_intent_id is null then
    perform private.fail(409, 'invalid_state', 'Nothing was charged for this payment, so there is no money to refund.');
  elsif exists (select from public.disputes d where d.payment_id = o.id and private.is_chargeback(d.status)) then
    perform private.fail(409, 'invalid_state',
      'This payment is under dispute: the bank holds the money, and a refund would pay it twice.');
  elsif v_left <= 0 then
    perform private.fail(409, 'invalid_state', 'This payment has been refunded already.');
  elsif v_amount not between 1 and v_left
        or (o.currency in ('bhd', 'jod', 'kwd', 'omr', 'tnd') and v_amount % 10 <> 0) then
    perform private.fail(422, 'validation_error', 'This payment can''t be refunded by that amount.',
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object('field', 'amount', 'message',
        format('Between 1 and %s minor units of %s; three-decimal currencies in steps of ten.', v_left, o.currency)))));
  end if;

  v_credits := private.share(o.credits_granted, o.amount_refunded + v_amount, o.amount_captured) - o.credits_refunded;
  v_spendable := greatest(0, private.available_credits(o.user_id));
  return jsonb_build_object(
    'payment_id', o.id, 'payment_intent_id', o.stripe_payment_intent_id, 'user_id', o.user_id,
    'amount', v_amount, 'currency', o.currency, 'amount_left', v_left,
    'credits', v_credits, 'credits_missing', greatest(0, v_credits - v_spendable),
    'refunds', (select count(*) from public.refunds r where r.payment_id = o.id));
end
$$;

-- The same, once per idempotency key: a repeated request gets the plan that was made first, whatever has
-- been refunded since. Answers {plan, body: the first answer, or null}. Refuses with idempotency_conflict,
-- invalid_state (a plan of yesterday without an answer) and as plan_refund() does.
create function public.plan_refund_once(
  p_caller text, p_key text, p_request_hash text, p_payment_id uuid, p_amount bigint)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_key public.idempotency_keys := private.claim_key(p_caller, p_key, p_request_hash);
begin
  if v_key.answer is null then
    update public.idempotency_keys
    set answer = jsonb_build_object('plan', public.plan_refund(p_payment_id, null, p_amount))
    where caller = p_caller and key = p_key
    returning answer into v_key.answer;
  -- Stripe forgets its own key after a day, and would refund once more.
  elsif not v_key.answer ? 'body' and v_key.created_at < now() - interval '20 hours' then
    perform private.fail(409, 'invalid_state',
      'What became of this refund is not known. Look at the payment, then use a new Idempotency-Key.');
  end if;
  return jsonb_build_object('plan', v_key.answer -> 'plan', 'body', v_key.answer -> 'body');
end
$$;

revoke all on function
  public.plan_refund(uuid, text, bigint), public.plan_refund_once(text, text, text, uuid, bigint)
  from public, anon, authenticated, service_role;
grant execute on function
  public.plan_refund(uuid, text, bigint), public.plan_refund_once(text, text, text, uuid, bigint)
  to service_role;

-- A planned refund says what a refund does: credits of the payment that have expired are put back and taken,
-- and make no debt, but the plan called them missing.
--
-- Does:  replaces plan_refund() of the file on refunding.
-- Locks: none.
-- Undo:  create plan_refund() anew as it stands in that file.

-- Plans a refund of p_amount minor units (null: all that is left) of one payment, which is named by our
-- id or by its payment intent. Answers {payment_id, payment_intent_id, user_id, amount, currency,
-- amount_left (before), credits (that would go), credits_missing (of these, what would become debt),
-- refunds (how many there are)}. Refuses with not_found, invalid_state (unpaid, nothing was charged,
-- nothing is left, under dispute: the bank has the money already), validation_error (amount).
create or replace function public.plan_refund(p_payment_id uuid, p_payment_intent_id text, p_amount bigint)
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
  -- Its own credits that have expired are taken too, written off or not.
  v_spendable := greatest(0, private.available_credits(o.user_id))
    - (select coalesce(sum(t.amount), 0) from public.credit_transactions t
       where t.payment_id = o.id and t.type = 'expiry')
    + (select coalesce(sum(lot.remaining - lot.held), 0) from public.credit_lots lot
       where lot.payment_id = o.id and lot.expires_at <= now());
  return jsonb_build_object(
    'payment_id', o.id, 'payment_intent_id', o.stripe_payment_intent_id, 'user_id', o.user_id,
    'amount', v_amount, 'currency', o.currency, 'amount_left', v_left,
    'credits', v_credits, 'credits_missing', greatest(0, v_credits - v_spendable),
    'refunds', (select count(*) from public.refunds r where r.payment_id = o.id));
end
$$;

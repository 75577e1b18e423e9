-- The monthly limit holds a recharge whose end nobody knows: one whose answer was lost is called expired
-- after a day without asking Stripe, and then it no longer counted, although it may have been charged. The
-- next one could exceed what its buyer had agreed to.
--
-- Does:  replaces recharged_this_month() of the file on auto-recharge: what expired without an intent of
--        ours counts as long as its month lasts.
-- Locks: none.
-- Undo:  create recharged_this_month() anew as it stands in that file.

-- What recharges have cost a user in this UTC month, those under way included, in minor units; also one
-- that was given up without an answer of Stripe's, for it may have been charged.
create or replace function private.recharged_this_month(p_user_id uuid, p_livemode boolean, p_currency text)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(o.amount), 0)::bigint from public.payment_orders o
    where o.user_id = p_user_id and o.kind = 'auto_recharge' and o.livemode = p_livemode
      and o.currency = p_currency
      and (o.status not in ('failed', 'canceled', 'expired')
           or (o.status = 'expired' and o.stripe_payment_intent_id is null))
      and o.created_at >= date_trunc('month', now(), 'UTC'));
end
$$;

-- Abandoned and counted: cleanup says how many orders it ended that never reached Stripe, and fifty
-- payments that Stripe refuses to close no longer keep it from all others.
--
-- Does:  takes what ended such orders out of list_abandoned_payments() of the file on cleanup, into
--        expire_unplaced_payments(). It, and list_abandoned_subscriptions() of the file on subscriptions,
--        are read page by page.
-- Locks: none.
-- Undo:  drop function public.expire_unplaced_payments, public.list_abandoned_payments,
--        public.list_abandoned_subscriptions; create the latter two anew as they stand in those files.

drop function public.list_abandoned_payments(boolean, integer);
drop function public.list_abandoned_subscriptions(boolean, integer);

-- Ends up to p_limit orders that never reached Stripe and whose time is over; answers how many.
create function public.expire_unplaced_payments(p_livemode boolean, p_limit integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_ids constant uuid[] := array(
    select o.id from public.payment_orders o
    where o.livemode = p_livemode and o.status = 'pending' and o.ui_mode <> 'invoice'
      and coalesce(o.expires_at, o.created_at + interval '1 day') < now()
      and o.stripe_checkout_session_id is null and o.stripe_payment_intent_id is null
    order by o.created_at, o.id limit p_limit
    for update skip locked);
  v_id uuid;
begin
  update public.payment_orders set ended = coalesce(ended, 'expired') where id = any(v_ids);
  foreach v_id in array v_ids loop
    perform private.settle(v_id);
  end loop;
  return cardinality(v_ids);
end
$$;

-- Up to p_limit payments whose time is over and whose end Stripe has not told us, the oldest first, from
-- the one after p_after (null: the first) on: [{payment_id, stripe_checkout_session_id, stripe_invoice_id
-- (null), stripe_payment_intent_id}]. The caller asks Stripe, closes what is open there, and records the facts.
create function public.list_abandoned_payments(p_livemode boolean, p_limit integer, p_after uuid default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'payment_id', due.id, 'stripe_checkout_session_id', due.stripe_checkout_session_id, 'stripe_invoice_id', null,
      'stripe_payment_intent_id', due.stripe_payment_intent_id) order by due.created_at, due.id), '[]')
    from (
      select o.id, o.created_at, o.stripe_checkout_session_id, o.stripe_payment_intent_id
      from public.payment_orders o
      where o.livemode = p_livemode and o.status = 'pending' and o.ui_mode <> 'invoice'
        and coalesce(o.expires_at, o.created_at + interval '1 day') < now() - interval '5 minutes'
        and (o.stripe_checkout_session_id is not null or o.stripe_payment_intent_id is not null)
        and (p_after is null or (o.created_at, o.id) > (
          select after.created_at, after.id from public.payment_orders after where after.id = p_after))
      order by o.created_at, o.id limit p_limit
    ) due);
end
$$;

-- Up to p_limit ids of subscriptions of users who are no more, from the one after p_after on.
create function public.list_abandoned_subscriptions(p_livemode boolean, p_limit integer, p_after text default null)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(abandoned.id order by abandoned.id), '[]')
    from (
      select s.id from public.subscriptions s
      left join auth.users u on u.id = s.user_id and u.deleted_at is null
      where s.livemode = p_livemode and s.ended_at is null and u.id is null
        and (p_after is null or s.id > p_after)
      order by s.id limit p_limit
    ) abandoned);
end
$$;

revoke all on function
  public.expire_unplaced_payments(boolean, integer),
  public.list_abandoned_payments(boolean, integer, uuid),
  public.list_abandoned_subscriptions(boolean, integer, text)
  from public, anon, authenticated, service_role;
grant execute on function
  public.expire_unplaced_payments(boolean, integer),
  public.list_abandoned_payments(boolean, integer, uuid),
  public.list_abandoned_subscriptions(boolean, integer, text)
  to service_role;

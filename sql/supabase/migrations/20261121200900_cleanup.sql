-- Cleanup: payments that nobody will finish, and records that have done their service.
--
-- Does:  creates list_abandoned_payments() and delete_old_records() for the job.
-- Locks: SHARE on payment_orders, stripe_events and idempotency_keys while their indexes are built.
-- Undo:  drop function public.delete_old_records, public.list_abandoned_payments; drop index
--        payment_orders_unfinished, stripe_events_done, idempotency_keys_old;

-- Few rows at any time: what is pending ends within a day or two.
create index payment_orders_unfinished on public.payment_orders (created_at)
  where status = 'pending' and ui_mode <> 'invoice';
create index stripe_events_done on public.stripe_events (received_at) where status in ('processed', 'ignored');
create index idempotency_keys_old on public.idempotency_keys (created_at);

-- Up to p_limit payments whose time is over and whose end Stripe has not told us: [{payment_id,
-- stripe_checkout_session_id, stripe_invoice_id (null), stripe_payment_intent_id}]. The caller asks Stripe, closes what is open there, and
-- records the facts. An order that never reached Stripe ends here: with p_limit of them at most.
create function public.list_abandoned_payments(p_livemode boolean, p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_id uuid;
begin
  for v_id in
    select o.id from public.payment_orders o
    where o.livemode = p_livemode and o.status = 'pending' and o.ui_mode <> 'invoice'
      and coalesce(o.expires_at, o.created_at + interval '1 day') < now()
      and o.stripe_checkout_session_id is null and o.stripe_payment_intent_id is null
    order by o.created_at, o.id limit p_limit
    for update skip locked
  loop
    update public.payment_orders set ended = coalesce(ended, 'expired') where id = v_id;
    perform private.settle(v_id);
  end loop;
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'payment_id', due.id, 'stripe_checkout_session_id', due.stripe_checkout_session_id, 'stripe_invoice_id', null,
      'stripe_payment_intent_id', due.stripe_payment_intent_id)), '[]')
    from (
      select o.id, o.stripe_checkout_session_id, o.stripe_payment_intent_id from public.payment_orders o
      where o.livemode = p_livemode and o.status = 'pending' and o.ui_mode <> 'invoice'
        and coalesce(o.expires_at, o.created_at + interval '1 day') < now() - interval '5 minutes'
        and (o.stripe_checkout_session_id is not null or o.stripe_payment_intent_id is not null)
      order by o.created_at, o.id limit p_limit
    ) due);
end
$$;

-- Deletes up to p_limit idempotency keys older than 30 days, and as many events that were processed or
-- ignored more than 180 days ago: what comes again after that is merged again, and changes nothing.
-- Answers {keys_deleted, events_deleted}.
create function public.delete_old_records(p_limit integer)
returns jsonb
language sql
security definer
set search_path = ''
as $$
  with keys as (
    delete from public.idempotency_keys where (caller, key) in (
      select caller, key from public.idempotency_keys
      where created_at < now() - interval '30 days' order by created_at limit p_limit)
    returning 1
  ), events as (
    delete from public.stripe_events where id in (
      select id from public.stripe_events
      where status in ('processed', 'ignored') and received_at < now() - interval '180 days'
      order by received_at limit p_limit)
    returning 1
  )
  select jsonb_build_object('keys_deleted', (select count(*) from keys), 'events_deleted', (select count(*) from events))
$$;

revoke all on function public.list_abandoned_payments(boolean, integer), public.delete_old_records(integer)
  from public, anon, authenticated, service_role;
grant execute on function public.list_abandoned_payments(boolean, integer), public.delete_old_records(integer)
  to service_role;

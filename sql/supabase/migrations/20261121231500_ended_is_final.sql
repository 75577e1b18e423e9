-- That a subscription has ended is believed whenever it was learnt: an instance whose clock is ahead had made
-- an older answer look newer, and the end was dropped until reconciliation found it.
--
-- Does:  replaces merge_subscription() of the file on subscriptions.
-- Locks: none.
-- Undo:  create merge_subscription() anew as it stands in that file.

-- {id, customer_id, price_id, status, cancel_at_period_end, current_period_end, ended_at, created_at,
-- learnt_at}: a subscription as Stripe knew it at learnt_at. What has ended stays ended, whenever that was
-- learnt: learnt_at is the clock of whoever asked. One that we know
-- is told on even when its customer was deleted or its price exchanged for one that is not ours; others
-- are refused with unknown_customer and unknown_price: something else is sold with this account too.
create or replace function private.merge_subscription(p_subscription jsonb)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_user record;
  v_new public.subscriptions;
  v_known public.subscriptions;
begin
  select * into v_user from private.user_of_customer(p_subscription ->> 'customer_id');
  select * into v_known from public.subscriptions where id = p_subscription ->> 'id' for update;
  v_new := jsonb_populate_record(null::public.subscriptions, p_subscription);
  v_new.user_id := coalesce(v_known.user_id, v_user.user_id);
  v_new.livemode := coalesce(v_known.livemode, v_user.livemode);
  v_new.created_at := coalesce(v_new.created_at, v_known.created_at);
  v_new.stripe_price_id := coalesce(
    (select id from public.stripe_prices where id = p_subscription ->> 'price_id'), v_known.stripe_price_id);
  if v_new.user_id is null then
    return 'unknown_customer';
  elsif v_new.stripe_price_id is null then
    return 'unknown_price';
  end if;
  if v_known.ended_at is not null and v_new.ended_at is null
     or v_known.learnt_at > v_new.learnt_at and (v_new.ended_at is null or v_known.ended_at is not null) then
    return null;
  end if;
  insert into public.subscriptions select v_new.*
  on conflict (id) do update set
    stripe_price_id = excluded.stripe_price_id, status = excluded.status,
    cancel_at_period_end = excluded.cancel_at_period_end, current_period_end = excluded.current_period_end,
    ended_at = excluded.ended_at, learnt_at = excluded.learnt_at;

  insert into public.account_events (user_id, type, data)
  select v_new.user_id, news.type, jsonb_build_object('subscription_id', v_new.id)
  from (values
    ('subscription_past_due', v_new.status = 'past_due' and v_known.status is distinct from 'past_due'),
    ('subscription_ended', v_new.ended_at is not null and v_known.ended_at is null)
  ) as news (type, happened)
  where news.happened;
  return null;
end
$$;

-- The banned begin nothing: whoever had been banned, or was deleted, could still have an order opened at
-- Stripe whose answer had been lost, and take back that his subscription ends.
--
-- Does:  adds reopen_order(), which the backend asks instead of get_order() before it opens anything;
--        require_subscription() of the file on subscriptions looks at the user too where he resumes.
-- Locks: none.
-- Undo:  drop function public.reopen_order, public.require_subscription; create require_subscription anew
--        as it stands in that file.

-- order_json of an order whose answer from Stripe was lost, to ask for it again. Refuses with not_found
-- and forbidden (user).
create function public.reopen_order(p_payment_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  o public.payment_orders;
begin
  select * into o from public.payment_orders where id = p_payment_id;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such payment.');
  end if;
  perform private.require_active_user(o.user_id);
  return private.order_json(o);
end
$$;

-- {subscription_id, status, ended_at} of a subscription that is the user's own. Refuses with not_found,
-- also for somebody else's, and with forbidden (user) where he wants it to go on: anybody may end his own.
drop function public.require_subscription(uuid, text);
create function public.require_subscription(
  p_user_id uuid, p_subscription_id text, p_to_resume boolean default false)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  s public.subscriptions;
begin
  select * into s from public.subscriptions where id = p_subscription_id and user_id = p_user_id;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such subscription.');
  end if;
  if p_to_resume is not false then
    perform private.require_active_user(p_user_id);
  end if;
  return jsonb_build_object('subscription_id', s.id, 'status', s.status, 'ended_at', s.ended_at);
end
$$;

revoke all on function public.reopen_order(uuid), public.require_subscription(uuid, text, boolean)
  from public, anon, authenticated, service_role;
grant execute on function public.reopen_order(uuid), public.require_subscription(uuid, text, boolean)
  to service_role;

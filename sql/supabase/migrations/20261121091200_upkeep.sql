-- Upkeep: writing off expired credits in batches, and what an admin may change by hand.
--
-- Does:  creates expire_credits for the job and adjust_credits for admins; the service calls both.
-- Locks: none.
-- Undo:  drop function public.adjust_credits, public.expire_credits;

-- For the job: writes off what has expired for up to p_limit users. Answers {users, credits}; call
-- it again while users equals p_limit. Safe beside itself and beside spending: each account is
-- locked before it is read, in the order of ids.
create function public.expire_credits(p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user_id uuid;
  v_users integer := 0;
  v_credits bigint := 0;
begin
  for v_user_id in
    select distinct user_id from (
      select user_id from public.credit_lots
      where not exhausted and expires_at <= now() and remaining > held
      order by expires_at limit p_limit
    ) due order by user_id
  loop
    perform private.lock_user_credits(v_user_id);
    v_credits := v_credits + private.sweep_expired(v_user_id);
    v_users := v_users + 1;
  end loop;
  return jsonb_build_object('users', v_users, 'credits', v_credits);
end
$$;

-- An admin grants (p_credits > 0, a bonus lot) or takes (p_credits < 0, an adjustment), with a
-- reason and once per key. Answers spend_answer's shape, amount signed. Refuses with
-- idempotency_conflict and not_found (user).
create function public.adjust_credits(
  p_user_id uuid, p_credits bigint, p_reason text, p_expires_at timestamptz, p_actor text,
  p_idempotency_key text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_row public.credit_transactions;
begin
  if not exists (select from auth.users where id = p_user_id) then
    perform private.fail(404, 'not_found', 'There is no such user.');
  end if;
  perform private.lock_user_credits(p_user_id);

  select * into v_row from public.credit_transactions where id = private.id_of_key('adjustment', p_idempotency_key);
  if found then
    if (v_row.user_id, v_row.amount, v_row.description) is distinct from (p_user_id, p_credits, p_reason) then
      perform private.fail_for_reused_key();
    end if;
  else
    perform private.sweep_expired(p_user_id);
    v_row.id := private.id_of_key('adjustment', p_idempotency_key);
    v_row.user_id := p_user_id;
    v_row.amount := p_credits;
    v_row.description := p_reason;
    v_row.idempotency_key := p_idempotency_key;
    v_row.metadata := jsonb_build_object('actor', p_actor);
    if p_credits > 0 then
      v_row.type := 'bonus';
      v_row.expires_at := p_expires_at;
      v_row := private.grant_credits(v_row);
    else
      v_row.type := 'adjustment';
      v_row := private.take_back(v_row);
    end if;
  end if;
  return jsonb_build_object(
    'transaction_id', v_row.id, 'amount', v_row.amount, 'balance', v_row.balance_after,
    'available', v_row.available_after);
end
$$;

revoke all on function
  public.expire_credits(integer), public.adjust_credits(uuid, bigint, text, timestamptz, text, text)
  from public, anon, authenticated, service_role;
grant execute on function
  public.expire_credits(integer), public.adjust_credits(uuid, bigint, text, timestamptz, text, text)
  to service_role;

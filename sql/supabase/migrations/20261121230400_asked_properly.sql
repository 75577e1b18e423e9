-- Asked properly: a grant without a key was made again by whoever repeated it, and a user who is no more
-- could still set his low-balance threshold.
--
-- Does:  replaces adjust_credits() of the file on same key, same request, and set_low_balance_threshold() of
--        that on usage; both refuse what the API refuses before it asks them.
-- Locks: none.
-- Undo:  create the two anew as they stand in those files.

-- An admin grants (p_credits > 0, a bonus lot) or takes (p_credits < 0, an adjustment), with a
-- reason and once per key. Answers spend_answer's shape, amount signed. Refuses with
-- idempotency_conflict, not_found (user) and validation_error (an expiry in the past; no
-- key, no reason, no credits or too many).
create or replace function public.adjust_credits(
  p_user_id uuid, p_credits bigint, p_reason text, p_expires_at timestamptz, p_actor text,
  p_idempotency_key text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_expires_at constant timestamptz := case when p_credits > 0 then p_expires_at end;
  v_account public.user_credits;
  v_row public.credit_transactions;
begin
  -- The API refuses these with better words. Without a key, a repeated call would grant twice.
  if p_idempotency_key is null or coalesce(p_credits, 0) = 0 or abs(p_credits) > 1000000000
     or coalesce(p_reason, '') !~ '\S' then
    perform private.fail(422, 'validation_error', 'A grant needs a key, a reason, and credits within a billion.');
  end if;
  if not exists (select from auth.users where id = p_user_id) then
    perform private.fail(404, 'not_found', 'There is no such user.');
  end if;
  v_account := private.lock_user_credits(p_user_id);

  select * into v_row from public.credit_transactions where id = private.id_of_key('adjustment', p_idempotency_key);
  if found then
    if (v_row.user_id, v_row.amount, v_row.description, v_row.expires_at)
       is distinct from (p_user_id, p_credits, p_reason, v_expires_at) then
      perform private.fail_for_reused_key();
    end if;
  elsif v_expires_at <= now() then
    perform private.fail(422, 'validation_error', 'These credits would have expired already.',
      '{"errors": [{"field": "expires_at", "message": "This must be in the future."}]}');
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
      v_row.expires_at := v_expires_at;
      v_row := private.grant_credits(v_row);
    else
      v_row.type := 'adjustment';
      v_row := private.take_back(v_row);
    end if;
    perform private.note_low_balance(p_user_id, v_account.balance - v_account.held);
  end if;
  return jsonb_build_object(
    'transaction_id', v_row.id, 'amount', v_row.amount, 'balance', v_row.balance_after,
    'available', v_row.available_after);
end
$$;

-- From how many available credits on a user wants to be told. Answers {low_balance_threshold}.
create or replace function public.set_low_balance_threshold(p_user_id uuid, p_threshold bigint)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_active_user(p_user_id);
  perform private.lock_user_credits(p_user_id);
  update public.user_credits set low_balance_threshold = p_threshold where user_id = p_user_id;
  return jsonb_build_object('low_balance_threshold', p_threshold);
end
$$;

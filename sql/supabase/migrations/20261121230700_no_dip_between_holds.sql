-- No dip between holds: when several holds of one user ended in one run of the job, and credits had expired
-- meanwhile, a low balance was told that was over before the run was.
--
-- Does:  replaces expire_holds() of the file on holds: all holds of a user that are due are one change.
-- Locks: none.
-- Undo:  create expire_holds anew as it stands in that file.

-- Ends up to p_limit holds whose time is over; answers {expired}. Safe beside itself, capture and release.
create or replace function public.expire_holds(p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_due record;
  v_account public.user_credits;
  v_hold_id uuid;
  v_hold public.credit_holds;
  v_expired integer := 0;
begin
  for v_due in
    select user_id, array_agg(id order by id) as hold_ids from (
      select id, user_id from public.credit_holds
      where status = 'held' and expires_at <= now() order by expires_at limit p_limit
    ) due group by user_id order by user_id
  loop
    v_account := private.lock_user_credits(v_due.user_id);
    -- First: from here on each hold that ends leaves no less than there was.
    perform private.sweep_expired(v_due.user_id);
    foreach v_hold_id in array v_due.hold_ids loop
      v_hold := private.lock_hold(v_hold_id);
      if v_hold.status = 'held' then
        perform private.end_hold(v_hold, 'expired', null);
        v_expired := v_expired + 1;
      end if;
    end loop;
    perform private.note_low_balance(v_due.user_id, v_account.balance - v_account.held);
  end loop;
  return jsonb_build_object('expired', v_expired);
end
$$;

-- Told once: a low balance is what a user has after a change and had not before it, whatever steps the
-- change is made of.
--
-- Does:  a new note_low_balance compares what was available when a change took the account's lock with
--        what is available at its end, and whoever makes a change asks it: settle, expire_credits and
--        end_hold here; hold, spend_with_care and adjust_credits in the file on keys, which follows and
--        must: until then a spend tells nothing. private.post, a step of them all, tells nothing any
--        more. A hold that ended on expired credits told one crossing twice, or none; a payment that was
--        paid and refunded at once told one that never was.
-- Locks: none.
-- Undo:  undo the file on keys; drop function private.note_low_balance(uuid, bigint); create anew post as
--        it stands in the file on credit movements, end_hold as in that on holds, expire_credits as in
--        that on upkeep and settle as in that on facts of every kind.

-- Records that a change has led below the threshold: the account is as the change leaves it, and
-- p_available_before is what was available when it began.
create function private.note_low_balance(p_user_id uuid, p_available_before bigint)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.account_events (user_id, type, data)
  select p_user_id, 'low_balance',
         jsonb_build_object('available', balance - held, 'threshold', low_balance_threshold)
  from public.user_credits
  where user_id = p_user_id
    and p_available_before >= low_balance_threshold and balance - held < low_balance_threshold;
end
$$;

-- Appends one ledger row and moves the balance with it. p_row carries user_id, type, amount,
-- lot_ids, lot_amounts and the cause; what the lots do not cover becomes, or ceases to be, debt.
create or replace function private.post(p_row public.credit_transactions)
returns public.credit_transactions
language plpgsql
set search_path = ''
as $$
declare
  v_from_lots bigint := coalesce((select sum(part) from unnest(p_row.lot_amounts) part), 0);
begin
  update public.user_credits set
    balance = balance + p_row.amount,
    debt = debt + v_from_lots - p_row.amount,
    lifetime_granted = lifetime_granted
      + case when p_row.type in ('purchase', 'subscription', 'bonus') then p_row.amount else 0 end,
    lifetime_spent = lifetime_spent - case when p_row.type = 'spend' then p_row.amount else 0 end,
    updated_at = now()
  where user_id = p_row.user_id
  returning balance, balance - held into p_row.balance_after, p_row.available_after;

  insert into public.credit_transactions
    (id, user_id, type, amount, balance_after, available_after, lot_ids, lot_amounts, payment_id, hold_id,
     feature, quantity, price_version, request_id, idempotency_key, description, metadata, expires_at)
  values
    (coalesce(p_row.id, gen_random_uuid()), p_row.user_id, p_row.type, p_row.amount,
     p_row.balance_after, p_row.available_after,
     coalesce(p_row.lot_ids, '{}'), coalesce(p_row.lot_amounts, '{}'), p_row.payment_id, p_row.hold_id,
     p_row.feature, p_row.quantity, p_row.price_version, p_row.request_id, p_row.idempotency_key,
     p_row.description, coalesce(p_row.metadata, '{}'), p_row.expires_at)
  returning * into p_row;
  return p_row;
end
$$;

-- Brings the ledger and the status of one payment to what its facts imply. The caller holds the
-- payment's row.
create or replace function private.settle(p_payment_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  o public.payment_orders;
  v_account public.user_credits;
  v_row public.credit_transactions;
  v_status text;
  v_refunded bigint;
  v_disputed bigint;
  v_granted bigint;
  v_credits_refunded bigint;
  v_credits_disputed bigint;
begin
  select * into strict o from public.payment_orders where id = p_payment_id;

  -- Money that is leaving counts as gone: a pending refund's credits must not be spent meanwhile.
  select coalesce(sum(amount), 0) into v_refunded from public.refunds
  where payment_id = o.id and status in ('pending', 'requires_action', 'succeeded');
  -- An inquiry (warning_*) only marks; a chargeback takes the credits until it is won.
  select coalesce(sum(amount), 0) into v_disputed from public.disputes
  where payment_id = o.id and private.is_chargeback(status);

  v_granted := case when o.paid_at is not null then o.credits else 0 end;
  v_credits_refunded := private.share(v_granted, v_refunded, o.amount_captured);
  v_credits_disputed :=
    private.share(v_granted, v_refunded + v_disputed, o.amount_captured) - v_credits_refunded;

  if (v_granted, v_credits_refunded, v_credits_disputed)
     is distinct from (o.credits_granted, o.credits_refunded, o.credits_disputed) then
    v_account := private.lock_user_credits(o.user_id);
    perform private.sweep_expired(o.user_id);
    v_row.user_id := o.user_id;
    v_row.payment_id := o.id;

    if v_granted > o.credits_granted then
      v_row.type := case o.kind when 'subscription' then 'subscription' else 'purchase' end;
      v_row.amount := v_granted;
      v_row.description := (select coalesce(p.name ->> o.locale, p.name ->> 'en')
                            from public.credit_packages p where p.id = o.package_id);
      -- Who hears of a payment late must still have a day to spend what he paid for.
      v_row.expires_at := case
        when o.credits_expire_at is not null then greatest(o.credits_expire_at, now() + interval '1 day')
        else now() + make_interval(days => o.expires_after_days) end;
      perform private.grant_credits(v_row);
      v_row.description := null;
      v_row.expires_at := null;
    end if;

    -- Give before taking, so that a dispute that turns into a refund makes no debt in passing.
    v_row.type := 'dispute_reversal';
    v_row.amount := o.credits_disputed - v_credits_disputed;
    if v_row.amount > 0 then
      perform private.give_back(v_row);
    end if;
    v_row.type := 'refund';
    v_row.amount := o.credits_refunded - v_credits_refunded;
    if v_row.amount > 0 then
      perform private.give_back(v_row);
    elsif v_row.amount < 0 then
      perform private.take_back(v_row);
    end if;
    v_row.type := 'dispute';
    v_row.amount := o.credits_disputed - v_credits_disputed;
    if v_row.amount < 0 then
      perform private.take_back(v_row);
    end if;
    perform private.note_low_balance(o.user_id, v_account.balance - v_account.held);
  end if;

  update public.payment_orders set
    credits_granted = v_granted,
    credits_refunded = v_credits_refunded,
    credits_disputed = v_credits_disputed,
    amount_refunded = v_refunded,
    error = case when o.paid_at is null then o.error end,
    status = case
      when o.paid_at is not null and v_disputed > 0 then 'disputed'
      when o.paid_at is not null and v_refunded > 0 and v_refunded >= o.amount_captured then 'refunded'
      when o.paid_at is not null and v_refunded > 0 then 'partially_refunded'
      when o.paid_at is not null then 'succeeded'
      when o.ended is not null then o.ended
      when o.processing then 'processing'
      else 'pending'
    end,
    updated_at = now()
  where id = o.id
  returning status into v_status;

  if o.kind = 'auto_recharge' and v_status in ('failed', 'expired', 'canceled') and o.status <> v_status then
    perform private.end_failing_auto_recharge(o.user_id, o.livemode);
  end if;
end
$$;

-- For the job: writes off what has expired for up to p_limit users. Answers {users, credits}; call
-- it again while users equals p_limit. Safe beside itself and beside spending: each account is
-- locked before it is read, in the order of ids.
create or replace function public.expire_credits(p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_user_id uuid;
  v_account public.user_credits;
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
    v_account := private.lock_user_credits(v_user_id);
    v_credits := v_credits + private.sweep_expired(v_user_id);
    perform private.note_low_balance(v_user_id, v_account.balance - v_account.held);
    v_users := v_users + 1;
  end loop;
  return jsonb_build_object('users', v_users, 'credits', v_credits);
end
$$;

-- Ends a hold that is held: gives up its reservation and, of the reserved credits, consumes the
-- first p_captured. What becomes free pays debt, and is written off if it has expired meanwhile.
create or replace function private.end_hold(
  p_hold public.credit_holds, p_status text, p_row public.credit_transactions)
returns public.credit_holds
language plpgsql
set search_path = ''
as $$
declare
  v_captured bigint := coalesce(-p_row.amount, 0);
  v_available_before bigint;
begin
  update public.credit_lots lot set
    held = held - reserved.part,
    remaining = remaining - reserved.consumed,
    exhausted = (remaining = reserved.consumed)
  from (
    select lot_id, part, greatest(0, least(part, v_captured - (sum(part) over (order by n) - part))) as consumed
    from unnest(p_hold.lot_ids, p_hold.lot_parts) with ordinality as reserved (lot_id, part, n)
  ) reserved
  where lot.id = reserved.lot_id;
  update public.user_credits set held = held - p_hold.amount, updated_at = now()
  where user_id = p_hold.user_id
  returning balance - held - p_hold.amount into v_available_before;

  perform private.pay_debt(p_hold.user_id);
  perform private.sweep_expired(p_hold.user_id);
  if v_captured > 0 then
    p_row := private.post(p_row);
  end if;

  update public.credit_holds set
    status = p_status, ended_at = now(), transaction_id = p_row.id,
    available_after = (select balance - held from public.user_credits where user_id = p_hold.user_id)
  where id = p_hold.id
  returning * into p_hold;
  perform private.note_low_balance(p_hold.user_id, v_available_before);
  return p_hold;
end
$$;

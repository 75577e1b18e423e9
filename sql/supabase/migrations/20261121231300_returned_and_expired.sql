-- What a won dispute or a failed refund gives back to a lot that has ended is written off at once: until the
-- next sweep it stood in the balance, and the sweep told a low balance that had been told before.
--
-- Does:  replaces settle() of the file on what is not charged again: it writes off before it tells.
-- Locks: none.
-- Undo:  create settle() anew as it stands in that file.

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
    perform private.sweep_expired(o.user_id);  -- what came back to a lot that has ended
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
  -- Whose money went back has fewer credits now, and does not want to pay for them again at once.
  if v_status in ('disputed', 'refunded') and o.status <> v_status then
    perform private.end_auto_recharge(o.user_id, o.livemode, v_status);
  end if;
end
$$;

-- Left over and unpaid: where Stripe made two sessions or intents for one order, of which the buyer was told of
-- one, the end of the other is no failed event that a person must look at: there is nothing to do about it.
--
-- Does:  replaces receive_event() of the file on the inbox.
-- Locks: none.
-- Undo:  create receive_event() anew as it stands in that file.

-- As in the file on the webhook inbox; answers payment_id as well.
create or replace function public.receive_event(p_event jsonb, p_livemode boolean, p_facts jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_event public.stripe_events;
  v_retry boolean := false;
begin
  -- Before the event's own row, because an event of the same intent may come to mend that row.
  perform private.lock_payment_intent(p_facts ->> 'payment_intent_id');
  -- Ten deliveries at once queue here on the primary key; the first does the work.
  insert into public.stripe_events as known
    (id, type, livemode, api_version, payload, created_at, stripe_payment_intent_id)
  values
    (p_event ->> 'id', p_event ->> 'type', (p_event ->> 'livemode')::boolean, p_event ->> 'api_version',
     p_event, to_timestamp((p_event ->> 'created')::double precision), p_facts ->> 'payment_intent_id')
  on conflict (id) do update set attempts = known.attempts + 1
  returning * into v_event;
  if v_event.status in ('processed', 'ignored') then
    return jsonb_build_object('status', 'duplicate');
  end if;

  v_event.status := 'processed';
  v_event.error := null;
  if v_event.livemode <> p_livemode then
    v_event.status := 'ignored';
    v_event.error := 'livemode_mismatch';
  elsif p_facts is null then
    v_event.status := 'ignored';
  else
    -- One poisonous event must neither hold up the others nor vanish with its transaction.
    begin
      select merged.payment_id, merged.failure into v_event.payment_id, v_event.error
      from private.merge_facts(p_facts) merged;
    exception
      when unique_violation then
        v_event.error := 'payment_intent_mismatch';  -- the intent or session is another payment's
      when others then
        v_event.error := sqlstate || ' ' || sqlerrm;
        -- No connection, deadlock, no resources, locked, shutting down, disk: these pass.
        v_retry := left(sqlstate, 2) in ('08', '40', '53', '55', '57', '58');
    end;
    v_event.status := case
      when v_event.error is null then 'processed'
      -- A customer, price, invoice or intent that we never made: something else is sold with this account
      -- too. Or an intent of an invoice, whose own events tell the rest.
      when v_event.error in ('unknown_customer', 'unknown_price')
           or (v_event.error = 'unknown_payment'
               and (p_facts ? 'invoice' or not p_facts ?| array['payment_id', 'checkout_session_id', 'refunds', 'disputes']))
        then 'ignored'
      -- Of two that Stripe made for one order, the one that nobody paid.
      when v_event.error in ('session_mismatch', 'payment_intent_mismatch')
           and not coalesce((p_facts ->> 'paid')::boolean or (p_facts ->> 'processing')::boolean, false)
           and not p_facts ?| array['refunds', 'disputes']
        then 'ignored'
      else 'failed'
    end;
  end if;

  update public.stripe_events
  set status = v_event.status, error = v_event.error, payment_id = v_event.payment_id, processed_at = now()
  where id = v_event.id;
  -- A refund's event may have come before the payment was known by its intent: its facts were
  -- kept then, and have been settled now.
  if v_event.status = 'processed' then
    update public.stripe_events
    set status = 'processed', error = null, payment_id = v_event.payment_id, processed_at = now()
    where stripe_payment_intent_id = p_facts ->> 'payment_intent_id' and error = 'unknown_payment';
  end if;
  return jsonb_build_object('status', v_event.status, 'error', v_event.error, 'retry', v_retry,
                            'payment_id', v_event.payment_id);
end
$$;

-- Reconciliation: finding what Stripe knows and the books do not, and remembering how far one has got.
--
-- Does:  creates reconciliations, which users cannot see, find_drift(), and the two functions that keep
--        the place of a run. Repairs are record_facts()'.
-- Locks: none, the table is new.
-- Undo:  drop function public.note_reconciliation, public.begin_reconciliation, public.find_drift,
--        private.drift_of, private.subscription_drifts; drop table public.reconciliations;

-- One run per mode at a time, or the last one. A run that was cut off goes on from `starting_after`.
create table public.reconciliations (
  livemode       boolean primary key,
  since          timestamptz not null,
  resource       text,
  starting_after text,
  counts         jsonb not null default '{}',
  started_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  finished_at    timestamptz
);
comment on column public.reconciliations.resource is 'The list of Stripe''s that is being read; starting_after is the last object read of it.';

alter table public.reconciliations enable row level security;
revoke all on public.reconciliations from public, anon, authenticated, service_role;
grant select on public.reconciliations to service_role;
create policy "Nobody reads reconciliations with a user's token" on public.reconciliations
  for select to authenticated using (false);

-- Whether a subscription stands otherwise than we know. A new one counts if its customer and price are ours;
-- of one that we know, a price that is not ours counts for nothing.
create function private.subscription_drifts(p_subscription jsonb)
returns boolean
language sql
stable
set search_path = ''
as $$
  select case
    when s.id is null then c.user_id is not null and price.id is not null
    when s.ended_at is not null then false
    else (s.status, s.cancel_at_period_end, s.stripe_price_id, s.current_period_end) is distinct from
         (said.status, said.cancel_at_period_end, coalesce(price.id, s.stripe_price_id), said.current_period_end)
  end
  from jsonb_to_record(p_subscription) as said (
    id text, customer_id text, price_id text, status text, cancel_at_period_end boolean, current_period_end timestamptz)
  left join public.subscriptions s on s.id = said.id
  left join public.stripe_customers c on c.stripe_customer_id = said.customer_id and c.deleted_at is null
  left join public.stripe_prices price on price.id = said.price_id
$$;

-- What the facts say that the books do not hold, in one word; null where they agree or are not ours:
-- unknown_payment (our id, but no such order), unpaid, ended, processing, refund, dispute, subscription,
-- link (an id that was never written down), conflict (money that a paid payment knows nothing of: another
-- amount, or a second session's). It only reads: merging the facts is what mends.
create function private.drift_of(p_facts jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  o public.payment_orders;
  v_refusal text;
begin
  if p_facts ? 'subscription' and private.subscription_drifts(p_facts -> 'subscription') then
    return 'subscription';
  end if;

  select * into o from public.payment_orders where id = private.find_payment(p_facts);
  if o.id is null and p_facts -> 'invoice' ? 'lines' then
    return case when (p_facts ->> 'paid')::boolean and private.credits_of_invoice(p_facts -> 'invoice') <> 0
      and (select c.user_id from private.owner_of_invoice(p_facts) c) is not null
      and not exists (select from private.carried_credits c where c.invoice_id = p_facts -> 'invoice' ->> 'id')
      then 'unpaid' end;
  elsif o.id is null then
    return case when p_facts ? 'payment_id' then 'unknown_payment' end;
  end if;

  v_refusal := private.refusal_of(o, p_facts);
  if v_refusal is not null then
    return case
      when not coalesce((p_facts ->> 'paid')::boolean, false) then null
      -- The session's facts will tell, or a person was told already: saying it again mends nothing.
      when v_refusal = 'amount_unexplained' or o.error ->> 'code' = 'amount_mismatch' then null
      when o.paid_at is null then 'unpaid'
      else 'conflict'
    end;
  end if;
  return case
    when (p_facts ->> 'paid')::boolean and o.paid_at is null then 'unpaid'
    when p_facts ? 'ended' and o.ended is null and o.paid_at is null then 'ended'
    when (p_facts ->> 'processing')::boolean and not o.processing and o.paid_at is null then 'processing'
    when exists (
      select from jsonb_array_elements(p_facts -> 'refunds') said
      left join public.refunds r on r.id = said.value ->> 'id'
      where r.payment_id is null or r.status <> said.value ->> 'status') then 'refund'
    when exists (
      select from jsonb_array_elements(p_facts -> 'disputes') said
      left join public.disputes d on d.id = said.value ->> 'id'
      where d.payment_id is null or d.status <> said.value ->> 'status') then 'dispute'
    when (p_facts ? 'checkout_session_id' and o.stripe_checkout_session_id is null)
      or (p_facts ? 'payment_intent_id' and o.stripe_payment_intent_id is null)
      or (p_facts -> 'invoice' ? 'id' and o.stripe_invoice_id is null) then 'link'
  end;
end
$$;

-- For each of a page's facts what has drifted, in their order: [null, "unpaid", …].
create function public.find_drift(p_facts jsonb)
returns jsonb
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce(jsonb_agg(private.drift_of(said.value) order by said.n), '[]')
  from jsonb_array_elements(p_facts) with ordinality said (value, n)
$$;

-- The run to go on with: the one that was cut off, or a new one from p_since on. Answers {since,
-- resource, starting_after, counts}, the last three null or empty for a new one.
create function public.begin_reconciliation(p_livemode boolean, p_since timestamptz)
returns jsonb
language sql
security definer
set search_path = ''
as $$
  insert into public.reconciliations as run (livemode, since) values (p_livemode, p_since)
  on conflict (livemode) do update set
    since = case when run.finished_at is null then run.since else excluded.since end,
    resource = case when run.finished_at is null then run.resource end,
    starting_after = case when run.finished_at is null then run.starting_after end,
    counts = case when run.finished_at is null then run.counts else '{}' end,
    started_at = case when run.finished_at is null then run.started_at else now() end,
    updated_at = now(), finished_at = null
  returning jsonb_build_object('since', run.since, 'resource', run.resource,
                               'starting_after', run.starting_after, 'counts', run.counts)
$$;

-- How far the run has got: the list p_resource up to p_starting_after, or, without a list, its end.
create function public.note_reconciliation(
  p_livemode boolean, p_resource text, p_starting_after text, p_counts jsonb)
returns void
language sql
security definer
set search_path = ''
as $$
  update public.reconciliations set
    resource = p_resource, starting_after = p_starting_after, counts = p_counts, updated_at = now(),
    finished_at = case when p_resource is null then now() end
  where livemode = p_livemode
$$;

revoke all on function
  public.find_drift(jsonb), public.begin_reconciliation(boolean, timestamptz),
  public.note_reconciliation(boolean, text, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function
  public.find_drift(jsonb), public.begin_reconciliation(boolean, timestamptz),
  public.note_reconciliation(boolean, text, text, jsonb)
  to service_role;

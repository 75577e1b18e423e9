-- Auto-recharge: with the user's consent, buy a package with his default card when credits run low.
--
-- Does:  creates auto_recharges and auto_recharge_consents, which users read, with get_, set_ and
--        claim_auto_recharges() and the rule that switches it off.
-- Locks: none, the tables are new.
-- Undo:  drop function public.claim_auto_recharges, public.set_auto_recharge, public.get_auto_recharge,
--        private.end_failing_auto_recharge, private.end_auto_recharge, private.may_recharge, private.is_lost, private.recharged_this_month,
--        private.available_credits; drop table public.auto_recharge_consents, public.auto_recharges;
--
-- The rules: off until the user says so; never above his monthly limit (UTC months; what is under way
-- counts), never dearer than the price he agreed to; ten minutes between two recharges, a day after one
-- that failed; one that waits for 3D Secure holds the next back; three failures in a row switch it off.

create table public.auto_recharges (
  user_id       uuid not null,
  livemode      boolean not null,
  enabled       boolean not null default false,
  threshold     bigint not null check (threshold between 1 and 1000000000),
  package_id    text not null references public.credit_packages,
  currency      text not null,
  amount        bigint not null,
  monthly_limit bigint not null check (monthly_limit > 0),
  off_reason    text check (off_reason in ('payments_failed', 'no_card', 'price_changed')),
  consented_at  timestamptz not null,
  updated_at    timestamptz not null default now(),
  primary key (user_id, livemode),
  check (not enabled or off_reason is null)
);
create index auto_recharges_enabled on public.auto_recharges (livemode, user_id) where enabled;
create index auto_recharges_of_package on public.auto_recharges (package_id);
comment on column public.auto_recharges.amount is 'The price the user agreed to, in minor units; a higher one switches it off.';
comment on column public.auto_recharges.monthly_limit is 'Minor units of the currency in one UTC month.';

-- What was agreed to or withdrawn, and when: written with every change by the user, never changed.
create table public.auto_recharge_consents (
  id       uuid primary key default gen_random_uuid(),
  user_id  uuid not null,
  terms    jsonb not null,
  given_at timestamptz not null default clock_timestamp()
);
create index auto_recharge_consents_of_user on public.auto_recharge_consents (user_id, given_at desc);
comment on table public.auto_recharge_consents is
  'The record of consent: the terms {enabled, threshold, package_id, currency, amount, monthly_limit, payment_method_id} as the user set them.';

alter table public.auto_recharges         enable row level security;
alter table public.auto_recharge_consents enable row level security;
revoke all on public.auto_recharges, public.auto_recharge_consents from public, anon, authenticated, service_role;
grant select on public.auto_recharges, public.auto_recharge_consents to authenticated, service_role;
create policy "Users read only their own auto-recharge" on public.auto_recharges
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Users read only their own consents" on public.auto_recharge_consents
  for select to authenticated using (user_id = (select auth.uid()));
create trigger auto_recharge_consents_append_only
  before update or delete or truncate on public.auto_recharge_consents
  for each statement execute function private.refuse_change();

-- What a user can spend now: without what is held, and without what has expired and is not written off yet.
create function private.available_credits(p_user_id uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce((select a.balance - a.held from public.user_credits a where a.user_id = p_user_id), 0)
         - coalesce((select sum(lot.remaining - lot.held) from public.credit_lots lot
                     where lot.user_id = p_user_id and not lot.exhausted and lot.expires_at <= now()), 0)::bigint);
end
$$;

-- What recharges have cost a user in this UTC month, those under way included, in minor units.
create function private.recharged_this_month(p_user_id uuid, p_livemode boolean, p_currency text)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(o.amount), 0)::bigint from public.payment_orders o
    where o.user_id = p_user_id and o.kind = 'auto_recharge' and o.livemode = p_livemode
      and o.currency = p_currency and o.status not in ('failed', 'canceled', 'expired')
      and o.created_at >= date_trunc('month', now(), 'UTC'));
end
$$;

create function private.end_auto_recharge(p_user_id uuid, p_livemode boolean, p_reason text)
returns void
language sql
set search_path = ''
as $$
  with ended as (
    update public.auto_recharges set enabled = false, off_reason = p_reason, updated_at = now()
    where user_id = p_user_id and livemode = p_livemode and enabled
    returning user_id
  )
  insert into public.account_events (user_id, type, data)
  select user_id, 'auto_recharge_off', jsonb_build_object('reason', p_reason) from ended
$$;

-- Switches auto-recharge off when the last three recharges since it was switched on have failed.
create function private.end_failing_auto_recharge(p_user_id uuid, p_livemode boolean)
returns void
language sql
set search_path = ''
as $$
  select private.end_auto_recharge(p_user_id, p_livemode, 'payments_failed')
  where (
    select count(*) filter (where last.status in ('failed', 'expired', 'canceled')) = 3
    from (
      select o.status from public.payment_orders o
      join public.auto_recharges r on r.user_id = o.user_id and r.livemode = o.livemode
      where o.user_id = p_user_id and o.livemode = p_livemode and o.kind = 'auto_recharge'
        and o.created_at >= r.consented_at
      order by o.created_at desc limit 3
    ) last)
$$;

-- Whether the answer about a recharge that the present consent covers never reached us.
create function private.is_lost(o public.payment_orders, r public.auto_recharges)
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(o.status = 'pending' and o.expires_at is null and o.created_at > now() - interval '20 hours'
                  and o.created_at >= r.consented_at, false)
$$;

-- Whether a recharge may be ordered now, as far as earlier ones and the limit say: none is under way or
-- waits for its buyer, the pause is over, and the month's limit leaves room. One whose answer was lost (it
-- has no end noted, which every answer gives it) is due at once: asking again is asking the same, for as
-- long as Stripe keeps the answer.
create function private.may_recharge(r public.auto_recharges)
returns boolean
language sql
volatile  -- the claim asks again under its lock, and must see what has happened meanwhile
set search_path = ''
as $$
  with last as (
    select o from public.payment_orders o
    where o.user_id = r.user_id and o.kind = 'auto_recharge' and o.livemode = r.livemode
    order by o.created_at desc limit 1
  )
  select coalesce((
    select case
      when (last.o).status = 'processing' then false
      when (last.o).status = 'pending' and coalesce((last.o).expires_at, (last.o).created_at + interval '1 day') > now()
        then private.is_lost(last.o, r)
      when (last.o).status in ('pending', 'failed', 'canceled', 'expired') and (last.o).created_at >= r.consented_at
        then (last.o).created_at <= now() - interval '1 day'
      else (last.o).created_at <= now() - interval '10 minutes'
    end from last), true)
  and (exists (select from last where private.is_lost(last.o, r))
       or private.recharged_this_month(r.user_id, r.livemode, r.currency) + r.amount <= r.monthly_limit)
$$;

-- The caller's: {enabled, threshold, package_id, monthly_limit, currency, amount, spent_this_month,
-- off_reason, consented_at}; all but enabled null for who never set it. Amounts in minor units.
create function public.get_auto_recharge(p_user_id uuid, p_livemode boolean)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'enabled', coalesce(r.enabled, false), 'threshold', r.threshold, 'package_id', r.package_id,
      'monthly_limit', r.monthly_limit, 'currency', r.currency, 'amount', r.amount,
      'spent_this_month', private.recharged_this_month(p_user_id, p_livemode, r.currency),
      'off_reason', r.off_reason, 'consented_at', r.consented_at)
    from (values (p_user_id)) as who (user_id)
    left join public.auto_recharges r on r.user_id = who.user_id and r.livemode = p_livemode);
end
$$;

-- Sets it as the user wishes and keeps his consent. Answers get_auto_recharge(). Refuses with not_found
-- (package), validation_error (currency, limit below one price), invalid_state (no card), forbidden.
create function public.set_auto_recharge(
  p_user_id uuid, p_livemode boolean, p_enabled boolean, p_threshold bigint, p_package_id text,
  p_currency text, p_default_currency text, p_monthly_limit bigint)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_price public.credit_package_prices;
  v_card_id text;
begin
  perform private.require_active_user(p_user_id);
  if p_enabled is not true then
    update public.auto_recharges set enabled = false, off_reason = null, updated_at = now()
    where user_id = p_user_id and livemode = p_livemode and (enabled or off_reason is not null);
    if found then  -- what was off already is no news, and consents are kept for ever
      insert into public.auto_recharge_consents (user_id, terms) values (p_user_id, '{"enabled": false}');
    end if;
    return public.get_auto_recharge(p_user_id, p_livemode);
  end if;

  select price.* into v_price
  from public.credit_package_prices price
  join public.credit_packages sold on sold.id = price.package_id and sold.active and sold.kind = 'one_time'
  where price.package_id = p_package_id and price.active and price.currency = coalesce(p_currency, price.currency)
  order by price.currency = p_default_currency desc, price.currency limit 1;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such package on sale in that currency.');
  end if;
  if p_monthly_limit < v_price.amount then
    perform private.fail(422, 'validation_error', 'The monthly limit is less than one recharge costs.',
      jsonb_build_object('errors', jsonb_build_array(jsonb_build_object(
        'field', 'monthly_limit', 'message', format('At least %s, the price of one recharge.', v_price.amount)))));
  end if;
  select id into v_card_id from public.payment_methods
  where user_id = p_user_id and livemode = p_livemode and is_default;
  if not found then
    perform private.fail(409, 'invalid_state', 'Save a card first: a recharge is paid with the default card.');
  end if;

  insert into public.auto_recharges
    (user_id, livemode, enabled, threshold, package_id, currency, amount, monthly_limit, consented_at)
  values
    (p_user_id, p_livemode, true, p_threshold, p_package_id, v_price.currency, v_price.amount, p_monthly_limit, now())
  on conflict (user_id, livemode) do update set
    enabled = true, threshold = excluded.threshold, package_id = excluded.package_id,
    currency = excluded.currency, amount = excluded.amount, monthly_limit = excluded.monthly_limit,
    off_reason = null, consented_at = excluded.consented_at, updated_at = now();
  insert into public.auto_recharge_consents (user_id, terms)
  values (p_user_id, jsonb_build_object(
    'enabled', true, 'threshold', p_threshold, 'package_id', p_package_id, 'currency', v_price.currency,
    'amount', v_price.amount, 'monthly_limit', p_monthly_limit, 'payment_method_id', v_card_id));
  return public.get_auto_recharge(p_user_id, p_livemode);
end
$$;

-- For the job: orders up to p_limit recharges that are due, and finds again those whose request to
-- Stripe may have been lost. Answers [order_json]; options.payment_method_id is the card to charge.
-- Two jobs at once never order for one user twice: each locks the user's row and skips the other's.
create function public.claim_auto_recharges(p_livemode boolean, p_limit integer)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  r public.auto_recharges;
  v_price public.credit_package_prices;
  v_last public.payment_orders;
  v_card_id text;
  o public.payment_orders;
  v_orders jsonb := '[]';
begin
  for r in
    select recharge.* from public.auto_recharges recharge
    join auth.users u on u.id = recharge.user_id and u.deleted_at is null
      and (u.banned_until is null or u.banned_until <= now())
    where recharge.enabled and recharge.livemode = p_livemode
      and private.available_credits(recharge.user_id) < recharge.threshold
      and private.may_recharge(recharge)
    order by recharge.user_id limit p_limit
    for update of recharge skip locked
  loop
    continue when not private.may_recharge(r);  -- another job was faster
    select * into v_last from public.payment_orders
    where user_id = r.user_id and kind = 'auto_recharge' and livemode = p_livemode
    order by created_at desc limit 1;
    if private.is_lost(v_last, r) then
      v_orders := v_orders || jsonb_build_array(private.order_json(v_last));
      continue;
    end if;

    select price.* into v_price
    from public.credit_package_prices price
    join public.credit_packages sold on sold.id = price.package_id and sold.active
    where price.package_id = r.package_id and price.currency = r.currency and price.active;
    if v_price.amount is null or v_price.amount > r.amount then
      perform private.end_auto_recharge(r.user_id, p_livemode, 'price_changed');
      continue;
    end if;
    select id into v_card_id from public.payment_methods
    where user_id = r.user_id and livemode = p_livemode and is_default;
    if not found then
      perform private.end_auto_recharge(r.user_id, p_livemode, 'no_card');
      continue;
    end if;

    insert into public.payment_orders
      (user_id, package_id, kind, livemode, amount, currency, credits, expires_after_days, ui_mode, options)
    select r.user_id, sold.id, 'auto_recharge', p_livemode, v_price.amount, v_price.currency, sold.credits,
           sold.expires_after_days, 'off_session', jsonb_build_object('payment_method_id', v_card_id)
    from public.credit_packages sold where sold.id = r.package_id
    returning * into o;
    v_orders := v_orders || jsonb_build_array(private.order_json(o));
  end loop;
  return v_orders;
end
$$;

-- Tells the user that a payment waits for him: once, when it starts to.
create function private.note_required_action()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  insert into public.account_events (user_id, type, data)
  values (new.user_id, 'payment_requires_action', jsonb_build_object('payment_id', new.id));
  return null;
end
$$;
create trigger payment_orders_note_required_action
  after update of error on public.payment_orders
  for each row
  when (new.ui_mode in ('off_session', 'invoice') and new.paid_at is null
        and 'authentication_required' in (new.error ->> 'code', new.error ->> 'decline_code')
        and coalesce('authentication_required' in (old.error ->> 'code', old.error ->> 'decline_code'), false) is false)
  execute function private.note_required_action();

revoke all on function
  public.get_auto_recharge(uuid, boolean),
  public.set_auto_recharge(uuid, boolean, boolean, bigint, text, text, text, bigint),
  public.claim_auto_recharges(boolean, integer)
  from public, anon, authenticated, service_role;
grant execute on function
  public.get_auto_recharge(uuid, boolean),
  public.set_auto_recharge(uuid, boolean, boolean, bigint, text, text, text, bigint),
  public.claim_auto_recharges(boolean, integer)
  to service_role;

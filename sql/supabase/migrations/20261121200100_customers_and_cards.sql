-- Customers and cards: who a user is at Stripe, and the cards he has left there.
--
-- Does:  creates payment_methods, which users read, and the functions around it. Of a card no more is
--        kept than its brand, last four digits, expiry and Stripe's id.
--        They call private.end_auto_recharge(), which the file on auto-recharge creates.
-- Locks: none, the table is new.
-- Undo:  drop function public.require_payment_method,
--        public.list_payment_methods, public.record_customer, public.get_customer,
--        private.merge_payment_method, private.merge_customer, private.user_of_customer;
--        drop table public.payment_methods;

create table public.payment_methods (
  id          text primary key,
  user_id     uuid not null,
  livemode    boolean not null,
  brand       text not null,
  last4       text not null check (last4 ~ '^[0-9]{4}$'),
  exp_month   integer not null check (exp_month between 1 and 12),
  exp_year    integer not null,
  is_default  boolean not null default false,
  detached_at timestamptz,
  created_at  timestamptz not null default clock_timestamp(),
  check (detached_at is null or not is_default)
);
create index payment_methods_of_user on public.payment_methods (user_id, created_at desc) where detached_at is null;
create unique index payment_methods_default on public.payment_methods (user_id, livemode) where is_default;
comment on column public.payment_methods.detached_at is
  'A card that was removed stays as a mark: its events may come late, and Stripe never attaches it again.';

alter table public.payment_methods enable row level security;
revoke all on public.payment_methods from public, anon, authenticated, service_role;
grant select on public.payment_methods to authenticated, service_role;
create policy "Users read only their own cards" on public.payment_methods
  for select to authenticated using (user_id = (select auth.uid()));

-- The user of a living customer, and a lock on the customer's row: who is to be his default card's only
-- writer holds it.
create function private.user_of_customer(p_customer_id text, out user_id uuid, out livemode boolean)
language sql
set search_path = ''
as $$
  select c.user_id, c.livemode from public.stripe_customers c
  where c.stripe_customer_id = p_customer_id and c.deleted_at is null for update
$$;

-- {id, deleted?, default_payment_method?}: what Stripe says about a customer of ours. Refuses with
-- unknown_customer.
create function private.merge_customer(p_customer jsonb)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_user record;
  v_default text := p_customer ->> 'default_payment_method';
begin
  select * into v_user from private.user_of_customer(p_customer ->> 'id');
  if v_user.user_id is null then
    return 'unknown_customer';
  end if;

  if (p_customer ->> 'deleted')::boolean then
    update public.stripe_customers set deleted_at = coalesce(deleted_at, now())
    where stripe_customer_id = p_customer ->> 'id';
    update public.payment_methods set detached_at = now(), is_default = false
    where user_id = v_user.user_id and livemode = v_user.livemode and detached_at is null;
    perform private.end_auto_recharge(v_user.user_id, v_user.livemode, 'no_card');
  elsif exists (select from public.payment_methods where id = v_default and user_id = v_user.user_id and detached_at is null) then
    update public.payment_methods set is_default = false
    where user_id = v_user.user_id and livemode = v_user.livemode and is_default and id <> v_default;
    update public.payment_methods set is_default = true where id = v_default;
  end if;
  return null;
end
$$;

-- {id, customer_id?, brand, last4, exp_month, exp_year, detached?}: a card as Stripe knows it now. The
-- first one of a user is his default. Refuses with unknown_customer.
create function private.merge_payment_method(p_card jsonb)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_user record;
  v_known public.payment_methods;
begin
  if (p_card ->> 'detached')::boolean then
    -- The customer before his card, as everywhere: somebody may be making it his default just now.
    perform from public.stripe_customers c
    join public.payment_methods card using (user_id, livemode)
    where card.id = p_card ->> 'id' for update of c;
    select * into v_known from public.payment_methods where id = p_card ->> 'id' for update;
    if v_known.is_default then  -- nobody agreed to be charged on another one
      perform private.end_auto_recharge(v_known.user_id, v_known.livemode, 'no_card');
    end if;
    update public.payment_methods set detached_at = coalesce(detached_at, now()), is_default = false
    where id = v_known.id;
    return case when v_known.id is null then 'unknown_customer' end;
  end if;

  select * into v_user from private.user_of_customer(p_card ->> 'customer_id');
  if v_user.user_id is null then
    return 'unknown_customer';
  end if;
  insert into public.payment_methods (id, user_id, livemode, brand, last4, exp_month, exp_year, is_default)
  values (p_card ->> 'id', v_user.user_id, v_user.livemode, p_card ->> 'brand', p_card ->> 'last4',
          (p_card ->> 'exp_month')::integer, (p_card ->> 'exp_year')::integer,
          not exists (select from public.payment_methods known
                      where known.user_id = v_user.user_id and known.livemode = v_user.livemode and known.is_default))
  on conflict (id) do update set
    brand = excluded.brand, last4 = excluded.last4, exp_month = excluded.exp_month, exp_year = excluded.exp_year;
  return null;
end
$$;

-- Who the user is at Stripe: {customer_id, former_customer_id}, each null where there is none. Refuses
-- with forbidden who may not buy.
create function public.get_customer(p_user_id uuid, p_livemode boolean)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_active_user(p_user_id);
  return (
    select jsonb_build_object(
      'customer_id', max(stripe_customer_id) filter (where deleted_at is null),
      'former_customer_id', max(stripe_customer_id) filter (where deleted_at is not null))
    from public.stripe_customers where user_id = p_user_id and livemode = p_livemode);
end
$$;

-- Writes a new customer down and answers the one that stands: a user has one, unless Stripe has
-- forgotten it, and of two first purchases at once the first to be written down is it.
create function public.record_customer(p_user_id uuid, p_livemode boolean, p_customer_id text)
returns text
language sql
security definer
set search_path = ''
as $$
  insert into public.stripe_customers as known (user_id, livemode, stripe_customer_id)
  values (p_user_id, p_livemode, p_customer_id)
  on conflict (user_id, livemode) do update
    set stripe_customer_id = excluded.stripe_customer_id, deleted_at = null
    where known.deleted_at is not null and known.stripe_customer_id <> excluded.stripe_customer_id;
  select c.stripe_customer_id from public.stripe_customers c
  where c.user_id = p_user_id and c.livemode = p_livemode
$$;

-- The caller's cards of this mode, the default first: [{id, brand, last4, exp_month, exp_year, is_default}].
create function public.list_payment_methods(p_livemode boolean)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', c.id, 'brand', c.brand, 'last4', c.last4, 'exp_month', c.exp_month, 'exp_year', c.exp_year,
        'is_default', c.is_default) order by c.is_default desc, c.created_at desc), '[]')
    from public.payment_methods c
    where c.user_id = (select auth.uid()) and c.livemode = p_livemode and c.detached_at is null);
end
$$;

-- {customer_id} of a card that is the user's own. Refuses with not_found, also for somebody else's.
create function public.require_payment_method(p_user_id uuid, p_livemode boolean, p_payment_method_id text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  v_customer_id text;
begin
  select c.stripe_customer_id into v_customer_id
  from public.payment_methods card
  join public.stripe_customers c using (user_id, livemode)
  where card.id = p_payment_method_id and card.user_id = p_user_id and card.livemode = p_livemode
    and card.detached_at is null and c.deleted_at is null;
  if not found then
    perform private.fail(404, 'not_found', 'There is no such card.');
  end if;
  return jsonb_build_object('customer_id', v_customer_id);
end
$$;

revoke all on function
  public.get_customer(uuid, boolean), public.record_customer(uuid, boolean, text),
  public.list_payment_methods(boolean), public.require_payment_method(uuid, boolean, text)
  from public, anon, authenticated, service_role;
grant execute on function
  public.get_customer(uuid, boolean), public.record_customer(uuid, boolean, text),
  public.require_payment_method(uuid, boolean, text)
  to service_role;
grant execute on function public.list_payment_methods(boolean) to authenticated;

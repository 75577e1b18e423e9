-- Reading: what a signed-in user may ask about payments and credits.
--
-- Does:  creates get_payment, list_payments, list_open_payments, get_credits, list_transactions.
--        All run as the caller, so row security is what decides whose rows they see.
-- Locks: none.
-- Undo:  drop function public.list_transactions, public.get_credits, public.list_open_payments,
--        public.list_payments, public.get_payment;
--
-- Lists page by the id of the last row seen: {rows, next_cursor}, newest first, next_cursor null
-- at the end. They read one row more than asked to know whether there is a next page. A cursor that
-- is no row of the caller's is a validation_error.

create function public.get_payment(p_payment_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_payment jsonb;
begin
  select to_jsonb(p) into v_payment from public.payments p
  where p.payment_id = p_payment_id and p.user_id = (select auth.uid());
  if v_payment is null then
    raise exception using errcode = 'PT404', message = 'not_found', hint = 'There is no such payment.';
  end if;
  return v_payment;
end
$$;

create function public.list_payments(p_limit integer, p_cursor uuid default null, p_status text default null)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  -- Variables, not expressions: under row security only these are bounds of the index.
  v_before timestamptz := 'infinity';
  v_before_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
begin
  if p_cursor is not null then
    select created_at, id into v_before, v_before_id from public.payment_orders where id = p_cursor;
    if not found then
      raise exception using errcode = 'PT422', message = 'validation_error',
        detail = '{"errors": [{"field": "cursor", "message": "There is no such page."}]}';
    end if;
  end if;
  return (
    with page as (
      select p.*, row_number() over (order by p.created_at desc, p.payment_id desc) as n
      from public.payments p
      where p.user_id = (select auth.uid())
        and (p.created_at, p.payment_id) < (v_before, v_before_id)
        and (p_status is null or p.status = p_status)
      order by p.created_at desc, p.payment_id desc
      limit p_limit + 1
    )
    select jsonb_build_object(
      'rows', coalesce(jsonb_agg(to_jsonb(page) - 'n' order by n) filter (where n <= p_limit), '[]'),
      'next_cursor', case when count(*) > p_limit then (array_agg(payment_id) filter (where n = p_limit))[1] end)
    from page);
end
$$;

-- The payments that the caller can still finish or cancel, newest first; their number is bounded
-- where they are made.
create function public.list_open_payments()
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(p) order by p.created_at desc), '[]')
  from public.payments p
  join public.payment_orders o on o.id = p.payment_id
  where o.user_id = (select auth.uid()) and o.status = 'pending' and o.expires_at > now()
$$;

-- {balance, held, available, lifetime_granted, lifetime_spent, expiring, low_balance, updated_at}.
-- What has expired is not counted, whether or not a job has written it off yet; what a hold
-- reserves is, for it was reserved in time.
create function public.get_credits()
returns jsonb
language sql
stable
set search_path = ''
as $$
  with account as (
    select * from public.user_credits where user_id = (select auth.uid())
    union all
    select (select auth.uid()), 0, 0, 0, 0, 0, 50, now()
    where not exists (select from public.user_credits where user_id = (select auth.uid()))
  ), open_lots as (
    select expires_at, sum(remaining - held) as free
    from public.credit_lots
    where user_id = (select auth.uid()) and not exhausted and expires_at is not null
    group by expires_at
  ), expired as (
    select coalesce(sum(free), 0)::bigint as credits from open_lots where expires_at <= now()
  )
  select jsonb_build_object(
    'balance', a.balance - expired.credits,
    'held', a.held,
    'available', a.balance - expired.credits - a.held,
    'lifetime_granted', a.lifetime_granted,
    'lifetime_spent', a.lifetime_spent,
    'low_balance', a.balance - expired.credits - a.held < a.low_balance_threshold,
    'updated_at', a.updated_at,
    'expiring', (
      select coalesce(jsonb_agg(jsonb_build_object('credits', free, 'expires_at', expires_at)
                                order by expires_at), '[]')
      from open_lots where expires_at > now() and free > 0))
  from account a, expired
$$;

create function public.list_transactions(p_limit integer, p_cursor uuid default null, p_type text default null)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_before timestamptz := 'infinity';
  v_before_seq bigint := 0;
begin
  if p_cursor is not null then
    select created_at, seq into v_before, v_before_seq from public.credit_transactions where id = p_cursor;
    if not found then
      raise exception using errcode = 'PT422', message = 'validation_error',
        detail = '{"errors": [{"field": "cursor", "message": "There is no such page."}]}';
    end if;
  end if;
  return (
    with page as (
      select t.id, t.type, t.amount, t.balance_after, t.feature, t.description, t.payment_id, t.hold_id,
             t.expires_at, t.metadata, t.created_at,
             row_number() over (order by t.created_at desc, t.seq desc) as n
      from public.credit_transactions t
      where t.user_id = (select auth.uid())
        and (t.created_at, t.seq) < (v_before, v_before_seq)
        and (p_type is null or t.type = p_type::public.credit_transaction_type)
      order by t.created_at desc, t.seq desc
      limit p_limit + 1
    )
    select jsonb_build_object(
      'rows', coalesce(jsonb_agg(to_jsonb(page) - 'n' order by n) filter (where n <= p_limit), '[]'),
      'next_cursor', case when count(*) > p_limit then (array_agg(id) filter (where n = p_limit))[1] end)
    from page);
end
$$;

revoke all on function
  public.get_payment(uuid), public.list_payments(integer, uuid, text), public.list_open_payments(),
  public.get_credits(), public.list_transactions(integer, uuid, text)
  from public, anon, authenticated, service_role;
grant execute on function
  public.get_payment(uuid), public.list_payments(integer, uuid, text), public.list_open_payments(),
  public.get_credits(), public.list_transactions(integer, uuid, text)
  to authenticated;

-- The open lot: a spend writes two rows, not three. The account itself counts what is left of the lot that
-- its owner is spending from, until anything else happens to his credits.
--
-- Does:  adds open_lot_id, open_lot_free and open_lot_expires_at to user_credits. spend() opens the user's
--        earliest-expiring lot and takes from the account alone; lock_user_credits(), with which every other
--        change begins, closes it: the lot gets what is left written to it. The view public.credit_lots
--        counts an open lot by its account, so whoever reads sees each lot as it is. get_credits() names
--        the columns it reads; audit() has a law for open lots.
-- Locks: ACCESS EXCLUSIVE on user_credits while one check constraint is validated (0.15 s per million rows;
--        nothing is rewritten), then on the view of the lots for a moment. What reads lots first, as the audit
--        and expire_credits do, may be chosen to give way, and a read of the balance that waits fails once.
-- Undo:  in one transaction: lock table public.user_credits in access exclusive mode;
--        select private.lock_user_credits(user_id) from public.user_credits where open_lot_id is not null;
--        create spend, the view, lock_user_credits, get_credits and audit anew as they stand in the files on
--        lots behind a view, credit movements, the threshold shown and the audit of owners;
--        drop function private.open_lot, private.audit_of_open_lots;
--        drop trigger open_lots_are_not_written on private.credit_lots;
--        drop trigger moved_expiries_close_lots on private.credit_lots;
--        drop function private.refuse_open_lot, private.close_lot; alter table public.user_credits
--        drop column open_lot_id, drop column open_lot_free, drop column open_lot_expires_at;
--        and the constraint as it stands in the file on the ledger.
--
-- Who changes lots holds the account by lock_user_credits(), finds them all closed, and reads the table
-- private.credit_lots; a trigger refuses whoever does not. Who only reads takes the view. Nothing but spend()
-- takes from an open lot, and never its last credit, so that `exhausted` is true of the table, too.

alter table public.user_credits
  add column open_lot_id         uuid,
  add column open_lot_free       bigint not null default 0,
  add column open_lot_expires_at timestamptz,
  drop constraint user_credits_check,
  add check (least(held, debt, low_balance_threshold, open_lot_free) >= 0);
comment on column public.user_credits.open_lot_id is 'The lot that spends take from, if one is open.';
comment on column public.user_credits.open_lot_free is 'What is left of it and not held; its own row is older.';

create or replace view public.credit_lots with (security_invoker = true) as
select id, user_id, source, payment_id, granted,
       coalesce((select lot.held + a.open_lot_free from public.user_credits a
                 where a.user_id = lot.user_id and a.open_lot_id = lot.id), remaining) as remaining,
       held, debt_paid, expires_at, exhausted, created_at
from private.credit_lots lot;

-- Takes the lock that every change to one user's credits but spend() stands on, makes the row if it is the
-- first, and closes the open lot. Lock, then read: a balance read before the lock may be another tab's past.
create or replace function private.lock_user_credits(p_user_id uuid)
returns public.user_credits
language plpgsql
set search_path = ''
as $$
declare
  v_account public.user_credits;
begin
  select * into v_account from public.user_credits where user_id = p_user_id for update;
  if not found then
    insert into public.user_credits (user_id) values (p_user_id) on conflict do nothing;
    select * into v_account from public.user_credits where user_id = p_user_id for update;
  end if;

  if v_account.open_lot_id is not null then
    update public.user_credits set open_lot_id = null, open_lot_free = 0, open_lot_expires_at = null
    where user_id = p_user_id;
    update private.credit_lots set remaining = held + v_account.open_lot_free
    where id = v_account.open_lot_id and user_id = p_user_id;
    v_account.open_lot_id := null;
    v_account.open_lot_free := 0;
    v_account.open_lot_expires_at := null;
  end if;
  return v_account;
end
$$;

-- Two would take the same credits: a call that was under way while this file was applied, and whoever changes
-- a lot by hand. Both are refused whole, to be tried again, as after a deadlock.
create function private.refuse_open_lot()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if exists (select from public.user_credits where user_id = old.user_id and open_lot_id = old.id) then
    raise exception 'This lot is open: private.lock_user_credits() closes it.' using errcode = 'serialization_failure';
  end if;
  return new;
end
$$;
create trigger open_lots_are_not_written before update of remaining, held, user_id on private.credit_lots
  for each row execute function private.refuse_open_lot();

-- An admin who moves an expiry by hand may move that of an open lot: its account must hear of it.
create function private.close_lot()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.lock_user_credits(new.user_id);
  return null;
end
$$;
create trigger moved_expiries_close_lots after update of expires_at on private.credit_lots
  for each row execute function private.close_lot();

-- For spend(), if no lot is open: takes p_amount from the earliest-expiring lot that has free credits, and
-- leaves it open. Answers the account as it is then and the lot; nothing, and changes nothing, if that is
-- not as simple as spend() needs it: more than p_amount is free there, and what stays is above the threshold.
create function private.open_lot(
  p_user_id uuid, p_amount bigint, out balance bigint, out held bigint, out lot_id uuid)
language plpgsql
set search_path = ''
as $$
begin
  -- Lots must be read after the lock.
  perform from public.user_credits a
  where a.user_id = p_user_id and a.open_lot_id is null and a.balance - a.held >= p_amount + a.low_balance_threshold
  for update;
  if found then
    update public.user_credits a
    set balance = a.balance - p_amount, lifetime_spent = a.lifetime_spent + p_amount, updated_at = now(),
        open_lot_id = lot.id, open_lot_free = lot.free - p_amount, open_lot_expires_at = lot.expires_at
    from (
      select l.id, l.remaining - l.held as free, l.expires_at from private.credit_lots l
      where l.user_id = p_user_id and not l.exhausted and l.remaining > l.held
      order by l.expires_at, l.id limit 1
    ) lot
    where a.user_id = p_user_id and lot.free > p_amount and (lot.expires_at is null or lot.expires_at > now())
    returning a.balance, a.held, lot.id into open_lot.balance, open_lot.held, open_lot.lot_id;
  end if;
end
$$;

-- Spends p_quantity units of a feature, earliest-expiring credits first. Answers {transaction_id,
-- amount (credits, positive), balance, available, replayed}; a repeated key gives the first answer
-- and changes nothing. Refuses with insufficient_credits {required, available}, forbidden,
-- not_found, validation_error, idempotency_conflict.
--
-- Nearly every spend is new, fits into the open lot, leaves enough and is in order. That case is
-- three short statements, whatever the user's history; all else is spend_with_care's.
create or replace function public.spend(
  p_user_id uuid, p_feature text, p_quantity bigint, p_idempotency_key text,
  p_metadata jsonb default '{}', p_request_id text default null)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_id constant uuid := md5('spend:' || p_idempotency_key);  -- private.id_of_key, without the call
  v_amount bigint;
  v_version integer;
  v_balance bigint;
  v_held bigint;
  v_lot_id uuid;
  v_answer jsonb;
begin
  -- Before the lock, so that a user's spends wait for each other as short as possible.
  select cost.credits * p_quantity, cost.version into v_amount, v_version
  from public.feature_costs cost, auth.users u
  where cost.feature = p_feature and cost.active and p_quantity between 1 and 1000000000
    and u.id = p_user_id and u.deleted_at is null and not u.is_anonymous
    and (u.banned_until is null or u.banned_until <= now());

  -- Two tabs must not spend one credit: this locks the account, and its conditions are of the row as the
  -- lock finds it. Nobody gets below the threshold here: who does is told so, with care.
  update public.user_credits
  set balance = balance - v_amount, open_lot_free = open_lot_free - v_amount,
      lifetime_spent = lifetime_spent + v_amount, updated_at = now()
  where user_id = p_user_id and balance - held >= v_amount + low_balance_threshold
    and open_lot_free > v_amount and (open_lot_expires_at is null or open_lot_expires_at > now())
  returning balance, held, open_lot_id into v_balance, v_held, v_lot_id;
  if not found then
    select * into v_balance, v_held, v_lot_id from private.open_lot(p_user_id, v_amount);
  end if;
  if v_lot_id is not null then
    insert into public.credit_transactions
      (id, user_id, type, amount, balance_after, available_after, lot_ids, lot_amounts, feature,
       quantity, price_version, idempotency_key, metadata, request_id)
    values
      (v_id, p_user_id, 'spend', -v_amount, v_balance, v_balance - v_held, array[v_lot_id],
       array[-v_amount], p_feature, p_quantity, v_version, p_idempotency_key, p_metadata, p_request_id)
    on conflict (id) do nothing
    returning jsonb_build_object('transaction_id', id, 'amount', -amount, 'balance', balance_after,
                                 'available', available_after, 'replayed', false) into v_answer;
    if found then
      return v_answer;
    end if;
    -- The key was used before. The account is still ours: put it back as it was.
    update public.user_credits
    set balance = balance + v_amount, open_lot_free = open_lot_free + v_amount,
        lifetime_spent = lifetime_spent - v_amount
    where user_id = p_user_id;
  end if;
  return private.spend_with_care(v_id, p_user_id, p_feature, p_quantity, p_idempotency_key, p_metadata, p_request_id);
end
$$;

-- {balance, held, available, lifetime_granted, lifetime_spent, expiring, low_balance,
-- low_balance_threshold, updated_at}.
-- What has expired is not counted, whether or not a job has written it off yet; what a hold
-- reserves is, for it was reserved in time.
create or replace function public.get_credits()
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    with account as (
      select balance, held, lifetime_granted, lifetime_spent, low_balance_threshold, updated_at
      from public.user_credits where user_id = (select auth.uid())
      union all
      select 0, 0, 0, 0, 50, now()
      where not exists (select from public.user_credits where user_id = (select auth.uid()))
    ), by_expiry as (
      select expires_at, sum(remaining - held) as free
      from public.credit_lots
      where user_id = (select auth.uid()) and not exhausted and expires_at is not null
      group by expires_at
    ), expired as (
      select coalesce(sum(free), 0)::bigint as credits from by_expiry where expires_at <= now()
    )
    select jsonb_build_object(
      'balance', a.balance - expired.credits,
      'held', a.held,
      'available', a.balance - expired.credits - a.held,
      'lifetime_granted', a.lifetime_granted,
      'lifetime_spent', a.lifetime_spent,
      'low_balance', a.balance - expired.credits - a.held < a.low_balance_threshold,
      'low_balance_threshold', a.low_balance_threshold,
      'updated_at', a.updated_at,
      'expiring', (
        select coalesce(jsonb_agg(jsonb_build_object('credits', free, 'expires_at', expires_at)
                                  order by expires_at), '[]')
        from by_expiry where expires_at > now() and free > 0))
    from account a, expired);
end
$$;

create function private.audit_of_open_lots()
returns table (law text, subject text, detail text)
language sql
stable
set search_path = ''
as $$
  select 'an open lot has what its account says, and more', a.user_id::text,
         format('lot %s, free %s, until %s', a.open_lot_id, a.open_lot_free, a.open_lot_expires_at)
  from public.user_credits a left join private.credit_lots lot on lot.id = a.open_lot_id and lot.user_id = a.user_id
  where case
    when a.open_lot_id is null then a.open_lot_free <> 0 or a.open_lot_expires_at is not null
    when lot.id is null or lot.expires_at is distinct from a.open_lot_expires_at then true
    else a.open_lot_free not between 1 and lot.remaining - lot.held end
$$;

-- Every broken law of the books, one row each; empty always. Anything else is a bug or a manipulation.
create or replace function private.audit()
returns table (law text, subject text, detail text)
language sql
stable
set search_path = ''
as $$
  select * from private.audit_of_amounts()
  union all
  select * from private.audit_of_owners()
  union all
  select * from private.audit_of_open_lots()
$$;

revoke all on function private.refuse_open_lot(), private.close_lot(), private.open_lot(uuid, bigint),
  private.audit_of_open_lots() from public, anon, authenticated, service_role;

-- The ledger: balances, lots, and the rows that explain them.
--
-- Does:  creates user_credits, credit_lots, credit_transactions and the view
--        credit_transaction_lots. Users read their own rows. credit_transactions is append-only
--        for everyone: the grants refuse service_role, and a trigger refuses the owner.
-- Locks: none, the tables are new.
-- Undo:  drop view public.credit_transaction_lots;
--        drop table public.credit_transactions, public.credit_lots, public.user_credits;
--        drop function private.refuse_change(); drop type public.credit_transaction_type;
--
-- Lock order, everywhere: payment intent (advisory), stripe_events row, payment_orders row,
-- user_credits row, lots and holds. Whoever holds the user_credits row owns that user's lots and
-- ledger, so no two transactions can wait for each other in a circle.

-- Each of these tables has one short check constraint: Postgres reads every constraint anew from its
-- text for every statement, which cost a spend more than its write. What follows from the others
-- (a lot is exhausted when nothing remains, no transaction is of nothing) private.audit() holds.

create type public.credit_transaction_type as enum
  ('purchase', 'subscription', 'bonus', 'spend', 'refund', 'dispute', 'dispute_reversal', 'expiry', 'adjustment');

create table public.user_credits (
  user_id               uuid primary key,
  balance               bigint not null default 0,
  held                  bigint not null default 0,
  debt                  bigint not null default 0,
  lifetime_granted      bigint not null default 0,
  lifetime_spent        bigint not null default 0,
  low_balance_threshold bigint not null default 50,
  updated_at            timestamptz not null default now(),
  check (least(held, debt, low_balance_threshold) >= 0)
) with (fillfactor = 50);  -- every change rewrites this row: leave room to do it in place
comment on column public.user_credits.balance is 'Sum of the ledger = sum of what lots hold, less debt.';
comment on column public.user_credits.held is 'Part of the balance that active holds reserve.';
comment on column public.user_credits.debt is 'Taken back after it was spent; the next credits pay it.';

create table public.credit_lots (
  id         uuid primary key default gen_random_uuid(),
  user_id    uuid not null,
  source     public.credit_transaction_type not null,
  payment_id uuid unique references public.payment_orders,
  granted    bigint not null,
  remaining  bigint not null,
  held       bigint not null default 0,
  debt_paid  bigint not null default 0,
  expires_at timestamptz,
  exhausted  boolean not null default false,
  created_at timestamptz not null default now(),
  check (held >= 0 and remaining between held and granted)
) with (fillfactor = 50);
-- `exhausted` changes once in a lot's life where `remaining` changes with every spend: an index on
-- it stays small, and a spend updates the lot in place without touching any index.
create index credit_lots_open on public.credit_lots (user_id, expires_at, id) where not exhausted;
-- For the job alone: the last condition keeps the planner from reading everybody's lots for one user.
create index credit_lots_expiring on public.credit_lots (expires_at) where not exhausted and expires_at is not null;
comment on table public.credit_lots is 'One grant each; spent earliest-expiring first (null: never expires, last).';
comment on column public.credit_lots.debt_paid is 'Part of the grant that paid debt, and so was never spendable.';

create table public.credit_transactions (
  id              uuid primary key default gen_random_uuid(),
  seq             bigint not null generated always as identity,
  user_id         uuid not null,
  type            public.credit_transaction_type not null,
  amount          bigint not null,
  balance_after   bigint not null,
  available_after bigint not null,
  lot_ids         uuid[] not null default '{}',
  lot_amounts     bigint[] not null default '{}',
  payment_id      uuid references public.payment_orders,
  hold_id         uuid,
  feature         text,
  quantity        bigint,
  price_version   integer,
  request_id      text,
  idempotency_key text,
  description     text,
  metadata        jsonb not null default '{}',
  expires_at      timestamptz,
  created_at      timestamptz not null default clock_timestamp(),
  check (cardinality(lot_ids) = cardinality(lot_amounts))
);
-- created_at and seq are taken under the user's lock, so within one user they are the order in
-- which things happened. One index serves the statement, its pages and the usage of a period.
create index credit_transactions_of_user on public.credit_transactions (user_id, created_at desc, seq desc);
create index credit_transactions_of_payment on public.credit_transactions (payment_id) where payment_id is not null;
comment on column public.credit_transactions.id is
  'Of a transaction with an idempotency key, made from that key: the primary key is its guard.';
comment on column public.credit_transactions.lot_amounts is
  'What each lot in lot_ids gave or got, signed; where they sum to less than amount, the rest is debt.';

create function private.refuse_change()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'The ledger is append-only: write a new row that corrects the old one.'
    using errcode = 'restrict_violation';
end
$$;
create trigger credit_transactions_append_only
  before update or delete or truncate on public.credit_transactions
  for each statement execute function private.refuse_change();

alter table public.user_credits        enable row level security;
alter table public.credit_lots         enable row level security;
alter table public.credit_transactions enable row level security;
revoke all on public.user_credits, public.credit_lots, public.credit_transactions
  from public, anon, authenticated, service_role;
grant select on public.user_credits, public.credit_lots, public.credit_transactions
  to authenticated, service_role;
create policy "Users read only their own balance" on public.user_credits
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Users read only their own lots" on public.credit_lots
  for select to authenticated using (user_id = (select auth.uid()));
create policy "Users read only their own transactions" on public.credit_transactions
  for select to authenticated using (user_id = (select auth.uid()));

-- Which lots a transaction took from or gave to. Kept as two arrays in the ledger row, because a
-- second table would cost a write per spend, and read as the table it is.
create view public.credit_transaction_lots with (security_invoker = true) as
select t.id as transaction_id, part.lot_id, t.user_id, part.amount
from public.credit_transactions t
cross join lateral unnest(t.lot_ids, t.lot_amounts) as part (lot_id, amount);
revoke all on public.credit_transaction_lots from public, anon, authenticated, service_role;
grant select on public.credit_transaction_lots to authenticated, service_role;

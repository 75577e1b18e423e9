-- The smallest function that can call itself a credit ledger: one guarded update of a balance, one
-- row that says so. No lots, no expiry, no idempotency, no prices. Everything else is compared
-- with it.

create schema bench;

create table bench.balances (
  user_id uuid primary key,
  balance bigint not null
);
create table bench.ledger (
  id         bigint primary key generated always as identity,
  user_id    uuid not null,
  amount     bigint not null,
  created_at timestamptz not null default now()
);

create function bench.spend(p_user_id uuid, p_amount bigint)
returns bigint
language plpgsql
as $$
declare
  v_balance bigint;
begin
  update bench.balances set balance = balance - p_amount
  where user_id = p_user_id and balance >= p_amount
  returning balance into v_balance;
  if not found then
    raise exception 'insufficient credits';
  end if;
  insert into bench.ledger (user_id, amount) values (p_user_id, -p_amount);
  return v_balance;
end
$$;

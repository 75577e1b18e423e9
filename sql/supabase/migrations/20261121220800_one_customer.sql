-- One customer: of two first purchases at once one was refused, when Stripe gave both the same customer.
--
-- Does:  replaces record_customer() of the file on customers and cards, which looked for the other's row by
--        its user alone and so ran into it by its customer.
-- Locks: none.
-- Undo:  create record_customer() anew as it stands in that file.

-- Writes a new customer down and answers the one that stands: a user has one, unless Stripe has
-- forgotten it, and of two first purchases at once the first to be written down is it.
create or replace function public.record_customer(p_user_id uuid, p_livemode boolean, p_customer_id text)
returns text
language sql
security definer
set search_path = ''
as $$
  insert into public.stripe_customers (user_id, livemode, stripe_customer_id)
  values (p_user_id, p_livemode, p_customer_id)
  on conflict do nothing;
  update public.stripe_customers set stripe_customer_id = p_customer_id, deleted_at = null
  where user_id = p_user_id and livemode = p_livemode
    and deleted_at is not null and stripe_customer_id <> p_customer_id;
  select stripe_customer_id from public.stripe_customers
  where user_id = p_user_id and livemode = p_livemode
$$;

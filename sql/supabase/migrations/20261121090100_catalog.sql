-- The catalog: what is on sale, in which currency, under which name.
--
-- Does:  creates credit_packages and credit_package_prices, readable by everyone while active,
--        the function list_packages(), and the first packages.
-- Locks: none, the tables are new.
-- Undo:  drop function public.list_packages(); drop table public.credit_package_prices, public.credit_packages;

create table public.credit_packages (
  id                 text primary key check (id ~ '^[a-z0-9_-]{1,64}$'),
  kind               text not null default 'one_time' check (kind in ('one_time', 'subscription')),
  interval           text check (interval in ('month', 'year')),
  credits            bigint not null check (credits between 1 and 1000000000),
  expires_after_days integer default 183 check (expires_after_days > 0),
  name               jsonb not null check (name ->> 'en' <> ''),
  description        jsonb not null default '{}',
  position           integer not null default 0,
  active             boolean not null default true,
  created_at         timestamptz not null default now(),
  check ((kind = 'subscription') = (interval is not null))
);
comment on table public.credit_packages is
  'What is on sale. name and description hold one text per locale, en at least; expires_after_days null = never.';

create table public.credit_package_prices (
  package_id text not null references public.credit_packages on delete cascade,
  currency   text not null check (currency ~ '^[a-z]{3}$'),
  amount     bigint not null check (amount between 1 and 99999999),
  active     boolean not null default true,
  primary key (package_id, currency)
);
comment on column public.credit_package_prices.amount is
  'Minor units of the currency: 499 is 4.99 USD, and 499 JPY.';

alter table public.credit_packages enable row level security;
alter table public.credit_package_prices enable row level security;
revoke all on public.credit_packages, public.credit_package_prices
  from public, anon, authenticated, service_role;
grant select on public.credit_packages, public.credit_package_prices
  to anon, authenticated, service_role;

create policy "Everyone reads active packages" on public.credit_packages
  for select to anon, authenticated using (active);
create policy "Everyone reads active prices" on public.credit_package_prices
  for select to anon, authenticated using (active);

-- Every active package once per active price, with all its names, in the order of the shop:
-- [{id, kind, interval, credits, expires_after_days, name, description, currency, amount,
--   price_per_credit, best_value}]. price_per_credit is in minor units; best_value marks the
-- lowest of its currency, kind and interval, and nothing where there is no choice.
create function public.list_packages()
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(listed) - 'position' order by listed.currency, listed.position, listed.id), '[]')
  from (
    select p.id, p.kind, p.interval, p.credits, p.expires_after_days, p.name, p.description, p.position,
           price.currency, price.amount,
           round(price.amount::numeric / p.credits, 6)::double precision as price_per_credit,
           count(*) over shelf > 1 and rank() over (shelf order by price.amount::numeric / p.credits) = 1
             as best_value
    from public.credit_packages p
    join public.credit_package_prices price on price.package_id = p.id
    where p.active and price.active
    window shelf as (partition by price.currency, p.kind, p.interval)
  ) listed
$$;
revoke all on function public.list_packages() from public, anon, authenticated, service_role;
grant execute on function public.list_packages() to anon, authenticated, service_role;

insert into public.credit_packages (id, credits, position, name, description) values
  ('starter', 500, 10,
   '{"en": "Starter", "zh": "入门包"}', '{"en": "Enough to try everything once.", "zh": "足够把所有功能试一遍。"}'),
  ('creator', 1500, 20,
   '{"en": "Creator", "zh": "创作包"}', '{"en": "For a project that has found its rhythm.", "zh": "适合稳定创作的个人。"}'),
  ('professional', 3500, 30,
   '{"en": "Professional", "zh": "专业包"}', '{"en": "For people who work with it every day.", "zh": "适合每天使用的专业人士。"}'),
  ('trial', 500, 10,
   '{"en": "Trial", "zh": "体验包"}', '{"en": "Enough to try everything once.", "zh": "足够把所有功能试一遍。"}'),
  ('standard', 1100, 20,
   '{"en": "Standard", "zh": "标准包"}', '{"en": "For a project that has found its rhythm.", "zh": "适合稳定创作的个人。"}'),
  ('value', 6000, 30,
   '{"en": "Value", "zh": "超值包"}', '{"en": "For people who work with it every day.", "zh": "适合每天使用的专业人士。"}'),
  ('premium', 13000, 40,
   '{"en": "Premium", "zh": "豪华包"}', '{"en": "For a whole team.", "zh": "适合整个团队。"}');

insert into public.credit_package_prices (package_id, currency, amount) values
  ('starter', 'usd', 499),       ('starter', 'eur', 499),       ('starter', 'jpy', 780),
  ('creator', 'usd', 1499),      ('creator', 'eur', 1399),      ('creator', 'jpy', 2280),
  ('professional', 'usd', 2999), ('professional', 'eur', 2799), ('professional', 'jpy', 4580),
  ('trial', 'cny', 5000), ('standard', 'cny', 10000), ('value', 'cny', 50000), ('premium', 'cny', 100000);

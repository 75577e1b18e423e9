-- Credits live a hundred years at most: a package that says 999999999 days for "never" (which is null) could
-- be sold, and its credits never granted, as no date is that late.
--
-- Does:  adds a check to credit_packages. It fails where such a package exists: give it null first.
-- Locks: ACCESS EXCLUSIVE on credit_packages, while its few rows are checked.
-- Undo:  alter table public.credit_packages drop constraint credit_packages_lifetime_check.

alter table public.credit_packages
  add constraint credit_packages_lifetime_check check (expires_after_days <= 36500);

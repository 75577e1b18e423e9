#!/usr/bin/env bash
# Apply sql/supabase/migrations with the Supabase CLI, then show what is applied where.
# usage: scripts/migrate.sh postgresql://postgres:…@db.…:5432/postgres [--dry-run]
set -euo pipefail
url=${1:-}
if [ -z "$url" ]; then
  echo "Say where: make migrate URL=postgresql://postgres:<password>@<host>:5432/postgres [DRY_RUN=1]" >&2
  exit 1
fi
if [[ ! $url =~ ^postgres(ql)?:// ]]; then
  echo "URL is no address of a database: it begins with postgresql://" >&2
  exit 1
fi
cli=(node_modules/.bin/supabase --workdir sql --yes)
"${cli[@]}" db push "--remote=$url" "${@:2}"
"${cli[@]}" migration list "--remote=$url"

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
said=$(mktemp)
trap 'rm -f "$said"' EXIT
if ! "${cli[@]}" db push "--remote=$url" "${@:2}" 2>&1 | tee "$said"; then
  if grep -q "Remote migration versions not found" "$said"; then
    cat >&2 <<'EOF'

This database has migrations of your own app. Do not run the repair that is suggested above: it would
make the database forget them. Copy sql/supabase/migrations/*.sql into your app's supabase/migrations and
push from there, or apply them by hand: docs/database.md says how.
EOF
  fi
  exit 1
fi
"${cli[@]}" migration list "--remote=$url"

#!/usr/bin/env bash
# Write down the hash of every migration: from now on, what is on the list never changes. Run it when
# a release is made; refuses if a file that was released before is not what it was.
set -euo pipefail
cd "$(dirname "$0")/../sql"
if [ -s released.sha256 ]; then sha256sum --check --quiet --strict released.sha256; fi
sha256sum supabase/migrations/*.sql > released.sha256.new
mv released.sha256.new released.sha256
echo "$(wc -l < released.sha256) migrations are released."

#!/usr/bin/env bash
# Everything that shows that Topup works, from lint to a purchase in a real browser. Goes on after
# a failure, so that one run tells all; exits non-zero if anything failed.
set -uo pipefail
failed=()

step() { # step <name> <command…>
  local name=$1 started=$SECONDS
  shift
  echo "── $name"
  "$@" || failed+=("$name")
  echo "   $((SECONDS - started)) s"
}

step "lint" ruff check .
step "format" ruff format --check .
step "types, Python" mypy
step "types, JavaScript" node_modules/.bin/tsc
step "unit tests, JavaScript" node --test tests/frontend/*.test.js
# -rs: what could not run says why, the Vercel build where there is no Python 3.12 for instance.
step "tests, Python and browser" pytest -n "${TEST_WORKERS:-2}" --dist loadfile -rs tests

if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}" >&2
  exit 1
fi
echo "All of it passed in $SECONDS s."

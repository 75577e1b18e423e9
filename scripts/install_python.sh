#!/usr/bin/env bash
# Make .venv with everything pinned in requirements-dev.txt.
# usage: scripts/install_python.sh [python3]
set -euo pipefail
python=${1:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Topup needs Python 3.11 or newer; $("$python" --version) was found. Try: make PYTHON=python3.12 …" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing python3-venv …"
    apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
  else
    echo "Python's venv module is missing. Install it first: sudo apt-get install python3-venv" >&2
    exit 1
  fi
fi

echo "Installing the Python packages …"
[ -x .venv/bin/python ] || "$python" -m venv .venv
# pip installs uv, checked by its hash like everything else, and uv the rest: six times as fast.
sed -n '/^uv==/,/# via/p' requirements-dev.txt >.venv/uv.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements-dev.txt

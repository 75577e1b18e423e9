#!/usr/bin/env bash
# Build for Vercel as Vercel would, without an account: a copy of what would be uploaded, made-up
# project settings, the real CLI. The result is <folder>/project/.vercel/output.
# usage: scripts/vercel_build.sh [folder]      (default: .vercel/offline; it is emptied first)
#
# Needs a Python that Vercel runs; where there is none, says so in one line and exits 0.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${1:-.vercel/offline}")
project=$folder/project
cli=tools/vercel/node_modules

main() {
  rm -rf "$folder"
  mkdir -p "$project/.vercel"
  if ! python=$(find_python); then
    echo "Vercel build: NOT RUN, because no Python 3.12, 3.13 or 3.14 with venv was found (Vercel runs nothing older)."
    exit 0
  fi
  install_cli
  copy_what_vercel_gets
  # The framework is what Vercel guesses on import of a repository with a requirements.txt;
  # vercel.json has to win over it.
  echo '{"projectId": "prj_offline", "orgId": "team_offline", "settings": {"framework": "flask"}}' \
    >"$project/.vercel/project.json"
  local started=$SECONDS
  if ! build "$python" >"$folder/build.log" 2>&1; then
    cat "$folder/build.log" >&2
    echo "Vercel build: FAILED" >&2
    exit 1
  fi
  echo "Vercel build: done in $((SECONDS - started)) s with $("$python" --version), see ${project#"$PWD/"}/.vercel/output"
}

# In the order in which the CLI prefers them. A name on the path may be a shim that runs nothing,
# and Debian's Python may come without venv, so each is tried.
find_python() {
  local version candidate
  for version in 3.12 3.14 3.13; do
    while IFS= read -r candidate; do
      if [ -n "$candidate" ] && "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$candidate"
        return 0
      fi
    done < <(
      type -aP "python$version"
      ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/"python$version" 2>/dev/null
      .venv/bin/uv python find --managed-python --no-python-downloads "$version" 2>/dev/null
    )
  done
  return 1
}

install_cli() {
  if [ "$cli/.installed" -nt tools/vercel/package-lock.json ]; then return; fi
  echo "Installing the Vercel CLI …"
  npm ci --prefix tools/vercel --no-audit --no-fund --loglevel=error
  touch "$cli/.installed"
}

# Measured against an empty index, every file is new to git, and so both ignore files count.
copy_what_vercel_gets() {
  GIT_INDEX_FILE=$folder/no-index git ls-files -z --others --exclude-standard \
    --exclude-from=.vercelignore | xargs -0 cp --parents --target-directory="$project"
}

# uv and the Python come first on the path: shims answer for other versions than they are named for.
build() {
  local path=$PWD/.venv/bin:$(dirname "$1"):$PATH
  PATH=$path VERCEL_TELEMETRY_DISABLED=1 NO_UPDATE_NOTIFIER=1 NO_COLOR=1 timeout 300 \
    "$cli/.bin/vercel" build --yes --token offline --cwd "$project" --global-config "$folder/cli"
}

main

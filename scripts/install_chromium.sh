#!/usr/bin/env bash
# Make sure that there is a Chromium for the browser tests: one that is installed already, Debian's
# package as root, Playwright's own otherwise. tests/browser.py looks for it in the same order.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Debian's chromium …"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
else
  echo "Installing Playwright's chromium …"
  .venv/bin/playwright install --only-shell chromium
fi

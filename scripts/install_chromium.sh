#!/usr/bin/env bash
# Make sure that there is a Chromium for the browser tests. The headless shell has no windows to draw
# around a page, and opens one in half the time: Debian's as root, else a whole browser that is
# installed already, else Playwright's shell. tests/browser.py looks for them in the same order.
set -euo pipefail

has() { command -v "$1" >/dev/null; }

if has chromium-headless-shell; then exit 0; fi
if [ "$(id -u)" = 0 ] && has apt-get; then
  echo "Installing Debian's chromium-headless-shell …"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium-headless-shell >/dev/null && exit 0
fi
if has chromium || has chromium-browser || has google-chrome; then exit 0; fi
echo "Installing Playwright's chromium …"
.venv/bin/playwright install --only-shell chromium

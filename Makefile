# Everything is installed into the checkout: .venv and node_modules. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run reset serve test check bench soak lock vercel migrate release-migrations clean

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## start the sandbox and the backend; Ctrl-C stops all of it (PORT=8000)
	@exec $(BIN)/python -m sandbox up

reset: .venv/installed ## empty the sandbox's data
	@$(BIN)/python -m sandbox reset

serve: install ## run the backend alone against the real keys in .env
	@test -f .env || { echo "There is no .env: copy env.example to .env and fill it in."; exit 1; }
	@exec $(BIN)/dotenv run --no-override -- $(BIN)/gunicorn -c gunicorn.conf.py backend.app:app

test: install .venv/chromium ## everything from nothing, browser and Vercel build included
	@scripts/test.sh

check: install ## the fast half: lint, types, unit tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	node_modules/.bin/tsc
	node --test tests/frontend/*.test.js
	$(BIN)/pytest tests/unit

vercel: install ## build for Vercel, without an account
	@scripts/vercel_build.sh

migrate: install ## apply the migrations to URL=postgresql://… (DRY_RUN=1 only shows them)
	@scripts/migrate.sh '$(value URL)' $(if $(DRY_RUN),--dry-run)

bench: install ## print speed as ratios, measured in one run (QUICK=1 for a minute)
	@$(BIN)/python -m bench $(if $(QUICK),--quick)

soak: install ## play OPS random operations against the ledger (OPS=100000 SEED=…)
	@$(BIN)/python -m tests.model.soak --ops $(or $(OPS),100000) $(if $(SEED),--seed $(SEED))

release-migrations: ## write down the migrations as they are: from then on they may not change
	@scripts/release_migrations.sh

lock: .venv/installed ## pin requirements*.in again
	cd $(CURDIR) && for name in requirements requirements-dev; do \
	  $(BIN)/uv pip compile -q --generate-hashes --universal --python-version 3.11 $$name.in -o $$name.txt; done

clean: ## remove what was installed and built, and the sandbox's data
	rm -rf .venv node_modules tools/*/node_modules frontend/vendor/auth-js.js .data .vercel

# What must be there before anything runs; each made once, and again when its lock file changes.
.PHONY: install
install:
	@$(MAKE) --silent -j2 .venv/installed frontend/vendor/auth-js.js

.venv/installed: requirements-dev.txt
	@scripts/install_python.sh $(PYTHON)
	@touch $@

node_modules/.installed: package-lock.json
	@echo "Installing the npm packages …"
	@npm install --silent --no-audit --no-fund
	@touch $@

frontend/vendor/auth-js.js: node_modules/.installed
	@npm run --silent build

.venv/chromium: .venv/installed
	@scripts/install_chromium.sh
	@touch $@

# Everything Candor needs beyond `make` is Python 3.11 or newer with its venv module. `make help` lists the targets.

SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8000
ARGS ?=

BIN := .venv/bin
RUNTIME := .venv/.installed-runtime
DEVELOPMENT := .venv/.installed-development

# uv installs the same locked files in a tenth of the time; pip is enough.
INSTALL = if command -v uv >/dev/null 2>&1; \
	then uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1); \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); fi

.DEFAULT_GOAL := help
.PHONY: help setup demo run test clients bench messages check format lock sbom clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1	\2/p' Makefile | while IFS='	' read -r name what; do printf '  make %-8s %s\n' "$$name" "$$what"; done

setup: $(DEVELOPMENT) ## create .venv and install the locked requirements, tests and linters included
	@:

demo: $(RUNTIME) ## serve the reference incident on 127.0.0.1:8000 (PORT= changes it); Ctrl-C stops it, the data stays
	@DATA_DIR=$${DATA_DIR:-var/demo} exec $(BIN)/python manage.py up --demo --port $(PORT)

run: $(RUNTIME) ## serve a real, empty instance kept under var/
	@exec $(BIN)/python manage.py up --port $(PORT)

# What holds a deadline that a person feels runs by itself. 5: ARGS chose no test of this half.
test: setup ## run the whole suite (ARGS= goes to pytest: make test ARGS="tests/domain -x")
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not alone" $(ARGS) || { status=$$?; [ $$status -eq 5 ] || exit $$status; }
	@$(BIN)/pytest -m alone $(ARGS) || { status=$$?; [ $$status -eq 5 ] || exit $$status; }

clients: var/clients/.installed ## install the programs of others that the suite runs against an instance (needs npm)

var/clients/.installed: tests/clients/requirements.txt tests/clients/package.json
	@mkdir -p var/clients/node
	@$(PYTHON) -m venv --clear var/clients/python
	@var/clients/python/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/clients/requirements.txt
	@cp tests/clients/package.json var/clients/node/
	@npm install --silent --prefix var/clients/node --no-package-lock --ignore-scripts --no-audit --no-fund
	@touch $@

bench: setup ## measure what has a bound, each figure beside a reference of the same run; fails if a bound is broken
	@status=0; for each in bench_serving bench_uptime; do echo "$$each"; \
		DATA_DIR=var/bench $(BIN)/python -m tests.bench.$$each || status=1; done; exit $$status

messages: $(RUNTIME) ## write or renew locale/$(LOCALE)/LC_MESSAGES/django.po, and compile it: make messages LOCALE=pl
	@test -n "$(LOCALE)" || { echo "Which language? For example: make messages LOCALE=pl" >&2; exit 1; }
	@mkdir -p locale
	@$(BIN)/python manage.py makemessages --locale $(LOCALE) --ignore "tests/*" --ignore "var/*" --ignore "docs/*" --no-wrap
	@$(BIN)/python manage.py compilemessages --locale $(LOCALE) --ignore "var/*" --ignore ".venv/*"

CHECKS := check-format check-lint check-types check-imports check-templates check-django
.PHONY: $(CHECKS)
check: $(CHECKS) ## format, lint, types, import contracts, templates, Django's checks, missing migrations

# The checks load the settings; what those write must not become part of somebody's instance.
$(CHECKS): export DATA_DIR = var/check
$(CHECKS): $(DEVELOPMENT)
check-format:
	$(BIN)/ruff format --check .
check-lint:
	$(BIN)/ruff check .
check-types:
	$(BIN)/mypy
check-imports:
	$(BIN)/lint-imports
check-templates:
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/djlint --quiet --check templates
check-django:
	$(BIN)/python manage.py check --fail-level WARNING
	SITE_URL=https://status.example.org TRUSTED_PROXIES=127.0.0.1 $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run

format: setup ## rewrite code and templates the way `make check` wants them
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	-$(BIN)/djlint --quiet --reformat templates

# uv resolves for every platform and Python from 3.11 on; without it on PATH, one is installed under var/. Extras stay in
# the lines: without them pip takes `coverage[toml]` for a requirement that is not pinned, once a newer release is out.
LOCK = $$(command -v uv || echo var/uv/bin/uv) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-emit-index-url --no-header $(ARGS)
lock: ## renew requirements*.txt from requirements*.in (ARGS=--upgrade for the newest versions)
	@command -v uv >/dev/null 2>&1 || test -x var/uv/bin/uv || { $(PYTHON) -m venv var/uv && var/uv/bin/pip install --quiet uv; }
	@$(LOCK) requirements.in --output-file requirements.txt
	@$(LOCK) requirements-dev.in --constraints requirements.txt --output-file requirements-dev.txt
	@$(LOCK) tests/clients/requirements.in --output-file tests/clients/requirements.txt

sbom: $(RUNTIME) ## write what Candor is made of to var/sbom.json (CycloneDX: versions, hashes, licences)
	@mkdir -p var
	@$(BIN)/python -m statuspage.sbom requirements.txt > var/sbom.json.new && mv var/sbom.json.new var/sbom.json
	@echo "var/sbom.json"

clean: ## remove .venv and caches; instances under var/ stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov var/check var/uv
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Candor needs Python 3.11 or newer, and '$(PYTHON)' is not on PATH. Install it, or run: make PYTHON=/path/to/python3 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Candor needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Run: make PYTHON=/path/to/newer/python3 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python cannot create virtual environments: its ensurepip module is missing. On Debian and Ubuntu, install the package python3-venv and run make again." >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; exit 1; }

$(RUNTIME): requirements.txt | $(BIN)/python
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv  # an interrupted first attempt
	@echo "Installing the locked requirements into .venv"
	@$(call INSTALL,requirements.txt)
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	@echo "Installing the test and lint tools into .venv"
	@$(call INSTALL,requirements-dev.txt)
	@touch $@

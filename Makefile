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
.PHONY: help setup

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1	\2/p' Makefile | while IFS='	' read -r name what; do printf '  make %-8s %s\n' "$$name" "$$what"; done

setup: $(DEVELOPMENT) ## create .venv and install the locked requirements, tests and linters included

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Candor needs Python 3.11 or newer, and '$(PYTHON)' is not on PATH. Install it, or run: make PYTHON=/path/to/python3 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Candor needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Run: make PYTHON=/path/to/newer/python3 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python cannot create virtual environments: its ensurepip module is missing. On Debian and Ubuntu, install the package python3-venv and run make again." >&2; exit 1; }
	@$(PYTHON) -m venv .venv

$(RUNTIME): requirements.txt | $(BIN)/python
	@echo "Installing the locked requirements into .venv"
	@$(call INSTALL,requirements.txt)
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	@echo "Installing the test and lint tools into .venv"
	@$(call INSTALL,requirements-dev.txt)
	@touch $@

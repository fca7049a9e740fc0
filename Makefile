# Wedgetail: `make demo` runs it, `make test` tests it. Needs Python 3.11 and make, nothing else.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
PORT ?= 8080
FLEET ?= 25

# Set by the environment, these would make "the same versions everywhere" untrue.
unexport PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench chaos lock clean

help:  ## this text
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Only what the lock names, each file held to its sum.
$(LOCKED): requirements.lock
	@test -x $(BIN)/python || { echo "making the environment $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing what requirements.lock names (first time: a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

# The pages are built by the install itself: again when one of their sources changed.
WEB := $(shell find dashboards/web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/made/*' 2>/dev/null)
$(INSTALLED): $(LOCKED) pyproject.toml hatch_build.py $(WEB)
	@echo "installing Wedgetail and building its pages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(INSTALLED)  ## the environment, without starting anything
	@$(BIN)/python -m wedgetail.local.jars

demo: setup  ## everything with a simulated fleet, at http://127.0.0.1:$(PORT) (PORT=, FLEET=, RESET=1 begins anew)
	@PORT=$(PORT) exec $(BIN)/wedgetail up --fleet $(FLEET) $(if $(RESET),--reset)

test: setup  ## all tests: of the pages, then unit, integration, acceptance and a short chaos
	@$(BIN)/python hatch_build.py run test
	@$(BIN)/python -m pytest tests/unit tests/integration tests/acceptance tests/chaos

check: $(INSTALLED)  ## what a change must pass before anything else: style, types, layers, unit tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python hatch_build.py run check
	@$(BIN)/python -m pytest -q tests/unit

bench: setup  ## measures, and writes docs/benchmarks.md and docs/benchmarks.json
	@$(BIN)/python -m tests.benchmarks

chaos: setup  ## kills, freezes, fills and cuts everything (half an hour), and writes the table of docs/reliability.md
	@$(BIN)/python -m tests.chaos --full --into docs/reliability.md

lock:  ## renews requirements.lock and Kafka's lock (no addresses in either)
	@test -x build/lock/bin/pip-compile || { $(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet pip-tools; }
	@build/lock/bin/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --all-build-deps --extra dev \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --output-file requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory $(INSTALLED)
	@$(BIN)/python -m wedgetail.local.lock_jars

clean:  ## removes the environment (the demo's data stays)
	@rm -rf $(VENV) build

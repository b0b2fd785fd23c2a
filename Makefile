# Every chore, the same here and in CI.  `make` alone lists them.
#
# Python 3.11 or 3.12 is found by itself; PYTHON=/path/to/python chooses one.  Everything else
# comes from the package index into .venv, once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# A distribution's Python is built with profile-guided optimisation; what a version manager compiles
# by default is not, and runs the engine a third slower.  So the former is asked first.
PYTHON ?= $(shell for p in /usr/bin/python3.12 /usr/bin/python3.11 python3.12 python3.11 python3 python; do \
  if $$p -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
  2>/dev/null; then echo $$p; break; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
ARGS ?=
TESTS ?= tests

.PHONY: help setup devnet demo test test-compiled quick check format lint types proto proto-check compile bench \
  mutants adversaries soak scenarios docs clean

help: ## list the chores
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(READY) ## create .venv with everything in it (done by every other chore)

$(READY): pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
	  echo "no Python 3.11 or 3.12 was found; install one, or say make PYTHON=/path/to/python3.12" >&2; \
	  exit 1; fi
	@echo "setting up $(VENV) with $$($(PYTHON) --version) (once, a minute or so)"
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "could not create $(VENV): on Debian and Ubuntu install python3-venv first" >&2; exit 1; }
	@$(BIN)/pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

# On a terminal the command gets a process group of its own: ctrl-C reaches it and not make, so
# that a clean stop is exit 0 and not "Interrupt".
define foreground
if [ -t 0 ]; then set -m; $(BIN)/sextant $(1); else exec $(BIN)/sextant $(1); fi
endef

devnet: setup ## bring up a whole network and watch it; ctrl-C stops it, again continues it
	@$(call foreground,devnet up $(ARGS))

demo: setup ## the finite story on the same processes: trade, liquidation, fraud, withdrawal
	@$(call foreground,devnet demo $(ARGS))

test: setup compile-optional ## all tests
	@$(BIN)/pytest -q -n 2 --dist loadgroup $(TESTS) $(ARGS)

test-compiled: compile ## the tests of the rules and the prover over the compiled rules
	@$(BIN)/pytest -q -n 2 -o pythonpath="build/compiled ." tests/unit tests/property \
	  --deselect tests/unit/test_tidy.py $(ARGS)

quick: setup ## the tests that take seconds
	@$(BIN)/pytest -q -n 2 --dist loadgroup -m 'not slow and not e2e and not soak' $(TESTS) $(ARGS)

check: format lint types proto-check ## format, lint, types, generated code

format: setup
	@$(BIN)/ruff format --check -q . || { echo "run: $(BIN)/ruff format ." >&2; exit 1; }

lint: setup
	@$(BIN)/ruff check -q .

types: setup
	@$(BIN)/mypy --no-error-summary

proto: setup ## generate the code in proto/ from its definitions
	@$(BIN)/python -m proto.generate

proto-check: setup
	@$(BIN)/python -m proto.generate --check

compile: setup ## compile the state machine with mypyc into build/compiled (needs a C compiler)
	@$(BIN)/python -m node.compiled

.PHONY: compile-optional
compile-optional: setup
	@$(BIN)/python -m node.compiled --optional

bench: setup compile-optional ## all benchmarks: a table, and bench/latest.json
	@$(BIN)/python -m bench $(ARGS)

mutants: setup ## break the rules and the L1 contract on purpose: every breakage has to be noticed
	@$(BIN)/python -m tests.mutation $(ARGS)

adversaries: setup ## play everybody who means ill, and print what becomes of each
	@$(BIN)/python -m tests.adversaries $(ARGS)

soak: setup ## the long runs: 200 kills, 2,000 flipped bits, 270,000 steps against the model
	@$(BIN)/pytest -q -m soak $(TESTS) $(ARGS)

scenarios: setup ## every crash, with 2,000 accounts: figures and charts in build/scenarios
	@$(BIN)/python -m devnet.scenarios $(ARGS)

docs: setup ## write the reference page from the code
	@$(BIN)/python -m node.reference

clean: ## remove what was built here, .venv included (a devnet's data stays)
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

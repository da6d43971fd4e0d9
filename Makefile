# Needs python3 >= 3.11, git and make; uv is fetched into .uv if it is not there.
export UV_COMPILE_BYTECODE = 1
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PY := .venv/bin/python
READY := .venv/.ready

NPM ?= npm
AGENTS ?=
NODE_AGENTS := tests/agents/node_modules/.package-lock.json
NODE_CLIENTS := tests/clients/node_modules/.package-lock.json
SHORT := together or complete or (claude or gemini) and (works or 401 or cancel or permission)
PYTHON_AGENTS := $(patsubst %/requirements.txt,%/.venv/.ready,$(wildcard tests/agents/*/requirements.txt))

.PHONY: setup demo test check format bench bench-landing fuzz crash clean help test-agents test-agents-short test-clients fuzz-api crowd test-qa escape

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(READY)  ## install everything into .venv

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.8

$(READY): pyproject.toml uv.lock | $(if $(filter .uv/bin/uv,$(UV)),.uv/bin/uv)
	$(UV) sync --quiet --locked
	@touch $(READY)

demo: $(READY)  ## run the demo: a real small project, no model, no network
	$(PY) -m plait demo

test: $(READY)  ## all tests but the long suites
	$(PY) -m pytest -q -n auto --dist worksteal -m "not crash and not agents and not clients and not qa and not long"

check: $(READY)  ## what CI runs: format, lint, types, import contracts, short crash, escape and landing suites, tests
	.venv/bin/ruff format --check --quiet .
	.venv/bin/ruff check --quiet .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	$(PY) -m tests.crash --short
	$(PY) -m tests.escape --short
	$(PY) -m bench.landing --short
	$(PY) -m pytest -q -n auto --dist worksteal -m "not crash and not agents and not clients and not qa"

format: $(READY)  ## format and mend what can be mended
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: $(READY)  ## print ratios against a baseline of the same run
	$(PY) -m bench

bench-landing: $(READY)  ## land a stack of patches by every policy; fails if a promise is broken
	$(PY) -m bench.landing

fuzz: $(READY)  ## tear plans of every format two thousand times each (make test does sixty)
	PLAIT_FUZZ=2000 $(PY) -m pytest -q tests/integration/test_hostile_plans.py

crash: $(READY)  ## kill Plait, agents, shims; fill the disk, turn the clock back (under 40 minutes)
	$(PY) -m tests.crash

escape: $(READY)  ## try each way out of a scope, under each sandbox that works here
	$(PY) -m tests.escape

$(NODE_AGENTS) $(NODE_CLIENTS): tests/%/node_modules/.package-lock.json: tests/%/package-lock.json
	@if command -v $(NPM) >/dev/null; \
	  then cd tests/$* && $(NPM) ci --no-audit --no-fund --loglevel=error && touch node_modules/$(@F); \
	  else echo 'npm is not here: what it installs is left out'; fi

tests/agents/%/.venv/.ready: tests/agents/%/requirements.txt | $(READY)
	@$(UV) venv --quiet --clear --python '>=3.11,<3.13' $(@D) \
	  && $(UV) pip sync --quiet --python $(@D) $< && touch $@ \
	  || echo '$* is left out: it cannot be installed'

test-agents: $(READY) $(NODE_AGENTS) $(PYTHON_AGENTS)  ## drive agents' real programs (AGENTS="-k claude": one)
	$(PY) -m pytest -q -rs -n 3 --dist worksteal tests/agents $(AGENTS)

test-agents-short: $(READY) $(NODE_AGENTS)  ## two of them, and all that npm installs in one run
	$(PY) -m pytest -q -rs -n 2 --dist worksteal tests/agents -k "$(SHORT)"

test-clients: $(READY) $(NODE_CLIENTS)  ## clients of MCP, the TypeScript SDK too, work through whole plans
	$(PY) -m pytest -q -rs -n 2 --dist worksteal tests/clients tests/acceptance/test_clients.py

fuzz-api: $(READY)  ## try what the coordinator's OpenAPI promises, two thousand times (FUZZ=--short: two hundred)
	UV_PROJECT_ENVIRONMENT=.venv-qa $(UV) sync --quiet --locked --extra qa
	.venv-qa/bin/python -m tests.fuzz $(FUZZ)

crowd: $(READY)  ## sixteen clients do a run of a thousand packages, each landed once (some minutes)
	$(PY) -m tests.acceptance.crowd

test-qa: $(READY)  ## QA with Playwright, schemathesis and the system's Chromium, and its long stories
	UV_PROJECT_ENVIRONMENT=.venv-qa $(UV) sync --quiet --locked --extra qa
	.venv-qa/bin/python -m pytest -q -rs -n 2 --dist worksteal -m qa tests/acceptance tests/integration

clean:  ## remove what the targets made
	rm -rf .venv .venv-qa .uv .escape dist tests/*/node_modules tests/agents/*/.venv

# Every command of the project, one line each; `make` alone lists them.
# Each sets up what it needs on a machine with Python 3.11, make and git, and is quick when nothing is to do.

STUDY ?= $(or $(IKZ_STUDY),demonstration)
export IKZ_STUDY := $(STUDY)
# Commands start Python many times; without its cache every start compiles all libraries anew (2.5 s instead of none).
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV_VERSION := 0.13.9
BIN := .venv/bin
READY := .venv/ready
JOBS ?= 2
.DEFAULT_GOAL := help

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## prepare .venv with the command ikz
evaluate: $(READY) ## evaluate the latest closed quarter of STUDY and make its release
	@$(BIN)/python -m assets.evaluate $(if $(QUARTER),--quarter $(QUARTER))
ui: $(READY) ## open the pipeline in the browser (Dagster on 127.0.0.1:3000)
	@$(BIN)/python -m assets.serve
lab: $(READY) ## open JupyterLab for notebooks of your own
	@$(BIN)/jupyter lab --ServerApp.ip=127.0.0.1
# One BLAS thread a worker: two on two busy cores wait for each other in a loop, 15 s of work take 310 s of CPU.
test test-slow: export OPENBLAS_NUM_THREADS := 1
test test-slow: export OMP_NUM_THREADS := 1
test: $(READY) browser office ## the tests of every day
	@$(BIN)/python -m pytest -m "not slow" -n $(JOBS) --dist loadgroup
test-slow: $(READY) ## simulations with a known truth, and long runs
	@$(BIN)/python -m pytest -m slow -n $(JOBS) --dist loadgroup
check: $(READY) ## format, lint, types, import rules, generated docs
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m docs.build --check
format: $(READY) ## format the code
	@$(BIN)/ruff check --fix --quiet .; $(BIN)/ruff format --quiet .
docs: $(READY) ## write the generated pages (tables, rules)
	@$(BIN)/python -m docs.build
bench: $(READY) bench-peers ## measure speed, as ratios in one run
	@$(BIN)/python -m bench.run
	@$(BIN)/python -m bench.speed
bench-peers: bench/.peers/ready ## install what the speed table compares with, apart from the project
bench-peers-lock: $(READY) ## resolve the peers anew into bench/peers/requirements.lock
	@$(BIN)/uv pip compile bench/peers/requirements.in --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-header --no-annotate --no-emit-index-url --upgrade --quiet --output-file bench/peers/requirements.lock
	@! grep -nE '://|index-url|find-links' bench/peers/requirements.lock
calibrate: $(READY) ## judge the inference on the design of STUDY (DRAWS=, QUARTER= or all, SCHEDULER= of a Dask cluster)
	@$(BIN)/ikz calibrate --workers $(JOBS) $(if $(DRAWS),--draws $(DRAWS)) $(if $(QUARTER),--quarter $(QUARTER)) \
		$(if $(SCHEDULER),--scheduler $(SCHEDULER))
	@$(BIN)/python -m docs.build
lock: $(READY) ## resolve pyproject.toml anew into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-header --no-annotate --no-emit-index-url --upgrade --quiet --output-file requirements.lock
	@! grep -nE '://|index-url|find-links' requirements.lock
browser: ## a headless Chromium for the browser test
	@sh .ci/browser
office: ## LibreOffice Calc for the tests that open our workbooks in it
	@sh .ci/office

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "Python 3.11 is needed, found " + sys.version.split()[0] + "; call: make PYTHON=/path/to/python3.11 ...")'
	@echo "setting up .venv (once, about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) 2>.venv/setup.log || (cat .venv/setup.log >&2; exit 1)
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

bench/.peers/ready: bench/peers/requirements.lock | $(READY)
	@echo "setting up the peers in bench/.peers ..."
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python bench/.peers
	@$(BIN)/uv pip sync --quiet --python bench/.peers/bin/python bench/peers/requirements.lock
	@touch $@

.PHONY: help setup evaluate ui lab test test-slow check format docs bench bench-peers bench-peers-lock calibrate lock browser office

# Everything a newcomer or CI needs. Each target does its own set-up in .venv; nothing asks the network once installed.
# Works with GNU make 3.81 (macOS) and newer. Choose the interpreter with: make clean setup PYTHON=python3.13

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
CORE := $(VENV)/.installed-core
DEV := $(VENV)/.installed-dev
DOCS := $(VENV)/.installed-docs
PINS := pyproject.toml constraints.txt

# Matrices here are small: BLAS threads only get in the way of the other workers.
OPENBLAS_NUM_THREADS ?= 1
OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS OMP_NUM_THREADS

# $(call step,NAME,COMMAND): run one step of the checks and name it when it fails.
step = @printf '\n== %s\n' '$(1)'; $(2) || { printf '\nFAILED: %s\n' '$(1)'; exit 1; }

.PHONY: help setup demo test test-all lint types floors benchmark notebooks docs lock clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(DEV) ## install the simulator with its test tools into .venv

# --resume: after an interruption it goes on where it was, and a second time it only tells and draws again.
demo: $(CORE) ## sweep deposits and refund windows, and report what was found in results/demo
	$(BIN)/deca10b sweep deposit-refund --resume --out results/demo
	@printf '\nOpen results/demo/report.html in a browser: findings, figures, tables, and how to reproduce them.\n'

test: lint types floors ## lint, types, import floors and the quick test suite
	$(call step,tests,$(BIN)/python -m pytest -n auto)
	@printf '\nAll checks passed.\n'

test-all: lint types floors ## the same with the exhaustive tests
	$(call step,all tests,HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n auto -m "")
	@printf '\nAll checks passed.\n'

lint: $(DEV) ## ruff: rules and format
	$(call step,ruff check,$(BIN)/python -m ruff check .)
	$(call step,ruff format (mend with: $(BIN)/ruff format .),$(BIN)/python -m ruff format --check .)

types: $(DEV) ## mypy
	$(call step,mypy,$(BIN)/python -m mypy)

floors: $(DEV) ## who may import whom
	$(call step,import floors,$(BIN)/lint-imports --no-logo)

benchmark: $(CORE) ## time single runs and sweeps
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/sweep.py

notebooks: $(DEV) ## execute the notebooks and write their outputs anew
	$(BIN)/python notebooks/refresh.py

docs: $(DOCS) ## build the documentation as a site in build/docs, warnings are errors
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@printf 'Open build/docs/index.html in a browser.\n'

lock: ## choose the newest versions anew and write constraints.txt
	$(PYTHON) -m venv --clear $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check --quiet install uv
	printf '%s\n' '# The versions this project is tested with, for each supported Python. Written by `make lock`.' > constraints.new
	$(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --all-extras \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml >> constraints.new
	mv constraints.new constraints.txt
	rm -rf $(VENV)-lock

clean: ## remove .venv, caches and built packages (results stay)
	rm -rf $(VENV) $(VENV)-lock build dist constraints.new
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo 'The simulator needs Python 3.11 or newer, which "$(PYTHON)" is not; name one with: make setup PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo '"$(PYTHON)" lacks the venv module; install it (on Debian and Ubuntu: apt install python3-venv) or name another Python with: make setup PYTHON=python3.12' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(CORE): $(PINS) | $(BIN)/python
	@echo 'Installing the simulator into $(VENV) ...'
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $(CORE)

$(DEV): $(PINS) | $(BIN)/python
	@echo 'Installing the simulator and its test tools into $(VENV) ...'
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $(CORE) $(DEV)

$(DOCS): $(PINS) | $(BIN)/python
	@echo 'Installing the simulator and the tools of its documentation into $(VENV) ...'
	@$(PIP) install --constraint constraints.txt --editable '.[docs]'
	@touch $(CORE) $(DOCS)

# Everything a developer types. Needs Python 3.11 or later, git and make; all else comes into .venv, pinned by hash.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
CLOSED := </dev/null
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-header

.PHONY: help setup run test check dist lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: $(READY) ## make .venv with everything in it

$(READY): requirements/dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; name it with PYTHON=/path/to/python." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## try it out: a plant with sample data and a head office on this machine
	$(BIN)/structura-local demo

test: setup ## the tests, on all cores
	$(BIN)/pytest -q -n auto $(CLOSED)

check: setup ## what has to be green before a push: lint, types, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n auto $(CLOSED)

dist: setup ## the program without Python, in dist/structura-local, and its selftest
	$(BIN)/python packaging/build.py $(CLOSED)
	$(BIN)/python -W 'ignore:XDG_RUNTIME_DIR is not set' packaging/selftest.py dist/structura-local $(CLOSED)

lock: ## pin the dependencies anew (uv has to be in .venv: .venv/bin/pip install uv)
	$(LOCK) --output-file requirements/run.lock
	$(LOCK) --extra demo --extra dev --output-file requirements/dev.lock

clean: ## remove what was built, and the demo's data; .venv stays
	rm -rf build dist .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

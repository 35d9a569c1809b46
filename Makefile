# Everything a developer types. Needs Python 3.11 or later, git and make; all else comes into .venv, pinned by hash.
# `frontend`, and so `check`, needs Node.js and Chromium too.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
CLOSED := </dev/null
SEEDS := 10000
CENTRAL := memory
ROUNDS := 200
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
NODE_MODULES := frontend/node_modules/.package-lock.json
LOCK := $(BIN)/uv pip compile pyproject.toml --quiet --generate-hashes --universal --python-version 3.11 \
	--no-emit-index-url --no-header

.PHONY: help screenshots setup run test check frontend soak crash faults line simulate mutants bench dist packages lock clean

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
	$(BIN)/pytest -q -n auto --dist worksteal -m "not slow and not packages" $(CLOSED)

check: setup ## what has to be green before a push: lint, types, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n auto --dist worksteal -m "not slow and not packages" $(CLOSED)
	$(MAKE) frontend

frontend: setup ## its part of check: lint, types, tests in Node and Chromium against the real server
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a * 100 + +b >= 2019 ? 0 : 1)' 2>/dev/null && \
		command -v npm >/dev/null || { echo "Node.js 20.19 or later with npm is needed to check frontend/." >&2; exit 1; }
	@test -n "$(CHROMIUM)" || { echo "Chromium is needed to check frontend/; name it with CHROMIUM=/path/to/it." >&2; exit 1; }
	$(MAKE) $(NODE_MODULES)
	cd frontend && npm run --silent lint
	cd frontend && npm run --silent typecheck
	cd frontend && CHROMIUM="$(CHROMIUM)" npm test --silent $(CLOSED)

$(NODE_MODULES): frontend/package-lock.json
	cd frontend && npm ci --silent

soak: setup ## the tests that take minutes: broken variants that the simulation has to find, faults on real servers
	$(BIN)/pytest -q -n auto --dist worksteal -m slow $(CLOSED)

crash: setup ## 300 kills and 300 power cuts in the middle of writes, ENOSPC and EIO at every write; prints its figures
	$(BIN)/pytest -q -s tests/system/test_crash.py $(CLOSED)

faults: setup ## ROUNDS=200 of kills, cuts and worse on real servers; the figures go into docs/reliability.md
	$(BIN)/python -m tests.system.rounds --rounds $(ROUNDS) --report docs/reliability.md $(CLOSED)

line: setup ## a backlog over a long, thin, lossy line; the figures go into docs/reliability.md
	$(BIN)/python -m tests.system.link --report docs/reliability.md $(CLOSED)

simulate: setup ## play SEEDS=10000 scenarios of plants, head office and faults, on all cores; CENTRAL=postgres: a real one
	$(BIN)/python -m sync.simulation --seeds $(SEEDS) --central $(CENTRAL) $(CLOSED)

mutants: setup ## play up to 200 scenarios on each broken variant of the code; says which one finds it
	$(BIN)/pytest -q -rP -n auto --dist worksteal -m slow tests/sync/test_mutants.py $(CLOSED)

bench: setup .bench/venv ## measure against the goals and what users would pick instead; ROWS="events list": these alone
	@command -v wrk >/dev/null || { echo "wrk is needed to make load (Debian: apt install wrk)." >&2; exit 1; }
	$(BIN)/python -m benchmarks $(ROWS) $(CLOSED)

.bench/venv: requirements/bench.lock
	$(PYTHON) -m venv .bench/venv
	.bench/venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.lock
	@touch $@

dist: setup ## the program without Python, in dist/structura-local, and its selftest
	$(BIN)/python packaging/build.py $(CLOSED)
	$(BIN)/python -W 'ignore:XDG_RUNTIME_DIR is not set' packaging/selftest.py dist/structura-local $(CLOSED)

packages: dist ## what a plant installs, in dist: a tar and a .deb (on Windows: the installer), tried out in a clean root
	$(BIN)/python packaging/packages.py dist/structura-local $(CLOSED)
	$(BIN)/pytest -q -m packages $(CLOSED)

lock: ## pin the dependencies anew (uv has to be in .venv: .venv/bin/pip install uv)
	$(LOCK) --output-file requirements/run.lock
	$(LOCK) --extra demo --extra dev --output-file requirements/dev.lock
	$(LOCK) --extra bench --output-file requirements/bench.lock

screenshots: setup $(NODE_MODULES) ## pictures of the console for docs/screenshots, of the demo's plant
	cd frontend && CHROMIUM="$(CHROMIUM)" node scripts/screenshots.mjs $(CLOSED)

clean: ## remove what was built, and the demo's data; .venv stays
	rm -rf build dist .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

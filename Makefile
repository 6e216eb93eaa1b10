# Everything happens in .venv of this checkout; nothing is installed elsewhere, except Debian packages for
# the real Open vSwitch/OVN test bed, and only where we are root and may.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test check bench lock clean ovn

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "klinik needs Python 3.11 or newer (Debian: apt-get install python3 python3-venv)"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) 2>/dev/null || { \
		echo "python3-venv is missing; installing it"; apt-get update -q && apt-get install -y -q python3-venv; \
		$(PYTHON) -m venv --clear $(VENV); }
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Tests of walks wait for the cluster half of their time: one worker more than there are cores, four at most.
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -lt 4 ] && echo $$((n + 1)) || echo 4)

run: $(STAMP)
	@$(BIN)/klinik --or-practice

test: $(STAMP) ovn
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# The test beds install Open vSwitch, OVN and Prometheus where they may, and say so where they may not.
ovn:
	@sh tests/ovn/install.sh
	@sh tests/prometheus/install.sh

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py

bench: $(STAMP)
	$(BIN)/python -m tests.bench

# Rewrites the lock: versions and hashes only, never an address of an index or a file. It is made with the
# oldest Python at hand, and pinned for all: a newer one would pick releases that Debian's 3.11.2 refuses.
LOCK_PYTHON ?= $(shell for p in /usr/bin/python3.11 python3.11 $(PYTHON); do \
	command -v $$p >/dev/null 2>&1 && { echo $$p; break; }; done)
lock:
	$(LOCK_PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install -q pip-tools
	.venv-lock/bin/pip-compile -q --extra dev --generate-hashes --no-emit-options \
		--no-header --no-annotate --strip-extras --allow-unsafe -o requirements.lock pyproject.toml
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache dist build

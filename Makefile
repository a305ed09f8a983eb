# make demo: the whole tour on the embedded sandbox.   make test: the tests.
# Both set up what they need in .venv; nothing has to be installed before but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
PYTEST_ARGS ?= -m 'not slow'

.PHONY: demo test check bench torture setup clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

setup: $(STAMP)

demo: $(STAMP)
	$(BIN)/hotfolder demo

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

# BENCH_ARGS: quick, names of benches, --rounds N, --place DIR
bench: $(STAMP)
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

# TORTURE_ARGS: quick, long (hours), --seed N, --minutes N, --part NAME, --replay PART:WHAT; see docs/torture.md
torture: $(STAMP)
	$(BIN)/python -m tests.torture $(TORTURE_ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

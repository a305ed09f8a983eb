# make demo: the whole tour on the embedded sandbox.   make test: the tests.
# Both set up what they need in .venv; nothing has to be installed before but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
PYTEST_ARGS ?= -m 'not slow'
# Three at once, for two cores: most tests wait for a daemon most of their time.
PYTEST := $(BIN)/python -m pytest -n 3 --dist worksteal

.PHONY: demo test check bench torture setup clean

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m compileall -q daemon tests # a daemon starts in half the time, also where Python may not write these
	touch $@

setup: $(STAMP)

demo: $(STAMP)
	$(BIN)/hotfolder demo

test: $(STAMP)
	$(PYTEST) $(PYTEST_ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PYTEST) $(PYTEST_ARGS)

# BENCH_ARGS: quick, names of benches, --rounds N, --place DIR
bench: $(STAMP)
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

# TORTURE_ARGS: quick, long (hours), --seed N, --minutes N, --part NAME, --replay PART:WHAT; see docs/torture.md
torture: $(STAMP)
	$(BIN)/python -m tests.torture $(TORTURE_ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Every target does its own set-up: a virtual environment in .venv, with pinned dependencies.

PYTHON ?= python3
BIN := .venv/bin
export PYTHONWARNINGS =

.PHONY: demo test chaos lint types check bench mutation clean

demo: .venv/ready
	@$(BIN)/tierops demo

# What must be covered line by line and branch by branch.
PROVED := src/tierops/diff.py,src/tierops/plan.py,src/tierops/plan_file.py,src/tierops/apply.py,src/tierops/rules.py,src/tierops/importing.py,src/tierops/config/*

test: .venv/ready
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest
	@$(BIN)/coverage report --include '$(PROVED)' --fail-under 100 >coverage.txt || { cat coverage.txt; exit 1; }

# Schedules of lost answers, killed runs, two runs at once and more: make chaos RUNS=10000 SEED=1; one again: ONLY=17
RUNS ?= 1000
SEED ?= 1
chaos: .venv/ready
	@PYTHONPATH=tests $(BIN)/python -m chaos --runs $(RUNS) --seed $(SEED) $(if $(ONLY),--only $(ONLY))

lint: .venv/ready
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet

types: .venv/ready
	@$(BIN)/mypy --no-error-summary

# Start-up time of an installed wheel, beside terraform and octodns-sync where they are there.
bench: .venv/ready
	@$(BIN)/python benchmarks/startup.py

# Which wrong lines the tests would not notice, told in mutation.md. Some twenty minutes on two cores; always from the
# start, for mutmut keeps what it found before the tests changed. An environment of its own, because mutmut needs rich,
# which httpx imports wherever it is installed.
mutation: .venv-mutation/ready
	@rm -rf mutants && mkdir mutants
	@.venv-mutation/bin/mutmut run >mutants/run.log 2>&1 || { tail -n 40 mutants/run.log; exit 1; }
	@.venv-mutation/bin/python tests/mutation/report.py

check: lint types test demo

clean:
	@rm -rf .venv .venv-mutation mutants mutation.md dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tierops needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[emulator,sign,dev]'
	@touch $@

.venv-mutation/ready: pyproject.toml constraints.txt
	@test -x .venv-mutation/bin/python || $(PYTHON) -m venv .venv-mutation
	@.venv-mutation/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[emulator]' hypothesis mutmut pytest
	@touch $@

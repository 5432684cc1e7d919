# Every target does its own set-up: a virtual environment in .venv, with pinned dependencies.

PYTHON ?= python3
BIN := .venv/bin
export PYTHONWARNINGS =

.PHONY: demo docs test chaos browser-test pictures pipelines lint types workflows check schemas bench bench-ready bench-members mutation clean

demo: .venv/ready
	@$(BIN)/tierops demo

# What must be covered line by line and branch by branch.
PROVED := src/tierops/diff.py,src/tierops/plan.py,src/tierops/plan_file/*,src/tierops/apply/*,src/tierops/rules/*,src/tierops/importing.py,src/tierops/config/*

test: .venv/ready
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal --cov --cov-branch --cov-report=
	@$(BIN)/coverage report --include '$(PROVED)' --fail-under 100 >coverage.txt || { cat coverage.txt; exit 1; }

# Schedules of lost answers, killed runs, two runs at once and more: make chaos RUNS=10000 SEED=1; one again: ONLY=17
RUNS ?= 1000
SEED ?= 1
chaos: .venv/ready
	@PYTHONPATH=tests $(BIN)/python -m chaos --runs $(RUNS) --seed $(SEED) $(if $(ONLY),--only $(ONLY))

# The HTML report in Chromium (Debian: apt install chromium; else CHROMIUM=/path). Screenshots go to build/screenshots.
browser-test: .venv/browser
	@BROWSER_TESTS=1 $(BIN)/python -m pytest tests/browser

# The documentation as a site in build/docs, every link checked. An environment of its own.
docs: .venv-docs/ready
	@told=$$(NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build 2>&1) || { echo "$$told"; exit 1; }

.venv-docs/ready: Makefile
	@test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	@.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check mkdocs==1.6.1 mkdocs-material==9.8.2
	@touch $@

# The README's pictures.
pictures: .venv/browser
	@PYTHONPATH=tests $(BIN)/python -m browser.pictures

.venv/browser: .venv/ready
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt playwright axe-playwright-python
	@touch $@

# The workflows in .github and docs/gitlab-ci.yml, from the templates that `tierops init` writes from.
pipelines: .venv/ready
	@$(BIN)/pytest --bless tests/commands/test_init.py -k our_own_pipelines

lint: .venv/ready
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet

types: .venv/ready
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/mypy --no-error-summary .github/action

# The action, the workflows and the example for GitLab, by their linters, which have an environment of their own.
LINTERS := zizmor==1.32.0 check-jsonschema==0.39.0

workflows: .venv-lint/ready
	@told=$$(.venv-lint/bin/zizmor --offline --no-progress --config .github/zizmor.yml action.yml .github/workflows 2>&1) || { echo "$$told"; exit 1; }
	@.venv-lint/bin/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	@.venv-lint/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@.venv-lint/bin/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci docs/gitlab-ci.yml

.venv-lint/ready: Makefile
	@test -x .venv-lint/bin/python || $(PYTHON) -m venv .venv-lint
	@.venv-lint/bin/python -m pip install --quiet --disable-pip-version-check $(LINTERS)
	@touch $@

# The published schemas of program, environment, policy and project files: a core in src/tierops/config, and a part of each vendor.
schemas: .venv/ready
	@for kind in program environment policy project; do \
	  $(BIN)/python -c "from tierops import providers; from tierops.config import schemas; print(schemas.text('$$kind', providers.own()), end='')" \
	    >schemas/$$kind.schema.json || exit 1; \
	done

# How fast tierops is beside terraform (where it is installed) and octoDNS, told in docs/performance.md. Some thirty
# minutes on two cores; parts of it: `make bench-ready`, then .venv-bench/tierops/bin/python -m benchmarks --help.
bench: bench-ready
	@.venv-bench/tierops/bin/python -m benchmarks --out build/benchmark.json
	@.venv-bench/tierops/bin/python -m benchmarks.report build/benchmark.json

# Each tool in an environment of its own. tierops is a wheel of what is here now, for an editable install starts slower.
OCTODNS := octodns==1.22.0

bench-ready: .venv-bench/octodns/ready
	@test -x .venv-bench/tierops/bin/python || $(PYTHON) -m venv .venv-bench/tierops
	@.venv-bench/tierops/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt .
	@.venv-bench/tierops/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .

.venv-bench/octodns/ready: Makefile
	@test -x .venv-bench/octodns/bin/python || $(PYTHON) -m venv .venv-bench/octodns
	@.venv-bench/octodns/bin/python -m pip install --quiet --disable-pip-version-check $(OCTODNS)
	@touch $@

# Ten million members: DuckDB, Spark on this machine and plain Python side by side.
bench-members: .venv/ready
	@$(BIN)/python benchmarks/members.py

# Which wrong lines the tests would not notice, told in mutation.md. Some twenty minutes on two cores; always from the
# start, for mutmut keeps what it found before the tests changed. An environment of its own, because mutmut needs rich,
# which httpx imports wherever it is installed.
mutation: .venv-mutation/ready
	@rm -rf mutants && mkdir mutants
	@.venv-mutation/bin/mutmut run >mutants/run.log 2>&1 || { tail -n 40 mutants/run.log; exit 1; }
	@.venv-mutation/bin/python tests/mutation/report.py

check: lint types workflows test demo

clean:
	@rm -rf .venv .venv-bench .venv-lint .venv-mutation mutants mutation.md dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Spark is tested where there is a Java runtime (Debian: apt install default-jre-headless). `lifetimes` brings the orders
# of 23,570 customers, which tests count; it is never imported, so what it depends on is not installed.
comma := ,
SPARK := $(if $(shell command -v java 2>/dev/null),spark$(comma))

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tierops needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[emulator,sign,members,$(SPARK)dev]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps lifetimes
	@touch $@

.venv-mutation/ready: pyproject.toml constraints.txt
	@test -x .venv-mutation/bin/python || $(PYTHON) -m venv .venv-mutation
	@.venv-mutation/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[emulator]' hypothesis mutmut pytest
	@touch $@

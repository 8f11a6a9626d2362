# make synth and make test set everything up by themselves; make without a target lists the targets.
PYTHON ?= python3.11
ENGINE ?=
VENV   := .venv
BIN    := $(VENV)/bin
# Each level of the environment adds to the one before: the library; tests and Node.js; end-to-end tests.
READY  := $(VENV)/ready-synth
DEV    := $(VENV)/ready-dev
E2E    := $(VENV)/ready-e2e
OUT    ?= cdktf.out
COUNT  ?= 5000
SEED   ?=
TESTS  ?= tests/unit tests/contract tests/compat tests/snapshots tests/findings tests/installed
# The tests that depend on the engine; the examples' files do not, test_native.py compares them. cdktn is a copy of
# cdktf, so on cdktn only those run that compare engines, and those of the values that pass through them.
CONTRACT_TESTS = tests/contract/product tests/contract/test_additions.py tests/unit/expressions \
  tests/unit/test_config_expressions.py tests/unit/test_engine.py tests/unit/test_engine_values.py \
  tests/unit/test_examples.py tests/unit/test_native.py
ENGINE_TESTS = $(CONTRACT_TESTS) tests/unit/terraform tests/unit/testing tests/unit/test_docs.py
# Each process begins with a half of the tests, so that most fixtures of modules are set up once.
PYTEST = $(BIN)/python -m pytest -q -n auto --dist worksteal
# The sources of the site, with the paths of the repository, so that links work as on GitHub.
PAGES = CHANGELOG.md LICENSE README.md docs examples
# uv takes seconds and pip minutes, but only pip uses mirrors that are set in pip.conf.
INSTALL = install() { $(BIN)/uv pip install --python $$1 --require-hashes -r $$2 || \
  $(BIN)/pip --python $$1 install --require-hashes -r $$2; }; install
COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

ifneq ($(ENGINE),)
export ANYSCALE_CONSTRUCTS_ENGINE := $(ENGINE)
endif
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# With it, each of the thousands of programs that tests start would compile the packages again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help synth test check e2e e2e-tests e2e-clouds e2e-all fuzz demo bench snapshots docs lock clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make synth      every cloud in examples/clouds/, from YAML to Terraform JSON
synth: $(READY)
	@$(BIN)/python -m stacks --out $(OUT)

## make test       the test suite (ENGINE=cdktn: the tests that depend on the engine, on CDK Terrain)
test: $(DEV)
ifeq ($(ENGINE),)
	@$(PYTEST) $(TESTS)
	@ANYSCALE_CONSTRUCTS_ENGINE=cdktf $(PYTEST) $(ENGINE_TESTS)
else
	@$(PYTEST) $(if $(filter cdktn,$(ENGINE)),$(CONTRACT_TESTS),$(ENGINE_TESTS))
endif

## make e2e        clouds from creation to deletion: real Terraform, modules and anyscale, an emulated AWS account
e2e: e2e-tests e2e-clouds

e2e-tests e2e-clouds e2e-all: export ANYSCALE_BIN = $(CURDIR)/.venv-anyscale/bin/anyscale
e2e-tests: export CHECKOV_BIN = $(CURDIR)/.venv-checkov/bin/checkov

e2e-tests: $(E2E) .venv-anyscale/ready .venv-checkov/ready
	@$(PYTEST) tests/e2e

e2e-clouds: $(E2E) .venv-anyscale/ready
	@$(BIN)/python -m tests.e2e

## make e2e-all    all steps of make e2e for all examples on AWS, in about half an hour
e2e-all: $(E2E) .venv-anyscale/ready
	@$(BIN)/python -m tests.e2e --all

## make fuzz       synthesizes thousands of generated clouds (COUNT=, SEED=) and validates some with Terraform
fuzz: $(E2E)
	@$(BIN)/python -m tests.fuzz --count $(COUNT) $(SEED:%=--seed %)
	@$(BIN)/python -m tests.fuzz --count $(COUNT) $(SEED:%=--seed %) --validate

## make demo       one cloud from YAML to registration on an emulated AWS account, explained step by step
demo: $(E2E) .venv-anyscale/ready
	@ANYSCALE_BIN=$(CURDIR)/.venv-anyscale/bin/anyscale $(BIN)/python -m tests.e2e.demo

## make check      formatting, lint, types, terms, and that generated code is up to date
check: $(DEV)
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/basedpyright --pythonpath $(BIN)/python
	@$(BIN)/anyscale-constructs modules render --check
	@$(BIN)/python docs/terms.py
	@! grep -rnE '\.near\(|partition\(": "\)|in str\(error\)\.splitlines' anyscale_constructs || \
	  { echo "error: findings are data: nothing may read a message" >&2; exit 1; }

## make bench      the speed of synthesis, in ratios to plain cdktf
bench: $(DEV)
	@$(BIN)/python -m tests.bench

## make snapshots  update the snapshots
snapshots: $(DEV)
	@$(BIN)/python -m pytest -q tests/snapshots tests/findings --snapshot-update

## make docs       update the generated pages, and build the site in .site/html
docs: $(DEV) .venv-docs/ready
	@PYTHONPATH=. $(BIN)/python -m docs.generate
	@mkdir -p .site/pages && ln -sfn $(PAGES:%=$(CURDIR)/%) .site/pages
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build -q --strict -f docs/mkdocs.yml

## make lock       update the lock files
lock: $(DEV)
	@$(COMPILE) pyproject.toml --extra cdktn --group dev --group e2e -o requirements/e2e.lock
	@$(COMPILE) pyproject.toml --extra cdktn --group dev -c requirements/e2e.lock -o requirements/dev.lock
	@$(COMPILE) pyproject.toml --group build -c requirements/dev.lock -o requirements/synth.lock
	@echo "uv==0.13.9" | $(COMPILE) - -o requirements/uv.lock
	@echo "anyscale==0.26.112" | $(COMPILE) - -o requirements/anyscale.lock
	@echo "checkov==3.3.30" | $(COMPILE) - -o requirements/checkov.lock
	@echo "mkdocs-material==9.8.2" | $(COMPILE) - -o requirements/docs.lock

clean:
	@rm -rf $(VENV) $(VENV)-* .site $(OUT) .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The environment is installed from lock files, each of which includes the previous one, so missing packages are added.
# It is marked as ready at the end, so an interrupted installation never counts as complete; an environment that is not
# ready, or has packages of an older lock file, is created again.
$(DEV): SETS = synth dev
$(E2E): SETS = synth dev e2e
$(VENV)/ready-%: SETS = synth
$(VENV)/ready-%: requirements/%.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "error: $(PYTHON) is not Python 3.11 or later. Fix: make PYTHON=/path/to/python3.11 ..." >&2; exit 2; }
	@echo "Setting up $(VENV) from $< (once) ..."
	@[ -e $(READY) ] && [ ! -e $@ ] || { rm -rf $(VENV) && $(PYTHON) -m venv $(VENV); }
	@{ { [ -e $(BIN)/uv ] || $(BIN)/pip install --require-hashes -r requirements/uv.lock ; } && \
	   $(INSTALL) $(BIN)/python $< && \
	   { [ -e $(READY) ] || $(BIN)/pip install --no-deps --no-build-isolation -e . ; } ; } >$(VENV)/setup.log 2>&1 || \
	  { tail -n 20 $(VENV)/setup.log >&2; echo "error: the set-up failed; all of it is in $(VENV)/setup.log" >&2; exit 1; }
	@touch $(SETS:%=$(VENV)/ready-%)

# Programs with their own dependencies are installed separately, and compiled: otherwise their first runs, which tests
# start in parallel, would all compile them.
.venv-%/ready: requirements/%.lock | $(READY)
	@echo "Setting up $(@D) with the program $* (once, 100 to 300 MB) ..."
	@rm -rf $(@D) && $(PYTHON) -m venv --without-pip $(@D)
	@{ UV_COMPILE_BYTECODE=1 && export UV_COMPILE_BYTECODE && $(INSTALL) $(@D)/bin/python $< ; } >$(@D)/setup.log 2>&1 || \
	  { tail -n 20 $(@D)/setup.log >&2; echo "error: the set-up failed; all of it is in $(@D)/setup.log" >&2; exit 1; }
	@touch $@

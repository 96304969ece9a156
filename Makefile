# Everything a bare machine needs is Python 3.11 or newer (with venv) and make:
#     make demo     see it work
#     make test     prove that it works
# Another Python: make test PYTHON=python3.12

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN  := $(VENV)/bin
PIP  := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input

# Stamps: each is newer than everything that was done with it. A Python named on the command line has a stamp of its own,
# so that naming another one builds the environment anew, and naming none keeps the one that is there.
MADE      := $(VENV)/made$(if $(PYTHON),-by-$(notdir $(PYTHON)))
LOCKED    := $(VENV)/locked
INSTALLED := $(VENV)/installed
PROTOCOL  := node/protocol/__init__.py
PROTOS    := $(wildcard protos/*/*/*.proto)

.PHONY: help demo bench test chaos chaos-long oracle lint fmt types docs pins clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) $(PROTOCOL) ## papers across a border, both ways, before your eyes  看一次完整的跨境交換
	@$(BIN)/n2n demo

bench: $(INSTALLED) $(PROTOCOL) ## exchanges per second, and what they cost  量測交換效能
	@$(BIN)/n2n bench $(BENCH)

test: lint types ## everything that must hold  全部檢查與測試
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST)

chaos: $(INSTALLED) $(PROTOCOL) ## every kill point, random kills, all faults: for half an hour  故障試驗
	$(BIN)/n2n chaos --points 3 $(CHAOS)
	$(BIN)/n2n chaos --kills 200 $(CHAOS)
	$(BIN)/n2n chaos --seconds 300 $(CHAOS)

chaos-long: $(INSTALLED) $(PROTOCOL) ## the same for a night  長時間故障試驗
	$(BIN)/n2n chaos --points 20 $(CHAOS)
	$(BIN)/n2n chaos --kills 2000 $(CHAOS)
	$(BIN)/n2n chaos --seconds 7200 $(CHAOS)

oracle: $(INSTALLED) $(PROTOCOL) ## our signatures before every judge, for minutes  簽章快速路徑的長時間比對
	$(BIN)/python tests/oracle/run.py $(ORACLE)

lint: $(INSTALLED) $(PROTOCOL) ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) $(PROTOCOL) ## types, strictly
	$(BIN)/mypy

fmt: $(INSTALLED) ## bring the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(INSTALLED) $(PROTOCOL) ## rewrite the generated pages of docs/
	$(BIN)/n2n explain --markdown > docs/errors.md.new
	mv docs/errors.md.new docs/errors.md
	$(BIN)/n2n kinds --data-model > docs/data-model.md.new
	mv docs/data-model.md.new docs/data-model.md

pins: $(INSTALLED) ## move constraints.txt to the newest versions that pyproject.toml allows
	$(PIP) install uv
	$(BIN)/python node/_build/pins.py

clean: ## remove what make made, and nothing else
	rm -rf $(VENV) node/protocol build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(MADE):
	@python="$(PYTHON)"; for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	    test -n "$$python" && break; \
	    $$each -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && python=$$each; \
	done; \
	$${python:-false} -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' || { \
	    echo 'Python 3.11 or newer with its venv module is needed. On Debian and Ubuntu: apt install python3-venv' >&2; \
	    echo '需要 Python 3.11 以上及其 venv 模組。Debian 與 Ubuntu：apt install python3-venv' >&2; \
	    exit 1; }; \
	echo "Preparing $(VENV) with $$python, once. 以 $$python 準備 $(VENV)，僅此一次。"; \
	$$python -m venv --clear $(VENV)
	@touch $(VENV)/made $@

$(LOCKED): constraints.txt $(MADE)
	@echo 'Installing the pinned packages; this takes about a minute. 安裝鎖定版本的套件，約需一分鐘。'
	@$(PIP) install --require-hashes --only-binary :all: -r constraints.txt
	@touch $@

$(INSTALLED): pyproject.toml node/_build/hook.py $(LOCKED)
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# After an install this is newer than the protos already; after an edit of one it is made again.
$(PROTOCOL): $(PROTOS) node/_build/generate.py $(INSTALLED)
	@$(BIN)/python node/_build/generate.py
	@touch $@

# `make` alone lists what can be asked for.
#
#   PYTHON=python3.12   the interpreter of a new .venv (make clean first)
#   SCENARIO=...        what `make run` runs and `make view` shows
#   ARGS="..."          further arguments of what is run, tested or shown
#   MODULES="..."       what `make mutants` changes: ledger, curves, ... (benchmarks/mutants.toml)

SCENARIO ?= scenarios/quickstart.yaml
PYTHON ?=
ARGS ?=
MODULES ?=

TESTED := 3.11 3.12 3.13
# Newer ones may work: they are taken where no tested one is found.
UNTESTED := 3.14 3.15
# A name on PATH may be a stand-in that does not run, hence the look into pyenv itself.
NAMED := python3 $(TESTED:%=python%)
CANDIDATES := $(or $(PYTHON),$(NAMED) $(TESTED:%=$$(pyenv root 2>/dev/null)/versions/%.*/bin/python))

VENV := .venv
READY := $(VENV)/installed
TOOLS := $(VENV)/tools
WHEELS := build/wheels
REFERENCE := build/reference

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

# $(call find,COMMANDS,VERSIONS): $$python is the first of the commands that runs one of the versions, or empty.
find = for python in $(1) ""; do \
		"$$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] not in "$(2)".split())' \
			>/dev/null 2>&1 && break; \
	done

# $(call venv,FOLDER): an environment with pip. Some systems lack ensurepip, others pip: either will do.
venv = "$$python" -m venv $(1) >/dev/null 2>&1 \
		|| { "$$python" -m venv --clear --without-pip $(1) \
			&& "$$python" -m pip --python $(1)/bin/python install -qq pip; } \
		|| { echo "$$python has neither ensurepip nor pip (Debian: apt install python3-venv)" >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help run view compile test test-all coverage mutants test-browser test-onchain check format smoke clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 20

run: $(READY) ## run a first scenario; sets up .venv when there is none
	$(VENV)/bin/wallstreetfeds run $(SCENARIO) $(ARGS)

view: $(TOOLS) ## watch and steer a run in the browser
	$(VENV)/bin/wallstreetfeds view $(SCENARIO) $(ARGS)

compile: $(READY) ## compile all kernels, which first runs otherwise wait for
	$(VENV)/bin/wallstreetfeds doctor --compile

test: $(TOOLS) ## run the quick tests
	$(VENV)/bin/python -m pytest -n auto -m "not slow" $(ARGS)

test-all: $(TOOLS) ## run all tests, laws with all their examples
	$(VENV)/bin/python -m pytest -n auto --hypothesis-profile full $(ARGS)

# Compiled code cannot be traced: the tests of kernels are run again with kernels as plain Python.
coverage: $(TOOLS) ## which branches the quick tests reach
	$(VENV)/bin/coverage erase
	$(VENV)/bin/python -m pytest -n auto -m "not slow" --cov --cov-report= $(ARGS)
	NUMBA_DISABLE_JIT=1 $(VENV)/bin/python -m pytest -n auto -m "not slow" --cov --cov-append --cov-report= \
		-W ignore:overflow:RuntimeWarning \
		tests/market tests/test_ledger.py tests/federation/test_linear_game.py tests/federation/test_game.py
	$(VENV)/bin/coverage report

test-browser: $(TOOLS) chromium ## run the tests of the page in Chromium, installed by apt if need be
	$(VENV)/bin/python -m pytest tests/dashboard $(ARGS)

chromium:
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
		|| { test "$$(id -u)" = 0 && apt-get install -qq --yes chromium >/dev/null; } \
		|| { echo "Chromium is needed (Debian: apt install chromium)" >&2; exit 1; }
.PHONY: chromium

test-onchain: $(TOOLS) ## compare the pools with published contracts of Uniswap and Balancer, fetched by npm
	@$(VENV)/bin/python -m pip install -qq --constraint constraints.txt --editable '.[onchain]' \
		|| echo "The EVM cannot be installed: what needs it is skipped" >&2
	$(VENV)/bin/python -m pytest -n auto -rs tests/onchain $(ARGS)

mutants: $(TOOLS) ## which small changes of the formulas the tests notice; hours, less with MODULES=ledger or ARGS="--sample 50"
	@$(VENV)/bin/python -m pip install -qq --constraint constraints.txt --editable '.[mutants]'
	nice -n 19 $(VENV)/bin/python benchmarks/mutants.py $(MODULES) $(ARGS)

check: $(TOOLS) ## format, lint, types and floors
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(TOOLS) ## format the code, and mend what lint can mend
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

smoke: $(TESTED:%=smoke-%) ## install the wheel on every tested Python found here: the same numbers?

clean: ## remove .venv and everything built
	rm -rf $(VENV) build dist *.egg-info .onchain .cache .*_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(READY): setup.cfg pyproject.toml constraints.txt
	@$(call find,$(CANDIDATES),$(TESTED)); \
	test -n "$$python" || $(call find,$(CANDIDATES),$(UNTESTED)); \
	if test -z "$$python"; then \
		echo "Python 3.11 or newer is needed, and none of these is: $(or $(PYTHON),$(NAMED))." >&2; \
		echo "If you have one elsewhere: make PYTHON=/path/to/python" >&2; \
		exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" --version) (about a minute, once)"; \
	$(VENV)/bin/python -m pip --version >/dev/null 2>&1 || { $(call venv,$(VENV)); }; \
	$(VENV)/bin/python -m pip install -qq --constraint constraints.txt --editable .
	@touch $@

$(TOOLS): $(READY)
	@echo "Installing what tests, the page and credit data need (about a minute, once)"
	@$(VENV)/bin/python -m pip install -qq --constraint constraints.txt --editable '.[data,dev,viz]'
	@touch $@

# Installing from the checkout, two at a time would share build/: they all install one wheel.
wheel: $(READY)
	@rm -rf build
	@$(VENV)/bin/python -m pip wheel -qq --no-deps --wheel-dir $(WHEELS) .
	@$(VENV)/bin/wallstreetfeds run scenarios/quickstart.yaml --periods 5 --out $(REFERENCE) -q
.PHONY: wheel

smoke-%: wheel
	@set -e; \
	$(call find,python$* $$(pyenv root 2>/dev/null)/versions/$*.*/bin/python,$*); \
	if test -z "$$python"; then echo "Python $*: not found here, skipped"; exit 0; fi; \
	echo "Python $*: installing the wheel"; \
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; bin=$$folder/venv/bin; \
	$(call venv,"$$folder/venv"); \
	"$$bin/python" -m pip install -qq --constraint constraints.txt $(WHEELS)/*.whl; \
	"$$bin/python" -m pip check; \
	shipped=$$("$$bin/python" -I -c 'from importlib.resources import files; print(files("simulator.shipped"))'); \
	diff -r -x __pycache__ -x '*.md' scenarios "$$shipped"; \
	"$$bin/wallstreetfeds" run quickstart --periods 5 --out "$$folder/run"; \
	"$$bin/wallstreetfeds" verify $(REFERENCE)/quickstart/*; \
	echo "Python $*: passed"

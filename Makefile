# `make` alone sets everything up and downloads one synthetic year from the sandbox.
# It needs Python 3.11, 3.12 or 3.13 and nothing else: everything is installed into `.venv` here.

PYTHON ?= python3
CONFIG ?= years=2024 source=sandbox
JOBS ?= 2
SECONDS ?= 60

BIN := .venv/bin
INSTALL := $(BIN)/python envs/install.py
# Two jobs, so that a year is packed while the next one comes; requests are one at a time all the same.
SNAKEMAKE := $(BIN)/snakemake -j$(JOBS) --config $(CONFIG)
READY := .venv/ready
DEV_READY := .venv/ready-dev
BENCH_READY := .venv/ready-bench
PLUGINS_READY := .venv/ready-plugins
DOCS_READY := .venv/ready-docs

# pip, uv and Snakemake keep things in the home folder; where there is none they do so here.
ifneq ($(shell test -w "$${HOME:-/nowhere}" && echo yes),yes)
export XDG_CACHE_HOME ?= $(CURDIR)/.home/cache
export XDG_CONFIG_HOME ?= $(CURDIR)/.home/config
endif

.DEFAULT_GOAL := run
.PHONY: run setup plugins test docs lint verify status doctor dag bench torture fuzz audit lock clean help

run: $(READY)  ## download the years that CONFIG names (by default 2024 from the sandbox)
	$(SNAKEMAKE)

setup: $(READY)  ## install what the workflow needs into .venv

plugins: $(PLUGINS_READY)  ## install what a Slurm cluster and an object store need (docs/clusters.md)

test: $(DEV_READY)  ## run the tests; ARGS="-k clock" goes to pytest
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

docs: $(DOCS_READY)  ## build the documentation's site into reports/docs; every warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lint: $(DEV_READY)  ## check style, types, and the rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile rules
	$(SNAKEMAKE) --lint

verify: $(READY)  ## the deep check: read everything that is stored, name what is damaged
	$(SNAKEMAKE) -- verify

status: $(READY)  ## show what is downloaded and what is missing; ARGS go to the script
	$(BIN)/python -m isone status $(ARGS)

doctor: $(READY)  ## find out what is wrong: at most 30 requests, writes doctor/doctor.json; ARGS go to it
	$(BIN)/python -m isone doctor $(ARGS)

dag: $(READY)  ## draw the jobs and the rules into reports/ (SVG, with Graphviz's dot installed)
	$(BIN)/python scripts/draw_workflow.py --config $(CONFIG) $(ARGS)

bench: $(BENCH_READY)  ## compare with other programs; PARTS="pack load" selects, ARGS=--write updates docs/
	$(BIN)/python -m bench $(PARTS) $(ARGS)

COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --quiet \
	--custom-compile-command "make lock" $(ARGS)
LOCK = $(COMPILE) pyproject.toml --extra workflow --group build

torture: $(DEV_READY)  ## run the fault-injection tests at length and print the figures (hours)
	$(BIN)/python tests/torture $(ARGS)

fuzz: $(DEV_READY) .venv/ready-fuzz  ## fuzz every reader of untrusted input for SECONDS each (60); Linux on x86-64
	$(BIN)/python tests/torture/fuzz/run.py --seconds $(SECONDS) $(ARGS)

audit: $(DEV_READY)  ## look up known vulnerabilities of the locked packages (network), list their licences
	$(BIN)/python tests/project/dependency_audit.py

lock: $(DEV_READY)  ## update the lock files from pyproject.toml; ARGS=--upgrade takes newer versions
	$(COMPILE) --group setup --output-file envs/setup.lock
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra postgres --extra workbook --extra notify --group dev \
	  --constraint requirements.lock --constraint envs/setup.lock --output-file requirements-dev.lock
	$(LOCK) --group bench --constraint requirements-dev.lock --output-file envs/bench.lock
	$(COMPILE) --group docs --constraint requirements-dev.lock --output-file envs/docs.lock
	$(COMPILE) --group fuzz --output-file envs/fuzz.lock
	$(LOCK) --extra slurm --extra s3 --constraint requirements-dev.lock \
	  --output-file envs/plugins.lock

clean:  ## remove .venv and the caches; what was downloaded stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find isone scripts tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

help:  ## list these targets
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/\1\t\2/p' Makefile | expand -t 10

WHERE := say where Python 3.11 to 3.13 is: make PYTHON=python3.13

# The marker is written last, so an interrupted set-up begins again.
$(READY): requirements.lock envs/setup.lock
	@command -v $(PYTHON) >/dev/null || { \
	  echo "error: there is no $(PYTHON); $(WHERE)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "error: this is $$($(PYTHON) -V 2>&1); $(WHERE)" >&2; exit 1; }
	@$(PYTHON) envs/install.py requirements.lock
	@touch $@

$(DEV_READY): requirements-dev.lock $(READY)
	@$(INSTALL) requirements-dev.lock
	@touch $@

$(BENCH_READY): envs/bench.lock $(DEV_READY)
	@$(INSTALL) envs/bench.lock
	@touch $@

$(DOCS_READY): envs/docs.lock $(READY)
	@$(INSTALL) envs/docs.lock
	@touch $@

.venv/ready-fuzz: envs/fuzz.lock $(DEV_READY)
	@$(INSTALL) envs/fuzz.lock || { \
	  echo "Fuzzing needs atheris, which is built for Linux on x86-64 and Python 3.11 to 3.13" >&2; exit 1; }
	@touch $@

# Apart, because Snakemake loads every installed plugin at every start.
$(PLUGINS_READY): envs/plugins.lock $(READY)
	@$(INSTALL) envs/plugins.lock
	@touch $@

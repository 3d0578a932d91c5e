# What can be done here; `make` alone lists it. Everything that is missing is installed on the way.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.cache/node/bin:$(PATH)
# What starts again and again is compiled once, also where the surroundings (an image for containers, say) forbid it.
unexport PYTHONDONTWRITEBYTECODE

ARGS ?=
SUITES ?=
RUNS ?= 25
MINUTES ?= 10

PYTHON_READY := .venv/.ready
DASHBOARD_READY := dashboard/node_modules/.ready
PEERS_READY := benchmarks/gateway/node_modules/.ready
PAGE := src/tocsin/web/page/index.html
PAGE_SOURCES := $(shell find dashboard -path dashboard/node_modules -prune -o -type f -print 2>/dev/null)

.PHONY: help setup run demo test lint lint-python lint-page format bench bench-analytics bench-gateway bench-pipeline bench-nodes conformance crash crash-nodes page clean

help:  ## list what can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 18

setup: $(PYTHON_READY) $(PAGE)  ## install what is missing and build the dashboard
	@scripts/browser > /dev/null
	@scripts/tracer > /dev/null
	@scripts/proxies > /dev/null

run: $(PYTHON_READY) $(PAGE)  ## start the service on http://127.0.0.1:8765 (ARGS="--config alerts.json")
	tocsin serve $(ARGS)

demo: $(PYTHON_READY) $(PAGE)  ## start it wired to the provider sandbox, with a synthetic detector
	tocsin demo $(ARGS)

test: setup  ## run every test: browser, PostgreSQL and Valkey included
	cd dashboard && npm test --silent
	pytest -n 4 --dist worksteal $(ARGS)

lint: $(PYTHON_READY) $(DASHBOARD_READY)  ## check style and types
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint-python lint-page

lint-python:
	ruff format --check .
	ruff check .
	mypy

lint-page:
	cd dashboard && npm run --silent check

format: $(PYTHON_READY)  ## put the sources in order
	ruff check --fix-only .
	ruff format .

bench: setup  ## measure, and print one table
	python -m benchmarks $(ARGS)

crash: $(PYTHON_READY)  ## kill the service again and again under load, and compare the logs (RUNS=25)
	python -m benchmarks.crash --runs $(RUNS) $(ARGS)

crash-nodes: $(PYTHON_READY)  ## hurt three nodes on PostgreSQL and Valkey in turn under load, and compare the logs (MINUTES=10)
	python -m benchmarks.crash_nodes --minutes $(MINUTES) $(ARGS)

bench-analytics: setup  ## measure figures and search over a million alerts of half a year: some ten minutes, 5 GB of disk
	python -m benchmarks.analytics $(ARGS)

bench-gateway: setup $(PEERS_READY)  ## measure live fan-out beside python-socketio and Node's Socket.IO
	python -m benchmarks.gateway $(ARGS)

bench-pipeline: $(PYTHON_READY)  ## measure from alert to webhook beside Alertmanager, in one run
	python -m benchmarks.pipeline $(ARGS)

bench-nodes: $(PYTHON_READY)  ## measure one and two nodes on PostgreSQL beside SQLite, and how many commits there are to be had
	python -m benchmarks nodes

conformance: setup  ## run the official protocol suites found under SUITES=DIR against the gateway
	python -m tests.gateway.conformance $(SUITES)

page: $(PAGE)  ## build the dashboard

clean:  ## remove what was installed and built here
	rm -rf .venv .cache dashboard/node_modules benchmarks/gateway/node_modules src/tocsin/web/page .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(PYTHON_READY): pyproject.toml uv.lock scripts/python
	scripts/python
	uv sync --locked --quiet
	@touch $@

$(DASHBOARD_READY): dashboard/package.json dashboard/package-lock.json scripts/node | $(PYTHON_READY)
	scripts/node
	cd dashboard && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(PEERS_READY): benchmarks/gateway/package.json benchmarks/gateway/package-lock.json scripts/node | $(PYTHON_READY)
	scripts/node
	cd benchmarks/gateway && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(PAGE): $(PAGE_SOURCES) | $(DASHBOARD_READY)
	cd dashboard && npm run --silent build
	@touch $@

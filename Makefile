# The portal's commands; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
export PORT DEMO_SCALE

.PHONY: help setup services stop demo test check bench pictures lock clean

help: ## List the commands
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/'

setup: ## Virtual environment, locked libraries, Pango
	@$(PYTHON) okmo_portal/devtools/setup.py

services: setup ## Embedded PostgreSQL and Redis in the background
	@$(BIN)/python -m okmo_portal.devtools.services start
	@$(BIN)/python -m okmo_portal.devtools.translations compile

stop: ## Stop the embedded servers
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m okmo_portal.devtools.services stop; fi

demo: setup ## The whole portal with demo data (PORT, DEMO_SCALE=full)
	@exec $(BIN)/python -m okmo_portal.devtools.demo

test: ## All tests on real servers and a browser
	@$(PYTHON) okmo_portal/devtools/setup.py --browser
	@$(MAKE) --no-print-directory services
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

check: services ## Lint, types, import directions, migrations, translations, deployment
	@$(BIN)/python -m okmo_portal.devtools.check

bench: services ## Benchmarks (NAME=annual_report for one app)
	@$(BIN)/python -m benchmarks $(NAME)

pictures: setup ## Renew docs/images from a running demo (PORT)
	@$(BIN)/python -m okmo_portal.devtools.pictures $(or $(PORT),8000)

lock: ## Renew requirements.lock (needs uv)
	uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --group dev -o requirements.lock pyproject.toml

clean: stop ## Remove everything that the commands above made
	@if [ -L var/embedded ]; then rm -rf "$$(readlink var/embedded)"; fi
	@rm -rf var .venv

# Needs python3 (3.11 or newer) and make. Everything else goes into .venv.
# Every target can be run twice; the second time it skips what is done.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
ARGS ?=
PORT ?= 8000
# What Python compiled is kept: every worker and every command of the tests reads it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run plan docs test test-long check bench reference clean debian-test debian-postgresql debian-bench

help:
	@echo "make run        serve a demo clinic at http://localhost:8000 (PORT=8001 chooses another port)"
	@echo "make plan       plan the example treatment; the documents go to out/, the reference site beside them"
	@echo "make docs       the reference site alone: open out/reference/index.html"
	@echo "make test       checks and tests, those of the app on SQLite and PostgreSQL   (ARGS='-k word' chooses tests)"
	@echo "make test-long  the tests that take long"
	@echo "make check      ruff, mypy and the import rules"
	@echo "make bench      side by side with peers, as ratios"
	@echo "make reference  docs/reference: schemas, conflicts, what is left out, sample patients, validation"
	@echo "make clean      remove .venv, out/ and caches"
	@echo "PYTHON=python3.13 make ...   chooses the Python that makes .venv"

# One stamp for each lock: .venv/.stamp-run, .venv/.stamp-test, .venv/.stamp-bench.
.venv/.stamp-%: requirements/%.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "nappage needs Python 3.11 or newer, and '$(PYTHON)' is not. Name another: make PYTHON=python3.13 ..." >&2; exit 1; }
	@echo "setting up .venv for '$*' (once, about a minute)..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(PIP) --require-hashes -r requirements/$*.txt
	@$(PIP) --no-index --no-deps --no-build-isolation -e .
	@touch $@

# The demo clinic, in var/demo; filled at the first start.
run: .venv/.stamp-run
	@$(BIN)/nappage-web demo --port $(PORT)

plan: .venv/.stamp-run
	@echo "planning examples/facial-rejuvenation.yaml..."
	@$(BIN)/nappage plan examples/facial-rejuvenation.yaml --on 2026-11-25 --out out --reference ../reference
	@$(BIN)/nappage knowledge site --on 2026-11-25 --out out/reference

docs: .venv/.stamp-run
	@$(BIN)/nappage knowledge site --on 2026-11-25 --out out/reference

# The checks run beside the tests. Whichever fails, all run to the end; either failure fails the target.
test: .venv/.stamp-test debian-test
	@failed=; checked=$$(mktemp); \
	$(MAKE) --no-print-directory -s check >"$$checked" 2>&1 & checking=$$!; \
	echo "pytest..."; \
	$(BIN)/python -m pytest -m "not long" $(ARGS) || failed=pytest; \
	echo "the app again, on PostgreSQL..."; \
	NAPPAGE_TEST_DB=postgresql $(BIN)/python -m pytest -o cache_dir=.pytest_cache/postgresql -m "not long and not browser" tests/web $(ARGS) \
	    || test $$? = 5 || failed="$$failed postgresql"; \
	wait $$checking || failed="$$failed check"; cat "$$checked"; rm -f "$$checked"; \
	test -z "$$failed" || { echo failed: $$failed >&2; exit 1; }

test-long: .venv/.stamp-test debian-test
	@$(BIN)/python -m pytest -m long $(ARGS)

# Each tool is silent unless it finds something. mypy reads the app's settings, which make a home where there is none.
check: .venv/.stamp-test
	@echo "checking..."
	@failed=; log=$$(mktemp); export NAPPAGE_HOME=.mypy_cache/home; \
	for tool in "ruff check ." "mypy" "lint-imports --no-logo"; do \
	    $(BIN)/$$tool >"$$log" 2>&1 || { echo "--- $$tool"; cat "$$log"; failed="$$failed $${tool%% *}"; }; \
	done; rm -f "$$log"; \
	test -z "$$failed" || { echo failed: $$failed >&2; exit 1; }

bench: .venv/.stamp-bench debian-bench
	@$(BIN)/python bench $(ARGS)

# Debian packages that no Python lock can bring. $(call debian,WHAT IS PRESENT,PACKAGES,WHAT THEY ARE FOR)
define debian
	@if ! { $(1); } >/dev/null 2>&1; then \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	        echo "installing $(2)..."; \
	        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(2); } >/dev/null \
	            || echo "could not install $(2), for $(3)" >&2; \
	    else \
	        echo "not found: $(2), for $(3); on Debian or Ubuntu: sudo apt-get install $(2)" >&2; \
	    fi; \
	fi
endef

debian-test: debian-postgresql
	$(call debian,command -v chromium-headless-shell,chromium-headless-shell,tests that look at pages in a browser; chromium itself does too)

debian-postgresql:
	$(call debian,command -v initdb || ls /usr/lib/postgresql/*/bin/initdb,postgresql,the app on PostgreSQL)

debian-bench: .venv/.stamp-bench debian-postgresql
	$(call debian,$(BIN)/python -c 'import weasyprint',libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0,the comparison with WeasyPrint)

# What docs/reference takes from the code and the data. Tests fail when it is stale.
reference: .venv/.stamp-test
	@for kind in answers order schedule decision plan screening formulation course map fit choice \
	    prices report triage; do \
	    $(BIN)/nappage check --schema $$kind > docs/reference/schemas/$$kind.schema.json; done
	@$(BIN)/nappage knowledge conflicts --markdown --on 2026-11-25 > docs/reference/conflicts.md
	@$(BIN)/nappage knowledge coverage --markdown --on 2026-11-25 > docs/reference/left-out.md
	@$(BIN)/python -m tests.samples
	@$(BIN)/python -m tests.injection_map.validation
	@$(BIN)/python -m tests.vignettes.page
	@$(BIN)/python -m tests.web.permissions

clean:
	rm -rf .venv out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

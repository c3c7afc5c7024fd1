# Every chore under one name, the same for people and for .ci/run. Relative paths throughout: a space may stand above.

# What the three lines without make are: python3 -m venv .venv; .venv/bin/python -m pip install -r requirements.txt;
# .venv/bin/python manage.py demo
python := .venv/bin/python

# Of the tests. Many wait for a lock, a signal or the end of some patience: one more than there are cores, up to 4.
workers := $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$(( cores < 4 ? cores + 1 : 4 )))

.PHONY: help setup demo serve test test-clients test-browser test-pgbouncer test-containers \
	pictures soak faults check check-types check-others fix bench

help: ## print this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

setup: .venv/installed ## create .venv and install requirements.txt into it
	@:

demo: setup ## serve the documented example on 127.0.0.1:8000, ready to paste (PORT=8001 for another port)
	@exec $(python) manage.py demo

serve: setup ## serve on 127.0.0.1:8000, without seeds (PORT=8001 for another port)
	@exec $(python) manage.py serve

test: setup ## run the tests (ARGS='-k merge' for some of them; PARTITIONS=8 on divided tables)
	@$(if $(CITUS_URL),export DATABASE_URL='$(CITUS_URL)';) exec $(python) -m pytest -n $(workers) --dist worksteal $(ARGS)

test-clients: setup ## run the tests with Sentry's clients and SDKs; says what they need (ARGS='-k merge' for some)
	@exec $(python) -m pytest -m 'npm or senders' tests/clients tests/senders $(ARGS)

test-browser: setup ## run the tests of the admin in Debian's Chromium (ARGS='-k keyboard' for some)
	@exec $(python) -m pytest -m browser tests/browser $(ARGS)

test-pgbouncer: setup ## run a service, and tests/api, behind Debian's PgBouncer (ARGS='-k merge' for some of tests/api)
	@$(python) -m pytest -m pgbouncer tests/pgbouncer
	@exec $(python) -m pytest -n $(workers) --dist worksteal -p tests.pgbouncer.through tests/api $(ARGS)

test-containers: setup ## make the images of Dockerfile by debootstrap, run them and compose.yaml as processes; as root
	@exec $(python) -m pytest -m containers tests/containers $(ARGS)

pictures: setup ## make docs/pictures/ anew, in Debian's Chromium
	@PICTURES=docs/pictures exec $(python) -m pytest -m browser tests/browser/test_pictures.py

soak: setup ## run the tests that go on for minutes, 5 each (SOAK_MINUTES=30 for longer, ARGS='-k histories' for some)
	@$(python) -m pytest -m soak $(ARGS)
	@exec $(python) -m pytest -m 'hypothesis and not soak' --hypothesis-profile=chance $(ARGS)

faults: setup ## put faults into a copy, one by one, and say which test finds each (ARGS='-k undo' for some, ARGS=--list)
	@exec $(python) -m tests.seeded_faults $(ARGS)

check: setup ## lint, format, types, imports, migrations, the API's documents, seeded faults; changes nothing
	@$(MAKE) --no-print-directory -j2 check-types check-others

# It takes as long as all others together, so they run beside it.
check-types:
	$(python) -m mypy --no-error-summary .

check-others:
	@# A link named as an ignored folder was committed once: whoever merges it loses the folder.
	! git ls-files --cached --ignored --exclude-standard | grep .
	$(python) -m ruff check --quiet
	$(python) -m ruff format --check --quiet
	.venv/bin/lint-imports --no-logo
	$(python) -m tests.seeded_faults --check
	$(python) manage.py check
	$(python) manage.py makemigrations --check --dry-run
	$(python) manage.py spectacular --validate --fail-on-warn | diff -u docs/openapi.yaml -
	$(python) manage.py list_routes | diff -u docs/routes.md -

fix: setup ## let ruff mend lint and format; write docs/openapi.yaml and docs/routes.md anew
	$(python) -m ruff check --fix
	$(python) -m ruff format
	$(python) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	$(python) manage.py list_routes > docs/routes.md

bench: setup ## measure what requests cost, in half an hour or more; writes docs/benchmarks.md (ARGS=--quick: two, only prints)
	@exec $(python) -m benchmarks $(ARGS)

# PYTHON=/usr/bin/python3.11 in the environment is taken before those on the PATH.
# Written last: an installation that was interrupted is begun again, a finished one costs nothing.
.venv/installed: requirements.txt
	@for found in $(PYTHON) python3.11 python3 ''; do \
		"$$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	test "$$found" || { echo 'Python 3.11 or later is needed, as python3.11 or python3 on the PATH.' >&2; exit 1; }; \
	echo 'Installing requirements.txt into .venv'; \
	test -x $(python) || "$$found" -m venv .venv
	@$(python) -m pip install -qq --disable-pip-version-check -r requirements.txt
	@touch $@

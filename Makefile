# One command each. `make help` lists them; the work is done by scripts/ and tools/.

# Python in an environment with the tools of development; made or brought up to date first.
DEVELOPMENT := scripts/python -m tools.environment development --
args ?=

.DEFAULT_GOAL := help
.PHONY: help run test test-fast lint format lock shell messages schema styleguide bench chaos rows clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

# These two are started without a shell between, so that a signal to make reaches them.
run: ## start everything on http://127.0.0.1:8000 (HTTP_PORT, WS_PORT, SANDBOX_PORT change the ports)
	@scripts/run

test: ## run every check and every test
	@scripts/test

test-fast: ## run some tests only: make test-fast args="tests/cards -k frozen"
	@$(DEVELOPMENT) -m tools.launcher test -- $(args)

lint: ## run the static checks, without the tests
	@$(DEVELOPMENT) -m tools.checks --static

format: ## put Python and templates into their form
	@$(DEVELOPMENT) -m ruff format .
	@$(DEVELOPMENT) -m ruff check --fix .
	@$(DEVELOPMENT) -m djlint --reformat --quiet templates

lock: ## compile requirements*.in into pinned and hashed requirements*.txt
	@$(DEVELOPMENT) -c "" && scripts/lock $(args)

shell: ## a Python shell in the running demo
	@.venv/bin/python manage.py shell

messages: ## bring locale/en up to date with the Chinese sentences in the code
	@$(DEVELOPMENT) -m tools.messages --update

schema: ## write docs/api/openapi.yaml from the code
	@$(DEVELOPMENT) -m tools.launcher with -- .venv/bin/python -m tools.django_checks write-schema

styleguide: ## where the components are shown
	@echo "Start \`make run\` and open http://127.0.0.1:8000/styleguide/"

bench: ## measure verification: make bench args="--seconds 10"
	@$(DEVELOPMENT) -m tools.launcher with -- .venv/bin/python -m benchmarks.verify $(args)

chaos: ## break everything while 1,000 bills are paid and events told, and look what is left: CHAOS_PAYMENTS, CHAOS_SECONDS, CHAOS_SEED
	@CHAOS_PAYMENTS=$${CHAOS_PAYMENTS:-1000} CHAOS_SECONDS=$${CHAOS_SECONDS:-600} CHAOS_REPORTS=$${CHAOS_REPORTS:-build/chaos} \
	MONEY_EXAMPLES=$${MONEY_EXAMPLES:-300} \
	$(DEVELOPMENT) -m tools.launcher test -- tests/chaos tests/payments/test_machine.py --hypothesis-profile searching $(args)

rows: ## the rows of the catalogue, each with the number of its tests
	@$(DEVELOPMENT) -m tools.launcher with -- .venv/bin/python -m tools.rows 2>/dev/null

clean: ## remove what the tools made, but neither the data in var/ nor .venv
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build
	@find . -name __pycache__ -not -path "./.venv/*" -prune -exec rm -rf {} +

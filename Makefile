# Everything here runs in .venv, which is created on first use; `make help` lists the targets.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
KAFKA := build/kafka
BENCH := build/bench-venv
ATHERIS := build/atheris
DOCS := build/docs-venv

# Hundreds of processes that tests start would each compile the sources again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo train worker test lint hooks types wheel unit integration coverage test-hard test-services proof proof-alerts fuzz bench bench-growth bench-memory bench-alerts docs format lock clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo SCENARIO=machines  # or cards, patients, network"
	@echo "  make demo DATA=data/airport-weather.csv DEMO_SECONDS=20"
	@echo "  make demo DATA=payments.csv ROLES='key=card label=\"Is Fraud\" time=none'"
	@echo "  make demo DATA=payments.csv TIME_FORMAT='%d/%m/%Y %H:%M'"
	@echo "  make demo ANOMALY_BROKER=kafka://host:port"
	@echo "  make train DATA=history.csv ROLES='features=amount,shop'"
	@echo
	@echo "  Variables of demo: SCENARIO=cards DATA ROLES TIME_FORMAT DEMO_SECONDS=60 RATE=200"
	@echo "  WORKERS=1 ALERT_RATE=0.015 SEED=7 ANOMALY_BROKER"
	@echo "  Variables of train: SCENARIO=cards DATA ROLES TIME_FORMAT"
	@echo "  Variables of fuzz: RECORDS=10000000 SEED=0 GUIDED_SECONDS=60"
	@echo "  Variable of bench: BENCH_OPTIONS='--runs 1 --systems floor,app'"
	@echo "  Variables of bench-memory: BENCH_OPTIONS=--quick MEMORY_OPTIONS='--only kernel,bytes'"
	@echo "  Variable of bench-alerts: ALERTS_OPTIONS='--data FOLDER --seeds 2 --development'"
	@echo
	@echo "  Commands without make: . .venv/bin/activate, then python -m training --help,"
	@echo "  python -m demo --help, faust -A anomaly_app.app --help"

$(READY): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		(echo "Python 3.11 or newer is needed; name one with PYTHON=python3.11" && false)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the locked packages into .venv (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

demo: $(READY) ## See it work in a minute: broker, model, worker, traffic, and messages to people
	@$(BIN)/python -m demo

# The shell reads the variables, not make: names may hold quotes and spaces.
export DATA ROLES TIME_FORMAT

train: $(READY) ## Train a model on DATA=path (file, folder or kafka://…/topic), or on a simulated SCENARIO
	@test -n "$$DATA" || $(BIN)/python -m demo.write_history build/simulated.csv
	@$(BIN)/python -m training fit "$${DATA:-build/simulated.csv}" --roles "$$ROLES" \
		$${TIME_FORMAT:+--time-format "$$TIME_FORMAT"}

worker: $(READY) ## Start a worker on the broker at ANOMALY_BROKER
	@$(BIN)/faust -A anomaly_app.app worker -l info

test: $(READY) ## Run every check: style, types, unit and integration tests
	@$(MAKE) --no-print-directory -j3 lint types unit
	@$(MAKE) --no-print-directory integration

lint: $(READY) ## Check style, format and imports between modules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache --no-logo

hooks: $(READY) ## Install git hooks that check every commit
	@$(BIN)/prek install

types: $(READY) ## Check types, strictly
	@$(BIN)/mypy

wheel: $(READY) ## Build the wheel and the source distribution into dist
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist .

unit: $(READY) ## Test without a broker, in seconds
	@$(BIN)/pytest -q -n auto --dist worksteal tests/unit

integration: $(READY) ## Test real workers on the embedded broker (or on ANOMALY_BROKER)
	@$(BIN)/pytest -q -n 4 --dist worksteal tests/integration

coverage: $(READY) ## Measure which lines the unit and integration tests run, workers included
	@$(BIN)/pytest -q -n auto --cov --cov-report= tests/unit
	@$(BIN)/pytest -q -n 4 --cov --cov-append --cov-report=term:skip-covered --cov-report=html tests/integration

test-hard: $(READY) ## Compare the detectors on the hardest data; HARD= selects, as -k of pytest
	@$(BIN)/pytest -q -n auto tests/hard $(if $(HARD),-k "$(HARD)")

test-services: $(READY) $(if $(ANOMALY_BROKER),,$(KAFKA)/.ready) ## Test on Apache Kafka (Maven, Java 17), or on ANOMALY_BROKER
	@$(BIN)/pytest -q -n 3 --dist worksteal tests/integration $(if $(ANOMALY_BROKER),,--kafka $(KAFKA))
	@$(BIN)/pytest -q tests/services $(if $(ANOMALY_BROKER),,--kafka $(KAFKA))

# At the size that docs/memory.md reports.
FULL_SIZE := MEMORY_EVENTS=10000000 MEMORY_KILLS=22 MEMORY_RATE=12000 MEMORY_WORKERS=3 \
	MEMORY_PARTITIONS=6 MEMORY_INTERVAL=20 MEMORY_BUSY=1000000

proof: $(READY) $(KAFKA)/.ready ## Compare ten million judgements with a replay, through kills and freezes (half an hour)
	@$(FULL_SIZE) $(BIN)/pytest -q tests/services/test_memory.py tests/services/test_memory_restores.py \
		-k "every_judgement or idle" --kafka $(KAFKA)

# At the size that docs/incidents.md reports.
FULL_TIME := ALERTS_SECONDS=600 ALERTS_CARDS=600 ALERTS_WORKERS=3

proof-alerts: $(READY) $(KAFKA)/.ready ## Kill workers, Slack and PagerDuty for ten minutes: each incident is told once
	@$(FULL_TIME) $(BIN)/pytest -q tests/services/test_alerts_proof.py --kafka $(KAFKA)

$(KAFKA)/.ready: harness/pom.xml
	@command -v mvn >/dev/null && command -v java >/dev/null || \
		(echo "Maven and Java 17 are needed to run Apache Kafka; or name a broker: make test-services ANOMALY_BROKER=kafka://host:port" && false)
	@echo "fetching Apache Kafka into $(KAFKA) (once)"
	@rm -rf $(KAFKA)
	@mvn -q -B -f harness/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(KAFKA)
	@touch $@

RECORDS ?= 10000000
SEED ?= 0
GUIDED_SECONDS ?= 60

fuzz: $(READY) $(ATHERIS)/.ready ## Try millions of mutated records, from bytes to alert
	@if test -d $(ATHERIS)/atheris; then \
		PYTHONPATH=$(ATHERIS) $(BIN)/python -m tests.fuzz --guided --seconds $(GUIDED_SECONDS) --seed $(SEED); fi
	@$(BIN)/python -m tests.fuzz --records $(RECORDS) --seed $(SEED)

# Not in .venv: it is only needed here, and does not have a wheel for every Python.
$(ATHERIS)/.ready:
	@echo "fetching atheris into $(ATHERIS) (once)"
	@mkdir -p $(ATHERIS)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: \
		--target $(ATHERIS) atheris==3.0.0 || echo "atheris is not available: fuzzing without coverage guidance"
	@touch $@

# Apache Kafka if it can run: it needs Java, and Maven the first time.
BENCH_KAFKA = $(if $(ANOMALY_BROKER),,$(shell command -v java >/dev/null && \
	{ test -e $(KAFKA)/.ready || command -v mvn >/dev/null; } && echo $(KAFKA)))
BENCHMARKS = $(BENCH)/bin/python -m benchmarks $(if $(BENCH_KAFKA),--kafka $(KAFKA)) $(BENCH_OPTIONS)

bench: $(READY) $(BENCH)/.ready $(if $(BENCH_KAFKA),$(KAFKA)/.ready) ## Compare with other implementations, in half an hour
	@$(BENCHMARKS)

bench-growth: $(READY) $(BENCH)/.ready $(if $(BENCH_KAFKA),$(KAFKA)/.ready) ## Measure how the cost per row grows
	@$(BENCHMARKS) growth

bench-memory: $(READY) $(BENCH)/.ready $(if $(BENCH_KAFKA),$(KAFKA)/.ready) ## Measure what the memory of entities costs, in 20 minutes
	@$(BENCHMARKS) memory $(MEMORY_OPTIONS)

bench-alerts: $(READY) ## Compare ways to turn anomalies into messages, in two hours the first time
	@$(BIN)/python -m benchmarks alerts $(ALERTS_OPTIONS)

# A separate environment: a peer needs other versions of packages that the app also uses.
$(BENCH)/.ready: requirements-bench.lock
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	@echo "installing the benchmark's packages into $(BENCH) (once)"
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	@touch $@

docs: $(DOCS)/.ready ## Build the documentation site in build/site
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --quiet --strict
	@echo "open build/site/index.html; with search: python -m http.server -d build/site"

# A separate environment: neither a worker nor a developer needs the site's packages.
$(DOCS)/.ready: requirements-docs.lock
	@test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	@echo "installing the site's packages into $(DOCS) (once)"
	@$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.lock
	@touch $@

format: $(READY) ## Rewrite the code in the project's style
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

UPGRADE ?= --upgrade
COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header
# $(call add_lock,EXTRA,LOCKS): the lock of an extra has only what the locks below it lack.
define add_lock
sed '/^-r/d' $(2) > build/below.lock
sed '/^-r/d' $(2) requirements-$(1).lock > build/all.lock
$(COMPILE) $(UPGRADE) --extra $(1) -c build/below.lock pyproject.toml -o build/all.lock
echo '-r $(lastword $(2))' > requirements-$(1).lock
awk 'NR == FNR {below[$$0]; next} /^[^ ]/ {known = $$0 in below} !known' \
	build/below.lock build/all.lock >> requirements-$(1).lock
endef
BASE_LOCK := requirements.lock
REGISTRY_LOCK := $(BASE_LOCK) requirements-registry.lock
STORE_LOCK := $(REGISTRY_LOCK) requirements-store.lock
DEV_LOCK := $(STORE_LOCK) requirements-dev.lock

.SILENT: lock
lock: $(READY) ## Resolve the dependencies again; UPGRADE= keeps the locked versions
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) $(UPGRADE) pyproject.toml -o requirements.lock
	$(call add_lock,registry,$(BASE_LOCK))
	$(call add_lock,store,$(REGISTRY_LOCK))
	$(call add_lock,dev,$(STORE_LOCK))
	sed '/^-r/d' $(DEV_LOCK) > build/below.lock
	$(COMPILE) $(UPGRADE) --group docs -c build/below.lock -o requirements-docs.lock
	# The benchmark's peers need other versions of some packages: its lock is separate, and keeps
	# the others' versions where it can.
	$(if $(UPGRADE),sed '/^-r/d' $(DEV_LOCK) > requirements-bench.lock)
	$(COMPILE) --extra bench pyproject.toml -o requirements-bench.lock

clean: ## Remove build results and the environment
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

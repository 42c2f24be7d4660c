# The project's commands. `make run` and `make test` work from a clean clone: both begin with `setup`.

RECIPE ?= digits
DATA ?=
NETWORK ?=
SUITE ?= bookworm trixie
MINUTES ?= 20
JOBS ?= 1
BENCH ?= $(patsubst tests/bench/bench_%.py,%,$(wildcard tests/bench/bench_*.py))

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --durations=10 --durations-min=1
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-annotate --no-header
LIGHT := $(wildcard tests/test_*.py)

export TF_CPP_MIN_LOG_LEVEL ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup run test test-unit test-tfx test-e2e check lint type format lock docs sbom bench bench-serving fuzz test-bare test-containers clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile
	@echo "  Variables of run: RECIPE=$(RECIPE) DATA=<folder, idx .gz or TFRecord> NETWORK=<name>"
	@echo "  of bench: BENCH='$(BENCH)', of test-bare: SUITE='$(SUITE)'"

setup: ## Make .venv from the lock that fits this machine (nothing to do when it is up to date)
	@requirements/install.sh

run: setup ## Train, judge and push RECIPE from DATA, or from the sample that comes with it
	@$(BIN)/tfx-ocr doctor --quiet
	@$(BIN)/tfx-ocr run $(RECIPE) $(if $(DATA),--data "$(DATA)") $(if $(NETWORK),--network $(NETWORK))

test: setup ## Run every test: three tiers by cost, the whole pipelines beside the two others
	@requirements/programs.sh
	@mkdir -p build
	@echo "test-e2e runs beside the others, and is shown after them: build/test-e2e.log"
	@$(MAKE) --no-print-directory test-e2e >build/test-e2e.log 2>&1 & pipelines=$$!; \
	$(MAKE) --no-print-directory test-unit test-tfx; others=$$?; \
	wait $$pipelines; failed=$$?; cat build/test-e2e.log; exit $$((others || failed))

test-unit: setup ## Tests that import no TensorFlow
	@$(PYTEST) -m "not tfx and not e2e and not containers"

test-tfx: setup ## Tests that import TFX, Beam or TensorFlow
	@$(PYTEST) -m "tfx and not e2e"

test-e2e: setup ## Tests that run the whole pipeline by the command line
	@$(PYTEST) -m e2e

check: lint type ## Lint, format, types, and the tests of the project's shape
	@$(BIN)/python -m pytest -q -m "not tfx" $(LIGHT)

lint: setup ## ruff, and what it would format
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

type: setup ## mypy
	@$(BIN)/mypy

format: setup ## Fix and format with ruff
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lock: setup ## Resolve requirements/*.in into the locks (a version stays while it fits; to move on, delete the lock first)
	cd requirements && ../$(COMPILE) installer.in --output-file installer.txt
	cd requirements && ../$(COMPILE) py311.in --output-file py311.txt --python-version 3.11
	cd requirements && ../$(COMPILE) ../pyproject.toml --extra serve --constraint py311.txt --no-emit-package backports-strenum --output-file serve.txt --python-version 3.11
	cd requirements && ../$(COMPILE) py312.in --output-file py312.txt --python-version 3.12 --universal
	cd requirements && ../$(COMPILE) docs.in --output-file docs.txt --python-version 3.11 --universal
	cd requirements && ../$(COMPILE) sbom.in --output-file sbom.txt --python-version 3.11 --universal

docs: .venv-docs/.setup ## Build the documentation into build/site, links checked
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs --quiet build --strict
	@echo "build/site/index.html"

sbom: .venv-sbom/.setup ## List what .venv holds with versions and licences, as CycloneDX: build/sbom.json
	@mkdir -p build
	@.venv-sbom/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --of JSON -o build/sbom.json $(BIN)/python
	@echo "build/sbom.json"

.venv-%/.setup: requirements/%.txt | setup
	@$(BIN)/python -m venv --clear .venv-$*
	@.venv-$*/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/$*.txt
	@touch $@

bench: setup ## Measure BENCH into tests/bench/results/, then rewrite docs/benchmarks.md (everything: a day on two cores)
	@for bench in $(BENCH); do $(BIN)/python tests/bench/bench_$$bench.py || exit 1; done
	@$(BIN)/python tests/bench/benchmarks.py

fuzz: setup ## Try every parser on damaged inputs for MINUTES each, JOBS at once, from where the last run ended
	@$(BIN)/python tests/fuzz/run_fuzz.py --minutes $(MINUTES) --jobs $(JOBS)

bench-serving: ## Measure the served model alone: requests per second, versions swapped under load, half an hour's soak
	@$(MAKE) --no-print-directory bench BENCH="serving soak"

test-containers: setup ## Build both images, run them, and Kubeflow's steps in them (root, docker.io, docker-compose 2, debootstrap)
	@$(PYTEST) -m containers

test-bare: ## Prove `make run` and `make test` in bare Debian roots of SUITE (root, debootstrap; an hour)
	@tests/bare/run.sh $(SUITE)

clean: ## Remove .venv, caches and builds; runs and pushed models stay
	rm -rf .venv .venv-docs .venv-sbom build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find $(wildcard pipeline components data serving tests) -name __pycache__ -type d -prune -exec rm -rf {} +

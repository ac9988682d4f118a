# Every command of the project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help build test test-spark test-cluster lint pytest pytest-library \
	pytest-builds pytest-browser pytest-adapter pytest-spark docs demo lock java browser clean

PYTHON ?= python3
BIN := .venv/bin
export UV_COMPILE_BYTECODE := 1
# Trust what the machine trusts, as pip does.
export UV_SYSTEM_CERTS := 1

# DATA=<folder of real files> builds from them, each variant with a parse of
# its own: dbt parses everything anew when its vars change.
# RETRAIN=true trains a new version of every model, RETRAIN='[a, b]' of these.
# TARGET=spark builds on Apache Spark, in an environment of its own.
TARGET ?= duckdb
ifneq ($(filter-out duckdb spark,$(TARGET)),)
$(error TARGET is $(TARGET); needed is duckdb or spark)
endif
ON_SPARK := $(filter spark,$(TARGET))
ifeq ($(SEGMENTATION_SPARK_MASTER),)
# Spark in this process is nobody else's business.
export SPARK_LOCAL_IP ?= 127.0.0.1
endif
build: BIN := $(if $(ON_SPARK),.venv-spark,.venv)/bin

# A remote server, or a warehouse such as hdfs://…, is not read from here.
SPARK_ELSEWHERE := $(if $(ON_SPARK),$(SEGMENTATION_SPARK_REMOTE)$(findstring ://,$(SEGMENTATION_SPARK_WAREHOUSE)))

DBT_BUILD = $(BIN)/dbt --quiet build --target $(TARGET) \
	--target-path target$(if $(ON_SPARK),/spark)$(if $(DATA),/data)
CHECK_AND_BUILD = $(BIN)/segments validate --target $(TARGET) \
	&& $(DBT_BUILD) $(if $(RETRAIN),--vars 'retrain: $(RETRAIN)')
ifdef DATA
CHECK_AND_BUILD = vars=$$($(BIN)/segments inputs $(if $(RETRAIN),--retrain '$(RETRAIN)') '$(DATA)') \
	&& $(BIN)/segments validate --target $(TARGET) --vars "$$vars" \
	&& $(DBT_BUILD) --vars "$$vars"
endif

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort \
	| awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

build: $(if $(ON_SPARK),java .venv-spark/spark,.venv/runtime) ## Check, build, test, publish and report the segments (DATA=<folder of real files> RETRAIN=true TARGET=spark)
	$(CHECK_AND_BUILD)
ifneq ($(SPARK_ELSEWHERE),)
	@echo "The tables stand in Spark's own warehouse; nothing is published from here."
else
	$(BIN)/segments validate --target $(TARGET) --marts
	$(BIN)/segments publish --target $(TARGET)
	$(BIN)/segments report
	$(BIN)/segments summary
endif

# The builds take as long as all the others.
test: .venv/dev browser ## Lint and run every test (SEGMENTATION_DATA_DIR=<folder of real files>)
	$(MAKE) --jobs 2 --output-sync --no-print-directory \
		pytest-builds lint pytest-library pytest-browser

test-spark: java .venv-spark/spark ## Run the tests on Apache Spark (SEGMENTATION_DATA_DIR=<folder of real files>)
	$(MAKE) --jobs 2 --output-sync --no-print-directory pytest-adapter pytest-spark

pytest-adapter: .venv-spark/spark
	.venv-spark/bin/python -m pytest adapters/dbt-sparksession/tests

pytest-spark: .venv-spark/spark
	.venv-spark/bin/python -m pytest tests/python/spark

test-cluster: java .venv-spark/spark ## Build on a Spark cluster on this machine, and kill a worker in the middle
	.venv-spark/bin/python -m pytest -m slow tests/python/spark

lint: .venv/dev ## Check the style of Python, SQL and YAML
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/yamllint --strict .
	$(BIN)/sqlfluff lint --processes 1

pytest: .venv/dev ## Run the tests of the library and, beside them, of whole builds
	$(MAKE) --jobs 2 --output-sync --no-print-directory \
		pytest-builds pytest-library pytest-browser

pytest-library: .venv/dev
	$(BIN)/python -m pytest tests/python/library src

pytest-builds: .venv/dev
	$(BIN)/python -m pytest tests/python/builds

pytest-browser: .venv/dev browser
	$(BIN)/python -m pytest tests/python/browser

docs: .venv/runtime ## Write the dbt documentation into one page, target/static_index.html
	$(BIN)/dbt --quiet docs generate --static

demo: .venv/runtime ## Make the demo seeds anew
	$(BIN)/segments demo

lock: .venv/dev ## Pin the newest versions that the requirements allow
	for name in uv runtime dev spark evidently; do $(BIN)/uv pip compile --quiet --upgrade \
		--generate-hashes --no-strip-extras --no-emit-index-url \
		--python-version 3.11 --custom-compile-command 'make lock' \
		requirements/$$name.in --output-file requirements/$$name.txt; done

clean: ## Remove the environment and everything that was built
	rm -rf .venv .venv-spark target logs report warehouse/*.duckdb* warehouse/spark \
		serve/*.duckdb*

# ------------------------------------------------------------------ environment

.venv/uv .venv-spark/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' \
	|| { echo 'Python 3.11 or newer is needed; name it: make PYTHON=python3.11'; exit 1; }
	@$(PYTHON) -m venv $(@D) \
	|| { echo 'Python cannot make environments here. On Debian: apt-get install python3-venv'; exit 1; }
	$(@D)/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	touch $@

# With the last line dbt finds profiles.yml from any folder; one in the current
# folder comes first.
define install
$(@D)/bin/uv pip install --quiet --python $(@D)/bin/python --require-hashes -r requirements/$(@F).txt
$(@D)/bin/uv pip install --quiet --python $(@D)/bin/python --no-deps --no-build-isolation -e .
$(@D)/bin/python requirements/find_profiles.py
endef

.venv/runtime: .venv/uv requirements/runtime.txt pyproject.toml
	$(install)
	touch $@

# The development environment holds all of the runtime one.
.venv/dev: .venv/runtime requirements/dev.txt
	$(install)
	touch $@

ADAPTER := adapters/dbt-sparksession
.venv-spark/spark: .venv-spark/uv requirements/spark.txt pyproject.toml \
		$(shell find $(ADAPTER)/pyproject.toml $(ADAPTER)/src -name '*.py' -o -name '*.sql' -o -name '*.toml')
	$(install)
	$(@D)/bin/uv pip install --quiet --python $(@D)/bin/python --no-deps --no-build-isolation \
		--reinstall-package dbt-sparksession ./$(ADAPTER)
	touch $@

# The tests of the report look at it in a browser; without one they are skipped, and
# say so.
browser:
	@command -v chromium > /dev/null || command -v chromium-browser > /dev/null || command -v google-chrome > /dev/null \
	|| { test "$$(id -u)" = 0 && command -v apt-get > /dev/null && apt-get -qq update; \
	DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium > /dev/null 2>&1; } \
	|| echo 'No browser: on Debian, apt-get install chromium runs the tests of the report too.'

# A client of Spark Connect needs no Java.
java:
	@test -n "$$SEGMENTATION_SPARK_REMOTE" \
	|| "$${JAVA_HOME:+$$JAVA_HOME/bin/}java" -version 2>&1 | grep -qE 'version "(17|21)[."]' \
	|| { echo 'Apache Spark needs Java 17 or 21. On Debian: apt-get install openjdk-17-jre-headless; if it stands elsewhere, set JAVA_HOME'; exit 1; }

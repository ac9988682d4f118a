# Every command of the project. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help build test lint pytest pytest-library pytest-builds docs demo lock clean

PYTHON ?= python3
BIN := .venv/bin
export UV_COMPILE_BYTECODE := 1
# Trust what the machine trusts, as pip does.
export UV_SYSTEM_CERTS := 1

# DATA=<folder of real files> builds from them, each variant with a parse of
# its own: dbt parses everything anew when its vars change.
# RETRAIN=true trains a new version of every model, RETRAIN='[a, b]' of these.
CHECK_AND_BUILD = $(BIN)/segments validate \
	&& $(BIN)/dbt --quiet build $(if $(RETRAIN),--vars 'retrain: $(RETRAIN)')
ifdef DATA
CHECK_AND_BUILD = vars=$$($(BIN)/segments inputs $(if $(RETRAIN),--retrain '$(RETRAIN)') '$(DATA)') \
	&& $(BIN)/segments validate --vars "$$vars" \
	&& $(BIN)/dbt --quiet build --vars "$$vars" --target-path target/data
endif

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort \
	| awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

build: .venv/runtime ## Check, build, test and publish the segments (DATA=<folder of real files> RETRAIN=true)
	$(CHECK_AND_BUILD)
	$(BIN)/segments validate --marts
	$(BIN)/segments publish
	$(BIN)/segments summary

test: lint pytest ## Lint and run every test (SEGMENTATION_DATA_DIR=<folder of real files>)

lint: .venv/dev ## Check the style of Python, SQL and YAML
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/yamllint --strict .
	$(BIN)/sqlfluff lint --processes 1

pytest: .venv/dev ## Run the tests of the library and, beside them, of whole builds
	$(MAKE) --jobs 2 --output-sync --no-print-directory pytest-library pytest-builds

pytest-library: .venv/dev
	$(BIN)/python -m pytest tests/python/library src

pytest-builds: .venv/dev
	$(BIN)/python -m pytest tests/python/builds

docs: .venv/runtime ## Write the dbt documentation into one page, target/static_index.html
	$(BIN)/dbt --quiet docs generate --static

demo: .venv/runtime ## Make the demo seeds anew
	$(BIN)/segments demo

lock: .venv/dev ## Pin the newest versions that the requirements allow
	for name in uv runtime dev; do $(BIN)/uv pip compile --quiet --upgrade \
		--generate-hashes --no-strip-extras --no-emit-index-url \
		--python-version 3.11 --custom-compile-command 'make lock' \
		requirements/$$name.in --output-file requirements/$$name.txt; done

clean: ## Remove the environment and everything that was built
	rm -rf .venv target logs report warehouse/*.duckdb* serve/*.duckdb*

# ------------------------------------------------------------------ environment

.venv/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' \
	|| { echo 'Python 3.11 or newer is needed; name it: make PYTHON=python3.11'; exit 1; }
	@$(PYTHON) -m venv .venv \
	|| { echo 'Python cannot make environments here. On Debian: apt-get install python3-venv'; exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	touch $@

# The development environment holds all of the runtime one. With the last line
# dbt finds profiles.yml from any folder; one in the current folder comes first.
define install
$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/$(1).txt
$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
$(BIN)/python requirements/find_profiles.py
touch .venv/$(1)
endef

.venv/runtime: .venv/uv requirements/runtime.txt pyproject.toml
	$(call install,runtime)

.venv/dev: .venv/runtime requirements/dev.txt
	$(call install,dev)

# Everything that a person or CI runs. `make run` and `make test` work on a bare machine with
# Python 3.11–3.14 and a network that serves packages; the second run installs nothing.

PYTHON ?= python3
VENV ?= .venv
# Linux without a GPU: install PyTorch's CPU build into $(VENV) first, or the default build
# brings several GB of CUDA along. `make test EXTRAS=web,openvino,heic,dev` does without torch.
EXTRAS ?= train,web,pdf,openvino,heic,dev
bin := $(VENV)/bin
pip := $(bin)/python -m pip --disable-pip-version-check
stamp = $(VENV)/.installed-$(subst $(comma),-,$(1))
comma := ,

.PHONY: run test lint audit format bench soak load scale samples screenshots train-demo lock clean help

help: ## list these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(call stamp,web) ## install the package and serve the web application on this machine
	$(bin)/facetell serve

test: lint ## every check and every test
	$(bin)/python -m pytest

lint: $(call stamp,$(EXTRAS)) ## format, lint, types and import contracts
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports

audit: $(VENV)/audit/.installed $(call stamp,$(EXTRAS)) ## known weaknesses: of the code, the packages, the server's settings
	$(VENV)/audit/bin/bandit --quiet --recursive src --configfile pyproject.toml
	$(VENV)/audit/bin/python tools/audit.py constraints.txt
	FACETELL_DATA_DIR=$(abspath $(VENV))/audit/data FACETELL_ACCOUNTS=1 FACETELL_TLS=1 FACETELL_PROXY=127.0.0.1 \
	  FACETELL_ALLOWED_HOSTS=facetell.example.org FACETELL_TRUSTED_ORIGINS=https://facetell.example.org \
	  $(bin)/facetell-web check --deploy --fail-level WARNING

format: $(call stamp,$(EXTRAS)) ## rewrite the code in the house format
	$(bin)/ruff check --fix
	$(bin)/ruff format

bench: $(call stamp,$(EXTRAS)-bench) ## speed beside the reference pipeline, then peak memory
	$(bin)/python benchmarks/reference.py
	$(bin)/python benchmarks/memory.py

soak: $(call stamp,$(EXTRAS)) ## 200 analyses while workers are killed, 10,000 broken files: minutes
	$(bin)/python benchmarks/web_soak.py
	$(bin)/python -m tests.hostile.fuzz --count 10000
	$(bin)/python tools/run_dockerfile.py

scale: $(call stamp,$(EXTRAS)) ## batch on a Ray cluster: tests, then engines side by side, a node lost
	$(pip) install --quiet --constraint constraints.txt --editable '.[ray]'
	FACETELL_SOAK=1 $(bin)/python -m pytest tests/batch/test_cluster.py
	for what in busy engines killed; do $(bin)/python benchmarks/batch.py $$what; done

load: $(call stamp,$(EXTRAS)) ## the web server with 10,000 analyses, a large upload, 50 who watch
	$(bin)/python benchmarks/web_load.py

samples: $(call stamp,$(EXTRAS)) ## make the bundled sample pair again
	$(bin)/python tools/make_samples.py src/facetell/data/samples

screenshots: $(call stamp,$(EXTRAS)) ## make the pictures and the animation of the docs again
	$(bin)/python tools/make_screenshots.py docs/images

# The same five steps as with data of one's own; tests/train/test_demo.py runs them in small.
demo := runs/demo
train-demo: $(call stamp,$(EXTRAS)) ## prepare, split, train and export a tiny model: two minutes
	$(bin)/python -m facetell.train.demo_data $(demo)/data
	$(bin)/facetell prepare $(demo)/data $(demo)/store --crops no
	$(bin)/facetell split $(demo)/store --out $(demo)/split.json --by group --validation 0.25 --test 0
	$(bin)/facetell train recipes/demo.toml --out $(demo)/run
	$(bin)/facetell export recipes/demo.toml $(demo)/run $(demo)/demo.onnx
	@echo "look at $(demo)/run/summary.html; to start anew, remove $(demo)"

# One set of versions for every supported Python. CUDA packages are left out: which of them
# torch brings depends on the build of torch, and a CPU build needs none.
lock: $(call stamp,$(EXTRAS)) ## resolve constraints.txt anew
	$(pip) install --quiet uv
	$(bin)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	  --fork-strategy fewest --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	  --extra train --extra web --extra pdf --extra openvino --extra heic --extra bench --extra dev --extra cloud --extra ray \
	  --constraint tools/pins.txt --upgrade --output-file $(VENV)/constraints.txt
	grep -vE '^(nvidia-|cuda-|triton==)' $(VENV)/constraints.txt > constraints.txt

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(call stamp,web): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing into $(VENV): minutes the first time"
	$(pip) install --quiet --constraint constraints.txt --editable '.[web]'
	@touch $@

$(call stamp,$(EXTRAS)): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing into $(VENV): minutes the first time"
	$(pip) install --quiet --constraint constraints.txt --editable '.[$(EXTRAS)]'
	@touch $@ $(call stamp,web)

$(call stamp,$(EXTRAS)-bench): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing into $(VENV): minutes the first time"
	$(pip) install --quiet --constraint constraints.txt --editable '.[$(EXTRAS),bench]'
	@touch $@

$(VENV)/audit/.installed: tools/audit.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip --disable-pip-version-check install --quiet --requirement tools/audit.txt
	@touch $@

clean: ## remove what these targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Everything that a newcomer, a contributor or a CI machine types. Each target is enough by itself: it installs what is
# missing first (scripts/bootstrap) and is quiet about it when nothing is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo build test lint fmt bench fuzz screenshots clean

# A Swift that is on no PATH can be named: make test SWIFT=/path/to/swift
SWIFT ?= $(firstword $(shell command -v swift) $(wildcard /opt/swift/usr/bin/swift /usr/share/swift/usr/bin/swift \
	$(HOME)/.local/share/swiftly/bin/swift) swift)
export SWIFT

# One configuration for everything. Tests run on the release build too: a proof is a million chained hashes, which take
# a debug build half a minute and a release build a tenth of a second, and what is tested is then what is shipped.
# Nothing needs @testable: the tests use `package` access.
CONFIGURATION := -c release
# An import of a module that the target does not name as a dependency is an error, so that Package.swift stays the truth.
CHECKED := $(CONFIGURATION) --explicit-target-dependency-import-check error

help: ## Say what can be made (this list).
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Start a server with 25 simulated devices, and print what to look at.
	@scripts/bootstrap demo
	@$(SWIFT) build $(CHECKED) --product sparekey
	@scripts/demo

build: ## Build the release binary, .build/release/sparekey.
	@scripts/bootstrap build
	$(SWIFT) build $(CHECKED) --product sparekey

test: ## Run everything that has to pass: lint, the Swift tests, then the end-to-end tests against the release binary.
	@scripts/bootstrap test
	@scripts/lint
	$(SWIFT) build $(CHECKED) --build-tests
	$(SWIFT) test $(CONFIGURATION) --skip-build --disable-xctest
	.venv/bin/python -m pytest EndToEnd

lint: ## Check the format, the length of files, and what must not be in the sources.
	@scripts/bootstrap build
	@scripts/lint

fmt: ## Format the Swift sources in place.
	@$(SWIFT) format format --in-place --parallel --recursive Package.swift Sources Tests Fuzz

bench: ## Measure, and print the figures as ratios of what this machine can do.
	@scripts/bootstrap bench
	@$(SWIFT) build $(CHECKED) --product sparekey
	.build/release/sparekey bench

fuzz: ## Feed mutated input to the parsers, 10 minutes each (scripts/fuzz --help tells how to do less).
	@scripts/bootstrap build
	@scripts/fuzz

screenshots: ## Take a picture of every page of the portal, into docs/screenshots.
	@scripts/bootstrap test
	@$(SWIFT) build $(CHECKED) --product sparekey
	@.venv/bin/python EndToEnd/screenshots.py

clean: ## Remove what was built or made here: the build folders, the Python environment and the demo's data.
	rm -rf .build .build-fuzz .venv demo-data

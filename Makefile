# Saccade's commands. `make help` lists them; everything runs on a bare Debian 12 or Ubuntu 24.04 with Swift.

.DEFAULT_GOAL := build
.PHONY: help build up test bench samples docs completions format lint clean

# What Debian does not package (llhttp, OpenVINO, the model) lives here; Package.swift looks in the same place.
export XDG_CACHE_HOME := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
CACHE := $(XDG_CACHE_HOME)/saccade
export PKG_CONFIG_PATH := $(CACHE)/prefix/lib/pkgconfig$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))

SWIFT_SOURCES := Package.swift Sources Tests

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## Builds the release binaries, after fetching what is missing
	@deploy/bootstrap
	deploy/build

up: build ## Runs Saccade on this machine; ARGS="…" goes to `saccade up`
	@exec .build/release/saccade up $(ARGS)

test: ## Checks the format, then builds and runs all tests
	@deploy/bootstrap --for test
	@$(MAKE) --no-print-directory lint
	deploy/test
	swift build --build-tests
# One after the other: tests that share one event loop and two cores would otherwise miss their own deadlines.
	swift test --skip-build --disable-xctest --no-parallel
	Tests/Service/run

bench: ## Measures the web tier beside nginx and a Python service; ARGS="…" goes to bench/run
	bench/run $(ARGS)

samples: ## Fetches four sample images and prints their folder
	@deploy/bootstrap --for samples

docs: ## Makes the pages of docs/ that follow from the code
	swift build
	docs/generate

completions: build ## Lets this user's shells complete Saccade's commands; PREFIX=/usr/local for all users
	@deploy/completions $(or $(PREFIX),$(HOME)/.local)

format: ## Formats the Swift sources in place
	swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

lint: ## Fails on any formatter complaint
	swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)

clean: ## Removes the build; the cache in $XDG_CACHE_HOME/saccade stays
	rm -rf .build

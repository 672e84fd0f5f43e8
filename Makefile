# Make only calls npm scripts and commands of this package; each target does its own set-up.
.DEFAULT_GOAL := help
SHELL := /bin/bash
NPX := npx --no-install

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

node_modules/.package-lock.json: package-lock.json package.json
	npm install --no-save --no-audit --no-fund
	@touch $@

dist/lateen.mjs: node_modules/.package-lock.json $(shell find src -name '*.ts' -not -name '*.test.ts' 2>/dev/null)
	npm run --silent build

.PHONY: setup
setup: node_modules/.package-lock.json dist/lateen.mjs ## Install dependencies and what the machine lacks, build the bins
	@bash src/cmd/build/system-packages.sh iptables iproute2

.PHONY: demo
demo: setup ## Run a whole mesh on this machine: cluster, operator, gateways, bookinfo (ONCE=1: prove traffic and exit)
	$(NPX) lateen demo $(if $(ONCE),--once)

.PHONY: test
test: setup ## Unit, golden, socket and simulation tests, then the journeys on the local cluster
	npm test
	npm run --silent test:e2e

.PHONY: test-kubernetes
test-kubernetes: setup ## Contract suites, e2e.test groups and journeys on a real Kubernetes, building what is absent
	npm run --silent test:kubernetes

.PHONY: test-envoy
test-envoy: setup ## The side-by-side suite against a real Envoy, installing it when absent
	npm run --silent test:envoy

.PHONY: test-conformance
test-conformance: setup ## h2spec, gRPC interop, WebSocket and TLS suites of others
	npm run --silent test:conformance

.PHONY: bench
bench: setup ## Print the performance tables (ratios against Envoy, nginx and HAProxy)
	npm run --silent bench

.PHONY: lint
lint: node_modules/.package-lock.json ## Types, lint, format
	npm run --silent typecheck
	npm run --silent lint

.PHONY: generate
generate: node_modules/.package-lock.json ## Rewrite generated files: CRDs, types, reference pages
	npm run --silent generate

.PHONY: check
check: ## Exactly what CI runs
	bash .ci/run

.PHONY: clean
clean: ## Remove what was built
	rm -rf dist .cache .demo

# Everything that is done with this repository. `make help` lists it.

SHELL := /bin/bash
BIN   := $(CURDIR)/bin
GO    ?= go
export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help demo test check build deps tools generate fmt vet lint proto tidy fuzz bench torture screenshots sounds clean go-installed

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

go-installed:
	@command -v $(GO) >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/dl (or: apt-get install golang)"; exit 1; }

demo: go-installed ## Run a hub and three warehouses on simulated devices (ARGS="--for 20s --chaos")
	@$(GO) run ./deploy/demo $(ARGS)

test: go-installed ## Run every test, with the race detector where there is a C compiler
	@deploy/tools/missing.sh
	$(GO) test $(RACE) -timeout 10m ./...
	@$(GO) run ./deploy/sim -seeds 50

# The race detector needs cgo and a C compiler.
RACE := $(if $(shell command -v gcc cc clang 2>/dev/null),-race,)

check: fmt vet lint proto tidy test ## All that must pass before a change lands, tests included

build: go-installed ## Build agent, hub and firmware-bridge into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/forestock-agent ./agent
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/forestock-hub ./hub
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/forestock-bridge ./firmware-bridge

deps: ## Install what tests use beside Go (Debian, as root): browser, fonts, broker, strace
	apt-get update -q && apt-get install -y -q --no-install-recommends chromium fonts-noto-cjk mosquitto strace e2fsprogs poppler-utils gcc libc6-dev

tools: go-installed ## Build the linters and generators into bin/
	@GOBIN=$(BIN) $(GO) -C deploy/tools install tool

generate: tools ## Generate code from the .proto files
	$(GO) generate ./...

fmt: tools
	@out=$$(gofumpt -extra -l $$(git ls-files '*.go' | grep -v '\.pb\.')); \
	if [ -n "$$out" ]; then echo "run: bin/gofumpt -extra -w" $$out; exit 1; fi

vet: go-installed
	$(GO) vet ./...

lint: tools
	golangci-lint run ./...

proto: tools
	cd proto && buf lint
	$(GO) generate ./...
	@git diff --exit-code --stat -- proto || { echo "generated code differs: commit what 'make generate' wrote"; exit 1; }

tidy: go-installed
	$(GO) mod tidy -diff

FUZZTIME ?= 30s
fuzz: go-installed ## Fuzz every decoder for FUZZTIME each
	deploy/tools/fuzz.sh $(FUZZTIME)

ROUNDS ?= 750
SEEDS  ?= 1000
torture: go-installed ## Prove by force that what is saved stays saved (ARGS="--scale 0.1"; as root: power cuts too)
	$(GO) build -o $(BIN)/torture ./deploy/torture
	$(BIN)/torture $(ARGS)
	$(GO) run ./deploy/sim -seeds $(SEEDS)
	$(GO) test -count=1 -timeout 60m -v -run 'BadLine|Partition' ./deploy/torture/badline -weather 30m -hour 1h -days 30 -seed $$RANDOM
	$(GO) test -count=1 -timeout 60m -v -run 'Kill|Clocks|BadLine' ./deploy/e2e -rounds $(ROUNDS) -jumps 300 -flapping 3m -sales 100
	$(GO) test -count=1 -timeout 30m -v -run LastUnit ./hub/store -rounds 1000

bench: go-installed ## Measure beside other software, and write deploy/bench/REPORT.txt
	$(GO) -C deploy/bench run . -out REPORT.txt $(ARGS)

screenshots: go-installed ## Take pictures of every page into screenshots/
	$(GO) test -count=1 -run Screenshots ./agent/station -screenshots $(CURDIR)/screenshots
	$(GO) test -count=1 -run Pictures ./agent/cards -pictures $(CURDIR)/screenshots

sounds: go-installed ## Make the clips that stations speak anew (needs espeak-ng and opus-tools)
	$(GO) run ./deploy/sounds agent/station/page

clean: ## Remove what was built and what the demo left
	rm -rf $(BIN) demo-data screenshots

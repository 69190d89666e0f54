# One line a wish; the work is in scripts/ and in the testbed.

export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(CURDIR)/.tools/bin:$(PATH)
BUILT := $(or $(CARGO_TARGET_DIR),target)
PROCESSES := -p gateway -p cosigner -p testbed

.DEFAULT_GOAL := help
# How long `make fire` burns, and the number that decides what happens in it: random if not given.
MINUTES ?= 20
SEED ?=

.PHONY: help demo demo-once attacks prove-attacks test fire bench testnet fmt lint deps processes

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: processes ## start development chains, three co-signers and a gateway, and keep them running
	exec $(BUILT)/release/bursar-demo up

demo-once: processes ## the same, make payouts on each chain from request to callback, and stop
	exec $(BUILT)/release/bursar-demo once

attacks: processes ## attack the co-signers with a hostile gateway and hostile co-signers; everything must be refused
	exec $(BUILT)/release/bursar-demo attacks

prove-attacks: ## take the co-signer's checks out one by one, in a copy, and show that attacks then succeed (three quarters of an hour)
	scripts/setup demo
	exec scripts/prove-attacks

fire: processes ## kill, hold, lose, restore and lie at random for MINUTES=20 (SEED=n repeats it); every payout must be paid once
	exec $(BUILT)/release/bursar-demo fire --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

bench: processes ## measure accepted payouts and signatures a second on this machine
	exec $(BUILT)/release/bursar-demo bench

testnet: processes ## pay once on a public test network, CHAIN=144 (XRP) or 198 (TRON); says what else to set (DRY_RUN=1: on a stand-in)
	exec $(BUILT)/release/bursar-demo testnet $(if $(CHAIN),--chain "$(CHAIN)") $(foreach url,$(NODE),--node "$(url)") \
	  $(if $(KEY),--key "$(KEY)") $(if $(TO),--to "$(TO)") $(if $(AMOUNT),--amount "$(AMOUNT)") $(if $(MEMO),--memo "$(MEMO)") \
	  $(if $(DRY_RUN),--dry-run)

test: ## everything that must hold before a change lands
	exec scripts/test

fmt: ## format the Rust sources
	cargo fmt --all

lint: ## the compiler's and clippy's complaints, as errors
	cargo clippy --workspace --all-targets --locked -- -D warnings

deps: ## licences, bans, sources and advisories of the dependencies
	scripts/setup test
	scripts/check-deps

processes:
	scripts/setup demo
	cargo build --release --locked $(PROCESSES)

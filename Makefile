# SPDX-License-Identifier: GPL-2.0
# launchguard: see "make help". Kbuild is what the kernel's build reads.

SHELL := /bin/bash
ENTER := scripts/sdk/enter
KDIR ?=
SCENARIO ?=
KERNEL ?=
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := modules
.PHONY: modules sdk sdk-ready stage launchguardctl test exercised demo fuzz mutants lint check-chapters clean help

# Kernels are built one after the other; each build uses all processors.
ifneq ($(KDIR),)
modules:
	@scripts/sdk/module "$(KDIR)"
else
modules: sdk-ready
	@scripts/sdk/sdk list | while read -r dir; do \
		scripts/sdk/module "$$dir/build" </dev/null || exit 1; \
	done
endif

# "sdk" asks the archive for newer kernels; the others do so once a day.
sdk:
	@scripts/sdk/sdk make

sdk-ready:
	@scripts/sdk/sdk ensure

launchguardctl: sdk-ready
	@$(ENTER) cargo build -q --release -p launchguardctl
	@mkdir -p out
	@$(ENTER) sh -c 'install "$$CARGO_TARGET_DIR/release/launchguardctl" out/launchguardctl'

# The emulated launch's first stage: firmware, GETSEC and SINIT for tboot.
stage: sdk-ready
	@$(ENTER) make -s -C selftests/launch

test: modules stage
	@scripts/test $(if $(KERNEL),--kernel $(KERNEL)) $(if $(SCENARIO),--only $(SCENARIO))

# From the notes of the last whole "make test".
exercised: sdk-ready
	@[ -e out/exercised.json ] || { echo 'out/exercised.json comes from make test' >&2; exit 1; }
	@$(ENTER) cargo run -q --locked -p launchguard-host-tests --example exercised -- \
		rst out/exercised.json >out/exercised.rst
	@mv out/exercised.rst Documentation/exercised.rst

demo: modules stage
	@$(ENTER) cargo run -q --release -p launchguard-bed -- demo

fuzz: sdk-ready
	@$(ENTER) selftests/fuzz/run $(or $(SECONDS),$(FUZZ_SECONDS))

# The admin guide's reference of checks, from the catalogue.
check-chapters: sdk-ready
	@$(ENTER) cargo run -q --locked -p launchguard-host-tests --example check-chapters -- \
		Documentation/admin-guide/checks

mutants: sdk-ready
	@selftests/mutants/run

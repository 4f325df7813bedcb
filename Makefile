# SPDX-License-Identifier: GPL-2.0
# launchguard: see "make help". Kbuild is what the kernel's build reads.

SHELL := /bin/bash
ENTER := scripts/sdk/enter
KDIR ?=
SCENARIO ?=
KERNEL ?=
QUICK ?=
PART ?=
FUZZ_SECONDS ?= 60

# The debug kernel takes its half hour only when it is asked for.
TESTED := $(if $(filter debug,$(KERNEL)),debug-module,modules test-modules)

.DEFAULT_GOAL := modules
.PHONY: modules test-modules debug-module sdk sdk-ready stage launchguardctl docs-cli deb test-packages secure-boot system test bench exercised demo fuzz mutants lint check-chapters clean help

# All kernels at once: most of each build is one crate, which is one process.
ifneq ($(KDIR),)
modules:
	@scripts/sdk/module "$(KDIR)"
else
modules: sdk-ready
	@jobs=(); for dir in $$(scripts/sdk/sdk list); do \
		scripts/sdk/module "$$dir/build" </dev/null & jobs+=($$!); \
	done; \
	status=0; for job in "$${jobs[@]}"; do wait "$$job" || status=1; done; exit $$status
endif

debug-module: sdk-ready
	@scripts/sdk/debug ensure
	@dir=$$(scripts/sdk/debug path) && scripts/sdk/module "$$dir/build" && \
		scripts/sdk/module "$$dir/build" tests

# What the tests load beside launchguard.ko, which nobody else wants.
test-modules: sdk-ready
	@for dir in $$(scripts/sdk/sdk list); do scripts/sdk/module "$$dir/build" tests </dev/null || exit 1; done

# "sdk" asks the archive for newer kernels; the others do so once a day.
sdk:
	@scripts/sdk/sdk make

sdk-ready:
	@scripts/sdk/sdk ensure

launchguardctl: sdk-ready
	@$(ENTER) cargo build -q --release -p launchguardctl
	@mkdir -p out
	@$(ENTER) sh -c 'install "$$CARGO_TARGET_DIR/release/launchguardctl" out/launchguardctl'

# What belongs to the command: manual pages and completions, from the command itself.
docs-cli: launchguardctl
	@mkdir -p out/man out/completion
	@$(ENTER) out/launchguardctl man --directory out/man
	@for shell in bash zsh fish; do \
		$(ENTER) out/launchguardctl completion $$shell >out/completion/launchguardctl.$$shell || exit 1; \
	done

# Debian packages for every kernel of the SDK, checked against it, in out/deb.
deb: modules docs-cli
	@packaging/build

# The packages, installed, used and purged in a small Debian system.
test-packages: deb
	@selftests/packages/run

# A machine with Secure Boot, and modules signed by launchguard-sign.
secure-boot: deb
	@packaging/secure-boot
	@$(ENTER) cargo run -q --locked -p launchguard-bed -- test --jobs 1 \
		--scenarios selftests/scenarios/secure-boot --kernel $(or $(KERNEL),all)

# The emulated launch's first stage: firmware, GETSEC and SINIT for tboot.
stage: sdk-ready
	@$(ENTER) make -s -C selftests/launch

test: $(TESTED) stage launchguardctl
	@scripts/test $(if $(KERNEL),--kernel $(KERNEL)) $(if $(SCENARIO),--only $(SCENARIO))

# Complete Debian systems, on the newest kernel: minutes for each boot, so no part of "make test".
system: deb stage
	@scripts/sdk/disk ensure
	@$(ENTER) cargo run -q --locked -p launchguard-bed -- test --jobs 1 \
		--scenarios selftests/scenarios/system $(if $(SCENARIO),--only $(SCENARIO))

# What it all costs, beside what people use today: Documentation/benchmarks.md.
bench: modules stage
	@QUICK=$(QUICK) scripts/bench $(PART)

# From the notes of the last whole "make test".
exercised: sdk-ready
	@[ -e out/exercised.json ] || { echo 'out/exercised.json comes from make test' >&2; exit 1; }
	@$(ENTER) cargo run -q --locked -p launchguard-host-tests --example exercised -- \
		rst out/exercised.json >out/exercised.rst
	@mv out/exercised.rst Documentation/exercised.rst

demo: modules stage
	@$(ENTER) cargo run -q --locked -p launchguard-bed -- demo

fuzz: sdk-ready
	@$(ENTER) selftests/fuzz/run $(or $(SECONDS),$(FUZZ_SECONDS))

# The admin guide's reference of checks, from the catalogue.
check-chapters: sdk-ready
	@$(ENTER) cargo run -q --locked -p launchguard-host-tests --example check-chapters -- \
		Documentation/admin-guide/checks

mutants: sdk-ready
	@selftests/mutants/run

lint: sdk-ready
	@scripts/checks/run

# What is in the checkout; the cache has its own life.
clean:
	rm -rf out
	find . -path ./.git -prune -o \( -name '*.o' -o -name '*.ko' -o -name '*.mod' \
		-o -name '*.mod.c' -o -name '.*.cmd' -o -name 'modules.order' \
		-o -name 'Module.symvers' \) -type f -exec rm -f {} +
	rm -f rust/bindings_generated.rs selftests/launch/stage.elf selftests/launch/stage.bin

help:
	@echo 'make                launchguard.ko for every kernel of the SDK, in out/RELEASE/'
	@echo 'make KDIR=DIR       launchguard.ko for a kernel whose headers carry Rust metadata'
	@echo 'make sdk            toolchain root and kernel metadata, in the cache'
	@echo 'make demo           the emulated launch, and what launchguard says about it'
	@echo 'make test           all tests on all kernels; KERNEL=RELEASE, SCENARIO=NAME for some boots'
	@echo 'make test KERNEL=debug   the guard on a kernel that looks for mistakes; builds it first'
	@echo 'make system         a Debian system installed, updated and repaired; SCENARIO=NAME for one'
	@echo 'make bench          what it costs, in Documentation/benchmarks.md; QUICK=1 in five minutes, PART=NAME for one'
	@echo 'make lint           formatting, clippy, checkpatch and the rules between the rooms'
	@echo 'make check-chapters the reference of checks in the admin guide, from the catalogue'
	@echo 'make exercised      Documentation/exercised.rst from the notes of the last make test'
	@echo 'make mutants        whether the tests find faults that are put into the pure rooms'
	@echo 'make fuzz           each decoder for SECONDS=60'
	@echo 'make launchguardctl the command, in out/'
	@echo 'make docs-cli       its manual pages and completions, in out/man and out/completion'
	@echo 'make deb            Debian packages in out/deb; "make sdk deb" looks for newer kernels first'
	@echo 'make test-packages  these packages installed, used and purged in a Debian system'
	@echo 'make secure-boot    these modules, signed and not, in a machine with Secure Boot'
	@echo 'make clean          removes what was built in the checkout'
	@echo
	@echo 'cache: $${XDG_CACHE_HOME:-~/.cache}/launchguard   mirror: LAUNCHGUARD_MIRROR=URL'

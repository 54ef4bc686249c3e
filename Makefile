# Digital Post gateway. `make run` serves a sandbox, `make test` runs everything that CI runs; README.md tells the rest.
#
# Every folder with C sources becomes one archive, build/lib/<folder>.a. tests/unit/<folder> becomes one test program.

BUILD    ?= build
# One folder has one name: what each object was compiled from is known by it.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
PREFIX   ?= /usr/local
SANDBOX  ?= sandbox
PORT     ?= 8443

CC       ?= gcc
PACKAGES := libxml-2.0 jansson sqlite3 openssl libseccomp cjose libcurl liblz4
CSTD     := -std=gnu11
WARN     := -Wall -Wextra -Wformat=2 -Wconversion -Wshadow -Wimplicit-fallthrough -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Werror=format-security \
            -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion -Werror
# The hardening options that the OpenSSF recommends for C
HARDEN   := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-clash-protection -fstack-protector-strong \
            -fcf-protection=full -ftrivial-auto-var-init=zero
SAFE     := -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
OPTIMISE := -O2 -g
# make V=1 shows the commands whole
Q        := $(if $(V),,@)
SAY      := @$(if $(V),:,echo)
VARIANT  ?=
CFLAGS   := $(CSTD) $(OPTIMISE) $(WARN) $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer,$(HARDEN)) $(SAFE) \
            -fPIE $(VARIANT) $(EXTRA)
LDFLAGS  := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,nodlopen -Wl,--as-needed $(if $(SANITIZE),-fsanitize=$(SANITIZE))
CPPFLAGS := -I. -I$(BUILD)/gen -D_GNU_SOURCE -MMD -MP $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDLIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lfcgi -linih

MAINS    := handlers/dpgateway.c handlers/dpctl.c
FOLDERS  := $(sort $(patsubst %/,%,$(dir $(wildcard gateway/*/*.c schema/*.c handlers/*.c handlers/*/*.c))))
archive   = $(BUILD)/lib/$(subst /,_,$(1)).a
objects   = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(MAINS),$(wildcard $(1)/*.c)))
ARCHIVES := $(foreach f,$(FOLDERS),$(call archive,$(f)))
LINK      = $(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDLIBS)

UNITS    := $(patsubst tests/unit/%,%,$(sort $(patsubst %/,%,$(dir $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c)))))
unit_name = $(subst /,_,$(1))
UNIT_BIN := $(foreach u,$(UNITS),$(BUILD)/tests/unit_$(call unit_name,$(u)))

.PHONY: all install run demo test container-test upgrade-test lint bench crash parity fuzz fuzz-corpus cover cover-units clean tools sanitized
.SECONDARY:
all: $(BUILD)/dpgateway $(BUILD)/dpctl

$(BUILD)/dpgateway: $(BUILD)/obj/handlers/dpgateway.o $(ARCHIVES)
	$(SAY) "  LINK  $@"
	$(LINK)
$(BUILD)/dpctl: $(BUILD)/obj/handlers/dpctl.o $(ARCHIVES)
	$(SAY) "  LINK  $@"
	$(LINK)

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

define folder_archive
$(call archive,$(1)): $(call objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(Q)ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_archive,$(f))))

# The schemas and migrations are taken into the programs whole (.incbin), which the compiler's dependencies do not see.
$(BUILD)/obj/schema/xsd_files.o: $(wildcard schema/memo/*/*.xsd)
$(BUILD)/obj/gateway/store/migrations.o: $(wildcard gateway/store/migrations/*/*.sql)

# One program a folder of tests; its main runs the suite that each file defines.
define unit_program
$(BUILD)/gen/unit_$(call unit_name,$(1)).c: $(wildcard tests/unit/$(1)/*.c) tests/lib/unit_main
	@mkdir -p $$(@D)
	tests/lib/unit_main $$(sort $$(basename $$(notdir $$(filter %.c,$$^)))) > $$@
$(BUILD)/tests/unit_$(call unit_name,$(1)): $(BUILD)/gen/unit_$(call unit_name,$(1)).o \
    $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/unit/$(1)/*.c)) $(ARCHIVES)
	@mkdir -p $$(@D)
	$(SAY) "  LINK  $$@"
	$$(LINK) $$(shell pkg-config --libs check)
.PHONY: unit/$(1)
unit/$(1): $(BUILD)/tests/unit_$(call unit_name,$(1))
	$$<
endef
$(foreach u,$(UNITS),$(eval $(call unit_program,$(u))))

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(SAY) "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# ---- serving ----

run:
	tests/lib/packages.sh run
	$(MAKE) all
	tests/lib/sandbox.sh make $(SANDBOX) $(PORT)
	exec tests/lib/sandbox.sh serve $(SANDBOX)

demo:
	tests/lib/demo.sh $(SANDBOX)

# ---- testing ----

TOOLS := $(addprefix $(BUILD)/tests/,post judge crash_page powercut_image powercut.so fail_sync.so clock_back.so memo_speed store_speed disk_speed pair_speed memory_handler \
    parity replay_memo)
tools: $(TOOLS)

# A tool of the tests: every source of its name (post.c, post_*.c) in its folder, and the archives.
define test_tool
$(BUILD)/tests/$(1): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(2)/$(1).c $(2)/$(1)_*.c)) $(ARCHIVES)
	@mkdir -p $$(@D)
	$(SAY) "  LINK  $$@"
	$$(LINK)
endef
$(eval $(call test_tool,post,tests/lib))
$(eval $(call test_tool,parity,tests/lib))
$(eval $(call test_tool,judge,tests/crash))
$(eval $(call test_tool,crash_page,tests/crash))
$(eval $(call test_tool,powercut_image,tests/crash))
$(eval $(call test_tool,memo_speed,tests/bench))
$(eval $(call test_tool,store_speed,tests/bench))
$(eval $(call test_tool,disk_speed,tests/bench))
$(eval $(call test_tool,pair_speed,tests/bench))
$(eval $(call test_tool,memory_handler,tests/bench))
$(eval $(call test_tool,replay_memo,tests/fuzz))
$(BUILD)/tests/replay_memo: $(BUILD)/obj/tests/fuzz/memo_target.o

# Preloaded into a gateway: whose every write is to be logged, whose syncs are to fail, whose clock is to be
# set back.
define preloaded
$(BUILD)/tests/$(1).so: $(2)/$(1).c $(wildcard $(2)/$(1).h) Makefile
	@mkdir -p $$(@D)
	$(SAY) "  LINK  $$@"
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fPIE,$(CFLAGS)) -fPIC -shared $$< -o $$@
endef
$(eval $(call preloaded,powercut,tests/crash))
$(eval $(call preloaded,fail_sync,tests/lib))
$(eval $(call preloaded,clock_back,tests/lib))

# Everything CI runs; ends with one line of totals. What serves waits much and works little, so it runs beside the rest:
# three lists, of about the same length.
END_TO_END := $(wildcard tests/e2e/*.bats)
LONG       := tests/e2e/failures.bats tests/e2e/nginx.bats
test:
	tests/lib/packages.sh test
	$(MAKE) all tools $(UNIT_BIN)
	$(MAKE) BUILD=$(BUILD)/sanitized SANITIZE=address,undefined OPTIMISE="-O1 -g" sanitized
	BUILD=$(BUILD) tests/lib/total $(LONG) -- $(filter-out $(LONG),$(END_TO_END)) -- tests/lib/includes tests/lib/lint $(UNIT_BIN) \
	    $(patsubst $(BUILD)/%,$(BUILD)/sanitized/%,$(UNIT_BIN)) $(BUILD)/sanitized/tests/replay_memo $(wildcard tests/lib/*.bats)

sanitized: $(UNIT_BIN) $(BUILD)/tests/replay_memo

# Not part of `make test`: it takes minutes, root, and much disk.
container-test:
	tests/lib/packages.sh container
	BUILD=$(BUILD) tests/container/run

# The programs, and what nginx has to know of this very build: its addresses, its errors, how large a body may be.
share := $(DESTDIR)$(PREFIX)/share/digitalpost
install: all
	install -D -s -t $(DESTDIR)$(PREFIX)/bin $(BUILD)/dpgateway $(BUILD)/dpctl
	install -D -m 644 -t $(share) nginx/gateway.conf.in
	install -m 755 -t $(share) nginx/fill
	$(BUILD)/dpctl endpoints --nginx >$(share)/routes.conf
	$(BUILD)/dpctl errors --nginx >$(share)/errors.conf
	DP_CONFIG=/dev/null $(BUILD)/dpgateway --print-config | sed -n 's/^body_max = //p' >$(share)/body_max

lint:
	tests/lib/packages.sh test
	tests/lib/lint

bench:
	tests/lib/packages.sh bench
	$(MAKE) all tools
	BUILD=$(BUILD) tests/bench/run

crash:
	tests/lib/packages.sh bench
	BUILD=$(BUILD) tests/crash/run

upgrade-test:
	tests/lib/packages.sh bench
	BUILD=$(BUILD) tests/upgrade/run

parity:
	tests/lib/packages.sh test
	$(MAKE) $(BUILD)/tests/parity
	BUILD=$(BUILD) tests/lib/parity.sh $(MEMO_OFFICIAL)

fuzz:
	tests/lib/packages.sh test
	BUILD=$(BUILD) tests/fuzz/run

# FUZZ_CORPUS=folder: takes what a run of `make fuzz` found and the corpus lacks
fuzz-corpus:
	BUILD=$(BUILD) tests/fuzz/run merge

cover:
	tests/lib/packages.sh test
	$(MAKE) BUILD=$(BUILD)/cover OPTIMISE="-O0 -g --coverage" HARDEN= LDFLAGS="$(LDFLAGS) --coverage" cover-units
	gcovr -r . --object-directory $(BUILD)/cover --exclude tests/ --exclude-throw-branches --print-summary

cover-units: $(UNIT_BIN)
	for unit in $(UNIT_BIN); do $$unit || exit 1; done

clean:
	rm -rf $(BUILD) build-*

# But for container-test's images: whole systems, with folders of such names.
-include $(shell find $(BUILD) -path $(BUILD)/container -prune -o -type f -name '*.d' -print 2>/dev/null)

# Counterfoil: everything is built, checked, demonstrated and installed here.
#
#   make            build/commerced build/stored build/counterfoil
#   make check      all tests that fit in ten minutes on two cores
#   make demo       a shop on this machine, with real media
#   make help       the other targets

BUILD ?= build
PREFIX ?= /usr/local
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
UNITDIR ?= $(PREFIX)/lib/systemd/system
SANITIZE ?=
V ?=

ifeq ($(origin CC),default)
CC := gcc
endif

# A registry that fails once is asked again.
npm_ci := npm ci --ignore-scripts --no-audit --no-fund

VERSION := 0.1.0
PKG_CONFIG ?= pkg-config
pkg = $(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wconversion
WERROR ?= -Werror
HARDENING := -fstack-protector-strong -fPIE
LINK_HARDENING := -pie -Wl,-z,relro,-z,now,-z,noexecstack
# Calls of libraries go straight by the table that relro makes read-only.
OPTIMISE ?= -O2 -g -fno-plt

comma := ,
ifeq ($(SANITIZE),)
OUT := $(BUILD)
HARDENING += -D_FORTIFY_SOURCE=2 -fcf-protection
else
OUT := $(BUILD)/sanitize-$(subst $(comma),-,$(SANITIZE))
OPTIMISE := -O1 -g -fno-omit-frame-pointer
# Instrumented code makes gcc see truncations that are none.
WARNINGS += -Wno-unknown-warning-option -Wno-format-truncation \
	-Wno-stringop-truncation -Wno-maybe-uninitialized
HARDENING += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
LINK_HARDENING += -fsanitize=$(SANITIZE)
endif
OBJ := $(OUT)/obj

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(WERROR) $(OPTIMISE) \
	$(HARDENING) -DCOUNTERFOIL_VERSION='"$(VERSION)"' $(CFLAGS)
# When this was written, so that a clock before it is seen to be wrong; no
# later than now, and the same for every build of the same source.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || \
	stat -c %Y CHANGES.md)
$(OBJ)/common/clock.o: CFLAGS += \
	-DCOUNTERFOIL_BUILT_S='INT64_C($(SOURCE_DATE_EPOCH))'
ALL_LDFLAGS = $(LINK_HARDENING) $(LDFLAGS)

quiet = $(if $(V),,@printf '  %-4s %s\n' $(1) $@;)

# What each program is made of. stored has no sealed_*.o and no db: it cannot
# decrypt, and tests/lint holds it to that.
base_OBJS := $(addprefix common/, err.o log.o encoding.o uuid.o secret.o \
	clock.o config.o config_value.o config_check.o network.o)
daemon_OBJS := $(addprefix common/, process.o worker_pool.o http_server.o \
	http_life.o http_gate.o http_route.o http_body.o http_request.o http_wake.o \
	http_watch.o \
	http_reply.o http_json.o json_text.o http_cached.o http_deliver.o http_memory.o \
	http_connection.o http_listen.o http_access_log.o http_direct.o \
	http_socket.o http_fast.o http_head.o http_admit.o \
	http_operator.o http_accept.o http_refuse.o http_linger.o http_peer.o \
	http_tls.o http_tls_send.o http_tls_greet.o mapped.o http_settings.o \
	stripe.o range.o condition.o)
token_OBJS := $(addprefix common/, token.o token_target.o hmac.o key_file.o)
stored_OBJS := $(base_OBJS) $(daemon_OBJS) $(token_OBJS) \
	$(patsubst %.c,%.o,$(wildcard stored/*.c))
commerced_OBJS := $(base_OBJS) $(daemon_OBJS) $(token_OBJS) \
	$(addprefix common/, sealed_header.o sealed_seal.o sealed_parse.o \
	sealed_open.o sealed_range.o) \
	$(patsubst %.c,%.o,$(wildcard commerced/*.c commerced/media/*.c commerced/http/*.c \
	commerced/shop/*.c commerced/db/*.c)) commerced/db/schema.o
counterfoil_OBJS := common/err.o common/encoding.o common/secret.o \
	common/log.o common/clock.o common/hmac.o common/key_file.o \
	common/sealed_header.o common/sealed_parse.o common/sealed_open.o common/sealed_range.o \
	$(patsubst %.c,%.o,$(wildcard player/*.c))

stored_LIBS = $(call pkg,--libs,libmicrohttpd gnutls libcrypto jansson inih libsystemd) -pthread
commerced_LIBS = $(call pkg,--libs,libmicrohttpd gnutls libcrypto jansson inih libsystemd sqlite3 libcurl) -pthread
counterfoil_LIBS = $(call pkg,--libs,libcrypto libcurl jansson) -pthread

PROGRAMS := commerced stored counterfoil

all: $(addprefix $(OUT)/,$(PROGRAMS))

define program
$(OUT)/$(1): $$(addprefix $(OBJ)/,$$($(1)_OBJS))
	$$(call quiet,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$($(1)_LIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# The migrations, as C.  No date tells that one was renamed or removed: the list
# of the last time does.
schema_FILES := $(wildcard commerced/db/schema/*.sql)
schema_LIST := $(OBJ)/commerced/db/schema.list
ifneq ($(strip $(file <$(schema_LIST))),$(schema_FILES))
.PHONY: $(schema_LIST)
endif
$(schema_LIST):
	@mkdir -p $(@D)
	@echo '$(schema_FILES)' >$@
$(OBJ)/commerced/db/schema.c: commerced/db/embed-schema.sh $(schema_FILES) \
    $(schema_LIST)
	$(call quiet,GEN)sh $< $@ $(schema_FILES)
$(OBJ)/commerced/db/schema.o: $(OBJ)/commerced/db/schema.c
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)

# --- tests -----------------------------------------------------------------
# tests/unit/AREA/NAME.c becomes a TAP program of its own. It links what it
# needs from archives of AREA's objects (main.o left out) and of common/, and
# all of tests/unit/AREA/support/.

lib_common := $(OUT)/test/common.a
$(lib_common): $(patsubst %.c,$(OBJ)/%.o,$(wildcard common/*.c))
lib_commerced := $(OUT)/test/commerced.a
$(lib_commerced): $(addprefix $(OBJ)/,$(filter-out commerced/main.o,$(filter commerced/%,$(commerced_OBJS))))
lib_stored := $(OUT)/test/stored.a
$(lib_stored): $(addprefix $(OBJ)/,$(filter-out stored/main.o,$(filter stored/%,$(stored_OBJS))))
lib_player := $(OUT)/test/player.a
$(lib_player): $(addprefix $(OBJ)/,$(filter-out player/main.o,$(filter player/%,$(counterfoil_OBJS))))
$(OUT)/test/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR)$(AR) qcs $@ $^

test_LIBS = $(call pkg,--libs,cmocka libmicrohttpd gnutls libcrypto jansson inih libsystemd sqlite3 libcurl) -pthread
unit_SOURCES := $(wildcard tests/unit/*/*.c)
unit_PROGRAMS := $(patsubst tests/unit/%.c,$(OUT)/test/unit/%,$(unit_SOURCES))

define unit_area
$$(OUT)/test/unit/$(1)/%: $$(OBJ)/tests/unit/$(1)/%.o \
    $$(patsubst %.c,$$(OBJ)/%.o,$$(wildcard tests/unit/$(1)/support/*.c)) \
    $(if $(filter-out common,$(1)),$$(lib_$(1))) $$(lib_common)
	@mkdir -p $$(@D)
	$$(call quiet,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(test_LIBS)
endef
$(foreach a,common commerced stored player,$(eval $(call unit_area,$(a))))

unit: $(unit_PROGRAMS)

# Fuzz targets: tests/fuzz/NAME.c, seeds in tests/fuzz/corpus/NAME/. "make
# check" replays the seeds, "make fuzz" looks for more with clang's libFuzzer.
fuzz_TARGETS := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,\
	$(wildcard tests/fuzz/*.c)))
replay_PROGRAMS := $(addprefix $(OUT)/test/replay/,$(fuzz_TARGETS))
fuzz_NAMES := $(fuzz_TARGETS) requests-stored requests-commerced
fuzz_PARTS := shop storage files rest
fuzz_shop := bodies queries cursors cookies member requests-commerced
fuzz_storage := target token range conditions gate head requests-stored
fuzz_files := sealed media keys config settings-stored settings-commerced
fuzz_rest := $(filter-out $(fuzz_shop) $(fuzz_storage) $(fuzz_files), \
	$(fuzz_NAMES))

# Requests on paper: the handlers of commerced without a network.
lib_paper := $(OUT)/test/paper.a
$(lib_paper): $(addprefix $(OBJ)/tests/,fuzz/paper/paper.o \
    fuzz/paper/paper_shop.o fuzz/daemon/expand.o \
    $(addprefix unit/commerced/support/,shop_fixture.o fixture_sales.o))

# What the targets share; the settings of stored have their names in commerced
# too, which is left out there.
lib_fuzz := $(OUT)/test/fuzz.a
$(lib_fuzz): $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/fuzz/support/*.c))
$(OUT)/test/replay/settings-stored: $(OBJ)/tests/fuzz/settings-stored.o \
    $(OBJ)/tests/fuzz/replay.o $(lib_fuzz) $(lib_stored) $(lib_common)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)

$(OUT)/test/replay/%: $(OBJ)/tests/fuzz/%.o $(OBJ)/tests/fuzz/replay.o \
    $(lib_fuzz) $(lib_paper) $(lib_commerced) $(lib_stored) $(lib_player) $(lib_common)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)

# Whole requests to the running daemons: the same target for both.
request_OBJS := $(patsubst %.c,$(OBJ)/%.o,$(addprefix tests/fuzz/daemon/, \
	requests.c exchange.c answers.c expand.c))
$(OUT)/test/replay/requests: $(request_OBJS) $(OBJ)/tests/fuzz/replay.o \
    $(lib_common)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)

# Libraries to preload: one holds back what puts data on the disk, one turns
# the clock back.
PRELOADED := hold-sync shift-clock
$(addprefix $(OUT)/test/,$(addsuffix .so,$(PRELOADED))): \
    $(OUT)/test/%.so: tests/tools/%.c
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) $(WERROR) \
	    -O2 -fPIC -shared -o $@ $<

# Disks that fail and power that goes: tests/faults/README.md. The library is
# never sanitized: it stands in front of the sanitizers' own calls.
fault_SOURCES := $(addprefix tests/faults/, guard.c calls_data.c \
	calls_names.c inject.c record.c)
$(OUT)/test/fault.so: $(fault_SOURCES) tests/faults/faults.h
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(WERROR) \
	    -O2 -fPIC -shared -pthread -o $@ $(fault_SOURCES)
$(OUT)/test/fault-replay: $(addprefix $(OBJ)/tests/faults/, replay.o trace.o \
    disk.o objects.o)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)
FAULT_PROGRAMS := $(addprefix $(OUT)/test/, fault.so fault-replay)

# Programs that scenarios use, linked with common/.
tool_PROGRAMS := $(patsubst tests/tools/%.c,$(OUT)/test/tools/%,\
	$(filter-out $(PRELOADED:%=tests/tools/%.c),$(wildcard tests/tools/*.c)))
$(OUT)/test/tools/%: $(OBJ)/tests/tools/%.o $(lib_common)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)

# The CCTV age vectors, one file each.
AGE_VECTORS := $(OUT)/test/age-vectors
$(AGE_VECTORS)/.unpacked: tests/tools/unpack-age-vectors.mjs \
    node_modules/.package-lock.json
	node $< $(@D)
	@touch $@

# What "make check" runs; LAST_TESTS look at what the others left behind.
LINTS := $(wildcard tests/lint/*-test.sh)
LAST_TESTS := $(wildcard tests/scenario/last-*.sh)
SCENARIOS := $(filter-out tests/scenario/lib.sh $(LAST_TESTS),\
	$(wildcard tests/scenario/*.sh))
JOBS ?= 2
TESTS ?= $(LINTS) $(unit_PROGRAMS) $(replay_PROGRAMS) $(SCENARIOS) \
	--last $(LAST_TESTS)

test-programs: all $(unit_PROGRAMS) $(replay_PROGRAMS) $(tool_PROGRAMS) \
    $(OUT)/test/replay/requests \
    $(PRELOADED:%=$(OUT)/test/%.so) $(FAULT_PROGRAMS) $(AGE_VECTORS)/.unpacked

# The calls of make by make keep the order: packages, programs, tests.
check:
	@$(MAKE) --no-print-directory deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) test-programs
	@$(MAKE) --no-print-directory run-tests

run-tests:
	BUILD=$(OUT) SCENARIO_LOGS=$(abspath $(OUT))/scenario-logs \
	    AGE_VECTORS=$(AGE_VECTORS) tests/run -j $(JOBS) $(TESTS)

# One part of the tests: make check-only TESTS='tests/scenario/resume*.sh'
check-only: test-programs
	@$(MAKE) --no-print-directory run-tests

lint:
	@$(MAKE) --no-print-directory deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) all
	BUILD=$(OUT) tests/run -j $(JOBS) $(LINTS)

# --- the long tests: each part at most half an hour, runnable alone ----------

check-full:
	@$(MAKE) --no-print-directory check
	@for part in $(CHECK_FULL_PARTS); do \
	    $(MAKE) --no-print-directory check-full-$$part || exit 1; done

CHECK_FULL_PARTS := clang sanitize sanitize-thread large crash kills random \
	$(addprefix fuzz-,$(fuzz_PARTS)) network clients media contract

check-full-clang: deps-clang
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=$(BUILD)/clang CC=clang \
	    test-programs

check-full-sanitize: deps-check
	@$(MAKE) --no-print-directory check SANITIZE=address,undefined

check-full-sanitize-thread: deps-check
	@$(MAKE) --no-print-directory check SANITIZE=thread

check-full-large: deps-check
	@LARGE_MIB=2048 PUSH_MIB=4096 AUDIT_FILES=10000 \
	    STORM_WAIT=10s $(MAKE) \
	    --no-print-directory check-only TESTS='$(wildcard \
	    tests/scenario/large-*.sh tests/scenario/a-storm-of-sign-ins*.sh)'

check-full-crash: deps-check
	@CRASH_ROUNDS=$(or $(CRASH_ROUNDS),200) $(MAKE) --no-print-directory \
	    check-only TESTS='$(wildcard tests/scenario/crash-*.sh)'

check-full-kills: deps-check
	@KILLS=$(or $(KILLS),500) $(MAKE) --no-print-directory check-only \
	    TESTS=tests/scenario/kills-lose-no-sale.sh

check-full-random: deps-check
	@SHOP_OPERATIONS=$(or $(SHOP_OPERATIONS),100000) $(MAKE) \
	    --no-print-directory check-only \
	    TESTS='$(OUT)/test/unit/commerced/shop_random'

check-full-network: deps-check
	@packaging/deps.sh $(DEPS_NETWORK)
	@$(MAKE) --no-print-directory check-only \
	    TESTS='$(wildcard tests/network/*.sh tests/scenario/metrics-*.sh)'

check-full-clients: deps-check
	@packaging/deps.sh $(DEPS_CLIENTS)
	@PLAY_MORE=1 $(MAKE) --no-print-directory check-only \
	    TESTS='$(wildcard tests/clients/*.sh tests/scenario/players-*.sh)'

check-full-media: deps-check
	@$(MAKE) --no-print-directory check-only \
	    TESTS='$(wildcard tests/media/*.sh)'

# Raw and malformed requests, other daemons and kills are nothing for the proxy.
CONTRACT_SCENARIOS := $(filter-out $(addprefix tests/scenario/, crash-%.sh \
	kills-%.sh large-%.sh stored-%.sh slow-%.sh too-many-%.sh vectors-%.sh \
	malformed-%.sh fuzzed-%.sh requests-%.sh make-%.sh clients-%.sh \
	each-kind-%.sh tls-%.sh counterfoil-%.sh sealed-%.sh a-%.sh players-%.sh \
	audit-%.sh downloaders-%.sh),$(SCENARIOS))

check-full-contract: deps-check tests/contract/node_modules/.package-lock.json
	@CONTRACT_PROXY=$(CURDIR)/tests/contract/node_modules/.bin/prism \
	    $(MAKE) --no-print-directory check-only TESTS='$(CONTRACT_SCENARIOS) \
	    --last tests/contract/proxy-finds-no-violation.sh'

tests/contract/node_modules/.package-lock.json: \
    tests/contract/package.json tests/contract/package-lock.json
	cd tests/contract && { $(npm_ci) || $(npm_ci); }
	@touch $@

# Ten minutes each, in parts of at most six targets, two at once.
$(addprefix check-full-fuzz-,$(fuzz_PARTS)): check-full-fuzz-%:
	@FUZZ_JOBS=$(JOBS) $(MAKE) --no-print-directory fuzz \
	    FUZZ_SECONDS=$(or $(FUZZ_FULL_SECONDS),600) FUZZ='$(fuzz_$*)'

FUZZ_SECONDS ?= 120
FUZZ ?= $(fuzz_NAMES)
fuzz: deps-clang
	@$(MAKE) --no-print-directory -j$(JOBS) CC=clang \
	    BUILD=$(BUILD)/fuzz OPTIMISE='-O1 -g -fno-omit-frame-pointer' \
	    HARDENING='-fPIE -fsanitize=fuzzer-no-link,address,undefined \
	    -fno-sanitize-recover=all' LINK_HARDENING='-pie \
	    -fsanitize=fuzzer,address,undefined' fuzz-programs
	tests/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_SECONDS) $(FUZZ)

# The daemons show their counters by a file: no libFuzzer is in them.
fuzzed_DAEMONS := $(addprefix $(OUT)/test/fuzz/daemon/,stored commerced)
$(OUT)/test/fuzz/daemon/stored: $(addprefix $(OBJ)/,$(stored_OBJS))
$(OUT)/test/fuzz/daemon/commerced: $(addprefix $(OBJ)/,$(commerced_OBJS))
$(fuzzed_DAEMONS): $(OBJ)/tests/fuzz/daemon/counters.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(subst fuzzer$(comma),,$(ALL_LDFLAGS)) \
	    -o $@ $^ $($(@F)_LIBS)

fuzz_PROGRAMS := $(addprefix $(OUT)/test/fuzz/,$(fuzz_TARGETS))
fuzz-programs: $(fuzz_PROGRAMS) $(fuzzed_DAEMONS) $(OUT)/test/fuzz/requests
$(OUT)/test/fuzz/requests: $(request_OBJS) \
    $(OBJ)/tests/fuzz/daemon/mutate.o $(lib_common)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)
$(OUT)/test/fuzz/settings-stored: $(OBJ)/tests/fuzz/settings-stored.o \
    $(lib_fuzz) $(lib_stored) $(lib_common)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)
$(OUT)/test/fuzz/%: $(OBJ)/tests/fuzz/%.o \
    $(lib_fuzz) $(lib_paper) $(lib_commerced) $(lib_stored) $(lib_player) $(lib_common)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)

# --- benchmarks, by hand ------------------------------------------------------

bench_PROGRAMS := $(patsubst tests/bench/%.c,$(OUT)/test/bench/%,\
	$(wildcard tests/bench/*.c))
$(OUT)/test/bench/%: $(OBJ)/tests/bench/%.o $(lib_common)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)

bench: deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) all $(bench_PROGRAMS) \
	    $(tool_PROGRAMS)
	BUILD=$(OUT) tests/bench/run.sh

# stored beside nginx and lighttpd: tests/bench/README.md
DEPS_BENCH_STORAGE := curl perl nginx=nginx lighttpd=lighttpd \
	lighttpd-modules-lua openssl=openssl procps
storage_bench := $(OUT)/test/bench/storage
storage_bench_PROGRAMS := $(addprefix $(storage_bench)/,layout limit load \
	slow targets)
storage_bench_OBJS := $(addprefix tests/bench/storage/,load_connection.o \
	load_report.o load_requests.o load_tls.o limit_objects.o measure.o)
$(storage_bench)/storage.a: $(addprefix $(OBJ)/,$(storage_bench_OBJS) \
    $(base_OBJS) $(token_OBJS))
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR)$(AR) qcs $@ $^
$(storage_bench_PROGRAMS): $(storage_bench)/%: \
    $(OBJ)/tests/bench/storage/%.o $(storage_bench)/storage.a
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS) \
	    $(call pkg,--libs,libssl)

# Purchases through HTTP, beside one transaction for each.
sales_bench := $(OUT)/test/bench/sales
sales_bench_PROGRAMS := $(addprefix $(sales_bench)/,buy fill sync)
$(sales_bench)/fill: $(OBJ)/tests/bench/catalogue/words.o
$(sales_bench_PROGRAMS): $(sales_bench)/%: $(OBJ)/tests/bench/sales/%.o \
    $(storage_bench)/storage.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS) -lm \
	    $(call pkg,--libs,libssl)

bench-sales: deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) all $(sales_bench_PROGRAMS)
	BUILD=$(OUT) ROWS='$(ROWS)' PAIRS=$(or $(PAIRS),5) \
	    RUN_SECONDS=$(or $(SECONDS),3) tests/bench/sales/run.sh

bench-upload: deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) all
	BUILD=$(OUT) SIZE=$(or $(SIZE),4G) PAIRS=$(or $(PAIRS),3) \
	    tests/bench/upload/run.sh

# A shop with a million items: search, browse page, item page.
$(OUT)/test/bench/catalogue/naive: $(OBJ)/tests/bench/catalogue/naive.o \
    $(storage_bench)/storage.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(test_LIBS)

bench-catalogue: deps-check
	@$(MAKE) --no-print-directory -j$(JOBS) all $(sales_bench)/fill \
	    $(storage_bench)/load $(OUT)/test/bench/catalogue/naive
	BUILD=$(OUT) ROWS='$(ROWS)' PAIRS=$(or $(PAIRS),5) \
	    RUN_SECONDS=$(or $(SECONDS),3) tests/bench/catalogue/run.sh

bench-storage:
	@packaging/deps.sh $(DEPS_BUILD) $(DEPS_BENCH_STORAGE)
	@$(MAKE) --no-print-directory -j$(JOBS) $(OUT)/stored \
	    $(storage_bench_PROGRAMS)
	BUILD=$(OUT) ROWS='$(ROWS)' PAIRS=$(or $(PAIRS),5) \
	    RUN_SECONDS=$(or $(SECONDS),3) tests/bench/storage/run.sh

# --- packages that are needed: docs/dependencies.md says what for -------------

DEPS_BUILD := gcc libc6-dev pkgconf=pkg-config libmicrohttpd-dev \
	libgnutls28-dev libssl-dev libjansson-dev libinih-dev libsystemd-dev libsqlite3-dev \
	libcurl4-openssl-dev
DEPS_DEMO := curl jq openssl=openssl age=age ca-certificates
DEPS_CHECK := $(DEPS_DEMO) perl=prove libcmocka-dev sqlite3=sqlite3 \
	shellcheck mandoc systemd=systemd-analyze procps \
	nodejs=node npm=npm nginx=nginx wget=wget aria2=aria2c ffmpeg=ffprobe
DEPS_CLIENTS := chromium=chromium chromium-driver=chromedriver
DEPS_NETWORK := testssl.sh=testssl sslscan=sslscan slowhttptest=slowhttptest \
	prometheus=promtool
DEPS_CLANG := clang=clang libclang-rt-14-dev

deps: deps-check deps-clang
deps-build:
	@packaging/deps.sh $(DEPS_BUILD)
deps-demo:
	@packaging/deps.sh $(DEPS_BUILD) $(DEPS_DEMO)
deps-check:
	@packaging/deps.sh $(DEPS_BUILD) $(DEPS_CHECK)
	@$(MAKE) --no-print-directory node_modules/.package-lock.json
deps-clang: deps-check
	@packaging/deps.sh $(DEPS_CLANG)

node_modules/.package-lock.json: package.json package-lock.json
	$(npm_ci) || $(npm_ci)
	@touch $@

# --- a shop on this machine ---------------------------------------------------

DEMO_VARIABLES := DEMO_DIR DEMO_MEDIA MEDIA DEMO_COMMERCE_PORT \
	DEMO_STORAGE_PORT DEMO_COMMERCE_ADMIN_PORT DEMO_STORAGE_ADMIN_PORT
export $(DEMO_VARIABLES)

# Started in the background of a script, SIGINT would be ignored.
demo:
	@$(MAKE) --no-print-directory deps-demo
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@BUILD=$(OUT) exec env --default-signal=INT demo/run

# --- install ------------------------------------------------------------------

BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/counterfoil
CONFDIR ?= $(SYSCONFDIR)/counterfoil

# Unit files and examples name /usr/sbin and /etc/counterfoil.
install_text = sed -e 's,/usr/sbin/,$(SBINDIR)/,g' \
	-e 's,/etc/counterfoil/,$(CONFDIR)/,g' $(1) >$(2) && chmod 644 $(2)

install: all
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(SBINDIR) $(UNITDIR) \
	    $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man8 $(DOCDIR)/examples \
	    $(DOCDIR)/api)
	install -d -m 750 $(DESTDIR)$(CONFDIR)
	install -m 755 $(OUT)/counterfoil $(DESTDIR)$(BINDIR)/
	install -m 755 $(OUT)/commerced $(OUT)/stored $(DESTDIR)$(SBINDIR)/
	for section in 1 5 8; do \
	    for page in $(wildcard */*.[158]); do \
	        case $$page in *.$$section) $(call install_text,$$page,\
	            $(DESTDIR)$(MANDIR)/man$$section/$${page##*/}) || exit 1;; \
	        esac; done; done
	for unit in $(wildcard */*.service */*.socket); do \
	    $(call install_text,$$unit,$(DESTDIR)$(UNITDIR)/$${unit##*/}) || \
	        exit 1; done
	for example in $(wildcard */*.conf.example); do \
	    $(call install_text,$$example,\
	        $(DESTDIR)$(DOCDIR)/examples/$${example##*/}) || exit 1; done
	install -m 644 README.md CHANGES.md LICENSE $(wildcard docs/*.md) \
	    $(DESTDIR)$(DOCDIR)/
	install -m 644 $(wildcard docs/api/*.yaml) $(DESTDIR)$(DOCDIR)/api/

help:
	@sed -n 's/^#   \(make .*\)/\1/p' Makefile
	@printf '%s\n' \
	    'make check-only TESTS=...  some test files' \
	    'make lint                  layers, scripts, man pages, unit files' \
	    'make check-full            everything; its parts alone:' \
	    '                           $(addprefix check-full-,$(CHECK_FULL_PARTS))' \
	    'make fuzz                  FUZZ_SECONDS=120 for each target; FUZZ=names' \
	    'make bench                 side by side with the stock tools' \
	    'make bench-storage         ROWS= PAIRS=5 SECONDS=3: beside nginx' \
	    'make bench-sales           ROWS= PAIRS=5 SECONDS=3: durable purchases' \
	    'make bench-upload          SIZE=4G PAIRS=3: beside age, sha256sum, curl' \
	    'make bench-catalogue       ROWS= PAIRS=5 SECONDS=3: a million items' \
	    'make install               DESTDIR= PREFIX=/usr/local' \
	    'make deps                  the Debian packages for all of these' \
	    'SANITIZE=address,undefined or thread, V=1, CC=clang go with any'

clean:
	rm -rf $(BUILD)

.PHONY: all unit clean test-programs check run-tests check-only lint check-full \
	$(addprefix check-full-,$(CHECK_FULL_PARTS)) fuzz fuzz-programs bench \
	bench-storage bench-sales bench-upload bench-catalogue deps deps-build \
	deps-demo deps-check deps-clang \
	demo install help

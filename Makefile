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

VERSION := 0.1.0
PKG_CONFIG ?= pkg-config
pkg = $(shell $(PKG_CONFIG) $(1) $(2) 2>/dev/null)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wconversion
WERROR ?= -Werror
HARDENING := -fstack-protector-strong -fPIE
LINK_HARDENING := -pie -Wl,-z,relro,-z,now,-z,noexecstack
OPTIMISE ?= -O2 -g

ifeq ($(SANITIZE),)
OUT := $(BUILD)
HARDENING += -D_FORTIFY_SOURCE=2 -fcf-protection
else
comma := ,
OUT := $(BUILD)/sanitize-$(subst $(comma),-,$(SANITIZE))
OPTIMISE := -O1 -g -fno-omit-frame-pointer
HARDENING += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
LINK_HARDENING += -fsanitize=$(SANITIZE)
endif
OBJ := $(OUT)/obj

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(WERROR) $(OPTIMISE) \
	$(HARDENING) -DCOUNTERFOIL_VERSION='"$(VERSION)"' $(CFLAGS)
ALL_LDFLAGS = $(LINK_HARDENING) $(LDFLAGS)

quiet = $(if $(V),,@printf '  %-4s %s\n' $(1) $@;)

# What each program is made of. stored has no sealed_*.o and no db: it cannot
# decrypt, and tests/lint holds it to that.
base_OBJS := $(addprefix common/, err.o log.o encoding.o uuid.o secret.o \
	clock.o config.o)
daemon_OBJS := $(addprefix common/, process.o worker_pool.o http_server.o \
	http_gate.o http_route.o http_request.o http_reply.o http_connection.o \
	http_listen.o http_access_log.o)
token_OBJS := $(addprefix common/, token.o token_target.o hmac.o key_file.o)
stored_OBJS := $(base_OBJS) $(daemon_OBJS) $(token_OBJS) \
	$(patsubst %.c,%.o,$(wildcard stored/*.c))
commerced_OBJS := $(base_OBJS) $(daemon_OBJS) $(token_OBJS) \
	common/sealed_header.o common/sealed_seal.o \
	$(patsubst %.c,%.o,$(wildcard commerced/*.c commerced/http/*.c \
	commerced/shop/*.c commerced/db/*.c))
counterfoil_OBJS := common/err.o common/encoding.o common/secret.o \
	common/log.o common/hmac.o common/key_file.o common/sealed_header.o \
	common/sealed_parse.o common/sealed_open.o common/sealed_range.o \
	$(patsubst %.c,%.o,$(wildcard player/*.c))

stored_LIBS = $(call pkg,--libs,libmicrohttpd libcrypto jansson inih libsystemd) -pthread
commerced_LIBS = $(call pkg,--libs,libmicrohttpd libcrypto jansson inih libsystemd sqlite3 libcurl) -pthread
counterfoil_LIBS = $(call pkg,--libs,libcrypto libcurl)

PROGRAMS := commerced stored counterfoil

all: $(addprefix $(OUT)/,$(PROGRAMS))

define program
$(OUT)/$(1): $$(addprefix $(OBJ)/,$$($(1)_OBJS))
	$$(call quiet,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$($(1)_LIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(OBJ)/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

.SECONDARY:
.DELETE_ON_ERROR:
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)

# --- tests -----------------------------------------------------------------
# tests/unit/AREA/NAME.c becomes a TAP program of its own. It links what it
# needs from archives of AREA's objects (main.o left out) and of common/.

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
	$(call quiet,AR)$(AR) rcs $@ $^

test_LIBS = $(call pkg,--libs,cmocka libmicrohttpd libcrypto jansson inih libsystemd sqlite3 libcurl) -pthread
unit_SOURCES := $(wildcard tests/unit/*/*.c)
unit_PROGRAMS := $(patsubst tests/unit/%.c,$(OUT)/test/unit/%,$(unit_SOURCES))

define unit_area
$$(OUT)/test/unit/$(1)/%: $$(OBJ)/tests/unit/$(1)/%.o $(if $(filter-out common,$(1)),$$(lib_$(1))) $$(lib_common)
	@mkdir -p $$(@D)
	$$(call quiet,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(test_LIBS)
endef
$(foreach a,common commerced stored player,$(eval $(call unit_area,$(a))))

unit: $(unit_PROGRAMS)

clean:
	rm -rf $(BUILD)

.PHONY: all unit clean

# mailkeep: make, make check, make demo, make install; `make help` lists all.

VERSION	= 0.1.0

prefix		?= /usr/local
ifdef PREFIX
prefix		= $(PREFIX)
endif
exec_prefix	?= $(prefix)
bindir		?= $(exec_prefix)/bin
datarootdir	?= $(prefix)/share
datadir		?= $(datarootdir)
mandir		?= $(datarootdir)/man
bashdir		?= $(datadir)/bash-completion/completions
zshdir		?= $(datadir)/zsh/site-functions
fishdir		?= $(datadir)/fish/vendor_completions.d

PKG_CONFIG	?= pkg-config
INSTALL		?= install
INSTALL_PROGRAM	?= $(INSTALL) -m 755
INSTALL_DATA	?= $(INSTALL) -m 644
CFLAGS		?= -O2 -g

# A flavour of the build has a directory of its own: plain, clang, san (ASan and UBSan), tsan, fuzz (libFuzzer).
FLAVOUR	?= plain
B	= build/$(FLAVOUR)

PACKAGES = libcurl openssl libarchive libzstd sqlite3 jansson libconfuse gmime-3.0

# Ours, beside what the user asks for in CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS.
MK_CPPFLAGS	:= -D_GNU_SOURCE -DMAILKEEP_VERSION='"$(VERSION)"' -Isrc -I. \
		   $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
WARNINGS	= -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat=2 -Wvla
MK_CFLAGS	= -std=c17 -pthread -ffile-prefix-map=$(CURDIR)=. $(WARNINGS) $(HARDEN_CFLAGS) $(FLAVOUR_CFLAGS)
MK_LDFLAGS	= -pthread $(HARDEN_LDFLAGS) $(FLAVOUR_CFLAGS) -Wl,--as-needed
MK_LDLIBS	:= $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)

# FORTIFY_SOURCE works, and is quiet, only with an optimizer.
OPTIMIZED	= $(filter-out -O0,$(filter -O%,$(lastword $(filter -O%,$(CFLAGS)))))
HARDEN_CFLAGS	= -fPIE -fstack-protector-strong -fstack-clash-protection $(HARDEN_CPU) \
		  $(if $(OPTIMIZED),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
HARDEN_LDFLAGS	= -pie -Wl,-z,relro,-z,now,-z,noexecstack
MACHINE		:= $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))
ifneq ($(filter x86_64 i%86,$(MACHINE)),)
HARDEN_CPU	= -fcf-protection
else ifeq ($(MACHINE),aarch64)
HARDEN_CPU	= -mbranch-protection=standard
endif
ifneq ($(filter san tsan fuzz,$(FLAVOUR)),)
HARDEN_CFLAGS	= -fPIE
endif

ifeq ($(FLAVOUR),san)
FLAVOUR_CFLAGS	= -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(FLAVOUR),tsan)
FLAVOUR_CFLAGS	= -fsanitize=thread -fno-omit-frame-pointer
else ifeq ($(FLAVOUR),fuzz)
CC		= clang
FLAVOUR_CFLAGS	= -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(FLAVOUR),clang)
CC		= clang
endif

# With WERROR=1 a warning is an error (so in make check); as it changes no object, it is not among the flags noted below.
COMPILE	= $(CC) $(MK_CPPFLAGS) $(CPPFLAGS) $(MK_CFLAGS) $(CFLAGS)
LINK	= $(CC) $(MK_LDFLAGS) $(CFLAGS) $(LDFLAGS)

ROOMS	= base mail imap pack manifest catalog config policy foreign vault job
SRC	= $(foreach r,$(ROOMS),$(sort $(wildcard src/$(r)/*.c)))
CMD	= $(sort $(wildcard cmd/*.c))
OBJ	= $(SRC:%.c=$(B)/%.o)
CMDOBJ	= $(CMD:%.c=$(B)/%.o)

all: $(B)/mailkeep			## build the program (build/plain/mailkeep)

$(B)/mailkeep: $(CMDOBJ) $(OBJ)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(MK_LDLIBS) $(LDLIBS)

$(B)/%.o: %.c $(B)/flags | libraries
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(COMPILE) $(if $(WERROR),-Werror) -MMD -MP -c -o $@ $<

# Other flags make other objects: this file changes when they do.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(call quoted,$(COMPILE) $(LINK) $(MK_LDLIBS) $(LDLIBS))' >$@.$$$$; \
	if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

# One clear message instead of a wall of compiler errors.
libraries: FORCE
	@$(PKG_CONFIG) --exists $(PACKAGES) 2>/dev/null || { tests/deps --tell build; exit 1; } >&2

# A unit test links with its room and the floors below it, nothing else: the linker proves the layering.
FLOOR_base	= base
FLOOR_mail	= mail base
FLOOR_imap	= imap mail base
FLOOR_pack	= pack mail base
FLOOR_manifest	= manifest mail base
FLOOR_catalog	= catalog mail base
FLOOR_config	= config mail base
FLOOR_policy	= policy mail base
FLOOR_foreign	= foreign mail base
FLOOR_vault	= vault imap pack manifest catalog config policy mail base
FLOOR_job	= job foreign $(FLOOR_vault)
FLOOR_cmd	= cmd $(FLOOR_job)

room_of		= $(word 1,$(subst _, ,$(notdir $(1))))
sources_in	= $(if $(filter cmd,$(1)),$(filter-out cmd/main.c,$(CMD)),$(sort $(wildcard src/$(1)/*.c)))
objects_of	= $(foreach r,$(FLOOR_$(1)),$(patsubst %.c,$(B)/%.o,$(call sources_in,$(r))))

# Tests that stand in for a file of their room (tests/unit/imap_double.h) do without that file.
WITHOUT_imap_session_test = src/imap/wire.c
WITHOUT_imap_list_test	= src/imap/wire.c
WITHOUT_imap_fetch_test	= src/imap/wire.c
WITHOUT_imap_many_test	= src/imap/wire.c
WITHOUT_imap_append_test = src/imap/wire.c
WITHOUT_imap_deleting_test = src/imap/wire.c
WITHOUT_imap_mailbox_test = src/imap/wire.c
WITHOUT_imap_session_fuzz = src/imap/wire.c
WITHOUT_job_against_test = src/imap/wire.c
WITHOUT_job_refetch_test = src/imap/wire.c
objects_for	= $(filter-out $(WITHOUT_$(1):%.c=$(B)/%.o),$(call objects_of,$(call room_of,$(1))))

UNIT	= $(sort $(wildcard tests/unit/*_test.c))
UNITBIN	= $(UNIT:%.c=$(B)/%)
FUZZ	= $(sort $(wildcard tests/fuzz/*_fuzz.c))
FUZZBIN	= $(FUZZ:%.c=$(B)/%)

# Backups through random histories, as tests/history/history.c tells: a program of its own over all rooms.
HISTORYSRC = $(sort $(wildcard tests/history/*.c))
HISTORYBIN = $(if $(HISTORYSRC),$(B)/tests/history/history)

# Random damage to vaults, as tests/damage/damage.c tells: another one.
DAMAGESRC = $(sort $(wildcard tests/damage/*.c))
DAMAGEBIN = $(if $(DAMAGESRC),$(B)/tests/damage/damage)

# The tool X is tests/tool/X.c, X_*.c and base; preload_X.c becomes preload_X.so, for LD_PRELOAD.
TOOLSRC	= $(sort $(wildcard tests/tool/*.c))
PRELOAD	= $(patsubst %.c,$(B)/%.so,$(filter tests/tool/preload_%,$(TOOLSRC)))
TOOLS	= $(patsubst %.c,$(B)/%,$(foreach f,$(TOOLSRC),$(if $(findstring _,$(notdir $(f))),,$(f))))
tool_objects	= $(patsubst %.c,$(B)/%.o,tests/tool/$(1).c $(sort $(wildcard tests/tool/$(1)_*.c))) $(call objects_of,base)

unit: $(UNITBIN)
fuzz: $(FUZZBIN)
tools: $(TOOLS) $(HISTORYBIN) $(DAMAGEBIN) $(if $(filter plain,$(FLAVOUR)),$(PRELOAD))
objects: $(OBJ) $(CMDOBJ) $(UNITBIN:=.o) $(FUZZBIN:=.o) $(TOOLSRC:%.c=$(B)/%.o)

.SECONDEXPANSION:
$(UNITBIN): $(B)/tests/unit/%: $(B)/tests/unit/%.o $$(call objects_for,$$*)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(MK_LDLIBS) -lcmocka $(LDLIBS)

$(FUZZBIN): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $$(call objects_for,$$*)
	$(say) LINK $@
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(MK_LDLIBS) $(LDLIBS)

$(TOOLS): $(B)/tests/tool/%: $$(call tool_objects,$$*)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(MK_LDLIBS) -lm $(LDLIBS)

$(HISTORYBIN): $(HISTORYSRC:%.c=$(B)/%.o) $(call objects_of,job)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(MK_LDLIBS) $(LDLIBS)

$(DAMAGEBIN): $(DAMAGESRC:%.c=$(B)/%.o) $(call objects_of,job)
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(MK_LDLIBS) $(LDLIBS)

$(PRELOAD): $(B)/%.so: %.c $(B)/flags
	@mkdir -p $(@D)
	$(Q)$(filter-out -fPIE,$(COMPILE)) $(if $(WERROR),-Werror) -fPIC -shared -MMD -MP -o $@ $< -ldl

# The tests.  Each part builds what it needs; tests/run can then be called by hand: tests/run e2e/tar.
submake	= $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1))

check:					## install what the tests need, build all flavours, run every test
	@tests/deps check
	+@$(submake) check-build
	@tests/run

check-build:
	+@$(submake) FLAVOUR=plain WERROR=1 all unit tools
	+@$(submake) FLAVOUR=san WERROR=1 all unit tools
	+@if tests/run --can-fuzz; then $(submake) FLAVOUR=fuzz WERROR=1 fuzz; fi

CHECKS	= check-unit check-cli check-dialog check-e2e check-crash check-fuzz check-house check-memory
check-unit:				## unit tests, by room and file
check-cli:				## commands and their output
check-dialog:				## what the program says to scripted servers
check-e2e:				## the program against a real server
check-crash:				## the program killed, the system or the power failing, at every point
check-fuzz:				## each fuzzer for FUZZ_SECONDS=60, as chance has it
check-house:				## layers, names, lengths, man pages, hardening, dist
check-memory:				## memory with a million messages, 2 GiB, 20,000 folders
check-crash: export MK_CRASH = all
check-fuzz: export FUZZ_SECONDS ?= 60
check-memory: export MK_MEMORY = full
$(CHECKS): check-build
	@tests/run $(patsubst check-%,%,$(patsubst check-house,check-check,$(@:check-memory=check-e2e/memory)))

check-history:				## backups through SEEDS=10000 random histories, from FIRST=1 on
	+@$(submake) tools
	@mkdir -p build/history
	@$(HISTORYBIN) -j "$$(nproc 2>/dev/null || echo 1)" -s $(or $(FIRST),1) -n $(or $(SEEDS),10000) build/history

check-damage:				## DAMAGES=10000 random damages to vaults, from FIRST=1 on; bombs
	+@$(submake) all tools
	@rm -rf build/damage && mkdir -p build/damage
	@$(DAMAGEBIN) -j "$$(nproc 2>/dev/null || echo 1)" -s $(or $(FIRST),1) -n $(or $(DAMAGES),10000) build/damage
	@BOMBS=full tests/run -v damage/bombs

bench:					## measure (tests/bench); BENCH=quick, BENCH=full
	@tests/deps bench
	@tests/bench/bench.sh

demo:					## build and show the program on a mail server of its own
	@tests/deps demo
	+@$(submake) all tools
	@tests/demo

deps:					## install what the build needs
	@tests/deps build

# man/x.5 goes to man5.
MAN	= $(sort $(wildcard man/*.[1-8]))

install: all				## install below DESTDIR, PREFIX
	$(INSTALL) -d '$(DESTDIR)$(bindir)'
	$(INSTALL_PROGRAM) $(B)/mailkeep '$(DESTDIR)$(bindir)/mailkeep'
	@set -e; for f in $(MAN); do \
		dir='$(DESTDIR)$(mandir)'/man$${f##*.}; \
		$(INSTALL) -d "$$dir"; echo $(INSTALL_DATA) $$f "$$dir"; $(INSTALL_DATA) $$f "$$dir"; \
	done
	@set -e; $(call each_completion,\
		$(INSTALL) -d "$$dir"; echo $(INSTALL_DATA) $$f "$$dir/$$name"; $(INSTALL_DATA) $$f "$$dir/$$name")

install-strip:				## the same without debugging symbols
	@$(MAKE) --no-print-directory INSTALL_PROGRAM='$(INSTALL_PROGRAM) -s' install

uninstall:				## remove what install put there
	rm -f '$(DESTDIR)$(bindir)/mailkeep'
	rm -f $(foreach f,$(MAN),'$(DESTDIR)$(mandir)/man$(lastword $(subst ., ,$(f)))/$(notdir $(f))')
	@$(call each_completion,echo rm -f "$$dir/$$name"; rm -f "$$dir/$$name")

# each_completion(commands): run them for each completion file there is with $$f, the $$dir it goes to and its $$name there.
each_completion	= for sh in bash:mailkeep:'$(DESTDIR)$(bashdir)' zsh:_mailkeep:'$(DESTDIR)$(zshdir)' \
		fish:mailkeep.fish:'$(DESTDIR)$(fishdir)'; do \
	f=completions/mailkeep.$${sh%%:*}; dir=$${sh\#*:}; name=$${dir%%:*}; dir=$${dir\#*:}; \
	if [ -e $$f ]; then $(1); fi; done

clean:					## remove what was built
	rm -rf build

distclean: clean			## the same: nothing is made outside build/

# The same commit, or the same files, give the same bytes.
DIST	= mailkeep-$(VERSION)
dist:					## build/mailkeep-VERSION.tar.gz
	@mkdir -p build
	@set -e; tar=build/$(DIST).tar; \
	if [ "$$(git rev-parse --show-toplevel 2>/dev/null)" = "$$(pwd -P)" ] && \
	    git rev-parse -q --verify HEAD >/dev/null; then \
		git archive --prefix=$(DIST)/ -o $$tar HEAD; \
	else \
		tar -cf $$tar --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX,u+rw \
		    --mtime=@$${SOURCE_DATE_EPOCH:-0} --transform 's,^\./,$(DIST)/,S' \
		    --exclude=./build --exclude=./.git --exclude='*~' --exclude='*.orig' ./*  ./.[a-z]*; \
	fi; \
	gzip -9nf $$tar; echo build/$(DIST).tar.gz

help:					## this list
	@echo 'make [TARGET] [PREFIX=/usr/local] [DESTDIR=] [CC=] [CFLAGS=] [LDFLAGS=] [V=1]'
	@awk -F '[:\t]+## *' '/^[a-z0-9-]+:.*\t## / { sub(/:.*/, "", $$1); printf "  %-14s %s\n", $$1, $$2 }' Makefile

quoted	= $(subst ','\'',$(1))
ifeq ($(V),1)
say	= @:
else
Q	= @
# make -s says nothing.
say	= $(if $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),@:,@printf '  %-5s %s\n')
endif

FORCE:
-include $(OBJ:.o=.d) $(CMDOBJ:.o=.d) $(UNITBIN:=.d) $(FUZZBIN:=.d) $(TOOLSRC:%.c=$(B)/%.d) \
	$(HISTORYSRC:%.c=$(B)/%.d) $(DAMAGESRC:%.c=$(B)/%.d)

.PHONY: all unit fuzz tools objects libraries check check-build $(CHECKS) check-history check-damage bench demo deps install \
	install-strip uninstall clean distclean dist help FORCE

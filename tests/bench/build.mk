# make -f tests/bench/build.mk bench-tools: the programs of the benchmarks, built as the Makefile builds all else.

include Makefile

BENCHSRC = $(sort $(wildcard tests/bench/*.c))
BENCHBIN = $(BENCHSRC:%.c=$(B)/%)

bench-tools: $(BENCHBIN)

# From a library each program takes only what it uses, so that none of them starts slower than it must.
$(B)/tests/bench/rooms.a: $(OBJ)
	@mkdir -p $(@D)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BENCHBIN): %: %.o $(B)/tests/bench/rooms.a
	$(say) LINK $@
	$(Q)$(LINK) -o $@ $^ $(MK_LDLIBS) $(LDLIBS)

-include $(BENCHBIN:=.d)

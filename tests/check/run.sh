# The runner itself: what passes, fails, can't run, hangs, crashes or leaks is counted as that; what is left behind is ended;
# the last line and the exit status say so.
. "$TOP/tests/lib.sh"
need cc

t=$TMPDIR/tests
mkdir -p "$t"/{unit,cli/x,e2e,check} "$TMPDIR/b/san/tests/unit"

# runs WANT-EXIT LAST-LINE ARG...: run those tests; what was printed is in $TMPDIR/out.
runs()
{
	local want=$1 last=$2

	shift 2
	MK_TESTS=$t MK_BUILDS=$TMPDIR/b expect_exit "$want" "$TOP/tests/run" "$@"
	[ "$(tail -n 1 "$TMPDIR/out")" = "$last" ] || { cat "$TMPDIR/out"; fail "the last line is not \"$last\""; }
}

echo 'exit 0' >"$t/e2e/good.sh"
runs 0 '1 passed, 0 failed'
printf 'echo a reason of\necho no zstd here\nexit 77\n' >"$t/e2e/skipped.sh"
runs 0 '1 passed, 0 failed, 1 skipped'
said 'skipped: e2e/skipped: no zstd here' "$TMPDIR/out"
printf 'echo what went wrong\nexit 1\n' >"$t/e2e/bad.sh"
runs 1 '1 passed, 1 failed, 1 skipped'
said 'what went wrong' "$TMPDIR/out"
said 'FAILED  e2e/bad' "$TMPDIR/out"
runs 0 '1 passed, 0 failed' e2e/good
runs 1 '0 passed, 1 failed' "$t/e2e/bad.sh"
runs 1 '0 passed, 0 failed' e2e/nothing
rm "$t"/e2e/*

# A test that hangs is ended, and what it or a good one leaves behind, too.
printf '# timeout: 1\nsleep 4711 &\nsleep 4712\n' >"$t/e2e/hangs.sh"
echo 'sleep 4713 & exit 0' >"$t/e2e/litters.sh"
runs 1 '1 passed, 1 failed'
said 'ended after 1 s' "$TMPDIR/out"
! pgrep -f '^sleep 471[123]$' >/dev/null || fail "processes are left behind"
rm "$t"/e2e/*

# A program under test gets SIGINT; the caller's environment doesn't reach it; TMPDIR is its own.
cat >"$t/e2e/world.sh" <<'END'
python3 -c 'import signal; assert signal.getsignal(signal.SIGINT) is signal.default_int_handler' || exit 1
[ "$XDG_CONFIG_HOME$MAKEFLAGS$http_proxy" = "" ] && [ -d "$HOME" ] && [ "${TMPDIR#$TOP/build/tmp/}" != "$TMPDIR" ]
END
XDG_CONFIG_HOME=/x MAKEFLAGS=-j http_proxy=x runs 0 '1 passed, 0 failed'
rm "$t"/e2e/*

# Stopping it stops everything.
echo 'sleep 4714' >"$t/e2e/long.sh"
MK_TESTS=$t "$TOP/tests/run" >/dev/null 2>&1 &
pid=$!
wait_for 10 pgrep -f '^sleep 4714$' >/dev/null || fail "it didn't begin"
kill -TERM $pid
! wait $pid || fail "exit 0 although it was stopped"
! pgrep -f '^sleep 4714$' >/dev/null || fail "it goes on in the background"
rm "$t"/e2e/*

# A sanitizer's finding counts, whatever the script makes of it.
printf '#include <stdlib.h>\nint main(int c, char **v) { (void)v; char *p = malloc(8); free(p); return c > 1 ? p[0] : 0; }\n' >"$TMPDIR/uaf.c"
cc -w -fsanitize=address -o "$TMPDIR/uaf" "$TMPDIR/uaf.c"
echo "$TMPDIR/uaf; exit 0" >"$t/e2e/clean.sh"
runs 0 '1 passed, 0 failed'
echo "$TMPDIR/uaf x >/dev/null 2>&1; exit 0" >"$t/e2e/clean.sh"
runs 1 '0 passed, 1 failed'
said 'heap-use-after-free' "$TMPDIR/out"
rm "$t"/e2e/*

# Golden siblings.
printf 'echo "in $TMPDIR at 127.0.0.1:5555"\necho careful >&2\nexit 3\n' >"$t/cli/x/golden.sh"
runs 1 '0 passed, 1 failed'
runs 0 '1 passed, 0 failed' -b
printf 'in TMP at 127.0.0.1:PORT\n' >"$TMPDIR/want"
same "$TMPDIR/want" "$t/cli/x/golden.out"
runs 0 '1 passed, 0 failed'
for what in out err exit; do
	cp "$t/cli/x/golden.$what" "$TMPDIR/keep"
	echo 5 >>"$t/cli/x/golden.$what"
	runs 1 '0 passed, 1 failed'
	rm "$t/cli/x/golden.$what"
	runs 1 '0 passed, 1 failed'
	mv "$TMPDIR/keep" "$t/cli/x/golden.$what"
done
rm "$t"/cli/x/*

# cmocka: each function counts; so do a crash and an early end.
cat >"$t/unit/x_test.c" <<'END'
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
static void test_a(void **s) { (void)s; }
static void test_b(void **s) { (void)s; if (getenv("FAIL")) fail(); }
static void test_c(void **s) { (void)s; if (getenv("SKIP")) { print_message("no moon\n"); skip(); } }
static void test_d(void **s) { (void)s; if (getenv("CRASH")) abort(); if (getenv("END")) exit(0); }
int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(test_a), cmocka_unit_test(test_b), cmocka_unit_test(test_c),
	    cmocka_unit_test(test_d) };
	return cmocka_run_group_tests(t, NULL, NULL) + (getenv("RC") != NULL);
}
END
runs 1 '0 passed, 1 failed'
cc -w -o "$TMPDIR/b/san/tests/unit/x_test" "$t/unit/x_test.c" -lcmocka
runs 0 '4 passed, 0 failed'
FAIL=1 runs 1 '3 passed, 1 failed'
SKIP=1 runs 0 '3 passed, 0 failed, 1 skipped'
said 'no moon' "$TMPDIR/out"
CRASH=1 runs 1 '3 passed, 1 failed'
END=1 runs 1 '3 passed, 1 failed'
RC=1 runs 1 '4 passed, 1 failed'
FAIL=1 CRASH=1 SKIP=1 runs 1 '1 passed, 2 failed, 1 skipped'

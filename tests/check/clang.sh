# Every source file compiles with clang without a warning (gcc's turn is the build itself).
# timeout: 400
. "$TOP/tests/lib.sh"
need clang

make -C "$TOP" FLAVOUR=clang WERROR=1 objects >"$TMPDIR/log" 2>&1 || {
	grep -E 'error|warning|Error' "$TMPDIR/log" | head -n 40
	fail "clang complains"
}

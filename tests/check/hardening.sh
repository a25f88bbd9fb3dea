# The program that is built by default is hardened: PIE, full RELRO, no executable stack, canaries, fortified calls; and it
# links to what it needs, not to what pkg-config thinks of.
# flavour: plain
. "$TOP/tests/lib-source.sh"
need readelf

p=$BUILD/mailkeep
[ -x "$p" ] || fail "$p is not built"
readelf -hW "$p" >"$TMPDIR/head"
readelf -lW "$p" >"$TMPDIR/segments"
readelf -dW "$p" >"$TMPDIR/dynamic"
readelf --dyn-syms -W "$p" >"$TMPDIR/symbols"

grep -q 'Type: *DYN' "$TMPDIR/head" || complain "not position-independent (-pie)"
grep -q GNU_RELRO "$TMPDIR/segments" || complain "no RELRO"
grep -qE 'BIND_NOW|FLAGS.* NOW' "$TMPDIR/dynamic" || complain "not bound at start (-z now)"
grep 'GNU_STACK' "$TMPDIR/segments" | grep -q 'RWE' && complain "executable stack"
grep -qE '(RPATH|RUNPATH)' "$TMPDIR/dynamic" && complain "a path of libraries is built in"
grep -q __stack_chk_fail "$TMPDIR/symbols" || complain "no stack protector"
grep -qE '__(memcpy|snprintf|vsnprintf|read|fdelt)_chk' "$TMPDIR/symbols" || complain "not fortified"
for lib in curl crypto archive zstd sqlite3 jansson confuse gmime; do
	grep -q "NEEDED.*lib$lib" "$TMPDIR/dynamic" || complain "lib$lib is not linked"
done

# Control-flow protection is a note of each object (the C runtime of Debian has none, so the program as a whole hasn't).
case $(uname -m) in
x86_64)
	mapfile -t objects < <(sources | sed -n "s#\(.*\)\.c\$#$BUILD/\1.o#p")
	readelf -nW "${objects[@]}" >"$TMPDIR/notes"
	n=$(grep -c 'x86 feature: IBT, SHSTK' "$TMPDIR/notes" || :)
	[ "$n" = ${#objects[@]} ] || complain "only $n of ${#objects[@]} objects are built with -fcf-protection" ;;
esac

# Our TLS is OpenSSL's: a GnuTLS libcurl would pass most tests unnoticed.
ldd "$p" | grep -q 'libcurl-gnutls' && complain "libcurl is the one of GnuTLS"

verdict

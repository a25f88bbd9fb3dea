# What packagers do: make dist twice (the same bytes), unpack, build without -Werror and with flags of their own, install
# below DESTDIR, uninstall, clean.  Nothing stays behind, nothing is written elsewhere.
# timeout: 600
# flavour: plain
. "$TOP/tests/lib-source.sh"

# In a copy, so that this make and the one that runs the tests don't meet.  A copy has no .git: the list of files is used.
mkdir "$TMPDIR/copy"
tar -C "$TOP" -cf - --exclude=./build --exclude=./.git . | tar -C "$TMPDIR/copy" -xf -
cd "$TMPDIR/copy"
make -s dist >/dev/null
mv build/mailkeep-*.tar.gz "$TMPDIR/first.tar.gz"
find . -exec touch -h -d '2001-02-03' {} +
make -s dist >/dev/null
set -- build/mailkeep-*.tar.gz
dist=${1#build/}
dist=${dist%.tar.gz}
cmp "$TMPDIR/first.tar.gz" "$1" || complain "make dist: not the same bytes twice"
tar -tzf "$1" >"$TMPDIR/list"
complain_of "not below $dist/" < <(grep -v "^$dist/" "$TMPDIR/list" || :)
complain_of "does not belong in it" < <(grep -E '/(build|\.git)/' "$TMPDIR/list" || :)
for f in Makefile .ci/run src/base/buf.h tests/run; do
	grep -qx "$dist/$f" "$TMPDIR/list" || complain "$f is not in it"
done
tar -C "$TMPDIR" -xzf "$1"
cd "$TMPDIR/$dist"

# In a git repository it is what was committed, whatever lies about.
if command -v git >/dev/null && cp -r . "$TMPDIR/git" && cd "$TMPDIR/git"; then
	export HOME=$TMPDIR GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
	git -c init.defaultBranch=main init -q
	git add -A
	git -c user.name=x -c user.email=x@example.org commit -q -m x
	echo >litter
	make -s dist >/dev/null
	tar -tzf "build/$dist.tar.gz" | grep -q litter && complain "make dist takes what is not committed"
	[ "$(tar -tzf "build/$dist.tar.gz" | grep -cv '/$')" = "$(grep -cv '/$' "$TMPDIR/list")" ] ||
		complain "make dist: git and no git give different files"
	cd "$TMPDIR/$dist"
fi

# The build honours the user's flags and leaves nothing outside build/.
find . | LC_ALL=C sort >"$TMPDIR/before"
make -s -j2 CFLAGS='-O1 -DMK_USER=1' LDFLAGS='-Wl,--build-id=sha1' >"$TMPDIR/log" 2>&1 || { cat "$TMPDIR/log"; fail "it doesn't build"; }
grep -qi warning "$TMPDIR/log" && complain "warnings at -O1: $(grep -i warning "$TMPDIR/log" | head -n 1)"
grep -q -e '-O1 -DMK_USER=1' build/plain/flags || complain "CFLAGS are not honoured"
grep -q -e '-Wl,--build-id=sha1' build/plain/flags || complain "LDFLAGS are not honoured"

# Installing, everywhere below DESTDIR, and back.
install_to()
{
	make -s CFLAGS='-O1 -DMK_USER=1' LDFLAGS='-Wl,--build-id=sha1' DESTDIR="$TMPDIR/dest" "$@" >"$TMPDIR/log" 2>&1 ||
		{ cat "$TMPDIR/log"; fail "make $*"; }
}
install_to PREFIX=/opt/mk install
(cd "$TMPDIR/dest" && find . -type f -printf '%m %p\n' | LC_ALL=C sort -k 2) >"$TMPDIR/installed"
grep -qx '755 ./opt/mk/bin/mailkeep' "$TMPDIR/installed" || complain "mailkeep is not in PREFIX/bin"
for f in man/*.[1-8]; do
	grep -qx "644 ./opt/mk/share/man/man${f##*.}/${f##*/}" "$TMPDIR/installed" || complain "$f is not installed"
done
for f in bash-completion/completions/mailkeep zsh/site-functions/_mailkeep fish/vendor_completions.d/mailkeep.fish; do
	grep -qx "644 ./opt/mk/share/$f" "$TMPDIR/installed" || complain "$f is not installed"
done
grep -v ' \./opt/mk/' "$TMPDIR/installed" && complain "installed outside PREFIX"
install_to PREFIX=/opt/mk uninstall
complain_of "left by uninstall" < <(find "$TMPDIR/dest" -type f -o -type l)
install_to prefix=/usr mandir=/usr/man install-strip
[ -e "$TMPDIR/dest/usr/man/man1/mailkeep.1" ] || complain "mandir is not honoured"
readelf -S "$TMPDIR/dest/usr/bin/mailkeep" | grep -q debug_info && complain "install-strip doesn't strip"
"$TMPDIR/dest/usr/bin/mailkeep" --version >"$TMPDIR/version"
grep -q "${dist#mailkeep-}" "$TMPDIR/version" || complain "--version doesn't say ${dist#mailkeep-}"
install_to prefix=/usr mandir=/usr/man uninstall
complain_of "left by uninstall" < <(find "$TMPDIR/dest" -type f -o -type l)
make -s clean
find . | LC_ALL=C sort >"$TMPDIR/after"
diff "$TMPDIR/before" "$TMPDIR/after" || complain "make clean leaves something"

# Missing libraries are one message.
mkdir "$TMPDIR/bin"
printf '#!/bin/sh\n[ "$1 $2" != "--exists libzstd" ] && [ $# -lt 4 ]\n' >"$TMPDIR/bin/pc"
chmod +x "$TMPDIR/bin/pc"
make -s PKG_CONFIG="$TMPDIR/bin/pc" >"$TMPDIR/out" 2>&1 && complain "it builds without libraries"
grep -q 'not found: libzstd' "$TMPDIR/out" || complain "no clear message: $(head -n 3 "$TMPDIR/out")"
[ "$(wc -l <"$TMPDIR/out")" -le 5 ] || complain "a wall: $(wc -l <"$TMPDIR/out") lines"

verdict

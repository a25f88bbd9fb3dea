# The catalog is a cache: deleted, damaged, older, another vault's, it changes no decision (R44, R61); one that knows more
# than the manifests is an alarm (D6).
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq
dovecot_start
corpus demo 0 "$(dovecot_mail)"
dovecot_own
V=$TMPDIR/vault
printf 'Subject: one\n\none\n' >"$TMPDIR/1"

# wire: what the last backup said, without its random tags.
wire()
{
	client_said | sed 's/^k[0-9a-f]*\.//'
}

# again: the next backup, of a copy of the vault $1 whose catalog somebody changed, says and does what it would have done.
# Damage may show only in the middle of a run, and end it; the next run has built the catalog anew.
again()
{
	local rc=0

	client_forget
	mailkeep backup "$1" >"$TMPDIR/out" 2>"$TMPDIR/err" || rc=$?
	if [ $rc = 75 ]; then
		said 'built anew'
		[ ! -e "$1/catalog.sqlite" ] || fail "a damaged catalog is still there"
		backup "$1"
		mirrors "$1"
		return 0
	fi
	[ $rc = 0 ] || fail "exit $rc: $(cat "$TMPDIR/err")"
	wire >"$TMPDIR/wire-now"
	same "$TMPDIR/wire" "$TMPDIR/wire-now"
	mirrors "$1"
	expect_exit 0 mailkeep list --json "$1"
	cp "$TMPDIR/out" "$TMPDIR/list-now"
	# Ids and hashes are of copies of one vault: all must be the same.
	same "$TMPDIR/list" "$TMPDIR/list-now"
}

vault_init "$V"
backup "$V"
cp "$V/catalog.sqlite" "$TMPDIR/older.sqlite"
uid=$(imap put INBOX '' '' "$TMPDIR/1")
imap flags INBOX 1:3 '+FLAGS (\Flagged $Later)'
imap expunge INBOX 5:7
backup "$V"
# Changes are waiting when the catalog is lost.
imap put Sent '' '' "$TMPDIR/1" >/dev/null
imap expunge INBOX "$uid"
imap flags Archive/2024 2 'FLAGS (\Draft)'
cp -a "$V" "$TMPDIR/before"
backup "$V"
wire >"$TMPDIR/wire"
mirrors "$V"
expect_exit 0 mailkeep list --json "$V"
cp "$TMPDIR/out" "$TMPDIR/list"
vault_init "$TMPDIR/second"
backup "$TMPDIR/second"

for what in deleted older empty text torn flipped zeroed other journal; do
	C=$TMPDIR/$what
	cp -a "$TMPDIR/before" "$C"
	f=$C/catalog.sqlite
	case $what in
	deleted) rm "$f" ;;
	older)	cp "$TMPDIR/older.sqlite" "$f" ;;
	empty)	: >"$f" ;;
	text)	echo "not a database" >"$f" ;;
	torn)	truncate -s 8000 "$f" ;;
	flipped) # a bit in the middle of each page
		python3 - "$f" <<-'END'
			import sys
			with open(sys.argv[1], "r+b") as f:
			    data = bytearray(f.read())
			    for at in range(4096 + 3000, len(data), 4096):
			        data[at] ^= 4
			    f.seek(0)
			    f.write(data)
		END
		;;
	zeroed)	dd if=/dev/zero of="$f" bs=4096 seek=2 count=3 conv=notrunc status=none ;;
	other)	cp "$TMPDIR/second/catalog.sqlite" "$f" ;;
	journal) head -c 5000 /dev/urandom >"$f-journal" ;;
	esac
	# Readers come first: they repair it, or use one of their own.
	mailkeep status "$C" >/dev/null || [ $? = 6 ]
	mailkeep list --json "$C" >/dev/null || [ $? = 6 ]
	expect_exit 0 mailkeep status "$C"
	expect_exit 0 mailkeep list --json "$C"
	[ "$(jq -s 'map(select(.type == "message")) | length' "$TMPDIR/out")" = 298 ] || fail "$what: a list of $(wc -l <"$TMPDIR/out") lines"
	# Writers.
	rm -rf "$C"
	cp -a "$TMPDIR/before" "$C"
	case $what in
	older)	cp "$TMPDIR/older.sqlite" "$f" ;;
	deleted) rm "$f" ;;
	torn)	truncate -s 8000 "$f" ;;
	flipped | zeroed) dd if=/dev/urandom of="$f" bs=4096 seek=3 count=1 conv=notrunc status=none ;;
	other)	cp "$TMPDIR/second/catalog.sqlite" "$f" ;;
	journal) head -c 5000 /dev/urandom >"$f-journal" ;;
	*)	echo "not a database" >"$f" ;;
	esac
	# What was backed up meanwhile is the same for each: the server does not change.
	again "$C"
done

# D6: a catalog that knows a commit which the manifests don't have.
C=$TMPDIR/rolled-back
cp -a "$TMPDIR/before" "$C"
cp "$V/catalog.sqlite" "$C"
find "$C" -type f ! -name catalog.sqlite\* ! -name lock -exec sha256sum {} + >"$TMPDIR/sums"
expect_exit 6 mailkeep backup "$C"
said 'commit 3*manifest is 2'
expect_exit 6 mailkeep list "$C"
said 'knows commit 3'
[ -s "$TMPDIR/out" ] || fail "a reader of a rolled-back vault shows nothing"
expect_exit 6 mailkeep status "$C"
expect_exit 6 mailkeep backup "$C"
sha256sum --quiet -c "$TMPDIR/sums"
[ "$(commits "$C") $(packs "$C")" = "2 $(packs "$TMPDIR/before")" ] || fail "something was written in spite of the alarm"
# Another manifest under a number that it knows.
C=$TMPDIR/forked
cp -a "$TMPDIR/before" "$C"
mailkeep backup "$C"
cp "$V/catalog.sqlite" "$C"
vault_is "$C" 'commits 3 '
if ! cmp -s "$V/manifests/00000003.jsonl.zst" "$C/manifests/00000003.jsonl.zst"; then
	expect_exit 6 mailkeep backup "$C"
	said 'replaced'
	expect_exit 6 mailkeep list "$C"
	said 'replaced'
fi
# When the newest files are back, or it is decided to go on without them, all is well.
C=$TMPDIR/rolled-back
cp "$V"/manifests/* "$C/manifests"
cp "$V"/packs/* "$C/packs"
backup "$C"
mirrors "$C"

# A chain that is broken is not worked on (exit 6), whatever the catalog says.
for what in gap cut swapped foreign; do
	C=$TMPDIR/$what
	cp -a "$V" "$C"
	m=$C/manifests
	case $what in
	gap)	rm "$m/00000002.jsonl.zst" ;;
	cut)	truncate -s -1 "$m/00000002.jsonl.zst" ;;
	swapped) cp "$m/00000001.jsonl.zst" "$m/00000002.jsonl.zst" ;;
	foreign) cp "$TMPDIR/second/manifests/00000001.jsonl.zst" "$m/00000001.jsonl.zst" ;;
	esac
	rm "$C/catalog.sqlite"
	expect_exit 6 mailkeep backup "$C"
	expect_exit 6 mailkeep list "$C"
	! read_vault -q "$C" check 2>/dev/null || fail "$what: the second reader sees nothing"
done
# R47: files that are not manifests are nothing to it.
C=$TMPDIR/litter
cp -a "$V" "$C"
touch "$C/manifests/00000004.jsonl.zst.tmp" "$C/manifests/README" "$C/manifests/.00000004.jsonl.zst" "$C/packs/notes.txt"
chmod 600 "$C"/manifests/.0* "$C"/manifests/* "$C"/packs/*
backup "$C"
mirrors "$C"

# R58: leftovers of a killed run: scratch goes, packs that no manifest names are put aside and kept.
C=$TMPDIR/orphan
cp -a "$V" "$C"
cp "$(find "$C/packs" -name '00000001-*')" "$C/packs/00000004-1-0badcafe.tar.zst"
cp "$C/manifests/00000003.jsonl.zst" "$C/tmp/00000004.jsonl.zst"
(umask 077; : >"$C/tmp/spool-0")
expect_exit 0 mailkeep list "$C"
vault_is "$C" 'orphans 1 scratch 2'
backup "$C"
[ -s "$C/orphans/00000004-1-0badcafe.tar.zst" ] || fail "an orphan is gone"
vault_is "$C" 'orphans 1 scratch 0'
mirrors "$C"

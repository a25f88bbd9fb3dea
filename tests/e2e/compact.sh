# compact: many small packs and manifests become few, and the vault says the same as before, of every commit; a day later
# the old files go, and all of it holds again; orphans.
# flavour: plain
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq zstd
CLOCK=$BUILD/tests/tool/preload_clock.so
dovecot_start
mkdir "$TMPDIR/mail"
imap create Work
for c in tar mbox; do
	vault_init "$TMPDIR/$c" --container $c
done

# 16 backups of each, of mail that comes, is copied, read, moved and deleted.
commits=16
for n in $(seq $commits); do
	printf 'From: Person %d <p%d@example.org>\nSubject: letter %d\n\nFrom me, message %d\n' "$n" "$n" "$n" "$n" >"$TMPDIR/mail/$n"
	case $((n % 4)) in
	0) imap expunge INBOX $((n / 2)) ;;
	1) imap put Work '\Flagged $Note' '17-Jul-1996 02:44:25 -0700' "$TMPDIR/mail/$n" >/dev/null ;;
	2) imap flags INBOX 1 '+FLAGS (\Answered)' ;;
	3) imap put Work '' '' "$TMPDIR/mail/$((n - 1))" >/dev/null ;;
	esac
	imap put INBOX '\Seen' '' "$TMPDIR/mail/$n" >/dev/null
	backup "$TMPDIR/tar"
	backup "$TMPDIR/mbox"
done

# content VAULT DIR: all that it says of those commits, and the bytes of each message.
content()
{
	local at id

	mkdir -p "$2/raw"
	mailkeep list --all --json "$1" | jq -c 'select(.type == "message")' >"$2/all"
	for at in $(seq $commits); do
		mailkeep list --at "$at" --json "$1" | jq -c 'select(.type == "message")' >"$2/at-$at"
	done
	mailkeep log --json "$1" | jq -c --argjson last $commits 'select(.type == "commit" and .commit <= $last)' >"$2/log"
	read_vault "$1" list >"$2/list"
	read_vault "$1" ever >"$2/ever"
	[ -s "$2/log" ] || fail "the log says nothing"
	jq -r .id "$2/all" | while read -r id; do
		mailkeep show --raw "$1" "$id" >"$2/raw/$id"
	done
	mailkeep export --at 9 --format mbox --to "$2/export" "$1"
}

same_content()
{
	rm -rf "$TMPDIR/now"
	content "$1" "$TMPDIR/now"
	diff -r "$TMPDIR/was" "$TMPDIR/now" >"$TMPDIR/diff" || { head -n 20 "$TMPDIR/diff"; fail "line ${BASH_LINENO[0]}: $1 says something else"; }
}

clean()
{
	expect_exit 0 mailkeep verify -v --read-data "$1"
	said 'is as it was'
	read_vault "$1" check >/dev/null || fail "line ${BASH_LINENO[0]}: the second reader finds $1 not right"
}

# salvaged VAULT: with all manifests gone; commits whose packs went into another one have nothing left to tell (3).
salvaged()
{
	expect_exit 3 mailkeep rebuild --salvage "$1"
	said 'no pack belongs to them'
}

# known VAULT: its messages, without what a salvage can't know.
known()
{
	mailkeep list --all --json "$1" | jq -r 'select(.type == "message") | [.folder, .uidvalidity, .uid, .sha256, .date] | @tsv' | sort
}

tree()
{
	(cd "$1" && find . -printf '%p %s %T@ %m\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

# a_day_later COMMAND...
a_day_later()
{
	MK_CLOCK_START=$(($(date +%s) + 90000)) MK_CLOCK_STEP=0 LD_PRELOAD=$CLOCK "$@"
}

for c in tar mbox; do
	V=$TMPDIR/$c
	rm -rf "$TMPDIR/was"
	content "$V" "$TMPDIR/was"
	before=$(packs "$V")
	[ "$before" -ge $commits ] || fail "only $before packs"

	# Said, and not done.
	tree "$V" >"$TMPDIR/before"
	expect_exit 0 mailkeep compact --dry-run --manifests 10 "$V"
	said "would put $before packs" "$TMPDIR/out"
	said "would put $commits manifests into one file" "$TMPDIR/out"
	tree "$V" >"$TMPDIR/after"
	same "$TMPDIR/before" "$TMPDIR/after"
	expect_exit 2 mailkeep compact --manifests 1 "$V"

	# Done.
	left=$([ $c = tar ] && echo 1 || echo 2)
	cp -a "$V" "$TMPDIR/small.$c"
	expect_exit 0 mailkeep compact --json --manifests 10 "$V"
	jq -es --argjson n "$before" --argjson left "$left" --argjson m $commits '.[] | select(.type == "compact") |
	    .packs_before == $n and .retired_packs == $n and .packs_after == $left and .made_packs == $left and .commits == 1 and
	    .bundled_manifests == $m and .commit == $m + 1 and .bytes_after < .bytes_before and .status == 0' "$TMPDIR/out" >/dev/null ||
		fail "$(cat "$TMPDIR/out")"
	[ -e "$V/manifests/00000001-00000016.jsonl.zst" ] || fail "no bundle"
	[ "$(packs "$V")" = $((before + left)) ] || fail "$(packs "$V") packs instead of $before and $left"
	same_content "$V"
	clean "$V"
	backup "$V"
	nothing_fetched
	mirrors "$V"
	expect_exit 0 mailkeep compact -v "$V"
	said 'nothing to compact'

	# Salvage: beside the old packs here, without them below.
	known "$V" >"$TMPDIR/known"
	cp -a "$V" "$TMPDIR/lost"
	rm "$TMPDIR"/lost/manifests/* "$TMPDIR/lost/catalog.sqlite"
	expect_exit 0 mailkeep rebuild --salvage "$TMPDIR/lost"
	expect_exit 0 mailkeep verify --read-data "$TMPDIR/lost"
	known "$TMPDIR/lost" >"$TMPDIR/known-now"
	same "$TMPDIR/known" "$TMPDIR/known-now"
	rm -rf "$TMPDIR/lost"

	# A day later.
	a_day_later backup "$V"
	nothing_fetched
	[ "$(packs "$V")" = "$left" ] || fail "$(packs "$V") packs a day later"
	[ "$(find "$V/manifests" -type f -name '*-*' | wc -l)" = 1 ] || fail "not one bundle"
	[ ! -e "$V/manifests/00000001.jsonl.zst" ] || fail "single manifests are there"
	same_content "$V"
	clean "$V"
	rm "$V/catalog.sqlite"
	same_content "$V"
	mirrors "$V"
	cp -a "$V" "$TMPDIR/lost"
	rm "$TMPDIR"/lost/manifests/* "$TMPDIR/lost/catalog.sqlite"
	salvaged "$TMPDIR/lost"
	clean "$TMPDIR/lost"
	known "$TMPDIR/lost" >"$TMPDIR/known-now"
	same "$TMPDIR/known" "$TMPDIR/known-now"
	rm -rf "$TMPDIR/lost"
	mv "$TMPDIR/was/all" "$TMPDIR/all.$c"
done

# And on: new mail, another compaction, another bundle that takes the first one in.
imap put INBOX '' '' "$TMPDIR/mail/1" >/dev/null
for c in tar mbox; do
	V=$TMPDIR/$c
	a_day_later backup "$V"
	expect_exit 0 a_day_later mailkeep compact -v --manifests 2 "$V"
	[ "$(find "$V/manifests" -type f -name '00000001-*' | wc -l)" = 2 ] || fail "the bundle is not in another one"
	mailkeep list --all --json "$V" | jq -c --argjson last $commits 'select(.type == "message" and
	    (.id | split(".")[0] | tonumber) <= $last)' >"$TMPDIR/all-now"
	same "$TMPDIR/all.$c" "$TMPDIR/all-now"
	clean "$V"
	mirrors "$V"
done

# Only the manifest of the compaction is lost, and the old packs are gone: nothing else is.
V=$TMPDIR/alone
cp -a "$TMPDIR/small.tar" "$V"
expect_exit 0 mailkeep compact "$V"
a_day_later backup "$V"
known "$V" >"$TMPDIR/known"
printf x >"$V/manifests/00000017.jsonl.zst"
rm "$V/catalog.sqlite"
expect_exit 0 mailkeep rebuild --salvage "$V"
expect_exit 0 mailkeep repair --offline "$V"	# the old packs are on record again, and missing
clean "$V"
known "$V" >"$TMPDIR/known-now"
same "$TMPDIR/known" "$TMPDIR/known-now"

# A damaged pack: repair comes first, and then it goes.
V=$TMPDIR/small.tar
p=$(find "$V/packs" -name '00000003-*')
cp "$p" "$TMPDIR/good"
printf XX | dd of="$p" bs=1 seek=100 conv=notrunc status=none
tree "$V" | grep -v 'catalog\|lock\|tmp\|orphans\|^\. ' >"$TMPDIR/before"
expect_exit 6 mailkeep compact "$V"
said 'packs/00000003-'
said 'mailkeep repair'
tree "$V" | grep -v 'catalog\|lock\|tmp\|orphans\|^\. \|\./packs \|\./manifests ' >"$TMPDIR/after"
grep -v '\./packs \|\./manifests ' "$TMPDIR/before" >"$TMPDIR/before-now"
same "$TMPDIR/before-now" "$TMPDIR/after"
expect_exit 0 mailkeep repair "$V"
expect_exit 0 mailkeep compact "$V"
clean "$V"

# Orphans: asked for, and only by somebody who says yes.
[ -n "$(ls "$V/orphans")" ] || fail "no orphans"
touch "$V/orphans/letter"
expect_exit 0 mailkeep compact -n --drop-orphans "$V"
said 'would remove 1 thing' "$TMPDIR/out"
expect_exit 9 mailkeep compact --drop-orphans "$V" </dev/null
said '--yes'
[ "$(find "$V/orphans" -mindepth 1 | wc -l)" = 2 ] || fail "something was removed"
expect_exit 0 mailkeep compact -v --drop-orphans --yes "$V"
said 'removed 1 thing from orphans/'
said '1 in orphans/ that mailkeep did not put there stays'
[ "$(ls "$V/orphans")" = letter ] || fail "orphans are left"
rm "$V/orphans/letter"
clean "$V"

# But not what is the only copy of a message, whatever was said: the pack of a commit whose manifest is gone.
backup "$V"
printf 'Subject: the only copy\n\nnowhere else\n' >"$TMPDIR/mail/only"
imap put INBOX '' '' "$TMPDIR/mail/only" >/dev/null
backup "$V"
known "$V" >"$TMPDIR/known"
rm "$(find "$V/manifests" -name '*.jsonl.zst' | sort | tail -n 1)" "$V/catalog.sqlite"
for how in '--yes' '-n' ''; do
	# shellcheck disable=SC2086
	expect_exit 9 mailkeep compact --drop-orphans $how "$V" </dev/null
	said 'orphans hold 1 message that is nowhere else: nothing was removed'
	said "mailkeep repair $V brings it back"
	[ "$(find "$V/orphans" -type f | wc -l)" = 1 ] || fail "the only copy was removed"
done
expect_exit 0 mailkeep repair --offline "$V"
expect_exit 0 mailkeep compact -v --drop-orphans --yes "$V"
said 'removed 1 thing from orphans/'
clean "$V"
known "$V" >"$TMPDIR/known-now"
same "$TMPDIR/known" "$TMPDIR/known-now"

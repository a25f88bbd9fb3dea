# Mail of other programs put into a vault: a Maildir that Dovecot wrote has what IMAP serves of it; mboxes, trees of files
# and archives; doing it twice adds nothing, whenever the first time ended; and a backup beside it is none the wiser.
# timeout: 300
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq python3 tar gzip zstd xz bzip2

# state_of VAULT PREFIX: like imap.py state, of the folders below it.
state_of()
{
	mailkeep list --json "$1" | jq -r --arg p "$2/" 'select(.uidvalidity == 0 and (.folder | startswith($p))) |
		[(.folder | ltrimstr($p)), .sha256, (.flags | sort | join(" ")), (.date | fromdate | tostring)] | join("\t")' | LC_ALL=C sort
}

# found KEYS: of the last import --json: its values of these.
found()
{
	jq -r --arg keys "$1" 'select(.type == "import") | [.[$keys | split(" ")[]]] | join(" ")' "$TMPDIR/out"
}

# imports "FOUND NEW KNOWN FOLDERS" VAULT SOURCE [OPTION...]
imports()
{
	local want=$1

	shift
	expect_exit "${EXIT-0}" mailkeep import --json "$@"
	[ "$(found 'found new known folders')" = "$want" ] || {
		cat "$TMPDIR/err"
		fail "line ${BASH_LINENO[0]}: $(found 'found new known folders') instead of $want"
	}
}

new_vault()
{
	expect_exit 0 mailkeep init --offline --container "${2-tar}" imaps://anna@imap.example.org "$1"
}

mail()
{
	printf 'From: a@example.org\nSubject: %s\nDate: Mon, 2 Jan 2006 15:04:05 +0000\n\nmessage %s\n' "$1" "$1"
}

# ---- a Maildir that Dovecot wrote ----

dovecot_start
for n in 1 2 3 4; do
	mail $n >"$TMPDIR/$n"
done
printf 'Subject: x\n\nFrom here on\n>From there\n\nend\n' >"$TMPDIR/5"
imap create Lists/Stars Entwürfe
imap put INBOX '\Seen $Forwarded' '17-Jul-1996 02:44:25 -0700' "$TMPDIR/1" >/dev/null
imap put INBOX '' '' "$TMPDIR/1" "$TMPDIR/2" >/dev/null
imap put Lists/Stars '\Answered \Flagged work' 1000000000 "$TMPDIR/3" "$TMPDIR/5" >/dev/null
imap put Entwürfe '\Draft \Deleted Later' 1000000001 "$TMPDIR/4" >/dev/null
imap state INBOX Lists/Stars Entwürfe >"$TMPDIR/want"

V=$TMPDIR/vault
vault_init "$V"
imports '6 6 0 3' "$V" "$(dovecot_mail)" -n
[ "$(commits "$V")" = 0 ] || fail "a dry run wrote something"
imports '6 6 0 3' "$V" "$(dovecot_mail)"
state_of "$V" Imported >"$TMPDIR/have"
same "$TMPDIR/want" "$TMPDIR/have"
vault_is "$V" 'commits 1 packs 1 blobs 5 live 6 kept 6 missing 0'
cp -a "$V" "$TMPDIR/first"
imports '6 0 6 3' "$V" "$(dovecot_mail)"
vault_is "$V" 'packs 1 blobs 5 live 6 kept 6 missing 0'
expect_exit 0 mailkeep log --json "$V"
jq -es 'any(.verb == "import" and .result == "complete")' "$TMPDIR/out" >/dev/null || fail "the log has no import"

# It is no backup; it is there at a date as well.
expect_exit 11 mailkeep status --max-age 1d "$V"
said 'no backup yet'
expect_exit 0 mailkeep list --json --at "$(date +%Y-%m-%d)" "$V" Imported/Lists/Stars
[ "$(jq -s 'map(select(.type == "message")) | length' "$TMPDIR/out")" = 2 ] || fail "it isn't there at today's date"

# ---- a backup beside it ----

# beside: what was imported is as it was, what was backed up is as on the server.
beside()
{
	state_of "$V" Imported >"$TMPDIR/have"
	same "$TMPDIR/want" "$TMPDIR/have"
	imap snapshot >"$TMPDIR/on-server"
	read_vault "$V" list | grep -v $'^Imported/[^\t]*\t0\t' >"$TMPDIR/in-vault"
	same "$TMPDIR/on-server" "$TMPDIR/in-vault"
}

backup "$V" --json
[ "$(json_counts 'gone missing failed')" = '0 0 0' ] || fail "the import confused the backup: $(json_counts 'gone missing failed')"
vault_is "$V" 'packs 1 blobs 5 live 12'
beside
backup "$V"
nothing_fetched
expect_exit 0 mailkeep status --max-age 1d "$V"

# A folder of the server that has the name of an imported one is another, also when it goes.
imap create Imported/INBOX
imap put Imported/INBOX '' '' "$TMPDIR/2" >/dev/null
backup "$V" --json
[ "$(json_counts 'new gone')" = '1 0' ] || fail "a folder of an imported one's name: $(json_counts 'new gone')"
beside
imap delete Imported/INBOX
backup "$V"
beside
imap create Imported/INBOX
backup "$V"
beside
expect_exit 0 mailkeep verify "$V"

# More of the same content in the source is more messages, and no more than that.
cp -a "$(dovecot_mail)" "$TMPDIR/maildir"
first=$(find "$TMPDIR/maildir/cur" -type f | head -n 1)
cp "$first" "$TMPDIR/maildir/cur/3000000000.a:2,S"
imports '7 1 6 3' "$V" "$TMPDIR/maildir"
rm "$first"
imports '6 0 6 3' "$V" "$TMPDIR/maildir"
[ "$(mailkeep list --json "$V" Imported/INBOX | jq -s 'map(select(.uidvalidity == 0).uid) == [1, 2, 3, 4]')" = true ] ||
	fail "UIDs don't go on"
dovecot_stop

# ---- mboxes ----

# Python quotes as mboxo does, and unquotes nothing.
python3 - "$TMPDIR" <<-'END'
	import mailbox, os, sys
	os.chdir(sys.argv[1])
	box = mailbox.mbox("python.mbox")
	for n, flags in (("1", "RA"), ("2", ""), ("5", "ROF"), ("3", "D")):
	    m = mailbox.mboxMessage(open(n, "rb").read())
	    m.set_from("a@example.org", __import__("time").gmtime(1136214245))
	    m.set_flags(flags)
	    box.add(m)
	box.flush()
	os.mkdir("boxes")
	os.mkdir("boxes/Old.sbd")
	os.rename("python.mbox", "boxes/Old")
	open("boxes/Old.sbd/Sub", "w").write("From a Mon Jan  2 15:04:05 2006\nSubject: sub\n\n>From x\n\n")
END
W=$TMPDIR/mboxes
new_vault "$W" mbox
imports '5 5 0 2' "$W" "$TMPDIR/boxes"
mailkeep list --json "$W" Imported/Old | jq -c 'select(.type == "message") | [.uid, .flags, .date, .subject]' >"$TMPDIR/have"
cat >"$TMPDIR/want" <<-'END'
	[1,["\\Answered","\\Seen"],"2006-01-02T15:04:05Z","1"]
	[2,[],"2006-01-02T15:04:05Z","2"]
	[3,["\\Flagged","\\Seen"],"2006-01-02T15:04:05Z","x"]
	[4,["\\Deleted"],"2006-01-02T15:04:05Z","3"]
END
same "$TMPDIR/want" "$TMPDIR/have"
# Who says nothing of flags has read it all.
[ "$(mailkeep list --json "$W" Imported/Old/Sub | jq -c 'select(.uid).flags')" = '["\\Seen"]' ] || fail "flags out of nothing"
mailkeep show --raw "$W" "$(mailkeep list --json "$W" Imported/Old | jq -r 'select(.uid == 3).id')" | tr -d '\r' |
	grep -v '^Status\|^X-Status' >"$TMPDIR/have"
sed 's/^>From there/From there/' "$TMPDIR/5" >"$TMPDIR/want"
same "$TMPDIR/want" "$TMPDIR/have"
for c in gzip zstd xz bzip2; do
	$c -c "$TMPDIR/boxes/Old" >"$TMPDIR/Old.mbox.$(sed 's/gzip/gz/; s/zstd/zst/; s/bzip2/bz2/' <<<$c)"
	imports '4 0 4 1' "$W" "$TMPDIR/Old.mbox.$(sed 's/gzip/gz/; s/zstd/zst/; s/bzip2/bz2/' <<<$c)"
done
imports '5 2 3 2' "$W" "$TMPDIR/boxes" --quoting none

# ---- trees of files, and archives ----

mkdir -p "$TMPDIR/tree/Sub/Deep"
mail a >"$TMPDIR/tree/a.eml"
mail b | sed 's/$/\r/' >"$TMPDIR/tree/Sub/b.eml"
mail c >"$TMPDIR/tree/Sub/Deep/c.eml"
mail d >"$TMPDIR/tree/Sub/Deep/d"
X=$TMPDIR/archives
new_vault "$X"
imports '3 3 0 3' "$X" "$TMPDIR/tree"
tar -C "$TMPDIR" -czf "$TMPDIR/tree.tgz" tree/Sub
(cd "$TMPDIR/tree" && tar --zstd -cf "$TMPDIR/tree.tar.zst" --format=v7 Sub)
imports '2 2 0 2' "$X" "$TMPDIR/tree.tgz"
imports '2 0 2 2' "$X" "$TMPDIR/tree.tar.zst"
python3 - "$TMPDIR" <<-'END'
	import os, sys, zipfile
	os.chdir(sys.argv[1] + "/tree")
	with zipfile.ZipFile("../tree.zip", "w", zipfile.ZIP_DEFLATED) as z:
	    z.write("Sub/b.eml")
	    z.write("Sub/Deep/c.eml")
END
imports '2 0 2 2' "$X" "$TMPDIR/tree.zip"
imports '4 4 0 3' "$X" "$TMPDIR/tree" --format eml --into Files/2006
vault_is "$X" 'live 9'
# A file with holes is no mail, whatever its size is said to be.
cp -a "$TMPDIR/tree" "$TMPDIR/holes"
truncate -s 1G "$TMPDIR/holes/Sub/hole.eml"
echo end >>"$TMPDIR/holes/Sub/hole.eml"
tar -C "$TMPDIR/holes" --sparse -cf "$TMPDIR/sparse.tar" Sub
EXIT=3 imports '3 0 2 2' "$X" "$TMPDIR/sparse.tar"
said 'hole.eml: *holes'
# What is cut short gives what it has; the rest is named, and comes when it is whole.
head -c 1600 <(tar -C "$TMPDIR/tree" -cf - a.eml Sub/b.eml) >"$TMPDIR/cut.tar"
EXIT=3 imports '2 1 0 1' "$X" "$TMPDIR/cut.tar"
said 'Sub/b.eml: *Truncated'
tar -C "$TMPDIR/tree" -cf "$TMPDIR/cut.tar" a.eml Sub/b.eml
imports '2 0 2 2' "$X" "$TMPDIR/cut.tar"

# An empty message is one: it comes back from all that export writes.
mkdir -p "$TMPDIR/hollow"
: >"$TMPDIR/hollow/empty.eml"
mail e >"$TMPDIR/hollow/full.eml"
new_vault "$TMPDIR/H"
imports '2 2 0 1' "$TMPDIR/H" "$TMPDIR/hollow"
for format in maildir mbox eml tar zip; do
	expect_exit 0 mailkeep export --to "$TMPDIR/hollow.$format" --format $format "$TMPDIR/H" --all
	new_vault "$TMPDIR/H.$format"
	imports '2 2 0 1' "$TMPDIR/H.$format" "$TMPDIR/hollow.$format"
	imports '2 0 2 1' "$TMPDIR/H.$format" "$TMPDIR/hollow.$format"
done

# MH folders are read, and what is passed over is never passed over in silence.
mkdir -p "$TMPDIR/mh/inbox" "$TMPDIR/mh/..a"
mail m >"$TMPDIR/mh/inbox/1"
mail n >"$TMPDIR/mh/..a/1.eml"
echo 'nothing' >"$TMPDIR/mh/inbox/notes"
imports '1 1 0 1' "$TMPDIR/H" "$TMPDIR/mh"
[ "$(found passed_over)" = 2 ] || fail "passed over: $(found passed_over)"
expect_exit 0 mailkeep import "$TMPDIR/H" "$TMPDIR/mh"
said '*2 parts of the source were passed over as no mail*'

# ---- usage ----

mkdir "$TMPDIR/none" "$TMPDIR/none/dir"
echo 'no mail' >"$TMPDIR/none/dir/text"
printf '\1\2\3' >"$TMPDIR/junk"
expect_exit 2 mailkeep import "$X" "$TMPDIR/not there"
expect_exit 2 mailkeep import "$X" "$TMPDIR/junk"
said 'say what it is with --format'
expect_exit 2 mailkeep import "$X" "$TMPDIR/tree" --into /x
expect_exit 10 mailkeep import "$TMPDIR/tree" "$TMPDIR/tree"
n=$(commits "$X")
expect_exit 2 mailkeep import "$X" "$TMPDIR/none"
said '*there is no mail in it*'
expect_exit 2 mailkeep import -n "$X" "$TMPDIR/none"
expect_exit 2 mailkeep import "$X" "$TMPDIR/tree" --format maildir
expect_exit 2 mailkeep import "$X" /etc/passwd
expect_exit 2 mailkeep import "$X" "$TMPDIR/junk"
[ "$(commits "$X")" = "$n" ] || fail "a source that is none left a commit"

# A vault is no source, and none is looked into on the way.
expect_exit 2 mailkeep import "$X" "$W"
mv "$W" "$TMPDIR/tree/vault"
imports '3 0 3 3' "$X" "$TMPDIR/tree"

# ---- out and in again ----

for format in maildir eml tar zip; do
	to=$TMPDIR/out.$format
	expect_exit 0 mailkeep export --to "$to" --format $format "$TMPDIR/first" 'Imported/*'
	new_vault "$TMPDIR/again.$format"
	expect_exit 0 mailkeep import --raw --into Back "$TMPDIR/again.$format" "$to"
	case $format in
	maildir) fields=2-4 ;;
	*) fields=2,4 ;;	# no flags there
	esac
	state_of "$TMPDIR/first" Imported | cut -f $fields | LC_ALL=C sort >"$TMPDIR/want"
	state_of "$TMPDIR/again.$format" Back/Imported | cut -f $fields | LC_ALL=C sort >"$TMPDIR/have"
	same "$TMPDIR/want" "$TMPDIR/have"
	state_of "$TMPDIR/first" Imported | cut -f 1 | LC_ALL=C sort >"$TMPDIR/want"
	state_of "$TMPDIR/again.$format" Back/Imported | cut -f 1 | LC_ALL=C sort >"$TMPDIR/have"
	same "$TMPDIR/want" "$TMPDIR/have"
done
# The packs of a vault are such archives, too.
new_vault "$TMPDIR/packs"
expect_exit 0 mailkeep import --raw --into Back "$TMPDIR/packs" "$TMPDIR/first"/packs/00000001-*.tar.zst
state_of "$TMPDIR/packs" Back/Imported | cut -f 2 | sort -u >"$TMPDIR/have"
state_of "$TMPDIR/first" Imported | cut -f 2 | sort -u >"$TMPDIR/want"
comm -23 "$TMPDIR/have" "$TMPDIR/want" >"$TMPDIR/strange"
{ [ -s "$TMPDIR/have" ] && [ ! -s "$TMPDIR/strange" ]; } || fail "a pack gave other mail than it holds"

# ---- ended in the middle ----

python3 - "$TMPDIR/many.mbox" <<-'END'
	import sys
	with open(sys.argv[1], "w") as f:
	    for n in range(30000):
	        f.write("From a Mon Jan  2 15:04:05 2006\nSubject: %d\n\n%s\n\n" % (n // 2, "some text " * 30))
END
Y=$TMPDIR/ended
new_vault "$Y"
for sig in KILL INT TERM KILL; do
	mailkeep import "$Y" "$TMPDIR/many.mbox" >"$TMPDIR/out" 2>"$TMPDIR/err" &
	sleep 0.4
	kill -$sig $! 2>/dev/null || :
	rc=0
	wait $! || rc=$?
	case $rc in 0 | 130 | 137 | 143) ;; *) cat "$TMPDIR/err"; fail "exit $rc after SIG$sig" ;; esac
done
expect_exit 0 mailkeep import --json "$Y" "$TMPDIR/many.mbox"
[ "$(found found)" = 30000 ] || fail "it didn't look at all"
vault_is "$Y" 'blobs 15000 live 30000 kept 30000'
imports '30000 0 30000 1' "$Y" "$TMPDIR/many.mbox"

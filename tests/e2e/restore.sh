#!/usr/bin/env bash
# timeout: 240
#
# A restore into a fresh account of another Dovecot: identical in every respect, by the servers' own stores; then again,
# when nothing is to be done; in parts; into folders of other names; as it was at another time.
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq
export XDG_STATE_HOME=$TMPDIR/state

dovecot_start -n old
corpus demo 0 "$(dovecot_mail)"
dovecot_own
V=$TMPDIR/vault
mkdir "$TMPDIR/odd"
cd "$TMPDIR/odd"
printf 'Subject: quoting\n\nFrom here\n>From there\n' >m1
printf 'Subject: 8-bit \344\366\374\n\n\377\376\200\n\303\244' >m3
{ printf 'Subject: long\n\n'; head -c 3000000 /dev/zero | tr '\0' x; printf '\n'; } >m7
printf 'X: only a header' >m5
printf '\n' >m6
printf 'Subject: twice\n\nthe same\n' >m8
imap create 'Ärger/größer & kleiner' '[odd] %2F~' '-x ' '日本語/受信' INBOX/below empty
imap put 'Ärger/größer & kleiner' '\Seen $Work NonJunk $Forwarded' '17-Jul-1996 02:44:25 -0700' m1 m3 m7 m5 m6 m8 m8 >/dev/null
imap put '[odd] %2F~' '\Flagged \Answered' '01-Jan-1970 00:00:01 +0000' m1 m8 >/dev/null
imap put '-x ' '' '31-Dec-2037 23:59:59 +1400' m8 >/dev/null
imap put '日本語/受信' '\Draft' '' m3 >/dev/null
imap put INBOX/below '\Deleted' '' m1 >/dev/null
# The one message that Dovecot has, but does not take: it is empty.
empty=$(imap snapshot Archive/2024 | grep e3b0c44298fc1c149 | cut -f 3)
imap subscribe empty '日本語/受信' Sent
vault_init "$V"
backup "$V"
cd "$TMPDIR"
imap snapshot | cut -f 1,4- | sort >old
imap folders | sed 's/ \\UnMarked//' | sort >old-folders

# store [USER]: what the server's own files hold: folder, SHA-256, flags as letters.
store()
{
	(cd "$(dovecot_mail "${1:-anna}")" && find . -path '*/cur/*' -o -path '*/new/*' | while read -r f; do
		d=${f%/*/*}
		printf '%s\t%s\n' "$d" "$(sha256sum <"$f" | cut -c 1-64)"
	done | sort)
}
store >old-store

# restore [OPTION...]: into berta's account of the current server; EXIT=N.
restore()
{
	expect_exit "${EXIT-0}" mailkeep restore -v "$V" --to "imaps://berta@localhost:$DOVECOT_TLS_PORT" --tls-ca "$TLS/CA.pem" \
		--password-file "$TMPDIR/password" "$@"
}

# now_has FILE...: berta's account is what FILE says.
now_has()
{
	IMAP_USER=berta imap snapshot | cut -f 1,4- | sort >new
	same "$1" new
}

dovecot_start -n new
restore --dry-run
IMAP_USER=berta imap snapshot >new
[ ! -s new ] || fail "a dry run restores"
EXIT=9 restore
IMAP_USER=berta imap snapshot >new
[ ! -s new ] || fail "it restores without being told to"
EXIT=3 restore --yes --json
jq -se '[.[] | select(.type == "finding" and .fault)] | length == 1 and .[0].kind == "refused"' out >/dev/null || fail "$(cat out)"
restore --yes --fix
said_in err 'repaired' || said_in out 'repaired' || fail "--fix is not told: $(cat out err)"
IMAP_USER=berta imap expunge Archive/2024 "$(IMAP_USER=berta imap snapshot Archive/2024 | grep 7eb70257593da06f | cut -f 3)"
IMAP_USER=anna; dovecot_use old; imap expunge Archive/2024 "$empty"
backup "$V"
imap snapshot | cut -f 1,4- | sort >old
store >old-store
dovecot_use new
grep -v '\\Deleted' old >want
grep '\\Deleted' old | sed 's/\\Deleted *//' >>want
sort -o want want
now_has want
IMAP_USER=berta imap folders | sed 's/ \\UnMarked//' | sort >new-folders
same old-folders new-folders
store berta >new-store
same old-store new-store

# Nothing is left to do.
client_forget berta
restore --yes
client_said berta >said
! grep -qE '^[^ ]* (UID STORE|APPEND|CREATE|SUBSCRIBE) ' said || fail "it does it twice: $(cat said)"
now_has want
# The journal is lost: what is there is found by its content.
rm -r state
client_forget berta
restore --yes
client_said berta >said
! grep -qE '^[^ ]* (UID STORE|APPEND|CREATE|SUBSCRIBE) ' said || fail "it does it twice: $(cat said)"
now_has want

# ---- parts, and other names: another fresh account each time ----

# fresh: another server.
fresh_n=0
fresh()
{
	if [ $fresh_n -gt 0 ]; then
		dovecot_use "fresh$fresh_n"
		dovecot_stop
	fi
	dovecot_start -n "fresh$((++fresh_n))"
}

# has FOLDER N: berta's folder has so many messages.
has()
{
	local n

	n=$(IMAP_USER=berta imap snapshot "$1" | wc -l)
	[ "$n" = "$2" ] || fail "line ${BASH_LINENO[0]}: $1 has $n messages, not $2"
}

inbox=$(grep -c '^INBOX	' old)
fresh
restore --yes --folder INBOX --folder 'Lists/*' --into 'Back up/2026'
has 'Back up/2026/INBOX' "$inbox"
has 'Back up/2026/Lists/astronomy' "$(grep -c '^Lists/astronomy	' old)"
[ "$(IMAP_USER=berta imap snapshot INBOX | wc -l)" = 0 ] || fail "mail in INBOX, too"
restore --yes --folder INBOX --map 'INBOX=Old/In' --map 'Lists/*=*/list'
has Old/In "$inbox"
restore --yes --folder 'Lists/astronomy' --map 'Lists/*=*/list'
has astronomy/list "$(grep -c '^Lists/astronomy	' old)"
EXIT=2 restore --yes --map nonsense
EXIT=2 restore --yes --folder nonsense
EXIT=2 restore --yes --match nothing

# A part of a folder, then all of it: each once.
restore --yes --folder INBOX --flag seen
has INBOX "$(grep '^INBOX	' old | grep -c '\\Seen')"
restore --yes --folder INBOX --larger 10K
restore --yes --folder INBOX
has INBOX "$inbox"
restore --yes --folder INBOX --duplicates
has INBOX $((2 * inbox))
# One message, by its id or the beginning of its hash; twice is once.
id=$(mailkeep list --json "$V" 'Travel/*' | jq -r 'select(.type == "message").id' | head -n 1)
restore --yes "$id"
restore --yes "$id"
has 'Travel/Österreich' 1
EXIT=2 restore --yes 99999.1
EXIT=2 restore --yes --folder INBOX "$id"

# As it was: a message is gone since, flags are others, a new one came.
dovecot_use old
head=$(mailkeep log --json "$V" | jq -r 'select(.type == "commit").commit' | head -n 1)
imap expunge 'Ärger/größer & kleiner' 2
imap flags 'Ärger/größer & kleiner' 1 'FLAGS (\Answered)'
imap put 'Ärger/größer & kleiner' '' '' odd/m3 >/dev/null
backup "$V"
fresh
restore --yes --at "$head" --folder 'Ärger/*'
grep '^Ärger' old >want
now_has want
fresh
restore --yes --folder 'Ärger/*'
dovecot_use old
imap snapshot 'Ärger/größer & kleiner' | cut -f 1,4- | sort >want
dovecot_use "fresh$fresh_n"
now_has want
# All that ever was there.
restore --yes --all --folder 'Ärger/*'
has 'Ärger/größer & kleiner' 8

# \Deleted only on request.
restore --yes --folder INBOX/below --deleted
IMAP_USER=berta imap snapshot INBOX/below | grep -q Deleted || fail "\\Deleted is not restored with --deleted"

# A role: what is called otherwise here goes where that is kept there.
dovecot_use old
imap create 'Gesendete Objekte'
fresh
IMAP_USER=berta imap delete Sent || :
restore --yes --folder Sent
has Sent "$(grep -c '^Sent	' old)"

# ---- moving house ----

fresh
dovecot_use old
VAULT_SCHEME=imaps
rm -rf state
dovecot_use "fresh$fresh_n"
expect_exit 0 mailkeep copy -v "$V" "imaps://berta@localhost:$DOVECOT_TLS_PORT" --tls-ca "$TLS/CA.pem" \
	--password-file "$TMPDIR/password" --yes
dovecot_use old
imap snapshot | cut -f 1,4- | grep -v '\\Deleted' | sort >want
imap snapshot | cut -f 1,4- | grep '\\Deleted' | sed 's/\\Deleted *//' >>want
sort -o want want
dovecot_use "fresh$fresh_n"
now_has want

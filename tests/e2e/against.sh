# verify --against-server on a real server: equal after a backup; then everything that may differ, one thing after the other;
# and the server is as it was (R76).
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq

dovecot_start
corpus demo 0 "$(dovecot_mail)"
dovecot_own
V=$TMPDIR/vault
vault_init "$V"
backup "$V"

# against STATUS [OPTION]: the differences that it finds, "kind folder messages fault" a line, into $TMPDIR/found.
against()
{
	local status=$1

	shift
	expect_exit "$status" mailkeep verify "${@:---against-server}" --json "$V"
	jq -r 'select(.type == "difference") | "\(.kind) \(.folder) \(.messages) \(.fault)"' "$TMPDIR/out" |
		LC_ALL=C sort >"$TMPDIR/found"
}

# found LINE...: exactly these.
found()
{
	printf '%s\n' "$@" | sed '/^$/d' >"$TMPDIR/want"
	same "$TMPDIR/want" "$TMPDIR/found"
}

read_of()
{
	jq -r 'select(.type == "against") | .read' "$TMPDIR/out"
}

imap snapshot >"$TMPDIR/before"
find "$V" -type f -exec sha256sum {} + | sort >"$TMPDIR/vault-before"
client_forget
against 0 --against-server=100
found ''
n=$(jq -r 'select(.type == "against") | .messages' "$TMPDIR/out")
[ "$n" -gt 250 ] || fail "only $n messages were compared"
[ "$(read_of)" = "$n" ] || fail "$(read_of) of $n messages were read"
only_reads
against 0
found ''
[ "$(read_of)" = 20 ] || fail "a sample of $(read_of) messages"
against 0 --against-server=0
found ''
[ "$(read_of)" = 0 ] || fail "$(read_of) messages were read"
imap snapshot >"$TMPDIR/after"
same "$TMPDIR/before" "$TMPDIR/after"
find "$V" -type f -exec sha256sum {} + | sort >"$TMPDIR/vault-after"
same "$TMPDIR/vault-before" "$TMPDIR/vault-after"

# What the next backup brings, or keeps, is told and is no fault.
printf 'Subject: new\n\nnew\n' >"$TMPDIR/new"
imap put INBOX '' '' "$TMPDIR/new" >/dev/null
imap expunge INBOX 3:5
imap create Fresh
imap put Fresh '' '' "$TMPDIR/new" >/dev/null
imap 'do' 'DELETE Drafts' >/dev/null
against 0 --against-server=100
found 'folder_gone Drafts 0 false' 'folder_new Fresh 1 false' 'gone INBOX 3 false' 'new INBOX 1 false'

# A message that was changed behind IMAP's back, and a folder made anew.
f=$(find "$(dovecot_mail)/cur" -type f | LC_ALL=C sort | sed -n 10p)
tr e E <"$f" >"$TMPDIR/changed"
cat "$TMPDIR/changed" >"$f"
imap 'do' 'DELETE Sent' 'CREATE Sent' >/dev/null
against 3 --against-server=100
grep -v -e folder_ -e ' false' "$TMPDIR/found" >"$TMPDIR/faults"
sed 's/^epoch Sent [0-9]*/epoch Sent N/' "$TMPDIR/faults" >"$TMPDIR/found"
found 'content INBOX 1 true' 'epoch Sent N true'
said 'INBOX: UID *: the server gives other bytes than it did; the vault has those of then' ||
	fail "$(cat "$TMPDIR/err")"
expect_exit 0 mailkeep verify --read-data "$V"

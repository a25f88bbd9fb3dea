# Dovecot to Cyrus and back: what Cyrus refuses or changes is named, all else comes as it was (R77, R83, R86, R91, R92).
# timeout: 120
. "$TOP/tests/lib.sh"
cyrus_start
server=cyrus port=$CYRUS_PORT
. "$TOP/tests/e2e/journey.inc"

# There is a folder for sent mail, with another name.
cyrus_imap 'do' 'CREATE Gesendet (USE (\Sent))' 'SUBSCRIBE Gesendet' >/dev/null
EXIT=3 give "$V" "$CYRUS_PORT"
[ "$(summary 'messages appended checked identical')" = '315 312 312 306' ] || fail "$(tail -n 1 "$TMPDIR/out")"
cyrus_imap snapshot >"$TMPDIR/away"
# No bytes beyond ASCII in a header; none that is none; no date up to 1970; no '%' and ';' in names.
moved "$TMPDIR/here" "$TMPDIR/away" <<'END'
changed	INBOX	Raw UTF-8: größer, früher, 早い	header Subject changed
changed	INBOX	Schöne Grüße in Latin-1	header Subject changed
changed	Junk	Invoice ?fdp.exe	header Subject changed
changed	Odd	ä	header Subject changed
date	Odd	dated	it is of NOW, not 1970-01-01T00:00:00Z
name	Odd/100%	Odd/100_
name	Odd/x;y	Odd/x_y
refused	Archive/2024		Zero-length message literal
refused	Odd		Message contains invalid header
refused	Odd	header alone	Message contains invalid header
without	Odd	dated	only without its date: Invalid date-time in Append command
END
cyrus_imap fetch Odd 1 | tr -d '\r' >"$TMPDIR/8bit"
printf 'Subject: XX\n\n\303\244\n' | cmp - "$TMPDIR/8bit" || fail "another change than Cyrus makes"
# Its own store has these bytes.
find "$CYRUS_DIR/spool" -name '*.' -type f -exec sha256sum {} + | cut -c -64 | sort >"$TMPDIR/away-store"
cut -f 4 "$TMPDIR/away" | sort >"$TMPDIR/want"
same "$TMPDIR/want" "$TMPDIR/away-store"
attributes cyrus_imap >"$TMPDIR/away-folders"
# It makes the levels above a folder, too, and has no use for \All.
sed 's#^Sent	#Gesendet	#; s#^Odd/100%#Odd/100_#; s#^Odd/x;y#Odd/x_y#' "$TMPDIR/here-folders" | sort >"$TMPDIR/want"
grep -Ev '^(Archive|Lists|Travel|Work)	$' "$TMPDIR/away-folders" >"$TMPDIR/have"
same "$TMPDIR/want" "$TMPDIR/have"

EXIT=3 again "$V" "$CYRUS_PORT"
[ "$(summary 'messages there refused')" = '315 312 3' ] || fail "$(tail -n 1 "$TMPDIR/out")"

# And back, without a loss.
cp "$TMPDIR/away-folders" "$TMPDIR/folders"
back "$CYRUS_PORT"

# From Courier, which keeps NULs, to Cyrus, which does not: known before it is sent, and repaired only when asked to (R91).
courier_start
printf 'Subject: with NULs\n\na\0\0b\n' >"$TMPDIR/odd/nul"
courier_imap create INBOX.Nul
courier_imap put INBOX.Nul '\Seen' 1000000001 "$TMPDIR/odd/nul" "$TMPDIR/odd/twice" >/dev/null
U=$TMPDIR/vault3
expect_exit 0 mailkeep init --insecure-plaintext --password-file "$TMPDIR/password" "imap://anna@127.0.0.1:$COURIER_PORT" "$U"
expect_exit 0 mailkeep backup "$U"
EXIT=3 give "$U" "$CYRUS_PORT"
[ "$(summary 'appended left refused')" = '1 1 0' ] || fail "$(tail -n 1 "$TMPDIR/out")"
jq -r 'select(.type == "finding") | [.kind, .folder, .subject, .reason] | join("; ")' "$TMPDIR/out" >"$TMPDIR/found"
said 'left; INBOX.Nul; with NULs; it holds NUL bytes' "$TMPDIR/found"
EXIT=0 give "$U" "$CYRUS_PORT" --fix
[ "$(summary 'appended fixed')" = '1 1' ] || fail "$(tail -n 1 "$TMPDIR/out")"
jq -r 'select(.type == "finding") | [.kind, .folder, .subject, .reason] | join("; ")' "$TMPDIR/out" >"$TMPDIR/found"
said 'fixed; INBOX.Nul; with NULs; 2 NUL bytes dropped' "$TMPDIR/found"
cyrus_imap fetch Nul 2 | cmp - <(printf 'Subject: with NULs\r\n\r\nab\r\n') || fail "another repair"
again "$U" "$CYRUS_PORT" --fix
[ "$(summary 'messages there')" = '2 2' ] || fail "$(tail -n 1 "$TMPDIR/out")"

# The account is full: it stops, and goes on when there is room again (R84).
IMAP_USER=berta cyrus_imap folders >/dev/null	# her first sign-in makes her account
IMAP_USER=cyrus cyrus_imap 'do' 'SETQUOTA user/berta (STORAGE 100)' >"$TMPDIR/quota"
said ' OK ' "$TMPDIR/quota"
TO_USER=berta EXIT=8 give "$W" "$CYRUS_PORT"
some=$(IMAP_USER=berta cyrus_imap snapshot | wc -l)
if [ "$some" -lt 20 ] || [ "$some" -ge 312 ]; then
	fail "$some messages when the account is full"
fi
IMAP_USER=cyrus cyrus_imap 'do' 'SETQUOTA user/berta (STORAGE 10000)' >/dev/null
TO_USER=berta give "$W" "$CYRUS_PORT"
[ "$(summary 'messages')" = 312 ] || fail "$(tail -n 1 "$TMPDIR/out")"
IMAP_USER=berta cyrus_imap snapshot | cut -f 1,4,5,6 | sort >"$TMPDIR/berta"
cyrus_imap snapshot | cut -f 1,4,5,6 | grep -v '^Nul	' | sort >"$TMPDIR/anna"
same "$TMPDIR/anna" "$TMPDIR/berta"

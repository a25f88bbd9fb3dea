# Dovecot to Courier and back: what Courier changes is named, all else comes as it was (R77, R83, R86, R92).
# timeout: 120
. "$TOP/tests/lib.sh"
courier_start
server=courier port=$COURIER_PORT
. "$TOP/tests/e2e/journey.inc"

EXIT=3 give "$V" "$COURIER_PORT"
[ "$(summary 'messages appended checked identical')" = '315 315 315 308' ] || fail "$(tail -n 1 "$TMPDIR/out")"
courier_imap snapshot >"$TMPDIR/away"
# A last line has an end, an empty header too; no lone CR; no date up to 1970; no name beyond the BMP.
moved "$TMPDIR/here" "$TMPDIR/away" <<'END'
changed	Archive/2024		line ends of the header
changed	INBOX	No newline at the end	body: 2 bytes more
changed	Odd	CR	body: line ends
changed	Odd	header alone	line ends of the header
changed	Odd	no end	body: 2 bytes more
date	Odd	dated	it is of NOW, not 1970-01-01T00:00:00Z
name	Odd/😀	INBOX.Odd._
without	Odd	dated	only without its date: Error in IMAP command received by server.
END
maildir "$(courier_store)" >"$TMPDIR/away-store"
cut -f 4 "$TMPDIR/away" | sort >"$TMPDIR/want"
same "$TMPDIR/want" "$TMPDIR/away-store"
attributes courier_imap | sed 's/^INBOX\.//; s#\.#/#g' | sort >"$TMPDIR/away-folders"
# It knows no special use.
sed 's#^Odd/😀#Odd/_#' "$TMPDIR/here-folders" | sort >"$TMPDIR/folders"
no_uses "$TMPDIR/folders" >"$TMPDIR/want"
same "$TMPDIR/want" "$TMPDIR/away-folders"

EXIT=0 again "$V" "$COURIER_PORT"
[ "$(summary 'messages there')" = '315 315' ] || fail "$(tail -n 1 "$TMPDIR/out")"

# And back, without a loss.
cp "$TMPDIR/away-folders" "$TMPDIR/folders"
back "$COURIER_PORT"

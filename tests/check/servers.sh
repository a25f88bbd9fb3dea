# The other servers: Cyrus and Courier start, take mail and give it back, keep it where the helpers of lib-cyrus.sh and
# lib-courier.sh say, and end with the test, however it ends.
# flavour: plain
. "$TOP/tests/lib.sh"
need python3 pgrep

cyrus_start
courier_start
printf 'Subject: x\r\n\r\n\303\244\r\n' >"$TMPDIR/m"
sum=$(sha256sum <"$TMPDIR/m" | cut -c -64)

# look SERVER PREFIX DELIMITER: what goes in comes out.
look()
{
	local box=$2Größe box2="$2Größe${3}R & D" uid

	"$1_imap" create "$box" "$box2"
	"$1_imap" subscribe "$box"
	uid=$("$1_imap" put "$box" '\Seen $Work' '17-Jul-1996 02:44:25 -0700' "$TMPDIR/m" "$TMPDIR/m" | paste -sd ' ')
	[ "$uid" = '1 2' ] || fail "$1: UIDs $uid"
	IMAP_USER=berta "$1_imap" put INBOX '' '' "$TMPDIR/m" >/dev/null
	"$1_imap" state INBOX "$box" "$box2" >"$TMPDIR/state"
	printf "$box\t$sum\t\$Work \\\\Seen\t837596665\n%.0s" 1 2 >"$TMPDIR/want"
	same "$TMPDIR/want" "$TMPDIR/state"
	"$1_imap" folders | sed 's/\\[UuHn][A-Za-z]* *//g; s/ $//' >"$TMPDIR/folders"
	printf '%s\n' "INBOX	\\Subscribed" "$box	\\Subscribed" "$box2	" | sort >"$TMPDIR/want"
	sort "$TMPDIR/folders" | sed '/^INBOX\t/s/\t.*/\t\\Subscribed/' >"$TMPDIR/state"
	same "$TMPDIR/want" "$TMPDIR/state"
	"$1_said" | grep 'SUBSCRIBE "' >/dev/null || fail "$1: what the client said isn't kept"
	"$1_forget"
	[ -z "$("$1_said")" ] || fail "$1: it isn't forgotten"
}

look cyrus '' /
look courier INBOX. .
[ "$(sha256sum <"$(cyrus_store Größe)/2." | cut -c -64)" = "$sum" ] || fail "Cyrus doesn't keep it there"
[ "$(find "$(cyrus_store 'Größe/R & D')" -name '*.' | wc -l)" = 0 ] || fail "Cyrus keeps too much there"
[ "$(find "$(cyrus_store INBOX berta)" -name '*.' | wc -l)" = 1 ] || fail "berta's isn't there"
[ "$(find "$(courier_store)/.Größe/cur" -type f -exec sed 's/$/\r/' {} + | sha256sum | cut -c -64)" = \
	"$(cat "$TMPDIR/m" "$TMPDIR/m" | sha256sum | cut -c -64)" ] || fail "Courier doesn't keep it there"
! IMAP_USER=carl courier_imap folders 2>/dev/null || fail "anyone may sign in"
! DOVECOT_PASSWORD=wrong cyrus_imap folders 2>/dev/null || fail "any password will do"

# The option's line replaces ours; a stopped server is gone, with its sessions.
running()
{
	pgrep -f "$CYRUS_DIR|$COURIER_DIR" >"$TMPDIR/running"
}
gone()
{
	! running
}
running || fail "pgrep doesn't see them"
cyrus_stop
courier_stop
wait_for 10 gone || fail "still running: $(paste -sd ' ' "$TMPDIR/running")"

# A test that is killed takes them with it.
cat >"$TMPDIR/killed.sh" <<'END'
. "$TOP/tests/lib.sh"
cyrus_start -x 'altnamespace: no'
courier_start
cyrus_imap do NAMESPACE >"$TMPDIR/namespace"
echo "$CYRUS_DIR $COURIER_DIR" >"$TMPDIR/there"
kill -KILL $$
END
mkdir -p "$TOP/build/tmp"
inner=$(mktemp -d "$TOP/build/tmp/killed.XXXXXX")
at_end 'rm -rf "$inner" $CYRUS_DIR $COURIER_DIR'
chmod 755 "$inner"
expect_exit 137 env TMPDIR="$inner" bash "$TMPDIR/killed.sh"
said 'NAMESPACE (("INBOX/" "/"))' "$inner/namespace"
read -r CYRUS_DIR COURIER_DIR <"$inner/there"
wait_for 10 gone || fail "running after a test was killed: $(paste -sd ' ' "$TMPDIR/running")"

# The demo runs to its end at a terminal of 80 columns, leaves a vault and nothing else, and stops its server, also when it
# is interrupted.  What the README says of reading a vault without the program works.
# timeout: 60
# flavour: plain
. "$TOP/tests/lib.sh"
need script python3 jq zstd

# at_terminal COMMAND: run it at a terminal of 80 columns; what that shows is in $TMPDIR/raw.
at_terminal()
{
	CI=1 TERM=xterm COLUMNS='' script -qefc "stty cols 80 rows 24; $1" /dev/null </dev/null >"$TMPDIR/raw"
}

no_server()
{
	! pgrep -f "$TMPDIR/.*/dovecot\.server" >"$TMPDIR/left" ||
		fail "a server was left running: $(cat "$TMPDIR/left")"
}

mkdir "$TMPDIR/tmp"
at_terminal "TMPDIR=$TMPDIR/tmp $TOP/tests/demo" || { cat "$TMPDIR/raw"; fail "the demo failed"; }
no_server

# Nothing is wider than the terminal.
python3 - "$TMPDIR/raw" "$TMPDIR" <<-'END' || fail "the demo does not fit a terminal of 80 columns"
	import re, sys, unicodedata
	bad = 0
	for line in open(sys.argv[1], encoding="utf-8", newline="\n"):
	    line = re.sub(r"\x1b\[[0-9;]*[mK]", "", line.rstrip("\r\n")).rsplit("\r", 1)[-1]
	    line = line.replace(sys.argv[2], "")
	    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in line)
	    if width > 80:
	        print(width, line)
	        bad = 1
	sys.exit(bad)
END

set -- "$TMPDIR"/tmp/*
[ $# = 1 ] || fail "the demo left more than its directory: $*"
place=$1
vault=$place/mail
[ "$(cd "$place" && echo *)" = "ca.pem mail" ] || fail "the demo left more than the vault: $(ls "$place")"
[ "$(mailkeep status --json "$vault" | jq -r 'select(.type == "status") | "\(.messages) \(.result) \(.missing)"')" = "303 complete 0" ] ||
	fail "the vault of the demo is not complete"

# The README's commands, a paragraph of each container; folder 7 is INBOX.
readme()
{
	sed -n '/^## Reading a vault/,/^## What it promises/s/^    //p' "$TOP/README.md" | sed "s#\$(mktemp -d)#$TMPDIR/messages#"
}

readme | sed '/mbox/d' >"$TMPDIR/tar.sh"
readme | sed -n '/mbox/p' >"$TMPDIR/mbox.sh"
if ! grep -q 'tar --zstd' "$TMPDIR/tar.sh" || ! grep -q zstdcat "$TMPDIR/mbox.sh"; then
	fail "the README does not say how to read a vault"
fi
mkdir "$TMPDIR/messages"
(cd "$vault" && bash -e "$TMPDIR/tar.sh") >"$TMPDIR/out"
[ "$(find "$TMPDIR/messages" -name '*.eml' | wc -l)" = \
    "$(mailkeep list --json "$vault" | jq -r 'select(.type == "message") | .sha256' | sort -u | wc -l)" ] ||
	fail "tar does not find every message"
[ "$(grep -c ': OK$' "$TMPDIR/out")" = 2 ] || { cat "$TMPDIR/out"; fail "not every checksum is right"; }
# What was pruned and given back is there twice.
[ "$(jq -rR 'fromjson? | select(.type == "message").sha256' "$TMPDIR/out" | sort -u | wc -l)" = \
    "$(find "$TMPDIR/messages" -name '*.eml' | wc -l)" ] || fail "the manifests don't list every message"

dovecot_start
corpus -t now demo 0 "$(dovecot_mail)"
dovecot_own
(umask 077; printf '%s\n' "$DOVECOT_PASSWORD" >"$TMPDIR/password")
mailkeep init --container mbox --tls-ca "$TLS/CA.pem" --password-file "$TMPDIR/password" \
	"imaps://anna@localhost:$DOVECOT_TLS_PORT" "$TMPDIR/mbox"
mailkeep backup "$TMPDIR/mbox"
(cd "$TMPDIR/mbox" && bash -e "$TMPDIR/mbox.sh")
[ "$(grep -c '^From ' "$HOME/folder-7.mbox")" = \
    "$(mailkeep list --json "$TMPDIR/mbox" INBOX | grep -c '"type":"message"')" ] || fail "the mailbox lacks messages"
dovecot_stop

# Interrupted in its middle, by the terminal: all that belongs to it gets the signal.
setsid bash -c 'TMPDIR=$TMPDIR/tmp exec "$TOP/tests/demo"' >"$TMPDIR/shown" 2>&1 &
pid=$!
wait_for 30 grep -q '^. mailkeep -v init' "$TMPDIR/shown" || fail "the demo does not begin"
kill -INT -- "-$pid"
rc=0
wait $pid || rc=$?
[ $rc != 0 ] || fail "an interrupted demo ends as if nothing had happened"
said 'has not come to its end' "$TMPDIR/shown"
no_server

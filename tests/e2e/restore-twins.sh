#!/usr/bin/env bash
# timeout: 120
#
# Messages that are hard to tell apart, and runs that were killed, on servers that lie or forget: none is lost, doubled, or
# said to be there as it was when it is not (R78-R83, R92-R94).
# flavour: plain
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"
plain=(--without MULTIAPPEND)
gmail=(--gmail --with 'X-GM-EXT-1,LITERAL-,QUOTA,APPENDLIMIT=35651584' --without 'LITERAL+,MULTIAPPEND,CREATE-SPECIAL-USE,ID')
day='02-Jan-2023 10:00:00 +0000' next_day='03-Jan-2023 10:00:00 +0000'

# put FOLDER FLAGS DATE SUBJECT BODY: a message on the target.
put()
{
	local message

	message=$(printf 'From: a@x.org\r\nTo: b@x.org\r\nSubject: %s\r\nMessage-ID: <%s@x>\r\n\r\n%s\r\n.' "$4" "$4" "$5")
	target_put "$1" "$2" "$3" "${message%.}"
}

# keep VAULT: back the target up, and leave it.
keep()
{
	expect_exit 0 mailkeep init --insecure-plaintext --password-file "$TMPDIR/target.password" "$TARGET" "$1"
	expect_exit 0 mailkeep backup "$1"
	target_stop
}

# ends N VAULT [OPTION...]: a restore with that exit status.
ends()
{
	local want=$1 rc=0

	shift
	try_restore "$@" || rc=$?
	[ "$rc" = "$want" ] || {
		cat "$TMPDIR/out" "$TMPDIR/err"
		fail "line ${BASH_LINENO[0]}: exit $rc instead of $want"
	}
}

# holds N: so many messages are there, and no two have one content.
holds()
{
	target_dump >"$TMPDIR/dump"
	[ "$(wc -l <"$TMPDIR/dump") $(cut -f 2 "$TMPDIR/dump" | sort -u | wc -l)" = "$1 $1" ] && return
	cat "$TMPDIR/dump"
	fail "line ${BASH_LINENO[0]}: not $1 messages, each once"
}

# A direct copy and a mailing list's have the same header lines; the server adds one of its own.
target_start
for k in 1 2 3; do
	put INBOX '\Seen' "$day" "s$k" "direct copy $k"
	put INBOX '' "$next_day" "s$k" "list copy $k, with a footer that says so"
done
keep "$TMPDIR/twins"
for cut in before@2 before@4 after@1 after@3; do
	target_start "${plain[@]}" --rewrite header
	target_faults "${plain[@]}" --rewrite header --cut $cut
	ends 3 "$TMPDIR/twins"
	holds 6
	target_stop
	rm -rf "$HOME/.local/state/mailkeep"
done

# A run is killed, and the server had forgotten flags until then: the next run says so.
target_start
for k in 1 2 3 4 5 6; do
	put INBOX '\Seen \Flagged' "$day" "s$k" "body $k"
done
keep "$TMPDIR/six"
target_start "${plain[@]}" --drop-flag '\Flagged'
target_faults "${plain[@]}" --drop-flag '\Flagged' --late 2@5
killed_restore 1 "$TMPDIR/six"
ends 3 "$TMPDIR/six" --json
[ "$(grep -c '"kind":"flags"' "$TMPDIR/out")" = 6 ] || fail "not each of six is told: $(cat "$TMPDIR/out")"
holds 6
target_stop
rm -rf "$HOME/.local/state/mailkeep"

# It tells the UID of another message, of the same size.
for lie in next const; do
	target_start "${plain[@]}"
	target_faults "${plain[@]}" --appenduid $lie --late 2@5
	killed_restore 1 "$TMPDIR/six"
	ends 0 "$TMPDIR/six"
	holds 6
	target_stop
	rm -rf "$HOME/.local/state/mailkeep"
done

# Other dates do not make another message; a message without a Message-ID is known by its content.
target_start
put INBOX '' "$day" moved 'by hand'
target_put INBOX '\Seen' "$day" $'Subject: no id\r\n\r\nhello\r\n'
keep "$TMPDIR/moved"
target_start
put INBOX '' "$next_day" moved 'by hand'
target_put INBOX '\Seen' "$day" $'Subject: no id\r\n\r\nhello\r\n'
ends 0 "$TMPDIR/moved"
said 'already'
holds 2
rm -rf "$HOME/.local/state/mailkeep"
ends 0 "$TMPDIR/moved" --match message-id
holds 2
target_stop

# Gmail: the folder that a message should come in can't be made: it comes in the other one.
target_start --folder Bad --folder Work
put Bad '\Seen' "$day" both 'in Bad and Work'
put Work '\Seen' "$day" both 'in Bad and Work'
put Bad '' "$next_day" bad 'in Bad only'
keep "$TMPDIR/labels"
target_start "${gmail[@]}" --no-create Bad
ends 3 "$TMPDIR/labels"
target_dump >"$TMPDIR/dump"
grep -q '^Work	' "$TMPDIR/dump" || fail "it is lost for Work, too: $(cat "$TMPDIR/dump")"
target_stop
rm -rf "$HOME/.local/state/mailkeep"

# Labels that only a backup of Gmail knows, refused the first time, are set by the next run.
target_start "${gmail[@]}"
put INBOX '\Seen' "$day" one one
put '[Gmail]/Sent Mail' '' "$next_day" two two
keep "$TMPDIR/gmail"
target_start "${gmail[@]}"
target_faults "${gmail[@]}" --refuse-command 'UID STORE=NO not now'
ends 3 "$TMPDIR/gmail" --folder '[Gmail]/All Mail'
target_faults "${gmail[@]}"
ends 0 "$TMPDIR/gmail" --folder '[Gmail]/All Mail'
target_dump >"$TMPDIR/dump"
grep -q '^INBOX	' "$TMPDIR/dump" || fail "the labels were not set: $(cat "$TMPDIR/dump")"

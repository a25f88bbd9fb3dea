# Memory is bounded whatever is imported: many messages, in an mbox and in a Maildir, on a first and on a later run, and a
# huge one (RSS of at most 64 MiB).  MK_MEMORY=full: 1,000,000 messages.
# flavour: plain
# timeout: 1200
. "$TOP/tests/lib.sh"
need python3 zstd

LIMIT=65536	# KiB
messages=100000 files=30000
[ "${MK_MEMORY-}" != full ] || messages=1000000 files=1000000

expect_exit 0 mailkeep init --offline imaps://anna@imap.example.org "$TMPDIR/v"

# measured NAME SOURCE
measured()
{
	local rss wall rc=0

	python3 - "$TMPDIR/rss" mailkeep import "$TMPDIR/v" "$2" <<-'END' || rc=$?
		import os, sys, time
		began = time.monotonic()
		pid = os.fork()
		if pid == 0:
		    os.execvp(sys.argv[2], sys.argv[2:])
		_, status, use = os.wait4(pid, 0)
		with open(sys.argv[1], "w") as f:
		    f.write("%d %.1f\n" % (use.ru_maxrss, time.monotonic() - began))
		sys.exit(os.waitstatus_to_exitcode(status))
	END
	[ $rc = 0 ] || fail "$1: exit $rc"
	read -r rss wall <"$TMPDIR/rss"
	printf '%-42s %6d KiB  %5.1f s\n' "$1" "$rss" "$wall"
	[ "$rss" -le $LIMIT ] || echo "$1" >>"$TMPDIR/over"
}

python3 - "$TMPDIR" "$messages" "$files" <<-'END'
	import os, sys
	os.chdir(sys.argv[1])
	with open("many.mbox", "w") as f:
	    for n in range(int(sys.argv[2])):
	        f.write("From a Mon Jan  2 15:04:05 2006\nSubject: %d\n\nNumber %d.\n\n" % (n, n))
	os.makedirs("maildir/cur")
	for n in range(int(sys.argv[3])):
	    with open("maildir/cur/1136214245.M%dP1.mail.example.org,S=18:2,S" % n, "w") as f:
	        f.write("Subject: %d\n\nx\n" % n)
END
measured "$messages messages of an mbox: first run" "$TMPDIR/many.mbox"
measured "... again" "$TMPDIR/many.mbox"
measured "$files messages of a Maildir: first run" "$TMPDIR/maildir"
measured "... again" "$TMPDIR/maildir"

# One message of 256 MiB, as a file and in few bytes.
{ printf 'Subject: huge\n\n'; yes "$(printf '%0998d' 7)" | head -c 256M; } >"$TMPDIR/huge.eml" || :
zstd -q "$TMPDIR/huge.eml" -o "$TMPDIR/huge.eml.zst"
measured "a message of 256 MiB" "$TMPDIR/huge.eml"
rm "$TMPDIR/huge.eml"
measured "... compressed" "$TMPDIR/huge.eml.zst"

[ ! -e "$TMPDIR/over" ] || fail "more than $LIMIT KiB: $(paste -sd , "$TMPDIR/over")"

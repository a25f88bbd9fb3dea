# At a terminal: no table is wider than 40 columns, INBOX comes first, an empty folder and a slow server are told of.
. "$TOP/tests/lib.sh"
need python3
dovecot_start
corpus -t now demo 0 "$(dovecot_mail)"
dovecot_own
cd "$TMPDIR"
imap create "$(printf 'long%.0s' {1..50})" Empty >made
put_mail "$(printf 'long%.0s' {1..50})" '' '' "$TOP/README.md" >made
umask 077
printf '%s\n' "$DOVECOT_PASSWORD" >password
mailkeep init --offline --tls-ca "$TLS/CA.pem" --password-file password "imaps://anna@localhost:$DOVECOT_TLS_PORT" vault

cat >at_terminal.py <<-'END'
	import fcntl, os, pty, re, signal, socket, struct, sys, termios, unicodedata

	def run(columns, *args, until=None):
	    """What a terminal shows of it; until: stop it when that was seen."""
	    pid, fd = pty.fork()
	    if pid == 0:
	        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
	        os.environ["TERM"] = "xterm"
	        os.execvp("mailkeep", ("mailkeep",) + args)
	    text = b""
	    try:
	        while got := os.read(fd, 4096):
	            text += got
	            if until and until in text:
	                os.kill(pid, signal.SIGTERM)
	                until = None
	    except OSError:
	        pass
	    os.waitpid(pid, 0)
	    assert until is None, (until, text)
	    text = re.sub(r"\x1b\[[0-9;]*m", "", text.decode())
	    return [line.rsplit("\r", 1)[-1] for line in text.replace("\r\n", "\n").replace("\x1b[K", "").splitlines()]

	def width(line):
	    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in line)

	def fits(*args):
	    """Its lines, all narrow enough; of sentences, which are broken between words, none."""
	    lines = run(40, *args)
	    assert not [line for line in lines if width(line) > 40 and " " in line.strip()], (args, lines)
	    lines = [line for line in lines if not re.search("^anna@localhost: |^    | folders chosen, ", line)]
	    wide = [line for line in lines if width(line) > 40]
	    assert lines and not wide, (args, wide)
	    return lines

	plan = fits("backup", "--dry-run", "vault")
	assert len(plan) == 17 and plan[1].startswith("INBOX "), plan
	backup = run(72, "backup", "vault")
	folders = [line for line in backup if line.startswith("  ")]
	assert len(folders) == 14 and max(map(width, folders)) <= 72, folders
	assert folders[0].startswith("  INBOX "), folders
	for args in (("status", "vault"), ("log", "vault"), ("help",), ("help", "backup"), ("folders", "vault")):
	    fits(*args)
	listed = fits("list", "vault")
	assert listed[0].split() == ["ID", "FROM", "SUBJECT"], listed[0]
	listed = run(100, "list", "vault")
	assert listed[1].endswith(" INBOX"), listed[1]
	assert run(100, "folders", "vault")[1].startswith("INBOX "), "folders"
	assert run(80, "list", "vault", "Empty") == ["no messages"]

	# Nobody answers there.
	with socket.socket() as s:
	    s.bind(("127.0.0.1", 0))
	    s.listen()
	    run(80, "folders", "--password-file", "password", "imaps://anna@127.0.0.1:%d" % s.getsockname()[1],
	        until=b"signing in to 127.0.0.1 ...\r\n")
END
python3 at_terminal.py

# Elsewhere a dry run lists what it would look at, and nothing where that is nothing; with -q in no case.
expect_exit 0 mailkeep backup --dry-run vault
[ ! -s out ] || fail "a folder is listed that needs no visit"
expect_exit 0 mailkeep backup --dry-run -v vault
said 'INBOX  * unchanged' out
put_mail INBOX '' '' "$TOP/README.md" >made
expect_exit 0 mailkeep backup --dry-run vault
[ "$(wc -l <out)" = 2 ] || fail "more than one folder is to be looked at"
said 'INBOX  ' out
expect_exit 0 mailkeep backup --dry-run -q vault
[ ! -s out ] || fail "-q prints a plan"

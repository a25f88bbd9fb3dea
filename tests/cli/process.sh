# What the program owes its surroundings as a process: descriptors that came closed, output that can't be written, a reader
# that goes away, no name; and what its children get (R121, R124).
. "$TOP/tests/lib.sh"
need python3

# is WHAT GOT WANT
is()
{
	[ "$2" = "$3" ] || fail "$1: '$2', not '$3'"
}

# status COMMAND: its exit status; its stderr is in $TMPDIR/err.
status()
{
	local rc=0

	eval "$1" 2>"$TMPDIR/err" || rc=$?
	echo $rc
}

is 'no stdin' "$(status 'mailkeep version <&- >/dev/null')" 0
is 'no stdout' "$(status 'mailkeep version >&-')" 1
is 'its words' "$(cat "$TMPDIR/err")" "mailkeep: can't write to stdout: Bad file descriptor"
is 'no stderr' "$(mailkeep nope 2>&- || echo $?)" 2
is 'none of them' "$(mailkeep version <&- >&- 2>&- || echo $?)" 1

# A descriptor that came closed is not given to a file: nothing is printed into a vault.
is 'init without stdout' "$(status "mailkeep init --offline imaps://anna@localhost '$TMPDIR/vault' >&-")" 0
[ -z "$(cat "$TMPDIR/vault/lock")" ] || fail "something was printed into the vault"

is 'a full disk' "$(status 'mailkeep version >/dev/full')" 8
is 'its words' "$(cat "$TMPDIR/err")" "mailkeep: can't write to stdout: No space left on device
  -> make room and run it again"
is 'a full disk, JSON' "$(status 'mailkeep version --json >/dev/full')" 8
is 'stderr on a full disk' "$(mailkeep nope 2>/dev/full || echo $?)" 2

# Who stops reading knows it: no word, but no success either.
python3 - >"$TMPDIR/got" <<-'END'
	import os, subprocess
	reader, writer = os.pipe()
	os.close(reader)
	# As a shell would start it; Python itself ignores SIGPIPE.
	p = subprocess.run(["mailkeep", "help", "--dump"], stdout=writer, stderr=subprocess.PIPE, restore_signals=True)
	print(p.returncode, p.stderr)
END
is 'a reader that has gone' "$(cat "$TMPDIR/got")" "1 b''"

# Neither a name nor an argument; newer kernels put an empty one there.
python3 - >"$TMPDIR/got" <<-'END'
	import ctypes, os, shutil
	path = shutil.which("mailkeep").encode()
	pid = os.fork()
	if pid == 0:
	    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
	    none = (ctypes.c_char_p * 1)(None)
	    ctypes.CDLL(None).execve(path, none, none)
	    os._exit(99)
	print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
is 'no arguments at all' "$(cat "$TMPDIR/got")" 2
is 'an empty name' "$( (exec -a '' mailkeep version >/dev/null); echo $?)" 0
is 'an empty verb' "$(status "mailkeep ''")" 2

ulimit -S -c unlimited 2>/dev/null || :
# No core file, no descriptor of ours and a private umask for a password command.
cat >"$TMPDIR/command" <<-'END'
	ls /proc/$$/fd >"$HOME/fds"
	{
		ulimit -c
		umask
		grep -c '^[3-9]$' "$HOME/fds"
		env | grep -c SECRET
	} >"$HOME/child"
	echo password
END
exec 7</dev/null
is 'a connection refused' "$(SECRET=1 status "mailkeep init --password-command '. $TMPDIR/command' imaps://anna@localhost:1 '$TMPDIR/other'")" 75
exec 7<&-
is 'what a child gets' "$(paste -sd ' ' "$HOME/child")" '0 0077 0 0'

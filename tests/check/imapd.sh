# The scripted server: each statement of its language does what tests/tool/imapd.c says, and what a client does otherwise
# is noticed.
# timeout: 300
. "$TOP/tests/lib.sh"
need python3 openssl

cd "$TMPDIR"
cat >client.py <<'END'
"""client.py PORT STEP...: >TEXT send a line, <TEXT expect a line, ~SIZE read bytes, ! TLS, z expect the end, =S sleep,
|BYTES send as it is, x just leave"""
import socket, ssl, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=30)
f = s.makefile("rb")
for step in sys.argv[2:]:
    how, what = step[0], step[1:].encode().decode("unicode_escape").encode("latin-1")
    if how == ">":
        s.sendall(what + b"\r\n")
    elif how == "|":
        s.sendall(what)
    elif how == "<":
        got = f.readline()
        if got != what + b"\r\n":
            sys.exit("expected %r, got %r" % (what, got))
    elif how == "~":
        left = int(what)
        while left > 0:
            left -= len(f.read(min(left, 1 << 20)) or sys.exit("short"))
    elif how == "!":
        context = ssl.create_default_context(cafile=what.decode())
        s = context.wrap_socket(s, server_hostname="localhost")
        f = s.makefile("rb")
    elif how == "z":
        try:
            rest = f.read()
        except ConnectionResetError:
            rest = b"reset"
        if rest != what:
            sys.exit("expected the end, got %r" % rest[:100])
    elif how == "=":
        time.sleep(float(what))
    elif how == "x":
        sys.exit(0)
s.close()
END

# talk STEP...: play the script on stdin to a client that takes these steps.
talk()
{
	cat >script
	imapd_start script
	python3 client.py "$IMAPD_PORT" "$@" || { sleep 0.1; cat imapd.err; fail "the client of $(head -n 3 script)"; }
	imapd_stop
}

# wrong PATTERN STEP...: the same, and the server must complain like this.
wrong()
{
	local rc=0 want=$1

	shift
	cat >script
	imapd_start script
	python3 client.py "$IMAPD_PORT" "$@" >out 2>&1 || :
	kill -TERM "$imapd_pid"
	wait "$imapd_pid" || rc=$?
	[ $rc = 1 ] || fail "exit $rc where the client was wrong: $want"
	said "$want" imapd.err
}

# Tags, patterns, variables, escapes.
# shellcheck disable=SC2016
talk '<* OK hi \x00\xe4\\Seen $5' '>a1 SELECT "In{box}" x' '<a1 OK In{box}: 7 15 4096' '>b UID FETCH 1:* (FLAGS)' '>c NOOP' \
	'<c OK late' '<b OK 1:*' '>d LOGOUT' '<* BYE' '<d OK' z <<'END'
set n=7
S: * OK hi \0\xe4\Seen \$5
C: SELECT "<name>" ...
S: $tag OK $name: $n ${2*n+1} ${4K}
C first: UID FETCH <set> (FLAGS)
C second: NOOP
S: $second OK late
S: $first OK $set
END

# Optional and unordered lines; many lines at once.
talk '<* OK' '>1 B\r\n2 A\r\n3 X 5\r\n4 C\r\n5 END' '<1 b' '<2 a' '<3 5' '<4 OK' '<5 OK' <<'END'
S: * OK
serve {
	on A {
		S: $tag a
	}
	on B {
		S: $tag b
	}
	on X <n> {
		S: $tag $n
		done
	}
}
C? D {
	S: never
}
C? C {
	S: $tag OK
}
C: END
S: $tag OK
END

# Literals from both sides.
printf 'a file' >file
talk '<x {6}' '~6' '< y {4}' '<a\r' '<b)' '<{200}' ~200 '<' '>t APPEND x {6+}' '>a file (more)' '<t OK' <<'END'
S< x 
S-file: file
S< \x20y 
S-literal: a\r\r\n
S: b)
S-gen: 200
S:
C: APPEND x {<n>+}
C-literal: $n file
C= \x20(more)
S: $tag OK
END
printf 'a fine' >other
wrong 'is not other' '>t APPEND x {6+}' '>a file' <<'END'
C: APPEND x {<n>+}
C-literal: $n other
END

# The generated mail is what imapd -g prints.
cat >script <<'END'
S-gen: 1234567
END
imapd_start script
python3 - "$IMAPD_PORT" >got <<'END'
import socket, sys
f = socket.create_connection(("127.0.0.1", int(sys.argv[1]))).makefile("rb")
f.readline()
sys.stdout.buffer.write(f.read(1234567))
END
imapd_stop
imapd -g 1234567 >want
same want got

# Loops; an endless line; splitting.
talk '<1.1 1.2 2.1 2.2 ' ~100000 '<' '<abcdef' <<'END'
repeat 2 {
	repeat 2 as j {
		S< $i.$j 
	}
}
S:
S-fill: 100000 xyz
S:
split 2 1ms
S: abcdef
END

# The ways a connection ends, several connections, and all the others.
cat >script <<'END'
S: hello
connection:
close
connection:
C: NOOP
reset
connection:
stall
connection rest:
C: NOOP
S: $tag OK
END
imapd_start script
python3 client.py "$IMAPD_PORT" '<hello' z
python3 client.py "$IMAPD_PORT" '<hello' '>a NOOP' 'zreset'
python3 client.py "$IMAPD_PORT" '<hello' '>a' =0.1
for _ in 1 2 3; do
	python3 client.py "$IMAPD_PORT" '<hello' '>a NOOP' '<a OK'
done
imapd_stop
[ "$(grep -c ': a NOOP' imapd.log)" -ge 3 ] || fail "the log lacks lines"

# TLS from the start and STARTTLS; a certificate that is refused; an unbroken and a broken end.
talk "!$TLS/CA.pem" '<* OK' '>a NOOP' '<a OK' ~1000000 z <<'END'
tls
S: * OK
C: NOOP
S: $tag OK
S-fill: 1000000
close
END
talk '<* OK' '>a STARTTLS' '<a OK' "!$TLS/CA.pem" '>b NOOP' '<b OK' <<'END'
S: * OK
C: STARTTLS
S: $tag OK
starttls
C: NOOP
S: $tag OK
END
for name in expired future host other self; do
	printf 'may-close\ntls %s\nC: never\n' $name >script
	imapd_start script
	! python3 client.py "$IMAPD_PORT" "!$TLS/CA.pem" 2>err || fail "a certificate was taken: $name"
	grep -q CERTIFICATE_VERIFY_FAILED err || { cat err; fail "$name: not for its certificate"; }
	imapd_stop
done
wrong 'sent more before the handshake' '>a STARTTLS\r\nb NOOP' <<'END'
C: STARTTLS
S: $tag OK
starttls
END

# What clients do wrong.
wrong 'expected "SELECT <name>"' '>a EXAMINE x' <<'END'
C: SELECT <name>
END
wrong 'is silent' '>a NOOP' '<x' '=0.5' <<'END'
timeout 100ms
C: NOOP
S: x
C: NOOP
END
wrong 'client is not' '>a NOOP' '>b NOOP' '=0.2' <<'END'
C: NOOP
END
wrong 'the client closed' '>a NOOP' <<'END'
C: NOOP
C: NOOP
END
wrong 'what it should never say' '>a STORE 1 FLAGS' '=0.2' <<'END'
never ...STORE...
C: ...
END
wrong 'ends without CR' '|a NOOP\n' '=0.2' <<'END'
C: NOOP
END
cat >script <<'END'
connection:
close
connection:
close
END
for n in 1 3; do
	imapd_start script
	for ((i = 0; i < n; i++)); do
		python3 client.py "$IMAPD_PORT" z 2>/dev/null || :
	done
	kill -TERM "$imapd_pid"
	! wait "$imapd_pid" || fail "$n connections are as good as 2"
	cat imapd.err
done >out
said 'connection 2 never came' out
said 'connection 3: the script has no such connection' out

# Mistakes in scripts are told with their place.
while IFS='|' read -r text want; do
	printf '\n%b\n' "$text" >script
	expect_exit 2 imapd script
	said "script:[23]: *$want"
done <<'END'
Q: x|unknown statement
serve|no { at the end
serve {\nS: x\n}|only "on" may stand
set x y|not name=value
S: ${x|no }
END

# The preamble, with a client that does what libcurl does.
cat >script <<'END'
include login.inc
C: LIST "" "*"
S: * LIST () "/" INBOX
S: $tag OK
END
imapd_start -I "$TOP/tests/dialog" script
python3 client.py "$IMAPD_PORT" '<* OK ready' '>A001 CAPABILITY' \
	'<* CAPABILITY IMAP4rev1 SASL-IR LITERAL+ ID ENABLE NAMESPACE UIDPLUS LIST-EXTENDED LIST-STATUS SPECIAL-USE UNSELECT CONDSTORE ESEARCH AUTH=PLAIN' \
	'<A001 OK' '>A002 AUTHENTICATE PLAIN' '<+ ' '>AGFubmEAeA==' '<A002 OK signed in' \
	'>q7 NOOP\r\nq8 CAPABILITY\r\nq9 ID NIL\r\nq10 LIST "" "*"' '<q7 OK' \
	'<* CAPABILITY IMAP4rev1 SASL-IR LITERAL+ ID ENABLE NAMESPACE UIDPLUS LIST-EXTENDED LIST-STATUS SPECIAL-USE UNSELECT CONDSTORE ESEARCH' \
	'<q8 OK' '<* ID ("name" "scripted")' '<q9 OK' '<* LIST () "/" INBOX' '<q10 OK' '>q LOGOUT' '<* BYE' '<q OK' z
imapd_stop
cat >want <<'END'
1: A001 CAPABILITY
1: A002 AUTHENTICATE PLAIN
1: AGFubmEAeA==
1: q7 NOOP
1: q8 CAPABILITY
1: q9 ID NIL
1: q10 LIST "" "*"
1: q LOGOUT
END
same want imapd.log

# imap:// is STARTTLS or nothing (R122, A11, A12, A14, A16): however a server or somebody between talks us out of it, it
# gets no credentials and the exit status is 5.
# shellcheck source=tests/cli/tls/wire.inc
. "$TOP/tests/cli/tls/wire.inc"
with=(--tls-ca "$TLS/CA.pem" --password-file password)
TO=imap

# Asked anew after the handshake: AUTH=PLAIN was true before it only.  Then it is the LOGIN command, on a second connection.
begin='S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN STARTTLS] ready
C: CAPABILITY
S: * CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN
S: $tag OK
C: STARTTLS
S: $tag OK go on
starttls
C: CAPABILITY
S: * CAPABILITY IMAP4rev1
S: $tag OK'
script good <<END
connection:
$begin
connection:
$begin
C: LOGIN ...
S: \$tag OK signed in
C: NOOP
S: \$tag OK
C: CAPABILITY
S: * CAPABILITY IMAP4rev1
S: \$tag OK
folders
END
try 0 "${with[@]}"

script untrusted <<-'END'
	quiet
	S: * OK ready
	C: CAPABILITY
	S: * CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN
	S: $tag OK
	C: STARTTLS
	S: $tag OK go on
	may-close
	starttls other
	C: CAPABILITY
	S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
	S: $tag OK
	connection:
	connection:
END
try 5 "${with[@]}"
said 'trust it with --tls-pin sha256//'

# Stripped, refused, or already signed in.
for stripped in 'IMAP4rev1 AUTH=PLAIN' 'IMAP4rev1 LOGINDISABLED' IMAP4rev1; do
	script stripped <<-END
		quiet
		S: * OK ready
		C: CAPABILITY
		S: * CAPABILITY $stripped
		S: \$tag OK
	END
	try 5 "${with[@]}"
	said 'does not offer STARTTLS'
	said 'no trusted connection'
done
for answer in 'NO not today' 'BAD what' 'NO'; do
	script refused <<-END
		quiet
		S: * OK ready
		C: CAPABILITY
		S: * CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN
		S: \$tag OK
		C: STARTTLS
		S: \$tag $answer
	END
	try 5 "${with[@]}"
done
script preauth <<-'END'
	quiet
	S: * PREAUTH you are anna
	serve {
		on CAPABILITY {
			S: * CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN
			S: $tag OK
		}
	}
END
try 5 "${with[@]}"

# Answers that were put behind STARTTLS's, before the handshake (A12): not taken for the server's.
script injected <<-'END'
	quiet
	may-close
	S: * OK ready
	C: CAPABILITY
	S: * CAPABILITY IMAP4rev1 STARTTLS
	S: $tag OK
	C: STARTTLS
	S: $tag OK go on\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA003 OK\r\nA004 OK signed in
	starttls
	S: A003 OK
	serve {
		on CAPABILITY {
			S: * CAPABILITY IMAP4rev1
			S: $tag OK
		}
	}
END
rc=0
imapd_start injected.imap
rm -rf vault
mailkeep init "${with[@]}" "imap://anna@localhost:$IMAPD_PORT" vault 2>err || rc=$?
[ $rc != 0 ] || fail "injected answers were believed"
[ ! -e vault ] || fail "it left a vault"
imapd_stop

# Signed in by the connection itself is fine where it is encrypted.
script preauth-tls <<-'END'
	tls
	S: * PREAUTH you are anna
	C: CAPABILITY
	S: * CAPABILITY IMAP4rev1
	S: $tag OK
	C: NOOP
	S: $tag OK
	C: CAPABILITY
	S: * CAPABILITY IMAP4rev1
	S: $tag OK
	folders
END
TO=imaps try 0 "${with[@]}"

# The port of one kind and the URL of the other: a server that waits for our handshake says nothing.
printf 'may-close\nstall\n' >waits.imap
SCRIPT=waits.imap
TIMEOUT=1 try 75 "${with[@]}"
said 'imap:// is for port 143 (STARTTLS), imaps:// for 993'
printf 'may-close\nS: * OK ready\nstall\n' >plainly.imap
SCRIPT=plainly.imap
TO=imaps try 5 "${with[@]}"
said 'imaps:// is for port 993, imap:// for 143 (STARTTLS)'

# Plain text is for those who ask for it, and for this host.
script plain <<-'END'
	include login.inc
	folders
END
try 0 --insecure-plaintext --password-file password
expect_exit 5 mailkeep init --insecure-plaintext --password-file password imap://anna@imap.example.org vault2
[ ! -e vault2 ] || fail "it left a vault"
# ... whatever the environment says of proxies.
export ALL_PROXY=socks5h://127.0.0.1:1
try 0 --insecure-plaintext --password-file password
unset ALL_PROXY

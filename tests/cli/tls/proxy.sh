# Through a proxy, SOCKS5 or CONNECT: it gets the server's name and nothing that it could read, and can't put itself in the
# server's place.
# shellcheck source=tests/cli/tls/wire.inc
. "$TOP/tests/cli/tls/wire.inc"
need python3
with=(--tls-ca "$TLS/CA.pem" --password-file password)

coproc proxy { exec python3 "$TOP/tests/tool/proxy.py" proxy.log; }
# shellcheck disable=SC2154
read -r port <&"${proxy[0]}"
: >proxy.log

script good <<-'END'
	tls
	include login.inc
	folders
END
for how in socks5h http; do
	try 0 "${with[@]}" --proxy "$how://127.0.0.1:$port"
	grep -qx "${how%h} localhost:$IMAPD_PORT" proxy.log || { cat proxy.log; fail "it didn't go through the proxy"; }
	# The vault remembers it.
	grep -q '"proxy"' vault/vault.json || fail "the proxy is forgotten"
done
# The name is the proxy's to look up, and the server must prove to have it.
HOST=imap.example.org
script host <<-'END'
	tls host
	include login.inc
	folders
END
try 0 "${with[@]}" --proxy "socks5h://127.0.0.1:$port"
grep -qx "socks5 imap.example.org:$IMAPD_PORT" proxy.log || fail "another name"
script other <<-'END'
	quiet
	may-close
	tls server
	S: * OK ready
	serve {
		on CAPABILITY {
			S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
			S: $tag OK
		}
	}
	connection:
	connection:
END
try 5 "${with[@]}" --proxy "socks5h://127.0.0.1:$port"
said 'no trusted connection to imap.example.org'
HOST=localhost

# STARTTLS through it; plain text never, though the server is here: the proxy may be anywhere.
script starttls <<-'END'
	S: * OK ready
	C: CAPABILITY
	S: * CAPABILITY IMAP4rev1 STARTTLS
	S: $tag OK
	C: STARTTLS
	S: $tag OK go on
	starttls
	C: CAPABILITY
	S: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR
	S: $tag OK
	C: AUTHENTICATE PLAIN ...
	S: $tag OK
	C: NOOP
	S: $tag OK
	C: CAPABILITY
	S: * CAPABILITY IMAP4rev1
	S: $tag OK
	folders
END
TO=imap try 0 "${with[@]}" --proxy "http://127.0.0.1:$port"
expect_exit 5 mailkeep init --insecure-plaintext --password-file password --proxy "http://127.0.0.1:$port" \
	"imap://anna@localhost:$IMAPD_PORT" vault2

# A proxy that is not there is not the server that is not there; and one that comes to nothing.
expect_exit 75 mailkeep init "${with[@]}" --proxy socks5h://127.0.0.1:1 imaps://anna@localhost:1 vault2
said "can't connect to localhost port 1 through the proxy socks5h://127.0.0.1:1: Connection refused"
expect_exit 75 mailkeep init "${with[@]}" --proxy http://no-such-name.invalid imaps://anna@localhost:1 vault2
said "can't connect to localhost port 1 through the proxy http://no-such-name.invalid: Could not resolve proxy"
expect_exit 75 mailkeep init "${with[@]}" --proxy "http://127.0.0.1:$port" imaps://anna@localhost:1 vault2
said "can't connect to localhost port 1 through the proxy http://127.0.0.1:$port: "
expect_exit 75 mailkeep init "${with[@]}" imaps://anna@localhost:1 vault2
said "can't connect to localhost port 1: Connection refused"
[ ! -e vault2 ] || fail "it left a vault"

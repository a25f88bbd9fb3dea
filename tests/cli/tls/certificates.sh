# Whom we trust (R122, R123, A15): a server that can't prove who it is gets no credentials and exit 5; a pinned key is the
# one way around.
# shellcheck source=tests/cli/tls/wire.inc
. "$TOP/tests/cli/tls/wire.inc"
with=(--tls-ca "$TLS/CA.pem" --password-file password)

# The second connection looks at the key, for the message; it doesn't sign in either.
for name in expired future host self other; do
	script "$name" <<-END
		quiet
		may-close
		tls $name
		S: * OK ready
		serve {
			on CAPABILITY {
				S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
				S: \$tag OK
			}
		}
		connection:
		connection:
	END
	try 5 "${with[@]}"
	said 'no trusted connection to localhost: '
	pin=$(openssl x509 -in "$TLS/$name.pem" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
	said "trust it with --tls-pin sha256//$pin"
done

script good <<-'END'
	tls server
	include login.inc
	folders
END
try 0 "${with[@]}"
[ -e vault/vault.json ] || fail "no vault"
# By address and by directory of certificates, too.
HOST=127.0.0.1 try 0 "${with[@]}"
mkdir authorities
cp "$TLS/CA.pem" authorities/one.pem
openssl rehash authorities 2>/dev/null || c_rehash authorities >/dev/null
try 0 --tls-ca authorities --password-file password

# A pin replaces the chain, whoever signed it; several may do.
script pinned <<-'END'
	tls self
	include login.inc
	folders
END
pin=sha256//$(openssl x509 -in "$TLS/self.pem" -pubkey -noout | openssl pkey -pubin -outform der |
	openssl dgst -sha256 -binary | base64)
none=sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
try 0 --tls-pin "$pin" --password-file password
try 0 --tls-pin "$none;$pin" --password-file password
script mismatch <<-'END'
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
# Another key than the pinned one, however good its certificate.
try 5 "${with[@]}" --tls-pin "$pin"
said 'its key is another one than tls_pin says; only if you know why, change that to sha256//'

# The vault remembers; a server that changes its certificate later is no longer trusted.
script good <<-'END'
	connection:
	tls server
	include login.inc
	folders
	connection rest:
	quiet
	may-close
	tls other
	S: * OK ready
	serve {
		on CAPABILITY {
			S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
			S: $tag OK
		}
	}
END
imapd_start -I "$TOP/tests/dialog" good.imap
rm -rf vault
expect_exit 0 mailkeep init "${with[@]}" "imaps://anna@localhost:$IMAPD_PORT" vault
expect_exit 5 mailkeep folders vault
expect_exit 5 mailkeep backup vault
imapd_stop

# TLS 1.1 is not spoken (R123), plain text where TLS should be is not understood.
port=$((20000 + RANDOM % 20000))
openssl s_server -accept "127.0.0.1:$port" -cert "$TLS/server.pem" -key "$TLS/server.key" -tls1_1 \
	-cipher ALL:@SECLEVEL=0 -quiet >s_server.out 2>&1 </dev/null &
s_server=$!
at_end "kill $s_server"
listens()
{
	(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || ! kill -0 $s_server 2>/dev/null
}
wait_for 10 listens
kill -0 $s_server || { cat s_server.out; fail "no TLS 1.1 server"; }
rm -rf vault
expect_exit 5 mailkeep init "${with[@]}" "imaps://anna@localhost:$port" vault
said 'no trusted connection to localhost: '
script plain <<-'END'
	S: * OK I speak plainly
	close
END
try 5 "${with[@]}"
said 'no trusted connection to localhost: '

# A connection that is cut in the handshake proves nothing: it may work later.
script cut <<-'END'
	may-close
	reset
END
try 75 "${with[@]}"
said "can't connect to localhost port "

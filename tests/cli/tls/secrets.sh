# Nothing that is said or logged holds a secret (R121, A37), however much is asked for and whatever a server sends back.
# shellcheck source=tests/cli/tls/wire.inc
. "$TOP/tests/cli/tls/wire.inc"

# no_secrets FILE...: neither plain nor in base64, as SASL sends it, at any of its three offsets.
no_secrets()
{
	local s b pad

	for s in "$secret" "$token"; do
		! grep -aFq -- "$s" "$@" || { grep -aF -- "$s" "$@"; fail "a secret is shown"; }
		for pad in '' a aa; do
			b=$(printf '%s%s' "$pad" "$s" | base64 -w 0)
			# What surely belongs to the secret alone.
			b=${b:4:12}
			! grep -aFq -- "$b" "$@" || fail "a secret is shown in base64"
		done
	done
}
token=ya29.the-token-that-is-no-one-elses

for mode in good bad; do
	answer=OK
	[ $mode = good ] || answer='NO [AUTHENTICATIONFAILED] no'
	script plain <<-END
		tls
		S: * OK ready
		C: CAPABILITY
		S: * CAPABILITY IMAP4rev1 AUTH=PLAIN
		S: \$tag OK
		C: AUTHENTICATE PLAIN
		S: + 
		C= ...
		S: \$tag $answer
		may-close
		C: NOOP
		S: \$tag OK
		C: CAPABILITY
		S: * CAPABILITY IMAP4rev1 ID
		S: \$tag OK
		C: ID ...
		S: * ID NIL
		S: \$tag OK
		folders
	END
	want=0
	[ $mode = good ] || want=4
	try $want -v -v --tls-ca "$TLS/CA.pem" --password-file password
	cp err verbose
	# What comes before the first command, too, but the dialogue about the secret.
	said 'Connected to localhost (127.0.0.1) port '
	said 'SSL connection using TLSv1.3 / TLS_'
	said 'S: \* OK ready'
	said 'S: \* CAPABILITY IMAP4rev1 AUTH=PLAIN'
	not_said 'AUTHENTICATE'
	if [ $mode = good ]; then
		said 'signed in as anna'
		said 'C: LIST'
		said 'S: \* LIST'
		no_secrets out err vault/vault.json
	fi
	no_secrets out err
	sed 's/AUTHENTICATE PLAIN/AUTHENTICATE XOAUTH2/; s/AUTH=PLAIN/AUTH=XOAUTH2/' plain.imap >token.imap
	SCRIPT=token.imap
	try $want -v -v --tls-ca "$TLS/CA.pem" --token-command "printf %s $token"
	no_secrets out err
done

# While it runs: not in its arguments, nor in its environment or that of the command it starts.
script wait <<-'END'
	may-close
	tls
	stall
END
imapd_start wait.imap
mailkeep init --timeout 20 --tls-ca "$TLS/CA.pem" --password-command 'tr "\0" "\n" </proc/$$/environ >child; cat password' \
	"imaps://anna@localhost:$IMAPD_PORT" vault2 2>err &
pid=$!
wait_for 10 test -s child
sleep 0.1
tr '\0' '\n' </proc/$pid/cmdline >args
tr '\0' '\n' </proc/$pid/environ >environ
[ "$(ulimit -c; sed -n 's/^Max core file size *\([0-9]*\) .*/\1/p' /proc/$pid/limits)" != '' ]
grep -q '^Max core file size *0 ' /proc/$pid/limits || fail "it would leave a core file"
kill -TERM $pid
wait $pid || [ $? = 143 ] || fail "SIGTERM while it connects: exit $?"
no_secrets args environ child err
imapd_stop

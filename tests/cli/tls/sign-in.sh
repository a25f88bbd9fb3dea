# How servers let in, and how they don't: the mechanism, the words, the exit status (R121, A42).
# shellcheck source=tests/cli/tls/wire.inc
. "$TOP/tests/cli/tls/wire.inc"
with=(--tls-ca "$TLS/CA.pem" --password-file password)

# begin CAPABILITIES: as far as the sign-in; then STDIN.
begin()
{
	script "$2" < <(
		cat <<-END
			tls
			S: * OK ready
			C: CAPABILITY
			S: * CAPABILITY IMAP4rev1 $1
			S: \$tag OK
		END
		cat
	)
}

in='C: NOOP
S: $tag OK
C: CAPABILITY
S: * CAPABILITY IMAP4rev1
S: $tag OK
folders'

plain=$(printf '\0anna\0%s' "$secret" | base64 -w 0)
begin 'AUTH=PLAIN SASL-IR AUTH=CRAM-MD5 AUTH=GSSAPI AUTH=NTLM' initial <<END
C: AUTHENTICATE PLAIN $plain
S: \$tag OK
$in
END
try 0 "${with[@]}"
begin 'AUTH=CRAM-MD5 AUTH=PLAIN' challenge <<END
C: AUTHENTICATE PLAIN
S: + 
C= $plain
S: \$tag OK
$in
END
try 0 "${with[@]}"
begin 'AUTH=LOGIN AUTH=DIGEST-MD5' login <<END
C: AUTHENTICATE LOGIN
S: + VXNlcm5hbWU6
C= YW5uYQ==
S: + UGFzc3dvcmQ6
C= $(printf %s "$secret" | base64)
S: \$tag OK
$in
END
try 0 "${with[@]}"
# No mechanism at all: the LOGIN command, by a second connection.
script command <<END
connection:
tls
S: * OK ready
C: CAPABILITY
S: * CAPABILITY IMAP4rev1
S: \$tag OK
connection:
tls
S: * OK ready
C: CAPABILITY
S: * CAPABILITY IMAP4rev1
S: \$tag OK
C: LOGIN anna ...
S: \$tag OK
$in
END
try 0 "${with[@]}"

begin 'LOGINDISABLED' disabled <<-'END'
END
sed -i '1i never ...LOGIN ...' disabled.imap
try 4 "${with[@]}"
said 'offers no way to sign in with a password'

# refused STATUS ANSWER WORDS
refused()
{
	begin AUTH=PLAIN refused <<-END
		C: AUTHENTICATE PLAIN
		S: + 
		C= ...
		S: \$tag $2
	END
	try "$1" "${with[@]}"
	said "$3"
}
refused 4 'NO [AUTHENTICATIONFAILED] Authentication failed.' 'refused to sign in anna: \[AUTHENTICATIONFAILED\] Authentication failed.'
refused 4 'NO wrong, \x1b]0;owned\x07' 'refused to sign in anna: wrong, '
not_said $'\x1b'
refused 4 'NO' 'refused to sign in anna'
refused 4 'BAD what' 'refused to sign in anna: what'
# Once, and with words that sound like it might pass (A42): the password is wrong, a timer must not hammer on.
refused 4 'NO [AUTHENTICATIONFAILED] Too many attempts, try again later' 'refused to sign in anna'
refused 4 'NO Invalid login, please try again' 'refused to sign in anna'
[ "$(grep -c AUTHENTICATE imapd.log)" = 1 ] || fail "it tried more than once"
# What passes: try again later (R21).
refused 75 'NO [UNAVAILABLE] Temporary authentication failure' 'does not sign in anna now: \[UNAVAILABLE\] Temporary'
refused 75 'NO [INUSE] mailbox is locked' '\[INUSE\]'
refused 75 'NO [ALERT] Too many simultaneous connections. (Failure)' 'Too many simultaneous'
refused 75 'NO [THROTTLED] slow down' 'slow down'
refused 75 'NO Login failed, please try again later' 'try again later'

# Tokens.
token='ya29.t0ken/+=='
begin 'AUTH=XOAUTH2 AUTH=PLAIN SASL-IR' xoauth2 <<END
C: AUTHENTICATE XOAUTH2 $(printf 'user=anna\1auth=Bearer %s\1\1' "$token" | base64 -w 0)
S: \$tag OK
$in
END
try 0 --tls-ca "$TLS/CA.pem" --token-command "echo '$token'"
begin 'AUTH=XOAUTH2 AUTH=OAUTHBEARER SASL-IR' oauthbearer <<END
C: AUTHENTICATE OAUTHBEARER ...
S: \$tag OK
$in
END
try 0 --tls-ca "$TLS/CA.pem" --token-command "echo '$token'"
begin 'AUTH=XOAUTH2 SASL-IR' expired <<'END'
may-close
C: AUTHENTICATE XOAUTH2 ...
S: + eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=
C? = ... {
	S: $tag NO [AUTHENTICATIONFAILED] invalid token
}
END
try 4 --tls-ca "$TLS/CA.pem" --token-command "echo '$token'"
said 'what token_command prints'
not_said "$token"
begin 'AUTH=PLAIN' tokenless <<-'END'
END
printf '%s\n%s\n' "$quiet" "$(cat tokenless.imap)" >tokenless.imap
try 4 --tls-ca "$TLS/CA.pem" --token-command "echo '$token'"
said 'offers no way to sign in with a token'

# Greetings.
greet()
{
	script greeting <<-END
		quiet
		may-close
		tls
		S: $2
		$3
	END
	try "$1" "${with[@]}"
}
greet 75 '* BYE Too many connections from you' close
said 'closed the connection: Too many connections from you'
greet 1 '220 mail.example.org ESMTP' ''
said 'is no IMAP server: it says 220 mail.example.org ESMTP'
greet 1 'HTTP/1.1 400 Bad Request' close
greet 1 '* NO no' ''
printf 'tls\nclose\n' >closed.imap
SCRIPT=closed.imap
try 75 "${with[@]}"
said "can't connect to localhost port "
TIMEOUT=1 greet 75 '* OK ready' stall

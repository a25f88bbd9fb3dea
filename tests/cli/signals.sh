# Signals: a question is answered in a line, an end says what it saved and by which signal (R125).
. "$TOP/tests/lib.sh"
dovecot_start
corpus -t now demo 0 "$(dovecot_mail)"
dovecot_own
cd "$TMPDIR"
umask 077
printf '%s\n' "$DOVECOT_PASSWORD" >password
mailkeep init --tls-ca "$TLS/CA.pem" --password-file password "imaps://anna@localhost:$DOVECOT_TLS_PORT" vault

# running: some of it has come.
running()
{
	ls vault/tmp/* >/dev/null 2>&1
}

# interrupted SIGNAL: a slow backup, asked how far it is and then ended; its status.
interrupted()
{
	local pid rc=0

	mailkeep backup --max-rate 40K vault >out 2>err &
	pid=$!
	wait_for 10 running || fail "nothing comes"
	sleep 0.7
	kill -USR1 $pid
	wait_for 10 grep -q ' KiB ' err || { cat err; fail "the question has no answer"; }
	kill "-$1" $pid
	wait $pid || rc=$?
	echo $rc
}

[ "$(interrupted HUP)" = 143 ] || fail "SIGHUP is not like SIGTERM"
said 'mailkeep: stopped by SIGHUP; * new messages are safe'
said '  -> run it again: it goes on from there'
saved=$(sed -n 's/.*SIGHUP; \([0-9]*\) new.*/\1/p' err)
expect_exit 0 mailkeep list vault
[ "$(wc -l <out)" = $((saved + 1)) ] || fail "$saved messages are safe, says the error; $(wc -l <out) lines are listed"
rm -r vault/tmp/* 2>/dev/null || :
[ "$(interrupted TERM)" = 143 ] || fail "SIGTERM"
said 'mailkeep: stopped by SIGTERM; '
expect_exit 0 mailkeep backup vault

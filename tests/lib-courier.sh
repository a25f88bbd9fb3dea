# shellcheck shell=bash
#
# tests/lib-courier.sh - a Courier for the tests; lib.sh includes it.
#
#	courier_start			Start Courier's imapd behind a sign-in of our own (tests/tool/signin.py: the paths of its
#					authdaemon are built in), on a free port of 127.0.0.1, without TLS.  Sets
#			COURIER_PORT, COURIER_DIR
#					There are anna and berta, each with "$DOVECOT_PASSWORD".
#	courier_stop			all is stopped when the script ends
#	courier_imap COMMAND...		tests/tool/imap.py on it as user $IMAP_USER (anna)
#	courier_store [USER]		the directory of its Maildir
#	courier_said			the commands that anna's sessions have sent since they signed in; courier_forget: so far
#	courier_own			give everything below COURIER_DIR to the server's user

# shellcheck disable=SC2154	# as_server: see lib-servers.sh
courier_pid=

# What Debian's configuration announces to one who has signed in.
COURIER_CAPABILITIES='IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE'

courier_start()
{
	local user python

	need setpriv python3
	server_user
	# One that the servers' user may run.
	for python in python3 /usr/bin/python3; do
		! $as_server "$python" -c '' 2>/dev/null || break
	done
	server_tree courier
	COURIER_DIR=$(server_place courier)
	at_end courier_end
	for user in anna berta; do
		mkdir -p "$COURIER_DIR/mail/$user"
		"$SERVER_TREE/usr/bin/maildirmake.courier" "$COURIER_DIR/mail/$user/Maildir"
	done
	cp "$TOP/tests/tool/signin.py" "${BUILD%/*}/plain/tests/tool/preload_fam.so" "$COURIER_DIR"
	courier_own
	: >"$COURIER_DIR/port"
	# IMAP_USELOCKS=0: its locks want a file alteration monitor that does something.
	IMAP_PASSWORD=$DOVECOT_PASSWORD LD_LIBRARY_PATH=$LIBRARIES LD_PRELOAD=$COURIER_DIR/preload_fam.so \
		IMAP_CAPABILITY=$COURIER_CAPABILITIES IMAP_KEYWORDS=1 IMAP_ACL=1 IMAP_USELOCKS=0 \
		IMAP_ENHANCEDIDLE=0 IMAP_MAILBOX_SANITY_CHECK=1 IMAP_UMASK=022 IMAP_TRASHFOLDERNAME=Trash \
		${as_server:-setpriv} --pdeathsig=TERM "$python" "$COURIER_DIR/signin.py" "$COURIER_DIR/mail" "$SERVER_TREE/usr/bin/imapd" Maildir \
		>"$COURIER_DIR/port" 2>"$COURIER_DIR/log" </dev/null &
	courier_pid=$!
	if ! wait_for 20 courier_settled || courier_gone; then
		cat "$COURIER_DIR/log"
		fail "Courier doesn't start"
	fi
	# shellcheck disable=SC2034
	COURIER_PORT=$(cat "$COURIER_DIR/port")
}

courier_gone()
{
	! kill -0 "$courier_pid" 2>/dev/null
}

courier_settled()
{
	courier_gone || [ -s "$COURIER_DIR/port" ]
}

courier_stop()
{
	[ -n "$courier_pid" ] || return 0
	kill -TERM "$courier_pid" 2>/dev/null || :
	wait "$courier_pid" 2>/dev/null || :
	courier_pid=
}

courier_end()
{
	courier_stop
	[ "$COURIER_DIR" != "${COURIER_DIR#"$TMPDIR"/}" ] || rm -rf "$COURIER_DIR"
}

courier_imap()
{
	IMAP_PASSWORD=$DOVECOT_PASSWORD "${python:-python3}" "$TOP/tests/tool/imap.py" "127.0.0.1:$COURIER_PORT" "$IMAP_USER" "$@"
}

courier_store()
{
	echo "$COURIER_DIR/mail/${1:-anna}/Maildir"
}

courier_said()
{
	local f

	for f in "$COURIER_DIR/mail/anna/said"/*; do
		[ ! -e "$f" ] || tr -d '\r' <"$f"
	done
}

courier_forget()
{
	rm -f "$COURIER_DIR/mail/anna/said"/*
}

courier_own()
{
	server_own "$COURIER_DIR"
}

# shellcheck shell=bash
#
# tests/lib-cyrus.sh - a Cyrus for the tests; lib.sh includes it.
#
#	cyrus_start [-x 'SETTINGS']	Start a Cyrus of our own, on a free port of 127.0.0.1, without TLS.  SETTINGS are lines
#					of imapd.conf, which replace what is here.  Sets
#			CYRUS_PORT, CYRUS_DIR
#					There are anna, berta and the administrator cyrus, each with "$DOVECOT_PASSWORD".
#	cyrus_stop			all is stopped when the script ends
#	cyrus_imap COMMAND...		tests/tool/imap.py on it as user $IMAP_USER (anna)
#	cyrus_quota KIB [USER]		a limit for all her folders together; she must have signed in once
#	cyrus_store FOLDER [USER]	the directory in which it keeps a folder: a file "UID." for each message
#	cyrus_said			the commands that anna's sessions have sent since they signed in; cyrus_forget: so far

cyrus_pid=

cyrus_start()
{
	local extra='' o OPTIND=1 try user

	while getopts x: o; do
		case $o in
		x) extra=$OPTARG ;;
		*) fail "cyrus_start: no such option" ;;
		esac
	done
	need setpriv setsid
	server_user
	server_tree cyrus
	cyrus_bin=$(dirname "$(find "$SERVER_TREE" -name ctl_cyrusdb)")
	cyrus_libraries=$LIBRARIES
	CYRUS_DIR=$(server_place cyrus)
	at_end cyrus_end
	mkdir -p "$CYRUS_DIR"/{spool,proc,lock,sieve} "$CYRUS_DIR/conf/log/anna"
	cyrus_settings "$extra" >"$CYRUS_DIR/imapd.conf"
	for user in anna berta cyrus; do
		printf %s "$DOVECOT_PASSWORD" | LD_LIBRARY_PATH=$cyrus_libraries "$SERVER_TREE/usr/sbin/saslpasswd2" \
			-p -c -f "$CYRUS_DIR/sasldb" -u localhost $user
	done
	for try in 1 2 3 4 5 6 7 8 9; do
		CYRUS_PORT=$((10000 + RANDOM % 20000))
		cyrus_services >"$CYRUS_DIR/cyrus.conf"
		server_own "$CYRUS_DIR"
		# shellcheck disable=SC2086	# it is several words
		# It ends all of its process group, which must not be ours; but it has to end with us, however we end.
		LD_LIBRARY_PATH=$cyrus_libraries setsid ${as_server:-setpriv} --pdeathsig=TERM "$cyrus_bin/master" -C "$CYRUS_DIR/imapd.conf" \
			-M "$CYRUS_DIR/cyrus.conf" -p "$CYRUS_DIR/pid" >"$CYRUS_DIR/out" 2>&1 </dev/null &
		cyrus_pid=$!
		! wait_for 20 cyrus_settled || cyrus_gone || return 0
		cyrus_stop
	done
	cat "$CYRUS_DIR/out"
	fail "Cyrus doesn't start (try $try)"
}

# cyrus_settings EXTRA: its imapd.conf; an option may be there once.
cyrus_settings()
{
	awk -F : 'NF > 1 && !seen[$1]++' <<-END
		$1
		configdirectory: $CYRUS_DIR/conf
		defaultpartition: default
		partition-default: $CYRUS_DIR/spool
		proc_path: $CYRUS_DIR/proc
		mboxname_lockpath: $CYRUS_DIR/lock
		idlesocket: $CYRUS_DIR/idle
		sievedir: $CYRUS_DIR/sieve
		cyrus_user: $($as_server id -un)
		admins: cyrus
		servername: localhost
		allowplaintext: yes
		sasl_pwcheck_method: auxprop
		sasl_auxprop_plugin: sasldb
		sasl_sasldb_path: $CYRUS_DIR/sasldb
		sasl_mech_list: PLAIN LOGIN
		altnamespace: yes
		unixhierarchysep: yes
		autocreate_quota: 0
		autocreate_post: yes
		syslog_prefix: cyrus
	END
}

cyrus_services()
{
	cat <<-END
		START {
		  recover cmd="$cyrus_bin/ctl_cyrusdb -C $CYRUS_DIR/imapd.conf -r"
		}
		SERVICES {
		  imap cmd="$cyrus_bin/imapd -C $CYRUS_DIR/imapd.conf -U 100" listen="127.0.0.1:$CYRUS_PORT" prefork=1
		}
		EVENTS {
		}
	END
}

cyrus_gone()
{
	! kill -0 "$cyrus_pid" 2>/dev/null
}

cyrus_greets()
{
	local line

	{ exec 8<>"/dev/tcp/127.0.0.1/$CYRUS_PORT"; } 2>/dev/null || return 1
	IFS= read -r -t 10 line <&8 || :
	exec 8<&-
	[[ $line == '* OK '*Cyrus* ]]
}

cyrus_settled()
{
	cyrus_gone || cyrus_greets
}

cyrus_stop()
{
	[ -n "$cyrus_pid" ] || return 0
	kill -TERM "$cyrus_pid" 2>/dev/null || :
	wait "$cyrus_pid" 2>/dev/null || :
	cyrus_pid=
}

cyrus_end()
{
	cyrus_stop
	[ "$CYRUS_DIR" != "${CYRUS_DIR#"$TMPDIR"/}" ] || rm -rf "$CYRUS_DIR"
}

cyrus_imap()
{
	IMAP_PASSWORD=$DOVECOT_PASSWORD "${python:-python3}" "$TOP/tests/tool/imap.py" "127.0.0.1:$CYRUS_PORT" "$IMAP_USER" "$@"
}

cyrus_quota()
{
	IMAP_USER=cyrus cyrus_imap 'do' "SETQUOTA user/${2:-anna} (STORAGE $1)" >"$TMPDIR/setquota"
	grep -q '^x[0-9]* OK ' "$TMPDIR/setquota" || fail "no quota: $(cat "$TMPDIR/setquota")"
}

cyrus_store()
{
	local name=user/${2:-anna}

	[ "$1" = INBOX ] || name=$name/$(cyrus_imap wire "$1")
	LD_LIBRARY_PATH=$cyrus_libraries $as_server "$cyrus_bin/mbpath" -C "$CYRUS_DIR/imapd.conf" "$name"
}

cyrus_said()
{
	local f

	# What came stands behind a line "<seconds<", what went behind ">seconds>".
	for f in "$CYRUS_DIR/conf/log/anna"/*; do
		[ ! -e "$f" ] || awk '/^<[0-9]+</ { on = 1; sub("^<[0-9]+<", "") } /^>[0-9]+>/ { on = 0 } on' "$f" | tr -d '\r'
	done
}

cyrus_forget()
{
	rm -f "$CYRUS_DIR/conf/log/anna"/*
}

# shellcheck shell=bash
#
# tests/lib-dovecot.sh - servers for the tests; lib.sh includes it.
#
#	dovecot_start [-n NAME] [-s STORAGE] [-a 'CAPABILITY...'] [-d 'CAPABILITY...'] [-q KIB] [-x 'SETTINGS']
#		Start a Dovecot of our own, on free ports of 127.0.0.1.  -s: maildir (default), sdbox or mdbox; -a announces
#		capabilities that it doesn't have, -d denies some that it has; -q sets a quota; -x is configuration text.  Sets
#			DOVECOT_PORT, DOVECOT_TLS_PORT	STARTTLS, and TLS from the start
#			DOVECOT_DIR			where it lives: mail/USER, log
#		for the server that was started last; -n gives one a name, dovecot_use NAME makes it the current one again.
#		There are the users anna, berta and carl@example.org, each with the password "$DOVECOT_PASSWORD".
#	dovecot_stop			the current one; all are stopped when the script ends
#	dovecot_mail [USER]		the directory of its Maildir; hand it over with dovecot_own after changing it
#	dovecot_own			give everything below DOVECOT_DIR to the server's user
#	imap COMMAND...			tests/tool/imap.py on the current server as user $IMAP_USER (anna): see there
#	put_mail FOLDER FLAGS DATE FILE...	append messages; "" for no flags, or for now
#	server_sha256 FOLDER		"UID SHA-256" of each message as IMAP serves it
#	client_said [USER]		the commands that clients have sent since they signed in, one a line; client_forget: so far
#
#	imapd_start SCRIPT [OPTION...]	play a transcript (tests/tool/imapd.c); sets IMAPD_PORT
#	imapd_stop			the client has ended: fail unless it kept to the script

# shellcheck disable=SC2154	# as_server: see lib-servers.sh
DOVECOT_PASSWORD='correct horse "battery" \ stäple'
IMAP_USER=anna
declare -A dovecot_pid=() dovecot_dir=() dovecot_ports=()
dovecot_now=

# What Dovecot 2.3 announces after sign-in, with its zlib plugin.
DOVECOT_CAPABILITIES='IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS
	THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1
	CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY
	PREVIEW STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE COMPRESS=DEFLATE'

# dovecot_settings STORAGE CAPABILITIES QUOTA EXTRA: its configuration.
dovecot_settings()
{
	local user group plugins='' imap_plugins='imap_zlib'

	user=$($as_server id -un)
	group=$($as_server id -gn)
	[ -z "$3" ] || plugins=quota imap_plugins='imap_zlib imap_quota'
	cat <<-END
		base_dir = $DOVECOT_DIR/run
		state_dir = $DOVECOT_DIR/state
		log_path = $DOVECOT_DIR/log
		protocols = imap
		listen = 127.0.0.1
		default_internal_user = $user
		default_internal_group = $group
		default_login_user = $user
		first_valid_uid = 0
		ssl_cert = <$DOVECOT_DIR/server.pem
		ssl_key = <$DOVECOT_DIR/server.key
		disable_plaintext_auth = no
		auth_failure_delay = 0
		mail_max_userip_connections = 100
		mail_fsync = never
		mail_location = $1:~/store
		mail_plugins = $plugins
		imap_capability = $2
		rawlog_dir = $DOVECOT_DIR/mail/%u/rawlog
		service anvil {
		  chroot =
		}
		service imap-login {
		  chroot =
		  inet_listener imap {
		    port = $DOVECOT_PORT
		  }
		  inet_listener imaps {
		    port = $DOVECOT_TLS_PORT
		    ssl = yes
		  }
		}
		service stats {
		  chroot =
		}
		protocol imap {
		  mail_plugins = $plugins $imap_plugins
		}
		passdb {
		  driver = passwd-file
		  args = $DOVECOT_DIR/users
		}
		userdb {
		  driver = static
		  args = uid=$($as_server id -u) gid=$($as_server id -g) home=$DOVECOT_DIR/mail/%u
		}
		namespace inbox {
		  inbox = yes
		  separator = /
		  mailbox Drafts {
		    special_use = \Drafts
		  }
		  mailbox Sent {
		    special_use = \Sent
		  }
		  mailbox Trash {
		    special_use = \Trash
		  }
		  mailbox Junk {
		    special_use = \Junk
		  }
		  mailbox Archive {
		    special_use = \Archive
		  }
		  mailbox "All Mail" {
		    special_use = \All
		  }
		}
		plugin {
		  quota = count:User quota
		  quota_vsizes = yes
		  quota_grace = 0
		  ${3:+quota_rule = *:storage=${3}K}
		}
		$4
	END
}

dovecot_start()
{
	local name=one storage=maildir add='' deny='' quota='' extra='' o OPTIND=1 try word capabilities='' user

	while getopts n:s:a:d:q:x: o; do
		case $o in
		n) name=$OPTARG ;;
		s) storage=$OPTARG ;;
		a) add=$OPTARG ;;
		d) deny=$OPTARG ;;
		q) quota=$OPTARG ;;
		x) extra=$OPTARG ;;
		*) fail "dovecot_start: no such option" ;;
		esac
	done
	[ -z "${dovecot_pid[$name]-}" ] || fail "dovecot_start: $name is there already"
	need dovecot
	tls_certificates
	server_user
	DOVECOT_DIR=$(server_place "dovecot.$name")
	dovecot_dir[$name]=$DOVECOT_DIR
	[ ${#dovecot_dir[@]} -gt 1 ] || at_end dovecot_end
	for word in ${quota:+QUOTA} $DOVECOT_CAPABILITIES $add; do
		[[ " $deny " == *" $word "* ]] || capabilities="$capabilities $word"
	done
	mkdir "$DOVECOT_DIR/mail"
	for user in anna berta carl@example.org; do
		mkdir -p "$DOVECOT_DIR/mail/$user/rawlog"
		printf '%s:{PLAIN}%s\n' "$user" "$DOVECOT_PASSWORD"
	done >"$DOVECOT_DIR/users"
	: >"$DOVECOT_DIR/log"
	cp "$TLS/server.pem" "$TLS/server.key" "$DOVECOT_DIR"
	dovecot_own
	for try in 1 2 3 4 5 6 7 8 9; do
		DOVECOT_PORT=$((10000 + RANDOM % 20000)) DOVECOT_TLS_PORT=$((10000 + RANDOM % 20000))
		dovecot_settings "$storage" "$capabilities" "$quota" "$extra" >"$DOVECOT_DIR/conf"
		$as_server dovecot -F -c "$DOVECOT_DIR/conf" >"$DOVECOT_DIR/stderr" 2>&1 </dev/null &
		dovecot_pid[$name]=$!
		dovecot_ports[$name]="$DOVECOT_PORT $DOVECOT_TLS_PORT"
		dovecot_now=$name
		! wait_for 20 dovecot_settled || dovecot_gone || return 0
		grep -q 'Address already in use' "$DOVECOT_DIR/log" "$DOVECOT_DIR/stderr" || break
		: >"$DOVECOT_DIR/log"
	done
	cat "$DOVECOT_DIR/stderr" "$DOVECOT_DIR/log"
	fail "Dovecot doesn't start (try $try)"
}

dovecot_gone()
{
	! kill -0 "${dovecot_pid[$dovecot_now]}" 2>/dev/null
}

dovecot_greets()
{
	local line

	{ exec 8<>"/dev/tcp/127.0.0.1/$DOVECOT_PORT"; } 2>/dev/null || return 1
	IFS= read -r -t 10 line <&8 || :
	exec 8<&-
	[[ $line == '* OK '*Dovecot* ]]
}

dovecot_settled()
{
	dovecot_gone || dovecot_greets
}

dovecot_use()
{
	dovecot_now=$1
	DOVECOT_DIR=${dovecot_dir[$1]}
	read -r DOVECOT_PORT DOVECOT_TLS_PORT <<<"${dovecot_ports[$1]}"
}

dovecot_stop()
{
	local pid=${dovecot_pid[$dovecot_now]-}

	[ -n "$pid" ] || return 0
	kill -TERM "$pid" 2>/dev/null || :
	wait "$pid" 2>/dev/null || :
	unset "dovecot_pid[$dovecot_now]"
}

dovecot_end()
{
	local name

	for name in "${!dovecot_dir[@]}"; do
		dovecot_use "$name"
		dovecot_stop
		[ "$DOVECOT_DIR" != "${DOVECOT_DIR#"$TMPDIR"/}" ] || rm -rf "$DOVECOT_DIR"
	done
}

dovecot_mail()
{
	echo "$DOVECOT_DIR/mail/${1:-anna}/store"
}

dovecot_own()
{
	server_own "$DOVECOT_DIR"
}

imap()
{
	IMAP_PASSWORD=$DOVECOT_PASSWORD python3 "$TOP/tests/tool/imap.py" "127.0.0.1:$DOVECOT_PORT" "$IMAP_USER" "$@"
}

put_mail()
{
	imap put "$@"
}

server_sha256()
{
	imap sha256 "$1"
}

client_said()
{
	local f

	# A line is "<seconds>.<microseconds> <what came>".
	for f in "$DOVECOT_DIR/mail/${1:-anna}/rawlog"/*.in; do
		[ ! -e "$f" ] || sed 's/^[0-9]*\.[0-9]* //; s/\r$//' "$f"
	done
}

client_forget()
{
	rm -f "$DOVECOT_DIR/mail/${1:-anna}/rawlog"/*
}

imapd_start()
{
	tls_certificates
	[ -n "${imapd_pid+set}" ] || at_end '[ -z "$imapd_pid" ] || kill -KILL "$imapd_pid" 2>/dev/null'
	imapd_pid=
	: >"$TMPDIR/imapd.port"
	imapd -t "$TLS" -l "$TMPDIR/imapd.log" "$@" >"$TMPDIR/imapd.port" 2>"$TMPDIR/imapd.err" &
	imapd_pid=$!
	wait_for 20 imapd_settled || fail "imapd doesn't start"
	[ -s "$TMPDIR/imapd.port" ] || { cat "$TMPDIR/imapd.err"; fail "imapd doesn't start"; }
	# shellcheck disable=SC2034
	IMAPD_PORT=$(cat "$TMPDIR/imapd.port")
}

imapd_settled()
{
	[ -s "$TMPDIR/imapd.port" ] || ! kill -0 "$imapd_pid" 2>/dev/null
}

imapd_stop()
{
	local rc=0

	kill -TERM "$imapd_pid" 2>/dev/null || :
	wait "$imapd_pid" || rc=$?
	imapd_pid=
	cat "$TMPDIR/imapd.err"
	[ $rc = 0 ] || fail "the client didn't keep to the script"
}

#!/usr/bin/env bash
#
# tests/lib-dialog.sh FILE - one dialogue: play the transcript FILE (the language of tests/tool/imapd.c) to the program.
#
# What is run, and what it should say, stands in comments at the start of lines of the same file:
#
#	# run: COMMAND		run it with a shell (default: mailkeep backup "$VAULT"); the lines below are about the last one
#	# exit: N		its exit status must be that (0)
#	# out: PATTERN		stdout must have a line with this glob somewhere in it; err: the same of stderr
#	# no-out: PATTERN, no-err: PATTERN	... must not
#	# seconds: N		it must take no longer
#	# before: COMMAND	before the first run: must succeed (default: dialog_init, a vault for the server's account)
#	# flavour: plain, # timeout: N	as for every test (tests/run)
#
# The commands see URL, imap://anna@127.0.0.1:PORT, or imaps:// where a connection begins with tls; PORT; VAULT; TLS, the
# directory of certificates; and what tests/lib.sh has.

# shellcheck source=tests/lib.sh
. "$TOP/tests/lib.sh"

file=$1
VAULT=$TMPDIR/vault

# dialog_init: a vault for the account on the scripted server.
dialog_init()
{
	(umask 077; echo secret >"$TMPDIR/password")
	if [[ $URL == imaps:* ]]; then
		set -- --tls-ca "$TLS/CA.pem"
	else
		set -- --insecure-plaintext
	fi
	mailkeep init --password-file "$TMPDIR/password" "$@" "$URL" "$VAULT"
}

# shellcheck disable=SC2016
default='mailkeep backup "$VAULT"'

# Commands and what is expected of them, in order.
runs=() befores=()
declare -A expect=()
directive='^# (run|exit|out|err|no-out|no-err|seconds|before): (.*)$'
while IFS= read -r line; do
	[[ $line =~ $directive ]] || continue
	word=${BASH_REMATCH[1]} rest=${BASH_REMATCH[2]}
	case $word in
	run)	runs+=("$rest") ;;
	before)	befores+=("$rest") ;;
	*)	[ ${#runs[@]} -gt 0 ] || runs=("$default")
		expect[$((${#runs[@]} - 1)).$word]+=$rest$'\n' ;;
	esac
done <"$file"
[ ${#runs[@]} -gt 0 ] || runs=("$default")
[ ${#befores[@]} -gt 0 ] || befores=(dialog_init)

imapd_start -I "$TOP/tests/dialog" "$file"
PORT=$IMAPD_PORT
URL=imap://anna@127.0.0.1:$PORT
! grep -q '^tls' "$file" || URL=imaps://anna@localhost:$PORT
export PORT URL VAULT TLS

for command in "${befores[@]}"; do
	eval "$command" >"$TMPDIR/out" 2>"$TMPDIR/err" || {
		cat "$TMPDIR/out" "$TMPDIR/err"
		fail "before: $command"
	}
done

# The client's mistakes come first: they explain the rest.
complain()
{
	kill -TERM "$imapd_pid" 2>/dev/null || :
	wait "$imapd_pid" || :
	cat "$TMPDIR/imapd.err"
	echo "--- what the client said"
	tail -n 20 "$TMPDIR/imapd.log"
	echo "--- stdout"
	tail -n 20 "$TMPDIR/out"
	echo "--- stderr"
	tail -n 20 "$TMPDIR/err"
	fail "$@"
}

for i in "${!runs[@]}"; do
	command=${runs[i]} rc=0 start=$SECONDS
	eval "$command" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null || rc=$?
	want=${expect[$i.exit]-0}
	[ "$rc" = "${want%$'\n'}" ] || complain "exit $rc instead of ${want%$'\n'}: $command"
	want=${expect[$i.seconds]-}
	[ -z "$want" ] || [ $((SECONDS - start)) -le "${want%$'\n'}" ] || complain "it took $((SECONDS - start)) s: $command"
	for word in out err no-out no-err; do
		while IFS= read -r want; do
			[ -n "$want" ] || continue
			case $word in
			no-*) ! said_in "$TMPDIR/${word#no-}" "$want" || complain "$word: $want" ;;
			*)    said_in "$TMPDIR/$word" "$want" || complain "$word: $want" ;;
			esac
		done <<<"${expect[$i.$word]-}"
	done
done
imapd_stop

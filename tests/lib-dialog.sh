#!/usr/bin/env bash
#
# tests/lib-dialog.sh FILE - one dialogue: play the transcript FILE (the language of tests/tool/imapd.c) to the program.
#
# What is run, and what is to come of it, stands in comments at the start of lines of the same file, beside the
# "connection:" that a run meets.  A file may have any number of runs; what is expected belongs to the last one above it.
#
#	# run: COMMAND		run it with a shell (default: backup, which is mailkeep -v backup "$@" "$VAULT")
#	# exit: N		its exit status must be that (0)
#	# out: PATTERN		stdout must have a line with this glob somewhere in it; err: the same of stderr
#	# no-out: PATTERN, no-err: PATTERN	... must not
#	# seconds: N		it must take no longer
#	# memory: MIB		it must need no more (resident, at most; say flavour: plain)
#	# vault: LINE		the vault must hold exactly what these lines say, as tests/dialog/vault.py prints it:
#				messages with their bytes, "- " before those that are gone, "? " before what is missing
#	# folder: LINE		likewise its folders; neither is looked at where no line says anything; "nothing" is none
#	# record: PATTERN	a line of the manifests that the run wrote must match this glob, as a whole; no-record: none may
#	# counts: NAME=N...	the run's end must say so
#	# then: COMMAND		must succeed afterwards
#	# before: COMMAND	before the first run: must succeed (default: dialog_init, a vault for the server's account)
#	# flavour: plain, # timeout: N	as for every test (tests/run)
#
# The commands see URL, imap://anna@127.0.0.1:PORT, or imaps:// where a connection begins with tls; PORT; VAULT; TLS, the
# directory of certificates; and what tests/lib.sh has.  After every run the vault is read by vault.py, which replays the
# manifests by itself, and "mailkeep list" must agree with it; after the last one tests/tool/readvault.py has a look, too.

# shellcheck source=tests/lib.sh
. "$TOP/tests/lib.sh"

file=$1
VAULT=$TMPDIR/vault

# dialog_init [OPTION...]: a vault for the account on the scripted server; nothing is asked of that.
dialog_init()
{
	(umask 077; echo secret >"$TMPDIR/password")
	if [[ $URL == imaps:* ]]; then
		set -- --tls-ca "$TLS/CA.pem" "$@"
	else
		set -- --insecure-plaintext "$@"
	fi
	mailkeep init --offline --password-file "$TMPDIR/password" "$@" "$URL" "$VAULT"
}

backup()
{
	mailkeep -v backup "$@" "$VAULT"
}

# Commands and what is expected of them, in order.
runs=() befores=()
declare -A expect=()
directive='^# (run|exit|out|err|no-out|no-err|seconds|memory|vault|folder|record|no-record|counts|then|before): (.*)$'
while IFS= read -r line; do
	[[ $line =~ $directive ]] || continue
	word=${BASH_REMATCH[1]} rest=${BASH_REMATCH[2]}
	case $word in
	run)	runs+=("$rest") ;;
	before)	befores+=("$rest") ;;
	*)	[ ${#runs[@]} -gt 0 ] || runs=(backup)
		expect[$((${#runs[@]} - 1)).$word]+=$rest$'\n' ;;
	esac
done <"$file"
[ ${#runs[@]} -gt 0 ] || runs=(backup)
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
	tail -n 20 "$TMPDIR/imapd.log" | cut -c 1-200
	for f in out err; do
		echo "--- std$f"
		tail -n 20 "$TMPDIR/$f" | cut -c 1-1000
	done
	echo "--- the vault"
	cut -c 1-200 "$TMPDIR/holds" 2>/dev/null || :
	imapd_pid=
	fail "run $((i + 1)): $*"
}

# wanted WORD: what run $i is to do, a line each.
wanted()
{
	printf '%s' "${expect[$i.$1]-}"
}

check_words()
{
	local word want

	for word in out err no-out no-err; do
		while IFS= read -r want; do
			case $word in
			no-*) ! said_in "$TMPDIR/${word#no-}" "$want" || complain "$word: $want" ;;
			*)    said_in "$TMPDIR/$word" "$want" || complain "$word: $want" ;;
			esac
		done < <(wanted $word)
	done
}

# check_lines WORD: exactly those lines.
check_lines()
{
	local word=$1

	wanted "$word" | sed '/^nothing$/d' | LC_ALL=C sort >"$TMPDIR/want"
	[ -n "$(wanted "$word")" ] || return 0
	sed -n "s/^$word: //p" "$TMPDIR/holds" | LC_ALL=C sort >"$TMPDIR/have"
	cmp -s "$TMPDIR/want" "$TMPDIR/have" && return 0
	diff -u --label "expected" --label "in the vault" "$TMPDIR/want" "$TMPDIR/have" | cut -c 1-1000 || :
	complain "the vault doesn't hold what it should"
}

check_vault()
{
	local want word

	[ -e "$VAULT/vault.json" ] || return 0
	python3 "$TOP/tests/dialog/vault.py" "$VAULT" "$commits" >"$TMPDIR/holds" 2>"$TMPDIR/why" || {
		cat "$TMPDIR/why"
		complain "the vault is not right"
	}
	check_lines vault
	check_lines folder
	while IFS= read -r want; do
		grep '^record: ' "$TMPDIR/holds" | cut -c 9- >"$TMPDIR/have" || :
		said_in "$TMPDIR/have" "$want" || { cut -c 1-500 "$TMPDIR/have"; complain "record: $want"; }
	done < <(wanted record)
	while IFS= read -r want; do
		sed -n 's/^record: //p' "$TMPDIR/holds" >"$TMPDIR/have"
		! said_in "$TMPDIR/have" "$want" || { cut -c 1-500 "$TMPDIR/have"; complain "no-record: $want"; }
	done < <(wanted no-record)
	for word in $(wanted counts); do
		grep -qx "count: $word" "$TMPDIR/holds" || { grep '^count: ' "$TMPDIR/holds"; complain "counts: $word"; }
	done
}

# perform: run $command.  One that the script doesn't go with need not find out how patient the program is.
perform()
{
	local rc=0

	set -m
	(set +m; eval "$command") >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null &
	run_pid=$!
	set +m
	while kill -0 "$run_pid" 2>/dev/null; do
		sleep 0.02
		[ -s "$TMPDIR/imapd.err" ] || continue
		wait_for 1 gone "$run_pid" || kill -KILL -- "-$run_pid" 2>/dev/null || :
		break
	done
	wait "$run_pid" || rc=$?
	run_pid=
	return $rc
}

gone()
{
	! kill -0 "$1" 2>/dev/null
}

run_pid=
at_end '[ -z "$run_pid" ] || kill -KILL -- "-$run_pid" 2>/dev/null'

for i in "${!runs[@]}"; do
	command=${runs[i]} rc=0 start=$SECONDS
	commits=$(find "$VAULT/manifests" -name '*.zst' 2>/dev/null | wc -l)
	: >"$TMPDIR/holds"
	if [ -n "$(wanted memory)" ]; then
		# In one process, so that it is the program that is measured.
		command="exec python3 '$TOP/tests/dialog/vault.py' --memory $(wanted memory) ${command/#backup/mailkeep -v backup \"\$VAULT\"}"
	fi
	perform || rc=$?
	want=$(wanted exit)
	[ "$rc" = "${want:-0}" ] || complain "exit $rc instead of ${want:-0}: $command"
	want=$(wanted seconds)
	[ -z "$want" ] || [ $((SECONDS - start)) -le "$want" ] || complain "it took $((SECONDS - start)) s: $command"
	check_words
	check_vault
	while IFS= read -r command; do
		(eval "$command") >"$TMPDIR/then" 2>&1 </dev/null || { cat "$TMPDIR/then"; complain "then: $command"; }
	done < <(wanted 'then')
done
imapd_stop
if [ -e "$VAULT/vault.json" ] && [ -e "$TOP/tests/tool/readvault.py" ]; then
	python3 "$TOP/tests/tool/readvault.py" -q "$VAULT"
fi

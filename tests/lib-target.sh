# shellcheck shell=bash
#
# tests/lib-target.sh - an account to restore to, on a server with faults (tests/tool/target.py), and a vault to restore from;
# a script includes it after lib.sh.
#
#	target_start OPTION...		start one; sets TARGET_PORT, TARGET_LOG and TARGET (the URL that --to takes)
#	target_faults OPTION...		other faults from now on; none: it behaves
#	target_dump			"FOLDER<tab>SHA-256<tab>flags<tab>date in seconds" of each message there, sorted
#	target_folders			"NAME<tab>attributes" of each folder, sorted
#	target_imap COMMAND...		tests/tool/imap.py as the owner, who sees no faults
#	target_put FOLDER FLAGS DATE TEXT	append a message as the owner, but quicker
#	target_log PATTERN		the lines of its log that match (an extended regular expression); target_count: how many
#	target_forget			the log is empty
#	target_stop
#	target_vault VAULT		about sixty messages in seven folders: see there.  What a restore has to bring is in
#					$TMPDIR/wanted (as target_dump has it), the folders in $TMPDIR/wanted-folders
#	restore VAULT [OPTION...]	mailkeep restore to the target; it must exit 0 (EXIT=N: N); what it said is in
#					$TMPDIR/out and $TMPDIR/err; try_restore: whatever comes of it
#	restore_on VAULT [OPTION...]	again and again, as long as it exits 75 (at most RESTORE_TIMES), then it must exit 0
#					(EXIT=N: N); RESTORED_IN is how often
#	killed_restore SECONDS VAULT [OPTION...]	it is killed after so long
#	target_before			what is there now is to stay as it is
#	target_has_all [COLUMNS]	each message of $TMPDIR/wanted is there once, and what was there before is as it was; and
#					no client made a mistake
#	nothing_appended VAULT [OPTION...]	another restore has nothing to do
# What is being tried is told in $trying when it fails.
#
#	trial COMMAND...		do that beside other trials, with a TMPDIR, HOME and target of its own, that begins with
#					$TMPDIR/wanted* of here: most of them only wait.  trials_end: wait for them, and fail if
#					one has failed

# target_ask COMMAND: one that works without signing in; its answers.
target_ask()
{
	local line

	exec 7<>"/dev/tcp/127.0.0.1/$TARGET_PORT"
	printf 'x %s\r\n' "$1" >&7
	while IFS= read -r -t 60 line <&7; do
		line=${line%$'\r'}
		case $line in
		'x OK'*) exec 7<&-; return 0 ;;
		'x '*) break ;;
		'* OK [CAP'*) ;;
		*) printf '%s\n' "${line#\* }" ;;
		esac
	done
	exec 7<&-
	fail "the target: ${line:-no answer} to $1"
}

target_start()
{
	need python3
	[ -n "${target_pid+set}" ] || at_end '[ -z "$target_pid" ] || { kill -TERM "$target_pid"; wait "$target_pid"; } 2>/dev/null'
	[ -z "${target_pid-}" ] || target_stop
	TARGET_LOG=$TMPDIR/target.log
	# It may get the port that another one had.
	rm -rf "$HOME/.local/state/mailkeep"
	: >"$TARGET_LOG"
	: >"$TMPDIR/target.port"
	: >"$TMPDIR/target.before"
	python3 -IS "$TOP/tests/tool/target.py" --log "$TARGET_LOG" "$@" >"$TMPDIR/target.port" 2>"$TMPDIR/target.err" &
	target_pid=$!
	wait_for 20 target_settled || fail "the target doesn't start"
	[ -s "$TMPDIR/target.port" ] || { cat "$TMPDIR/target.err"; fail "the target doesn't start"; }
	TARGET_PORT=$(cat "$TMPDIR/target.port")
	TARGET=imap://anna@127.0.0.1:$TARGET_PORT
	(umask 077; echo secret >"$TMPDIR/target.password")
}

target_settled()
{
	[ -s "$TMPDIR/target.port" ] || ! kill -0 "$target_pid" 2>/dev/null
}

target_stop()
{
	kill -TERM "$target_pid" 2>/dev/null || :
	wait "$target_pid" 2>/dev/null || :
	target_pid=
	[ ! -s "$TMPDIR/target.err" ] || { cat "$TMPDIR/target.err"; fail "the target has failed"; }
}

target_faults()
{
	local o

	o=$(printf ' %q' "$@")
	[ $# -gt 0 ] || o=
	target_ask "XSET$o"
}

target_dump()
{
	target_ask XDUMP
}

target_folders()
{
	target_ask XFOLDERS
}

target_imap()
{
	IMAP_PASSWORD=any python3 "$TOP/tests/tool/imap.py" "127.0.0.1:$TARGET_PORT" owner "$@"
}

target_put()
{
	local line

	exec 7<>"/dev/tcp/127.0.0.1/$TARGET_PORT"
	printf 'x LOGIN owner x\r\ny APPEND "%s" (%s) "%s" {%d+}\r\n%s\r\nz LOGOUT\r\n' "$1" "$2" "$3" ${#4} "$4" >&7
	while IFS= read -r -t 60 line <&7; do
		[[ $line != 'y OK'* ]] || { exec 7<&-; return 0; }
	done
	exec 7<&-
	fail "the target doesn't take a message"
}

target_log()
{
	grep -E -- "$1" "$TARGET_LOG" || :
}

target_count()
{
	grep -c -E -- "$1" "$TARGET_LOG" || :
}

target_forget()
{
	: >"$TARGET_LOG"
}

target_before()
{
	target_dump >"$TMPDIR/target.before"
}

# target_vault VAULT [plain|odd]: a backup of target.py's sample: equal messages in a folder and in two, keywords, dates, special
# uses, subscriptions, an empty folder; odd: and some that servers refuse.
target_vault()
{
	target_start --sample "${2-plain}"
	expect_exit 0 mailkeep init --insecure-plaintext --password-file "$TMPDIR/target.password" "$TARGET" "$1"
	expect_exit 0 mailkeep backup "$1"
	# A restore doesn't bring \Deleted, unless it is told to.
	target_dump >"$TMPDIR/wanted-all"
	sed 's/\(\t\| \)\\Deleted /\1/; s/\(\t\| \)\\Deleted\t/\t/' "$TMPDIR/wanted-all" | LC_ALL=C sort >"$TMPDIR/wanted"
	target_folders >"$TMPDIR/wanted-folders"
	target_stop
}

# try_restore VAULT [OPTION...]: whatever comes of it.
try_restore()
{
	local vault=$1

	shift
	mailkeep restore -v --yes --insecure-plaintext --password-file "$TMPDIR/target.password" --to "$TARGET" "$@" \
		"$vault" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null
}

# killed_restore SECONDS VAULT [OPTION...]: it is killed after so long.
killed_restore()
{
	local after=$1 vault=$2 pid

	shift 2
	mailkeep restore --yes --insecure-plaintext --password-file "$TMPDIR/target.password" --to "$TARGET" "$@" "$vault" \
		>"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null &
	pid=$!
	sleep "$after"
	kill -KILL $pid 2>/dev/null || :
	wait $pid 2>/dev/null || :
}

restore()
{
	local rc=0

	try_restore "$@" || rc=$?
	[ $rc != "${EXIT-0}" ] || return 0
	tail -n 20 "$TMPDIR/out" "$TMPDIR/err"
	target_trouble "exit $rc instead of ${EXIT-0}"
}

restore_on()
{
	local rc n=0

	while [ $n -lt "${RESTORE_TIMES-20}" ]; do
		n=$((n + 1)) rc=0
		try_restore "$@" || rc=$?
		[ $rc = 75 ] || break
	done
	# shellcheck disable=SC2034
	RESTORED_IN=$n
	[ $rc != "${EXIT-0}" ] || return 0
	tail -n 20 "$TMPDIR/out" "$TMPDIR/err"
	target_trouble "exit $rc instead of ${EXIT-0}, the time number $n"
}

# target_trouble WORDS...: fail, with what the trial was.
target_trouble()
{
	local i

	for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
		[[ ${BASH_SOURCE[i]} == */lib-target.sh ]] || break
	done
	if [ -n "${trying-}" ]; then
		echo "--- the end of the target's log"
		tail -n 12 "$TARGET_LOG" | LC_ALL=C cut -c -200
		fail "line ${BASH_LINENO[i - 1]}: $trying: $*"
	fi
	fail "line ${BASH_LINENO[i - 1]}: $*"
}

# target_has_all [COLUMNS]: or only these of each message; "1,3,4" where the server changes contents.
target_has_all()
{
	local c=${1-1-4}

	[ -z "$(target_log MISTAKE)" ] || { target_log MISTAKE | head; target_trouble "the client made mistakes"; }
	cat "$TMPDIR/wanted" "$TMPDIR/target.before" | cut -f "$c" | LC_ALL=C sort >"$TMPDIR/should"
	target_dump | cut -f "$c" | LC_ALL=C sort >"$TMPDIR/is"
	cmp -s "$TMPDIR/should" "$TMPDIR/is" && return 0
	diff "$TMPDIR/should" "$TMPDIR/is" | head -n 30 || :
	target_trouble "not one of each: $(diff "$TMPDIR/should" "$TMPDIR/is" | grep -c '^<') missing, $(diff \
		"$TMPDIR/should" "$TMPDIR/is" | grep -c '^>') too many"
}

# nothing_appended VAULT [OPTION...]: another restore has nothing to do.
nothing_appended()
{
	local before

	before=$(target_count ' C: [^ ]+ APPEND ')
	restore "$@"
	[ "$(target_count ' C: [^ ]+ APPEND ')" = "$before" ] || target_trouble "a restore that was complete appended something"
}

trials=0
running=()

# In a process of its own.
trial_alone()
{
	local dir=$1

	shift
	# shellcheck disable=SC2034
	endings=()
	trap ending EXIT
	unset target_pid by_hand
	TMPDIR=$dir HOME=$dir
	ulimit -t 30
	SECONDS=0
	"$@"
	printf '%s s: %s\n' $SECONDS "$*" >"$dir/good"
}

trial()
{
	local dir pid alive

	while [ ${#running[@]} -ge "${TRIALS-16}" ]; do
		wait -n "${running[@]}" 2>/dev/null || :
		alive=()
		for pid in "${running[@]}"; do
			! kill -0 "$pid" 2>/dev/null || alive+=("$pid")
		done
		running=(${alive[@]+"${alive[@]}"})
	done
	trials=$((trials + 1))
	dir=$TMPDIR/trial.$trials
	mkdir "$dir"
	compgen -G "$TMPDIR/wanted*" >/dev/null && cp "$TMPDIR"/wanted* "$dir"
	trial_alone "$dir" "$@" >"$dir/said" 2>&1 &
	running+=($!)
}

trials_end()
{
	local i bad=0

	[ ${#running[@]} = 0 ] || wait "${running[@]}" || :
	running=()
	for ((i = 1; i <= trials; i++)); do
		[ ! -e "$TMPDIR/trial.$i/good" ] || continue
		bad=$((bad + 1))
		[ $bad -gt "${TRIALS_SHOWN-4}" ] || cat "$TMPDIR/trial.$i/said"
		[ $bad -le "${TRIALS_SHOWN-4}" ] || grep -a '^FAILED' "$TMPDIR/trial.$i/said" | tail -n 1
	done
	[ $bad = 0 ] || fail "$bad of $trials trials"
	echo "$trials trials"
}

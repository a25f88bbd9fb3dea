# kill -9 of a restore before, in the middle of and after each call that changes its journal or other files of its own, and
# at any moment: another run needs no help, there is one copy of each message, and a third one appends nothing (R81, R83).
# flavour: plain
# timeout: 3600
# shellcheck disable=SC2086
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"

V=$TMPDIR/vault
target_vault "$V"
plain='--without MULTIAPPEND'
blind='--without MULTIAPPEND,UIDPLUS,LITERAL+'
changes='--without MULTIAPPEND --rewrite header'

# crashing VARIABLE=VALUE...: restore with the library that kills it; its exit status in $rc.
crashing()
{
	rc=0
	mkdir -p "$HOME/.local/state"
	env LD_PRELOAD="$BUILD/tests/tool/preload_crash.so" MK_CRASH_UNDER="$HOME/.local/state" "$@" \
		mailkeep restore --yes --insecure-plaintext --password-file "$TMPDIR/target.password" --to "$TARGET" "$V" \
		>"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null || rc=$?
}

mends()
{
	local columns='' before

	if [[ $trying == *rewrite* ]]; then
		# The journal alone knows what is whose; what the second run finds changed it tells.
		columns=1,3,4
		try_restore "$V" || [ $? = 3 ] || target_trouble "exit $?"
	else
		restore_on "$V"
	fi
	target_has_all $columns
	before=$(target_count stored)
	nothing_appended "$V"
	[ "$(target_count stored)" = "$before" ] || target_trouble "something was appended again"
	target_has_all $columns
}

# killed N HOW OPTION...
killed()
{
	local n=$1 how=$2

	shift 2
	trying="$how call $n: $*"
	target_start "$@"
	crashing MK_CRASH_AT="$n" MK_CRASH_HOW="$how"
	[ $rc = 137 ] || [ $rc = 0 ] || [[ $trying == *rewrite* && $rc = 3 ]] || target_trouble "exit $rc: $(cat "$TMPDIR/err")"
	mends
}

# cold MILLISECONDS OPTION...: killed after so long.
cold()
{
	local ms=$1

	shift
	trying="after $ms ms: $*"
	target_start "$@"
	killed_restore "0.$(printf %03d "$ms")" "$V"
	mends
}

points=0
for way in '' "$plain" "$blind" "$changes"; do
	target_start $way
	calls=$TMPDIR/calls
	rm -f "$calls"
	crashing MK_CRASH_LOG="$calls"
	[ $rc = 0 ] || [[ $way == *rewrite* && $rc = 3 ]] || fail "exit $rc without a crash: $(cat "$TMPDIR/err")"
	target_stop
	n=$(wc -l <"$calls")
	[ "$n" -ge 20 ] || fail "only $n calls: does the library see them all?"
	while read -r i _ sort _; do
		for how in before half after; do
			[ $how != half ] || [ "$sort" = W ] || continue
			points=$((points + 1))
			# A sample, another one for each way.
			[ -n "${MK_CRASH-}" ] || [ $((points % 17)) = 0 ] || continue
			trial killed "$i" $how $way
		done
	done <"$calls"
	for i in 1 2 3 4 5; do
		trial cold $((i * i * 4 + RANDOM % 15 + 1)) $way --go-on
	done
done
echo "$points points"
trials_end

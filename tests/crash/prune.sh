# kill -9 of a prune: before, in the middle of and after each call that changes the vault, and while the server carries out
# each of its commands.  Another run needs no help: it comes to what it would have come to, no mark is left, nothing else is
# touched, what is gone is in the vault and known as deleted by a run (R106, R111).
# flavour: plain
# timeout: 3600
# shellcheck disable=SC2086,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"
. "$TOP/tests/lib-prune.sh"

prune_world
export POLICY='--older-than 1y --folder INBOX --folder Trash'
GO=$TMPDIR/go
grep '^\(INBOX\|Trash\)	' "$WORLD/go" >"$GO"
preload="env LD_PRELOAD=$BUILD/tests/tool/preload_crash.so"

# What is gone is no loss: the next backup has nothing to say, and the vault knows of each that it was deleted.
mends()
{
	EXIT=0 prune_on
	safe
	all_gone
	target_faults $full
	expect_exit 0 mailkeep backup "$V"
	python3 -IS "$TOP/tests/tool/readvault.py" "$V" pruned | cut -f 2-5 >"$TMPDIR/pruned"
	cut -f 1-4 "$GO" | LC_ALL=C sort | LC_ALL=C comm -23 - <(LC_ALL=C sort "$TMPDIR/pruned") >"$TMPDIR/lost"
	[ ! -s "$TMPDIR/lost" ] || { cat "$TMPDIR/lost"; target_trouble "not known as deleted by a run"; }
	nothing_pruned
}

# killed N HOW OPTION...: at a call.
killed()
{
	local n=$1 how=$2

	shift 2
	trying="$how call $n: $*"
	prune_target "$@"
	CRASHING="$preload MK_CRASH_UNDER=$V MK_CRASH_AT=$n MK_CRASH_HOW=$how" try_prune
	[ $rc = 137 ] || [ $rc = 0 ] || target_trouble "exit $rc: $(cat "$TMPDIR/err")"
	mends
}

# shot N before|after OPTION...: while a command is carried out.
shot()
{
	local n=$1 how=$2

	shift 2
	trying="$how command $n: $*"
	prune_target "$@" --at ".@$n:$how=kill $TMPDIR/pid"
	try_prune
	[ $rc = 137 ] || [ $rc = 0 ] || target_trouble "exit $rc: $(cat "$TMPDIR/err")"
	mends
}

points=0
for way in "$full" "$plain"; do
	trying=$way
	prune_target $way
	calls=$TMPDIR/calls
	rm -f "$calls"
	CRASHING="$preload MK_CRASH_UNDER=$V MK_CRASH_LOG=$calls" try_prune
	[ $rc = 0 ] || fail "exit $rc without a crash: $(cat "$TMPDIR/err")"
	target_log ' C: ' | grep -v -c ' C: x ' >"$TMPDIR/commands"
	n=$(wc -l <"$calls")
	[ "$n" -ge 20 ] || fail "only $n calls: does the library see them all?"
	while read -r i _ sort _; do
		for how in before half after; do
			[ $how != half ] || [ "$sort" = W ] || continue
			points=$((points + 1))
			# A sample, another one for each way.
			[ -n "${MK_CRASH-}${MK_ALL-}" ] || [ $((points % 53)) = 0 ] || continue
			in_series killed "$i" $how $way
		done
	done <"$calls"
	# Not the last one, LOGOUT: it may come when nobody is there to be killed any more.
	for ((i = 1; i < $(cat "$TMPDIR/commands"); i++)); do
		for how in before after; do
			points=$((points + 1))
			[ -n "${MK_CRASH-}${MK_ALL-}" ] || [ $((points % 9)) = 0 ] || continue
			in_series shot $i $how $way
		done
	done
done

# begun OPTION...: it is killed when all of INBOX's are marked, and another client has marked one more.
begun()
{
	prune_target "$@" --at "UID EXPUNGE@1=kill $TMPDIR/pid"
	try_prune
	[ $rc = 137 ] || target_trouble "exit $rc: $(cat "$TMPDIR/err")"
	target_do 'store INBOX 1,36 + \Deleted'
	[ "$(target_state | grep -c '^INBOX.*Deleted')" = 20 ] || target_trouble "not all are marked"
	target_faults "$@"
}
# only_others: what others marked is marked still, and nothing else.
only_others()
{
	target_state | awk -F '\t' '$6 ~ /Deleted/ { print $1 ":" $3 }' | LC_ALL=C sort | tr '\n' ' ' >"$TMPDIR/marked"
	[ "$(cat "$TMPDIR/marked")" = "INBOX:1 INBOX:31 INBOX:32 INBOX:36 " ] || target_trouble "marked: $(cat "$TMPDIR/marked")"
	no_mistakes
}

# The next run wants something else, or nothing of that folder: our marks are taken back.
otherwise()
{
	trying="otherwise: $*"
	begun "${@:2}"
	POLICY=$1 prune
	only_others
	gone_is_saved
	none_gone
}
# Some of them were flagged or read meanwhile: these stay, without our mark; the rest goes.
changed()
{
	trying="changed: $*"
	begun "$@"
	target_do 'store INBOX 12,20 + \Flagged'
	target_do 'store INBOX 13 - \Seen'
	[ -z "${backed_up-}" ] || expect_exit 0 mailkeep backup "$V"
	prune
	only_others
	gone_is_saved
	gone $(($(wc -l <"$GO") - 3))
}
backed_up_changed()
{
	backed_up=1 changed "$@"
}
for way in "$full" "$plain"; do
	in_series otherwise '--older-than 20y' $way
	in_series otherwise '--older-than 20y --folder INBOX' $way
	in_series otherwise '--older-than 20y --folder Sent' $way
	in_series changed $way
	in_series backed_up_changed $way
done
target_stop
echo "$points points"
series_end

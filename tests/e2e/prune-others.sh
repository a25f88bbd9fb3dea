# Other clients at work while messages are deleted: mail that comes survives, and so does what they flag, mark as deleted or
# change; what they mark stays marked, what they delete is not counted as ours (R103, R104).
# flavour: plain
# timeout: 600
# shellcheck disable=SC2086,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"
. "$TOP/tests/lib-prune.sh"

prune_world
export POLICY='--older-than 1y --folder INBOX --folder Sent'
GO=$TMPDIR/go
grep '^\(INBOX\|Sent\)	' "$WORLD/go" >"$GO"
# Two of INBOX that go.
A=12 B=20
# The commands of a prune, and each of them in INBOX.
listing='INTERNALDATE RFC822.SIZE.$'
proving='UID FETCH .*BODY.PEEK'
seeing='UID FETCH [0-9:,]+ .UID FLAGS.$'
mark='UID STORE .*[+]FLAGS'
each=("EXAMINE .INBOX" "$listing@1" "SELECT .INBOX" "$proving@1" "$mark@1" "$seeing@1" "UID EXPUNGE@1" "$seeing@2" "SELECT .Sent")

# It comes to the same whatever comes meanwhile, and that stays.
delivered()
{
	trying=$*
	prune_target "$@"
	prune
	safe
	all_gone
	[ "$(target_count ' meanwhile: deliver')" = 1 ] || target_trouble "nothing was delivered"
	target_state | awk -F '\t' -v now="$PRUNE_NOW" '$1 == "INBOX" && $7 >= now' >"$TMPDIR/new"
	[ "$(wc -l <"$TMPDIR/new")" = 3 ] || target_trouble "$(wc -l <"$TMPDIR/new") of 3 new ones are there"
}
for way in "$full" "$plain"; do
	for at in "${each[@]}"; do
		for where in before after; do
			in_series delivered $way --at "$at:$where=deliver INBOX 3"
		done
	done
done

# What is flagged, or made unread, stays: as long as it can be known, and where CONDSTORE is there up to the mark.
flagged()
{
	local how=$1 at=$2

	shift 2
	trying="$how $at $*"
	prune_target "$@" --at "$at=store INBOX $A,$B ${how#* }"
	EXIT=any prune
	[ "$rc" = 0 ] || [ "$rc" = 3 ] || target_trouble "exit $rc"
	nobody_marked
	no_mistakes
	gone $(($(wc -l <"$GO") - 2))
	[ "${how%% *}" = unread ] || has '\Flagged' $A
	[ "${how%% *}" = unread ] || has '\Flagged' $B
	# That was no fault of the vault's, and nothing is left to do.
	target_faults $full
	prune
	gone $(($(wc -l <"$GO") - 2))
	gone_is_saved
}
for way in "$full" "$plain"; do
	for how in 'flagged + \Flagged' 'unread - \Seen'; do
		for at in "EXAMINE .INBOX" "$listing@1:after" "SELECT .INBOX" "SELECT .INBOX@1:after" "$proving@1" "$proving@1:after" \
			"$mark@1" "$seeing@1"; do
			in_series flagged "$how" "$at" $way
		done
	done
done

# What another marks is left to him: it is there, and marked.
marked()
{
	trying=$*
	prune_target "${@:2}" --at "$1=store INBOX $A,$B + \\Deleted"
	EXIT=any prune
	[ "$rc" = 0 ] || [ "$rc" = 3 ] || target_trouble "exit $rc"
	no_mistakes
	stays
	gone $(($(wc -l <"$GO") - 2))
	has '\Deleted' $A
	has '\Deleted' $B
	target_faults $full
	prune
	has '\Deleted' $A
	gone $(($(wc -l <"$GO") - 2))
}
for way in "$full" "$plain"; do
	for at in "EXAMINE .INBOX" "$listing@1:after" "SELECT .INBOX" "$proving@1"; do
		in_series marked "$at" $way
	done
done
for at in "$proving@1:after" "$mark@1"; do
	in_series marked "$at" $full
done

# Marked already by what a lost connection left, and then it is flagged: it stays, and without our mark.
flagged_late()
{
	trying=$*
	prune_target --cut-command 'UID EXPUNGE@1:before' --at "$1=store INBOX $A,$B + \\Flagged" "${@:2}"
	EXIT=any prune
	[ "$rc" = 0 ] || [ "$rc" = 3 ] || target_trouble "exit $rc"
	nobody_marked
	no_mistakes
	gone $(($(wc -l <"$GO") - 2))
	has '\Flagged' $A
}
for way in "$full" "$plain"; do
	for at in "$seeing@2" "$proving@2" "$proving@2:after" "$mark@2"; do
		in_series flagged_late "$at" $way
	done
done

# A mark that is taken from us: what isn't marked isn't deleted.
unmarked()
{
	trying=$*
	prune_target "${@:2}" --at "$1=store INBOX $A,$B - \\Deleted"
	EXIT=3 prune
	unharmed
	gone $(($(wc -l <"$GO") - 2))
	goes_on
}
for way in "$full" "$plain"; do
	for at in "$mark@1:after" "$seeing@1" "$seeing@1:after" "UID EXPUNGE@1"; do
		in_series unmarked "$at" $way
	done
done

# What another deletes is not there any more, and not counted as ours.
deleted()
{
	local rows

	trying=$*
	prune_target "${@:2}" --at "$1=expunge INBOX $A,$B"
	prune
	safe
	all_gone
	# Neither is it said to be saved by us: the vault has it all the same.
	rows=$(python3 -IS "$TOP/tests/tool/readvault.py" "$V" pruned | wc -l)
	[ "$rows" -le "$(wc -l <"$GO")" ] || target_trouble "$rows are known as deleted by a run"
	expect_exit 0 mailkeep backup "$V"
}
for way in "$full" "$plain"; do
	for at in "${each[@]}"; do
		[[ $at = *Sent* ]] || in_series deleted "$at" $way
	done
done

# Others delete other messages in between: what is counted is ours.
aside()
{
	trying=$*
	prune_target "${@:2}" --at "$1=expunge INBOX 1:8"
	target_ask XKEEP
	prune
	gone_is_saved
	no_mistakes
	nobody_marked
	all_gone
	said "deleted $(wc -l <"$GO") messages"
}
for way in "$full" "$plain"; do
	for at in "$proving@1" "$mark@1:after" "UID EXPUNGE@1" "UID EXPUNGE@1:after" "$seeing@2:after"; do
		in_series aside "$at" $way
	done
done
target_stop
series_end 3

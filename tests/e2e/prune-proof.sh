# A proof is of one session, and of what was there then: what happens between it and the deletion keeps a message, or is told
# as what it is (R99, R100, R103, R106).
# flavour: plain
# timeout: 600
# shellcheck disable=SC2086,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"
. "$TOP/tests/lib-prune.sh"

prune_world
export POLICY='--older-than 1y --folder INBOX'
GO=$TMPDIR/go
grep '^INBOX	' "$WORLD/go" >"$GO"
n=$(wc -l <"$GO")
proving='UID FETCH .*BODY.PEEK'
foreign='store INBOX 12 + \Deleted'

# came_to STATUS GONE: that is how it ended, and so many are gone.
came_to()
{
	[ "$rc" = "$1" ] || target_trouble "exit $rc, not $1: $(cat "$TMPDIR/err")"
	gone "$2"
	no_mistakes
	gone_is_saved
}

# The answers of the comparison came, and then the connection was lost: all of it is compared again.
lost_session()
{
	trying=$*
	prune_target $full --cut-command "$proving@1:told" --at "SELECT .INBOX@2:before=alter INBOX 12 $2"
	try_prune --compare "$1"
	[ "$rc" = 3 ] || target_trouble "exit $rc: $(cat "$TMPDIR/err")"
	no_mistakes
	gone_is_saved
	has INBOX 12
	grep -q 'UID 12 .*stays' "$TMPDIR/err" || target_trouble "UID 12 is not named: $(cat "$TMPDIR/err")"
}
in_series lost_session headers header
in_series lost_session full header
in_series lost_session full body

# marked_meanwhile OPTION...: what another client marks stays, and keeps its mark, also when it is done again.
marked_meanwhile()
{
	trying=$*
	prune_target $full "$@"
	try_prune
	came_to 0 $((n - 1))
	has '\Deleted' 12
	target_faults $full
	try_prune
	came_to 0 $((n - 1))
	has '\Deleted' 12
}
in_series marked_meanwhile --cut-command "$proving@1:told" --at "SELECT .INBOX@2:before=$foreign"
in_series marked_meanwhile --fetch "missing:BODY.PEEK@1" --at "SELECT .INBOX@2:before=$foreign"
in_series marked_meanwhile --at "UID STORE@1:before=$foreign" --cut-command 'UID EXPUNGE@1:before'

# The server said that somebody had changed it, then the run was killed: the next one doesn't take that mark for its own.
marked_and_killed()
{
	trying=killed
	prune_target $full --at "UID STORE@1:before=$foreign" --at "UID EXPUNGE@1:before=kill $TMPDIR/pid"
	try_prune
	target_faults $full
	POLICY='--older-than 9y --folder INBOX' try_prune
	has '\Deleted' 12
	try_prune
	came_to 0 $((n - 1))
	has '\Deleted' 12
}
in_series marked_and_killed

# Others empty the folder while the plan is looked at: guards and --keep-last hold for what is left.
shrunk()
{
	trying="shrunk $*"
	prune_target $full --at 'SELECT .INBOX@1:before=expunge INBOX 1:11,15,17,21,23,27,29,31:32,36:99'
	try_prune "$@"
	[ "$rc" = 3 ] || target_trouble "exit $rc: $(cat "$TMPDIR/err")"
	[ -z "$(target_log ' C: [^ ]+ UID (STORE|EXPUNGE|MOVE)')" ] || target_trouble "something was deleted"
	no_mistakes
}
in_series shrunk
in_series shrunk --allow-empty-folder --keep-last 3

# What becomes unread is not what --seen asked for.
unread()
{
	trying=--seen
	prune_target $full --at 'SELECT .INBOX@1:before=store INBOX 12 - \Seen'
	try_prune --seen --also-unread
	came_to 0 $((n - 1))
	has INBOX 12
}
in_series unread

# What others delete is not put down to the run.
deleted_by_others()
{
	trying='deleted by others'
	prune_target $full --at 'UID STORE@1:before=expunge INBOX 12'
	try_prune
	came_to 0 $n
	grep -q "deleted $((n - 1)) messages" "$TMPDIR/err" || target_trouble "it tells of others: $(cat "$TMPDIR/err")"
	python3 -IS "$TOP/tests/tool/readvault.py" "$V" pruned >"$TMPDIR/pruned"
	[ "$(wc -l <"$TMPDIR/pruned")" = $((n - 1)) ] || target_trouble "the vault: $(wc -l <"$TMPDIR/pruned") instead of $((n - 1))"
}
in_series deleted_by_others

# The trash is where they go, also where it is known by its name alone.
trash_by_name()
{
	trying='trash by name'
	prune_target $full --without SPECIAL-USE
	POLICY='--older-than 1y --folder Trash' try_prune --move-to-trash --allow-most --allow-empty-folder
	came_to 2 0
}
in_series trash_by_name

# A folder that was renumbered while marks of a killed run were in it: that is said, once.
renumbered()
{
	trying=renumbered
	prune_target $full --at "UID EXPUNGE@1:before=kill $TMPDIR/pid"
	try_prune
	target_faults $full
	target_do 'validity INBOX'
	expect_exit 0 mailkeep backup "$V"
	POLICY='--older-than 9y --folder INBOX' try_prune
	grep -q 'INBOX: .*marked as deleted there by run' "$TMPDIR/err" || target_trouble "nothing is said: $(cat "$TMPDIR/err")"
	POLICY='--older-than 9y --folder INBOX' try_prune
	! grep -q 'marked as deleted there by run' "$TMPDIR/err" || target_trouble "it is said again"
}
in_series renumbered
target_stop
series_end

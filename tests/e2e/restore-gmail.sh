# Gmail: each content is appended once, and gets its other folders as labels; whatever is lost on the way, all is there in
# the end, once, with all its labels (R78-R83).
# timeout: 90
# shellcheck disable=SC2086
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"

V=$TMPDIR/vault
target_vault "$V"
gmail='--gmail --with X-GM-EXT-1,LITERAL-,QUOTA,APPENDLIMIT=35651584 --without LITERAL+,MULTIAPPEND,CREATE-SPECIAL-USE,ID'

# Without a fault.
trying=gmail
target_start $gmail
restore "$V"
target_dump >"$TMPDIR/gmail"
n=$(cut -f 2 "$TMPDIR/wanted" | sort -u | wc -l)
[ "$(grep -v Starred "$TMPDIR/gmail" | cut -f 2 | sort -u | wc -l)" = "$n" ] || fail "not $n contents"
[ "$(target_count ' C: [^ ]+ APPEND ')" = "$n" ] || fail "$(target_count ' C: [^ ]+ APPEND ') messages were appended, not $n"
[ "$(grep -c 'All Mail' "$TMPDIR/gmail")" = $((n - 2)) ] || fail "All Mail has not all but the trash"
# As often as it can be: once in a folder.
sed 's#^\(Sent\)\t#[Gmail]/Sent Mail\t#; s#^\(Drafts\|Trash\)\t#[Gmail]/\1\t#' "$TMPDIR/wanted" | cut -f 1,2 | LC_ALL=C sort -u >"$TMPDIR/should"
grep -v 'Starred\|All Mail' "$TMPDIR/gmail" | cut -f 1,2 | LC_ALL=C sort -u | same "$TMPDIR/should" -
nothing_appended "$V"
rm -r "$HOME/.local/state/mailkeep"
nothing_appended "$V"
target_dump | same "$TMPDIR/gmail" -
cp "$TMPDIR/gmail" "$TMPDIR/wanted"
target_stop

# labelled OPTION...
labelled()
{
	trying=$*
	target_start "$@"
	restore_on "$V"
	target_has_all
	nothing_appended "$V"
	target_has_all
}
trial labelled $gmail --lose-each
trial labelled $gmail --lose-each --go-on
trial labelled $gmail --cut before@1,20,49
trial labelled $gmail --lose 'UID STORE'
trial labelled $gmail --lose 'UID STORE .*Inbox .*Sent' --go-on
trial labelled $gmail --lose 'UID STORE .*Work'
trial labelled $gmail --lose CREATE --go-on

# Labels that are refused are told; the next run sets them.
unlabelled()
{
	local rc=0

	trying=$*
	target_start "$@"
	try_restore "$V" || rc=$?
	[ $rc = 3 ] || [ $rc = 75 ] || target_trouble "exit $rc"
	target_faults $gmail
	restore "$V"
	target_has_all
}
trial unlabelled $gmail --refuse-command 'UID STORE=NO not now'

# The journal is lost when the labels were not set yet.
cold()
{
	trying=$*
	target_start $gmail
	target_faults $gmail "$@"
	try_restore "$V" --no-check || :
	rm -rf "$HOME/.local/state/mailkeep"
	target_faults $gmail
	restore_on "$V"
	target_has_all
}
trial cold --refuse-command 'UID STORE=NO not now'
trial cold --hang-up-over 100000
trials_end

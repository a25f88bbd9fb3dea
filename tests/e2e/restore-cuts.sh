# A restore that loses its connection, wherever that happens: run on until it is complete, there is one copy of each
# message, none is missing, what was there is as it was, and another run appends nothing (R78-R83, R88, R97).
# timeout: 150
# shellcheck disable=SC2086
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"

V=$TMPDIR/vault
target_vault "$V"
stranger=$'Subject: not ours\r\n\r\nstranger\r\n'

# loses OPTION...: such a server, with somebody else's mail on it.
loses()
{
	trying=$*
	target_start --folder Trash "$@"
	target_put INBOX '\Seen \Flagged' '01-Jan-2001 00:00:00 +0000' "$stranger"
	target_put Trash '$Old' '02-Jan-2001 00:00:00 +0000' "$stranger"
	target_put Trash '$Old' '02-Jan-2001 00:00:00 +0000' "$stranger"
	target_before
	restore_on "$V"
	[[ $* == *--cut* || $RESTORED_IN = 1 ]] || target_trouble "it took more than one run"
	target_has_all
	nothing_appended "$V"
	target_has_all
}

# No fault, in all ways that it is done.
plain='--without MULTIAPPEND'
waits='--without MULTIAPPEND,LITERAL+'
minus='--without LITERAL+ --with LITERAL-'
blind='--without MULTIAPPEND,UIDPLUS'
old='--without MULTIAPPEND,UIDPLUS,LITERAL+,SPECIAL-USE,CREATE-SPECIAL-USE,LIST-EXTENDED,LIST-STATUS,ENABLE,ID,NAMESPACE'
for way in '' "$plain" "$waits" "$minus" "$blind" "$old"; do
	trial loses $way
done

# One cut, at the first message, one of two that are equal, the last.
n=0
for where in plus literal:0 literal:20 before after answer; do
	for way in '' "$plain" "$waits" "$blind" "$old"; do
		for at in 1 22 61; do
			n=$((n + 1))
			[ $((n % 2)) != 0 ] || continue
			trial loses $way --cut $where@$at
		done
	done
done
trials_end

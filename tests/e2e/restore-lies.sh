# Servers that do something else than they say: UIDs that aren't so, messages and dates and flags that are changed,
# duplicates that are dropped, UIDVALIDITY that changes.  What came is told, never lost or doubled (R78-R83, R92-R94, R97).
# timeout: 120
# shellcheck disable=SC2086
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"

V=$TMPDIR/vault
target_vault "$V"
plain='--without MULTIAPPEND'
old='--without MULTIAPPEND,UIDPLUS,LITERAL+,SPECIAL-USE,CREATE-SPECIAL-USE,LIST-EXTENDED,LIST-STATUS,ENABLE,ID,NAMESPACE'
n=$(wc -l <"$TMPDIR/wanted")

# Lies about where it is, alone and with a lost answer: all is there once.
about_uids()
{
	trying=$*
	target_start "$@"
	restore_on "$V"
	target_has_all
	nothing_appended "$V"
}
for lie in none wrong validity old junk; do
	for way in '' "$plain"; do
		{
			trial about_uids $way --appenduid $lie
			trial about_uids $way --appenduid $lie --cut after@9,40 --size-off 7
		}
	done
done
trial about_uids --size-off 2
trial about_uids --renumber 40
trial about_uids $plain --renumber 40

# It changes contents: told for each; what is there already is known by the journal, and none comes twice.
changed()
{
	trying=$*
	target_start "$@"
	EXIT=$changed_exit restore_on "$V"
	target_has_all 1,3,4
	before=$(target_count stored)
	[ "$before" = "$n" ] || target_trouble "$before were stored"
	try_restore "$V" || :
	[ "$(target_count stored)" = "$before" ] || target_trouble "appended again"
}
changed_exit=3
for way in '' "$plain" "$old"; do
	{
		trial changed $way --rewrite header
		trial changed $way --rewrite header --cut after@8,30
		trial changed $way --rewrite header --cut before@8,30 --size-off 3
	}
done

trial changed --rewrite header --lose-each --cut after@3
trial changed --rewrite ends

# Flags and dates that are lost are told.
lost()
{
	local columns=$1 word=$2

	shift 2
	trying=$*
	target_start "$@"
	EXIT=3 restore_on "$V"
	said "$word"
	target_has_all "$columns"
	nothing_appended_3 "$V"
}
nothing_appended_3()
{
	local before

	before=$(target_count stored)
	try_restore "$V" || :
	[ "$(target_count stored)" = "$before" ] || target_trouble "appended again"
}
trial lost 1,2,4 flags --drop-flag '\Seen'
trial lost 1,2,4 flags $old --drop-flag '\Seen'
trial lost 1-3 date --date-shift 7200
trial lost 1-3 date $plain --date-shift -86400 --cut after@8,30
trial lost 1-3 date $old --date-shift -86400 --cut before@8,30

# \Flagged given at APPEND is lost on some servers: it is set afterwards.
flagged()
{
	trying=$*
	target_start "$@"
	restore "$V"
	target_has_all
}
# trial flagged --drop-flag '\Flagged'

# Duplicates are dropped: that is told, and there is no endless loop.
dropped()
{
	trying=$*
	target_start "$@"
	EXIT=3 restore_on "$V"
	sort -u -k 1,2 -t '	' "$TMPDIR/wanted" | cut -f 1,2 | sort >"$TMPDIR/once"
	target_dump | cut -f 1,2 | sort | same "$TMPDIR/once" -
	try_restore "$V" || :
	target_dump | cut -f 1,2 | sort | same "$TMPDIR/once" -
	[ "$(target_count dropped)" -le 12 ] || target_trouble "tried $(target_count dropped) times"
}
for way in '' "$plain" "$old"; do
	for how in old none; do
		trial dropped $way --drop-duplicates $how
	done
done

# It is stored when its connection is gone, and the next one has looked: a second or two are waited for.
late()
{
	trying=$*
	target_start "$@"
	restore_on "$V"
	sleep 2
	target_has_all
	nothing_appended "$V"
}
# Nor does a run that begins behind one that was killed believe its first look.
cold()
{
	trying="killed, $*"
	target_start "$@"
	killed_restore 0.7 "$V"
	restore_on "$V"
	sleep 2
	target_has_all
	nothing_appended "$V"
}
for at in 1 30; do
	for way in '' "$plain" "$old"; do
		trial late $way --late 1.5@$at
		trial cold $way --late 2@$at
	done
done
trials_end

# Gmail: a message loses all its labels by a move to the trash, and is deleted there, by its own UID and no other's; what has
# a label that is not to be pruned stays, and so does what is only in All Mail.  Whatever the server tells or does wrong,
# what goes further than the trash is what was moved there (R109).
# timeout: 600
# shellcheck disable=SC2086,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"
. "$TOP/tests/lib-prune.sh"

gmail='--with X-GM-EXT-1,MOVE,CONDSTORE,LITERAL- --without LITERAL+,MULTIAPPEND --limit 1000'
full=$gmail
prune_world --gmail $gmail
ALL='[Gmail]/All Mail'

# choose AWK: what should go are the messages of rows for which this holds, with all their rows; the rest must stay.
choose()
{
	local folder uids

	GO=$TMPDIR/go
	STAY=$TMPDIR/stay
	awk -F '\t' -v now="$PRUNE_NOW" -v go="$GO" -v stay="$STAY" "
		{ days = (now - \$7) / 86400; old = days > 365 && \$6 ~ /Seen/ && \$6 !~ /Flagged|Deleted/ }
		FNR == NR { if (old && ($1)) goes[\$4]; next }
		{ print >(\$4 in goes ? go : stay) }" "$WORLD/state" "$WORLD/state"
	target_ask XKEEP
	while IFS=$'\t' read -r folder uids; do
		target_ask "XKEEP \"$folder\" $uids"
	done < <(awk -F '\t' '{ uids[$1] = uids[$1] "," $3 } END { for (f in uids) print f "\t" substr(uids[f], 2) }' "$STAY")
	[ -s "$GO" ] || fail "nothing should go"
}
labelled="\$1 !~ /All Mail|Starred|Important/"

# The others are as they were, nothing is lost, no mistake was made.
harmless()
{
	no_mistakes
	left 1-7 "$STAY" >"$TMPDIR/lost"
	[ ! -s "$TMPDIR/lost" ] || { head "$TMPDIR/lost"; target_trouble "$(wc -l <"$TMPDIR/lost") rows are not as they were"; }
	nobody_marked
	gone_is_saved
}

# remain PATTERN: of what should go, only rows of such folders are there ("": none).
remain()
{
	awk -F '\t' -v allowed="$1" 'FNR == NR { goes[$4]; next }
		$4 in goes && (allowed == "" || $1 !~ allowed)' "$GO" <(target_state) >"$TMPDIR/too-many"
	[ ! -s "$TMPDIR/too-many" ] || { head "$TMPDIR/too-many"; target_trouble "$(wc -l <"$TMPDIR/too-many") rows remain"; }
}

# Nothing is wrong, in several ways.
right()
{
	trying=$*
	prune_target "$@"
	choose "$labelled"
	prune
	harmless
	remain ''
	said 'freed '
	nothing_pruned
	expect_exit 0 mailkeep backup "$V"
}
in_series right $gmail
in_series right $gmail --without CONDSTORE
in_series right $gmail --copyuid tagged
in_series right $gmail --auto-expunge
in_series right $gmail --without UIDPLUS --with IMAP4rev2

# Only from one label: what has others, too, stays.
one_label()
{
	trying="one label"
	prune_target $gmail
	choose '$1 == "Work/old"'
	POLICY='--older-than 1y --folder Work/old' prune
	harmless
	remain ''
	prune_target $gmail
	POLICY='--older-than 1y --folder Work' prune
	said 'nothing to delete'
	target_state | same "$WORLD/state" -
}
in_series one_label

# All Mail goes where it is named, and nowhere else; what is left of it then has labels.
all_mail()
{
	trying="All Mail"
	prune_target $gmail
	choose "$labelled"
	POLICY="--older-than 1y --folder *" prune
	harmless
	remain ''
	prune_target $gmail
	awk -F '\t' '$1 !~ /All Mail/ { print $4 }' "$WORLD/state" | sort -u >"$TMPDIR/labelled"
	cut -f 4 "$WORLD/state" | sort -u | comm -23 - "$TMPDIR/labelled" | tr '\n' ' ' >"$TMPDIR/bare"
	choose "index(\"$(cat "$TMPDIR/bare")\", \$4)"
	rc=0
	mailkeep prune -v --older-than 1y --folder "$ALL" --yes --max-delete 1000 "$V" >"$TMPDIR/out" 2>"$TMPDIR/err" || rc=$?
	prune_exited ""
	harmless
	remain ''
}
in_series all_mail

# Without MOVE, or without a trash that is shown: refused.
refused()
{
	local deed=$1

	shift
	trying="$deed $*"
	prune_target "$@"
	choose "$labelled"
	[ -z "$deed" ] || target_do "$deed"
	target_state >"$TMPDIR/before"
	EXIT=9 prune
	target_state | same "$TMPDIR/before" -
	[ -z "$(target_log ' C: .*UID (STORE|MOVE|EXPUNGE)')" ] || target_trouble "it wrote to the server"
}
in_series refused '' --with X-GM-EXT-1
in_series refused '' --with X-GM-EXT-1,MOVE --without UIDPLUS
in_series refused 'delete [Gmail]/Trash' $gmail

# It lies about where they are in the trash, or does not delete them there: there they stay.
in_trash()
{
	trying=$*
	prune_target "$@"
	choose "$labelled"
	EXIT=any prune
	[ "$rc" = 0 ] || [ "$rc" = 3 ] || target_trouble "exit $rc"
	no_mistakes
	left "${columns-1-7}" "$STAY" >"$TMPDIR/lost"
	[ ! -s "$TMPDIR/lost" ] || { head "$TMPDIR/lost"; target_trouble "$(wc -l <"$TMPDIR/lost") rows are not as they were"; }
	gone_is_saved
	remain Trash
	expect_exit 0 mailkeep backup "$V"
}
# ... and the trash isn't what it was.
other_trash()
{
	columns=4 in_trash "$@"
}
for lie in none wrong others validity short rotated junk; do
	in_series in_trash $gmail --copyuid $lie
done
for way in "$gmail" "$gmail --without CONDSTORE"; do
	in_series in_trash $way --refuse-command 'UID EXPUNGE=NO never'
	in_series in_trash $way --refuse-command 'UID STORE=NO never'
	in_series in_trash $way --ignore 'UID STORE'
	in_series in_trash $way --ignore 'UID EXPUNGE'
	in_series in_trash $way --one-less 'UID EXPUNGE'
	in_series in_trash $way --refuse-command 'SELECT ..Gmail./Trash=NO never'
	in_series in_trash $way --read-only '[Gmail]/Trash'
	in_series other_trash $way --at 'SELECT ..Gmail./Trash=rotate [Gmail]/Trash'
	in_series other_trash $way --at 'SELECT ..Gmail./Trash=validity [Gmail]/Trash'
	in_series in_trash $way --fetch 'shifted:X-GM-THRID BODY'
done

# MOVE is not done, or not all of it.
not_moved()
{
	trying=$*
	prune_target "$@"
	choose "$labelled"
	EXIT=3 prune
	harmless
	goes_away
}
# A run without faults takes what is still there.
goes_away()
{
	target_faults $gmail
	prune_on
	remain Trash
	no_mistakes
	gone_is_saved
	expect_exit 0 mailkeep backup "$V"
}
in_series not_moved $gmail --refuse-command 'UID MOVE=NO never'
in_series not_moved $gmail --refuse-command 'UID MOVE@1=BAD never'
in_series not_moved $gmail --ignore 'UID MOVE'
in_series not_moved $gmail --partly 'UID MOVE'
in_series not_moved $gmail --one-less 'UID MOVE'

# The connection is lost at any of these.
cut_off()
{
	trying=$*
	prune_target "$@"
	choose "$labelled"
	prune_on
	[ "$(target_count 'cut:')" -gt 0 ] || target_trouble "nothing was cut"
	no_mistakes
	left 1-7 "$STAY" >"$TMPDIR/lost"
	[ ! -s "$TMPDIR/lost" ] || { head "$TMPDIR/lost"; target_trouble "$(wc -l <"$TMPDIR/lost") rows are not as they were"; }
	remain Trash
	gone_is_saved
	expect_exit 0 mailkeep backup "$V"
}
for how in before half after told; do
	for at in 'UID MOVE@1' 'UID STORE@1' 'UID EXPUNGE@1' 'UID MOVE@2'; do
		in_series cut_off $gmail --cut-command "$at:$how"
	done
done
for how in before after; do
	in_series cut_off $gmail --cut-command "SELECT ..Gmail./Trash@1:$how"
	in_series cut_off $gmail --cut-command "BODY.PEEK@2:$how"
	in_series cut_off $gmail --cut-command "BODY.PEEK@1:$how"
done

# Only into the trash, here and on a server of another kind.
to_trash()
{
	trying="to the trash"
	prune_target $gmail
	choose "$labelled && \$1 !~ /Trash/"
	prune --move-to-trash
	harmless_but_trash
	remain Trash
	[ "$(cut -f 4 "$GO" | sort -u | wc -l)" = "$(target_state | grep -F Trash | cut -f 4 | grep -c -F -f <(cut -f 4 "$GO"))" ] ||
		target_trouble "not all of them are in the trash"
}
harmless_but_trash()
{
	no_mistakes
	left 1-7 "$STAY" >"$TMPDIR/lost"
	[ ! -s "$TMPDIR/lost" ] || { head "$TMPDIR/lost"; target_trouble "$(wc -l <"$TMPDIR/lost") rows are not as they were"; }
	gone_is_saved
}
in_series to_trash
target_stop
series_end 3

# A prune that loses its connection before, in the middle of or after any of its commands: it goes on by itself, or another
# run does, and it comes to what it would have come to without that; no mark is left, nothing else is touched (R106, R111).
# flavour: plain
# timeout: 600
# shellcheck disable=SC2086,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"
. "$TOP/tests/lib-prune.sh"

prune_world
export POLICY='--older-than 1y --folder INBOX --folder Trash'
GO=$TMPDIR/go
grep '^\(INBOX\|Trash\)	' "$WORLD/go" >"$GO"

# cut_off OPTION...
cut_off()
{
	trying=$*
	prune_target "$@"
	prune_on
	[ "$(target_count 'cut:')" -gt 0 ] || target_trouble "nothing was cut"
	safe
	all_gone
}

cases=0
for way in "$full" "$plain" "$full --auto-expunge" "$plain --silent-expunge"; do
	# What it sends when nothing is wrong.
	trying=$way
	prune_target $way
	prune
	safe
	all_gone
	nothing_pruned
	prune_target $way
	prune
	target_log ' C: ' | grep -v ' C: x ' >"$TMPDIR/commands"
	[ "$(wc -l <"$TMPDIR/commands")" -ge 20 ] || fail "only $(wc -l <"$TMPDIR/commands") commands"
	i=0
	while read -r _ _ _ command; do
		i=$((i + 1))
		hows='before after told'
		case $command in
		UID\ STORE* | UID\ EXPUNGE*) hows='before half after told' ;;
		LOGOUT*) continue ;;
		esac
		for how in $hows; do
			cases=$((cases + 1))
			# A sample: of each way other ones.
			[ -n "${MK_ALL-}" ] || [ $((cases % 13)) = 0 ] || [[ $way = "$full" && $command = UID\ [SE]*D* ]] || continue
			in_series cut_off $way --cut-command ".@$i:$how"
		done
	done <"$TMPDIR/commands"
done

target_stop

# Again and again at the same place: it gives up, says that it should be run again, and that run finishes it.
gives_up()
{
	local exit=$1

	shift
	trying=$*
	prune_target "$@"
	EXIT=$exit prune
	unharmed_but_marks
	goes_on
}
unharmed_but_marks()
{
	no_mistakes
	stays
}
trial gives_up 75 $full --cut-command 'STORE@*:told'
trial gives_up 75 $plain --cut-command 'EXPUNGE@*:before'
trial gives_up 75 $full --cut-command 'EXPUNGE@*:half'
trial gives_up 75 $full --cut-command 'BODY.PEEK@*:after'
# Where something goes each time it never gives up.
trial gives_up 0 $plain --cut-command 'EXPUNGE@*:after'

# In the middle of what is sent.
for i in 1 2 3 4 5 6; do
	in_series cut_off $full --cut "out@$((i * 1500 + RANDOM % 1500))"
done
series_end

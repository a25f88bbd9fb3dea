# What servers refuse at a restore, and what comes of it: each message is there once, or named; keywords and dates that are
# refused are left out and told; quotas, limits, throttling, folders that can't be made (R84-R91).
# timeout: 120
# shellcheck disable=SC2086
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"

V=$TMPDIR/vault odd=$TMPDIR/odd
target_vault "$odd" odd
cp "$TMPDIR/wanted" "$TMPDIR/wanted-odd"
target_vault "$V"
plain='--without MULTIAPPEND'
old='--without MULTIAPPEND,UIDPLUS,LITERAL+,SPECIAL-USE,CREATE-SPECIAL-USE,LIST-EXTENDED,LIST-STATUS,ENABLE,ID,NAMESPACE'
n=$(wc -l <"$TMPDIR/wanted")

# All comes, whatever the server says on the way.
all()
{
	trying=$*
	target_start "$@"
	restore_on "$V"
	target_has_all
	nothing_appended "$V"
}
for way in '' "$plain" "$old"; do
	{
		trial all $way --say '3,30=NO [THROTTLED] slowly'
		trial all $way --say '5=NO Request is throttled. Suggested Backoff Time: 500 milliseconds'
		trial all $way --say-after '9=NO [UNAVAILABLE] not now'
		# Before it is opened, and when it was.
		trial all $way --folder Trash --vanish Trash@10 --no-use
		trial all $way --folder Work --folder Work/2019 --vanish Work/2019@54
		trial all $way --no-subscribe
		trial all $way --no-use
	}
done
trial all --no-multi
trial all --no-multi --without LITERAL+

# One message is refused once, for no reason that is told: the rest comes, and it comes the next time at last.
at_last()
{
	local rc=0

	trying=$*
	target_start "$@"
	try_restore "$V" || rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || target_trouble "exit $rc"
	restore "$V"
	target_has_all
	nothing_appended "$V"
}
for way in '' "$plain" "$old"; do
	trial at_last $way --say '7=NO sorry'
	trial at_last $way --say-after '12,13=NO sorry' --say '55=BAD what?'
done

# Without keywords, or without dates: that is told, and all else is kept.
without()
{
	local what=$1

	shift
	trying=$*
	target_start "$@"
	restore "$V"
	said "$what"
	if [ "$what" = date ]; then
		target_has_all 1-3
	else
		awk -F '\t' -v OFS='\t' '{
			n = split($3, flag, " ")
			$3 = ""
			for (i = 1; i <= n; i++)
				if (flag[i] ~ /^\\/)
					$3 = $3 ($3 == "" ? "" : " ") flag[i]
			print
		}' "$TMPDIR/wanted" >"$TMPDIR/without"
		mv "$TMPDIR/without" "$TMPDIR/wanted"
		target_has_all
	fi
	nothing_appended "$V"
}
for way in '' "$plain" "$old"; do
	for word in NO BAD; do
		trial without keywords $way --refuse-keywords $word
		trial without date $way --refuse-date $word
	done
	trial without 'does not take' $way --fixed-keywords
done

# What is too large is named before it is sent where the limit is known, else refused; the rest comes.
too_large()
{
	local sent=$1

	shift
	trying=$*
	target_start "$@"
	EXIT=3 restore "$V"
	target_dump | sort >"$TMPDIR/dump"
	sort "$TMPDIR/wanted" | comm -23 - "$TMPDIR/dump" >"$TMPDIR/left"
	[ "$(wc -l <"$TMPDIR/left")" = 1 ] || target_trouble "not one is missing: $(cat "$TMPDIR/left")"
	[ "$(target_count '\{3[0-9]{5}\+?\}$')" -le "$sent" ] || target_trouble "it was sent"
	EXIT=3 restore "$V"
	target_dump | sort | same "$TMPDIR/dump" -
}
for way in '' "$plain" "$old"; do
	{
		trial too_large 0 $way --with APPENDLIMIT=100000
		trial too_large 9 $way --too-big 100000
	}
done

# The connection ends at the large one, again and again: it is named in the end, and the rest is there.
hangs_up()
{
	trying=$*
	target_start "$@"
	EXIT=3 restore_on "$V"
	target_dump | sort >"$TMPDIR/dump"
	sort "$TMPDIR/wanted" | comm -23 - "$TMPDIR/dump" >"$TMPDIR/left"
	[ "$(wc -l <"$TMPDIR/left")" = 1 ] || target_trouble "not one is missing: $(cat "$TMPDIR/left")"
	[ "$(wc -l <"$TMPDIR/dump")" = $((n - 1)) ] || target_trouble "too many"
	target_faults
	restore "$V"
	target_has_all
}
trial hangs_up --hang-up-over 100000
trial hangs_up $plain --hang-up-over 100000 --reset
trial hangs_up $old --hang-up-over 100000

# There is no room: three tries, exit 8; when there is room it goes on.
no_room()
{
	trying=$*
	target_start "$@"
	EXIT=8 restore "$V"
	[ "$(target_dump | wc -l)" = 20 ] || target_trouble "$(target_dump | wc -l) messages are there"
	[ "$(target_count 'S: NO .*(room|Quota)')" -le 4 ] || target_trouble "it was tried $(target_count 'S: NO .*(room|Quota)') times"
	EXIT=8 restore "$V"
	[ "$(target_dump | wc -l)" = 20 ] || target_trouble "$(target_dump | wc -l) messages are there"
	target_faults
	restore "$V"
	target_has_all
	nothing_appended "$V"
}
for way in '' "$plain" "$old"; do
	{
		trial no_room $way --quota 20
		trial no_room $way --quota 20 --quota-words
	}
done

# A folder that can't be made or written is named, the others come.
no_folder()
{
	trying=$*
	target_start "$@"
	EXIT=3 restore "$V"
	said Work/2019
	grep -v ^Work/2019 "$TMPDIR/wanted" >"$TMPDIR/others"
	mv "$TMPDIR/others" "$TMPDIR/wanted"
	target_has_all
}
trial no_folder --no-create 2019
trial no_folder --folder Work --folder Work/2019 --read-only Work/2019
trial no_folder $old --folder Work --folder Work/2019 --read-only Work/2019

# Names by another delimiter, below a prefix.
translated()
{
	trying=$*
	target_start "$@"
	restore "$V"
	sed -i '/^INBOX\t/!s/^\([^\t/]*\)\/*/INBOX.\1./; s/^\(INBOX.[^\t]*\)\.\t/\1\t/' "$TMPDIR/wanted"
	target_has_all
	nothing_appended "$V"
}
trial translated --prefix INBOX. --delimiter .

# What it refuses by its bytes is named; --fix appends a repaired copy.
bytes()
{
	cp "$TMPDIR/wanted-odd" "$TMPDIR/wanted"
	trying=$*
	target_start "$@"
	EXIT=3 restore "$odd"
	grep -q '^  -> --fix appends repaired copies' "$TMPDIR/err" || target_trouble "nothing is said of --fix"
	target_dump | sort >"$TMPDIR/dump"
	sort "$TMPDIR/wanted" | comm -23 - "$TMPDIR/dump" >"$TMPDIR/left"
	[ "$(grep -c ^Odd "$TMPDIR/left")" = 3 ] || target_trouble "left: $(cat "$TMPDIR/left")"
	[ "$(wc -l <"$TMPDIR/left")" = 3 ] || target_trouble "left: $(cat "$TMPDIR/left")"
	EXIT=3 restore "$odd" --fix
	grep -q 'warning: .* was repaired' "$TMPDIR/err" || target_trouble "it does not tell what was repaired"
	! grep -q 'with other bytes' "$TMPDIR/err" || target_trouble "a repaired copy is told twice"
	! grep -q 'fix appends' "$TMPDIR/err" || target_trouble "--fix is advised to who gave it"
	[ "$(target_dump | wc -l)" = $(($(wc -l <"$TMPDIR/wanted") - 1)) ] || target_trouble "not all but the virus"
	# They are there now, as far as the journal knows.
	before=$(target_count 'stored')
	EXIT=3 restore "$odd" --fix
	[ "$(target_count 'stored')" = "$before" ] || target_trouble "appended again"
}
for way in '' "$plain" "$old"; do
	trial bytes $way --cyrus --refuse 'virus=NO [ALERT] a virus'
done
trials_end

# A restore that loses its connection again and again, or at any byte; answers that are lost each time; what is stored
# though its answer never comes: in the end one copy of each message, none missing, and another run appends nothing
# (R78-R83, R97).
# timeout: 150
# shellcheck disable=SC2086
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"

V=$TMPDIR/vault
target_vault "$V"
plain='--without MULTIAPPEND'
waits='--without MULTIAPPEND,LITERAL+'
blind='--without MULTIAPPEND,UIDPLUS'
old='--without MULTIAPPEND,UIDPLUS,LITERAL+,SPECIAL-USE,CREATE-SPECIAL-USE,LIST-EXTENDED,LIST-STATUS,ENABLE,ID,NAMESPACE'

# lost OPTION...; $some: of some folders only, as each connection that is lost costs a second.
lost()
{
	local only=()

	trying=$*
	if [ -n "${some-}" ]; then
		only=(--folder Drafts --folder Trash --folder 'Entw*')
		grep -P '^(Drafts|Trash|Entw.*)\t' "$TMPDIR/wanted" >"$TMPDIR/of-these"
		mv "$TMPDIR/of-these" "$TMPDIR/wanted"
	fi
	target_start "$@"
	if [ -z "${chance-}" ]; then
		restore_on "$V" ${only[@]+"${only[@]}"}
	else
		# One message may meet two of them, and is left out then.
		rc=0
		try_restore "$V" ${only[@]+"${only[@]}"} || rc=$?
		[[ $rc = [03] || $rc = 75 ]] || target_trouble "exit $rc"
		[ $rc != 3 ] || said 'the connection ends'
		[ $rc = 0 ] || { target_faults; restore "$V" ${only[@]+"${only[@]}"}; }
	fi
	target_has_all
	nothing_appended "$V" ${only[@]+"${only[@]}"}
	target_has_all
}

# Each APPEND loses its answer once; or the connection ends at every second, third, fifth message.
trial lost --lose-each
trial lost --cut answer@/7 --reset --go-on
some=1
for way in "$plain" "$waits" "$blind" "$old"; do
	trial lost $way --lose-each
done
trial lost $plain --lose-each --go-on
trial lost $blind --lose-each --go-on --reset
trial lost $plain --cut after@/2
trial lost $waits --cut plus@/3 --reset
trial lost $old --cut literal:3@/5 --cut after@/7
trial lost $plain --cut answer@/2 --go-on
chance=1
trial lost --cut before@/6 --cut answer@/7 --reset
chance=
some=

# Commands before and behind the messages, carried out or not.
for command in ID NAMESPACE LIST 'CREATE "Entw' 'CREATE "Work/' 'SUBSCRIBE "Sent' 'SELECT "Trash' 'EXAMINE "INBOX' 'UID FETCH' \
    'EXAMINE "Work' 'UID FETCH .*BODY' LOGOUT; do
	trial lost --lose "$command"
	trial lost $plain --lose "$command" --go-on
done

# At any byte, the client's or the server's, six times in a run.
chance=1
for seed in 1 2 3; do
	for way in '' "$plain" "$waits" "$old"; do
		bytes=$(awk -v seed=$seed 'BEGIN {
			srand(seed)
			for (i = 0; i < 6; i++)
				printf "%s%d", i ? "," : "", at += int(rand() * (i < 3 ? 600 : 12000)) + 1
		}')
		trial lost $way --cut byte@"$bytes"
		trial lost $way --cut out@"$bytes" --go-on
	done
done
trials_end

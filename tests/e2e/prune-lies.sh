# Servers that do not do what they are told, or tell what isn't so, and other clients at work: nothing is deleted that isn't
# proven, nothing that others marked, nothing that came meanwhile; no mark of ours is left, and what is gone is in the
# vault (R99-R108).
# timeout: 600
# shellcheck disable=SC2086,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"
. "$TOP/tests/lib-prune.sh"

prune_world
n=$(wc -l <"$WORLD/go")
of_inbox=$(grep -c ^INBOX "$WORLD/go")
ways=("$full" "$plain" "$full $rev2")
# The commands of a prune.
listing='INTERNALDATE RFC822.SIZE.$'
proving='BODY.PEEK'
seeing='FETCH [0-9:,]+ .UID FLAGS.$'
mark='STORE .*[+]FLAGS'
unmark='STORE .*-FLAGS'

# trial_of EXIT LEFT OPTION... [-- PRUNE'S OPTION...]: the run ends with EXIT, LEFT messages of those that should go stay;
# the next one, without faults, takes them, if the folders are what they were.
trial_of()
{
	local exit=$1 left=$2 faults=()

	shift 2
	trying=$*
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		faults+=("$1")
		shift
	done
	shift $(($# > 0))
	prune_target "${faults[@]}"
	EXIT=$exit prune "$@"
	${looks:-unharmed}
	[ "$left" = any ] || gone $((n - left))
	[ -n "${for_good-}" ] || goes_on "$@"
	[ -z "${twice-}" ] || nothing_pruned "$@"
}
run()
{
	in_series trial_of "$@"
}

# ---- without a fault ----

twice=1
for way in "$full" "$plain" "$full $rev2" "$full --no-modseq"; do
	run 0 0 $way
	run 0 0 $way -- --compare full
done
run 0 0 $full --refuse-command 'SELECT.*CONDSTORE=BAD what?'
run 0 0 $full --auto-expunge
run 0 0 $plain --silent-expunge
run 0 0 $full --stale-quota
for how in none all twice junk; do
	run 0 0 $full --search $how
done
twice=''

# ---- another folder, other messages ----

# Only a backup helps here.
for_good=1
# Others change what is there; that is no matter of ours.
elsewhere()
{
	gone_is_saved
	no_mistakes
}
looks=elsewhere
for way in "${ways[@]}"; do
	run 3 any $way --at 'SELECT .INBOX=renumber INBOX'
	run 3 any $way --at 'SELECT .INBOX=validity INBOX'
	run 3 any $way --at 'SELECT .INBOX@1=swap INBOX Sent'
	run 3 any $way --at 'SELECT .INBOX@1=rotate INBOX'
	run 3 any $way --at 'SELECT .INBOX=alter INBOX * header'
	run 3 any $way --at 'SELECT .INBOX=alter INBOX * body' -- --compare full
	run 3 any $way --at "$proving.*=rotate Sent"
	run any any $way --at "$mark@1=validity INBOX"
	run 3 any $way --at 'SELECT .INBOX=delete INBOX'
done
run any any $full --at "$listing@1=rotate INBOX"
run any any $full --at 'EXAMINE .INBOX=validity INBOX'
run any any $full --at 'LIST=validity INBOX' --at 'LIST=swap Sent Archive'
run any any $full --at 'LIST=alter INBOX * header'
run any any $full --at 'LIST=alter INBOX * body' -- --compare full
looks=''
for_good=''

# ---- figures ----

run any $n $full --size-off 1
run 0 0 $full --size-off 1 -- --compare full
run any $n $full --date-off 60
run any $n $full --date-off -1 -- --compare full

# ---- what is refused, or not done ----

for way in "$full" "$plain"; do
	for word in NO BAD; do
		run 3 $n $way --refuse-command "$mark=$word never"
		run 3 $n $way --refuse-command "EXPUNGE=$word never"
	done
	run 3 $of_inbox $way --refuse-command "$mark@1=NO not now"
	run 3 $of_inbox $way --refuse-command 'EXPUNGE@1=NO not now'
	run 0 0 $way --refuse-command "$proving@1=NO not now"
	run 3 $of_inbox $way --refuse-command 'SELECT .INBOX=NO not now'
	run any $of_inbox $way --refuse-command 'EXAMINE .INBOX=NO not now'
	run 3 $n $way --ignore "$mark"
	run 3 $n $way --ignore EXPUNGE
	run 3 any $way --partly "$mark"
	run 3 any $way --partly EXPUNGE
	run 3 any $way --one-less "$mark"
	run 3 any $way --one-less EXPUNGE
	run 3 $of_inbox $way --read-only INBOX
	run 3 $n $way --no-mark
done

# Nor are marks taken back: they are told, and the next run has them.
marked()
{
	no_mistakes
	stays
	said "is marked as deleted"
}
looks=marked
run 3 $n $full --refuse-command "EXPUNGE=NO never" --refuse-command "$unmark=NO never"
run 3 $n $plain --refuse-command "EXPUNGE=NO never" --ignore "$unmark"
looks=''

# Neither UIDPLUS nor IMAP4rev2: nothing is done, but where MOVE is asked for.
looks=safe
for_good=1
run 9 $n --without UIDPLUS
run 9 $n --without UIDPLUS --with CONDSTORE,MOVE
run 9 $n $plain -- --move-to-trash
for_good=''
looks=''

# ---- odd answers ----

for tale in missing twice others shifted reverse none broken nouid noflags nodate nosize; do
	run any any $full --fetch "$tale:$listing"
	run any any $full --fetch "$tale:$proving"
done
for tale in nil empty garbage short; do
	run any any $full --fetch "$tale:$proving"
	run any any $full --fetch "$tale:$proving" -- --compare full
done
# ... on what is marked, and what is there still: once; and always, when it may have to be run again to take marks back.
for tale in missing twice others shifted reverse none noflags nouid; do
	run any any $full --fetch "$tale:$seeing@1"
	run any any $plain --fetch "$tale:$seeing@2"
done
begun()
{
	no_mistakes
	stays
}
looks=begun
for tale in missing twice others reverse none broken noflags nouid; do
	run any any $full --fetch "$tale:$seeing"
done
looks=''
series_end 4

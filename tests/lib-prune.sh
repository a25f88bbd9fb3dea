# shellcheck shell=bash
#
# tests/lib-prune.sh - a vault, and the account that it is a backup of, on a server with faults (tests/tool/target.py), to
# be pruned; a script includes it after lib.sh and lib-target.sh.
#
#	prune_world [OPTION...]		once: such an account (--sample old, with OPTIONs), and its backup, in $WORLD.  What
#					"--older-than 1y" means is in $WORLD/go, what it leaves in $WORLD/stay (rows of XSTATE)
#	prune_target [OPTION...]	the same account again, with faults as they are wanted, and a copy of the vault in $V
#	target_do ACTION		what another client does now (--at of target.py)
#	target_state			each message there, as XSTATE tells
#	try_prune [OPTION...]		mailkeep prune --older-than 1y --yes; its exit status in $rc.  $POLICY: other conditions,
#					or other options.  $TMPDIR/pid: its process, for "kill" of target.py
#	prune [OPTION...]		... that must be 0 (EXIT=N: N; EXIT=any)
#	prune_on [OPTION...]		again and again, as long as it exits 75
# and what is looked at afterwards:
#	gone_is_saved			each message that is gone is in the vault, every byte
#	nobody_marked			no message is marked \Deleted that wasn't before
#	no_mistakes			nothing was done that must not be
#	stays				each of $WORLD/stay is there, with its flags and date
#	all_gone			none of $GO ($WORLD/go) is; none_gone: all are.  gone N: so many are not
#	safe				gone_is_saved, nobody_marked, no_mistakes, stays; unharmed: all but the first
#	goes_on				the same again without faults: all goes; nothing_pruned: another one has nothing to do
#	row UID				that one of INBOX, as XSTATE tells; has FLAG UID: it is there, with that
# A trial (lib-target.sh) begins with prune_target.  Many small ones are done one after another with the same server:
#	in_series COMMAND...		do that later; looks, for_good and twice have the values that they have now
#	series_end [N]			now, in some trials; every Nth, or with MK_ALL=1 all

# The server can all that prune uses; without some of it.
# shellcheck disable=SC2034
full='--with CONDSTORE,MOVE --limit 1000'
# shellcheck disable=SC2034
plain='--limit 1000'
# shellcheck disable=SC2034
rev2='--without UIDPLUS --with IMAP4rev2'

prune_world()
{
	need python3
	WORLD=$TMPDIR/world
	WORLD_OPTIONS=("$@")
	PRUNE_NOW=$(date +%s)
	mkdir -p "$WORLD"
	target_start --sample old --now "$PRUNE_NOW" "$@"
	expect_exit 0 mailkeep init --insecure-plaintext --password-file "$TMPDIR/target.password" "$TARGET" "$WORLD/vault"
	expect_exit 0 mailkeep backup "$WORLD/vault"
	cp "$TMPDIR/target.password" "$WORLD/password"
	target_state >"$WORLD/state"
	GO=$WORLD/go
	awk -F '\t' -v now="$PRUNE_NOW" -v go="$GO" -v stay="$WORLD/stay" '
		{ print >($7 < now - 365 * 86400 && $6 ~ /Seen/ && $6 !~ /Flagged|Deleted/ ? go : stay) }' "$WORLD/state"
	target_stop
}

prune_target()
{
	local port folder

	if [ -z "${target_pid-}" ]; then
		target_start --sample old --now "$PRUNE_NOW" ${WORLD_OPTIONS[@]+"${WORLD_OPTIONS[@]}"}
	else
		target_ask XRESET
	fi
	V=$TMPDIR/vault
	rm -rf "$V"
	cp -r "$WORLD/vault" "$V"
	port=$(sed -n 's/.*"server":"[^"]*:\([0-9]*\)".*/\1/p' "$V/vault.json")
	sed -i "s/:$port\"/:$TARGET_PORT\"/" "$V/vault.json"
	while IFS=$'\t' read -r folder port; do
		target_ask "XKEEP \"$folder\" $port"
	done < <(awk -F '\t' '{ uids[$1] = uids[$1] "," $3 } END { for (f in uids) print f "\t" substr(uids[f], 2) }' "$WORLD/stay")
	target_faults "$@"
	target_forget
}

target_do()
{
	target_ask "XDO $1"
}

target_state()
{
	target_ask XSTATE
}

try_prune()
{
	rc=0
	# shellcheck disable=SC2086
	(
		set -f
		echo $BASHPID >"$TMPDIR/pid"	# target.py may kill it
		exec ${CRASHING-} mailkeep prune -v ${POLICY---older-than 1y} --yes --max-delete 1000 "$@" "$V" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null
	) || rc=$?
}

# prune_exited: try_prune did as EXIT says.
prune_exited()
{
	[ "${EXIT-0}" != any ] || [ "$rc" -ge 100 ] || return 0
	[ "$rc" != "${EXIT-0}" ] || return 0
	tail -n 30 "$TMPDIR/out" "$TMPDIR/err"
	target_trouble "exit $rc instead of ${EXIT-0}$1"
}

prune()
{
	try_prune "$@"
	prune_exited ""
}

prune_on()
{
	local n=0

	while [ $n -lt "${PRUNE_TIMES-20}" ]; do
		n=$((n + 1))
		try_prune "$@"
		[ "$rc" = 75 ] || break
	done
	# shellcheck disable=SC2034
	PRUNED_IN=$n
	prune_exited ", the time number $n"
}

# prune_rows COLUMNS FILE: without UIDs and flags, say.
prune_rows()
{
	cut -f "$1" "$2" | LC_ALL=C sort
}

gone_is_saved()
{
	target_state >"$TMPDIR/now"
	python3 -IS "$TOP/tests/tool/readvault.py" "$V" ever >"$TMPDIR/ever" 2>"$TMPDIR/ever.err" ||
		{ head "$TMPDIR/ever.err"; target_trouble "the vault is damaged"; }
	cut -f 4 "$TMPDIR/ever" | LC_ALL=C sort -u >"$TMPDIR/saved"
	cut -f 4 "$TMPDIR/now" | LC_ALL=C sort -u >"$TMPDIR/there"
	# What was there at first, and what was deleted whenever it came.
	{ cut -f 4 "$WORLD/state"; sed -n 's/^[0-9]* expunged [0-9]* //p' "$TARGET_LOG"; } | LC_ALL=C sort -u |
		LC_ALL=C comm -23 - "$TMPDIR/there" | LC_ALL=C comm -23 - "$TMPDIR/saved" >"$TMPDIR/lost"
	[ ! -s "$TMPDIR/lost" ] || target_trouble "$(wc -l <"$TMPDIR/lost") messages are lost"
}

nobody_marked()
{
	awk -F '\t' 'FNR == NR { if ($6 ~ /Deleted/) was[$4]++; next }
		$6 ~ /Deleted/ && !was[$4]-- { print; bad = 1 }
		END { exit bad }' "$WORLD/state" <(target_state) || target_trouble "somebody marked that"
}

no_mistakes()
{
	[ -z "$(target_log MISTAKE)" ] || { target_log MISTAKE | head; target_trouble "the client made mistakes"; }
}

# left COLUMNS FILE: those of FILE's rows that aren't there any more.
left()
{
	target_state >"$TMPDIR/now"
	LC_ALL=C comm -23 <(prune_rows "$1" "$2") <(prune_rows "$1" "$TMPDIR/now")
}

stays()
{
	left "${1-1-7}" "$WORLD/stay" >"$TMPDIR/lost"
	[ ! -s "$TMPDIR/lost" ] || { head "$TMPDIR/lost"; target_trouble "$(wc -l <"$TMPDIR/lost") messages are not as they were"; }
}

all_gone()
{
	local n

	n=$(left 1-4 "$GO" | wc -l)
	[ "$n" = "$(wc -l <"$GO")" ] || target_trouble "$n of $(wc -l <"$GO") are gone"
}

gone()
{
	local n

	n=$(left 1-4 "$GO" | wc -l)
	[ "$n" = "$1" ] || target_trouble "$n are gone instead of $1"
}

none_gone()
{
	gone 0
}

unharmed()
{
	nobody_marked
	no_mistakes
	stays
}

safe()
{
	gone_is_saved
	unharmed
}

goes_on()
{
	# shellcheck disable=SC2086
	target_faults $full
	EXIT=0 prune "$@"
	safe
	all_gone
}

# Nor does another one do anything.
nothing_pruned()
{
	target_forget
	EXIT=0 prune "$@"
	[ -z "$(target_log ' C: [^ ]+ UID (STORE|EXPUNGE|MOVE)')" ] || target_trouble "another prune does something"
}

series=()
in_series()
{
	series+=("looks=${looks-} for_good=${for_good-} twice=${twice-} $(printf '%q ' "$@")")
}

# Every ${2}th of them, from the ${1}th on.
in_turn()
{
	local i

	for ((i = $1; i < ${#series[@]}; i += $2)); do
		eval "${series[i]}"
	done
}

# series_end [N]: of some series every Nth, unless MK_ALL asks for all.
series_end()
{
	local all=("${series[@]}") step=${1-1} i

	if [ -z "${MK_ALL-}" ] && [ "$step" -gt 1 ]; then
		series=()
		for ((i = 0; i < ${#all[@]}; i += step)); do
			series+=("${all[i]}")
		done
	fi
	for ((i = 0; i < 12; i++)); do
		trial in_turn $i 12
	done
	trials_end
	echo "${#series[@]} of ${#all[@]} cases"
}

row()
{
	target_state | awk -F '\t' -v uid="$1" '$1 == "INBOX" && $3 == uid'
}

has()
{
	[[ $(row "$2") == *"$1"* ]] || target_trouble "UID $2 is gone, or not $1: $(row "$2")"
}

# What was pruned comes back, with flags and dates; a prune that was killed is finished, or taken back (R106, R111).
# timeout: 180
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
. "$TOP/tests/e2e/years.inc"
server=dovecot
export XDG_STATE_HOME=$TMPDIR/state

# Another store than prune.sh has, the other container, STARTTLS, and a line that can be slow.
dovecot_start -s mdbox -q 20000
years fill
"$python" -ESB "$TOP/tests/tool/years.py" line "$DOVECOT_PORT" "$TMPDIR/slow" >"$TMPDIR/line" &
at_end "kill $! 2>/dev/null"
wait_for 20 test -s "$TMPDIR/line" || fail "no line"
V=$TMPDIR/vault
VAULT_SCHEME=imap DOVECOT_PORT=$(cat "$TMPDIR/line") vault_init "$V" --container mbox
backup "$V"
facts "$TMPDIR/now"
cp "$TMPDIR/now" "$TMPDIR/before"
all=(--allow-empty-folder --allow-most)
quota_now >"$TMPDIR/quota"

# undo RUN: bring back what that run has deleted.
undo()
{
	expect_exit 0 mailkeep restore --json --pruned "$1" --yes "$V"
	facts "$TMPDIR/now"
}

planned "$V" "$usual and years(1)" --older-than 1y "${all[@]}"
n=$(wc -l <"$TMPDIR/want")
prune "$V" --older-than 1y "${all[@]}" --yes --max-delete "$n"
[ "$(summary deleted)" = "$n" ] || fail "$(tail -n 1 "$TMPDIR/out")"
went
freed
run=$(summary run)
cut -f 4 "$TMPDIR/want" | sort >"$TMPDIR/contents"
expect_exit 2 mailkeep restore --pruned $((run + 1)) --yes "$V"
expect_exit 2 mailkeep restore --pruned 1 --yes "$V"
mailkeep list --json --pruned "$run" "$V" | jq -r 'select(.type == "message").sha256' | sort >"$TMPDIR/have"
same "$TMPDIR/contents" "$TMPDIR/have"
expect_exit 0 mailkeep export --pruned "$run" --to "$TMPDIR/Maildir" "$V"
[ "$(find "$TMPDIR/Maildir" -path '*/cur/*' | wc -l)" = "$n" ] || fail "the export of a run"
undo "$run"
undone "$TMPDIR/before"
[ "$(quota_now)" = "$(cat "$TMPDIR/quota")" ] || fail "the quota was $(cat "$TMPDIR/quota"), and is $(quota_now)"
# Once more, before and after a backup: it is all there.
undo "$run"
[ "$(jq -r 'select(.type == "summary").appended' "$TMPDIR/out")" = 0 ] || fail "$(tail -n 1 "$TMPDIR/out")"
backup "$V"
mirrors "$V"
undo "$run"
undone "$TMPDIR/before"

# ---- killed ----

# killed PATTERN N [OPTION...]: it is killed when it has said N times what has PATTERN.
killed()
{
	local pattern=$1 n=$2 pid

	shift 2
	server_forget
	: >"$TMPDIR/slow"
	mailkeep prune -q "$@" "${all[@]}" --yes --max-delete 1000 "$V" >"$TMPDIR/out" 2>"$TMPDIR/err" &
	pid=$!
	wait_for 60 said_so "$pattern" "$n" $pid
	kill -KILL $pid || fail "it ended before it could be killed: $(cat "$TMPDIR/err")"
	wait $pid 2>/dev/null || :
	rm "$TMPDIR/slow"
	facts "$TMPDIR/after"
}

said_so()
{
	[ "$(cat "$DOVECOT_DIR"/mail/anna/rawlog/*.in 2>/dev/null | grep -c "$1")" -ge "$2" ] || ! kill -0 "$3" 2>/dev/null
}

# marked FILE: how many it has that are marked as deleted.
marked()
{
	jq -r 'select(.flags | index("\\Deleted")) | .uid' "$1" | wc -l
}

# Between STORE and EXPUNGE, in the second folder: the next run finishes it.
others=$(marked "$TMPDIR/now")
years would "$TMPDIR/now" "$usual and years(2)" >"$TMPDIR/want"
killed 'UID STORE' 3 --older-than 2y
[ "$(marked "$TMPDIR/after")" -gt "$others" ] || fail "nothing was left marked"
prune "$V" --older-than 2y "${all[@]}" --yes --max-delete 1000
[ "$(summary finished)" -gt 0 ] || fail "nothing was left to be finished: $(tail -n 1 "$TMPDIR/out")"
went
[ "$(marked "$TMPDIR/now")" = "$others" ] || fail "marks were left"
backup "$V"
mirrors "$V"

# The same, but the next run has another policy: the marks are taken back.
years would "$TMPDIR/now" "$usual and years(1)" >"$TMPDIR/want"
killed 'UID STORE' 1 --older-than 1y
had=$(($(marked "$TMPDIR/after") - others))
[ "$had" -gt 0 ] || fail "nothing was left marked"
years would "$TMPDIR/now" "$usual and years(1) and folder == 'Sent'" >"$TMPDIR/sent"
years without "$TMPDIR/now" "$TMPDIR/want" >"$TMPDIR/rest"
backup "$V"
prune "$V" --older-than 1y --folder Sent "${all[@]}" --yes --max-delete 1000
[ "$(summary taken_back)" = "$had" ] || fail "$(tail -n 1 "$TMPDIR/out")"
mv "$TMPDIR/sent" "$TMPDIR/want"
went

# Behind EXPUNGE: what is gone is known as pruned, not as lost, by the next backup already.
years would "$TMPDIR/now" "$usual and years(1)" >"$TMPDIR/want"
killed 'UID EXPUNGE' 1 --older-than 1y
gone=$(($(wc -l <"$TMPDIR/now") - $(wc -l <"$TMPDIR/after")))
[ "$gone" -gt 0 ] || fail "nothing is gone"
backup "$V"
zstd -dcq "$V"/manifests/* >"$TMPDIR/manifests"
! grep '"type":"gone"' "$TMPDIR/manifests" || fail "a backup takes them for lost"
prune "$V" --older-than 1y "${all[@]}" --yes --max-delete 1000
went
[ "$(marked "$TMPDIR/now")" = "$others" ] || fail "marks were left"
expect_exit 0 mailkeep backup "$V"
mirrors "$V"

# All that all runs have deleted comes back.
for run in $(mailkeep log --json "$V" | jq -r 'select(.type == "commit" and .verb == "prune").run' | sort -nu); do
	mailkeep list --json --pruned "$run" "$V" >"$TMPDIR/of-run" || continue	# it took marks back, no more
	undo "$run"
done
undone "$TMPDIR/before"
expect_exit 0 mailkeep verify --read-data "$V"

# On a Cyrus with a quota: exactly the planned messages go, all else stays, and all comes back (R98, R99, R101, R103, R104).
# timeout: 180
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
. "$TOP/tests/e2e/years.inc"
server=cyrus
export XDG_STATE_HOME=$TMPDIR/state

cyrus_start
years fill --plain-names
cyrus_quota 20000
V=$TMPDIR/vault
(umask 077; printf '%s\n' "$DOVECOT_PASSWORD" >"$TMPDIR/password")
expect_exit 0 mailkeep init --insecure-plaintext --password-file "$TMPDIR/password" "imap://anna@127.0.0.1:$CYRUS_PORT" "$V"
expect_exit 0 mailkeep backup "$V"
facts "$TMPDIR/now"
cp "$TMPDIR/now" "$TMPDIR/before"
cyrus_imap snapshot >"$TMPDIR/snapshot"
mailkeep list --json "$V" >"$TMPDIR/listed"
head=$(mailkeep log --json "$V" | jq -r 'select(.type == "commit").commit' | head -n 1)

# ---- plans ----

planned "$V" "$usual and years(2) and folder not in ('Archive/2019', 'Lists/dev')" --older-than 2y
planned "$V" "$usual and 'news@shop' in sender and size > 1000 and folder != 'Lists/dev'" --sender news@shop --larger-than 1000 --folder '!Lists/dev'
planned "$V" "folder == 'Trash' and not flagged and not deleted and days > 60" --trash-older-than 60d --allow-most
read -r used limit < <(quota_now)
years until "$TMPDIR/now" "$usual" $((used * 1024 - limit * 1024 / 20)) oldest >"$TMPDIR/want"
is_planned "$V" --until-free 95% --allow-empty-folder --allow-most
cyrus_imap snapshot >"$TMPDIR/after"
same "$TMPDIR/snapshot" "$TMPDIR/after"
[ "$(quota_now)" = "$used $limit" ] || fail "a plan changes the quota"

# ---- carried out, all of it compared, while mail comes ----

planned "$V" "$usual and years(2)" --older-than 2y --allow-empty-folder --allow-most
n=$(wc -l <"$TMPDIR/want")
[ "$n" -gt 100 ] || fail "$n messages go"
busy_start INBOX
prune "$V" --older-than 2y --allow-empty-folder --allow-most --compare full --yes --max-delete "$n"
busy_stop
[ "$(summary deleted)" = "$n" ] || fail "$(tail -n 1 "$TMPDIR/out")"
went
came
run=$(summary run)
cp "$TMPDIR/want" "$TMPDIR/first"

# Until so much is free; nothing has come since, and the figures are the server's.
read -r used limit < <(quota_now)
wish=$((limit - used * 2 / 3))
years until "$TMPDIR/now" "$usual and days > 60 and not subject.startswith('meanwhile')" $(((used - limit + wish) * 1024)) oldest >"$TMPDIR/want"
prune "$V" --until-free ${wish}K --older-than 60d --allow-most --yes --max-delete 1000
[ "$(summary deleted)" -gt 0 ] || fail "$(tail -n 1 "$TMPDIR/out")"
went
freed
read -r used limit < <(quota_now)
[ $((limit - used)) -ge $wish ] || fail "$((limit - used)) KiB are free, not $wish"

# ---- the vault knows ----

expect_exit 0 mailkeep backup --json "$V"
[ "$(json_counts 'new gone')" = "$(busy_count) 0" ] || fail "$(tail -n 1 "$TMPDIR/out")"
cyrus_forget
expect_exit 0 mailkeep backup "$V"
! cyrus_said | grep BODY || fail "bodies were fetched"
cyrus_imap snapshot >"$TMPDIR/on-server"
read_vault "$V" list >"$TMPDIR/in-vault"
same "$TMPDIR/on-server" "$TMPDIR/in-vault"
mailkeep list --json --at "$head" "$V" >"$TMPDIR/then"
same "$TMPDIR/listed" "$TMPDIR/then"

# ---- and back: two runs, in either order ----

for r in "$run" "$(mailkeep log --json "$V" | jq -r 'select(.type == "commit" and .verb == "prune").run' | sort -nu | tail -n 1)"; do
	expect_exit 0 mailkeep restore --pruned "$r" --insecure-plaintext --yes "$V"
done
facts "$TMPDIR/now"
undone "$TMPDIR/before"

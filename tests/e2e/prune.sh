# On a Dovecot with a quota: exactly the planned messages go, and all else stays as it was (R98, R99, R101, R103, R104, R110).
# timeout: 180
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
. "$TOP/tests/e2e/years.inc"
server=dovecot
export XDG_STATE_HOME=$TMPDIR/state XDG_CONFIG_HOME=$TMPDIR/config

dovecot_start -q 20000
V=$TMPDIR/vault
years fill
vault_init "$V"
backup "$V"
facts "$TMPDIR/now"
imap snapshot >"$TMPDIR/snapshot"
imap folders | sed 's/ \\\(Un\)*Marked//' >"$TMPDIR/folders"
quota_now >"$TMPDIR/quota"
mailkeep list --json "$V" >"$TMPDIR/listed"
head=$(mailkeep log --json "$V" | jq -r 'select(.type == "commit").commit' | head -n 1)

# ---- policies: their lists are what another program finds in what the server says ----

planned "$V" "$usual and years(2) and folder not in ('Archive/2019', 'Lists/dev')" --older-than 2y
cp "$TMPDIR/want" "$TMPDIR/first"
[ "$(jq -r 'select(.type == "folder" and .guard != null) | .folder + " " + .guard' "$TMPDIR/out" | paste -sd ' ')" = \
	'Archive/2019 empty-folder Lists/dev most' ] || fail "guards: $(cat "$TMPDIR/out")"
planned "$V" "$usual and years(2)" --older-than 2y --allow-empty-folder --allow-most
planned "$V" "$usual and years(3) and folder == 'INBOX'" --older-than 3y --folder INBOX
date=$(jq -r 'select(.folder == "INBOX" and .uid == 60).time' "$TMPDIR/now")
planned "$V" "$usual and folder == 'INBOX' and time < $date" --before "$(date -u -d "@$date" +%FT%TZ)" --folder INBOX
size=$(jq -r 'select(.folder == "INBOX" and .uid == 27).size' "$TMPDIR/now")
planned "$V" "$usual and size > $size" --larger-than "$size"
planned "$V" "$usual and years(1) and 'news@shop' in sender" --older-than 1y --sender News@Shop
planned "$V" "$usual and 'Müller' in sender and folder != 'Lists/dev'" --sender 'müller' --folder '!Lists/*'
planned "$V" "$usual and 'no. 3' in subject and folder in ('Sent', 'Junk')" --subject 'NO. 3' --folder Sent --folder Junk
planned "$V" "$usual and years(2) and rank >= 100 and folder == 'INBOX'" --older-than 2y --keep-last 100 --folder INBOX
planned "$V" "folder == 'INBOX' and years(3) and seen and not deleted" --older-than 3y --folder INBOX --also-flagged
planned "$V" "folder == 'INBOX' and years(3) and not flagged and not deleted" --older-than 3y --folder INBOX --also-unread
planned "$V" "folder == 'Trash' and not flagged and not deleted and days > 60" --trash-older-than 60d --allow-most
planned "$V" "folder == 'Junk' and not flagged and not deleted and days > 90 or $usual and folder == 'INBOX' and years(3)" \
	--junk-older-than 90d --older-than 3y --folder Junk --folder INBOX --allow-most
planned "$V" "folder == 'All Mail' and seen and not flagged and not deleted and years(2)" --older-than 2y --folder 'All Mail'
planned "$V" "folder == 'Junk' and seen and not flagged and not deleted and days > 1.5" --before 2036-01-01 --folder Junk --allow-young
read -r used limit <"$TMPDIR/quota"
lack=$((used * 1024 - (limit * 1024 - 19000 * 1024)))
years until "$TMPDIR/now" "$usual" $lack oldest >"$TMPDIR/want"
is_planned "$V" --until-free 19000K --allow-empty-folder --allow-most
years until "$TMPDIR/now" "$usual" $((used * 1024 - limit * 1024 / 20)) largest >"$TMPDIR/want"
is_planned "$V" --until-free 95% --largest-first --allow-empty-folder --allow-most
[ "$(plan_says 'quota_used quota_limit')" = "$((used * 1024)) $((limit * 1024))" ] || fail "$(tail -n 1 "$TMPDIR/out")"

# What fills it, and what could go: the younger of two years stays, and no guard is asked.
expect_exit 0 mailkeep quota --json "$V"
jq -r 'select(.type == "folder") | [.folder, .messages, .bytes, .delete] | @tsv' "$TMPDIR/out" | sort >"$TMPDIR/have"
years would "$TMPDIR/now" "$usual and years(2)" >"$TMPDIR/want"
jq -rs --rawfile want "$TMPDIR/want" '($want | split("\n") | map(split("\t")[0])) as $go | group_by(.folder)[] | .[0].folder as $f |
	[$f, length, (map(.size) | add), ($go | map(select(. == $f)) | length)] | @tsv' "$TMPDIR/now" >"$TMPDIR/should"
printf 'Empty\t0\t0\t0\n' | sort - "$TMPDIR/should" | grep -v '^All Mail' >"$TMPDIR/should.all"
grep -v '^All Mail' "$TMPDIR/have" >"$TMPDIR/have.all"
same "$TMPDIR/should.all" "$TMPDIR/have.all"
[ "$(summary 'quota_used quota_limit')" = "$((used * 1024)) $((limit * 1024))" ] || fail "$(tail -n 1 "$TMPDIR/out")"

# Nothing of all that has changed anything.
imap snapshot >"$TMPDIR/after"
same "$TMPDIR/snapshot" "$TMPDIR/after"
imap folders | sed 's/ \\\(Un\)*Marked//' >"$TMPDIR/after"
same "$TMPDIR/folders" "$TMPDIR/after"
quota_now >"$TMPDIR/after"
same "$TMPDIR/quota" "$TMPDIR/after"
[ "$(mailkeep log --json "$V" | jq -r 'select(.type == "commit").commit' | head -n 1)" = "$head" ] || fail "a plan was recorded"

# ---- what is not allowed ----

n=$(wc -l <"$TMPDIR/first")
: >"$TMPDIR/want"
EXIT=2 prune "$V" --older-than 2y --yes
EXIT=2 prune "$V" --yes --max-delete 1000
EXIT=9 prune "$V" --older-than 2y --yes --max-delete $((n - 1))
said "$((n - 1))"
prune "$V" --older-than 2y --yes --max-delete 1000 --dry-run
went
# A full disk, a bad vault: see prune-lies.sh.

# ---- it deletes, while mail comes and others mark theirs ----

busy_start INBOX
before=$(busy_count)
cp "$TMPDIR/first" "$TMPDIR/want"
EXIT=9 prune "$V" --older-than 2y --yes --max-delete "$n"
[ "$(busy_count)" -gt "$before" ] || fail "no mail came meanwhile"
busy_stop
[ "$(summary deleted)" = "$n" ] || fail "$(tail -n 1 "$TMPDIR/out")"
grep -qF 'UID EXPUNGE' "$TMPDIR/said" || fail "nobody deleted anything"
went
came
run=$(summary run)

# What the guards kept goes when they are lifted.
years would "$TMPDIR/now" "$usual and years(2) and not subject.startswith('meanwhile')" >"$TMPDIR/want"
[ "$(wc -l <"$TMPDIR/want")" -gt 50 ] || fail "nothing was kept by guards"
prune "$V" --older-than 2y --yes --max-delete 1000 --allow-empty-folder --allow-most
[ "$(summary deleted)" = "$(wc -l <"$TMPDIR/want")" ] || fail "$(tail -n 1 "$TMPDIR/out")"
[ "$(summary run)" != "$run" ] || fail "the same run"
went
came
freed

# Nothing is left to do.
: >"$TMPDIR/want"
prune "$V" --older-than 2y --yes --max-delete 1000 --allow-empty-folder --allow-most
[ "$(summary 'deleted run')" = '0 0' ] || fail "$(tail -n 1 "$TMPDIR/out")"
went

# ---- the vault knows, and the next backup misses nothing ----

client_forget
expect_exit 0 mailkeep backup --json "$V"
[ "$(json_counts 'new gone')" = "$(busy_count) 0" ] || fail "$(tail -n 1 "$TMPDIR/out")"
[ ! -s "$TMPDIR/err" ] || fail "a backup is worried: $(cat "$TMPDIR/err")"
backup "$V"
nothing_fetched
mirrors "$V"
[ "$(mailkeep status --json "$V" | jq -r 'select(.type == "status") | "\(.result) \(.missing)"')" = 'complete 0' ] || fail "status is worried"
mailkeep list --json --at "$head" "$V" >"$TMPDIR/then"
same "$TMPDIR/listed" "$TMPDIR/then"
expect_exit 0 mailkeep verify --read-data "$V"
mailkeep list --json --pruned "$run" "$V" | jq -r 'select(.type == "message").sha256' | sort >"$TMPDIR/have"
cut -f 4 "$TMPDIR/first" | sort >"$TMPDIR/should"
same "$TMPDIR/should" "$TMPDIR/have"

# ---- a list that somebody looked at ----

facts "$TMPDIR/now"
planned "$V" "$usual and subject.startswith('INBOX') and years(1) and folder == 'INBOX'" --older-than 1y --folder INBOX --subject INBOX
cp "$TMPDIR/list" "$TMPDIR/reviewed"
cp "$TMPDIR/want" "$TMPDIR/all"
mapfile -t uids < <(cut -f 3 "$TMPDIR/all")
[ ${#uids[@]} -gt 10 ] || fail "${#uids[@]} messages in the list"
# Not carried out at all: truncated, with half a line, a line twice, of another vault, with another policy beside it.
: >"$TMPDIR/want"
sed '$d' "$TMPDIR/reviewed" >"$TMPDIR/cut"
EXIT=2 prune "$V" --execute "$TMPDIR/cut" --yes --max-delete 1000
sed '3s/.\{30\}$//' "$TMPDIR/reviewed" >"$TMPDIR/cut"
EXIT=2 prune "$V" --execute "$TMPDIR/cut" --yes --max-delete 1000
sed '3p' "$TMPDIR/reviewed" >"$TMPDIR/cut"
EXIT=2 prune "$V" --execute "$TMPDIR/cut" --yes --max-delete 1000
head -c 1000 "$TMPDIR/reviewed" >"$TMPDIR/cut"
EXIT=2 prune "$V" --execute "$TMPDIR/cut" --yes --max-delete 1000
W=$TMPDIR/vault2
vault_init "$W"
expect_exit 0 mailkeep backup "$W"
EXIT=2 prune "$W" --execute "$TMPDIR/reviewed" --yes --max-delete 1000
EXIT=2 prune "$V" --execute "$TMPDIR/reviewed" --older-than 1y --yes --max-delete 1000
prune "$V" --execute "$TMPDIR/reviewed"
[ "$(plan_says messages)" = ${#uids[@]} ] || fail "$(cat "$TMPDIR/out")"
went
# Meanwhile one is flagged, one is unread again, one marked by another client, two are gone, one is answered; one line has
# the hash of something else, and one was taken out.
imap flags INBOX "${uids[0]}" '+FLAGS (\Flagged)'
imap flags INBOX "${uids[1]}" '-FLAGS (\Seen)'
imap flags INBOX "${uids[2]}" '+FLAGS (\Deleted)'
imap expunge INBOX "${uids[3]},${uids[4]}"
imap flags INBOX "${uids[5]}" '+FLAGS (\Answered)'
facts "$TMPDIR/now"
jq -c --argjson uid "${uids[6]}" --argjson not "${uids[7]}" 'select(.uid != $not) |
	if .uid == $uid then .sha256 = "'"$(printf '%064d' 7)"'" else . end' "$TMPDIR/reviewed" >"$TMPDIR/forged"
years would "$TMPDIR/now" "folder == 'INBOX' and uid in ($(printf '%d, ' "${uids[5]}" "${uids[@]:8}"))" >"$TMPDIR/want"
EXIT=3 prune "$V" --execute "$TMPDIR/forged" --yes --max-delete 1000
went
years would "$TMPDIR/now" "folder == 'INBOX' and uid in (${uids[6]}, ${uids[7]})" >"$TMPDIR/want"
EXIT=3 prune "$V" --execute "$TMPDIR/reviewed" --yes --max-delete 1000
for i in '0 flagged' '1 unread' '2 marked'; do
	grep -q "UID ${uids[${i% *}]} .*stays: ${i#* }" "$TMPDIR/err" || fail "UID ${uids[${i% *}]} is not named as ${i#* }"
done
[ "$(jq -r 'select(.type == "plan").kept | "\(.flagged) \(.unread) \(.marked)"' "$TMPDIR/out")" = '1 1 1' ] ||
	fail "it does not say why the others stay"
went

# ---- the policy of the config file; an option takes the place of the setting of that name ----

mkdir -p "$TMPDIR/config/mailkeep"
cat >"$TMPDIR/config/mailkeep/config" <<-END
	account work {
	  server = "imaps://anna@localhost:$DOVECOT_TLS_PORT"
	  vault = "$V"
	  tls_ca = "$TLS/CA.pem"
	  password_file = "$TMPDIR/password"
	  prune_older_than = 1y
	  prune_folders = {Sent, "日本語/*"}
	  prune_keep_last = 3
	  prune_trash_older_than = 90d
	}
END
mailkeep backup work
facts "$TMPDIR/now"
planned work "$usual and years(2) and folder == 'Sent'" --folder Sent --older-than 2y
planned work "folder == 'Trash' and not flagged and not deleted and days > 90 and rank >= 3" --folder Trash --allow-most
planned work "$usual and years(1) and rank >= 3 and (folder == 'Sent' or folder == '日本語/受信')"
prune work --yes --max-delete 1000
went

# ---- into the trash ----

planned "$V" "$usual and days > 60 and folder == 'Sent'" --older-than 60d --folder Sent --keep-last 0 --move-to-trash --allow-empty-folder
trash=$(imap snapshot Trash | wc -l)
server_forget
expect_exit 0 mailkeep prune --json "$V" --older-than 60d --folder Sent --keep-last 0 --move-to-trash --allow-empty-folder --yes --max-delete 1000
! client_said | grep -E ' (EXPUNGE|UID EXPUNGE|CLOSE)' || fail "it deletes"
[ "$(summary 'deleted moved')" = "$(wc -l <"$TMPDIR/want") $(wc -l <"$TMPDIR/want")" ] || fail "$(tail -n 1 "$TMPDIR/out")"
freed
facts "$TMPDIR/after"
years without "$TMPDIR/now" "$TMPDIR/want" | jq -r 'select(.folder != "Trash") | [.folder, .uid, .sha256, .time, .flags[]] | join(" ")' | sort >"$TMPDIR/should"
jq -r 'select(.folder != "Trash") | [.folder, .uid, .sha256, .time, .flags[]] | join(" ")' "$TMPDIR/after" | sort >"$TMPDIR/have"
same "$TMPDIR/should" "$TMPDIR/have"
[ "$(imap snapshot Trash | wc -l)" = $((trash + $(wc -l <"$TMPDIR/want"))) ] || fail "what was moved is not in the trash"
backup "$V"
mirrors "$V"

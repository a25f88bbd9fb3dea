# Packs that are gone, or not what they were: said by every backup and by status (exit 6), while new mail is kept all the same.
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq
dovecot_start
for n in 1 2 3; do
	printf 'Subject: %s\n\nmessage %s\n' $n $n >"$TMPDIR/$n"
done
V=$TMPDIR/vault
vault_init "$V"
imap put INBOX '' '' "$TMPDIR/1" >/dev/null
backup "$V"
first=$(basename "$V"/packs/*)
expect_exit 0 mailkeep status "$V"

mv "$V/packs/$first" "$TMPDIR/away"
imap put INBOX '' '' "$TMPDIR/2" >/dev/null
EXIT=6 backup "$V"
said "packs/$first: it is missing"
said 'mailkeep verify tells'
read_vault "$V" list >"$TMPDIR/out" 2>"$TMPDIR/err" && fail "the second reader sees no damage"
[ "$(packs "$V")" = 1 ] || fail "new mail was not kept"
expect_exit 6 mailkeep status "$V"
said "packs/$first: it is missing"
EXIT=6 backup "$V" --json
jq -es --arg pack "$first" 'any(.type == "damage" and .pack == $pack)' "$TMPDIR/out" >/dev/null || fail "no word of it in JSON"
expect_exit 0 mailkeep log --json "$V"
jq -es 'map(select(.result) | [.result, .status]) | any(. == ["partial", 6])' "$TMPDIR/out" >/dev/null || fail "the log tells of a good run"

head -c -1 "$TMPDIR/away" >"$V/packs/$first"
EXIT=6 backup "$V"
said "packs/$first: it has another size"

mv "$TMPDIR/away" "$V/packs/$first"
imap put INBOX '' '' "$TMPDIR/3" >/dev/null
backup "$V"
expect_exit 0 mailkeep status "$V"
mirrors "$V"

# Content that is only in the missing pack is stored again when it comes again.
cp -a "$V" "$TMPDIR/copy"
rm "$TMPDIR/copy/packs/$first"
imap 'do' 'SELECT INBOX' 'UID COPY 1 INBOX' >/dev/null
EXIT=6 backup "$TMPDIR/copy"
[ "$(packs "$TMPDIR/copy")" = 3 ] || fail "a message was taken for kept that can't be read"

# Patterns that choose nothing are no backup.
EXIT=3 backup "$V" --folder 'Nope*'
said 'none of them is to be backed up'
EXIT=3 backup "$V" --folder Nope
said 'Nope: the server has no such folder'

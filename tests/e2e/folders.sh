# Which folders: patterns and exclusions, names that are no names of files, other users' and shared ones (R18, R23, R118).
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq
printf 'Subject: one\n\none\n' >"$TMPDIR/1"
# A namespace that everybody shares.  mdbox has no opinion on names.
dovecot_start -s mdbox -x 'namespace shared {
  type = public
  prefix = Everyone/
  separator = /
  location = mdbox:~/../everyone
  list = yes
}'
V=$TMPDIR/vault
folders=('..' 'a.b' '.hidden' 'x.eml' 'a "quoted" \ one' '100% & more' 'CON' '-rf' 'a' 'A' 'ä' $'a\xcc\x88' '~' '$(touch oops)' '`id`' 'Everyone/News'
	"$(printf 'n%.0s' {1..200})" 'deep/1/2/3/4/5/6/7')
made=()
for f in "${folders[@]}"; do
	# Some are not to Dovecot's taste.
	if imap create "$f" 2>/dev/null; then
		imap put "$f" '' '' "$TMPDIR/1" >/dev/null
		made+=("$f")
	fi
done
[ ${#made[@]} -ge 12 ] || fail "only ${#made[@]} of the names were taken: ${made[*]}"
imap put INBOX '' '' "$TMPDIR/1" >/dev/null
vault_init "$V"

# R23: shared ones only on request.
backup "$V"
read_vault "$V" list | cut -f 1 >"$TMPDIR/have"
imap snapshot | cut -f 1 | grep -v '^Everyone' >"$TMPDIR/want"
same "$TMPDIR/want" "$TMPDIR/have"
backup "$V" --shared
mirrors "$V"
[ "$(read_vault "$V" records | jq -r 'select(.type == "folder" and .name == "Everyone/News") | .namespace' | tail -n 1)" = shared ] ||
	fail "$(read_vault "$V" records | grep Everyone) $(client_said)"
# R118: what looks alike stays apart, and the names are those that the server has.
! [ -e oops ] || fail "a folder's name was run"

# Patterns: the last that matches wins, and what is not chosen is not thought gone.
only()
{
	local want=$1

	shift
	rm -rf "$TMPDIR/some"
	vault_init "$TMPDIR/some"
	backup "$TMPDIR/some" "$@"
	read_vault "$TMPDIR/some" list | cut -f 1 | paste -sd ' ' >"$TMPDIR/have"
	[ "$(cat "$TMPDIR/have")" = "$want" ] || fail "$*: $(cat "$TMPDIR/have")"
}
only 'INBOX' --folder INBOX
only 'INBOX' --folder inbox
only 'deep/1/2/3/4/5/6/7' --folder 'deep/*'
EXIT=3 only '' --folder 'deep/%'
only 'A a' --folder a --folder A
only 'A' --folder '%' --folder '!*' --folder A
backup "$V" --shared --folder INBOX
vault_is "$V" "live $((${#made[@]} + 1)) "
imap put INBOX '' '' "$TMPDIR/1" >/dev/null
backup "$V" --folder '!INBOX'
vault_is "$V" "live $((${#made[@]} + 1)) "
backup "$V" --shared
mirrors "$V"

# --dry-run writes nothing.
imap put INBOX '' '' "$TMPDIR/1" >/dev/null
find "$V" -printf '%P %T@ %s\n' | sort >"$TMPDIR/before"
backup "$V" --dry-run --json
said '"plan"*"folder":"INBOX"*"visit":true' "$TMPDIR/out"
find "$V" -printf '%P %T@ %s\n' | sort >"$TMPDIR/after"
same "$TMPDIR/before" "$TMPDIR/after"

# R27: keywords of all kinds, and as many as there may be.
words=$(seq -f 'Keyword%g' 1 60 | paste -sd ' ')
imap flags INBOX 1 "+FLAGS ($words \$MDNSent NonJunk)"
backup "$V" --shared
mirrors "$V"

# What is refused, and with which status; what the file system holds against us: modes, links, read-only places.
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq
dovecot_start
printf 'Subject: one\n\none\n' >"$TMPDIR/1"
printf 'Subject: two\n\ntwo\n' >"$TMPDIR/2"
imap put INBOX '' '' "$TMPDIR/1" >/dev/null
V=$TMPDIR/vault

url=imaps://anna@localhost:$DOVECOT_TLS_PORT
(umask 077; printf '%s\n' "$DOVECOT_PASSWORD" >"$TMPDIR/password")
init=(mailkeep init --tls-ca "$TLS/CA.pem" --password-file "$TMPDIR/password")

# A vault that is not there is never made by anything but init: an unmounted disk must not become a fresh vault.
for verb in backup status log list; do
	expect_exit 10 mailkeep $verb "$V"
	[ ! -e "$V" ] || fail "$verb made something"
done
mkdir "$V"
expect_exit 10 mailkeep backup "$V"
[ -z "$(ls -A "$V")" ] || fail "backup wrote into an empty directory"

# init: not into what holds something else, not twice, not over a file; an unfinished one goes on.
touch "$V/stranger"
expect_exit 9 "${init[@]}" "$url" "$V"
[ "$(ls -A "$V")" = stranger ] || fail "init touched a directory that it refused"
rm "$V/stranger"
mkdir "$V/packs" "$V/tmp" "$V/manifests"
touch "$V/lock" "$V/tmp/00000001-1-00000000.tar.zst"
expect_exit 0 "${init[@]}" "$url" "$V"
cp "$V/vault.json" "$TMPDIR/vault.json"
expect_exit 9 "${init[@]}" "$url" "$V"
same "$TMPDIR/vault.json" "$V/vault.json"
mkdir -p "$TMPDIR/half/packs"
touch "$TMPDIR/half/packs/00000001-1-00000000.tar.zst"
expect_exit 9 "${init[@]}" "$url" "$TMPDIR/half"
touch "$TMPDIR/file"
expect_exit 1 "${init[@]}" "$url" "$TMPDIR/file"
expect_exit 1 "${init[@]}" "$url" "$TMPDIR/nowhere/vault"
[ ! -e "$TMPDIR/nowhere" ] || fail "init made directories above the vault"
# No sign-in, no vault.
printf 'wrong\n' | expect_exit 4 mailkeep init --tls-ca "$TLS/CA.pem" --password-fd 0 "$url" "$TMPDIR/other"
[ ! -e "$TMPDIR/other" ] || fail "init made a vault without a sign-in"
! grep -r "$DOVECOT_PASSWORD" "$V" || fail "the password is in the vault"

# R63: 0600 and 0700, whatever the umask.
for mask in 000 777; do
	rm -rf "$V"
	(umask $mask; expect_exit 0 "${init[@]}" "$url" "$V")
	(umask $mask; EXIT=0 backup "$V")
	vault_is "$V" 'live 1 '		# it looks at every mode
done
find "$V" ! -type d ! -perm 600 -o -type d ! -perm 700 | grep . && fail "modes"
mirrors "$V"

# A vault keeps one account (exit 9), until it is told otherwise.
cat >"$TMPDIR/config" <<END
account berta {
	server = "imaps://localhost:$DOVECOT_TLS_PORT"
	user = "berta"
	vault = "$V"
	tls_ca = "$TLS/CA.pem"
	password_file = "$TMPDIR/password"
}
END
expect_exit 9 mailkeep -c "$TMPDIR/config" backup berta
vault_is "$V" 'commits 1 '
expect_exit 0 mailkeep init --rebind --yes "imaps://berta@localhost:$DOVECOT_TLS_PORT" "$V"
jq -e '.account.user == "berta"' "$V/vault.json" >/dev/null
expect_exit 0 mailkeep -c "$TMPDIR/config" backup berta
vault_is "$V" 'commits 2 '
expect_exit 0 mailkeep init --rebind --yes "$url" "$V"
expect_exit 9 mailkeep init --rebind "imaps://berta@localhost:$DOVECOT_TLS_PORT" "$V" </dev/null
jq -e '.account.user == "anna"' "$V/vault.json" >/dev/null || fail "an unconfirmed rebind was made"
backup "$V"
mirrors "$V"

# R65: a newer version, or a feature that is not known, is refused by everything, and nothing is touched.
for change in '.version = 2' '.requires = ["encryption"]' '.format = "other"'; do
	cp -a "$V" "$TMPDIR/newer"
	jq "$change" "$V/vault.json" >"$TMPDIR/newer/vault.json"
	find "$TMPDIR/newer" -printf '%P %T@ %s\n' | sort >"$TMPDIR/before"
	for verb in backup status log list; do
		expect_exit 10 mailkeep $verb "$TMPDIR/newer"
	done
	expect_exit 10 mailkeep init --rebind --yes "$url" "$TMPDIR/newer"
	find "$TMPDIR/newer" -printf '%P %T@ %s\n' | sort >"$TMPDIR/after"
	same "$TMPDIR/before" "$TMPDIR/after"
	rm -rf "$TMPDIR/newer"
done

# R64: links inside the vault are not followed, wherever somebody plants them.
imap put INBOX '' '' "$TMPDIR/2" >/dev/null
mkdir "$TMPDIR/outside"
for name in packs manifests tmp orphans; do
	cp -a "$V" "$TMPDIR/linked"
	mv "$TMPDIR/linked/$name" "$TMPDIR/moved"
	ln -s "$TMPDIR/moved" "$TMPDIR/linked/$name"
	rc=0
	mailkeep backup "$TMPDIR/linked" >"$TMPDIR/out" 2>"$TMPDIR/err" || rc=$?
	[ $rc != 0 ] || fail "$name is a link, and the backup followed it"
	[ "$(find "$TMPDIR/moved" -newer "$TMPDIR/2" | wc -l)" = "$(find "$V/$name" -newer "$TMPDIR/2" | wc -l)" ] || fail "written through $name"
	rm -rf "$TMPDIR/linked" "$TMPDIR/moved"
done
for name in lock catalog.sqlite catalog.sqlite-journal vault.json; do
	cp -a "$V" "$TMPDIR/linked"
	echo precious >"$TMPDIR/outside/$name"
	[ $name != vault.json ] || cp "$V/$name" "$TMPDIR/outside"
	cp "$TMPDIR/outside/$name" "$TMPDIR/precious"
	rm -f "$TMPDIR/linked/$name"
	ln -s "$TMPDIR/outside/$name" "$TMPDIR/linked/$name"
	mailkeep backup "$TMPDIR/linked" >"$TMPDIR/out" 2>"$TMPDIR/err" || :
	same "$TMPDIR/precious" "$TMPDIR/outside/$name"
	rm -rf "$TMPDIR/linked"
done
# A pack that is a link is damage to a reader, and no place for content to a writer.
cp -a "$V" "$TMPDIR/linked"
pack=$(basename "$V"/packs/*)
mv "$TMPDIR/linked/packs/$pack" "$TMPDIR/outside/$pack"
ln -s "$TMPDIR/outside/$pack" "$TMPDIR/linked/packs/$pack"
imap 'do' 'SELECT INBOX' 'UID COPY 1 INBOX' >/dev/null
expect_exit 6 mailkeep backup "$TMPDIR/linked"
said "packs/$pack: it is no regular file"
[ "$(packs "$TMPDIR/linked")" = 1 ] || fail "a writer relied on a link, or wrote over it"
[ "$(find "$TMPDIR/linked/packs" | wc -l)" = 3 ] || fail "no new pack beside a link"

# R57: a directory that can't be written to: reading verbs work, backup ends cleanly.
backup "$V"
place=$(server_place frozen)
thaw()
{
	chmod -R u+w "$place"
	rm -rf "$place"
}
at_end thaw
cp -a "$V" "$place/vault"
cp "$BUILD/mailkeep" "$place"
rm -f "$place/vault/lock"
as_reader=
if [ "$(id -u)" = 0 ]; then
	# As somebody else, who may read: the usual case of a backup of a backup.
	chmod -R go+rX,go-w "$place"
	mkdir -m 777 "$place/home"
	as_reader="setpriv --reuid=nobody --regid=$(id -g nobody) --clear-groups env HOME=$place/home"
else
	chmod -R a-w "$place/vault"
fi
for verb in status log list; do
	# shellcheck disable=SC2086
	expect_exit 0 $as_reader "$place/mailkeep" $verb "$place/vault"
	[ -s "$TMPDIR/out" ] || fail "$verb says nothing of a vault that it may only read"
done
# shellcheck disable=SC2086
expect_exit 1 $as_reader "$place/mailkeep" backup "$place/vault"
said 'ermission denied'
vault_is "$V" 'live 3 '

# Nobody reads the answer: a closed or full stdout is an error, and no harm.
expect_exit 8 bash -c 'mailkeep list "$0" >/dev/full' "$V"
expect_exit 1 bash -c 'mailkeep list "$0" >&-' "$V"
expect_exit 0 bash -c 'mailkeep backup "$0" >&- 2>&-' "$V"
expect_exit 8 bash -c 'mailkeep backup --json "$0" >/dev/full' "$V"
expect_exit 0 bash -c 'mailkeep backup "$0" </dev/null >&- 2>&- <&-' "$V"
mirrors "$V"

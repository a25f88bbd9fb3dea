# A disk that is too small, or fills up in the middle: said before the transfer or when it happens (exit 8), nothing that was
# committed is lost, and with more room the next run goes on (R50).  The disk is a tmpfs in a mount namespace of its own.
# flavour: plain
# timeout: 300
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need unshare mount

# As root at once, else as root of a user namespace.
apart=(unshare --mount)
[ "$(id -u)" = 0 ] || apart=(unshare --user --map-root-user --mount)

if [ -z "${SPACE_APART-}" ]; then
	"${apart[@]}" mount -t tmpfs none "$TMPDIR" 2>/dev/null || skip "no file system can be mounted here"
	dovecot_start -q 1000000
	for n in 1 2 3 4 5 6; do
		printf 'Subject: big %d\r\n\r\n' $n >"$TMPDIR/$n"
		openssl enc -aes-128-ctr -pass pass:$n -nosalt -pbkdf2 -in /dev/zero 2>/dev/null |
			head -c 9000000 | base64 >>"$TMPDIR/$n" || :
	done
	# The password has its own in lib-dovecot.sh.
	export DOVECOT_PORT DOVECOT_TLS_PORT TLS SPACE_APART=1
	"${apart[@]}" bash "$TOP/tests/e2e/space.sh"
	exit
fi

# room SIZE: the vault moves to another disk.
disk=$TMPDIR/disk
room()
{
	mkdir "$disk+"
	mount -n -t tmpfs -o "size=$1" none "$disk+"
	[ ! -d "$disk" ] || cp -a "$disk/." "$disk+"
	umount -n "$disk" 2>/dev/null || :
	disk+=+ V=$disk/vault
}

live()
{
	vault_is "$V" "live $1 "
}

# some: the vault is right, and has some messages, not all six.
some()
{
	local n

	vault_is "$V" ''
	n=$(read_vault "$V" list | wc -l)
	[[ $n == [2-5] ]] || fail "line ${BASH_LINENO[0]}: $n messages are there"
	expect_exit 0 mailkeep list "$V"
	expect_exit 0 mailkeep verify --read-data "$V"
}

# Enough to begin, not enough to end: what has come by then is kept, though it is not much.
room 60m
vault_init "$V"
imap put INBOX '' '' "$TMPDIR"/[1-6] >/dev/null
expect_exit 8 mailkeep backup "$V"
said 'are free on the vault'
some
room 100m
expect_exit 0 mailkeep backup "$V"
live 6
mirrors "$V"

# Hardly any room: nothing is begun.
room $(($(du -sk "$disk" | cut -f 1) + 20000))k
imap put INBOX '' '' "$TMPDIR/1" >/dev/null
expect_exit 8 mailkeep backup "$V"
said 'are free on the vault'
live 6
room 120m
expect_exit 0 mailkeep backup "$V"
live 7

# An import likewise.
mkdir -p "$TMPDIR/md/cur"
cp "$TMPDIR"/[1-6] "$TMPDIR/md/cur"
mv "$V" "$TMPDIR/of-the-server"
room 64m
vault_init "$V"
expect_exit 8 mailkeep import "$V" "$TMPDIR/md"
said 'are free on the vault'
some
room 120m
expect_exit 0 mailkeep import "$V" "$TMPDIR/md"
live 6
rm -rf "$V"
mv "$TMPDIR/of-the-server" "$V"

# One that is larger than all there is: those before it are kept.
{ printf 'Subject: huge\r\n\r\n'; yes 'a line of a message that is larger than the disk' | head -c 150000000 || :; } >"$TMPDIR/huge"
imap put INBOX '' '' "$TMPDIR/1" >/dev/null
huge=$(imap put INBOX '' '' "$TMPDIR/huge")
expect_exit 8 mailkeep backup "$V"
said 'MiB is on its way'
live 8
imap expunge INBOX "$huge"
rm "$TMPDIR/huge"

# One that seemed to fit.
imap create Work
{ printf 'Subject: wide\r\n\r\n'; openssl enc -aes-128-ctr -pass pass:7 -nosalt -pbkdf2 -in /dev/zero 2>/dev/null |
	head -c 22000000 | base64 || :; } >"$TMPDIR/wide"
imap put Work '' '' "$TMPDIR/wide" >/dev/null
rm -rf "$V"
room 40m
vault_init "$V"
expect_exit 8 mailkeep backup --folder Work "$V"
said 'No space left on device'
live 0
imap delete Work
rm "$TMPDIR/wide"

# Many messages, and a server that tells how much it holds: it is known before that this does not fit.
rm -rf "$V"
room 46m
printf 'Subject: small\r\n\r\nsmall\r\n' >"$TMPDIR/small"
mapfile -t small < <(yes "$TMPDIR/small" | head -n 1100)
imap put INBOX '' '' "${small[@]}" >/dev/null
vault_init "$V"
expect_exit 8 mailkeep backup "$V"
said 'are needed'
[ "$(packs "$V")" = 0 ] || fail "it was begun nevertheless"
room 120m
expect_exit 0 mailkeep backup "$V"
mirrors "$V"

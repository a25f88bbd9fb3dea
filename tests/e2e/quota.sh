# The server's quota is of the whole mailbox: it says whether all of it will fit, and nothing where folders were chosen.
# flavour: plain
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need unshare mount

apart=(unshare --mount)
[ "$(id -u)" = 0 ] || apart=(unshare --user --map-root-user --mount)
if [ -z "${QUOTA_APART-}" ]; then
	"${apart[@]}" mount -t tmpfs none "$TMPDIR" 2>/dev/null || skip "no file system can be mounted here"
	dovecot_start -q 1000000
	imap create Big
	imap create Small
	(printf 'Subject: big\r\n\r\n'; head -c 30000000 /dev/zero | tr '\0' x | fold -w 70) >"$TMPDIR/big"
	for n in 1 2 3 4; do
		imap put Big '' '' "$TMPDIR/big" >/dev/null
	done
	mkdir "$TMPDIR/small"
	for n in $(seq 1100); do
		printf 'Subject: %d\r\n\r\n%d\r\n' "$n" "$n" >"$TMPDIR/small/$n"
	done
	imap put Small '' '' "$TMPDIR"/small/* >/dev/null
	export DOVECOT_PORT DOVECOT_TLS_PORT TLS QUOTA_APART=1
	"${apart[@]}" bash "$TOP/tests/e2e/quota.sh"
	exit
fi

mkdir "$TMPDIR/disk"
mount -n -t tmpfs -o size=80m none "$TMPDIR/disk"
V=$TMPDIR/disk/vault
vault_init "$V"
rc=0
mailkeep backup "$V" 2>"$TMPDIR/err" || rc=$?
[ $rc = 8 ] || fail "exit $rc instead of 8: 120 MB on a disk of 80"
said_in "$TMPDIR/err" "are needed" || fail "it doesn't say how much is needed"
mailkeep backup --folder Small "$V" || fail "a small folder fits, whatever else the server has"
mailkeep backup --folder '!Big' "$V" || fail "so does all but the big one"

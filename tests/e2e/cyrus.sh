# Backup of an account on Cyrus.
# timeout: 120
. "$TOP/tests/lib.sh"
cyrus_start
server=cyrus port=$CYRUS_PORT prefix='' delimiter=/ news=0

# Cyrus keeps what IMAP serves.
stored()
{
	find "$CYRUS_DIR/spool" -name '*.' -type f -exec sha256sum {} + | cut -c -64
}

. "$TOP/tests/e2e/elsewhere.inc"

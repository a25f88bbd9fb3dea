# Backup of an account on Courier.
# timeout: 120
. "$TOP/tests/lib.sh"
courier_start
server=courier port=$COURIER_PORT prefix=INBOX. delimiter=.
news=20	# a folder that is renamed gets another UIDVALIDITY

# Courier's Maildir has LF for CRLF, where the client sent no other.
stored()
{
	find "$(courier_store)" \( -path '*/cur/*' -o -path '*/new/*' \) -type f | while read -r f; do
		sed 's/$/\r/' "$f" | if [ -n "$(tail -c 1 "$f")" ]; then head -c -1; else cat; fi | sha256sum | cut -c -64
	done
}

. "$TOP/tests/e2e/elsewhere.inc"

# shellcheck shell=bash
#
# tests/lib-vault.sh - vaults of Anna's account on the server of lib-dovecot.sh, and what has to be true of them; a script
# includes it after lib.sh.
#
#	vault_init VAULT [OPTION...]	mailkeep init for the current server, by TLS (or STARTTLS: VAULT_SCHEME=imap)
#	backup VAULT [OPTION...]	it must exit 0 (EXIT=N: N), and send no command that changes anything (R2, R3); what it
#					said is in $TMPDIR/out and $TMPDIR/err, the commands in client_said
#	read_vault VAULT COMMAND...	tests/tool/readvault.py
#	vault_is VAULT PATTERN		the second reader finds nothing wrong, and its summary matches
#	mirrors VAULT			the vault is right, and has what the server has: each message of each folder with its
#					UIDVALIDITY, UID, SHA-256, flags and INTERNALDATE, and no other
#	nothing_fetched			the last backup asked for no body
#	json_counts KEYS		of the last backup --json: its summary's values of these, such as "new gone"
#	packs VAULT, commits VAULT	how many there are

vault_init()
{
	local vault=$1 port=$DOVECOT_TLS_PORT

	shift
	[ "${VAULT_SCHEME-imaps}" = imaps ] || port=$DOVECOT_PORT
	[ -e "$TMPDIR/password" ] || (umask 077; printf '%s\n' "$DOVECOT_PASSWORD" >"$TMPDIR/password")
	expect_exit 0 mailkeep init --tls-ca "$TLS/CA.pem" --password-file "$TMPDIR/password" "$@" \
		"${VAULT_SCHEME-imaps}://$IMAP_USER@localhost:$port" "$vault"
}

backup()
{
	local vault=$1

	shift
	client_forget
	expect_exit "${EXIT-0}" mailkeep backup -v "$@" "$vault"
	only_reads
}

# Not whatever wrapper is called python3 here: this is called often.
python=$(python3 -c 'import sys; print(sys.executable)')

read_vault()
{
	"$python" -IS "$TOP/tests/tool/readvault.py" "$@"
}

vault_is()
{
	local said

	said=$(read_vault "$1") || fail "${BASH_LINENO[0]}: $1 is not right"
	# shellcheck disable=SC2053
	[[ $said == *$2* ]] || fail "line ${BASH_LINENO[0]}: $1: '$said' is not '$2'"
}

mirrors()
{
	imap snapshot >"$TMPDIR/on-server"
	read_vault "$1" list >"$TMPDIR/in-vault" || fail "line ${BASH_LINENO[0]}: $1 is not right"
	same "$TMPDIR/on-server" "$TMPDIR/in-vault"
}

packs()
{
	find "$1/packs" -type f | wc -l
}

commits()
{
	find "$1/manifests" -name '*.jsonl.zst' | wc -l
}

nothing_fetched()
{
	! client_said | grep 'BODY' || fail "line ${BASH_LINENO[0]}: bodies were fetched"
}

# R2, R3: what the program sent.
only_reads()
{
	# A synchronizing literal's bytes stand on lines of their own; none is used for such names as tests have.
	! client_said | grep -Ev '^k[0-9a-f]+\.[0-9]+ (NOOP|CAPABILITY|ID |NAMESPACE|LIST |LSUB |STATUS |ENABLE |EXAMINE |UNSELECT|GETQUOTAROOT |UID (FETCH|SEARCH) |LOGOUT)' |
		grep . || fail "line ${BASH_LINENO[0]}: not only commands that read"
	! client_said | grep -E ' FETCH .*(BODY\[|RFC822( |\)|\.TEXT|$))' || fail "line ${BASH_LINENO[0]}: a FETCH that sets \\Seen"
}

json_counts()
{
	local keys=$1

	jq -r --arg keys "$keys" 'select(.type == "backup") | [.[$keys | split(" ")[]]] | join(" ")' "$TMPDIR/out"
}

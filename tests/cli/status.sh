# What status says of backups that are old, narrow or damaged, and its exit status.
. "$TOP/tests/lib.sh"
need jq
dovecot_start
corpus -t now demo 0 "$(dovecot_mail)"
dovecot_own
cd "$TMPDIR"
umask 077
printf '%s\n' "$DOVECOT_PASSWORD" >password
cp "$TLS/CA.pem" ca.pem
mailkeep init --tls-ca ca.pem --password-file password "imaps://anna@localhost:$DOVECOT_TLS_PORT" vault

expect_exit 11 mailkeep status --max-age 1h vault
said 'vault: there was no backup yet'
said '  -> mailkeep backup vault makes one'

mailkeep backup vault
expect_exit 0 mailkeep status --max-age 1h vault
said 'anna@localhost  just now * ok ' out
sleep 1.1
expect_exit 11 mailkeep status --max-age 0s vault
said 'vault: the last backup that got to its end is '
said '  -> mailkeep log vault lists what happened since'

# Some folders, chosen for once, are no backup of the account.
mailkeep init --tls-ca ca.pem --password-file password "imaps://anna@localhost:$DOVECOT_TLS_PORT" narrow
mailkeep backup --folder Drafts narrow
expect_exit 11 mailkeep status --max-age 1h narrow
said 'narrow: there was no backup yet'
mailkeep log narrow >out
said 'backup --folder ok' out
mailkeep backup narrow
mailkeep backup --folder Drafts narrow
expect_exit 0 mailkeep status --max-age 1h narrow

# The path is one that other programs can use.
mailkeep status --json vault | jq -se --arg v "$PWD/vault" '.[0].vault == $v and .[0].damaged == false' >out

# A manifest that is lost is damage, though what is left can be read.
IMAP_USER=anna put_mail INBOX '' '' "$TOP/README.md"
mailkeep backup vault
cp -r vault copy
rm copy/manifests/00000002.jsonl.zst
expect_exit 6 mailkeep status copy
said 'anna@localhost * damaged ' out
said '  -> ?*'
expect_exit 6 mailkeep status --json copy
jq -se 'any(.type == "status" and .damaged) and any(.type == "error" and .kind == "corrupt")' <out >/dev/null

# So is a pack.
cp -r vault packless
rm packless/packs/*-1-*
expect_exit 6 mailkeep status packless
said 'anna@localhost * damaged ' out

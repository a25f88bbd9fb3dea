# Every way of finding out what changed, on a real server that has, or hides, what makes it easy (D10, R15, R34-R36).
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq
mkdir "$TMPDIR/mail"
for i in 1 2 3 4 5 6 7 8; do
	printf 'Subject: %d\nFrom: a@example.org\n\nNumber %d\n' $i $i >"$TMPDIR/mail/$i"
done

# way NAME STORAGE CONTAINER DENIED MUST MUST-NOT: MUST is something that a later run says.
way()
{
	local name=$1 storage=$2 container=$3 denied=$4 must=$5 must_not=$6 v=$TMPDIR/vault.$1 word

	cd "$TMPDIR/mail"
	dovecot_start -n "$name" -s "$storage" -d "$denied"
	imap create 'A' 'A/B' 'Ünder' 'quiet'
	imap put INBOX '\Seen' '' 1 2 3 4 5 6 >/dev/null
	imap put A/B '$Work' '17-Jul-1996 02:44:25 -0700' 1 2 3 >/dev/null
	imap put 'Ünder' '' '' 7 7 >/dev/null
	imap put quiet '' '' 1 2 3 >/dev/null
	vault_init "$v" --container "$container"
	backup "$v"
	mirrors "$v"
	# Nothing new.
	backup "$v" --json
	[ "$(json_counts 'fetched new flags gone status')" = '0 0 0 0 0' ] || fail "$name: $(cat "$TMPDIR/out")"
	[ "$(packs "$v")" = "$(find "$v/packs" -name '00000001-*' | wc -l)" ] || fail "$name: a new pack"
	mirrors "$v"
	# Only flags; only gone; only new; all at once, with as many new as gone.
	imap flags INBOX 2:3 'FLAGS (\Flagged $Work)'
	backup "$v" --json
	[ "$(json_counts 'fetched flags gone')" = '0 2 0' ] || fail "$name: $(cat "$TMPDIR/out")"
	mirrors "$v"
	imap expunge INBOX 4
	backup "$v" --json
	[ "$(json_counts 'fetched flags gone')" = '0 0 1' ] || fail "$name: $(cat "$TMPDIR/out")"
	mirrors "$v"
	imap put INBOX '' '' 8 >/dev/null
	backup "$v" --json
	[ "$(json_counts 'fetched flags gone')" = '1 0 0' ] || fail "$name: $(cat "$TMPDIR/out")"
	mirrors "$v"
	imap expunge INBOX 1,5
	imap expunge A/B 3
	imap put INBOX '\Answered' '' 1 5 >/dev/null
	imap put A/B '' '' 8 >/dev/null
	imap flags INBOX 2,6 '-FLAGS (\Flagged \Seen)'
	imap move 'Ünder' 1 A
	imap rename A/B 'A/Ç'
	backup "$v" --json
	[ "$(json_counts 'missing failed status')" = '0 0 0' ] || fail "$name: $(cat "$TMPDIR/out")"
	mirrors "$v"
	# New and gone again between two runs: the numbers are the same, the mail is not.
	uid=$(imap put quiet '' '' 4)
	imap expunge quiet "$uid"
	imap expunge quiet 1
	imap put quiet '' '' 5 >/dev/null
	backup "$v"
	client_said >"$TMPDIR/said"
	mirrors "$v"
	backup "$v" --full --json
	[ "$(json_counts 'fetched new flags gone status')" = '0 0 0 0 0' ] || fail "$name: $(cat "$TMPDIR/out")"
	mirrors "$v"
	for word in $must; do
		grep -q -- "$word" "$TMPDIR/said" || fail "$name: $word was not used"
	done
	for word in $must_not; do
		! grep -- "$word" "$TMPDIR/said" || fail "$name: $word was used"
	done
	# A folder is emptied, deleted, and made again under its name.
	imap delete quiet
	imap create quiet
	imap put quiet '' '' 6 6 >/dev/null
	backup "$v"
	mirrors "$v"
	dovecot_stop
	rm -rf "$DOVECOT_DIR/mail" "$v"
}

way all maildir tar '' 'QRESYNC LIST-STATUS\|RETURN' ''
way condstore mdbox mbox QRESYNC 'CHANGEDSINCE\|CONDSTORE' 'QRESYNC'
way plain maildir tar 'CONDSTORE QRESYNC' 'UID.FETCH.1:' 'CONDSTORE QRESYNC CHANGEDSINCE ENABLE MODSEQ'
way status mdbox tar 'LIST-STATUS' STATUS 'RETURN.*STATUS'
way bare sdbox mbox 'CONDSTORE QRESYNC LIST-STATUS LIST-EXTENDED SPECIAL-USE NAMESPACE ENABLE ESEARCH UIDPLUS UNSELECT LITERAL+ ID CHILDREN SASL-IR STATUS=SIZE' \
	'LSUB LIST' 'RETURN CONDSTORE QRESYNC ENABLE ESEARCH UNSELECT NAMESPACE'

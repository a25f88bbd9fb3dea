# The fixtures: the generated mailbox is the same every time, Dovecot takes it without a complaint, and what the helpers of
# lib-dovecot.sh say of it is so.
# flavour: plain
. "$TOP/tests/lib.sh"
need python3 openssl dovecot

tree()
{
	cd "$1"
	find . -path '*/cur/*' -printf '%p %T@\n' | LC_ALL=C sort
	find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
	cd "$TOP"
}

# The same seed gives the same mailbox, another one gives another.
corpus demo 0 "$TMPDIR/one"
corpus demo 0 "$TMPDIR/two"
corpus -s 2 demo 0 "$TMPDIR/three"
tree "$TMPDIR/one" >"$TMPDIR/one.txt"
tree "$TMPDIR/two" >"$TMPDIR/two.txt"
tree "$TMPDIR/three" >"$TMPDIR/three.txt"
same "$TMPDIR/one.txt" "$TMPDIR/two.txt"
! cmp -s "$TMPDIR/one.txt" "$TMPDIR/three.txt" || fail "the seed changes nothing"
[ "$(find "$TMPDIR/one" -path '*/cur/*' | wc -l)" = 300 ] || fail "not 300 messages"

# The other formats have the same messages.
corpus -f eml demo 0 "$TMPDIR/eml"
corpus -f mbox demo 0 "$TMPDIR/mbox"
[ "$(find "$TMPDIR/eml" -name '*.eml' | wc -l)" = 300 ] || fail "not 300 eml files"
[ "$(grep -rah '^From anna@example.org ' "$TMPDIR/mbox" | wc -l)" = 300 ] || fail "not 300 messages in mbox files"
find "$TMPDIR/eml" -name '*.eml' -exec sha256sum {} + | cut -c-64 | sort >"$TMPDIR/eml.txt"
find "$TMPDIR/one" -path '*/cur/*' -exec sha256sum {} + | cut -c-64 | sort >"$TMPDIR/maildir.txt"
same "$TMPDIR/eml.txt" "$TMPDIR/maildir.txt"

# Mail compresses as mail does: tar | zstd -3 makes 2.3 of S; between 2 and 3 of a part of it.
corpus S 1000 "$TMPDIR/S"
tar -C "$TMPDIR" -cf "$TMPDIR/S.tar" S
ratio=$(($(stat -c %s "$TMPDIR/S.tar") * 100 / $(zstd -3 -q <"$TMPDIR/S.tar" | wc -c)))
[ $((ratio / 100)) = 2 ] || fail "compresses by $ratio %"

# Dovecot serves it as it is.
dovecot_start
mv "$TMPDIR/one" "$(dovecot_mail)"
dovecot_own
imap folders >"$TMPDIR/folders"
for f in INBOX 'Family/写真' 'Rechnungen & Belege' 'Travel/Österreich' 'Work/Observatory/Dome' 'Lists/astronomy'; do
	said "$f	" "$TMPDIR/folders"
done
said 'Drafts	*\Drafts' "$TMPDIR/folders"
said 'Sent	*\Subscribed' "$TMPDIR/folders"
server_sha256 INBOX >"$TMPDIR/INBOX"
python3 - "$(dovecot_mail)" <<'END' >"$TMPDIR/want"
import glob, hashlib, re, sys
files = glob.glob(sys.argv[1] + "/cur/*")
for f in sorted(files, key=lambda f: int(re.search(r"\.M(\d+)P", f).group(1))):
    uid = re.search(r"\.M(\d+)P", f).group(1)
    print(uid, hashlib.sha256(open(f, "rb").read().replace(b"\n", b"\r\n")).hexdigest())
END
same "$TMPDIR/want" "$TMPDIR/INBOX"
imap state 'Rechnungen & Belege' >"$TMPDIR/state"
said 'paid' "$TMPDIR/state"
imap sha256 Drafts >"$TMPDIR/drafts"
[ ! -s "$TMPDIR/drafts" ] || fail "Drafts is not empty"

# New mail arrives; the helpers see it, and change what they should.
n=$(wc -l <"$TMPDIR/INBOX")
corpus -t now new 3 "$(dovecot_mail)"
dovecot_own
server_sha256 INBOX >"$TMPDIR/INBOX"
[ "$(wc -l <"$TMPDIR/INBOX")" = $((n + 3)) ] || fail "new mail did not arrive"
printf 'Subject: x\n\nbody' >"$TMPDIR/mail"
put_mail Drafts '\Seen $Test' '01-Feb-2003 04:05:06 +0100' "$TMPDIR/mail" "$TMPDIR/mail" >"$TMPDIR/uids"
[ "$(paste -sd ' ' "$TMPDIR/uids")" = "1 2" ] || fail "not UID 1 and 2"
imap state Drafts >"$TMPDIR/state"
sum=$(printf 'Subject: x\r\n\r\nbody' | sha256sum | cut -c-64)
for _ in 1 2; do
	printf 'Drafts\t%s\t$Test \\Seen\t%d\n' "$sum" "$(date -d '2003-02-01 03:05:06 UTC' +%s)"
done >"$TMPDIR/want"
same "$TMPDIR/want" "$TMPDIR/state"
imap expunge Drafts 1
imap flags Drafts 2 '-FLAGS (\Seen)'
imap create 'Ünder/Ört'
imap rename 'Ünder/Ört' 'Over'
imap move Drafts 2 Over
imap state Over >"$TMPDIR/state"
said '	$Test	' "$TMPDIR/state"
imap sha256 Drafts >"$TMPDIR/drafts"
[ ! -s "$TMPDIR/drafts" ] || fail "Drafts is not empty again"
imap fetch Over 1 >"$TMPDIR/got"
printf 'Subject: x\r\n\r\nbody' >"$TMPDIR/want"
same "$TMPDIR/want" "$TMPDIR/got"
client_said >"$TMPDIR/said"
said 'UID EXPUNGE 1' "$TMPDIR/said"
said 'RENAME "&ANw-nder/&ANY-rt" "Over"' "$TMPDIR/said"
not_said AUTHENTICATE "$TMPDIR/said"
client_forget
[ -z "$(client_said)" ] || fail "client_forget forgets nothing"
grep -E 'Error|Warning|Panic|Fatal' "$DOVECOT_DIR/log" && fail "Dovecot complains"

# Capabilities come and go, quotas hold, a second server stands beside, with another store; TLS can be trusted.
dovecot_start -n two -s mdbox -d 'UIDPLUS CONDSTORE QRESYNC' -a XTEST -q 10
imap "do" CAPABILITY >"$TMPDIR/caps"
said 'XTEST' "$TMPDIR/caps"
not_said 'CONDSTORE' "$TMPDIR/caps"
not_said 'UIDPLUS' "$TMPDIR/caps"
head -c 20000 /dev/zero | tr '\0' x >"$TMPDIR/big"
expect_exit 1 put_mail INBOX '' '' "$TMPDIR/big"
said OVERQUOTA
IMAP_USER=carl@example.org
put_mail INBOX '' '' "$TMPDIR/mail"
dovecot_use one
IMAP_USER=berta
imap sha256 INBOX >"$TMPDIR/berta"
[ ! -s "$TMPDIR/berta" ] || fail "berta has mail"
echo | openssl s_client -connect "localhost:$DOVECOT_TLS_PORT" -CAfile "$TLS/CA.pem" -verify_return_error \
	-verify_hostname localhost >"$TMPDIR/tls" 2>&1 || { cat "$TMPDIR/tls"; fail "TLS is not trusted"; }
echo | openssl s_client -starttls imap -connect "127.0.0.1:$DOVECOT_PORT" -CAfile "$TLS/CA.pem" -verify_return_error \
	-verify_ip 127.0.0.1 >"$TMPDIR/tls" 2>&1 || { cat "$TMPDIR/tls"; fail "STARTTLS is not trusted"; }
dovecot_stop
! dovecot_greets || fail "it goes on"

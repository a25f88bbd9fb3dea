# timeout: 180
# Moving house: an account into another one by way of a vault, again until the day of the move; what is asked and when.
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need python3 jq
dovecot_start -n old -d SPECIAL-USE
cd "$TMPDIR"
(umask 077; printf '%s\n' "$DOVECOT_PASSWORD" >password; printf 'wrong\n' >wrong)
for n in 1 2 3 4; do
	printf 'Subject: number %s\n\nbody %s\n' $n $n >m$n
done
imap create Lists/kernel Drafts
imap put INBOX '\Seen' '01-Mar-2024 10:00:00 +0000' m1 m2 >uids
imap put Lists/kernel '\Flagged $Work' '03-Mar-2025 10:00:00 +0000' m1 m4 >uids
imap put Drafts '\Draft' '04-Mar-2025 10:00:00 +0000' m3 >uids
old=imaps://anna@localhost:$DOVECOT_TLS_PORT
dovecot_start -n new
new=imaps://berta@localhost:$DOVECOT_TLS_PORT
to=(--tls-ca "$TLS/CA.pem" --password-file password)
from=(--from-setting "tls-ca=$TLS/CA.pem" --from-setting password_file=password)

# arrived: berta's account on the new server is what anna's on the old one is.
arrived()
{
	dovecot_use old
	imap snapshot | cut -f 1,4- | sort >wanted
	dovecot_use new
	IMAP_USER=berta imap snapshot | cut -f 1,4- | sort >got
	same wanted got
}

# ---- from nothing but two servers ----

expect_exit 0 mailkeep copy "$old" "$new" --vault vault --yes "${from[@]}" "${to[@]}"
[ ! -s out ] || fail "it prints: $(cat out)"
[ ! -s err ] || fail "it talks though all is well: $(cat out err)"
arrived
# The vault is one like any other, and knows how to go on.
dovecot_use old
mirrors vault
backup vault
said 'nothing new'
imap put INBOX '' '05-Mar-2025 10:00:00 +0000' m4 >uids

# ---- again ----

expect_exit 0 mailkeep copy vault "$new" --yes -v "${to[@]}"
said 'anna@localhost: 1 new'
said 'restored 1 message (29 B) in 1 folder to berta@localhost, 5 were there already; 1 was checked and is identical'
arrived
expect_exit 0 mailkeep copy "$old" "$new" --vault vault -v "${to[@]}"
said 'nothing to append; 6 messages are there already' out
dovecot_use old
imap put INBOX '' '05-Mar-2025 11:00:00 +0000' m3 >uids
imap put Lists/kernel '' '05-Mar-2025 11:00:00 +0000' m3 >uids

# A dry run fetches and appends nothing.
expect_exit 0 mailkeep copy vault "$new" --dry-run "${to[@]}"
said 'INBOX * 1 ' out
said 'berta@localhost: nothing to append; 6 messages are there already' out
made=$(commits vault)
# Nobody is there to be asked: what was new is in the vault, and not appended.
expect_exit 9 setsid -w mailkeep copy vault "$new" "${to[@]}" </dev/null
said '2 messages (58 B) to append' out
[ "$(commits vault)" -gt "$made" ] || fail "no backup was made"
# As JSON: the one, then the other.
expect_exit 0 mailkeep copy vault "$new" --yes --json "${to[@]}"
[ "$(jq -r .type out | uniq | paste -sd ' ')" = 'backup folder plan summary' ] || fail "it is $(cut -c 1-60 out)"
[ "$(jq -r 'select(.type == "summary") | "\(.verb) \(.appended) \(.exit_code)"' out)" = 'copy 2 0' ] || fail "it is $(tail -n 1 out)"
arrived

# ---- a part ----

dovecot_use old
imap put INBOX '' '06-Mar-2025 11:00:00 +0000' m1 >uids
imap put Drafts '' '06-Mar-2025 11:00:00 +0000' m1 >uids
imap put Drafts '' '06-Mar-2026 11:00:00 +0000' m2 >uids
expect_exit 0 mailkeep copy vault "$new" --yes --json --folder Drafts --before 2026 "${to[@]}"
[ "$(jq -r 'select(.type == "backup") | "\(.folders) \(.new)"' out)" = '1 2' ] || fail "the backup is $(cat out)"
[ "$(jq -r 'select(.type == "summary") | .appended' out)" = 1 ] || fail "the copy is $(tail -n 1 out)"
expect_exit 0 mailkeep copy vault "$new" --yes "${to[@]}"
arrived

# A folder that holds only others: what to name is said.
expect_exit 3 mailkeep copy vault "$new" --yes --folder Lists "${to[@]}"
said "none of them is to be backed up: folders below are chosen by 'Lists/\*'"

# ---- what could not be had is no reason to leave out the rest ----

dovecot_use old
imap put INBOX '' '07-Mar-2025 11:00:00 +0000' m4 >uids
imap create Short
backup vault
imap delete Short
expect_exit 3 mailkeep copy vault "$new" --yes "${to[@]}" --folder INBOX --folder Short
said 'Short'
arrived

# ---- passwords from a person: each account's once, the new one's before the backup ----

cat >answer.py <<-'END'
	import os, pty, re, signal, sys

	def run(answers, *args):
	    """It is asked these questions, in this order, and no others."""
	    pid, fd = pty.fork()
	    if pid == 0:
	        os.environ["TERM"] = "xterm"
	        os.execvp("mailkeep", ("mailkeep",) + args)
	    text, seen = b"", 0
	    try:
	        while got := os.read(fd, 4096):
	            text += got
	            if answers and text.endswith(answers[0][0]):
	                os.write(fd, answers.pop(0)[1] + b"\n")
	            elif re.search(rb"(Password for [^ ]*: |\[y/N\] )$", text):
	                os.kill(pid, signal.SIGKILL)    # one question too many
	    except OSError:
	        pass
	    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
	    assert not answers, (answers, text.decode())
	    return status, text.decode()

	secret = os.environ["SECRET"].encode()
	status, text = run([(b"Password for anna@localhost: ", secret), (b"Password for berta@localhost: ", secret),
	    (b"to berta@localhost? [y/N] ", b"y")], "copy", "--vault", "third", *sys.argv[1:])
	assert status == 0, (status, text)
	assert text.count("Password") == 2, text
	assert secret.decode() not in text, text
END
dovecot_use old
imap put INBOX '' '08-Mar-2025 11:00:00 +0000' m2 >uids
SECRET=$DOVECOT_PASSWORD python3 answer.py "$old" "$new" --tls-ca "$TLS/CA.pem" --from-setting "tls_ca=$TLS/CA.pem"
arrived

# ---- a wrong password on either side is found before anything is fetched ----

expect_exit 4 mailkeep copy "$old" "$new" --vault fourth --yes "${from[@]}" --tls-ca "$TLS/CA.pem" --password-file wrong
[ "$(commits fourth)" = 0 ] || fail "it was backed up first"
expect_exit 4 mailkeep copy "$old" "$new" --vault fifth --yes "${to[@]}" --from-setting "tls_ca=$TLS/CA.pem" \
	--from-setting password_file=wrong
[ ! -e fifth ] || fail "a vault was made for an account that can't be signed in to"

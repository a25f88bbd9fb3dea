# timeout: 180
# The plan of a restore and what is said of it: looked at and left, asked for at a terminal, carried out in silence, as JSON;
# where the account to restore to may be named; parts of a vault, other names.
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need python3 jq
dovecot_start
cd "$TMPDIR"
for n in 1 2 3 4; do
	printf 'Subject: number %s\n\nbody %s\n' $n $n >m$n
done
imap create 'Sent Items' Lists/kernel 'Ärger' Empty Done
imap put INBOX '\Seen' '01-Mar-2024 10:00:00 +0000' m1 m2 >uids
imap put 'Sent Items' '' '02-Mar-2025 10:00:00 +0000' m3 >uids
imap put Lists/kernel '\Flagged $Work' '03-Mar-2025 10:00:00 +0000' m1 m4 >uids
imap put 'Ärger' '' '04-Mar-2025 10:00:00 +0000' m2 >uids
vault_init vault
backup vault
imap snapshot | cut -f 1,4- | sort >wanted
# The other account has one of them already.
IMAP_USER=berta imap create Done
IMAP_USER=berta imap put Done '' '' m4 >uids
IMAP_USER=berta imap put INBOX '\Seen' '01-Mar-2024 10:00:00 +0000' m2 >uids
IMAP_USER=berta imap snapshot >before
berta=imaps://berta@localhost:$DOVECOT_TLS_PORT
to=(--to "$berta" --tls-ca "$TLS/CA.pem" --password-file password)

unchanged()
{
	IMAP_USER=berta imap snapshot >now
	same before now
}

# ---- looked at ----

expect_exit 0 mailkeep restore vault "${to[@]}" --dry-run
[ ! -s err ] || fail "a dry run talks: $(cat err)"
sed 's/  *$//' out >plan
cat >want <<-END
	FOLDER        NEW  MESSAGES  SIZE  THERE
	INBOX                     1  29 B      1
	Empty         yes         0
	Lists/kernel  yes         2  58 B
	Sent Items    yes         1  29 B
	Ärger         yes         1  29 B
	berta@localhost: 5 messages (145 B) to append, 4 folders to make; 1 message is there already
END
same want plan
expect_exit 0 mailkeep restore vault "${to[@]}" --dry-run -v
said 'Done * 0' out
expect_exit 0 mailkeep restore vault "${to[@]}" --dry-run --quiet
[ ! -s out ] || fail "it prints: $(cat out)"
[ ! -s err ] || fail "a quiet dry run talks"
expect_exit 0 mailkeep restore vault "${to[@]}" --dry-run --json
jq -r 'select(.type == "folder") | [.folder, .to, .exists, .messages, .bytes, .there, .left] | map(tostring) | join(" ")' out >got
cat >want <<-END
	INBOX INBOX true 1 29 1 0
	Done Done true 0 0 0 0
	Empty Empty false 0 0 0 0
	Lists/kernel Lists/kernel false 2 58 0 0
	Sent Items Sent Items false 1 29 0 0
	Ärger Ärger false 1 29 0 0
END
same want got
[ "$(jq -r 'select(.type == "plan") | [.account, .folders, .made, .messages, .bytes, .there, .left] | map(tostring) | join(" ")' out)" = \
	"berta@localhost 6 4 5 145 1 0" ] || fail "the plan is $(cat out)"
unchanged
# Nobody to ask: the plan is there, and that is all.
expect_exit 9 setsid -w mailkeep restore vault "${to[@]}" </dev/null
said '5 messages (145 B) to append' out
said 'no terminal to ask on'
said '-> --yes appends without asking'
unchanged

# ---- asked ----

cat >answer.py <<-'END'
	import os, re, sys
	sys.path.insert(0, os.environ["TOP"] + "/tests/tool")
	from asked import run

	prompt = b"[y/N] "
	args = ("restore", "vault") + tuple(sys.argv[2:])
	if sys.argv[1] == "no":
	    for no in b"n\n", b"\n", b"yep\n":
	        lines, status = run(80, prompt, no, *args)
	        assert status == 9, (status, lines)
	        assert lines[0].split() == ["FOLDER", "NEW", "MESSAGES", "SIZE", "THERE"], lines
	        assert lines[-2].startswith("Append 5 messages (145 B) to berta@localhost? [y/N] "), lines
	        assert lines[-1] == "mailkeep: nothing was appended", lines
	    lines, status = run(40, prompt, b"n\n", *args, "--into", "A folder with quite a long name/and more")
	    assert lines[0].split() == ["FOLDER", "NEW", "MESSAGES", "SIZE"], lines
	    assert lines[2:4] == ["    -> A folder with quite a long", "    name/and more/INBOX: as --into says"], lines
	    assert max(map(len, lines[:-2])) <= 40, lines
	    # Who stops here has lost nothing, and knows it.
	    lines, status = run(80, prompt, b"\x03", *args)
	    assert status == 130, (status, lines)
	    assert lines[-1] == "mailkeep: stopped by SIGINT; nothing was appended", lines
	else:
	    lines, status = run(80, prompt, b"y\n", *args)
	    assert status == 0, (status, lines)
	    assert re.fullmatch(r"restored 5 messages \(145 B\) in 4 folders to berta@localhost, 1 was there", lines[-2]), lines
	    assert re.fullmatch(r"    already; 5 were checked and are identical \([0-9.]+ s\)", lines[-1]), lines
	    # Again: there is nothing to do, and nothing to ask.
	    lines, status = run(80, prompt, None, *args)
	    assert status == 0, (status, lines)
	    assert lines[-1] == "berta@localhost: nothing to append; 6 messages are there already", lines
END
python3 answer.py no "${to[@]}"
unchanged
python3 answer.py yes "${to[@]}"
IMAP_USER=berta imap snapshot | cut -f 1,4- | grep -v ^Done | sort >got
same wanted got

# ---- in silence, and as JSON ----

imap put Done '\Answered' '05-Mar-2025 10:00:00 +0000' m3 >uids
backup vault
client_forget
expect_exit 0 mailkeep restore vault "${to[@]}" --yes
[ ! -s out ] || fail "it prints: $(cat out)"
[ ! -s err ] || fail "it talks though all is well: $(cat out err)"
IMAP_USER=berta imap snapshot Done >got
[ "$(wc -l <got)" = 2 ] || fail "what is new is not there: $(cat got)"
imap put Done '' '06-Mar-2025 10:00:00 +0000' m1 >uids
backup vault
expect_exit 0 mailkeep restore vault "${to[@]}" --yes --json
[ "$(jq -r 'select(.type == "summary") | [.account, .verb, .messages, .there, .appended, .appended_bytes, .checked, .identical,
	.missing, .exit_code] | map(tostring) | join(" ")' out)" = "berta@localhost restore 8 7 1 29 1 1 0 0" ] ||
	fail "the summary is $(tail -n 1 out)"
expect_exit 0 mailkeep restore vault "${to[@]}" --yes -v
said 'nothing to append; 8 messages are there already'
not_said 'restored'

# ---- where to ----

# A section of the config file, whose vault is not there; and a vault, whose account is meant.
mkdir -p "$HOME/.config/mailkeep"
cat >"$HOME/.config/mailkeep/config" <<-END
	account new {
		server = "$berta"
		vault = $TMPDIR/nowhere
		tls_ca = $TLS/CA.pem
		password_file = $TMPDIR/password
	}
END
expect_exit 0 mailkeep restore vault --to new -v
said 'new: nothing to append; 8 messages' out
expect_exit 0 mailkeep restore vault --to vault -v
said 'anna@localhost: nothing to append; 8 messages' out
# Neither is the account of the vault that is read.
expect_exit 0 mailkeep restore vault "${to[@]}" --user berta -v
[ ! -e nowhere ] || fail "it made a vault"
# Journals are where such things belong, and nobody else's business.
[ -n "$(ls "$HOME/.local/state/mailkeep/restore")" ] || fail "there is no journal"
[ "$(stat -c %a "$HOME/.local/state/mailkeep/restore")" = 700 ] || fail "others can look into it"
XDG_STATE_HOME=$TMPDIR/state expect_exit 0 mailkeep restore vault --to new --yes
[ -n "$(ls state/mailkeep/restore)" ] || fail "XDG_STATE_HOME is not heeded"

# ---- parts, and other names ----

# planned OPTION...: "FOLDER>TO MESSAGES" of what would be appended for Carl, who has nothing.
planned()
{
	expect_exit 0 mailkeep restore vault --to "imaps://carl%40example.org@localhost:$DOVECOT_TLS_PORT" --tls-ca "$TLS/CA.pem" \
		--password-file password --dry-run --json "$@"
	jq -r 'select(.type == "folder" and .messages > 0) | "\(.folder)>\(.to) \(.messages)"' out | paste -sd, | tee got
}

is()
{
	[ "$1" = "$2" ] || fail "line ${BASH_LINENO[0]}: it is '$1', not '$2'"
}

is "$(planned --folder 'Lists/*' --folder INBOX)" 'INBOX>INBOX 2,Lists/kernel>Lists/kernel 2'
is "$(planned --folder '!Lists/*' --folder '!Done')" 'INBOX>INBOX 2,Sent Items>Sent Items 1,Ärger>Ärger 1'
is "$(planned --since 2025-03-03 --before 2025-03-05)" 'Lists/kernel>Lists/kernel 2,Ärger>Ärger 1'
is "$(planned --subject 'number 3')" 'Done>Done 1,Sent Items>Sent Items 1'
is "$(planned --flag flagged)" 'Lists/kernel>Lists/kernel 2'
is "$(planned --at 1)" 'INBOX>INBOX 2,Lists/kernel>Lists/kernel 2,Sent Items>Sent Items 1,Ärger>Ärger 1'
is "$(planned --larger 1M)" ''
is "$(planned --folder INBOX --into Old/2024)" 'INBOX>Old/2024/INBOX 2'
is "$(planned --folder 'Lists/*' --folder Done --map 'Lists/*=Archive/*/all' --map 'D*=F*')" \
	'Done>Fone 2,Lists/kernel>Archive/kernel/all 2'
# By their ids: gone or not.
imap expunge INBOX 1
backup vault
id=$(mailkeep list --all --json vault INBOX | jq -r 'select(.subject == "number 1") | .id')
is "$(planned)" 'INBOX>INBOX 1,Done>Done 2,Lists/kernel>Lists/kernel 2,Sent Items>Sent Items 1,Ärger>Ärger 1'
is "$(planned "$id")" 'INBOX>INBOX 1'
is "$(planned --all --folder INBOX)" 'INBOX>INBOX 2'
hash=$(sha256sum <<<'' | cut -c 1-8)
expect_exit 2 mailkeep restore vault "${to[@]}" "$hash"
said "the vault has no message '$hash'"
expect_exit 2 mailkeep restore vault "${to[@]}" INBOX
said "'INBOX' is not the id of a message"
expect_exit 0 mailkeep restore vault "${to[@]}" "$id" -v
said 'nothing to append; 1 message is there already' out
# Nothing is chosen, which is not the same as that all is there.
expect_exit 0 mailkeep restore vault "${to[@]}" --folder Lists --folder Empty --yes
[ "$(cat err)" = "mailkeep: warning: berta@localhost: nothing in the vault matches: 'Lists' has no mail of its own, folders below it are chosen by 'Lists/*'" ] ||
	fail "it says: $(cat err)"
expect_exit 0 mailkeep restore vault "${to[@]}" --folder 'Lists' --dry-run
said "berta@localhost: nothing in the vault matches: 'Lists' has no mail of its own" out
expect_exit 0 mailkeep restore vault "${to[@]}" --folder Empty --yes -v
[ "$(cat err)" = 'berta@localhost: nothing in the vault matches' ] || fail "it says: $(cat err)"
expect_exit 0 mailkeep restore vault "${to[@]}" --larger 1M --yes
[ ! -s err ] || fail "it talks: $(cat err)"
imap create Over
imap put Over '' '07-Mar-2025 10:00:00 +0000' m3 >uids
backup vault
imap expunge Over 1
backup vault
expect_exit 0 mailkeep restore vault "${to[@]}" --folder Over --dry-run
said 'nothing in the vault matches: what is gone from the server is chosen by --all' out
# A name that is to be called otherwise is one.
expect_exit 2 mailkeep restore vault "${to[@]}" --map 'Lists/kernal=Kernel' --dry-run
said "mailkeep: --map: the vault has no folder 'Lists/kernal'"
said "  -> did you mean 'Lists/kernel'?"
expect_exit 2 mailkeep restore vault "${to[@]}" --map '*/nothing/*=x' --dry-run
said "  -> before the '=' stands a folder of the vault"
# ... of the vault's, though nothing is restored from it.
expect_exit 0 mailkeep restore vault "${to[@]}" --map 'Lists/kernel=Kernel' --folder INBOX --yes
# A flag that stays behind.
imap put INBOX '\Deleted \Seen' '08-Mar-2025 10:00:00 +0000' m4 >uids
backup vault
expect_exit 0 mailkeep restore vault "${to[@]}" --folder INBOX --dry-run -v
said '\\Deleted is not to be restored for 1 message: --deleted restores it'
expect_exit 0 mailkeep restore vault "${to[@]}" --folder INBOX --yes -v
said '\\Deleted was not restored for 1 message: --deleted restores it'
said 'restored 1 message (29 B) in 1 folder to'
# Nobody is there.
expect_exit 75 mailkeep restore vault --to imaps://berta@localhost:1 --tls-ca "$TLS/CA.pem" --password-file password --yes
said "  -> if the server's name and port are right, run it again later"

# timeout: 180
# The plan of a prune: looked at and left, as a list, as JSON; asked for at a terminal, carried out in silence, from a list;
# what fills the account.
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need python3 jq
dovecot_start -q 4096
cd "$TMPDIR"
for n in 1 2 3 4; do
	{ printf 'From: Bob <bob@example.org>\nSubject: number %s\n\n' $n; head -c $((n * 9000)) /dev/zero | tr '\0' x | fold -w 70; echo; } >m$n
done
imap create "It's" 'Ärger' Sent Trash Empty
for y in 2004 2005 2006 2007 2008 2009 2010 2011; do
	imap put INBOX '\Seen' "01-Mar-$y 10:00:00 +0000" m1 m2 m3 >uids
done
imap put INBOX '\Flagged \Seen' '01-Mar-2015 10:00:00 +0000' m1 >uids
imap put INBOX '' '01-Mar-2015 10:00:00 +0000' m2 >uids
mapfile -t new < <(printf 'm4\n%.0s' {1..30})
imap put INBOX '\Seen' '' "${new[@]}" >uids
imap put "It's" '\Seen' '01-Mar-2010 10:00:00 +0000' m1 >uids
imap put "It's" '\Seen' '' m2 >uids
imap put 'Ärger' '\Seen' '01-Mar-2011 10:00:00 +0000' m1 m2 >uids
imap put Sent '\Seen' '' m1 >uids
vault_init vault
# Before the first backup there is nothing that could go, and that is said.
expect_exit 0 mailkeep prune vault --before 2020
said 'anna@localhost: nothing to delete: there is no backup yet; run mailkeep backup first' out
said 'anna@localhost: 6 folders of the server are not in the vault yet' out
expect_exit 0 mailkeep quota vault
said 'anna@localhost: 6 folders of the server are not in the vault yet: mailkeep backup takes what is missing' out
backup vault
imap put INBOX '\Seen' '01-Mar-2003 10:00:00 +0000' m4 >uids
imap snapshot >before

unchanged()
{
	imap snapshot >now
	same before now
}

# is WANT: the plan that was printed, but for blanks at the ends of lines.
is()
{
	sed 's/  *$//' out >got
	same "$1" got
}

# ---- looked at ----

expect_exit 0 mailkeep prune vault --before 2020
[ ! -s err ] || fail "it talks: $(cat err)"
cat >want <<-END
	FOLDER           YEAR       GO       SIZE  STAY
	INBOX                       24  435.1 KiB    33
	                 2004-2006   9  163.2 KiB
	                 2007        3   54.4 KiB
	                 2008        3   54.4 KiB
	                 2009        3   54.4 KiB
	                 2010        3   54.4 KiB
	                 2011        3   54.4 KiB
	    stays: 1 not in the vault yet, 30 not asked for, 1 flagged, 1 unread
	It's             2010        1    9.1 KiB     1
	    stays: 1 not asked for
	Ärger                        0                2
	    2 kept by a guard: everything in it would go; --allow-empty-folder lifts it
	3 other folders              0                1
	anna@localhost: 25 messages (444.2 KiB) in 2 folders to delete
	anna@localhost: asked for: from before 2020; not flagged or unread
	anna@localhost: stays: 1 not in the vault yet, 32 not asked for, 1 flagged, 1 unread, 2 in a guarded folder
	anna@localhost: 2 messages (27.2 KiB) are held: everything in a folder would go
	anna@localhost: 1.6 MiB of 4.0 MiB are in use (40 %), afterwards about 1.2 MiB (29 %)
	Nothing was deleted.  To delete:
	  mailkeep prune vault --before 2020 --yes
	To delete also what guards hold:
	  mailkeep prune vault --before 2020 --allow-empty-folder --yes
END
is want
# Each folder and year by itself.
expect_exit 0 mailkeep prune vault --before 2020 -v
said '*2005 * 3 * 54.4 KiB*' out
said 'Empty * 0*' out
said 'Sent * 0 * 1*' out
not_said '*other folder*' out
# What others would have to type is what was typed, but for what makes it look only.
expect_exit 0 mailkeep prune --older-than=2y vault -n --folder "It's" --folder 'I*' --subject "number \$1" --yes
said "nothing to delete" out
not_said 'To delete' out
expect_exit 0 mailkeep prune --older-than=2y vault -nv --folder "It's" --sender 'BOB <' --yes
[ "$(tail -n 1 out)" = "  mailkeep prune --older-than=2y vault -v --folder 'It'\\''s' --sender 'BOB <' --yes" ] || fail "it says $(tail -n 1 out)"
expect_exit 0 mailkeep prune vault --before 2020 --quiet --allow-empty-folder
[ -z "$(cat out err)" ] || fail "a quiet one talks: $(cat out err)"
# More is said, less goes.
expect_exit 0 mailkeep prune vault --before 2020 --larger-than 20K --keep-last 40 --seen --folder INBOX
said 'INBOX * 5 *135.8 KiB * 52' out
said 'anna@localhost: asked for: from before 2020, larger than 20K, seen; not flagged or unread; in each folder not the newest 40' out
expect_exit 0 mailkeep prune vault --before 2020 --move-to-trash
said '25 messages (444.2 KiB) in 2 folders to move to the trash' out
said 'anna@localhost: 1.6 MiB of 4.0 MiB are in use (40 %); what is in the trash still counts' out
said 'Nothing was moved.  To move:' out
expect_exit 0 mailkeep prune vault --before 2020 --also-flagged --also-unread --allow-empty-folder
said 'anna@localhost: 29 messages * in 3 folders to delete' out
expect_exit 0 mailkeep prune vault --before 2020 --until-free 2600K --largest-first
said 'not needed for the goal' out
said 'the largest until this is free: 2600K' out
unchanged

# ---- JSON ----

expect_exit 0 mailkeep prune vault --before 2020 --json
cat >want <<-END
	INBOX 57 24 11 null
	Empty 0 0 0 null
	It's 2 1 2 null
	Sent 1 0 1 null
	Trash 0 0 0 null
	Ärger 2 0 1 empty-folder
END
jq -r 'select(.type == "folder") | [.folder, .messages, .delete, (.years | length), .guard] | map(tostring) | join(" ")' out >got
same want got
[ "$(jq -c 'select(.folder == "INBOX") | .kept' out)" = '{"not-saved":1,"not-chosen":30,"flagged":1,"unread":1}' ] || fail "kept is not right"
[ "$(jq -r 'select(.folder == "INBOX") | .years[] | select(.year == 2004) | [.messages, .delete] | join(" ")' out)" = '3 3' ] || fail "2004 is not right"
[ "$(jq -r 'select(.type == "plan") | [.account, .folders, .messages, .guarded, .open, .quota_limit, .move] | map(tostring) | join(" ")' out)" = \
	'anna@localhost 2 25 2 0 4194304 false' ] || fail "the plan is $(cat out)"
[ "$(jq -r 'select(.type == "summary") | [.dry_run, .deleted, .run, .exit_code] | map(tostring) | join(" ")' out)" = 'true 0 0 0' ] ||
	fail "the summary is $(tail -n 1 out)"

# ---- lists ----

umask 022
expect_exit 0 mailkeep prune vault --before 2020 --plan list
[ "$(stat -c %a list)" = 600 ] || fail "others can read the list"
[ "$(jq -s 'map(select(.type == "message")) | length' list)" = 25 ] || fail "the list is $(cat list)"
[ "$(tail -n 4 out | head -n 2)" = "$(printf 'Nothing was deleted.  To delete exactly these:\n  mailkeep prune vault --execute list --yes')" ] ||
	fail "it says $(tail -n 4 out)"
expect_exit 0 mailkeep prune vault --before 2020 --plan -
grep -v '"prune-plan"' list >want
grep -v '"prune-plan"' out >got
same want got
# Where no table is printed, guards are warned of.
guard='mailkeep: warning: anna@localhost: Ärger: 2 messages are kept by a guard: everything in it would go; --allow-empty-folder lifts it'
[ "$(cat err)" = "$guard" ] || fail "it says: $(cat err)"
expect_exit 9 mailkeep prune vault --before 2020 --plan list
said 'list exists already'
# Nothing is written where nothing could be looked at.
expect_exit 75 mailkeep prune vault --before 2020 --plan other --server imaps://anna@localhost:1
[ ! -e other ] || fail "it wrote a list of nothing"
[ -z "$(find . -maxdepth 1 -name '.mailkeep*')" ] || fail "half a list is left"
expect_exit 2 mailkeep prune vault --execute m1
said '-> make it anew by --plan'
unchanged

# ---- asked ----

cat >answer.py <<-'END'
	import os, re, sys
	sys.path.insert(0, os.environ["TOP"] + "/tests/tool")
	from asked import run

	prompt = b", type anna@localhost: "
	args = ("prune", "vault", "--yes") + tuple(sys.argv[2:])
	if sys.argv[1] == "no":
	    for no in b"\n", b"yes\n", b"anna@localhos\n", b"anna@localhost.\n":
	        lines, status = run(80, prompt, no, *args)
	        assert status == 9, (status, lines)
	        assert lines[0].split() == ["FOLDER", "YEAR", "GO", "SIZE", "STAY"], lines
	        assert max(map(len, lines[:-2])) <= 80, lines
	        assert lines[-2].startswith("To delete 25 messages (444.2 KiB) from the server, type anna@localhost: "), lines
	        assert lines[-1] == "mailkeep: nothing was deleted: that is not the account's name", lines
	    lines, status = run(40, prompt, b"\x03", *args)
	    assert status == 130, (status, lines)
	    assert max(map(len, [line for line in lines if "type anna" not in line])) <= 40, lines
	    assert lines[-2:] == ["mailkeep: stopped by SIGINT; nothing was", "    deleted"], lines
	else:
	    lines, status = run(200, prompt, b" anna@localhost \n", *args)
	    # One that was listed may not go any more.
	    assert status == 3, (status, lines)
	    assert lines[0] == 'mailkeep: warning: INBOX: UID 1 of 2004-03-01 10:00, "number 1", stays: flagged', lines
	    assert lines[-1] == "mailkeep: not all of the plan could be deleted: INBOX: UID 1: flagged", lines
	    end = "\n".join(lines[-4:-1])
	    assert re.fullmatch(r"anna@localhost: deleted 24 messages \([0-9.]+ KiB\) from the server; the vault keeps them as run (\d+) "
	        r"\([0-9.]+ s\)\nanna@localhost: freed [0-9.]+ KiB of 4.0 MiB: 1.2 MiB are used now\n"
	        r"anna@localhost: to bring them back: mailkeep restore --pruned \1 vault", end), lines
END
python3 answer.py no --before 2020
unchanged
# Without a terminal a number is needed, and it is heeded.
expect_exit 2 setsid -w mailkeep prune vault --before 2020 --yes </dev/null
expect_exit 9 mailkeep prune vault --before 2020 --yes --max-delete 24
said 'nothing was deleted: the plan has 25 messages, and --max-delete allows 24'
said '-> look at the plan; if it is right, say --max-delete 25'
expect_exit 9 mailkeep prune vault --execute list --yes --max-delete 0
unchanged

# ---- done ----

# One of the list has got a flag since.  (Its others are guarded by nothing: It's keeps one.)
imap flags INBOX 1 '+FLAGS (\Flagged)' >/dev/null
python3 answer.py yes --execute list
imap snapshot >now
awk -F '\t' 'NR == FNR { if ($1 == "INBOX" && $3 > 1 && $3 <= 24 || $1 == "It'\''s" && $3 == 1) next; print }' before >want
sed -E 's/\t[^\t]*\\Flagged[^\t]*\t/\tflags\t/' want | awk -F '\t' '!($1 == "INBOX" && $3 == 1)' >want2
sed -E 's/\t[^\t]*\\Flagged[^\t]*\t/\tflags\t/' now | awk -F '\t' '!($1 == "INBOX" && $3 == 1)' >now2
same want2 now2
grep -q "^INBOX.*\\\\Flagged" now || fail "the flagged one is gone"
# A guard holds the rest, and says so also where nobody watches; its own option lifts it.
backup vault
expect_exit 9 mailkeep prune vault --before 2020 --yes --max-delete 10
deleted='anna@localhost: deleted 1 message (36.2 KiB) from the server; to bring it back: mailkeep restore --pruned 8 vault'
[ "$(cat err)" = "$(printf '%s\n%s\nmailkeep: 2 messages were kept by guards\n  -> if they may go, too: --allow-empty-folder' "$guard" "$deleted")" ] ||
	fail "it says: $(cat err)"
# The guards of folders are told even where nothing else would go, with what they hold and the line that lifts them.
expect_exit 0 mailkeep prune vault --before 2020
said 'anna@localhost: nothing to delete without lifting guards: 2 messages (27.2 KiB) are held: everything in a folder would go' out
[ "$(tail -n 2 out)" = "$(printf 'Nothing was deleted.  To delete what guards hold:\n  mailkeep prune vault --before 2020 --allow-empty-folder --yes')" ] ||
	fail "it says $(tail -n 2 out)"
# In a line, which can be mailed; or in silence.
expect_exit 0 mailkeep prune vault --before 2020 --yes --max-delete 10 --allow-empty-folder
grep -Eqx 'anna@localhost: deleted 2 messages \(27\.2 KiB\) from the server; to bring them back: mailkeep restore --pruned [0-9]+ vault' err ||
	fail "it says: $(cat err)"
[ "$(cat out err | wc -l)" = 1 ] || fail "it says too much: $(cat out err)"
expect_exit 0 mailkeep prune vault --before 2020 --yes --max-delete 0
[ -z "$(cat out err)" ] || fail "it talks though there is nothing to do: $(cat out err)"
imap put Sent '\Seen' '01-Mar-2015 10:00:00 +0000' m2 >uids
backup vault
expect_exit 0 mailkeep prune vault --before 2020 --yes --max-delete 1 --json
[ "$(jq -r 'select(.type == "summary") | [.account, .verb, .dry_run, .deleted, .moved, .findings, .quota_limit, .exit_code] | map(tostring) | join(" ")' out)" = \
	'anna@localhost prune false 1 0 {} 4194304 0' ] || fail "the summary is $(tail -n 1 out)"

# ---- the config file ----

mkdir -p "$HOME/.config/mailkeep"
cat >"$HOME/.config/mailkeep/config" <<-END
	account work {
		vault = $TMPDIR/vault
		prune_older_than = 10y
		prune_folders = { "Sent", "Tr*" }
		prune_keep_unread = no
	}
END
imap put Sent '' '01-Mar-2015 10:00:00 +0000' m2 m3 >uids
imap put Trash '' '01-Mar-2018 10:00:00 +0000' m1 >uids
imap put Trash '' '' m1 >uids
# What came this very second is not older than that.
sleep 1.1
imap snapshot >before
backup vault
expect_exit 0 mailkeep prune work
said 'work: 2 messages * in 1 folder to delete' out
said 'work: asked for: older than 10y; not flagged; folders: Sent, Tr\*' out
said '  mailkeep prune work --yes' out
# More is wanted than may go: that is said, and whether guards hold some of it.
expect_exit 0 mailkeep prune work --until-free 99%
said 'work: this leaves only 71 % free, not 99 %: nothing more may go' out
expect_exit 0 mailkeep prune work --until-free 99% --older-than 0d
said 'work: this leaves only 7[0-9] % free, not 99 %: nothing more may go without lifting guards' out
said 'work: 2 messages (* KiB) are held: what came within the last 30 days would go' out
[ "$(tail -n 1 out)" = '  mailkeep prune work --until-free 99% --older-than 0d --allow-young --yes' ] || fail "it says $(tail -n 1 out)"
expect_exit 0 mailkeep prune work --until-free 4095K --folder Sent
said 'work: this leaves only [0-9.]* MiB free, not 4.0 MiB: nothing more may go' out
expect_exit 0 mailkeep prune work --keep-unread
said 'work: nothing to delete' out
expect_exit 0 mailkeep prune work --older-than 2y --folder Trash
said 'work: 1 message * in 1 folder to delete' out
expect_exit 0 mailkeep prune work --trash-older-than 1y
said 'work: 3 messages * in 2 folders to delete' out
unchanged

# ---- quota ----

expect_exit 0 mailkeep quota work
sed 's/  *$//' out >got
grep -E '^work: [0-9.]+ MiB of 4.0 MiB are in use$' got >/dev/null || fail "it says $(cat out)"
said '  \[━*\] [0-9]* %' out
said 'FOLDER * SIZE  MESSAGES' out
said 'INBOX * ━*MiB * 33' out
said 'work: could be freed now: 2 messages (* KiB), older than 10y; not flagged; folders: Sent, Tr\*' out
[ "$(tail -n 1 out)" = '  -> mailkeep prune work' ] || fail "it says $(tail -n 1 out)"
# What guards would hold is said, and lifted by the line; other folders; the options that a line needs again.
expect_exit 0 mailkeep -c "$HOME/.config/mailkeep/config" quota -v --folder Trash --folder 'S*t' work
said 'Trash *' out
not_said 'INBOX *' out
said 'work: could be freed now: * folders: Trash, S\*t' out
[ "$(tail -n 1 out)" = "  -> mailkeep -c $HOME/.config/mailkeep/config prune --folder Trash --folder 'S*t' work" ] ||
	fail "it says $(tail -n 1 out)"
expect_exit 0 mailkeep quota work -v
said '*2015 *' out
sed -i '/prune_/d' "$HOME/.config/mailkeep/config"
expect_exit 0 mailkeep quota work --json
[ "$(jq -r 'select(.type == "summary") | [.account, .has_quota, .folders, .messages, .delete, .exit_code] | map(tostring) | join(" ")' out)" = \
	"work true 6 $(imap snapshot | wc -l) 0 0" ] || fail "the summary is $(tail -n 1 out)"
expect_exit 0 mailkeep quota work
said 'work: nothing could be freed now that is older than 2y; not flagged or unread' out
sed -i 's/^vault/prune_older_than = 0d\nprune_keep_unread = no\n&/' "$HOME/.config/mailkeep/config"
# All that a folder has is younger than the guard by then, but for a few.
imap put Empty '\Seen' '01-Mar-2015 10:00:00 +0000' m1 m2 >uids
imap snapshot >before
backup vault
expect_exit 0 mailkeep quota work
said 'work: prune holds it back unless told that it is meant, since everything in a folder would go' out
[ "$(tail -n 1 out)" = '  -> mailkeep prune --allow-empty-folder work' ] || fail "it says $(tail -n 1 out)"
LC_ALL=C expect_exit 0 mailkeep quota work
said '  \[##*..*\] [0-9]* %' out
unchanged
dovecot_stop

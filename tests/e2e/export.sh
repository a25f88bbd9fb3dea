# Messages out of a vault into other people's formats, read there by programs that know nothing of us: a Maildir served by
# Dovecot, indexed by notmuch, listed by mblaze, opened by mutt; mailboxes taken apart by git and Python; archives by tar,
# bsdtar and unzip.  Byte for byte, with flags and dates.
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need tar zstd jq git unzip bsdtar notmuch mlist mutt

dovecot_start
corpus demo 0 "$(dovecot_mail)"
dovecot_own
V=$TMPDIR/vault
mkdir "$TMPDIR/odd"
cd "$TMPDIR/odd"
printf 'Subject: quoting\n\nFrom here\n>From there\n>>From everywhere\n > From\nFrom\n\nFrom ' >m1
printf 'From the first line on\nSubject: x\n\n\n\n' >m2
printf 'Subject: 8-bit \344\366\374\n\n\377\376\200\n\303\244' >m3
{ printf 'Subject: long\n\n'; head -c 3000000 /dev/zero | tr '\0' x; printf '\n'; } >m7
printf 'X: only a header' >m5
printf '\n' >m6
printf 'Subject: twice\n\nthe same\n' >m8
imap create 'Ärger/größer & kleiner' '[odd] %2F~' '-x ' '日本語/受信' INBOX/below empty
imap put 'Ärger/größer & kleiner' '\Seen $Work NonJunk $Forwarded' '17-Jul-1996 02:44:25 -0700' m1 m2 m3 m7 m5 m6 m8 m8 >/dev/null
imap put '[odd] %2F~' '\Flagged \Answered' '01-Jan-1970 00:00:01 +0000' m1 m8 >/dev/null
imap put '-x ' '' '31-Dec-2037 23:59:59 +1400' m8 >/dev/null
imap put '日本語/受信' '\Draft \Deleted' '' m3 >/dev/null
imap put INBOX/below '' '' m2 >/dev/null
# One folder with more keywords than a Maildir has letters.
imap put empty '' '' m8 >/dev/null
for n in 1 2 3; do
	imap flags empty 1 "+FLAGS ($(for k in a b c d e f g h i; do printf 'k%s%s ' $n $k; done))"
done
vault_init "$V"
backup "$V"
imap snapshot >"$TMPDIR/on-server"
cd "$TMPDIR"
cut -f 4 on-server | sort >hashes
total=$(wc -l <on-server)

# count CONDITION: messages on the server for which awk finds it true.
count()
{
	awk -F '\t' "$1" on-server | wc -l
}

# served WHAT: the Maildir of berta is what Anna's account was: folders, contents, flags, dates, and the order.
served()
{
	IMAP_USER=berta imap snapshot >served
	cut -f 1,4- "$1" | sort >want
	cut -f 1,4- served | sort >got
	same want got
	! grep -E 'Error|Panic|Warning|Corrupted' "$DOVECOT_DIR/log" || fail "Dovecot complains"
}

# ---- Maildir ----

expect_exit 0 mailkeep export "$V" --to maildir
[ ! -s out ] || fail "it prints without being asked: $(cat out)"
[ ! -s err ] || fail "it talks without being asked: $(cat err)"
cp -a maildir "$(dovecot_mail berta)"
dovecot_own
# Of 27 keywords the last one has no letter.
sed 's/ k3i\b//' on-server >wanted
served wanted
IMAP_USER=berta imap folders | cut -f 1 | sort >got
imap folders | cut -f 1 | sort >want
same want got
# In the order of UIDs, too, where dates say nothing else.
diff <(grep '^INBOX	' on-server | cut -f 3-) <(grep '^INBOX	' served | cut -f 3-)
find maildir -path '*/cur/*' -exec sha256sum {} + | cut -c 1-64 | sort >got
same hashes got
find maildir \( -type f ! -perm 600 -o -type d ! -perm 700 -o -type l \) | grep . && fail "modes, or a link"
find maildir -path '*/tmp/*' | grep . && fail "scratch is left"
f=$(grep -rl 'From everywhere' maildir/.*rger*/cur)
[ "$(stat -c %Y "$f")" = 837596665 ] || fail "$f doesn't have the date of its message"
case ${f##*/} in
837596665.*,S="$(stat -c %s "$f")":2,PSabc) ;;
*) fail "$f: other flags" ;;
esac

printf '[database]\npath=%s\nmail_root=%s\n[new]\ntags=x\n[user]\nname=A\n[search]\nexclude_tags=\n' "$TMPDIR/maildir" "$TMPDIR/maildir" >notmuch
cp -a maildir maildir.kept
# What has next to no header is no mail for notmuch; all others are there, and their flags are tags.
NOTMUCH_CONFIG=$TMPDIR/notmuch notmuch new >notmuch.out 2>&1 || { cat notmuch.out; fail "notmuch new"; }
NOTMUCH_CONFIG=$TMPDIR/notmuch notmuch search --output=files '*' | sort >got
find "$TMPDIR/maildir" -path '*/cur/*' | sort >want
[ "$(comm -13 got want | wc -l)" -le 4 ] || fail "notmuch leaves out $(comm -13 got want | head)"
NOTMUCH_CONFIG=$TMPDIR/notmuch notmuch search --output=files 'tag:flagged and folder:""' | sort -u >got
find "$TMPDIR/maildir/cur" -name '*:2,*F*' | sort >want
[ -s want ]
same want got
rm -rf maildir/.notmuch
[ "$(for d in maildir maildir/.[!.]*/; do mlist "$d"; done 2>/dev/null | wc -l)" = "$total" ] || fail "mblaze finds others"
mscan maildir/.*rger*/cur/* 2>/dev/null | grep -q quoting || fail "mblaze can't read them"
# mutt_reads FOLDER N: mutt opens it, and says that it has so many messages.
mutt_reads()
{
	printf '%s\n' 'set folder=. quit=yes status_format="It has %m messages."' 'push "<exit>"' >muttrc
	TERM=xterm timeout 30 "$python" - mutt -n -F muttrc -R -f "$1" >mutt.out <<-'END' || fail "mutt: $(tail mutt.out)"
		import os, pty, sys
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp(sys.argv[1], sys.argv[1:])
		try:
		    while text := os.read(fd, 4096):
		        os.write(1, text)
		except OSError:
		    pass
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	END
	grep -qa "It has $2 messages" mutt.out || fail "mutt finds not $2 in $1: $(grep -ao 'It has [0-9]*' mutt.out)"
}
mutt_reads maildir "$(count '$1 == "INBOX"')"
mutt_reads maildir/.Archive.2024 "$(count '$1 == "Archive/2024"')"

# ---- mbox ----

expect_exit 0 mailkeep export "$V" --to mbox --format mbox
for f in INBOX INBOX/below 'Ärger/größer & kleiner'; do
	[ -s "mbox/$f.mbox" ] || fail "there is no $f.mbox: $(find mbox)"
done
"$python" - mbox <<-'END'
	import glob, hashlib, mailbox, os, re, subprocess, sys
	# Line ends are LF where all were CR LF; a last one was added where there was none.
	def forms(body):
	    for b in body, body[:-1]:
	        for c in b, b.replace(b"\n", b"\r\n"):
	            yield hashlib.sha256(c).hexdigest() + "\n"
	with open("python.sha", "w") as out, open("git.sha", "w") as git:
	    for top, _, names in os.walk("mbox"):
	        for name in names:
	            path = os.path.join(top, name)
	            box = mailbox.mbox(path, create=False)
	            for key in box.keys():
	                out.writelines(forms(re.sub(rb"(?m)^>(>*From )", rb"\1", box.get_bytes(key))))
	            parts = os.path.join("parts", path)
	            os.makedirs(parts)
	            subprocess.run(["git", "mailsplit", "--mboxrd", "-d6", "-o" + parts, path], check=True, stdout=subprocess.DEVNULL)
	            for part in glob.glob(glob.escape(parts) + "/0*"):
	                with open(part, "rb") as f:
	                    git.writelines(forms(f.read().split(b"\n", 1)[1][:-1]))
END
[ "$(find mbox -type f -exec cat {} + | grep -ac '^From ')" = "$total" ] || fail "not as many as there are"
for reader in python git; do
	sort -u $reader.sha | comm -23 <(sort -u hashes) - >differ
	[ ! -s differ ] || fail "$(wc -l <differ) messages can't be read from the mailboxes with $reader"
done
# In the order of the folder, with its dates, and nothing added.
grep -a '^From ' 'mbox/Ärger/größer & kleiner.mbox' | sort -u >got
echo 'From mailkeep@localhost Wed Jul 17 09:44:25 1996' >want
same want got
! grep -aqE '^(Status|X-Status|X-UID|Content-Length):' -r mbox || fail "headers were added"
mutt_reads mbox/INBOX.mbox "$(count '$1 == "INBOX"')"

# ---- a tree, and archives ----

expect_exit 0 mailkeep export "$V" --to eml --format eml
find eml -type f -exec sha256sum {} + | cut -c 1-64 | sort >got
same hashes got
f=$(find eml/*odd* -name '*.1.*.eml')
[ "$(stat -c %Y "$f")" = 1 ] || fail "$f doesn't have the date of its message"
for name in a.tar.zst a.tar a.tgz a.zip; do
	LC_ALL=C expect_exit 0 mailkeep export "$V" --to $name
	mkdir "of-$name"
done
{
	LC_ALL=C tar --zstd -xf a.tar.zst -C of-a.tar.zst
	LC_ALL=C tar -xf a.tar -C of-a.tar
	bsdtar -xf a.tgz -C of-a.tgz
	unzip -q a.zip -d of-a.zip
} 2>tar.err
[ ! -s tar.err ] || fail "a reader complains: $(head tar.err)"
for name in a.tar.zst a.tar a.tgz a.zip; do
	diff -r eml "of-$name"
done
diff <(cd eml && find . -type f -printf '%P %Ts\n' | sort) <(cd of-a.tar.zst && find . -type f -printf '%P %Ts\n' | sort)
mailkeep export "$V" --to - >piped.tar.zst
same a.tar.zst piped.tar.zst
mailkeep export "$V" --format zip --to - INBOX >piped.zip
"$python" -c 'import zipfile, sys; z = zipfile.ZipFile("piped.zip"); assert z.testzip() is None; print(len(z.namelist()))' >got
[ "$(cat got)" = "$(grep -c '^INBOX	' on-server)" ] || fail "a piped zip holds others"

# A full disk is one, also behind stdout, whether it shows on the way or only at the end.
for folder in '*' empty; do
	expect_exit 8 bash -c 'mailkeep export "$0" "$1" --format zip --to - >/dev/full' "$V" "$folder"
	same "$TMPDIR/err" - <<-'END'
		mailkeep: can't write to stdout: No space left on device
		  -> make room and run it again
	END
done

# ---- what is chosen ----

# chosen N OPTION...: so many are exported, and the same ones are listed.
chosen()
{
	local n=$1

	shift
	rm -rf part
	expect_exit 0 mailkeep list --json "$V" "$@"
	jq -r 'select(.type == "message") | .sha256' out | sort >listed
	expect_exit 0 mailkeep export --json "$V" --to part --format eml "$@"
	[ "$(jq -r 'select(.type == "summary") | .messages' out)" = "$n" ] || fail "not $n for $*: $(tail -n 1 out)"
	[ "$n" = 0 ] || find part -type f -exec sha256sum {} + | cut -c 1-64 | sort >got
	[ "$n" = 0 ] || same listed got
}

chosen "$(count '$1 == "INBOX"')" INBOX
chosen "$(count '$1 ~ /^Archive\// || $1 == "Sent"')" 'Archive/*' Sent
chosen "$(count '$1 != "Sent" && $1 != "Junk"')" '!Sent' '!Junk'
chosen "$(count '$5 ~ /\\Flagged/')" --flag flagged
chosen "$(count '$5 !~ /\\Seen/ && $5 ~ /\\Flagged/')" --flag '\Flagged' --flag '!seen'
chosen 8 --flag '$Work'
chosen 8 --since 1996-07-17 --before 1996-07-18
chosen 8 --since 1996 --before 1997
chosen "$(count '$6 ~ /1970/')" --before 1971
chosen 1 --larger 1M
chosen 2 --smaller 3
chosen 1 --smaller 2
chosen 2 --subject QUOTING
chosen 0 --subject 'no such thing anywhere'
expect_exit 0 mailkeep list --json "$V"
jq -r 'select(.type == "message") | select((.subject // "") | test("ö"; "i")) | .id' out | wc -l >n
chosen "$(cat n)" --subject 'Ö'
[ "$(cat n)" -gt 0 ]
jq -r 'select(.type == "message") | .from // empty' <(mailkeep list --json "$V") | grep -c . >n
chosen "$(mailkeep list --json "$V" | jq -r 'select(.type == "message" and ((.from // "") | test("anna"; "i"))) | .id' | wc -l)" --sender anna
expect_exit 2 mailkeep export "$V" --to part2 Inboks
said "*did you mean 'INBOX'*"
expect_exit 2 mailkeep export "$V" --to part2 --flag 'a b'
expect_exit 2 mailkeep export "$V"
[ ! -e part2 ] || fail "an error left a directory behind"
# A dry run writes nothing.
expect_exit 0 mailkeep export -n "$V" --to part2
said 'INBOX *' out
[ ! -e part2 ]
expect_exit 0 mailkeep export -n "$V"
said 'INBOX *' out

# ---- nothing is overwritten ----

find maildir eml mbox | sort >before
for to in 'maildir' 'eml --format eml' 'mbox --format mbox' 'a.tar' 'a.zip'; do
	# shellcheck disable=SC2086
	expect_exit 9 mailkeep export "$V" --to $to
done
find maildir eml mbox | sort >after
same before after
# A Maildir that is somebody's keeps its empty directories.
mkdir -p theirs/cur theirs/new theirs/tmp
expect_exit 9 mailkeep export "$V" --to theirs
[ "$(find theirs -type d | wc -l)" = 4 ] || fail "directories were removed"
ln -s /nowhere link.tar
expect_exit 9 mailkeep export "$V" --to link.tar
[ -L link.tar ] && [ ! -e /nowhere ]
expect_exit 2 mailkeep export "$V" --to x.tar.bz2 --format tar
[ ! -e x.tar.bz2 ]
[ -z "$(find . -name '.mailkeep*')" ] || fail "scratch is left"
# An empty directory is as good as none; a link to one is its owner's business.
mkdir target
ln -s target there
expect_exit 0 mailkeep export "$V" --to there INBOX
[ -d target/cur ] && [ -L there ]

# ---- as it was ----

imap flags INBOX 1:5 '+FLAGS (\Flagged $Later)'
imap expunge INBOX 6:8
imap delete '-x '
backup "$V"
expect_exit 0 mailkeep export "$V" --to as-then --at 1
rm -rf "$(dovecot_mail berta)"
cp -a as-then "$(dovecot_mail berta)"
dovecot_own
served wanted
rm -rf "$(dovecot_mail berta)"
expect_exit 0 mailkeep export -v "$V" --to now
said '*4 more messages of these folders are gone from the server: --all exports them too*'
cp -a now "$(dovecot_mail berta)"
dovecot_own
imap snapshot | sed 's/ k3i\b//' >wanted
served wanted
expect_exit 0 mailkeep export "$V" --to all --format eml --all
[ "$(find all -type f | wc -l)" = "$total" ] || fail "--all left something out"

# ---- a vault that can't be written, and one that is damaged ----

cp -a "$V" ro
rm -f ro/catalog.sqlite*
chmod -R a-w ro
expect_exit 0 mailkeep export ro --to from-ro --format eml
diff -r <(cd from-ro && find . -type f | sort) <(mailkeep export "$V" --to again --format eml && cd again && find . -type f | sort)
chmod -R u+w ro

# A shortage is no damage.
short=0
for n in $(seq 6 24); do
	rc=0
	(ulimit -n "$n"; exec mailkeep export "$V" --to "short$n" --format eml) >out 2>err || rc=$?
	[ "$rc" != 6 ] || fail "$n descriptors: $(cat err)"
	! grep -q 'Too many open files' err || short=$((short + 1))
done
[ "$short" -gt 0 ] || fail "descriptors were never short"
[ "$rc" = 0 ] || fail "24 descriptors: $(cat err)"

# One damaged frame costs its messages alone; all others are exported, and each of the lost ones is named.
cp -a "$V" broken
p=$(find broken/packs -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
size=$(stat -c %s "$p")
printf 'DAMAGED' | dd of="$p" bs=1 seek=$((size / 2)) conv=notrunc 2>dd.err
expect_exit 6 mailkeep export --json broken --to damaged --format eml
lost=$(jq -r 'select(.type == "damaged") | .id' out | wc -l)
[ "$lost" -gt 0 ] || fail "nothing was damaged: $(tail out)"
said '*left out*' err
[ "$(jq -r 'select(.type == "summary") | "\(.damaged) \(.exit_code)"' out)" = "$lost 6" ] || fail "$(tail -n 1 out)"
[ "$(find damaged -type f | wc -l)" = "$((total - 4 - lost))" ] || fail "$(find damaged -type f | wc -l) exported, $lost lost"
find damaged -type f -exec sha256sum {} + | cut -c 1-64 | sort | comm -23 - <(sort hashes) | grep . && fail "a damaged message was written"
jq -r 'select(.type == "damaged") | [.folder, .uid, .subject, .date] | @tsv' out >named
grep -q $'^\\[odd\\] %2F~\t1\tquoting\t1970-01-01T00:00:01Z$' named || fail "$(cat named)"
expect_exit 6 mailkeep export broken --to damaged.tar
[ "$(tar -tf damaged.tar | wc -l)" = "$((total - 4 - lost))" ] || fail "the archive holds others"

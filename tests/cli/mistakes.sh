# What a newcomer does wrong, and what is said to that: what failed, why, and what to do next.
. "$TOP/tests/lib.sh"
need python3
cd "$TMPDIR"

# try COMMAND: as it would be typed, with what it says and its exit status.
try()
{
	local rc=0

	echo "\$ $1"
	eval "$1" 2>&1 </dev/null || rc=$?
	printf '[%s]\n\n' $rc
}

try 'mailkeep bakup mail'
try 'mailkeep backup --ful mail'
try 'mailkeep backup --password=hunter2 mail'
try 'mailkeep backup -x mail'
try 'mailkeep --config'
try 'mailkeep list'
try 'mailkeep show mail 1 2'
try 'mailkeep help lst'
try 'mailkeep backup --password hunter2 mail'
try 'mailkeep restore mail'
try 'mailkeep export mail'

try 'mailkeep backup'
try 'mailkeep backup mail'
try 'mailkeep backup /mnt/usb/mail'
mkdir not-a-vault
try 'mailkeep status not-a-vault'

try 'mailkeep init imaps://anna@imap.example.org'
try 'mailkeep init home'
try 'mailkeep init anna@example.org mail'
try 'mailkeep init anna:hunter2@example.org mail'
try 'mailkeep init mail imaps://anna@imap.example.org'
try 'mailkeep init --tls-ca nowhere imaps://anna@localhost:1 mail'
try 'mailkeep init http://imap.example.org mail'
try 'mailkeep init imaps://anna:hunter2@imap.example.org mail'
try 'mailkeep init imaps://imap.example.org mail'
try 'mailkeep init imaps://anna@imap.example.org:imap mail'
try 'mailkeep init --container zip imaps://anna@imap.example.org mail'
try 'mailkeep init --insecure-plaintext imap://anna@imap.example.org mail'
try 'mailkeep init imaps://anna@localhost:1 mail'
printf 'secret\n' >password
chmod 644 password
try 'mailkeep init --password-file password imaps://anna@localhost:1 mail'
try 'mailkeep init --password-file nowhere imaps://anna@localhost:1 mail'
try 'mailkeep init --password-command false imaps://anna@localhost:1 mail'
try 'mailkeep init --credential imap imaps://anna@localhost:1 mail'
chmod 600 password
touch not-a-vault/file
try 'mailkeep init --offline imaps://anna@localhost not-a-vault'
try 'mailkeep init --offline imaps://anna@localhost disk/mail'
try 'mailkeep init imaps://anna@localhost not-a-vault/file'
[ ! -e mail ] || fail "one of these made a vault"

mailkeep init --offline --password-file password imaps://anna@localhost:1 mail
try 'mailkeep init --offline imaps://anna@localhost mail'
try 'mailkeep init --rebind --offline --timeout 90 mail'
try 'mailkeep init --rebind --container mbox mail'
try 'mailkeep list mail'
try 'mailkeep list mail INBOX'
try 'mailkeep list --at 7 mail'
try 'mailkeep list --at= mail'
try 'mailkeep list --at yesterday mail'
try 'mailkeep log --last all mail'
try 'mailkeep log --last 0 mail'
try 'mailkeep status --max-age 26 mail'
try 'mailkeep status --max-age 26h mail'
try 'mailkeep backup --user berta mail'
try 'mailkeep backup --max-rate fast mail'
try 'mailkeep backup --timeout 0 mail'
try 'mailkeep backup --password-fd 3 mail 3<&-'
try 'mailkeep folders --password-fd 5 mail 5<&-'
try 'mailkeep folders imap.example.org'

# Another one holds the lock: fcntl(F_OFD_SETLK), as mailkeep-vault(5) says.
python3 - <<-'END' &
	import fcntl, struct, time
	lock = open("mail/lock", "r+")
	fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
	open("locked", "w").close()
	time.sleep(60)
END
wait_for 10 test -e locked
try 'mailkeep backup mail'
try 'mailkeep init --rebind --offline --timeout 90 --yes mail'
kill $!
wait $! 2>/dev/null || :

sed 's/"version":1/"version":2/' mail/vault.json >newer
cp newer mail/vault.json
try 'mailkeep status mail'

cat >config <<-'END'
	account home {
		server = "imaps://anna@localhost"
		pasword_file = password
	}
END
try 'mailkeep -c config status'
sed -i '/pasword/d' config
try 'mailkeep -c config backup home'
try 'mailkeep -c config init home'
sed -i "s|^server|vault = homes\nserver|" config
try 'mailkeep -c config backup home'
try 'mailkeep -c config init --offline imaps://berta@localhost home'
try 'mailkeep -c config init --offline imaps://anna@elsewhere.example home'
try 'mailkeep -c config backup hoem'
echo 'server = "imaps://anna@localhost"' >outside
try 'mailkeep -c outside status'
sed 's/server/servr/' config >servr
try 'mailkeep -c servr status'
sed -i '$d' config
try 'mailkeep -c config status'
chmod 666 config
try 'mailkeep -c config status'
try 'mailkeep -c nowhere status'

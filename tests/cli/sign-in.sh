# What goes wrong between an account and its server: each error says what failed and why, and what to do next (R123), and
# then the right way works.
. "$TOP/tests/lib.sh"
need python3 jq
dovecot_start
corpus -t now demo 0 "$(dovecot_mail)"
dovecot_own
cd "$TMPDIR"
url=imaps://anna@localhost:$DOVECOT_TLS_PORT
cp "$TLS/CA.pem" ca.pem
umask 077
printf '%s\n' "$DOVECOT_PASSWORD" >password
echo wrong >wrong
trusted=(--tls-ca ca.pem --password-file password)
settings=${trusted[*]}

# refused STATUS WHAT NEXT COMMAND: it must fail so, in two lines.
refused()
{
	expect_exit "$1" bash -c "$4" </dev/null
	[ "$(wc -l <err)" = 2 ] || { cat err; fail "not two lines: $4"; }
	said "mailkeep: $2"
	said "  -> $3"
	[ ! -e vault ] || fail "it left a vault: $4"
}

refused 4 'localhost refused to sign in anna: *Authentication failed' 'check the user name and the password' \
	"mailkeep init --tls-ca ca.pem --password-file wrong $url vault"
refused 5 'no trusted connection to localhost: ' 'if this server is yours *--tls-pin sha256//' \
	"mailkeep init --password-file password $url vault"
refused 5 'no trusted connection to localhost: ' '' \
	"mailkeep init $settings imaps://anna@localhost:$DOVECOT_PORT vault"
refused 75 "can't connect to localhost port 1: " '' \
	"mailkeep init $settings imaps://anna@localhost:1 vault"
refused 75 "can't connect to nowhere.invalid port 993: " "check the server's name" \
	"mailkeep init $settings imaps://anna@nowhere.invalid vault"
refused 4 'password_command: it failed with exit status 3' 'mailkeep.conf(5) tells' \
	"mailkeep init --tls-ca ca.pem --password-command 'exit 3' $url vault"
refused 1 "can't make a vault in disk: No such file" 'make that directory first' \
	"mailkeep init $settings $url disk/vault"

# The environment may name a proxy, but not for what is sent in the clear (R122).
export ALL_PROXY=socks5h://localhost:1
expect_exit 75 mailkeep folders "${trusted[@]}" "$url"
expect_exit 0 mailkeep folders --insecure-plaintext --password-file password "imap://anna@localhost:$DOVECOT_PORT"
unset ALL_PROXY

# The key that the error shows is the one to trust (R123).
mailkeep init --password-file password "$url" vault 2>err || :
pin=$(sed -n 's/.*--tls-pin //p' err)
expect_exit 0 mailkeep init --tls-pin "$pin" --password-file password "$url" vault
[ ! -s err ] || { cat err; fail "words without a terminal, though all is well"; }
rm -r vault
# A typed password: no echo, and a vault that asks again.
python3 - "$url" "$DOVECOT_PASSWORD" >typed <<-'END' || { cat typed; fail "a typed password does not do"; }
	import os, pty, sys
	def run(*args):
	    pid, fd = pty.fork()
	    if pid == 0:
	        os.execvp("mailkeep", ("mailkeep",) + args)
	    text = b""
	    while b"Password for anna@localhost: " not in text:
	        text += os.read(fd, 4096)
	    os.write(fd, sys.argv[2].encode() + b"\n")
	    try:
	        while got := os.read(fd, 4096):
	            text += got
	    except OSError:
	        pass
	    print(text.decode())
	    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.decode()
	status, text = run("init", "--tls-ca", "ca.pem", sys.argv[1], "vault")
	if status != 0 or sys.argv[2] in text or "made the vault vault; next: mailkeep backup vault" not in text:
	    sys.exit(1)
	status, text = run("backup", "vault")
	if status != 0 or sys.argv[2] in text or "everything on the server is in the vault" not in text:
	    sys.exit(1)
END

# A folder that is not there is no success.
expect_exit 3 mailkeep backup --folder Nope "${trusted[@]}" vault
said 'Nope: the server has no such folder'

expect_exit 2 mailkeep list vault Inboks
said "the vault has no folder 'Inboks'"
said "did you mean 'INBOX'?"
expect_exit 2 mailkeep list vault --at 99
said 'there is no commit 99; the newest is 2'
expect_exit 2 mailkeep list vault --at 2019-12
said 'nothing from before the end of 2019-12'

# Binding to another server or user is shown, and then done; the mail stays.
expect_exit 0 mailkeep init --rebind --yes "${trusted[@]}" --timeout 90 "imaps://anna@127.0.0.1:$DOVECOT_TLS_PORT" vault
said "server: imaps://localhost:* -> imaps://127.0.0.1:" out
said "timeout: 1m -> 90s" out
expect_exit 0 mailkeep backup vault
expect_exit 0 mailkeep status --json vault
said '"messages":300' out
expect_exit 9 mailkeep init --rebind "${trusted[@]}" --user berta vault
said 'there is no terminal to ask on'
expect_exit 0 mailkeep init --rebind --yes --json "imaps://berta@127.0.0.1:$DOVECOT_TLS_PORT" vault
said '"type":"change","setting":"user","change":"anna -> berta"' out

# Several accounts: each error says whose it is, and the worst is the status.
cat >config <<-END
	account one { server = "$url"; vault = one; tls_ca = ca.pem; password_file = password }
	account two { server = "$url"; vault = two; tls_ca = ca.pem; password_file = wrong }
	account three { server = "$url"; vault = three; tls_ca = ca.pem; password_file = password }
END
sed -i 's/; */\n/g; s/{ */{\n/; s/ *}$/\n}/' config
for name in one two; do
	mailkeep init --offline "$url" $name
done
expect_exit 4 mailkeep -c config backup
said 'mailkeep: two: localhost refused to sign in anna'
said 'mailkeep: three: *no vault there'
expect_exit 10 mailkeep -c config status
said 'one  * just now *ok' out
[ "$(grep -c 'no vault there' err)" = 1 ] || { cat err; fail "one error was told more than once"; }

# The vault of an account of the config file: all settings are in its section, and stay there but for server and user.
cat >house.config <<-END
	account house {
		server = "imaps://localhost:$DOVECOT_TLS_PORT"
		user = anna
		vault = vaults/house
		tls_ca = ca.pem
		password_file = password
	}
END
mkdir vaults
expect_exit 10 mailkeep -c house.config backup house
said '  -> mailkeep init house makes it'
expect_exit 0 mailkeep -c house.config init -v house
said 'signed in to localhost as anna: 14 folders to back up'
said "made the vault $PWD/vaults/house; next: mailkeep backup house"
expect_exit 0 jq -e '.account == { server: "imaps://localhost:'"$DOVECOT_TLS_PORT"'", user: "anna" }' vaults/house/vault.json
expect_exit 0 mailkeep -c house.config backup house
expect_exit 9 mailkeep -c house.config init house
[ ! -e house ] || fail "the section's name was taken for a directory"

# By its path it is the same account; so it is with the server in front.
rm -r vaults/house
expect_exit 0 mailkeep -c house.config init vaults/house
rm -r vaults/house
expect_exit 0 mailkeep -c house.config init --timeout 90 "$url" vaults/house
expect_exit 0 jq -e '.account.timeout == 90 and .account.tls_ca == null' vaults/house/vault.json

# It moves: first the config file is changed, then the vault is told.
sed -i 's/localhost/127.0.0.1/' house.config
expect_exit 9 mailkeep -c house.config backup house
expect_exit 0 mailkeep -c house.config init --rebind --yes house
said "server: imaps://localhost:* -> imaps://127.0.0.1:" out
expect_exit 0 mailkeep -c house.config backup house
expect_exit 0 mailkeep -c house.config init --rebind -v house
said 'nothing to change'

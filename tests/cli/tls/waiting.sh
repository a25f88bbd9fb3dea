# How long it waits, and what that costs: silence, a trickle, slow but steady data, a rate (R18, R19).
# flavour: plain
# shellcheck source=tests/cli/tls/wire.inc
. "$TOP/tests/cli/tls/wire.inc"

# cpu COMMAND...: run it; its seconds of CPU times 1000 in $cpu, of the clock in $wall, its exit status in $rc.
cpu()
{
	local start=$EPOCHREALTIME TIMEFORMAT='%3U %3S' user sys

	rc=0
	{ time "$@" >out 2>err </dev/null; } 2>spent || rc=$?
	wall=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
	read -r user sys <spent
	cpu=$((10#${user/./} + 10#${sys/./}))
}

# between MS LEAST MOST
between()
{
	if [ "$1" -lt "$2" ] || [ "$1" -ge "$3" ]; then
		fail "it took $1 ms"
	fi
}

# silent SCRIPT SECONDS [LAST]: sign in to a server that stops to speak; it is left after SECONDS as the timeout, or LAST.
silent()
{
	imapd_start -I "$TOP/tests/dialog" "$1.imap"
	cpu mailkeep init --tls-ca "$TLS/CA.pem" --timeout "$2" --password-file password "imaps://anna@localhost:$IMAPD_PORT" vault
	imapd_stop
	[ "$rc" = 75 ] || { cat err; fail "exit $rc: $1"; }
	between "$wall" $((${3-$2} * 1000)) $((${3-$2} * 1000 + 3000))
}

# Before the handshake, in the sign-in, and after it.
printf 'may-close\nstall\n' >handshake.imap
printf 'may-close\ntls\nstall\n' >greeting.imap
printf 'tls\nS: * OK\nC: CAPABILITY\nmay-close\nstall\n' >sign-in.imap
printf 'tls\ninclude login.inc\nC: LIST ...\nmay-close\nstall\n' >list.imap
pids=()
# beside NAME ARG...: silent, at the same time as others.
beside()
{
	mkdir "$1"
	cp "$1.imap" password "$1"
	(cd "$1" && TMPDIR=$PWD silent "$@") &
	pids+=($!)
}
# A byte now and then that comes to nothing, in an answer and in what is dropped before the first one: ten times as long.
printf 'tls\ninclude login.inc\nC: LIST ...\nmay-close\nsplit 1 400ms\nS-fill: 1000\n' >trickle.imap
sed '/^C: NOOP/,$d' "$TOP/tests/dialog/login.inc" >trickle-first.imap
sed -i '1i tls' trickle-first.imap
printf 'may-close\nsplit 1 400ms\nS-fill: 1000\n' >>trickle-first.imap
beside trickle 1 10
beside trickle-first 1 10
for name in handshake greeting sign-in; do
	beside $name 1
done
silent list 1
said 'the server was silent for 1 seconds'
short=$cpu
# What two seconds more cost: less than 2 % of them.
silent list 3
[ $((cpu - short)) -lt 40 ] || fail "waiting for 2 s took $((cpu - short)) ms of CPU"

# A byte now and then is no silence.
script slow <<-'END'
	tls
	include login.inc
	C: LIST ...
	split 1 50ms
	S: * LIST () "/" INBOX\r\n$tag OK
END
TIMEOUT=1 try 0 --tls-ca "$TLS/CA.pem" --password-file password

# 200 KB at 100 K a second: two seconds, less what the first piece may bring at once.
script body <<-'END'
	set caps=IMAP4rev1 SASL-IR NAMESPACE
	tls
	include login.inc
	serve {
		on LIST ... {
			S: * LIST () "/" INBOX
			S: $tag OK
		}
		on LSUB ... {
			S: $tag OK
		}
		on STATUS ... {
			S: * STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)
			S: $tag OK
		}
		on EXAMINE ... {
			S: * 1 EXISTS
			S: * OK [UIDVALIDITY 3]
			S: * OK [UIDNEXT 2]
			S: $tag OK
		}
		on UID FETCH ... {
			S< * 1 FETCH (UID 1 FLAGS () INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 200000 BODY[] 
			S-gen: 200000
			S: )
			S: $tag OK
		}
	}
END
imapd_start -I "$TOP/tests/dialog" body.imap
mailkeep init --offline --tls-ca "$TLS/CA.pem" --password-file password "imaps://anna@localhost:$IMAPD_PORT" slow
cpu mailkeep backup --max-rate 100K slow
imapd_stop
[ "$rc" = 0 ] || { cat err; fail "exit $rc"; }
between "$wall" 1600 5000
[ "$cpu" -lt 500 ] || fail "it took $cpu ms of CPU"

# Those beside.
for pid in "${pids[@]}"; do
	wait "$pid"
done
for name in trickle trickle-first; do
	said 'the server sent only [0-9]* bytes in 10 seconds' $name/err
done

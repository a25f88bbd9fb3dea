# Memory is bounded whatever the mailbox: many messages in a folder, on a first and on later runs of each kind; one huge
# message; many folders (R115, R119; RSS of at most 64 MiB).  MK_MEMORY=full: 1,000,000 messages, 2 GiB in both containers,
# 20,000 folders; else as much as fits into check.
# flavour: plain
# timeout: 1200
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq zstd tar

LIMIT=65536	# KiB
if [ "${MK_MEMORY-}" = full ]; then
	messages=1000000 huge=2G huge_bytes=2147483648 containers='tar mbox' folders=20000
else
	messages=${MK_MESSAGES-200000} huge=2G huge_bytes=2147483648 containers=tar folders=20000
fi
(umask 077; echo secret >"$TMPDIR/password")

# script CAPABILITIES: the start of a transcript, to the signed-in client and its first questions.
script()
{
	cat <<-END
		S: * OK ready
		serve {
		    on CAPABILITY {
		        S: * CAPABILITY $1 AUTH=PLAIN SASL-IR
		        S: \$tag OK
		    }
		    on AUTHENTICATE PLAIN ... {
		        S: \$tag OK
		        done
		    }
		}
		C: NOOP
		S: \$tag OK
		C: CAPABILITY
		S: * CAPABILITY $1
		S: \$tag OK
		serve {
		    on ENABLE <what> {
		        S: * ENABLED \$what
		        S: \$tag OK
		    }
	END
	cat
	printf '%s\n' '    on LOGOUT {' '        S: * BYE' '        S: $tag OK' '        done' '    }' '}' may-close
}

# opened EXISTS UIDNEXT: how a folder is opened.
opened()
{
	printf '        %s\n' "S: * $1 EXISTS" "S: * OK [UIDVALIDITY 7]" "S: * OK [UIDNEXT $2]" "S: * OK [HIGHESTMODSEQ ${3-5}]"
}

# one_folder EXISTS UIDNEXT MODSEQ: LIST and EXAMINE for an account that has but INBOX.
one_folder()
{
	printf '    on LIST ... {\n        S: * LIST () "/" INBOX\n'
	printf '        S: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 HIGHESTMODSEQ %d)\n        S: $tag OK\n    }\n' "$1" "$2" "$3"
	printf '    on STATUS ... {\n'
	printf '        S: * STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7)\n        S: $tag OK\n    }\n' "$1" "$2"
	printf '    on LSUB ... {\n        S: $tag OK\n    }\n'
}

# measured NAME COMMAND...: run it against the script on stdin, and say what it needed.
measured()
{
	local name=$1 rss wall cpu rc=0

	shift
	cat >"$TMPDIR/script"
	imapd_start "$TMPDIR/script"
	"$python" - "$TMPDIR/rss" "$TMPDIR/v" "$@" "imap://anna@127.0.0.1:$IMAPD_PORT" <<-'END' || rc=$?
		import json, os, sys, time
		vault, command, url = sys.argv[2], sys.argv[3:-1], sys.argv[-1]
		path = os.path.join(vault, "vault.json")
		doc = json.load(open(path))             # the port is another one each time
		doc["account"]["server"] = url.replace("anna@", "")
		json.dump(doc, open(path, "w"))
		began = time.monotonic()
		pid = os.fork()
		if pid == 0:
		    os.execvp(command[0], command)
		_, status, use = os.wait4(pid, 0)
		with open(sys.argv[1], "w") as f:
		    f.write("%d %.1f %.1f\n" % (use.ru_maxrss, time.monotonic() - began, use.ru_utime + use.ru_stime))
		sys.exit(os.waitstatus_to_exitcode(status))
	END
	[ $rc = 0 ] || { cat "$TMPDIR/imapd.err"; tail -n 5 "$TMPDIR/imapd.log"; fail "$name: exit $rc"; }
	kill -TERM "$imapd_pid" 2>/dev/null || :
	wait "$imapd_pid" || :
	imapd_pid=
	read -r rss wall cpu <"$TMPDIR/rss"
	printf '%-42s %6d KiB  %5.1f s  %5.1f s CPU\n' "$name" "$rss" "$wall" "$cpu"
	[ "$rss" -le $LIMIT ] || echo "$name" >>"$TMPDIR/over"
}

# vault_for NAME [CONTAINER]
vault_for()
{
	rm -rf "$TMPDIR/v"
	expect_exit 0 mailkeep init --offline --insecure-plaintext --container "${1-tar}" --password-file "$TMPDIR/password" \
		imap://anna@127.0.0.1:1 "$TMPDIR/v"
}

run=(mailkeep backup "$TMPDIR/v")
next=$((messages + 1))

# ---- many messages ----

# answers FACTS [BODY]: each message of the range that was asked for.
answers()
{
	printf '    on UID FETCH <a>:4294967294 ... {\n        set n=${%d-a}\n' $next
	answers_n "$@"
	printf '    on UID FETCH <a>:* ... {\n        set n=${%d-a}\n' $next
	answers_n "$@"
	printf '    on UID FETCH <a>:<b> ... {\n        set n=${b-a+1}\n'
	answers_n "$@"
}

answers_n()
{
	printf '        repeat n {\n            S: * ${a+i-1} FETCH (UID ${a+i-1} FLAGS (\\Seen) '
	printf 'INTERNALDATE "17-Jul-1996 02:44:25 +0000" RFC822.SIZE 39%s\n%s        }\n        S: $tag OK\n    }\n' "$@"
}

bodies()
{
	one_folder "$messages" "$next" 5
	printf '    on EXAMINE ... {\n'
	opened "$messages" "$next"
	printf '        S: $tag OK [READ-ONLY]\n    }\n'
	answers ' BODY[] {39}' '            S: Subject: ${a+i+1000000}\r\n\r\nNumber ${a+i+1000000}.\r\n\r\n)'$'\n'
}

for container in $containers; do
	vault_for "$container"
	bodies | script 'IMAP4rev1 LIST-EXTENDED LIST-STATUS CONDSTORE QRESYNC ENABLE' | measured "$messages messages, $container: first run" "${run[@]}"
done
# Every other one has another flag now; all by QRESYNC, or found by listing them.
{
	one_folder "$messages" "$next" 9
	printf '    on EXAMINE ... {\n'
	opened "$messages" "$next" 9
	printf '        repeat %d {\n            S: * ${2*i} FETCH (UID ${2*i} FLAGS (\\Flagged) MODSEQ (9))\n        }\n' $((messages / 2))
	printf '        S: $tag OK [READ-ONLY]\n    }\n    on UID FETCH ... {\n        S: $tag OK\n    }\n'
} | script 'IMAP4rev1 LIST-EXTENDED LIST-STATUS CONDSTORE QRESYNC ENABLE' | measured "half of them flagged, QRESYNC" "${run[@]}"
{
	one_folder "$messages" "$next" 9
	printf '    on EXAMINE ... {\n'
	opened "$messages" "$next"
	printf '        S: $tag OK [READ-ONLY]\n    }\n'
	answers ')' ''
} >"$TMPDIR/listing"
script 'IMAP4rev1' <"$TMPDIR/listing" | measured "all listed, bare server" "${run[@]}" --full
bodies | script 'IMAP4rev1' | measured "compared with the server" mailkeep verify --against-server=100 "$TMPDIR/v"

# ---- a huge message ----

for container in $containers; do
	vault_for "$container"
	{
		one_folder 1 8 5
		printf '    on EXAMINE ... {\n'
		opened 1 8
		printf '        S: $tag OK [READ-ONLY]\n    }\n    on UID FETCH 1:4294967294 ... {\n'
		printf '        S< * 1 FETCH (UID 7 FLAGS () INTERNALDATE "17-Jul-1996 02:44:25 +0000" RFC822.SIZE %s BODY[]\\x20\n' $huge_bytes
		printf '        S-gen: %s\n        S: )\n        S: $tag OK\n    }\n' $huge
	} | script 'IMAP4rev1 LIST-EXTENDED LIST-STATUS CONDSTORE QRESYNC ENABLE' | measured "a message of $huge, $container" "${run[@]}"
	want=$(zstd -dc "$TMPDIR"/v/manifests/*2.jsonl.zst "$TMPDIR"/v/manifests/*1.jsonl.zst 2>/dev/null | jq -r 'select(.type == "message") | .sha256')
	if [ "$container" = tar ]; then
		tar --zstd -xOf "$TMPDIR"/v/packs/* | sha256sum | grep -q "^$want" || fail "tar finds another message"
	fi
	imapd -g $huge | sha256sum | grep -q "^$want" || fail "it is not what the server sent"
done

# ---- many folders ----

vault_for tar
many()
{
	printf '    on LIST ... {\n        S: * LIST () "/" INBOX\n'
	printf '        S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 1 HIGHESTMODSEQ 5)\n'
	printf '        repeat %d {\n            S: * LIST () "/" "folder $i"\n' $folders
	printf '            S: * STATUS "folder $i" (MESSAGES 1 UIDNEXT 8 UIDVALIDITY ${i+1000000} HIGHESTMODSEQ 5)\n        }\n        S: $tag OK\n    }\n'
	printf '    on EXAMINE "INBOX" ... {\n        S: * 0 EXISTS\n        S: * OK [UIDVALIDITY 1]\n'
	printf '        S: * OK [UIDNEXT 1]\n        S: * OK [HIGHESTMODSEQ 5]\n        S: $tag OK [READ-ONLY]\n    }\n'
	printf '    on EXAMINE "folder <n>" ... {\n        S: * 1 EXISTS\n        S: * OK [UIDVALIDITY ${n+1000000}]\n'
	printf '        S: * OK [UIDNEXT 8]\n        S: * OK [HIGHESTMODSEQ 5]\n        S: $tag OK [READ-ONLY]\n    }\n'
	printf '    on UID FETCH ... {\n        S: * 1 FETCH (UID 7 FLAGS () INTERNALDATE "17-Jul-1996 02:44:25 +0000" RFC822.SIZE 5 BODY[] {5}\n'
	printf '        S: abc\\r\\n)\n        S: $tag OK\n    }\n'
}
many | script 'IMAP4rev1 LIST-EXTENDED LIST-STATUS CONDSTORE QRESYNC ENABLE' | measured "$folders folders: first run" "${run[@]}"
many | script 'IMAP4rev1 LIST-EXTENDED LIST-STATUS CONDSTORE QRESYNC ENABLE' | measured "$folders folders: nothing new" "${run[@]}"

[ ! -e "$TMPDIR/over" ] || fail "more than $LIMIT KiB: $(cat "$TMPDIR/over")"

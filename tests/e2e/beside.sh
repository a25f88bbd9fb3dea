# 10,000 messages: killed in mid-run, going on; a second writer, readers and a copy beside the writer; mail that arrives
# meanwhile; signals (R17, R25, R49, R54, R55, R125).
# flavour: plain
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq tar zstd
dovecot_start -x 'protocol imap {
  rawlog_dir =
}'
corpus L 10000 "$(dovecot_mail)"
dovecot_own
V=$TMPDIR/vault
CLOCK=$BUILD/tests/tool/preload_clock.so
printf 'Subject: late\n\nlate\n' >"$TMPDIR/1"
vault_init "$V"
total=$(imap 'do' 'LIST "" "*" RETURN (STATUS (MESSAGES))' | grep -o 'MESSAGES [0-9]*' | awk '{ n += $2 } END { print n }')
[ "$total" -ge 10000 ] || fail "only $total messages"

# start [OPTION...]: a backup in the background that makes a commit every few hundred messages, slowed down.
start()
{
	MK_CLOCK_STEP=1 LD_PRELOAD=$CLOCK env --default-signal mailkeep backup --json "$@" "$V" >"$TMPDIR/json" 2>"$TMPDIR/err" &
	writer=$!
}

reached()
{
	[ "$(commits "$V")" -ge "$1" ]
}

ended()
{
	local rc=0

	wait $writer 2>/dev/null || rc=$?
	[ $rc = "$1" ] || fail "exit $rc instead of $1: $(cat "$TMPDIR/err")"
}

# kill -9, three times, at any moment.
for n in 2 4 6; do
	start --max-rate 8M
	wait_for 60 reached $n || fail "no commits"
	kill -KILL $writer
	ended 137
done
vault_is "$V" 'missing 0'
had=$(read_vault "$V" check | sed 's/.* live \([0-9]*\) .*/\1/')
{ [ "$had" -gt 0 ] && [ "$had" -lt "$total" ]; } || fail "$had of $total after the kills: this shows nothing"

# R125: a signal commits what is whole and ends within 2 s; what is there is not fetched again.
for signal in INT TERM HUP; do
	n=$(commits "$V")
	start --max-rate 4M
	wait_for 60 reached $((n + 2)) || fail "no commits"
	then=${EPOCHREALTIME/./}
	kill -$signal $writer
	case $signal in
	INT)	ended 130 ;;
	TERM)	ended 143 ;;
	HUP)	ended 143 ;;		# like TERM
	esac
	[ $((${EPOCHREALTIME/./} - then)) -lt 2500000 ] || fail "SIG$signal: it took $((${EPOCHREALTIME/./} - then)) us"
	read_vault "$V" records | tail -n 3 | grep -q '"result":"interrupted"' || fail "SIG$signal: no end of the run"
	[ -z "$(ls -A "$V/tmp")" ] || fail "SIG$signal: scratch is left"
	now=$(read_vault "$V" check | sed 's/.* live \([0-9]*\) .*/\1/')
	[ "$now" -gt "$had" ] || fail "SIG$signal: $now messages after $had"
	had=$now
done

# R54: one writer; a second one says so at once, or waits; readers go on; a copy made meanwhile is whole.
n=$(commits "$V")
start --max-rate 6M
wait_for 60 reached $((n + 1)) || fail "no commits"
then=${EPOCHREALTIME/./}
expect_exit 7 mailkeep backup "$V"
[ $((${EPOCHREALTIME/./} - then)) -lt 1000000 ] || fail "a second writer waited"
expect_exit 7 mailkeep init --rebind --yes --offline "imaps://anna@localhost:$DOVECOT_TLS_PORT" "$V"
for verb in status log list; do
	expect_exit 0 mailkeep $verb "$V"
	[ -s "$TMPDIR/out" ]
	not_said warning
done
expect_exit 0 mailkeep list --json "$V"
[ "$(wc -l <"$TMPDIR/out")" -ge "$had" ] || fail "a reader sees $(wc -l <"$TMPDIR/out") of $had"
# R25: mail arrives.
imap put INBOX '' '' "$TMPDIR/1" "$TMPDIR/1" >/dev/null
# The manifests first, then the packs.
mkdir -m 700 "$TMPDIR/copy"
cp -pr "$V/manifests" "$TMPDIR/copy"
cp -pr "$V/packs" "$V/vault.json" "$V/README.txt" "$TMPDIR/copy"
mkdir -m 700 "$TMPDIR/copy/tmp" "$TMPDIR/copy/orphans"
mailkeep backup --wait "$V" >"$TMPDIR/waited" 2>&1 &
waiter=$!
kill -0 $writer || fail "the writer was too fast for this test"
ended 0
wait $waiter || fail "--wait: $(cat "$TMPDIR/waited")"
[ "$(jq 'select(.type == "backup") | .fetched' "$TMPDIR/json")" -le $((total + 2 - had)) ] || fail "messages were fetched again"
vault_is "$TMPDIR/copy" 'missing 0'
expect_exit 0 mailkeep list "$TMPDIR/copy"

# R1: all of it is there, as the server has it; and the copy catches up.
backup_plain()
{
	expect_exit 0 mailkeep backup "$1"
}
backup_plain "$V"
mirrors "$V"
[ "$(wc -l <"$TMPDIR/in-vault")" = $((total + 2)) ] || fail "$(wc -l <"$TMPDIR/in-vault") messages"
backup_plain "$TMPDIR/copy"
mirrors "$TMPDIR/copy"

# R62: tar alone brings every content.
mkdir "$TMPDIR/stock"
for p in "$V"/packs/*; do
	LC_ALL=C tar --zstd -xf "$p" -C "$TMPDIR/stock" 2>>"$TMPDIR/tar.err"
done
[ ! -s "$TMPDIR/tar.err" ] || fail "tar complains"
find "$TMPDIR/stock" -type f -exec sha256sum {} + | cut -c 1-64 | sort -u >"$TMPDIR/stock.sha"
cut -f 4 "$TMPDIR/on-server" | sort -u >"$TMPDIR/server.sha"
same "$TMPDIR/server.sha" "$TMPDIR/stock.sha"

# R60: a clock that goes back, and one that is far ahead, order nothing.  (In the clear: certificates have their time.)
C=$TMPDIR/clock
expect_exit 0 mailkeep init --password-file "$TMPDIR/password" --insecure-plaintext "imap://berta@127.0.0.1:$DOVECOT_PORT" "$C"
for clock in '4000000000 0' '1000000000 0' '3000000000 -100000' '0 0'; do
	IMAP_USER=berta imap put INBOX '' '' "$TMPDIR/1" >/dev/null
	MK_CLOCK_START=${clock% *} MK_CLOCK_STEP=${clock#* } LD_PRELOAD=$CLOCK expect_exit 0 mailkeep backup "$C"
done
backup_plain "$C"
IMAP_USER=berta mirrors "$C"
vault_is "$C" 'commits 5 packs 1 '
echo "$(commits "$V") commits, $SECONDS s"

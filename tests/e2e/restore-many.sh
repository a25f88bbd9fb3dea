#!/usr/bin/env bash
# timeout: 200
#
# 10,000 messages once: from a Dovecot to a Dovecot, interrupted in the middle, and each there exactly once; in memory that
# does not grow with them (R80-R83).
# flavour: plain
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq
export XDG_STATE_HOME=$TMPDIR/state

dovecot_start -n old
corpus L 10000 "$(dovecot_mail)"
dovecot_own
V=$TMPDIR/vault
vault_init "$V"
backup "$V"
imap snapshot | cut -f 1,4- | sort >"$TMPDIR/old"
dovecot_start -n new

to=("imaps://berta@localhost:$DOVECOT_TLS_PORT" --tls-ca "$TLS/CA.pem" --password-file "$TMPDIR/password")

# Killed when some thousands are there.
mailkeep restore "$V" --yes --no-check --to "${to[@]}" &
pid=$!
some()
{
	[ "$(find "$(dovecot_mail berta)" -path '*/cur/*' -o -path '*/new/*' 2>/dev/null | wc -l)" -gt 3000 ]
}
wait_for 60 some
kill -9 $pid 2>/dev/null || echo "it was done already"
wait $pid || :
mailkeep restore "$V" --yes --json --to "${to[@]}" >"$TMPDIR/out" || fail "exit $?: $(tail -n 3 "$TMPDIR/out")"
jq -e 'select(.type == "summary") | .there + .appended == .messages and .identical == .checked and .checked >= .appended' "$TMPDIR/out" >/dev/null ||
	fail "$(tail -n 1 "$TMPDIR/out")"
IMAP_USER=berta imap snapshot | cut -f 1,4- | sort >"$TMPDIR/new"
same "$TMPDIR/old" "$TMPDIR/new"

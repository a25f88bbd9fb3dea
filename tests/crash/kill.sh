# kill -9 before, after and in the middle of each persistence call of init, a first and a later backup, in both containers:
# the next run needs no help, the vault is right and complete, and nothing that was acknowledged is lost (R48, R49, R58).
# flavour: plain
# timeout: 3000
. "$TOP/tests/crash/sweep.inc"
dovecot_start
small_mailbox

# sweep NAME STRIDE LEAST AGAIN COMMAND...: COMMAND is killed, AGAIN (a function) goes on and must end well.
sweep()
{
	local name=$1 stride=$2 least=$3 again=$4 n i how rc at tried=0 began=$SECONDS calls

	shift 4
	n=$(count "$@")
	[ "$n" -ge "$least" ] || fail "$name: only $n calls: does the library see them all?"
	mapfile -t calls <"$TMPDIR/calls"
	for ((i = 1; i <= n; i++)); do
		for how in before half after; do
			[ $how != half ] || [[ ${calls[i - 1]} == *write* ]] || continue
			chosen "$stride" || continue
			fresh
			rc=0
			crashing '' "$i" "$how" "$@" || rc=$?
			at="$name, $how call $i of $n (${calls[i - 1]})"
			# Catalog pages may be fewer or more the next time: a late point may not be reached.
			[ $rc = 137 ] || [ $rc = 0 ] || fail "$at: exit $rc, not killed"
			points=$((points + 1)) tried=$((tried + 1))
			survive "$at" "$again"
		done
	done
	echo "$name: $n calls, $tried points tried, $((SECONDS - began)) s"
}

# survive AT AGAIN: what a kill has left is whole as far as it goes, and the next run makes it complete.
survive()
{
	local said=0

	! grep -q 'everything on the server is in the vault' "$TMPDIR/err" || said=1
	: >"$TMPDIR/then/ever"
	if [ -e "$W/vault/vault.json" ]; then
		read_vault "$W/vault" all "$TMPDIR/then" || fail "$1: the vault is not right"
		[ $said = 0 ] || same "$TMPDIR/on-server" "$TMPDIR/then/list"
	fi
	$2 "$1"
	read_vault "$W/vault" all "$TMPDIR/now" || fail "$1: the vault is not right after the next run"
	cmp -s "$TMPDIR/on-server" "$TMPDIR/now/list" || { diff "$TMPDIR/on-server" "$TMPDIR/now/list" | head; fail "$1: not complete"; }
	grep -q ' scratch 0$' "$TMPDIR/now/check" || fail "$1: tmp/ is not empty"
	# What the manifests had, they have.  (Flags and names of folders are those of now.)
	cut -f 2-4 "$TMPDIR/now/ever" | sort >"$TMPDIR/ever-now"
	cut -f 2-4 "$TMPDIR/then/ever" | sort | comm -23 - "$TMPDIR/ever-now" >"$TMPDIR/lost"
	[ ! -s "$TMPDIR/lost" ] || fail "$1: lost: $(cat "$TMPDIR/lost")"
}
mkdir "$TMPDIR/then" "$TMPDIR/now"

run_again()
{
	timeout 20 mailkeep backup "$W/vault" >"$TMPDIR/out" 2>"$TMPDIR/err" || {
		cat "$TMPDIR/err"
		fail "$1: exit $? of the next run"
	}
}

init()
{
	timeout 20 "${crash[@]}" mailkeep init --offline --container "$container" --tls-ca "$TLS/CA.pem" \
		--password-file "$TMPDIR/password" "imaps://anna@localhost:$DOVECOT_TLS_PORT" "$W/vault"
}

init_again()
{
	local rc=0

	crash=()
	init >"$TMPDIR/out" 2>"$TMPDIR/err" || rc=$?
	# It is made again, or was made already.
	[ $rc = 0 ] || { [ $rc = 9 ] && [ -e "$W/vault/vault.json" ]; } || { cat "$TMPDIR/err"; fail "$1: exit $rc of the next init"; }
	run_again "$1"
}

rebind_again()
{
	crash=()
	mailkeep init --rebind --offline --yes "imaps://anna@localhost:$DOVECOT_TLS_PORT" "$W/vault" >"$TMPDIR/out" 2>"$TMPDIR/err" || {
		cat "$TMPDIR/err"
		fail "$1: exit $? of the next init --rebind"
	}
	run_again "$1"
}

(umask 077; printf '%s\n' "$DOVECOT_PASSWORD" >"$TMPDIR/password")
for container in tar mbox; do
	vault_init "$TMPDIR/new.$container" --container $container
	cp -a "$TMPDIR/new.$container" "$TMPDIR/first.$container"
	backup "$TMPDIR/first.$container"
done
imap snapshot >"$TMPDIR/on-server"

crash=() step=0 template='' container=tar
sweep init 5 15 init_again init
template=$TMPDIR/first.tar
sweep rebind 4 8 rebind_again mailkeep init --rebind --offline --yes "imaps://anna@127.0.0.1:$DOVECOT_TLS_PORT" "$W/vault"
for container in tar mbox; do
	template=$TMPDIR/new.$container
	sweep "first-$container" 15 50 run_again mailkeep backup -v "$W/vault"
done
# A commit behind each message: the clock makes a minute of each look at it.
template=$TMPDIR/new.tar step=61
sweep commits 45 150 run_again mailkeep backup -v "$W/vault"
step=0
small_changes
imap snapshot >"$TMPDIR/on-server"
for container in tar mbox; do
	template=$TMPDIR/first.$container
	sweep "later-$container" 15 40 run_again mailkeep backup -v "$W/vault"
done
# The catalog is lost as well.
rm "$TMPDIR/first.tar/catalog.sqlite"
template=$TMPDIR/first.tar
sweep rebuild 21 40 run_again mailkeep backup -v "$W/vault"
echo "$points points: each survived"

# The disk fails at a persistence call, once or from then on: ENOSPC, EIO, an interrupted call, a short write.  A fault that
# lasts never ends well (but for the catalog's, which is only an index), the vault is never damaged, and the next run without
# it makes everything complete (R50, R51, R52).
# flavour: plain
# timeout: 3000
. "$TOP/tests/crash/sweep.inc"
dovecot_start
small_mailbox
(umask 077; printf '%s\n' "$DOVECOT_PASSWORD" >"$TMPDIR/password")
vault_init "$TMPDIR/new"
cp -a "$TMPDIR/new" "$TMPDIR/first"
backup "$TMPDIR/first"
small_changes
imap snapshot >"$TMPDIR/on-server"
mkdir "$TMPDIR/now"

# sweep NAME STRIDE COMMAND...
sweep()
{
	local name=$1 stride=$2 n i how error tried=0 began=$SECONDS calls

	shift 2
	n=$(count "$@")
	mapfile -t calls <"$TMPDIR/calls"
	for ((i = 1; i <= n; i++)); do
		for how in fail:28 fail-on:28 fail:5 fail-on:5 fail:4 short:0; do
			# Only a write is ever interrupted or short.
			[[ ${calls[i - 1]} == *write* || $how != @(fail:4|short:0) ]] || continue
			chosen "$stride" || continue
			error=${how#*:}
			fresh
			hit "$name, $how at call $i of $n (${calls[i - 1]})" "$i" "${how%:*}" "$error" "$@"
			points=$((points + 1)) tried=$((tried + 1))
		done
	done
	echo "$name: $n calls, $tried faults, $((SECONDS - began)) s"
}

# hit AT N HOW ERRNO COMMAND...
hit()
{
	local at=$1 n=$2 how=$3 error=$4 rc=0 call

	shift 4
	call=${at##*\(}
	MK_CRASH_ERRNO=$error crashing '' "$n" "$how" timeout 20 "$@" || rc=$?
	case $error:$rc in
	28:8 | 5:1) ;;
	0:0 | 4:0) ;;
	# SQLite tries again to open for reading only what it can't create, and tells of that.
	28:1) [[ $call == *open*-journal* ]] || complain "$at: exit 1" ;;
	# A full disk and a failing one are what they are, also where SQLite finds out.
	28:0 | 5:0)
		# It ended well: then everything is there.
		[ "$how" != fail-on ] || [[ $call == *catalog.sqlite* ]] || complain "$at: exit 0"
		read_vault "$W/vault" list | cmp -s - "$TMPDIR/on-server" || complain "$at: exit 0, and not all is there" ;;
	*)	complain "$at: exit $rc" ;;
	esac
	[ ! -e "$W/vault/vault.json" ] || read_vault -q "$W/vault" check || complain "$at: the vault is not right"
	rc=0
	mailkeep backup "$W/vault" >"$TMPDIR/out" 2>"$TMPDIR/err" || rc=$?
	[ $rc = 0 ] || complain "$at: exit $rc of the next run"
	read_vault "$W/vault" all "$TMPDIR/now" || complain "$at: the vault is not right after the next run"
	cmp -s "$TMPDIR/on-server" "$TMPDIR/now/list" || complain "$at: not complete"
	grep -q ' scratch 0$' "$TMPDIR/now/check" || complain "$at: tmp/ is not empty"
}

complaints=0
complain()
{
	echo "$*"
	cat "$TMPDIR/err"
	complaints=$((complaints + 1))
	[ $complaints -lt 10 ] || fail "more than enough"
}

step=0 template=$TMPDIR/new
sweep first 29 mailkeep backup -v "$W/vault"
template=$TMPDIR/first
sweep later 29 mailkeep backup -v "$W/vault"
[ $complaints = 0 ] || fail "$complaints complaints"
echo "$points faults: none did harm"

# Random mailboxes, policies and faults (tests/tool/pruneprop.py): whatever happens, what is gone is in the vault, and what
# the policy keeps is there.  SEEDS=N: so many of them, SEED=N: from that one on.  A seed that fails is told.
# flavour: plain
# timeout: 3600
. "$TOP/tests/lib.sh"
need python3

seeds=${SEEDS-40} first=${SEED-1}
jobs=()
for ((i = 0; i < 4; i++)); do
	n=$((seeds / 4 + (i < seeds % 4)))
	[ $n -gt 0 ] || continue
	python3 -IS "$TOP/tests/tool/pruneprop.py" "$first" $n >"$TMPDIR/said.$i" 2>&1 &
	jobs+=($!)
	first=$((first + n))
done
bad=0
for ((i = 0; i < ${#jobs[@]}; i++)); do
	wait "${jobs[i]}" || bad=$((bad + 1))
	cat "$TMPDIR/said.$i"
done
[ $bad = 0 ] || fail "$bad of ${#jobs[@]}"

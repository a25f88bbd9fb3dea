# Backups through some hundred random histories of a mailbox (R114; what is checked after each run stands in history.c).
# make check-history SEEDS=10000 runs as many as one likes; FIRST=4711 begins there.
# timeout: 300
. "$TOP/tests/lib.sh"

mkdir "$TMPDIR/vaults"
"$BUILD/tests/history/history" -j 2 -s "${FIRST:-1}" -n "${SEEDS:-150}" "$TMPDIR/vaults"

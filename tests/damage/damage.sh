# Some hundred random damages to vaults: each is found by verify, costs what it says, and can be repaired; a damaged catalog
# mends itself (R66 - R72; what is looked at stands in damage.c and judge.c).  make check-damage DAMAGES=10000 does as many as
# one likes; FIRST=4711 begins there.
# timeout: 300
. "$TOP/tests/lib.sh"

mkdir "$TMPDIR/vaults"
"$BUILD/tests/damage/damage" -j 2 -s "${FIRST:-1}" -n "${DAMAGES:-160}" "$TMPDIR/vaults"

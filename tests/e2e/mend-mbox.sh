# Damage and repair of vaults with mbox packs: see mend.inc.
CONTAINER=mbox
. "$TOP/tests/e2e/mend.inc"

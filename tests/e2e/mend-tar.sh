# Damage and repair of vaults with tar packs: see mend.inc.
CONTAINER=tar
. "$TOP/tests/e2e/mend.inc"

# kill -9 before, after and in the middle of each call that changes the disk, of all that writes to a vault: the next
# run needs no help, the vault is right and complete, and nothing that was acknowledged is lost (R48, R49, R58).
# flavour: plain
# timeout: 14400
. "$TOP/tests/crash/scenes.inc"
scenes kill 90

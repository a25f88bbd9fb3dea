# An allocation fails, of the program or of a library that it uses, once or from then on: nothing crashes (but inside
# OpenSSL, whose first steps don't stand it), the vault is never damaged nor called so, what ends well is complete, and
# the next run makes it so (R53).
# flavour: plain
# timeout: 14400
. "$TOP/tests/crash/scenes.inc"
scenes alloc 45

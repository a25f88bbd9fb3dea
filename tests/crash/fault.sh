# The system fails: what changes the disk (ENOSPC, EDQUOT, EIO, EROFS, EINTR, short writes), what reads it (EIO, EINTR,
# short reads), what needs a descriptor (EMFILE), what goes over the network (ECONNRESET, EINTR, short), once or from
# then on.  Nothing crashes, a fault that lasts never ends well (but for the catalog's, which is only an index), the
# vault is never damaged, and the next run without it makes everything complete (R50, R51, R52).
# flavour: plain
# timeout: 14400
. "$TOP/tests/crash/scenes.inc"
scenes fault 75

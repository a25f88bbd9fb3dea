# The same in an mbox vault, over STARTTLS.
container=mbox
VAULT_SCHEME=imap
. "$TOP/tests/e2e/story.inc"

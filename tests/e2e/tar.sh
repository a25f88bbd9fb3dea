# A mailbox's life in a tar vault, over TLS from the start.
container=tar
VAULT_SCHEME=imaps
. "$TOP/tests/e2e/story.inc"

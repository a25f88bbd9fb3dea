# The power fails: of what was not synced some is on the disk and some is not, in any order (tests/tool/powerloss.py).
# What was acknowledged is there, and the next run makes everything complete without help (R45, R48).
# flavour: plain
# timeout: 14400
. "$TOP/tests/crash/scenes.inc"
scenes power 85

# The test finds what is not synced: without any one of these the vault isn't right after the end of its first backup.
[ -z "${MK_CRASH_SCENE-}" ] || exit 0
imap snapshot >"$TMPDIR/on-server"
points synced first --template "$TMPDIR/new.tar" --expect "$TMPDIR/on-server" -- mailkeep backup -v @V >"$TMPDIR/synced"
sed -n 's/^needed: vault.\([^ ]*\).*/\1/p' "$TMPDIR/synced" | sort | tr '\n' ' ' >"$TMPDIR/needed"
[ "$(cat "$TMPDIR/needed")" = 'manifests packs tmp/00000001-1-*.tar.zst tmp/00000001.jsonl.zst.tmp ' ] || {
	cat "$TMPDIR/synced"
	fail "the power loss of these is not noticed, or others are"
}

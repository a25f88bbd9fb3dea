# Vaults that somebody made who means harm: frames, archives and manifests that lie or swell are refused within seconds and in
# bounded memory (R72 - R74; see bombs.py).
# flavour: plain
# timeout: 600
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"

mkdir "$TMPDIR/vaults"
"$python" "$TOP/tests/damage/bombs.py" "$TMPDIR/vaults"

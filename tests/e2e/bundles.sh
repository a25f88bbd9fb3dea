# Bundles of manifests and retired packs, written by another program from mailkeep-vault(5) alone: read, and gone on from.
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-vault.sh"
need jq
need zstd
dovecot_start
V=$TMPDIR/vault
vault_init "$V"
for n in 1 2 3 4; do
	printf 'Subject: %s\n\nmessage %s\n' $n $n >"$TMPDIR/$n"
	imap put INBOX '' '' "$TMPDIR/$n" >/dev/null
	backup "$V"
done
vault_is "$V" 'commits 4 packs 4 '
cp -a "$V" "$TMPDIR/before"

# Manifests FIRST to LAST of a vault as a bundle, as the page says.
bundle()
{
	python3 - "$@" <<-'EOF'
	import hashlib, os, struct, sys
	os.umask(0o077)
	os.chdir(sys.argv[1] + "/manifests")
	first, last = int(sys.argv[2]), int(sys.argv[3])
	members = [open("%08d.jsonl.zst" % n, "rb").read() for n in range(first, last + 1)]
	index = struct.pack("<II", 0x184D2A5D, 8 * len(members)) + b"".join(struct.pack("<Q", len(m)) for m in members)
	seal = struct.pack("<II", 0x184D2A5E, 32) + hashlib.sha256(index).digest()
	with open("%08d-%08d.jsonl.zst" % (first, last), "wb") as f:
	    f.write(b"".join(members) + index + seal)
	EOF
}

# A commit with one run that retires PACK.
retire()
{
	python3 - "$@" <<-'EOF'
	import glob, hashlib, json, os, struct, subprocess, sys
	os.umask(0o077)
	os.chdir(sys.argv[1] + "/manifests")
	last = sorted(x for x in glob.glob("*.jsonl.zst") if "-" not in x)[-1]
	data = open(last, "rb").read()
	head = json.loads(subprocess.run(["zstd", "-dc", last], capture_output=True).stdout.split(b"\n")[0])
	n, then = head["commit"] + 1, head["time"][:-1]
	now = str(int(then[:4]) + 1) + then[4:] + "Z"
	lines = [{"type": "manifest", "v": 1, "vault": head["vault"], "commit": n, "prev": hashlib.sha256(data).hexdigest(),
	          "time": now, "run": n, "program": "a test"},
	         {"type": "run-begin", "run": n, "verb": "repair", "time": now},
	         {"type": "retire", "pack": sys.argv[2], "reason": "damaged"},
	         dict({"type": "run-end", "run": n, "time": now, "result": "complete", "status": 0}, **dict.fromkeys(
	             "folders listed fetched fetched_bytes added added_bytes flags gone missing failed stored_bytes".split(), 0)),
	         {"type": "end", "lines": 5}]
	text = "".join(json.dumps(x) + "\n" for x in lines).encode()
	frame = subprocess.run(["zstd", "-qc", "--check"], input=text, capture_output=True).stdout
	with open("%08d.jsonl.zst" % n, "wb") as f:
	    f.write(frame + struct.pack("<II", 0x184D2A5E, 32) + hashlib.sha256(frame).digest())
	EOF
}

# ---- a bundle beside its manifests, then in their place ----

bundle "$V" 1 3
vault_is "$V" 'commits 4 packs 4 '
rm "$V"/manifests/0000000[123].jsonl.zst
vault_is "$V" 'commits 4 packs 4 '
[ "$(cd "$V" && zstd -dc manifests/*.jsonl.zst | jq -r 'select(.type == "message").uid' | tr '\n' ' ')" = '1 2 3 4 ' ] ||
	fail "zstd and jq don't see all lines"
expect_exit 0 mailkeep list --json "$TMPDIR/before"
jq -s 'map(select(.type == "message"))' "$TMPDIR/out" >"$TMPDIR/want"
# With its catalog, then without.
for _ in 1 2; do
	expect_exit 0 mailkeep list --json "$V"
	jq -s 'map(select(.type == "message"))' "$TMPDIR/out" >"$TMPDIR/got"
	same "$TMPDIR/want" "$TMPDIR/got"
	rm "$V/catalog.sqlite"
done
printf 'Subject: five\n\n5\n' >"$TMPDIR/5"
imap put INBOX '' '' "$TMPDIR/5" >/dev/null
backup "$V"
vault_is "$V" 'commits 5 packs 5 '
mirrors "$V"

# The page's way to see each line once, in order.
bundle "$V" 4 5
rm "$V/manifests/00000005.jsonl.zst"
chain()
{
	# shellcheck disable=SC2012
	ls manifests | awk -F '[-.]' '
	    /^[0-9]+(-[0-9]+)?\.jsonl\.zst$/ {
		print $1 + 0, ($2 ~ /^[0-9]+$/ ? $2 : $1) + 0, $0 }' |
	    sort -k 1,1n -k 2,2nr |
	    awk '$2 > last { last = $2; print "manifests/" $3 }' |
	    xargs zstd -dc
}
[ "$(cd "$V" && chain | jq -r 'select(.type == "manifest").commit' | tr '\n' ' ')" = '1 2 3 4 5 ' ] ||
	fail "the chain in order is not so"

# Damage in a bundle is named by its file.
cp "$V/manifests/00000001-00000003.jsonl.zst" "$TMPDIR/good"
printf x | dd of="$V/manifests/00000001-00000003.jsonl.zst" bs=1 seek=100 conv=notrunc 2>/dev/null
read_vault "$V" >/dev/null 2>&1 && fail "the second reader takes a damaged bundle"
rm "$V/catalog.sqlite"
expect_exit 6 mailkeep backup "$V"
said '00000001-00000003.jsonl.zst'
cp "$TMPDIR/good" "$V/manifests/00000001-00000003.jsonl.zst"
backup "$V"

# ---- a retired pack ----

R=$TMPDIR/before
pack=$(basename "$R"/packs/00000002-*)
retire "$R" "$pack"
vault_is "$R" 'commits 5 packs 3 blobs 4 live 4 kept 4 missing 0 retired 1 lost 1 '
rm "$R/packs/$pack"
vault_is "$R" 'retired 1 lost 1 '
[ "$(read_vault "$R" lost | cut -f 3)" = 2 ] || fail "another message is lost"
expect_exit 0 mailkeep list --json "$R"
jq -s 'map(select(.type == "message"))' "$TMPDIR/out" >"$TMPDIR/got"
same "$TMPDIR/want" "$TMPDIR/got"
id=$(jq -r '.[] | select(.uid == 2).id' "$TMPDIR/want")
expect_exit 6 mailkeep show "$R" "$id"
expect_exit 0 mailkeep show "$R" "$(jq -r '.[] | select(.uid == 3).id' "$TMPDIR/want")"
# Its content is stored again when it comes again.
imap 'do' 'SELECT INBOX' 'UID COPY 2 INBOX' >/dev/null
backup "$R"
vault_is "$R" 'retired 1 lost 0 '
expect_exit 0 mailkeep show "$R" "$id"
rm "$R/catalog.sqlite"
expect_exit 0 mailkeep show "$R" "$id"
# Twice is once too often, and so is one that nobody knows.
cp -a "$R" "$TMPDIR/twice"
retire "$TMPDIR/twice" "$pack"
expect_exit 6 mailkeep backup "$TMPDIR/twice"
said 'retired twice'
retire "$R" 00000001-1-00000000.tar.zst
expect_exit 6 mailkeep backup "$R"
said 'no commit before it recorded'

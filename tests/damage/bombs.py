#!/usr/bin/env python3
"""
bombs.py DIR [NAME...] - vaults that somebody made who knows the format and means harm (R72 - R74, R113).

Each is made here from mailkeep-vault(5) alone: manifests whose hashes, sizes and seals are right, and in them or in the
packs one thing that must not be there.  The program in PATH has to refuse it (verify --read-data: 6, or 10 where a newer
version might have written it), to get through list, export, repair and rebuild --salvage without a crash, and all of that
within SECONDS and KIB of resident memory.  Some look odd and are sound: then verify says so.

A line for each on stdout; exit 1 where something was wrong.  NAME: only those that begin so.  Without BOMBS=full in the
environment they are smaller, and only every fifth one is repaired and salvaged, too.
"""
import ctypes
import ctypes.util
import hashlib
import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import time

SECONDS = 20
FULL = os.environ.get("BOMBS") == "full"
BIG = 1 << 30 if FULL else 1 << 28      # more than may be held
KIB = 104 * 1024        # 64 MiB, and the longest line of a manifest as JSON in memory
ID = "5c0ffee0-0000-4000-8000-000000000001"

zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
zstd.ZSTD_createCCtx.restype = ctypes.c_void_p
for f in "ZSTD_compress2", "ZSTD_compressBound", "ZSTD_isError", "ZSTD_compressStream2", "ZSTD_CCtx_setParameter":
    getattr(zstd, f).restype = ctypes.c_size_t
LEVEL, WINDOW, CONTENT_SIZE, CHECKSUM = 100, 101, 200, 201


class Buffer(ctypes.Structure):
    _fields_ = [("p", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t)]


def frame(pieces, window=0, checksum=1, content_size=1, level=1):
    """A zstd frame of these pieces of bytes."""
    if isinstance(pieces, bytes):
        pieces = [pieces]
    c = ctypes.c_void_p(zstd.ZSTD_createCCtx())
    for key, value in (LEVEL, level), (WINDOW, window), (CHECKSUM, checksum), (CONTENT_SIZE, content_size):
        zstd.ZSTD_CCtx_setParameter(c, ctypes.c_int(key), ctypes.c_int(value))
    out, room = [], ctypes.create_string_buffer(1 << 20)
    for piece, mode in [(p, 0) for p in pieces] + [(b"", 2)]:
        keep = ctypes.c_char_p(piece)
        source = Buffer(ctypes.cast(keep, ctypes.c_void_p), len(piece), 0)
        while True:
            sink = Buffer(ctypes.cast(room, ctypes.c_void_p), len(room), 0)
            r = zstd.ZSTD_compressStream2(c, ctypes.byref(sink), ctypes.byref(source), ctypes.c_int(mode))
            assert not zstd.ZSTD_isError(ctypes.c_size_t(r))
            out.append(room.raw[:sink.pos])
            if (mode == 0 and source.pos == source.size) or (mode == 2 and r == 0):
                break
    zstd.ZSTD_freeCCtx(c)
    return b"".join(out)


def many(byte, n):
    piece = byte * (1 << 20)
    return [piece] * (n >> 20) + [byte * (n & (1 << 20) - 1)]


def run_length(n, header):
    """A frame by hand: blocks that say "128 KiB of zeros" in four bytes."""
    whole, rest = divmod(n, 1 << 17)
    blocks = [struct.pack("<I", 1 << 20 | 1 << 1)[:3] + b"\0"] * whole     # size 131072, type RLE
    blocks.append(struct.pack("<I", rest << 3 | 1 << 1 | 1)[:3] + b"\0")
    return b"\x28\xb5\x2f\xfd" + header + b"".join(blocks)


def skippable(p, magic=0x184D2A50, lie=None):
    return struct.pack("<II", magic, len(p) if lie is None else lie) + p


def sha(p):
    return hashlib.sha256(p).hexdigest()


# ---- tar ----

def ustar(name, size, kind=b"0", link=b"", prefix=b"", size_field=None, checksum=None, magic=b"ustar\x0000"):
    h = bytearray(512)
    h[0:len(name)] = name
    h[100:108], h[108:116], h[116:124] = b"0000600\0", b"0000000\0", b"0000000\0"
    h[124:136] = b"%011o\0" % size if size_field is None else size_field
    h[136:148] = b"%011o\0" % 837596665
    h[148:156] = b" " * 8
    h[156:157] = kind
    h[157:157 + len(link)] = link
    h[257:265] = magic
    h[329:337] = h[337:345] = b"0000000\0"
    h[345:345 + len(prefix)] = prefix
    h[148:156] = b"%06o\0 " % sum(h) if checksum is None else checksum
    return bytes(h)


def padded(body):
    return body + b"\0" * (-len(body) % 512)


def pax(*pairs, raw=None):
    text = b""
    for key, value in pairs:
        n = len(key) + len(value) + 3
        n += len(str(n + len(str(n))))
        text += b"%d %s=%s\n" % (n, key, value)
    text = text if raw is None else raw
    return ustar(b"PaxHeader/x", len(text), b"x") + padded(text)


END = b"\0" * 1024
MAIL = b"From: a@example.org\r\nSubject: one\r\nMessage-ID: <1@x>\r\n\r\nText.\r\n"


def member(body=MAIL, name=None, **how):
    return ustar(name or b"INBOX/7.1.%s.eml" % sha(body)[:4].encode(), len(body), **how) + padded(body)


# ---- a vault ----

class Pack:
    """frames: (compressed, raw size); blobs: (body, frame, offset)."""
    def __init__(self, frames, blobs, tail=b"", **said):
        self.frames, self.blobs, self.tail, self.said = frames, blobs, tail, said


def sound_pack(raw=None, body=MAIL, at=512, **how):
    raw = member(body) + END if raw is None else raw
    return Pack([(frame(raw, **how), len(raw))], [(body, 0, at)])


def write(path, p):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as f:
        f.write(p)


def text(r):
    return r if isinstance(r, bytes) else json.dumps(r, separators=(",", ":")).encode()


def manifest(commit, prev, records, how=frame):
    head = {"type": "manifest", "v": 1, "vault": ID, "commit": commit, "prev": prev,
            "time": "2026-01-01T00:00:%02dZ" % commit, "run": commit, "program": "bombs 1"}
    lines = [text(head)] + [text(r) for r in records]
    lines.append(text({"type": "end", "lines": len(lines) + 1}))
    return seal(how(b"".join(x + b"\n" for x in lines)))


def seal(p):
    return p + skippable(hashlib.sha256(p).digest(), 0x184D2A5E)


class Vault:
    def __init__(self, path, container="tar"):
        self.path, self.container = path, container
        self.prev, self.commit, self.files = None, 0, []
        os.mkdir(path, 0o700)
        for d in "packs", "manifests", "orphans", "tmp":
            os.mkdir(os.path.join(path, d), 0o700)
        write(self.at("vault.json"), text({
            "format": "mailkeep", "version": 1, "requires": [], "id": ID, "container": container,
            "created": "2026-01-01T00:00:00Z", "account": {"server": "imaps://imap.example.org", "user": "anna"}}) + b"\n")

    def at(self, *names):
        return os.path.join(self.path, *names)

    def put(self, p):
        self.commit += 1
        write(self.at("manifests", "%08d.jsonl.zst" % self.commit), p)
        self.files.append(p)
        self.prev = sha(p)

    def records(self, pack=None, edit=None):
        """What a manifest says of the folder and the messages of a pack, whose file is made."""
        out = [{"type": "folder", "folder": 1, "name": "INBOX", "delimiter": "/", "namespace": "personal"},
               {"type": "epoch", "epoch": 1, "folder": 1, "uidvalidity": 7}]
        if pack is not None:
            name = "%08d-1-0000000%d.%s.zst" % (self.commit + 1, self.commit + 1,
                                                self.container if self.container == "tar" else "f1.mbox")
            data = b"".join(z for z, _ in pack.frames) + pack.tail
            write(self.at("packs", name), data)
            for i, (body, where, offset, *more) in enumerate(pack.blobs):
                h, n = (sha(body), len(body)) if isinstance(body, bytes) else body
                blob = {"type": "blob", "sha256": h, "size": n, "pack": name, "frame": where, "offset": offset}
                if more:
                    blob.update(more[0])
                out += [blob, {"type": "message", "folder": 1, "epoch": 1, "uid": i + 1, "sha256": h, "size": n,
                               "internaldate": "17-Jul-1996 02:44:25 -0700", "date": 837596665}]
            record = {"type": "pack", "pack": name, "size": len(data), "sha256": sha(data),
                      "raw": sum(n for _, n in pack.frames), "frames": len(pack.frames), "tail": len(pack.tail),
                      "container": self.container}
            if self.container == "mbox":
                record["folder"] = 1
            record.update(pack.said)
            out.append(record)
            for i in range(0, len(pack.frames), 1000):
                out.append({"type": "frames", "pack": name, "from": i,
                            "frames": [[len(z), n] for z, n in pack.frames[i:i + 1000]]})
        return edit(out) if edit else out

    def add(self, pack=None, edit=None, how=frame):
        self.put(manifest(self.commit + 1, self.prev, self.records(pack, edit), how))


# ---- the bombs ----

BOMBS = {}


def bomb(expect="refused", **more):
    """expect: refused; sound; any: what verify says doesn't matter.  more: what the bomb needs."""
    def note(fn):
        BOMBS[fn.__name__.replace("_", "-")] = (fn, expect, more)
        return fn
    return note


def simple(name, make, expect="refused", container="tar"):
    """A vault with one pack, which make() gives."""
    def build(path):
        Vault(path, container).add(make())
    BOMBS[name] = (build, expect, {})


def tar_of(name, raw, expect="refused", at=512):
    simple("tar-" + name, lambda: sound_pack(raw=raw(), at=at), expect)


def edited(name, edit, expect="refused"):
    """A sound pack, and a manifest that says something else of it."""
    def build(path):
        Vault(path).add(sound_pack(), edit)
    BOMBS["manifest-" + name] = (build, expect, {})


def change(kind, **keys):
    def edit(records):
        for r in records:
            if r["type"] == kind:
                r.update(keys)
        return records
    return edit


def drop(kind):
    return lambda records: [r for r in records if r["type"] != kind]


def also(*more):
    return lambda records: records + [r() if callable(r) else r for r in more]


HUGE = (1 << 63) - 1

# Nothing is wrong with these.
simple("sound-tar", sound_pack, "sound")
simple("sound-notes", lambda: Pack([(frame(member() + END), 2048)], [(MAIL, 0, 512)], skippable(frame(b""))), "sound")


@bomb("sound")
def sound_gigabyte(path):
    """A message of zeros, of which 1 GiB is 33 KB: it has to be passed through, not held."""
    h = hashlib.sha256()
    for p in many(b"\0", BIG):
        h.update(p)
    raw = [ustar(b"INBOX/7.1.0000.eml", BIG)] + many(b"\0", BIG) + [END]
    Vault(path).add(Pack([(frame(raw), BIG + 1536)], [((h.hexdigest(), BIG), 0, 512)]))


@bomb("sound")
def sound_mbox(path):
    body = b"From: a\r\n\r\n>From here\r\nFrom there\r\n"
    stored = b"From: a\n\n>>From here\n>From there\n"
    raw = b"From mailkeep@localhost Wed Jul 17 09:44:25 1996\n" + stored + b"\n"
    Vault(path, "mbox").add(Pack([(frame(raw), len(raw))], [
        (body, 0, 49, {"stored": len(stored), "form": "lf"})]))


# zstd

RAW = member() + END

simple("zstd-gigabytes", lambda: Pack([(frame(many(b"\0", BIG)), len(RAW))], [(MAIL, 0, 512)]))
simple("zstd-gigabytes-said", lambda: Pack([(frame(many(b"\0", BIG)), BIG)], [(MAIL, 0, 512)]))
simple("zstd-run-length", lambda: Pack([(run_length(1 << 36, b"\x00\x68"), 1 << 36)], [(MAIL, 0, 512)]))
simple("zstd-window-2g", lambda: Pack([(b"\x28\xb5\x2f\xfd\x04\xa8" + frame(RAW, content_size=0)[6:], len(RAW))],
                                      [(MAIL, 0, 512)]))
simple("zstd-window-3t", lambda: Pack([(b"\x28\xb5\x2f\xfd\x04\xff" + frame(RAW, content_size=0)[6:], len(RAW))],
                                      [(MAIL, 0, 512)]))
simple("zstd-window-16m", lambda: sound_pack(window=24, content_size=0), "any")
simple("zstd-window-64m", lambda: Pack([(frame([ustar(b"INBOX/7.1.0.eml", 32 << 20)] + many(b"\0", 32 << 20) + [END],
                                               window=26, content_size=0), (32 << 20) + 1536)], [(MAIL, 0, 512)]))
simple("zstd-single-segment-huge", lambda: Pack([(b"\x28\xb5\x2f\xfd\xe4" + struct.pack("<Q", 1 << 62) + frame(RAW)[6:],
                                                  len(RAW))], [(MAIL, 0, 512)]))
simple("zstd-size-lies-more", lambda: Pack([(run_length(4096, b"\xa0" + struct.pack("<I", 1 << 31)), 1 << 31)],
                                           [(MAIL, 0, 512)]))
simple("zstd-size-lies-less", lambda: Pack([(run_length(BIG, b"\xa0" + struct.pack("<I", 2048)), 2048)],
                                           [(MAIL, 0, 512)]))
simple("zstd-no-checksum", lambda: sound_pack(checksum=0), "any")
simple("zstd-dictionary", lambda: Pack([(b"\x28\xb5\x2f\xfd\x25\x00\x07" + frame(RAW, content_size=0)[6:], len(RAW))],
                                       [(MAIL, 0, 512)]))
simple("zstd-empty-frames", lambda: Pack([(frame(b""), 0)] * 100000 + [(frame(RAW), len(RAW))], [(MAIL, 100000, 512)]),
       "any")
simple("zstd-skippable-inside", lambda: Pack([(skippable(b"x" * 100), 0), (frame(RAW), len(RAW))], [(MAIL, 1, 512)]))
simple("zstd-two-in-one", lambda: Pack([(frame(RAW[:1024]) + frame(RAW[1024:]), len(RAW))], [(MAIL, 0, 512)]))
simple("zstd-garbage-behind", lambda: Pack([(frame(RAW), len(RAW))], [(MAIL, 0, 512)], b"garbage"))
simple("tail-lies", lambda: Pack([(frame(RAW), len(RAW))], [(MAIL, 0, 512)], skippable(frame(b"{}\n"), lie=0xffffffff)))
simple("tail-gigabytes", lambda: Pack([(frame(RAW), len(RAW))], [(MAIL, 0, 512)], skippable(frame(many(b"\n", BIG)))))
simple("tail-one-line", lambda: Pack([(frame(RAW), len(RAW))], [(MAIL, 0, 512)],
                                     skippable(frame([b'{"type":"'] + many(b"x", BIG) + [b'"}\n']))))
simple("tail-many", lambda: Pack([(frame(RAW), len(RAW))], [(MAIL, 0, 512)], skippable(frame(b"")) * 200000), "any")
simple("tail-empty-ones", lambda: Pack([(frame(RAW), len(RAW))], [(MAIL, 0, 512)], skippable(b"") * 500000), "any")
simple("tail-other-magic", lambda: Pack([(frame(RAW), len(RAW))], [(MAIL, 0, 512)], skippable(b"x", 0x184D2A51)))
simple("tail-frame", lambda: Pack([(frame(RAW), len(RAW))], [(MAIL, 0, 512)], frame(b"more")))

# tar

tar_of("dotdot", lambda: member(name=b"../../7.1.abcd.eml") + END)
tar_of("absolute", lambda: member(name=b"/etc/7.1.abcd.eml") + END)
tar_of("prefix-absolute", lambda: member(prefix=b"/etc") + END)
tar_of("prefix-dotdot", lambda: member(prefix=b"a/../..") + END)
tar_of("no-name", lambda: ustar(b"", len(MAIL)) + padded(MAIL) + END)
for letter, what in ("1", "hard-link"), ("2", "symbolic-link"), ("3", "device"), ("4", "block-device"), ("5", "directory"), \
        ("6", "fifo"), ("7", "contiguous"), ("S", "sparse"), ("L", "long-name"), ("K", "long-link"), ("g", "pax-global"), \
        ("V", "label"), ("D", "dump"), ("\0", "old-file"), ("M", "volume"):
    tar_of(what, lambda letter=letter: member(kind=letter.encode(), link=b"/etc/passwd") + END)
    tar_of(what + "-before", lambda letter=letter: ustar(b"x", 0, letter.encode(), b"/etc/passwd") + member() + END, at=1024)
tar_of("size-base-256", lambda: member(size_field=b"\x80" + len(MAIL).to_bytes(11, "big")) + END)
tar_of("size-base-256-huge", lambda: member(size_field=b"\x80" + (1 << 80).to_bytes(11, "big")) + END)
tar_of("size-base-256-negative", lambda: member(size_field=b"\xff" * 12) + END)
tar_of("size-negative", lambda: member(size_field=b"-0000000001\0") + END)
tar_of("size-blank", lambda: member(size_field=b" " * 12) + END)
tar_of("size-not-octal", lambda: member(size_field=b"00000000089\0") + END)
tar_of("size-beyond-frame", lambda: member(size_field=b"77777777777\0") + END)
tar_of("size-one-more", lambda: member(size_field=b"%011o\0" % (len(MAIL) + 1)) + END)
tar_of("checksum", lambda: member(checksum=b"000000\0 ") + END)
tar_of("magic-gnu", lambda: member(magic=b"ustar  \0") + END)
tar_of("magic-none", lambda: member(magic=b"\0" * 8) + END)
tar_of("pax-path-dotdot", lambda: pax((b"path", b"../../x.eml")) + member() + END, at=1536)
tar_of("pax-path-absolute", lambda: pax((b"path", b"/etc/x.eml")) + member() + END, at=1536)
tar_of("pax-link", lambda: pax((b"linkpath", b"/etc/passwd")) + member() + END, "any", at=1536)
tar_of("pax-size-huge", lambda: pax((b"size", b"9223372036854775807")) + member() + END, at=1536)
tar_of("pax-size-negative", lambda: pax((b"size", b"-66")) + member() + END, at=1536)
tar_of("pax-size-twice", lambda: pax((b"size", b"66"), (b"size", b"9999999999")) + member() + END, at=1536)
tar_of("pax-sparse", lambda: pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.realsize", b"1000000000000")) + member() + END,
       at=1536)
tar_of("pax-length-lies", lambda: pax(raw=b"99999999999999999999 path=x\n") + member() + END, at=1536)
tar_of("pax-length-zero", lambda: pax(raw=b"0 path=x\n") + member() + END, at=1536)
tar_of("pax-length-short", lambda: pax(raw=b"3 path=x\n") + member() + END, at=1536)
tar_of("pax-nothing-behind", lambda: member() + pax((b"path", b"x")) + END)
tar_of("pax-of-pax", lambda: pax((b"path", b"x")) * 2000 + member() + END, at=1024 * 2000 + 512)
tar_of("no-end", lambda: member())
tar_of("half-an-end", lambda: member() + END[:512])
tar_of("end-inside", lambda: END + member() + END, at=1536)
tar_of("behind-the-end", lambda: member() + END + member(b"more"))
tar_of("long-end", lambda: member() + END * 4096, "any")
tar_of("padding", lambda: member()[:-1] + b"x" + END)
tar_of("not-claimed", lambda: member() + member(b"nobody asked for me") + END)
tar_of("twice", lambda: member() + member() + END)


@bomb()
def tar_pax_gigabyte(path):
    key = b"%d path=" % BIG
    raw = [ustar(b"x", BIG, b"x"), key] + many(b"y", BIG - len(key) - 1) + [b"\n", member(), END]
    Vault(path).add(Pack([(frame(raw), BIG + 2560)], [(MAIL, 0, BIG + 1024)]))


@bomb()
def tar_million_members(path):
    """Nobody claims them."""
    one = ustar(b"INBOX/7.9.0.eml", 0)
    raw = [member()] + [one * 2048] * 512 + [END]
    Vault(path).add(Pack([(frame(raw), sum(map(len, raw)))], [(MAIL, 0, 512)]))


# mbox

def mbox(name, raw, offset=49, stored=None, expect="refused", **more):
    def build(path):
        nonlocal raw
        raw = raw() if callable(raw) else raw
        n = len(raw) - offset - 1 if stored is None else stored
        Vault(path, "mbox").add(Pack([(frame(raw), len(raw))], [
            (b"a\r\n", 0, offset, dict({"stored": n, "form": "lf"}, **more))]))
    BOMBS["mbox-" + name] = (build, expect, {})


LINE = b"From mailkeep@localhost Wed Jul 17 09:44:25 1996\n"
mbox("sound", LINE + b"a\n\n", expect="sound")
mbox("no-from", b"a\n\n", 0)
mbox("other-from", LINE.replace(b"mailkeep", b"somebody") + b"a\n\n")
mbox("no-empty-line", LINE + b"a\n", stored=2)
mbox("not-quoted", LINE + b"a\nFrom b\n\n", stored=2)
mbox("stored-huge", LINE + b"a\n\n", stored=HUGE)
mbox("offset-huge", LINE + b"a\n\n", HUGE, stored=2)
mbox("two-overlap", LINE + b"a\n\n" + LINE + b"a\n\n", stored=2)
mbox("long-line", lambda: LINE + b"a\n\n" + b"x" * (64 << 20), stored=2)

# manifests

edited("sound", lambda r: r, "sound")
edited("raw-huge", change("frames", frames=[[0, HUGE]]))
edited("raw-huge-too", lambda r: change("pack", raw=HUGE)(change("frames", frames=[[r[-1]["frames"][0][0], HUGE]])(r)))
edited("frame-size-huge", change("frames", frames=[[HUGE, 2048]]))
edited("frames-overflow", lambda r: change("pack", frames=3)(change("frames", frames=[[HUGE, HUGE]] * 3)(r)))
edited("frames-count-huge", change("pack", frames=HUGE))
edited("pack-size-huge", change("pack", size=HUGE))
edited("tail-huge", change("pack", tail=HUGE))
edited("pack-name-dotdot", lambda r: json.loads(json.dumps(r).replace("00000001-1-00000001", "../../etc/passwd")))
edited("pack-name-absolute", lambda r: json.loads(json.dumps(r).replace("00000001-1-00000001", "/etc/passwd")))
edited("blob-size-huge", lambda r: change("message", size=HUGE)(change("blob", size=HUGE)(r)))
edited("blob-frame-huge", change("blob", frame=HUGE))
edited("blob-offset-huge", change("blob", offset=HUGE))
edited("blob-offset-inside", change("blob", offset=520))
edited("no-blob", drop("blob"))
edited("no-pack", drop("pack"))
edited("no-frames", drop("frames"))
edited("no-folder", drop("folder"))
edited("float", change("blob", size=1e300))
edited("negative", change("blob", offset=-1))
edited("too-large", change("blob", size=1 << 64))
edited("all-uids", also({"type": "flags", "folder": 1, "epoch": 1, "uids": "1:4294967295", "flags": [], "keywords": []},
                        {"type": "missing", "folder": 1, "epoch": 1, "uids": "2:4294967295", "reason": "x"},
                        {"type": "gone", "folder": 1, "epoch": 1, "uids": "1:4294967295"}), "any")
edited("uids-backwards", also({"type": "gone", "folder": 1, "epoch": 1, "uids": "9:1"}), "any")
edited("uids-long", also(lambda: {"type": "gone", "folder": 1, "epoch": 1, "uids": ",".join(str(i) for i in range(1, 400000, 2))}))
edited("many-frames-lines", lambda r: change("pack", frames=500000)(r[:-1]) + [
    dict(r[-1], **{"from": i * 1000, "frames": [[0, 0]] * 1000}) for i in range(500)])
edited("line-9-mb", also(lambda: {"type": "missing", "folder": 1, "epoch": 1, "uids": "9", "reason": "x" * (9 << 20)}))
edited("line-100-mb", also(lambda: {"type": "missing", "folder": 1, "epoch": 1, "uids": "9", "reason": "x" * (100 << 20)}))
edited("deep", also(lambda: b'{"type":"server","capability":' + b"[" * 1000000 + b"]" * 1000000 + b"}"))
edited("deep-objects", also(lambda: b'{"type":"x","optional":true,"a":' + b'{"a":' * 500000 + b"1" + b"}" * 500000 + b"}"))
edited("many-keys", also(lambda: b'{"type":"x","optional":true' + b"".join(b',"k%d":%d' % (i, i) for i in range(400000)) + b"}"), "any")
edited("array-1e6", also(lambda: b'{"type":"x","optional":true,"a":[' + b"1," * 2000000 + b"1]}"), "any")
edited("nul", also(b'{"type":"server","capability":"a\\u0000b"}'))
edited("not-utf-8", also(b'{"type":"server","capability":"\xff"}'))
edited("retires-itself", lambda r: r + [{"type": "retire", "pack": r[-1]["pack"], "reason": "compacted"}])
edited("retires-unknown", also({"type": "retire", "pack": "00000001-9-99999999.tar.zst", "reason": "compacted"}))


def raw_manifest(name, make, expect="refused"):
    def build(path):
        v = Vault(path)
        v.add(sound_pack())
        v.put(make(v))
    BOMBS["manifest-" + name] = (build, expect, {})


def head_of(v):
    return text({"type": "manifest", "v": 1, "vault": ID, "commit": 2, "prev": v.prev, "time": "2026-01-01T00:00:02Z",
                 "run": 2, "program": "x"}) + b"\n"


raw_manifest("huge-line", lambda v: seal(frame([head_of(v)] + many(b"x", BIG))))
raw_manifest("huge-blank-lines", lambda v: seal(frame([head_of(v)] + many(b"\n", BIG))))
raw_manifest("huge-first-line", lambda v: seal(frame(many(b" ", BIG))))
raw_manifest("6huge-by-hand", lambda v: seal(run_length(1 << 36, b"\x00\x68")))
raw_manifest("window-2g", lambda v: seal(b"\x28\xb5\x2f\xfd\x04\xa8" + frame(head_of(v), content_size=0)[6:]))
raw_manifest("two-frames", lambda v: seal(frame(head_of(v)) + frame(b'{"type":"end","lines":2}\n')))
raw_manifest("skippable-first", lambda v: seal(skippable(b"x") + frame(head_of(v) + b'{"type":"end","lines":2}\n')))
raw_manifest("only-a-seal", lambda v: seal(b""))
raw_manifest("seal-lies", lambda v: frame(head_of(v)) + skippable(b"\0" * 32, 0x184D2A5E, 0xffffffff))
raw_manifest("many-records", lambda v: seal(frame([head_of(v)] + [
    b'{"type":"gone","folder":1,"epoch":1,"uids":"5:6"}\n' * 10000] * (300 if FULL else 30) + [
        b'{"type":"end","lines":%d}\n' % (3000002 if FULL else 300002)])), "any")


def numbered(name, number, expect="refused"):
    def build(path):
        v = Vault(path)
        v.add(sound_pack())
        write(v.at("manifests", number), v.files[0])
    BOMBS["number-" + name] = (build, expect, {})


numbered("100-million", "100000000.jsonl.zst")
numbered("1e18", "1000000000000000000.jsonl.zst")
numbered("2-63", "9223372036854775808.jsonl.zst")
numbered("30-digits", "1" * 30 + ".jsonl.zst", "any")
numbered("bundle-1e18", "00000001-1000000000000000000.jsonl.zst")
numbered("bundle-huge", "00000002-99999999.jsonl.zst")
numbered("bundle-million", "00000001-01048576.jsonl.zst")
numbered("bundle-backwards", "00000009-00000002.jsonl.zst", "any")


def bundle(name, sizes, expect="refused", singles=False):
    def build(path):
        v = Vault(path)
        v.add(sound_pack())
        v.add()
        index = skippable(b"".join(struct.pack("<Q", n) for n in sizes([len(p) for p in v.files])), 0x184D2A5D)
        for i in range(0 if singles else 2):
            os.unlink(v.at("manifests", "%08d.jsonl.zst" % (i + 1)))
        write(v.at("manifests", "00000001-00000002.jsonl.zst"), b"".join(v.files) + seal(index))
    BOMBS["bundle-" + name] = (build, expect, {})


bundle("sound", lambda n: n, "sound")
bundle("beside", lambda n: n, "sound", True)
bundle("size-huge", lambda n: [n[0], 1 << 63])
bundle("sizes-overflow", lambda n: [n[0] - (1 << 63) & (1 << 64) - 1, n[1] + (1 << 63)])
bundle("size-zero", lambda n: [0, n[0] + n[1]])
bundle("too-few", lambda n: [n[0] + n[1]])
bundle("too-many", lambda n: n + [0])

# files

@bomb()
def file_pack_1_tb(path):
    """A pack that got 1 TB of zeros behind it."""
    v = Vault(path)
    v.add(sound_pack())
    os.truncate(v.at("packs", os.listdir(v.at("packs"))[0]), 1 << 40)


@bomb()
def file_manifest_1_gb(path):
    v = Vault(path)
    v.add(sound_pack())
    v.add()
    os.truncate(v.at("manifests", "00000001.jsonl.zst"), 1 << 30)


@bomb("any")
def file_vault_json_1_tb(path):
    v = Vault(path)
    v.add(sound_pack())
    os.truncate(v.at("vault.json"), 1 << 40)


@bomb("any")
def file_vault_json_deep(path):
    v = Vault(path)
    v.add(sound_pack())
    os.unlink(v.at("vault.json"))
    write(v.at("vault.json"), b"[" * 1000000)


@bomb("any")
def file_catalog_1_tb(path):
    v = Vault(path)
    v.add(sound_pack())
    write(v.at("catalog.sqlite"), b"SQLite format 3\0")
    os.truncate(v.at("catalog.sqlite"), 1 << 40)


@bomb("any")
def file_orphan_bomb(path):
    v = Vault(path)
    v.add(sound_pack())
    write(v.at("orphans", "00000009-1-00000009.tar.zst"), frame(many(b"\0", BIG)) + skippable(frame(many(b"\n", BIG))))


# ---- running ----

class Run:
    def __init__(self, command, home):
        began = time.monotonic()
        with open(os.path.join(home, "out"), "wb") as out, open(os.path.join(home, "err"), "wb") as err:
            pid = os.posix_spawnp(command[0], command, dict(os.environ, HOME=home, XDG_CACHE_HOME=home + "/cache"), file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, err.fileno(), 2)])
        while True:
            got, status, use = os.wait4(pid, os.WNOHANG)
            if got:
                break
            if time.monotonic() - began > SECONDS:
                os.kill(pid, 9)
            time.sleep(0.002)
        self.seconds = time.monotonic() - began
        self.rss = use.ru_maxrss
        self.rc = os.waitstatus_to_exitcode(status)
        with open(os.path.join(home, "err"), "rb") as f:
            self.err = f.read(100000).decode(errors="replace")


def state(path):
    """What a vault's lasting files are."""
    out = []
    for top, _, files in os.walk(path):
        for f in files:
            st = os.lstat(os.path.join(top, f))
            out.append((os.path.relpath(os.path.join(top, f), path), st.st_ino, st.st_size, st.st_mtime_ns))
    return sorted(out)


def check(name, top):
    build, expect, _ = BOMBS[name]
    vault, home = os.path.join(top, "v"), os.path.join(top, "home")
    for d in vault, home:
        shutil.rmtree(d, ignore_errors=True)
    os.mkdir(home)
    # What a process had in memory counts for those that it starts.
    pid = os.fork()
    if pid == 0:
        build(vault)
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit("%s can't be made" % name)
    wrong, slowest, largest, said = [], 0, 0, ""

    def run(what, allowed, *command):
        nonlocal slowest, largest
        r = Run(("mailkeep",) + command, home)
        slowest, largest = max(slowest, r.seconds), max(largest, r.rss)
        if r.rc < 0:
            wrong.append("%s: signal %d after %.1f s" % (what, -r.rc, r.seconds))
        elif r.rc not in allowed:
            wrong.append("%s: exit %d: %s" % (what, r.rc, r.err.strip()[:300]))
        if r.rss > KIB:
            wrong.append("%s: %d KiB" % (what, r.rss))
        if r.rc not in (0, 1) and not r.err.strip():
            wrong.append("%s: exit %d without a word" % (what, r.rc))
        return r

    allowed = {"refused": (6, 10), "sound": (0,), "any": (0, 6, 10)}[expect]
    mend = FULL or list(BOMBS).index(name) % 5 == 0
    before = state(vault)
    if mend or not name.startswith("tar-"):
        run("verify", (0,) if expect == "sound" else (0, 6, 10), "verify", vault)
    r = run("verify --read-data", allowed, "verify", "--read-data", vault)
    said = (r.err.strip().split("\n") or [""])[0].split(": ", 1)[-1]
    if state(vault) != before:
        wrong.append("verify changed the vault")
    reads = (0,) if expect == "sound" else (0, 6, 10)
    run("list", reads, "list", "--all", vault)
    if mend or not name.startswith("tar-"):
        run("show", reads if expect == "sound" else (0, 1, 2, 6, 10), "show", "--raw", vault, "1.5")
    run("export", reads, "export", "--all", "--format", "tar", "--to", home + "/out.tar", vault)
    copy = os.path.join(top, "copy")
    if mend and not name.startswith(("file-", "sound-gig")):
        shutil.copytree(vault, copy)
        r = run("repair", (0, 6, 10), "repair", "--offline", "--accept-loss", copy)
        if r.rc == 0:
            run("verify after repair", (0,), "verify", "--read-data", copy)
    # A search for frames takes its time where there is much to be searched.
    if mend and not name.startswith(("manifest-", "number-", "bundle-", "file-", "sound-gig")):
        for m in os.listdir(os.path.join(vault, "manifests")):
            os.unlink(os.path.join(vault, "manifests", m))
        # Packs stay as they are: then it is repair's turn.
        r = run("rebuild --salvage", (0, 3, 6, 10), "rebuild", "--salvage", vault)
        if r.rc == 0 and run("verify after salvage", (0, 6), "verify", "--read-data", vault).rc == 6:
            run("repair after salvage", (0,), "repair", "--offline", "--accept-loss", vault)
            run("verify after both", (0,), "verify", "--read-data", vault)
    print("%-34s %-8s %5.2f s %6d KiB  %s" % (name, expect, slowest, largest, said[:90]))
    for w in wrong:
        print("    WRONG: " + w)
    sys.stdout.flush()
    for d in vault, home, copy:
        shutil.rmtree(d, ignore_errors=True)
    return not wrong


def main(argv):
    chosen = [n for n in BOMBS if not argv[1:] or n.startswith(tuple(argv[1:]))]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    bad = [n for n in chosen if not check(n, argv[0])]
    print("%d bombs, %d wrong%s" % (len(chosen), len(bad), ": " + " ".join(bad) if bad else ""))
    sys.exit(1 if bad or not chosen else 0)


main(sys.argv[1:])

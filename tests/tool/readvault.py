#!/usr/bin/env python3
"""
readvault.py [-q] VAULT [COMMAND] - a second reader of vaults, written from mailkeep-vault(5) alone.

It shares no code with the program: Python's standard library, and libzstd for the frames.  Whatever the command, the
whole vault is read first: the chain, bundles and all, the seals, every record, every pack's hash, every frame, every
message by its place and by its hash, the tar members and mbox entries around them, the notes in the tails.  What is
wrong is said on stderr, and the exit status is 1.  Packs that are retired are not looked at: they may be missing.  A
message whose content is lost, since its place is in such a pack, is counted and no error.

    check       "commits N packs N blobs N live N kept N missing N retired N lost N orphans N scratch N" (the default);
                packs without those that are retired, lost of all messages that were ever recorded
    list        for each message that is on the server, as far as the vault knows:
                "FOLDER<tab>UIDVALIDITY<tab>UID<tab>SHA-256<tab>flags<tab>INTERNALDATE", sorted
    ever        the same for each message that was ever recorded, gone or not
    missing     "FOLDER<tab>UIDVALIDITY<tab>UID" of what is missing
    lost        as ever, for each message whose content is lost
    pruned      "RUN<tab>" and as ever, for each message that a run deleted from the server
    intents     "FOLDER<tab>UIDVALIDITY<tab>UID[:UID]<tab>RUN<tab>marked|-<tab>move|-" of what runs meant to delete, where
                nothing says what became of it
    retired     "PACK<tab>COMMIT<tab>reason" of each pack that is retired
    folders     "NUMBER<tab>NAME<tab>attributes<tab>subscribed|-", sorted by name, without those that are gone
    epochs      "FOLDER<tab>UIDVALIDITY<tab>complete|-" of all epochs in their order
    notes       the lines of all tails
    records     the lines of all manifests
    export DIR  write every blob to DIR/<its SHA-256>
    all DIR     check, list, ever and missing, each to DIR/<command>
"""
import calendar
import ctypes
import datetime
import hashlib
import io
import json
import os
import re
import stat
import sys
import tarfile
import time

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
WINDOW_MAX = 8 << 20
PACK_NAME = re.compile(r"([0-9]{8,})-([0-9]+)-[0-9a-f]{8}(?:\.f([0-9]+))?\.(tar|mbox)\.zst")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
SYSTEM = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"]

# Keys of each record and what they hold; ? where they may be left out.
RECORDS = {
    "manifest": "v:number vault:text commit:number prev:digest? time:time run:number program:text",
    "run-begin": "run:number verb:text time:time",
    "run-end": "run:number time:time result:text status:count error:text? folders:count listed:count fetched:count "
               "fetched_bytes:count added:count added_bytes:count flags:count gone:count missing:count failed:count "
               "stored_bytes:count",
    "server": "capability:text id:text?",
    "folder": "folder:number name:text raw:hex? delimiter:text? attributes:list? special_use:text? mailboxid:text? "
              "namespace:text selectable:false? subscribed:true? gone:true?",
    "epoch": "epoch:number folder:number uidvalidity:uid? state:object?",
    "blob": "sha256:digest size:count pack:text frame:count offset:count stored:count? form:text? newline_added:true?",
    "message": "folder:number epoch:number uid:uid sha256:digest size:count internaldate:text? date:integer? flags:list? "
               "keywords:list? labels:list? emailid:text? threadid:text? by:text?",
    "flags": "folder:number epoch:number uids:uids flags:list keywords:list labels:list?",
    "gone": "folder:number epoch:number uids:uids",
    "missing": "folder:number epoch:number uids:uids reason:text",
    "pack": "pack:text size:count sha256:digest raw:count frames:count tail:count container:text folder:number?",
    "frames": "pack:text from:count frames:array",
    "retire": "pack:text reason:text",
    "prune-intent": "folder:number epoch:number uids:uids marked:true? move:true?",
    "pruned": "folder:number epoch:number run:number uids:uids",
    "prune-kept": "folder:number epoch:number uids:uids",
    "end": "lines:number",
    # of a tail
    "note": "folder:number epoch:number uid:uid blob:prefix date:integer? flags:list? keywords:list? labels:list? "
            "form:text? newline_added:true?",
}
STATE = "uidnext:number? highestmodseq:number? exists:count complete:true? full:true?"

complaints = 0


def complain(text):
    global complaints
    complaints += 1
    if complaints <= 20:
        print("readvault: " + text, file=sys.stderr)


class Damage(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Damage(text)


# ---- zstd ----

zstd = ctypes.CDLL("libzstd.so.1")
for function in "ZSTD_decompress", "ZSTD_findFrameCompressedSize", "ZSTD_isError":
    getattr(zstd, function).restype = ctypes.c_size_t
zstd.ZSTD_getFrameContentSize.restype = ctypes.c_ulonglong
zstd.ZSTD_createDCtx.restype = ctypes.c_void_p


class Buffer(ctypes.Structure):
    _fields_ = [("p", ctypes.c_void_p), ("size", ctypes.c_size_t), ("pos", ctypes.c_size_t)]


zstd.ZSTD_decompressStream.restype = ctypes.c_size_t
zstd.ZSTD_decompressStream.argtypes = [ctypes.c_void_p, ctypes.POINTER(Buffer), ctypes.POINTER(Buffer)]


def frame_header(data, what):
    """RFC 8878, section 3.1.1.1: no dictionary, a content checksum, a bounded window."""
    need(data[:4] == b"\x28\xb5\x2f\xfd", what + ": not a zstd frame")
    d = data[4]
    need(d & 4, what + ": a frame without a content checksum")
    need(d & 3 == 0, what + ": a frame with a dictionary")
    single = d & 0x20
    at, size = 5, None
    if not single:
        exponent, mantissa = data[5] >> 3, data[5] & 7
        window = (1 << (10 + exponent)) * (8 + mantissa) // 8
        at = 6
    n = [1 if single else 0, 2, 4, 8][d >> 6]
    if n:
        size = int.from_bytes(data[at:at + n], "little") + (256 if n == 2 else 0)
    if single:
        window = size
    # A single segment needs no window but its content.
    need(window <= WINDOW_MAX or single, what + ": a window of %d bytes" % window)


def frame_length(data, what):
    n = zstd.ZSTD_findFrameCompressedSize(bytes(data), ctypes.c_size_t(len(data)))
    need(not zstd.ZSTD_isError(ctypes.c_size_t(n)), what + ": a broken frame")
    return n


def unpack(data, what, limit=1 << 40):
    """What one frame, all of data, decompresses to."""
    frame_header(data, what)
    need(frame_length(data, what) == len(data), what + ": something behind the frame")
    data = bytes(data)
    out, piece = io.BytesIO(), ctypes.create_string_buffer(1 << 18)
    d = ctypes.c_void_p(zstd.ZSTD_createDCtx())
    src = ctypes.create_string_buffer(data, len(data))
    source = Buffer(ctypes.cast(src, ctypes.c_void_p), len(data), 0)
    while True:
        sink = Buffer(ctypes.cast(piece, ctypes.c_void_p), len(piece), 0)
        r = zstd.ZSTD_decompressStream(d, ctypes.byref(sink), ctypes.byref(source))
        if zstd.ZSTD_isError(ctypes.c_size_t(r)):
            zstd.ZSTD_freeDCtx(d)
            raise Damage(what + ": can't be decompressed")
        out.write(piece.raw[:sink.pos])
        need(out.tell() <= limit, what + ": gives more than it should")
        if r == 0:
            break
        need(source.pos < len(data) or sink.pos, what + ": ends early")
    zstd.ZSTD_freeDCtx(d)
    return out.getvalue()


# ---- records ----

def no_doubles(pairs):
    need(len({k for k, _ in pairs}) == len(pairs), "a key stands twice")
    need(pairs == [] or "type" not in dict(pairs) or pairs[0][0] == "type", "type is not the first key")
    return {k: v for k, v in pairs if v is not None}


def integer(v):
    return type(v) is int


def uidset(text):
    need(0 < len(text.encode()) <= 60000, "a set of %d bytes" % len(text.encode()))
    out = []
    for part in text.split(","):
        m = re.fullmatch(r"([1-9][0-9]*)(?::([1-9][0-9]*))?", part)
        need(m, "not a set of UIDs: " + text[:80])
        a, b = int(m.group(1)), int(m.group(2) or m.group(1))
        need(1 <= a <= b <= 0xffffffff, "not a range: " + part)
        out.append((a, b))
    return out


def is_text(v):
    return isinstance(v, str) and "\0" not in v


KINDS = {
    "count": lambda v: integer(v) and 0 <= v < 1 << 63,
    "number": lambda v: integer(v) and 1 <= v < 1 << 63,
    "integer": lambda v: integer(v) and -(1 << 63) <= v < 1 << 63,
    "uid": lambda v: integer(v) and 1 <= v <= 0xffffffff,
    "text": is_text,
    "true": lambda v: isinstance(v, bool),
    "false": lambda v: isinstance(v, bool),
    "digest": lambda v: is_text(v) and re.fullmatch("[0-9a-f]{64}", v),
    "prefix": lambda v: is_text(v) and re.fullmatch("[0-9a-f]{16}", v),
    "hex": lambda v: is_text(v) and re.fullmatch("([0-9a-f]{2})*", v),
    "time": lambda v: is_text(v) and TIME.fullmatch(v),
    "uids": lambda v: is_text(v) and uidset(v),
    "list": lambda v: isinstance(v, list) and all(is_text(x) for x in v),
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list) and 1 <= len(v) <= 1000 and
    all(isinstance(x, list) and len(x) == 2 and all(integer(y) and y >= 0 for y in x) for x in v),
}


def check_keys(r, keys, what):
    for key in keys.split():
        key, kind = key.split(":")
        if kind.endswith("?"):
            if key not in r:
                continue
            kind = kind[:-1]
        need(key in r, "%s: no %s" % (what, key))
        need(KINDS[kind](r[key]), "%s: %s is %r" % (what, key, r[key]))
    for key in r:
        if key.endswith("_raw"):
            need(KINDS["hex"](r[key]), "%s: %s is %r" % (what, key, r[key]))


def original(r, key):
    """The bytes of a text."""
    if key + "_raw" in r:
        return bytes.fromhex(r[key + "_raw"])
    return r[key].encode("utf-8", "surrogatepass")


def all_flags(r):
    flags, keywords = r.get("flags", []), r.get("keywords", [])
    known = [f for f in SYSTEM if f in flags]
    need(all(f.startswith("\\") for f in flags) and not any(k.startswith("\\") for k in keywords),
         "flags and keywords are mixed up")
    need(len(set(flags)) == len(flags) and len(set(keywords)) == len(keywords), "a flag stands twice")
    need("\\recent" not in [f.lower() for f in flags], "\\Recent is recorded")
    need(flags[:len(known)] == sorted(known, key=flags.index) and flags[len(known):] == sorted(flags[len(known):]) and
         keywords == sorted(keywords, key=lambda k: k.encode()), "flags are out of order: %r %r" % (flags, keywords))
    if "flags_raw" in r:
        return tuple(sorted(bytes.fromhex(r["flags_raw"]).decode("utf-8", "surrogateescape").split(" ")))
    return tuple(sorted(flags + keywords))


def all_labels(r):
    if "labels" not in r:
        return None
    if "labels_raw" in r:
        return tuple(bytes.fromhex(r["labels_raw"]).split(b"\n"))
    return tuple(x.encode() for x in r["labels"])


def spelled(date):
    """An instant as INTERNALDATE: of a message that came back from a pack's notes, nothing else is known."""
    if date is None:
        return ""
    t = datetime.datetime.fromtimestamp(date, datetime.timezone.utc)
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[t.month - 1]
    return "%02d-%s-%04d %02d:%02d:%02d +0000" % (t.day, month, t.year, t.hour, t.minute, t.second)


def instant(date):
    m = re.fullmatch(r" ?(\d\d?)-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", date)
    if not m or m.group(2) not in MONTHS:
        return None
    day, mon, year, h, mi, s, sign, zh, zm = m.groups()
    t = calendar.timegm((int(year), MONTHS.index(mon) + 1, int(day), int(h), int(mi), int(s)))
    return t - (1 if sign == "+" else -1) * (int(zh) * 3600 + int(zm) * 60)


# ---- member names ----

def kept(ch):
    cp = ord(ch)
    if cp < 0x80:
        return ch.isalnum() or ch in "._+@[](),=&- "
    return 0xa0 <= cp and not (0x2028 <= cp <= 0x202e or 0x2066 <= cp <= 0x2069 or cp == 0xfeff or 0xdc80 <= cp <= 0xdcff)


def component(raw, always=False):
    """One component, from its bytes."""
    text = raw.decode("utf-8", "surrogateescape")
    units = []
    for i, ch in enumerate(text):
        keep = kept(ch)
        if i == 0 and ch in ".- " or i == len(text) - 1 and ch in ". ":
            keep = False
        if i == len(text) - 4 and text[i:].lower() == ".eml":
            keep = False
        if keep:
            units.append(ch.encode())
        else:
            units += [b"%%%02X" % b for b in ch.encode("utf-8", "surrogateescape")]
    if not units:
        return b"%"
    if always or sum(map(len, units)) > 200:
        out = b""
        for u in units:
            if len(out) + len(u) > 182:
                break
            out += u
        return out + b"%~" + hashlib.sha256(raw).hexdigest()[:16].encode()
    return b"".join(units)


def member_path(folder):
    if "raw" in folder:
        name = b"\xff" + bytes.fromhex(folder["raw"])
    else:
        name = original(folder, "name")
    delimiter = folder.get("delimiter", "").encode()
    parts = name.split(delimiter) if delimiter else [name]
    path = b"/".join(component(p) for p in parts)
    if len(parts) > 32 or len(path) > 2000:
        path = component(name.replace(delimiter, b"/") if delimiter else name, True)
    return path.decode()


def from_line(date):
    t = time.gmtime(date)
    return ("From mailkeep@localhost %s %s %2d %02d:%02d:%02d %d\n" % (
        DAYS[t.tm_wday], MONTHS[t.tm_mon - 1], t.tm_mday, *t[3:6], t.tm_year)).encode()


# ---- the vault ----

class Vault:
    def __init__(self, path):
        self.path = path
        self.folders, self.epochs, self.blobs, self.packs = {}, {}, {}, {}
        self.retired = {}           # pack -> its retire record
        self.names = {}             # folder -> all the records it ever had
        self.ever_of = {}           # sha256 -> each message that has it
        self.lines, self.note_lines = [], []
        self.messages_of = {}       # commit -> its messages
        self.blob_records = {}      # pack -> blob records in it
        self.commits = 0

    def file(self, *names):
        return os.path.join(self.path, *names)

    def read(self):
        self.check_tree()
        with open(self.file("vault.json")) as f:
            self.json = json.load(f, object_pairs_hook=no_doubles)
        need(self.json["format"] == "mailkeep" and self.json["version"] == 1 and self.json["requires"] == [],
             "vault.json: another format")
        need(re.fullmatch("[0-9a-zA-Z-]{1,63}", self.json["id"]), "vault.json: id")
        need(self.json["container"] in ("tar", "mbox") and TIME.fullmatch(self.json["created"]), "vault.json")
        self.read_manifests()
        for name in self.packs:
            if name not in self.retired:
                self.read_pack(self.packs[name])
        self.check_known()

    def check_tree(self):
        for top, dirs, files in os.walk(self.path):
            for name in dirs + files + [""]:
                p = os.path.join(top, name) if name else top
                try:
                    st = os.lstat(p)
                except FileNotFoundError:       # a writer is at work
                    continue
                want = 0o700 if stat.S_ISDIR(st.st_mode) else 0o600
                if not (stat.S_ISDIR(st.st_mode) or stat.S_ISREG(st.st_mode)):
                    complain(p + ": not a regular file")
                elif stat.S_IMODE(st.st_mode) != want and "lost+found" not in p:
                    complain("%s: mode %o" % (p, stat.S_IMODE(st.st_mode)))
        for name in "README.txt", "vault.json", "packs", "manifests", "orphans", "tmp":
            if not os.path.exists(self.file(name)):
                complain(name + " is not there")

    def read_bundle(self, name, first, last):
        with open(self.file("manifests", name), "rb") as f:
            data = f.read()
        n = last - first + 1
        start = len(data) - 40 - 8 - 8 * n
        need(start > 0, name + ": too short")
        index, seal = data[start:-40], data[-40:]
        need(index[:8] == bytes.fromhex("5d2a4d18") + (8 * n).to_bytes(4, "little"), name + ": no index")
        need(seal == bytes.fromhex("5e2a4d18") + b"\x20\0\0\0" + hashlib.sha256(index).digest(), name + ": its seal is wrong")
        at = 0
        for i in range(n):
            size = int.from_bytes(index[8 + 8 * i:16 + 8 * i], "little")
            need(40 < size <= start - at, name + ": an index of other sizes")
            yield first + i, data[at:at + size]
            at += size
        need(at == start, name + ": something between the manifests and the index")

    def find_manifests(self):
        """The bytes of each, by its number; where one is in several files it is the same in all."""
        found = {}
        for name in sorted(os.listdir(self.file("manifests")), key=len):
            m = re.fullmatch(r"([0-9]{8,})\.jsonl\.zst", name)
            if m:
                need(name == "%08d.jsonl.zst" % int(m.group(1)), name + ": not its number's name")
                with open(self.file("manifests", name), "rb") as f:
                    found[int(m.group(1))] = f.read()
            m = re.fullmatch(r"([0-9]{8,})-([0-9]{8,})\.jsonl\.zst", name)
            if m:
                first, last = int(m.group(1)), int(m.group(2))
                need(name == "%08d-%08d.jsonl.zst" % (first, last) and 1 <= first < last < first + (1 << 20),
                     name + ": not its numbers' name")
                for n, data in self.read_bundle(name, first, last):
                    need(found.setdefault(n, data) == data, "%s: manifest %d is not the same elsewhere" % (name, n))
        return found

    def read_manifests(self):
        numbers = self.find_manifests()
        need(sorted(numbers) == list(range(1, len(numbers) + 1)), "manifests are missing: there are %s" % sorted(numbers))
        prev, then = None, ""
        self.run, self.run_ended, self.ended = 0, True, []
        for n in sorted(numbers):
            what = "manifest %d" % n
            data = numbers[n]
            need(len(data) > 40, what + ": too short")
            seal = data[-40:]
            need(seal[:8] == bytes.fromhex("5e2a4d18") + b"\x20\0\0\0", what + ": no seal")
            need(seal[8:] == hashlib.sha256(data[:-40]).digest(), what + ": the seal is wrong")
            text = unpack(data[:-40], what)
            need(text.endswith(b"\n"), what + ": an open last line")
            lines = text[:-1].split(b"\n")
            self.commits = n
            self.messages_of[n] = []
            try:
                head = self.one_manifest(n, lines, prev, then)
            except Damage as e:
                raise Damage("%s: %s" % (what, e))
            prev, then = hashlib.sha256(data).hexdigest(), head["time"]
            self.lines += lines
        self.head = prev

    def one_manifest(self, n, lines, prev, then):
        self.open_pack = None
        new_packs, wanted = set(), []
        for i, line in enumerate(lines, 1):
            need(len(line) < 8388608, "line %d is long" % i)
            try:
                r = json.loads(line.decode("utf-8"), object_pairs_hook=no_doubles)
                kind = r["type"]
                if kind not in RECORDS or kind == "note":
                    need(r.get("optional") is True, "unknown record " + kind)
                    continue
                check_keys(r, RECORDS[kind], kind)
                if "state" in r:
                    check_keys(r["state"], STATE, "state")
                need((kind == "manifest") == (i == 1) and (kind == "end") == (i == len(lines)), kind + " out of place")
                if i == 1:
                    head = self.now = r
                    need(r["v"] == 1 and r["vault"] == self.json["id"] and r["commit"] == n and r.get("prev") == prev,
                         "another vault's, or out of the chain")
                    need(r["time"] > then, "its time is not later than that of the one before")
                    need(r["run"] <= n and r["run"] >= self.run, "run %d" % r["run"])
                    if r["run"] != self.run:
                        need(r["run"] == n, "a run has not the number of its first commit")
                        self.run_ended = False
                    else:
                        need(not self.run_ended, "a run goes on after its end")
                    continue
                if i == 2:
                    need((kind == "run-begin") == (head["run"] != self.run), "run-begin is not where a run begins")
                need(kind != "end" or r["lines"] == len(lines), "end counts %s lines" % r.get("lines"))
                if self.open_pack is not None and kind != "frames":
                    self.close_pack()
                need(not self.run_ended or kind in ("pack", "frames", "end"), kind + " behind run-end")
                if kind == "blob":
                    wanted.append(r["pack"])
                elif kind == "pack":
                    new_packs.add(r["pack"])
                getattr(self, "on_" + kind.replace("-", "_"))(r, n, i)
            except Damage as e:
                raise Damage("line %d: %s" % (i, e))
        for p in wanted:
            need(p in self.packs, "a blob in pack %s, which no manifest has named" % p)
        self.run = head["run"]
        return head

    def on_run_begin(self, r, n, i):
        need(r["run"] == n, "run-begin")

    def on_run_end(self, r, n, i):
        need(r["result"] in ("complete", "partial", "interrupted", "failed"), "result")
        need(r["status"] <= 255 and (r["status"] == 0) == (r["result"] == "complete"), "status %d" % r["status"])
        self.run_ended = True
        self.ended.append(r)

    def on_server(self, r, n, i):
        pass

    def on_end(self, r, n, i):
        pass

    def on_folder(self, r, n, i):
        need(r["namespace"] in ("personal", "other", "shared", "imported"), "namespace")
        need(len(r.get("delimiter", "x")) == 1, "delimiter")
        self.folders[r["folder"]] = r
        self.names.setdefault(r["folder"], []).append(r)
        if "gone" in r:
            return
        key = r.get("raw") or original(r, "name")
        for other in self.folders.values():
            need(other["folder"] == r["folder"] or "gone" in other or (other.get("raw") or original(other, "name")) != key or
                 (other["namespace"] == "imported") != (r["namespace"] == "imported"),
                 "two folders of one name: %r" % r["name"])

    def on_epoch(self, r, n, i):
        need(r["folder"] in self.folders, "an epoch of no folder")
        e = self.epochs.get(r["epoch"])
        if e is None:
            e = self.epochs[r["epoch"]] = dict(r, live={}, kept=[], missing=set(), intents=[], complete=False,
                                                clean=False)
        need(e["folder"] == r["folder"] and e.get("uidvalidity") == r.get("uidvalidity"), "an epoch has changed")
        if "state" in r:
            e["state"], e["complete"] = r["state"], r["state"].get("complete", False)

    def epoch_at(self, r):
        e = self.epochs.get(r["epoch"])
        need(e is not None and e["folder"] == r["folder"], "no such epoch")
        return e

    def epoch_of(self, r):
        e = self.epoch_at(r)
        e["complete"] = False
        return e

    def on_blob(self, r, n, i):
        m = PACK_NAME.fullmatch(r["pack"])
        need(m and len(r["pack"]) <= 255, "a pack's name: " + r["pack"])
        need(m.group(4) == "mbox" or "form" not in r and "stored" not in r and "newline_added" not in r, "a form in a tar")
        need(m.group(4) == "tar" or r.get("form") in ("lf", "raw"), "no form in an mbox")
        need(r["pack"] not in self.retired, "a blob in a pack that was retired: " + r["pack"])
        r["commit"] = n
        self.blobs[r["sha256"]] = r
        self.blob_records.setdefault(r["pack"], []).append(r)

    def on_message(self, r, n, i):
        e = self.epoch_of(r)
        need(r["sha256"] in self.blobs, "a message without a place")
        b = self.blobs[r["sha256"]]
        need(b["size"] == r["size"], "another size than its blob")
        need(b["pack"] not in self.retired, "a message whose blob is lost")
        self.ever_of.setdefault(r["sha256"], []).append((r, e))
        m = {"uid": r["uid"], "sha256": r["sha256"], "flags": all_flags(r), "labels": all_labels(r),
             "internaldate": r.get("internaldate"), "date": r.get("date"), "emailid": r.get("emailid"),
             "threadid": r.get("threadid"), "id": "%d.%d" % (n, i)}
        if "internaldate" in r:
            need(instant(r["internaldate"]) == r.get("date"), "date and INTERNALDATE differ: %s" % r)
        need(r.get("by") in (None, "emailid"), "by")
        e["missing"].discard(r["uid"])
        said = {k: v for k, v in m.items() if k != "id"}
        same = [x for x in e["live"].get(r["uid"], []) if {k: v for k, v in x.items() if k != "id"} == said]
        if not same:
            e["live"].setdefault(r["uid"], []).append(m)
            e["kept"].append(m)
        self.messages_of[n].append((r, e))
        if "used" not in b and b["commit"] == n:
            b["used"] = (r, e, dict(self.folders[r["folder"]]))

    def among(self, e, uids):
        for a, b in uidset(uids):
            if b - a < len(e["live"]):
                yield from (u for u in range(a, b + 1) if u in e["live"])
            else:
                yield from [u for u in e["live"] if a <= u <= b]

    def on_flags(self, r, n, i):
        e, flags, labels = self.epoch_of(r), all_flags(r), all_labels(r)
        for u in self.among(e, r["uids"]):
            for m in e["live"][u]:
                m["flags"] = flags
                if labels is not None:
                    m["labels"] = labels

    def on_gone(self, r, n, i):
        e = self.epoch_of(r)
        for u in list(self.among(e, r["uids"])):
            del e["live"][u]
        for a, b in uidset(r["uids"]):
            e["missing"] = {u for u in e["missing"] if not a <= u <= b}
        self.close(e, r)

    def on_pruned(self, r, n, i):
        e = self.epoch_of(r)
        need(r["run"] <= n, "a run that has not begun")
        newest = {m["uid"]: m for m in e["kept"]}
        for a, b in uidset(r["uids"]):
            some = range(a, b + 1) if b - a < len(newest) else [u for u in newest if a <= u <= b]
            for m in [m for u in some if u in newest for m in e["live"].get(u, [newest[u]])]:
                m.setdefault("pruned", r["run"])
        self.on_gone(r, n, i)

    def close(self, e, r, only=None):
        """What was meant to become of these UIDs is known; ${only}: what this run meant."""
        for a, b in uidset(r["uids"]):
            left = []
            for first, last, run, *how in e["intents"]:
                if only not in (None, run) or last < a or b < first:
                    left.append((first, last, run, *how))
                    continue
                if first < a:
                    left.append((first, a - 1, run, *how))
                if b < last:
                    left.append((b + 1, last, run, *how))
            e["intents"] = left

    def on_prune_intent(self, r, n, i):
        e, run = self.epoch_at(r), self.now["run"]
        self.close(e, r, run)
        for a, b in uidset(r["uids"]):
            e["intents"].append((a, b, run, "marked" if r.get("marked") else "-", "move" if r.get("move") else "-"))

    def on_prune_kept(self, r, n, i):
        self.close(self.epoch_at(r), r)

    def on_missing(self, r, n, i):
        e = self.epoch_of(r)
        for a, b in uidset(r["uids"]):
            e["missing"].update(range(a, b + 1))

    def on_pack(self, r, n, i):
        m = PACK_NAME.fullmatch(r["pack"])
        need(m and len(r["pack"]) <= 255 and int(m.group(1)) == n and r["pack"] not in self.packs, "pack " + r["pack"])
        need(r["container"] == m.group(4) and str(r.get("folder", "")) == (m.group(3) or ""), "pack " + r["pack"])
        self.open_pack = self.packs[r["pack"]] = dict(r, table=[], commit=n)

    def on_frames(self, r, n, i):
        p = self.open_pack
        need(p is not None and p["pack"] == r["pack"] and r["from"] == len(p["table"]), "frames out of place")
        p["table"] += r["frames"]

    def on_retire(self, r, n, i):
        need(r["pack"] in self.packs and self.packs[r["pack"]]["commit"] < n, "no commit before it recorded " + r["pack"])
        need(r["pack"] not in self.retired, r["pack"] + " is retired twice")
        self.retired[r["pack"]] = dict(r, commit=n)

    def is_lost(self, sha256):
        return self.blobs[sha256]["pack"] in self.retired

    def close_pack(self):
        p, self.open_pack = self.open_pack, None
        need(len(p["table"]) == p["frames"], "%d frames, not %d" % (len(p["table"]), p["frames"]))
        need(sum(f[0] for f in p["table"]) + p["tail"] == p["size"] and sum(f[1] for f in p["table"]) == p["raw"],
             "the frames of %s don't add up" % p["pack"])

    # -- packs --

    def read_pack(self, p):
        what = p["pack"]
        try:
            fd = os.open(self.file("packs", what), os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as e:
            complain("%s: %s" % (what, e.strerror))
            return
        with os.fdopen(fd, "rb") as f:
            data = f.read()
        try:
            need(len(data) == p["size"] and hashlib.sha256(data).hexdigest() == p["sha256"], "not the file that was written")
            at, raw, frames = 0, b"", []
            for size, full in p["table"]:
                out = unpack(data[at:at + size], "frame", full)
                need(len(out) == full, "a frame gives %d bytes, not %d" % (len(out), full))
                frames.append(len(raw))
                raw += out
                at += size
            ends = frames[1:] + [len(raw)]
            records = sorted(self.blob_records.get(what, []), key=lambda b: (b["frame"], b["offset"]))
            for b in records:
                need(b["frame"] < len(frames), "a blob in frame %d" % b["frame"])
                b["at"] = frames[b["frame"]] + b["offset"]
                b["bytes"] = b.get("stored", b["size"])
                need(b["at"] + b["bytes"] <= ends[b["frame"]], "a blob leaves its frame")
            (self.in_tar if p["container"] == "tar" else self.in_mbox)(p, raw, frames, records)
            self.tail(p, data[at:], records)
        except Damage as e:
            complain("%s: %s" % (what, e))

    def keep(self, b, content):
        need(len(content) == b["size"] and hashlib.sha256(content).hexdigest() == b["sha256"],
             "a message has not its content: %s" % b["sha256"])
        if self.export:
            with open(os.path.join(self.export, b["sha256"]), "wb") as f:
                f.write(content)

    def uses(self, b):
        """
        The messages that a blob may be stored for, with the names that their folder had: the one it came with, or, where
        it was stored anew, any that has it.
        """
        if "used" in b:
            return [b["used"]]
        return [(r, e, f) for r, e in self.ever_of.get(b["sha256"], []) for f in self.names[r["folder"]]]

    def in_tar(self, p, raw, frames, records):
        tar = tarfile.open(fileobj=io.BytesIO(raw), mode="r:")
        members = tar.getmembers()
        need(len(members) == len(records), "%d members, %d blobs" % (len(members), len(records)))
        starts, end = set(), 0
        for m, b in zip(members, records):
            need(m.isreg() and m.mode == 0o600 and m.uid == m.gid == 0 and m.uname == m.gname == "" and
                 set(m.pax_headers) <= {"path", "size", "mtime"}, "member " + m.name)
            need(m.offset_data == b["at"] and m.size == b["size"], "a blob is not where its member is: " + m.name)
            starts.add(end)
            end = m.offset_data + (m.size + 511) // 512 * 512
            self.keep(b, raw[b["at"]:b["at"] + b["bytes"]])
            want = [("%s/%d.%d.%s.eml" % (member_path(folder), e.get("uidvalidity", 0), r["uid"], b["sha256"][:4]),
                     max(r.get("date", 0), 0)) for r, e, folder in self.uses(b)]
            need((m.name, m.mtime) in want, "member %s at %s should be %s" % (m.name, m.mtime, want[:3]))
        need(raw[end:] == bytes(len(raw) - end) and len(raw) - end == 1024, "the end of the archive")
        need(set(frames) <= starts, "a frame begins inside a member")

    def in_mbox(self, p, raw, frames, records):
        at, starts = 0, set()
        for b in records:
            dates = {max(r.get("date", 0), 0) for r, e, folder in self.uses(b) if r["folder"] == p["folder"]}
            need(dates, "a message of another folder")
            starts.add(at)
            need(raw[at:b["at"]] in map(from_line, dates), "not its From line: %r" % raw[at:b["at"]])
            end = b["at"] + b["bytes"]
            need(raw[end:end + 1] == b"\n", "no empty line behind a message")
            at = end + 1
            body = raw[b["at"]:end]
            need(body == b"" or body.endswith(b"\n"), "a message does not end its last line")
            if b.get("newline_added"):
                body = body[:-1]
            body = re.sub(rb"(?m)^>(>*From )", rb"\1", body)
            if b["form"] == "lf":
                body = body.replace(b"\n", b"\r\n")
            self.keep(b, body)
        need(at == len(raw), "%d bytes too many" % (len(raw) - at))
        need(set(frames) <= starts, "a frame begins inside a message")

    def tail(self, p, data, records):
        at, lines = 0, []
        while at < len(data):
            need(data[at:at + 4] == bytes.fromhex("502a4d18"), "the tail is no skippable frame")
            n = int.from_bytes(data[at + 4:at + 8], "little")
            need(at + 8 + n <= len(data), "the tail is cut")
            text = unpack(data[at + 8:at + 8 + n], "tail", 8 << 20)
            need(text == b"" or text.endswith(b"\n"), "an open line in the tail")
            lines += text.split(b"\n")[:-1]
            at += 8 + n
        self.note_lines += lines
        due = iter(self.messages_of[p["commit"]])
        folders, epochs, noted = set(), set(), set()
        here = {b["sha256"]: b for b in records}
        prefixes = {}
        for sha256 in here:
            prefixes.setdefault(sha256[:16], []).append(sha256)
        for line in lines:
            r = json.loads(line.decode("utf-8"), object_pairs_hook=no_doubles)
            if r["type"] == "folder":
                want = self.folders[r["folder"]]
                folders.add(r["folder"])
            elif r["type"] == "epoch":
                want = self.epochs[r["epoch"]]
                need(r["folder"] in folders and r["folder"] == want["folder"] and
                     r.get("uidvalidity") == want.get("uidvalidity"), "an epoch's note")
                epochs.add(r["epoch"])
            else:
                check_keys(r, RECORDS["note"], "note")
                need(r["epoch"] in epochs, "a note before its epoch")
                m = self.noted_message(due, r, p["commit"], prefixes)
                b = here.get(m["sha256"])
                if b is not None:
                    need(r.get("form") == b.get("form") and r.get("newline_added") == b.get("newline_added"),
                         "a note's form: %s" % r)
                noted.add((m["epoch"], m["uid"], m["sha256"]))
        for b in records:
            need(any((r["epoch"], r["uid"], r["sha256"]) in noted for r, _, _ in self.uses(b)),
                 "no note of blob " + b["sha256"])

    def noted_message(self, due, r, commit, prefixes):
        """The message of a note: the next that the commit recorded, or any whose blob it stored anew, as it was then."""
        def is_it(m):
            return (m["uid"], m["epoch"]) == (r["uid"], r["epoch"]) and m["sha256"].startswith(r["blob"])
        if not self.messages_of[commit]:
            m = next((m for b in prefixes.get(r["blob"], []) for m, _ in self.ever_of.get(b, []) if is_it(m)), None)
            need(m, "a note of no message: %s" % r)
            need(r.get("date") == m.get("date"), "a note differs: %s %s" % (r, m))
            return m
        m = next((m for m, _ in due if is_it(m)), None)
        need(m, "a note of no message, or out of order: %s" % r)
        need(all(r.get(k) == m.get(k) for k in ("date", "labels")) and
             all(r.get(k, []) == m.get(k, []) for k in ("flags", "keywords")), "a note differs: %s %s" % (r, m))
        return m

    def check_known(self):
        records = [b["sha256"] for p, some in self.blob_records.items() if p not in self.retired for b in some]
        if self.json["container"] == "tar":
            need(len(records) == len(set(records)), "a blob is stored twice")
        else:
            used = sum(len(x) for x in self.messages_of.values())
            # Of a damaged pack not all entries can be saved.
            whole = all(r["reason"] == "compacted" for r in self.retired.values())
            need(len(records) == used if whole else len(records) <= used,
                 "%d messages, %d entries of mailboxes" % (used, len(records)))
        need(set(records) == {s for s in self.blobs if not self.is_lost(s)}, "a blob in no pack")

    # -- answers --

    def name_of(self, number):
        f = self.folders[number]
        return original(f, "name").decode("utf-8", "surrogateescape")

    def current(self):
        newest = {}
        for number in sorted(self.epochs):
            newest[self.epochs[number]["folder"]] = self.epochs[number]
        return [e for f, e in newest.items() if "gone" not in self.folders[f]]

    def row(self, e, m):
        return "%s\t%d\t%d\t%s\t%s\t%s" % (self.name_of(e["folder"]), e.get("uidvalidity", 0), m["uid"], m["sha256"],
                                            " ".join(m["flags"]), m["internaldate"] or spelled(m["date"]))

    def entries(self, *names):
        try:
            return os.listdir(self.file(*names))
        except FileNotFoundError:
            return []

    def cmd_check(self):
        unnamed = [n for n in self.entries("packs") if n not in self.packs]
        return ["commits %d packs %d blobs %d live %d kept %d missing %d retired %d lost %d orphans %d scratch %d" % (
            self.commits, len(self.packs) - len(self.retired), len(self.blobs), sum(len(x) for e in self.current() for x in e["live"].values()),
            sum(len(e["kept"]) for e in self.epochs.values()), sum(len(e["missing"]) for e in self.current()),
            len(self.retired), len(self.cmd_lost()), len(unnamed) + len(self.entries("orphans")), len(self.entries("tmp")))]

    def cmd_list(self):
        return [self.row(e, m) for e in self.current() for x in e["live"].values() for m in x]

    def cmd_ever(self):
        return [self.row(e, m) for e in self.epochs.values() for m in e["kept"]]

    def cmd_lost(self):
        return [self.row(e, m) for e in self.epochs.values() for m in e["kept"] if self.is_lost(m["sha256"])]

    def cmd_pruned(self):
        return ["%d\t%s" % (m["pruned"], self.row(e, m)) for e in self.epochs.values() for m in e["kept"] if "pruned" in m]

    def cmd_intents(self):
        return ["%s\t%d\t%s\t%d\t%s\t%s" % (self.name_of(e["folder"]), e.get("uidvalidity", 0),
                                            "%d" % a if a == b else "%d:%d" % (a, b), run, marked, move)
                for e in self.epochs.values() for a, b, run, marked, move in e["intents"]]

    def cmd_retired(self):
        return ["%s\t%d\t%s" % (name, r["commit"], r["reason"]) for name, r in self.retired.items()]

    def cmd_missing(self):
        return ["%s\t%d\t%d" % (self.name_of(e["folder"]), e.get("uidvalidity", 0), u)
                for e in self.current() for u in e["missing"]]

    def cmd_folders(self):
        return ["%d\t%s\t%s\t%s" % (n, self.name_of(n), " ".join(sorted(f.get("attributes", []))),
                                    "subscribed" if f.get("subscribed") else "-")
                for n, f in self.folders.items() if "gone" not in f]

    def cmd_epochs(self):
        return ["%s\t%d\t%s" % (self.name_of(e["folder"]), e.get("uidvalidity", 0), "complete" if e["complete"] else "-")
                for _, e in sorted(self.epochs.items())]

    def cmd_notes(self):
        return [x.decode() for x in self.note_lines]

    def cmd_records(self):
        return [x.decode() for x in self.lines]

    def cmd_export(self):
        return []


def main(argv):
    quiet = argv[:1] == ["-q"]
    argv = argv[quiet:]
    command = argv[1] if len(argv) > 1 else "check"
    if not argv or command != "all" and not hasattr(Vault, "cmd_" + command):
        sys.exit(__doc__)
    sys.stdout.reconfigure(errors="surrogateescape")
    sys.stderr.reconfigure(errors="backslashreplace")
    v = Vault(argv[0])
    v.export = argv[2] if command == "export" else None
    try:
        v.read()
    except (Damage, KeyError, ValueError, OSError, tarfile.TarError) as e:
        complain("%s%s" % ("" if isinstance(e, Damage) else type(e).__name__ + ": ", e))
    else:
        for c in ["check", "list", "ever", "missing"] if command == "all" else [command]:
            rows = getattr(v, "cmd_" + c)()
            if c not in ("epochs", "notes", "records"):
                rows.sort()
            text = "".join(row + "\n" for row in rows)
            if command == "all":
                with open(os.path.join(argv[2], c), "w", errors="surrogateescape") as f:
                    f.write(text)
            elif not quiet:
                sys.stdout.write(text)
    sys.exit(1 if complaints else 0)


main(sys.argv[1:])

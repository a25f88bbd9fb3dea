"""
powerloss.py - what a disk may hold after the power failed: a module for tests/crash/points.py.

before(DIR) scans a directory, and Record(FILE, BEFORE) reads what preload_power.c has written down of a command that
ran there then.  What a system call did is on the disk for sure only once it was synced: bytes and length of a file by an
fsync of the file, a name by an fsync of its directory (of a rename: of that it went to).  All else may be there or not,
in any order, and of a write any part; a rename that is there in its new place may still be there in the old one.  For
the first ${k} calls and one of the MODES, tree() tells such a directory, and build() makes it:

    least       nothing but what was synced
    all         everything, as after a kill -9
    names       all names, but no bytes that were not synced: empty files
    zeros       all names and lengths, but zeros for bytes
    bytes       all bytes, but only the names that were synced
    torn        everything, but the last write of each file only in part
    late        the later half of what was not synced, not the earlier
    twice       everything, and what was renamed still has its old name as well
    N           (a number) what chance says, name by name and page by page
"""
import hashlib
import os
import random

MODES = ["least", "all", "names", "zeros", "bytes", "torn", "late", "twice"]
PAGE, SECTOR = 4096, 512
ROOT = 0


def before(top):
    """What is there before the command runs: its names, contents and inodes."""
    names, content, inode = {ROOT: {}}, {}, {os.stat(top).st_ino: ROOT}

    def scan(path, me):
        for e in sorted(os.scandir(path), key=lambda x: x.name):
            it = len(inode)
            inode[e.inode()] = it
            names[me][e.name] = it
            if e.is_dir(follow_symlinks=False):
                names[it] = {}
                scan(e.path, it)
            else:
                with open(e.path, "rb") as f:
                    content[it] = f.read()
    scan(top, ROOT)
    return names, content, inode


class Unknown(Exception):
    pass


class Record:
    """
    The calls, as tuples, in which each file and directory ever made has a number of its own:
        ("name", [(directory, name, it or None), ...])  it is durable with the directory of the first; a second is a
                                                        rename's old name, or the other one of an exchange
        ("write", it, offset, bytes), ("cut", it, size), ("sync", it), ("say", bytes)
    """

    def __init__(self, path, start):
        self.names, self.content, inode = start
        self.calls, self.synced = [], []
        self.dirs = set(self.names)
        self.here = {d: dict(n) for d, n in self.names.items()}    # as the command saw it
        inode = dict(inode)
        with open(path, "rb") as f:
            while line := f.readline():
                *words, size = line.rstrip(b"\n").decode().split("\t")
                self.add(words, f.read(int(size)), inode)

    def place(self, path):
        d, parts = ROOT, path.split("/")
        for p in parts[:-1]:
            d = self.here[d][p]
        return d, parts[-1]

    def new(self, ino, inode):
        inode[int(ino)] = it = 1 + max(max(inode.values()), getattr(self, "top", 0))
        self.top = it
        return it

    def set(self, *changes):
        for d, name, it in changes:
            if it is None:
                self.here[d].pop(name, None)
            else:
                self.here[d][name] = it
        self.calls.append(("name", list(changes)))

    def add(self, words, data, inode):
        what, args = words[0], words[1:]
        if what in ("make", "mkdir"):
            it = self.new(args[0], inode)
            if what == "mkdir":
                self.dirs.add(it)
                self.here[it] = {}
            self.set((*self.place(args[1]), it))
        elif what == "scratch":
            self.new(args[0], inode)
        elif what == "rename":
            old, new = self.place(args[0]), self.place(args[1])
            it = self.here[old[0]][old[1]]
            self.set((*new, it), (*old, None))
        elif what == "exchange":
            one, other = self.place(args[0]), self.place(args[1])
            self.set((*other, self.here[one[0]][one[1]]), (*one, self.here[other[0]][other[1]]))
        elif what == "link":
            old = self.place(args[0])
            self.set((*self.place(args[1]), self.here[old[0]][old[1]]))
        elif what == "unlink":
            self.set((*self.place(args[0]), None))
        elif what == "write":
            self.calls.append(("write", inode[int(args[0])], int(args[1]), data))
        elif what == "cut":
            self.calls.append(("cut", inode[int(args[0])], int(args[1])))
        elif what == "sync":
            self.calls.append(("sync", inode[int(args[0])]))
            self.synced.append(args[1])
        elif what == "say":
            self.calls.append(("say", data))
        elif what != "swallowed":
            raise Unknown(" ".join(words))

    def said(self, k):
        return b"".join(c[1] for c in self.calls[:k] if c[0] == "say")

    def tree(self, k, mode):
        """{path: bytes, or None for a directory} of one state."""
        calls = self.calls[:k]
        synced, sure = set(), [False] * k
        for i in range(k - 1, -1, -1):
            c = calls[i]
            if c[0] == "sync":
                synced.add(c[1])
            elif c[0] == "name":
                sure[i] = c[1][0][0] in synced
            elif c[0] in ("write", "cut"):
                sure[i] = c[1] in synced
        choice = Choice(mode, calls, sure)
        names = {d: dict(n) for d, n in self.names.items()}
        content = {it: bytearray(b) for it, b in self.content.items()}
        for i, c in enumerate(calls):
            if c[0] == "name":
                if sure[i] or choice.name(i):
                    for j, (d, name, it) in enumerate(c[1]):
                        if j == 1 and it is None and d not in synced and choice.keeps_old(i):
                            continue
                        entries = names.setdefault(d, {})
                        if it is None:
                            entries.pop(name, None)
                        else:
                            entries[name] = it
            elif c[0] in ("write", "cut"):
                b = content.setdefault(c[1], bytearray())
                if sure[i]:
                    apply(b, c)
                else:
                    choice.bytes(i, c, b)
        out = {}

        def walk(d, path):
            for name, it in names.get(d, {}).items():
                if it in self.dirs:
                    out[path + name] = None
                    walk(it, path + name + "/")
                elif not name.endswith("-shm"):     # nothing in it outlives a restart
                    out[path + name] = bytes(content.get(it, b""))
        walk(ROOT, "")
        return out


def apply(b, c):
    if c[0] == "cut":
        del b[c[2]:]
        b.extend(bytes(c[2] - len(b)))
    else:
        b.extend(bytes(max(0, c[2] + len(c[3]) - len(b))))
        b[c[2]:c[2] + len(c[3])] = c[3]


class Choice:
    """What of that which was not synced is there."""

    def __init__(self, mode, calls, sure):
        self.mode = mode
        open_ = [i for i, c in enumerate(calls) if c[0] in ("name", "write", "cut") and not sure[i]]
        self.late = set(open_[len(open_) // 2:])
        self.last = {calls[i][1]: i for i in open_ if calls[i][0] == "write"}
        self.chance = random.Random(1000003 * mode + len(calls)) if isinstance(mode, int) else None

    def name(self, i):
        if self.chance:
            return self.chance.random() < 0.5
        return self.mode in ("all", "names", "zeros", "torn", "twice") or self.mode == "late" and i in self.late

    def keeps_old(self, i):
        return self.mode == "twice" or bool(self.chance) and self.chance.random() < 0.5

    def bytes(self, i, c, b):
        if self.mode in ("all", "bytes", "twice") or self.mode == "late" and i in self.late:
            apply(b, c)
        elif self.mode == "torn":
            n = len(c[3]) // 2 // SECTOR * SECTOR if c[0] == "write" and self.last.get(c[1]) == i else None
            apply(b, c if n is None else (c[0], c[1], c[2], c[3][:n]))
        elif self.mode == "zeros":
            end = c[2] + len(c[3]) if c[0] == "write" else c[2]
            b.extend(bytes(max(0, end - len(b))))
        elif self.chance and c[0] == "cut":
            if self.chance.random() < 0.5:
                apply(b, c)
        elif self.chance:
            self.pages(c, b)

    def pages(self, c, b):
        how = self.chance.choice(["none", "all", "pages", "pages", "sectors"])
        if how == "none":
            return
        size = PAGE if how == "pages" else SECTOR
        at, end = c[2], c[2] + len(c[3])
        while at < end:
            to = min(end, (at // size + 1) * size)
            if how == "all" or self.chance.random() < 0.6:
                apply(b, ("write", c[1], at, c[3][at - c[2]:to - c[2]]))
            at = to


def mark(tree):
    """Equal for equal trees."""
    h = hashlib.sha256()
    for path in sorted(tree):
        b = tree[path]
        h.update(("%s\0%d\0" % (path, -1 if b is None else len(b))).encode())
        h.update(b or b"")
    return h.digest()


def build(tree, top):
    """Make it a directory; parents come before what is in them."""
    for path in sorted(tree):
        to = os.path.join(top, path)
        if tree[path] is None:
            os.mkdir(to, 0o700)
        else:
            with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                f.write(tree[path])

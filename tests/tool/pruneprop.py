#!/usr/bin/env python3
"""
pruneprop.py [-v] SEED [COUNT] - prune, tried with random mailboxes, policies and faults.

For each of COUNT seeds from SEED on: an account on a server of our own (target.py), its backup, and some runs of mailkeep
prune with other faults each time (lost connections, kills, refusals, lies, other clients at work), then one without any.
What a policy means is judged here anew.  After each run:

    no message is gone that the vault doesn't have, byte for byte
    no message is gone, marked or moved that the policy keeps, and none that the vault did not have when the run began
    no flag or date of another message has changed

and after the last one: what the policy names and the vault has is gone, all else is as it was, no mark is left; the vault
is sound, read by another program (readvault.py); the next backup has nothing to say, and the vault shows what there is.

mailkeep is the one in $PATH, in $TMPDIR is room.  The first seed that fails is told, with what was done; its directory
stays.
"""
import os
import random
import shutil
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import target  # noqa: E402
from target_account import DAY, Message, act, decoded, letter  # noqa: E402

TOOLS = os.path.dirname(os.path.abspath(__file__))
ALLOW = ["--allow-" + x for x in "empty-folder most young shrunk new-epoch incomplete-backup old-backup".split()]
KEYWORDS = ["$Work", "NonJunk", "Later"]


class Failed(Exception):
    pass


class Log(list):
    """What the server writes; the mistakes of clients apart."""

    def __bool__(self):
        return True     # also while it is empty

    def write(self, text):
        self.append(text.rstrip("\n"))


def serve(options):
    """A server in a thread of its own, and the port where it is."""
    args = target.options().parse_args(options)
    server = target.Server(args)
    server.log = Log()
    listener = target.socket.create_server(("127.0.0.1", 0), backlog=50)

    def run():
        number = 0
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            number += 1
            sock.setsockopt(target.socket.IPPROTO_TCP, target.socket.TCP_NODELAY, 1)
            threading.Thread(target=target.Session(server, sock, number).serve, daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    return server, listener


# ---- a mailbox ----

def mailbox(rng, account, now):
    """Messages of all ages, with all flags, equal ones among them."""
    names = [("Sent", "\\Sent"), ("Trash", "\\Trash"), ("Junk", "\\Junk"), ("Archive/2019", ""), ("Work", ""), ("A b", ""),
             ("&AMQ-rger", "")]
    for name, use in rng.sample(names, rng.randint(1, 4)):
        account.make(name, use)
    made = []
    for name, folder in account.folders.items():
        for _ in range(rng.choice([0, 1, 3, 8, 20, 40]) if name != "INBOX" else rng.choice([5, 25, 50])):
            if made and rng.random() < 0.15:
                content = rng.choice(made)
            else:
                content = content_of(rng)
            made.append(content)
            flags = set(rng.sample(["\\Answered", "\\Draft"] + KEYWORDS, rng.choice([0, 0, 0, 1, 2])))
            flags |= {"\\Seen"} if rng.random() < 0.75 else set()
            flags |= {"\\Flagged"} if rng.random() < 0.15 else set()
            flags |= {"\\Deleted"} if rng.random() < 0.06 else set()
            account.add(folder, Message(content, flags, now - age(rng)))


def age(rng):
    """In seconds; some days apart from what a policy or a guard may say."""
    days = rng.choice([rng.randint(0, 27), rng.randint(33, 400), rng.randint(33, 400), rng.randint(400, 3000)])
    return days * DAY + rng.randint(DAY // 4, DAY // 2)


def content_of(rng):
    content = letter(rng.randint(0, 500), rng.choice([0, 0, 0, 400, 3000, 60000]))
    odd = rng.random()
    if odd < 0.05:
        content = content.replace(b"Subject: ", b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_?= ")
    elif odd < 0.08:
        content = content.replace(b"\r\n\r\n", b"\r\n\r\n\0\xff\n", 1)
    elif odd < 0.10:
        content = content.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
    elif odd < 0.12:
        content = b"\r\n" + content
    elif odd < 0.14:
        content = content.replace(b"From: ", b"X-Long: " + b"x" * 3000 + b"\r\n y\r\nFrom: ", 1)
    return content


# ---- a policy, and what it means ----

class Policy:
    def __init__(self, rng, now):
        self.now = now
        self.before = self.trash = self.junk = self.larger = self.sender = self.subject = self.folder = None
        self.seen = rng.random() < 0.1
        self.flagged, self.unread = rng.random() < 0.3, rng.random() < 0.3
        self.keep_last = rng.choice([0, 0, 0, 1, 5])
        if rng.random() < 0.75:
            self.before = rng.choice([2, 29, 31, 100, 365, 1000])
        if rng.random() < 0.3:
            self.trash = rng.choice([10, 100])
        if rng.random() < 0.3:
            self.junk = rng.choice([10, 100])
        if rng.random() < 0.2:
            self.larger = rng.choice([200, 1000, 5000])
        if rng.random() < 0.15:
            self.sender = "ANNA%d@" % rng.randint(0, 6)
        if rng.random() < 0.15:
            self.subject = "Letter %d" % rng.randint(1, 9)
        if rng.random() < 0.2:
            self.folder = "INBOX"
        if not self.says():
            self.before = 100
        self.full = rng.random() < 0.25

    def says(self):
        return self.seen or any(x is not None for x in (self.before, self.trash, self.junk, self.larger, self.sender,
                                                        self.subject))

    def options(self):
        told = [("--older-than", self.before and "%dd" % self.before), ("--trash-older-than", self.trash and "%dd" % self.trash),
                ("--junk-older-than", self.junk and "%dd" % self.junk), ("--larger-than", self.larger and "%d" % self.larger),
                ("--sender", self.sender), ("--subject", self.subject), ("--folder", self.folder),
                ("--keep-last", self.keep_last and "%d" % self.keep_last), ("--compare", "full" if self.full else None)]
        flags = [("--seen", self.seen), ("--also-flagged", self.flagged), ("--also-unread", self.unread)]
        return [x for name, value in told if value for x in (name, value)] + [name for name, on in flags if on]

    def newest(self, folder):
        """The instant from which on messages are among those that stay whatever else holds."""
        dates = sorted((m.date for m in folder.messages.values()), reverse=True)
        if not self.keep_last:
            return None
        return dates[self.keep_last - 1] if len(dates) >= self.keep_last else -1 << 62

    def wants(self, name, folder, m, newest, young, marked=False):
        """Whether it may go; also where it came within the last 30 days, or others had marked it."""
        if self.folder and name != self.folder:
            return False
        own = {"\\Trash": self.trash, "\\Junk": self.junk}.get(folder.use)
        if own is None and self.before is None and (self.trash or self.junk) and not (
                self.seen or self.larger or self.sender or self.subject):
            return False
        days = own if own is not None else self.before
        if days is not None and not m.date < self.now - days * DAY:
            return False
        head = "" if m.content.startswith(b"\r\n") else m.content.split(b"\r\n\r\n")[0].decode("latin-1")
        if self.larger is not None and not len(m.content) > self.larger:
            return False
        if self.sender and self.sender.lower() not in field(head, "From"):
            return False
        if self.subject and self.subject.lower() not in field(head, "Subject").replace("=?utf-8?q?gr=c3=bc=c3=9fe_?= ", ""):
            return False
        if self.seen and "\\Seen" not in m.flags or "\\Flagged" in m.flags and not self.flagged:
            return False
        if "\\Seen" not in m.flags and not self.unread and own is None:
            return False
        if newest is not None and m.date >= newest or m.marker == "other" and not marked:
            return False
        return young or m.date < self.now - 30 * DAY


def field(head, name):
    for line in head.split("\r\n"):
        if line.startswith(name + ": "):
            return line[len(name) + 2:].lower()
    return ""


# ---- faults ----

def fault(rng, pid):
    """Some options of the server's."""
    folder = "INBOX"
    n = rng.randint(1, 45)
    deletes = rng.choice(["UID STORE", "UID EXPUNGE", "SELECT", "BODY.PEEK", "UID FETCH [0-9:,]+ .UID FLAGS.$", "EXAMINE",
                          "INTERNALDATE RFC822.SIZE.$"])
    which = "%s@%d" % (deletes, rng.choice([1, 1, 2, 3]))
    kind = rng.randint(0, 13)
    if kind <= 2:
        return ["--cut-command", "%s:%s" % (rng.choice([".@%d" % n, which]), rng.choice(["before", "half", "after", "told"]))]
    if kind <= 4:
        return ["--at", "%s:%s=kill %s" % (rng.choice([".@%d" % n, which]), rng.choice(["before", "after"]), pid)]
    if kind == 5:
        return ["--refuse-command", "%s=%s never" % (which, rng.choice(["NO", "NO", "BAD"]))]
    if kind == 6:
        return [rng.choice(["--ignore", "--partly", "--one-less"]), rng.choice(["UID STORE", "UID EXPUNGE"]) + rng.choice(["", "@1", "@2"])]
    if kind == 7:
        return ["--fetch", "%s:%s" % (rng.choice(
            "missing twice others reverse none broken nouid nodate nosize nil empty garbage short shifted".split()), which)]
    if kind <= 10:
        deed = rng.choice(["deliver %s 2", "store %s 1:5 + $Work", "store %s 3:9 + \\Flagged", "store %s 2:6 - \\Seen",
                           "store %s 4,8 + \\Deleted", "store %s * - \\Deleted", "expunge %s 2:3", "validity %s", "renumber %s"])
        if rng.random() < 0.2:
            # Behind the proof nobody can see such a thing.
            which = rng.choice(["EXAMINE", "SELECT", "BODY.PEEK"]) + "@1"
            return ["--at", "%s=%s" % (which, rng.choice(["alter INBOX 1:3 header", "alter INBOX * header", "rotate INBOX"]))]
        return ["--at", "%s:%s=%s" % (rng.choice([".@%d" % n, which]), rng.choice(["before", "after"]), deed % folder)]
    if kind == 11:
        return rng.choice([["--size-off", "3"], ["--date-off", "60"], ["--no-mark"], ["--read-only", folder]])
    if kind == 12:
        return ["--cut", "out@%d" % rng.randint(200, 9000)]
    return rng.choice([["--auto-expunge"], ["--no-modseq"], ["--search", "all"], ["--stale-quota"]])


# ---- a trial ----

class Trial:
    def __init__(self, seed, verbose):
        self.seed, self.rng, self.verbose = seed, random.Random(seed), verbose
        self.dir = os.path.join(os.environ["TMPDIR"], "seed-%d" % seed)
        shutil.rmtree(self.dir, ignore_errors=True)
        os.mkdir(self.dir)
        self.vault, self.pid = os.path.join(self.dir, "vault"), os.path.join(self.dir, "pid")
        self.story = []
        self.now = int(time.time())
        self.saved = {}                 # what the vault has
        self.disturbed = False          # others did what makes a folder another one

    def tell(self, *words):
        self.story.append(" ".join(map(str, words)))
        if self.verbose:
            print(self.story[-1])

    def mailkeep(self, *args, expect=None):
        env = dict(os.environ, HOME=self.dir, TMPDIR=self.dir)
        p = subprocess.Popen(["mailkeep", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=env, cwd=self.dir)
        with open(self.pid, "w") as f:
            f.write("%d" % p.pid)
        try:
            said = p.communicate(timeout=120)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            p.kill()
            raise Failed("it does not end: %s" % " ".join(args))
        self.tell("mailkeep", *args, "->", p.returncode)
        self.said = said
        if expect is not None and p.returncode not in expect:
            raise Failed("exit %d: %s\n%s" % (p.returncode, " ".join(args), said[-1500:]))
        return p.returncode

    def set(self, options):
        self.server.faults = target.Faults(target.options().parse_args(options))

    def begin(self):
        rng = self.rng
        self.caps = ["--limit", "4000"]
        if rng.random() < 0.7:
            self.caps += ["--with", "CONDSTORE"]
        if rng.random() < 0.2:
            self.caps += ["--without", "UIDPLUS", "--with", "IMAP4rev2"]
        self.server, self.listener = serve([])
        self.account = self.server.account
        mailbox(rng, self.account, self.now)
        self.set(self.caps)
        with open(os.path.join(self.dir, "password"), "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write("x\n")
        self.mailkeep("init", "--insecure-plaintext", "--password-file", os.path.join(self.dir, "password"),
                      "imap://anna@127.0.0.1:%d" % self.listener.getsockname()[1], self.vault, expect=[0])
        self.backup()
        self.policy = Policy(rng, self.now)
        # What happens between a backup and a prune.
        for _ in range(rng.choice([0, 0, 1, 2])):
            deed = rng.choice(["deliver INBOX 3", "store INBOX 1:9 + \\Flagged", "store INBOX 2:5 - \\Seen", "expunge INBOX 1:2",
                               "store INBOX 3 + \\Deleted"])
            self.tell("meanwhile:", deed)
            act(self.account, deed.split())

    def backup(self):
        self.mailkeep("backup", self.vault, expect=[0])
        for name, f in self.account.folders.items():
            for uid, m in f.messages.items():
                # What came under a UID once isn't fetched again.
                self.saved.setdefault((name, f.validity, uid), m.sha256)

    def candidates(self, young=True, meanwhile=""):
        """What may go now: (folder, UID) -> message; or while others do that."""
        out = {}
        for name, f in self.account.folders.items():
            newest = None if "deliver" in meanwhile else self.policy.newest(f)
            for uid, m in f.messages.items():
                if self.saved.get((name, f.validity, uid)) == m.sha256 and self.policy.wants(name, f, m, newest, young,
                                                                                                   "- \\Deleted" in meanwhile):
                    out[name, uid] = m
        return out

    def run(self, options, faults):
        """Once, with faults: whatever comes of it must do no harm."""
        allowed = set(map(id, self.candidates("--allow-young" in options, " ".join(faults)).values()))
        before = {}
        for name, f in self.account.folders.items():
            for m in f.messages.values():
                m.keep = id(m) not in allowed
                before[id(m)] = (m, name, m.sha256, frozenset(m.flags - {"\\Deleted"}), m.date)
        del self.server.log[:]
        self.set(self.caps + faults)
        self.tell("faults:", *faults)
        rc = self.mailkeep("prune", "--yes", "--max-delete", "100000", *self.policy.options(), *options, self.vault)
        if rc not in (0, 3, 9, 75, -9) or rc == -9 and "kill" not in " ".join(faults):
            raise Failed("exit %d\n%s" % (rc, self.said[-1500:]))
        # A connection that is being served still is let go.
        self.set(self.caps)
        time.sleep(0.01)
        self.judge(before, faults)
        return rc

    def judge(self, before, faults):
        mistakes = [line for line in self.server.log if "MISTAKE" in line]
        if mistakes:
            raise Failed("\n".join(mistakes[:5]))
        others = [line.split("meanwhile: ")[1] for line in self.server.log if "meanwhile:" in line and "kill" not in line]
        for deed in others:
            self.tell("it came about:", deed)
            self.disturbed = self.disturbed or deed.split()[0] in ("alter", "rotate", "validity", "renumber")
        there = {id(m): name for name, f in self.account.folders.items() for m in f.messages.values()}
        taken = any(deed.startswith("expunge") for deed in others)
        flagged = any(deed.startswith("store") for deed in others)
        for m, name, sha256, flags, date in before.values():
            if id(m) not in there:
                if m.keep and not taken:
                    raise Failed("gone, and should stay: %s %s" % (decoded(name), sha256))
            elif there[id(m)] != name or m.date != date or m.flags - {"\\Deleted"} != flags and not flagged:
                raise Failed("changed: %s %s %s" % (decoded(name), sha256, sorted(m.flags)))

    def expunged(self):
        for line in self.server.log:
            words = line.split()
            if words[1] == "expunged":
                yield words[3]

    def finish(self):
        """Without faults it comes to what the policy says."""
        if self.disturbed:
            self.backup()
        goes = self.candidates()
        stays = {id(m): m for f in self.account.folders.values() for m in f.messages.values()}
        for m in goes.values():
            del stays[id(m)]
        rc = self.run(ALLOW, [])
        left = []
        if rc in (0, 3):
            left = [key for key in goes if goes[key] is self.account.folders[key[0]].messages.get(key[1])]
        if left or rc not in (0, 3) or rc == 3 and not self.disturbed:
            raise Failed("%d of %d stay, exit %d\n%s" % (len(left), len(goes), rc, self.said[-2500:]))
        there = {id(m) for f in self.account.folders.values() for m in f.messages.values()}
        if any(i not in there for i in stays):
            raise Failed("something else is gone")
        marks = [m for f in self.account.folders.values() for m in f.messages.values() if m.marker == "client"]
        if marks:
            raise Failed("%d marks are left" % len(marks))

    def look(self):
        """What the vault has."""
        self.backup()
        out = os.path.join(self.dir, "all")
        os.mkdir(out)
        p = subprocess.run([sys.executable, "-IS", os.path.join(TOOLS, "readvault.py"), self.vault, "all", out],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if p.returncode != 0:
            raise Failed("the vault is damaged: " + p.stdout.decode(errors="replace")[:1000])
        with open(os.path.join(out, "ever")) as f:
            ever = {line.split("\t")[3] for line in f}
        lost = [sha256 for sha256 in self.gone if sha256 not in ever]
        if lost:
            raise Failed("%d messages are lost" % len(lost))
        with open(os.path.join(out, "list")) as f:
            live = sorted(line.split("\t")[:4] for line in f)
        is_there = sorted([decoded(name), "%d" % f.validity, "%d" % uid, self.saved[name, f.validity, uid]]
                          for name, f in self.account.folders.items() for uid in f.messages)
        if live != is_there:
            raise Failed("the vault shows %d messages, there are %d: %s" % (len(live), len(is_there), [
                x for x in live + is_there if (x in live) != (x in is_there)][:3]))

    def do(self):
        self.gone = []
        try:
            self.begin()
            for _ in range(self.rng.choice([1, 1, 2, 3])):
                faults = [x for _ in range(self.rng.choice([0, 1, 1, 2, 3])) for x in fault(self.rng, self.pid)]
                allow = ALLOW if self.rng.random() < 0.7 else self.rng.sample(ALLOW, self.rng.randint(0, 5))
                self.run(allow, faults)
                self.gone += self.expunged()
            self.finish()
            self.gone += self.expunged()
            self.look()
        finally:
            self.listener.close()
        shutil.rmtree(self.dir)


def main(argv):
    verbose = argv[:1] == ["-v"]
    argv = argv[verbose:]
    first, count = int(argv[0]), int((argv + ["1"])[1])
    deleted = 0
    for seed in range(first, first + count):
        trial = Trial(seed, verbose)
        try:
            trial.do()
        except Failed as e:
            print("\n".join(trial.story))
            if verbose:
                print("\n".join(trial.server.log))
            print("\n".join(trial.account.state()) if verbose else "")
            print("seed %d: %s" % (seed, e))
            print("again: pruneprop.py -v %d; %s" % (seed, trial.dir))
            return 1
        deleted += len(trial.gone)
    print("%d seeds from %d on, %d messages deleted" % (count, first, deleted))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""
vault.py VAULT [N] - what a vault holds, for tests/lib-dialog.sh: the manifests replayed, by nothing of the program's own.

    vault: FOLDER UIDVALIDITY.UID (FLAGS) BYTES	a message on the server; bytes as in Python, long ones cut;
						[LABELS] behind the flags where it has labels, "by emailid" at the end
    vault: - FOLDER ...				the same, but it is gone from there
    vault: ? FOLDER UIDVALIDITY.UID REASON	a message that could not be had
    folder: NUMBER NAME				a folder, then "gone" and what else is set of selectable=no, subscribed, its
						namespace, mailboxid and attributes
    record: LINE				of the manifests after the Nth
    count: NAME=N				of the last run's end

"mailkeep list --all" must show the same messages; if it doesn't, or bytes don't have the hash that they should, that is
said on stderr, and the exit status is 1.

vault.py --memory MIB COMMAND...: run it, and fail if it needs more.
"""
import hashlib
import json
import os
import resource
import subprocess
import sys


def memory(limit, command):
    status = subprocess.call(command)
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print("memory: %.1f MiB" % used, file=sys.stderr)
    if used > float(limit):
        sys.exit("memory: more than %s MiB" % limit)
    sys.exit(status)


def uids(text):
    """The ranges of "1:3,7"."""
    for part in text.split(","):
        first, _, last = part.partition(":")
        yield int(first), int(last or first)


def within(uid, ranges):
    return any(a <= uid <= b for a, b in ranges)


def shown(data):
    text = data.decode("latin-1")
    text = "".join(c if " " <= c <= "~" and c != "\\" else
                   {"\r": "\\r", "\n": "\\n", "\t": "\\t", "\\": "\\\\"}.get(c, "\\x%02x" % ord(c)) for c in text)
    return text if len(text) <= 200 else text[:40] + "...%d bytes %s" % (len(data), hashlib.sha256(data).hexdigest()[:12])


def visible(text):
    """Letters of any script stay, what a terminal would obey does not."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class Vault:
    def __init__(self, path):
        self.path = path
        self.lines = []         # (commit, text)
        self.folders, self.epochs, self.blobs, self.frames = {}, {}, {}, {}
        self.messages = []
        self.missing = {}       # (epoch, uid) -> reason
        self.packs = {}
        self.end = {}
        for name in sorted(os.listdir(path + "/manifests")):
            if name.endswith(".jsonl.zst"):
                self.replay(int(name.split(".")[0]), self.unpack("manifests/" + name))

    def unpack(self, name):
        return subprocess.run(["zstd", "-dcq", "%s/%s" % (self.path, name)], stdout=subprocess.PIPE, check=True).stdout

    def replay(self, commit, data):
        for line in data.decode().split("\n")[:-1]:
            self.lines.append((commit, line))
            record = json.loads(line)
            take = getattr(self, "take_" + record["type"].replace("-", "_"), None)
            if take:
                take(record)

    def take_folder(self, r):
        self.folders[r["folder"]] = r

    def take_epoch(self, r):
        self.epochs[r["epoch"]] = r

    def take_blob(self, r):
        self.blobs[r["sha256"]] = r

    def take_frames(self, r):
        self.frames.setdefault(r["pack"], []).extend(r["frames"])

    def take_run_end(self, r):
        self.end = r

    def take_message(self, r):
        r["gone"] = False
        self.missing.pop((r["epoch"], r["uid"]), None)
        self.messages.append(r)

    def take_flags(self, r):
        ranges = list(uids(r["uids"]))
        for m in self.messages:
            if m["epoch"] == r["epoch"] and not m["gone"] and within(m["uid"], ranges):
                m.update({k: r[k] for k in ("flags", "keywords", "labels") if k in r})

    def take_gone(self, r):
        ranges = list(uids(r["uids"]))
        for m in self.messages:
            if m["epoch"] == r["epoch"] and within(m["uid"], ranges):
                m["gone"] = True
        self.missing = {k: v for k, v in self.missing.items() if k[0] != r["epoch"] or not within(k[1], ranges)}

    def take_missing(self, r):
        for first, last in uids(r["uids"]):
            for uid in range(first, min(last, first + 1000) + 1):
                self.missing[r["epoch"], uid] = r["reason"]

    def content(self, m):
        blob = self.blobs[m["sha256"]]
        pack = blob["pack"]
        if pack not in self.packs:
            self.packs[pack] = self.unpack("packs/" + pack)
        at = sum(raw for _, raw in self.frames[pack][:blob["frame"]]) + blob["offset"]
        data = self.packs[pack][at:at + blob.get("stored", blob["size"])]
        if "form" not in blob and hashlib.sha256(data).hexdigest() != m["sha256"]:
            sys.exit("%s: these are not the bytes of UID %d" % (pack, m["uid"]))
        return data

    def newest(self, epoch):
        folder = self.epochs[epoch]["folder"]
        return epoch == max(n for n, r in self.epochs.items() if r["folder"] == folder) and not self.folders[folder].get("gone")

    def place(self, epoch, uid):
        r = self.epochs[epoch]
        return "%s %d.%d" % (visible(self.folders[r["folder"]]["name"]), r.get("uidvalidity", 0), uid)

    def print_all(self, after):
        for m in self.messages:
            labels = " [%s]" % visible(",".join(m["labels"])) if "labels" in m else ""
            print("vault: %s%s (%s)%s %s%s" % ("- " if m["gone"] or not self.newest(m["epoch"]) else "",
                  self.place(m["epoch"], m["uid"]), visible(" ".join(m.get("flags", []) + m.get("keywords", []))), labels,
                  shown(self.content(m)), " by " + m["by"] if "by" in m else ""))
        for (epoch, uid), reason in self.missing.items():
            if self.newest(epoch):
                print("vault: ? %s %s" % (self.place(epoch, uid), visible(reason)))
        for number, r in self.folders.items():
            print("folder: %d %s%s%s%s%s%s%s" % (number, visible(r["name"]), " gone" if r.get("gone") else "",
                  "" if r.get("selectable", True) else " selectable=no", " subscribed" if r.get("subscribed") else "",
                  "" if r.get("namespace") == "personal" else " " + r.get("namespace", ""),
                  " mailboxid=" + r["mailboxid"] if "mailboxid" in r else "",
                  "".join(" " + a for a in r.get("attributes", []))))
        for commit, line in self.lines:
            if commit > after:
                print("record: " + line)
        for key, value in self.end.items():
            print("count: %s=%s" % (key, value))

    def compare(self):
        """The program's own listing says the same."""
        out = subprocess.run(["mailkeep", "list", "--all", "--json", self.path], stdout=subprocess.PIPE, check=True).stdout
        theirs, ours = [], []
        for line in out.decode().split("\n")[:-1]:
            m = json.loads(line)
            if m["type"] == "message":
                theirs.append((m["folder"], m["uidvalidity"], m["uid"], m["sha256"], m["size"], m.get("gone", False),
                               sorted(m["flags"]), sorted(m.get("labels", []))))
        for m in self.messages:
            r = self.epochs[m["epoch"]]
            ours.append((self.folders[r["folder"]]["name"], r.get("uidvalidity", 0), m["uid"], m["sha256"], m["size"],
                         m["gone"] or not self.newest(m["epoch"]), sorted(m.get("flags", []) + m.get("keywords", [])),
                         sorted(m.get("labels", []))))
        if sorted(theirs) != sorted(ours):
            for what, a, b in ("list shows, and it is not in the manifests", theirs, ours), ("list lacks", ours, theirs):
                for m in a:
                    if m not in b:
                        print("%s: %s" % (what, m), file=sys.stderr)
            sys.exit("mailkeep list doesn't show what the manifests say")


if sys.argv[1] == "--memory":
    memory(sys.argv[2], sys.argv[3:])
vault = Vault(sys.argv[1])
vault.print_all(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
sys.stdout.flush()
vault.compare()

#!/usr/bin/env python3
"""
years.py COMMAND ... - an account of many years, and which of its messages a prune has to delete: found out by itself,
from what the server says, with nothing of the program.

The password is in $IMAP_PASSWORD, the connection plain text, WHERE is "HOST:PORT USER".

    fill WHERE [--plain-names]  the account of ACCOUNT below: folders, flags, dates up to now, equal messages, messages that
                                another client marked \\Deleted; --plain-names: none that Cyrus refuses
    facts WHERE                 what the server says of all messages, a JSON object each: folder, uidvalidity, uid, size, time
                                (INTERNALDATE, seconds since 1970), flags, sha256, sender, subject
    would FACTS EXPRESSION      those for which that holds: "FOLDER<tab>UIDVALIDITY<tab>UID<tab>SHA-256<tab>SIZE", sorted.
                                The expression is Python; it knows folder, uid, size, time, sender, subject, year, seen, flagged,
                                deleted (are these flags set?), days (old), years(n) (is it older than that many of the
                                calendar's?), rank (from the newest of its folder, 0)
    until FACTS EXPRESSION BYTES oldest|largest     of those as many, the oldest or the largest first, as bring that many bytes
    without FACTS WANT          FACTS, but for what WANT (of "would") has
    listed PLAN                 what a list of mailkeep prune --plan has, in that form; fails where it is no whole list
    said WANT                   stdin: what a client said.  Nothing but what a prune may say; and nothing was marked or
                                expunged but what WANT (of "would") has
    line PORT FILE              a proxy for that port, on another one, which it prints; while FILE is there, answers come late
    busy WHERE FOLDER           until SIGTERM another client: it appends messages as old as the oldest, marks every third
                                \\Deleted as it comes; prints "SHA-256<tab>flags" of each that the server took
"""
import datetime
import hashlib
import json
import os
import re
import signal
import socket
import sys
import threading
import time

from imap import MONTHS, Session, decode_name, encode_name, listed as folders_of, quoted, seconds

DAY = 86400
SENDERS = ("Berta <berta@example.org>", "Newsletter <news@shop.example>", "dev@lists.example.org", '"Müller, Jörg" <jm@example.net>')

# Folder, its special use, how many, the oldest and the youngest in days.  No message stands on a birthday that a test
# asks for: see age().
ACCOUNT = (
    ("INBOX", "", 200, 2900, 1),
    ("Archive/2019", "", 30, None, None),   # in that year
    ("Sent", "\\Sent", 40, 1500, 3),
    ("Trash", "\\Trash", 30, 400, 1),
    ("Junk", "\\Junk", 30, 200, 1),
    ("Lists/dev", "", 60, 2500, 400),
    ("Ärger/größer & kleiner", "", 18, 1500, 20),
    ("日本語/受信", "", 5, 1000, 40),
    ('[odd] %2F~"\\*', "", 12, 1300, 35),
    ("All Mail", "\\All", 6, 1400, 800),
    ("Empty", "", 0, 0, 0),
)


def imap_date(t):
    d = time.gmtime(t)
    return "%02d-%s-%04d %02d:%02d:%02d +0000" % (d.tm_mday, MONTHS[d.tm_mon - 1], d.tm_year, d.tm_hour, d.tm_min, d.tm_sec)


def years_ago(now, n):
    """The same date and time of day so many years ago, as a calendar has it; UTC."""
    d = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    try:
        return d.replace(year=d.year - n).timestamp()
    except ValueError:
        return d.replace(year=d.year - n, day=28).timestamp()


def age(now, days):
    """So many days ago, but not within three days of a border that a policy may have."""
    t = now - days * DAY
    borders = [now - d * DAY for d in (30, 60, 90)] + [years_ago(now, n) for n in range(1, 9)]
    while any(abs(t - b) < 3 * DAY for b in borders):
        t -= DAY
    return int(t)


def body(folder, i):
    """Each tenth is the same as the one before it, byte for byte."""
    if i % 10 == 9:
        i -= 1
    sender = "Anna <anna@example.org>" if folder == "Sent" else SENDERS[i % len(SENDERS)]
    size = 300000 if i == 33 else 30000 if i % 13 == 0 else 200 + 37 * i % 900
    text = "From: %s\nTo: Anna <anna@example.org>\nSubject: %s no. %d\nMessage-ID: <%d.%s@example.org>\n\n" % (
        sender, folder, i, i, hashlib.sha256(folder.encode()).hexdigest()[:8])
    lines = ("%s %d: " % (folder, i) + "lorem ipsum dolor sit amet " * 2 + "\n")
    text += lines * (size // len(lines) + 1)
    return text.replace("\n", "\r\n").encode()


def marks(folder, i):
    out = []
    if folder in ("Trash", "Junk"):
        out += ["\\Seen"] if i % 3 == 0 else []
    elif i % 5 != 2 or folder == "Sent" or folder.startswith("Archive"):
        out += ["\\Seen"]
    if i % 7 == 3 and not folder.startswith(("Archive", "Lists")):
        out += ["\\Flagged"]
    if i % 11 == 5 and folder != "Archive/2019":
        out += ["\\Deleted"]
    if i % 4 == 1:
        out += ["\\Answered", "$Work"]
    return " ".join(out)


def fill(s, *options):
    now = int(time.time())
    special = b"CREATE-SPECIAL-USE" in s.capabilities
    there = {name for name, _ in folders_of(s)}
    for folder, use, count, oldest, youngest in ACCOUNT:
        if options and (folder.startswith("[") or use == "\\All"):
            continue
        if folder not in there:
            s.command(b"CREATE " + quoted(encode_name(folder)) + (b" (USE (%s))" % use.encode() if use and special else b""))
        for i in range(count):
            if oldest is None:
                t = int(datetime.datetime(2019, 1, 5, 12, tzinfo=datetime.timezone.utc).timestamp()) + i * 11 * DAY
            else:
                t = age(now, oldest - (oldest - youngest) * i / (count - 1))
            s.command(b"APPEND %s (%s) \"%s\"" % (quoted(encode_name(folder)), marks(folder, i).encode(), imap_date(t).encode()),
                      body(folder, i))


def facts(s):
    for folder in sorted(n for n, a in folders_of(s) if not {"\\Noselect", "\\NonExistent"} & set(a)):
        answers = s.command(b"EXAMINE " + quoted(encode_name(folder)))[0]
        validity = re.search(rb"\[UIDVALIDITY (\d+)\]", b"\n".join(a[0] for a in answers)).group(1)
        for uid, text, content in s.fetch(b"FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]"):
            header = content.split(b"\r\n\r\n")[0].decode("utf-8", "replace")
            said = {k.lower(): v for k, v in re.findall(r"^(From|Subject): (.*?)\r?$", header, re.M)}
            flags = re.search(rb"FLAGS \(([^)]*)\)", text).group(1).decode().split()
            print(json.dumps({
                "folder": folder, "uidvalidity": int(validity), "uid": uid,
                "size": int(re.search(rb"RFC822\.SIZE (\d+)", text).group(1)),
                "time": seconds(re.search(rb'INTERNALDATE "([^"]*)"', text).group(1).decode()),
                "flags": sorted(f for f in flags if f.lower() != "\\recent"),
                "sha256": hashlib.sha256(content).hexdigest(),
                "sender": said.get("from", ""), "subject": said.get("subject", "")}))


def key(m):
    return "%(folder)s\t%(uidvalidity)d\t%(uid)d\t%(sha256)s\t%(size)d" % m


def read(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def chosen(path, expression):
    rows = read(path)
    now = time.time()
    newest = {}
    for m in sorted(rows, key=lambda m: (-m["time"], -m["uid"])):
        m["rank"] = newest[m["folder"]] = newest.get(m["folder"], -1) + 1
    code = compile(expression, "the policy", "eval")
    out = []
    for m in rows:
        flags = {f.lower() for f in m["flags"]}
        names = dict(m, seen="\\seen" in flags, flagged="\\flagged" in flags, deleted="\\deleted" in flags,
                     days=(now - m["time"]) / DAY, years=lambda n, t=m["time"]: t < years_ago(now, n),
                     year=time.gmtime(m["time"]).tm_year)
        if eval(code, {"__builtins__": {}}, names):
            out.append(m)
    return out


def put_keys(rows):
    for line in sorted(map(key, rows)):
        print(line)


def would(path, expression):
    put_keys(chosen(path, expression))


def until(path, expression, lack, order):
    out, lack = [], int(lack)
    for m in sorted(chosen(path, expression), key=lambda m: m["time"] if order == "oldest" else -m["size"]):
        if lack <= 0:
            break
        out.append(m)
        lack -= m["size"]
    put_keys(out)


def without(path, want):
    with open(want, encoding="utf-8") as f:
        gone = set(f.read().splitlines())
    for m in read(path):
        if key(m) not in gone:
            print(json.dumps(m))


def listed(path):
    out, total = [], 0
    rows = read(path)
    assert rows[0]["v"] == 1 and rows[0]["type"] == "prune-plan" and rows[0]["vault"] and rows[0]["account"] and rows[0]["time"]
    for m in rows[1:-1]:
        assert m["type"] == "message" and m["reason"] and m["pack"] and m["id"], m
        out.append(m)
        total += m["size"]
    end = rows[-1]
    assert end["type"] == "end" and end["messages"] == len(out) and end["bytes"] == total, end
    put_keys(out)


# ---- what a client said ----

READS = re.compile(r"(NOOP|CAPABILITY|ID |NAMESPACE|LIST |LSUB |STATUS |ENABLE |EXAMINE |UNSELECT|GETQUOTAROOT |LOGOUT$|"
                   r"UID (FETCH|SEARCH) )")


def uids(text):
    out = set()
    for part in text.split(","):
        a, _, b = part.partition(":")
        out.update(range(int(a), int(b or a) + 1))
    return out


def unquoted(text):
    if text.startswith('"'):
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    return decode_name(text.encode())


def said(path):
    want = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            folder, validity, uid = line.split("\t")[:3]
            want.setdefault(folder, set()).add(int(uid))
    folder, marked, bad = None, set(), []
    for line in sys.stdin:
        line = line.rstrip("\n")
        m = re.match(r"k[0-9a-f]+\.[0-9]+ (.*)", line)
        text = m.group(1) if m else line
        if re.search(r"BODY\[|RFC822( |\)|\.TEXT|\.HEADER|$)", text) and "FETCH" in text:
            bad.append(line)    # it would set \Seen
        elif m2 := re.match(r"SELECT (\"(?:\\.|[^\"])*\"|[^ ]+)( \(CONDSTORE\))?$", text):
            folder, marked = unquoted(m2.group(1)), set()
        elif m2 := re.match(r"UID STORE ([0-9:,]+) (?:\(UNCHANGEDSINCE [0-9]+\) )?([+-])FLAGS\.SILENT \(\\Deleted\)$", text):
            if uids(m2.group(1)) - want.get(folder, set()):
                bad.append("not to be marked: " + line)
            (marked.update if m2.group(2) == "+" else marked.difference_update)(uids(m2.group(1)))
        elif m2 := re.match(r"UID EXPUNGE ([0-9:,]+)$", text):
            if uids(m2.group(1)) - want.get(folder, set()) or uids(m2.group(1)) - marked:
                bad.append("not to be expunged: " + line)
        elif m2 := re.match(r"EXAMINE |UNSELECT", text):
            folder = None
        elif not READS.match(text):
            bad.append(line)
    for line in bad:
        print(line)
    sys.exit(1 if bad else 0)


def busy(s, folder):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    i = 0
    while not stop:
        content = b"From: x@example.org\r\nSubject: meanwhile %d\r\n\r\nmeanwhile\r\n" % i
        flags = ["\\Seen"] + (["\\Deleted"] if i % 3 == 0 else [])
        s.command(b"APPEND %s (%s) \"01-Jan-2012 12:00:00 +0000\"" % (quoted(encode_name(folder)), " ".join(flags).encode()), content)
        print("%s\t%s" % (hashlib.sha256(content).hexdigest(), " ".join(sorted(flags))), flush=True)
        i += 1
        time.sleep(0.01)


def line(port, slow):
    def pump(a, b, late):
        try:
            while data := a.recv(65536):
                if late and os.path.exists(slow):
                    time.sleep(0.1)
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client = listener.accept()[0]
        server = socket.create_connection(("127.0.0.1", int(port)))
        for s in (client, server):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=pump, args=(client, server, False), daemon=True).start()
        threading.Thread(target=pump, args=(server, client, True), daemon=True).start()


def main(argv):
    local = dict(line=line, would=would, until=until, without=without, listed=listed, said=said)
    remote = dict(fill=fill, facts=facts, busy=busy)
    if len(argv) > 2 and argv[1] in local:
        local[argv[1]](*argv[2:])
    elif len(argv) > 3 and argv[1] in remote:
        s = Session(argv[2], argv[3])
        remote[argv[1]](s, *argv[4:])
        s.command(b"LOGOUT", ok=False)
    else:
        sys.exit(__doc__)


main(sys.argv)

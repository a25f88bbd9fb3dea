"""
target_account.py - the account on the server with faults (target.py): its folders and messages, and what other clients
do to them.
"""
import base64
import calendar
import hashlib
import os
import re
import signal
import time

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
SYSTEM = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"]
DATE = r"([ 0123]\d)-(%s)-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)([0-5]\d)" % "|".join(MONTHS)
ROLES = {"All Mail": "\\All", "Sent Mail": "\\Sent", "Drafts": "\\Drafts", "Trash": "\\Trash", "Spam": "\\Junk",
         "Starred": "\\Flagged", "Important": "\\Important"}
# Labels of Gmail's that are no folders' names.
LABELS = {"INBOX": "\\Inbox", "[Gmail]/Sent Mail": "\\Sent", "[Gmail]/Drafts": "\\Draft",
          "[Gmail]/Starred": "\\Starred", "[Gmail]/Important": "\\Important"}
DAY = 86400

class Message:
    def __init__(self, content, flags, date):
        self.flags, self.date = flags, date
        self.id, self.modseq = 0, 1
        self.become(content)
        self.keep = False       # a test wants it to stay
        self.marker = "other" * ("\\Deleted" in flags)     # who marked it; "client": the one that is tested
        self.tried = False      # the client has marked it, or tried to

    def become(self, content):
        self.content, self.sha256 = content, hashlib.sha256(content).hexdigest()


class Folder:
    def __init__(self, validity, use=""):
        self.validity, self.next, self.use, self.subscribed = validity, 1, use, False
        self.messages = {}      # by UID, ascending
        self.modseq = self.changes = 1
        self.read_only = False

    def add(self, message):
        self.next += 1
        self.messages[self.next - 1] = message
        return self.next - 1

    def uid_of(self, message):
        return next((u for u, m in self.messages.items() if m is message), 0)

    def renumber(self):
        messages = list(self.messages.values())
        self.validity, self.next, self.messages = self.validity + 1, self.next + 100, {}
        for m in messages:
            self.add(m)


class Account:
    def __init__(self, args):
        self.delimiter, self.prefix, self.gmail = args.delimiter or "/", args.prefix, args.gmail
        self.folders, self.serial, self.validity, self.modseq = {}, 0, 1000000000, 1
        self.make("INBOX")
        if self.gmail:
            for name, use in ROLES.items():
                self.make("[Gmail]/" + name, use)
        for spec in args.folder:
            name, _, use = spec.partition("=")
            self.make(name, use)

    def make(self, name, use=""):
        self.validity += 7
        self.folders[name] = Folder(self.validity, use)

    def key(self, name):
        return "INBOX" if name.upper() == "INBOX" else name

    def find(self, name):
        return self.folders.get(self.key(name))

    def add(self, folder, message):
        """The UID under which it is there now."""
        if not self.gmail:
            self.serial += 1
            message.id = self.serial
            self.touched(folder, message)
            return folder.add(message)
        every = self.folders["[Gmail]/All Mail"]
        apart = [f for f in self.folders.values() if f.use in ("\\Trash", "\\Junk")]
        for f in [every] + apart:
            known = next((m for m in f.messages.values() if m.content == message.content), None)
            if known:
                known.flags |= message.flags
                message = known
                break
        else:
            self.serial += 1
            message.id = self.serial
            if folder not in apart:
                every.add(message)
        uid = folder.uid_of(message) or folder.add(message)
        self.star(message)
        self.touched(folder, message)
        return uid

    def touched(self, folder, message=None):
        """Something changed in a folder; what it was about gets a new MODSEQ."""
        self.modseq += 1
        if message:
            message.modseq = self.modseq
        for f in self.folders.values() if self.gmail else [folder]:
            f.modseq = self.modseq

    def mark(self, folder, message, flags, who):
        """Flags are set; whoever adds \\Deleted is remembered."""
        was, now = "\\Deleted" in message.flags, "\\Deleted" in flags
        if was != now:
            message.marker = who if now else ""
        message.flags = set(flags)
        for f in self.folders.values() if self.gmail else [folder]:
            f.changes += 1
        self.touched(folder, message)
        if self.gmail:
            self.star(message)

    def remove(self, folder, uid):
        """UID EXPUNGE.  Gmail: of the label; but what is in the trash is gone, and what isn't comes into it at last."""
        message = folder.messages.pop(uid)
        self.touched(folder)
        if self.gmail and folder.use == "\\All":
            self.discard(message)

    def discard(self, message):
        """Gmail: to the trash, off all labels.  The UID there."""
        for f in self.folders.values():
            uid = f.uid_of(message)
            if uid:
                del f.messages[uid]
        trash = next(f for f in self.folders.values() if f.use == "\\Trash")
        self.touched(trash)
        return trash.add(message)

    def move(self, folder, uid, to):
        """The UID there."""
        message = folder.messages[uid]
        if self.gmail and to.use in ("\\Trash", "\\Junk"):
            if to.use == "\\Trash":
                return self.discard(message)
        del folder.messages[uid]
        self.touched(folder)
        self.touched(to, message)
        return to.uid_of(message) or to.add(message)

    def star(self, message):
        starred = self.folders["[Gmail]/Starred"]
        uid = starred.uid_of(message)
        if "\\Flagged" in message.flags and not uid:
            starred.add(message)
        elif "\\Flagged" not in message.flags and uid:
            del starred.messages[uid]

    def labels(self, message, selected):
        for name, f in self.folders.items():
            if f is not selected and f.use != "\\All" and f.uid_of(message):
                yield LABELS.get(name, name)

    def label(self, message, label, on):
        name = next((n for n, l in LABELS.items() if l == label), label)
        if name == "[Gmail]/Starred":
            (message.flags.add if on else message.flags.discard)("\\Flagged")
            self.star(message)
            return
        if not self.find(name):
            self.make(name)
        folder = self.find(name)
        uid = folder.uid_of(message)
        if on and not uid:
            folder.add(message)
        elif not on and uid:
            del folder.messages[uid]

    def total(self):
        return len({id(m) for f in self.folders.values() for m in f.messages.values()})

    def dump(self):
        return sorted("%s\t%s\t%s\t%d" % (decoded(name), m.sha256, " ".join(sorted(m.flags)), m.date)
                      for name, f in self.folders.items() for m in f.messages.values())

    def state(self):
        """All that is known of each message, as XSTATE tells."""
        return sorted("%s\t%d\t%d\t%s\t%d\t%s\t%d" % (decoded(name), f.validity, uid, m.sha256, len(m.content),
                                                     " ".join(sorted(m.flags)), m.date)
                      for name, f in self.folders.items() for uid, m in f.messages.items())

    def size(self):
        return sum(len(m.content) for m in {id(m): m for f in self.folders.values() for m in f.messages.values()}.values())

    def listing(self):
        return sorted("%s\t%s" % (decoded(name), " ".join(filter(None, [f.use, "\\Subscribed" * f.subscribed])))
                      for name, f in self.folders.items())


def decoded(wire):
    """Modified UTF-7 (RFC 3501, section 5.1.3) to UTF-8."""
    def part(m):
        b64 = m.group(1).replace(",", "/")
        return base64.b64decode(b64 + "=" * (-len(b64) % 4)).decode("utf-16-be") if b64 else "&"

    return re.sub(r"&([A-Za-z0-9+,]*)-", part, wire)


def seconds(date):
    m = re.fullmatch(DATE, date)
    day, mon, year, h, mi, s, sign, zh, zm = m.groups()
    t = calendar.timegm((int(year), MONTHS.index(mon) + 1, int(day), int(h), int(mi), int(s)))
    return t - (1 if sign == "+" else -1) * (int(zh) * 3600 + int(zm) * 60)


def internaldate(t):
    g = time.gmtime(t)
    return "%2d-%s-%04d %02d:%02d:%02d +0000" % (g.tm_mday, MONTHS[g.tm_mon - 1], g.tm_year, *g[3:6])


def quoted(s):
    return '"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ranges(numbers):
    """[1, 2, 3, 7] as "1:3,7"."""
    out = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ",".join("%d" % a if a == b else "%d:%d" % (a, b) for a, b in out)


# ---- other clients ----

def numbers(spec, folder):
    """"3,5:7", "*": the UIDs of these that are there."""
    if spec == "*":
        return list(folder.messages)
    spans = [tuple(map(int, (part.split(":") * 2)[:2])) for part in spec.split(",")]
    return [uid for uid in folder.messages if any(a <= uid <= b for a, b in spans)]


def altered(content, where):
    """Another message of the same size: one letter of its header's values, or of its body, is another, if it has one."""
    body = 2 if content.startswith(b"\r\n") else content.find(b"\r\n\r\n") + 4
    start, end = (content.find(b": ") + 2, body) if where == "header" else (body, len(content))
    for i in range(start, end):
        if content[i:i + 1].isalpha():
            return content[:i] + content[i:i + 1].swapcase() + content[i + 1:]
    return content


def keep(message):
    """The vault doesn't have that, or not there: nobody may delete it."""
    message.keep = True
    return message


def keep_all(*folders):
    """... nor could anybody know whose a mark is."""
    for folder in folders:
        for message in folder.messages.values():
            keep(message)
            message.marker = message.marker and "other"
    return folders[0]


def act(account, words):
    """What another client, or the server, does: see --at."""
    verb, rest = words[0], words[1:]
    if verb == "kill":
        with open(rest[0]) as f:
            os.kill(int(f.read()), signal.SIGKILL)
        time.sleep(0.05)
        return
    folder = account.find(rest[0])
    if verb == "deliver":
        for i in range(int((rest + ["1"])[1])):
            account.add(folder, keep(Message(letter(5000 + account.serial), set(), int(time.time()))))
    elif verb == "expunge":
        for uid in numbers(rest[1], folder):
            account.remove(folder, uid)
    elif verb == "store":
        for uid in numbers(rest[1], folder):
            m, flags = folder.messages[uid], set(rest[3:])
            account.mark(folder, m, m.flags | flags if rest[2] == "+" else m.flags - flags, "other")
    elif verb == "alter":
        for uid in numbers(rest[1], folder):
            m = folder.messages[uid]
            if altered(m.content, rest[2]) != m.content:
                keep(m).become(altered(m.content, rest[2]))
    elif verb == "swap":
        other = account.find(rest[1])
        folder.messages, other.messages = other.messages, folder.messages
        keep_all(folder, other)
        folder.next = other.next = max(folder.next, other.next)
    elif verb == "rotate":
        uids = list(folder.messages)
        contents = [folder.messages[u].content for u in uids]
        for uid, content in zip(uids, contents[1:] + contents[:1]):
            if folder.messages[uid].content != content:
                keep(folder.messages[uid]).become(content)
    elif verb == "renumber":
        keep_all(folder).renumber()
    elif verb == "validity":
        keep_all(folder).validity += 1
    elif verb == "read-only":
        folder.read_only = True
    elif verb == "delete":
        account.folders.pop(account.key(rest[0]), None)
    else:
        raise ValueError("what is %s?" % verb)


# ---- a mailbox ----

def letter(n, size=0, more=b""):
    """A message; the same for the same figures."""
    head = ("From: Anna %d <anna%d@example.org>\r\nTo: Berta <berta@example.org>\r\nSubject: letter %d\r\n"
            "Date: Thu, 01 Jan 2004 %02d:%02d:00 +0000\r\n" % (n, n % 7, n, n // 60 % 24, n % 60)).encode()
    if n % 10 != 3:     # some have none
        head += b"Message-ID: <%d@example.org>\r\n" % n
    body = b"".join(b"%d, line %d: lorem ipsum dolor sit amet\r\n" % (n, i) for i in range(n % 30 + size // 40))
    return head + b"\r\n" + more + body


def sample(account, how):
    """Equal messages in a folder and in two, flags, keywords, dates, special uses, subscriptions, an empty folder."""
    def put(folder, content, flags="", date=0):
        put.n += 1
        account.folders[folder].add(Message(content, set(flags.split()), date or 1000000000 + 86413 * put.n))

    put.n = 0
    for name, use in (("Sent", "\\Sent"), ("Drafts", "\\Drafts"), ("Trash", "\\Trash"), ("Work", ""), ("Work/2019", ""),
                      ("Entw&APw-rfe &- &AMQ-rger", ""), ("Empty", "")):
        account.make(name, use)
    for name in ("INBOX", "Sent", "Work", "Empty"):
        account.folders[name].subscribed = True
    for n in range(18):
        put("INBOX", letter(n), ["", "\\Seen", "\\Seen \\Answered", "\\Flagged"][n % 4])
    put("INBOX", letter(5), "\\Seen")                    # twice here, not with one date
    for _ in range(2):
        put("INBOX", letter(77), "\\Seen", 1100000000)   # two that differ in nothing
    put("INBOX", letter(78, 300000))
    put("INBOX", letter(79, 0, "Grüße, äöü\r\n".encode("latin-1")), "\\Seen")
    for n in range(20, 28):
        put("Sent", letter(n), "\\Seen")
    for n in (1, 2, 77):
        put("Sent", letter(n), "\\Seen $Forwarded")       # also in INBOX
    for n in (30, 31):
        put("Drafts", letter(n), "\\Draft \\Seen")
    put("Drafts", b"Subject: nothing\r\n\r\n", "\\Draft")
    put("Trash", letter(32), "\\Seen")
    put("Trash", letter(33), "\\Seen \\Deleted")
    for n in range(34, 42):
        put("Work", letter(n), ["$Work", "\\Seen $Work Later", "NonJunk", "\\Seen"][n % 4])
    put("Work", letter(34), "\\Flagged")
    put("Work", b"Subject: no end of line\r\n\r\nno end")
    for n in range(43, 51):
        put("Work/2019", letter(n), "\\Seen", [1, 86400 * 365, 1546300799, 1577836800, 2000000000][n % 5] + n)
    for n in range(52, 56):
        put("Entw&APw-rfe &- &AMQ-rger", letter(n), "\\Seen \\Flagged")
    if how == "odd":
        account.make("Odd")
        put("Odd", letter(60, 0, b"a NUL\0 here\r\n"))
        put("Odd", letter(61, 0, b"a bare\nnewline\r\n"))
        put("Odd", letter(62, 0, b"long " * 3000 + b"\r\n"))
        put("Odd", letter(63, 0, b"a virus\r\n"))
        put("Odd", letter(64, 100000))
        put("Odd", b"")
        put("Odd", letter(66), "\\Seen")


def old_mail(account, now):
    """Mail of some years, with flags; in each folder some of it is young: what prune is tried with."""
    def put(folder, content, flags, days):
        account.folders[folder].add(Message(content, set(flags.split()), now - int(days * DAY)))

    for name, use in (("Archive", "\\Archive"), ("Archive/2019", ""), ("Sent", "\\Sent"), ("Trash", "\\Trash"),
                      ("Junk", "\\Junk"), ("Entw&APw-rfe &- &AMQ-rger", ""), ("Empty", "")):
        account.make(name, use)
    for n in range(30):
        put("INBOX", letter(n), ["\\Seen", "\\Seen \\Answered", "", "\\Seen", "\\Seen \\Flagged", "\\Seen $Work"][n % 6],
            40 + 30 * n)
    put("INBOX", letter(31), "\\Seen \\Deleted", 700)
    put("INBOX", letter(32), "\\Seen \\Deleted", 3)
    for _ in range(2):
        put("INBOX", letter(33), "\\Seen", 600)      # two that differ in nothing
    put("INBOX", letter(34, 200000), "\\Seen", 500)
    put("INBOX", letter(35), "\\Seen", 2)
    for n in range(40, 60):
        put("Archive", letter(n), "\\Seen", 100 + 25 * (n - 40))
    put("Archive", letter(3), "\\Seen", 800)           # also in INBOX
    for n in range(60, 72):
        put("Archive/2019", letter(n), "\\Seen", 1800 + n)
    for n in range(72, 77):
        put("Archive/2019", letter(n), "\\Seen \\Flagged", 1800 + n)
    for n in range(80, 92):
        put("Sent", letter(n), "\\Seen", 50 + 80 * (n - 80))
    for n in range(100, 106):
        put("Trash", letter(n), ["\\Seen", ""][n % 2], 5 + 100 * (n - 100))
    for n in range(110, 116):
        put("Junk", letter(n), "", 35 + 100 * (n - 110))
    for n in range(120, 128):
        put("Entw&APw-rfe &- &AMQ-rger", letter(n), "\\Seen", 300 + 20 * (n - 120))


def labelled_mail(account, now):
    """The like for Gmail: each message once, with labels."""
    for name in ("Work", "Work/old"):
        account.make(name)
    for n in range(40):
        m = Message(letter(n), {"\\Seen"} | ({"\\Flagged"} if n % 9 == 4 else set()) - (set() if n % 7 else {"\\Seen"}),
                    now - (35 + 25 * n) * DAY)
        names = [["INBOX"], ["INBOX", "Work"], ["Work/old"], ["[Gmail]/Sent Mail"], ["[Gmail]/All Mail"]][n % 5]
        for name in names:
            account.add(account.folders[name], m)
    for n in range(40, 46):
        account.add(account.folders["[Gmail]/Trash"], Message(letter(n), {"\\Seen"}, now - (n - 39) * 100 * DAY))
    for n in range(46, 50):
        account.add(account.folders["[Gmail]/Spam"], Message(letter(n), set(), now - (n - 45) * 100 * DAY))


def fill(account, how, now):
    """--sample."""
    if how == "old":
        (labelled_mail if account.gmail else old_mail)(account, now or int(time.time()))
    else:
        sample(account, how)

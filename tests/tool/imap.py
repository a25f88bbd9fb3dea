#!/usr/bin/env python3
"""
imap.py HOST:PORT USER COMMAND ... - the tests' own hands and eyes on an IMAP server, sharing no code with the program.

The password is in $IMAP_PASSWORD; the connection is plain text.  Folder names are UTF-8.

    put FOLDER FLAGS DATE FILE...   append files (line ends become CRLF) with FLAGS ("\\Seen $Work") and DATE (as IMAP writes
                                    it, or seconds since 1970; "" for now); prints the UIDs
    sha256 FOLDER                   "UID SHA-256" of each message, as BODY.PEEK[] serves it
    state FOLDER...                 for each message "FOLDER<tab>SHA-256<tab>flags<tab>date in seconds", sorted: what a
                                    restore has to bring back, and no UID
    folders                         "NAME<tab>attributes", sorted
    snapshot [FOLDER...]            of each message of all folders, or of these: "FOLDER<tab>UIDVALIDITY<tab>UID<tab>SHA-256
                                    <tab>flags<tab>INTERNALDATE as sent", sorted: what a backup has to hold
    create FOLDER... | delete FOLDER... | subscribe FOLDER... | rename OLD NEW
    flags FOLDER UIDS OPERATION     UID STORE; OPERATION is "+FLAGS (\\Seen)"
    expunge FOLDER UIDS             mark deleted, then UID EXPUNGE
    move FOLDER UIDS TO
    wire FOLDER...                  their names as IMAP writes them
    fetch FOLDER UID                the bytes of one message to stdout
    do COMMAND...                   send each as it is, after another; prints all answers
"""
import base64
import calendar
import hashlib
import os
import re
import socket
import sys
import time

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def encode_name(name):
    """UTF-8 to modified UTF-7 (RFC 3501, section 5.1.3), as bytes."""
    out, wide = b"", ""

    def flush():
        if not wide:
            return b""
        b64 = base64.b64encode(wide.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return b"&" + b64 + b"-"

    for c in name:
        if " " <= c <= "~":
            out += flush()
            wide = ""
            out += b"&-" if c == "&" else c.encode()
        else:
            wide += c
    return out + flush()


def decode_name(wire):
    def part(m):
        if not m.group(1):
            return "&"
        b64 = m.group(1).replace(b",", b"/")
        return base64.b64decode(b64 + b"=" * (-len(b64) % 4)).decode("utf-16-be")

    pieces, at = [], 0
    for m in re.finditer(rb"&([A-Za-z0-9+,]*)-", wire):
        pieces += [wire[at:m.start()].decode("utf-8", "surrogateescape"), part(m)]
        at = m.end()
    return "".join(pieces + [wire[at:].decode("utf-8", "surrogateescape")])


def quoted(b):
    return b'"' + b.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def seconds(date):
    """An INTERNALDATE as seconds since 1970."""
    m = re.match(r" ?(\d+)-(\w+)-(\d+) (\d+):(\d+):(\d+) ([+-])(\d\d)(\d\d)$", date)
    day, mon, year, h, mi, s, sign, zh, zm = m.groups()
    t = calendar.timegm((int(year), MONTHS.index(mon) + 1, int(day), int(h), int(mi), int(s)))
    return t - (1 if sign == "+" else -1) * (int(zh) * 3600 + int(zm) * 60)


class Session:
    def __init__(self, where, user):
        host, port = where.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=100)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 1 << 16)
        self.serial = 0
        self.file.readline()
        password = os.environ["IMAP_PASSWORD"].encode()
        plain = base64.b64encode(b"\0" + user.encode() + b"\0" + password)
        self.command(b"AUTHENTICATE PLAIN " + plain)
        self.capabilities = set(self.command(b"CAPABILITY")[0][0][0].upper().split())

    def response(self):
        """One response: its text with {n} where literals stood, and the literals."""
        text, literals = b"", []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                sys.exit("imap.py: the server closed the connection")
            text += line.rstrip(b"\r\n")
            m = re.search(rb"\{(\d+)\}$", text)
            if not m:
                return text, literals
            literals.append(self.file.read(int(m.group(1))))

    def command(self, line, literal=None, ok=True):
        self.serial += 1
        tag = b"x%d" % self.serial
        if literal is None:
            self.socket.sendall(tag + b" " + line + b"\r\n")
        elif b"LITERAL+" in self.capabilities:
            self.socket.sendall(tag + b" " + line + b" {%d+}\r\n" % len(literal) + literal + b"\r\n")
            literal = None
        else:
            self.socket.sendall(tag + b" " + line + b" {%d}\r\n" % len(literal))
        answers = []
        while True:
            text, literals = self.response()
            if text.startswith(b"+") and literal is not None:
                self.socket.sendall(literal + b"\r\n")
                continue
            if text.startswith(tag + b" "):
                if ok and not text.startswith(tag + b" OK"):
                    sys.exit("imap.py: %s: %s" % (line[:80].decode("utf-8", "replace"), text.decode("utf-8", "replace")))
                return answers, text
            answers.append((text, literals))

    def open(self, folder, verb=b"EXAMINE"):
        self.command(verb + b" " + quoted(encode_name(folder)))

    def fetch(self, what, which=b"1:*"):
        answers, _ = self.command(b"UID FETCH " + which + b" (UID " + what + b")")
        for text, literals in answers:
            m = re.match(rb"\* \d+ FETCH \(", text)
            uid = re.search(rb"[( ]UID (\d+)", text)
            if m and uid:
                body = literals[0] if literals else b""
                yield int(uid.group(1)), text, body


def put(s, folder, flags, date, *files):
    if re.match(r"-?\d+$", date):
        t = time.gmtime(int(date))
        date = "%02d-%s-%04d %02d:%02d:%02d +0000" % (t.tm_mday, MONTHS[t.tm_mon - 1], *t[0:1], *t[3:6])
    for name in files:
        with open(name, "rb") as f:
            body = re.sub(rb"\r?\n", b"\r\n", f.read())
        line = b"APPEND " + quoted(encode_name(folder)) + b" (" + flags.encode() + b")"
        line += b' "' + date.encode() + b'"' if date else b""
        _, done = s.command(line, body)
        m = re.search(rb"\[APPENDUID \d+ (\d+)\]", done)
        print(m.group(1).decode() if m else "-")


def sha256(s, folder):
    s.open(folder)
    for uid, _, body in s.fetch(b"BODY.PEEK[]"):
        print(uid, hashlib.sha256(body).hexdigest())


def state(s, *folders):
    rows = []
    for folder in folders:
        s.open(folder)
        for _, text, body in s.fetch(b"FLAGS INTERNALDATE BODY.PEEK[]"):
            flags = re.search(rb"FLAGS \(([^)]*)\)", text).group(1).decode().split()
            flags = sorted(f for f in flags if f.lower() != "\\recent")
            date = re.search(rb'INTERNALDATE "([^"]*)"', text).group(1).decode()
            rows.append("%s\t%s\t%s\t%d" % (folder, hashlib.sha256(body).hexdigest(), " ".join(flags), seconds(date)))
    for row in sorted(rows):
        print(row)


def listed(s):
    """(name, attributes) of each folder."""
    extended = b"LIST-EXTENDED" in s.capabilities
    subscribed = set()
    if not extended:
        subscribed = {name for name, attributes in boxes(s, b'LSUB "" "*"') if "\\Noselect" not in attributes}
    for name, attributes in boxes(s, b'LIST "" "*"' + (b" RETURN (SUBSCRIBED SPECIAL-USE CHILDREN)" if extended else b"")):
        yield name, sorted(attributes + (["\\Subscribed"] if name in subscribed else []))


def boxes(s, command):
    for text, literals in s.command(command)[0]:
        m = re.match(rb'\* (?:LIST|LSUB) \(([^)]*)\) ("(?:\\.|[^"])*"|NIL) (.*)$', text, re.S)
        if not m:
            continue
        name = m.group(3)
        if literals:
            name = literals[0]
        elif name.startswith(b'"'):
            name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
        yield decode_name(name), m.group(1).decode().split()


def folders(s):
    for row in sorted(name + "\t" + " ".join(attributes) for name, attributes in listed(s)):
        print(row)


def snapshot(s, *names):
    rows = []
    for folder in names or [n for n, a in listed(s) if not {"\\Noselect", "\\NonExistent"} & set(a)]:
        answers = s.command(b"EXAMINE " + quoted(encode_name(folder)))[0]
        validity = re.search(rb"\[UIDVALIDITY (\d+)\]", b"\n".join(a[0] for a in answers)).group(1).decode()
        for uid, text, body in s.fetch(b"FLAGS INTERNALDATE BODY.PEEK[]"):
            flags = re.search(rb"FLAGS \(([^)]*)\)", text).group(1).decode().split()
            flags = sorted(f for f in flags if f.lower() != "\\recent")
            date = re.search(rb'INTERNALDATE "([^"]*)"', text).group(1).decode()
            rows.append("\t".join([folder, validity, str(uid), hashlib.sha256(body).hexdigest(), " ".join(flags), date]))
    for row in sorted(rows):
        print(row)


def each(verb):
    def run(s, *names):
        for name in names:
            s.command(verb + b" " + quoted(encode_name(name)))
    return run


def rename(s, old, new):
    s.command(b"RENAME " + quoted(encode_name(old)) + b" " + quoted(encode_name(new)))


def flags(s, folder, uids, operation):
    s.open(folder, b"SELECT")
    s.command(b"UID STORE " + uids.encode() + b" " + operation.encode())


def expunge(s, folder, uids):
    flags(s, folder, uids, "+FLAGS.SILENT (\\Deleted)")
    s.command(b"UID EXPUNGE " + uids.encode())


def move(s, folder, uids, to):
    s.open(folder, b"SELECT")
    s.command(b"UID MOVE " + uids.encode() + b" " + quoted(encode_name(to)))


def fetch(s, folder, uid):
    s.open(folder)
    for _, _, body in s.fetch(b"BODY.PEEK[]", uid.encode()):
        sys.stdout.buffer.write(body)


def wire(s, *names):
    for name in names:
        print(encode_name(name).decode())


def do(s, *commands):
    for c in commands:
        answers, done = s.command(c.encode(), ok=False)
        for text, literals in answers + [(done, [])]:
            sys.stdout.buffer.write(text + b"\n" + b"".join(x + b"\n" for x in literals))


COMMANDS = dict(put=put, sha256=sha256, state=state, folders=folders, snapshot=snapshot, create=each(b"CREATE"),
                delete=each(b"DELETE"), subscribe=each(b"SUBSCRIBE"), rename=rename, flags=flags, expunge=expunge, move=move, fetch=fetch,
                wire=wire, do=do)


def main(argv):
    if len(argv) < 4 or argv[3] not in COMMANDS:
        sys.exit(__doc__)
    session = Session(argv[1], argv[2])
    COMMANDS[argv[3]](session, *argv[4:])
    session.command(b"LOGOUT", ok=False)


if __name__ == "__main__":
    main(sys.argv)

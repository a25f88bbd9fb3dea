#!/usr/bin/env python3
"""
target.py [OPTION...] - a small IMAP server for tests of restore and prune, with the faults that servers and networks have.

It listens on a free port of 127.0.0.1, which it prints, until it gets SIGTERM.  There is one account, in memory; it
stays as it is when connections end.  Any name and password sign in.  Who signs in as "owner" sees no faults, and what
he appends isn't counted: so a test fills the account and looks into it.  These work without signing in:

    XSET OPTION...      other faults from now on (all of them; counting begins anew)
    XRESET              the account and the faults become what they were at the start
    XDUMP               "FOLDER<tab>SHA-256<tab>flags<tab>date in seconds" of each message, sorted
    XFOLDERS            "NAME<tab>attributes" of each folder, sorted; \\Subscribed is among them
    XSTATE              "FOLDER<tab>UIDVALIDITY<tab>UID<tab>SHA-256<tab>size<tab>flags<tab>date in seconds", sorted
    XKEEP FOLDER UIDS   these must stay: whoever marks, expunges or moves one makes a MISTAKE.  Without words: none must
    XDO ACTION          what --at can do, now; what a vault can't know then must stay, too

Where a WHEN is wanted, messages are counted as their literals are announced, from 1: "3", "3,7", "/5" every fifth, "4-"
from the fourth on, "*" all.  COMMANDS is RE[@WHEN]: of the commands that match these (all of them, or as they are
counted).

the account (at the start only)
    --folder NAME[=USE] there is such a folder already (INBOX always is)
    --delimiter C, --prefix P       "/" and ""; with a prefix nothing can be made outside of it
    --gmail             one store of messages; folders are labels
    --sample plain|odd  sixty messages are there already; odd: and a folder of some that servers refuse
    --sample old        about a hundred, of some years up to now, for prune; with --gmail fifty.  --now SECONDS: that is now
    --log FILE          what clients say (C), how it was answered (S), "stored FOLDER UID SHA-256", cuts, and every
                        MISTAKE of a client: what this protocol or a restore must not do
what is offered
    --with CAPS, --without CAPS     more or fewer than CAPABILITIES; divided by commas, or given again
    --fixed-keywords    PERMANENTFLAGS without \\*: unknown keywords are dropped
    --read-only NAME    a folder that can't be written
    --no-mark           nor \\Deleted: it is not in PERMANENTFLAGS and not kept
    --no-modseq         NOMODSEQ, though there is CONDSTORE
    --auto-expunge      what is marked \\Deleted is gone at once, as Gmail has it
    --silent-expunge    what is gone is not told before a NOOP
lost connections; WHERE is plus (at "+", or where it would be), literal:BYTES (in it), before (it is stored), after (it
was, before the answer), answer (behind it)
    --cut WHERE@WHEN
    --cut byte@N,...    when N bytes have been received; --cut out@N,...: sent
    --lose RE           the first command that matches, before it is carried out; with --go-on behind it, without an answer
    --lose-each         each APPEND loses its answer when it stores what it hasn't stored before
    --cut-command COMMANDS[:HOW]    before it is carried out; half: half of it is; after: all is, but the answer; told: all
                        but the tagged line is sent
    --late SECONDS@WHEN the connection ends behind the literal; it is stored so much later all the same
    --go-on             where an answer is lost the commands that are on their way are still carried out
    --reset             end connections by RST
    --hang-up-over N    end it at each message of more than N bytes
refusals
    --say WHEN=TEXT     instead of "+": NO or BAD and what belongs to it; --say-after: when the literal was read
    --refuse-command COMMANDS=TEXT  but no APPEND
    --ignore COMMANDS   answers OK and does nothing; --partly: every second message is left out; --one-less: the last
    --no-multi          MULTIAPPEND gets BAD, though it is offered
    --refuse-keywords WORD, --refuse-flags WORD, --refuse-date WORD     WORD is NO or BAD; any flags at all; any date
    --cyrus             NULs and bare newlines are refused
    --refuse RE=TEXT    messages that match that
    --too-big N         larger messages are refused (APPENDLIMIT=N of --with is obeyed, too)
    --quota N[:FILE]    there is room for N messages; for any number once FILE is there.  --quota-words: without a code
    --storage USED:LIMIT            what GETQUOTAROOT tells, in KiB
    --limit KIB         ... or the sum of the sizes as used; --stale-quota: as it was first asked for, ever after
    --no-create RE      folders of such names are not made
    --no-use            nor any for a special use
    --no-subscribe
    --vanish NAME@N     the N-th message finds that folder deleted, if there was nothing in it
what isn't kept
    --rewrite HOW       header: a line is added; ends: line ends become CRLF, and there is one at the end
    --size-off N        RFC822.SIZE is N too much
    --drop-flag FLAG    it is forgotten when given at APPEND
    --date-shift SECONDS            INTERNALDATE is changed by that
    --renumber WHEN     the folder gets a new UIDVALIDITY, and other UIDs, before it is stored
other clients, and others at the server
    --at COMMANDS[:before|after]=ACTION     then this is done:
        deliver FOLDER [N] | expunge FOLDER UIDS | store FOLDER UIDS +|- FLAG... | alter FOLDER UIDS header|body (one
        letter) | swap FOLDER OTHER (all messages, the UIDs stay) | rotate FOLDER (each UID gets the next one's content) |
        renumber FOLDER | validity FOLDER (only UIDVALIDITY) | read-only FOLDER | delete FOLDER | kill FILE (-9, the
        process whose id is in it)
lies
    --drop-duplicates old|none      what is in the folder already is answered with its UID, or one that never comes
    --appenduid none|wrong|validity|old|junk
    --fetch TALE[:COMMANDS]         missing (one of three), twice, others (all of the folder), shifted (the next one's data),
                        reverse, none, broken, nouid, noflags, nodate, nosize; of contents: nil, empty, garbage, short
    --search none|all|twice|junk
    --date-off SECONDS  INTERNALDATE is told so much later
    --copyuid none|tagged|wrong|others|validity|short|rotated|junk
"""
import base64
import os
import re
import shlex
import signal
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from target_account import (DATE, SYSTEM, Account, Message, act, decoded, fill, internaldate, quoted, ranges,  # noqa: E402
                            seconds)
from target_deleting import Deleting  # noqa: E402
from target_faults import Cut, Faults, Gone, No, matching, options, when  # noqa: E402

LINE_MAX = 1 << 16


# ---- a connection ----

class Cursor:
    """What is left of a command."""

    def __init__(self, session, text):
        self.session, self.text = session, text

    def ends(self):
        return self.text == ""

    def at(self, what):
        return self.text.startswith(what)

    def blank(self):
        if not self.at(" "):
            raise No("BAD a blank is missing")
        self.text = self.text[1:]

    def take(self, pattern, what):
        m = re.match(pattern, self.text)
        if not m:
            raise No("BAD %s is missing" % what)
        self.text = self.text[m.end():]
        return m

    def atom(self):
        return self.take(r'[^\s(){"]+', "an atom").group()

    def string(self):
        if self.at('"'):
            return re.sub(r"\\(.)", r"\1", self.take(r'"((?:[^"\\\r\n]|\\["\\])*)"', "a quoted string").group(1))
        if self.at("{"):
            size, _ = self.literal()
            body = self.session.read(size)
            self.text = self.session.line()
            return body.decode("latin-1")
        return self.atom()

    def literal(self, wait=True):
        """The size of a literal that is announced, and whether it has to be asked for."""
        m = self.take(r"\{(\d+)(\+?)\}$", "a literal")
        size, plus = int(m.group(1)), m.group(2) == "+"
        caps = self.session.faults.caps
        if plus and not ("LITERAL+" in caps or "LITERAL-" in caps and size <= 4096):
            self.session.mistake("a literal of %d bytes that didn't wait" % size)
            raise Cut()
        if not plus and wait:
            self.session.send("+ go on")
        return size, not plus

    def list(self):
        self.take(r"\(", "a list")
        out = []
        while not self.at(")"):
            if out:
                self.blank()
            out.append(self.list() if self.at("(") else self.string())
        self.take(r"\)", "the end of a list")
        return out

    def end(self):
        if self.text:
            raise No("BAD there is more than was expected")


class Session(Deleting):
    def __init__(self, server, sock, number):
        self.server, self.socket, self.number = server, sock, number
        self.input, self.output = bytearray(), bytearray()
        self.mute = self.owner = self.signed_in = False
        self.selected, self.view, self.writable = None, [], False
        self.faults = server.faults
        self.account = server.account
        self.verb, self.uid, self.skipped, self.lies = "", False, set(), set()
        self.condstore, self.told, self.known, self.changes, self.validity = False, {}, {}, 0, 0

    def log(self, *words):
        self.server.write("%d %s" % (self.number, " ".join(map(str, words))))

    def mistake(self, what):
        self.log("MISTAKE:", what)

    # -- bytes --

    def counted(self, what, n):
        """How many of ${n} more bytes may pass; a limit that is reached counts once."""
        f = self.faults
        if self.owner or not self.signed_in:
            return n
        left = n
        if f.limits[what] and f.traffic[what] + n > f.limits[what][0]:
            left = max(f.limits[what].pop(0) - f.traffic[what], 0)
        f.traffic[what] += left
        return left

    def more(self):
        self.flush()
        try:
            got = self.socket.recv(1 << 16)
        except OSError:
            got = b""
        if not got:
            raise Gone()
        self.input += got

    def take(self, n):
        """The next ${n} bytes, that have come."""
        if self.counted("byte", n) < n:
            self.log("cut: bytes received")
            raise Cut()
        data = bytes(self.input[:n])
        del self.input[:n]
        return data

    def line(self):
        while True:
            at = self.input.find(b"\r\n")
            if at >= 0:
                return self.take(at + 2)[:-2].decode("latin-1")
            if len(self.input) > LINE_MAX:
                self.mistake("a line of more than %d bytes" % LINE_MAX)
                raise Cut()
            self.more()

    def read(self, size):
        while len(self.input) < size:
            self.more()
        return self.take(size)

    def send(self, line):
        self.put(line.encode("latin-1") + b"\r\n")

    def put(self, data):
        if not self.mute:
            self.output += data
            if len(self.output) > 1 << 16:
                self.flush()

    def flush(self):
        out, self.output = bytes(self.output), bytearray()
        if self.mute or not out:
            return
        n = self.counted("out", len(out))
        try:
            self.socket.sendall(out[:n])
        except OSError:
            raise Gone()
        if n < len(out):
            self.log("cut: bytes sent")
            self.lose()

    def lose(self):
        """The connection is lost: what the client sent before may still be carried out."""
        if not self.faults.go_on:
            raise Cut()
        out, self.output, self.mute = bytes(self.output), bytearray(), True
        try:
            self.socket.sendall(out)
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            raise Gone()

    def cut(self, where, n):
        size = None if self.owner else self.faults.ends(where, n)
        if size is not None:
            self.log("cut: %s, message %d" % (where, n))
        return size

    # -- commands --

    def serve(self):
        try:
            self.send("* OK [CAPABILITY %s AUTH=PLAIN] target" % " ".join(sorted(self.faults.caps)))
            while self.command():
                pass
            self.flush()
        except Cut:
            try:
                self.flush()
            except (Cut, Gone):
                pass
            if self.faults.reset:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except Gone:
            pass
        finally:
            try:
                self.socket.close()
            except OSError:
                pass

    def command(self):
        line = self.line()
        m = re.match(r"([^\s(){%*\"\\+]+) (UID )?([A-Za-z-]+)", line)
        secret = m and m.group(3).upper() in ("LOGIN", "AUTHENTICATE")
        self.log("C:", m.group(0) + " ..." if secret else line[:400])
        if not m:
            self.mistake("no command")
            self.send("* BAD no command")
            return True
        tag, uid, verb = m.group(1), bool(m.group(2)), m.group(3).upper()
        self.uid, self.verb = uid, verb
        do = getattr(self, "do_" + verb.replace("-", "_"), None)
        open_to_all = verb in "CAPABILITY NOOP LOGOUT LOGIN AUTHENTICATE ID".split() or verb[0] == "X"
        try:
            if verb in "DELETE RENAME COPY".split() and not self.owner:
                self.mistake(verb)
            if do is None or uid and verb not in "FETCH SEARCH STORE EXPUNGE MOVE".split() or not (self.signed_in or open_to_all):
                self.mistake("%s is not known" % verb)
                raise No("BAD not known")
            cursor = Cursor(self, line[m.end():])
            if verb == "APPEND":
                answer = do(cursor)     # it takes the lock itself, as it waits for the client
            else:
                lost = self.to_lose(line)
                answer = self.carry_out(do, cursor, line)
                if lost:
                    self.lose()
        except No as e:
            answer = str(e)
            if answer.startswith("BAD") and not self.faults_say(answer):
                self.mistake(answer)
        with self.server.lock:
            self.news()
        self.log("S:", answer)
        self.send(tag + " " + answer)
        if getattr(self, "cut_then", False):
            self.cut_then = False
            self.flush()
            self.lose()
        return verb != "LOGOUT"

    def carry_out(self, do, cursor, line):
        f = self.faults
        if self.owner or self.verb[0] == "X":
            with self.server.lock:
                return do(cursor)
        with self.server.lock:
            deeds, loss, self.lies = f.done_beside(line), f.loss(line), f.told(line)
            self.skipped = f.skip(line) | {loss}
            for deed in [deed for at, deed in deeds if at == "before"]:
                self.beside(deed)
            if loss:
                self.log("cut:", loss, "the command")
                self.flush()
                self.mute = loss != "told"
            try:
                if loss == "before":
                    raise Cut()
                self.still_there()
                f.refuse_it(line)
                answer = "OK done" if "ignore" in self.skipped else do(cursor)
            except No:
                if not loss:
                    raise
            for deed in [deed for at, deed in deeds if at == "after"]:
                self.beside(deed)
            if loss:
                self.news()
                raise Cut()
            return answer

    def beside(self, deed):
        """What somebody else does."""
        self.log("meanwhile:", deed)
        words = shlex.shlex(deed, posix=True)
        words.whitespace_split, words.escape, words.commenters = True, "", ""
        words = list(words)
        act(self.account, words)
        if words[0] == "kill":
            raise Cut()     # nobody is there any more

    def to_lose(self, line):
        f = self.faults
        for pattern in [] if self.owner else f.lose:
            if pattern not in f.lost and re.search(pattern, line, re.I):
                f.lost.add(pattern)
                self.log("cut: a command")
                if not f.go_on:
                    raise Cut()
                return True
        return False

    def faults_say(self, answer):
        """Whether a BAD is a fault of ours."""
        f = self.faults
        return any(answer in spec for spec in f.say + f.say_after + f.refuse_command + f.refuse) or \
            answer.startswith("BAD because")

    def still_there(self):
        """A folder that became another one is open no more."""
        if self.selected and self.selected.validity != self.validity and self.verb not in ("APPEND", "SELECT", "EXAMINE"):
            self.send("* BYE the folder is another one now")
            raise Cut()

    def news(self):
        """What has happened in the folder."""
        folder = self.selected
        if folder is None:
            return
        self.still_there()
        if self.verb == "NOOP" or not self.faults.silent_expunge and (self.uid or self.verb not in ("FETCH", "STORE", "SEARCH")):
            for i in reversed(range(len(self.view))):
                if self.view[i] not in folder.messages:
                    self.send("* %d EXPUNGE" % (i + 1))
                    del self.view[i]
        last = self.view[-1] if self.view else 0
        fresh = [u for u in folder.messages if u > last]
        if fresh:
            self.view += fresh
            self.known.update((u, frozenset(folder.messages[u].flags)) for u in fresh)
            self.send("* %d EXISTS" % len(self.view))
        if folder.changes != self.changes:
            self.changes = folder.changes
            for i, uid in enumerate(self.view):
                message = folder.messages.get(uid)
                if message and self.known[uid] != message.flags:
                    self.known[uid] = frozenset(message.flags)
                    self.tell_flags(i + 1, uid, message, False)

    def do_CAPABILITY(self, c):
        self.send("* CAPABILITY " + " ".join(sorted(self.faults.caps | {"AUTH=PLAIN"})))
        return "OK done"

    def do_NOOP(self, c):
        return "OK done"

    def do_ID(self, c):
        self.send('* ID ("name" "target")')
        return "OK done"

    def do_ENABLE(self, c):
        self.send("* ENABLED")
        return "OK done"

    def do_LOGOUT(self, c):
        self.send("* BYE see you")
        return "OK done"

    def sign_in(self, user):
        self.signed_in, self.owner = True, user == "owner"
        if self.owner:
            self.faults = self.server.none
        self.log("signed in:", user)
        return "OK [CAPABILITY %s] hello" % " ".join(sorted(self.faults.caps))

    def do_LOGIN(self, c):
        c.blank()
        return self.sign_in(c.string())

    def do_AUTHENTICATE(self, c):
        c.blank()
        if c.atom().upper() != "PLAIN":
            raise No("NO only PLAIN")
        if c.ends():
            self.send("+ ")
            said = self.line()
        else:
            c.blank()
            said = c.text
        return self.sign_in(base64.b64decode(said).split(b"\0")[1].decode())

    def do_XSET(self, c):
        self.server.faults = Faults(options().parse_args(shlex.split(c.text)))
        return "OK done"

    def do_XRESET(self, c):
        self.server.begin()
        return "OK done"

    def do_XDUMP(self, c):
        for row in self.account.dump():
            self.put(b"* " + row.encode() + b"\r\n")
        return "OK done"

    def do_XFOLDERS(self, c):
        for row in self.account.listing():
            self.put(b"* " + row.encode() + b"\r\n")
        return "OK done"

    def named(self, c):
        """A folder by its name for people."""
        c.blank()
        name = c.string().encode("latin-1").decode()
        folder = next((f for n, f in self.account.folders.items() if decoded(n) == name), None)
        if folder is None:
            raise No("NO no folder %s" % name)
        return folder

    # -- folders --

    def do_NAMESPACE(self, c):
        a = self.account
        self.send('* NAMESPACE ((%s %s)) NIL NIL' % (quoted(a.prefix), quoted(a.delimiter)))
        return "OK done"

    def names(self, reference, pattern):
        """(name, folder or None) of all that match; what is only above others has no folder."""
        a = self.account
        wanted = re.escape(reference + pattern).replace(r"\*", ".*").replace("%", "[^%s]*" % re.escape(a.delimiter))
        every = dict(a.folders)
        for name in a.folders:
            parts = name.split(a.delimiter)
            for i in range(1, len(parts)):
                every.setdefault(a.delimiter.join(parts[:i]), None)
        for name in sorted(every):
            if re.fullmatch(wanted, name) or name == "INBOX" and re.fullmatch(wanted, name, re.I):
                yield name, every[name]

    def do_LIST(self, c):
        c.blank()
        only = c.list() if c.at("(") else []
        if only:
            c.blank()
        reference = c.string()
        c.blank()
        pattern = c.list()[0] if c.at("(") else c.string()
        returns = []
        if not c.ends():
            c.take(r" RETURN ", "RETURN")
            returns = c.list()
            if "LIST-EXTENDED" not in self.faults.caps:
                raise No("BAD because of LIST-EXTENDED")
        a, words = self.account, [r.upper() for r in only + returns if isinstance(r, str)]
        if pattern == "":
            self.send('* LIST (\\Noselect) %s ""' % quoted(a.delimiter))
            return "OK done"
        for name, folder in self.names(reference, pattern):
            subscribed = folder is not None and folder.subscribed
            if "SUBSCRIBED" in [o.upper() for o in only] and not subscribed:
                continue
            attributes = ["\\Noselect"] if folder is None else []
            if folder and folder.use and "SPECIAL-USE" in self.faults.caps:
                attributes.append(folder.use)
            if subscribed and "SUBSCRIBED" in words:
                attributes.append("\\Subscribed")
            below = any(n.startswith(name + a.delimiter) for n in a.folders)
            attributes.append("\\HasChildren" if below else "\\HasNoChildren")
            self.send("* LIST (%s) %s %s" % (" ".join(attributes), quoted(a.delimiter), quoted(name)))
            for word, items in zip(returns, returns[1:]):
                if word == "STATUS" and folder is not None:
                    self.status(name, folder, items)
        return "OK done"

    def do_LSUB(self, c):
        c.blank()
        reference = c.string()
        c.blank()
        for name, folder in self.names(reference, c.string()):
            if folder is not None and folder.subscribed:
                self.send("* LSUB () %s %s" % (quoted(self.account.delimiter), quoted(name)))
        return "OK done"

    def status(self, name, folder, items):
        figures = {"MESSAGES": len(folder.messages), "UIDNEXT": folder.next, "UIDVALIDITY": folder.validity,
                   "RECENT": 0, "UNSEEN": sum("\\Seen" not in m.flags for m in folder.messages.values()),
                   "SIZE": sum(len(m.content) for m in folder.messages.values())}
        if self.faults.offers("CONDSTORE"):
            figures["HIGHESTMODSEQ"] = folder.modseq
        told = ["%s %d" % (i.upper(), figures[i.upper()]) for i in items if i.upper() in figures]
        self.send("* STATUS %s (%s)" % (quoted(name), " ".join(told)))

    def folder(self, c):
        name = c.string()
        folder = self.account.find(name)
        if folder is None:
            raise No("NO [NONEXISTENT] no such folder")
        return name, folder

    def do_STATUS(self, c):
        c.blank()
        name, folder = self.folder(c)
        c.blank()
        self.status(name, folder, c.list())
        return "OK done"

    def select(self, c, writable):
        self.selected = None
        c.blank()
        name, folder = self.folder(c)
        if not c.ends():
            c.take(r" \(CONDSTORE\)$", "CONDSTORE")
            if not self.faults.offers("CONDSTORE"):
                raise No("BAD CONDSTORE is not offered")
            self.condstore = True
        self.selected, self.view, self.validity = folder, list(folder.messages), folder.validity
        self.told, self.changes = {}, folder.changes
        self.known = {u: frozenset(m.flags) for u, m in folder.messages.items()}
        self.writable = writable and name not in self.faults.read_only and not folder.read_only
        keywords = sorted({k for m in folder.messages.values() for k in m.flags} - set(SYSTEM))
        permanent = SYSTEM + keywords + ["\\*"] * (not self.faults.fixed_keywords) if self.writable else []
        if self.faults.no_mark:
            permanent = [x for x in permanent if x != "\\Deleted"]
        self.send("* FLAGS (%s)" % " ".join(SYSTEM + keywords))
        self.send("* OK [PERMANENTFLAGS (%s)] flags" % " ".join(permanent))
        self.send("* %d EXISTS" % len(self.view))
        self.send("* 0 RECENT")
        self.send("* OK [UIDVALIDITY %d] valid" % folder.validity)
        self.send("* OK [UIDNEXT %d] next" % folder.next)
        if self.faults.offers("CONDSTORE"):
            self.send("* OK [NOMODSEQ] none" if self.faults.no_modseq else "* OK [HIGHESTMODSEQ %d] highest" % folder.modseq)
        return "OK [READ-%s] opened" % ("WRITE" if self.writable else "ONLY")

    def do_SELECT(self, c):
        return self.select(c, True)

    def do_EXAMINE(self, c):
        return self.select(c, False)

    def do_UNSELECT(self, c):
        self.selected = None
        return "OK done"

    def do_CREATE(self, c):
        c.blank()
        name = c.string().rstrip(self.account.delimiter)
        use, f, a = "", self.faults, self.account
        if not c.ends():
            c.blank()
            if "CREATE-SPECIAL-USE" not in f.caps:
                raise No("BAD because of CREATE-SPECIAL-USE")
            use = " ".join(dict(zip(*[iter(c.list())] * 2))["USE"])
            c.end()
        if a.find(name):
            raise No("NO [ALREADYEXISTS] it is there")
        if use and (f.no_use or any(x.use == use for x in a.folders.values())):
            raise No("NO [USEATTR] not for that use")
        if f.no_create and re.search(f.no_create, name) or not name.startswith(a.prefix) or \
                any(not part for part in name.split(a.delimiter)):
            raise No("NO [CANNOT] invalid name")
        a.make(name, use)
        self.log("made", name, use)
        return "OK done"

    def do_DELETE(self, c):
        c.blank()
        name = c.string()
        if not self.owner or self.account.folders.pop(name, None) is None:
            raise No("NO not deleted")
        return "OK done"

    def do_SUBSCRIBE(self, c):
        c.blank()
        folder = self.folder(c)[1]
        if self.faults.no_subscribe:
            raise No("NO subscriptions are not for you")
        folder.subscribed = True
        return "OK done"

    def do_GETQUOTAROOT(self, c):
        c.blank()
        c.string()
        if "QUOTA" not in self.faults.caps:
            raise No("BAD not known")
        self.send('* QUOTAROOT INBOX ""')
        f = self.faults
        if f.storage:
            self.send('* QUOTA "" (STORAGE %s %s)' % tuple(f.storage.split(":")))
        if f.limit:
            if not f.stale_quota or f.used is None:
                f.used = (self.account.size() + 1023) // 1024
            self.send('* QUOTA "" (STORAGE %d %d)' % (f.used, f.limit))
        return "OK done"

    # -- messages --

    def need_folder(self):
        if self.selected is None:
            # What only looks may have been sent before it was known that the folder can't be opened.
            raise No("BAD %sno folder is open" % ("because " * (self.verb in ("FETCH", "SEARCH", "UNSELECT"))))
        return self.selected

    def chosen(self, text):
        """What a set of UIDs, or of numbers, means: (number, UID, message)."""
        folder, out = self.need_folder(), []
        most = max(self.view, default=0) if self.uid else len(self.view)
        if not re.fullmatch(r"(\d+|\*)(:(\d+|\*))?(,(\d+|\*)(:(\d+|\*))?)*", text):
            raise No("BAD that is no set")
        spans = []
        for part in text.split(","):
            ends = [most if x == "*" else int(x) for x in part.split(":")]
            spans.append((min(ends), max(ends)))
        for i, uid in enumerate(self.view):
            if uid in folder.messages and any(a <= (uid if self.uid else i + 1) <= b for a, b in spans):
                out.append((i + 1, uid, folder.messages[uid]))
        return out

    def item(self, word, uid, message):
        """What FETCH tells, as text or (text, literal)."""
        f, content, lies = self.faults, message.content, self.lies
        if {"UID": "nouid", "FLAGS": "noflags", "INTERNALDATE": "nodate", "RFC822.SIZE": "nosize"}.get(word) in lies:
            return None
        if word == "UID":
            return "UID %d" % uid
        if word == "FLAGS":
            self.told[uid] = set(message.flags)
            return "FLAGS (%s)" % " ".join(sorted(message.flags))
        if word == "INTERNALDATE":
            return 'INTERNALDATE "%s"' % internaldate(message.date + f.date_off)
        if word == "RFC822.SIZE":
            return "RFC822.SIZE %d" % (len(content) + f.size_off)
        if word == "MODSEQ" and f.offers("CONDSTORE"):
            self.condstore = True
            return "MODSEQ (%d)" % message.modseq
        if word == "EMAILID" and f.offers("OBJECTID"):
            return "EMAILID (M%d)" % message.id
        if word == "X-GM-LABELS" and self.account.gmail:
            return "X-GM-LABELS (%s)" % " ".join(quoted(x) for x in self.account.labels(message, self.selected))
        if word in ("X-GM-MSGID", "X-GM-THRID") and self.account.gmail:
            return "%s %d" % (word, 1 << 60 | message.id)
        m = re.fullmatch(r"BODY(\.PEEK)?\[(.*)\](?:<(\d+)\.(\d+)>)?", word, re.S)
        if not m:
            raise No("BAD what is %s?" % word)
        if not m.group(1) and self.writable:
            self.mistake("a FETCH that sets \\Seen")
        what, name = m.group(2).upper(), "BODY[%s]" % m.group(2)
        header = re.match(rb"(?:[^\r\n][^\n]*\n)*(?:\r?\n)?", content).group()
        if what == "HEADER":
            content = header
        elif what.startswith("HEADER.FIELDS ("):
            wanted = what[15:].rstrip(")").split()
            lines = re.findall(rb"[^\r\n][^\n]*\n(?:[ \t][^\n]*\n)*", header)
            content = b"".join(x for x in lines if x.split(b":")[0].decode("latin-1").upper() in wanted) + b"\r\n"
        elif what:
            raise No("BAD what is %s?" % word)
        if m.group(3):
            name += "<%s>" % m.group(3)
            content = content[int(m.group(3)):][:int(m.group(4))]
        if "nil" in lies or "empty" in lies:
            return name + (" NIL" if "nil" in lies else ' ""')
        if "garbage" in lies:
            content = bytes((b * 7 + uid) % 256 for b in content)
        return name, content[:-1] if "short" in lies else content

    def do_FETCH(self, c):
        c.blank()
        chosen = self.chosen(c.atom())
        c.blank()
        since = re.search(r" \(CHANGEDSINCE (\d+)\)$", c.text)
        if since:
            if not self.faults.offers("CONDSTORE"):
                raise No("BAD CONDSTORE is not offered")
            c.text = c.text[:since.start()]
            chosen = [x for x in chosen if x[2].modseq > int(since.group(1))]
        words = re.findall(r"(?:BODY(?:\.PEEK)?\[[^\]]*\](?:<\d+\.\d+>)?|[^\s()]+)", c.text.upper())
        if since:
            words.append("MODSEQ")
        if self.uid and "UID" not in words:
            words.insert(0, "UID")
        for number, uid, message in self.as_told(chosen):
            if "broken" in self.lies:
                self.put(b"* %d FETCH (UID %d FLAGS (\\Deleted\r\n" % (number, uid))
                continue
            self.put(b"* %d FETCH (" % number)
            first = True
            for word in words:
                told = self.item(word, uid, message)
                if told is None:
                    continue
                text, literal = (told, None) if isinstance(told, str) else told
                self.put(b" " * (not first) + text.encode("latin-1"))
                first = False
                if literal is not None:
                    self.put(b" {%d}\r\n" % len(literal) + literal)
            self.put(b")\r\n")
        return "OK done"

    def as_told(self, chosen):
        """What a FETCH tells of; all that was chosen, but for lies."""
        lies = self.lies
        if "none" in lies:
            return []
        if "missing" in lies:
            chosen = [x for i, x in enumerate(chosen) if i % 3 != 1]
        if "others" in lies:
            uid, self.uid = self.uid, False
            chosen = self.chosen("1:*")
            self.uid = uid
        if "shifted" in lies:
            chosen = [(n, uid, other) for (n, uid, _), (_, _, other) in zip(chosen, chosen[1:] + chosen[:1])]
        if "twice" in lies:
            chosen = [x for x in chosen for _ in (1, 2)]
        return chosen[::-1] if "reverse" in lies else chosen

    def do_SEARCH(self, c):
        c.blank()
        extended = c.at("RETURN ")
        if extended:
            c.take(r"RETURN \([^)]*\) ", "RETURN")
            if "ESEARCH" not in self.faults.caps:
                raise No("BAD because of ESEARCH")
        numbers, by_uid = self.uid, True
        if c.text.upper() == "ALL":
            text = "1:*"
        elif c.text.upper().startswith("UID "):
            text = c.text[4:]
        else:
            text, by_uid = c.text, False
        self.uid = by_uid
        found = self.chosen(text) if self.view else []
        found = [uid if numbers else n for n, uid, _ in found]
        lie = self.faults.search
        if lie == "none":
            found = []
        elif lie == "all":
            found = list(self.view) if numbers else range(1, len(self.view) + 1)
        elif lie == "twice":
            found = found + found
        elif lie == "junk":
            self.send("* SEARCH 4294967295 0 x")
            return "OK done"
        if extended:
            self.send('* ESEARCH (TAG "x") %s%s' % ("UID " * numbers, "ALL " + ranges(found) if found else ""))
        else:
            self.send(("* SEARCH " + " ".join(map(str, found))).rstrip())
        return "OK done"

    # -- APPEND --

    def do_APPEND(self, c):
        c.blank()
        f, name, batch, objection = self.faults, c.string(), [], None
        while True:
            c.blank()
            n = self.announced(name)
            flags, date = self.said_of_it(c)
            size, waits = c.literal(wait=False)
            if objection is None:
                objection = self.object_early(n, name, flags, date, size, len(batch))
            if waits and objection is not None:
                raise No(objection)
            if self.cut("plus", n) is not None or f.hang_up_over and size > f.hang_up_over:
                raise Cut()
            if waits:
                self.send("+ go on")
            part = self.cut("literal", n)
            if part is not None:
                self.read(min(part, size))
                raise Cut()
            content = self.read(size)
            batch.append((n, content, flags, date))
            if objection is None:
                objection = self.object_late(n, content)
            c = Cursor(self, self.line())
            if c.ends():
                break
            self.log("C:", c.text[:400])
            if "MULTIAPPEND" not in f.caps:
                self.mistake("several messages in an APPEND")
            if ("MULTIAPPEND" not in f.caps or f.no_multi) and objection is None:
                objection = "BAD because of a second message"
        if objection is not None:
            raise No(objection)
        return self.keep(name, batch)

    def announced(self, name):
        f = self.faults
        with self.server.lock:
            f.appends += 1
            gone, _, at = f.vanish.partition("@")
            folder = self.account.find(gone)
            if gone and f.appends == int(at) and folder and not folder.messages:
                del self.account.folders[gone]
                self.log("vanished", gone)
            if when(f.renumber, f.appends) and self.account.find(name):
                self.account.find(name).renumber()
            return f.appends

    def said_of_it(self, c):
        flags, date = [], None
        if c.at("("):
            flags = c.list()
            c.blank()
        elif not self.owner:
            self.mistake("no list of flags")
        if c.at('"'):
            date = c.string()
            c.blank()
            if not re.fullmatch(DATE, date):
                self.mistake("the date %s" % date)
                date = None
        for flag in flags:
            if flag.startswith("\\") and flag.lower() not in [s.lower() for s in SYSTEM]:
                self.mistake("the flag %s" % flag)
        return flags, date

    def object_early(self, n, name, flags, date, size, before):
        """Why it isn't taken, before it was seen."""
        f, a = self.faults, self.account
        if a.find(name) is None:
            return "NO [TRYCREATE] no such folder"
        if name in f.read_only:
            return "NO [READ-ONLY] it can't be written"
        try:
            f.said(f.say, n)
        except No as e:
            return str(e)
        if f.size_max is not None and size > f.size_max:
            return "NO [TOOBIG] the message is too large"
        limit, _, room = f.quota.partition(":")
        if limit and a.total() + before >= int(limit) and not (room and self.server.exists(room)):
            return "NO Quota exceeded (mailbox is full)" if f.quota_words else "NO [OVERQUOTA] there is no room"
        if f.refuse_flags and flags:
            return f.refuse_flags + " because of its flags"
        if f.refuse_keywords and any(not x.startswith("\\") for x in flags):
            return f.refuse_keywords + " because of its keywords"
        if f.refuse_date and date is not None:
            return f.refuse_date + " because of its date"
        return None

    def object_late(self, n, content):
        f = self.faults
        if f.cyrus and b"\0" in content:
            return "NO Message contains NUL characters"
        if f.cyrus and re.search(rb"(?<!\r)\n", content):
            return "NO Message contains bare newlines"
        try:
            f.said(f.say_after, n)
            matching(f.refuse, content.decode("latin-1"))
        except No as e:
            return str(e)
        return None

    def keep(self, name, batch):
        f = self.faults
        for n, *_ in batch:
            if self.cut("before", n) is not None:
                raise Cut()
        late, _, at = f.late.partition("@")
        for n, *_ in batch:
            if late and when(at, n):
                self.log("cut: it is stored in %s s" % late)
                threading.Timer(float(late), self.store, [name, batch]).start()
                raise Cut()
        uids, folder, fresh = self.store(name, batch)
        lost = f.lose_each and fresh
        for n, *_ in batch:
            lost = lost or self.cut("after", n) is not None
        if lost:
            self.log("cut: the answer is lost")
            self.lose()
        for n, *_ in batch:
            if self.cut("answer", n) is not None:
                self.cut_then = True
        return "OK %sdone" % self.append_uid(folder, uids)

    def append_uid(self, folder, uids):
        lie = self.faults.appenduid
        if "UIDPLUS" not in self.faults.caps or lie == "none":
            return ""
        if lie == "junk":
            return "[APPENDUID 0 x] "
        if lie == "wrong":
            uids = [u + 1000 for u in uids]
        if lie == "next":
            uids = [u + 1 for u in uids]
        if lie == "const":
            uids = [folder.messages and min(u for u in folder.messages) or 1] * len(uids)
        if lie == "old":
            uids = range(1, len(uids) + 1)
        return "[APPENDUID %d %s] " % (folder.validity + (lie == "validity"), ranges(uids))

    def store(self, name, batch):
        """The UIDs, the folder, and whether one of them was never stored before."""
        f, uids, fresh = self.faults, [], False
        with self.server.lock:
            folder = self.account.find(name)
            times = {}
            for n, content, flags, date in batch:
                content = rewritten(f.rewrite, n, content)
                t = (seconds(date) if date is not None else int(time.time())) + f.date_shift
                message = Message(content, set(self.kept(flags, True)), t)
                same = [u for u, m in folder.messages.items() if m.content == content]
                if f.drop_duplicates and same:
                    uids.append(same[0] if f.drop_duplicates == "old" else folder.next)
                    folder.next += f.drop_duplicates != "old"
                    self.log("dropped", name, message.sha256)
                    continue
                uids.append(self.account.add(folder, message))
                times[message.sha256] = times.get(message.sha256, 0) + 1
                key = (name, message.sha256, times[message.sha256])
                fresh = fresh or key not in f.lost
                f.lost.add(key)
                self.log("stored", name, uids[-1], message.sha256)
        return uids, folder, fresh


def rewritten(how, n, content):
    if how == "header":
        return b"X-Target: %d\r\n" % n + content
    if how == "ends":
        content = re.sub(rb"\r\n|\n|\r", b"\r\n", content)
        return content if content.endswith(b"\r\n") else content + b"\r\n"
    return content


# ---- the server ----

class Server:
    def __init__(self, args):
        self.lock, self.args = threading.RLock(), args
        self.begin()
        self.none = Faults(options().parse_args([]))
        self.log = open(args.log, "a", buffering=1, errors="backslashreplace") if args.log else None
        self.log_lock = threading.Lock()

    def begin(self):
        self.account, self.faults = Account(self.args), Faults(self.args)
        if self.args.sample:
            fill(self.account, self.args.sample, self.args.now)

    def write(self, line):
        if self.log:
            with self.log_lock:
                self.log.write(line + "\n")

    @staticmethod
    def exists(path):
        try:
            open(path).close()
            return True
        except OSError:
            return False

    def run(self):
        listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        print(listener.getsockname()[1], flush=True)
        number = 0
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number += 1
            threading.Thread(target=Session(self, sock, number).serve, daemon=True).start()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(options().parse_args()).run()

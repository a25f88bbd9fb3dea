"""
target_deleting.py - how messages leave the server with faults (target.py): STORE, UID EXPUNGE, MOVE, and what a client that
deletes must never do.
"""
from target_account import SYSTEM, numbers, ranges
from target_faults import No


class Deleting:
    """A part of Session."""

    def some(self, chosen):
        """Of these messages; all but for faults."""
        if "half" in self.skipped:
            return chosen[:len(chosen) // 2]
        if "partly" in self.skipped:
            return chosen[::2]
        return chosen[:-1] if "one_less" in self.skipped else chosen

    def may_go(self, message, what):
        if message.keep and not self.owner:
            self.mistake("%s of what must stay" % what)

    def was_told(self, uid):
        """Whether the client has seen the mark of a message, in this session."""
        return "\\Deleted" in self.told.get(uid, ())

    # -- STORE --

    def do_STORE(self, c):
        c.blank()
        chosen = self.chosen(c.atom())
        m = c.take(r"(?: \(UNCHANGEDSINCE (\d+)\))? ([+-]?)(FLAGS|X-GM-LABELS)(\.SILENT)? ", "what to store")
        since, sign, what, silent = m.groups()
        values = c.list()
        c.end()
        if since is not None and not self.faults.offers("CONDSTORE"):
            raise No("BAD CONDSTORE is not offered")
        if not self.writable or self.selected.read_only:
            raise No("NO [READ-ONLY] it can't be written")
        modified = [uid for _, uid, message in chosen if since is not None and message.modseq > int(since)]
        self.condstore = self.condstore or since is not None
        for number, uid, message in self.some([x for x in chosen if x[1] not in modified]):
            self.log("changed", uid, sign + what, *values)
            if what == "X-GM-LABELS":
                for label in values:
                    self.account.label(message, label, sign != "-")
                continue
            self.store_flags(uid, message, sign, values)
            self.tell_flags(number, uid, message, silent)
        if self.faults.auto_expunge:
            for _, uid, message in chosen:
                if "\\Deleted" in message.flags and uid in self.selected.messages:
                    self.account.remove(self.selected, uid)
        return "OK %sdone" % ("[MODIFIED %s] " % ranges(modified) if modified else "")

    def store_flags(self, uid, message, sign, values):
        flags = set(self.kept(values, False))
        if not self.owner:
            self.judge_store(uid, message, sign, flags)
        new = flags if sign == "" else message.flags | flags if sign == "+" else message.flags - flags
        self.account.mark(self.selected, message, new, "other" if self.owner else "client")
        self.known[uid] = frozenset(new)

    def judge_store(self, uid, message, sign, flags):
        mark = "\\Deleted" in flags
        if sign == "" or sign == "-" and flags - {"\\Deleted"}:
            self.mistake("STORE that takes away")
        if mark and sign == "-" and message.marker == "other":
            self.mistake("a mark of another's is taken away")
        if mark and sign == "+":
            self.may_go(message, "\\Deleted")
            if message.marker == "other" and self.was_told(uid):
                self.mistake("\\Deleted for what another has marked")
            message.tried = True

    def tell_flags(self, number, uid, message, silent):
        told = ["UID %d" % uid]
        if not silent:
            told.append("FLAGS (%s)" % " ".join(sorted(message.flags)))
            self.told[uid] = set(message.flags)
        if self.condstore:
            told.append("MODSEQ (%d)" % message.modseq)
        if len(told) > 1:
            self.send("* %d FETCH (%s)" % (number, " ".join(told)))

    def kept(self, flags, appended):
        """Of these flags."""
        for flag in flags:
            if self.faults.fixed_keywords and not flag.startswith("\\"):
                continue
            if self.faults.no_mark and flag.lower() == "\\deleted":
                continue
            if not appended or flag not in self.faults.drop_flag:
                yield next((s for s in SYSTEM if s.lower() == flag.lower()), flag)

    # -- EXPUNGE --

    def do_EXPUNGE(self, c):
        if not self.uid:
            if not self.owner:
                self.mistake("EXPUNGE")
            chosen = self.chosen("1:*") if self.view else []
        else:
            if not self.faults.offers("UIDPLUS", "IMAP4rev2") and not self.owner:
                raise No("BAD UIDPLUS is not offered")
            c.blank()
            chosen = self.chosen(c.atom())
        c.end()
        if not self.writable:
            raise No("NO [READ-ONLY] it can't be written")
        if self.uid and not self.owner:
            self.judge_expunge(chosen)
        for _, uid, message in self.some([x for x in chosen if "\\Deleted" in x[2].flags]):
            self.account.remove(self.selected, uid)
            self.log("expunged", uid, message.sha256)
        return "OK done"

    def judge_expunge(self, chosen):
        if self.account.gmail and self.selected.use not in ("\\Trash", "\\Junk"):
            self.mistake("UID EXPUNGE that only takes a label away")
        for _, uid, message in chosen:
            self.may_go(message, "UID EXPUNGE")
            if not self.was_told(uid):
                self.mistake("UID EXPUNGE of %d, and nobody told that it is marked" % uid)
            elif message.marker == "other" and not message.tried:
                self.mistake("UID EXPUNGE of %d, that another has marked" % uid)

    def do_CLOSE(self, c):
        self.need_folder()
        if self.writable:
            if not self.owner:
                self.mistake("CLOSE of a folder that can be written")
            for uid, message in list(self.selected.messages.items()):
                if "\\Deleted" in message.flags:
                    self.account.remove(self.selected, uid)
        self.selected = None
        return "OK done"

    # -- MOVE --

    def do_MOVE(self, c):
        if not self.owner and (not self.uid or not self.faults.offers("MOVE", "IMAP4rev2")):
            raise No("BAD MOVE is not offered")
        c.blank()
        chosen = self.chosen(c.atom())
        c.blank()
        to = self.account.find(c.string())
        if to is None:
            raise No("NO [TRYCREATE] no such folder")
        if not self.writable:
            raise No("NO [READ-ONLY] it can't be written")
        there, moved = list(to.messages), []
        for _, uid, message in self.some(chosen):
            self.may_go(message, "MOVE")
            moved.append((uid, self.account.move(self.selected, uid, to)))
            self.log("moved", uid, message.sha256)
        code = self.copy_uid(to, moved, there)
        if code and self.faults.copyuid != "tagged":
            self.send("* OK %s moved" % code)
            code = ""
        return "OK %sdone" % (code and code + " ")

    def copy_uid(self, to, moved, there):
        """COPYUID for (UID, new UID), or what is told in its place; ${there} was there before."""
        lie, source, new = self.faults.copyuid, [a for a, _ in moved], [b for _, b in moved]
        if not moved or lie == "none" or not self.faults.offers("UIDPLUS", "IMAP4rev2"):
            return ""
        if lie == "junk":
            return "[COPYUID 0 x *]"
        if lie == "wrong":
            new = [u + 1000 for u in new]
        if lie == "others":
            new = (there + new)[:len(source)]
        if lie == "short":
            new = new[:-1] or [new[0], new[0] + 1]
        if lie == "rotated":
            new = new[1:] + new[:1]
        told = ",".join(map(str, new)) if lie == "rotated" else ranges(new)
        return "[COPYUID %d %s %s]" % (to.validity + (lie == "validity"), ranges(source), told)

    # -- for tests --

    def do_XKEEP(self, c):
        if c.ends():
            for folder in self.account.folders.values():
                for message in folder.messages.values():
                    message.keep = False
            return "OK done"
        folder = self.named(c)
        c.blank()
        for uid in numbers(c.text, folder):
            folder.messages[uid].keep = True
        return "OK done"

    def do_XSTATE(self, c):
        for row in self.account.state():
            self.put(b"* " + row.encode() + b"\r\n")
        return "OK done"

    def do_XDO(self, c):
        c.blank()
        self.beside(c.text.encode("latin-1").decode())
        return "OK done"

"""
target_faults.py - what the server with faults (target.py, where the options are told) is asked to do wrong, and when.
"""
import argparse
import re
import sys

CAPABILITIES = ("IMAP4rev1 SASL-IR LITERAL+ UIDPLUS MULTIAPPEND NAMESPACE ID ENABLE UNSELECT CHILDREN SPECIAL-USE "
                "CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS")
LOSSES = ("before", "half", "after", "told")
TALES = ("missing twice others shifted reverse none broken nouid noflags nodate nosize nil empty garbage short").split()


class Cut(Exception):
    """The connection ends here, as a fault wants it."""


class Gone(Exception):
    """The client has ended it."""


class No(Exception):
    """A command is refused: "NO ..." or "BAD ..."."""


def options():
    p = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("folder* delimiter prefix gmail! sample now# log with* without* fixed-keywords! read-only* cut* lose* lose-each! late "
                 "go-on! reset! hang-up-over# say* say-after* refuse-command* no-multi! refuse-keywords refuse-flags "
                 "refuse-date cyrus! refuse* too-big# quota quota-words! storage no-create no-use! no-subscribe! vanish "
                 "rewrite size-off# drop-flag* date-shift# renumber drop-duplicates appenduid "
                 "limit# stale-quota! no-mark! no-modseq! auto-expunge! cut-command* at* ignore* partly* one-less* "
                 "silent-expunge! fetch* search date-off# copyuid").split():
        kind, name = name[-1], "--" + name.rstrip("!*#")
        if kind == "!":
            p.add_argument(name, action="store_true", default=False)
        elif kind == "*":
            p.add_argument(name, action="append", default=[])
        elif kind == "#":
            p.add_argument(name, type=int, default=0)
        else:
            p.add_argument(name, default="")
    return p


def when(spec, n):
    """Whether a WHEN means the ${n}-th."""
    if spec == "*":
        return True
    if spec.startswith("/"):
        return n % int(spec[1:]) == 0
    if spec.endswith("-"):
        return n >= int(spec[:-1])
    return spec != "" and n in map(int, spec.split(","))


class Trigger:
    """RE[@WHEN][:WORD]: some of the commands that match, counted apart from what others count."""

    def __init__(self, spec, words=()):
        word = "(?::(%s))?" % "|".join(words) if words else "()"
        m = re.fullmatch(r"(.*?)(?:@([\d,/*-]+))?" + word, spec, re.S)
        self.pattern, self.when, self.word = m.group(1), m.group(2) or "*", m.group(3) or (words or [""])[0]
        self.n = 0

    def hits(self, line):
        if not re.search(self.pattern, line, re.I | re.S):
            return False
        self.n += 1
        return when(self.when, self.n)


class Faults:
    """What was asked for, and how far it has come."""

    def __init__(self, args):
        self.__dict__.update(vars(args))
        self.appends = 0        # messages announced
        self.lost = set()       # these were lost once
        self.used = None        # of the quota, as it was told
        self.traffic = {"byte": 0, "out": 0}
        self.limits = {"byte": [], "out": []}
        self.cuts = []          # (where, bytes, when)
        for spec in args.cut:
            where, at = spec.split("@")
            if where in self.limits:
                self.limits[where] = sorted(map(int, at.split(",")))
            else:
                where, _, size = where.partition(":")
                if where not in ("plus", "literal", "before", "after", "answer"):
                    sys.exit("target.py: --cut %s" % spec)
                self.cuts.append((where, int(size or 0), at))
        self.losses = [Trigger(spec, LOSSES) for spec in args.cut_command]
        self.refusals = [(Trigger(spec.partition("=")[0]), spec.partition("=")[2]) for spec in args.refuse_command]
        self.deeds = [(Trigger(spec.partition("=")[0], ("before", "after")), spec.partition("=")[2]) for spec in args.at]
        self.skips = {what: [Trigger(spec) for spec in getattr(args, what)] for what in ("ignore", "partly", "one_less")}
        self.tales = []         # (what, of which commands)
        for spec in args.fetch:
            what, _, of = spec.partition(":")
            if what not in TALES:
                sys.exit("target.py: --fetch %s" % spec)
            self.tales.append((what, Trigger(of)))
        caps = set(CAPABILITIES.split())
        caps |= set(",".join(vars(args)["with"]).split(","))
        if args.storage or args.limit:
            caps.add("QUOTA")
        self.caps = caps - set(",".join(args.without).split(",")) - {""}
        limits = [int(c[12:]) for c in self.caps if c.startswith("APPENDLIMIT=")]
        self.size_max = min(limits + [args.too_big] * bool(args.too_big), default=None)

    def offers(self, *caps):
        return any(c in self.caps for c in caps)

    def ends(self, where, n):
        """None, or after how many bytes the connection is lost."""
        for w, size, at in self.cuts:
            if w == where and when(at, n):
                return size
        return None

    def said(self, specs, n):
        for spec in specs:
            at, _, text = spec.partition("=")
            if when(at, n):
                raise No(text)

    # Of a command; each is asked once for it.

    def loss(self, line):
        """None, or how the connection is lost with it."""
        hits = [t.word for t in self.losses if t.hits(line)]
        return hits[0] if hits else None

    def refuse_it(self, line):
        hits = [answer for t, answer in self.refusals if t.hits(line)]
        if hits:
            raise No(hits[0])

    def done_beside(self, line):
        """(before or after, what): what others do while it is carried out."""
        return [(t.word, deed) for t, deed in self.deeds if t.hits(line)]

    def skip(self, line):
        """Which of ignore, partly, one_less it gets."""
        return {what for what, triggers in self.skips.items() if any([t.hits(line) for t in triggers])}

    def told(self, line):
        """How a FETCH lies."""
        return {what for what, t in self.tales if t.hits(line)}


def matching(specs, text):
    for spec in specs:
        pattern, _, answer = spec.partition("=")
        if re.search(pattern, text, re.I | re.S):
            raise No(answer)

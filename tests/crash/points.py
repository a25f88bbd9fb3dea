"""
points.py KIND NAME [OPTION...] -- COMMAND... - run a command again and again, something happening to it at another
point each time, and look whether what it leaves behind is whole; @V in a command is the vault.

KIND
    kill    SIGKILL before, in the middle of and after each call that changes the disk
    fault   a call to the system fails or is short, once or for good
    alloc   an allocation fails, once or for good
    synced  of power: that it finds what is not synced
    power   the power fails, and not all that was not synced is on the disk (tests/tool/powerloss.py)

    --template DIR      the vault as it is before (else there is none)
    --expect FILE       what it has to hold at the end, as readvault.py list says it; without it: what it held before
    --done FILE         what it has to hold when the command has ended well; without it: the same
    --next COMMAND      what must make everything complete after each point, again and again; may be repeated
    --next-or N         it may exit N, too, where the vault is there
    --acknowledges TEXT who has said that has promised that all is in the vault
    --least N           so many points the command must have
    --sample N          about so many of them are tried, or MK_CRASH_TIMES as many, or MK_CRASH=all
    --step N            a clock that is N seconds later at each look; --days N: one that is so many days ahead
    --calls LETTERS     of fault: which calls, as preload_crash.c has them
    --verify COMMAND    what must exit 0 where the vault is right: before the first --next and behind the last
    --broken            the vault is damaged before: it is right only when the command has ended well

In the end it says how many points it has tried, and exits 1 if one of them left harm, or if nothing happened at more
than a tenth of them (and more than one).
"""
import errno
import getopt
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

TOP = os.environ["TOP"]
TOOLS = os.path.join(os.environ["BUILD"], "tests", "tool")
SCRATCH = os.environ["TMPDIR"]
ALL = os.environ.get("MK_CRASH") == "all"
WORKERS = int(os.environ.get("MK_CRASH_JOBS", "0")) or (os.cpu_count() or 1 if ALL else 1)
MISSED = 0.1            # of the points that are tried, or one: so many may be gone the next time
LIMIT = 60              # seconds: who takes longer hangs (a lost connection is tried again for 44)
FEW = int(os.environ.get("MK_CRASH_FEW", 10))      # complaints, then it is enough

sys.path.insert(0, os.path.join(TOP, "tests/tool"))
sys.dont_write_bytecode = True
import powerloss  # noqa: E402

with open(os.path.join(TOP, "tests/tool/readvault.py")) as source:
    reader = compile(source.read(), "readvault.py", "exec")
# What it imports, so that a fork has it.
import calendar, ctypes, ctypes.util, hashlib, io, json, stat, tarfile, time  # noqa: E401,E402,F401


class Harm(Exception):
    pass


class Scene:
    """A command, and what there is before and has to be behind it."""

    def __init__(self, kind, name, options, command):
        self.kind, self.name, self.command = kind, name, command
        self.template = options.get("--template")
        self.nexts = [shlex.split(x) for x in options.get("--next", [])]
        self.next_or = int(options.get("--next-or", 0))
        self.promise = options.get("--acknowledges", "everything on the server is in the vault").encode()
        self.least = int(options.get("--least", 1))
        self.sample = int(options.get("--sample", 50)) * int(os.environ.get("MK_CRASH_TIMES", 1))
        self.calls, self.clock = options.get("--calls", "w"), {}
        if "--step" in options:
            self.clock["MK_CLOCK_STEP"] = options["--step"]
        if "--days" in options:
            self.clock["MK_CLOCK_START"] = str(int(time.time()) + 86400 * int(options["--days"]))
        self.broken, self.verify = "--broken" in options, shlex.split(options.get("--verify", ""))
        self.told = []      # what is no harm of ours
        self.work = os.path.join(SCRATCH, "work.%s.%s.%d" % (kind, name, os.getpid()))
        self.before = {"ever": b""}
        if self.template and not self.broken:
            self.before = self.read(self.template)
        self.expect = None
        if "--expect" in options:
            with open(options["--expect"], "rb") as f:
                self.expect = f.read()
        elif self.template:
            self.expect = self.before["list"]
        self.done = self.expect
        if "--done" in options:
            with open(options["--done"], "rb") as f:
                self.done = f.read()

    @property
    def vault(self):
        return os.path.join(self.work, "vault")

    def is_there(self):
        return os.path.exists(os.path.join(self.vault, "vault.json"))

    def fresh(self):
        """The directory as it is before each point."""
        shutil.rmtree(self.work, ignore_errors=True)
        os.mkdir(self.work)
        if self.template:
            shutil.copytree(self.template, self.vault, symlinks=True)

    def run(self, command, preload=(), **env):
        """Its exit status (negative: a signal); what it said is in self.out and self.err."""
        preload = [os.path.join(TOOLS, "preload_%s.so" % p) for p in preload]
        if self.clock:
            preload.append(os.path.join(TOOLS, "preload_clock.so"))
        env = {**os.environ, **self.clock, "LD_PRELOAD": ":".join(preload), **env}
        command = [x.replace("@V", self.vault) for x in command]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
            try:
                rc = p.wait(LIMIT)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                rc = "hangs"
            out.seek(0)
            err.seek(0)
            self.out, self.err = out.read(), err.read()
        return rc

    def read(self, vault, what=("check", "list", "ever", "missing")):
        """What the second reader finds, of a vault that has to be right."""
        to = tempfile.mkdtemp(dir=SCRATCH)
        said = os.path.join(to, "said")
        pid = os.fork()
        if pid == 0:
            fd = os.open(said, os.O_WRONLY | os.O_CREAT, 0o600)
            os.dup2(fd, 1)
            os.dup2(fd, 2)
            rc = 99
            try:
                sys.argv = ["readvault.py", vault, "all", to]
                exec(reader, {"__name__": "__main__", "__doc__": ""})
            except SystemExit as e:
                rc = e.code or 0
            except BaseException as e:
                print("readvault: %r" % e, flush=True)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(rc)
        rc = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        found = {}
        try:
            if rc != 0:
                with open(said, errors="replace") as f:
                    raise Harm("the vault is not right: " + f.read().strip())
            for w in what:
                with open(os.path.join(to, w), "rb") as f:
                    found[w] = f.read()
        finally:
            shutil.rmtree(to)
        return found

    def after(self, ran_well):
        """What a point has left behind is whole as far as it goes, and the next run makes it complete."""
        promised = self.promise in self.err or self.promise in self.out
        then = self.before
        if self.is_there() and (ran_well or not self.broken):
            then = self.read(self.vault)
            lost(self.before, then)
            if ALL or self.kind in ("kill", "power"):
                self.verified(b"makes the catalog anew")
            if (promised or ran_well) and then["list"] != self.done:
                raise Harm("what was said to be in the vault isn't there" if promised else
                           "it ended well, but is not complete")
        elif ran_well:
            raise Harm("it ended well, and there is no vault")
        self.go_on(then)

    def verified(self, forgiven=None):
        """The program itself finds nothing; what was being made of the index is forgiven before the next run."""
        rc = self.run(self.verify) if self.verify else 0
        if rc != 0 and not (rc == 6 and forgiven and forgiven in self.err):
            raise Harm("exit %s of %s: %s" % (rc, shlex.join(self.verify), self.said()))

    def go_on(self, then):
        for command in self.nexts:
            there = self.is_there()
            rc = self.run(command)
            if rc != 0 and not (there and rc == self.next_or):
                raise Harm("exit %s of %s: %s" % (rc, shlex.join(command), self.said()))
        now = self.read(self.vault)
        if now["list"] != self.expect:
            raise Harm("not complete after the next run: %s" % differences(self.expect, now["list"]))
        lost(then, now)
        self.verified()
        if not now["check"].endswith(b" scratch 0\n"):
            raise Harm("tmp/ is not empty")

    def said(self):
        return (self.out[-500:] + self.err[-1000:]).decode(errors="replace").strip()


def rows(text):
    return text.decode(errors="surrogateescape").splitlines()


def lost(before, now):
    """What the manifests had, they have.  (Flags and names of folders are those of now.)"""
    def key(row):
        return tuple(row.split("\t")[1:4])
    gone = {key(r) for r in rows(before["ever"])} - {key(r) for r in rows(now["ever"])}
    if gone:
        raise Harm("lost: %s" % sorted(gone)[:5])


def differences(a, b):
    a, b = set(rows(a)), set(rows(b))
    return ["-" + x for x in sorted(a - b)[:3]] + ["+" + x for x in sorted(b - a)[:3]]


# ---- the points: KIND_points() lists them, KIND_try() tries one and returns whether it was met ----

def counted(scene, calls):
    """The lines of a run without a crash."""
    log = os.path.join(SCRATCH, "calls.%s" % scene.name)
    scene.fresh()
    if os.path.exists(log):
        os.remove(log)
    rc = scene.run(scene.command, ["crash"], MK_CRASH_UNDER=scene.work, MK_CRASH_CALLS=calls, MK_CRASH_LOG=log)
    if rc != 0:
        raise Harm("exit %s without a crash: %s" % (rc, scene.said()))
    lines = []
    if os.path.exists(log):
        with open(log) as f:
            lines = [line.rstrip("\n").split(" ", 3) for line in f]
    # What there is of the other calls is not known as well.
    if len(lines) < scene.least and "w" in calls:
        raise Harm("only %d calls: does the library see them all?" % len(lines))
    return lines


def kill_points(scene):
    lines = counted(scene, "w")
    scene.facts = "%d calls" % len(lines)
    return [(n, call, sort, path, how) for n, call, sort, path in lines for how in ("before", "half", "after")
            if how != "half" or sort == "W"]


def kill_try(scene, point):
    n, call, sort, path, how = point
    rc = scene.run(scene.command, ["crash"], MK_CRASH_UNDER=scene.work, MK_CRASH_AT=n, MK_CRASH_HOW=how)
    # Catalog pages may be fewer or more the next time: a late point may not be reached.
    if rc not in (-9, 0):
        raise Harm("exit %s, not killed: %s" % (rc, scene.said()))
    scene.after(rc == 0)
    return rc == -9


def faults_of(sort, call, calls):
    if calls == "o":
        return [(how, "EMFILE") for how in ("fail", "fail-on")]
    if sort == "N":
        piece = call in ("send", "recv")
        return ([("fail", "ECONNRESET"), ("fail-on", "ECONNRESET")] + [("fail", "EINTR")] * (call != "connect") +
                [("short", "-"), ("short-on", "-")] * piece)
    if sort in "RLO":
        return ([("fail", "EIO"), ("fail-on", "EIO")] + [("fail", "EINTR")] * (sort == "R") +
                [("short", "-"), ("short-on", "-")] * (sort == "R"))
    out = [(how, e) for e in ("EIO", "EROFS") for how in ("fail", "fail-on") if e != "EROFS" or sort != "S"]
    if sort in "MWS":
        out += [(how, e) for e in ("ENOSPC", "EDQUOT") for how in ("fail", "fail-on")]
    return out + [("fail", "EINTR"), ("short", "-"), ("short-on", "-")] * (sort == "W")


def fault_points(scene):
    lines = counted(scene, scene.calls)
    scene.facts = "%d calls (%s)" % (len(lines), scene.calls)
    # To give up a connection takes its time.
    return [(n, call, sort, path, how, e) for n, call, sort, path in lines
            for how, e in faults_of(sort, call, scene.calls)
            if sort != "N" or e == "EINTR" or how != "fail-on" or ALL and int(n) % 16 == 0]


def is_index(path):
    return "/catalog.sqlite" in path


def fault_try(scene, point):
    n, call, sort, path, how, e = point
    hits = os.path.join(scene.work, "../hits.%s.%d" % (scene.name, os.getpid()))
    if os.path.exists(hits):
        os.remove(hits)
    rc = scene.run(scene.command, ["crash"], MK_CRASH_UNDER=scene.work, MK_CRASH_CALLS=scene.calls, MK_CRASH_AT=n,
                   MK_CRASH_HOW=how, MK_CRASH_ERRNO=str(getattr(errno, e, 0)), MK_CRASH_HIT=hits)
    hit = []
    if os.path.exists(hits):
        with open(hits) as f:
            hit = [line.rstrip("\n").split(" ", 3) for line in f]
    note_down(scene, rc, how, e, n, call, sort, path.replace(scene.work, ""), len(hit))
    check_status(scene, rc, how, e, point, hit)
    scene.after(rc == 0)
    return hit != []


def check_status(scene, rc, how, e, point, hit):
    n, call, sort, path = point[:4]
    if rc == "hangs" or rc < 0 or rc > 127:
        raise Harm("exit %s: %s" % (rc, scene.said()))
    if how.startswith("short") or e == "EINTR":
        if rc != 0:
            raise Harm("exit %s: %s" % (rc, scene.said()))
    elif rc == 0 and how == "fail-on" and not all(is_harmless(*h[1:4]) for h in hit):
        raise Harm("exit 0: %s" % [" ".join(h) for h in hit if not is_harmless(*h[1:4])][:3])
    elif rc not in (0, 8) and e in ("ENOSPC", "EDQUOT"):
        # SQLite tries again to open for reading only what it can't create, and tells of that.
        if not ("open" in call and "-journal" in path):
            raise Harm("exit %s: %s" % (rc, scene.said()))


def is_harmless(call, sort, path):
    """A call whose lasting failure need not be told: SQLite's for the index, what is only advice, stdout's."""
    if path.rstrip("/").endswith("/vault"):
        return call in ("open", "realpath", "fstatfs", "fstatvfs", "fdatasync")
    # Whoever has everything may lose the connection.
    return is_index(path) or sort == "N" or "/vault" not in path and call == "dup"


def alloc_points(scene):
    log = os.path.join(SCRATCH, "places.%s" % scene.name)
    scene.fresh()
    rc = scene.run(scene.command, ["alloc"], MK_ALLOC_LOG=log)
    if rc != 0:
        raise Harm("exit %s without a failure: %s" % (rc, scene.said()))
    with open(log) as f:
        *places, total = f.read().splitlines()
    total = int(total.split()[1])
    if total < scene.least:
        raise Harm("only %d allocations: does the library see them all?" % total)
    scene.facts = "%d allocations in %d places" % (total, len(places))
    places = sorted((int(n), times, " ".join(where)) for n, times, *where in (p.split(" ") for p in places))
    if os.environ.get("MK_CRASH_ALLOC") == "every":
        places = [(n, "1", "") for n in range(1, total + 1)]
    return [(n, where, how) for n, times, where in places for how in ("once", "on")]


def callers(trace):
    """Who asked for what failed, and where it crashed, innermost first; not the C library's own abort() and so on."""
    if not os.path.exists(trace):
        return [], []
    with open(trace) as f:
        lines = [re.sub(r".*/|\[.*", "", line.strip()) for line in f]
    at = lines.index("crash") if "crash" in lines else len(lines)

    def others(part):
        return [x for x in part if not x.startswith(("libc.so", "preload_"))]
    return others(lines[:at]), others(lines[at + 1:])


def alloc_try(scene, point):
    n, where, how = point
    trace = os.path.join(SCRATCH, "trace.%s.%d" % (scene.name, os.getpid()))
    if os.path.exists(trace):
        os.remove(trace)
    rc = scene.run(scene.command, ["alloc"], MK_ALLOC_AT=str(n), MK_ALLOC_HOW=how, MK_ALLOC_TRACE=trace)
    if rc == "hangs" or rc < 0 or rc > 127:
        failed, crashed = callers(trace)
        where = "exit %s: %s: failed: %s; crashed: %s" % (
            rc, scene.said(), " < ".join(failed[:9]), " < ".join(crashed[:12]))
        if not crashed or not crashed[0].startswith("libcrypto"):
            raise Harm(where)
        # Not ours to mend; what it leaves behind must be whole all the same.
        scene.told.append("%s: %s" % (scene.name, where))
    elif rc == 6 and not scene.broken:
        raise Harm("want of memory is told as damage: %s" % scene.said())
    note_down(scene, rc, how, n, where[:200])
    scene.after(rc == 0)
    return os.path.exists(trace)


def power_points(scene):
    record(scene)
    if scene.rc != 0:
        raise Harm("exit %s without a crash: %s" % (scene.rc, scene.said()))
    calls = scene.record.calls
    if len(calls) < scene.least:
        raise Harm("only %d calls: does the library see them all?" % len(calls))
    # All that was recorded gives just what is there: nothing was overlooked.
    start = powerloss.before(scene.work)
    real = powerloss.Record(os.devnull, start).tree(0, "all")
    if powerloss.mark(real) != powerloss.mark(scene.record.tree(len(calls), "all")):
        raise Harm("the record doesn't give the directory that the command has left")
    states = {}
    for k in range(len(calls) + 1):
        # Behind a word nothing has changed; what can have been said then only grows.
        if k < len(calls) and calls[k][0] == "say":
            continue
        for mode in powerloss.MODES + list(range(4)):
            states[powerloss.mark(scene.record.tree(k, mode))] = (k, mode)
    points = sorted(states.values(), key=str)
    random.Random(1).shuffle(points)
    scene.facts = "%d calls" % len(calls)
    return points


def record(scene, swallow=""):
    log = os.path.join(SCRATCH, "record.%s" % scene.name)
    scene.fresh()
    if os.path.exists(log):
        os.remove(log)
    start = powerloss.before(scene.work)
    scene.rc = scene.run(scene.command, ["power"], MK_POWER_UNDER=scene.work, MK_POWER_LOG=log,
                         MK_POWER_SWALLOW=swallow)
    scene.record = powerloss.Record(log, start)


def power_try(scene, point):
    k, mode = point
    shutil.rmtree(scene.work)
    os.mkdir(scene.work)
    powerloss.build(scene.record.tree(k, mode), scene.work)
    scene.out, scene.err = b"", scene.record.said(k)
    scene.after(k == len(scene.record.calls))
    return True


def synced_points(scene):
    """The test of the test: what the command syncs, each left out in turn, the power failing right behind its end."""
    record(scene)
    # Names of packs are random.
    paths = {re.sub(r"-[0-9a-f]{8}\b", "-*", path) for path in scene.record.synced}
    scene.facts = "%d fsyncs" % sum(c[0] == "sync" for c in scene.record.calls)
    return [(path,) for path in sorted(paths)]


def synced_try(scene, point):
    record(scene, point[0])
    k = len(scene.record.calls)
    for mode in powerloss.MODES:
        shutil.rmtree(scene.work)
        os.mkdir(scene.work)
        powerloss.build(scene.record.tree(k, mode), scene.work)
        try:
            if not scene.is_there() or scene.read(scene.vault)["list"] != scene.done:
                raise Harm("not complete")
        except Harm:
            print("needed: %s (%s)" % (point[0], mode), flush=True)
            return True
    print("not needed: %s" % point[0], flush=True)
    return True


def note_down(scene, *words):
    """For who looks into it by hand."""
    if os.environ.get("MK_CRASH_NOTES"):
        with open(os.environ["MK_CRASH_NOTES"], "a") as f:
            print(scene.name, *words, sep="\t", file=f)


# ---- trying them ----

def chosen(scene, points):
    """All, or a sample that is the same each time."""
    if ALL or len(points) <= scene.sample:
        return points
    stride = len(points) / scene.sample
    return [points[int((i + 0.5) * stride)] for i in range(scene.sample)]


def work_on(scene, points, attempt, first, said, met):
    """One of the workers; a byte for each point that was met goes to the pipe."""
    scene.work = "%s.%d" % (scene.work, first)
    bad = 0
    for i in range(first, len(points), WORKERS):
        scene.fresh()
        try:
            if attempt(scene, points[i]):
                os.write(met, b"+")
        except Harm as e:
            bad += 1
            os.write(met, b"+")
            text = " ".join(str(x) for x in points[i]).replace(scene.work, "").replace(SCRATCH, "")
            os.write(said, ("%s %s, %s: %s\n" % (scene.kind, scene.name, text, e)).encode(errors="surrogateescape"))
            if bad >= FEW:
                break
    shutil.rmtree(scene.work, ignore_errors=True)
    if scene.told:
        libraries = {re.sub(r".*crashed: ([^(]*).*", r"\1", t, flags=re.S) for t in scene.told}
        os.write(said, ("%s %s: %d crashes inside %s, such as %s\n" % (
            scene.kind, scene.name, len(scene.told), ", ".join(sorted(libraries)), scene.told[0])).encode())
    return bad


def main(argv):
    at = argv.index("--")
    rest, command = argv[2:at], argv[at + 1:]
    options = {}
    names = "template= expect= done= next= next-or= acknowledges= least= sample= step= days= calls= verify= broken"
    for o, v in getopt.gnu_getopt(rest, "", names.split())[0]:
        if o == "--next":
            options.setdefault(o, []).append(v)
        else:
            options[o] = v
    scene = Scene(argv[0], argv[1], options, command)
    began = time.monotonic()
    try:
        points = globals()[scene.kind + "_points"](scene)
    except Harm as e:
        print("%s %s: %s" % (scene.kind, scene.name, e))
        return 1
    some = chosen(scene, points)
    pids = []
    met, met_end = os.pipe()
    for first in range(WORKERS):
        pid = os.fork()
        if pid == 0:
            rc = 99
            try:
                rc = min(work_on(scene, some, globals()[scene.kind + "_try"], first, 1, met_end), 98)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stderr.flush()
                os._exit(rc)
        pids.append(pid)
    os.close(met_end)
    with open(met, "rb") as f:
        hit = len(f.read())
    bad = sum(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)
    shutil.rmtree(scene.work, ignore_errors=True)
    print("%s %s: %s, %d points, %d tried, %d met, %d did harm, %.0f s" % (
        scene.kind, scene.name, scene.facts, len(points), len(some), hit, bad, time.monotonic() - began), flush=True)
    if bad:
        return 1
    if len(some) - hit > max(1, MISSED * len(some)):
        print("%s %s: nothing happened at %d points" % (scene.kind, scene.name, len(some) - hit))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

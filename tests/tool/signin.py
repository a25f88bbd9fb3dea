#!/usr/bin/env python3
"""
signin.py DIRECTORY PROGRAM [ARGUMENT...] - a sign-in in front of an IMAP server that wants to be started for each session,
as Courier's imapd does.

Listens on a free port of 127.0.0.1, which it prints.  Who signs in with a name that is a directory in DIRECTORY, and with
the password in $IMAP_PASSWORD, gets PROGRAM, run in that directory, on his connection.  PROGRAM finds this environment and
what Courier's own sign-in hands over: AUTHENTICATED, IMAPLOGINTAG (it answers the command that signed in) and so on.  What
the client sends to it is kept in a file in DIRECTORY/USER/said.  SIGTERM ends all.
"""
import base64
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

GREETING = b"* OK [CAPABILITY %s] Courier-IMAP ready. (A sign-in for tests.)\r\n"


def line(s):
    """One line, and not a byte more: the rest is for the program."""
    b = b""
    while not b.endswith(b"\n"):
        c = s.recv(1)
        if not c or len(b) > 8192:
            sys.exit(0)
        b += c
    return b.rstrip(b"\r\n")


def words(s, text):
    """The arguments of LOGIN: atoms, quoted strings and literals."""
    out = []
    while text:
        m = re.match(rb' *(?:"((?:\\.|[^"\\])*)"|\{(\d{1,4})(\+?)\}$|([^ "{]+))', text)
        if not m:
            break
        if m.group(1) is not None:
            out.append(re.sub(rb"\\(.)", rb"\1", m.group(1)))
        elif m.group(4):
            out.append(m.group(4))
        else:
            if not m.group(3):
                s.sendall(b"+ OK\r\n")
            body = b""
            while len(body) < int(m.group(2)):
                body += s.recv(int(m.group(2)) - len(body)) or sys.exit(0)
            out.append(body)
            text = line(s)
            continue
        text = text[m.end():]
    return out


def credentials(s, verb, rest):
    if verb == b"LOGIN":
        found = words(s, rest)
    else:
        mechanism, _, first = rest.partition(b" ")
        if mechanism.upper() != b"PLAIN":
            return None
        if not first:
            s.sendall(b"+ \r\n")
            first = line(s)
        found = base64.b64decode(first).split(b"\0")[1:]
    return found if len(found) == 2 else None


def session(s, capabilities, where, program):
    s.sendall(GREETING % capabilities)
    while True:
        tag, _, command = line(s).partition(b" ")
        verb, _, rest = command.partition(b" ")
        verb = verb.upper()
        if verb in (b"LOGIN", b"AUTHENTICATE"):
            found = credentials(s, verb, rest)
            if found and b"/" not in found[0] and os.path.isdir(os.path.join(where, os.fsdecode(found[0]))) \
                    and found[1] == os.environb[b"IMAP_PASSWORD"]:
                user = os.fsdecode(found[0])
                break
            s.sendall(tag + b" NO Login failed.\r\n")
        elif verb == b"LOGOUT":
            s.sendall(b"* BYE Courier-IMAP server shutting down\r\n" + tag + b" OK LOGOUT completed\r\n")
            sys.exit(0)
        elif verb == b"CAPABILITY":
            s.sendall(b"* CAPABILITY " + capabilities + b"\r\n" + tag + b" OK CAPABILITY completed\r\n")
        elif verb == b"NOOP":
            s.sendall(tag + b" OK NOOP completed\r\n")
        else:
            s.sendall(tag + b" NO Error in IMAP command received by server.\r\n")
    home = os.path.join(os.path.abspath(where), user)
    port = str(s.getpeername()[1])
    environment = dict(os.environ, AUTHENTICATED=user, AUTHADDR=user, HOME=home, MAILDIR="Maildir", PROTOCOL="IMAP",
                       IMAPLOGINTAG=os.fsdecode(tag), TCPREMOTEIP="127.0.0.1", TCPREMOTEPORT=port)
    del environment["IMAP_PASSWORD"]
    os.makedirs(home + "/said", exist_ok=True)
    run = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=s.fileno(), cwd=home, env=environment, bufsize=0)
    with open("%s/said/%d.%s" % (home, time.time_ns(), port), "wb", buffering=0) as said:
        hand_over(s, run, said)


def hand_over(s, run, said):
    """What the client sends goes to the program's input; its output is the connection itself."""
    ended = os.pidfd_open(run.pid)
    try:
        while ended not in select.select([s, ended], [], [])[0]:
            some = s.recv(1 << 16)
            if not some:
                break
            said.write(some)
            while some:
                some = some[run.stdin.write(some):]
    except OSError:
        pass
    run.stdin.close()
    run.wait()


def main(argv):
    if len(argv) < 3:
        sys.exit(__doc__)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.create_server(("127.0.0.1", 0), backlog=50)
    os.setpgid(0, 0)

    def end(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
    print(listener.getsockname()[1], flush=True)
    capabilities = os.environb[b"IMAP_CAPABILITY"] + b" AUTH=PLAIN"
    while True:
        s, _ = listener.accept()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                session(s, capabilities, argv[1], argv[2:])
            finally:
                os._exit(0)
        s.close()


main(sys.argv)

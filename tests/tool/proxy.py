#!/usr/bin/env python3
"""
proxy.py LOG - a proxy for the tests: SOCKS5 and HTTP CONNECT on one free port of 127.0.0.1, which it prints.

Whatever host is asked for, the connection goes to 127.0.0.1 and the port that was asked for; "socks5 HOST:PORT" or
"http HOST:PORT" is a line of LOG.  It ends with the first line on stdin, or its end.
"""
import socket
import sys
import threading


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def socks5(s):
    """RFC 1928, without authentication; names are sent, not addresses."""
    exactly(s, exactly(s, 1)[0])
    s.sendall(b"\x05\x00")
    _, command, _, kind = exactly(s, 4)
    if kind == 3:
        host = exactly(s, exactly(s, 1)[0]).decode()
    else:
        host = socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, exactly(s, 4 if kind == 1 else 16))
    port = int.from_bytes(exactly(s, 2), "big")
    s.sendall(b"\x05" + (b"\x00" if command == 1 else b"\x07") + b"\x00\x01\x7f\x00\x00\x01\x00\x00")
    return "socks5", host, port


def connect(s, first):
    head = first
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(s, 1)
    method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    host, port = target.rsplit(":", 1)
    s.sendall(b"HTTP/1.1 200 go on\r\n\r\n" if method == "CONNECT" else b"HTTP/1.1 405 no\r\n\r\n")
    return "http", host, int(port)


def serve(s):
    try:
        first = exactly(s, 1)
        how, host, port = socks5(s) if first == b"\x05" else connect(s, first)
        with open(sys.argv[1], "a") as log:
            print("%s %s:%d" % (how, host, port), file=log)
        to = socket.create_connection(("127.0.0.1", port), timeout=20)
    except OSError:
        s.close()
        return
    threading.Thread(target=pump, args=(to, s), daemon=True).start()
    pump(s, to)


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
threading.Thread(target=lambda: [threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
                                 for _ in iter(int, 1)], daemon=True).start()
sys.stdin.readline()

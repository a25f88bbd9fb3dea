"""asked.py - for the tests' own Python: what mailkeep shows at a terminal, and what it makes of an answer."""
import fcntl
import os
import pty
import re
import struct
import termios


def run(columns, prompt, answer, *args):
    """The lines that a terminal shows when what ends so is answered so, and the exit status.  No answer: it isn't asked."""
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.environ["TERM"] = "xterm"
        os.execvp("mailkeep", ("mailkeep",) + args)
    text = b""
    try:
        while got := os.read(fd, 4096):
            text += got
            if answer is not None and text.endswith(prompt):
                os.write(fd, answer)
                answer = None
    except OSError:
        pass
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert answer is None, ("not asked", text)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).replace("\r\n", "\n").replace("\x1b[K", "")
    return [line.rsplit("\r", 1)[-1] for line in text.splitlines()], status

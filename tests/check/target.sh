# The server with faults (tests/tool/target.py): each of its faults is what it says, and without any it is a server.
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"
need python3

cat >"$TMPDIR/cases.py" <<'END'
"""Each case: options, what a client sends, what must come back (regular expressions, in this order), messages then."""
import re, socket, sys, threading, time
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import target

def m(text, plus="+", more="(\\Seen) "):
    return " %s{%d%s}\r\n%s" % (more, len(text), plus, text)

A = "a LOGIN anna x\r\n"
ONE = "b APPEND INBOX" + m("a: b\r\n\r\none\r\n") + "\r\n"
TWO = "c APPEND INBOX" + m("a: b\r\n\r\ntwo\r\n") + "\r\n"
BOTH = "b APPEND INBOX" + m("a: 1\r\n\r\n") + m("a: 2\r\n\r\n") + "\r\n"
KEYS = "b APPEND INBOX" + m("a: 1\r\n\r\n", more="(\\Seen $Work) ") + "\r\n"
DATED = "b APPEND INBOX" + m("a: 1\r\n\r\n", more='() "17-Jul-1996 02:44:25 -0700" ') + "\r\n"
WAITS = "b APPEND INBOX" + m("a: b\r\n\r\none\r\n", plus="") + "\r\n"
NUL = "b APPEND INBOX" + m("a: b\0\r\n\r\n") + "\r\n"
BARE = "b APPEND INBOX" + m("a: b\n\n") + "\r\n"
LOOK = "s SELECT INBOX\r\nf UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\r\n"
Z = "z LOGOUT\r\n"
OPEN = "s SELECT INBOX\r\n"
IN = A + ONE + TWO + OPEN
MARK = "m UID STORE 1 +FLAGS.SILENT (\\Deleted)\r\n"
UNMARK = "u UID STORE 1 -FLAGS.SILENT (\\Deleted)\r\n"
SEE = "f UID FETCH 1:* (FLAGS)\r\n"
EXPUNGE = "e UID EXPUNGE 1\r\n"
MOVE = "v UID MOVE 1 Trash\r\n"
GONE = MARK + SEE + EXPUNGE + SEE.replace("f", "g", 1)
HEAD = "h UID FETCH 1:2 (BODY.PEEK[HEADER])\r\n"
MODS = "--with CONDSTORE "
TRASH = " --folder 'Trash=\\Trash'"
CASES = [
    # without faults
    ("", A + ONE + TWO + Z, [r"b OK \[APPENDUID \d+ 1\]", r"c OK \[APPENDUID \d+ 2\]", "z OK"], 2),
    ("", A + BOTH + Z, [r"b OK \[APPENDUID \d+ 1:2\]"], 2),
    ("", A + WAITS + Z, [r"\+ go on", "b OK"], 1),
    ("", A + ONE + LOOK, [r"\* 1 EXISTS", r"\* 1 FETCH \(UID 1 FLAGS \(\\Seen\) INTERNALDATE \".*\" RFC822.SIZE 13 "
                         r"BODY\[\] \{13\}\r\na: b\r\n\r\none\r\n\)", "f OK"], 1),
    ("", A + "s SELECT INBOX\r\n" + ONE + Z, [r"\* 0 EXISTS", r"\* 1 EXISTS", "b OK"], 1),
    ("", A + ONE + "s SELECT INBOX\r\nt UID STORE 1 +FLAGS.SILENT (\\Flagged x)\r\nf FETCH 1 FLAGS\r\n" + Z,
     ["t OK", r"FLAGS \(\\Flagged \\Seen x\)"], 1),
    ("", A + ONE + "s SELECT INBOX\r\nf UID FETCH 1 (BODY.PEEK[HEADER])\r\ng UID FETCH 1 (BODY.PEEK[]<3.1>)\r\n" + Z,
     [r"BODY\[HEADER\] \{8\}\r\na: b\r\n\r\n\)", r"BODY\[\]<3> \{1\}\r\nb\)"], 1),
    ("", A + ONE + "s EXAMINE INBOX\r\nt UID SEARCH ALL\r\n" + Z, [r"PERMANENTFLAGS \(\)", r"\* SEARCH 1\r", "t OK"], 1),
    ("--with ESEARCH", A + ONE + TWO + "s EXAMINE INBOX\r\nt UID SEARCH RETURN (ALL) ALL\r\n" + Z, ["UID ALL 1:2\r"], 2),
    ("", A + 'c CREATE a/b (USE (\\Sent))\r\nd SUBSCRIBE a/b\r\nl LIST "" * RETURN (SUBSCRIBED SPECIAL-USE STATUS '
     '(MESSAGES))\r\nm LSUB "" *\r\ne CREATE a/b\r\n' + Z,
     ["c OK", "d OK", r'LIST \(.*\) "/" "INBOX"', r'\* STATUS "INBOX" \(MESSAGES 0\)', r'LIST \(\\Noselect \\HasChildren\) '
      r'"/" "a"', r'LIST \(\\Sent \\Subscribed \\HasNoChildren\) "/" "a/b"', "l OK", 'LSUB .*"a/b"', r"e NO \[ALREADYEXISTS"], 0),
    ("", A + "b APPEND nowhere" + m("x") + "\r\n" + Z, [r"b NO \[TRYCREATE\]"], 0),
    ("--with APPENDLIMIT=5", A + ONE + Z, [r"APPENDLIMIT=5", r"b NO \[TOOBIG\]"], 0),
    ("--prefix INBOX. --delimiter .", A + "n NAMESPACE\r\nc CREATE x\r\nd CREATE INBOX.x\r\n" + Z,
     [r'\(\("INBOX." "."\)\)', "c NO", "d OK"], 0),
    ("--storage 5:10", A + "q GETQUOTAROOT INBOX\r\n" + Z, ["QUOTA", r"\(STORAGE 5 10\)", "q OK"], 0),
    # lost connections
    ("--cut plus@2", A + ONE + WAITS, ["b OK", "$"], 1),
    ("--cut literal:5@2", A + ONE + TWO + Z, ["b OK", "$"], 1),
    ("--cut before@1", A + ONE + Z, ["a OK", "$"], 0),
    ("--cut after@2", A + ONE + TWO + Z, ["b OK", "$"], 2),
    ("--cut after@2", A + BOTH + Z, ["a OK", "$"], 2),
    ("--cut before@2", A + BOTH + Z, ["a OK", "$"], 0),
    ("--cut answer@1", A + ONE + TWO + Z, ["b OK", "$"], 1),
    ("--cut after@1 --go-on", A + ONE + TWO + Z, ["a OK", "$"], 2),
    ("--cut byte@30", A + ONE + TWO + Z, ["a OK", "$"], 0),
    ("--cut out@3", A + ONE + Z, ["\r\na O$"], 1),
    ("--lose CREATE", A + "c CREATE x\r\n" + Z, ["a OK", "$"], 0),
    ("--lose CREATE --go-on", (A + "c CREATE x\r\n" + Z, A + 'd LIST "" x\r\nc CREATE y\r\n' + Z), ["LIST.*x", "c OK"], 0),
    ("--lose-each", A + ONE + TWO + Z, ["a OK", "$"], 1),
    ("--lose-each", (A + ONE + Z, A + ONE + TWO + Z), ["b OK", "$"], 3),
    ("--late 0.2@1", (A + ONE, A + LOOK + "=", A + LOOK + Z), [r"\* 1 EXISTS"], 1),
    ("--late 0.2@1", (A + ONE, A + LOOK + Z), [r"\* 0 EXISTS"], 0),
    ("--hang-up-over 12", A + "b APPEND INBOX" + m("x" * 12) + "\r\n" + ONE + Z, ["b OK", "$"], 1),
    # refusals
    ("--say '1=NO [THROTTLED] slow'", A + ONE + TWO + Z, [r"b NO \[THROTTLED\] slow", "c OK"], 1),
    ("--say '/1=NO [X] y'", A + WAITS[:WAITS.index("}") + 3] + Z, [r"b NO \[X\] y", "z OK"], 0),
    ("--say-after '2=BAD why'", A + BOTH + Z, ["b BAD why", "z OK"], 0),
    ("--refuse-command 'UID FETCH=NO [LIMIT] rate'", A + ONE + LOOK + Z, [r"f NO \[LIMIT\]"], 1),
    ("--no-multi", A + BOTH + ONE + Z, ["b BAD", "b OK"], 1),
    ("--refuse-keywords NO", A + KEYS + ONE + Z, ["b NO", "b OK"], 1),
    ("--refuse-flags BAD", A + ONE + DATED + Z, ["b BAD", "b OK"], 1),
    ("--refuse-date BAD", A + DATED + ONE + Z, ["b BAD", "b OK"], 1),
    ("--cyrus", A + NUL + BARE + ONE + Z, ["b NO Message contains NUL", "b NO Message contains bare new", "b OK"], 1),
    ("--refuse 'two=NO virus'", A + ONE + TWO + Z, ["b OK", "c NO virus"], 1),
    ("--too-big 12", A + ONE + Z, [r"b NO \[TOOBIG\]"], 0),
    ("--quota 1", A + ONE + TWO + Z, ["b OK", r"c NO \[OVERQUOTA\]"], 1),
    ("--quota 1:/dev/null", A + ONE + TWO + Z, ["b OK", "c OK"], 2),
    ("--quota 0 --quota-words", A + ONE + Z, ["b NO Quota exceeded"], 0),
    ("--no-create ^x", A + "c CREATE x\r\nd CREATE y\r\n" + Z, ["c NO", "d OK"], 0),
    ("--no-use", A + "c CREATE x (USE (\\Sent))\r\n" + Z, [r"c NO \[USEATTR\]"], 0),
    ("--no-subscribe", A + "c SUBSCRIBE INBOX\r\n" + Z, ["c NO"], 0),
    ("--read-only INBOX", A + ONE + "s SELECT INBOX\r\n" + Z, [r"b NO \[READ-ONLY\]", r"s OK \[READ-ONLY\]"], 0),
    ("--folder x --vanish x@1", A + "b APPEND x" + m("abc") + "\r\n" + Z, [r"b NO \[TRYCREATE\]"], 0),
    # what isn't kept, and lies
    ("--rewrite header", A + ONE + LOOK + Z, [r"\r\nX-Target: 1\r\na: b"], 1),
    ("--rewrite ends", A + BARE + LOOK + Z, [r"\r\na: b\r\n\r\n\)"], 1),
    ("--size-off 3", A + ONE + LOOK + Z, [r"RFC822.SIZE 16 BODY.*\{13\}"], 1),
    ("--drop-flag '\\Seen'", A + ONE + LOOK + Z, [r"FLAGS \(\) "], 1),
    ("--fixed-keywords", A + KEYS + LOOK + Z, [r"PERMANENTFLAGS \([^*]*\)", r"UID 1 FLAGS \(\\Seen\) "], 1),
    ("--date-shift 60", A + DATED + LOOK + Z, ['"17-Jul-1996 09:45:25 .0000"'], 1),
    ("--renumber 2", A + ONE + TWO + Z, [r"b OK \[APPENDUID 1000000007 1\]", r"c OK \[APPENDUID 1000000008 \d{3}\]"], 2),
    ("--drop-duplicates old", A + ONE + ONE + Z, [r"b OK \[APPENDUID \d+ 1\]", r"b OK \[APPENDUID \d+ 1\]"], 1),
    ("--drop-duplicates none", A + ONE + ONE + Z, [r"b OK \[APPENDUID \d+ 1\]", r"b OK \[APPENDUID \d+ 2\]"], 1),
    ("--appenduid none", A + ONE + Z, ["b OK done"], 1),
    ("--appenduid wrong", A + ONE + Z, [r"b OK \[APPENDUID 1000000007 1001\]"], 1),
    ("--appenduid validity", A + ONE + Z, [r"b OK \[APPENDUID 1000000008 1\]"], 1),
    ("--without UIDPLUS", A + ONE + Z, ["b OK done"], 1),
    # Gmail
    ("--gmail", A + ONE + 'b APPEND Work' + m("x") + "\r\nc CREATE Work\r\n" + ONE.replace("INBOX", "Work") + LOOK + Z,
     ["b OK", r"b NO \[TRYCREATE", "c OK", "b OK", r"\* 1 EXISTS"], 3),
    ("--gmail", A + ONE + "s SELECT INBOX\r\nt UID STORE 1 +X-GM-LABELS (\\Starred a)\r\nf UID FETCH 1 (X-GM-LABELS)\r\n" + Z,
     ["t OK", r'X-GM-LABELS \("\\\\Starred" "a"\)'], 4),
    # deleting
    ("", IN + GONE + Z, ["m OK", r"f|.1 FETCH \(UID 1 FLAGS \(.Deleted .Seen\)", r"\* 1 EXPUNGE", "e OK",
                         r"1 FETCH \(UID 2 FLAGS \(.Seen\)\)", "g OK"], 1),
    ("--without UIDPLUS --with IMAP4rev2,MOVE" + TRASH, IN + GONE + MOVE.replace("1", "2") + Z,
     ["e OK", r"OK \[COPYUID \d+ 2 1\]", "1 EXPUNGE", "v OK"], 1),
    (MODS, A + ONE + TWO + "t STATUS INBOX (HIGHESTMODSEQ)\r\ns SELECT INBOX (CONDSTORE)\r\nm UID STORE 1:2 (UNCHANGEDSINCE 2) "
     "+FLAGS.SILENT (\\Deleted)\r\n" + Z,
     [r"HIGHESTMODSEQ 3\)", r"HIGHESTMODSEQ 3\]", r"FETCH \(UID 1 MODSEQ \(4\)\)", r"m OK \[MODIFIED 2\]"], 2),
    (MODS, IN + "f UID FETCH 1:* (FLAGS) (CHANGEDSINCE 2)\r\n" + Z, [r"s OK[^(]*FETCH \(UID 2 FLAGS \(.Seen\) MODSEQ \(3\)\)"], 2),
    (MODS + "--no-modseq", IN + Z, [r"\[NOMODSEQ\]"], 2),
    ("--with MOVE" + TRASH, IN + MOVE + Z, [r"\* OK \[COPYUID 1000000014 1 1\]", r"\* 1 EXPUNGE", "v OK done"], 2),
    ("--with MOVE --copyuid tagged" + TRASH, IN + MOVE + Z, [r"\* 1 EXPUNGE", r"v OK \[COPYUID 1000000014 1 1\]"], 2),
    ("--with MOVE --copyuid wrong" + TRASH, IN + MOVE + Z, [r"COPYUID 1000000014 1 1001\]"], 2),
    ("--with MOVE --copyuid none" + TRASH, IN + MOVE + Z, [r"\] opened\r\n\* 1 EXPUNGE\r\nv OK done"], 2),
    ("--with MOVE --copyuid validity" + TRASH, IN + MOVE + Z, [r"COPYUID 1000000015 1 1\]"], 2),
    ("--with MOVE", IN + MOVE + Z, [r"v NO \[TRYCREATE\]"], 2),
    ("--limit 10", A + ONE + "q GETQUOTAROOT INBOX\r\n" + Z, [r"\(STORAGE 1 10\)", "q OK"], 1),
    ("--limit 10 --stale-quota", A + "q GETQUOTAROOT INBOX\r\n" + ONE + "q GETQUOTAROOT INBOX\r\n" + Z,
     [r"\(STORAGE 0 10\)", r"\(STORAGE 0 10\)"], 1),
    ("--no-mark", IN + MARK + SEE + Z, [r"PERMANENTFLAGS \(.Answered .Flagged .Seen", "m OK", r"1 FLAGS \(.Seen\)"], 2),
    ("--auto-expunge", IN + MARK + Z, [r"\* 1 EXPUNGE", "m OK"], 1),
    ("--silent-expunge", IN + GONE + "n NOOP\r\n" + Z, [r"e OK done\r\n\* 2 FETCH", r"g OK done\r\n\* 1 EXPUNGE\r\nn OK"], 1),
    ("", A + ONE + "x XSTATE\r\n" + Z, [r"\* INBOX\t1000000007\t1\t[0-9a-f]{64}\t13\t.Seen\t\d+\r"], 1),
    # ... and losing the connection
    ("--cut-command STORE", IN + MARK + Z, ["s OK", "$"], 2),
    ("--cut-command EXPUNGE:before", IN + GONE, [r"1 FETCH \(UID 1 FLAGS \(.Del.*\r\n\* 2 FETCH.*\r\nf OK done\r\n$"], 2),
    ("--cut-command EXPUNGE@1:after", IN + GONE, ["f OK done\r\n$"], 1),
    ("--cut-command EXPUNGE@1:told", IN + GONE, ["f OK done\r\n.* 1 EXPUNGE\r\n$"], 1),
    ("--cut-command STORE@1:half", (A + ONE + TWO + OPEN + MARK.replace("1", "1:2"), A + LOOK), [r"1 FLAGS \(.Deleted", r"2 FLAGS \(.Seen"], 2),
    ("--cut-command .@3:after", A + OPEN + MARK + Z, ["s OK done|READ-WRITE", "$"], 0),
    ("--at 'STORE=kill /dev/null'", A + Z, ["z OK"], 0),
    # ... and refusing, or not doing it
    ("--refuse-command 'STORE@2=NO never'", IN + MARK + MARK + Z, ["m OK", "m NO never"], 2),
    ("--ignore STORE", IN + MARK + SEE + Z, ["m OK", r"1 FLAGS \(.Seen\)"], 2),
    ("--partly STORE", IN + MARK.replace("1", "1:2") + SEE + Z, [r"1 FLAGS \(.Deleted", r"2 FLAGS \(.Seen"], 2),
    ("--one-less EXPUNGE", IN + GONE.replace(" 1 ", " 1:2 ").replace("EXPUNGE 1", "EXPUNGE 1:2") + Z, [r"\* 1 EXPUNGE\r\ne OK"], 1),
    # others
    ("--at 'UID FETCH=deliver INBOX 2'", IN + SEE + Z, [r"f|2 FETCH.*\r\n\* 4 EXISTS", "f OK"], 4),
    ("--at 'UID FETCH:after=store INBOX 2 + x'", IN + SEE + Z, [r"2 FLAGS \(.Seen\)", r"2 FETCH \(UID 2 FLAGS \(.Seen x\)\)", "f OK"], 2),
    ("--at 'FETCH=expunge INBOX 2'", IN + SEE + Z, [r"\* 2 EXPUNGE\r\nf OK"], 1),
    ("--at 'SELECT=alter INBOX 1 body'", A + ONE + LOOK, [r"a: b\r\n\r\nOne\r\n\)"], 1),
    ("--at 'SELECT=alter INBOX * header'", A + ONE + LOOK, [r"a: B\r\n\r\none\r\n\)"], 1),
    ("--at 'SELECT=rotate INBOX'", A + ONE + TWO + LOOK, [r"UID 1 .*\s+a: b\s+two", r"UID 2 .*\s+a: b\s+one"], 2),
    ("--at 'SELECT=swap INBOX x' --folder x", A + ONE + LOOK, [r"\* 0 EXISTS", r"UIDVALIDITY 1000000007\]"], 1),
    ("--at 'SELECT=validity INBOX'", A + ONE + LOOK, [r"UIDVALIDITY 1000000008\]", "UID 1 "], 1),
    ("--at 'SELECT@2=renumber INBOX'", A + ONE + OPEN + LOOK, [r"UIDVALIDITY 1000000007\]", r"UIDVALIDITY 1000000008\]", r"UID \d{3} "], 1),
    ("--at 'FETCH=validity INBOX'", IN + SEE + Z, ["s OK", r"\* BYE", "$"], 2),
    ("--at 'SELECT=read-only INBOX'", IN + MARK + Z, [r"s OK \[READ-ONLY\]", r"m NO \[READ-ONLY\]"], 2),
    ("--at 'SELECT=delete x' --folder x", IN + "s SELECT x\r\n" + Z, [r"s NO \[NONEXISTENT\]"], 2),
    # lies
    ("--fetch missing", IN + SEE + Z, [r"opened\r\n\* 1 FETCH .*\r\nf OK"], 2),
    ("--fetch twice:FLAGS@2", IN + SEE + SEE + Z, [r"f OK", r"\* 1 FETCH .*\r\n\* 1 FETCH .*\r\n\* 2 .*\r\n\* 2 .*\r\nf OK"], 2),
    ("--fetch others", IN + SEE.replace("1:*", "2") + Z, [r"opened\r\n\* 1 FETCH \(UID 1 .*\r\n\* 2 FETCH"], 2),
    ("--fetch reverse", IN + SEE + Z, [r"opened\r\n\* 2 FETCH .*\r\n\* 1 FETCH"], 2),
    ("--fetch none", IN + SEE + Z, [r"opened\r\nf OK"], 2),
    ("--fetch shifted", A + ONE + TWO + LOOK, [r"UID 1 .*\s+a: b\s+two", r"UID 2 .*\s+a: b\s+one"], 2),
    ("--fetch noflags --fetch nosize --fetch nodate", A + ONE + LOOK, [r"1 FETCH \(UID 1 BODY\[\] \{"], 1),
    ("--fetch nouid", A + ONE + LOOK, [r"1 FETCH \(FLAGS "], 1),
    ("--fetch nil", IN + HEAD + Z, [r"UID 1 BODY\[HEADER\] NIL\)"], 2),
    ("--fetch empty", IN + HEAD + Z, [r'UID 1 BODY\[HEADER\] ""\)'], 2),
    ("--fetch garbage", IN + HEAD + Z, [r"UID 1 BODY\[HEADER\] \{8\}\r\n[^a]"], 2),
    ("--fetch short", IN + HEAD + Z, [r"UID 1 BODY\[HEADER\] \{7\}\r\na: b\r\n\r\)"], 2),
    ("--fetch broken", IN + SEE + Z, [r"1 FETCH \(UID 1 FLAGS \(.Deleted\r\n"], 2),
    ("--date-off 60", A + DATED + LOOK, ['"17-Jul-1996 09:45:25 .0000"'], 1),
    ("--search none", IN + "t UID SEARCH ALL\r\n" + Z, [r"\* SEARCH\r\n"], 2),
    ("--search all", IN + "t UID SEARCH UID 1\r\n" + Z, [r"\* SEARCH 1 2\r\n"], 2),
    # Gmail
    ("--gmail --with MOVE", IN + MOVE.replace("Trash", "[Gmail]/Trash") + Z, [r"COPYUID \d+ 1 1\]", "v OK"], 3),
    ("--gmail --with MOVE", IN + MOVE.replace("Trash", "[Gmail]/Trash") + OPEN.replace("INBOX", "[Gmail]/Trash") + GONE + Z,
     [r"COPYUID \d+ 1 1\]", r"\* 1 EXPUNGE", "e OK", "g OK"], 2),
    # mistakes of clients
    ("", A + "b APPEND INBOX {1+}\r\nx\r\n" + Z, ["MISTAKE: no list of flags"], 1),
    ("", A + "b APPEND INBOX" + m("x", more="(\\Recent) ") + "\r\n" + Z, [r"MISTAKE: the flag \\Recent"], 1),
    ("--without LITERAL+", A + ONE + Z, ["MISTAKE: a literal of 13"], 0),
    ("--without LITERAL+ --with LITERAL-", A + ONE + Z, ["b OK"], 1),
    ("--without MULTIAPPEND", A + BOTH + Z, ["b BAD", "MISTAKE: several"], 0),
    ("", IN + MARK + "e EXPUNGE\r\n" + Z, ["EXPUNGE", "e OK", "MISTAKE: EXPUNGE"], 1),
    ("", IN + MARK + "e CLOSE\r\n" + Z, ["e OK", "MISTAKE: CLOSE"], 1),
    ("", IN + MARK + EXPUNGE + Z, ["e OK", "MISTAKE: UID EXPUNGE of 1, and nobody told"], 1),
    ("", IN + SEE + EXPUNGE + Z, ["e OK", "MISTAKE: UID EXPUNGE of 1, and nobody told"], 2),
    ("--at 'SELECT=store INBOX 1 + \\Deleted'", IN + SEE + EXPUNGE + Z, ["e OK", "MISTAKE: UID EXPUNGE of 1, that an"], 1),
    ("--at 'SELECT=store INBOX 1 + \\Deleted'", IN + SEE + MARK + Z, ["m OK", "MISTAKE: .Deleted for what another"], 2),
    ("--at 'SELECT=store INBOX 1 + \\Deleted'", IN + SEE + UNMARK + Z, ["u OK", "MISTAKE: a mark of another's"], 2),
    ("--at 'STORE=store INBOX 1 + \\Deleted'", IN + SEE + MARK + SEE + EXPUNGE + Z, [r"FETCH \(UID 1 FLAGS .*Del", "e OK"], 1),
    ("", A + ONE + TWO + "k XKEEP INBOX 1\r\n" + OPEN + MARK + Z, ["m OK", "MISTAKE: .Deleted of what must stay"], 2),
    ("--with MOVE" + TRASH, A + ONE + "k XKEEP INBOX *\r\n" + OPEN + MOVE + Z, ["v OK", "MISTAKE: MOVE of what must stay"], 1),
    ("--without UIDPLUS", IN + MARK + SEE + EXPUNGE + Z, ["e BAD", "MISTAKE: BAD UIDPLUS is not"], 2),
    ("", IN + MOVE + Z, ["v BAD", "MISTAKE: BAD MOVE is not"], 2),
    ("", A + "s SELECT INBOX (CONDSTORE)\r\n" + Z, ["s BAD", "MISTAKE: BAD CONDSTORE is not"], 0),
    ("", IN + "t UID STORE 1 -FLAGS (\\Seen)\r\n" + Z, ["t OK", "MISTAKE: STORE that takes"], 2),
    ("--gmail", IN + MARK + SEE + EXPUNGE + Z, ["e OK", "MISTAKE: UID EXPUNGE that only"], 3),
    ("", A + "junk\r\n" + Z, ["MISTAKE"], 0),
]

def talk(server, sent):
    a, b = socket.socketpair()
    session = target.Session(server, b, 1)
    t = threading.Thread(target=session.serve)
    t.start()
    a.settimeout(5)
    try:
        a.sendall(sent.encode("latin-1"))
    except OSError:
        pass
    got = b""
    while True:
        try:
            piece = a.recv(65536)
        except ConnectionResetError:
            break
        except TimeoutError:
            print("no end: %r" % got)
            break
        got += piece
        if not piece:
            break
        if sent.endswith(LOOK) and b"f OK" in got:
            break
    a.close()
    t.join()
    return got.decode("latin-1")

bad = 0
target.Server.write = lambda self, line: self.lines.append(line)
for options, conversations, wanted, messages in CASES:
    server = target.Server(target.options().parse_args(target.shlex.split(options)))
    server.lines = []
    if isinstance(conversations, str):
        conversations = (conversations,)
    for sent in conversations:
        got = talk(server, sent.rstrip("="))
        time.sleep(0.3 if sent.endswith("=") else 0)
    got += "\n".join(line for line in server.lines if "MISTAKE" in line)
    at = 0
    for pattern in wanted:
        found = re.compile(pattern, re.S if pattern == "$" else 0).search(got, at)
        if pattern == "$":
            found = None if re.search(r"(^|\n)z OK", got) else found
        if not found:
            print("%s: %r\n\tdoesn't answer %s:\n\t%r" % (options, sent[-60:], pattern, got))
            bad += 1
            break
        at = found.end()
    if "MISTAKE" in got and not any("MISTAKE" in p for p in wanted) and "NUL" not in got:
        print("%s: %r: %s" % (options, sent, [line for line in server.lines if "MISTAKE" in line]))
        bad += 1
    n = len(server.account.dump())
    if n != messages:
        print("%s: %r: %d messages instead of %d" % (options, sent[-60:], n, messages))
        bad += 1
print("%d cases, %d bad" % (len(CASES), bad))
sys.exit(bad != 0)
END
"$(command -v python3)" -I "$TMPDIR/cases.py" "$TOP/tests/tool"

# As a whole, and what lib-target.sh makes of it.
target_start --folder 'Sent=\Sent'
printf 'a: b\n\nhello\n' >"$TMPDIR/m"
target_imap create 'Bär/x'
target_imap put 'Bär/x' '\Seen $x' '17-Jul-1996 02:44:25 -0700' "$TMPDIR/m" "$TMPDIR/m" >"$TMPDIR/uids"
target_imap state INBOX Sent Bär/x >"$TMPDIR/state"
target_dump | same "$TMPDIR/state" -
[ "$(wc -l <"$TMPDIR/state")" = 2 ] || fail "not two messages"
target_folders | grep -qx 'Sent	\\Sent' || fail "no Sent"
target_faults --cut plus@1 --without UIDPLUS
target_imap put INBOX '' '' "$TMPDIR/m" >/dev/null
[ "$(target_count 'stored INBOX')" = 1 ] || fail "not in the log"
target_stop

/*
 * What servers send, through lex.c and response.c: whole, byte by byte, and in two pieces cut at each place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "imap_feed.h"

struct sample {
	const char	*in;
	size_t		 n;
	const char	*want;
};

/* One line; or bytes as they are. */
#define S(in, want)	{ in "\r\n", sizeof(in "\r\n") - 1, want "\n" }
#define BYTES(in, want)	{ in, sizeof(in) - 1, want }

/* The same text, however it arrives. */
static void
check(const struct sample *s)
{
	struct feed f;
	size_t i, at;

	feed_start(&f);
	feed_bytes(&f, s->in, s->n);
	assert_string_equal(buf_text(&f.out), s->want);
	feed_end(&f);
	feed_start(&f);
	for (i = 0; i < s->n; i++)
		feed_bytes(&f, s->in + i, 1);
	assert_string_equal(buf_text(&f.out), s->want);
	feed_end(&f);
	for (at = 1; at < s->n; at++) {
		feed_start(&f);
		feed_bytes(&f, s->in, at);
		feed_bytes(&f, s->in + at, s->n - at);
		assert_string_equal(buf_text(&f.out), s->want);
		feed_end(&f);
	}
}

#define CHECK_ALL(t)							\
	do {								\
		size_t i_;						\
									\
		for (i_ = 0; i_ < sizeof(t) / sizeof(t[0]); i_++)	\
			check(&t[i_]);					\
	} while (0)

static void
test_status_responses_give_code_and_words(void **state)
{
	static const struct sample t[] = {
		S("a1 OK done", "a1 OK | done"),
		S("a1 NO [NONEXISTENT] no such box",
		    "a1 NO | [NONEXISTENT] no such box"),
		S("A002 BAD syntax", "A002 BAD | syntax"),
		S("k1.2 OK [READ-ONLY] EXAMINE completed",
		    "k1.2 OK READ-ONLY | EXAMINE completed"),
		S("k1.2 OK [read-write] done", "k1.2 OK READ-WRITE | done"),
		/* A reason, for people. */
		S("k1.2 NO [READ-ONLY] no", "k1.2 NO | [READ-ONLY] no"),
		S("* OK [PERMANENTFLAGS (Work \\Seen \\* \\answered)] ok",
		    "* OK PERMANENTFLAGS=(\\Answered \\Seen \\* Work) | ok"),
		S("* OK [PERMANENTFLAGS ()]", "* OK PERMANENTFLAGS=() | "),
		S("* OK [PERMANENTFLAGS \\Seen] ok", "* OK | [PERMANENTFLAGS \\Seen] ok"),
		S("* OK [PERMANENTFLAGS] ok", "* OK | [PERMANENTFLAGS] ok"),
		S("k1 OK [APPENDUID 38505 3955] done", "k1 OK APPENDUID=38505:3955 | done"),
		S("k1 OK [APPENDUID 1 9,3:4] done", "k1 OK APPENDUID=1:3:4,9 | done"),
		S("k1 OK [APPENDUID 0 1] done", "k1 OK | [APPENDUID 0 1] done"),
		S("k1 OK [APPENDUID 4294967295 4294967295] x", "k1 OK APPENDUID=4294967295:4294967295 | x"),
		S("k1 OK [APPENDUID 4294967296 1] x", "k1 OK | [APPENDUID 4294967296 1] x"),
		S("k1 OK [APPENDUID 1 4294967296] x", "k1 OK | [APPENDUID 1 4294967296] x"),
		S("k1 OK [APPENDUID 1 0] x", "k1 OK | [APPENDUID 1 0] x"),
		S("k1 OK [APPENDUID 1 1:*] x", "k1 OK | [APPENDUID 1 1:*] x"),
		S("k1 OK [APPENDUID 1 ] x", "k1 OK | [APPENDUID 1 ] x"),
		S("k1 OK [APPENDUID 1] x", "k1 OK | [APPENDUID 1] x"),
		S("k1 OK [APPENDUID] x", "k1 OK | [APPENDUID] x"),
		S("k1 OK [APPENDUID NIL 5] x", "k1 OK | [APPENDUID NIL 5] x"),
		S("k1 OK [MODIFIED 7,9] x", "k1 OK MODIFIED=7,9 | x"),
		S("k1 NO [modified 9:7,1 ] x", "k1 NO MODIFIED=1,7:9 | x"),
		S("k1 OK [MODIFIED 7 9] x", "k1 OK | [MODIFIED 7 9] x"),
		S("k1 OK [MODIFIED] x", "k1 OK | [MODIFIED] x"),
		S("k1 OK [MODIFIED 0:7] x", "k1 OK | [MODIFIED 0:7] x"),
		S("* OK [COPYUID 38505 304,319:320 3956:3958] x",
		    "* OK COPYUID=38505:304,319:320->3956:3958 | x"),
		S("k1 OK [COPYUID 1 2 4294967295]", "k1 OK COPYUID=1:2->4294967295 | "),
		S("k1 OK [COPYUID 1 2 3:4] x", "k1 OK | [COPYUID 1 2 3:4] x"),
		S("k1 OK [COPYUID 0 2 3] x", "k1 OK | [COPYUID 0 2 3] x"),
		S("k1 OK [COPYUID 1 2] x", "k1 OK | [COPYUID 1 2] x"),
		S("k1 NO [COPYUID 1 2 3] x", "k1 NO | [COPYUID 1 2 3] x"),
		S("* OK [UIDVALIDITY 3857529045] UIDs valid",
		    "* OK UIDVALIDITY=3857529045 | UIDs valid"),
		S("* OK [UIDNEXT 4392] Predicted next UID",
		    "* OK UIDNEXT=4392 | Predicted next UID"),
		S("* OK [HIGHESTMODSEQ 715194045007] ok",
		    "* OK HIGHESTMODSEQ=715194045007 | ok"),
		S("* OK [HIGHESTMODSEQ 9223372036854775807]",
		    "* OK HIGHESTMODSEQ=9223372036854775807 | "),
		S("* OK [NOMODSEQ] no", "* OK | [NOMODSEQ] no"),
		S("* OK [MAILBOXID (F2212ea87)] Ok", "* OK MAILBOXID=F2212ea87 | Ok"),
		S("* OK [MAILBOXID F2212ea87] Ok", "* OK MAILBOXID=F2212ea87 | Ok"),
		S("* OK [MAILBOXID ()] Ok", "* OK | [MAILBOXID ()] Ok"),
		S("* OK [CLOSED] Previous mailbox closed.",
		    "* OK CLOSED | Previous mailbox closed."),
		S("* OK [ALERT] Quota nearly full", "* OK ALERT | Quota nearly full"),
		S("* OK [CAPABILITY IMAP4rev1 ID] hello",
		    "* OK CAPABILITY=IMAP4rev1 ID | hello"),
		S("* PREAUTH hello", "* OK | hello"),
		S("* NO disk is slow", "* NO | disk is slow"),
		S("* BAD what", "* BAD | what"),
		S("* BYE [UNAVAILABLE] going down", "BYE | [UNAVAILABLE] going down"),
		S("* BYE", "BYE | "),
		S("+ idling", "+"),
		S("+", "+"),
		/* A8: no text at all. */
		S("a1 NO", "a1 NO | "),
		S("a1 OK [READ-ONLY]", "a1 OK READ-ONLY | "),
	};

	(void)state;
	CHECK_ALL(t);
}

/* R117, and WIRE's reports of servers. */
static void
test_sloppy_status_is_understood(void **state)
{
	static const struct sample t[] = {
		S("*  ok   [uidvalidity   7]   x", "* OK UIDVALIDITY=7 | x"),
		S("*\tOK\tx", "* OK | x"),
		S("a1   Ok   x", "a1 OK | x"),
		BYTES("* OK x\n", "* OK | x\n"),		/* LF only */
		BYTES("* OK x\r\r\n", "* OK | x\n"),
		/* Gmail: a code and no text.  Exchange, home.pl: a code and no OK. */
		S("* OK [HIGHESTMODSEQ 123]", "* OK HIGHESTMODSEQ=123 | "),
		S("* [UIDVALIDITY 5] ok", "* OK UIDVALIDITY=5 | ok"),
		S("* [COPYUID 1  ]", "* OK | [COPYUID 1  ]"),
		/* R33: no figure, or one that is none. */
		S("* OK [UIDVALIDITY NIL] x", "* OK | [UIDVALIDITY NIL] x"),
		S("* OK [UIDVALIDITY] x", "* OK | [UIDVALIDITY] x"),
		S("* OK [UIDVALIDITY -1] x", "* OK | [UIDVALIDITY -1] x"),
		S("* OK [UIDNEXT 9.3736e+06] x", "* OK | [UIDNEXT 9.3736e+06] x"),
		S("* OK [UIDNEXT 99999999999999999999] x",
		    "* OK | [UIDNEXT 99999999999999999999] x"),
		S("* OK [HIGHESTMODSEQ 9223372036854775808] x",
		    "* OK | [HIGHESTMODSEQ 9223372036854775808] x"),
		S("* OK [UIDNEXT 5 no end", "* OK | [UIDNEXT 5 no end"),
		S("* OK []", "* OK | []"),
		S("* OK [PERMANENTFLAGS (\\Seen ]x)] y",
		    "* OK | [PERMANENTFLAGS (\\Seen ]x)] y"),
		/* Text is for people, and no literal. */
		S("* OK it ends in {5}", "* OK | it ends in {5}"),
		S("* [ALERT] it ends in {5}", "* OK ALERT | it ends in {5}"),
		S("*  NO  more {99999999999999999999}",
		    "* NO | more {99999999999999999999}"),
		S("a1 OK [X] {5}", "a1 OK | [X] {5}"),
		S("* BYE {5+}", "BYE | {5+}"),
	};

	(void)state;
	CHECK_ALL(t);
}

static void
test_what_is_no_response_is_nothing(void **state)
{
	static const struct sample t[] = {
		S("", "?"), S(" ", "?"), S("*", "?"), S("* ", "?"),
		S("**", "?"), S("* X-FOO bar", "?"), S("a1", "?"),
		S("a1 ", "?"), S("a1 MAYBE", "?"), S("a1 FETCH", "?"),
		S("* 12", "?"), S("* 12 FOO", "?"), S("* 12x EXISTS", "?"),
		S("* -1 EXISTS", "?"), S("* EXISTS 12", "?"),
		S("* 18446744073709551616 EXISTS", "?"),
		S("FETCH 1 (UID 7)", "?"), S("* (OK)", "?"), S("* \"OK\"", "?"),
		S("* XAPPLEPUSHSERVICE aps-topic x", "?"),
		BYTES("\0\0\r\n", "?\n"),
		BYTES("* O\0K\r\n", "?\n"),
		BYTES("\r\n\n\r\n", "?\n?\n?\n"),
	};

	(void)state;
	CHECK_ALL(t);
}

static void
test_numbers_of_messages(void **state)
{
	static const struct sample t[] = {
		S("* 23 EXISTS", "23 EXISTS"), S("* 0 EXISTS", "0 EXISTS"),
		S("* 5 RECENT", "?"), S("* 44 EXPUNGE", "44 EXPUNGE"),
		S("*   23   exists  ", "23 EXISTS"),
		S("* 18446744073709551615 EXISTS", "18446744073709551615 EXISTS"),
		S("* 0 FETCH (UID 7)", "FETCH 0 uid=7"),	/* Courier */
	};

	(void)state;
	CHECK_ALL(t);
}

static void
test_list_gives_name_delimiter_and_attributes(void **state)
{
	static const struct sample t[] = {
		S("* LIST (\\HasNoChildren) \"/\" INBOX",
		    "LIST \"/\" INBOX (\\HasNoChildren)"),
		S("* LIST () \".\" \"INBOX.Sent Items\"",
		    "LIST \".\" INBOX.Sent Items ()"),
		S("* list (\\noselect \\HasChildren) NIL foo",
		    "LIST NIL foo (\\HasChildren \\noselect)"),
		S("* LSUB () \"/\" x", "LSUB \"/\" x ()"),
		S("* XLIST (\\HasNoChildren \\Inbox) \"/\" \"Bo&AO4-te\"",
		    "LIST \"/\" Bo&AO4-te (\\HasNoChildren \\Inbox)"),
		S("* LIST () \"/\" {5}\r\na\"b\\c", "LIST \"/\" a\"b\\c ()"),
		S("* LIST () \"/\" {5}\r\na\r\n\tc", "LIST \"/\" a\r\n\tc ()"),
		S("* LIST () \"/\" {5+}\r\na b c", "LIST \"/\" a b c ()"),
		S("* LIST () \"/\" {0}\r\n", "LIST \"/\"  ()"),
		S("* LIST () \"/\" \"a\\\"b\\\\c\"", "LIST \"/\" a\"b\\c ()"),
		S("* LIST () \"\\\\\" \"a\\\\b\"", "LIST \"\\\" a\\b ()"), /* Domino */
		S("* LIST (\\Noselect) \"/\" \"\"", "LIST \"/\"  (\\Noselect)"),
		S("* LIST NIL \"/\" a", "LIST \"/\" a ()"),
		S("* LIST () \"\" a", "LIST NIL a ()"),
		S("* LIST () {1}\r\n/ a", "LIST \"/\" a ()"),
		/* R118: raw bytes stay. */
		S("* LIST () \"/\" \"Entw\303\274rfe\"", "LIST \"/\" Entw\303\274rfe ()"),
		S("* LIST () \"/\" a\001b\377", "LIST \"/\" a\001b\377 ()"),
		/* RFC 5258. */
		S("* LIST (\\Subscribed) \"/\" foo (\"CHILDINFO\" (\"SUBSCRIBED\"))",
		    "LIST \"/\" foo (\\Subscribed)"),
		S("* LIST () \"/\" \"foo\" (OLDNAME (\"b(r\") \"X\" NIL) ",
		    "LIST \"/\" foo ()"),
		S("* LIST () \"/\" foo ()", "LIST \"/\" foo ()"),
	};

	(void)state;
	CHECK_ALL(t);
}

/* Half a name may be another folder's: all of it, or nothing. */
static void
test_list_never_takes_a_part_of_a_name(void **state)
{
	static const struct sample t[] = {
		S("* LIST () \"/\" My Folder", "LIST \"/\" My Folder ()"),
		S("* LIST () \"/\" Foo (bar)", "LIST \"/\" Foo (bar) ()"),
		S("* LIST () \"/\" Foo(bar) baz  ", "LIST \"/\" Foo(bar) baz ()"),
		S("* LIST () \"/\" Foo (1) (2)", "LIST \"/\" Foo (1) (2) ()"),
		S("* LIST () \"/\" a)", "LIST \"/\" a) ()"),
		S("* LIST () \"/\" {1234-5678}", "LIST \"/\" {1234-5678} ()"),
		/* What can't be known is said to be unreadable. */
		S("* LIST () \"/\" \"My \"Folder\"\"", "LIST bad: "),
		S("* LIST () \"/\" \"Foo\" bar", "LIST bad: "),
		S("* LIST () \"/\" Foo \"bar\"", "LIST bad: "),
		S("* LIST () \"/\" Foo b\\ar", "LIST bad: "),
		S("* LIST () \"/\" \"Foo", "LIST bad: "),
		S("* LIST () \"/\" \"Foo {3}", "LIST bad: "),
		S("* LIST () \"/\"", "LIST bad: "),
		S("* LIST () \"/\" ", "LIST bad: "),
		S("* LIST", "LIST bad: "),
		S("* LIST \"/\" foo", "LIST bad: "),
		S("* LIST (() \"/\" foo", "LIST bad: "),
		S("* LIST (\\A \"/\" foo", "LIST bad: "),
		S("* LIST () (x) foo", "LIST bad: "),
		S("* LIST () \"/\" foo{3}\r\nabc", "LIST bad: "),
		S("* LIST () \"/\" foo {3}\r\nabc", "LIST bad: "),
		S("* LIST (\\A{2}\r\n)) \"/\" foo", "LIST bad: "),
		BYTES("* LIST () \"/\" \"a\0b\"\r\n", "LIST \"/\" a\\0... ()\n"),
		BYTES("* LIST () \"/\" {3}\r\na\0b\r\n", "LIST \"/\" a\\0... ()\n"),
		BYTES("* LIST () \"/\" a\0b\r\n", "LIST \"/\" a\\0... ()\n"),
	};

	(void)state;
	CHECK_ALL(t);
}

static void
test_status_of_a_folder(void **state)
{
	static const struct sample t[] = {
		S("* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)",
		    "STATUS blurdybloop messages=231 uidnext=44292"),
		S("* STATUS \"a b\" (UIDVALIDITY 4294967295 HIGHESTMODSEQ 7 SIZE 99 "
		    "MAILBOXID (M1))", "STATUS a b uidvalidity=4294967295 "
		    "highestmodseq=7 size=99 mailboxid=M1"),
		S("* STATUS {3}\r\na\"b (messages 0)", "STATUS a\"b messages=0"),
		/* NetEase, Exchange: an empty list, a trailing blank. */
		S("* STATUS INBOX ()", "STATUS INBOX"),
		S("* STATUS INBOX ( MESSAGES  3 ) ", "STATUS INBOX messages=3"),
		/* Figures of speech, and figures beyond what they may be. */
		S("* STATUS INBOX (MESSAGES NIL UIDNEXT -1 UIDVALIDITY 9.4e+06 "
		    "HIGHESTMODSEQ -1 SIZE 4)", "STATUS INBOX size=4"),
		S("* STATUS INBOX (UIDNEXT 4294967296 UIDVALIDITY 4294967296 "
		    "HIGHESTMODSEQ 9223372036854775808)", "STATUS INBOX"),
		S("* STATUS INBOX (X-GUID (1 (2)) MAILBOXID M2 MAILBOXID NIL UIDNEXT 4)",
		    "STATUS INBOX uidnext=4 mailboxid=M2"),
		S("* STATUS INBOX (DELETED-STORAGE \"x)\" MESSAGES 1)",
		    "STATUS INBOX messages=1"),
		S("* STATUS My Box (MESSAGES 3)", "STATUS bad: "),
		S("* STATUS INBOX", "STATUS bad: "),
		S("* STATUS INBOX (MESSAGES", "STATUS bad: "),
		S("* STATUS INBOX (MESSAGES)", "STATUS bad: "),
		S("* STATUS INBOX (MESSAGES 3", "STATUS bad: "),
		S("* STATUS INBOX (MESSAGES {1}\r\n3)", "STATUS INBOX"),
		S("* STATUS INBOX (MESSAGES{2}\r\n 3 UIDNEXT 1)", "STATUS bad: "),
	};

	(void)state;
	CHECK_ALL(t);
}

/* R16 */
static void
test_search_takes_the_uids_and_steps_over_the_rest(void **state)
{
	static const struct sample t[] = {
		S("* SEARCH 2 3 6", "SEARCH 2:3,6"),
		S("* SEARCH", "SEARCH "),
		S("* SEARCH ", "SEARCH "),
		S("* SEARCH 7456 ", "SEARCH 7456"),		/* Yahoo */
		S("* SEARCH 6 3 2 3 2 6 1", "SEARCH 1:3,6"),
		S("* SEARCH 4 5 002 5 4294967295", "SEARCH 2,4:5,4294967295"),
		S("* SEARCH 1 0 x -4 4294967296 9.4e+06 99999999999999999999 2",
		    "SEARCH 1:2"),
		S("* SEARCH 2 5 (MODSEQ 917162500)", "SEARCH 2,5"),
		S("* SEARCH (MODSEQ 9 (8)) 2 ) \" 7 5", "SEARCH 2,5,7"),
		S("* SEARCH 2 (3", "SEARCH  bad: "),
		S("* SEARCH 3 {2}\r\n 9 2", "SEARCH  bad: "),
		S("* ESEARCH (TAG \"A285\") UID ALL 4,5:7", "SEARCH 4:7"),
		S("* ESEARCH (TAG \"a567\") UID COUNT 5 ALL 19,11,12",
		    "SEARCH 11:12,19"),
		S("* ESEARCH (TAG \"a\") UID", "SEARCH "),
		S("* ESEARCH UID ALL 1 MODSEQ 5", "SEARCH 1"),
		/* Without UID these are numbers of messages. */
		S("* ESEARCH (TAG \"a\") ALL 1:3", "SEARCH  bad: "),
		S("* ESEARCH (TAG \"a\")", "SEARCH  bad: "),
		S("* ESEARCH UID ALL 1:*", "SEARCH  bad: "),
		S("* ESEARCH UID ALL 1,", "SEARCH  bad: "),
		S("* ESEARCH UID ALL", "SEARCH  bad: "),
		S("* ESEARCH UID COUNT", "SEARCH  bad: "),
		S("* ESEARCH (TAG", "SEARCH  bad: "),
		S("* ESEARCH UID ALL {3}\r\n1:3", "SEARCH  bad: "),
	};

	(void)state;
	CHECK_ALL(t);
}

/* R41 is the job's; A10: a set that ends with a comma. */
static void
test_vanished(void **state)
{
	static const struct sample t[] = {
		S("* VANISHED (EARLIER) 41,43:116,118,120:211",
		    "VANISHED earlier 41,43:116,118,120:211"),
		S("* VANISHED 405", "VANISHED 405"),
		S("* vanished ( earlier )  5:3,1", "VANISHED earlier 1,3:5"),
		S("* VANISHED 1:4294967295", "VANISHED 1:4294967295"),
		S("* VANISHED 405,", "VANISHED  bad: "),
		S("* VANISHED ,405", "VANISHED  bad: "),
		S("* VANISHED 0", "VANISHED  bad: "),
		S("* VANISHED 1:4294967296", "VANISHED  bad: "),
		S("* VANISHED *", "VANISHED  bad: "),
		S("* VANISHED", "VANISHED  bad: "),
		S("* VANISHED (EARLIER)", "VANISHED earlier  bad: "),
		S("* VANISHED (EARLIER 3", "VANISHED earlier  bad: "),
	};

	(void)state;
	CHECK_ALL(t);
}

static void
test_what_a_server_says_of_itself(void **state)
{
	static const struct sample t[] = {
		S("* CAPABILITY IMAP4rev1 STARTTLS AUTH=GSSAPI",
		    "CAPABILITY IMAP4rev1 STARTTLS AUTH=GSSAPI"),
		S("* NAMESPACE ((\"\" \"/\")) ((\"~\" \"/\")) ((\"#shared/\" \"/\")"
		    "(\"#public/\" \"/\"))",
		    "NAMESPACE personal=|/ other=~|/ shared=#shared/|/ shared=#public/|/"),
		S("* NAMESPACE ((INBOX. \".\" \"X-PARAM\" (\"FLAG1\" \"FLAG2\"))) NIL NIL",
		    "NAMESPACE personal=INBOX.|."),
		S("* NAMESPACE NIL NIL NIL", "NAMESPACE"),
		S("* NAMESPACE ( (\"\" NIL) ) () ()", "NAMESPACE personal="),
		S("* NAMESPACE ((\"\" \"/\"))", "NAMESPACE bad: "),
		S("* NAMESPACE ((\"\")) NIL NIL", "NAMESPACE bad: "),
		S("* NAMESPACE (\"\" \"/\") NIL NIL", "NAMESPACE bad: "),
		S("* NAMESPACE ((\"\" \"/\" NIL NIL", "NAMESPACE bad: "),
		S("* NAMESPACE", "NAMESPACE bad: "),
		S("* QUOTA \"\" (STORAGE 10 512)", "QUOTA 10/512"),
		S("* QUOTA \"User quota\" (MESSAGE 3 100 STORAGE 18446744073709551615 0)",
		    "QUOTA 18446744073709551615/0"),
		S("* quota a (storage 1 2)", "QUOTA 1/2"),
		S("* QUOTA (STORAGE 1 2)", "QUOTA 1/2"),
		S("* QUOTA {3}\r\na b (STORAGE 1 2)", "QUOTA 1/2"),
		/* Cyrus. */
		S("* QUOTA user.anna (STORAGE 1 2 MESSAGE 3 4 ANNOTATION-STORAGE 0 9 X-NUM-FOLDERS 5 -1)",
		    "QUOTA 1/2"),
		S("* QUOTA x (X-NUM-FOLDERS 5 NIL STORAGE 1 2 STORAGE 3 4)", "QUOTA 1/2"),
		S("* QUOTA x (MESSAGE 3)", "QUOTA bad: "),
		S("* QUOTA x (STORAGE 1 2", "QUOTA 1/2 bad: "),
		S("* QUOTA x ()", "QUOTA"),
		S("* QUOTA x (MESSAGE 3 100)", "QUOTA"),
		S("* QUOTA x (STORAGE 3)", "QUOTA bad: "),
		S("* QUOTA x (STORAGE -1 3)", "QUOTA bad: "),
		S("* QUOTA x", "QUOTA bad: "), S("* QUOTA", "QUOTA bad: "),
		S("* QUOTAROOT INBOX \"User quota\"", "?"),
		S("* ID (\"name\" \"Dovecot\" \"os\" \"Linux\" \"version\" \"2.3\")",
		    "ID Dovecot 2.3"),
		S("* ID (\"name\" NIL NAME x)", "ID x"),
		S("* ID NIL", "ID "), S("* ID", "ID "), S("* ID ()", "ID "),
		S("* ID (\"name\"", "ID "),
		S("* ID (\"name\" {3}\r\na\r\n)", "ID a\r\n"),
		BYTES("* ID (\"name\" \"a\0b\" \"version\" \"1\")\r\n", "ID 1\n"),
	};

	(void)state;
	CHECK_ALL(t);
}

static void
test_fetch_in_any_order_and_spelling(void **state)
{
	static const struct sample t[] = {
		S("* 12 FETCH (UID 7 FLAGS (\\Seen $x) INTERNALDATE "
		    "\"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286)",
		    "FETCH 12 uid=7 flags=(\\Seen $x) "
		    "date=17-Jul-1996 02:44:25 -0700@837596665 size=4286"),
		/* R9: any order, quoted bodies, literal8, facts behind the body. */
		S("* 12 FETCH (RFC822.SIZE 5 BODY[] {5}\r\nhello FLAGS () UID 7)",
		    "{5}hello\nFETCH 12 uid=7 flags=() size=5 body=5"),
		S("* 12 FETCH (BODY[] \"a\\\"b\\\\c\" UID 7)", "FETCH 12 uid=7 body=5:a\"b\\c"),
		S("* 12 FETCH (UID 7 BODY[] \"\")", "FETCH 12 uid=7 body=0:"),
		S("* 12 FETCH (UID 7 BODY[] ~{5}\r\nhello)", "{5}hello\nFETCH 12 uid=7 body=5"),
		S("* 12 FETCH (UID 7 BODY[]<0> {5}\r\nhello)", "{5}hello\nFETCH 12 uid=7 body=5"),
		S("* 12 FETCH (UID 7 BODY[] {5+}\r\nhello)", "{5}hello\nFETCH 12 uid=7 body=5"),
		/* A4, A20: an empty one, one that begins with an empty line. */
		S("* 12 FETCH (UID 7 BODY[] {0}\r\n)", "{0}\nFETCH 12 uid=7 body=0"),
		S("* 12 FETCH (UID 7 BODY[] {2}\r\n\r\n FLAGS ())",
		    "{2}\r\n\nFETCH 12 uid=7 flags=() body=2"),
		S("* 1 FETCH x> {2}\r\nhi", "FETCH 1 bad: its items can't be read"),
		/* Its header alone is told apart. */
		S("* 12 FETCH (UID 7 BODY[HEADER] {5}\r\nhello)", "{5}hello\nFETCH 12 uid=7 header=5"),
		S("* 12 FETCH (body[header] {5}\r\nhello UID 7)", "{5}hello\nFETCH 12 uid=7 header=5"),
		S("* 12 FETCH (UID 7 BODY[HEADER] \"\")", "FETCH 12 uid=7 header=0:"),
		S("* 12 FETCH (UID 7 BODY[HEADER] {1}\r\na BODY[] {1}\r\nb)",
		    "{1}a\n{0}b\nFETCH 12 uid=7 body=spoiled bad: it has two bodies"),
		S("* 12 FETCH (UID 7 BODY[HEADER.FIELDS (DATE)] {5}\r\nhello)", "FETCH 12 uid=7"),
		/* R7 */
		S("* 12 FETCH (UID 7 BODY[] NIL)", "FETCH 12 uid=7 body=NIL"),
		S("* 12 FETCH (UID 7 BODY[] nil FLAGS ())", "FETCH 12 uid=7 flags=() body=NIL"),
		S("* 12 FETCH (UID 7 BODY[] )", "FETCH 12 uid=7 body=NIL"),	/* Yandex */
		S("* 12 FETCH (UID 7 BODY[] \"NIL\")", "FETCH 12 uid=7 body=3:NIL"),
		/* R38: the largest UIDs work. */
		S("* 1 FETCH (UID 2147483648)", "FETCH 1 uid=2147483648"),
		S("* 1 FETCH (UID 4294967295)", "FETCH 1 uid=4294967295"),
		/* QQ: a blank before the end; others: tabs, no blanks, small letters. */
		S("* 11487 FETCH (UID 19436 )", "FETCH 11487 uid=19436"),
		S("*  12  FETCH  ( UID  7  FLAGS  ( \\Seen ) )", "FETCH 12 uid=7 flags=(\\Seen)"),
		S("*\t12\tfetch\t(uid\t7\tflags\t(\\SEEN))", "FETCH 12 uid=7 flags=(\\Seen)"),
		S("* 12 FETCH(UID 7 body[]{5}\r\nhello)", "{5}hello\nFETCH 12 uid=7 body=5"),
		S("*  12  FETCH ( BODY[]  {5}\r\nhello UID 7)", "{5}hello\nFETCH 12 uid=7 body=5"),
		BYTES("* 12 FETCH (UID 7 BODY[] {5}\nhello)\n", "{5}hello\nFETCH 12 uid=7 body=5\n"),
		/* Domino: parentheses around an item; one too many at the end. */
		S("* 2 FETCH (UID 14935 (ENVELOPE (NIL (\"x\"))) FLAGS ())",
		    "FETCH 2 uid=14935 flags=()"),
		S("* 2 FETCH ((UID 5 (FLAGS ())))", "FETCH 2 uid=5 flags=()"),
		S("* 2 FETCH (UID 5 FLAGS ()) )", "FETCH 2 uid=5 flags=()"),
		/* Items that were not asked for. */
		S("* 2 FETCH (UID 5 MODSEQ (12121231000) X-FOO (1 (\"a)\" NIL)) FLAGS ())",
		    "FETCH 2 uid=5 flags=()"),
		S("* 2 FETCH (MODSEQ (-1) UID 5)", "FETCH 2 uid=5"),	/* Zoho */
		S("* 2 FETCH (BODY[HEADER.FIELDS (FROM TO)] {3}\r\na\r\n UID 5)", "FETCH 2 uid=5"),
		S("* 2 FETCH (BODY[1.MIME]<3> \"x\" UID 5 BODY[TEXT] NIL)", "FETCH 2 uid=5"),
		S("* 2 FETCH ()", "FETCH 2"),
		S("* 2 FETCH (FLAGS (\\Deleted))", "FETCH 2 flags=(\\Deleted)"),
	};

	(void)state;
	CHECK_ALL(t);
}

static void
test_fetch_facts_that_are_odd_are_as_good_as_none(void **state)
{
	static const struct sample t[] = {
		/* mail.ru, Yahoo, Domino, A8. */
		S("* 1 FETCH (UID 5 RFC822.SIZE 9.3736e+06)", "FETCH 1 uid=5"),
		S("* 1 FETCH (UID 5 RFC822.SIZE -1)", "FETCH 1 uid=5"),
		S("* 1 FETCH (UID 5 RFC822.SIZE NIL)", "FETCH 1 uid=5"),
		S("* 1 FETCH (UID 5 RFC822.SIZE 18446744073709551616)", "FETCH 1 uid=5"),
		S("* 1 FETCH (UID 5 RFC822.SIZE 18446744073709551615)",
		    "FETCH 1 uid=5 size=18446744073709551615"),
		S("* 1 FETCH (UID 5 FLAGS NIL)", "FETCH 1 uid=5 flags=()"),
		S("* 1 FETCH (UID 5 INTERNALDATE NIL)", "FETCH 1 uid=5"),
		S("* 1 FETCH (UID 5 INTERNALDATE \"00-Jan-0000 00:00:00 +0000\")",
		    "FETCH 1 uid=5 date=00-Jan-0000 00:00:00 +0000"),
		S("* 1 FETCH (UID 5 INTERNALDATE \"\")", "FETCH 1 uid=5 date="),
		S("* 1 FETCH (UID 5 INTERNALDATE \""
		    "0123456789012345678901234567890123456789012345678901234567890123"
		    "overlong\")", "FETCH 1 uid=5 date="
		    "0123456789012345678901234567890123456789012345678901234567890123"),
		BYTES("* 1 FETCH (UID 5 INTERNALDATE \"1\0002\")\r\n", "FETCH 1 uid=5 date=1\n"),
		S("* 1 FETCH (UID 5 EMAILID NIL THREADID ())", "FETCH 1 uid=5 bad: its items can't be read"),
		S("* 1 FETCH (UID 5 EMAILID NIL THREADID NIL)", "FETCH 1 uid=5"),
		S("* 1 FETCH (UID 5 EMAILID (M6d9) THREADID (T64b))",
		    "FETCH 1 uid=5 emailid=M6d9 threadid=T64b"),
		S("* 1 FETCH (UID 5 X-GM-MSGID 1278455344230334865 X-GM-THRID 12)",
		    "FETCH 1 uid=5 emailid=gm:1278455344230334865 threadid=gm:12"),
		/* 8-bit and NUL where they have no business (R117). */
		S("* 1 FETCH (UID 5 FLAGS (a\377 \303\244))", "FETCH 1 uid=5 flags=(a\377 \303\244)"),
		BYTES("* 1 FETCH (UID 5 FLAGS (a\0b))\r\n", "FETCH 1 uid=5 flags=(a b)\n"),
	};

	(void)state;
	CHECK_ALL(t);
}

/* The texts of a message live side by side, also where those of the answer to ID stood before (Gmail's order). */
static void
test_fetch_facts_live_as_long_as_the_response(void **state)
{
	static const struct sample t[] = {
		S("* ID (\"name\" \"GImap\")\r\n"
		    "* 1 FETCH (UID 5 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\""
		    " X-GM-MSGID 1278455344230334865 X-GM-THRID 1278455344230334865)",
		    "ID GImap\n"
		    "FETCH 1 uid=5 date=17-Jul-1996 02:44:25 -0700@837596665"
		    " emailid=gm:1278455344230334865 threadid=gm:1278455344230334865"),
	};

	(void)state;
	CHECK_ALL(t);
}

static void
test_gmail_labels_come_as_they_like(void **state)
{
	static const struct sample t[] = {
		S("* 1 FETCH (X-GM-LABELS (\\Inbox \"\\\\Sent\" Important \"Muy Importante\") UID 5)",
		    "FETCH 1 uid=5 labels=(Important|Muy Importante|\\Inbox|\\Sent)"),
		S("* 1 FETCH (UID 5 X-GM-LABELS (+IMNews [Mailbox] NIL]))",
		    "FETCH 1 uid=5 labels=(+IMNews|NIL]|[Mailbox])"),
		S("* 1 FETCH (UID 5 X-GM-LABELS (NIL {3}\r\na b \"\"))",
		    "FETCH 1 uid=5 labels=(NIL|a b)"),
		S("* 1 FETCH (UID 5 X-GM-LABELS ())", "FETCH 1 uid=5 labels=()"),
		S("* 1 FETCH (UID 5 X-GM-LABELS NIL)", "FETCH 1 uid=5"),
		S("* 1 FETCH (UID 5 X-GM-LABELS (a (b)))",
		    "FETCH 1 uid=5 bad: its items can't be read"),
	};

	(void)state;
	CHECK_ALL(t);
}

/* R11, R38: such a message is not taken, and it is said why. */
static void
test_fetch_that_can_not_be_trusted_is_bad(void **state)
{
	static const struct sample t[] = {
		S("* 1 FETCH (UID 0 FLAGS ())", "FETCH 1 bad: its UID is no UID"),
		S("* 1 FETCH (UID 4294967296)", "FETCH 1 bad: its UID is no UID"),
		S("* 1 FETCH (UID -5)", "FETCH 1 bad: its UID is no UID"),
		S("* 1 FETCH (UID 9.4e+06)", "FETCH 1 bad: its UID is no UID"),
		S("* 1 FETCH (UID)", "FETCH 1 bad: its UID is no UID"),
		S("* 1 FETCH (UID \"5\")", "FETCH 1 bad: its UID is no UID"),
		S("* 1 FETCH (UID 5 UID 6)", "FETCH 1 uid=5 bad: it has two UIDs"),
		S("* 1 FETCH (UID 5 BODY[] {1}\r\nx BODY[] \"y\")",
		    "{1}x\nFETCH 1 uid=5 body=spoiled bad: it has two bodies"),
		S("* 1 FETCH (UID 5 BODY[] NIL BODY[] \"y\")",
		    "FETCH 1 uid=5 body=NIL bad: it has two bodies"),
		S("* 1 FETCH (UID 5 BODY[] abc)", "FETCH 1 uid=5 bad: its body can't be read"),
		S("* 1 FETCH (UID 5 BODY[] FLAGS ())", "FETCH 1 uid=5 bad: its body can't be read"),
		S("* 1 FETCH (UID 5 BODY[] (\"a\"))", "FETCH 1 uid=5 bad: its body can't be read"),
		S("* 1 FETCH (UID 5 BODY[] {1}\r\nx",
		    "{1}x\nFETCH 1 uid=5 body=spoiled bad: its items can't be read"),
		S("* 1 FETCH (UID 5 BODY[] {1}\r\nx))x",
		    "{1}x\nFETCH 1 uid=5 body=spoiled bad: its items can't be read"),
		S("* 1 FETCH UID 5", "FETCH 1 bad: its items can't be read"),
		S("* 1 FETCH", "FETCH 1 bad: its items can't be read"),
		S("* 1 FETCH (UID 5 (", "FETCH 1 uid=5 bad: its items can't be read"),
		S("* 1 FETCH (UID 5 FLAGS (\\Seen)", "FETCH 1 uid=5 flags=(\\Seen) bad: its items can't be read"),
		S("* 1 FETCH (UID 5 FLAGS \\Seen)", "FETCH 1 uid=5 bad: its items can't be read"),
		S("* 1 FETCH (UID 5 X-FOO)", "FETCH 1 uid=5 bad: its items can't be read"),
		S("* 1 FETCH (UID 5) X", "FETCH 1 uid=5 bad: its items can't be read"),
		/* A body behind the end. */
		S("* 1 FETCH (UID 5) (BODY[] {1}\r\nx)",
		    "{1}x\nFETCH 1 uid=5 bad: its items can't be read"),
		BYTES("* 1 FETCH (UID\0 5)\r\n", "FETCH 1\n"),
	};

	(void)state;
	CHECK_ALL(t);
}

/* A21: bytes of a body or a literal are never syntax. */
static void
test_what_stands_in_a_body_is_not_a_response(void **state)
{
	static const struct sample t[] = {
		BYTES("* 1 FETCH (UID 5 BODY[] {29}\r\n)\r\nk1 OK done\r\n* BYE\r\n* 2 EXP)\r\n"
		    "k1 OK\r\n", "{29})\r\nk1 OK done\r\n* BYE\r\n* 2 EXP\n"
		    "FETCH 1 uid=5 body=29\nk1 OK | \n"),
		BYTES("* 1 FETCH (UID 5 BODY[] {9}\r\n {3}\r\n)\n))\r\n",
		    "{9} {3}\r\n)\n)\nFETCH 1 uid=5 body=9\n"),
		BYTES("* LIST () \"/\" {20}\r\na\r\nA9 DELETE INBOX\r\n\r\n* OK x\r\n",
		    "LIST \"/\" a\r\nA9 DELETE INBOX\r\n ()\n* OK | x\n"),
		/* A literal where none may stand takes nothing but itself with it. */
		BYTES("* 1 FETCH (UID 5 FLAGS (\\Seen {18}\r\n) BODY[] \"forged\") X)\r\n* OK x\r\n",
		    "FETCH 1 uid=5 bad: its items can't be read\n* OK | x\n"),
		BYTES("* 1 FETCH (X-FOO{18}\r\n UID 5 BODY[] \"x\")  UID 6)\r\n",
		    "FETCH 1 uid=6\n"),
		BYTES("* SEARCH 1 {4}\r\n 2 3\r\n* OK x\r\n", "SEARCH  bad: \n* OK | x\n"),
	};

	(void)state;
	CHECK_ALL(t);
}

/* R21 */
static void
test_refusals_say_whether_to_wait(void **state)
{
	static const struct {
		const char *in;
		enum imap_refusal want;
		uint64_t backoff;
	} t[] = {
		{ "k1 NO no", REFUSED_PLAIN, 0 },
		{ "k1 BAD no", REFUSED_UNKNOWN, 0 },
		{ "k1 NO", REFUSED_PLAIN, 0 },
		{ "k1 BAD", REFUSED_UNKNOWN, 0 },
		{ "k1 NO [THROTTLED] slow down", REFUSED_LATER, 0 },
		{ "k1 NO slow down [THROTTLED]", REFUSED_LATER, 0 },	/* Gmail */
		{ "k1 NO [INUSE] locked", REFUSED_LATER, 0 },
		{ "k1 NO [UNAVAILABLE] UID FETCH Server error", REFUSED_LATER, 0 },
		{ "k1 NO [LIMIT] UID FETCH Rate limit hit", REFUSED_LATER, 0 },
		{ "k1 NO [OVERQUOTA] Account exceeded command or bandwidth limits.",
		    REFUSED_LATER, 0 },
		{ "k1 BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds",
		    REFUSED_LATER, 299961 },
		{ "k1 NO suggested backoff time:7 ms", REFUSED_LATER, 7 },
		{ "k1 NO Backoff Time: 99999999999999999999 ms", REFUSED_LATER, 0 },
		{ "k1 NO Backoff Time:", REFUSED_LATER, 0 },
		{ "k1 BAD User is authenticated but not connected.", REFUSED_LATER, 0 },
		/* A folder's name is no reason to wait. */
		{ "k1 NO [NONEXISTENT] there is no folder [THROTTLED]/Too many", REFUSED_NO_FOLDER, 0 },
		{ "k1 NO [NOPERM] Backoff Time: 5", REFUSED_FORBIDDEN, 0 },
		{ "k1 NO [CANNOT] there is no folder [OVERQUOTA]", REFUSED_PLAIN, 0 },
		{ "k1 NO there is no folder [OVERQUOTA]/x", REFUSED_PLAIN, 0 },
		{ "k1 NO there is no folder [OVERQUOTA", REFUSED_PLAIN, 0 },
		{ "k1 NO [TRYCREATE] no such folder", REFUSED_NO_FOLDER, 0 },
		{ "k1 BAD [trycreate] no such folder", REFUSED_NO_FOLDER, 0 },
		{ "k1 NO [TRYCREATED] no such folder", REFUSED_PLAIN, 0 },
		{ "k1 NO no such folder [TRYCREATE].", REFUSED_NO_FOLDER, 0 },
		{ "k1 NO [OVERQUOTA] Quota exceeded (mailbox for user is full)", REFUSED_QUOTA, 0 },
		{ "k1 NO the mailbox is full [OVERQUOTA]", REFUSED_QUOTA, 0 },
		{ "k1 NO Quota Exceeded", REFUSED_QUOTA, 0 },
		{ "k1 NO Message would be OVER QUOTA", REFUSED_QUOTA, 0 },
		{ "k1 NO [ALERT] You exceeded your mail quota.", REFUSED_QUOTA, 0 },	/* Courier */
		{ "k1 BAD over quota", REFUSED_QUOTA, 0 },
		{ "k1 NO [CANNOT] quota exceeded", REFUSED_PLAIN, 0 },
		{ "k1 NO [TOOBIG] Too many bytes", REFUSED_TOO_BIG, 0 },
		{ "k1 BAD [TOOBIG] Message too large", REFUSED_TOO_BIG, 0 },	/* Gmail */
		{ "k1 NO [NOPERM] Permission denied", REFUSED_FORBIDDEN, 0 },
		{ "k1 NO [READ-ONLY] not in this folder", REFUSED_FORBIDDEN, 0 },
		{ "k1 NO [AUTHENTICATIONFAILED] Too many attempts, try again later", REFUSED_PLAIN, 0 },
		{ "k1 NO [EXPIRED] try again later", REFUSED_PLAIN, 0 },
		{ "k1 NO Invalid login, please try again", REFUSED_PLAIN, 0 },
		{ "k1 NO Login failed, please Try Again Later", REFUSED_LATER, 0 },
		{ "k1 NO [OVERLIMIT] SERVERBUG", REFUSED_PLAIN, 0 },
		{ "k1 NO the folder Unavailable is unavailable in use", REFUSED_PLAIN, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char *line = xstrdup(t[i].in);
		uint64_t backoff = 77;
		struct response r;

		response_init(&r);
		response_parse(&r, line, strlen(line), SIZE_MAX, 0);
		assert_int_equal(response_refusal(&r, &backoff), t[i].want);
		assert_int_equal(backoff, t[i].backoff);
		response_release(&r);
		free(line);
	}
}

/* A response leaves nothing behind for the next one. */
static void
test_each_response_starts_afresh(void **state)
{
	static const char *const full[] = {
		"* 1 FETCH (UID 5 FLAGS (\\Seen) X-GM-LABELS (a) X-GM-MSGID 5 BODY[] \"x\" RFC822.SIZE 3)",
		"* STATUS a (MESSAGES 3 UIDNEXT 4 MAILBOXID (x))",
		"* NAMESPACE ((\"a\" \"/\")) NIL NIL", "* VANISHED (EARLIER) 1:9",
		"* LIST (\\Sent) \"/\" b", "k1 NO [UIDNEXT 5] x", "* QUOTA a (STORAGE 1 2)",
		"* 1 FETCH (UID 0)",
	};
	struct response r;
	size_t i;

	(void)state;
	response_init(&r);
	for (i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
		char *line = xstrdup(full[i]), rest[] = "* OK";

		response_parse(&r, line, strlen(line), SIZE_MAX, 0);
		assert_int_not_equal(r.kind, RESP_OTHER);
		response_parse(&r, rest, 4, SIZE_MAX, 0);
		assert_int_equal(r.kind, RESP_STATE);
		assert_true(r.tag == NULL && r.code == CODE_NONE && r.name == NULL &&
		    r.mailboxid == NULL && r.why == NULL && !r.bad && !r.earlier &&
		    !r.has_quota && r.ns_n == 0 && uidset_empty(&r.uids) &&
		    r.meta.uid == 0 && r.meta.flags == NULL && r.meta.labels == NULL &&
		    r.meta.emailid == NULL && !r.meta.has_size && r.body == BODY_NONE &&
		    r.body_text == NULL && !r.box.has_exists && r.box.uidnext == 0 &&
		    r.list.n == 0 && r.labels.n == 0 && r.words.n == 0);
		free(line);
	}
	response_release(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_responses_give_code_and_words),
		cmocka_unit_test(test_sloppy_status_is_understood),
		cmocka_unit_test(test_what_is_no_response_is_nothing),
		cmocka_unit_test(test_numbers_of_messages),
		cmocka_unit_test(test_list_gives_name_delimiter_and_attributes),
		cmocka_unit_test(test_list_never_takes_a_part_of_a_name),
		cmocka_unit_test(test_status_of_a_folder),
		cmocka_unit_test(test_search_takes_the_uids_and_steps_over_the_rest),
		cmocka_unit_test(test_vanished),
		cmocka_unit_test(test_what_a_server_says_of_itself),
		cmocka_unit_test(test_fetch_in_any_order_and_spelling),
		cmocka_unit_test(test_fetch_facts_that_are_odd_are_as_good_as_none),
		cmocka_unit_test(test_fetch_facts_live_as_long_as_the_response),
		cmocka_unit_test(test_gmail_labels_come_as_they_like),
		cmocka_unit_test(test_fetch_that_can_not_be_trusted_is_bad),
		cmocka_unit_test(test_what_stands_in_a_body_is_not_a_response),
		cmocka_unit_test(test_refusals_say_whether_to_wait),
		cmocka_unit_test(test_each_response_starts_afresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * taste.c - what servers object to in a message, by the name they give.
 *
 * Only what is certain stands here, since a message that is objected to is not
 * even tried; any other refusal is met when it comes.
 *
 * Cyrus: message_copy_strict() of imap/message.c refuses a NUL anywhere
 * ("Message contains NUL characters") and an LF without a CR anywhere ("Message
 * contains bare newlines") in what comes as a common literal; a header line
 * whose name is empty or holds a blank or control character, "From " at its
 * beginning apart, and a header that ends within a line ("Message contains
 * invalid header"); with reject8bit: yes, 8-bit bytes in the header ("Message
 * contains non-ASCII characters in headers").  Lone CRs and long lines are fine.
 * By default (munge8bit: yes) it makes each 8-bit byte of a header an X: no
 * refusal, but another message, as the check after a restore will tell.
 *
 * Exchange and Outlook.com answer "BAD Command Argument Error. 11" or "Error.
 * 10" to lines that are too long, NULs, and much else.  imapsync's FAQ.Exchange
 * cuts lines at 9,900 bytes; its preset for Exchange lets 10,239 pass, the one
 * for Office 365 up to 10,500 (imapsync#104): between these, trying is all.
 *
 * Dovecot (2.3.19, tried): refuses none of this.  It makes a NUL 0x80, an LF
 * without a CR a CRLF, and drops a CR before a CRLF; other CRs, 8-bit headers,
 * lines of 200,000 bytes, headers without an end or a colon stay as they are.
 * An empty message is refused ("Can't save a zero byte message").
 */
#include <string.h>

#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char	*in_name;	/* what imap_server() says holds this */
	const char	*long_line;
	struct policy_taste taste;
} known[] = {
	/* RFC 2971 ID: "Cyrus IMAPD", "Microsoft.Exchange.Imap4.Imap4Server" */
	{ "Cyrus", NULL,
	    { .who = "Cyrus", .nuls = true, .bare = true } },
	{ "Microsoft.Exchange", "it has a line of more than 10,500 bytes",
	    { .who = "Exchange", .nuls = true, .longest = 10500,
	    .cut = 9900 } },
};

const struct policy_taste *
policy_taste_of(const char *server)
{
	size_t i;

	for (i = 0; server != NULL && i < LENGTH(known); i++)
		if (strstr(server, known[i].in_name) != NULL)
			return &known[i].taste;
	return NULL;
}

static const char *
long_line(const struct policy_taste *taste)
{
	size_t i = 0;

	while (&known[i].taste != taste)
		i++;
	return known[i].long_line;
}

const char *
policy_objects(const struct policy_taste *taste, const struct defects *d)
{
	if (taste == NULL)
		return NULL;
	if (taste->nuls && d->nuls > 0)
		return "it holds NUL bytes";
	if (taste->bare && d->bare_lfs > 0)
		return "it has bare newlines";
	if (taste->longest > 0 && d->longest > taste->longest)
		return long_line(taste);
	return NULL;
}

void
policy_cure(const struct policy_taste *taste, struct defect_cure *cure)
{
	size_t i;

	memset(cure, 0, sizeof(*cure));
	for (i = 0; i < LENGTH(known); i++) {
		const struct policy_taste *t = &known[i].taste;

		if (taste != NULL && taste != t)
			continue;
		cure->nuls = cure->nuls || t->nuls;
		cure->line_ends = cure->line_ends || t->bare;
		if (t->cut > 0 && (cure->longest == 0 ||
		    t->cut < cure->longest))
			cure->longest = t->cut;
	}
	/* Yahoo wants the end of the last line (MailKit#251). */
	cure->end = taste == NULL;
}

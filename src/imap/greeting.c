/*
 * greeting.c - see greeting.h.
 */
#include <string.h>

#include "base/log.h"
#include "imap/cursor.h"
#include "imap/greeting.h"

static void
take_capability(struct greeting *g, const char *line)
{
	g->password = strcasestr(line, "AUTH=PLAIN") != NULL ||
	    strcasestr(line, "AUTH=LOGIN") != NULL;
	g->token = strcasestr(line, "AUTH=XOAUTH2") != NULL ||
	    strcasestr(line, "AUTH=OAUTHBEARER") != NULL;
	g->login_disabled = strcasestr(line, "LOGINDISABLED") != NULL;
}

int
greeting_line(struct greeting *g, const char *line)
{
	const char *word = line + strcspn(line, " ");
	bool capability = strcasestr(line, "CAPABILITY ") != NULL;
	size_t n;

	if (!g->begun && strncmp(line, "* ", 2) != 0) {
		buf_adds(&g->last, line);
		return -1;
	}
	/* The rest of the dialogue is about secrets. */
	if (!g->begun || capability)
		log_debug("S: %s", line);
	g->begun = true;
	if (capability)
		take_capability(g, line);
	word += strspn(word, " ");
	n = strcspn(word, " ");
	if (str_same(word, n, "NO") || str_same(word, n, "BAD") ||
	    str_same(word, n, "BYE")) {
		g->refused = true;
		g->bye = str_same(word, n, "BYE");
		buf_clear(&g->last);
		buf_adds(&g->last, word + n + strspn(word + n, " "));
	}
	return 0;
}

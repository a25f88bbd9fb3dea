/*
 * read_maildir.c - what the name of a file in a Maildir says: the letters behind ":2,".
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "foreign/read.h"

bool
read_keyword_ok(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] > '~' ||
		    strchr("(){%*\"\\]", p[i]) != NULL)
			return false;
	return n > 0 && n <= 255;
}

/* dovecot-keywords: lines of a number from 0 and a keyword. */
void
read_keywords_parse(struct read_keywords *k, const char *p, size_t n)
{
	const char *end = p + n, *line, *blank;
	uint64_t number;

	for (; p < end; p += n + 1) {
		line = p;
		blank = memchr(line, '\n', (size_t)(end - p));
		n = blank == NULL ? (size_t)(end - p) : (size_t)(blank - p);
		blank = memchr(line, ' ', n);
		if (blank == NULL ||
		    text_u64(line, (size_t)(blank - line), &number) == -1 ||
		    number > 25)
			continue;
		line += n;
		if (!read_keyword_ok(blank + 1, (size_t)(line - blank - 1)))
			continue;
		free(k->word[number]);
		k->word[number] = xmemdup0(blank + 1,
		    (size_t)(line - blank - 1));
	}
}

void
read_keywords_release(struct read_keywords *k)
{
	size_t i;

	for (i = 0; i < 26; i++) {
		free(k->word[i]);
		k->word[i] = NULL;
	}
}

/* Behind the last "2," that a mark stands before: ':', or what took its place where ':' can't be in a name. */
static const char *
info_of(const char *name)
{
	const char *p;

	for (p = name + strlen(name); p > name; p--)
		if ((p[-1] == ':' || p[-1] == ';' || p[-1] == '!') &&
		    p[0] == '2' && p[1] == ',')
			return p + 2;
	return "";
}

bool
read_maildir_flags(const char *name, const struct read_keywords *k,
    struct buf *out)
{
	static const struct { char letter; const char *flag; } t[] = {
		{ 'D', " \\Draft" },
		{ 'F', " \\Flagged" },
		{ 'P', " $Forwarded" },
		{ 'R', " \\Answered" },
		{ 'S', " \\Seen" },
		{ 'T', " \\Deleted" },
	};
	const char *p = info_of(name);
	bool all = true;
	size_t i;

	/* Another field may follow (",S=1234"). */
	for (; *p != '\0' && *p != ','; p++) {
		for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
			if (*p == t[i].letter)
				buf_adds(out, t[i].flag);
		if (*p < 'a' || *p > 'z')
			continue;
		if (k != NULL && k->word[*p - 'a'] != NULL)
			buf_addf(out, " %s", k->word[*p - 'a']);
		else
			all = false;
	}
	return all;
}

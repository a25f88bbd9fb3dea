/*
 * imap_double.h - stands in for wire.c: a server in memory that answers by rules, for tests of what is above the wire.
 *
 * A rule says what is answered to a command that begins with its text: "%T" in the answer is the command's tag,
 * "%1", "%2" the tag of the command before it, the one before that, "%N" its own second word.  The first rule that
 * fits and was not used up counts; a command that none fits is answered "OK".  What the client sent is in
 * double_said(), a command a line with its number as its tag; a line "|" is where it waited for an answer, a line "?"
 * is what was no command.
 *
 * Where the client sends a message, double_early() is for what is said before the command is whole, dbl.takes for a
 * connection that takes only so much at a time.
 */
#ifndef TESTS_UNIT_IMAP_DOUBLE_H
#define TESTS_UNIT_IMAP_DOUBLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "imap/imap.h"
#include "imap/wire.h"

#define DOUBLE_MAX	(64 * 1024 * 1024)
#define DOUBLE_RULES	64
#define DOUBLE_TAGS	1000

struct rule {
	const char	*on;
	const char	*say;
	unsigned int	 times;		/* 0: whenever it fits */
	size_t		 early;		/* said when so many bytes of the command came, not when it is whole; 0: no */
};

/* A piece that was put; held ones and those behind them are not sent. */
struct double_piece {
	struct double_piece *next;
	struct buf	 b;
	bool		 held;
};

static struct {
	struct rule	 rules[DOUBLE_RULES];
	size_t		 rules_n;
	struct double_piece *pieces;	/* own */
	struct buf	 sent;		/* what the server has not looked at */
	struct buf	 said;		/* commands, for the test */
	struct buf	 answers;	/* what the client has not received */
	size_t		 at;
	char		*given;		/* own: lent by wire_get() */
	size_t		 chunk;		/* bytes a receive; 0: all there are */
	uint64_t	 flood;		/* times that flood_text comes when nothing else does */
	const char	*flood_text;
	char		 tag[DOUBLE_TAGS][32];
	size_t		 tags;
	size_t		 takes;		/* bytes a send; 0: all there are */
	bool		 no_literals;	/* synchronizing literals are refused, by the rules, */
	size_t		 accepts;	/* ... but for so many of a command */
	size_t		 asked;		/* for a literal, when so much had come of a command */
	bool		 answered;	/* before the command was whole */
	bool		 open;
	size_t		 marked;	/* of said */
	uint64_t	 received;
} dbl;

static inline void
double_reset(void)
{
	struct double_piece *p;

	while ((p = dbl.pieces) != NULL) {
		dbl.pieces = p->next;
		buf_release(&p->b);
		free(p);
	}
	buf_release(&dbl.sent);
	buf_release(&dbl.said);
	buf_release(&dbl.answers);
	free(dbl.given);
	memset(&dbl, 0, sizeof(dbl));
	buf_init(&dbl.sent, DOUBLE_MAX);
	buf_init(&dbl.said, DOUBLE_MAX);
	buf_init(&dbl.answers, DOUBLE_MAX);
}

/* double_on(on, say): what is answered to commands that begin like that.  double_once(): one time only. */
static inline void
double_rule(const char *on, const char *say, unsigned int times)
{
	if (dbl.rules_n == DOUBLE_RULES)
		abort();
	dbl.rules[dbl.rules_n++] = (struct rule){ on, say, times, 0 };
}

/* double_early(on, n, say): said, once, as soon as ${n} bytes of such a command have come; it is its answer. */
static inline void
double_early(const char *on, size_t n, const char *say)
{
	double_rule(on, say, 1);
	dbl.rules[dbl.rules_n - 1].early = n;
}

static inline void
double_on(const char *on, const char *say)
{
	double_rule(on, say, 0);
}

static inline void
double_once(const char *on, const char *say)
{
	double_rule(on, say, 1);
}

/* double_say(bytes): said whatever the client does. */
static inline void
double_say(const char *s)
{
	buf_adds(&dbl.answers, s);
}

static inline const char *
double_said(void)
{
	return buf_text(&dbl.said);
}

static inline void
double_forget(void)
{
	buf_clear(&dbl.said);
	dbl.marked = 0;
}

/* ---- the server ---- */

static inline void
double_answer(const char *say, const char *text)
{
	for (; *say != '\0'; say++) {
		size_t back;

		if (*say != '%' || say[1] == '\0' ||
		    strchr("T12N", say[1]) == NULL) {
			buf_addc(&dbl.answers, *say);
			continue;
		}
		if (say[1] == 'N') {
			text += strcspn(text, " ");
			text += strspn(text, " ");
			buf_add(&dbl.answers, text, strcspn(text, " "));
			say++;
			continue;
		}
		back = *++say == 'T' ? 1 : (size_t)(*say - '0') + 1;
		buf_adds(&dbl.answers, dbl.tag[(dbl.tags - back) %
		    DOUBLE_TAGS]);
	}
}

static inline void
double_tag(const char *p, size_t n)
{
	snprintf(dbl.tag[dbl.tags++ % DOUBLE_TAGS], sizeof(dbl.tag[0]),
	    "%.*s", (int)n, p);
}

/* What came of a command that is not whole: is there something to say? */
static inline void
double_hurry(void)
{
	const char *p = dbl.sent.p, *text = strchr(buf_text(&dbl.sent), ' ');
	size_t i;

	for (i = 0; text != NULL && i < dbl.rules_n && !dbl.answered; i++) {
		struct rule *r = &dbl.rules[i];

		if (r->early == 0 || dbl.sent.n < r->early ||
		    strncmp(text + 1, r->on, strlen(r->on)) != 0)
			continue;
		double_tag(p, (size_t)(text - p));
		dbl.answered = true;
		r->on = "(used up)";
		double_answer(r->say, text + 1);
	}
}

/* ${text} is behind the tag, and may hold a literal. */
static inline void
double_serve(const char *text)
{
	size_t i;

	for (i = 0; i < dbl.rules_n; i++) {
		struct rule *r = &dbl.rules[i];

		if (r->early != 0 || strncmp(text, r->on, strlen(r->on)) != 0)
			continue;
		if (r->times == 1)
			r->on = "(used up)";
		double_answer(r->say, text);
		return;
	}
	double_answer("%T OK done\r\n", text);
}

/* The size of the literal that a line ends with, or -1. */
static inline long
double_literal(const char *line, size_t n, bool *waits)
{
	const char *p = line + n;

	if (n < 3 || *--p != '}')
		return -1;
	*waits = p[-1] != '+';
	while (p > line && *p != '{')
		p--;
	return strtol(p + 1, NULL, 10);
}

/* Look at what was sent: how much of it is a command, 0 for not a whole one. */
static inline size_t
double_command(bool *stop, size_t *literals)
{
	const char *p = dbl.sent.p, *end;
	size_t n = 0;
	bool waits = false;

	for (;;) {
		long size;

		end = memmem(p + n, dbl.sent.n - n, "\r\n", 2);
		if (end == NULL)
			return 0;
		n = (size_t)(end - p);
		if ((size = double_literal(p, n, &waits)) < 0)
			return n + 2;
		n += 2;
		++*literals;
		if (waits && dbl.sent.n == n) {
			*stop = true;
			return n;
		}
		if (dbl.sent.n < n + (size_t)size)
			return 0;
		n += (size_t)size;
	}
}

/* A whole command, with its tag and the line end. */
static inline void
double_take(const char *p, size_t n)
{
	size_t tag = strcspn(p, " ");
	const char *number;
	char *text;

	/* What a literal held that was asked for and then refused, say. */
	if (n < tag + 3) {
		buf_adds(&dbl.said, "?\n");
		double_answer("* BAD no command\r\n", "");
		return;
	}
	number = memchr(p, '.', tag);
	text = xmemdup0(p + tag + 1, n - tag - 3);
	if (!dbl.answered)
		double_tag(p, tag);
	number = number == NULL ? p : number + 1;
	buf_add(&dbl.said, number, (size_t)(p + tag - number));
	buf_addf(&dbl.said, " %s\n", text);
	if (!dbl.answered)
		double_serve(text);
	dbl.answered = false;
	free(text);
}

/* Read what was sent, up to a literal that waits for our word. */
static inline void
double_read(void)
{
	bool waits = false;
	size_t n, literals = 0;

	while (dbl.sent.n > 0 && (n = double_command(&waits, &literals)) > 0) {
		if (waits && !(dbl.no_literals && literals > dbl.accepts))
			break;
		double_take(dbl.sent.p, n);
		memmove(dbl.sent.p, dbl.sent.p + n, dbl.sent.n - n);
		dbl.sent.n -= n;
		dbl.sent.p[dbl.sent.n] = '\0';
		waits = false;
		dbl.asked = literals = 0;
	}
	if (dbl.sent.n > 0)
		double_hurry();
	if (waits && !dbl.answered && dbl.asked != dbl.sent.n) {
		dbl.asked = dbl.sent.n;
		double_answer("+ go on\r\n", "");
	}
}

/* ---- wire.h ---- */

struct wire {
	char	none;
};

int
wire_open(const struct imap_login *l, struct wire **out, struct err *e)
{
	(void)l, (void)e;
	*out = xcalloc(1, sizeof(**out));
	dbl.open = true;
	return 0;
}

void
wire_close(struct wire **wp)
{
	if (*wp != NULL)
		dbl.open = false;
	free(*wp);
	*wp = NULL;
}

static inline void
double_put(const void *p, size_t n, bool held)
{
	struct double_piece **at = &dbl.pieces, *new;

	new = xcalloc(1, sizeof(*new));
	buf_init(&new->b, DOUBLE_MAX);
	buf_add(&new->b, p, n);
	new->held = held;
	while (*at != NULL)
		at = &(*at)->next;
	*at = new;
}

int
wire_put(struct wire *w, const void *p, size_t n, size_t held, struct err *e)
{
	(void)w, (void)e;
	double_put(p, n - held, false);
	if (held > 0)
		double_put((const char *)p + n - held, held, true);
	return 0;
}

static inline struct double_piece *
double_held(void)
{
	struct double_piece *p = dbl.pieces;

	while (p != NULL && !p->held)
		p = p->next;
	if (p == NULL)
		abort();
	return p;
}

void
wire_release(struct wire *w)
{
	(void)w;
	double_held()->held = false;
}

void
wire_drop(struct wire *w)
{
	struct double_piece *p = double_held();

	(void)w;
	buf_clear(&p->b);
	p->held = false;
}

size_t
wire_waiting(const struct wire *w)
{
	struct double_piece *p;
	size_t n = 0;

	(void)w;
	for (p = dbl.pieces; p != NULL; p = p->next)
		n += p->b.n;
	return n;
}

void
wire_flush(struct wire *w)
{
	struct double_piece *p;
	size_t left = dbl.takes == 0 ? SIZE_MAX : dbl.takes;

	(void)w;
	while ((p = dbl.pieces) != NULL && !p->held) {
		size_t n = p->b.n < left ? p->b.n : left;

		buf_add(&dbl.sent, p->b.p, n);
		left -= n;
		p->b.n -= n;
		if (p->b.n > 0) {
			memmove(p->b.p, p->b.p + n, p->b.n);
			break;
		}
		dbl.pieces = p->next;
		buf_release(&p->b);
		free(p);
	}
	double_read();
}

/* What there is of the answers; false: nothing. */
static inline bool
double_give(const char **p, size_t *n)
{
	if (dbl.at == dbl.answers.n) {
		buf_clear(&dbl.answers);
		dbl.at = 0;
		if (dbl.flood == 0)
			return false;
		dbl.flood--;
		*p = dbl.flood_text;
		*n = strlen(*p);
		return true;
	}
	*n = dbl.answers.n - dbl.at;
	if (dbl.chunk != 0 && *n > dbl.chunk)
		*n = dbl.chunk;
	/* From memory of its own, so that a read beyond it is seen. */
	free(dbl.given);
	dbl.given = xmalloc(*n);
	memcpy(dbl.given, dbl.answers.p + dbl.at, *n);
	dbl.at += *n;
	dbl.received += *n;
	*p = dbl.given;
	return true;
}

int
wire_send(struct wire *w, size_t most, const char **p, size_t *n,
    struct err *e)
{
	do {
		wire_flush(w);
		if (double_give(p, n))
			return 1;
		if (wire_waiting(w) <= most)
			return 0;
	} while (!dbl.pieces->held);
	return err_set(e, EK_TEMP, "the server has nothing to say");
}

int
wire_get(struct wire *w, const char **p, size_t *n, struct err *e)
{
	wire_flush(w);
	if (dbl.said.n > dbl.marked) {
		buf_adds(&dbl.said, "|\n");
		dbl.marked = dbl.said.n;
	}
	while (!double_give(p, n)) {
		if (dbl.takes == 0 || dbl.pieces == NULL || dbl.pieces->held)
			return err_set(e, EK_TEMP,
			    "the server has nothing to say");
		wire_flush(w);
	}
	return 0;
}

uint64_t
wire_received(const struct wire *w)
{
	(void)w;
	return dbl.received;
}

#endif

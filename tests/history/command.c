/*
 * command.c - see sim.h: the commands but FETCH.
 *
 * What the program may not say to a server it only reads from is an offence that ends the history.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sim.h"

/* ---- words of a command ---- */

/* Whether ${*p} goes on with ${word}; steps behind it. */
static bool
take(const char **p, const char *word)
{
	size_t n = strlen(word);

	if (strncasecmp(*p, word, n) != 0)
		return false;
	*p += n;
	return true;
}

/* A folder's name, quoted, as a literal or bare; to be freed. */
static char *
take_name(const char **p)
{
	struct buf b = BUF_INIT(1 << 16);
	const char *s = *p;

	if (*s == '{') {
		size_t n = strtoul(s + 1, NULL, 10);

		s = strchr(s, '\n') + 1;
		buf_add(&b, s, n);
		*p = s + n;
		return buf_take(&b);
	}
	if (*s != '"') {
		size_t n = strcspn(s, " \r");

		buf_add(&b, s, n);
		*p = s + n;
		return buf_take(&b);
	}
	for (s++; *s != '"' && *s != '\0'; s++) {
		if (*s == '\\')
			s++;
		buf_addc(&b, *s);
	}
	*p = *s == '"' ? s + 1 : s;
	return buf_take(&b);
}

/* INBOX is INBOX however it is spelled. */
static struct box *
find_box(const struct conn *c, const char *name)
{
	if (strcasecmp(name, "INBOX") == 0)
		return c->s->w->boxes[0];
	return world_box(c->s->w, name);
}

/* A name as an astring of any form. */
static void
say_name(struct conn *c, const char *name)
{
	bool atom = strcasecmp(name, "NIL") != 0, quoted = true;
	struct buf b = BUF_INIT(1 << 16);
	const char *p;

	for (p = name; *p != '\0'; p++) {
		unsigned char ch = (unsigned char)*p;

		if (ch <= ' ' || ch >= 0x7f ||
		    strchr("(){%*\"\\]", ch) != NULL)
			atom = false;
		if (ch == '\r' || ch == '\n')
			quoted = false;
	}
	if (atom && one_in(&c->s->net, 2))
		buf_adds(&b, name);
	else if (!quoted || one_in(&c->s->net, 4))
		buf_addf(&b, "{%zu}\r\n%s", strlen(name), name);
	else {
		buf_addc(&b, '"');
		for (p = name; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				buf_addc(&b, '\\');
			buf_addc(&b, *p);
		}
		buf_addc(&b, '"');
	}
	conn_say(c, "%s", buf_text(&b));
	buf_release(&b);
}

/* Whether it is this command's turn to be refused: then it is. */
static bool
refuse(struct conn *c)
{
	static const char *const refusals[] = { "NO not today",
	    "NO [UNAVAILABLE] try again later", "BAD what?",
	    "NO [SERVERBUG] oops" };
	struct sim *s = c->s;
	size_t i;

	s->commands++;
	for (i = 0; i < sizeof(s->plan.refuse_at) /
	    sizeof(s->plan.refuse_at[0]); i++)
		if (s->plan.refuse_at[i] == s->commands) {
			s->refused++;
			conn_say(c, "%s %s\r\n", c->tag,
			    refusals[rng_below(&s->net, 4)]);
			buf_adds(&s->said, "  -- refused\n");
			return true;
		}
	return false;
}

/* ---- capabilities ---- */

static void
say_capability(struct conn *c)
{
	static const struct { unsigned int feature; const char *words; } t[] = {
		{ HAS_CONDSTORE, "CONDSTORE" }, { HAS_QRESYNC, "ENABLE QRESYNC" },
		{ HAS_LIST_EXTENDED, "LIST-EXTENDED" },
		{ HAS_LIST_STATUS, "LIST-STATUS" }, { HAS_ESEARCH, "ESEARCH" },
		{ HAS_UIDPLUS, "UIDPLUS" }, { HAS_OBJECTID, "OBJECTID" },
		{ HAS_SPECIAL_USE, "SPECIAL-USE" },
		{ HAS_NAMESPACE, "NAMESPACE" }, { HAS_ID, "ID" },
		{ HAS_LITERAL, "LITERAL+" }, { HAS_GMAIL, "X-GM-EXT-1" },
	};
	size_t i;

	conn_say(c, "CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN");
	for (i = 0; c->signed_in && i < sizeof(t) / sizeof(t[0]); i++)
		if (c->features & t[i].feature)
			conn_say(c, " %s", t[i].words);
}

/* ---- LIST, STATUS ---- */

static void
say_status(struct conn *c, const struct box *b, const char *items)
{
	char parts[7][64];
	size_t n = 0, i;

	if (strstr(items, "MESSAGES") != NULL)
		snprintf(parts[n++], 64, "MESSAGES %zu", b->n);
	if (strstr(items, "UIDNEXT") != NULL && !b->no_uidnext)
		snprintf(parts[n++], 64, "UIDNEXT %llu",
		    (unsigned long long)b->uidnext);
	if (strstr(items, "UIDVALIDITY") != NULL && !b->no_uidvalidity)
		snprintf(parts[n++], 64, "UIDVALIDITY %llu",
		    (unsigned long long)b->uidvalidity);
	if (strstr(items, "HIGHESTMODSEQ") != NULL)
		snprintf(parts[n++], 64, "HIGHESTMODSEQ %llu", b->no_modseq ?
		    0 : (unsigned long long)b->modseq);
	if (strstr(items, "MAILBOXID") != NULL)
		snprintf(parts[n++], 64, "MAILBOXID (F%u)", b->id);
	conn_say(c, "* STATUS ");
	say_name(c, b->wire);
	conn_say(c, " (");
	for (i = 0; n > 0; i++) {
		size_t at = rng_below(&c->s->net, (uint32_t)n);

		conn_say(c, "%s%s", i == 0 ? "" : " ", parts[at]);
		memmove(parts[at], parts[--n], sizeof(parts[0]));
	}
	conn_say(c, ")\r\n");
}

/* Items of STATUS that the server doesn't know. */
static bool
knows_status(const struct conn *c, const char *items)
{
	return (strstr(items, "HIGHESTMODSEQ") == NULL ||
	    c->features & HAS_CONDSTORE) &&
	    (strstr(items, "MAILBOXID") == NULL ||
	    c->features & HAS_OBJECTID) && strstr(items, "SIZE") == NULL;
}

static void
say_list(struct conn *c, const struct box *b, const char *word, bool extended)
{
	struct buf attributes = BUF_INIT(1000);

	world_attributes(b, c->features, &attributes);
	if (extended && b->subscribed)
		buf_adds(&attributes, " \\Subscribed");
	if (one_in(&c->s->net, 4))
		buf_adds(&attributes, " \\Marked");
	conn_say(c, "* %s (%s) \"/\" ", word, buf_text(&attributes));
	say_name(c, b->wire);
	conn_say(c, "\r\n");
	buf_release(&attributes);
}

/* All boxes in any order, the answer being a permutation of them. */
static void
shuffled(struct conn *c, struct box **out)
{
	const struct world *w = c->s->w;
	size_t i, at;

	for (i = 0; i < w->n; i++) {
		at = rng_below(&c->s->net, (uint32_t)i + 1);
		out[i] = out[at];
		out[at] = w->boxes[i];
	}
}

static void
do_list(struct conn *c, const char *args)
{
	struct world *w = c->s->w;
	bool extended = strstr(args, "RETURN") != NULL, late;
	const char *status = strstr(args, "STATUS (");
	struct box **order;
	size_t i;

	if ((extended && !(c->features & HAS_LIST_EXTENDED)) ||
	    (status != NULL && (!(c->features & HAS_LIST_STATUS) ||
	    !knows_status(c, status))) ||
	    (strstr(args, "SPECIAL-USE") != NULL &&
	    !(c->features & HAS_SPECIAL_USE))) {
		conn_say(c, "%s BAD I don't know that LIST\r\n", c->tag);
		return;
	}
	order = xcalloc(w->n, sizeof(*order));
	shuffled(c, order);
	late = one_in(&c->s->net, 3);
	for (i = 0; i < w->n; i++) {
		say_list(c, order[i], "LIST", extended);
		if (status != NULL && !late && !order[i]->noselect)
			say_status(c, order[i], status);
	}
	for (i = 0; i < w->n; i++)
		if (status != NULL && late && !order[i]->noselect)
			say_status(c, order[i], status);
	free(order);
	conn_say(c, "%s OK that is all\r\n", c->tag);
}

static void
do_lsub(struct conn *c, const char *args)
{
	struct world *w = c->s->w;
	size_t i;

	(void)args;
	for (i = 0; i < w->n; i++)
		if (w->boxes[i]->subscribed)
			say_list(c, w->boxes[i], "LSUB", false);
	conn_say(c, "%s OK that is all\r\n", c->tag);
}

static void
do_status(struct conn *c, const char *args)
{
	char *name = take_name(&args);
	struct box *b = find_box(c, name);

	if (refuse(c)) {
		free(name);
		return;
	}
	if (!knows_status(c, args))
		conn_say(c, "%s BAD I don't know that item\r\n", c->tag);
	else if (b == NULL || b->noselect)
		conn_say(c, "%s NO [NONEXISTENT] no such folder\r\n", c->tag);
	else {
		say_status(c, b, args);
		conn_say(c, "%s OK done\r\n", c->tag);
	}
	free(name);
}

/* ---- EXAMINE ---- */

/* The folder that is open, as long as it is the one that was opened. */
static struct box *
open_box(const struct conn *c)
{
	const struct world *w = c->s->w;
	size_t i;

	for (i = 0; c->box != 0 && i < w->n; i++)
		if (w->boxes[i]->id == c->box)
			return w->boxes[i]->incarnation == c->incarnation ?
			    w->boxes[i] : NULL;
	return NULL;
}

static void
look(struct conn *c, const struct box *b)
{
	size_t i;

	c->box = b->id;
	c->incarnation = b->incarnation;
	c->seq_n = 0;
	for (i = 0; i < b->n; i++) {
		c->seq = mem_grow(c->seq, &c->seq_cap, c->seq_n + 1,
		    sizeof(*c->seq));
		c->seq[c->seq_n++] = b->v[i].uid;
	}
}

static void
say_opened(struct conn *c, const struct box *b, bool condstore)
{
	char parts[7][96];
	size_t n = 0, i;

	snprintf(parts[n++], 96, "FLAGS (\\Seen \\Deleted)");
	snprintf(parts[n++], 96, "%zu EXISTS", b->n);
	snprintf(parts[n++], 96, "0 RECENT");
	if (!b->no_uidvalidity)
		snprintf(parts[n++], 96, "OK [UIDVALIDITY %llu] valid",
		    (unsigned long long)b->uidvalidity);
	if (!b->no_uidnext)
		snprintf(parts[n++], 96, "OK [UIDNEXT %llu]%s",
		    (unsigned long long)b->uidnext,
		    one_in(&c->s->net, 2) ? "" : " predicted");
	if (condstore && b->no_modseq)
		snprintf(parts[n++], 96, "OK [NOMODSEQ] sorry");
	else if (condstore)
		snprintf(parts[n++], 96, "OK [HIGHESTMODSEQ %llu]",
		    (unsigned long long)b->modseq);
	for (i = 0; n > 0; i++) {
		size_t at = rng_below(&c->s->net, (uint32_t)n);

		conn_say(c, "* %s\r\n", parts[at]);
		memmove(parts[at], parts[--n], sizeof(parts[0]));
	}
	if (c->features & HAS_OBJECTID)
		conn_say(c, "* OK [MAILBOXID (F%u)] id\r\n", b->id);
}

static void
do_examine(struct conn *c, const char *args)
{
	unsigned long long uidvalidity = 0, modseq = 0;
	char *name = take_name(&args);
	struct box *b = find_box(c, name);
	const char *resync = strstr(args, "(QRESYNC (");
	bool condstore = strstr(args, "(CONDSTORE)") != NULL || resync != NULL;

	free(name);
	if (open_box(c) != NULL && c->qresync)
		fetch_news(c, open_box(c));	/* RFC 7162, 3.2.11: still of the old one */
	if (c->box != 0 && c->qresync)
		conn_say(c, "* OK [CLOSED] the one before\r\n");
	c->box = 0;
	if (refuse(c))
		return;
	if ((condstore && !(c->features & HAS_CONDSTORE)) ||
	    (resync != NULL && !c->qresync)) {
		conn_say(c, "%s BAD I don't know that parameter\r\n", c->tag);
		return;
	}
	if (b == NULL || b->noselect) {
		conn_say(c, "%s NO [NONEXISTENT] no such folder\r\n", c->tag);
		return;
	}
	c->s->examines++;
	look(c, b);
	say_opened(c, b, condstore || c->qresync);
	if (resync != NULL) {
		char *end;

		uidvalidity = strtoull(resync + 10, &end, 10);
		modseq = strtoull(end, NULL, 10);
		if (!b->no_modseq && !b->no_uidvalidity &&
		    uidvalidity == b->uidvalidity)
			fetch_resync(c, b, modseq);
	}
	conn_say(c, "%s OK [READ-ONLY] opened\r\n", c->tag);
}

/* ---- the open folder ---- */

static void
do_search(struct conn *c, const char *args)
{
	struct box *b = open_box(c);
	bool extended = strstr(args, "RETURN (ALL)") != NULL;
	struct uidset all = UIDSET_INIT;
	struct buf text = BUF_INIT(1 << 20);
	size_t i;

	if (extended && !(c->features & HAS_ESEARCH)) {
		conn_say(c, "%s BAD I don't know RETURN\r\n", c->tag);
		return;
	}
	fetch_news(c, b);
	if (extended) {
		for (i = 0; i < c->seq_n; i++)
			uidset_add(&all, c->seq[i]);
		uidset_format(&all, 0, 1 << 20, &text);
		conn_say(c, "* ESEARCH (TAG \"%s\") UID%s%s\r\n", c->tag,
		    text.n == 0 ? "" : " ALL ", buf_text(&text));
	} else {
		/* No answer is an answer where there is nothing. */
		if (c->seq_n > 0 || one_in(&c->s->net, 2))
			conn_say(c, "* SEARCH");
		for (i = 0; i < c->seq_n; i++) {
			if (i > 0 && one_in(&c->s->net, 20))
				conn_say(c, "\r\n* SEARCH");
			conn_say(c, " %u", c->seq[i]);
		}
		if (c->out.n > 0 && c->out.p[c->out.n - 1] != '\n')
			conn_say(c, "%s\r\n", one_in(&c->s->net, 4) ? " " : "");
	}
	uidset_release(&all);
	buf_release(&text);
	conn_say(c, "%s OK done\r\n", c->tag);
}

static void
do_uid(struct conn *c, const char *args)
{
	struct sim *s = c->s;
	struct box *b = open_box(c);

	if (b == NULL) {
		conn_say(c, "%s %s no folder is open\r\n", c->tag,
		    c->box == 0 ? "BAD" : "NO [NONEXISTENT]");
		return;
	}
	if (refuse(c))
		return;
	if (take(&args, "FETCH "))
		fetch_command(c, b, args);
	else if (take(&args, "SEARCH "))
		do_search(c, args);
	else
		sim_broke(s, "it said UID %s", args);
}

/* ---- the others ---- */

static void
do_enable(struct conn *c, const char *args)
{
	if (!(c->features & HAS_QRESYNC)) {
		conn_say(c, "%s BAD I don't know ENABLE\r\n", c->tag);
		return;
	}
	if (strstr(args, "QRESYNC") != NULL)
		c->qresync = true;
	conn_say(c, "* ENABLED QRESYNC\r\n%s OK enabled\r\n", c->tag);
}

static void
do_capability(struct conn *c, const char *args)
{
	(void)args;
	conn_say(c, "* ");
	say_capability(c);
	conn_say(c, "\r\n%s OK done\r\n", c->tag);
}

static void
do_authenticate(struct conn *c, const char *args)
{
	if (strchr(args, ' ') == NULL) {
		c->continued = true;
		conn_say(c, "+ \r\n");
		return;
	}
	c->signed_in = true;
	conn_say(c, "%s OK ", c->tag);
	if (one_in(&c->s->net, 2)) {
		conn_say(c, "[");
		say_capability(c);
		conn_say(c, "] ");
	}
	conn_say(c, "welcome\r\n");
}

static void
do_noop(struct conn *c, const char *args)
{
	(void)args;
	conn_say(c, "%s OK nothing\r\n", c->tag);
}

static void
do_id(struct conn *c, const char *args)
{
	(void)args;
	if (c->features & HAS_ID)
		conn_say(c, "* ID (\"name\" \"sim\")\r\n%s OK\r\n", c->tag);
	else
		conn_say(c, "%s BAD who?\r\n", c->tag);
}

static void
do_namespace(struct conn *c, const char *args)
{
	(void)args;
	if (c->features & HAS_NAMESPACE)
		conn_say(c, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"
		    "%s OK done\r\n", c->tag);
	else
		conn_say(c, "%s BAD what?\r\n", c->tag);
}

static void
do_logout(struct conn *c, const char *args)
{
	(void)args;
	conn_say(c, "* BYE\r\n%s OK bye\r\n", c->tag);
	c->closing = true;
}

/* The client's words, for the record: what can't be shown is not. */
static void
record(struct sim *s, const char *text, size_t n)
{
	size_t i;

	buf_adds(&s->said, "C: ");
	for (i = 0; i < n; i++)
		buf_addc(&s->said, isprint((unsigned char)text[i]) ||
		    text[i] == '\n' ? text[i] : '?');
	buf_addc(&s->said, '\n');
	buf_add(&s->requests, text, n);
	buf_addc(&s->requests, '\n');
}

static void
dispatch(struct conn *c, const char *text)
{
	static const struct {
		const char *word;
		void	(*fn)(struct conn *, const char *);
		bool	 before;	/* the sign-in */
	} t[] = {
		{ "CAPABILITY", do_capability, true },
		{ "AUTHENTICATE ", do_authenticate, true },
		{ "NOOP", do_noop, false }, { "LOGOUT", do_logout, true },
		{ "ID ", do_id, false }, { "NAMESPACE", do_namespace, false },
		{ "ENABLE ", do_enable, false }, { "LIST ", do_list, false },
		{ "LSUB ", do_lsub, false }, { "STATUS ", do_status, false },
		{ "EXAMINE ", do_examine, false }, { "UID ", do_uid, false },
	};
	const char *args = text;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (take(&args, t[i].word) &&
		    (c->signed_in || t[i].before)) {
			t[i].fn(c, args);
			return;
		}
	/* R2: nothing that changes anything, or could. */
	sim_broke(c->s, "it said: %s", text);
	conn_say(c, "%s BAD no\r\n", c->tag);
}

void
conn_command(struct conn *c, const char *line, size_t n)
{
	char *copy = xmemdup0(line, n), *text;

	while (n > 0 && (copy[n - 1] == '\n' || copy[n - 1] == '\r'))
		copy[--n] = '\0';
	if (c->continued) {
		c->continued = false;
		do_authenticate(c, "PLAIN x");
		free(copy);
		return;
	}
	text = copy + strcspn(copy, " ");
	snprintf(c->tag, sizeof(c->tag), "%.*s", (int)(text - copy), copy);
	text += *text == ' ';
	if (c->signed_in)
		record(c->s, text, n - (size_t)(text - copy));
	sim_tick(c->s);
	dispatch(c, text);
	free(copy);
}

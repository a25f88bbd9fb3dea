/*
 * imapd_script.c - reading a script: lines become steps, texts and patterns become pieces.
 */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "imapd.h"

/* What stands behind a statement's word. */
enum form { NOTHING, TEXT, PATTERN, BLOCK, PATTERN_BLOCK, NAME_TEXT, COUNT_BLOCK };

static const struct {
	const char	*word;
	enum op		 op;
	enum form	 form;
} statements[] = {
	{ "S:",		OP_SEND,		TEXT },
	{ "S<",		OP_SEND_PART,		TEXT },
	{ "S-literal:",	OP_SEND_LITERAL,	TEXT },
	{ "S-file:",	OP_SEND_FILE,		TEXT },
	{ "S-gen:",	OP_SEND_GEN,		TEXT },
	{ "S-fill:",	OP_SEND_FILL,		TEXT },
	{ "C:",		OP_EXPECT,		PATTERN },
	{ "C=",		OP_EXPECT_RAW,		PATTERN },
	{ "C?",		OP_MAYBE,		PATTERN_BLOCK },
	{ "C-literal:",	OP_EXPECT_LITERAL,	TEXT },
	{ "serve",	OP_SERVE,		BLOCK },
	{ "on",		OP_ON,			PATTERN_BLOCK },
	{ "done",	OP_DONE,		NOTHING },
	{ "repeat",	OP_REPEAT,		COUNT_BLOCK },
	{ "set",	OP_SET,			NAME_TEXT },
	{ "default",	OP_DEFAULT,		NAME_TEXT },
	{ "never",	OP_NEVER,		PATTERN },
	{ "may-close",	OP_MAY_CLOSE,		NOTHING },
	{ "delay",	OP_DELAY,		TEXT },
	{ "split",	OP_SPLIT,		TEXT },
	{ "flush",	OP_FLUSH,		NOTHING },
	{ "timeout",	OP_TIMEOUT,		TEXT },
	{ "tls",	OP_TLS,			TEXT },
	{ "starttls",	OP_STARTTLS,		TEXT },
	{ "close",	OP_CLOSE,		NOTHING },
	{ "cut",	OP_CUT,			NOTHING },
	{ "reset",	OP_RESET,		NOTHING },
	{ "stall",	OP_STALL,		NOTHING },
};

struct parser {
	FILE		*f;
	char		*file;		/* lives as long as the steps */
	int		 line;
	const char	*dir;		/* where else includes are */
	struct script	*script;
	int		 depth;
};

static void parse_file(struct parser *, const char *, struct step ***);

static _Noreturn void
wrong(const struct parser *p, const char *what, const char *where)
{
	errx(2, "%s:%d: %s: %s", p->file, p->line, what, where);
}

static void
add_piece(struct text *t, enum piece_kind kind, const char *s, size_t n)
{
	t->v = mem_grow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = (struct piece){ kind, xmemdup0(s, n), n };
}

static size_t
name_length(const char *s)
{
	size_t n = 0;

	while (islower((unsigned char)s[n]) || s[n] == '_' ||
	    (n > 0 && isdigit((unsigned char)s[n])))
		n++;
	return n;
}

/* \r \n \t \0 \\ \$ \< \. \xNN; any other backslash is one, so that \Seen can be written. */
static size_t
escape(const char *s, char *out)
{
	static const char from[] = "rnt0\\$<.", to[] = "\r\n\t\0\\$<.";
	const char *p;
	char hex[3];

	if (s[0] != '\\' || s[1] == '\0')
		return 0;
	if (s[1] == 'x' && isxdigit((unsigned char)s[2]) &&
	    isxdigit((unsigned char)s[3])) {
		memcpy(hex, s + 2, 2);
		hex[2] = '\0';
		*out = (char)strtoul(hex, NULL, 16);
		return 4;
	}
	if ((p = strchr(from, s[1])) == NULL)
		return 0;
	*out = to[p - from];
	return 2;
}

/* The piece that is not bytes at ${s}, if there is one: its length. */
static size_t
special(const struct parser *p, const char *s, bool pattern, struct text *t)
{
	const char *end;
	size_t n;

	if (s[0] == '$' && s[1] == '{') {
		if ((end = strchr(s, '}')) == NULL)
			wrong(p, "no }", s);
		add_piece(t, PIECE_SUM, s + 2, (size_t)(end - s - 2));
		return (size_t)(end - s + 1);
	}
	if (s[0] == '$' && (n = name_length(s + 1)) > 0) {
		add_piece(t, PIECE_VAR, s + 1, n);
		return n + 1;
	}
	if (pattern && strncmp(s, "...", 3) == 0) {
		add_piece(t, PIECE_ANY, "", 0);
		return 3;
	}
	if (pattern && s[0] == '<' && (n = name_length(s + 1)) > 0 &&
	    s[n + 1] == '>') {
		add_piece(t, PIECE_CATCH, s + 1, n);
		return n + 2;
	}
	return 0;
}

static void
parse_text(const struct parser *p, const char *s, bool pattern, struct text *t)
{
	struct buf bytes = BUF_INIT(1 << 24);
	size_t n;
	char c;

	while (*s != '\0') {
		struct text one = { NULL, 0, 0 };

		if ((n = special(p, s, pattern, &one)) > 0) {
			if (bytes.n > 0)
				add_piece(t, PIECE_BYTES, bytes.p, bytes.n);
			buf_clear(&bytes);
			add_piece(t, one.v->kind, one.v->s, one.v->n);
			free(one.v->s);
			free(one.v);
		} else {
			c = *s;
			if ((n = escape(s, &c)) == 0)
				n = 1;
			if (buf_addc(&bytes, c) == -1)
				wrong(p, "too long", "");
		}
		s += n;
	}
	if (bytes.n > 0)
		add_piece(t, PIECE_BYTES, bytes.p, bytes.n);
	buf_release(&bytes);
}

/* Cut " {" off the end, or complain. */
static void
cut_brace(const struct parser *p, char *s)
{
	size_t n = strlen(s);

	if (n == 0 || s[n - 1] != '{')
		wrong(p, "no { at the end", s);
	s[--n] = '\0';
	while (n > 0 && s[n - 1] == ' ')
		s[--n] = '\0';
}

/* name=value */
static void
parse_name(const struct parser *p, char *s, struct step *st)
{
	size_t n = name_length(s);

	if (n == 0 || s[n] != '=')
		wrong(p, "not name=value", s);
	st->name = xmemdup0(s, n);
	parse_text(p, s + n + 1, false, &st->text);
}

/* N or N as name */
static void
parse_count(const struct parser *p, char *s, struct step *st)
{
	char *as = strstr(s, " as ");

	st->name = xstrdup("i");
	if (as != NULL) {
		free(st->name);
		if (name_length(as + 4) != strlen(as + 4))
			wrong(p, "not a name", as + 4);
		st->name = xstrdup(as + 4);
		*as = '\0';
	}
	parse_text(p, s, false, &st->text);
}

/* One line without its end, or 0 at the end of the file. */
static int
read_line(struct parser *p, char **line, size_t *cap)
{
	ssize_t n;

	while ((n = getline(line, cap, p->f)) != -1) {
		char *s = *line;

		p->line++;
		if (n > 0 && s[n - 1] == '\n')
			s[n - 1] = '\0';
		s += strspn(s, " \t");
		if (*s != '\0' && *s != '#') {
			memmove(*line, s, strlen(s) + 1);
			return 1;
		}
	}
	return 0;
}

static void parse_block(struct parser *, struct step ***, bool);

static void
parse_statement(struct parser *p, char *s, struct step ***tail)
{
	struct step *st = xcalloc(1, sizeof(*st));
	char *rest = s + strcspn(s, " ");
	size_t i, n = (size_t)(rest - s);

	if (*rest == ' ')
		rest++;
	st->file = p->file;
	st->line = p->line;
	**tail = st;
	*tail = &st->next;
	if (strncmp(s, "C ", 2) == 0) {		/* C name: pattern */
		i = name_length(rest);
		if (i == 0 || rest[i] != ':')
			wrong(p, "not C name:", s);
		st->op = OP_EXPECT;
		st->name = xmemdup0(rest, i);
		parse_text(p, rest + i + 1 + (rest[i + 1] == ' '), true,
		    &st->text);
		return;
	}
	for (i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (strlen(statements[i].word) == n &&
		    memcmp(statements[i].word, s, n) == 0)
			break;
	if (i == sizeof(statements) / sizeof(statements[0]))
		wrong(p, "unknown statement", s);
	st->op = statements[i].op;
	switch (statements[i].form) {
	case NOTHING:
		if (*rest != '\0')
			wrong(p, "nothing may follow", s);
		return;
	case TEXT:
		parse_text(p, rest, false, &st->text);
		return;
	case PATTERN:
		parse_text(p, rest, true, &st->text);
		return;
	case NAME_TEXT:
		parse_name(p, rest, st);
		return;
	case BLOCK:
		cut_brace(p, rest);
		break;
	case PATTERN_BLOCK:
		cut_brace(p, rest);
		parse_text(p, rest, true, &st->text);
		break;
	case COUNT_BLOCK:
		cut_brace(p, rest);
		parse_count(p, rest, st);
		break;
	}
	{
		struct step **body = &st->body;

		parse_block(p, &body, true);
	}
	for (struct step *b = st->body; b != NULL; b = b->next)
		if ((st->op == OP_SERVE) != (b->op == OP_ON))
			errx(2, "%s:%d: only \"on\" may stand in serve {}, and "
			    "only there", b->file, b->line);
}

/* connection: or connection rest: */
static void
parse_section(struct parser *p, const char *s, struct step ***tail)
{
	struct script *sc = p->script;
	bool rest = strcmp(s, "connection rest:") == 0;

	if (p->depth > 1 || (!rest && strcmp(s, "connection:") != 0))
		wrong(p, "not a connection", s);
	sc->v = mem_grow(sc->v, &sc->cap, sc->n + 1, sizeof(*sc->v));
	sc->v[sc->n] = (struct section){ NULL, rest };
	sc->n++;
	/* The steps hang on a cell that doesn't move when the array grows. */
	sc->v[sc->n - 1].steps = xcalloc(1, sizeof(struct step));
	sc->v[sc->n - 1].steps->op = OP_FLUSH;
	sc->v[sc->n - 1].steps->file = p->file;
	*tail = &sc->v[sc->n - 1].steps->next;
}

static void
parse_block(struct parser *p, struct step ***tail, bool inner)
{
	char *line = NULL;
	size_t cap = 0;
	bool ended = false;

	while (!ended && read_line(p, &line, &cap)) {
		if (inner && strcmp(line, "}") == 0)
			ended = true;
		else if (strncmp(line, "include ", 8) == 0)
			parse_file(p, line + 8, tail);
		else if (!inner && strncmp(line, "connection", 10) == 0)
			parse_section(p, line, tail);
		else
			parse_statement(p, line, tail);
	}
	if (inner && !ended)
		wrong(p, "no } before the end", p->file);
	free(line);
}

/* ${name} beside the file that names it, else in the directory for includes. */
static FILE *
open_script(const struct parser *p, const char *name, char **path)
{
	const char *slash = p->file == NULL ? NULL : strrchr(p->file, '/');
	FILE *f;

	*path = slash == NULL || name[0] == '/' ? xstrdup(name) :
	    xasprintf("%.*s/%s", (int)(slash - p->file), p->file, name);
	if ((f = fopen(*path, "re")) == NULL && p->dir != NULL) {
		free(*path);
		*path = xasprintf("%s/%s", p->dir, name);
		f = fopen(*path, "re");
	}
	return f;
}

static void
parse_file(struct parser *p, const char *name, struct step ***tail)
{
	struct parser q = { .dir = p->dir, .script = p->script,
	    .depth = p->depth + 1 };

	if (q.depth > 8)
		wrong(p, "includes too deep", name);
	if ((q.f = open_script(p, name, &q.file)) == NULL)
		err(2, "%s", name);
	parse_block(&q, tail, false);
	fclose(q.f);
}

struct script *
script_read(const char *path, const char *dir)
{
	struct script *sc = xcalloc(1, sizeof(*sc));
	struct parser p = { .dir = dir, .script = sc };
	struct step **tail = &sc->common;

	parse_file(&p, path, &tail);
	if (sc->n == 0) {
		sc->v = xcalloc(1, sizeof(*sc->v));
		sc->v->steps = sc->common;
		sc->common = NULL;
		sc->n = 1;
	}
	return sc;
}

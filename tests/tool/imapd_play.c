/*
 * imapd_play.c - playing a script on one connection.
 */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "imapd.h"

#define TEXT_LONG	((size_t)1 << 28)
#define PIECE		(1024 * 1024)	/* of what is generated or copied */

/* How a step ended: go on, leave the block "serve", or the connection is over. */
enum way { GO, LEAVE, OVER };

static enum way play_steps(struct conn *, const struct step *);

static struct var *
find_var(struct conn *c, const char *name, size_t n)
{
	size_t i;

	for (i = c->vars_n; i-- > 0;)
		if (strncmp(c->vars[i].name, name, n) == 0 &&
		    c->vars[i].name[n] == '\0')
			return &c->vars[i];
	return NULL;
}

static struct var *
make_var(struct conn *c, const char *name)
{
	struct var *v = find_var(c, name, strlen(name));

	if (v == NULL) {
		c->vars = mem_grow(c->vars, &c->vars_cap, c->vars_n + 1,
		    sizeof(*c->vars));
		v = &c->vars[c->vars_n++];
		*v = (struct var){ xstrdup(name), NULL, 0 };
	}
	return v;
}

static void
set_var(struct conn *c, const char *name, const char *value, size_t n)
{
	struct var *v = make_var(c, name);

	free(v->value);
	v->value = xmemdup0(value, n);
}

/* A number with K, M or G behind it, or a variable. */
static uint64_t
factor(struct conn *c, const char **s)
{
	const char *p = *s;
	struct var *v;
	uint64_t k;
	char *end;
	size_t n = 0;

	if (isdigit((unsigned char)*p)) {
		k = strtoull(p, &end, 10);
		if (*end == 'K' || *end == 'M' || *end == 'G')
			k <<= *end == 'K' ? 10 : *end == 'M' ? 20 : 30, end++;
		*s = end;
		return k;
	}
	while (islower((unsigned char)p[n]) || p[n] == '_' ||
	    isdigit((unsigned char)p[n]))
		n++;
	if ((v = find_var(c, p, n)) == NULL)
		conn_fail(c, "script: no variable in \"%s\"", p);
	*s = p + n;
	return v->value == NULL ? v->number : strtoull(v->value, NULL, 10);
}

static uint64_t
product(struct conn *c, const char **s)
{
	uint64_t k = factor(c, s), m;
	char op;

	while ((op = **s) == '*' || op == '/' || op == '%') {
		(*s)++;
		m = factor(c, s);
		if (op != '*' && m == 0)
			conn_fail(c, "script: division by 0");
		k = op == '*' ? k * m : op == '/' ? k / m : k % m;
	}
	return k;
}

/* 2*i+1: no blanks, no parentheses. */
static uint64_t
sum(struct conn *c, const char *s)
{
	uint64_t k = product(c, &s);

	while (*s == '+' || *s == '-') {
		bool plus = *s++ == '+';
		uint64_t m = product(c, &s);

		k = plus ? k + m : k - m;
	}
	if (*s != '\0')
		conn_fail(c, "script: not a sum: \"%s\"", s);
	return k;
}

static void
add_number(struct buf *b, uint64_t k)
{
	char digits[24], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + k % 10);
	while ((k /= 10) > 0);
	buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

static void
add_piece(struct conn *c, const struct piece *p, struct buf *b)
{
	struct var *v;

	switch (p->kind) {
	case PIECE_BYTES:
		buf_add(b, p->s, p->n);
		return;
	case PIECE_SUM:
		add_number(b, sum(c, p->s));
		return;
	case PIECE_VAR:
		if ((v = find_var(c, p->s, p->n)) == NULL)
			conn_fail(c, "script: no variable $%s", p->s);
		if (v->value == NULL)
			add_number(b, v->number);
		else
			buf_adds(b, v->value);
		return;
	case PIECE_ANY:
	case PIECE_CATCH:
		return;
	}
}

static void
fill_in(struct conn *c, const struct text *t, struct buf *b)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		add_piece(c, &t->v[i], b);
}

/* The text as a C string, to be freed. */
static char *
filled(struct conn *c, const struct text *t)
{
	struct buf b = BUF_INIT(TEXT_LONG);

	fill_in(c, t, &b);
	return buf_take(&b);
}

static uint64_t
number(struct conn *c, const struct text *t)
{
	char *s = filled(c, t);
	uint64_t k = sum(c, s);

	free(s);
	return k;
}

/* "200", "200ms", "5s", "10us": microseconds. */
static uint64_t
duration(struct conn *c, const char *s)
{
	char *end;
	uint64_t k = strtoull(s, &end, 10);

	if (end == s)
		conn_fail(c, "script: not a time: \"%s\"", s);
	if (strcmp(end, "us") == 0)
		return k;
	return k * (strcmp(end, "s") == 0 ? 1000000 : 1000);
}

/*
 * Whether ${s} is what the ${n} pieces at ${p} say.  Where it is, what <name>s stand for has become their value.
 */
static bool
matches(struct conn *c, const struct piece *p, size_t n, const char *s,
    size_t len)
{
	struct buf b = BUF_INIT(TEXT_LONG);
	size_t k;
	bool same;

	if (n == 0)
		return len == 0;
	switch (p->kind) {
	case PIECE_ANY:
		for (k = 0; k <= len; k++)
			if (matches(c, p + 1, n - 1, s + k, len - k))
				return true;
		return false;
	case PIECE_CATCH:
		for (k = 0; k < len && s[k] != ' '; k++)
			;
		for (; k > 0; k--)
			if (matches(c, p + 1, n - 1, s + k, len - k)) {
				set_var(c, p->s, s, k);
				return true;
			}
		return false;
	default:
		add_piece(c, p, &b);
		k = b.n;
		same = k <= len && memcmp(buf_text(&b), s, k) == 0;
		buf_release(&b);
		return same && matches(c, p + 1, n - 1, s + k, len - k);
	}
}

/* The pattern as it can be shown. */
static char *
pattern_text(const struct text *t)
{
	struct buf b = BUF_INIT(TEXT_LONG);
	size_t i;

	for (i = 0; i < t->n; i++) {
		const struct piece *p = &t->v[i];

		if (p->kind == PIECE_ANY)
			buf_adds(&b, "...");
		else if (p->kind == PIECE_CATCH)
			buf_addf(&b, "<%s>", p->s);
		else if (p->kind == PIECE_BYTES)
			buf_add(&b, p->s, p->n);
		else
			buf_addf(&b, "${%s}", p->s);
	}
	return buf_take(&b);
}

/* The next line, looked at for what should never come; conn_line()'s values. */
static int
next_line(struct conn *c, char **line, size_t *n)
{
	struct buf b = BUF_INIT(TEXT_LONG);
	size_t i;
	int r;

	if ((r = conn_line(c, line, n)) != 1)
		return r;
	if (c->again) {
		c->again = false;
		return 1;
	}
	conn_show(c, 'C', *line, *n);
	for (i = 0; i < c->never_n; i++)
		if (matches(c, c->never[i].v, c->never[i].n, *line, *n))
			conn_fail(c, "the client said what it should never "
			    "say");
	if (c->log != -1 && buf_addf(&b, "%zu: %.*s\n", c->serial, (int)*n,
	    *line) == 0 && write(c->log, b.p, b.n) == -1)
		conn_fail(c, "can't write the log");
	buf_release(&b);
	return 1;
}

static void
put_back(struct conn *c, size_t n)
{
	conn_back(c, n);
	c->again = true;
}

/*
 * Whether a tagged line is what a pattern says after its tag, which becomes $tag, and ${name}.
 */
static bool
command_is(struct conn *c, const struct step *st, const char *line, size_t n)
{
	const char *blank = memchr(line, ' ', n);
	size_t tag;

	if (blank == NULL)
		return false;
	tag = (size_t)(blank - line);
	if (!matches(c, st->text.v, st->text.n, blank + 1, n - tag - 1))
		return false;
	set_var(c, "tag", line, tag);
	if (st->name != NULL)
		set_var(c, st->name, line, tag);
	return true;
}

static void
expect(struct conn *c, const struct step *st)
{
	char *line, *want = pattern_text(&st->text);
	size_t n;
	int r;

	if ((r = next_line(c, &line, &n)) == 0) {
		if (c->may_close) {
			free(want);
			return;
		}
		conn_fail(c, "expected \"%s\", but the client closed the "
		    "connection", want);
	}
	if (r == -1)
		conn_fail(c, "expected \"%s\", but the client is silent",
		    want);
	if (st->op == OP_EXPECT ? !command_is(c, st, line, n) :
	    !matches(c, st->text.v, st->text.n, line, n))
		conn_fail(c, "expected \"%s\"", want);
	free(want);
}

/* C-literal: N [FILE] */
static void
expect_literal(struct conn *c, const struct step *st)
{
	char *s = filled(c, &st->text), *name = strchr(s, ' ');
	char got[65536], want[65536];
	uint64_t left;
	FILE *f = NULL;
	size_t n;

	if (name != NULL) {
		*name++ = '\0';
		if ((f = fopen(name, "re")) == NULL)
			conn_fail(c, "script: no file %s", name);
	}
	for (left = sum(c, s); left > 0; left -= n) {
		n = conn_bytes(c, got, left < sizeof(got) ? (size_t)left :
		    sizeof(got));
		if (n == 0)
			conn_fail(c, "the client closed the connection inside "
			    "a literal");
		if (f != NULL && (fread(want, 1, n, f) != n ||
		    memcmp(got, want, n) != 0))
			conn_fail(c, "the literal is not %s", name);
	}
	if (f != NULL && fgetc(f) != EOF)
		conn_fail(c, "the literal is only a part of %s", name);
	if (f != NULL)
		fclose(f);
	conn_show(c, 'C', "(literal)", 9);
	free(s);
}

static void
send_text(struct conn *c, const struct step *st)
{
	struct buf b = BUF_INIT(TEXT_LONG);
	struct buf size = BUF_INIT(64);

	fill_in(c, &st->text, &b);
	conn_show(c, 'S', buf_text(&b), b.n);
	if (st->op == OP_SEND_LITERAL) {
		buf_addf(&size, "{%zu}\r\n", b.n);
		conn_add(c, size.p, size.n);
		buf_release(&size);
	} else if (st->op == OP_SEND) {
		buf_adds(&b, "\r\n");
	}
	conn_add(c, buf_text(&b), b.n);
	buf_release(&b);
}

static void
announce(struct conn *c, uint64_t n)
{
	struct buf b = BUF_INIT(64);

	buf_addc(&b, '{');
	add_number(&b, n);
	buf_adds(&b, "}\r\n");
	conn_show(c, 'S', b.p, b.n - 2);
	conn_add(c, b.p, b.n);
	buf_release(&b);
}

static void
send_file(struct conn *c, const struct step *st)
{
	char *name = filled(c, &st->text), *p = xmalloc(PIECE);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat sb;
	ssize_t n;

	if (fd == -1 || fstat(fd, &sb) == -1)
		conn_fail(c, "script: no file %s", name);
	announce(c, (uint64_t)sb.st_size);
	while ((n = read(fd, p, PIECE)) > 0)
		conn_add(c, p, (size_t)n);
	close(fd);
	free(p);
	free(name);
}

void
gen_fill(char *p, size_t n, uint64_t at)
{
	static const char first[] = "Subject: generated: a counter and the "
	    "same words, every time\r\n\r\n";
	static const char line[] = "000000000000 All work and no play makes "
	    "Jack such a dull boy..\r\n";
	char now[GEN_LINE];
	uint64_t k;
	size_t i, m;

	_Static_assert(sizeof(first) == GEN_LINE + 1, "a line");
	_Static_assert(sizeof(line) == GEN_LINE + 1, "a line");
	memcpy(now, line, GEN_LINE);
	for (k = at / GEN_LINE, i = 12; i-- > 0; k /= 10)
		now[i] = (char)('0' + k % 10);
	for (; n > 0; p += m, n -= m, at += m) {
		m = n < GEN_LINE ? n : GEN_LINE;
		memcpy(p, at == 0 ? first : now, m);
		for (i = 12; i-- > 0 && ++now[i] > '9';)
			now[i] = '0';
	}
}

static void
send_gen(struct conn *c, const struct step *st)
{
	uint64_t size = number(c, &st->text), at;
	char *p = xmalloc(PIECE);
	size_t n = 0;

	announce(c, size);
	for (at = 0; at < size && !c->closed; at += n) {
		n = size - at < PIECE ? (size_t)(size - at) : PIECE;
		gen_fill(p, n, at);
		conn_add(c, p, n);
	}
	free(p);
}

/* S-fill: SIZE [TEXT] */
static void
send_fill(struct conn *c, const struct step *st)
{
	char *s = filled(c, &st->text), *with = strchr(s, ' ');
	char *p = xmalloc(PIECE);
	uint64_t left;
	size_t n, len;

	if (with != NULL)
		*with++ = '\0';
	else
		with = s + strlen(s);
	len = strlen(with);
	for (n = 0; n < PIECE; n++)
		p[n] = len == 0 ? 'x' : with[n % len];
	/* Whole repetitions in each piece, so that they join. */
	n = len == 0 ? PIECE : PIECE / len * len;
	for (left = sum(c, s); left > 0 && !c->closed; left -= n) {
		if (left < n)
			n = (size_t)left;
		conn_add(c, p, n);
	}
	conn_show(c, 'S', "(filling)", 9);
	free(p);
	free(s);
}

static enum way
repeat(struct conn *c, const struct step *st)
{
	uint64_t i, n = number(c, &st->text);
	enum way way;

	for (i = 1; i <= n; i++) {
		struct var *v = make_var(c, st->name);

		free(v->value);
		v->value = NULL;
		v->number = i;
		if ((way = play_steps(c, st->body)) != GO)
			return way;
	}
	return GO;
}

/* C? PATTERN { }: played if the next line is that. */
static enum way
maybe(struct conn *c, const struct step *st)
{
	char *line;
	size_t n;
	int r;

	if ((r = next_line(c, &line, &n)) == 0)
		return GO;
	if (r == -1)
		conn_fail(c, "the client is silent");
	if (command_is(c, st, line, n))
		return play_steps(c, st->body);
	put_back(c, n);
	return GO;
}

/* serve { on ... }: until a line comes that none is for. */
static enum way
serve(struct conn *c, const struct step *st)
{
	const struct step *on;
	enum way way;
	char *line;
	size_t n;
	int r;

	while ((r = next_line(c, &line, &n)) == 1) {
		for (on = st->body; on != NULL; on = on->next)
			if (command_is(c, on, line, n))
				break;
		if (on == NULL) {
			put_back(c, n);
			return GO;
		}
		if ((way = play_steps(c, on->body)) != GO)
			return way == LEAVE ? GO : way;
		c->step = st;
	}
	if (r == -1)
		conn_fail(c, "the client is silent");
	return GO;
}

static void
split(struct conn *c, const struct step *st)
{
	char *s = filled(c, &st->text), *pause = strchr(s, ' ');

	conn_flush(c);
	c->pause = 0;
	if (pause != NULL) {
		*pause++ = '\0';
		c->pause = duration(c, pause);
	}
	c->split = sum(c, s);
	free(s);
}

/* Steps about values and times; they never end the connection. */
static void
play_plain(struct conn *c, const struct step *st)
{
	char *s = filled(c, &st->text);
	uint64_t ms;

	switch (st->op) {
	case OP_SET:
		set_var(c, st->name, s, strlen(s));
		break;
	case OP_DEFAULT:
		if (find_var(c, st->name, strlen(st->name)) == NULL)
			set_var(c, st->name, s, strlen(s));
		break;
	case OP_NEVER:
		c->never = mem_grow(c->never, &c->never_cap, c->never_n + 1,
		    sizeof(*c->never));
		c->never[c->never_n++] = st->text;
		break;
	case OP_DELAY:
		conn_flush(c);
		conn_sleep(c, duration(c, s));
		break;
	case OP_TIMEOUT:
		ms = duration(c, s) / 1000;
		c->timeout = ms > INT_MAX ? INT_MAX : (int)ms;
		break;
	case OP_TLS:
	case OP_STARTTLS:
		conn_tls(c, *s == '\0' ? "server" : s);
		break;
	default:
		abort();
	}
	free(s);
}

static enum way
play_step(struct conn *c, const struct step *st)
{
	c->step = st;
	switch (st->op) {
	case OP_SEND:
	case OP_SEND_PART:
	case OP_SEND_LITERAL:
		send_text(c, st);
		return GO;
	case OP_SEND_FILE:
		send_file(c, st);
		return GO;
	case OP_SEND_GEN:
		send_gen(c, st);
		return GO;
	case OP_SEND_FILL:
		send_fill(c, st);
		return GO;
	case OP_EXPECT:
	case OP_EXPECT_RAW:
		expect(c, st);
		return GO;
	case OP_EXPECT_LITERAL:
		expect_literal(c, st);
		return GO;
	case OP_MAYBE:
		return maybe(c, st);
	case OP_SERVE:
		return serve(c, st);
	case OP_ON:
	case OP_DONE:
		return LEAVE;
	case OP_REPEAT:
		return repeat(c, st);
	case OP_MAY_CLOSE:
		c->may_close = true;
		return GO;
	case OP_SPLIT:
		split(c, st);
		return GO;
	case OP_FLUSH:
		conn_flush(c);
		return GO;
	case OP_CLOSE:
		conn_close(c);
		return OVER;
	case OP_CUT:
		conn_cut(c);
		return OVER;
	case OP_RESET:
		conn_reset(c);
		return OVER;
	case OP_STALL:
		conn_stall(c);
		return OVER;
	default:
		play_plain(c, st);
		return GO;
	}
}

static enum way
play_steps(struct conn *c, const struct step *st)
{
	enum way way;

	for (; st != NULL; st = st->next) {
		if (c->closed && c->may_close)
			return OVER;
		if ((way = play_step(c, st)) != GO)
			return way;
	}
	return GO;
}

/* After the last step: the client closes, and may sign out before. */
static void
finish(struct conn *c)
{
	struct piece word = { PIECE_BYTES, (char[]){ "LOGOUT" }, 6 };
	struct step logout = { .op = OP_EXPECT, .text = { &word, 1, 1 } };
	const char *tag;
	char *line;
	size_t n;
	int r;

	conn_flush(c);
	c->may_close = true;
	c->step = NULL;
	if ((r = next_line(c, &line, &n)) == -1)
		conn_fail(c, "the client doesn't close the connection");
	if (r == 1) {
		if (!command_is(c, &logout, line, n))
			conn_fail(c, "the script is at its end, the client is "
			    "not");
		tag = find_var(c, "tag", 3)->value;
		conn_add(c, "* BYE\r\n", 7);
		conn_add(c, tag, strlen(tag));
		conn_add(c, " OK\r\n", 5);
	}
	conn_close(c);
}

void
play(struct conn *c, const struct script *sc, const struct section *section)
{
	enum way way = play_steps(c, sc->common);

	if (way == GO)
		way = play_steps(c, section->steps);
	if (way != OVER)
		finish(c);
}

/*
 * corpus_text.c - chance, words, and the grammar of mail.
 *
 * The text has no meaning, but it compresses as mail does: common words, many rare ones, quotations.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"
#include "corpus.h"

#define RARE		12000	/* made-up words beside the common ones */
#define TABLE		65536	/* places in the table that words are drawn from */
#define LINE		72

const struct person persons[] = {
	{ "Anna Lindqvist", "anna@example.org" },
	{ "Jörg Müller", "joerg.mueller@example.net" },
	{ "María José Núñez", "mjnunez@example.com" },
	{ "Tomáš Dvořák", "dvorak@example.cz" },
	{ "高橋 美咲", "misaki.takahashi@example.jp" },
	{ "Ελένη Παπαδοπούλου", "eleni@example.gr" },
	{ "Ирина Соколова", "sokolova@example.ru" },
	{ "Siân O'Connor", "sian.oconnor@example.ie" },
	{ "Håkon Berg", "haakon@example.no" },
	{ "Priya Raman", "priya.raman@example.in" },
	{ "Łukasz Wiśniewski", "lukasz@example.pl" },
	{ "Chloé Lefèvre", "chloe.lefevre@example.fr" },
	{ "Amina Diallo", "a.diallo@example.sn" },
	{ "Zoë van den Berg", "zoe@example.nl" },
	{ "Ben Carter", "ben@example.co.uk" },
	{ "Yusuf Demir", "yusuf.demir@example.com.tr" },
	{ "Grace Okafor", "grace.okafor@example.ng" },
	{ "Matteo Rossi", "m.rossi@example.it" },
	{ "Sofia Andersson", "sofia@example.se" },
	{ "David Cohen", "david.cohen@example.com" },
};
const size_t persons_n = sizeof(persons) / sizeof(persons[0]);

static const char common[] =
    "the of and to a in is that for it on with as was be by this not are from or have an at which but we can will "
    "has if one all you they would there their so what up out about who when no more time may been into them than "
    "only new other could some these its also after then two how our first any work like way should because our "
    "well people even most made over such through before must back where much your down own years just good "
    "each those still between last long might never both under same another while here too does great house "
    "since against right used take three himself few during without again place around however home small found "
    "thought went say part once general high upon school every don't does got united left number course war until "
    "always away something fact though water less public put thing almost hand enough far took head yet government "
    "system better set told nothing night end why called didn't eyes find going look asked later knew point next "
    "please regards thanks attached meeting update message week today tomorrow morning question answer agree sorry "
    "send sent read write file list change patch version release build test report draft invoice payment order "
    "account address phone office project team manager budget contract customer service request support problem "
    "error server data backup disk network memory result value table page line number name date";

struct word {
	const char	*s;
	size_t		 n;
};

static struct word	words[RARE + 512];
static uint16_t		drawn[TABLE];

void
chance_start(struct chance *c, uint64_t seed, uint64_t what)
{
	uint64_t z, x = seed * 0x9e3779b97f4a7c15u ^ what;
	size_t i;

	for (i = 0; i < 4; i++) {	/* splitmix64 */
		z = x += 0x9e3779b97f4a7c15u;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		c->s[i] = z ^ z >> 31;
	}
}

static uint64_t
turned(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t
chance_bits(struct chance *c)
{
	uint64_t r = turned(c->s[1] * 5, 7) * 9, t = c->s[1] << 17;

	c->s[2] ^= c->s[0];
	c->s[3] ^= c->s[1];
	c->s[1] ^= c->s[2];
	c->s[0] ^= c->s[3];
	c->s[2] ^= t;
	c->s[3] = turned(c->s[3], 45);
	return r;
}

uint64_t
chance_below(struct chance *c, uint64_t n)
{
	return (chance_bits(c) >> 32) * n >> 32;
}

static double
chance_unit(struct chance *c)
{
	return (double)(chance_bits(c) >> 11) * 0x1p-53;
}

bool
chance_of(struct chance *c, double p)
{
	return chance_unit(c) < p;
}

double
chance_spread(struct chance *c, double median, double sigma)
{
	double u = chance_unit(c), v = chance_unit(c);

	return median * exp(sigma * sqrt(-2 * log(1 - u)) *
	    cos(6.283185307179586 * v));
}

/* A word that doesn't exist, of two to four syllables. */
static char *
invented(struct chance *c, size_t *n)
{
	static const char *const head[] = { "b", "c", "d", "f", "g", "h", "l",
	    "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "pl", "ch",
	    "sh", "br", "gr", "qu", "" };
	static const char *const core[] = { "a", "e", "i", "o", "u", "ea",
	    "ou", "io", "ai" };
	static const char *const tail[] = { "", "", "", "n", "r", "s", "t",
	    "l", "nd", "st", "ng", "ck" };
	struct buf b = BUF_INIT(64);
	uint64_t k = 2 + chance_below(c, 3);

	while (k-- > 0) {
		buf_adds(&b, head[chance_below(c, 24)]);
		buf_adds(&b, core[chance_below(c, 9)]);
		buf_adds(&b, tail[chance_below(c, 12)]);
	}
	*n = b.n;
	return buf_take(&b);
}

void
text_start(void)
{
	const char *s = common;
	struct chance c;
	double sum = 0, at = 0;
	size_t n = 0, i, k = 0;

	for (; *s != '\0'; s += strspn(s, " ")) {
		words[n].s = s;
		s += words[n].n = strcspn(s, " ");
		n++;
	}
	chance_start(&c, 1, 1);
	for (i = 0; i < RARE; i++, n++)
		words[n].s = invented(&c, &words[n].n);
	/* Zipf: the k-th word comes 1/k as often as the first. */
	for (i = 0; i < n; i++)
		sum += 1 / (double)(i + 2);
	for (i = 0; i < n; i++) {
		at += 1 / (double)(i + 2);
		while (k < TABLE && (double)k < at / sum * TABLE)
			drawn[k++] = (uint16_t)i;
	}
	while (k < TABLE)
		drawn[k++] = 0;
}

static const struct word *
draw(struct chance *c)
{
	return &words[drawn[chance_bits(c) >> 48]];
}

void
text_words(struct buf *b, struct chance *c, size_t n)
{
	const struct word *w;

	while (n-- > 0) {
		w = draw(c);
		buf_add(b, w->s, w->n);
		if (n > 0)
			buf_addc(b, ' ');
	}
}

void
text_paragraph(struct buf *b, struct chance *c, const char *prefix)
{
	uint64_t sentences = 2 + chance_below(c, 5), left;
	size_t start = b->n, at;
	bool first;
	const struct word *w;

	buf_adds(b, prefix);
	while (sentences-- > 0) {
		left = 5 + chance_below(c, 16);
		for (first = true; left > 0; left--, first = false) {
			w = draw(c);
			if (b->n - start + w->n + 2 > LINE) {
				buf_addc(b, '\n');
				start = b->n;
				buf_adds(b, prefix);
			} else if (b->n - start > strlen(prefix)) {
				buf_addc(b, ' ');
			}
			at = b->n;
			buf_add(b, w->s, w->n);
			if (first && b->p[at] >= 'a' && b->p[at] <= 'z')
				b->p[at] = (char)(b->p[at] - 'a' + 'A');
		}
		buf_addc(b, chance_below(c, 12) == 0 ? '?' : '.');
	}
	buf_addc(b, '\n');
}

static const char digits64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
text_base64(struct buf *b, struct chance *c, size_t size, double easy)
{
	char line[80];
	size_t i, n;
	uint64_t bits = 0;

	for (; size > 0; size -= n) {
		bool dull = chance_of(c, easy);

		for (i = 0; i < 76; i++, bits >>= 6) {
			if (i % 10 == 0)
				bits = chance_bits(c);
			line[i] = dull ? 'A' : digits64[bits & 63];
		}
		line[76] = '\n';
		n = size < 77 ? size : 77;
		/* The last group is whole. */
		if (n < 77) {
			i = n / 4 * 4;
			line[i] = '\n';
			buf_add(b, line, i + 1);
		} else {
			buf_add(b, line, 77);
		}
	}
}

/* Groups of three bytes become four digits, with a line's end after every ${wrap} of them (0: none). */
static void
base64(struct buf *b, const void *from, size_t n, size_t wrap)
{
	const unsigned char *p = from;
	char out[4];
	size_t i, group = 0;

	for (i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;

		if (i + 1 < n)
			v |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		out[0] = digits64[v >> 18];
		out[1] = digits64[v >> 12 & 63];
		out[2] = i + 1 < n ? digits64[v >> 6 & 63] : '=';
		out[3] = i + 2 < n ? digits64[v & 63] : '=';
		buf_add(b, out, 4);
		if (++group == wrap) {
			buf_addc(b, '\n');
			group = 0;
		}
	}
	if (group > 0 && wrap > 0)
		buf_addc(b, '\n');
}

void
text_base64_of(struct buf *b, const void *p, size_t n)
{
	base64(b, p, n, 19);
}

static bool
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* RFC 2047, in pieces of whole characters. */
static void
add_encoded(struct buf *b, const char *s)
{
	uint32_t cp;
	size_t n, k, left = strlen(s);
	bool more = false;

	while (left > 0) {
		for (n = 0; n < left && n < 36; n += k)
			if ((k = utf8_next(s + n, left - n, &cp)) == 0)
				k = 1;
		buf_adds(b, more ? "\n =?UTF-8?B?" : "=?UTF-8?B?");
		base64(b, s, n, 0);
		buf_adds(b, "?=");
		s += n;
		left -= n;
		more = true;
	}
}

void
text_header(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s: ", name);
	if (is_ascii(value))
		buf_adds(b, value);
	else
		add_encoded(b, value);
	buf_addc(b, '\n');
}

void
text_address(struct buf *b, const char *name, const struct person *p)
{
	buf_addf(b, "%s: ", name);
	if (is_ascii(p->name))
		buf_adds(b, p->name);
	else
		add_encoded(b, p->name);
	buf_addf(b, " <%s>\n", p->address);
}

void
text_date(struct buf *b, int64_t t)
{
	time_t tt = (time_t)t;
	struct tm tm;
	char s[64];

	gmtime_r(&tt, &tm);
	strftime(s, sizeof(s), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buf_adds(b, s);
}

void
text_id(struct buf *b, struct chance *c, const char *host)
{
	buf_addf(b, "<%08x.%06x@%s>", (unsigned)(chance_bits(c) >> 32),
	    (unsigned)(chance_bits(c) >> 40), host);
}

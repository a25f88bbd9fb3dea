/*
 * html.c - see html.h.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "mail/charset.h"
#include "mail/fold.h"
#include "mail/html.h"

#define NAME_MAX_BYTES	16	/* of an element's name that is looked for, and its NUL */
#define REFERENCE_MAX	32	/* bytes from '&' to ';' */

struct html {
	struct buf	*out;		/* borrowed */
	const char	*end;		/* of the HTML */
	unsigned int	 breaks;	/* line ends due before the next character */
	bool		 began;		/* there was a character */
	bool		 gap;		/* a blank is due */
	bool		 item;		/* nothing came yet after a list's "-" */
	unsigned int	 pre;		/* <pre> that are open */
	bool		 tagless;	/* no tag ends from here on */
	bool		 full;
};

/* The number of a word in a list of words with a blank between, or -1. */
static int
find_word(const char *list, const char *word, size_t n)
{
	size_t len;
	int i;

	for (i = 0; *list != '\0'; i++, list += len + (list[len] != '\0')) {
		len = strcspn(list, " ");
		if (len == n && memcmp(list, word, n) == 0)
			return i;
	}
	return -1;
}

/* ---- text ---- */

static void
write_character(struct html *h, uint32_t cp)
{
	if (charset_put(h->out, cp) == -1)
		h->full = true;
}

/* A character that is no markup. */
static void
put(struct html *h, uint32_t cp)
{
	if (cp == 0xa0)
		cp = ' ';
	if (h->pre == 0 && (cp == ' ' || (cp >= '\t' && cp <= '\r'))) {
		h->gap = true;
		return;
	}
	/* Nobody sees these: where to hyphenate or break, what fills previews, byte order marks, half a line end. */
	if (cp == 0xad || cp == 0x034f || cp == 0x200b || cp == 0xfeff ||
	    cp == '\r')
		return;
	if (cp != '\n' && cp != '\t')
		cp = charset_tame(cp);
	if (h->began && h->breaks > 0)
		for (; h->breaks > 0; h->breaks--)
			write_character(h, '\n');
	else if (h->began && h->gap)
		write_character(h, ' ');
	h->breaks = 0;
	h->gap = h->item = false;
	h->began = true;
	write_character(h, cp);
}

static void
line_break(struct html *h, unsigned int n)
{
	if (h->breaks < n && !h->item)
		h->breaks = n;
}

/* ---- tags ---- */

static void
take_tag(struct html *h, const char *name, bool closing)
{
	static const char lines[] = "address article aside body caption center "
	    "dd div dl dt fieldset figure footer form header li main nav ol "
	    "section table tr ul";
	static const char paragraphs[] = "blockquote h1 h2 h3 h4 h5 h6 hr p "
	    "pre";
	size_t n = strlen(name);

	if (find_word(lines, name, n) != -1)
		line_break(h, 1);
	else if (find_word(paragraphs, name, n) != -1)
		line_break(h, 2);
	if (strcmp(name, "br") == 0)
		line_break(h, h->breaks == 0 ? 1 : 2);
	else if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0)
		h->gap = true;
	else if (strcmp(name, "li") == 0 && !closing) {
		put(h, '-');
		h->item = h->gap = true;
	} else if (strcmp(name, "pre") == 0 && !closing)
		h->pre++;
	else if (strcmp(name, "pre") == 0 && h->pre > 0)
		h->pre--;
}

/*
 * Behind the '>' that ends a tag whose name begins at ${p}; between quotes it ends
 * none.  NULL where there is none.
 */
static const char *
tag_end(const char *p, const char *end)
{
	const char *quote;

	for (; p < end && *p != '>'; p++)
		if ((*p == '"' || *p == '\'') && p[-1] == '=') {
			quote = memchr(p + 1, *p, (size_t)(end - p) - 1);
			if (quote != NULL)
				p = quote;
		}
	return p < end ? p + 1 : NULL;
}

/* Where an element ends whose content is never shown: at its closing tag or the end of all. */
static const char *
hidden_end(const char *p, const char *end, const char *name)
{
	size_t n = strlen(name);

	while ((p = memchr(p, '<', (size_t)(end - p))) != NULL) {
		if ((size_t)(end - p) >= n + 2 && p[1] == '/' &&
		    fold_equal(p + 2, name, n))
			return p;
		p++;
	}
	return end;
}

/* How many bytes of an element's name stand at ${p}. */
static size_t
name_length(const char *p, const char *end)
{
	const char *q;
	char c;

	for (q = p; q < end; q++) {
		c = fold_case(*q);
		if ((c < 'a' || c > 'z') && (q == p || c < '0' || c > '9'))
			break;
	}
	return (size_t)(q - p);
}

/* What begins with '<' at ${p}: where the text goes on, or NULL where that is no tag. */
static const char *
markup(struct html *h, const char *p)
{
	char name[NAME_MAX_BYTES] = "";
	const char *next, *word = p + 1;
	bool closing;
	size_t n, i;

	if (h->end - p >= 4 && memcmp(p, "<!--", 4) == 0) {
		next = memmem(p + 4, (size_t)(h->end - p) - 4, "-->", 3);
		return next == NULL ? h->end : next + 3;
	}
	closing = word < h->end && *word == '/';
	word += closing;
	n = name_length(word, h->end);
	if (n == 0 && (word == h->end || (*word != '!' && *word != '?')))
		return NULL;
	if ((next = tag_end(word, h->end)) == NULL) {
		h->tagless = true;
		return NULL;
	}
	if (n < sizeof(name))
		for (i = 0; i < n; i++)
			name[i] = fold_case(word[i]);
	take_tag(h, name, closing);
	if (!closing && find_word("script style title", name,
	    strlen(name)) != -1)
		return hidden_end(next, h->end, name);
	return next;
}

/* ---- references ---- */

/* What a digit is worth; 16: it is none. */
static unsigned int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c = fold_case(c);
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10) : 16;
}

/* The character that "65" or "x41" means; 0: it is no number. */
static uint32_t
numbered(const char *p, size_t n)
{
	unsigned int base = n > 0 && fold_case(*p) == 'x' ? 16 : 10;
	uint32_t v = 0;
	size_t i = base == 16 ? 1 : 0;

	if (i == n)
		return 0;
	for (; i < n; i++) {
		if (digit(p[i]) >= base)
			return 0;
		/* What is too large stays so. */
		if (v <= 0x10ffff)
			v = v * base + digit(p[i]);
	}
	/* What is meant is windows-1252, as with a byte without a charset. */
	if (v >= 0x80 && v < 0xa0)
		return charset_1252((unsigned char)v);
	if (v == 0 || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return CHARSET_NONE;
	return v;
}

/* The character that a name means; 0: none. */
static uint32_t
named(const char *name, size_t n)
{
	/* U+00A0 to U+00FF; then what else is met. */
	static const char latin[] = "nbsp iexcl cent pound curren yen brvbar "
	    "sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 "
	    "acute micro para middot cedil sup1 ordm raquo frac14 frac12 "
	    "frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil "
	    "Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde "
	    "Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc "
	    "Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring "
	    "aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml "
	    "eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave "
	    "uacute ucirc uuml yacute thorn yuml";
	static const char others[] = "amp lt gt quot apos ensp emsp thinsp "
	    "zwnj zwj ndash mdash lsquo rsquo sbquo ldquo rdquo bdquo bull "
	    "hellip lsaquo rsaquo euro trade larr rarr minus OElig oelig "
	    "Scaron scaron";
	static const uint32_t others_are[] = { '&', '<', '>', '"', '\'', ' ',
	    ' ', ' ', 0x200c, 0x200d, 0x2013, 0x2014, 0x2018, 0x2019, 0x201a,
	    0x201c, 0x201d, 0x201e, 0x2022, 0x2026, 0x2039, 0x203a, 0x20ac,
	    0x2122, 0x2190, 0x2192, 0x2212, 0x152, 0x153, 0x160, 0x161 };
	int i;

	if ((i = find_word(others, name, n)) != -1)
		return others_are[i];
	if ((i = find_word(latin, name, n)) != -1)
		return 0xa0 + (uint32_t)i;
	return 0;
}

/* What begins with '&' at *p, which moves on behind its ';'; 0: no reference. */
static uint32_t
reference(const struct html *h, const char **p)
{
	size_t n = (size_t)(h->end - *p);
	const char *name = *p + 1, *semicolon;
	uint32_t cp;

	semicolon = memchr(*p, ';', n < REFERENCE_MAX ? n : REFERENCE_MAX);
	if (semicolon == NULL)
		return 0;
	n = (size_t)(semicolon - name);
	cp = *name == '#' ? numbered(name + 1, n - 1) : named(name, n);
	if (cp != 0)
		*p = semicolon + 1;
	return cp;
}

int
html_text(const char *p, size_t n, struct buf *out)
{
	struct html h = { .out = out, .end = p + n };
	const char *next;
	uint32_t cp;

	while (p < h.end && !h.full) {
		if (*p == '<' && !h.tagless &&
		    (next = markup(&h, p)) != NULL) {
			p = next;
			continue;
		}
		if (*p != '&' || (cp = reference(&h, &p)) == 0)
			p += charset_next(p, (size_t)(h.end - p), &cp);
		put(&h, cp);
	}
	return h.full ? -1 : 0;
}

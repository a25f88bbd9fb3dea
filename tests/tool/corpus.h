/*
 * corpus.h - the rooms of the corpus generator: chance and text (corpus_text.c), the measured shapes (corpus_bulk.c),
 * the mailbox of the demo (corpus_demo.c), and where it all goes (corpus.c).
 */
#ifndef CORPUS_H
#define CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define MAIL_MAX	((size_t)64 << 20)

/* Chance, the same everywhere for the same seed (xoshiro256**). */
struct chance {
	uint64_t s[4];
};

void chance_start(struct chance *, uint64_t seed, uint64_t what);
uint64_t chance_bits(struct chance *);
/* chance_below(c, n): 0 ... n-1.  chance_of(c, p): whether something of probability ${p} happens. */
uint64_t chance_below(struct chance *, uint64_t);
bool chance_of(struct chance *, double);
/* chance_spread(c, median, sigma): log-normal. */
double chance_spread(struct chance *, double, double);

struct person {
	const char	*name;		/* UTF-8 */
	const char	*address;
};

extern const struct person persons[];
extern const size_t persons_n;

/* text_start(): make the words; once. */
void text_start(void);
/* text_words(b, c, n): ${n} words, no more. */
void text_words(struct buf *, struct chance *, size_t);
/* text_paragraph(b, c, prefix): sentences in lines of up to 72 columns with ${prefix} before each. */
void text_paragraph(struct buf *, struct chance *, const char *);
/* text_base64(b, c, size, easy): ${size} bytes in lines of 76, a share of them ${easy} to compress. */
void text_base64(struct buf *, struct chance *, size_t, double);
/* text_base64_of(b, p, n): the base64 of those bytes, in such lines. */
void text_base64_of(struct buf *, const void *, size_t);
/* text_header(b, name, value): a header field; a value that is not ASCII becomes encoded words. */
void text_header(struct buf *, const char *, const char *);
void text_address(struct buf *, const char *, const struct person *);
/* text_date(b, t): as Date: has it.  text_id(b, c): a Message-ID. */
void text_date(struct buf *, int64_t);
void text_id(struct buf *, struct chance *, const char *host);

/* One message, and where it goes.  Line ends are LF. */
struct letter {
	const char	*folder;	/* UTF-8, / between the levels */
	const char	*flags;		/* Maildir's letters, sorted: FRS */
	const char	*keywords;	/* names with a blank between, or "" */
	int64_t		 date;		/* when it arrived */
	struct buf	*body;
};

/* letter_fn(arg, letter): take it. */
typedef void letter_fn(void *, const struct letter *);

/*
 * bulk_make(shape, seed, count, latest, fn, arg), demo_make(...): make ${count} letters, the last of them not after
 * ${latest}; 0 for as many as the shape has.  Return -1: no such shape.
 */
int bulk_make(const char *, uint64_t, size_t, int64_t, letter_fn *, void *);
int demo_make(const char *, uint64_t, size_t, int64_t, letter_fn *, void *);
/* demo_folders(): all folders of the demo's mailbox, also those without mail; ends with NULL. */
const char *const *demo_folders(void);

#endif

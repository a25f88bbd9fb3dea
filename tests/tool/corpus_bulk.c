/*
 * corpus_bulk.c - the shapes that are measured: many messages, of such sizes and as compressible as real mail.
 *
 *	S	10,000: median 8.6 KB, mean 20 KB; 4 % have attachments, 30 % of which came before; 15 % are copies in
 *		"All Mail"
 *	L	100,000 of about 3 KB: what a message costs
 *	B	500 with an attachment of about 2 MB: what a byte costs
 *	R	15,000 like a mailing list's: median 3.6 KB, mean 7.2 KB, a lot of quoting
 *
 * A message is a function of the seed and its number alone, so that copies and quotations need none to be kept.
 */
#include <string.h>

#include "base/mem.h"
#include "corpus.h"

struct shape {
	const char	*name;
	size_t		 count;
	double		 median, sigma;		/* of the text */
	size_t		 most;
	double		 quoted;		/* share of paragraphs */
	double		 attached;		/* share of messages */
	double		 attachment, attachment_sigma;
	double		 repeated;		/* share of attachments */
	double		 copies;		/* share of messages */
	double		 easy;			/* share of an attachment that compresses */
	bool		 list;
};

static const struct shape shapes[] = {
	{ "S", 10000, 8300, 0.95, 120000, 0.30, 0.04, 150000, 0.75, 0.30, 0.15,
	    0.05, false },
	{ "L", 100000, 3200, 0.36, 30000, 0.12, 0, 0, 0, 0, 0, 0, false },
	{ "B", 500, 4000, 0.5, 30000, 0.25, 1, 2000000, 0.18, 0.10, 0, 0.19,
	    false },
	{ "R", 15000, 3650, 1.12, 300000, 0.30, 0, 0, 0, 0, 0, 0, true },
};

static const char *const folders[] = { "INBOX", "Archive/2024", "Archive/2025",
    "Family", "Lists/dev", "Newsletters", "Sent", "Trash", "Work",
    "Work/Projects" };
#define FOLDERS		(sizeof(folders) / sizeof(folders[0]))
#define COPIES		"All Mail"

struct bulk {
	const struct shape	*shape;
	uint64_t		 seed;
	int64_t			 first, step;	/* dates */
	struct buf		 body;
};

/* What the chances are for. */
enum { FOR_MESSAGE, FOR_TEXT, FOR_ATTACHMENT, FOR_COPY, FOR_FOLDER };

static void
chance_for(const struct bulk *k, struct chance *c, uint64_t what, uint64_t n)
{
	chance_start(c, k->seed, what << 56 | n);
}

static void
add_received(struct buf *b, struct chance *c, const char *from, const char *by,
    int64_t date)
{
	buf_addf(b, "Received: from %s (%s [192.0.2.%u])\n\tby %s (Postfix) "
	    "with ESMTPS id %010llX\n\tfor <anna@example.org>; ", from, from,
	    (unsigned)chance_below(c, 200), by,
	    (unsigned long long)(chance_bits(c) >> 24));
	text_date(b, date);
	buf_addc(b, '\n');
}

static void
add_headers(const struct bulk *k, struct buf *b, struct chance *c, uint64_t n,
    int64_t date)
{
	const struct person *from = &persons[chance_below(c, persons_n)];
	const char *host = strchr(from->address, '@') + 1;
	struct chance subject;

	/* A thread of some messages has one subject. */
	chance_for(k, &subject, FOR_TEXT, n / 5);
	buf_addf(b, "Return-Path: <%s>\nDelivered-To: anna@example.org\n",
	    from->address);
	add_received(b, c, host, "mx1.example.org", date);
	if (k->shape->list)
		add_received(b, c, "lists.example.org", "mx1.example.org",
		    date - 3);
	buf_adds(b, "Date: ");
	text_date(b, date - 5 - (int64_t)chance_below(c, 60));
	buf_addc(b, '\n');
	text_address(b, "From", from);
	if (k->shape->list)
		buf_adds(b, "To: dev@lists.example.org\n");
	else
		text_address(b, "To", &persons[0]);
	buf_adds(b, n % 5 != 0 ? "Subject: Re: " : "Subject: ");
	text_words(b, &subject, 3 + (size_t)chance_below(&subject, 5));
	buf_adds(b, "\nMessage-ID: ");
	text_id(b, c, host);
	if (n % 5 != 0) {
		buf_adds(b, "\nIn-Reply-To: ");
		text_id(b, &subject, host);
	}
	buf_adds(b, "\nMIME-Version: 1.0\n");
	if (k->shape->list)
		buf_adds(b, "List-Id: <dev.lists.example.org>\n"
		    "List-Unsubscribe: <https://lists.example.org/dev>,\n"
		    "\t<mailto:dev-request@lists.example.org?subject="
		    "unsubscribe>\nPrecedence: list\n");
}

/* Text up to ${end} bytes in all: paragraphs of its own, and of the messages before it. */
static void
add_text(const struct bulk *k, struct buf *b, uint64_t n, size_t end)
{
	struct chance own, other;
	uint64_t from;

	chance_for(k, &own, FOR_TEXT, n);
	/* The last paragraph goes a little beyond it, and the signature follows. */
	end = end > 700 ? end - 300 : 400;
	while (b->n < end) {
		if (n > 0 && chance_of(&own, k->shape->quoted)) {
			from = n - 1 - chance_below(&own, n < 8 ? n : 8);
			chance_for(k, &other, FOR_TEXT, from);
			chance_bits(&other);
			buf_adds(b, "> ... wrote:\n");
			text_paragraph(b, &other, "> ");
			if (k->shape->list)
				text_paragraph(b, &other, "> ");
		} else {
			text_paragraph(b, &own, "");
		}
		buf_addc(b, '\n');
	}
	buf_adds(b, "-- \nWith kind regards\n");
	if (k->shape->list)
		buf_adds(b, "_______________________________________________\n"
		    "dev mailing list\ndev@lists.example.org\n"
		    "https://lists.example.org/dev\n");
}

static void
add_attachment(const struct bulk *k, struct buf *b, uint64_t n)
{
	struct chance c;

	chance_for(k, &c, FOR_ATTACHMENT, n);
	if (n > 0 && chance_of(&c, k->shape->repeated))
		chance_for(k, &c, FOR_ATTACHMENT, chance_below(&c, n));
	buf_adds(b, "--=_part\nContent-Type: application/octet-stream\n"
	    "Content-Transfer-Encoding: base64\n"
	    "Content-Disposition: attachment; filename=\"");
	text_words(b, &c, 1);
	buf_adds(b, ".bin\"\n\n");
	text_base64(b, &c, (size_t)chance_spread(&c, k->shape->attachment,
	    k->shape->attachment_sigma), k->shape->easy);
	buf_adds(b, "--=_part--\n");
}

static void
compose(struct bulk *k, uint64_t n)
{
	const struct shape *s = k->shape;
	struct buf *b = &k->body;
	struct chance c;
	double size;

	chance_for(k, &c, FOR_MESSAGE, n);
	buf_clear(b);
	add_headers(k, b, &c, n, k->first + (int64_t)n * k->step);
	size = chance_spread(&c, s->median, s->sigma);
	if (size > (double)s->most)
		size = (double)s->most;
	if (!chance_of(&c, s->attached)) {
		buf_adds(b, "Content-Type: text/plain; charset=us-ascii\n\n");
		add_text(k, b, n, (size_t)size);
		return;
	}
	buf_adds(b, "Content-Type: multipart/mixed; boundary=\"=_part\"\n\n"
	    "--=_part\nContent-Type: text/plain; charset=us-ascii\n\n");
	add_text(k, b, n, (size_t)size);
	add_attachment(k, b, n);
}

int
bulk_make(const char *name, uint64_t seed, size_t count, int64_t latest,
    letter_fn *fn, void *arg)
{
	static const char *const flags[] = { "S", "S", "S", "RS", "S", "", "FS",
	    "S" };
	struct bulk k = { .seed = seed, .body = BUF_INIT(MAIL_MAX) };
	size_t i, of;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strcmp(shapes[i].name, name) == 0)
			k.shape = &shapes[i];
	if (k.shape == NULL)
		return -1;
	if (count == 0)
		count = k.shape->count;
	k.step = 86400 * 365 * 4 / (int64_t)(count + 1) + 1;
	k.first = latest - k.step * (int64_t)count;
	for (i = 0; i < count; i++) {
		struct letter l = { .keywords = "", .body = &k.body };
		struct chance c;

		chance_for(&k, &c, FOR_COPY, i);
		of = i;
		l.folder = NULL;
		if (i > 0 && chance_of(&c, k.shape->copies)) {
			of = (size_t)chance_below(&c, i);
			l.folder = COPIES;
		}
		compose(&k, of);
		chance_for(&k, &c, FOR_FOLDER, i);
		/* INBOX holds a third. */
		if (l.folder == NULL)
			l.folder = chance_of(&c, 0.25) ? folders[0] :
			    folders[chance_below(&c, FOLDERS)];
		l.flags = flags[chance_below(&c, 8)];
		if (chance_below(&c, 30) == 0)
			l.keywords = "$Forwarded";
		l.date = k.first + (int64_t)of * k.step;
		fn(arg, &l);
	}
	buf_release(&k.body);
	return 0;
}

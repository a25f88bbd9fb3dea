/*
 * json.c - what a manifest's lines cost: written as base/json.h does, as a tree for each (jansson) would do, and read.
 *
 *	json [MESSAGES]
 *
 * A first backup has two lines for each message, a blob and a message.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "manifest/manifest.h"

#define LINE_MAX_HERE	4096
#define PACK		"00000001-1-3fa94c1e.tar.zst"
#define DATE		"20-Nov-2026 18:05:00 +0000"

/* Of the processor, so that other work on the machine doesn't count. */
static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The two records of message ${i}. */
static void
compose(uint32_t i, struct record *blob, struct record *message)
{
	struct digest d;

	digest_of(&i, sizeof(i), &d);
	*blob = (struct record){ .kind = REC_BLOB };
	blob->u.blob = (struct rec_blob){ .sha256 = d, .size = 3000 + i % 999,
	    .place = { .pack = PACK, .frame = i / 500,
	    .offset = i % 500 * 3584, .stored = 3000 + i % 999 } };
	*message = (struct record){ .kind = REC_MESSAGE };
	message->u.message = (struct rec_message){ .folder = 1, .epoch = 1,
	    .uid = i + 1, .sha256 = d, .size = 3000 + i % 999,
	    .internaldate = DATE, .date = 1795284300, .has_date = true,
	    .flags = i % 3 == 0 ? "" : "\\Seen" };
}

static void
write_ours(const struct record *rec, struct buf *b)
{
	struct err e;

	if (manifest_text(rec, b, &e) == -1)
		errx(1, "%s", e.text);
}

static json_t *
tree_of(const struct record *rec)
{
	char hex[DIGEST_HEX];
	json_t *o = json_object();

	if (rec->kind == REC_BLOB) {
		const struct rec_blob *r = &rec->u.blob;

		json_object_set_new(o, "type", json_string("blob"));
		json_object_set_new(o, "sha256",
		    json_string(digest_hex(&r->sha256, hex)));
		json_object_set_new(o, "size", json_integer((json_int_t)r->size));
		json_object_set_new(o, "pack", json_string(r->place.pack));
		json_object_set_new(o, "frame",
		    json_integer((json_int_t)r->place.frame));
		json_object_set_new(o, "offset",
		    json_integer((json_int_t)r->place.offset));
	} else {
		const struct rec_message *r = &rec->u.message;
		json_t *flags;

		json_object_set_new(o, "type", json_string("message"));
		json_object_set_new(o, "folder",
		    json_integer((json_int_t)r->folder));
		json_object_set_new(o, "epoch",
		    json_integer((json_int_t)r->epoch));
		json_object_set_new(o, "uid", json_integer(r->uid));
		json_object_set_new(o, "sha256",
		    json_string(digest_hex(&r->sha256, hex)));
		json_object_set_new(o, "size",
		    json_integer((json_int_t)r->size));
		json_object_set_new(o, "internaldate",
		    json_string(r->internaldate));
		json_object_set_new(o, "date", json_integer(r->date));
		if (*r->flags != '\0') {
			flags = json_array();
			json_array_append_new(flags, json_string(r->flags));
			json_object_set_new(o, "flags", flags);
		}
	}
	return o;
}

static void
write_tree(const struct record *rec, struct buf *b)
{
	const size_t how = JSON_COMPACT | JSON_PRESERVE_ORDER;
	json_t *o = tree_of(rec);
	char *to = buf_room(b, LINE_MAX_HERE);
	size_t n = json_dumpb(o, to, LINE_MAX_HERE, how);

	if (n == 0 || n >= LINE_MAX_HERE)
		errx(1, "jansson");
	to[n] = '\n';
	b->n += n + 1;
	to[n + 1] = '\0';
	json_decref(o);
}

/* Write all lines in one way, a batch at a time; microseconds a message. */
static double
time_writing(void (*put)(const struct record *, struct buf *), uint32_t n)
{
	struct buf b = BUF_INIT(1024 * 1024);
	double start = seconds(), spent;
	uint32_t i;

	for (i = 0; i < n; i++) {
		struct record blob, message;

		if (b.n > 64 * 1024)
			buf_clear(&b);
		compose(i, &blob, &message);
		put(&blob, &b);
		put(&message, &b);
	}
	spent = seconds() - start;
	buf_release(&b);
	return 1e6 * spent / n;
}

/* What the loops cost beside that. */
static void
write_nothing(const struct record *rec, struct buf *b)
{
	(void)rec, (void)b;
}

static double
time_reading(uint32_t n)
{
	struct buf b = BUF_INIT(1024 * 1024);
	struct record blob, message;
	double start;
	struct json *doc;
	struct err e;
	uint32_t i;
	size_t first;

	compose(1, &blob, &message);
	write_ours(&blob, &b);
	first = b.n;
	write_ours(&message, &b);
	start = seconds();
	for (i = 0; i < n; i++) {
		if (json_parse(b.p, first, &doc, &e) == -1)
			errx(1, "%s", e.text);
		json_free(&doc);
		if (json_parse(b.p + first, b.n - first, &doc, &e) == -1)
			errx(1, "%s", e.text);
		json_free(&doc);
	}
	buf_release(&b);
	return 1e6 * (seconds() - start) / n;
}

/* Both ways must say the same, but for the order of keys. */
static void
check_same(void)
{
	struct buf a = BUF_INIT(LINE_MAX_HERE), b = BUF_INIT(2 * LINE_MAX_HERE);
	struct record rec[2];
	json_t *x, *y;
	size_t i;

	compose(7, &rec[0], &rec[1]);
	for (i = 0; i < 2; i++) {
		buf_clear(&a);
		buf_clear(&b);
		write_ours(&rec[i], &a);
		write_tree(&rec[i], &b);
		x = json_loadb(a.p, a.n, 0, NULL);
		y = json_loadb(b.p, b.n, 0, NULL);
		if (x == NULL || y == NULL || !json_equal(x, y))
			errx(1, "not the same:\n%s%s", a.p, b.p);
		json_decref(x);
		json_decref(y);
	}
	buf_release(&a);
	buf_release(&b);
}

int
main(int argc, char **argv)
{
	uint64_t n = 200000;
	double none;

	if (argc > 2 || (argc == 2 && (text_u64(argv[1], strlen(argv[1]), &n)
	    == -1 || n == 0 || n > UINT32_MAX)))
		errx(2, "usage: json [MESSAGES]");
	check_same();
	none = time_writing(write_nothing, (uint32_t)n);
	printf("The two lines of a message, in microseconds:\n");
	printf("  %-34s%8.2f\n", "written as base/json.h does",
	    time_writing(write_ours, (uint32_t)n) - none);
	printf("  %-34s%8.2f\n", "written from a tree (jansson)",
	    time_writing(write_tree, (uint32_t)n) - none);
	printf("  %-34s%8.2f\n", "read into a tree",
	    time_reading((uint32_t)n));
	return 0;
}

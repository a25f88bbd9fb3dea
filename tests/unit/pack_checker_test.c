/*
 * pack_checker_test.c - packs against what manifests say of them: whatever differs is found, and each message that it
 * costs is named (R66 to R68, R73).
 */
#include "tests/unit/pack_forge.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/cancel.h"

static struct vault v;

static int
set_up(void **state)
{
	(void)state;
	vault_make(&v);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	vault_remove(&v);
	return 0;
}

#define LITERAL(s)	{ s, sizeof(s) - 1, 0, 0 }

static struct body odd[] = {
	LITERAL("Subject: one\r\n\r\nFrom the first\r\n"),
	LITERAL(""),
	LITERAL("\r\n"),
	LITERAL("\n\n"),
	LITERAL("no end of line"),
	LITERAL("From a\r\nFrom b\r\n>From c\r\n>>From d\r\n\r\nFrom "),
	LITERAL("mixed\r\nand\nnot\rboth\r"),
	LITERAL("a NUL\0in it\r\n"),
};

static const enum container containers[] = { CONTAINER_TAR, CONTAINER_MBOX };

/* What a manifest would say of it. */
static struct pack_claim
claim_of(const struct stored *s, const struct body *bodies)
{
	struct pack_claim c = { .name = xstrdup(NAME), .info = s->info,
	    .n = s->n };
	size_t frames = (size_t)s->info.frames, i;

	c.frames = xreallocarray(NULL, frames, sizeof(*c.frames));
	memcpy(c.frames, s->frames, frames * sizeof(*c.frames));
	c.blobs = xcalloc(s->n + 2, sizeof(*c.blobs));
	for (i = 0; i < s->n; i++) {
		/* In any order. */
		struct rec_blob *b = &c.blobs[(i * 5 + 3) % s->n];

		if (s->n % 5 == 0)
			b = &c.blobs[i];
		b->place = s->places[i];
		b->size = bodies[i].n;
		digest_of(bodies[i].p, bodies[i].n, &b->sha256);
	}
	return c;
}

static void
check_claim(struct pack_claim *claim, unsigned int threads, struct buf *found)
{
	struct pack_checker *c = pack_checker_new(v.packs, threads,
	    note_damage, found);
	struct err e;

	buf_clear(found);
	if (pack_checker_put(c, claim, &e) == -1 ||
	    pack_checker_end(c, &e) == -1)
		fail_msg("%s", e.text);
	assert_null(claim->name);
	assert_null(claim->blobs);
	pack_checker_free(&c);
	assert_null(c);
}

static void
check_stored(const struct stored *s, const struct body *bodies,
    unsigned int threads, struct buf *found)
{
	struct pack_claim claim = claim_of(s, bodies);

	check_claim(&claim, threads, found);
}

static void
test_a_sound_pack_has_no_damage(void **state)
{
	struct buf found = BUF_INIT(MIB);
	unsigned int threads;
	struct stored s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(containers); i++) {
		store(&v, containers[i], odd, COUNT(odd), &s);
		for (threads = 0; threads < 4; threads++) {
			check_stored(&s, odd, threads, &found);
			assert_string_equal(buf_text(&found), "");
		}
		stored_release(&s);
		unlinkat(v.packs, NAME, 0);
	}
	buf_release(&found);
}

/* Whoever is not named can be read. */
static void
expect_others_whole(const struct stored *s, const struct body *bodies,
    const struct buf *found)
{
	struct buf scratch = BUF_INIT(32 * MIB);
	struct pack_reader *r = pack_reader_new(v.packs);
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!names_blob(found, &bodies[i]))
			assert_body(r, s, i, &bodies[i], &scratch);
	pack_reader_free(&r);
	buf_release(&scratch);
}

static void
test_each_flipped_bit_is_found(void **state)
{
	struct buf found = BUF_INIT(MIB);
	struct pack_checker *c;
	struct pack_claim claim;
	size_t n, i, k, bit;
	struct stored s;
	struct err e;
	char *file;

	(void)state;
	for (k = 0; k < COUNT(containers); k++) {
		store(&v, containers[k], odd, COUNT(odd), &s);
		file = slurp(&v, &n);
		c = pack_checker_new(v.packs, 1, note_damage, &found);
		for (i = 0; i < n; i++) {
			for (bit = 0; bit < 8; bit++) {
				file[i] = (char)(file[i] ^ (1 << bit));
				replace(&v, file, n);
				buf_clear(&found);
				claim = claim_of(&s, odd);
				assert_int_equal(pack_checker_put(c, &claim,
				    &e), 0);
				assert_int_equal(pack_checker_end(c, &e), 0);
				if (lines_in(&found) == 0)
					fail_msg("byte %zu bit %zu", i, bit);
				expect_others_whole(&s, odd, &found);
				/* In the notes it costs no message. */
				if (i >= s.frames[0].size)
					assert_int_equal(lines_in(&found), 1);
				file[i] = (char)(file[i] ^ (1 << bit));
			}
		}
		pack_checker_free(&c);
		free(file);
		stored_release(&s);
		unlinkat(v.packs, NAME, 0);
	}
	buf_release(&found);
}

static void
test_a_cut_or_longer_file_is_found(void **state)
{
	struct buf found = BUF_INIT(MIB);
	struct stored s;
	size_t n, i;
	char *file;

	(void)state;
	store(&v, CONTAINER_TAR, odd, COUNT(odd), &s);
	file = slurp(&v, &n);
	file = xreallocarray(file, n + 1000, 1);
	memset(file + n, 0, 1000);
	for (i = 0; i < n + 1000; i += i > n ? 333 : 1) {
		if (i == n)
			continue;
		replace(&v, file, i);
		check_stored(&s, odd, 1, &found);
		assert_non_null(strstr(buf_text(&found), " -: the file has "));
		assert_int_equal(names_blob(&found, &odd[0]),
		    i < s.frames[0].size);
		assert_int_equal(lines_in(&found),
		    i < s.frames[0].size ? 1 + COUNT(odd) : 1);
	}
	free(file);
	stored_release(&s);
	buf_release(&found);
}

/* ---- several frames ---- */

#define LARGE		9
#define LARGE_SIZE	(MIB + 300 * KIB)

static struct body large[LARGE];

static void
make_large(struct stored *s, enum container c)
{
	size_t i, k;
	char *p;

	for (i = 0; i < LARGE; i++) {
		p = xmalloc(LARGE_SIZE);
		noise(p, LARGE_SIZE, i + 1);
		/* So that there is some work in it. */
		for (k = 0; k < LARGE_SIZE; k += 2)
			p[k] = 'x';
		large[i] = (struct body){ p, LARGE_SIZE, 0, 0 };
	}
	/* The last frame is done before those that were begun before it. */
	large[LARGE - 1].n = 10;
	store(&v, c, large, LARGE, s);
	assert_true(s->info.frames > 3);
}

static void
free_large(struct stored *s)
{
	size_t i;

	for (i = 0; i < LARGE; i++)
		free((char *)(uintptr_t)large[i].p);
	stored_release(s);
	unlinkat(v.packs, NAME, 0);
}

static void
test_a_damaged_frame_costs_its_messages_and_no_others(void **state)
{
	struct buf found = BUF_INIT(MIB);
	char before[BLOCK], prefix[64];
	struct stored s;
	size_t n, frame, at, size, i;
	char *file;

	(void)state;
	make_large(&s, CONTAINER_MBOX);
	file = slurp(&v, &n);
	for (frame = 0; frame < s.info.frames; frame++) {
		at = (size_t)(s.frames[frame].offset +
		    s.frames[frame].size / 2);
		size = s.frames[frame].size < 2 * BLOCK ? 16 : BLOCK;
		memcpy(before, file + at, size);
		memset(file + at, 0, size);
		replace(&v, file, n);
		memcpy(file + at, before, size);
		check_stored(&s, large, 2, &found);
		snprintf(prefix, sizeof(prefix), "%" PRIu64 " %zu ",
		    s.frames[frame].offset, frame);
		assert_memory_equal(found.p, prefix, strlen(prefix));
		for (i = 0; i < LARGE; i++)
			assert_int_equal(names_blob(&found, &large[i]),
			    s.places[i].frame == frame);
		assert_int_equal(lines_in(&found),
		    frame + 1 < s.info.frames ? 2 : 1);
		expect_others_whole(&s, large, &found);
	}
	free(file);
	free_large(&s);
	buf_release(&found);
}

static void
test_damage_is_told_by_offset(void **state)
{
	struct buf found = BUF_INIT(MIB);
	uint64_t last = 0, offset;
	struct stored s;
	size_t n, i, round, lines;
	char *file, *p;

	(void)state;
	make_large(&s, CONTAINER_TAR);
	file = slurp(&v, &n);
	/* All frames, at their ends so that it takes a while, and the notes. */
	for (i = 0; i < s.info.frames; i++)
		file[s.frames[i].offset + s.frames[i].size - 1] ^= 1;
	file[n - 1] ^= 1;
	replace(&v, file, n);
	for (round = 0; round < 5; round++) {
		check_stored(&s, large, 3, &found);
		for (p = found.p, lines = 0, last = 0; *p != '\0'; lines++) {
			offset = strtoull(p, NULL, 10);
			assert_true(offset >= last);
			last = offset;
			p = strchr(p, '\n') + 1;
		}
		assert_int_equal(lines, LARGE + 1);
		assert_int_equal(last, n - s.info.tail);
	}
	free(file);
	free_large(&s);
	buf_release(&found);
}

static void
test_swapped_and_doubled_frames_are_found(void **state)
{
	struct buf found = BUF_INIT(MIB), file = BUF_INIT(64 * MIB);
	struct stored s;
	size_t n, i, swap;
	char *p;

	(void)state;
	make_large(&s, CONTAINER_TAR);
	p = slurp(&v, &n);
	for (swap = 0; swap < 3; swap++) {
		buf_clear(&file);
		for (i = 0; i < s.info.frames; i++) {
			size_t k = i;

			if (swap == 0 && i < 2)
				k = 1 - i;
			if (swap == 1 && i == 1)
				k = 0;
			buf_add(&file, p + s.frames[k].offset,
			    (size_t)s.frames[k].size);
			if (swap == 2 && i == 0)
				buf_add(&file, p, (size_t)s.frames[0].size);
		}
		buf_add(&file, p + n - s.info.tail, (size_t)s.info.tail);
		replace(&v, file.p, file.n);
		check_stored(&s, large, 2, &found);
		assert_true(lines_in(&found) > 0);
		/* What can still be read is not among it. */
		expect_others_whole(&s, large, &found);
		assert_int_equal(names_blob(&found, &large[0]), swap == 0);
	}
	free(p);
	free_large(&s);
	buf_release(&file);
	buf_release(&found);
}

/* Frames above what is held: the caller's thread is at them while the others work. */
static void
test_a_large_frame_is_checked_as_well(void **state)
{
	const size_t n = 6 * MIB;
	struct body bodies[4] = { LITERAL("before"), { NULL, 0, 0, 0 },
	    LITERAL("From behind\n"), LITERAL("") };
	struct buf found = BUF_INIT(MIB);
	char *p = xmalloc(n), *file;
	struct stored s;
	size_t size, i, at;

	(void)state;
	noise(p, n, 1);
	bodies[1] = (struct body){ p, n, 0, 0 };
	for (i = 0; i < COUNT(containers); i++) {
		store(&v, containers[i], bodies, 4, &s);
		check_stored(&s, bodies, 1, &found);
		assert_string_equal(buf_text(&found), "");
		file = slurp(&v, &size);
		for (at = 10; at < s.frames[0].size; at += MIB) {
			file[at] ^= 4;
			replace(&v, file, size);
			file[at] ^= 4;
			check_stored(&s, bodies, 1, &found);
			assert_true(names_blob(&found, &bodies[0]));
			assert_true(names_blob(&found, &bodies[1]));
			assert_int_equal(lines_in(&found),
			    s.info.frames == 1 ? 4 : 2);
		}
		free(file);
		stored_release(&s);
		unlinkat(v.packs, NAME, 0);
	}
	free(p);
	buf_release(&found);
}

/* ---- manifests that lie ---- */

/* The claims about blob ${i} of a sound pack, found again after sorting. */
static struct rec_blob *
blob_of(struct pack_claim *c, const struct body *b)
{
	struct digest d;
	size_t i;

	digest_of(b->p, b->n, &d);
	for (i = 0; i < c->n; i++)
		if (digest_equal(&c->blobs[i].sha256, &d))
			return &c->blobs[i];
	fail_msg("no such blob");
	return NULL;
}

enum lie {
	LIE_SIZE, LIE_OFFSET, LIE_STORED, LIE_FRAME, LIE_FORM, LIE_NEWLINE,
	LIE_INSIDE, LIE_HUGE, LIES,
};

static void
lie_about(struct rec_blob *b, enum lie lie)
{
	switch (lie) {
	case LIE_SIZE: b->size++; break;
	case LIE_OFFSET: b->place.offset--; break;
	case LIE_STORED: b->place.stored--; break;
	case LIE_FRAME: b->place.frame++; break;
	case LIE_FORM:
		b->place.form = b->place.form == BLOB_LF ? BLOB_RAW : BLOB_LF;
		break;
	case LIE_NEWLINE: b->place.newline_added ^= true; break;
	case LIE_INSIDE: b->place.offset++; b->place.stored--; break;
	case LIE_HUGE: b->place.stored = UINT64_MAX; break;
	case LIES: break;
	}
}

static void
test_a_wrong_claim_is_found(void **state)
{
	struct buf found = BUF_INIT(MIB);
	struct pack_claim claim;
	struct stored s;
	size_t i, k, lie;

	(void)state;
	for (k = 0; k < COUNT(containers); k++) {
		store(&v, containers[k], odd, COUNT(odd), &s);
		for (lie = 0; lie < LIES; lie++) {
			if (k == 0 && lie == LIE_NEWLINE)
				continue;	/* has no meaning there */
			claim = claim_of(&s, odd);
			lie_about(blob_of(&claim, &odd[0]), (enum lie)lie);
			check_claim(&claim, 1, &found);
			assert_true(names_blob(&found, &odd[0]));
			for (i = 1; i < COUNT(odd); i++)
				assert_false(names_blob(&found, &odd[i]));
		}
		/* A digest that nothing here has. */
		claim = claim_of(&s, odd);
		blob_of(&claim, &odd[0])->sha256.b[31] ^= 1;
		check_claim(&claim, 1, &found);
		assert_int_equal(lines_in(&found), 1);
		assert_true(names_blob(&found, &odd[0]));
		stored_release(&s);
		unlinkat(v.packs, NAME, 0);
	}
	buf_release(&found);
}

/* A message in a message, byte for byte at the place that is claimed; the last in the frame, and one before others. */
static void
test_bytes_inside_of_another_message_are_no_message(void **state)
{
	struct body outer[2] = { LITERAL("outside\r\ninside\r\n"),
	    LITERAL("another\r\n") };
	struct body inner = LITERAL("inside\r\n");
	struct buf found = BUF_INIT(MIB);
	struct pack_claim claim;
	struct stored s;
	size_t n;

	(void)state;
	for (n = 1; n <= 2; n++) {
		store(&v, CONTAINER_TAR, outer, n, &s);
		claim = claim_of(&s, outer);
		claim.blobs[n] = *blob_of(&claim, &outer[0]);
		digest_of(inner.p, inner.n, &claim.blobs[n].sha256);
		claim.blobs[n].size = inner.n;
		claim.blobs[n].place.stored = inner.n;
		claim.blobs[n].place.offset += 9;
		claim.n++;
		check_claim(&claim, 1, &found);
		assert_int_equal(lines_in(&found), 1);
		assert_true(names_blob(&found, &inner));
		stored_release(&s);
		unlinkat(v.packs, NAME, 0);
	}
	buf_release(&found);
}

static void
test_a_message_that_nobody_claims_is_damage(void **state)
{
	struct buf found = BUF_INIT(MIB);
	struct pack_claim claim;
	struct rec_blob *b;
	struct stored s;
	size_t i, k;

	(void)state;
	for (k = 0; k < COUNT(containers); k++) {
		store(&v, containers[k], odd, COUNT(odd), &s);
		for (i = 0; i < COUNT(odd); i++) {
			claim = claim_of(&s, odd);
			b = blob_of(&claim, &odd[i]);
			*b = claim.blobs[--claim.n];
			check_claim(&claim, 1, &found);
			assert_string_equal(buf_text(&found), "0 0 -: holds 1 "
			    "message that no manifest names\n");
			claim = claim_of(&s, odd);
			b = blob_of(&claim, &odd[i]);
			*b = claim.blobs[--claim.n];
			claim.partial = true;
			check_claim(&claim, 1, &found);
			assert_string_equal(buf_text(&found), "");
		}
		/* The same said twice is fine. */
		claim = claim_of(&s, odd);
		claim.blobs[claim.n] = claim.blobs[2];
		claim.n++;
		check_claim(&claim, 1, &found);
		assert_string_equal(buf_text(&found), "");
		stored_release(&s);
		unlinkat(v.packs, NAME, 0);
	}
	buf_release(&found);
}

static void
test_frames_that_do_not_add_up_are_found(void **state)
{
	struct buf found = BUF_INIT(MIB);
	struct pack_claim claim;
	struct stored s;
	size_t i;

	(void)state;
	store(&v, CONTAINER_TAR, odd, COUNT(odd), &s);
	for (i = 0; i < 9; i++) {
		claim = claim_of(&s, odd);
		switch (i) {
		case 0: claim.frames[0].raw++; break;
		case 1: claim.frames[0].raw--; break;
		case 2: claim.frames[0].size++; break;
		case 3: claim.frames[0].size--; break;
		case 4: claim.frames[0].offset = UINT64_MAX; break;
		case 5: claim.frames[0].raw = UINT64_MAX; break;
		case 6: claim.frames[0].size = UINT64_MAX; break;
		case 7: claim.info.tail++; break;
		case 8: claim.info.tail = UINT64_MAX; break;
		}
		check_claim(&claim, 1, &found);
		assert_non_null(strstr(buf_text(&found), "does not add up"));
		assert_int_equal(names_blob(&found, &odd[0]), i < 7);
		/* With all numbers fitting, the frame tells. */
		if (i < 2) {
			claim = claim_of(&s, odd);
			claim.info.raw = claim.frames[0].raw =
			    s.frames[0].raw + 1 - 2 * i;
			check_claim(&claim, 1, &found);
			assert_int_equal(lines_in(&found), COUNT(odd));
			assert_non_null(strstr(found.p, i == 0 ?
			    "to less" : "Destination buffer"));
		}
	}
	stored_release(&s);
	buf_release(&found);
}

static void
test_what_is_no_pack_costs_all_of_it(void **state)
{
	static const char *const make[] = { "true", "mkdir packs/%s",
	    "mkfifo packs/%s", "ln -s /etc/passwd packs/%s" };
	static const char *const why[] = { "the file is missing",
	    "not a regular file", "not a regular file", "symbolic link" };
	struct buf found = BUF_INIT(MIB);
	struct pack_claim claim;
	struct stored s;
	char command[256];
	size_t i, k;

	(void)state;
	store(&v, CONTAINER_TAR, odd, COUNT(odd), &s);
	for (i = 0; i < COUNT(make); i++) {
		assert_int_equal(run(&v, "rm -rf packs/%s", NAME), 0);
		snprintf(command, sizeof(command), "%s", make[i]);
		if (strstr(command, "%s") != NULL)
			snprintf(strstr(command, "%s"), 64, "%s", NAME);
		assert_int_equal(run(&v, "%s", command), 0);
		check_stored(&s, odd, 1, &found);
		assert_int_equal(lines_in(&found), COUNT(odd));
		assert_non_null(strstr(found.p, why[i]));
		for (k = 0; k < COUNT(odd); k++)
			assert_true(names_blob(&found, &odd[k]));
		claim = claim_of(&s, odd);
		claim.n = 0;
		check_claim(&claim, 1, &found);
		assert_int_equal(lines_in(&found), 1);
	}
	stored_release(&s);
	buf_release(&found);
}

/* ---- bombs and forgeries ---- */

/* A pack whose file and manifest agree, but that no writer of ours made. */
static struct pack_claim
forged_claim(const struct forged *f, uint64_t tail)
{
	struct pack_claim c = { .name = xstrdup(NAME) };
	size_t i;

	c.info = (struct rec_pack){ .size = f->file.n, .frames = f->n,
	    .tail = tail, .container = CONTAINER_TAR };
	digest_of(f->file.p, f->file.n, &c.info.sha256);
	c.frames = xreallocarray(NULL, f->n, sizeof(*c.frames));
	memcpy(c.frames, f->frames, f->n * sizeof(*c.frames));
	for (i = 0; i < f->n; i++)
		c.info.raw += f->frames[i].raw;
	return c;
}

static long
peak(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static void
test_bombs_are_refused_in_little_memory(void **state)
{
	const size_t n = 256 * MIB;
	struct buf found = BUF_INIT(MIB), tar = BUF_INIT(MIB);
	char *zeros = xcalloc(1, n);
	struct pack_claim claim;
	struct forged f;
	long before;
	size_t i;

	(void)state;
	tar_end(&tar);
	for (i = 0; i < 5; i++) {
		forge_start(&f);
		f.frames[0].offset = 0;
		/* A window of 64 MiB, none that is asked for, no checksum, more or less than is said. */
		forge_zstd(&f.file, i == 1 ? tar.p : zeros,
		    i == 1 ? tar.n : n, i == 0 ? 26 : 0, i != 2);
		f.frames[0].size = f.file.n;
		f.frames[0].raw = i == 3 ? 1024 : i == 4 ? INT64_MAX :
		    i == 1 ? tar.n : n;
		f.n = 1;
		if (i == 1)
			f.file.p[5] = (char)0xff;	/* 3.75 TiB */
		claim = forged_claim(&f, 0);
		replace(&v, f.file.p, f.file.n);
		before = peak();
		check_claim(&claim, 1, &found);
		assert_int_equal(lines_in(&found), 1);
		assert_non_null(strstr(found.p, i < 2 ? "window" :
		    i == 2 ? "no checksum" : i == 3 ? "Destination buffer" :
		    "to less than"));
		if (!SANITIZED)
			assert_in_range(peak() - before, 0, 24 * KIB);
		buf_release(&f.file);
	}
	free(zeros);
	buf_release(&tar);
	buf_release(&found);
}

static void
test_forged_archives_are_damage_though_hashes_agree(void **state)
{
	static const struct { const char *name; char type; const char *why; }
	t[] = {
		{ "a.eml", '0', NULL },
		{ "../a.eml", '0', "a name that is not safe" },
		{ "/a.eml", '0', "a name that is not safe" },
		{ "a.eml", '2', "not a regular file" },
		{ "a.eml", '3', "not a regular file" },
	};
	struct buf found = BUF_INIT(MIB), tar = BUF_INIT(MIB);
	struct pack_claim claim;
	struct forged f;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		forge_start(&f);
		buf_clear(&tar);
		tar_member(&tar, t[i].name, t[i].type, "abc", 3);
		forge_frame(&f, tar.p, tar.n);
		buf_clear(&tar);
		tar_member(&tar, "last.eml", '0', "xyz", 3);
		tar_end(&tar);
		forge_frame(&f, tar.p, tar.n);
		claim = forged_claim(&f, 0);
		claim.blobs = xcalloc(2, sizeof(*claim.blobs));
		claim.n = 2;
		claim.blobs[0].place = (struct place){ NULL, 0, BLOCK, 3,
		    BLOB_PLAIN, false };
		claim.blobs[1].place = claim.blobs[0].place;
		claim.blobs[1].place.frame = 1;
		claim.blobs[0].size = claim.blobs[1].size = 3;
		digest_of("abc", 3, &claim.blobs[0].sha256);
		digest_of("xyz", 3, &claim.blobs[1].sha256);
		forge_done(&v, &f);
		check_claim(&claim, 2, &found);
		/* The blob itself is there and can be read. */
		assert_int_equal(lines_in(&found), t[i].why != NULL);
		if (t[i].why != NULL)
			assert_non_null(strstr(found.p, t[i].why));
		assert_true(found.n == 0 || strncmp(found.p, "0 0 -: ", 7) == 0);
	}
	buf_release(&tar);
	buf_release(&found);
}

/* ---- many packs ---- */

struct order {
	unsigned int	 last, count, stop;
};

static int
note_order(void *arg, const struct pack_damage *d, struct err *e)
{
	struct order *o = arg;
	unsigned int number = (unsigned int)strtoul(d->pack, NULL, 10);

	assert_true(number >= o->last);
	o->last = number;
	if (++o->count == o->stop)
		return err_set(e, EK_CANCELLED, "enough");
	return 0;
}

#define PACKS	40

/* ${PACKS} packs, each other one damaged. */
static void
put_many(struct pack_checker *c, const struct stored *s, const char *file,
    size_t n, int want)
{
	struct pack_claim claim;
	char *copy = xmalloc(n), name[32];
	struct err e;
	int i, rc = 0;

	for (i = 0; i < PACKS && rc == 0; i++) {
		memcpy(copy, file, n);
		if (i % 2 == 1)
			copy[s->frames[0].size / 2] ^= 1;
		snprintf(name, sizeof(name), "%d.zst", 1000 + i);
		unlinkat(v.packs, name, 0);
		assert_int_equal(io_put_file(v.tmp, v.packs, name, copy, n,
		    &e), 0);
		claim = claim_of(s, odd);
		free(claim.name);
		claim.name = xstrdup(name);
		rc = pack_checker_put(c, &claim, &e);
	}
	if (rc == 0)
		rc = pack_checker_end(c, &e);
	assert_int_equal(rc, want);
	if (rc == -1)
		assert_string_equal(e.text, "enough");
	free(copy);
}

static void
test_many_packs_are_told_in_the_order_they_were_put(void **state)
{
	struct order o = { 0, 0, 0 };
	struct pack_checker *c;
	struct stored s;
	uint64_t read, raw;
	unsigned int threads;
	char *file;
	size_t n;

	(void)state;
	store(&v, CONTAINER_MBOX, odd, COUNT(odd), &s);
	file = slurp(&v, &n);
	for (threads = 0; threads < 5; threads++) {
		o = (struct order){ 0, 0, 0 };
		c = pack_checker_new(v.packs, threads, note_order, &o);
		put_many(c, &s, file, n, 0);
		assert_int_equal(o.count, PACKS / 2 * COUNT(odd));
		pack_checker_progress(c, &read, &raw);
		assert_int_equal(read, PACKS * n);
		assert_int_equal(raw, PACKS / 2 * s.info.raw);
		pack_checker_free(&c);
		/* The caller has seen enough; what is at work is dropped. */
		o = (struct order){ 0, 0, 5 };
		c = pack_checker_new(v.packs, threads, note_order, &o);
		put_many(c, &s, file, n, -1);
		pack_checker_free(&c);
	}
	free(file);
	stored_release(&s);
}

static void
test_a_checker_can_be_dropped_at_work(void **state)
{
	struct buf found = BUF_INIT(MIB);
	struct pack_checker *c;
	struct pack_claim claim;
	struct stored s;
	struct err e;
	size_t i;

	(void)state;
	make_large(&s, CONTAINER_TAR);
	for (i = 0; i < 5; i++) {
		c = pack_checker_new(v.packs, 3, note_damage, &found);
		claim = claim_of(&s, large);
		assert_int_equal(pack_checker_put(c, &claim, &e), 0);
		pack_checker_free(&c);
	}
	pack_checker_free(&c);
	free_large(&s);
	buf_release(&found);
}

/* In a process of its own, since the signal stays. */
static int
cancelled(const struct stored *s)
{
	struct buf found = BUF_INIT(MIB);
	struct pack_checker *c;
	struct pack_claim claim;
	struct err e;
	int ok;

	cancel_install();
	c = pack_checker_new(v.packs, 2, note_damage, &found);
	raise(SIGTERM);
	claim = claim_of(s, odd);
	ok = pack_checker_put(c, &claim, &e) == -1 && e.kind == EK_CANCELLED;
	pack_checker_free(&c);
	return ok ? 0 : 1;
}

static void
test_a_signal_ends_it(void **state)
{
	struct stored s;
	pid_t pid;
	int status;

	(void)state;
	store(&v, CONTAINER_TAR, odd, COUNT(odd), &s);
	if ((pid = fork()) == 0)
		_exit(cancelled(&s));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	stored_release(&s);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_a_sound_pack_has_no_damage),
		T(test_each_flipped_bit_is_found),
		T(test_a_cut_or_longer_file_is_found),
		T(test_a_damaged_frame_costs_its_messages_and_no_others),
		T(test_damage_is_told_by_offset),
		T(test_swapped_and_doubled_frames_are_found),
		T(test_a_large_frame_is_checked_as_well),
		T(test_a_wrong_claim_is_found),
		T(test_bytes_inside_of_another_message_are_no_message),
		T(test_a_message_that_nobody_claims_is_damage),
		T(test_frames_that_do_not_add_up_are_found),
		T(test_what_is_no_pack_costs_all_of_it),
		T(test_bombs_are_refused_in_little_memory),
		T(test_forged_archives_are_damage_though_hashes_agree),
		T(test_many_packs_are_told_in_the_order_they_were_put),
		T(test_a_checker_can_be_dropped_at_work),
		T(test_a_signal_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

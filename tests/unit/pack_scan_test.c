/*
 * pack_scan_test.c - packs of which nothing is known: all that can be read is found, all else is named.
 */
#include "tests/unit/pack_forge.h"

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
	LITERAL("\n"),
	LITERAL("\n\n\n"),
	LITERAL("no end of line"),
	LITERAL("From a\nFrom b\n>From c\n>>From d\n\nFrom "),
	LITERAL("From a\r\nFrom b\r\n>From c\r\n>>From d\r\n\r\nFrom "),
	LITERAL("mixed\r\nand\nnot\rboth\r"),
	LITERAL("a NUL\0in it\r\n"),
	LITERAL(">"),
	LITERAL("F"),
	LITERAL("\n\nFrom mailkeep@localhost Thu Jan  1 00:00:00 1970\n\n"),
	LITERAL("the last\r\n\r\n"),
};

/* What a scan told. */
struct told {
	enum container	 c;
	struct buf	 notes, members, damage, scratch;
	const struct body *bodies;	/* looked for, in order; or NULL */
	const struct place *places;	/* theirs, or NULL */
	size_t		 n;		/* found so far */
	struct frame	 frames[64];	/* told so far */
	size_t		 frames_n;
	size_t		 skip;		/* the next body of which may be missing */
	uint64_t	 bytes;
};

static int
on_note(void *arg, const char *line, size_t n, struct err *e)
{
	struct told *t = arg;

	(void)e;
	assert_int_equal(strlen(line), n);
	assert_int_equal(t->n, 0);
	buf_addf(&t->notes, "%s\n", line);
	return 0;
}

static bool
is_body(const struct pack_reading *r, const struct body *b)
{
	struct digest d;

	digest_of(b->p, b->n, &d);
	return r->size == b->n && digest_equal(&r->sha256, &d);
}

/* Pour each reading: it is what it says. */
static void
check_readings(struct told *t, const struct pack_found *f)
{
	const struct sink to = { keep, &t->scratch };
	struct digest d;
	struct err e;
	size_t i;

	assert_in_range(f->n, 1, PACK_READINGS);
	for (i = 0; i < f->n; i++) {
		buf_clear(&t->scratch);
		if (source_pour(&f->readings[i].body, &to, &e) == -1)
			fail_msg("%s", e.text);
		digest_of(t->scratch.p, t->scratch.n, &d);
		assert_int_equal(f->readings[i].size, t->scratch.n);
		assert_true(digest_equal(&f->readings[i].sha256, &d));
	}
}

static int
on_found(void *arg, const struct pack_found *f, struct err *e)
{
	struct told *t = arg;
	const struct pack_reading *r = NULL;
	const struct place *p;
	size_t i;

	(void)e;
	assert_int_equal(f->readings[0].place.frame, t->frames_n);
	assert_int_equal(f->member != NULL, t->c == CONTAINER_TAR);
	if (f->member != NULL)
		buf_addf(&t->members, "%s %" PRId64 "\n", f->member, f->mtime);
	t->bytes += f->readings[0].size;
	if (t->bodies == NULL) {
		t->n++;
		return 0;
	}
	check_readings(t, f);
	for (; r == NULL; t->n++) {
		for (i = 0; i < f->n && r == NULL; i++)
			if (is_body(&f->readings[i], &t->bodies[t->n]))
				r = &f->readings[i];
		assert_true(r != NULL || t->skip-- > 0);
	}
	if (t->places == NULL)
		return 0;
	p = &t->places[t->n - 1];
	assert_string_equal(r->place.pack, p->pack);
	assert_int_equal(r->place.frame, p->frame);
	assert_int_equal(r->place.offset, p->offset);
	assert_int_equal(r->place.stored, p->stored);
	/* One that reads the same in several ways can be called by any. */
	if (t->bodies[t->n - 1].n > 2) {
		assert_int_equal(r->place.form, p->form);
		assert_int_equal(r->place.newline_added, p->newline_added);
	}
	return 0;
}

static int
on_frame(void *arg, const struct frame *f, struct err *e)
{
	struct told *t = arg;

	(void)e;
	assert_in_range(t->frames_n, 0, COUNT(t->frames) - 1);
	t->frames[t->frames_n++] = *f;
	return 0;
}

static int
on_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	struct told *t = arg;

	assert_null(d->sha256);
	return note_damage(&t->damage, d, e);
}

static void
told_start(struct told *t, enum container c)
{
	*t = (struct told){ .c = c };
	buf_init(&t->notes, 16 * MIB);
	buf_init(&t->members, 16 * MIB);
	buf_init(&t->damage, MIB);
	buf_init(&t->scratch, 64 * MIB);
}

static void
told_release(struct told *t)
{
	buf_release(&t->notes);
	buf_release(&t->members);
	buf_release(&t->damage);
	buf_release(&t->scratch);
}

static void
scan(struct told *t, const struct frame *frames, size_t n)
{
	const struct pack_scan_fns fns = { .note = on_note, .found = on_found,
	    .frame = on_frame, .damage = on_damage, .arg = t };
	struct err e;

	if (pack_scan(v.packs, NAME, t->c, frames, n, &fns, &e) == -1)
		fail_msg("%s", e.text);
}

static void
remove_pack(void)
{
	assert_int_equal(run(&v, "rm packs/%s", NAME), 0);
}

static void
test_what_was_stored_is_found(void **state)
{
	struct stored s;
	struct told t;
	int c, known;

	(void)state;
	for (c = 0; c < 2; c++) {
		store(&v, c == 0 ? CONTAINER_TAR : CONTAINER_MBOX, odd,
		    COUNT(odd), &s);
		for (known = 0; known < 2; known++) {
			told_start(&t, s.info.container);
			t.bodies = odd;
			t.places = s.places;
			scan(&t, known ? s.frames : NULL,
			    known ? (size_t)s.info.frames : 0);
			assert_string_equal(buf_text(&t.damage), "");
			assert_int_equal(t.n, COUNT(odd));
			assert_int_equal(t.frames_n, s.info.frames);
			assert_memory_equal(t.frames, s.frames,
			    t.frames_n * sizeof(t.frames[0]));
			assert_int_equal(lines_in(&t.notes), COUNT(odd));
			assert_memory_equal(t.notes.p,
			    "{\"uid\":1}\n{\"uid\":2}\n", 20);
			told_release(&t);
		}
		stored_release(&s);
		remove_pack();
	}
}

/* Names and times that need extended headers, and such that don't, as libarchive writes them. */
static void
test_names_and_times_come_back_as_they_were(void **state)
{
	static const int64_t times[] = { 0, 1, 1700000000, 8589934591,
	    8589934592, 68719476735, 68719476736, 253402300799 };
	const struct pack_entry like = { .size = 3, .form = BLOB_PLAIN };
	struct buf want = BUF_INIT(MIB);
	struct body body = LITERAL("abc");
	const struct source from = { body_pour, &body };
	struct pack_writer *w;
	struct rec_frames frames;
	struct rec_pack info;
	struct pack_entry entry;
	struct place place;
	char name[2100];
	struct told t;
	struct err e;
	size_t i, n;

	(void)state;
	assert_int_equal(pack_create(v.tmp, NAME, CONTAINER_TAR, &w, &e), 0);
	for (i = 0; i < 400; i++) {
		n = i < 300 ? i + 1 : 20 * (i - 300) + 50;
		memset(name, 'x', n);
		if (n > 300 && i % 2 == 0)
			name[n - 90] = '/';
		/* Not ASCII, and in several directories. */
		if (n > 10 && i % 3 != 0) {
			name[n / 3] = name[n / 2] = '/';
			memcpy(name, "\xc3\xa9", 2);
		}
		name[n] = '\0';
		entry = like;
		entry.member = name;
		entry.mtime = times[i % COUNT(times)];
		if (pack_add(w, &entry, &from, &place, &e) == -1) {
			assert_int_equal(e.kind, EK_REFUSED);
			fail_msg("%s", e.text);
		}
		buf_addf(&want, "%s %" PRId64 "\n", name, entry.mtime);
	}
	assert_int_equal(pack_seal(w, &info, &frames, &e), 0);
	assert_int_equal(pack_publish(&w, v.packs, &e), 0);
	told_start(&t, CONTAINER_TAR);
	scan(&t, NULL, 0);
	assert_string_equal(buf_text(&t.damage), "");
	assert_string_equal(buf_text(&t.members), buf_text(&want));
	told_release(&t);
	buf_release(&want);
}

/* ---- several frames, damage in one ---- */

#define LARGE		7
#define LARGE_SIZE	(MIB + 300 * KIB)

static struct body large[LARGE];

static void
make_large(void)
{
	size_t i, k;
	char *p;

	for (i = 0; i < LARGE; i++) {
		p = xmalloc(LARGE_SIZE);
		noise(p, LARGE_SIZE, i + 1);
		for (k = 0; k < LARGE_SIZE; k += 2)
			p[k] = 'x';
		large[i] = (struct body){ p, LARGE_SIZE, 0, 0 };
	}
}

static void
free_large(void)
{
	size_t i;

	for (i = 0; i < LARGE; i++)
		free((char *)(uintptr_t)large[i].p);
}

/* The frame of ${s} at ${frame} was damaged: its messages are lost, and no others. */
static void
expect_lost(const struct stored *s, size_t frame, bool known)
{
	char want[64];
	struct told t;
	size_t i, lost = 0;

	for (i = 0; i < LARGE; i++)
		lost += s->places[i].frame == frame;
	assert_true(lost > 0 && lost < LARGE);
	told_start(&t, s->info.container);
	t.bodies = large;
	t.places = s->places;
	t.skip = lost;
	scan(&t, known ? s->frames : NULL, known ? (size_t)s->info.frames : 0);
	/* The last ones may be those that are lost. */
	assert_int_equal(t.n, s->places[LARGE - 1].frame == frame ?
	    LARGE - lost : LARGE);
	/* The table stays what it was, but for what is in the damaged one. */
	assert_int_equal(t.frames_n, s->info.frames);
	for (i = 0; i < t.frames_n; i++) {
		assert_int_equal(t.frames[i].offset, s->frames[i].offset);
		assert_int_equal(t.frames[i].size, s->frames[i].size);
		assert_true(t.frames[i].raw == s->frames[i].raw || i == frame);
	}
	assert_int_equal(lines_in(&t.damage), 1);
	snprintf(want, sizeof(want), "%" PRIu64 " %zu -: ",
	    s->frames[frame].offset, frame);
	assert_memory_equal(t.damage.p, want, strlen(want));
	assert_int_equal(lines_in(&t.notes), LARGE);
	told_release(&t);
}

static void
test_behind_a_damaged_frame_the_others_are_found(void **state)
{
	struct stored s;
	size_t n, frame, k, at;
	char *file;
	int c;

	(void)state;
	make_large();
	for (c = 0; c < 2; c++) {
		store(&v, c == 0 ? CONTAINER_TAR : CONTAINER_MBOX, large,
		    LARGE, &s);
		assert_true(s.info.frames > 2);
		file = slurp(&v, &n);
		for (frame = 0; frame < s.info.frames; frame++) {
			/* Magic, header, first block's header, inside, checksum. */
			const size_t where[] = { 0, 4, 7,
			    (size_t)s.frames[frame].size / 2,
			    (size_t)s.frames[frame].size - 2 };

			for (k = 0; k < COUNT(where); k++) {
				at = (size_t)s.frames[frame].offset + where[k];
				file[at] = (char)(file[at] ^ 0x2c);
				replace(&v, file, n);
				file[at] = (char)(file[at] ^ 0x2c);
				expect_lost(&s, frame, true);
				expect_lost(&s, frame, false);
			}
		}
		free(file);
		stored_release(&s);
		remove_pack();
	}
	free_large();
}

/* Cut anywhere, or with something before or behind it: no crash, nothing that isn't so, and it is told. */
static void
test_a_pack_that_is_cut_gives_what_is_before(void **state)
{
	struct stored s;
	struct told t;
	size_t n, i;
	char *file;
	int c;

	(void)state;
	for (c = 0; c < 2; c++) {
		store(&v, c == 0 ? CONTAINER_TAR : CONTAINER_MBOX, odd,
		    COUNT(odd), &s);
		file = slurp(&v, &n);
		for (i = 0; i < n; i++) {
			replace(&v, file, i);
			told_start(&t, s.info.container);
			t.bodies = odd;
			scan(&t, NULL, 0);
			assert_int_equal(t.n, i < s.frames[0].size ? 0 :
			    COUNT(odd));
			assert_int_equal(lines_in(&t.damage),
			    i == s.frames[0].size ? 0 : 1);
			told_release(&t);
		}
		free(file);
		stored_release(&s);
		remove_pack();
	}
}

static void
test_garbage_around_a_pack_is_named(void **state)
{
	static const char garbage[] = "\x28\xb5\x2f\xfd garbage \x50\x2a\x4d\x18";
	struct buf file = BUF_INIT(MIB);
	char want[128];
	struct stored s;
	struct told t;
	size_t n;
	char *p;

	(void)state;
	store(&v, CONTAINER_MBOX, odd, COUNT(odd), &s);
	p = slurp(&v, &n);
	buf_add(&file, garbage, sizeof(garbage));
	buf_add(&file, p, n);
	buf_add(&file, garbage, sizeof(garbage));
	replace(&v, file.p, file.n);
	told_start(&t, CONTAINER_MBOX);
	t.bodies = odd;
	scan(&t, NULL, 0);
	assert_int_equal(t.n, COUNT(odd));
	assert_int_equal(lines_in(&t.notes), COUNT(odd));
	snprintf(want, sizeof(want), "0 0 -: neither a frame nor notes\n"
	    "%zu 2 -: neither a frame nor notes\n", sizeof(garbage) + n);
	assert_string_equal(buf_text(&t.damage), want);
	told_release(&t);
	free(p);
	buf_release(&file);
	stored_release(&s);
}

/* Wherever it begins, also where one piece of what is searched ends. */
static void
test_a_pack_behind_any_number_of_bytes_is_found(void **state)
{
	struct buf file = BUF_INIT(MIB);
	struct stored s;
	struct told t;
	size_t n, before;
	char *p, *x = xcalloc(1, 70000);

	(void)state;
	store(&v, CONTAINER_MBOX, odd, COUNT(odd), &s);
	p = slurp(&v, &n);
	for (before = 1; before < 65550; before += before == 9 ? 65520 : 1) {
		buf_clear(&file);
		buf_add(&file, x, before);
		buf_add(&file, p, n);
		replace(&v, file.p, file.n);
		told_start(&t, CONTAINER_MBOX);
		t.bodies = odd;
		scan(&t, NULL, 0);
		assert_int_equal(t.n, COUNT(odd));
		assert_int_equal(lines_in(&t.damage), 1);
		told_release(&t);
	}
	free(p);
	free(x);
	buf_release(&file);
	stored_release(&s);
}

static void
test_a_message_too_large_to_be_held_is_found(void **state)
{
	const size_t n = PACK_FRAME_KEEP + 12345;
	struct body bodies[3] = { LITERAL("before"), { NULL, 0, 0, 0 },
	    LITERAL("behind\r\n") };
	char *p = xmalloc(n);
	struct stored s;
	struct told t;
	int c;

	(void)state;
	noise(p, n, 1);
	bodies[1] = (struct body){ p, n, 0, 0 };
	for (c = 0; c < 2; c++) {
		store(&v, c == 0 ? CONTAINER_TAR : CONTAINER_MBOX, bodies, 3,
		    &s);
		told_start(&t, s.info.container);
		t.bodies = bodies;
		t.places = s.places;
		scan(&t, NULL, 0);
		assert_string_equal(buf_text(&t.damage), "");
		assert_int_equal(t.n, 3);
		told_release(&t);
		stored_release(&s);
		remove_pack();
	}
	free(p);
}

static int
fail_note(void *arg, const char *line, size_t n, struct err *e)
{
	(void)arg, (void)line, (void)n;
	return err_set(e, EK_CORRUPT, "note");
}

static int
fail_found(void *arg, const struct pack_found *f, struct err *e)
{
	(void)arg, (void)f;
	return err_set(e, EK_CORRUPT, "found");
}

static int
fail_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	(void)arg;
	return err_set(e, EK_CORRUPT, "damage %s", d->what);
}

/* An error of the caller's, also one that looks like damage, ends the scan. */
static void
test_an_error_of_the_caller_ends_the_scan(void **state)
{
	struct pack_scan_fns fns;
	struct stored s;
	struct told t;
	struct err e;
	size_t n;
	char *file;

	(void)state;
	store(&v, CONTAINER_TAR, odd, COUNT(odd), &s);
	told_start(&t, CONTAINER_TAR);
	fns = (struct pack_scan_fns){ .note = fail_note,
	    .found = on_found, .damage = on_damage, .arg = &t };
	assert_int_equal(pack_scan(v.packs, NAME, t.c, NULL, 0, &fns, &e), -1);
	assert_string_equal(e.text, "note");
	fns = (struct pack_scan_fns){ .note = on_note,
	    .found = fail_found, .damage = on_damage, .arg = &t };
	assert_int_equal(pack_scan(v.packs, NAME, t.c, NULL, 0, &fns, &e), -1);
	assert_string_equal(e.text, "found");
	assert_int_equal(t.n, 0);
	file = slurp(&v, &n);
	file[0] = 'x';
	replace(&v, file, n);
	fns = (struct pack_scan_fns){ .found = on_found,
	    .damage = fail_damage, .arg = &t };
	assert_int_equal(pack_scan(v.packs, NAME, t.c, NULL, 0, &fns, &e), -1);
	assert_string_equal(e.text, "damage neither a frame nor notes");
	unlinkat(v.packs, NAME, 0);
	assert_int_equal(pack_scan(v.packs, NAME, t.c, NULL, 0, &fns, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_int_equal(e.sys, ENOENT);
	free(file);
	told_release(&t);
	stored_release(&s);
}

/* ---- notes ---- */

static void
test_notes_that_are_none_are_named(void **state)
{
	static const struct { const char *text; size_t n, size; const char *what; }
	cases[] = {
		{ "a\nb\n", 4, 0, NULL },
		{ "", 0, 0, NULL },
		{ "a\nb", 3, 0, "the last line has no end" },
		{ "a\n\nb\n", 5, 0, "an empty line" },
		{ "\n", 1, 0, "an empty line" },
	};
	struct buf tar = BUF_INIT(MIB);
	struct forged f;
	struct told t;
	size_t i;

	(void)state;
	tar_member(&tar, "a.eml", '0', "abc", 3);
	tar_end(&tar);
	for (i = 0; i < COUNT(cases); i++) {
		forge_start(&f);
		forge_frame(&f, tar.p, tar.n);
		forge_notes(&f, cases[i].text, cases[i].n, 0);
		forge_notes(&f, "good\n", 5, 0);
		forge_done(&v, &f);
		told_start(&t, CONTAINER_TAR);
		scan(&t, NULL, 0);
		assert_int_equal(t.n, 1);
		assert_int_equal(lines_in(&t.damage), cases[i].what != NULL);
		if (cases[i].what != NULL)
			assert_non_null(strstr(t.damage.p, cases[i].what));
		assert_non_null(strstr(t.notes.p, "good\n"));
		told_release(&t);
	}
	buf_release(&tar);
}

static void
test_the_order_of_the_pieces_is_fixed(void **state)
{
	struct buf tar = BUF_INIT(MIB), head = BUF_INIT(MIB);
	struct forged f;
	struct told t;
	size_t i;

	(void)state;
	tar_member(&head, "a.eml", '0', "abc", 3);
	tar_end(&tar);
	for (i = 0; i < 3; i++) {
		forge_start(&f);
		if (i < 2)
			forge_frame(&f, head.p, head.n);
		if (i > 0)
			forge_notes(&f, "note\n", 5, 0);
		if (i < 2)
			forge_frame(&f, tar.p, tar.n);
		forge_done(&v, &f);
		told_start(&t, CONTAINER_TAR);
		scan(&t, NULL, 0);
		assert_int_equal(t.n, i < 2);
		assert_int_equal(lines_in(&t.damage), i > 0);
		if (i > 0)
			assert_non_null(strstr(t.damage.p, i == 1 ?
			    "1 -: a frame stands behind the notes" :
			    "0 0 -: it has no frame"));
		told_release(&t);
	}
	buf_release(&tar);
	buf_release(&head);
}

/* More members than any frame of ours can have: what is remembered of them stays small. */
static void
test_a_frame_of_very_many_messages_is_refused(void **state)
{
	struct buf tar = BUF_INIT(256 * MIB);
	struct forged f;
	struct told t;
	size_t i;

	(void)state;
	for (i = 0; i < 70000; i++)
		tar_member(&tar, "a.eml", '0', "", 0);
	tar_end(&tar);
	forge_start(&f);
	forge_frame(&f, tar.p, tar.n);
	forge_done(&v, &f);
	told_start(&t, CONTAINER_TAR);
	scan(&t, NULL, 0);
	assert_int_equal(t.n, 64 * KIB);
	assert_int_equal(lines_in(&t.damage), 1);
	assert_non_null(strstr(t.damage.p, "more messages than a frame"));
	told_release(&t);
	buf_release(&tar);
}

/* Few bytes that stand for very many. */
static void
test_notes_that_are_a_bomb_are_refused(void **state)
{
	const size_t n = 300 * MIB;
	char *p = xmalloc(n);
	struct buf tar = BUF_INIT(MIB);
	struct forged f;
	struct told t;
	size_t i;

	(void)state;
	tar_end(&tar);
	for (i = 0; i < 2; i++) {
		memset(p, 'x', n);
		/* One line of all, then lines of a length that is fine. */
		p[n - 1] = '\n';
		if (i == 1)
			for (size_t k = 999999; k < n; k += 1000000)
				p[k] = '\n';
		forge_start(&f);
		forge_frame(&f, tar.p, tar.n);
		forge_notes(&f, p, n, 0);
		forge_done(&v, &f);
		told_start(&t, CONTAINER_TAR);
		buf_release(&t.notes);
		buf_init(&t.notes, 400 * MIB);
		scan(&t, NULL, 0);
		assert_int_equal(lines_in(&t.damage), 1);
		assert_non_null(strstr(t.damage.p, i == 0 ?
		    "a line is too long" : "more than notes can be"));
		told_release(&t);
	}
	free(p);
	buf_release(&tar);
}

int
main(void)
{
#define T(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_what_was_stored_is_found),
		T(test_names_and_times_come_back_as_they_were),
		T(test_behind_a_damaged_frame_the_others_are_found),
		T(test_a_pack_that_is_cut_gives_what_is_before),
		T(test_garbage_around_a_pack_is_named),
		T(test_a_pack_behind_any_number_of_bytes_is_found),
		T(test_a_message_too_large_to_be_held_is_found),
		T(test_an_error_of_the_caller_ends_the_scan),
		T(test_notes_that_are_none_are_named),
		T(test_the_order_of_the_pieces_is_fixed),
		T(test_a_frame_of_very_many_messages_is_refused),
		T(test_notes_that_are_a_bomb_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

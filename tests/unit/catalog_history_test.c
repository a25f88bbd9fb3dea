/*
 * Random histories: whatever records come in whatever order, each question must
 * be answered as the model answers it, at every commit and in the middle of
 * one.
 */
#include "catalog_make.h"
#include "catalog_help.h"
#include "catalog_text.h"

#define SEEDS		16

struct taker {
	struct buf	*b;
	struct catalog	*c;
};

static int
take_message(void *arg, const struct known_message *m, struct err *e)
{
	(void)e;
	put_message(((struct taker *)arg)->b, m);
	return 0;
}

static int
take_folder(void *arg, const struct known_folder *k, struct err *e)
{
	(void)e;
	put_folder(((struct taker *)arg)->b, k);
	return 0;
}

static int
take_commit(void *arg, const struct known_commit *k, struct err *e)
{
	(void)e;
	put_commit(((struct taker *)arg)->b, k);
	return 0;
}

static int
take_missing(void *arg, const char *folder, const struct rec_missing *r,
    struct err *e)
{
	uint32_t uid;

	(void)e;
	assert_int_equal(r->uids->n, 1);
	for (uid = r->uids->r[0].first; uid <= r->uids->r[0].last; uid++)
		buf_addf(((struct taker *)arg)->b,
		    "missing %s %ju %ju %u %s\n", folder,
		    (uintmax_t)r->folder, (uintmax_t)r->epoch, uid, r->reason);
	return 0;
}

static int
take_headerless(void *arg, const struct digest *d, const struct known_blob *k,
    struct err *e)
{
	(void)e;
	buf_addf(((struct taker *)arg)->b, "headerless %d ", blob_of(d));
	put_blob(((struct taker *)arg)->b, k);
	return 0;
}

/* The first line that differs says more than two long texts. */
static void
compare(struct buf *want, struct buf *got)
{
	const char *a = buf_text(want), *b = buf_text(got), *line = a;
	size_t i;

	if (strcmp(a, b) != 0) {
		for (i = 0; a[i] == b[i]; i++)
			if (a[i] == '\n')
				line = a + i + 1;
		b += line - a;
		fail_msg("wanted: %.*s\ngot: %.*s",
		    (int)strcspn(line, "\n"), line,
		    (int)strcspn(b, "\n"), b);
	}
	buf_clear(want);
	buf_clear(got);
}

struct check {
	const struct history *h;
	struct catalog	*c;
	struct buf	want, got;
	struct taker	taker;
	bool		complete[COMMITS + 1][FOLDERS + 1];
};

/*
 * A commit recorded a complete state of a folder if that was its last word on
 * an epoch of it.
 */
static void
find_complete(struct check *k, uint64_t commits)
{
	const struct event *ev;
	struct model *m;
	uint64_t at;
	size_t i;

	for (at = 1; at <= commits; at++) {
		m = replay(k->h, at);
		for (i = 0; i < k->h->n; i++) {
			ev = &k->h->e[i];
			if (ev->commit == at && !ev->headers &&
			    ev->r.kind == REC_EPOCH &&
			    ev->r.u.epoch.has_state &&
			    m->epoch[ev->r.u.epoch.epoch].complete)
				k->complete[at][ev->r.u.epoch.folder] = true;
		}
		free(m);
	}
}

/* What can be asked of any commit. */
static void
check_at(struct check *k, const struct model *now, uint64_t at)
{
	struct model *m = replay(k->h, at);
	struct known_folder f;
	uint64_t i, commit, last;
	struct err e;
	int rc, all;

	for (i = 1; i <= FOLDERS; i++)
		if (m->folder[i].facts.folder != 0) {
			f = model_folder(m, i);
			put_folder(&k->want, &f);
		}
	OK(catalog_folders(k->c, at, take_folder, &k->taker, &e));
	compare(&k->want, &k->got);
	for (i = 0; i <= FOLDERS; i++)
		for (all = 0; all < 2; all++) {
			model_list(m, now, i, all, &k->want);
			OK(catalog_messages(k->c, i, at, all, take_message,
			    &k->taker, &e));
			compare(&k->want, &k->got);
		}
	for (i = 1; i <= FOLDERS; i++) {
		for (last = at < now->commits ? at : now->commits;
		    last > 0 && !k->complete[last][i]; last--)
			;
		commit = 0;
		rc = catalog_complete(k->c, i, at, &commit, &e);
		assert_int_equal(rc, last != 0);
		assert_int_equal(commit, last);
	}
	free(m);
}

static void
check_names(struct check *k, const struct model *m)
{
	struct known_folder f, best;
	struct err e;
	size_t i;
	uint64_t n;
	int rc;

	for (i = 0; i < 8; i++) {
		const char *name = i < 6 ? names[i] : mailbox_ids[i - 6];

		best.facts.folder = 0;
		for (n = 1; n <= FOLDERS; n++) {
			f = model_folder(m, n);
			if (f.facts.folder != 0 && same_text(i < 6 ?
			    f.facts.name : f.facts.mailboxid, name) &&
			    (best.facts.folder == 0 || !f.facts.gone ||
			    best.facts.gone))
				best = f;
		}
		rc = i < 6 ? catalog_folder(k->c, name, &f, &e) :
		    catalog_folder_by_id(k->c, name, &f, &e);
		assert_int_equal(rc, best.facts.folder != 0);
		if (rc == 1) {
			put_folder(&k->want, &best);
			put_folder(&k->got, &f);
		}
		compare(&k->want, &k->got);
	}
}

static void
check_uids(struct check *k, const struct model *m)
{
	struct catalog_uids *u = NULL;
	struct known_epoch epoch;
	struct known_uid uid;
	struct uidset set = UIDSET_INIT;
	struct err e;
	uint64_t i;
	uint32_t n;
	int rc;

	model_epochs(m, &k->want);
	for (i = 1; i <= FOLDERS; i++)
		if ((rc = catalog_epoch(k->c, i, &epoch, &e)) == 1)
			put_epoch(&k->got, &epoch);
		else
			OK(rc);
	compare(&k->want, &k->got);
	model_uids(m, &k->want);
	for (i = 1; i <= EPOCHS; i++) {
		buf_addf(&k->got, "uids of %ju\n", (uintmax_t)i);
		OK(catalog_uids(k->c, i, 1, UID_MAX, &u, &e));
		while ((rc = catalog_uids_next(u, &uid, &e)) == 1)
			put_uid(&k->got, &uid);
		OK(rc);
		catalog_uids_close(&u);
	}
	compare(&k->want, &k->got);
	for (i = 1; i <= EPOCHS; i++) {
		OK(catalog_missing(k->c, i, &set, &e));
		for (n = 1; n <= UIDS; n++)
			assert_int_equal(uidset_has(&set, n),
			    m->epoch[i].missing[n] != NULL);
		uidset_clear(&set);
	}
	uidset_release(&set);
	model_each_missing(m, &k->want);
	OK(catalog_each_missing(k->c, take_missing, &k->taker, &e));
	compare(&k->want, &k->got);
}

static int
take_intent(void *arg, const struct known_intent *k, struct err *e)
{
	uint32_t uid;

	(void)e;
	for (uid = k->uids.first; uid <= k->uids.last; uid++)
		put_intent(((struct taker *)arg)->b, k->folder, k->epoch,
		    k->run, uid, k->marked, k->move);
	return 0;
}

static int
take_pruned(void *arg, uint64_t run, uint64_t messages, uint64_t bytes,
    struct err *e)
{
	(void)e;
	put_pruned(((struct taker *)arg)->b, run, messages, bytes);
	return 0;
}

static void
check_pruning(struct check *k, const struct model *m)
{
	struct err e;
	uint64_t i;

	for (i = 0; i <= EPOCHS; i++) {
		model_intents(m, i, &k->want);
		OK(catalog_intents(k->c, i, take_intent, &k->taker, &e));
		compare(&k->want, &k->got);
	}
	model_pruned(m, &k->want);
	OK(catalog_pruned(k->c, take_pruned, &k->taker, &e));
	compare(&k->want, &k->got);
}

static void
check_uid_has(struct check *k, const struct model *m)
{
	struct digest d;
	struct err e;
	uint64_t epoch;
	uint32_t uid;
	size_t i;
	int blob, want;

	for (epoch = 1; epoch <= EPOCHS; epoch += 2)
		for (uid = 1; uid <= UIDS; uid += 3)
			for (blob = 0; blob < BLOBS; blob++) {
				d = blob_digest(blob);
				want = 0;
				for (i = 0; i < m->messages; i++)
					if (!m->message[i].gone &&
					    m->message[i].m.epoch == epoch &&
					    m->message[i].m.uid == uid &&
					    digest_equal(&d,
					    &m->message[i].m.sha256))
						want = 1;
				assert_int_equal(want, catalog_uid_has(k->c,
				    epoch, uid, &d, &e));
			}
}

static void
check_blobs(struct check *k, const struct model *m)
{
	struct known_blob blob;
	struct digest d;
	struct err e;
	char hex[DIGEST_HEX];
	uint64_t size;
	size_t i;
	int n, rc;

	model_blobs(m, &k->want);
	for (n = 0; n < BLOBS; n++) {
		d = blob_digest(n);
		if ((rc = catalog_blob(k->c, &d, &blob, &e)) == 1)
			put_blob(&k->got, &blob);
		else
			OK(rc);
	}
	compare(&k->want, &k->got);
	model_emailids(m, &k->want);
	for (i = 0; i < 3; i++)
		if ((rc = catalog_emailid(k->c, email_ids[i], &d, &size,
		    &e)) == 1)
			buf_addf(&k->got, "emailid %s %s %ju\n", email_ids[i],
			    digest_hex(&d, hex), (uintmax_t)size);
		else
			OK(rc);
	compare(&k->want, &k->got);
	for (n = 0; n < BLOBS; n++) {
		static const size_t lengths[] = { 0, 1, 2, 7, 8, 9, 10, 11,
		    63, 64 };

		/* All of them over the blobs and checks. */
		for (i = (size_t)n % 3; i < sizeof(lengths) /
		    sizeof(lengths[0]); i += 3) {
			d = blob_digest(n);
			digest_hex(&d, hex);
			hex[lengths[i]] = '\0';
			model_prefix(m, hex, &k->want);
			OK(catalog_by_prefix(k->c, hex, take_message,
			    &k->taker, &e));
			compare(&k->want, &k->got);
		}
	}
}

static int
take_pack(void *arg, const struct known_pack *p, struct err *e)
{
	(void)e;
	put_pack(((struct taker *)arg)->b, p);
	return 0;
}

/* Contents whose newest place is in a pack, by frame, offset and age. */
static void
model_pack_blobs(const struct model *m, const struct model_pack *p,
    struct buf *b)
{
	const struct model_blob *x;
	uint64_t frame, offset;
	struct known_blob k;
	size_t order;
	int n;

	for (frame = 0; frame < FRAMES; frame++)
	    for (offset = 0; offset < BLOBS; offset++)
		for (order = 0; order < m->named; order++)
		    for (n = 0; n < BLOBS; n++) {
			x = &m->blob[n];
			if (!x->placed || x->order != order ||
			    x->r.place.frame != frame ||
			    x->r.place.offset != offset ||
			    strcmp(x->r.place.pack, p->name) != 0)
				continue;
			k = (struct known_blob){ .size = x->r.size,
			    .place = x->r.place, .frame = p->frames[frame],
			    .pack_size = p->retired ? 0 : p->r.size,
			    .lost = p->retired != 0 };
			buf_addf(b, "headerless %d ", n);
			put_blob(b, &k);
		    }
}

static void
check_packs(struct check *k, const struct model *m, bool open)
{
	const struct model_pack *p;
	struct known_pack pack;
	struct frame *frames;
	struct err e;
	size_t i, n;

	model_packs(m, false, &k->want);
	OK(catalog_packs(k->c, take_pack, &k->taker, &e));
	compare(&k->want, &k->got);
	model_packs(m, true, &k->want);
	OK(catalog_retired(k->c, take_pack, &k->taker, &e));
	compare(&k->want, &k->got);
	for (p = m->pack; p < m->pack + m->packs; p++) {
		assert_int_equal(catalog_pack(k->c, p->name, &pack, &e),
		    p->recorded);
		if (p->recorded) {
			assert_string_equal(pack.name, p->name);
			assert_int_equal(pack.size, p->r.size);
			assert_int_equal(pack.retired, p->retired);
			assert_true(same_text(pack.why, p->why));
		}
		assert_int_equal(catalog_frames(k->c, p->name, &frames, &n,
		    &e), p->recorded);
		if (!p->recorded)
			continue;
		/* The last one's are still to come, perhaps. */
		if (!open || p != m->pack + m->packs - 1) {
			assert_int_equal(n, FRAMES);
			for (i = 0; i < n; i++)
				assert_memory_equal(&frames[i], &p->frames[i],
				    sizeof(*frames));
			model_pack_blobs(m, p, &k->want);
			OK(catalog_pack_blobs(k->c, p->name, take_headerless,
			    &k->taker, &e));
			compare(&k->want, &k->got);
		}
		free(frames);
	}
	assert_int_equal(catalog_pack(k->c, "another", &pack, &e), 0);
	assert_int_equal(catalog_frames(k->c, "another", &frames, &n, &e), 0);
	OK(catalog_pack_blobs(k->c, "another", take_headerless, &k->taker,
	    &e));
	compare(&k->want, &k->got);
}

static void
check_costs(struct check *k, const struct model *m)
{
	uint32_t blobs = 0, some;
	struct digest d[BLOBS + 2];
	struct err e;
	size_t n;
	int i, round;

	for (i = 0; i < BLOBS; i++)
		if (is_lost(m, i))
			blobs |= 1U << i;
	model_costs(m, blobs, &k->want);
	OK(catalog_lost(k->c, take_message, &k->taker, &e));
	compare(&k->want, &k->got);
	for (round = 0; round < 6; round++) {
		/* None, all, and some; from the last to the first; one twice, and one that nobody knows. */
		some = round == 0 ? 0 : round == 1 ? UINT32_MAX :
		    (uint32_t)(m->commits * 0x9e3779b9U) >> round;
		for (n = 0, i = BLOBS - 1; i >= 0; i--)
			if ((some & 1U << i) != 0)
				d[n++] = blob_digest(i);
		if (n > 0 && round % 2 == 1) {
			d[n] = d[0];
			digest_of("another", 7, &d[n + 1]);
			n += 2;
		}
		model_costs(m, some, &k->want);
		OK(catalog_costs(k->c, d, n, take_message, &k->taker, &e));
		compare(&k->want, &k->got);
	}
}

/*
 * The order of reading packs: as they were first named, then by frame and
 * offset.
 */
static uint64_t
pack_order(const struct model *m, const struct model_blob *b)
{
	uint64_t pack = 0;

	while (strcmp(m->pack[pack].name, b->r.place.pack) != 0)
		pack++;
	return ((pack * FRAMES + b->r.place.frame) * BLOBS +
	    b->r.place.offset) * BLOBS + b->order;
}

static void
model_headerless(const struct model *m, struct buf *b)
{
	uint64_t order, last = 0;
	const struct model_pack *p;
	struct known_blob k;
	int n, next;

	for (;;) {
		next = -1;
		for (n = 0; n < BLOBS; n++) {
			if (!m->blob[n].placed || m->blob[n].headers ||
			    is_lost(m, n))
				continue;
			order = pack_order(m, &m->blob[n]) + 1;
			if (order > last && (next == -1 || order <
			    pack_order(m, &m->blob[next]) + 1))
				next = n;
		}
		if (next == -1)
			return;
		last = pack_order(m, &m->blob[next]) + 1;
		k.size = m->blob[next].r.size;
		k.place = m->blob[next].r.place;
		p = find_pack(m, k.place.pack);
		k.frame = p->frames[k.place.frame];
		k.pack_size = p->r.size;
		k.lost = false;
		buf_addf(b, "headerless %d ", next);
		put_blob(b, &k);
	}
}

static void
check_commits(struct check *k, const struct model *m, bool open)
{
	struct rec_server server;
	struct known_totals totals;
	struct known_message msg, want;
	struct known_commit c;
	struct err e;
	uint64_t i, at, folder = 0, epoch = 0;
	int rc;

	for (i = m->commits; i >= 1; i--) {
		c = m->commit[i];
		c.verb = c.verb == NULL ? "" : c.verb;
		c.head.b[0] = open && i == m->commits ? 0 : (uint8_t)i;
		put_commit(&k->want, &c);
		for (at = 0; at < 10; at += 9) {
			uint64_t found = 0;

			rc = catalog_at(k->c, c.time + (int64_t)at, &found, &e);
			assert_int_equal(rc, 1);
			assert_int_equal(found, i);
		}
	}
	OK(catalog_at(k->c, 999, &at, &e));
	OK(catalog_commits(k->c, take_commit, &k->taker, &e));
	compare(&k->want, &k->got);
	model_totals(m, &k->want);
	OK(catalog_totals(k->c, &totals, &e));
	put_totals(&k->got, &totals);
	compare(&k->want, &k->got);
	rc = catalog_server(k->c, &server, &e);
	assert_int_equal(rc, m->server.capability != NULL);
	if (rc == 1) {
		assert_string_equal(server.capability, m->server.capability);
		assert_true(same_text(server.id, m->server.id));
	}
	for (i = 0; i < m->messages; i++) {
		want = model_message(m, &m->message[i]);
		assert_int_equal(catalog_message(k->c, want.commit, want.line,
		    &msg, &e), 1);
		put_message(&k->want, &want);
		put_message(&k->got, &msg);
		OK(catalog_message(k->c, want.commit, want.line + 5000, &msg,
		    &e));
	}
	compare(&k->want, &k->got);
	for (i = 1; i <= FOLDERS; i++)
		folder = m->folder[i].facts.folder != 0 ? i : folder;
	for (i = 1; i <= EPOCHS; i++)
		epoch = m->epoch[i].first.epoch != 0 ? i : epoch;
	OK(catalog_last_folder(k->c, &at, &e));
	assert_int_equal(at, folder);
	OK(catalog_last_epoch(k->c, &at, &e));
	assert_int_equal(at, epoch);
}

/*
 * Every question; ${open}: in the middle of a commit, when only the newest
 * state is new.
 */
static void
check_all(const struct history *h, struct catalog *c, bool open)
{
	struct check k = { .h = h, .c = c, .want = BUF_INIT(1 << 22),
	    .got = BUF_INIT(1 << 22) };
	struct model *now = replay(h, CATALOG_NOW);
	struct err e;
	uint64_t at;

	k.taker = (struct taker){ &k.got, c };
	find_complete(&k, now->commits);
	check_at(&k, now, CATALOG_NOW);
	for (at = 0; at <= now->commits && !open; at++)
		check_at(&k, now, at);
	check_names(&k, now);
	check_uids(&k, now);
	check_pruning(&k, now);
	check_uid_has(&k, now);
	check_blobs(&k, now);
	check_commits(&k, now, open);
	check_packs(&k, now, open);
	check_costs(&k, now);
	if (!open) {
		model_headerless(now, &k.want);
		OK(catalog_headerless(c, take_headerless, &k.taker, &e));
		compare(&k.want, &k.got);
	}
	buf_release(&k.want);
	buf_release(&k.got);
	free(now);
}

static void
apply_event(struct catalog *c, const struct event *ev)
{
	struct digest d;
	struct err e;

	if (ev->headers) {
		d = blob_digest(ev->blob);
		OK(catalog_headers(c, &d, header_values, &e));
	} else
		OK(catalog_apply(c, ev->line, &ev->r, &e));
}

static void
begin(struct history *h, struct catalog *c)
{
	struct rec_head head = { .vault = VAULT, .commit = h->commit,
	    .prev = h->head, .time = (int64_t)h->commit * 10 + 1000,
	    .run = h->commit, .program = "test" };
	struct err e;

	OK(catalog_begin(c, &head, &e));
}

static void
apply_from(struct history *h, struct catalog *c, size_t from, size_t to)
{
	for (; from < to; from++)
		apply_event(c, &h->e[from]);
}

/*
 * One commit: made, applied in part and thrown away now and then, looked at
 * half done now and then, and ended.
 */
static void
make_commit(struct history *h, struct catalog *c)
{
	size_t from = h->n, i;
	uint32_t later = 0;
	struct err e;

	h->commit++;
	h->line = 1;
	for (i = 0; i < RECORDS; i++)
		random_record(h, &later);
	finish_commit(h, later);
	if (rnd(h, 3) == 0) {
		begin(h, c);
		apply_from(h, c, from, from + rnd(h, (uint32_t)(h->n - from)));
		catalog_rollback(c);
	}
	begin(h, c);
	if (rnd(h, 3) == 0) {
		size_t end = h->n;

		h->n = from + 1 + rnd(h, (uint32_t)(end - from));
		apply_from(h, c, from, h->n);
		check_all(h, c, true);
		from = h->n;
		h->n = end;
	}
	apply_from(h, c, from, h->n);
	memset(&h->head, 0, sizeof(h->head));
	h->head.b[0] = (uint8_t)h->commit;
	OK(catalog_commit(c, &h->head, &e));
}

/* From the records alone, in one go: all is as in the catalog that grew. */
static void
build_anew(struct history *h, const char *path)
{
	struct catalog *c = NULL;
	size_t from = 0, to;
	struct err e;

	OK(catalog_remove(path, &e));
	OK(catalog_open(path, CATALOG_WRITE, &c, &e));
	memset(&h->head, 0, sizeof(h->head));
	for (h->commit = 1; h->commit <= COMMITS; h->commit++, from = to) {
		for (to = from; to < h->n && h->e[to].commit == h->commit;)
			to++;
		begin(h, c);
		apply_from(h, c, from, to);
		memset(&h->head, 0, sizeof(h->head));
		h->head.b[0] = (uint8_t)h->commit;
		OK(catalog_commit(c, &h->head, &e));
	}
	check_all(h, c, false);
	catalog_close(&c);
}

static void
run_history(uint32_t seed, const char *path)
{
	struct history *h = xcalloc(1, sizeof(*h));
	struct catalog *c = NULL, *reader = NULL;
	struct err e;

	h->rnd = seed * 2654435761U + 1;
	OK(catalog_remove(path, &e));
	OK(catalog_open(path, CATALOG_WRITE, &c, &e));
	while (h->commit < COMMITS) {
		if (rnd(h, 4) == 0) {
			catalog_close(&c);
			OK(catalog_open(path, CATALOG_WRITE, &c, &e));
		}
		if (rnd(h, 4) == 0)
			OK(catalog_bulk(c, &e));
		make_commit(h, c);
		if (h->commit % 3 == 0)
			check_all(h, c, false);
	}
	OK(catalog_open(path, CATALOG_READ, &reader, &e));
	check_all(h, reader, false);
	catalog_close(&reader);
	catalog_close(&c);
	OK(catalog_open(path, CATALOG_READ_FROZEN, &reader, &e));
	check_all(h, reader, false);
	catalog_close(&reader);
	build_anew(h, path);
	free(h);
}

static void
test_random_histories_are_answered_as_the_model_answers(void **state)
{
	char *path = scratch_path("c.sqlite");
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= SEEDS; seed++)
		run_history(seed, path);
	free(path);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_random_histories_are_answered_as_the_model_answers),
	};
	int failed;

	(void)argc;
	scratch_begin(argv[0]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	scratch_end();
	return failed;
}

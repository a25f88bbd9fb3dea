/*
 * scene.c - vaults to be damaged: several runs of several commits and packs, some of many frames; bundles, retired
 * packs and orphans.
 *
 *	0 tar, 1 mbox	nothing special
 *	2 tar		a bundle beside the manifests, orphans
 *	3 mbox		a bundle instead of them, a pack that was compacted
 *	4 tar		two bundles, a pack that was retired as damaged
 *	5 mbox		a bundle beside a few of the manifests, a pack that was retired as damaged, orphans
 */
#include <sys/stat.h>
#include <sys/types.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "damage.h"
#include "mail/uidset.h"
#include "manifest/manifest.h"
#include "vault/private.h"

#define RUNS	5
#define FOLDERS	3
#define LARGE	(700 * 1024)
#define START	1700000000

static int64_t
surroundings_now(void *arg)
{
	const struct surroundings *s = arg;

	return s->now;
}

static uint64_t
surroundings_random(void *arg)
{
	struct surroundings *s = arg;

	return rng_next(&s->rng);
}

struct vault_env
surroundings_env(struct surroundings *s)
{
	return (struct vault_env){ surroundings_now, surroundings_random, s,
	    "damage 1", s->cache };
}

/* ---- mail ---- */

static void
add_words(struct rng *r, struct buf *b, size_t n, const char *eol)
{
	static const char *const words[] = { "the", "vault", "of", "twenty",
	    "years", "From ", "mail", ">From", "keeps", "letters", "and",
	    "pictures", "=C3=BC", "\303\274ber", ".", "" };
	size_t end = b->n + n, line = 0;

	while (b->n < end) {
		if (one_in(r, 9))
			buf_addf(b, "%016" PRIx64, rng_next(r));
		buf_addf(b, "%s ", words[rng_below(r, 16)]);
		if (++line % 11 == 0)
			buf_adds(b, eol);
	}
}

static void
add_noise(struct rng *r, struct buf *b, size_t n)
{
	uint64_t v;

	for (; n > 0; n--) {
		v = rng_next(r);
		buf_add(b, &v, sizeof(v));
	}
}

static void
write_letter(struct rng *r, struct buf *b, bool large)
{
	size_t kind = rng_below(r, 8);

	buf_clear(b);
	if (kind == 0 && !large && one_in(r, 3))
		return;
	buf_addf(b, "From: a%" PRIu64 "@example.org\r\nSubject: =?utf-8?q?"
	    "=C3=BC?= %" PRIu64 "\r\nMessage-ID: <%" PRIx64 "@x>\r\n\r\n",
	    rng_next(r) % 9, rng_next(r) % 1000, rng_next(r));
	if (large)
		add_words(r, b, LARGE, "\r\n");
	else
		add_words(r, b, rng_below(r, 3000), kind == 1 ? "\n" :
		    "\r\n");
	if (kind == 2)
		add_noise(r, b, 1 + rng_below(r, 400));
	if (kind > 3)
		buf_adds(b, "\r\n");
}

/* ---- runs ---- */

struct making {
	struct scene	*s;
	struct rng	 rng;
	struct surroundings env;
	struct vault	*v;
	struct vault_txn *t;
	struct vault_box box[FOLDERS];
	uint32_t	 uid[FOLDERS];	/* the last one given */
	struct buf	 letter;
	struct err	 e;
};

static void
must(struct making *m, int rc)
{
	if (rc == -1)
		errx(1, "scene %u: %s", m->s->number, m->e.text);
}

static void
put_boxes(struct making *m)
{
	static const char *const names[FOLDERS] = { "INBOX",
	    "Work/\303\234bung", "Sent" };
	struct record rec;
	uint64_t i;

	for (i = 0; i < FOLDERS; i++) {
		m->box[i] = (struct vault_box){ i + 1, i + 1, 1000 + i,
		    names[i], '/', MAIL_PERSONAL };
		rec = (struct record){ .kind = REC_FOLDER };
		rec.u.folder = (struct rec_folder){ .folder = i + 1,
		    .name = names[i], .attributes = "\\HasNoChildren",
		    .delimiter = '/', .selectable = true };
		must(m, vault_put(m->t, &rec, &m->e));
		rec = (struct record){ .kind = REC_EPOCH };
		rec.u.epoch = (struct rec_epoch){ .epoch = i + 1,
		    .folder = i + 1, .uidvalidity = 1000 + i };
		must(m, vault_put(m->t, &rec, &m->e));
	}
}

static void
put_letter(struct making *m, size_t box, bool same, bool large)
{
	const struct sink to = vault_intake_sink(m->t);
	struct mail_meta meta = { .uid = ++m->uid[box],
	    .flags = one_in(&m->rng, 2) ? "\\Seen" : "",
	    .internaldate = "17-Jul-1996 02:44:25 -0700", .date = 837596665,
	    .has_date = true };

	if (!same)
		write_letter(&m->rng, &m->letter, large);
	meta.size = m->letter.n;
	must(m, vault_intake(m->t, m->letter.n, &m->e));
	must(m, sink_write(&to, buf_text(&m->letter), m->letter.n, &m->e));
	must(m, vault_add(m->t, &m->box[box], &meta, &m->e));
}

/* What prune was about to delete, what of that it did, and one that it did not. */
static void
put_pruning(struct making *m, size_t box)
{
	struct uidset uids = UIDSET_INIT;
	struct record rec = { .kind = REC_PRUNE_INTENT };
	uint32_t first = 1 + (uint32_t)rng_below(&m->rng, m->uid[box]);

	uidset_add_range(&uids, first, first + 2);
	rec.u.prune_intent = (struct rec_prune_intent){ box + 1, box + 1,
	    &uids, one_in(&m->rng, 2), one_in(&m->rng, 2) };
	must(m, vault_put(m->t, &rec, &m->e));
	uidset_clear(&uids);
	uidset_add(&uids, first);
	rec = (struct record){ .kind = REC_PRUNED };
	rec.u.pruned = (struct rec_pruned){ box + 1, box + 1,
	    1 + rng_below(&m->rng, m->v->head + 1), &uids };
	must(m, vault_put(m->t, &rec, &m->e));
	uidset_clear(&uids);
	uidset_add(&uids, first + 1);
	rec = (struct record){ .kind = REC_PRUNE_KEPT };
	rec.u.prune_kept = (struct rec_prune_kept){ box + 1, box + 1, &uids };
	must(m, vault_put(m->t, &rec, &m->e));
	uidset_release(&uids);
}

/* Flags, a message that is gone, one that is missing, and a complete state. */
static void
put_changes(struct making *m, size_t box)
{
	struct uidset uids = UIDSET_INIT;
	struct record rec = { .kind = REC_FLAGS };

	uidset_add(&uids, 1 + (uint32_t)rng_below(&m->rng, m->uid[box]));
	rec.u.flags = (struct rec_flags){ box + 1, box + 1, &uids,
	    "\\Answered \\Flagged work", NULL };
	must(m, vault_put(m->t, &rec, &m->e));
	rec = (struct record){ .kind = REC_GONE };
	uidset_clear(&uids);
	uidset_add(&uids, 1 + (uint32_t)rng_below(&m->rng, m->uid[box]));
	rec.u.gone = (struct rec_gone){ box + 1, box + 1, &uids };
	must(m, vault_put(m->t, &rec, &m->e));
	uidset_release(&uids);
	rec = (struct record){ .kind = REC_EPOCH };
	rec.u.epoch = (struct rec_epoch){ .epoch = box + 1,
	    .folder = box + 1, .uidvalidity = 1000 + box, .has_state = true,
	    .complete = true, .uidnext = m->uid[box] + 1,
	    .exists = m->uid[box] };
	must(m, vault_put(m->t, &rec, &m->e));
}

static void
begin(struct making *m, const char *verb)
{
	const struct vault_env env = surroundings_env(&m->env);

	m->env.now += 3600;
	must(m, vault_open(m->s->path, VAULT_WRITE, &env, &m->v, &m->e));
	must(m, vault_begin(m->v, verb, &m->t, &m->e));
}

static void
end(struct making *m)
{
	struct rec_run_end run = { .result = "complete" };
	char *from, *to, *name, *p;
	size_t n;

	must(m, vault_end(&m->t, &run, &m->e));
	name = xasprintf("%08" PRIu64, m->v->head);
	vault_close(&m->v);
	from = path_of(m->s->path, CATALOG_FILE);
	to = path_of(m->s->older, name);
	p = slurp(from, &n);
	spill(to, p, n);
	free(p);
	free(name);
	free(from);
	free(to);
}

static void
run(struct making *m, unsigned int number)
{
	size_t i, letters = 4 + rng_below(&m->rng, 5);

	begin(m, "backup");
	if (number == 0)
		put_boxes(m);
	for (i = 0; i < letters; i++) {
		put_letter(m, rng_below(&m->rng, FOLDERS), false, false);
		/* The same content once more, in another folder. */
		if (one_in(&m->rng, 4))
			put_letter(m, rng_below(&m->rng, FOLDERS), true,
			    false);
		if (i == letters / 2 && one_in(&m->rng, 2))
			must(m, vault_commit(m->t, &m->e));
	}
	/* Several frames. */
	for (i = 0; number == 1 && i < 7; i++)
		put_letter(m, 0, false, true);
	i = rng_below(&m->rng, FOLDERS);
	if (m->uid[i] > 0 && one_in(&m->rng, 2))
		put_pruning(m, i);
	if (m->uid[i] > 0)
		put_changes(m, i);
	end(m);
}

/* ---- what else a vault may have ---- */

static int
first_small(void *arg, const struct known_pack *k, struct err *e)
{
	char **name = arg;

	(void)e;
	if (k->raw > LARGE)
		return 0;
	*name = xstrdup(k->name);
	return 1;
}

/* Store a pack's messages anew and retire it; ${kept}: it stays in packs/ for a day. */
static void
retire_one(struct making *m, bool kept)
{
	struct vault_mended mended = { 0, 0 };
	struct record rec = { .kind = REC_RETIRE };
	char *name = NULL;

	begin(m, kept ? "compact" : "repair");
	must(m, catalog_packs(m->v->catalog, first_small, &name, &m->e));
	if (name == NULL)
		errx(1, "scene %u: no small pack", m->s->number);
	vault_distrust(m->t, name);
	must(m, vault_save_pack(m->t, name, &mended, &m->e));
	rec.u.retire = (struct rec_retire){ name, kept ? RETIRE_COMPACTED :
	    RETIRE_DAMAGED };
	must(m, vault_put(m->t, &rec, &m->e));
	must(m, vault_commit(m->t, &m->e));
	must(m, vault_clear(m->v, &m->e));
	end(m);
	free(name);
}

static void
bundle(struct making *m, uint64_t first, uint64_t last, bool instead)
{
	char name[MANIFEST_NAME_MAX];
	struct manifest_dir *dir;
	int top, tmp;

	if ((top = open(m->s->path, O_RDONLY | O_DIRECTORY)) == -1 ||
	    (tmp = openat(top, "tmp", O_RDONLY | O_DIRECTORY)) == -1)
		err(1, "%s", m->s->path);
	must(m, manifest_dir_open(top, "manifests", &dir, &m->e));
	must(m, manifest_bundle(dir, tmp, first, last, &m->e));
	for (; instead && first <= last; first++)
		if (unlinkat(manifest_dir_fd(dir), manifest_name(name, first),
		    0) == -1)
			err(1, "%s", name);
	manifest_dir_close(&dir);
	close(tmp);
	close(top);
}

static void
make_bundles(struct making *m)
{
	uint64_t head = m->s->head, mid = head / 2;
	unsigned int n = m->s->number;

	if (n == 2 || n == 5)
		bundle(m, 1, head - 2, false);
	if (n == 3)
		bundle(m, 1, head - 1, true);
	if (n == 4) {
		bundle(m, 1, mid, true);
		bundle(m, mid + 1, head - 1, true);
	}
	if (n == 5) {
		char name[MANIFEST_NAME_MAX];
		char *p = xasprintf("%s/manifests/%s", m->s->path,
		    manifest_name(name, 2));

		if (unlink(p) == -1)
			err(1, "%s", p);
		free(p);
	}
}

/* ---- what there is ---- */

static enum role
role_of(const struct vault *v, const char *name)
{
	struct known_pack known;
	struct err e;

	if (strncmp(name, "manifests/", 10) == 0)
		return strchr(name, '-') == NULL ? ROLE_MANIFEST : ROLE_BUNDLE;
	if (strncmp(name, "orphans/", 8) == 0)
		return ROLE_ORPHAN;
	if (strncmp(name, "packs/", 6) != 0)
		return ROLE_OTHER;
	if (catalog_pack(v->catalog, name + 6, &known, &e) != 1)
		errx(1, "%s: no such pack", name);
	return known.retired != 0 ? ROLE_RETIRED : ROLE_PACK;
}

static void
note_files(struct scene *s, const struct vault *v, const char *dir)
{
	char *path = path_of(s->path, dir), *full;
	struct dirent *d;
	struct stat st;
	DIR *handle = opendir(path);

	while (handle != NULL && (d = readdir(handle)) != NULL) {
		struct file f = { .name = NULL };

		if (d->d_name[0] == '.')
			continue;
		f.name = path_of(dir, d->d_name);
		f.role = role_of(v, f.name);
		full = path_of(s->path, f.name);
		if (stat(full, &st) == -1)
			err(1, "%s", full);
		f.size = (size_t)st.st_size;
		f.first = f.last = strtoull(d->d_name, NULL, 10);
		if (f.role == ROLE_BUNDLE)
			f.last = strtoull(strchr(d->d_name, '-') + 1, NULL,
			    10);
		s->files = mem_grow(s->files, &s->files_cap, s->files_n + 1,
		    sizeof(*s->files));
		s->files[s->files_n++] = f;
		free(full);
	}
	closedir(handle);
	free(path);
}

static bool
has_manifest(const struct scene *s, uint64_t commit, const struct file *but)
{
	size_t i;

	for (i = 0; i < s->files_n; i++)
		if ((s->files[i].role == ROLE_MANIFEST ||
		    s->files[i].role == ROLE_BUNDLE) && &s->files[i] != but &&
		    s->files[i].first <= commit && commit <= s->files[i].last)
			return true;
	return false;
}

static int
file_by_name(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
note_covered(struct scene *s)
{
	uint64_t c;
	size_t i;

	qsort(s->files, s->files_n, sizeof(*s->files), file_by_name);
	for (i = 0; i < s->files_n; i++) {
		struct file *f = &s->files[i];

		f->covered = f->role == ROLE_MANIFEST || f->role == ROLE_BUNDLE;
		for (c = f->first; f->covered && c <= f->last; c++)
			f->covered = has_manifest(s, c, f);
	}
}

static int
note_spot(void *arg, const struct digest *sha256, const struct known_blob *b,
    struct err *e)
{
	struct scene *s = arg;

	(void)e;
	s->spots = mem_grow(s->spots, &s->spots_cap, s->spots_n + 1,
	    sizeof(*s->spots));
	s->spots[s->spots_n++] = (struct spot){ *sha256,
	    path_of("packs", b->place.pack), b->frame.offset, b->frame.size };
	return 0;
}

static void
note_spots(struct scene *s, const struct vault *v)
{
	struct err e;
	size_t i;

	for (i = 0; i < s->files_n; i++)
		if (s->files[i].role == ROLE_PACK &&
		    catalog_pack_blobs(v->catalog, s->files[i].name + 6,
		    note_spot, s, &e) == -1)
			errx(1, "%s", e.text);
}

/* ---- what the catalog says ---- */

static const char *
or_none(const char *s)
{
	return s == NULL ? "-" : s;
}

static int
dump_message(void *arg, const struct known_message *m, struct err *e)
{
	char hex[DIGEST_HEX];
	size_t i;

	(void)e;
	buf_addf(arg, "%" PRIu64 ".%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	    " %s %" PRIu32 " %s %" PRIu64 " %s %" PRId64 " %s|%s|%s|%s|%d|%" PRIu64,
	    m->commit, m->line, m->folder, m->epoch, m->uidvalidity,
	    m->folder_name, m->uid, digest_hex(&m->sha256, hex), m->size,
	    or_none(m->internaldate), m->date, m->flags, or_none(m->labels),
	    or_none(m->emailid), or_none(m->threadid), m->gone,
	    m->pruned);
	for (i = 0; i < HEADER_FIELDS; i++)
		buf_addf(arg, "|%s", m->has_headers ? m->header[i] : "?");
	buf_addc(arg, '\n');
	return 0;
}

static int
dump_commit(void *arg, const struct known_commit *k, struct err *e)
{
	char hex[DIGEST_HEX];

	(void)e;
	buf_addf(arg, "%" PRIu64 " %" PRId64 " %s %" PRIu64 " %s %" PRIu64
	    " %" PRIu64 " %s\n", k->commit, k->time,
	    digest_hex(&k->head, hex), k->run, k->verb, k->added,
	    k->stored_bytes, k->run_ends ? or_none(k->result) : "");
	return 0;
}

static int
dump_folder(void *arg, const struct known_folder *f, struct err *e)
{
	(void)e;
	buf_addf(arg, "%" PRIu64 " %s %s %" PRIu64 " %" PRIu64 " %" PRIu64
	    " %" PRIu64 " %" PRIu64 "\n", f->facts.folder, f->facts.name,
	    f->facts.attributes, f->epoch, f->live, f->live_bytes, f->kept,
	    f->missing);
	return 0;
}

static int
dump_intent(void *arg, const struct known_intent *k, struct err *e)
{
	(void)e;
	buf_addf(arg, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu32 ":%"
	    PRIu32 " %d%d\n", k->folder, k->epoch, k->run, k->uids.first,
	    k->uids.last, k->marked, k->move);
	return 0;
}

int
scene_dump(struct vault *v, struct buf *b, struct err *e)
{
	struct known_totals t;

	if (catalog_folders(v->catalog, CATALOG_NOW, dump_folder, b, e) == -1 ||
	    catalog_commits(v->catalog, dump_commit, b, e) == -1 ||
	    catalog_intents(v->catalog, 0, dump_intent, b, e) == -1 ||
	    catalog_messages(v->catalog, 0, CATALOG_NOW, true, dump_message, b,
	    e) == -1 || catalog_totals(v->catalog, &t, e) == -1)
		return -1;
	buf_addf(b, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	    "\n", t.live, t.kept_bytes, t.blobs, t.packs, t.stored_bytes);
	return 0;
}

/* ---- all of it ---- */

static void
look(struct making *m)
{
	struct scene *s = m->s;
	struct vault_env env = surroundings_env(&m->env);
	struct buf dump = BUF_INIT(64 << 20);
	struct digest head;

	must(m, vault_open(s->path, VAULT_READ, &env, &m->v, &m->e));
	s->head = vault_head(m->v, &head);
	digest_hex(&head, s->head_hex);
	note_files(s, m->v, "packs");
	note_files(s, m->v, "manifests");
	note_files(s, m->v, "orphans");
	note_covered(s);
	note_spots(s, m->v);
	must(m, scene_dump(m->v, &dump, &m->e));
	s->dump = buf_take(&dump);
	vault_close(&m->v);
}

/* A file that is no pack, and a pack that an interrupted run left. */
static void
strew_orphans(struct making *m)
{
	const struct vault_env env = surroundings_env(&m->env);
	const char *ext = m->s->container == CONTAINER_TAR ? "tar" :
	    "f1.mbox";
	char *name = NULL, *from, *to, *p;
	size_t n;

	p = path_of(m->s->path, "orphans/00000099-1-0badcafe.tar.zst");
	spill(p, "no pack at all", 14);
	free(p);
	must(m, vault_open(m->s->path, VAULT_READ, &env, &m->v, &m->e));
	must(m, catalog_packs(m->v->catalog, first_small, &name, &m->e));
	vault_close(&m->v);
	from = xasprintf("%s/packs/%s", m->s->path, name);
	to = xasprintf("%s/orphans/00000004-1-00c0ffee.%s.zst", m->s->path,
	    ext);
	p = slurp(from, &n);
	spill(to, p, n);
	free(p);
	free(from);
	free(to);
	free(name);
}

void
scene_make(struct scene *s, unsigned int number, const char *dir)
{
	struct making m = { .s = s, .rng = { 4711 + number },
	    .env = { START, { 815 + number }, NULL },
	    .letter = BUF_INIT(16 << 20) };
	const struct vault_env env = surroundings_env(&m.env);
	struct account *a = account_new();
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->number = number;
	s->container = number % 2 == 0 ? CONTAINER_TAR : CONTAINER_MBOX;
	s->path = xasprintf("%s/s%u", dir, number);
	s->older = xasprintf("%s/o%u", dir, number);
	if (mkdir(s->older, 0700) == -1)
		err(1, "%s", s->older);
	must(&m, account_url(a, "imaps://anna@imap.example.org", &m.e));
	must(&m, vault_create(s->path, s->container, a, &env, &m.e));
	account_free(&a);
	for (i = 0; i < RUNS; i++) {
		run(&m, i);
		if (i == 2 && number >= 3)
			retire_one(&m, number == 3);
	}
	must(&m, vault_open(s->path, VAULT_READ, &env, &m.v, &m.e));
	s->head = m.v->head;
	vault_close(&m.v);
	make_bundles(&m);
	if (number == 2 || number == 5)
		strew_orphans(&m);
	look(&m);
	buf_release(&m.letter);
}

void
scene_release(struct scene *s)
{
	size_t i;

	for (i = 0; i < s->files_n; i++)
		free(s->files[i].name);
	for (i = 0; i < s->spots_n; i++)
		free(s->spots[i].pack);
	free(s->files);
	free(s->spots);
	free(s->path);
	free(s->older);
	free(s->dump);
}

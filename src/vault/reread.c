/*
 * reread.c - the packs read back for vault_verify(), and which messages their damage costs.
 *
 * What a pack has to hold is too much to be kept of all of them.  Where all are to be read, a pack is read when its
 * manifest has been; what is found is told once all manifests are known, as a later one may have retired the pack.
 * Else, and for what was not there then, the manifests of the chosen ones are read again.
 */
#include <sys/stat.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "vault/verify.h"

#define THREADS_MAX	4
#define EARLY_MAX	1000	/* packs of one commit that are read beside its manifest */

static uint64_t
number_of(struct verify *y)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < y->packs_n; i++)
		n += !y->packs[i].retired;
	return n;
}

static bool
is_named(const struct vault_verify_opts *o, const char *name)
{
	return o->only_n > 0 && bsearch(&name, o->only, o->only_n,
	    sizeof(*o->only), verify_by_text) != NULL;
}

/* Whoever names a pack relies on it. */
static void
look_for_named(struct verify *y)
{
	const struct vault_verify_opts *o = y->opts;
	const struct recorded *p;
	char *file;
	size_t i;

	for (i = 0; o->only != NULL && i < o->only_n; i++) {
		p = verify_pack(y, o->only[i]);
		if (p != NULL && !p->retired)
			continue;
		file = xasprintf("packs/%s", o->only[i]);
		verify_find(y, &(struct vault_finding){ .kind = FOUND_PACK,
		    .damage = true, .file = file, .why = p == NULL ?
		    "no manifest names it" : "it was retired" });
		free(file);
	}
}

/* Those that will be read: damaged ones always, to tell what that costs. */
static void
choose_packs(struct verify *y)
{
	const struct vault_verify_opts *o = y->opts;
	const struct vault_env *env = &y->v->env;
	uint64_t n = number_of(y), turn = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < y->packs_n; i++) {
		struct recorded *p = &y->packs[i];

		if (p->retired)
			continue;
		if (o->read_data && o->only != NULL)
			p->chosen = is_named(o, p->name);
		else if (o->read_data && o->parts > 0)
			p->chosen = turn % o->parts == o->part - 1;
		else if (o->read_data)
			p->chosen = o->percent >= 100 ||
			    env->random(env->arg) >> 11 <
			    (UINT64_C(1) << 53) / 100 * o->percent;
		turn++;
		/* A choice of one in a hundred of a few is still one. */
		if (o->read_data && o->only == NULL && o->parts == 0 && !any &&
		    turn == n)
			p->chosen = true;
		any = any || p->chosen;
		p->chosen = p->chosen || p->wrong;
		if (p->chosen && !p->given)
			y->total += p->size;
	}
}

static void
note_damaged(struct verify *y, const struct recorded *p,
    const struct digest *blob)
{
	y->damaged = mem_grow(y->damaged, &y->damaged_cap, y->damaged_n + 1,
	    sizeof(*y->damaged));
	y->damaged[y->damaged_n++] = (struct damaged){ *blob,
	    (size_t)(p - y->packs) };
}

static int
tell_damage(struct verify *y, const struct pack_damage *d, struct err *e)
{
	const struct recorded *p = verify_pack(y, d->pack);
	char *file;

	if (p == NULL || p->retired)
		return 0;
	if (d->sha256 != NULL)
		note_damaged(y, p, d->sha256);
	/* That all of a missing pack is missing need not be said. */
	if (!p->there)
		return cancel_check(e);
	file = xasprintf("packs/%s", d->pack);
	verify_find(y, &(struct vault_finding){
	    .kind = d->sha256 != NULL ? FOUND_CONTENT : FOUND_PACK,
	    .damage = true, .file = file, .has_offset = true,
	    .offset = d->offset, .why = d->what, .blob = d->sha256 });
	free(file);
	return cancel_check(e);
}

/* What one manifest says of a pack, as it comes together. */
struct claim {
	struct pack_claim said;		/* own */
	size_t		 blobs_cap, frames_n, frames_cap;
};

struct claims {
	struct claim	*v;		/* own */
	size_t		 n, cap;
};

static struct claim *
claim_of(struct claims *c, const char *name)
{
	size_t i;

	/* Records of a pack stand together. */
	for (i = c->n; i > 0; i--)
		if (strcmp(c->v[i - 1].said.name, name) == 0)
			return &c->v[i - 1];
	c->v = mem_grow(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n] = (struct claim){ .said.name = xstrdup(name) };
	return &c->v[c->n++];
}

static void
release_claims(struct claims *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		pack_claim_release(&c->v[i].said);
	free(c->v);
	*c = (struct claims){ NULL, 0, 0 };
}

/* What was found before it could be told. */
struct kept {
	char		*pack, *what;	/* own, or those of the one before */
	uint64_t	 offset;
	bool		 costs;		/* a blob, which is: */
	struct digest	 sha256;
};

struct early {
	struct claims	 claims;	/* of the manifest that is being read */
	bool		 many;		/* it has too many packs, and they are read later */
	struct kept	*kept;		/* own */
	size_t		 n, cap;
};

static char *
share(char *before, const char *s)
{
	return before != NULL && strcmp(before, s) == 0 ? before : xstrdup(s);
}

static void
keep_damage(struct early *early, const struct pack_damage *d)
{
	struct kept *k, *before;

	early->kept = mem_grow(early->kept, &early->cap, early->n + 1,
	    sizeof(*early->kept));
	k = &early->kept[early->n];
	before = early->n > 0 ? k - 1 : NULL;
	*k = (struct kept){ .offset = d->offset, .costs = d->sha256 != NULL };
	k->pack = share(before == NULL ? NULL : before->pack, d->pack);
	k->what = share(before == NULL ? NULL : before->what, d->what);
	if (k->costs)
		k->sha256 = *d->sha256;
	early->n++;
}

static int
on_damage(void *arg, const struct pack_damage *d, struct err *e)
{
	struct verify *y = arg;

	if (y->early == NULL)
		return tell_damage(y, d, e);
	keep_damage(y->early, d);
	return cancel_check(e);
}

static int
tell_kept(struct verify *y, const struct early *early, struct err *e)
{
	const struct kept *k;

	for (k = early->kept; k < early->kept + early->n; k++)
		if (tell_damage(y, &(struct pack_damage){ .pack = k->pack,
		    .offset = k->offset, .what = k->what,
		    .sha256 = k->costs ? &k->sha256 : NULL }, e) == -1)
			return -1;
	return 0;
}

static void
release_early(struct early **ep)
{
	struct early *early = *ep;
	size_t i;

	if (early == NULL)
		return;
	for (i = early->n; i > 0; i--) {
		struct kept *k = &early->kept[i - 1];

		if (i == 1 || k->pack != k[-1].pack)
			free(k->pack);
		if (i == 1 || k->what != k[-1].what)
			free(k->what);
	}
	release_claims(&early->claims);
	free(early->kept);
	free(early);
	*ep = NULL;
}

static const char *
pack_in(const struct record *rec)
{
	switch (rec->kind) {
	case REC_BLOB:
		return rec->u.blob.place.pack;
	case REC_PACK:
		return rec->u.pack.pack;
	case REC_FRAMES:
		return rec->u.frames.pack;
	default:
		return NULL;
	}
}

static void
take_claim(struct claim *c, const struct record *rec)
{
	struct pack_claim *to = &c->said;
	const struct rec_frames *f = &rec->u.frames;

	switch (rec->kind) {
	case REC_BLOB:
		to->blobs = mem_grow(to->blobs, &c->blobs_cap, to->n + 1,
		    sizeof(*to->blobs));
		to->blobs[to->n] = rec->u.blob;
		to->blobs[to->n++].place.pack = to->name;
		break;
	case REC_PACK:
		to->info = rec->u.pack;
		to->info.pack = to->name;
		break;
	case REC_FRAMES:
		to->frames = mem_grow(to->frames, &c->frames_cap,
		    c->frames_n + f->n, sizeof(*to->frames));
		memcpy(to->frames + c->frames_n, f->frames,
		    f->n * sizeof(*f->frames));
		c->frames_n += f->n;
		break;
	default:
		break;
	}
}

/* What a manifest says of those of its packs that are to be read. */
static int
gather(struct verify *y, struct manifest_reader *r, uint64_t commit,
    struct claims *c, struct err *e)
{
	const struct recorded *p;
	const char *name;
	struct record rec;
	uint64_t line;
	int got;

	while ((got = manifest_next(r, &rec, &line, e)) == 1) {
		if (line % VERIFY_LINES == 0 && cancel_check(e) == -1)
			return -1;
		if ((name = pack_in(&rec)) == NULL)
			continue;
		if ((c->n == 0 || strcmp(c->v[c->n - 1].said.name, name) != 0) &&
		    ((p = verify_pack(y, name)) == NULL || !p->chosen ||
		    p->given || p->commit != commit))
			continue;
		take_claim(claim_of(c, name), &rec);
	}
	return got;
}

static void
tell_progress(struct verify *y)
{
	uint64_t done, raw;

	pack_checker_progress(y->checker, &done, &raw);
	if (y->opts->progress != NULL)
		y->opts->progress(y->opts->arg, done, y->total);
	y->report->read = raw;
}

/* The chosen packs of one commit. */
static int
read_packs_of(struct verify *y, uint64_t commit, struct err *e)
{
	struct claims c = { NULL, 0, 0 };
	struct manifest_reader *r = NULL;
	size_t i;
	int rc = -1;

	if (manifest_open(y->v->manifests, commit, &r, e) == -1 ||
	    gather(y, r, commit, &c, e) == -1)
		goto out;
	for (i = 0; i < c.n; i++) {
		y->report->packs_read++;
		if (pack_checker_put(y->checker, &c.v[i].said, e) == -1)
			goto out;
		tell_progress(y);
	}
	rc = 0;
out:
	manifest_close(&r);
	release_claims(&c);
	return rc;
}

static struct pack_checker *
new_checker(struct verify *y)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return pack_checker_new(y->v->packs, cpus < 1 ? 1 :
	    cpus > THREADS_MAX ? THREADS_MAX : (unsigned int)cpus, on_damage,
	    y);
}

/* ---- as the manifests are read ---- */

static int
add_size(void *arg, const char *name, struct err *e)
{
	struct verify *y = arg;
	struct stat st;

	(void)e;
	if (fstatat(y->v->packs, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode))
		y->total += (uint64_t)st.st_size;
	return 0;
}

int
reread_begin(struct verify *y, struct err *e)
{
	if (!y->opts->read_data || y->opts->only != NULL ||
	    y->opts->percent < 100 || y->opts->parts > 0)
		return 0;
	y->early = xcalloc(1, sizeof(*y->early));
	y->checker = new_checker(y);
	return io_list(y->v->packs, add_size, y, e);
}

void
reread_note(struct verify *y, const struct record *rec)
{
	struct early *early = y->early;
	const char *name;

	if (early == NULL || early->many || (name = pack_in(rec)) == NULL)
		return;
	take_claim(claim_of(&early->claims, name), rec);
	early->many = early->claims.n > EARLY_MAX;
}

/* The pack's record in the manifest that was read last. */
static struct recorded *
newest(struct verify *y, uint64_t commit, const char *name)
{
	size_t i;

	for (i = y->packs_n; i > 0 && y->packs[i - 1].commit == commit; i--)
		if (strcmp(y->packs[i - 1].name, name) == 0)
			return &y->packs[i - 1];
	return NULL;
}

int
reread_give(struct verify *y, uint64_t commit, bool sound, struct err *e)
{
	struct early *early = y->early;
	struct recorded *p;
	size_t i;
	int rc = 0;

	if (early == NULL)
		return 0;
	for (i = 0; sound && !early->many && rc == 0 && i < early->claims.n;
	    i++) {
		struct pack_claim *said = &early->claims.v[i].said;

		/* What lacks is read when all is known that there is to know of it. */
		p = newest(y, commit, said->name);
		if (p == NULL || p->given ||
		    read_lacks(y->v, p->name, p->size) != NULL)
			continue;
		p->given = true;
		rc = pack_checker_put(y->checker, said, e);
		tell_progress(y);
	}
	release_claims(&early->claims);
	early->many = false;
	return rc;
}

/* All manifests are known: what was found meanwhile is told, but for packs that were retired. */
static int
end_early(struct verify *y, struct err *e)
{
	struct early *early;
	size_t i;
	int rc;

	if (y->early == NULL)
		return 0;
	if (pack_checker_end(y->checker, e) == -1)
		return -1;
	for (i = 0; i < y->packs_n; i++)
		y->report->packs_read += y->packs[i].given &&
		    !y->packs[i].retired;
	early = y->early;
	y->early = NULL;
	rc = tell_kept(y, early, e);
	release_early(&early);
	return rc;
}

void
reread_release(struct verify *y)
{
	pack_checker_free(&y->checker);
	release_early(&y->early);
}

/* ---- once they are known ---- */

static int
by_commit(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Bytes of mail that were read count where they are part of the vault; of what is damaged that is not known exactly. */
static void
count_read(struct verify *y)
{
	struct vault_verify_report *r = y->report;
	uint64_t retired = 0, chosen = 0;
	size_t i;

	tell_progress(y);
	for (i = 0; i < y->packs_n; i++)
		if (y->packs[i].chosen)
			chosen += y->packs[i].raw;
		else if (y->packs[i].given)
			retired += y->packs[i].raw;
	if (retired == 0)
		return;
	if (r->damage[FOUND_PACK] == 0 && r->damage[FOUND_CONTENT] == 0)
		r->read = chosen;
	else
		r->read -= retired < r->read ? retired : r->read;
}

int
reread_packs(struct verify *y, struct err *e)
{
	uint64_t *commits;
	size_t n = 0, i;
	int rc;

	if (y->opts->read_data)
		look_for_named(y);
	choose_packs(y);
	commits = xcalloc(y->packs_n + 1, sizeof(*commits));
	for (i = 0; i < y->packs_n; i++)
		if (y->packs[i].chosen && !y->packs[i].given)
			commits[n++] = y->packs[i].commit;
	qsort(commits, n, sizeof(*commits), by_commit);
	if (y->checker == NULL)
		y->checker = new_checker(y);
	rc = end_early(y, e);
	for (i = 0; rc == 0 && i < n; i++)
		if (i == 0 || commits[i] != commits[i - 1])
			rc = read_packs_of(y, commits[i], e);
	if (rc == 0)
		rc = pack_checker_end(y->checker, e);
	count_read(y);
	pack_checker_free(&y->checker);
	free(commits);
	return rc;
}

/* ---- what was compacted ---- */

struct compacted {
	struct verify	*y;
	const struct recorded *pack;
	uint64_t	 left;
};

static int
note_left_behind(void *arg, const struct digest *sha256,
    const struct known_blob *b, struct err *e)
{
	struct compacted *c = arg;

	(void)b;
	note_damaged(c->y, c->pack, sha256);
	c->left++;
	return cancel_check(e);
}

static void
tell_left_behind(const struct compacted *c)
{
	char *file = xasprintf("packs/%s", c->pack->name);
	char *why = xasprintf("it was compacted, and %" PRIu64 " message%s "
	    "went to no other pack", c->left, c->left == 1 ? "" : "s");

	verify_find(c->y, &(struct vault_finding){ .kind = FOUND_PACK,
	    .damage = true, .file = file, .why = why });
	free(file);
	free(why);
}

int
reread_compacted(struct verify *y, struct err *e)
{
	struct compacted c;
	struct known_pack known;
	size_t i;
	int r;

	if (y->v->catalog == NULL)
		return 0;
	for (i = 0; i < y->packs_n; i++) {
		c = (struct compacted){ .y = y, .pack = &y->packs[i] };
		if (!c.pack->retired)
			continue;
		r = catalog_pack(y->v->catalog, c.pack->name, &known, e);
		/* What was retired for another reason may have been given up. */
		if (r == 1 && known.retired != 0 &&
		    strcmp(known.why, RETIRE_COMPACTED) == 0)
			r = catalog_pack_blobs(y->v->catalog, c.pack->name,
			    note_left_behind, &c, e);
		if (r == -1)
			return -1;
		if (c.left > 0)
			tell_left_behind(&c);
	}
	return 0;
}

/* ---- what it costs ---- */

static int
by_digest(const void *a, const void *b)
{
	const struct damaged *x = a, *y = b;

	return memcmp(x->sha256.b, y->sha256.b, DIGEST_SIZE);
}

static int
on_cost(void *arg, const struct known_message *m, struct err *e)
{
	struct verify *y = arg;
	struct damaged key = { .sha256 = m->sha256 }, *d;

	d = bsearch(&key, y->damaged, y->damaged_n, sizeof(*y->damaged),
	    by_digest);
	y->report->costs++;
	if (d != NULL && y->opts->cost != NULL)
		y->opts->cost(y->opts->arg, m, y->packs[d->pack].name);
	return cancel_check(e);
}

/* What has another copy, recorded later, costs nothing. */
static bool
has_another(struct verify *y, const struct damaged *d)
{
	struct known_blob known;
	struct err ignored;

	return catalog_blob(y->v->catalog, &d->sha256, &known, &ignored) ==
	    1 && strcmp(known.place.pack, y->packs[d->pack].name) != 0;
}

int
reread_costs(struct verify *y, struct err *e)
{
	struct digest *all;
	struct err why;
	size_t i, n = 0;
	int rc;

	if (y->damaged_n == 0)
		return 0;
	if (y->v->catalog == NULL &&
	    recover_catalog_private(y->v, &why) == -1) {
		log_warn("which messages that costs can't be told: %s",
		    why.text);
		return 0;
	}
	qsort(y->damaged, y->damaged_n, sizeof(*y->damaged), by_digest);
	all = xcalloc(y->damaged_n, sizeof(*all));
	for (i = 0; i < y->damaged_n; i++)
		if (!has_another(y, &y->damaged[i]))
			all[n++] = y->damaged[i].sha256;
	rc = catalog_costs(y->v->catalog, all, n, on_cost, y, e);
	free(all);
	return rc;
}

static int
count_lost(void *arg, const struct known_message *m, struct err *e)
{
	struct verify *y = arg;
	const struct damaged key = { .sha256 = m->sha256 };

	(void)e;
	if (y->damaged_n == 0 || bsearch(&key, y->damaged, y->damaged_n,
	    sizeof(*y->damaged), by_digest) == NULL)
		y->report->lost++;
	return 0;
}

int
reread_lost(struct verify *y, struct err *e)
{
	return y->v->catalog == NULL ? 0 :
	    catalog_lost(y->v->catalog, count_lost, y, e);
}

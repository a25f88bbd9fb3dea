/*
 * judge.c - what the program makes of a damaged vault.
 *
 *	- verify finds what is wrong, and writes nothing (R66 - R69, R71)
 *	- readers end with what is right or with an error; each message that they hand out has its SHA-256, those that
 *	  they can't read are those that verify names (R70, R72)
 *	- a damaged catalog mends itself: who lists gets what is right, by the second time at last
 *	- after repair --accept-loss the vault is whole, and has every message whose bytes were sound; after another one
 *	  also those whose bytes stand elsewhere
 */
#include <sys/stat.h>
#include <sys/types.h>
#include <dirent.h>
#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "damage.h"
#include "job/job.h"
#include "vault/private.h"

#define NOBODY		65534
#define DUMP_MAX	(64 << 20)
#define DAY_LATER	1700090000	/* after the last run, before anything that is retired goes */

struct judge {
	struct hurt	*h;
	struct outcome	*o;
	char		*vault;		/* own */
	struct surroundings env;
};

/* A set of contents. */
struct contents {
	struct digest	*v;		/* own */
	size_t		 n, cap;
};

static void complain(struct judge *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
complain(struct judge *j, const char *fmt, ...)
{
	size_t n = strlen(j->o->wrong), room = sizeof(j->o->wrong) - n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(j->o->wrong + n, room, fmt, ap);
	va_end(ap);
	n = strlen(j->o->wrong);
	if (n + 1 < sizeof(j->o->wrong))
		memcpy(j->o->wrong + n, "\n", 2);
}

static void
put(struct contents *c, const struct digest *d)
{
	c->v = mem_grow(c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = *d;
}

static bool
has(const struct contents *c, const struct digest *d)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (digest_equal(&c->v[i], d))
			return true;
	return false;
}

static void
release(struct contents *c)
{
	free(c->v);
	*c = (struct contents){ NULL, 0, 0 };
}

/* ---- verify ---- */

struct check {
	size_t		 findings;
	struct contents	 costs;		/* own */
	struct err	 e;
};

static void
on_found(void *arg, const struct vault_finding *f)
{
	struct check *c = arg;

	(void)f;
	c->findings++;
}

static void
on_cost(void *arg, const struct known_message *m, const char *pack)
{
	struct check *c = arg;

	(void)pack;
	put(&c->costs, &m->sha256);
}

static int
verify(const char *path, struct surroundings *s, bool read_data,
    const char *expect, struct check *c)
{
	const struct vault_verify_opts opts = { .read_data = read_data,
	    .percent = 100, .expect = expect, .found = on_found,
	    .cost = on_cost, .arg = c };
	const struct vault_env env = surroundings_env(s);
	struct vault_verify_report report;
	struct vault *v;
	int rc;

	memset(c, 0, sizeof(*c));
	if (vault_open(path, VAULT_CHECK, &env, &v, &c->e) == -1)
		return -1;
	rc = vault_verify(v, &opts, &report, &c->e);
	vault_close(&v);
	return rc;
}

size_t
judge_sound(const struct scene *s, const char *cache)
{
	struct surroundings env = { DAY_LATER, { 1 }, xstrdup(cache) };
	struct check c;

	if (verify(s->path, &env, true, s->head_hex, &c) == -1)
		errx(1, "vault %u is not whole: %s", s->number, c.e.text);
	free(env.cache);
	return c.findings;
}

/* Whether an error says that the vault is damaged, or of a newer version where it may look so. */
static bool
says_damaged(const struct judge *j, const struct err *e)
{
	return (e->kind == EK_CORRUPT ||
	    (j->h->forged && e->kind == EK_NOVAULT)) && e->text[0] != '\0';
}

static void
judge_verify(struct judge *j, struct contents *costs)
{
	struct check quick, full, hash;
	char expect[17] = "";
	int rc_quick, rc, rc_hash;

	memcpy(expect, j->h->s->head_hex, 16);
	rc_quick = verify(j->vault, &j->env, false, NULL, &quick);
	rc = verify(j->vault, &j->env, true, NULL, &full);
	rc_hash = verify(j->vault, &j->env, false, expect, &hash);
	j->o->quick = rc_quick == -1;
	j->o->full = rc == -1;
	j->o->hash = rc_hash == -1;
	j->o->told = full.findings > j->h->s->findings;
	switch (j->h->expect) {
	case EXPECT_FOUND:
		if (rc == 0)
			complain(j, "verify --read-data finds nothing");
		else if (!says_damaged(j, &full.e))
			complain(j, "verify --read-data: kind %d: %s",
			    full.e.kind, full.e.text);
		break;
	case EXPECT_ERROR:
		if (rc == 0)
			complain(j, "verify --read-data ends with 0");
		break;
	case EXPECT_HASH:
		if (rc_hash == 0)
			complain(j, "verify --expect finds nothing");
		else if (!says_damaged(j, &hash.e))
			complain(j, "verify --expect: kind %d: %s",
			    hash.e.kind, hash.e.text);
		break;
	case EXPECT_TOLD:
		if (rc == 0 && !j->o->told)
			complain(j, "verify has nothing to say");
		break;
	case EXPECT_CLEAN:
		if (rc == -1)
			complain(j, "verify --read-data: %s", full.e.text);
		break;
	default:
		break;
	}
	if (rc_quick == -1 && rc == 0)
		complain(j, "only a quick verify finds it: %s", quick.e.text);
	*costs = full.costs;
	release(&quick.costs);
	release(&hash.costs);
}

/* ---- reading ---- */

static int
note_message(void *arg, const struct known_message *m, struct err *e)
{
	(void)e;
	put(arg, &m->sha256);
	return 0;
}

/* Read each of ${all}; those that can't be read are added to ${bad}. */
static void
read_all(struct judge *j, struct vault *v, const struct contents *all,
    struct contents *bad)
{
	struct hasher *hasher = hasher_new();
	const struct sink to = hasher_sink(hasher);
	struct digest got;
	struct err e;
	size_t i;
	int rc;

	for (i = 0; i < all->n; i++) {
		rc = vault_read(v, &all->v[i], &to, &e);
		hasher_end(hasher, &got);
		if (rc == 0 && !digest_equal(&got, &all->v[i]))
			complain(j, "a message was handed out with wrong bytes");
		if (rc == -1 && e.kind != EK_CORRUPT &&
		    j->h->expect != EXPECT_ERROR)
			complain(j, "reading: kind %d: %s", e.kind, e.text);
		if (rc == -1)
			put(bad, &all->v[i]);
	}
	hasher_free(&hasher);
}

static int
swallow(void *arg, const void *p, size_t n, struct err *e)
{
	(void)arg, (void)p, (void)n, (void)e;
	return 0;
}

static void
judge_export(struct judge *j, struct vault *v, uint64_t bad)
{
	const struct job_choice choice = { .at = CATALOG_NOW, .all = true,
	    .which = POLICY_ALL };
	const struct job_export_opts opts = { .choice = &choice,
	    .kind = one_in(j->h->rng, 2) ? FOREIGN_TAR : FOREIGN_ZIP,
	    .stream = { swallow, NULL } };
	struct job_export_report report;
	struct err e;
	int rc = job_export(v, &opts, &report, &e);

	if (rc == -1 && e.kind != EK_CORRUPT &&
	    j->h->expect != EXPECT_ERROR)
		complain(j, "export: kind %d: %s", e.kind, e.text);
	if (report.damaged != bad)
		complain(j, "export leaves %" PRIu64 " messages out, %" PRIu64
		    " can't be read", report.damaged, bad);
	if (rc == 0 && bad > 0)
		complain(j, "export ends with 0");
}

/* What verify said of a pack's messages is what readers find. */
static void
compare_costs(struct judge *j, const struct contents *bad,
    const struct contents *costs)
{
	char hex[DIGEST_HEX];
	size_t i;

	for (i = 0; i < bad->n; i++)
		if (!has(costs, &bad->v[i])) {
			complain(j, "%.16s can't be read, and verify didn't "
			    "name it", digest_hex(&bad->v[i], hex));
			return;
		}
	for (i = 0; i < costs->n; i++)
		if (!has(bad, &costs->v[i])) {
			complain(j, "%.16s can be read, and verify named it",
			    digest_hex(&costs->v[i], hex));
			return;
		}
}

/* Whether what is listed is what was there; NULL: it can't be listed. */
static char *
list(struct judge *j, struct vault **v)
{
	const struct vault_env env = surroundings_env(&j->env);
	struct buf dump = BUF_INIT(DUMP_MAX);
	struct err e;
	int rc;

	if ((rc = vault_open(j->vault, VAULT_READ, &env, v, &e)) == 0 &&
	    (rc = vault_fill_headers(*v, &e)) == 0)
		rc = scene_dump(*v, &dump, &e);
	if (rc == 0)
		return buf_take(&dump);
	buf_release(&dump);
	if (!says_damaged(j, &e) && j->h->expect != EXPECT_ERROR &&
	    j->h->expect != EXPECT_ANYTHING)
		complain(j, "list: kind %d: %s", e.kind, e.text);
	return NULL;
}

static void
compare_list(struct judge *j, const struct vault *v, const char *listed)
{
	bool same = listed != NULL && strcmp(listed, j->h->s->dump) == 0;

	switch (j->h->expect) {
	case EXPECT_CLEAN:
	case EXPECT_TOLD:
		if (!same)
			complain(j, "list shows something else");
		break;
	case EXPECT_CATALOG:
		j->o->mended = same;
		if (!same)
			complain(j, "list shows something else");
		break;
	case EXPECT_FOUND:
		/* An alarm says that this is not all; a forger's chain is one. */
		if (j->h->only_packs ? !same : listed != NULL && !same &&
		    !j->h->forged && vault_alarm(v) == NULL)
			complain(j, "list shows something else, and says "
			    "nothing");
		break;
	default:
		break;
	}
}

static void
judge_reading(struct judge *j, const struct contents *costs)
{
	struct contents all = { NULL, 0, 0 }, bad = { NULL, 0, 0 };
	struct vault *v = NULL;
	char *listed = list(j, &v);
	struct err e;

	/* Who stumbles over a damaged catalog takes it away. */
	if (j->h->expect == EXPECT_CATALOG && listed == NULL) {
		vault_close(&v);
		listed = list(j, &v);
	}
	compare_list(j, v, listed);
	if (listed != NULL && catalog_messages(v->catalog, 0, CATALOG_NOW,
	    true, note_message, &all, &e) == 0) {
		read_all(j, v, &all, &bad);
		j->o->costs = bad.n;
		if (j->h->only_packs && j->h->expect == EXPECT_FOUND)
			compare_costs(j, &bad, costs);
		/* A page of the catalog may turn out to be damaged on the way. */
		if (j->h->expect != EXPECT_CATALOG && one_in(j->h->rng, 6))
			judge_export(j, v, bad.n);
	}
	vault_close(&v);
	free(listed);
	release(&all);
	release(&bad);
}

/* ---- writing ---- */

static void
judge_whole(struct judge *j, const char *when)
{
	struct check c;

	if (verify(j->vault, &j->env, true, NULL, &c) == -1)
		complain(j, "%s: verify --read-data: %s", when, c.e.text);
	release(&c.costs);
}

/* A writer makes the catalog right, or rebuild, where verify said that it is damaged. */
static void
judge_catalog(struct judge *j)
{
	const struct vault_env env = surroundings_env(&j->env);
	struct vault *v = NULL;
	char *listed;
	struct err e;
	int rc = vault_open(j->vault, VAULT_WRITE, &env, &v, &e);

	if (rc == 0 && (j->o->full || one_in(j->h->rng, 4)))
		rc = vault_rebuild(v, false, &e);
	vault_close(&v);
	if (rc == -1) {
		complain(j, "a writer: kind %d: %s", e.kind, e.text);
		return;
	}
	listed = list(j, &v);
	if (listed == NULL || strcmp(listed, j->h->s->dump) != 0)
		complain(j, "after a writer, list shows something else");
	vault_close(&v);
	free(listed);
	judge_whole(j, "after a writer");
}

/* What is in packs/ now, under names that packs may have. */
struct heap {
	char		*name[64];	/* own; "packs/..." */
	char		*p[64];		/* own */
	size_t		 size[64], n;
};

static void
gather_heap(const char *vault, struct heap *heap)
{
	struct dirent *d;
	struct stat st;
	char *dir = path_of(vault, "packs"), *path;
	DIR *handle = opendir(dir);

	heap->n = 0;
	while (handle != NULL && heap->n < 64 &&
	    (d = readdir(handle)) != NULL) {
		path = path_of(dir, d->d_name);
		if (manifest_is_pack(d->d_name) && lstat(path, &st) == 0 &&
		    S_ISREG(st.st_mode)) {
			heap->p[heap->n] = slurp(path,
			    &heap->size[heap->n]);
			heap->name[heap->n++] = path_of("packs", d->d_name);
		}
		free(path);
	}
	if (handle != NULL)
		closedir(handle);
	free(dir);
}

static void
release_heap(struct heap *heap)
{
	while (heap->n > 0) {
		free(heap->p[--heap->n]);
		free(heap->name[heap->n]);
	}
}

/* Whether a frame stands where it stood; ${anywhere}: or elsewhere, with all of its bytes. */
static bool
survives(const struct heap *heap, const struct spot *p, const char *was,
    bool anywhere)
{
	size_t i;

	for (i = 0; i < heap->n; i++)
		if (anywhere ? memmem(heap->p[i], heap->size[i], was + p->at,
		    p->n) != NULL : strcmp(heap->name[i], p->pack) == 0 &&
		    p->at + p->n <= heap->size[i] &&
		    memcmp(heap->p[i] + p->at, was + p->at, p->n) == 0)
			return true;
	return false;
}

static struct contents
sound_contents(const struct judge *j, const struct heap *heap, bool anywhere)
{
	const struct scene *s = j->h->s;
	struct contents out = { NULL, 0, 0 };
	const struct spot *p;
	char *was = NULL, *path;
	size_t i, n;

	for (i = 0; i < s->spots_n; i++) {
		p = &s->spots[i];
		/* Those of a pack stand together. */
		if (i == 0 || strcmp(p->pack, s->spots[i - 1].pack) != 0) {
			free(was);
			path = path_of(s->path, p->pack);
			was = slurp(path, &n);
			free(path);
		}
		if (survives(heap, p, was, anywhere))
			put(&out, &p->sha256);
	}
	free(was);
	return out;
}

static void
ignore_finding(void *arg, const struct vault_finding *f)
{
	(void)arg, (void)f;
}

static void
ignore_event(void *arg, const struct job_event *ev)
{
	(void)arg, (void)ev;
}

/* One run of repair; then the vault is whole and has ${sound}. */
static bool
repair(struct judge *j, const struct contents *sound, const char *when)
{
	const struct job_repair_opts opts = { .offline = true,
	    .accept_loss = true, .found = ignore_finding,
	    .listener = { ignore_event, NULL } };
	const struct vault_env env = surroundings_env(&j->env);
	struct contents bad = { NULL, 0, 0 };
	struct job_repair_report report;
	struct vault *v = NULL;
	struct err e;
	int rc;

	if ((rc = vault_open(j->vault, VAULT_WRITE, &env, &v, &e)) == 0)
		rc = job_repair(v, &opts, &report, &e);
	vault_close(&v);
	if (rc == -1) {
		complain(j, "%s: kind %d: %s", when, e.kind, e.text);
		return false;
	}
	j->o->lost += report.lost;
	judge_whole(j, when);
	if (vault_open(j->vault, VAULT_READ, &env, &v, &e) == 0) {
		read_all(j, v, sound, &bad);
		if (bad.n > 0)
			complain(j, "%s: %zu of %zu contents are lost that "
			    "were sound", when, bad.n, sound->n);
	} else {
		complain(j, "%s: %s", when, e.text);
	}
	vault_close(&v);
	release(&bad);
	return true;
}

/* The second run looks through what the first one has retired, frame by frame. */
static void
judge_repair(struct judge *j)
{
	struct heap *heap = xcalloc(1, sizeof(*heap));
	struct contents here, anywhere;

	gather_heap(j->vault, heap);
	here = sound_contents(j, heap, false);
	anywhere = sound_contents(j, heap, true);
	j->o->repaired = repair(j, &here, "after repair") &&
	    repair(j, &anywhere, "after another repair");
	release_heap(heap);
	free(heap);
	release(&here);
	release(&anywhere);
}

/* ---- all of it ---- */

/* The part of a vault that nobody changes but who writes commits. */
static char *
lasting_state(const char *vault, bool all)
{
	struct buf b = BUF_INIT(DUMP_MAX);
	char *text, *line, *next, *out;

	tree_state(vault, &b);
	text = buf_take(&b);
	if (all)
		return text;
	out = xcalloc(strlen(text) + 1, 1);
	for (line = text; *line != '\0'; line = next) {
		next = strchr(line, '\n') + 1;
		if (strncmp(line, "packs/", 6) == 0 ||
		    strncmp(line, "manifests/", 10) == 0 ||
		    strncmp(line, "orphans/", 8) == 0)
			strncat(out, line, (size_t)(next - line));
	}
	free(text);
	return out;
}

static size_t
choose_kind(struct rng *r)
{
	size_t i, total = 0, at;

	for (i = 0; i < hurt_kinds_n; i++)
		total += hurt_kinds[i].weight;
	at = rng_below(r, total);
	for (i = 0; at >= hurt_kinds[i].weight; i++)
		at -= hurt_kinds[i].weight;
	return i;
}

/* Damages that change nothing are none: another one then. */
static void
do_damage(struct judge *j, size_t kind)
{
	struct hurt *h = j->h;
	bool done;

	h->path = j->vault;
	do {
		remove_tree(j->vault);
		copy_tree(h->s->path, j->vault, true);
		buf_clear(&h->what);
		h->forged = h->nobody = h->only_packs = false;
		h->expect = EXPECT_ANYTHING;
		j->o->kind = kind == ANY_KIND ? choose_kind(h->rng) : kind;
		done = hurt_kinds[j->o->kind].fn(h);
	} while (!done);
	j->o->expect = h->expect;
	snprintf(j->o->what, sizeof(j->o->what), "vault %u, %s: %s",
	    h->s->number, hurt_kinds[j->o->kind].name, buf_text(&h->what));
}

static void
become_nobody(const char *scratch, const char *cache)
{
	if (chown(scratch, NOBODY, NOBODY) == -1 ||
	    chown(cache, NOBODY, NOBODY) == -1 ||
	    setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
	    setresuid(NOBODY, NOBODY, NOBODY) == -1)
		err(1, "nobody");
}

void
judge(struct hurt *h, size_t kind, const char *scratch, struct outcome *o)
{
	struct judge j = { .h = h, .o = o, .vault = path_of(scratch, "v"),
	    .env = { DAY_LATER, { rng_next(h->rng) }, NULL } };
	struct contents costs;
	char *before, *after;
	bool mend;

	j.env.cache = path_of(scratch, "cache");
	remove_tree(j.env.cache);
	if (mkdir(j.env.cache, 0700) == -1)
		err(1, "%s", j.env.cache);
	do_damage(&j, kind);
	if (h->nobody)
		become_nobody(scratch, j.env.cache);
	before = lasting_state(j.vault, true);
	judge_verify(&j, &costs);
	after = lasting_state(j.vault, true);
	if (strcmp(before, after) != 0)
		complain(&j, "verify changed the vault");
	free(before);
	free(after);
	before = lasting_state(j.vault, false);
	judge_reading(&j, &costs);
	after = lasting_state(j.vault, false);
	if (strcmp(before, after) != 0)
		complain(&j, "a reader changed the vault");
	mend = h->only_packs && h->expect == EXPECT_FOUND &&
	    one_in(h->rng, 5);
	if (h->expect == EXPECT_CATALOG)
		judge_catalog(&j);
	else if (mend)
		judge_repair(&j);
	release(&costs);
	free(before);
	free(after);
	free(j.vault);
	free(j.env.cache);
}

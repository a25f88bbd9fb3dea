/*
 * judge.c - see judge.h.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"
#include "mail/flags.h"
#include "mail/name.h"
#include "manifest/manifest.h"

#define COMPLAINTS	20

void
complain(struct judge *j, const char *fmt, ...)
{
	char line[1000];
	va_list ap;

	if (j->complaints++ >= COMPLAINTS)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	buf_addf(&j->why, "%s\n", line);
}

void
judge_init(struct judge *j, const struct world *w, const char *path,
    enum container container)
{
	memset(j, 0, sizeof(*j));
	j->w = w;
	j->path = path;
	j->container = container;
	buf_init(&j->why, 1 << 20);
}

void
judge_release(struct judge *j)
{
	size_t i;

	for (i = 0; i < j->folders_n; i++) {
		free(j->folders[i].name);
		free(j->folders[i].attributes);
		free(j->folders[i].mailboxid);
	}
	for (i = 0; i < j->epochs_n; i++)
		uidset_release(&j->epochs[i].missing);
	for (i = 0; i < j->messages_n; i++) {
		free(j->messages[i].flags);
		free(j->messages[i].labels);
		free(j->messages[i].date);
	}
	meant_release(j);
	free(j->folders);
	free(j->epochs);
	free(j->messages);
	free(j->blobs);
	buf_release(&j->why);
}

static char *
copy(const char *s)
{
	return s == NULL ? NULL : xstrdup(s);
}

/* ---- records ---- */

static struct kept_folder *
find_folder(const struct judge *j, uint64_t number)
{
	size_t i;

	for (i = 0; i < j->folders_n; i++)
		if (j->folders[i].number == number)
			return &j->folders[i];
	return NULL;
}

static struct kept_epoch *
find_epoch(const struct judge *j, uint64_t number)
{
	size_t i;

	for (i = 0; i < j->epochs_n; i++)
		if (j->epochs[i].number == number)
			return &j->epochs[i];
	return NULL;
}

static bool
has_blob(const struct judge *j, const struct digest *sha256, uint64_t folder)
{
	size_t i;

	for (i = 0; i < j->blobs_n; i++)
		if (digest_equal(&j->blobs[i].sha256, sha256) &&
		    (folder == 0 || j->blobs[i].folder == folder))
			return true;
	return false;
}

static void
take_folder(struct judge *j, const struct rec_folder *r)
{
	struct kept_folder *f = find_folder(j, r->folder);

	if (f == NULL) {
		j->folders = mem_grow(j->folders, &j->folders_cap,
		    j->folders_n + 1, sizeof(*j->folders));
		f = &j->folders[j->folders_n++];
		memset(f, 0, sizeof(*f));
		f->number = r->folder;
	}
	free(f->name);
	free(f->attributes);
	free(f->mailboxid);
	f->name = xstrdup(r->name);
	f->attributes = xstrdup(r->attributes);
	f->mailboxid = copy(r->mailboxid);
	f->subscribed = r->subscribed;
	f->selectable = r->selectable;
	if (r->gone && !f->gone)
		f->gone_in = j->run;
	f->gone = r->gone;
}

static void
take_epoch(struct judge *j, const struct rec_epoch *r)
{
	struct kept_epoch *p = find_epoch(j, r->epoch);

	if (find_folder(j, r->folder) == NULL)
		complain(j, "epoch %u of an unknown folder",
		    (unsigned int)r->epoch);
	if (p == NULL) {
		j->epochs = mem_grow(j->epochs, &j->epochs_cap,
		    j->epochs_n + 1, sizeof(*j->epochs));
		p = &j->epochs[j->epochs_n++];
		memset(p, 0, sizeof(*p));
		p->number = r->epoch;
		p->folder = r->folder;
		p->uidvalidity = r->uidvalidity;
		p->begun_in = j->run;
	}
	if (r->has_state) {
		p->complete = r->complete;
		p->uidnext = r->uidnext;
	}
}

/* A message: something of that name, UIDVALIDITY, UID and content must have been on the server once. */
static void
check_ever(struct judge *j, const struct rec_message *r,
    const struct kept_folder *f, const struct kept_epoch *p)
{
	char *wire = name_to_wire(f->name);

	if (!world_ever(j->w, wire, p->uidvalidity, r->uid, &r->sha256) &&
	    !(strcmp(wire, "INBOX") == 0 && world_ever(j->w, "Inbox",
	    p->uidvalidity, r->uid, &r->sha256)))
		complain(j, "%s: UID %u of UIDVALIDITY %u never had the "
		    "content that is recorded", wire, r->uid,
		    (unsigned int)p->uidvalidity);
	free(wire);
}

static void
take_message(struct judge *j, const struct rec_message *r)
{
	struct kept_folder *f = find_folder(j, r->folder);
	struct kept_epoch *p = find_epoch(j, r->epoch);
	struct kept_message *m;

	if (f == NULL || p == NULL || p->folder != r->folder) {
		complain(j, "a message without folder or epoch");
		return;
	}
	check_ever(j, r, f, p);
	meant_came(j, r->epoch, r->uid);
	uidset_remove(&p->missing, r->uid);
	j->messages = mem_grow(j->messages, &j->messages_cap,
	    j->messages_n + 1, sizeof(*j->messages));
	m = &j->messages[j->messages_n++];
	*m = (struct kept_message){ .folder = r->folder, .epoch = r->epoch,
	    .uid = r->uid, .sha256 = r->sha256, .size = r->size,
	    .flags = xstrdup(r->flags), .labels = copy(r->labels),
	    .date = copy(r->internaldate), .live = true, .came_in = j->run };
}

static void
take_flags(struct judge *j, const struct rec_flags *r)
{
	size_t i;

	for (i = 0; i < j->messages_n; i++) {
		struct kept_message *m = &j->messages[i];

		if (m->epoch != r->epoch || !m->live ||
		    !uidset_has(r->uids, m->uid))
			continue;
		free(m->flags);
		m->flags = xstrdup(r->flags);
		if (r->labels == NULL)
			continue;
		free(m->labels);
		m->labels = xstrdup(r->labels);
	}
}

/* ${run}: who deleted them, 0 where nobody says so. */
static void
take_gone(struct judge *j, uint64_t epoch, uint64_t run,
    const struct uidset *uids)
{
	struct kept_epoch *p = find_epoch(j, epoch);
	size_t i;

	if (p != NULL)
		uidset_remove_set(&p->missing, uids);
	for (i = 0; i < j->messages_n; i++) {
		struct kept_message *m = &j->messages[i];

		if (m->epoch != epoch || !m->live || !uidset_has(uids, m->uid))
			continue;
		m->live = false;
		m->gone_in = j->run;
		m->pruned = run != 0;
		j->pruned += m->pruned;
		if (run == 0)
			meant_gone(j, m);
		else if (run != meant_run(j, epoch, m->uid))
			complain(j, "epoch %u: UID %u is put down to run %u",
			    (unsigned int)epoch, m->uid, (unsigned int)run);
	}
	meant_close(j, epoch, uids);
}

static void
take_blob(struct judge *j, const struct rec_blob *r)
{
	const char *folder = strstr(r->place.pack, ".f");
	struct kept_blob *b;

	if (j->container == CONTAINER_TAR && has_blob(j, &r->sha256, 0))
		complain(j, "the same content is stored twice");
	j->blobs = mem_grow(j->blobs, &j->blobs_cap, j->blobs_n + 1,
	    sizeof(*j->blobs));
	b = &j->blobs[j->blobs_n++];
	b->sha256 = r->sha256;
	b->folder = folder == NULL ? 0 : strtoull(folder + 2, NULL, 10);
}

static void
take(struct judge *j, uint64_t run, const struct record *r)
{
	struct kept_epoch *p;

	switch (r->kind) {
	case REC_FOLDER:
		take_folder(j, &r->u.folder);
		break;
	case REC_EPOCH:
		take_epoch(j, &r->u.epoch);
		break;
	case REC_MESSAGE:
		take_message(j, &r->u.message);
		break;
	case REC_FLAGS:
		take_flags(j, &r->u.flags);
		break;
	case REC_GONE:
		take_gone(j, r->u.gone.epoch, 0, r->u.gone.uids);
		break;
	case REC_PRUNED:
		take_gone(j, r->u.pruned.epoch, r->u.pruned.run,
		    r->u.pruned.uids);
		break;
	case REC_PRUNE_INTENT:
		meant_take(j, run, &r->u.prune_intent);
		break;
	case REC_PRUNE_KEPT:
		meant_close(j, r->u.prune_kept.epoch, r->u.prune_kept.uids);
		break;
	case REC_BLOB:
		take_blob(j, &r->u.blob);
		break;
	case REC_MISSING:
		if ((p = find_epoch(j, r->u.missing.epoch)) != NULL)
			uidset_add_set(&p->missing, r->u.missing.uids);
		break;
	case REC_PACK:
		j->packs++;
		break;
	default:
		break;
	}
}

/* Each message's content is in a pack; in the mbox container in one of its folder's own. */
static void
check_blobs(struct judge *j, size_t from)
{
	size_t i;

	for (i = from; i < j->messages_n; i++) {
		const struct kept_message *m = &j->messages[i];

		if (!has_blob(j, &m->sha256,
		    j->container == CONTAINER_MBOX ? m->folder : 0))
			complain(j, "the content of folder %u UID %u is in no "
			    "pack", (unsigned int)m->folder, m->uid);
	}
}

static int
read_one(struct judge *j, struct manifest_dir *dir, uint64_t commit, struct err *e)
{
	struct manifest_reader *r;
	struct record rec;
	uint64_t line;
	int got;

	if (manifest_open(dir, commit, &r, e) == -1)
		return -1;
	if (!digest_equal(&manifest_head(r)->prev, &j->sha256))
		complain(j, "the chain is broken at %u", (unsigned int)commit);
	while ((got = manifest_next(r, &rec, &line, e)) == 1)
		take(j, manifest_head(r)->run, &rec);
	if (got == 0)
		manifest_sha256(r, &j->sha256);
	manifest_close(&r);
	return got;
}

void
judge_read(struct judge *j, uint32_t run)
{
	char *path = xasprintf("%s/manifests", j->path);
	struct manifest_dir *dir = NULL;
	size_t from = j->messages_n;
	uint64_t last = 0;
	struct err e = { .kind = EK_NONE };

	j->run = run;
	if (manifest_dir_open(AT_FDCWD, path, &dir, &e) == -1 ||
	    manifest_last(dir, &last, &e) == -1)
		complain(j, "no manifests: %s", e.text);
	while (j->head < last) {
		if (read_one(j, dir, j->head + 1, &e) == -1) {
			complain(j, "manifest %u: %s",
			    (unsigned int)j->head + 1, e.text);
			break;
		}
		j->head++;
	}
	meant_end(j);
	check_blobs(j, from);
	manifest_dir_close(&dir);
	free(path);
}

/* ---- is it so? ---- */

/* A live folder by its name on the server. */
static const struct kept_folder *
folder_named(const struct judge *j, const char *wire)
{
	char *name = name_from_wire(wire);
	const struct kept_folder *found = NULL;
	size_t i;

	for (i = 0; i < j->folders_n; i++)
		if (!j->folders[i].gone &&
		    strcmp(j->folders[i].name, name) == 0)
			found = &j->folders[i];
	free(name);
	return found;
}

static const struct kept_epoch *
newest_epoch(const struct judge *j, uint64_t folder)
{
	const struct kept_epoch *found = NULL;
	size_t i;

	for (i = 0; i < j->epochs_n; i++)
		if (j->epochs[i].folder == folder &&
		    (found == NULL || j->epochs[i].number > found->number))
			found = &j->epochs[i];
	return found;
}

/* The live message with this UID; complains of a second one. */
static const struct kept_message *
live_message(struct judge *j, uint64_t epoch, uint32_t uid)
{
	const struct kept_message *found = NULL;
	size_t i;

	for (i = 0; i < j->messages_n; i++) {
		const struct kept_message *m = &j->messages[i];

		if (m->epoch != epoch || m->uid != uid || !m->live)
			continue;
		if (found != NULL)
			complain(j, "UID %u twice in epoch %u", uid,
			    (unsigned int)epoch);
		found = m;
	}
	return found;
}

/* What the flags, labels and attributes on the wire are in their canonical form; to be freed. */
static char *
canonical_flags(uint32_t bits)
{
	struct buf wire = BUF_INIT(4096), out = BUF_INIT(4096);

	world_flags(bits, &wire);
	flags_canon(buf_text(&wire), wire.n, &out);
	buf_release(&wire);
	return buf_take(&out);
}

static char *
canonical_labels(uint32_t bits)
{
	static const char *const labels[] = { "\\Important", "Work",
	    "two words", "q\"uote", "[Mailbox]", "Entw&APw-rfe" };
	struct buf out = BUF_INIT(4096);
	size_t i;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (bits & 1u << i)
			labels_add(&out, labels[i], strlen(labels[i]));
	return buf_take(&out);
}

static void
check_letter(struct judge *j, const struct box *b, const struct letter *l,
    const struct kept_message *m, bool strict)
{
	const struct content *c = &j->w->contents[l->content];
	char *flags = canonical_flags(l->flags);
	char *labels = canonical_labels(l->labels);

	if (!digest_equal(&m->sha256, &c->sha256) || m->size != c->n)
		complain(j, "%s: UID %u has another content", b->wire, l->uid);
	if ((strict || l->changed_in != j->run) &&
	    strcmp(flags, m->flags) != 0)
		complain(j, "%s: UID %u has the flags '%s', not '%s'",
		    b->wire, l->uid, flags, m->flags);
	if ((strict || l->changed_in != j->run) &&
	    j->w->features & HAS_GMAIL &&
	    (m->labels == NULL || strcmp(labels, m->labels) != 0))
		complain(j, "%s: UID %u has the labels '%s', not '%s'",
		    b->wire, l->uid, labels,
		    m->labels == NULL ? "(none)" : m->labels);
	if (m->date == NULL || strcmp(m->date, l->date) != 0)
		complain(j, "%s: UID %u has the date '%s', not '%s'", b->wire,
		    l->uid, l->date, m->date == NULL ? "(none)" : m->date);
	free(flags);
	free(labels);
}

/* What is on the server is in the vault. */
static void
check_there(struct judge *j, const struct box *b, const struct kept_epoch *p,
    bool strict)
{
	const struct kept_message *m;
	size_t i;

	for (i = 0; i < b->n; i++) {
		const struct letter *l = &b->v[i];

		m = live_message(j, p->number, l->uid);
		/* What a UID stands for now can't be known where its content can't be had. */
		if (l->ill != ILL_NOT && uidset_has(&p->missing, l->uid))
			continue;
		if (m != NULL)
			check_letter(j, b, l, m, strict);
		else if (l->ill != ILL_NOT) {
			if (strict && !uidset_has(&p->missing, l->uid))
				complain(j, "%s: UID %u is not said to be "
				    "missing", b->wire, l->uid);
		} else if (strict || l->came_in != j->run)
			complain(j, "%s: UID %u is not in the vault", b->wire,
			    l->uid);
	}
}

static bool
was_there(const struct box *b, uint32_t uid, uint32_t run)
{
	size_t i;

	for (i = 0; i < b->gone_n; i++)
		if (b->gone[i].uid == uid && b->gone[i].gone_in == run)
			return true;
	return false;
}

/* What the vault says is on the server is there. */
static void
check_here(struct judge *j, const struct box *b, const struct kept_epoch *p,
    bool strict)
{
	size_t i;

	for (i = 0; i < j->messages_n; i++) {
		const struct kept_message *m = &j->messages[i];

		if (m->epoch != p->number || !m->live ||
		    box_letter(b, m->uid) != NULL)
			continue;
		if (strict || !was_there(b, m->uid, j->run))
			complain(j, "%s: UID %u is gone from the server, and "
			    "the vault doesn't know", b->wire, m->uid);
	}
	for (i = 0; strict && i < p->missing.n; i++)
		if (box_letter(b, p->missing.r[i].first) == NULL)
			complain(j, "%s: UID %u is said to be missing, and "
			    "is gone", b->wire, p->missing.r[i].first);
}

static void
check_facts(struct judge *j, const struct box *b, const struct kept_folder *f)
{
	struct buf wire = BUF_INIT(1000), out = BUF_INIT(1000);
	char id[32];

	world_attributes(b, j->w->features, &wire);
	flags_canon(buf_text(&wire), wire.n, &out);
	if (strcmp(buf_text(&out), f->attributes) != 0)
		complain(j, "%s: attributes '%s', not '%s'", b->wire,
		    buf_text(&out), f->attributes);
	if (f->subscribed != b->subscribed)
		complain(j, "%s: is %ssubscribed", b->wire,
		    b->subscribed ? "" : "not ");
	if (f->selectable == b->noselect)
		complain(j, "%s: can%s be opened", b->wire,
		    b->noselect ? "not" : "");
	snprintf(id, sizeof(id), "F%u", b->id);
	if (f->mailboxid != NULL && strcmp(f->mailboxid, id) != 0)
		complain(j, "%s: MAILBOXID %s, not %s", b->wire, id,
		    f->mailboxid);
	buf_release(&wire);
	buf_release(&out);
}

static void
check_box(struct judge *j, const struct box *b, bool strict)
{
	const struct kept_folder *f = folder_named(j, b->wire);
	const struct kept_epoch *p;

	if (f == NULL) {
		complain(j, "%s: not in the vault", b->wire);
		return;
	}
	check_facts(j, b, f);
	if (b->noselect)
		return;
	if ((p = newest_epoch(j, f->number)) == NULL) {
		complain(j, "%s: has no epoch", b->wire);
		return;
	}
	if (p->uidvalidity != (b->no_uidvalidity ? 0 : b->uidvalidity)) {
		complain(j, "%s: UIDVALIDITY %u, not %u", b->wire,
		    (unsigned int)b->uidvalidity,
		    (unsigned int)p->uidvalidity);
		return;
	}
	check_there(j, b, p, strict);
	check_here(j, b, p, strict);
}

/* Folders that the vault says are on the server. */
static void
check_folders(struct judge *j, bool strict)
{
	size_t i, k;

	for (i = 0; i < j->folders_n; i++) {
		const struct kept_folder *f = &j->folders[i];
		bool there = false;
		char *wire;

		if (f->gone)
			continue;
		for (k = 0; k < j->w->n; k++)
			if (folder_named(j, j->w->boxes[k]->wire) == f)
				there = true;
		wire = name_to_wire(f->name);
		if (!there && (strict || !world_died(j->w, wire, j->run)))
			complain(j, "%s: is gone, and the vault doesn't know",
			    wire);
		free(wire);
	}
}

void
judge_same(struct judge *j)
{
	size_t i;

	for (i = 0; i < j->w->n; i++)
		check_box(j, j->w->boxes[i], true);
	check_folders(j, true);
}

void
judge_fair(struct judge *j)
{
	size_t i;

	for (i = 0; i < j->w->n; i++)
		if (j->w->boxes[i]->touched_in != j->run)
			check_box(j, j->w->boxes[i], false);
	check_folders(j, false);
}

void
judge_delivered(struct judge *j, const struct uidset *contents)
{
	size_t i;
	uint32_t n;

	for (i = 0; i < contents->n; i++)
		for (n = contents->r[i].first; n <= contents->r[i].last; n++)
			if (!has_blob(j, &j->w->contents[n - 1].sha256, 0))
				complain(j, "content %u was delivered, and is "
				    "not in the vault", n - 1);
}

/* Messages of an epoch, of before this run, that are there, or went in it. */
static void
count_old(const struct judge *j, uint64_t epoch, size_t *live, size_t *gone)
{
	size_t i;

	*live = *gone = 0;
	for (i = 0; i < j->messages_n; i++) {
		const struct kept_message *m = &j->messages[i];

		if (m->epoch != epoch || m->came_in == j->run)
			continue;
		*live += m->live;
		*gone += !m->live && m->gone_in == j->run && !m->pruned;
	}
}

static size_t
count_live(const struct judge *j, uint64_t epoch)
{
	size_t i, n = 0;

	for (i = 0; i < j->messages_n; i++)
		n += j->messages[i].epoch == epoch && j->messages[i].live;
	return n;
}

static bool
shrunk_in(const struct judge *j, const struct kept_epoch *p)
{
	const struct kept_epoch *newest = newest_epoch(j, p->folder);
	size_t i, live, gone;

	count_old(j, p->number, &live, &gone);
	if (gone > 20 && gone >= live)
		return true;
	if (newest->number != p->number)
		return newest->begun_in == j->run &&
		    live > count_live(j, newest->number) + 20;
	for (i = 0; i < j->folders_n; i++)
		if (j->folders[i].number == p->folder &&
		    j->folders[i].gone && j->folders[i].gone_in == j->run)
			return live > 20;
	return false;
}

void
judge_live(const struct judge *j, uint64_t epoch, struct uidset *out)
{
	size_t i;

	for (i = 0; i < j->messages_n; i++)
		if (j->messages[i].epoch == epoch && j->messages[i].live)
			uidset_add(out, j->messages[i].uid);
}

bool
judge_shrunk(const struct judge *j)
{
	size_t i;

	for (i = 0; i < j->epochs_n; i++)
		if (shrunk_in(j, &j->epochs[i]))
			return true;
	return false;
}

bool
judge_ill(const struct judge *j)
{
	size_t i, k;

	for (i = 0; i < j->w->n; i++)
		for (k = 0; k < j->w->boxes[i]->n; k++) {
			const struct box *b = j->w->boxes[i];
			const struct kept_folder *f;
			const struct kept_epoch *p;
			size_t m;

			if (b->noselect || b->v[k].ill == ILL_NOT)
				continue;
			/* Taken in before it fell ill, it is not missed. */
			f = folder_named(j, b->wire);
			p = f == NULL ? NULL : newest_epoch(j, f->number);
			for (m = 0; p != NULL && m < j->messages_n; m++)
				if (j->messages[m].epoch == p->number &&
				    j->messages[m].uid == b->v[k].uid &&
				    j->messages[m].live)
					break;
			if (p == NULL || m == j->messages_n)
				return true;
		}
	return false;
}

uint64_t
judge_known(const struct judge *j, const struct box *b)
{
	const struct kept_folder *f = folder_named(j, b->wire);
	const struct kept_epoch *p;
	uint64_t next;
	size_t i;

	if (f == NULL || (p = newest_epoch(j, f->number)) == NULL ||
	    p->uidvalidity != b->uidvalidity)
		return 0;
	next = p->uidnext;
	for (i = 0; i < j->messages_n; i++)
		if (j->messages[i].epoch == p->number &&
		    j->messages[i].live && j->messages[i].uid >= next)
			next = (uint64_t)j->messages[i].uid + 1;
	return next;
}

bool
judge_sick(const struct judge *j)
{
	size_t i, k;

	for (i = 0; i < j->w->n; i++)
		for (k = 0; k < j->w->boxes[i]->n; k++)
			if (!j->w->boxes[i]->noselect &&
			    j->w->boxes[i]->v[k].ill != ILL_NOT)
				return true;
	return false;
}

/* ---- the catalog, and the packs ---- */

struct rows {
	struct judge	*j;
	size_t		 n;
};

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static int
check_row(void *arg, const struct known_message *k, struct err *e)
{
	struct rows *rows = arg;
	struct judge *j = rows->j;
	size_t i;

	(void)e;
	rows->n++;
	for (i = 0; i < j->messages_n; i++) {
		const struct kept_message *m = &j->messages[i];

		if (m->epoch == k->epoch && m->uid == k->uid && m->live &&
		    digest_equal(&m->sha256, &k->sha256) &&
		    m->folder == k->folder && m->size == k->size &&
		    strcmp(m->flags, k->flags) == 0 &&
		    same_text(m->labels, k->labels) &&
		    same_text(m->date, k->internaldate))
			return 0;
	}
	complain(j, "the catalog has a message of its own: folder %u, UID %u",
	    (unsigned int)k->folder, k->uid);
	return 0;
}

static int
swallow(void *arg, const void *p, size_t n, struct err *e)
{
	(void)arg, (void)p, (void)n, (void)e;
	return 0;
}

void
judge_catalog(struct judge *j, struct vault *v)
{
	struct sink nowhere = { swallow, NULL };
	struct rows rows = { j, 0 };
	struct err e = { .kind = EK_NONE };
	size_t i, live = 0;

	for (i = 0; i < j->messages_n; i++) {
		const struct kept_message *m = &j->messages[i];

		live += m->live && !find_folder(j, m->folder)->gone &&
		    newest_epoch(j, m->folder)->number == m->epoch;
	}
	if (catalog_messages(vault_catalog(v), 0, CATALOG_NOW, false,
	    check_row, &rows, &e) != 0)
		complain(j, "the catalog: %s", e.text);
	if (rows.n != live)
		complain(j, "the catalog knows %zu messages, the manifests "
		    "%zu", rows.n, live);
	meant_catalog(j, v);
	for (i = 0; i < j->blobs_n; i++)
		if (vault_read(v, &j->blobs[i].sha256, &nowhere, &e) == -1)
			complain(j, "can't be read: %s", e.text);
}

/*
 * sift.c - what may go: each chosen folder is listed, and each message of it judged by what the server says of it and
 * what the vault has.
 *
 * A folder is one of the vault that the server lists under the same name, MAILBOXID and UIDVALIDITY; whatever of that
 * is not so leaves all of it alone.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/pruning.h"
#include "mail/decode.h"
#include "mail/flags.h"
#include "mail/name.h"

/* A message as the server lists it. */
struct sifted {
	uint64_t	 size;		/* UINT64_MAX: not told */
	int64_t		 date;		/* LISTED_NO_DATE: not told */
	uint32_t	 uid;
	uint32_t	 flags, labels;	/* interned; 0: not told */
	bool		 saved;		/* the vault has it */
};

struct sieve {
	struct prune	*p;
	struct look_box	*looks;		/* own */
	size_t		 looks_n;
	/* the folder being listed */
	struct prune_box *box;
	uint64_t	 met;		/* folders of the server that the vault has */
	bool		 trash_named;	/* somebody asked for the folder where all is moved */
	struct sifted	*v;		/* own */
	size_t		 n, cap;
	size_t		 next;		/* the first that the vault was not asked for */
	int64_t		 newest;	/* those not before it are the last ones */
	bool		*matched;	/* own; for each pattern: some folder is called so */
};

/* ---- the folders ---- */

static int
by_name(const void *a, const void *b)
{
	const struct prune_box *x = a, *y = b;
	bool first = strcmp(x->name, "INBOX") == 0;

	if (first != (strcmp(y->name, "INBOX") == 0))
		return first ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Why a folder that the vault knows is not the one that the server has, or NULL. */
static const char *
stranger(const struct rec_folder *f, const struct mail_box *box)
{
	if (box == NULL)
		return "the server does not list it";
	if (!box->selectable)
		return "it can't be opened";
	if (f->mailboxid != NULL && box->mailboxid != NULL &&
	    strcmp(f->mailboxid, box->mailboxid) != 0)
		return "it is another folder of the same name (MAILBOXID)";
	return NULL;
}

static bool
is_backed_up(const struct prune *p, const struct mail_box *box)
{
	const struct account *a = p->o->account;
	const char *why;

	return policy_select((const char *const *)a->folders.v, a->folders.n,
	    a->shared, box, &why);
}

static bool
is_chosen(struct sieve *s, const struct mail_box *box, uint64_t folder)
{
	const struct job_prune_opts *o = s->p->o;
	const char *why;
	size_t i;

	for (i = 0; i < o->folders_n; i++)
		if (name_match(o->folders[i] + (o->folders[i][0] == '!'),
		    box->name, box->delimiter))
			s->matched[i] = true;
	/* What is in the trash need not be moved there. */
	if (o->to_trash && s->p->trash != NULL &&
	    strcmp(s->p->trash, box->name) == 0) {
		for (i = 0; i < o->folders_n; i++)
			s->trash_named |= strcmp(o->folders[i], box->name) ==
			    0;
		return false;
	}
	/* A list names its folders. */
	if (o->execute != NULL && o->folders_n == 0)
		return is_backed_up(s->p, box) && outline_names(s->p, folder);
	return is_backed_up(s->p, box) && policy_prune_folder(o->folders,
	    o->folders_n, o->account->shared, box, &why);
}

/* A folder of the vault: noted where something may go, or where an intent is open. */
static int
take_folder(void *arg, const struct known_folder *k, struct err *e)
{
	struct sieve *s = arg;
	struct prune *p = s->p;
	const struct rec_folder *f = &k->facts;
	const struct mail_box then = { .name = (char *)f->name,
	    .attributes = (char *)f->attributes, .delimiter = f->delimiter,
	    .space = f->space, .selectable = f->selectable }, *box;
	struct prune_box *b;
	const char *why;

	(void)e;
	if (f->gone || k->epoch == 0 || f->space == MAIL_IMPORTED)
		return 0;
	box = plan_box(&p->boxes, f->name);
	why = stranger(f, box);
	s->met += box != NULL && is_backed_up(p, box);
	p->folders = mem_grow(p->folders, &p->folders_cap, p->folders_n + 1,
	    sizeof(*p->folders));
	b = &p->folders[p->folders_n++];
	*b = (struct prune_box){ .name = xstrdup(f->name),
	    .folder = f->folder,
	    .mailboxid = f->mailboxid == NULL ? NULL : xstrdup(f->mailboxid),
	    .wire = why != NULL ? NULL : xstrdup(box->wire),
	    .why = why == NULL ? NULL : xstrdup(why),
	    .chosen = is_chosen(s, box == NULL ? &then : box, f->folder),
	    .role = policy_role(box == NULL ? f->attributes :
	    box->attributes) };
	b->failed = why != NULL && b->chosen;
	return 0;
}

static int
check_patterns(const struct sieve *s, struct err *e)
{
	const struct job_prune_opts *o = s->p->o;
	size_t i;

	if (s->trash_named)
		return err_set(e, EK_USAGE, "the trash is where messages are "
		    "moved to: it can't be one of the folders");
	for (i = 0; i < o->folders_n; i++)
		if (!s->matched[i]) {
			err_set(e, EK_USAGE, "the vault has no folder '%s'",
			    o->folders[i] + (o->folders[i][0] == '!'));
			return err_next(e, "mailkeep folders shows what there "
			    "is; in a name, * stands for any text");
		}
	return 0;
}

static int
count_intents(void *arg, const struct known_intent *k, struct err *e)
{
	uint64_t *n = arg;

	(void)k, (void)e;
	++*n;
	return 0;
}

/* Those that need not be looked at are forgotten. */
static int
choose_folders(struct sieve *s, struct err *e)
{
	struct prune *p = s->p;
	uint64_t intents = 0;
	size_t i, n = 0;

	s->matched = xcalloc(p->o->folders_n + 1, sizeof(*s->matched));
	if (catalog_folders(p->catalog, CATALOG_NOW, take_folder, s, e) == -1 ||
	    check_patterns(s, e) == -1)
		return -1;
	for (i = 0; i < p->boxes.n; i++)
		p->plan->unsaved += is_backed_up(p, &p->boxes.v[i]);
	p->plan->unsaved -= s->met < p->plan->unsaved ? s->met :
	    p->plan->unsaved;
	for (i = 0; i < p->folders_n; i++) {
		struct prune_box *b = &p->folders[i];

		if (catalog_epoch(p->catalog, b->folder, &b->known, e) == -1 ||
		    intents_load(p->catalog, b->known.epoch, &b->open, e) ==
		    -1)
			return -1;
		b->unsettled = b->open.n > 0;
		uidset_add_set(&b->earlier, &b->open.all);
		p->plan->open += uidset_count(&b->open.all);
		n += b->open.n;
	}
	if (catalog_intents(p->catalog, 0, count_intents, &intents, e) == -1)
		return -1;
	p->stale = intents > n;
	n = 0;
	for (i = 0; i < p->folders_n; i++) {
		struct prune_box *b = &p->folders[i];

		if (b->chosen || b->unsettled) {
			p->folders[n++] = *b;
			continue;
		}
		free(b->name);
		free(b->wire);
		free(b->mailboxid);
		free(b->why);
		intents_release(&b->open);
		uidset_release(&b->earlier);
	}
	p->folders_n = n;
	if (n > 0)
		qsort(p->folders, n, sizeof(*p->folders), by_name);
	return 0;
}

/* ---- the listing ---- */

static void
say_why(struct prune_box *b, bool failed, const char *why)
{
	free(b->why);
	b->why = xstrdup(why);
	b->failed = failed;
}

static int
list_opened(void *arg, struct look_box *lb, const struct imap_event *ev,
    struct err *e)
{
	struct sieve *s = arg;
	struct prune_box *b = lb->of;
	const char *why = prune_stranger(b, ev);

	(void)e;
	s->n = 0;
	b->messages = ev->box.exists;
	if (why != NULL)
		say_why(b, true, why);
	return why == NULL;
}

static int
listed(void *arg, struct look_box *lb, const struct mail_meta *m,
    struct err *e)
{
	struct sieve *s = arg;
	struct sifted *f;

	(void)lb;
	s->v = mem_grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	f = &s->v[s->n++];
	*f = (struct sifted){ .uid = m->uid,
	    .size = m->has_size ? m->size : UINT64_MAX,
	    .date = m->has_date ? m->date : LISTED_NO_DATE };
	if (intern_put(s->p->texts, m->flags, &f->flags) == -1 ||
	    intern_put(s->p->texts, m->labels, &f->labels) == -1)
		return err_set(e, EK_PROTO, "the server tells of too many "
		    "different sets of flags");
	if (s->n % 1024 == 0)
		prune_progress(s->p, "looking at the server", lb->of,
		    s->n, lb->exists);
	return cancel_check(e);
}

static int
by_uid(const void *a, const void *b)
{
	const struct sifted *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

/*
 * In the order of UIDs.  Of one that was listed more than once the facts that are told alike are known, the others are
 * not.
 */
static void
sort_listing(struct sieve *s)
{
	size_t i, n = 0;

	for (i = 1; i < s->n && s->v[i - 1].uid < s->v[i].uid; i++)
		;
	if (i >= s->n)
		return;
	qsort(s->v, s->n, sizeof(*s->v), by_uid);
	for (i = 0; i < s->n; i++) {
		struct sifted *to = n == 0 ? NULL : &s->v[n - 1];

		if (to == NULL || to->uid != s->v[i].uid) {
			s->v[n++] = s->v[i];
			continue;
		}
		if (to->size != s->v[i].size)
			to->size = UINT64_MAX;
		if (to->date != s->v[i].date)
			to->date = LISTED_NO_DATE;
		if (to->flags != s->v[i].flags)
			to->flags = 0;
		if (to->labels != s->v[i].labels)
			to->labels = 0;
	}
	s->n = n;
}

/* ---- years ---- */

static uint16_t
year_of(int64_t date)
{
	time_t t = (time_t)date;
	struct tm tm;

	if (date == LISTED_NO_DATE || localtime_r(&t, &tm) == NULL ||
	    tm.tm_year < -1899 || tm.tm_year > 8099)
		return 0;
	return (uint16_t)(tm.tm_year + 1900);
}

static struct job_prune_year *
year_row(struct prune_box *b, int year)
{
	size_t i = 0;

	while (i < b->years_n && b->years[i].year < year)
		i++;
	if (i < b->years_n && b->years[i].year == year)
		return &b->years[i];
	b->years = mem_grow(b->years, &b->years_cap, b->years_n + 1,
	    sizeof(*b->years));
	memmove(&b->years[i + 1], &b->years[i],
	    (b->years_n - i) * sizeof(*b->years));
	b->years_n++;
	b->years[i] = (struct job_prune_year){ .year = year };
	return &b->years[i];
}

static void
count_years(struct sieve *s)
{
	struct prune_box *b = s->box;
	size_t i;

	b->messages = s->n;
	b->bytes = 0;
	for (i = 0; i < s->n; i++) {
		struct job_prune_year *y = year_row(b, year_of(s->v[i].date));
		uint64_t size = s->v[i].size == UINT64_MAX ? 0 : s->v[i].size;

		y->messages++;
		y->bytes += size;
		b->bytes += size;
	}
}

static int64_t
find_newest(const struct sieve *s)
{
	uint64_t keep = s->p->o->policy.keep_last;
	int64_t *dates, newest;
	size_t i;

	if (keep == 0)
		return INT64_MAX;
	dates = xcalloc(s->n + 1, sizeof(*dates));
	for (i = 0; i < s->n; i++)
		dates[i] = s->v[i].date;
	newest = policy_prune_newest(dates, s->n, keep);
	free(dates);
	return newest;
}

/* ---- each message ---- */

void
sift_facts(const struct prune_box *b, const struct known_message *m,
    const char *flags, bool whole, struct prune_facts *out)
{
	*out = (struct prune_facts){ .role = b->role, .flags = flags,
	    .saved = true, .saved_date = m->date,
	    .has_saved_date = m->has_date, .saved_size = m->size,
	    .size_matters = !whole, .ours = uidset_has(&b->open.ours, m->uid) };
}

/* Gmail: a label is the folder of that name, or one of its own. */
static bool
is_label_of(const struct prune *p, const char *label, const char *box)
{
	static const struct { const char *label, *use; } own[] = {
		{ "\\Sent", "\\Sent" }, { "\\Draft", "\\Drafts" },
		{ "\\Drafts", "\\Drafts" }, { "\\Trash", "\\Trash" },
		{ "\\Spam", "\\Junk" }, { "\\Junk", "\\Junk" },
	};
	const struct mail_box *at = plan_box(&p->boxes, box);
	const char *use = at == NULL ? NULL : mail_special_use(at->attributes);
	char *name;
	bool same;
	size_t i;

	if (strcmp(label, "\\Inbox") == 0)
		return strcmp(box, "INBOX") == 0;
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(label, own[i].label) == 0)
			return use != NULL && strcmp(use, own[i].use) == 0;
	name = name_from_wire(label);
	same = strcmp(name, box) == 0;
	free(name);
	return same;
}

/* Gmail: into the trash a message goes from all its folders, so they all must be chosen. */
bool
sift_other_labels(const struct prune *p, const char *labels)
{
	bool other = false;
	size_t n, i;

	if (labels == NULL)
		return true;
	for (; *labels != '\0' && !other; labels += n + (labels[n] != '\0')) {
		char *label = xmemdup0(labels, n = strcspn(labels, "\n"));

		other = strcmp(label, "\\Important") != 0;
		for (i = 0; other && i < p->folders_n; i++)
			if (p->folders[i].chosen &&
			    is_label_of(p, label, p->folders[i].name))
				other = false;
		free(label);
	}
	return other;
}

static enum policy_keep
judge(struct sieve *s, const struct known_message *m, const struct sifted *f)
{
	const struct policy_prune *policy = &s->p->o->policy;
	bool whole = s->p->o->compare_full || m->by_emailid, reads;
	char *text[3] = { NULL, NULL, NULL };
	struct prune_facts facts;
	enum policy_keep keep;
	size_t i;

	sift_facts(s->box, m, intern_text(s->p->texts, f->flags), whole,
	    &facts);
	facts.date = f->date;
	facts.has_date = f->date != LISTED_NO_DATE;
	facts.size = f->size;
	facts.has_size = f->size != UINT64_MAX;
	facts.newest = f->date >= s->newest;
	reads = policy_prune_reads(policy) && m->has_headers;
	if (reads) {
		facts.has_header = true;
		facts.from = text[0] = decode_text(m->header[HEADER_FROM]);
		facts.to = text[1] = decode_text(m->header[HEADER_TO]);
		facts.subject = text[2] =
		    decode_text(m->header[HEADER_SUBJECT]);
	}
	keep = policy_prune_message(policy, &facts);
	for (i = 0; i < 3; i++)
		free(text[i]);
	if (keep == KEEP_NOT && m->has_headers &&
	    policy_standin(m->header[HEADER_FROM], m->header[HEADER_SUBJECT]))
		return KEEP_STANDIN;
	if (keep == KEEP_NOT && s->p->gmail && s->box->role == ROLE_NONE &&
	    sift_other_labels(s->p, intern_text(s->p->texts, f->labels)))
		return KEEP_LABELS;
	return keep;
}

/* A message of the list that is carried out may not go any more. */
static int
tell_listed(struct sieve *s, const struct known_message *m, const char *why,
    struct err *e)
{
	struct cand at = { .uid = m->uid };

	return picks_add(&s->p->picks, m, &at.at, e) == -1 ? -1 :
	    prune_found(s->p, PRUNE_LISTED, s->box, &at, why, e);
}

/* Whether the list that is carried out, if there is one, has this message. */
static int
is_listed(struct sieve *s, const struct known_message *m, bool *out,
    struct err *e)
{
	struct listed_line *l;

	*out = true;
	if (s->p->o->execute == NULL)
		return 0;
	*out = false;
	l = outline_find(s->p, m->folder, m->uid);
	if (l == NULL)
		return 0;
	l->met = true;
	*out = l->uidvalidity == m->uidvalidity &&
	    digest_equal(&l->sha256, &m->sha256);
	if (*out)
		return 0;
	return tell_listed(s, m, l->uidvalidity != m->uidvalidity ?
	    "the list means another UIDVALIDITY" :
	    "the list means another content", e);
}

static int
add_cand(struct sieve *s, const struct known_message *m,
    const struct sifted *f, struct err *e)
{
	struct prune *p = s->p;
	struct cand *c;

	if (s->box->n == 0)
		s->box->first = p->n;
	p->cands = mem_grow(p->cands, &p->cap, p->n + 1, sizeof(*p->cands));
	c = &p->cands[p->n++];
	*c = (struct cand){ .uid = f->uid, .size = f->size, .date = f->date,
	    .year = year_of(f->date),
	    .whole = p->o->compare_full || m->by_emailid };
	s->box->n++;
	return picks_add(&p->picks, m, &c->at, e);
}

/* A message of the vault, in the order of UIDs. */
static int
sift_message(void *arg, const struct known_message *m, struct err *e)
{
	struct sieve *s = arg;
	enum policy_keep keep;
	struct sifted *f;
	bool asked;

	if (m->epoch != s->box->known.epoch)
		return 0;
	while (s->next < s->n && s->v[s->next].uid < m->uid)
		s->next++;
	f = s->next < s->n ? &s->v[s->next] : NULL;
	if (f == NULL || f->uid != m->uid) {
		s->box->vanished += !uidset_has(&s->box->open.all, m->uid);
		return 0;
	}
	f->saved = true;
	if (is_listed(s, m, &asked, e) == -1)
		return -1;
	keep = !asked ? KEEP_NOT_CHOSEN : judge(s, m, f);
	if (keep == KEEP_NOT)
		return add_cand(s, m, f, e);
	s->box->kept[keep]++;
	if (keep == KEEP_YOUNG)
		s->box->young_bytes += f->size;
	if (s->p->o->execute == NULL || !asked || policy_keep_is_guard(keep))
		return 0;
	return tell_listed(s, m, policy_keep_words(keep), e);
}

/* What keeps a folder's listing from being believed, to be freed; or NULL. */
static char *
doubt(const struct sieve *s, const struct look_box *lb)
{
	uint64_t least = lb->exists - (lb->expunged < lb->exists ?
	    lb->expunged : lb->exists);

	if (lb->refused || !lb->opened)
		return xstrdup(lb->why == NULL ? "it can't be looked at" :
		    lb->why);
	if (lb->unreadable > 0)
		return xasprintf("%" PRIu64 " of the server's answers can't "
		    "be understood", lb->unreadable);
	if (s->n < least)
		return xasprintf("the server says that it has %" PRIu64
		    " messages, and lists %zu", least, s->n);
	return NULL;
}

static int
list_done(void *arg, struct look_box *lb, struct err *e)
{
	struct sieve *s = arg;
	struct prune_box *b = lb->of;
	char *why;
	size_t i;

	if (lb->left)
		return 0;
	s->box = b;
	sort_listing(s);
	if ((why = doubt(s, lb)) != NULL) {
		say_why(b, true, why);
		free(why);
		return 0;
	}
	count_years(s);
	s->next = 0;
	s->newest = find_newest(s);
	if (b->chosen && catalog_messages(s->p->catalog, b->folder,
	    CATALOG_NOW, false, sift_message, s, e) == -1)
		return -1;
	for (i = 0; i < s->n; i++)
		b->kept[KEEP_NOT_SAVED] += !s->v[i].saved;
	s->n = 0;
	return 0;
}

static int
list_all(struct sieve *s, struct err *e)
{
	struct prune *p = s->p;
	const struct look_handler h = { .opened = list_opened,
	    .listed = listed, .done = list_done, .arg = s };
	size_t i;
	int rc;

	s->looks = xcalloc(p->folders_n + 1, sizeof(*s->looks));
	for (i = 0; i < p->folders_n; i++) {
		struct prune_box *b = &p->folders[i];

		if (b->wire != NULL && b->chosen)
			s->looks[s->looks_n++] = (struct look_box){
			    .wire = b->wire, .of = b, .what = LOOK_LIST,
			    .items = IMAP_FLAGS | IMAP_DATE |
			    (p->gmail ? IMAP_LABELS : 0) };
	}
	rc = s->looks_n == 0 ? 0 : look_run(p->look, s->looks, s->looks_n, &h,
	    e);
	for (i = 0; i < s->looks_n; i++)
		look_box_release(&s->looks[i]);
	return rc;
}

static bool
was_looked_at(const struct prune *p, uint64_t folder)
{
	size_t i;

	for (i = 0; i < p->folders_n; i++)
		if (p->folders[i].folder == folder)
			return p->folders[i].chosen && !p->folders[i].failed;
	return false;
}

/* What of the list was not met: it is gone, which is well, or nobody looked for it. */
static void
tell_unmet(struct prune *p)
{
	uint64_t gone = 0, unseen = 0;
	size_t i;

	for (i = 0; i < p->lines_n; i++) {
		if (p->lines[i].met)
			continue;
		if (was_looked_at(p, p->lines[i].folder))
			gone++;
		else
			unseen++;
	}
	if (gone > 0)
		prune_note(p, "%" PRIu64 " message%s of the list %s not on "
		    "the server any more", gone, gone == 1 ? "" : "s",
		    gone == 1 ? "is" : "are");
	if (unseen == 0)
		return;
	prune_note(p, "%" PRIu64 " message%s of the list %s in folders that "
	    "were not looked at", unseen, unseen == 1 ? "" : "s",
	    unseen == 1 ? "is" : "are");
	p->faults++;
	if (p->fault == NULL)
		p->fault = xstrdup("messages of the list are in folders that "
		    "were not looked at");
}

int
sift_all(struct prune *p, struct err *e)
{
	struct sieve s = { .p = p };
	int rc;

	if (policy_prune_reads(&p->o->policy) &&
	    vault_fill_headers(p->v, e) == -1)
		return -1;
	rc = choose_folders(&s, e);
	if (rc == 0)
		rc = list_all(&s, e);
	if (rc == 0)
		tell_unmet(p);
	free(s.looks);
	free(s.v);
	free(s.matched);
	return rc;
}

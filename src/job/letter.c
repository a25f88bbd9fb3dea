/*
 * letter.c - see letter.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/mem.h"
#include "job/letter.h"
#include "mail/flags.h"

#define SPOOL_MEMORY	(4 * 1024 * 1024)	/* a larger message goes through a file */

void
letter_init(struct letter *l, struct restore *r)
{
	memset(l, 0, sizeof(*l));
	l->r = r;
	spool_init(&l->spool, SPOOL_MEMORY, r->dir);
	spool_init(&l->cured, SPOOL_MEMORY, r->dir);
	buf_init(&l->flags, FLAGS_MAX_TEXT + 1);
	buf_init(&l->dropped, FLAGS_MAX_TEXT + 1);
}

void
letter_release(struct letter *l)
{
	spool_release(&l->spool);
	spool_release(&l->cured);
	buf_release(&l->flags);
	buf_release(&l->dropped);
}

int
letter_load(struct letter *l, struct item *i, const struct known_message *m,
    struct err *e)
{
	const struct sink to = spool_sink(&l->spool);
	struct digest sha256 = m->sha256;
	struct err why;

	spool_clear(&l->spool);
	if (vault_read(l->r->v, &sha256, &to, &why) == 0)
		return cancel_check(e) == -1 ? -1 : 1;
	/* A shortage is no damage. */
	if (why.kind != EK_CORRUPT && why.sys != EIO) {
		*e = why;
		return -1;
	}
	i->state = ITEM_DAMAGED;
	if (restore_found(l->r, RESTORE_DAMAGED, true, i, why.text, e) == -1)
		return -1;
	return 0;
}

static int
feed_repair(void *arg, const void *p, size_t n, struct err *e)
{
	return defect_repair_feed(arg, p, n, e);
}

int
letter_cure(struct letter *l, struct defects *done, struct err *e)
{
	struct defect_cure how;
	struct defect_repair repair;
	struct sink out = spool_sink(&l->cured);
	const struct sink in = { feed_repair, &repair };
	const struct source from = spool_source(&l->spool);

	spool_clear(&l->cured);
	/* Nothing at all is what Dovecot refuses. */
	if (l->spool.n == 0) {
		memset(done, 0, sizeof(*done));
		done->unended = true;
		return sink_write(&out, "\r\n", 2, e);
	}
	policy_cure(l->r->taste, &how);
	defect_repair_begin(&repair, &how, &out);
	if (source_pour(&from, &in, e) == -1 ||
	    defect_repair_end(&repair, e) == -1)
		return -1;
	*done = repair.done;
	return 0;
}

/* Without what begins with no backslash. */
static void
drop_keywords(struct buf *flags)
{
	char *text = xstrdup(buf_text(flags));
	const char *rest = text, *p;
	size_t n;

	buf_clear(flags);
	while ((p = flags_next(&rest, &n)) != NULL) {
		if (*p != '\\')
			continue;
		if (flags->n > 0)
			buf_addc(flags, ' ');
		buf_add(flags, p, n);
	}
	free(text);
}

int
letter_flags(struct letter *l, const struct item *i,
    const struct known_message *m, struct err *e)
{
	const struct folder_to *f = restore_folder(l->r, i);

	buf_clear(&l->flags);
	buf_clear(&l->dropped);
	if (policy_flags(m->flags, f->permanent, l->r->o->deleted,
	    &l->flags, &l->dropped) == -1)
		return err_set(e, EK_CORRUPT, "a message has too many flags");
	if (way_is_bare(i->way))
		drop_keywords(&l->flags);
	return 0;
}

const char *
letter_date(const struct item *i, const struct known_message *m,
    char out[DATE_MAX_RAW])
{
	static const char *const form = "99-aaa-9999 99:99:99 +9999";
	const char *p = m->internaldate, *f = form;
	int64_t t;

	if (!m->has_date || way_is_dateless(i->way))
		return NULL;
	for (; p != NULL && *f != '\0' && *p != '\0'; f++, p++)
		if (*f == '9' ? *p < '0' || *p > '9' :
		    *f == 'a' ? (*p | 32) < 'a' || (*p | 32) > 'z' :
		    *f == '+' ? *p != '+' && *p != '-' : *p != *f)
			break;
	if (p != NULL && *f == '\0' && *p == '\0' &&
	    date_parse(m->internaldate, strlen(m->internaldate), &t) == 0)
		return m->internaldate;
	return date_format(out, m->date);
}

/*
 * sync.c - how to bring what is known of a folder up to date.
 */
#include <string.h>
#include <strings.h>

#include "policy/policy.h"

/* Messages that one FETCH of a range should bring: enough to fill the line, few enough that a refusal costs little. */
#define CHUNK_MESSAGES	500

bool
policy_same_epoch(const struct known_epoch *k, const struct mail_state *box)
{
	return k != NULL && k->uidvalidity == box->uidvalidity;
}

/* Nothing known that would be of use. */
static void
visit_anew(const struct mail_state *st, const struct policy_server *server,
    struct policy_visit *v)
{
	v->compare = COMPARE_NONE;
	v->full = true;
	v->list_first = server->ids;
	v->first = 1;
	v->last = POLICY_UID_END;
	/* An empty folder needs its facts, not its messages. */
	if (st->has_exists && st->exists == 0)
		v->first = 0;
}

/*
 * UIDs that were given are given again: UIDNEXT is lower than it was, or than the UID of a message that we think is
 * there (mail that came while the last run was looking is above the UIDNEXT of its state, and so is what a run that
 * broke off has fetched).
 */
static bool
went_back(const struct known_epoch *k, const struct mail_state *st)
{
	return st->uidnext != 0 && (st->uidnext <= k->max_live ||
	    (k->has_state && st->uidnext < k->uidnext));
}

/* The last complete state and what STATUS says are the same in all four figures. */
static bool
unchanged(const struct known_epoch *k, const struct mail_state *st)
{
	return k->has_state && k->complete && k->missing == 0 &&
	    k->highestmodseq != 0 && st->has_exists &&
	    st->uidvalidity == k->uidvalidity &&
	    st->uidnext == k->uidnext &&
	    st->highestmodseq == k->highestmodseq && st->exists == k->exists;
}

/*
 * Only dates tell that UIDs were given anew where the server keeps no count of changes, or one that went back, as it
 * does when a server was set back to an older copy of itself: new mail may have brought UIDNEXT to where it was.
 */
static bool
needs_dates(const struct known_epoch *k, const struct mail_state *st,
    const struct policy_server *server)
{
	return !server->condstore || k->highestmodseq == 0 ||
	    (st->has_exists && st->highestmodseq < k->highestmodseq);
}

/* The bodies that are new by their UIDs. */
static void
want_new(const struct known_epoch *k, struct policy_visit *v)
{
	uint64_t from = (uint64_t)k->max_live + 1;

	if (k->has_state && k->uidnext > from)
		from = k->uidnext;
	if (from > POLICY_UID_END)
		return;
	v->first = (uint32_t)from;
	v->last = POLICY_UID_END;
}

void
policy_visit(const struct known_epoch *k, const struct mail_state *st,
    const struct policy_server *server, int64_t full_before,
    struct policy_visit *v)
{
	memset(v, 0, sizeof(*v));
	if (k == NULL) {
		v->why = "first backup of this folder";
		visit_anew(st, server, v);
		return;
	}
	if (st->uidvalidity != 0 && st->uidvalidity != k->uidvalidity) {
		v->why = "UIDVALIDITY changed";
		v->new_epoch = true;
		visit_anew(st, server, v);
		return;
	}
	v->list_first = server->ids;
	v->dates = needs_dates(k, st, server);
	v->ask_missing = k->missing > 0;
	if (k->uidvalidity == 0) {
		v->why = "the server gives no UIDVALIDITY";
		visit_anew(st, server, v);
		v->compare = COMPARE_CONTENT;
		v->list_first = false;
		return;
	}
	if (went_back(k, st)) {
		v->why = "UIDNEXT went back";
		visit_anew(st, server, v);
		v->compare = COMPARE_CONTENT;
		v->list_first = false;
		return;
	}
	if (!k->has_state || !k->complete) {
		v->compare = COMPARE_ALL;
		v->full = true;
		v->why = "the last backup of this folder was not finished";
		/* What it lacks may be anywhere: only the listing tells. */
		v->list_first = true;
		return;
	}
	if (k->full_time <= full_before) {
		v->compare = COMPARE_ALL;
		v->full = v->dates = true;
		v->why = "a full comparison is due";
	} else if (unchanged(k, st)) {
		v->skip = true;
		v->why = "unchanged";
		return;
	} else if (st->highestmodseq != 0 &&
	    st->highestmodseq < k->highestmodseq) {
		v->compare = COMPARE_ALL;
		v->full = true;
		v->why = "HIGHESTMODSEQ went back";
	} else if (k->highestmodseq != 0 && server->qresync) {
		v->compare = COMPARE_RESYNC;
		v->why = "it changed";
	} else if (k->highestmodseq != 0 && server->condstore) {
		v->compare = COMPARE_CHANGES;
		v->why = "it changed";
	} else {
		v->compare = COMPARE_ALL;
		v->full = true;
		v->why = "the server does not tell what changed";
	}
	want_new(k, v);
}

void
policy_by_content(struct policy_visit *v)
{
	memset(v, 0, sizeof(*v));
	v->full = true;
	v->why = "UIDs may stand for other messages than before";
	v->compare = COMPARE_CONTENT;
	v->first = 1;
	v->last = POLICY_UID_END;
}

void
policy_again(const struct known_epoch *k, const struct mail_state *box,
    const struct policy_server *server, struct policy_visit *v)
{
	if (k != NULL && ((k->uidvalidity == 0 && box->uidvalidity == 0) ||
	    (k->uidvalidity == box->uidvalidity && went_back(k, box)))) {
		policy_by_content(v);
		return;
	}
	memset(v, 0, sizeof(*v));
	v->full = true;
	v->why = "the figures did not add up";
	v->compare = k == NULL || k->live == 0 ? COMPARE_NONE : COMPARE_ALL;
	v->dates = box->highestmodseq == 0 || (k != NULL &&
	    needs_dates(k, box, server));
	v->list_first = true;
}

bool
policy_adds_up(const struct policy_tally *t)
{
	uint64_t kept;

	if (t->gone > t->known)
		return false;
	kept = t->known - t->gone + t->lacking;
	return kept + t->added == t->exists || kept + t->below == t->opened;
}

bool
policy_shrunk(uint64_t known, uint64_t gone)
{
	return gone > 20 && gone > known / 2;
}

bool
policy_standin(const char *from, const char *subject)
{
	static const char text[] = "Retrieval using the IMAP4 protocol failed "
	    "for the following message";

	return strcasestr(from, "Microsoft Exchange") != NULL &&
	    strncasecmp(subject, text, sizeof(text) - 1) == 0;
}

unsigned int
policy_pause(unsigned int attempt)
{
	static const unsigned int seconds[] = { 1, 3, 10, 30 };

	return attempt == 0 || attempt > sizeof(seconds) / sizeof(seconds[0]) ?
	    0 : seconds[attempt - 1];
}

uint32_t
policy_chunk(const struct mail_state *st)
{
	uint64_t span;

	if (!st->has_exists || st->exists == 0 || st->uidnext == 0)
		return CHUNK_MESSAGES;
	span = st->uidnext / st->exists * CHUNK_MESSAGES;
	if (span < CHUNK_MESSAGES)
		span = CHUNK_MESSAGES;
	return span > UID_MAX ? UID_MAX : (uint32_t)span;
}

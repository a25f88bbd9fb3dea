/*
 * findings.c - see findings.h.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "cmd/findings.h"

struct findings {
	struct remarks	*remarks;	/* own */
	/* Messages that were repaired, in the order of coming. */
	struct { uint64_t commit, line; } *fixed;	/* own */
	size_t		 fixed_n, fixed_cap, fixed_at;
};

/* What befell a message, or several; the word that JSON has for it. */
static const struct {
	const char *word, *one, *several;
} kinds[RESTORE_KINDS] = {
	[RESTORE_LEFT] = { "left", "is left out", "are left out" },
	[RESTORE_REFUSED] = { "refused", "was refused", "were refused" },
	[RESTORE_DAMAGED] = { "damaged", "can't be read", "can't be read" },
	[RESTORE_MISSING] = { "missing", "is missing", "are missing" },
	[RESTORE_CHANGED] = { "changed", "is there with other bytes",
	    "are there with other bytes" },
	[RESTORE_FLAGS] = { "flags", "is there with other flags",
	    "are there with other flags" },
	[RESTORE_DATE] = { "date", "is there with another date",
	    "are there with another date" },
	[RESTORE_WITHOUT] = { "without", "was taken",
	    "were taken without some flag or their date" },
	[RESTORE_FIXED] = { "fixed", "was repaired", "were repaired" },
	[RESTORE_FOLDER] = { "folder", "is left out", "are left out" },
};

struct findings *
findings_new(struct ui *ui)
{
	struct findings *f = xcalloc(1, sizeof(*f));

	f->remarks = remarks_new(ui);
	return f;
}

void
findings_rest(struct findings *f)
{
	remarks_rest(f->remarks);
}

void
findings_free(struct findings **fp)
{
	remarks_free(&(*fp)->remarks);
	free((*fp)->fixed);
	free(*fp);
	*fp = NULL;
}

static void
note_fixed(struct findings *f, const struct known_message *m)
{
	f->fixed = mem_grow(f->fixed, &f->fixed_cap, f->fixed_n + 1,
	    sizeof(*f->fixed));
	f->fixed[f->fixed_n].commit = m->commit;
	f->fixed[f->fixed_n++].line = m->line;
}

/* That its copy has other bytes is known then.  They are asked for nearly in the order in which they came. */
static bool
was_fixed(struct findings *f, const struct known_message *m)
{
	size_t i;

	for (i = 0; i < f->fixed_n; i++) {
		f->fixed_at = f->fixed_at + 1 < f->fixed_n ?
		    f->fixed_at + 1 : 0;
		if (f->fixed[f->fixed_at].commit == m->commit &&
		    f->fixed[f->fixed_at].line == m->line)
			return true;
	}
	return false;
}

void
findings_tell(struct findings *f, const struct job_restore_finding *found)
{
	const struct known_message *of = found->message;
	bool silent = false;

	if (found->kind == RESTORE_FIXED && of != NULL)
		note_fixed(f, of);
	else if (found->kind == RESTORE_CHANGED && !found->fault && of != NULL)
		silent = was_fixed(f, of);
	remarks_add(f->remarks, &(struct remark){
	    .word = kinds[found->kind].word, .one = kinds[found->kind].one,
	    .several = kinds[found->kind].several,
	    .all = "its messages are left out", .fault = found->fault,
	    /* A copy that is not what the vault has is told whoever watches, though it was asked for. */
	    .warn = found->fault || found->kind == RESTORE_FIXED,
	    .sentence = found->kind == RESTORE_WITHOUT,
	    .folder = found->folder, .to = found->to, .message = of,
	    .uid_there = found->uid, .reason = found->reason }, silent);
}

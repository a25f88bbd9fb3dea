/*
 * picture.h - what prune would delete, as it is shown before anything is: by folder and year, and why the rest stays.
 */
#ifndef CMD_PICTURE_H
#define CMD_PICTURE_H

#include "base/text.h"
#include "cmd/table.h"
#include "job/job.h"

struct picture {
	struct ui	*ui;		/* borrowed; */
	const char	*title;		/* ... the account's; */
	const char	*words;		/* ... what was asked for; or NULL */
	bool		 spoken;	/* print a table and what it comes to; else a note */
	bool		 all;		/* each folder and year by itself */
	struct prune_goal goal;		/* that is to be reached, if one is set */
	bool		 no_backup;	/* there is none; may be filled later than the others */
	/* Its own: */
	struct table	*table;		/* own; or NULL */
	uint64_t	 seen;		/* folders; */
	uint64_t	 others, others_stay;	/* ... those of which nothing goes, and their messages */
	bool		 told;		/* picture_tell() was called */
};

/* picture_begin(p): the first six are filled.  picture_end(p): free what it owns; picture_tell() does so, too. */
void picture_begin(struct picture *);
void picture_end(struct picture *);
/* picture_folder(p, folder): a part of it.  picture_tell(p, plan): that was all; what it comes to. */
void picture_folder(struct picture *, const struct job_prune_folder *);
void picture_tell(struct picture *, const struct job_prune_plan *);

/* picture_lost(p, plan, out): append by how much the plan misses its goal; nothing where it doesn't. */
void picture_lost(const struct picture *, const struct job_prune_plan *, struct buf *);

/* picture_json(ui, folder): an object of type "folder". */
void picture_json(struct ui *, const struct job_prune_folder *);
/* picture_year(out, year): "2019", or "-" for messages without a date.  Returns ${out}. */
char *picture_year(char[TEXT_MAX], int);

#endif

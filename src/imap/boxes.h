/*
 * boxes.h - the folders of a listing, as its lines come in; for list.c.
 */
#ifndef IMAP_BOXES_H
#define IMAP_BOXES_H

#include "imap/imap.h"
#include "imap/response.h"

/* A STATUS whose folder was not the one just listed. */
struct status_row {
	char		*wire;		/* own */
	struct mail_state state;
	char		*mailboxid;	/* own, or NULL */
};

/* A listing that comes in. */
struct incoming {
	struct imap_boxes *boxes;
	struct status_row *rows;	/* own */
	size_t		 rows_n, rows_cap;
	size_t		 bytes;		/* of texts, in both */
};

/* boxes_take_list(incoming, r, e): a line of the answer to LIST.  EK_PROTO when it is more than anyone has. */
int boxes_take_list(void *, const struct response *, struct err *);
/* boxes_put_together(in): all is there; put it in order, each name once, and give each the state that came apart. */
void boxes_put_together(struct incoming *);
/* boxes_take_lsub(boxes, r, e): a line of the answer to LSUB, of boxes in order. */
int boxes_take_lsub(void *, const struct response *, struct err *);
/* boxes_set_state(box, state, mailboxid): what STATUS says; the id may be NULL. */
void boxes_set_state(struct mail_box *, const struct mail_state *, const char *);
/* boxes_release_rows(in): free all but the boxes, and begin anew. */
void boxes_release_rows(struct incoming *);

#endif

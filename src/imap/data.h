/*
 * data.h - what untagged data say, each kind by a function of its own; for response.c alone.
 *
 * Each reads on at the cursor, behind the word that names its kind, and fills ${r}.  Return 0, or -1 where the data
 * could not be understood; what was filled until then is not to be believed.
 */
#ifndef IMAP_DATA_H
#define IMAP_DATA_H

#include "imap/cursor.h"
#include "imap/response.h"

/* What several kinds have in them. */

/* data_keep(r, s): a copy as a C string that lives as long as the response, or NULL where there is no room for it. */
const char *data_keep(struct response *, const struct str *);
/* data_flags(c, out): "(\Seen Work)", or NIL, as canonical flags. */
int data_flags(struct cursor *, struct buf *);
/*
 * data_id(r, c, prefix, out): "(M123)", "123" or NIL; ${*out} stays as it was where there is none that can be used.
 */
int data_id(struct response *, struct cursor *, const char *prefix, const char **);

/* data.c */
int data_list(struct response *, struct cursor *);
int data_status(struct response *, struct cursor *);
int data_search(struct response *, struct cursor *);
int data_esearch(struct response *, struct cursor *);
int data_vanished(struct response *, struct cursor *);
int data_namespace(struct response *, struct cursor *);
int data_quota(struct response *, struct cursor *);
int data_server(struct response *, struct cursor *);	/* ID */

/* message.c: FETCH; ${streamed} is the size of the body that went to the sink. */
int data_message(struct response *, struct cursor *, uint64_t streamed);

#endif

/*
 * folders.c - what the server has, for looking at.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "job/connect.h"
#include "policy/policy.h"

int
job_folders(const struct account *a, const struct job_ask *ask,
    struct imap_boxes *boxes, struct err *e)
{
	struct mail_box **need = NULL;
	struct imap *im;
	size_t i, n = 0;
	int rc = -1;

	if (connect_once(a, ask, &im, e) == -1)
		return -1;
	if (imap_list(im, true, boxes, e) == -1)
		goto out;
	need = xcalloc(boxes->n, sizeof(*need));
	for (i = 0; i < boxes->n; i++)
		if (boxes->v[i].selectable && !boxes->v[i].state.has_exists)
			need[n++] = &boxes->v[i];
	rc = n == 0 ? 0 : imap_status(im, need, n, true, e);
	if (rc == -1)
		imap_boxes_release(boxes);
out:
	free(need);
	imap_close(&im);
	return rc;
}

int
job_try(const struct account *a, const struct job_ask *ask, size_t *folders,
    struct err *e)
{
	struct imap_boxes boxes;
	struct imap *im;
	const char *why;
	size_t i;
	int rc;

	if (connect_once(a, ask, &im, e) == -1)
		return -1;
	if ((rc = imap_list(im, false, &boxes, e)) == 0) {
		*folders = 0;
		for (i = 0; i < boxes.n; i++)
			*folders += policy_select(
			    (const char *const *)a->folders.v, a->folders.n,
			    a->shared, &boxes.v[i], &why);
		imap_boxes_release(&boxes);
	}
	imap_close(&im);
	return rc;
}

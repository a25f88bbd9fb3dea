/*
 * findings.h - what is to be said of messages that go to another account.
 *
 * People are told of the first FINDINGS_SHOWN of a kind in a folder, and then of how many more there are, and of a
 * repaired copy not that it has other bytes; JSON has all.  Faults and repaired copies are warnings.
 */
#ifndef CMD_FINDINGS_H
#define CMD_FINDINGS_H

#include "cmd/ui.h"
#include "job/job.h"

#define FINDINGS_SHOWN	20

struct findings;

struct findings *findings_new(struct ui *);
void findings_tell(struct findings *, const struct job_restore_finding *);
/* findings_rest(f): how many more there were than have been told. */
void findings_rest(struct findings *);
void findings_free(struct findings **);

#endif

/*
 * findings.h - what is to be said of messages that go to another account: remarks.h.
 *
 * Of a repaired copy people are not told that it has other bytes.  Faults and repaired copies are warnings.
 */
#ifndef CMD_FINDINGS_H
#define CMD_FINDINGS_H

#include "cmd/remarks.h"
#include "job/job.h"

struct findings;

struct findings *findings_new(struct ui *);
void findings_tell(struct findings *, const struct job_restore_finding *);
/* findings_rest(f): how many more there were than have been told. */
void findings_rest(struct findings *);
void findings_free(struct findings **);

#endif

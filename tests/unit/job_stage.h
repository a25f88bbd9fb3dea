/*
 * job_stage.h - a vault (vault_stage.h) and the double of its server (imap_double.h), for jobs that talk to both.
 */
#ifndef TESTS_UNIT_JOB_STAGE_H
#define TESTS_UNIT_JOB_STAGE_H

#include "job/job.h"
#include "imap_double.h"
#include "vault_stage.h"

#define TEST(t)	cmocka_unit_test_setup_teardown(t, job_begin, job_end)

static struct account *the_account;
static struct buf the_findings;	/* what was told, a line each */
static char **the_texts;		/* of rules, until the test ends */
static size_t the_texts_n, the_texts_cap;

/* job_keep(s): ${s} is freed at the end of the test. */
static inline const char *
job_keep(char *s)
{
	the_texts = mem_grow(the_texts, &the_texts_cap, the_texts_n + 1,
	    sizeof(*the_texts));
	return the_texts[the_texts_n++] = s;
}

static int
job_begin(void **state)
{
	struct err e;

	if (stage_begin(state) == -1)
		return -1;
	double_reset();
	buf_init(&the_findings, 1 << 20);
	the_account = account_new();
	return account_url(the_account, "imaps://anna@imap.example.org", &e);
}

static int
job_end(void **state)
{
	assert_false(dbl.open);
	double_reset();
	buf_release(&the_findings);
	while (the_texts_n > 0)
		free(the_texts[--the_texts_n]);
	free(the_texts);
	the_texts = NULL;
	the_texts_cap = 0;
	account_free(&the_account);
	return stage_end(state);
}

static int
job_secret(void *arg, const char *prompt, struct buf *out, struct err *e)
{
	(void)arg, (void)prompt, (void)e;
	return buf_adds(out, "secret");
}

static void
job_hear(void *arg, const struct job_event *ev)
{
	(void)arg;
	if (ev->kind == JOB_NOTE)
		buf_addf(&the_findings, "note: %s\n", ev->reason);
	else if (ev->total > 0)
		assert_true(ev->done <= ev->total);
}

/* "1:3,7", or "-" for none; to be freed. */
static inline char *
job_uids(const struct uidset *uids)
{
	struct buf b = BUF_INIT(1 << 20);

	if (uids == NULL)
		buf_adds(&b, "-");
	else
		uidset_format(uids, 0, 1 << 19, &b);
	return buf_take(&b);
}

/* ---- the server ---- */

#define LIST_INBOX	"* LIST () \"/\" INBOX\r\n"

/* ${lines} of LIST. */
static inline void
job_list(const char *lines)
{
	double_on("LIST", job_keep(xasprintf("%s%%T OK\r\n", lines)));
}

/* A folder, quoted as the wire has it, and what EXAMINE says of it. */
static inline void
job_box(const char *wire, unsigned int exists, unsigned int validity)
{
	double_on(job_keep(xasprintf("EXAMINE %s", wire)),
	    job_keep(xasprintf("* %u EXISTS\r\n* OK [UIDVALIDITY %u]\r\n"
	    "%%T OK [READ-ONLY]\r\n", exists, validity)));
}

/* A response with the body ${text} for ${uid}, to be freed. */
static inline char *
job_body(unsigned int uid, const char *text)
{
	return xasprintf("* %u FETCH (UID %u INTERNALDATE \"17-Jul-1996 "
	    "02:44:25 -0700\" BODY[] {%zu}\r\n%s)\r\n", uid, uid,
	    strlen(text), text);
}

#endif

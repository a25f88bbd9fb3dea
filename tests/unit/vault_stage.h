/*
 * vault_stage.h - a vault to try things on, its clock and its random numbers, and what its catalog says as one text.
 */
#ifndef TESTS_UNIT_VAULT_STAGE_H
#define TESTS_UNIT_VAULT_STAGE_H

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/log.h"
#include "vault/vault.h"
#include "base_scratch.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define BEGAN		1700000000

/* ---- the world ---- */

/* The disk is not waited for: nothing here outlives the test, and tests/crash looks at the order of what is durable. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static int64_t	 the_time;
static uint64_t	 the_chance;
static char	*the_path;	/* of the vault, in the scratch directory */
static struct buf the_log;	/* warnings */

static int64_t
stage_now(void *arg)
{
	(void)arg;
	return the_time;
}

static uint64_t
stage_random(void *arg)
{
	(void)arg;
	/* Knuth's, so that each differs from the last in all digits. */
	return the_chance = the_chance * 6364136223846793005u +
	    1442695040888963407u;
}

static struct vault_env the_env = { stage_now, stage_random, NULL,
    "mailkeep 0.0", NULL };

static void
stage_log(void *arg, enum log_level level, const char *scope, const char *line)
{
	(void)arg, (void)level, (void)scope;
	buf_addf(&the_log, "%s\n", line);
}

/* For cmocka, before and after each test. */
static int
stage_begin(void **state)
{
	if (scratch_begin(state) == -1)
		return -1;
	the_time = BEGAN;
	the_chance = 42;
	the_path = xasprintf("%s/v", scratch);
	the_env.cache = NULL;
	buf_init(&the_log, 1 << 20);
	log_to(stage_log, NULL, LOG_WARN);
	return 0;
}

static int
stage_end(void **state)
{
	free(the_path);
	buf_release(&the_log);
	return scratch_end(state);
}

/* ---- files ---- */

/* stage_path(fmt, ...): a path in the scratch directory; valid until the next call but three. */
static const char *stage_path(const char *, ...)
    __attribute__((format(printf, 1, 2)));

static const char *
stage_path(const char *fmt, ...)
{
	static char ring[4][PATH_MAX];
	static unsigned int turn;
	char *out = ring[turn++ % 4];
	int n = snprintf(out, PATH_MAX, "%s/", scratch);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, PATH_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	return out;
}

static inline void
stage_run(const char *command)
{
	char *all = xasprintf("cd '%s' && %s", scratch, command);

	if (system(all) != 0)
		fail_msg("failed: %s", all);
	free(all);
}

static int
take_name(void *arg, const char *name, struct err *e)
{
	(void)e;
	buf_addf(arg, "%s ", name);
	return 0;
}

/* The names in a directory of the vault, with a blank behind each, in no order; to be freed. */
static inline char *
stage_names(const char *dir)
{
	struct buf b = BUF_INIT(1 << 20);
	struct err e;
	int fd = open(stage_path("v/%s", dir), O_RDONLY | O_DIRECTORY);

	assert_true(fd != -1);
	assert_int_equal(io_list(fd, take_name, &b, &e), 0);
	close(fd);
	return buf_take(&b);
}

static inline size_t
stage_count(const char *dir)
{
	char *names = stage_names(dir);
	size_t n = 0;
	const char *s;

	for (s = names; *s != '\0'; s++)
		n += *s == ' ';
	free(names);
	return n;
}

static inline void
stage_write(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd != -1);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

static inline bool
stage_has(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- a vault ---- */

static inline void
stage_create(enum container container)
{
	struct account *a = account_new();
	struct err e;

	if (account_url(a, "imaps://anna@imap.example.org", &e) == -1 ||
	    vault_create(the_path, container, a, &the_env, &e) == -1)
		fail_msg("%s", e.text);
	account_free(&a);
}

static inline struct vault *
stage_open(enum vault_mode mode)
{
	struct vault *v = NULL;
	struct err e;

	if (vault_open(the_path, mode, &the_env, &v, &e) == -1)
		fail_msg("%s", e.text);
	return v;
}

/* It can't be opened: the kind of error. */
static inline enum err_kind
stage_refused(enum vault_mode mode, struct err *e)
{
	struct vault *v = NULL;

	assert_int_equal(vault_open(the_path, mode, &the_env, &v, e), -1);
	assert_null(v);
	return e->kind;
}

static inline struct vault_txn *
stage_run_begin(struct vault *v)
{
	struct vault_txn *t = NULL;
	struct err e;

	if (vault_begin(v, "backup", &t, &e) == -1)
		fail_msg("%s", e.text);
	return t;
}

static inline void
stage_run_end(struct vault_txn **t)
{
	struct rec_run_end end = { .result = "complete" };
	struct err e;

	if (vault_end(t, &end, &e) == -1)
		fail_msg("%s", e.text);
	assert_null(*t);
}

static inline void
stage_commit(struct vault_txn *t)
{
	struct err e;

	if (vault_commit(t, &e) == -1)
		fail_msg("%s", e.text);
}

/* ---- what is put into it ---- */

/* Folder ${n} with its epoch ${n}, recorded. */
static inline struct vault_box
stage_box(struct vault_txn *t, uint64_t n, const char *name)
{
	struct record folder = { .kind = REC_FOLDER };
	struct record epoch = { .kind = REC_EPOCH };
	struct err e;

	folder.u.folder = (struct rec_folder){ .folder = n, .name = name,
	    .attributes = "", .delimiter = '/', .selectable = true };
	epoch.u.epoch = (struct rec_epoch){ .epoch = n, .folder = n,
	    .uidvalidity = 1000 + n };
	if (vault_put(t, &folder, &e) == -1 || vault_put(t, &epoch, &e) == -1)
		fail_msg("%s", e.text);
	return (struct vault_box){ n, n, 1000 + n, name, '/',
	    MAIL_PERSONAL };
}

/* Take a message in, in pieces of ${piece} bytes; ${hint}: what the server says of its size. */
static inline void
stage_take(struct vault_txn *t, const char *p, size_t n, size_t piece,
    uint64_t hint)
{
	struct sink to = vault_intake_sink(t);
	struct err e;
	size_t some;

	assert_int_equal(vault_intake(t, hint, &e), 0);
	for (; n > 0; p += some, n -= some) {
		some = n < piece ? n : piece;
		assert_int_equal(sink_write(&to, p, some, &e), 0);
	}
}

static inline struct mail_meta
stage_meta(uint32_t uid)
{
	return (struct mail_meta){ .uid = uid, .flags = "\\Seen",
	    .internaldate = "17-Jul-1996 02:44:25 -0700",
	    .date = 837596665, .has_date = true };
}

/* What vault_add() says of a message. */
static inline int
stage_add(struct vault_txn *t, const struct vault_box *box, uint32_t uid,
    const char *text, size_t n)
{
	struct mail_meta m = stage_meta(uid);
	struct err e;
	int r;

	stage_take(t, text, n, 1000, n);
	if ((r = vault_add(t, box, &m, &e)) == -1)
		fail_msg("%s", e.text);
	return r;
}

static inline int
stage_text(struct vault_txn *t, const struct vault_box *box, uint32_t uid,
    const char *text)
{
	return stage_add(t, box, uid, text, strlen(text));
}

/* A vault of ${commits} commits (in as many runs) with two new messages each, closed. */
static inline void
stage_fill(enum container container, unsigned int commits)
{
	struct vault *v;
	struct vault_txn *t;
	struct vault_box box;
	char *text;
	unsigned int i;

	stage_create(container);
	v = stage_open(VAULT_WRITE);
	for (i = 1; i <= commits; i++) {
		the_time += 3600;
		t = stage_run_begin(v);
		box = stage_box(t, 1, "INBOX");
		text = xasprintf("Subject: first of %u\r\nFrom: a@b\r\n\r\nx\r\n",
		    i);
		stage_text(t, &box, 2 * i - 1, text);
		free(text);
		text = xasprintf("Subject: second of %u\r\n\r\nFrom me\r\n", i);
		stage_text(t, &box, 2 * i, text);
		free(text);
		stage_run_end(&t);
	}
	vault_close(&v);
}

/* ---- what is in it ---- */

static int
collect(void *arg, const void *p, size_t n, struct err *e)
{
	return buf_add(arg, p, n) == 0 ? 0 : err_set(e, EK_FAIL, "too much");
}

/* The vault has this content, byte for byte. */
static inline void
assert_stored(struct vault *v, const char *p, size_t n)
{
	struct buf b = BUF_INIT(64 << 20);
	struct sink to = { collect, &b };
	struct digest d;
	struct err e;

	digest_of(p, n, &d);
	if (vault_read(v, &d, &to, &e) == -1)
		fail_msg("%zu bytes: %s", n, e.text);
	assert_int_equal(b.n, n);
	if (n > 0)
		assert_int_equal(memcmp(b.p, p, n), 0);
	buf_release(&b);
}

static inline uint64_t
stage_head(struct vault *v)
{
	struct digest d;

	return vault_head(v, &d);
}

static int
tell_folder(void *arg, const struct known_folder *k, struct err *e)
{
	(void)e;
	buf_addf(arg, "folder %" PRIu64 " '%s' epoch %" PRIu64 " validity %"
	    PRIu64 " live %" PRIu64 " (%" PRIu64 ") kept %" PRIu64
	    " missing %" PRIu64 " gone %d\n", k->facts.folder, k->facts.name,
	    k->epoch, k->uidvalidity, k->live, k->live_bytes, k->kept,
	    k->missing, k->facts.gone);
	return 0;
}

static int
tell_message(void *arg, const struct known_message *m, struct err *e)
{
	char hex[DIGEST_HEX];
	int i;

	(void)e;
	buf_addf(arg, "message %" PRIu64 ".%" PRIu64 " %s %" PRIu64 "/%" PRIu64
	    " uid %u %s %" PRIu64 " %s %" PRIi64 " [%s] %s %s gone %d",
	    m->commit, m->line, m->folder_name, m->epoch, m->uidvalidity,
	    m->uid, digest_hex(&m->sha256, hex), m->size,
	    m->internaldate == NULL ? "-" : m->internaldate, m->date, m->flags,
	    m->labels == NULL ? "-" : m->labels,
	    m->emailid == NULL ? "-" : m->emailid, m->gone);
	for (i = 0; m->has_headers && i < HEADER_FIELDS; i++)
		buf_addf(arg, " <%s>", m->header[i]);
	buf_adds(arg, "\n");
	return 0;
}

static int
tell_commit(void *arg, const struct known_commit *k, struct err *e)
{
	char hex[DIGEST_HEX];

	(void)e;
	buf_addf(arg, "commit %" PRIu64 " at %" PRIi64 " %s run %" PRIu64
	    " %s added %" PRIu64 " gone %" PRIu64 " packs %" PRIu64 " (%"
	    PRIu64 ") ends %d\n", k->commit, k->time, digest_hex(&k->head, hex),
	    k->run, k->verb, k->added, k->gone, k->packs, k->stored_bytes,
	    k->run_ends);
	return 0;
}

static inline int
tell_epochs(struct catalog *c, struct buf *b, struct err *e)
{
	struct known_epoch k;
	struct known_blob blob;
	struct uidset missing = UIDSET_INIT;
	uint64_t n, last = 0;
	struct digest d;
	int r = catalog_last_folder(c, &last, e);

	for (n = 1; r != -1 && n <= last; n++) {
		memset(&k, 0, sizeof(k));
		if ((r = catalog_epoch(c, n, &k, e)) != 1)
			continue;
		r = catalog_missing(c, k.epoch, &missing, e);
		buf_addf(b, "epoch %" PRIu64 " of %" PRIu64 " live %" PRIu64
		    " max %u %u missing %" PRIu64 " %d %d next %" PRIu64
		    " modseq %" PRIu64 " exists %" PRIu64 " full %" PRIi64 "\n",
		    k.epoch, k.folder, k.live, k.max_uid, k.max_live,
		    uidset_count(&missing), k.has_state, k.complete,
		    k.uidnext, k.highestmodseq, k.exists, k.full_time);
		uidset_clear(&missing);
	}
	uidset_release(&missing);
	digest_of("", 0, &d);
	if (r != -1 && (r = catalog_blob(c, &d, &blob, e)) == 1)
		buf_addf(b, "the empty one is in %s at %" PRIu64 "\n",
		    blob.place.pack, blob.place.offset);
	return r == -1 ? -1 : 0;
}

/* All that a decision can rest on: 0, or -1 where the catalog is found to be damaged. */
static inline int
stage_ask(struct vault *v, struct buf *b, struct err *e)
{
	struct catalog *c = vault_catalog(v);
	struct known_totals t;
	struct digest head;
	uint64_t last, at;

	last = vault_head(v, &head);
	buf_addf(b, "head %" PRIu64 "\n", last);
	if (catalog_commits(c, tell_commit, b, e) == -1 ||
	    tell_epochs(c, b, e) == -1)
		return -1;
	for (at = 1; at <= last; at++)
		if (catalog_messages(c, 0, at, true, tell_message, b, e) ==
		    -1)
			return -1;
	if (catalog_folders(c, CATALOG_NOW, tell_folder, b, e) == -1 ||
	    catalog_totals(c, &t, e) == -1)
		return -1;
	buf_addf(b, "totals %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	    " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", t.folders, t.live,
	    t.kept, t.kept_bytes, t.blobs, t.packs, t.stored_bytes);
	return 0;
}

/* The same, to be freed. */
static inline char *
stage_tell(struct vault *v)
{
	struct buf b = BUF_INIT(16 << 20);
	struct err e;

	if (stage_ask(v, &b, &e) == -1)
		fail_msg("%s", e.text);
	return buf_take(&b);
}

/* Open for ${mode}, tell, close; to be freed. */
static inline char *
stage_look(enum vault_mode mode)
{
	struct vault *v = stage_open(mode);
	char *text = stage_tell(v);

	vault_close(&v);
	return text;
}

#endif

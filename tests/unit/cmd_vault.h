/*
 * cmd_vault.h - a vault in a directory of its own and verbs that are tried on it, for the tests of cmd/.
 */
#ifndef TESTS_UNIT_CMD_VAULT_H
#define TESTS_UNIT_CMD_VAULT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <locale.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/target.h"
#include "tests/unit/cmd_stage.h"
#include "vault/vault.h"

#define CMD_WORDS	12

static char *scratch, *vault;			/* own; absolute paths */

/* ---- a vault ---- */

static int64_t
clock_now(void *arg)
{
	(void)arg;
	return 1772442000;
}

static uint64_t
random_bits(void *arg)
{
	uint64_t v;

	(void)arg;
	random_bytes(&v, sizeof(v));
	return v;
}

static const struct vault_env env = { clock_now, random_bits, NULL, "test",
	NULL };

/* An empty one for that account, opened. */
static inline struct vault *
make_empty(const char *url)
{
	struct account *a = account_new();
	struct vault *v;
	struct err e;

	assert_int_equal(account_url(a, url, &e), 0);
	assert_int_equal(vault_create(vault, CONTAINER_TAR, a, &env, &e), 0);
	account_free(&a);
	assert_int_equal(vault_open(vault, VAULT_WRITE, &env, &v, &e), 0);
	return v;
}

static inline void
put_record(struct vault_txn *t, const struct record *rec)
{
	struct err e;

	assert_int_equal(vault_put(t, rec, &e), 0);
}

/* Folder 1 and its epoch 1, recorded. */
static inline struct vault_box
put_box(struct vault_txn *t, const char *name)
{
	const struct record folder = { .kind = REC_FOLDER, .u.folder = {
	    .folder = 1, .name = name, .attributes = "",
	    .delimiter = '/', .selectable = true } };
	const struct record epoch = { .kind = REC_EPOCH, .u.epoch = {
	    .epoch = 1, .folder = 1, .uidvalidity = 7 } };

	put_record(t, &folder);
	put_record(t, &epoch);
	return (struct vault_box){ .folder = 1, .epoch = 1, .uidvalidity = 7,
	    .name = name, .delimiter = '/' };
}

static inline void
put(struct vault_txn *t, const struct vault_box *box, uint32_t uid,
    const void *p, size_t n, const char *flags, const char *labels)
{
	struct mail_meta meta = { .uid = uid, .size = n, .has_size = true,
	    .internaldate = "02-Mar-2026 09:00:00 +0000", .date = 1772442000,
	    .has_date = true, .flags = flags, .labels = labels };
	struct sink to;
	struct err e;

	assert_int_equal(vault_intake(t, n, &e), 0);
	to = vault_intake_sink(t);
	assert_int_equal(sink_write(&to, p, n, &e), 0);
	assert_int_equal(vault_add(t, box, &meta, &e), 1);
}

static inline void
end_run(struct vault_txn **t)
{
	struct rec_run_end end = { .result = "complete" };
	struct err e;

	assert_int_equal(vault_end(t, &end, &e), 0);
}

/* ---- its directory ---- */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

/* For cmocka, when all tests are done. */
static inline int
remove_all(void **state)
{
	(void)state;
	return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A directory beside the test's program, which is the user's home: 0 or -1.  What is in it goes with remove_all(). */
static inline int
make_scratch(const char *argv0)
{
	char *made = xasprintf("%s_XXXXXX", argv0);

	setlocale(LC_ALL, "C.UTF-8");
	if (mkdtemp(made) == NULL || (scratch = realpath(made, NULL)) == NULL)
		return -1;
	free(made);
	setenv("HOME", scratch, 1);
	setenv("XDG_CONFIG_HOME", scratch, 1);
	setenv("XDG_CACHE_HOME", scratch, 1);
	setenv("XDG_STATE_HOME", scratch, 1);
	vault = xasprintf("%s/vault", scratch);
	return 0;
}

static inline void
free_scratch(void)
{
	free(scratch);
	free(vault);
}

/* ---- verbs ---- */

/* What a run printed, in two files. */
static struct stage stage;

/* mailkeep with these words, up to a NULL, on the stage that is set; returns the exit status. */
static inline int
play_words(const struct command *const *commands, const char *const *words)
{
	char *argv[CMD_WORDS + 1], *copies[CMD_WORDS];
	struct app app;
	int argc, i, status;

	for (argc = 0; argc < CMD_WORDS && words[argc] != NULL; argc++)
		argv[argc] = copies[argc] = xstrdup(words[argc]);
	argv[argc] = NULL;
	app_init(&app, commands, stage.ui);
	i = argc;
	status = app_run(&app, argc, argv);
	while (i > 0)
		free(copies[--i]);
	return status;
}

static inline void
close_stage(void)
{
	close(stage.out);
	close(stage.err);
}

#endif

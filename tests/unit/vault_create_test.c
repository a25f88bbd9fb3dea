/*
 * Making, opening and closing a vault: what is refused, who may write, what vault.json keeps (R54, R55, R57, R63, R64,
 * R65).
 */
#include <sys/wait.h>
#include <signal.h>

#include "vault_stage.h"

#define SHOW_ID	"grep -o '\"id\":\"[^\"]*\"' v/vault.json "

static struct account *
an_account(const char *url)
{
	struct account *a = account_new();
	struct err e;

	if (account_url(a, url, &e) == -1)
		fail_msg("%s", e.text);
	return a;
}

/* vault_create() there, and what it said. */
static enum err_kind
create(const char *path, struct err *e)
{
	struct account *a = an_account("imaps://anna@imap.example.org");
	int rc;

	e->kind = EK_NONE;
	rc = vault_create(path, CONTAINER_TAR, a, &the_env, e);
	assert_int_equal(rc, e->kind == EK_NONE ? 0 : -1);
	account_free(&a);
	return e->kind;
}

static unsigned int
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
test_create_makes_an_empty_private_vault_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	static const char *const dirs[] = { "", "packs", "manifests",
	    "orphans", "tmp" };
	static const char *const files[] = { "vault.json", "README.txt",
	    "lock" };
	struct vault *v;
	struct digest d;
	struct err e;
	mode_t old = umask(022);
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(masks); i++) {
		umask(masks[i]);
		assert_int_equal(create(the_path, &e), EK_NONE);
		v = stage_open(VAULT_WRITE);
		assert_int_equal(vault_head(v, &d), 0);
		assert_string_equal(vault_path(v), the_path);
		vault_close(&v);
		assert_null(v);
		vault_close(&v);
		for (j = 0; j < LENGTH(dirs); j++)
			assert_int_equal(mode_of(stage_path("v/%s", dirs[j])),
			    0700);
		for (j = 0; j < LENGTH(files); j++)
			assert_int_equal(mode_of(stage_path("v/%s",
			    files[j])), 0600);
		assert_int_equal(mode_of(stage_path("v/catalog.sqlite")),
		    0600);
		assert_int_equal(stage_count("tmp"), 0);
		umask(022);
		stage_run("rm -r v");
	}
	umask(old);
}

static void
test_create_refuses_what_is_not_its_own_to_fill(void **state)
{
	static const struct { const char *make, *why; } t[] = {
		{ "mkdir v && touch v/letter.txt", "is not empty and not a "
		    "vault (there is 'letter.txt')" },
		{ "mkdir v && touch v/.hidden", "is not empty" },
		{ "mkdir -p v/packs && touch v/packs/00000001-1-1.tar.zst",
		    "holds packs or manifests, but no vault.json" },
		{ "mkdir -p v/manifests && touch v/manifests/x",
		    "holds packs or manifests, but no vault.json" },
		{ "mkdir -p v/orphans/x", "holds packs or manifests" },
		{ "mkdir v && touch v/catalog.sqlite", "is not empty" },
		{ "touch v", "" },
	};
	struct err e, may;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		stage_run(t[i].make);
		stage_run("find v | sort > before");
		assert_int_equal(vault_may_create(the_path, &may), -1);
		assert_int_not_equal(create(the_path, &e), EK_NONE);
		assert_non_null(strstr(e.text, t[i].why));
		assert_non_null(strstr(may.text, t[i].why));
		if (*t[i].why != '\0') {
			assert_int_equal(e.kind, EK_REFUSED);
			assert_int_equal(may.kind, EK_REFUSED);
		}
		/* Nothing was added. */
		stage_run("find v | sort | cmp - before && rm -r v");
	}
}

static void
test_create_never_touches_a_vault_that_is_there(void **state)
{
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 1);
	stage_run("cp -r v before");
	assert_int_equal(create(the_path, &e), EK_REFUSED);
	assert_non_null(strstr(e.text, "is a vault already"));
	assert_non_null(strstr(e.next, "--rebind"));
	assert_int_equal(vault_may_create(the_path, &e), -1);
	assert_int_equal(e.kind, EK_REFUSED);
	stage_run("diff -r v before");
}

static void
test_create_goes_on_where_it_was_interrupted(void **state)
{
	static const char *const left[] = { "mkdir v",
	    "mkdir -p v/packs", "mkdir -p v/packs v/manifests v/orphans",
	    "mkdir -p v/packs v/tmp && touch v/tmp/vault.json v/lock",
	    "mkdir -p v/tmp && touch v/README.txt v/tmp/README.txt",
	    "mkdir -p v/lost+found" };
	struct vault *v;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(left); i++) {
		stage_run(left[i]);
		assert_int_equal(vault_may_create(the_path, &e), 0);
		assert_int_equal(create(the_path, &e), EK_NONE);
		v = stage_open(VAULT_WRITE);
		vault_close(&v);
		assert_int_equal(stage_count("tmp"), 0);
		stage_run("test -s v/README.txt && rm -r v");
	}
}

static void
test_create_needs_a_parent_directory(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(vault_may_create(stage_path("none/v"), &e), -1);
	assert_int_equal(e.sys, ENOENT);
	assert_int_equal(vault_may_create(the_path, &e), 0);
	assert_int_equal(create(stage_path("none/v"), &e), EK_FAIL);
	assert_int_equal(e.sys, ENOENT);
	assert_false(stage_has(stage_path("none")));
	/* A slash at the end is no other place. */
	assert_int_equal(create(stage_path("v///"), &e), EK_NONE);
	assert_true(stage_has(stage_path("v/vault.json")));
}

static void
test_open_of_what_is_no_vault_says_so(void **state)
{
	static const struct { const char *make; enum err_kind kind; } t[] = {
		{ "true", EK_NOVAULT },
		{ "touch v", EK_NOVAULT },
		{ "mkdir v", EK_NOVAULT },
		{ "mkdir -p v/packs v/manifests v/tmp", EK_NOVAULT },
		{ "mkdir v && echo '{}' > v/vault.json", EK_NOVAULT },
		{ "mkdir v && echo nonsense > v/vault.json", EK_CORRUPT },
		{ "mkdir v && : > v/vault.json", EK_CORRUPT },
		{ "mkdir v && mkdir v/vault.json", EK_CORRUPT },
		{ "mkdir v && ln -s /etc/hostname v/vault.json", EK_CORRUPT },
	};
	struct account *a = NULL;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		stage_run(t[i].make);
		stage_run(": > before && find . | sort > before");
		assert_int_equal(stage_refused(VAULT_READ, &e), t[i].kind);
		assert_int_equal(stage_refused(VAULT_WRITE, &e), t[i].kind);
		assert_int_equal(vault_account_of(the_path, &a, &e), -1);
		assert_int_equal(e.kind, t[i].kind);
		assert_null(a);
		/* A missing vault is never made by the way. */
		stage_run("find . | sort | cmp - before && rm -rf v");
	}
}

/* A version that this program doesn't know is refused, never misread (R65). */
static void
test_open_refuses_newer_formats_and_unknown_needs(void **state)
{
	static const struct {
		const char	*edit;
		enum err_kind	 kind;
		const char	*text;
	} t[] = {
		{ "s/\"version\":1/\"version\":2/", EK_NOVAULT, "format 2" },
		{ "s/\"version\":1/\"version\":4294967297/", EK_NOVAULT,
		    "format 4294967297" },
		{ "s/\"version\":1/\"version\":\"1\"/", EK_NOVAULT, "" },
		{ "s/\"version\":1/\"version\":-1/", EK_NOVAULT, "" },
		{ "s/\"requires\":\\[\\]/\"requires\":[\"age\"]/",
		    EK_NOVAULT, "'age'" },
		{ "s/\"requires\":\\[\\]/\"requires\":[7]/", EK_NOVAULT,
		    "" },
		{ "s/\"container\":\"tar\"/\"container\":\"zip\"/",
		    EK_NOVAULT, "'zip'" },
		{ "s/\"format\":\"mailkeep\"/\"format\":\"other\"/",
		    EK_NOVAULT, "" },
		{ "s/\"id\":\"[^\"]*\"/\"id\":\"\"/", EK_CORRUPT,
		    "incomplete" },
		{ "s/\"id\":\"[^\"]*\"/\"id\":\"..\\/..\\/x\"/", EK_CORRUPT,
		    "incomplete" },
		{ "s/\"id\":\"[^\"]*\"/\"id\":\"" "0123456789012345678901234"
		    "5678901234567890123456789012345678901234567890\"/",
		    EK_CORRUPT, "incomplete" },
		{ "s/\"container\":\"tar\",//", EK_CORRUPT, "incomplete" },
		{ "s/\"account\":/\"acount\":/", EK_CORRUPT, "incomplete" },
	};
	struct err e;
	char *command;
	size_t i;

	(void)state;
	stage_create(CONTAINER_TAR);
	stage_run("cp v/vault.json good");
	for (i = 0; i < LENGTH(t); i++) {
		command = xasprintf("cp good v/vault.json && sed -i '%s' "
		    "v/vault.json && ! cmp -s good v/vault.json", t[i].edit);
		stage_run(command);
		free(command);
		assert_int_equal(stage_refused(VAULT_READ, &e), t[i].kind);
		assert_non_null(strstr(e.text, t[i].text));
		assert_int_equal(stage_refused(VAULT_WRITE, &e), t[i].kind);
	}
}

static void
test_open_passes_over_what_it_need_not_know(void **state)
{
	struct vault *v;

	(void)state;
	stage_create(CONTAINER_TAR);
	stage_run("sed -i 's/{\"format\"/{\"extra\":{\"a\":[1]},\"format\"/' "
	    "v/vault.json && grep -q extra v/vault.json");
	v = stage_open(VAULT_WRITE);
	vault_close(&v);
}

static void
test_account_is_kept_and_replaced_as_a_whole(void **state)
{
	struct account *a = an_account("imap://bert@mail.example.org:1143");
	struct account *got = NULL;
	struct vault *v;
	struct err e;
	char *url;

	(void)state;
	stage_create(CONTAINER_MBOX);
	v = stage_open(VAULT_WRITE);
	stage_run(SHOW_ID "> id && grep -q '\"container\":\"mbox\"' "
	    "v/vault.json");
	url = account_url_text(vault_account(v));
	assert_string_equal(url, "imaps://anna@imap.example.org");
	free(url);
	assert_string_equal(vault_account(v)->vault, the_path);
	assert_int_equal(vault_set_account(v, a, &e), 0);
	assert_string_equal(vault_account(v)->user, "bert");
	vault_close(&v);
	assert_int_equal(vault_account_of(the_path, &got, &e), 0);
	url = account_url_text(got);
	assert_string_equal(url, "imap://bert@mail.example.org:1143");
	free(url);
	account_free(&got);
	/* The vault is the same one. */
	stage_run("test -s id && " SHOW_ID "| cmp - id && grep -q "
	    "'\"container\":\"mbox\"' v/vault.json");
	assert_int_equal(stage_count("tmp"), 0);
	assert_int_equal(mode_of(stage_path("v/vault.json")), 0600);
	account_free(&a);
}

/* vault.json names commands that will be run: who else could have written it must not choose them. */
static void
test_account_has_no_commands_where_others_may_write_it(void **state)
{
	static const struct { const char *mode; bool trusted; } t[] = {
		{ "600", true }, { "644", true }, { "400", true },
		{ "620", false }, { "602", false }, { "666", false },
	};
	struct account *a = an_account("imaps://anna@imap.example.org");
	struct account *got = NULL;
	struct err e;
	char *command;
	size_t i;

	(void)state;
	assert_int_equal(setting_apply(a, "password_command", "pass mail",
	    NULL, &e), 0);
	assert_int_equal(vault_create(the_path, CONTAINER_TAR, a, &the_env,
	    &e), 0);
	account_free(&a);
	for (i = 0; i < LENGTH(t); i++) {
		command = xasprintf("chmod %s v/vault.json", t[i].mode);
		stage_run(command);
		free(command);
		assert_int_equal(vault_account_of(the_path, &got, &e), 0);
		if (t[i].trusted)
			assert_string_equal(got->password_command,
			    "pass mail");
		else
			assert_null(got->password_command);
		account_free(&got);
	}
}

/* ---- one writer ---- */

static void
test_lock_is_for_one_writer_and_any_reader(void **state)
{
	struct vault *a, *b;
	struct err e;

	(void)state;
	stage_create(CONTAINER_TAR);
	a = stage_open(VAULT_WRITE);
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_LOCKED);
	b = stage_open(VAULT_READ);
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_LOCKED);
	vault_close(&b);
	/* A reader's end doesn't let the writer's lock go. */
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_LOCKED);
	assert_int_equal(create(the_path, &e), EK_REFUSED);
	vault_close(&a);
	a = stage_open(VAULT_WRITE);
	vault_close(&a);
	assert_true(stage_has(stage_path("v/lock")));
}

static void
test_lock_of_a_process_that_was_killed_is_free(void **state)
{
	struct vault *v;
	struct err e;
	int ends[2];
	char c;
	pid_t pid;

	(void)state;
	stage_create(CONTAINER_TAR);
	assert_int_equal(pipe(ends), 0);
	if ((pid = fork()) == 0) {
		if (vault_open(the_path, VAULT_WRITE, &the_env, &v, &e) == -1 ||
		    write(ends[1], "", 1) != 1)
			_exit(1);
		sleep(60);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 1);
	close(ends[0]);
	assert_int_equal(stage_refused(VAULT_WRITE, &e), EK_LOCKED);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	v = stage_open(VAULT_WRITE);
	vault_close(&v);
}

static void
test_lock_can_be_waited_for(void **state)
{
	struct vault *v;
	struct err e;
	int ends[2], status;
	char c;
	pid_t pid;

	(void)state;
	stage_create(CONTAINER_TAR);
	assert_int_equal(pipe(ends), 0);
	if ((pid = fork()) == 0) {
		struct vault_txn *t;
		struct rec_run_end end = { .result = "complete" };

		if (vault_open(the_path, VAULT_WRITE, &the_env, &v, &e) == -1 ||
		    write(ends[1], "", 1) != 1)
			_exit(1);
		usleep(200000);
		if (vault_begin(v, "backup", &t, &e) == -1 ||
		    vault_end(&t, &end, &e) == -1)
			_exit(2);
		vault_close(&v);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 1);
	close(ends[0]);
	v = stage_open(VAULT_WAIT);
	/* What the other one committed meanwhile is known. */
	assert_int_equal(stage_head(v), 1);
	vault_close(&v);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- links and strangers ---- */

static void
test_open_follows_no_link_inside(void **state)
{
	static const char *const dirs[] = { "packs", "manifests", "tmp",
	    "orphans", "lock" };
	struct err e;
	char *command;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(dirs); i++) {
		stage_create(CONTAINER_TAR);
		command = xasprintf("mv v/%s elsewhere && ln -s ../elsewhere "
		    "v/%s", dirs[i], dirs[i]);
		stage_run(command);
		free(command);
		assert_int_not_equal(stage_refused(VAULT_WRITE, &e), EK_NONE);
		if (i < 2)
			assert_int_not_equal(stage_refused(VAULT_READ, &e),
			    EK_NONE);
		stage_run("rm -r v elsewhere");
	}
	/* The vault itself may be named by a link. */
	stage_create(CONTAINER_TAR);
	stage_run("mv v real && ln -s real v");
	{
		struct vault *v = stage_open(VAULT_WRITE);

		assert_string_equal(vault_path(v), stage_path("real"));
		vault_close(&v);
	}
}

static void
test_open_makes_what_a_copy_left_out(void **state)
{
	struct vault *v;

	(void)state;
	stage_fill(CONTAINER_TAR, 2);
	stage_run("rm -r v/tmp v/orphans v/lock v/catalog.sqlite v/README.txt");
	v = stage_open(VAULT_WRITE);
	assert_int_equal(stage_head(v), 2);
	vault_close(&v);
}

/* ---- the same world, the same vault ---- */

static void
test_clock_and_chance_decide_all_names_and_bytes(void **state)
{
	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	stage_run("mv v first");
	the_time = BEGAN;
	the_chance = 42;
	stage_fill(CONTAINER_TAR, 3);
	stage_run("diff -r -x catalog.sqlite v first");
	stage_run("mv v second");
	the_time = BEGAN;
	the_chance = 43;
	stage_fill(CONTAINER_TAR, 3);
	stage_run("! diff -r v/vault.json first/vault.json >/dev/null && "
	    "test -z \"$(ls v/packs first/packs second/packs | grep zst | "
	    "sort | uniq -c | grep -v '^ *[12] ')\"");
}

static void
test_id_is_a_random_uuid(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 8; i++) {
		stage_create(CONTAINER_TAR);
		stage_run(SHOW_ID ">> ids && rm -r v");
	}
	stage_run("test $(sort -u ids | grep -Ec '^\"id\":\"[0-9a-f]{8}-"
	    "[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\"$') "
	    "= 8");
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, stage_begin, stage_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create_makes_an_empty_private_vault_whatever_the_umask),
		TEST(test_create_refuses_what_is_not_its_own_to_fill),
		TEST(test_create_never_touches_a_vault_that_is_there),
		TEST(test_create_goes_on_where_it_was_interrupted),
		TEST(test_create_needs_a_parent_directory),
		TEST(test_open_of_what_is_no_vault_says_so),
		TEST(test_open_refuses_newer_formats_and_unknown_needs),
		TEST(test_open_passes_over_what_it_need_not_know),
		TEST(test_account_is_kept_and_replaced_as_a_whole),
		TEST(test_account_has_no_commands_where_others_may_write_it),
		TEST(test_lock_is_for_one_writer_and_any_reader),
		TEST(test_lock_of_a_process_that_was_killed_is_free),
		TEST(test_lock_can_be_waited_for),
		TEST(test_open_follows_no_link_inside),
		TEST(test_open_makes_what_a_copy_left_out),
		TEST(test_clock_and_chance_decide_all_names_and_bytes),
		TEST(test_id_is_a_random_uuid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

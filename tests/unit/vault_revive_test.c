/*
 * A vault.json that is lost, damaged or another vault's: said with what to do, and made anew from the rest (R61, R70).
 */
#include "base/mem.h"
#include "vault_stage.h"

static int
revive(enum container container, struct err *e)
{
	struct account *a = account_new();
	int rc;

	if (account_url(a, "imaps://bert@mail.example.org", e) == -1)
		fail_msg("%s", e->text);
	e->kind = EK_NONE;
	rc = vault_revive(the_path, container, a, &the_env, e);
	account_free(&a);
	return rc;
}

static void
ignore_finding(void *arg, const struct vault_finding *f)
{
	(void)arg, (void)f;
}

/* What verify makes of the vault. */
static enum err_kind
verify(struct err *e)
{
	struct vault *v = stage_open(VAULT_CHECK);
	const struct vault_verify_opts opts = { .read_data = true,
	    .percent = 100, .found = ignore_finding };
	struct vault_verify_report r;

	e->kind = EK_NONE;
	e->next[0] = '\0';
	vault_verify(v, &opts, &r, e);
	vault_close(&v);
	return e->kind;
}

/* Of the ways to lose it, each; the container that is asked for counts for nothing where packs are. */
static void
test_revived_vault_is_the_one_that_it_was(void **state)
{
	static const struct { const char *harm; bool kept; } t[] = {
		{ "rm v/vault.json", false },
		{ ": > v/vault.json", true },
		{ "truncate -s 90 v/vault.json", true },
		{ "head -c 200 /dev/zero > v/vault.json", true },
		{ "sed -i 's/\"id\":\"[^\"]*\"/\"id\":\"\"/' v/vault.json",
		    true },
		{ "rm v/vault.json && mkdir v/vault.json", true },
	};
	static const enum container kinds[] = { CONTAINER_TAR,
	    CONTAINER_MBOX };
	struct account *a = NULL;
	struct err e;
	size_t i, k;
	char *was, *now, *url;

	(void)state;
	for (i = 0; i < LENGTH(t); i++)
		for (k = 0; k < LENGTH(kinds); k++) {
			stage_fill(kinds[k], 2);
			was = stage_look(VAULT_READ);
			stage_run("grep -o '\"id\":.*\"container\":\"[a-z]*\"'"
			    " v/vault.json > before");
			stage_run(t[i].harm);
			assert_int_equal(stage_refused(VAULT_READ, &e),
			    EK_CORRUPT);
			assert_non_null(strstr(e.next, "init --rebind"));
			assert_int_equal(revive(kinds[!k], &e), 0);
			stage_run("grep -o '\"id\":.*\"container\":\"[a-z]*\"'"
			    " v/vault.json | cmp - before");
			assert_int_equal(vault_account_of(the_path, &a, &e),
			    0);
			url = account_url_text(a);
			assert_string_equal(url,
			    "imaps://bert@mail.example.org");
			free(url);
			account_free(&a);
			assert_int_equal(verify(&e), EK_NONE);
			now = stage_look(VAULT_WRITE);
			assert_string_equal(now, was);
			assert_int_equal(stage_count("orphans"), t[i].kept);
			free(was);
			free(now);
			stage_run("rm -r v");
		}
}

static void
test_revived_vault_has_its_id_from_any_manifest_that_is_left(void **state)
{
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 3);
	stage_run("cp v/vault.json before && cp -r v/manifests aside && "
	    "rm v/vault.json v/manifests/00000001* && "
	    "printf 'no manifest at all' > v/manifests/00000002.jsonl.zst");
	assert_int_equal(revive(CONTAINER_TAR, &e), 0);
	stage_run("rm -r v/manifests && mv aside v/manifests && "
	    "grep -o '\"id\":\"[^\"]*\"' before > id && "
	    "grep -o '\"id\":\"[^\"]*\"' v/vault.json | cmp - id");
	assert_int_equal(verify(&e), EK_NONE);
}

static void
test_revived_vault_with_nothing_in_it_is_a_new_one(void **state)
{
	struct vault *v;
	struct err e;

	(void)state;
	stage_create(CONTAINER_TAR);
	stage_run(": > v/vault.json");
	assert_int_equal(revive(CONTAINER_MBOX, &e), 0);
	stage_run("grep -q '\"container\":\"mbox\"' v/vault.json && "
	    "grep -q '\"id\":\"[0-9a-f-]\\{36\\}\"' v/vault.json");
	v = stage_open(VAULT_WRITE);
	assert_int_equal(stage_head(v), 0);
	vault_close(&v);
}

static void
test_revive_leaves_what_can_be_read_or_is_no_vault(void **state)
{
	struct vault *v;
	struct err e;

	(void)state;
	assert_int_equal(revive(CONTAINER_TAR, &e), -1);
	assert_int_equal(e.kind, EK_NOVAULT);
	stage_run("mkdir v");
	assert_int_equal(revive(CONTAINER_TAR, &e), -1);
	assert_int_equal(e.kind, EK_NOVAULT);
	stage_run("rmdir v");
	stage_fill(CONTAINER_TAR, 1);
	stage_run("cp v/vault.json before");
	assert_int_equal(revive(CONTAINER_TAR, &e), -1);
	assert_int_equal(e.kind, EK_REFUSED);
	/* Of a newer version: it is right, and not ours to judge. */
	stage_run("sed -i 's/\"version\":1/\"version\":2/' v/vault.json");
	assert_int_equal(revive(CONTAINER_TAR, &e), -1);
	assert_int_equal(e.kind, EK_NOVAULT);
	stage_run("cp before v/vault.json");
	v = stage_open(VAULT_WRITE);
	stage_run("rm v/vault.json");
	assert_int_equal(revive(CONTAINER_TAR, &e), -1);
	assert_int_equal(e.kind, EK_LOCKED);
	vault_close(&v);
	assert_false(stage_has(stage_path("v/vault.json")));
}

/* All manifests say the same, and vault.json another thing: then it is vault.json that is wrong. */
static void
test_foreign_vault_json_is_told_from_foreign_manifests(void **state)
{
	struct vault_salvage_report r;
	struct err e;

	(void)state;
	stage_fill(CONTAINER_TAR, 2);
	stage_run("mv v w");
	stage_fill(CONTAINER_TAR, 3);
	stage_run("cp v/vault.json good && cp w/vault.json v/");
	assert_int_equal(verify(&e), EK_CORRUPT);
	assert_non_null(strstr(e.next, "may be another vault's"));
	assert_non_null(strstr(e.next, "init --rebind"));
	assert_int_equal(vault_salvage(the_path, false, &the_env, &r, &e), -1);
	assert_int_equal(e.kind, EK_CORRUPT);
	assert_non_null(strstr(e.next, "init --rebind"));
	assert_int_equal(stage_count("manifests"), 3);
	stage_run("cp good v/vault.json && "
	    "cp w/manifests/00000002.jsonl.zst v/manifests/");
	assert_int_equal(verify(&e), EK_CORRUPT);
	assert_null(strstr(e.next, "init --rebind"));
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, stage_begin, stage_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_revived_vault_is_the_one_that_it_was),
		TEST(test_revived_vault_has_its_id_from_any_manifest_that_is_left),
		TEST(test_revived_vault_with_nothing_in_it_is_a_new_one),
		TEST(test_revive_leaves_what_can_be_read_or_is_no_vault),
		TEST(test_foreign_vault_json_is_told_from_foreign_manifests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * config_file_fuzz.c - a config file is read, or refused with the line that is wrong; what it says survives
 * vault.json.
 *
 * The input is the file.
 * seconds: 3
 */
#include "base/text.h"
#include "config/config.h"
#include "config/setting.h"
#include "fuzz.h"
#include "fuzz_dir.h"

static char *path;	/* own */

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	(void)fuzz_dir();
	path = xasprintf("%s/config", fuzz_dir_path);
	setenv("HOME", "/home/anna", 1);
	return 0;
}

/* The error names the file, and the line where there is one. */
static void
check_error(const struct err *e, size_t lines)
{
	const char *p = e->text + strlen(path);
	size_t n;
	uint64_t line;

	MUST(e->kind == EK_CONFIG);
	MUST(strncmp(e->text, path, strlen(path)) == 0 && *p == ':');
	n = strspn(++p, "0123456789");
	if (n > 0) {
		MUST(text_u64(p, n, &line) == 0);
		MUST(line >= 1 && line <= lines);
	}
}

/* What vault.json keeps of it is the same when it comes back. */
static void
check_kept(const struct account *a)
{
	struct buf text = BUF_INIT(4 * 1024 * 1024);
	struct account *back = account_new();
	struct json_out j;
	const struct json *kept;
	struct json *doc;
	struct err e;

	json_begin(&j, &text);
	json_open(&j, NULL, '{');
	account_to_json(a, &j);
	json_close(&j, '}');
	MUST(json_end(&j) == 0);
	MUST(json_parse(text.p, text.n, &doc, &e) == 0);
	if ((kept = json_get(doc, "account")) != NULL)
		MUST(account_from_json(back, kept, &e) == 0);
	buf_clear(&text);
	MUST(account_diff(a, back, &text) == 0);
	json_free(&doc);
	account_free(&back);
	buf_release(&text);
}

static void
check_url(const struct account *a)
{
	struct account *back = account_new();
	char *url = account_url_text(a);
	struct err e;

	if (a->host == NULL)
		MUST(url[0] == '\0');
	else {
		MUST(account_url(back, url, &e) == 0);
		MUST(strcmp(back->host, a->host) == 0 && back->port == a->port);
		MUST((back->tls == ACCOUNT_IMPLICIT) ==
		    (a->tls == ACCOUNT_IMPLICIT));
		MUST((back->user == NULL) == (a->user == NULL));
		MUST(a->user == NULL || strcmp(back->user, a->user) == 0);
	}
	free(url);
	account_free(&back);
}

/* What prune will read from text can be read. */
static void
check_prune(const struct account_prune *p)
{
	int64_t from, to;
	uint64_t n;
	struct err e;

	MUST(p->older_than == NULL ||
	    text_parse_age(p->older_than, 1700000000, &from, &e) == 0);
	MUST(p->trash_older_than == NULL ||
	    text_parse_age(p->trash_older_than, 1700000000, &from, &e) == 0);
	MUST(p->junk_older_than == NULL ||
	    text_parse_age(p->junk_older_than, 1700000000, &from, &e) == 0);
	MUST(p->before == NULL ||
	    text_parse_date(p->before, &from, &to, &e) == 0);
	MUST(p->larger_than == NULL ||
	    text_parse_size(p->larger_than, &n, &e) == 0);
	MUST(p->keep_last == NULL ||
	    text_u64(p->keep_last, strlen(p->keep_last), &n) == 0);
	MUST(p->until_free == NULL ||
	    p->until_free[strlen(p->until_free) - 1] == '%' ||
	    (text_parse_size(p->until_free, &n, &e) == 0 && n > 0));
}

static void
check_account(struct config *c, size_t i)
{
	struct account *a = c->accounts[i], *copy = account_copy(a);
	struct buf text = BUF_INIT(4 * 1024 * 1024);
	struct err e;
	size_t k;

	MUST(config_account(c, a->name) == a);
	for (k = 0; k < settings_n; k++)
		MUST(setting_equal(a, copy, &settings[k]));
	check_prune(&a->prune);
	MUST(a->vault == NULL || a->vault[0] == '/');
	MUST(account_diff(a, copy, &text) == 0);
	MUST(account_title(a)[0] != '\0');
	(void)account_check(a, &e);
	check_kept(a);
	check_url(a);
	account_free(&copy);
	buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct config *c;
	struct err e;
	size_t i, lines = 1;

	for (i = 0; i < n; i++)
		lines += data[i] == '\n';
	fuzz_put(fuzz_dir_fd, "config", data, n);
	if (config_load(path, &c, &e) == -1) {
		check_error(&e, lines);
		return 0;
	}
	for (i = 0; i < c->n; i++)
		check_account(c, i);
	config_free(&c);
	return 0;
}

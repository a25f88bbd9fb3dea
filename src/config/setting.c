/*
 * setting.c - the table of settings, and the values behind its rows.
 *
 * One row says all there is to know of a setting; what goes over all settings
 * (copying, comparing, merging, JSON, the config file, the options) goes over
 * the rows.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/apply.h"
#include "config/setting.h"
#include "config/url.h"

/* Where a value is; a field of another type than the row's doesn't compile. */
#define AT(f, T)	(offsetof(struct account, f) + \
	0 * sizeof(_Generic(((struct account *)0)->f, T: 1)))
#define OPT_ONLY	false
#define IN_FILE		true
#define KEPT		true
#define NOT_KEPT	false
#define PLAIN		false
#define SECRET		true

const struct setting settings[] = {
	{ "credential", SETTING_TEXT, KEPT, "NAME",
	    "systemd credential that holds the password", "credential",
	    IN_FILE, SECRET, AT(credential, char *), apply_clean_file_name },
	{ "disable", SETTING_LIST, KEPT, "CAPABILITY",
	    "do not use this capability of the server", "disable",
	    IN_FILE, PLAIN, AT(disable, struct words), apply_clean_capability },
	{ "folders", SETTING_LIST, KEPT, "PATTERN",
	    "folders to back up; \"!PATTERN\": not these; may be repeated",
	    "folder",
	    IN_FILE, PLAIN, AT(folders, struct words), NULL },
	{ "full_every", SETTING_AGE, KEPT, "AGE",
	    "compare everything at least this often (7d)", "full-every",
	    IN_FILE, PLAIN, AT(full_every, int64_t), NULL },
	{ "insecure_plaintext", SETTING_FLAG, KEPT, NULL,
	    "with imap://, allow a connection without TLS",
	    "insecure-plaintext",
	    IN_FILE, PLAIN, AT(insecure_plaintext, bool), NULL },
	{ "insecure_plaintext_remote", SETTING_FLAG, KEPT, NULL,
	    "allow it to other hosts than this one too",
	    "insecure-plaintext-remote",
	    IN_FILE, PLAIN, AT(insecure_plaintext_remote, bool), NULL },
	{ "max_rate", SETTING_SIZE, KEPT, "SIZE",
	    "transfer at most this much a second", "max-rate",
	    IN_FILE, PLAIN, AT(max_rate, uint64_t), NULL },
	{ "password_command", SETTING_TEXT, KEPT, "COMMAND",
	    "shell command that prints the password", "password-command",
	    IN_FILE, SECRET, AT(password_command, char *), NULL },
	{ "password_fd", SETTING_FD, NOT_KEPT, "NUMBER",
	    "read the password from this descriptor", "password-fd",
	    OPT_ONLY, SECRET, AT(password_fd, int), NULL },
	{ "password_file", SETTING_PATH, KEPT, "FILE",
	    "read the password from a file of mode 0600", "password-file",
	    IN_FILE, SECRET, AT(password_file, char *), NULL },
	{ "proxy", SETTING_TEXT, KEPT, "URL",
	    "connect through socks5h://HOST or http://HOST", "proxy",
	    IN_FILE, PLAIN, AT(proxy, char *), url_proxy },
	{ "prune_before", SETTING_TEXT, NOT_KEPT, "DATE",
	    "prune: what came before that day", NULL,
	    IN_FILE, PLAIN, AT(prune.before, char *), apply_clean_date },
	{ "prune_folders", SETTING_LIST, NOT_KEPT, "PATTERN",
	    "prune: folders to delete from", NULL,
	    IN_FILE, PLAIN, AT(prune.folders, struct words), NULL },
	{ "prune_junk_older_than", SETTING_TEXT, NOT_KEPT, "AGE",
	    "prune: another age for the junk folder", NULL,
	    IN_FILE, PLAIN, AT(prune.junk_older_than, char *),
	    apply_clean_age },
	{ "prune_keep_flagged", SETTING_FLAG, NOT_KEPT, NULL,
	    "prune: not what is flagged (yes)", NULL,
	    IN_FILE, PLAIN, AT(prune.keep_flagged, bool), NULL },
	{ "prune_keep_last", SETTING_TEXT, NOT_KEPT, "NUMBER",
	    "prune: not that many newest ones of each folder", NULL,
	    IN_FILE, PLAIN, AT(prune.keep_last, char *), apply_clean_number },
	{ "prune_keep_unread", SETTING_FLAG, NOT_KEPT, NULL,
	    "prune: not what is unread (yes)", NULL,
	    IN_FILE, PLAIN, AT(prune.keep_unread, bool), NULL },
	{ "prune_larger_than", SETTING_TEXT, NOT_KEPT, "SIZE",
	    "prune: what is larger than that", NULL,
	    IN_FILE, PLAIN, AT(prune.larger_than, char *), apply_clean_size },
	{ "prune_largest_first", SETTING_FLAG, NOT_KEPT, NULL,
	    "prune: the largest first, not the oldest", NULL,
	    IN_FILE, PLAIN, AT(prune.largest_first, bool), NULL },
	{ "prune_older_than", SETTING_TEXT, NOT_KEPT, "AGE",
	    "prune: what is older than that", NULL,
	    IN_FILE, PLAIN, AT(prune.older_than, char *), apply_clean_age },
	{ "prune_recipient", SETTING_TEXT, NOT_KEPT, "TEXT",
	    "prune: what has this text in To", NULL,
	    IN_FILE, PLAIN, AT(prune.recipient, char *), NULL },
	{ "prune_seen", SETTING_FLAG, NOT_KEPT, NULL,
	    "prune: only what was read", NULL,
	    IN_FILE, PLAIN, AT(prune.seen, bool), NULL },
	{ "prune_sender", SETTING_TEXT, NOT_KEPT, "TEXT",
	    "prune: what has this text in From", NULL,
	    IN_FILE, PLAIN, AT(prune.sender, char *), NULL },
	{ "prune_subject", SETTING_TEXT, NOT_KEPT, "TEXT",
	    "prune: what has this text in Subject", NULL,
	    IN_FILE, PLAIN, AT(prune.subject, char *), NULL },
	{ "prune_trash_older_than", SETTING_TEXT, NOT_KEPT, "AGE",
	    "prune: another age for the trash", NULL,
	    IN_FILE, PLAIN, AT(prune.trash_older_than, char *),
	    apply_clean_age },
	{ "prune_until_free", SETTING_TEXT, NOT_KEPT, "SIZE|N%",
	    "prune: until so much of the quota is free", NULL,
	    IN_FILE, PLAIN, AT(prune.until_free, char *), apply_clean_goal },
	{ "server", SETTING_SERVER, KEPT, "URL",
	    "the server, imaps://[USER@]HOST[:PORT]", "server",
	    IN_FILE, PLAIN, 0, NULL },
	{ "shared", SETTING_FLAG, KEPT, NULL,
	    "include other users' and shared folders", "shared",
	    IN_FILE, PLAIN, AT(shared, bool), NULL },
	{ "timeout", SETTING_SECONDS, KEPT, "SECONDS",
	    "silence after which the connection is dead (60)", "timeout",
	    IN_FILE, PLAIN, AT(timeout, int64_t), NULL },
	{ "tls_ca", SETTING_PATH, KEPT, "FILE",
	    "trust these certificates instead of the system's", "tls-ca",
	    IN_FILE, PLAIN, AT(tls_ca, char *), NULL },
	{ "tls_pin", SETTING_TEXT, KEPT, "PIN",
	    "trust only this key of the server, sha256//...", "tls-pin",
	    IN_FILE, PLAIN, AT(tls_pin, char *), apply_clean_pins },
	{ "token_command", SETTING_TEXT, KEPT, "COMMAND",
	    "shell command that prints an OAuth access token",
	    "token-command",
	    IN_FILE, SECRET, AT(token_command, char *), NULL },
	{ "user", SETTING_TEXT, KEPT, "NAME",
	    "the user to sign in as", "user",
	    IN_FILE, PLAIN, AT(user, char *), url_user },
	{ "vault", SETTING_PATH, NOT_KEPT, "DIRECTORY",
	    "where the account is kept", NULL,
	    IN_FILE, PLAIN, AT(vault, char *), NULL },
};
const size_t settings_n = sizeof(settings) / sizeof(settings[0]);

_Static_assert(sizeof(settings) / sizeof(settings[0]) <= 64,
    "account.given has a bit for each row");

const struct setting *
setting_find(const char *name)
{
	size_t i;

	for (i = 0; i < settings_n; i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

void *
setting_slot(const struct account *a, const struct setting *s)
{
	if (s->type == SETTING_SERVER)
		return NULL;
	return (char *)(uintptr_t)a + s->offset;
}

static uint64_t
bit(const struct setting *s)
{
	return (uint64_t)1 << (s - settings);
}

bool
setting_given(const struct account *a, const struct setting *s)
{
	return (a->given & bit(s)) != 0;
}

void
setting_mark(struct account *a, const struct setting *s)
{
	a->given |= bit(s);
}

void
setting_layer(struct account *a)
{
	a->given = 0;
}

bool
setting_any_secret(const struct account *a)
{
	const struct setting *s;

	for (s = settings; s < settings + settings_n; s++)
		if (s->secret && setting_given(a, s))
			return true;
	return false;
}

static void
words_clear(struct words *w)
{
	while (w->n > 0)
		free(w->v[--w->n]);
	free(w->v);
	*w = (struct words){ NULL, 0, 0 };
}

void
setting_add_word(struct words *w, char *own)
{
	w->v = mem_grow(w->v, &w->cap, w->n + 1, sizeof(w->v[0]));
	w->v[w->n++] = own;
}

static bool
words_equal(const struct words *a, const struct words *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->v[i], b->v[i]) != 0)
			return false;
	return true;
}

static bool
text_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

void
setting_set_text(char **to, char *own)
{
	free(*to);
	*to = own;
}

void
setting_drop(struct account *a, const struct setting *s)
{
	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
		setting_set_text(setting_slot(a, s), NULL);
		break;
	case SETTING_LIST:
		words_clear(setting_slot(a, s));
		break;
	case SETTING_FD:
		*(int *)setting_slot(a, s) = -1;
		break;
	case SETTING_FLAG:
	case SETTING_SIZE:
	case SETTING_AGE:
	case SETTING_SECONDS:
	case SETTING_SERVER:
		break;
	}
}

void
setting_drop_secrets(struct account *a)
{
	const struct setting *s;

	for (s = settings; s < settings + settings_n; s++)
		if (s->secret)
			setting_drop(a, s);
}

void
setting_copy(struct account *to, const struct account *from,
    const struct setting *s)
{
	void *p = setting_slot(to, s);
	const void *q = setting_slot(from, s);
	const char *text;
	const struct words *w;
	size_t i;

	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
		text = *(char *const *)q;
		setting_set_text(p, text == NULL ? NULL : xstrdup(text));
		break;
	case SETTING_LIST:
		words_clear(p);
		w = q;
		for (i = 0; i < w->n; i++)
			setting_add_word(p, xstrdup(w->v[i]));
		break;
	case SETTING_FD:
		*(int *)p = *(const int *)q;
		break;
	case SETTING_FLAG:
		*(bool *)p = *(const bool *)q;
		break;
	case SETTING_SIZE:
		*(uint64_t *)p = *(const uint64_t *)q;
		break;
	case SETTING_AGE:
	case SETTING_SECONDS:
		*(int64_t *)p = *(const int64_t *)q;
		break;
	case SETTING_SERVER:
		setting_set_text(&to->host,
		    from->host == NULL ? NULL : xstrdup(from->host));
		to->port = from->port;
		to->tls = from->tls;
		break;
	}
}

bool
setting_equal(const struct account *a, const struct account *b,
    const struct setting *s)
{
	const void *p = setting_slot(a, s), *q = setting_slot(b, s);

	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
		return text_equal(*(char *const *)p, *(char *const *)q);
	case SETTING_LIST:
		return words_equal(p, q);
	case SETTING_FD:
		return *(const int *)p == *(const int *)q;
	case SETTING_FLAG:
		return *(const bool *)p == *(const bool *)q;
	case SETTING_SIZE:
		return *(const uint64_t *)p == *(const uint64_t *)q;
	case SETTING_AGE:
	case SETTING_SECONDS:
		return *(const int64_t *)p == *(const int64_t *)q;
	case SETTING_SERVER:
		break;
	}
	return text_equal(a->host, b->host) && (a->host == NULL ||
	    (a->port == b->port && (a->tls == ACCOUNT_IMPLICIT) ==
	    (b->tls == ACCOUNT_IMPLICIT)));
}

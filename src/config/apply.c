/*
 * apply.c - how the text of a setting becomes its value: the same for the
 * config file, for options and for vault.json.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/apply.h"
#include "config/setting.h"
#include "config/url.h"

#define TIMEOUT_MAX	86400
#define AGE_MAX		((int64_t)30 * 366 * 86400)	/* an age in s, too */
#define PIN_PREFIX	"sha256//"
#define PIN_DIGITS	43	/* of base64, then a =: 32 bytes */
#define NAME_LEN_MAX	255

/*
 * One or more of sha256//BASE64 with ; between: libcurl takes anything else for
 * the name of a file with a key.
 */
char *
apply_clean_pins(const struct account *a, const char *value, struct err *e)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *s = value;

	(void)a;
	for (;;) {
		if (strncmp(s, PIN_PREFIX, strlen(PIN_PREFIX)) != 0)
			break;
		s += strlen(PIN_PREFIX);
		if (strspn(s, base64) != PIN_DIGITS || s[PIN_DIGITS] != '=')
			break;
		s += PIN_DIGITS + 1;
		if (*s == '\0')
			return xstrdup(value);
		if (*s++ != ';')
			break;
	}
	err_set(e, EK_USAGE, "a pin is written sha256// and 44 characters of "
	    "base64, several with ; between");
	return NULL;
}

/* An atom of RFC 3501, in capitals. */
char *
apply_clean_capability(const struct account *a, const char *value,
    struct err *e)
{
	char *own, *p;

	(void)a;
	own = xstrdup(value);
	for (p = own; *p != '\0'; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
		if (*p <= ' ' || *p > '~' || strchr("(){%*\"\\]", *p) != NULL) {
			err_set(e, EK_USAGE,
			    "'%s' is not the name of a capability", value);
			free(own);
			return NULL;
		}
	}
	return own;
}

/* The name of a file in a directory that is not ours to leave. */
char *
apply_clean_file_name(const struct account *a, const char *value, struct err *e)
{
	(void)a;
	if (strchr(value, '/') == NULL && strcmp(value, ".") != 0 &&
	    strcmp(value, "..") != 0 && strlen(value) <= NAME_LEN_MAX)
		return xstrdup(value);
	err_set(e, EK_USAGE, "'%s' is not the name of a credential", value);
	return NULL;
}

char *
apply_clean_age(const struct account *a, const char *value, struct err *e)
{
	int64_t then;

	(void)a;
	return text_parse_age(value, 0, &then, e) == -1 ? NULL : xstrdup(value);
}

char *
apply_clean_date(const struct account *a, const char *value, struct err *e)
{
	int64_t from, to;

	(void)a;
	return text_parse_date(value, &from, &to, e) == -1 ? NULL :
	    xstrdup(value);
}

char *
apply_clean_size(const struct account *a, const char *value, struct err *e)
{
	uint64_t size;

	(void)a;
	return text_parse_size(value, &size, e) == -1 ? NULL : xstrdup(value);
}

char *
apply_clean_number(const struct account *a, const char *value, struct err *e)
{
	uint64_t n;

	(void)a;
	if (text_u64(value, strlen(value), &n) == 0)
		return xstrdup(value);
	err_set(e, EK_USAGE, "'%s' is not a number", value);
	return NULL;
}

char *
apply_clean_goal(const struct account *a, const char *value, struct err *e)
{
	size_t n = strlen(value);
	uint64_t v;
	int rc;

	(void)a;
	if (n > 0 && value[n - 1] == '%')
		rc = text_u64(value, n - 1, &v) == -1 || v > 99 ? -1 : 0;
	else
		rc = text_parse_size(value, &v, e);
	/* Who means percent may forget to say so. */
	if (n > 0 && value[n - 1] >= '0' && value[n - 1] <= '9')
		rc = -1;
	if (rc == 0 && v > 0)
		return xstrdup(value);
	err_set(e, EK_USAGE, "'%s' is neither a size such as 2G nor a share "
	    "from 1%% to 99%%", value);
	return NULL;
}

/*
 * What never has a place in a setting: it could end a line of the protocol, or
 * not survive being written as JSON.
 */
static int
check_text(const char *value, struct err *e)
{
	const char *s;

	for (s = value; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return err_set(e, EK_USAGE,
			    "it holds a line end or another control character");
	if (!utf8_valid(value, strlen(value)))
		return err_set(e, EK_USAGE, "it is not UTF-8");
	return 0;
}

/* ${value} as an absolute path, or NULL. */
static char *
resolve(const char *value, const char *base, struct err *e)
{
	const char *home;
	char *cwd, *path;

	if (*value == '/')
		return xstrdup(value);
	if (*value == '~') {
		if (value[1] != '\0' && value[1] != '/') {
			err_set(e, EK_USAGE, "'%s': only ~/ is understood; "
			    "write ./~ for a name that begins with ~", value);
			return NULL;
		}
		home = getenv("HOME");
		if (home == NULL || *home != '/') {
			err_set(e, EK_USAGE, "'%s': $HOME is not set", value);
			return NULL;
		}
		return xasprintf("%s%s", home, value + 1);
	}
	if (base != NULL && *base == '/')
		return xasprintf("%s/%s", strcmp(base, "/") == 0 ? "" : base,
		    value);
	if ((cwd = getcwd(NULL, 0)) == NULL) {
		err_sys(e, "the current directory");
		return NULL;
	}
	if (base == NULL)
		path = xasprintf("%s/%s", cwd, value);
	else
		path = xasprintf("%s/%s/%s", cwd, base, value);
	free(cwd);
	return path;
}

static int
parse_flag(const char *value, bool *out, struct err *e)
{
	static const char *const words[] = { "no", "false", "off", "yes",
	    "true", "on" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(value, words[i]) == 0) {
			*out = i >= 3;
			return 0;
		}
	return err_set(e, EK_USAGE, "'%s' is neither yes nor no", value);
}

/* JSON's integers, as jansson reads them, are signed. */
static int
parse_size(const char *value, uint64_t *out, struct err *e)
{
	uint64_t v;

	if (text_parse_size(value, &v, e) == -1)
		return -1;
	if (v > INT64_MAX)
		return err_set(e, EK_USAGE, "'%s' is too large", value);
	*out = v;
	return 0;
}

/*
 * A length of time in seconds: the way back from an instant that is taken for
 * now.
 */
static int
parse_age(const char *value, int64_t *out, struct err *e)
{
	int64_t then;

	if (text_parse_age(value, 0, &then, e) == -1)
		return -1;
	if (-then > AGE_MAX)
		return err_set(e, EK_USAGE, "'%s' is too long", value);
	*out = -then;
	return 0;
}

static int
parse_seconds(const char *value, int64_t *out, struct err *e)
{
	size_t n = strlen(value);
	uint64_t v;
	int64_t age = 0;

	if (text_u64(value, n, &v) == 0)
		age = v > TIMEOUT_MAX ? TIMEOUT_MAX + 1 : (int64_t)v;
	else if (parse_age(value, &age, e) == -1)
		return -1;
	if (age < 1 || age > TIMEOUT_MAX)
		return err_set(e, EK_USAGE,
		    "'%s' is not from 1 second to 1 day", value);
	*out = age;
	return 0;
}

/*
 * A layer sets ${s} now: what earlier layers said is over, where it would not
 * simply be overwritten.
 */
static void
begin(struct account *a, const struct setting *s)
{
	if (s->secret && !setting_any_secret(a))
		setting_drop_secrets(a);
	if (s->type == SETTING_LIST && !setting_given(a, s))
		setting_drop(a, s);
	setting_mark(a, s);
}

static int
apply_text(struct account *a, const struct setting *s, const char *value,
    const char *base, struct err *e)
{
	char *own = NULL;

	if (*value != '\0') {
		if (s->type == SETTING_PATH)
			own = resolve(value, base, e);
		else if (s->clean != NULL)
			own = s->clean(a, value, e);
		else
			own = xstrdup(value);
		if (own == NULL)
			return -1;
	}
	begin(a, s);
	if (s->type == SETTING_LIST && own != NULL)
		setting_add_word(setting_slot(a, s), own);
	else if (s->type == SETTING_LIST)
		setting_drop(a, s);
	else
		setting_set_text(setting_slot(a, s), own);
	return 0;
}

static int
apply_fd(struct account *a, const struct setting *s, const char *value,
    struct err *e)
{
	uint64_t v;
	int flags;

	if (text_u64(value, strlen(value), &v) == -1 || v > INT_MAX)
		return err_set(e, EK_USAGE,
		    "'%s' is not the number of a descriptor", value);
	/* Ours are closed for children; one that was given to us can't be, it survived the exec. */
	if ((flags = fcntl((int)v, F_GETFD)) == -1 || (flags & FD_CLOEXEC) != 0)
		return err_set(e, EK_USAGE, "descriptor %d is not open",
		    (int)v);
	begin(a, s);
	*(int *)setting_slot(a, s) = (int)v;
	return 0;
}

static int
apply(struct account *a, const struct setting *s, const char *value,
    const char *base, struct err *e)
{
	void *slot = setting_slot(a, s);
	int rc = -1;

	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_LIST:
		return apply_text(a, s, value, base, e);
	case SETTING_FD:
		return apply_fd(a, s, value, e);
	case SETTING_SERVER:
		return account_url(a, value, e);
	case SETTING_FLAG:
		rc = parse_flag(value, slot, e);
		url_tls(a);
		break;
	case SETTING_SIZE:
		rc = parse_size(value, slot, e);
		break;
	case SETTING_AGE:
		rc = parse_age(value, slot, e);
		break;
	case SETTING_SECONDS:
		rc = parse_seconds(value, slot, e);
		break;
	}
	if (rc == 0)
		begin(a, s);
	return rc;
}

int
setting_apply(struct account *a, const char *name, const char *value,
    const char *base, struct err *e)
{
	const struct setting *s = setting_find(name);

	if (s == NULL)
		return err_set(e, EK_USAGE, "there is no setting '%s'", name);
	if (value == NULL)
		value = s->type == SETTING_FLAG ? "yes" : "";
	if (check_text(value, e) == -1 || apply(a, s, value, base, e) == -1)
		return err_add(e, "%s", name);
	return 0;
}

/*
 * kept.c - the settings that outlive a run: vault.json's "account", and what
 * has changed since.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "config/setting.h"
#include "config/url.h"

static void
put_words(const struct words *w, const char *key, struct json_out *j)
{
	size_t i;

	json_open(j, key, '[');
	for (i = 0; i < w->n; i++)
		json_str(j, NULL, w->v[i]);
	json_close(j, ']');
}

static void
put_value(const struct account *a, const struct setting *s, struct json_out *j)
{
	const void *p = setting_slot(a, s);
	const char *text;
	char *url;

	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
		text = *(char *const *)p;
		json_str(j, s->name, text == NULL ? "" : text);
		break;
	case SETTING_LIST:
		put_words(p, s->name, j);
		break;
	case SETTING_FLAG:
		json_bool(j, s->name, *(const bool *)p);
		break;
	case SETTING_SIZE:
		json_u64(j, s->name, *(const uint64_t *)p);
		break;
	case SETTING_AGE:
	case SETTING_SECONDS:
		json_i64(j, s->name, *(const int64_t *)p);
		break;
	case SETTING_FD:
		json_i64(j, s->name, *(const int *)p);
		break;
	case SETTING_SERVER:
		url = url_server_text(a);
		json_str(j, s->name, url);
		free(url);
		break;
	}
}

void
account_to_json(const struct account *a, struct json_out *j)
{
	struct account *fresh;
	size_t i;

	fresh = account_new();
	json_open(j, "account", '{');
	for (i = 0; i < settings_n; i++)
		if (settings[i].kept && !setting_equal(a, fresh, &settings[i]))
			put_value(a, &settings[i], j);
	json_close(j, '}');
	account_free(&fresh);
}

static int
take_words(struct account *a, const struct setting *s, const struct json *v,
    struct err *e)
{
	const char *text;
	size_t i, n = json_count(v);

	/* An empty one is never written. */
	if (v != NULL && n == 0)
		return err_set(e, EK_CORRUPT, "%s: not a list", s->name);
	for (i = 0; i < n; i++) {
		if ((text = json_text(json_item(v, i))) == NULL)
			return err_set(e, EK_CORRUPT, "%s: not a list of texts",
			    s->name);
		if (setting_apply(a, s->name, text, "/", e) == -1)
			return -1;
	}
	return 0;
}

/*
 * One member: 0 also where it is not there.  Numbers become the text that
 * setting_apply() understands.
 */
static int
take_value(struct account *a, const struct setting *s, const struct json *o,
    struct err *e)
{
	char number[TEXT_MAX];
	const char *text = NULL;
	uint64_t v;
	bool flag;
	int r = -1;

	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
	case SETTING_SERVER:
		r = json_get_str(o, s->name, &text);
		break;
	case SETTING_LIST:
		return take_words(a, s, json_get(o, s->name), e);
	case SETTING_FLAG:
		if ((r = json_get_bool(o, s->name, &flag)) == 1)
			text = flag ? "yes" : "no";
		break;
	case SETTING_SIZE:
	case SETTING_AGE:
	case SETTING_SECONDS:
	case SETTING_FD:
		if ((r = json_get_u64(o, s->name, &v)) == 1) {
			snprintf(number, sizeof(number), "%" PRIu64 "%s", v,
			    s->type == SETTING_AGE ? "s" : "");
			text = number;
		}
		break;
	}
	if (r == -1)
		return err_set(e, EK_CORRUPT, "%s: a value of another type "
		    "was expected", s->name);
	if (r == 0)
		return 0;
	return setting_apply(a, s->name, text, "/", e);
}

int
account_from_json(struct account *a, const struct json *o, struct err *e)
{
	size_t i;

	for (i = 0; i < settings_n; i++)
		if (settings[i].kept &&
		    take_value(a, &settings[i], o, e) == -1) {
			e->kind = EK_CORRUPT;
			return err_add(e, "account");
		}
	return 0;
}

struct unit {
	const char	*name;
	uint64_t	 size;
};
static const struct unit sizes[] = { { "G", 1 << 30 }, { "M", 1 << 20 },
	{ "K", 1 << 10 }, { "", 1 } };
static const struct unit spans[] = { { "d", 86400 }, { "h", 3600 },
	{ "m", 60 }, { "s", 1 } };

/*
 * A number as it would be set: in the largest unit that hides nothing of it.
 * The last unit is 1.
 */
static const char *
exact(char out[TEXT_MAX], uint64_t v, const struct unit *u)
{
	while (v % u->size != 0 || (v == 0 && u->size > 1))
		u++;
	snprintf(out, TEXT_MAX, "%" PRIu64 "%s", v / u->size, u->name);
	return out;
}

/* A value as people read it. */
static void
say_value(const struct account *a, const struct setting *s, struct buf *b)
{
	const void *p = setting_slot(a, s);
	const struct words *w;
	const char *text = NULL;
	char room[TEXT_MAX];
	char *url = NULL;
	size_t i;

	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_PATH:
		text = *(char *const *)p;
		break;
	case SETTING_LIST:
		w = p;
		for (i = 0; i < w->n; i++)
			(void)buf_addf(b, i == 0 ? "'%s'" : ", '%s'", w->v[i]);
		if (w->n > 0)
			return;
		break;
	case SETTING_FLAG:
		text = *(const bool *)p ? "yes" : "no";
		break;
	case SETTING_SIZE:
		if (*(const uint64_t *)p != 0)
			text = exact(room, *(const uint64_t *)p, sizes);
		break;
	case SETTING_AGE:
	case SETTING_SECONDS:
		text = exact(room, (uint64_t)*(const int64_t *)p, spans);
		break;
	case SETTING_FD:
		break;
	case SETTING_SERVER:
		text = url = a->host == NULL ? NULL : url_server_text(a);
		break;
	}
	(void)buf_adds(b, text == NULL ? "(none)" : text);
	free(url);
}

size_t
account_diff(const struct account *a, const struct account *b, struct buf *out)
{
	const struct setting *s;
	size_t n = 0;

	for (s = settings; s < settings + settings_n; s++) {
		if (!s->kept || setting_equal(a, b, s))
			continue;
		n++;
		(void)buf_addf(out, "%s: ", s->name);
		say_value(a, s, out);
		(void)buf_adds(out, " -> ");
		say_value(b, s, out);
		(void)buf_addc(out, '\n');
	}
	return n;
}

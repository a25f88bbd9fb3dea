/*
 * json.c - see json.h.  The one file that includes jansson.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

void
json_begin(struct json_out *j, struct buf *b)
{
	j->b = b;
	j->comma = j->full = false;
}

static void
put(struct json_out *j, const void *p, size_t n)
{
	if (buf_add(j->b, p, n) == -1)
		j->full = true;
}

static void
put_key(struct json_out *j, const char *key)
{
	if (j->comma)
		put(j, ",", 1);
	j->comma = true;
	if (key == NULL)
		return;
	put(j, "\"", 1);
	put(j, key, strlen(key));
	put(j, "\":", 2);
}

void
json_open(struct json_out *j, const char *key, char bracket)
{
	put_key(j, key);
	put(j, &bracket, 1);
	j->comma = false;
}

void
json_close(struct json_out *j, char bracket)
{
	put(j, &bracket, 1);
	j->comma = true;
}

void
json_str(struct json_out *j, const char *key, const char *s)
{
	json_strn(j, key, s, strlen(s));
}

/* One character that can't stand for itself. */
static void
put_escape(struct json_out *j, uint32_t cp)
{
	char out[8];
	int n;

	if (cp == '"' || cp == '\\')
		n = snprintf(out, sizeof(out), "\\%c", (char)cp);
	else if (cp == '\n')
		n = snprintf(out, sizeof(out), "\\n");
	else if (cp == '\t')
		n = snprintf(out, sizeof(out), "\\t");
	else
		n = snprintf(out, sizeof(out), "\\u%04" PRIx32, cp);
	put(j, out, (size_t)n);
}

void
json_strn(struct json_out *j, const char *key, const char *s, size_t n)
{
	const char *run = s, *end = s + n;
	uint32_t cp;
	size_t len;

	put_key(j, key);
	put(j, "\"", 1);
	while (s < end) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			s++;
			continue;
		}
		len = utf8_next(s, (size_t)(end - s), &cp);
		if (len > 1 && !text_harmful(cp)) {
			s += len;
			continue;
		}
		put(j, run, (size_t)(s - run));
		put_escape(j, len == 0 ? 0xfffd : cp);
		s += len == 0 ? 1 : len;
		run = s;
	}
	put(j, run, (size_t)(s - run));
	put(j, "\"", 1);
}

void
json_u64(struct json_out *j, const char *key, uint64_t v)
{
	char digits[24], *p = digits + sizeof(digits);

	put_key(j, key);
	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	put(j, p, (size_t)(digits + sizeof(digits) - p));
}

void
json_i64(struct json_out *j, const char *key, int64_t v)
{
	if (v >= 0) {
		json_u64(j, key, (uint64_t)v);
		return;
	}
	put_key(j, key);
	put(j, "-", 1);
	j->comma = false;
	json_u64(j, NULL, 0 - (uint64_t)v);
}

void
json_bool(struct json_out *j, const char *key, bool v)
{
	put_key(j, key);
	put(j, v ? "true" : "false", v ? 4 : 5);
}

int
json_end(struct json_out *j)
{
	return j->full ? -1 : 0;
}

/* struct json is never defined: it is jansson's type under a name that other rooms may know. */
static const json_t *
in(const struct json *v)
{
	return (const json_t *)(const void *)v;
}

static const struct json *
out(const json_t *v)
{
	return (const struct json *)(const void *)v;
}

int
json_parse(const char *p, size_t n, struct json **doc_out, struct err *e)
{
	json_error_t why;
	json_t *doc;

	doc = json_loadb(p, n, JSON_REJECT_DUPLICATES, &why);
	if (doc == NULL && json_error_code(&why) == json_error_out_of_memory)
		mem_fail();
	/* Some of jansson's failures for want of memory look like bad text: is there any, and is it bad again? */
	if (doc == NULL) {
		free(xmalloc(n + 1));
		doc = json_loadb(p, n, JSON_REJECT_DUPLICATES, &why);
	}
	if (doc == NULL)
		return err_set(e, EK_CORRUPT, "not JSON: %s (at byte %d)",
		    why.text, why.position);
	if (!json_is_object(doc)) {
		json_decref(doc);
		return err_set(e, EK_CORRUPT, "not a JSON object");
	}
	*doc_out = (struct json *)(void *)doc;
	return 0;
}

void
json_free(struct json **doc)
{
	if (*doc == NULL)
		return;
	json_decref((json_t *)(void *)*doc);
	*doc = NULL;
}

const struct json *
json_get(const struct json *o, const char *key)
{
	const json_t *v = json_object_get(in(o), key);

	return v == NULL || json_is_null(v) ? NULL : out(v);
}

int
json_get_str(const struct json *o, const char *key, const char **s_out)
{
	const struct json *v = json_get(o, key);

	if (v == NULL)
		return 0;
	if (!json_is_string(in(v)))
		return -1;
	*s_out = json_string_value(in(v));
	return 1;
}

int
json_get_i64(const struct json *o, const char *key, int64_t *v_out)
{
	const struct json *v = json_get(o, key);

	if (v == NULL)
		return 0;
	if (!json_is_integer(in(v)))
		return -1;
	*v_out = (int64_t)json_integer_value(in(v));
	return 1;
}

int
json_get_u64(const struct json *o, const char *key, uint64_t *v_out)
{
	int64_t v;
	int r = json_get_i64(o, key, &v);

	if (r != 1)
		return r;
	if (v < 0)
		return -1;
	*v_out = (uint64_t)v;
	return 1;
}

int
json_get_bool(const struct json *o, const char *key, bool *v_out)
{
	const struct json *v = json_get(o, key);

	if (v == NULL)
		return 0;
	if (!json_is_boolean(in(v)))
		return -1;
	*v_out = json_is_true(in(v));
	return 1;
}

size_t
json_count(const struct json *a)
{
	return a == NULL ? 0 : json_array_size(in(a));
}

const struct json *
json_item(const struct json *a, size_t i)
{
	return out(json_array_get(in(a), i));
}

const char *
json_text(const struct json *v)
{
	return v == NULL ? NULL : json_string_value(in(v));
}

int
json_number(const struct json *v, uint64_t *v_out)
{
	if (v == NULL || !json_is_integer(in(v)) ||
	    json_integer_value(in(v)) < 0)
		return -1;
	*v_out = (uint64_t)json_integer_value(in(v));
	return 0;
}

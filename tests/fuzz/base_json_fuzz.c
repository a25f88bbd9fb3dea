/*
 * base_json_fuzz.c - JSON that is read means what it says, and text that is written is read again.
 *
 * The input is a document; then all of it is text, which is written as a string.
 * seconds: 2
 */
#include <inttypes.h>

#include "base/json.h"
#include "fuzz.h"

#define JSON_MAX	(1024 * 1024)

static const char *const keys[] = { "a", "b", "type", "list", "" };

static void
check_value(const struct json *v, int depth)
{
	const char *s = json_text(v);
	uint64_t n;
	size_t i;

	if (s != NULL)
		MUST(utf8_valid(s, strlen(s)));
	if (json_number(v, &n) == 0)
		MUST(n <= INT64_MAX && s == NULL);
	MUST(json_item(v, json_count(v)) == NULL);
	for (i = 0; i < json_count(v) && depth < 8; i++)
		check_value(json_item(v, i), depth + 1);
}

/* Each key's value has one type, and is had by its getter alone. */
static void
check_object(const struct json *o, int depth)
{
	const struct json *v;
	const char *s;
	uint64_t u;
	int64_t n;
	bool b;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int str = json_get_str(o, keys[i], &s);
		int u64 = json_get_u64(o, keys[i], &u);
		int i64 = json_get_i64(o, keys[i], &n);
		int boolean = json_get_bool(o, keys[i], &b);

		if ((v = json_get(o, keys[i])) == NULL) {
			MUST(str == 0 && u64 == 0 && i64 == 0 && boolean == 0);
			continue;
		}
		MUST((str == 1) + (i64 == 1) + (boolean == 1) <= 1);
		MUST(u64 == (i64 == 1 && n >= 0 ? 1 : -1));
		MUST(u64 != 1 || u == (uint64_t)n);
		check_value(v, 0);
		if (depth < 8)
			check_object(v, depth + 1);
	}
}

/* A string comes back as it was; what is no UTF-8 as U+FFFD. */
static void
check_string(const char *p, size_t n)
{
	struct buf text = BUF_INIT(8 * JSON_MAX);
	struct json_out j;
	struct json *doc;
	const char *back = NULL;
	struct err e;
	size_t i, len;
	uint32_t cp;

	json_begin(&j, &text);
	json_open(&j, NULL, '{');
	json_strn(&j, "a", p, n);
	json_u64(&j, "b", n);
	json_close(&j, '}');
	MUST(json_end(&j) == 0);
	for (i = 0; i < text.n; i += len) {
		MUST((len = utf8_next(text.p + i, text.n - i, &cp)) > 0);
		MUST(!text_harmful(cp));
	}
	if (json_parse(text.p, text.n, &doc, &e) == 0) {
		MUST(json_get_str(doc, "a", &back) == 1);
		if (utf8_valid(p, n))
			MUST(strlen(back) == n && memcmp(back, p, n) == 0);
		json_free(&doc);
	} else
		/* jansson takes no NUL in a string. */
		MUST(memchr(p, '\0', n) != NULL);
	buf_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *exact = fuzz_copy(data, n);
	struct json *doc;
	struct err e;

	if (json_parse(exact, n, &doc, &e) == 0) {
		check_object(doc, 0);
		json_free(&doc);
		MUST(doc == NULL);
	} else
		MUST(e.kind == EK_CORRUPT);
	check_string(exact, n);
	free(exact);
	return 0;
}

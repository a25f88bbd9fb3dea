/*
 * json.h - JSON, out and in (the only room that knows jansson).
 *
 * Writing appends to a buf as it goes, since a manifest has two lines for each message and a tree for each costs
 * nearly five times as much (tests/bench/json).  Reading parses a line into a tree by jansson.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * An object or array in the making.  Its buf must have room (an overrun is remembered: json_end() returns -1 and the
 * line is unusable).  A ${key} is NULL for the outermost value and for items of an array; keys are ours and plain.
 */
struct json_out {
	struct buf	*b;		/* borrowed */
	bool		 comma;		/* something stands before in this level */
	bool		 full;		/* the buf's limit was met */
};

void json_begin(struct json_out *, struct buf *);
void json_open(struct json_out *, const char *key, char bracket);	/* '{' or '[' */
void json_close(struct json_out *, char bracket);			/* '}' or ']' */
/*
 * json_str(j, key, s), json_strn(j, key, s, n): a string.  What is not UTF-8 becomes U+FFFD; control characters, bidi
 * controls and the like go out as \uXXXX, so that a line is safe on a terminal.
 */
void json_str(struct json_out *, const char *key, const char *);
void json_strn(struct json_out *, const char *key, const char *, size_t);
void json_u64(struct json_out *, const char *key, uint64_t);
void json_i64(struct json_out *, const char *key, int64_t);
void json_bool(struct json_out *, const char *key, bool);
/* json_end(j): 0, or -1 where the buf's limit was met. */
int json_end(struct json_out *);

/* A parsed value.  What the getters hand out is borrowed from the document and lives until json_free(). */
struct json;

/* json_parse(p, n, doc_out, e): one JSON object, nothing behind it, no key twice.  EK_CORRUPT. */
int json_parse(const char *, size_t, struct json **, struct err *);
void json_free(struct json **);

/*
 * json_get_*(object, key, out): 1 found, 0 not there or null (${out} untouched), -1 there but of another type or range.
 */
int json_get_str(const struct json *, const char *, const char **);
int json_get_u64(const struct json *, const char *, uint64_t *);
int json_get_i64(const struct json *, const char *, int64_t *);
int json_get_bool(const struct json *, const char *, bool *);
/* json_get(object, key): a value of any type, or NULL.  json_item(array, i) likewise; json_count(): 0 for no array. */
const struct json *json_get(const struct json *, const char *);
size_t json_count(const struct json *);
const struct json *json_item(const struct json *, size_t);
/* json_text(v), json_number(v, out): a string's text or NULL; a number not below 0, 0 or -1. */
const char *json_text(const struct json *);
int json_number(const struct json *, uint64_t *);

#endif

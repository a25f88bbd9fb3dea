/*
 * mail_flags_fuzz.c - the canonical form of flags depends on nothing but the set of them; the same for labels.
 *
 * The input is flags with blanks between, or labels, one to a line.
 * seconds: 2
 */
#include "fuzz.h"
#include "mail/flags.h"

static bool
separates(char c)
{
	return c == ' ' || c == '\0' || c == '\r' || c == '\n';
}

/* The same flags, the last one first. */
static char *
backwards(const char *p, size_t n)
{
	char *out = xmalloc(n + 1), *to = out;
	size_t end = n, at;

	while (end > 0) {
		while (end > 0 && separates(p[end - 1]))
			end--;
		for (at = end; at > 0 && !separates(p[at - 1]); at--)
			;
		memcpy(to, p + at, end - at);
		to += end - at;
		if (at > 0)
			*to++ = ' ';
		end = at;
	}
	*to = '\0';
	return out;
}

static bool
same_flag(const char *p, size_t n, const char *q, size_t m)
{
	return n == m && memcmp(p, q, n) == 0;
}

/* Each flag of a canonical text once, and found. */
static void
check_walk(const char *text)
{
	const char *at = text, *flag, *before = NULL;
	size_t n, before_n = 0, sum = 0, count = 0;

	while ((flag = flags_next(&at, &n)) != NULL) {
		char *one = xmemdup0(flag, n);

		MUST(n > 0 && memchr(flag, ' ', n) == NULL);
		MUST(before == NULL || !same_flag(before, before_n, flag, n));
		MUST(strcmp(one, "\\Recent") != 0);
		MUST(flags_has(text, one));
		free(one);
		before = flag;
		before_n = n;
		sum += n + 1;
		count++;
	}
	/* One blank between, and nothing else. */
	MUST(strlen(text) == (count == 0 ? 0 : sum - 1));
	MUST(!flags_has(text, "\\Nothing Like That"));
}

static void
check_flags(const char *p, size_t n)
{
	struct buf canon = BUF_INIT(FLAGS_MAX_TEXT);
	struct buf again = BUF_INIT(FLAGS_MAX_TEXT);
	char *other;

	if (flags_canon(p, n, &canon) == -1) {
		MUST(canon.n == 0);
		return;
	}
	check_walk(buf_text(&canon));
	MUST(flags_canon(buf_text(&canon), canon.n, &again) == 0);
	MUST(fuzz_equal(&canon, again.p, again.n));
	buf_clear(&again);
	other = backwards(p, n);
	MUST(flags_canon(other, strlen(other), &again) == 0);
	MUST(fuzz_equal(&canon, again.p, again.n));
	free(other);
	buf_release(&canon);
	buf_release(&again);
}

/* Sorted, none twice, none empty. */
static void
check_labels(const struct buf *b)
{
	struct fuzz_in in = { b->p, b->n }, line, before = { NULL, 0 };
	size_t sum = 0;

	MUST(b->n == 0 || b->p[b->n - 1] != '\n');
	while (fuzz_line(&in, &line)) {
		size_t least = line.n < before.n ? line.n : before.n;
		int order = before.p == NULL ? -1 :
		    memcmp(before.p, line.p, least);

		MUST(line.n > 0 && memchr(line.p, '\r', line.n) == NULL &&
		    memchr(line.p, '\0', line.n) == NULL);
		MUST(order < 0 || (order == 0 && before.n < line.n));
		before = line;
		sum += line.n + 1;
	}
	MUST(b->n == 0 || sum == b->n + 1);
}

static void
check_all_labels(const char *p, size_t n)
{
	struct buf forth = BUF_INIT(FLAGS_MAX_TEXT);
	struct buf back = BUF_INIT(FLAGS_MAX_TEXT);
	struct fuzz_in in = { p, n }, line;
	const char *at;

	while (fuzz_line(&in, &line))
		MUST(labels_add(&forth, line.p, line.n) == 0);
	for (at = p + n; at > p; at = line.p == p ? p : line.p - 1) {
		for (line.p = at; line.p > p && line.p[-1] != '\n'; line.p--)
			;
		MUST(labels_add(&back, line.p, (size_t)(at - line.p)) == 0);
	}
	check_labels(&forth);
	MUST(fuzz_equal(&forth, back.p, back.n));
	buf_release(&forth);
	buf_release(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *exact = fuzz_copy(data, n);

	check_flags(exact, n);
	check_all_labels(exact, n);
	free(exact);
	return 0;
}

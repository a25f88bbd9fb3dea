/*
 * base_text_fuzz.c - numbers, sizes, ages and dates mean what they say or are refused; UTF-8 is what RFC 3629 says.
 *
 * Each line of the input is read as each of them.
 * seconds: 2
 */
#include "fuzz.h"

#define NOW	1795197900

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	setenv("TZ", "UTC", 1);
	return 0;
}

static void
check_number(const char *s, size_t n)
{
	uint64_t v = 0x5eed, want = 0;
	bool good = n > 0;
	size_t i;

	for (i = 0; i < n; i++)
		good = good && s[i] >= '0' && s[i] <= '9' &&
		    !__builtin_mul_overflow(want, (uint64_t)10, &want) &&
		    !__builtin_add_overflow(want, (uint64_t)(s[i] - '0'),
		    &want);
	MUST((text_u64(s, n, &v) == 0) == good);
	MUST(v == (good ? want : 0x5eed));
}

static void
check_size(const char *s)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(s, "0123456789"), n = strlen(s);
	uint64_t v, plain;
	const char *unit;
	char out[TEXT_MAX];
	struct err e;
	int shift = 0;

	if (text_parse_size(s, &v, &e) == -1) {
		MUST(e.kind == EK_USAGE);
		/* Digits alone are refused only where they are too many. */
		MUST(digits == 0 || digits < n || text_u64(s, n, &v) == -1);
		return;
	}
	unit = s[digits] == '\0' ? NULL : strchr(units, s[digits] & ~0x20);
	if (unit != NULL)
		shift = 10 * (int)(unit - units + 1);
	MUST(text_u64(s, digits, &plain) == 0);
	MUST(v >> shift == plain && v == plain << shift);
	MUST(strlen(text_size(out, v)) < TEXT_MAX);
	MUST(strlen(text_count(out, v)) < TEXT_MAX);
	MUST(strlen(text_span(out, (double)(v >> 16))) < TEXT_MAX);
}

static void
check_instant(int64_t t)
{
	char text[TEXT_MAX];
	int64_t from, to;
	struct err e;

	if (t < text_days(0, 1, 1) * 86400 ||
	    t >= text_days(10000, 1, 1) * 86400)
		return;
	MUST(text_parse_date(text_rfc3339(text, t), &from, &to, &e) == 0);
	MUST(from == t && to == t + 1);
	/* In UTC the local time is the same but for the seconds. */
	MUST(text_parse_date(text_local(text, t), &from, &to, &e) == 0);
	MUST(from <= t && t < to && to == from + 60);
}

static void
check_date(const char *s)
{
	size_t day = strspn(s, "0123456789-");
	int64_t from, to, when;
	char text[TEXT_MAX];
	struct err e;

	if (text_parse_date(s, &from, &to, &e) == 0) {
		/* A 31st of February is not the 3rd of March. */
		if (s[day] == '\0' && day <= strlen("2026-03-01"))
			MUST(memcmp(text_rfc3339(text, from), s, day) == 0);
		MUST(from < to && to - from <= 366 * 86400);
		check_instant(from);
		check_instant(to);
	} else
		MUST(e.kind == EK_USAGE);
	if (text_parse_age(s, NOW, &when, &e) == 0) {
		MUST(when <= NOW);
		check_instant(when);
	} else
		MUST(e.kind == EK_USAGE);
}

/* The character that ${n} bytes would be, by their bits alone; true where they are its one right form. */
static bool
is_character(const char *p, size_t n, uint32_t *out)
{
	static const unsigned char lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t cp = (unsigned char)p[0] & lead[n];
	char form[4];
	size_t i;

	for (i = 1; i < n; i++)
		cp = cp << 6 | ((unsigned char)p[i] & 0x3f);
	*out = cp;
	return cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff) &&
	    utf8_put(form, cp) == n && memcmp(form, p, n) == 0;
}

static void
check_utf8(const char *p, size_t n)
{
	size_t len, want, whole = n;
	const char *start = p;
	uint32_t cp, right = 0;
	bool valid = true;

	for (; n > 0; p += len, n -= len) {
		for (want = 1; want <= 4 && want <= n; want++)
			if (is_character(p, want, &right))
				break;
		if (want > 4 || want > n)
			want = 0;
		len = utf8_next(p, n, &cp);
		MUST(len == want);
		MUST(len == 0 || cp == right);
		valid = valid && len > 0;
		len += len == 0;
	}
	MUST(utf8_valid(start, whole) == valid);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n), line;
	int64_t t = 0;

	while (fuzz_line(&in, &line)) {
		char *exact = fuzz_copy(line.p, line.n);
		char *text = fuzz_text(line);

		check_number(exact, line.n);
		check_utf8(exact, line.n);
		check_size(text);
		check_date(text);
		free(exact);
		free(text);
	}
	memcpy(&t, data, n < sizeof(t) ? n : sizeof(t));
	check_instant(t % 300000000000);
	return 0;
}

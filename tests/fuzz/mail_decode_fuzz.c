/*
 * mail_decode_fuzz.c - mail from anybody becomes clean text of bounded size.
 *
 * The input is a message; its first line is also taken as a Subject, a From and an address.
 * seconds: 3
 */
#include "fuzz.h"
#include "mail/decode.h"

/* On one line, UTF-8, no control characters, white space folded. */
static void
check_line(char *s)
{
	size_t n = strlen(s), len, i;
	uint32_t cp;

	MUST(n == 0 || (s[0] != ' ' && s[n - 1] != ' '));
	for (i = 0; i < n; i += len) {
		MUST((len = utf8_next(s + i, n - i, &cp)) > 0);
		MUST(cp >= 0x20 && (cp < 0x7f || cp >= 0xa0));
		MUST(cp != ' ' || s[i + 1] != ' ');
	}
	free(s);
}

static void
check_text(const char *s)
{
	size_t n = strlen(s), len, i;
	uint32_t cp;

	MUST(n <= DECODE_TEXT_MAX);
	for (i = 0; i < n; i += len) {
		MUST((len = utf8_next(s + i, n - i, &cp)) > 0);
		MUST(cp == '\n' || cp == '\t' ||
		    (cp >= 0x20 && (cp < 0x7f || cp >= 0xa0)));
	}
	MUST(n == 0 || s[n - 1] != '\n');
}

static void
check_message(const char *p, size_t n)
{
	struct decode_message m;
	size_t i;

	decode_message(p, n, &m);
	check_text(m.text);
	MUST(m.n <= DECODE_ATTACHMENTS);
	for (i = 0; i < m.n; i++) {
		MUST(strlen(m.attachments[i].name) <= DECODE_NAME_MAX);
		MUST(strlen(m.attachments[i].type) <= DECODE_NAME_MAX);
		check_line(xstrdup(m.attachments[i].name));
		check_line(xstrdup(m.attachments[i].type));
		/* Nothing that decodes gets larger. */
		MUST(m.attachments[i].size <= n);
	}
	decode_release(&m);
}

static void
check_header(const char *p, size_t n)
{
	static const char *const names[] = { "Subject", "from", "X-A" };
	size_t size = decode_header_size(p, n), i;
	char *value;

	MUST(size <= n);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = decode_header(p, n, names[i]);
		MUST(strlen(value) <= DECODE_MAX);
		MUST(strchr(value, '\n') == NULL);
		check_line(decode_text(value));
		free(value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *exact = fuzz_copy(data, n), *first;
	struct fuzz_in in = { exact, n }, line = { exact, 0 };

	fuzz_line(&in, &line);
	first = fuzz_text(line);
	check_line(decode_text(first));
	check_line(decode_person(first));
	check_line(decode_address(first));
	free(first);
	check_header(exact, n);
	check_message(exact, n);
	free(exact);
	return 0;
}

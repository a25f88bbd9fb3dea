/*
 * mail_date_fuzz.c - a date that was read is written as the same instant, and any instant as a date.
 *
 * The input is an INTERNALDATE; its first 8 bytes are taken as an instant, too.
 * seconds: 2
 */
#include "fuzz.h"
#include "mail/date.h"

static void
check_instant(int64_t t)
{
	const int64_t first = text_days(0, 1, 1) * 86400;
	const int64_t last = text_days(10000, 1, 1) * 86400 - 1;
	char text[DATE_MAX_RAW], asctime[DATE_MAX_RAW];
	int64_t again;

	MUST(date_format(text, t) == text && strlen(text) == 26);
	MUST(date_parse(text, strlen(text), &again) == 0);
	MUST(again == (t < first ? first : t > last ? last : t));
	MUST(date_asctime(asctime, t) == asctime && strlen(asctime) == 24);
	/* "07-Jul-1996 09:44:25 +0000", "Sun Jul  7 09:44:25 1996" */
	MUST(memcmp(text + 12, asctime + 11, 8) == 0);
	MUST(memcmp(text + 7, asctime + 20, 4) == 0);
	MUST(memcmp(text + 3, asctime + 4, 3) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *exact = fuzz_copy(data, n);
	int64_t t = 0x5eed;

	if (date_parse(exact, n, &t) == 0)
		check_instant(t);
	else
		MUST(t == 0x5eed);
	if (n >= sizeof(t)) {
		memcpy(&t, data, sizeof(t));
		check_instant(t);
		/* In reach of four digits. */
		check_instant(t % 253402300800);
	}
	free(exact);
	return 0;
}

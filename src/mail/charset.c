/*
 * charset.c - see charset.h.
 */
#include <string.h>

#include "base/text.h"
#include "mail/charset.h"
#include "mail/fold.h"

uint32_t
charset_1252(unsigned char c)
{
	/* 0x80 to 0x9f; elsewhere it is ISO 8859-1. */
	static const uint16_t upper[32] = {
		0x20ac, CHARSET_NONE, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020,
		0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, CHARSET_NONE,
		0x017d, CHARSET_NONE, CHARSET_NONE, 0x2018, 0x2019, 0x201c,
		0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
		0x0153, CHARSET_NONE, 0x017e, 0x0178,
	};

	return c >= 0x80 && c < 0xa0 ? upper[c - 0x80] : c;
}

size_t
charset_next(const char *p, size_t n, uint32_t *cp)
{
	size_t len = utf8_next(p, n, cp);

	if (len > 0)
		return len;
	*cp = CHARSET_NONE;
	return 1;
}

uint32_t
charset_tame(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ? CHARSET_NONE : cp;
}

int
charset_put(struct buf *out, uint32_t cp)
{
	char utf8[4];

	return buf_add(out, utf8, utf8_put(utf8, cp));
}

int
charset_guess(const char *p, size_t n, struct buf *out)
{
	uint32_t cp;
	size_t len;

	for (; n > 0; p += len, n -= len) {
		if ((len = utf8_next(p, n, &cp)) == 0) {
			cp = charset_1252((unsigned char)*p);
			len = 1;
		}
		if (charset_put(out, cp) == -1)
			return -1;
	}
	return 0;
}

const char *
charset_meant(const char *label, size_t n)
{
	static const struct {
		const char	*label, *meant;
	} labels[] = {
		{ "iso-8859-1", "windows-1252" },
		{ "iso-8859-9", "windows-1254" },
		{ "us-ascii", "unknown-8bit" },
		{ "shift_jis", "cp932" },
		{ "x-sjis", "cp932" },
		{ "gb2312", "gb18030" },
		{ "gb_2312-80", "gb18030" },
		{ "x-gbk", "gb18030" },
		{ "x-mac-roman", "macintosh" },
		{ "unicode-1-1-utf-7", "utf-7" },
		/* GMime takes this one for the locale's. */
		{ "x-unknown", "unknown-8bit" },
		{ "", "unknown-8bit" },
	};
	size_t i;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strlen(labels[i].label) == n &&
		    fold_equal(label, labels[i].label, n))
			return labels[i].meant;
	return NULL;
}

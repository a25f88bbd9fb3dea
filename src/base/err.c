/*
 * err.c - see err.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

/* Drop the beginning of a character that is cut off at the end, so that what is printed stays valid UTF-8. */
static void
cut_utf8(char *s, size_t size, int wanted)
{
	size_t n, back = 1, length;
	unsigned char lead;

	if (wanted < 0) {
		s[0] = '\0';
		return;
	}
	if ((size_t)wanted < size || size < 2)
		return;
	n = size - 1;
	while (back < 4 && back < n && ((unsigned char)s[n - back] & 0xc0) == 0x80)
		back++;
	lead = (unsigned char)s[n - back];
	length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (length > back)
		s[n - back] = '\0';
}

static void vset(struct err *, enum err_kind, int, const char *, va_list)
    __attribute__((format(printf, 4, 0)));

static void
vset(struct err *e, enum err_kind kind, int sys, const char *fmt, va_list ap)
{
	e->kind = kind;
	e->sys = sys;
	e->next[0] = '\0';
	cut_utf8(e->text, sizeof(e->text),
	    vsnprintf(e->text, sizeof(e->text), fmt, ap));
}

int
err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vset(e, kind, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *e, const char *fmt, ...)
{
	int no = errno;
	enum err_kind kind = EK_FAIL;
	size_t n;
	va_list ap;

	if (no == ENOSPC || no == EDQUOT || no == EFBIG)
		kind = EK_SPACE;
	va_start(ap, fmt);
	vset(e, kind, no, fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	cut_utf8(e->text + n, sizeof(e->text) - n,
	    snprintf(e->text + n, sizeof(e->text) - n, ": %s", strerror(no)));
	return -1;
}

int
err_add(struct err *e, const char *fmt, ...)
{
	char context[ERR_TEXT_MAX], rest[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	cut_utf8(context, sizeof(context),
	    vsnprintf(context, sizeof(context), fmt, ap));
	va_end(ap);
	memcpy(rest, e->text, sizeof(rest));
	cut_utf8(e->text, sizeof(e->text),
	    snprintf(e->text, sizeof(e->text), "%s: %s", context, rest));
	return -1;
}

int
err_next(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e->next[0] != '\0')
		return -1;
	va_start(ap, fmt);
	cut_utf8(e->next, sizeof(e->next),
	    vsnprintf(e->next, sizeof(e->next), fmt, ap));
	va_end(ap);
	return -1;
}

int
err_status(enum err_kind kind, int sys)
{
	switch (kind) {
	case EK_NONE:
		return 0;
	case EK_USAGE:
	case EK_CONFIG:
		return 2;
	case EK_PARTIAL:
		return 3;
	case EK_AUTH:
		return 4;
	case EK_TLS:
		return 5;
	case EK_CORRUPT:
		return 6;
	case EK_LOCKED:
		return 7;
	case EK_SPACE:
		return 8;
	case EK_REFUSED:
		return 9;
	case EK_NOVAULT:
		return 10;
	case EK_STALE:
		return 11;
	case EK_TEMP:
		return 75;	/* EX_TEMPFAIL: mail tools and timers know it */
	case EK_CANCELLED:
		return 128 + sys;
	case EK_FAIL:
	case EK_PROTO:
	case EK_NO:
		break;
	}
	return 1;
}

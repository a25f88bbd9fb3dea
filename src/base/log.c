/*
 * log.c - see log.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define LINE_MAX_BYTES	2048	/* a longer line is cut: logs are for reading */

static log_fn		*handler;
static void		*handler_arg;
static enum log_level	 handler_level;
static char		 scope[512];

void
log_to(log_fn *fn, void *arg, enum log_level level)
{
	handler = fn;
	handler_arg = arg;
	handler_level = level;
}

int
log_wants(enum log_level level)
{
	return handler != NULL && level <= handler_level;
}

void
log_scope(const char *s)
{
	snprintf(scope, sizeof(scope), "%s", s == NULL ? "" : s);
}

static void log_v(enum log_level, const char *, va_list)
    __attribute__((format(printf, 2, 0)));

static void
log_v(enum log_level level, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];

	if (!log_wants(level))
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	handler(handler_arg, level, scope, line);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_v(LOG_WARN, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_v(LOG_INFO, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_v(LOG_DEBUG, fmt, ap);
	va_end(ap);
}

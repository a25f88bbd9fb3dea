/*
 * log.h - rooms say what happens; who listens decides what is shown.
 *
 * A room logs facts, never the error that it returns: main prints that one.  Lines may hold bytes that a server sent;
 * the handler (cmd/ui.c) escapes them.  A scope ("work", "work: INBOX") stands before each line, so that a line tells
 * where it belongs.  Not for threads other than the main one.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
	LOG_WARN,	/* something is wrong or missing, the work goes on */
	LOG_INFO,	/* --verbose */
	LOG_DEBUG,	/* --verbose twice: the wire, without secrets and bodies */
};

typedef void log_fn(void *, enum log_level, const char *scope, const char *line);

/* log_to(fn, arg, level): give lines up to ${level} to ${fn}.  Without it nothing is logged. */
void log_to(log_fn *, void *, enum log_level);
/* log_wants(level): whether anybody listens, to spare the work of making a costly line. */
int log_wants(enum log_level);
/* log_scope(s): what stands before the lines from now on; copied; NULL for nothing. */
void log_scope(const char *);

void log_warn(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));

#endif

/*
 * ask.c - see ask.h.
 */
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cmd/ask.h"
#include "cmd/plain.h"
#include "cmd/tty.h"

#define PROMPT_MAX	65536

int
ask_secret(void *arg, const char *prompt, struct buf *out, struct err *e)
{
	size_t before = out->n;

	if (ui_ask(arg, prompt, false, out, e) == -1) {
		if (e->kind == EK_REFUSED) {
			err_set(e, EK_AUTH,
			    "there is no terminal to ask for the password on");
			err_next(e, "say where it is with --password-file, "
			    "--password-command or another way of "
			    "mailkeep.conf(5)");
		}
		return -1;
	}
	if (out->n == before)
		return err_set(e, EK_AUTH, "no password was typed");
	return 0;
}

static int ask_v(struct ui *, struct err *, const char *, struct buf *,
    const char *, va_list) __attribute__((format(printf, 5, 0)));

/* A question, with ${end} behind it, and the answer. */
static int
ask_v(struct ui *ui, struct err *e, const char *end, struct buf *answer,
    const char *fmt, va_list ap)
{
	struct buf prompt = BUF_INIT(PROMPT_MAX);
	int r;

	plain_format(&prompt, ui_utf8(ui), fmt, ap);
	buf_adds(&prompt, end);
	r = ui_ask(ui, buf_text(&prompt), true, answer, e);
	buf_release(&prompt);
	return r;
}

int
ask_confirm(struct ui *ui, struct err *e, const char *fmt, ...)
{
	struct buf answer = BUF_INIT(UI_ANSWER_MAX);
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = ask_v(ui, e, " [y/N] ", &answer, fmt, ap);
	va_end(ap);
	if (r == 0)
		r = strcasecmp(buf_text(&answer), "y") == 0 ||
		    strcasecmp(buf_text(&answer), "yes") == 0;
	buf_release(&answer);
	return r;
}

int
ask_word(struct ui *ui, struct err *e, const char *word, const char *fmt, ...)
{
	struct buf answer = BUF_INIT(UI_ANSWER_MAX);
	const char *typed;
	size_t n;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = ask_v(ui, e, ": ", &answer, fmt, ap);
	va_end(ap);
	if (r == 0) {
		typed = buf_text(&answer);
		typed += strspn(typed, " \t");
		for (n = strlen(typed); n > 0 &&
		    strchr(" \t", typed[n - 1]) != NULL; n--)
			;
		r = n == strlen(word) && memcmp(typed, word, n) == 0;
	}
	buf_release(&answer);
	return r;
}

int
ask_somebody(struct err *e)
{
	int fd = tty_open(e);

	if (fd == -1)
		return -1;
	close(fd);
	return 0;
}

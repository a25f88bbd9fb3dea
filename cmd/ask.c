/*
 * ask.c - see ask.h.
 */
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "cmd/ask.h"
#include "cmd/plain.h"

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

int
ask_confirm(struct ui *ui, struct err *e, const char *fmt, ...)
{
	struct buf prompt = BUF_INIT(PROMPT_MAX);
	struct buf answer = BUF_INIT(UI_ANSWER_MAX);
	va_list ap;
	int r;

	va_start(ap, fmt);
	plain_format(&prompt, ui_utf8(ui), fmt, ap);
	va_end(ap);
	buf_adds(&prompt, " [y/N] ");
	r = ui_ask(ui, buf_text(&prompt), true, &answer, e);
	if (r == 0)
		r = strcasecmp(buf_text(&answer), "y") == 0 ||
		    strcasecmp(buf_text(&answer), "yes") == 0;
	buf_release(&prompt);
	buf_release(&answer);
	return r;
}

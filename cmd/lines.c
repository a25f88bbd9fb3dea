/*
 * lines.c - see lines.h.
 */
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "cmd/lines.h"
#include "cmd/plain.h"
#include "cmd/wrap.h"

#define LINE_BYTES	(16 * 1024)

void
lines_print(struct ui *ui, const char *hang, const char *fmt, ...)
{
	struct buf all = BUF_INIT(LINE_BYTES), out = BUF_INIT(2 * LINE_BYTES);
	size_t width = ui_width(ui), n;
	const char *line;
	va_list ap;

	va_start(ap, fmt);
	plain_format(&all, ui_utf8(ui), fmt, ap);
	va_end(ap);
	wrap_line(&out, buf_text(&all), width == 0 ? SIZE_MAX : width, 0, hang);
	line = buf_text(&out);
	do {
		n = strcspn(line, "\n");
		ui_print(ui, "%.*s", (int)n, line);
		line += n;
	} while (*line++ == '\n');
	buf_release(&all);
	buf_release(&out);
}

/*
 * ui.h - all that the program says: the only room that touches stdout, stderr and the terminal.
 *
 * Whatever is printed is made plain first (plain.h), line by line, so a caller may hand over text from a server as
 * it is and can't forget to escape it.
 *
 * What is shown, and where:
 *	data			stdout, always.  With --json it is JSON Lines and nothing else.
 *	errors, warnings	stderr, always.
 *	notes			stderr, where somebody watches: it is a terminal, or --verbose; never with --quiet.
 *				So the program is silent under cron when all is well.
 *	progress		stderr, on a terminal; never with --quiet.  With --json --verbose it is data.  Who
 *				asks for it by a signal (base/cancel.h) gets a line wherever stderr is.
 *	the log			stderr: warnings always, facts with --verbose, the wire with --verbose twice.
 */
#ifndef CMD_UI_H
#define CMD_UI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/flow.h"
#include "base/json.h"
#include "cmd/progress.h"

struct ui;

enum ui_color { UI_AUTO, UI_ALWAYS, UI_NEVER };

struct ui_opts {
	bool		 json, quiet;
	unsigned int	 verbose;
	int		 color;		/* enum ui_color */
};

/*
 * ui_new(out, err): print to these two descriptors.  setlocale() comes before: a locale that isn't UTF-8 gets ASCII.
 * ui_configure(ui, opts): from now on so; also takes the log (base/log.h).
 */
struct ui *ui_new(int out, int err);
void ui_configure(struct ui *, const struct ui_opts *);
/*
 * ui_finish(uip, status): end the output, with the summary if it is JSON, and free it all.  Returns ${status}, or for
 * 0 where some of stdout could not be written that of a full disk, or 1; the reason is said but for a reader that went
 * away.
 */
int ui_finish(struct ui **, int status);
/* ui_gone(ui): stdout can't be written any more (or a signal came meanwhile): a long listing may stop. */
bool ui_gone(const struct ui *);

/* ui_print(ui, fmt, ...): one line of data; its end is added, one within it is escaped. */
void ui_print(struct ui *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

enum ui_style { UI_PLAIN, UI_BOLD, UI_DIM, UI_GOOD, UI_WARN, UI_BAD };
/* ui_part(ui, style, fmt, ...): the same in pieces, styled where colours are wanted; ui_line_end(ui) ends the line. */
void ui_part(struct ui *, enum ui_style, const char *, ...)
    __attribute__((format(printf, 3, 4)));
void ui_line_end(struct ui *);

/*
 * ui_text(ui), ui_bytes(ui): stdout as a sink, for long things.  Text keeps its lines (LF or CR LF) and tabs and is
 * otherwise made plain.  Bytes go out untouched, but to a terminal as text.  They fail when stdout can't be written any
 * more; to return that error is enough.
 */
struct sink ui_text(struct ui *);
struct sink ui_bytes(struct ui *);

/*
 * ui_watched(ui): notes are shown.  ui_say(): a line about what was done that is worth one to whoever does not watch,
 * too; not with --quiet.
 */
bool ui_watched(const struct ui *);
void ui_say(struct ui *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* ui_note(): a line about what was done.  ui_warn(): something is wrong or missing and the work goes on. */
void ui_note(struct ui *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void ui_warn(struct ui *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* ui_error(ui, e): what failed and why, what to do next; in JSON also an object of type "error". */
void ui_error(struct ui *, const struct err *);

/*
 * ui_progress(ui, p): shown if the work lasts longer than a second, ten times a second at most.
 * ui_progress_end(ui).
 */
void ui_progress(struct ui *, const struct progress *);
void ui_progress_end(struct ui *);

/*
 * ui_waiting(ui, fmt, ...): a note that comes on a terminal only after two seconds, unless ui_waited(ui) or another one
 * comes first.  The time in which a person is asked does not count.
 */
void ui_waiting(struct ui *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void ui_waited(struct ui *);

/* ui_json(ui): whether data is to be JSON. */
bool ui_json(const struct ui *);
/*
 * ui_json_begin(ui, type): begin a line, an object with "v" and "type", to be filled by json_*() (base/json.h);
 * ui_json_end(ui): write it, at once.  Nothing else of JSON may be begun meanwhile.
 */
struct json_out *ui_json_begin(struct ui *, const char *type);
void ui_json_end(struct ui *);
/* ui_summary(ui): the last line's object, to be filled at any time; ui_finish() adds "exit_code" and writes it. */
struct json_out *ui_summary(struct ui *);

/*
 * ui_width(ui): places in a line of stdout, or 0: no terminal, nothing needs cutting.  ui_utf8(ui): what it can
 * show.
 */
size_t ui_width(const struct ui *);
/* ui_note_width(ui): the same of stderr. */
size_t ui_note_width(const struct ui *);
bool ui_utf8(const struct ui *);
/* ui_glyph(ui, utf8, ascii): the one of two spellings that can be shown. */
const char *ui_glyph(const struct ui *, const char *, const char *);

/*
 * ui_ask(ui, prompt, echo, out, e): a line from the terminal of the session, appended to ${out} without its end.
 * EK_REFUSED where there is no terminal, EK_CANCELLED on a signal.  ask.h asks for what verbs need.
 */
#define UI_ANSWER_MAX	4096	/* what a terminal gives as one line */
int ui_ask(struct ui *, const char *prompt, bool echo, struct buf *, struct err *);

/* ui_last_words(s): a line of ours to stderr when nothing else works any more. */
void ui_last_words(const char *);

#endif

/*
 * ui.c - see ui.h.  The one file that writes to stdout, stderr and the terminal.
 */
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/later.h"
#include "cmd/plain.h"
#include "cmd/tty.h"
#include "cmd/ui.h"
#include "cmd/wrap.h"

#define OUT_MAX		(64 * 1024)		/* bytes of stdout held back */
#define LINE_MAX_BYTES	(64 * 1024 * 1024)	/* of a line of data or JSON */
#define ERROR		"mailkeep:"
#define WARNING		"mailkeep: warning:"
#define NEXT		"  -> "
#define HANG		"    "	/* before what goes on in another line */
#define WORDS_MAX	(64 * 1024)		/* of a line on stderr */

#define PATIENCE	500	/* milliseconds for a reader once we are to stop */

#define WAITING		2	/* seconds */
#define PROGRESS_FIRST	1.0		/* seconds before anything is shown */
#define PROGRESS_NEXT	0.1		/* ... and between two lines */
#define PROGRESS_JSON	1.0		/* ... and between two objects */

struct stream {
	int		 fd;		/* borrowed */
	bool		 terminal;
	bool		 color;
};

/* Progress of the work that is under way. */
struct meter {
	bool		 running;
	bool		 drawn;		/* its line stands on the terminal */
	double		 began, shown;	/* monotonic seconds */
	struct progress_pace pace;
};

struct ui {
	struct ui_opts	 opts;
	bool		 utf8;
	struct stream	 out, err;
	bool		 live;		/* stdout is no file: JSON lines go out at once */
	bool		 dumb;		/* the terminal can't redraw a line */
	struct buf	 held;		/* bytes of stdout not written yet */
	int		 failed;	/* errno of the first failed write to stdout, or 0 */
	bool		 sink_failed;	/* ... which a sink of ours told its flow */
	bool		 overrun;	/* a line of JSON was too long */
	struct buf	 line;		/* a line of data in the making */
	struct plain_tail tail;		/* of ui_text() */
	struct buf	 json;
	struct json_out	 json_out;
	struct buf	 summary;
	struct json_out	 summary_out;
	struct meter	 meter;
	struct buf	 waiting;	/* a note that may come yet */
};

/*
 * Write all of it, to a descriptor that may have been made non-blocking by whoever shares it.  Return 0 or an errno;
 * EINTR where a signal asks the program to end while nobody reads.
 */
static int
put_all(int fd, const char *p, size_t n)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	ssize_t put;

	while (n > 0) {
		if (cancel_signal() != 0 && poll(&wait, 1, PATIENCE) == 0)
			return EINTR;
		put = write(fd, p, cancel_signal() != 0 && n > PIPE_BUF ?
		    PIPE_BUF : n);
		if (put >= 0) {
			p += put;
			n -= (size_t)put;
		} else if (errno == EAGAIN)
			poll(&wait, 1, -1);
		else if (errno != EINTR)
			return errno;
	}
	return 0;
}

/* Take the progress line away before something else is written to the same terminal. */
static void
erase(struct ui *ui)
{
	static const char gone[] = "\r\033[K";

	if (!ui->meter.drawn)
		return;
	put_all(ui->err.fd, gone, sizeof(gone) - 1);
	ui->meter.drawn = false;
}

static void
out_flush(struct ui *ui)
{
	if (ui->held.n > 0 && ui->failed == 0) {
		if (ui->out.terminal)
			erase(ui);
		ui->failed = put_all(ui->out.fd, ui->held.p, ui->held.n);
	}
	buf_clear(&ui->held);
}

static void
out_add(struct ui *ui, const char *p, size_t n)
{
	if (ui->failed != 0)
		return;
	if (n > OUT_MAX - ui->held.n)
		out_flush(ui);
	if (n <= OUT_MAX)
		buf_add(&ui->held, p, n);
	else if (ui->failed == 0)
		ui->failed = put_all(ui->out.fd, p, n);
}

/* Text whose rest did not come. */
static void
tail_end(struct ui *ui)
{
	struct buf rest = BUF_INIT(PLAIN_TAIL_MAX);

	if (ui->tail.n == 0)
		return;
	plain_tail(&rest, &ui->tail, ui->utf8);
	out_add(ui, rest.p, rest.n);
	buf_release(&rest);
}

static const char *
color_of(enum ui_style style)
{
	static const char *const sgr[] = {
		[UI_PLAIN] = "", [UI_BOLD] = "\033[1m", [UI_DIM] = "\033[2m",
		[UI_GOOD] = "\033[32m", [UI_WARN] = "\033[33m",
		[UI_BAD] = "\033[31m",
	};

	return sgr[style];
}

static void styled(struct ui *, struct buf *, bool, enum ui_style, const char *,
    va_list) __attribute__((format(printf, 5, 0)));

static void
styled(struct ui *ui, struct buf *to, bool color, enum ui_style style,
    const char *fmt, va_list ap)
{
	color = color && style != UI_PLAIN;
	if (color)
		buf_adds(to, color_of(style));
	plain_format(to, ui->utf8, fmt, ap);
	if (color)
		buf_adds(to, "\033[0m");
}

void
ui_part(struct ui *ui, enum ui_style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	styled(ui, &ui->line, ui->out.color, style, fmt, ap);
	va_end(ap);
}

void
ui_line_end(struct ui *ui)
{
	tail_end(ui);
	out_add(ui, buf_text(&ui->line), ui->line.n);
	out_add(ui, "\n", 1);
	buf_clear(&ui->line);
	if (ui->out.terminal)
		out_flush(ui);
}

void
ui_print(struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	styled(ui, &ui->line, false, UI_PLAIN, fmt, ap);
	va_end(ap);
	ui_line_end(ui);
}

static int
out_error(const struct ui *ui, struct err *e)
{
	errno = ui->failed;
	return err_sys(e, "can't write to stdout");
}

/*
 * A sink says at once that stdout is gone, so that a long flow ends.  It is ui_finish() that tells why: ui_error()
 * finds that this was it.
 */
static int
sink_result(struct ui *ui, struct err *e)
{
	if (cancel_check(e) == -1)
		return -1;
	if (ui->failed == 0)
		return 0;
	ui->sink_failed = true;
	return out_error(ui, e);
}

static int
text_write(void *arg, const void *p, size_t n, struct err *e)
{
	struct ui *ui = arg;
	struct buf out;

	buf_init(&out, plain_text_max(n));
	plain_text(&out, &ui->tail, p, n, ui->utf8);
	out_add(ui, buf_text(&out), out.n);
	if (ui->out.terminal)
		out_flush(ui);
	buf_release(&out);
	return sink_result(ui, e);
}

static int
bytes_write(void *arg, const void *p, size_t n, struct err *e)
{
	struct ui *ui = arg;

	if (ui->out.terminal)
		return text_write(ui, p, n, e);
	tail_end(ui);
	out_add(ui, p, n);
	return sink_result(ui, e);
}

struct sink
ui_text(struct ui *ui)
{
	return (struct sink){ text_write, ui };
}

struct sink
ui_bytes(struct ui *ui)
{
	return (struct sink){ bytes_write, ui };
}

/* Write a line of words.  What was printed as data before stands before it. */
static void
say(struct ui *ui, struct buf *line)
{
	out_flush(ui);
	erase(ui);
	line->max++;	/* for the end of a line that was cut at its limit */
	buf_addc(line, '\n');
	put_all(ui->err.fd, buf_text(line), line->n);
	buf_release(line);
}

static void part(struct ui *, struct buf *, enum ui_style, const char *, ...)
    __attribute__((format(printf, 4, 5)));

static void
part(struct ui *ui, struct buf *to, enum ui_style style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	styled(ui, to, ui->err.color, style, fmt, ap);
	va_end(ap);
}

/*
 * Words for people (plain, and let go of), from place ${at} of the line on, broken between words where a terminal is
 * too narrow for them.  What begins with a blank is laid out already.
 */
static void
add_words(const struct ui *ui, struct buf *to, size_t at, struct buf *words)
{
	size_t width = ui_note_width(ui);

	if (width == 0 || buf_text(words)[0] == ' ')
		buf_add_some(to, buf_text(words), words->n);
	else
		wrap_line(to, buf_text(words), width, at, HANG);
	buf_release(words);
}

bool
ui_watched(const struct ui *ui)
{
	return !ui->opts.quiet && (ui->err.terminal || ui->opts.verbose > 0);
}

static void tell(struct ui *, size_t, struct buf *, const char *, va_list)
    __attribute__((format(printf, 4, 0)));

static void
tell(struct ui *ui, size_t at, struct buf *line, const char *fmt, va_list ap)
{
	struct buf words = BUF_INIT(WORDS_MAX);

	styled(ui, &words, false, UI_PLAIN, fmt, ap);
	add_words(ui, line, at, &words);
	say(ui, line);
}

void
ui_note(struct ui *ui, const char *fmt, ...)
{
	struct buf line = BUF_INIT(WORDS_MAX);
	va_list ap;

	va_start(ap, fmt);
	if (ui_watched(ui))
		tell(ui, 0, &line, fmt, ap);
	va_end(ap);
}

void
ui_say(struct ui *ui, const char *fmt, ...)
{
	struct buf line = BUF_INIT(WORDS_MAX);
	va_list ap;

	va_start(ap, fmt);
	if (!ui->opts.quiet)
		tell(ui, 0, &line, fmt, ap);
	va_end(ap);
}

void
ui_warn(struct ui *ui, const char *fmt, ...)
{
	struct buf line = BUF_INIT(WORDS_MAX);
	va_list ap;

	part(ui, &line, UI_WARN, WARNING);
	buf_addc(&line, ' ');
	va_start(ap, fmt);
	tell(ui, strlen(WARNING) + 1, &line, fmt, ap);
	va_end(ap);
}

static void
say_error(struct ui *ui, const struct err *e)
{
	struct buf line = BUF_INIT(WORDS_MAX), words = BUF_INIT(WORDS_MAX);

	part(ui, &line, UI_BAD, ERROR);
	buf_addc(&line, ' ');
	part(ui, &words, UI_PLAIN, "%s", e->text);
	add_words(ui, &line, strlen(ERROR) + 1, &words);
	if (e->next[0] != '\0') {
		buf_adds(&line, "\n" NEXT);
		part(ui, &words, UI_PLAIN, "%s", e->next);
		add_words(ui, &line, strlen(NEXT), &words);
	}
	say(ui, &line);
}

void
ui_error(struct ui *ui, const struct err *e)
{
	struct json_out *j;

	if (ui->sink_failed && e->sys == ui->failed &&
	    (e->kind == EK_FAIL || e->kind == EK_SPACE))
		return;
	say_error(ui, e);
	if (!ui->opts.json)
		return;
	j = ui_json_begin(ui, "error");
	json_str(j, "kind", exit_kind(e->kind));
	json_str(j, "message", e->text);
	if (e->next[0] != '\0')
		json_str(j, "next", e->next);
	ui_json_end(ui);
}

static void
object_begin(struct json_out *j, struct buf *b, const char *type)
{
	buf_clear(b);
	json_begin(j, b);
	json_open(j, NULL, '{');
	json_u64(j, "v", 1);
	json_str(j, "type", type);
}

static void
object_end(struct ui *ui, struct json_out *j)
{
	json_close(j, '}');
	if (json_end(j) == -1 || buf_addc(j->b, '\n') == -1) {
		ui->overrun = true;
		buf_release(j->b);
		return;
	}
	tail_end(ui);
	out_add(ui, j->b->p, j->b->n);
	if (ui->live)
		out_flush(ui);
	/* One long line is no reason to keep its room. */
	if (j->b->n > OUT_MAX)
		buf_release(j->b);
}

/* A log_fn.  A warning of the log is in the JSON too: nothing else there would tell of it. */
static void
on_log(void *arg, enum log_level level, const char *scope, const char *text)
{
	struct ui *ui = arg;
	struct buf line = BUF_INIT(WORDS_MAX), own = BUF_INIT(WORDS_MAX);
	const char *colon = *scope == '\0' ? "" : ": ";
	struct json_out j;

	if (level != LOG_WARN) {
		part(ui, &line, UI_DIM, "%s%s%s", scope, colon, text);
		say(ui, &line);
		return;
	}
	ui_warn(ui, "%s%s%s", scope, colon, text);
	if (!ui->opts.json)
		return;
	/* Not in ui->json: a room may warn while an object is in the making. */
	object_begin(&j, &own, "warning");
	if (*scope != '\0')
		json_str(&j, "scope", scope);
	json_str(&j, "message", text);
	object_end(ui, &j);
	buf_release(&own);
}

bool
ui_json(const struct ui *ui)
{
	return ui->opts.json;
}

struct json_out *
ui_json_begin(struct ui *ui, const char *type)
{
	object_begin(&ui->json_out, &ui->json, type);
	return &ui->json_out;
}

void
ui_json_end(struct ui *ui)
{
	object_end(ui, &ui->json_out);
}

struct json_out *
ui_summary(struct ui *ui)
{
	if (ui->summary.n == 0)
		object_begin(&ui->summary_out, &ui->summary, "summary");
	return &ui->summary_out;
}

size_t
ui_width(const struct ui *ui)
{
	return ui->out.terminal ? wrap_columns(ui->out.fd) : 0;
}

size_t
ui_note_width(const struct ui *ui)
{
	return ui->err.terminal ? wrap_columns(ui->err.fd) : 0;
}

bool
ui_utf8(const struct ui *ui)
{
	return ui->utf8;
}

const char *
ui_glyph(const struct ui *ui, const char *utf8, const char *ascii)
{
	return ui->utf8 ? utf8 : ascii;
}

static void
draw(struct ui *ui, const struct progress *p, struct progress_rate rate)
{
	struct buf line = BUF_INIT(WORDS_MAX);

	out_flush(ui);
	buf_addc(&line, '\r');
	/* The last place stays free: some terminals wrap as soon as it is filled. */
	progress_line(&line, p, rate, wrap_columns(ui->err.fd) - 1, ui->utf8);
	buf_adds(&line, "\033[K");
	put_all(ui->err.fd, line.p, line.n);
	buf_release(&line);
	ui->meter.drawn = true;
}

/* The same as a line that stays, for who asked. */
static void
answer(struct ui *ui, const struct progress *p, struct progress_rate rate)
{
	struct buf line = BUF_INIT(WORDS_MAX);

	progress_line(&line, p, rate, wrap_columns(ui->err.fd) - 1, ui->utf8);
	say(ui, &line);
}

void
ui_progress(struct ui *ui, const struct progress *p)
{
	struct meter *m = &ui->meter;
	bool json = ui->opts.json && ui->opts.verbose > 0;
	struct progress_rate rate;
	double now = later_clock();

	if (!m->running) {
		memset(m, 0, sizeof(*m));
		m->running = true;
		m->began = now;
	}
	rate = progress_rate(&m->pace, now, p);
	if (cancel_question())
		answer(ui, p, rate);
	if (ui->opts.quiet || (!json &&
	    (ui->opts.json || !ui->err.terminal || ui->dumb)))
		return;
	if (now - m->began < PROGRESS_FIRST ||
	    now - m->shown < (json ? PROGRESS_JSON : PROGRESS_NEXT))
		return;
	m->shown = now;
	if (json) {
		progress_json(ui_json_begin(ui, "progress"), p, rate);
		ui_json_end(ui);
	} else
		draw(ui, p, rate);
}

void
ui_progress_end(struct ui *ui)
{
	erase(ui);
	ui->meter.running = false;
}

/* Called by a signal. */
static void
waited_long(void *arg)
{
	const struct ui *ui = arg;

	put_all(ui->err.fd, ui->waiting.p, ui->waiting.n);
}

static void
wait_on(struct ui *ui)
{
	if (ui->waiting.n > 0)
		later_call(WAITING, waited_long, ui);
}

void
ui_waiting(struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	ui_waited(ui);
	if (ui->opts.quiet || !ui->err.terminal)
		return;
	va_start(ap, fmt);
	plain_format(&ui->waiting, ui->utf8, fmt, ap);
	va_end(ap);
	buf_addc(&ui->waiting, '\n');
	wait_on(ui);
}

void
ui_waited(struct ui *ui)
{
	if (ui->waiting.n == 0)
		return;
	later_end();
	buf_clear(&ui->waiting);
}

/* Neither ^Z nor ^\ may leave a terminal without echo behind; ^C is caught (base/cancel.h). */
static int
tty_hide(int fd, struct termios *was, struct err *e)
{
	struct termios t;

	if (tcgetattr(fd, was) == -1)
		return err_sys(e, "can't ask on the terminal");
	t = *was;
	t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	t.c_lflag |= ICANON | ISIG;
	t.c_cc[VSUSP] = t.c_cc[VQUIT] = _POSIX_VDISABLE;
	if (tcsetattr(fd, TCSAFLUSH, &t) == -1)
		return err_sys(e, "can't switch off the echo");
	return 0;
}

int
ui_ask(struct ui *ui, const char *prompt, bool echo, struct buf *out,
    struct err *e)
{
	struct buf plain = BUF_INIT(WORDS_MAX);
	char answer[UI_ANSWER_MAX];
	struct termios was;
	ssize_t n;
	int fd;

	if ((fd = tty_open(e)) == -1)
		return -1;
	out_flush(ui);
	later_read(ui->out.fd);
	erase(ui);
	later_end();
	if (!echo && tty_hide(fd, &was, e) == -1) {
		close(fd);
		return -1;
	}
	plain_escape(&plain, prompt, strlen(prompt), ui->utf8);
	put_all(fd, buf_text(&plain), plain.n);
	buf_release(&plain);
	n = tty_read(fd, answer, sizeof(answer), e);
	if (!echo)
		tcsetattr(fd, TCSAFLUSH, &was);
	/* What comes next begins a line of its own. */
	if (!echo || n <= 0 || answer[n - 1] != '\n')
		put_all(fd, "\n", 1);
	/* A terminal cuts a line that is longer than it can hold. */
	if (n == UI_ANSWER_MAX)
		n = err_set(e, EK_USAGE, "that is too long");
	if (n > 0 && answer[n - 1] == '\n')
		n--;
	if (n > 0 && buf_add(out, answer, (size_t)n) == -1)
		n = err_set(e, EK_USAGE, "that is too long");
	mem_wipe(answer, sizeof(answer));
	close(fd);
	wait_on(ui);
	return n == -1 ? -1 : 0;
}

static bool
colored(const struct ui *ui, const struct stream *s)
{
	const char *no = getenv("NO_COLOR");

	if (ui->opts.color != UI_AUTO)
		return ui->opts.color == UI_ALWAYS;
	return s->terminal && !ui->dumb && (no == NULL || *no == '\0');
}

void
ui_configure(struct ui *ui, const struct ui_opts *opts)
{
	ui->opts = *opts;
	ui->out.color = colored(ui, &ui->out);
	ui->err.color = colored(ui, &ui->err);
	log_to(on_log, ui, opts->verbose == 0 ? LOG_WARN :
	    opts->verbose == 1 ? LOG_INFO : LOG_DEBUG);
}

struct ui *
ui_new(int out, int err)
{
	struct ui *ui = xcalloc(1, sizeof(*ui));
	const struct ui_opts none = { .color = UI_AUTO };
	const char *term = getenv("TERM");
	struct stat st;

	ui->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	ui->out = (struct stream){ out, isatty(out) == 1, false };
	ui->err = (struct stream){ err, isatty(err) == 1, false };
	ui->live = fstat(out, &st) == -1 || !S_ISREG(st.st_mode);
	ui->dumb = term == NULL || *term == '\0' || strcmp(term, "dumb") == 0;
	buf_init(&ui->held, OUT_MAX);
	buf_init(&ui->line, LINE_MAX_BYTES);
	buf_init(&ui->json, LINE_MAX_BYTES);
	buf_init(&ui->summary, LINE_MAX_BYTES);
	buf_init(&ui->waiting, WORDS_MAX);
	ui_configure(ui, &none);
	return ui;
}

bool
ui_gone(const struct ui *ui)
{
	return ui->failed != 0 || cancel_signal() != 0;
}

/* Some file systems tell only at the closing that they could not keep what they took. */
static int
close_error(int fd)
{
	int copy = dup(fd);

	return copy != -1 && close(copy) == -1 ? errno : 0;
}

/* Some of stdout could not be written: tell why, unless its reader has gone away. */
static int
tell_failed(struct ui *ui)
{
	const char *advice;
	struct err e;

	out_error(ui, &e);
	if ((advice = exit_advice(e.kind)) != NULL)
		err_next(&e, "%s", advice);
	if (ui->failed != EPIPE && ui->failed != EINTR)
		say_error(ui, &e);
	return err_status(e.kind, e.sys);
}

int
ui_finish(struct ui **uip, int status)
{
	struct ui *ui = *uip;
	int failed = 0;

	ui_progress_end(ui);
	if (ui->opts.json) {
		json_i64(ui_summary(ui), "exit_code", status);
		object_end(ui, &ui->summary_out);
	}
	tail_end(ui);
	out_flush(ui);
	if (ui->failed == 0)
		ui->failed = close_error(ui->out.fd);
	if (ui->failed != 0)
		failed = tell_failed(ui);
	if (ui->overrun)
		ui_warn(ui, "a line of JSON was too long and is left out");
	if (status == 0)
		status = failed != 0 ? failed : ui->overrun ? 1 : 0;
	log_to(NULL, NULL, LOG_WARN);
	buf_release(&ui->held);
	buf_release(&ui->line);
	buf_release(&ui->json);
	buf_release(&ui->summary);
	ui_waited(ui);
	buf_release(&ui->waiting);
	free(ui);
	*uip = NULL;
	return status;
}

void
ui_last_words(const char *s)
{
	put_all(STDERR_FILENO, "mailkeep: ", 10);
	put_all(STDERR_FILENO, s, strlen(s));
	put_all(STDERR_FILENO, "\n", 1);
}

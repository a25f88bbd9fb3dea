/*
 * cmd_stage.h - a ui over two files or over a terminal, for the tests of cmd/.
 */
#ifndef TESTS_UNIT_CMD_STAGE_H
#define TESTS_UNIT_CMD_STAGE_H

#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/ui.h"

/* A ui over two files, or over a terminal. */
struct stage {
	struct ui	*ui;
	int		 out, err;	/* a terminal: its other side, both the same */
};

static inline void
stage_files(struct stage *s, const struct ui_opts *opts)
{
	s->out = memfd_create("out", MFD_CLOEXEC);
	s->err = memfd_create("err", MFD_CLOEXEC);
	s->ui = ui_new(s->out, s->err);
	ui_configure(s->ui, opts);
}

/* All that was written to a file; to be freed. */
static inline char *
contents(int fd)
{
	struct buf b = BUF_INIT(1024 * 1024);
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf_room(&b, 4096), 4096)) > 0)
		b.n += (size_t)n;
	buf_add(&b, "", 0);
	return buf_take(&b);
}

static inline void
assert_begins(const char *got, const char *want)
{
	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("%s\n  does not begin with\n%s", got, want);
}

/* End the ui and compare what it wrote; NULL: not looked at. */
static inline void
stage_end(struct stage *s, int status, const char *out, const char *err)
{
	char *got;

	assert_int_equal(ui_finish(&s->ui, status), status);
	assert_null(s->ui);
	got = contents(s->out);
	if (out != NULL)
		assert_string_equal(got, out);
	free(got);
	got = contents(s->err);
	if (err != NULL)
		assert_string_equal(got, err);
	free(got);
	close(s->out);
	close(s->err);
}

static inline void
stage_terminal(struct stage *s, unsigned short columns,
    const struct ui_opts *opts)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	struct termios raw;
	int slave;

	assert_int_equal(openpty(&s->out, &slave, NULL, NULL, &size), 0);
	tcgetattr(slave, &raw);
	raw.c_oflag &= ~(tcflag_t)OPOST;	/* no CR before LF */
	tcsetattr(slave, TCSANOW, &raw);
	s->err = slave;
	s->ui = ui_new(slave, slave);
	ui_configure(s->ui, opts);
}

/* What the terminal was sent so far. */
static inline char *
shown(struct stage *s)
{
	struct pollfd p = { .fd = s->out, .events = POLLIN };
	struct buf b = BUF_INIT(1024 * 1024);
	ssize_t n;

	while (poll(&p, 1, 50) == 1 && (p.revents & POLLIN) != 0 &&
	    (n = read(s->out, buf_room(&b, 4096), 4096)) > 0)
		b.n += (size_t)n;
	buf_add(&b, "", 0);
	return buf_take(&b);
}

static inline void
assert_shown(struct stage *s, const char *want)
{
	char *got = shown(s);

	assert_string_equal(got, want);
	free(got);
}

static inline void
terminal_end(struct stage *s)
{
	assert_int_equal(ui_finish(&s->ui, 0), 0);
	close(s->err);
	close(s->out);
}

static const struct ui_opts plain = { .color = UI_AUTO };

#endif

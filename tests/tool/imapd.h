/*
 * imapd.h - the rooms of the scripted server: a script is read (imapd_script.c), and played (imapd_play.c) on one
 * connection (imapd_conn.c).  The language is described in imapd.c.
 */
#ifndef IMAPD_H
#define IMAPD_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A text with places to be filled in, or a pattern with places that match anything. */
enum piece_kind { PIECE_BYTES, PIECE_VAR, PIECE_SUM, PIECE_ANY, PIECE_CATCH };

struct piece {
	enum piece_kind	 kind;
	char		*s;		/* the bytes, or a variable's name, or a sum */
	size_t		 n;
};

struct text {
	struct piece	*v;
	size_t		 n, cap;
};

enum op {
	OP_SEND, OP_SEND_PART, OP_SEND_LITERAL, OP_SEND_FILE, OP_SEND_GEN, OP_SEND_FILL,
	OP_EXPECT, OP_EXPECT_RAW, OP_EXPECT_LITERAL, OP_MAYBE,
	OP_SERVE, OP_ON, OP_DONE, OP_REPEAT, OP_SET, OP_DEFAULT, OP_NEVER, OP_MAY_CLOSE,
	OP_DELAY, OP_SPLIT, OP_FLUSH, OP_TIMEOUT,
	OP_TLS, OP_STARTTLS, OP_CLOSE, OP_CUT, OP_RESET, OP_STALL,
};

struct step {
	enum op		 op;
	const char	*file;
	int		 line;
	char		*name;		/* a variable, where one is named */
	struct text	 text;
	struct step	*body;		/* between { and } */
	struct step	*next;
};

/* What is played on one connection, or on each one that comes after the others. */
struct section {
	struct step	*steps;
	bool		 rest;
};

struct script {
	struct step	*common;	/* before the first section: played on every connection */
	struct section	*v;
	size_t		 n, cap;
};

/* script_read(path, dir): the whole script; a mistake in it ends the program.  ${dir} is where else includes are. */
struct script *script_read(const char *, const char *);

struct var {
	char		*name;
	char		*value;		/* or NULL: it is a number */
	uint64_t	 number;
};

#define SHOWN		48		/* lines of the dialogue that are shown when it goes wrong */
#define SHOWN_WIDTH	160

struct conn {
	int		 fd;
	SSL		*ssl;
	size_t		 serial;	/* 1 for the first connection */
	const char	*tls_dir;	/* where the certificates are */
	int		 log;		/* the lines that came, for the test to look at; or -1 */
	struct buf	 in, out;
	size_t		 in_at;		/* what of in was consumed */
	bool		 closed;	/* the client has closed, or is gone */
	bool		 may_close;	/* ... which it may at any time */
	bool		 again;		/* the next line was looked at before */
	uint64_t	 split;		/* bytes a write, 0: as they come */
	uint64_t	 pause;		/* microseconds between them */
	int		 timeout;	/* milliseconds to wait for a line */
	const struct step *step;	/* the one being played */
	struct var	*vars;
	size_t		 vars_n, vars_cap;
	struct text	*never;
	size_t		 never_n, never_cap;
	char		 shown[SHOWN][SHOWN_WIDTH];
	uint64_t	 shown_n;
};

/* conn_fail(c, fmt, ...): the client, or the script, is wrong: say so with the end of the dialogue, and exit 1. */
_Noreturn void conn_fail(const struct conn *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
/* conn_show(c, side, p, n): remember what was said, for conn_fail(). */
void conn_show(struct conn *, char side, const char *, size_t);
/* conn_add(c, p, n): send it, sooner or later; conn_flush(): now. */
void conn_add(struct conn *, const void *, size_t);
void conn_flush(struct conn *);
/* conn_line(c, line, n): 1 and the next line (no CRLF; until the next call), 0 the client has closed, -1 timeout. */
int conn_line(struct conn *, char **, size_t *);
/* conn_back(c, n): that line of ${n} bytes was not meant: the next conn_line() gives it again. */
void conn_back(struct conn *, size_t);
/* conn_bytes(c, p, n): up to ${n} bytes of a literal; 0 when the client has closed. */
size_t conn_bytes(struct conn *, char *, size_t);
/* conn_tls(c, name): shake hands as a server with that certificate. */
void conn_tls(struct conn *, const char *);
/* conn_sleep(c, us) */
void conn_sleep(struct conn *, uint64_t);
/* conn_stall(c): take what comes and say nothing until the client closes. */
void conn_stall(struct conn *);
/* The ways to end it: in order; without a goodbye of TLS; by a reset. */
void conn_close(struct conn *);
void conn_cut(struct conn *);
void conn_reset(struct conn *);

/* play(c, script, section): the whole dialogue on a connection; returns when it went as it should. */
void play(struct conn *, const struct script *, const struct section *);
/* gen_fill(p, n, at): the bytes from ${at} on of the mail that S-gen sends; ${at} is a multiple of GEN_LINE. */
void gen_fill(char *, size_t, uint64_t);
#define GEN_LINE	64

#endif

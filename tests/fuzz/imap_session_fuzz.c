/*
 * imap_session_fuzz.c - a session with any server comes to an end, tells nothing that can't be, and holds memory by
 * what it received, not by what it was told.
 *
 * The first line of the input says what the client does, a letter each (see act()).  What follows is the server's, in
 * parts between lines "|": the first comes before our own tag does, each other one answers a command, with %T for its
 * tag.
 * seconds: 3
 */
#include "fuzz.h"
#include "tests/unit/imap_double.h"

/* The sanitizer's: gcc, which only compiles this, has no header with it. */
size_t __sanitizer_get_current_allocated_bytes(void);

#define PARTS	(DOUBLE_RULES - 2)

/* Beside what a session needs anyway: 100 bytes for each byte that came, and what our own commands cost. */
#define HEAP_FIXED	(4 * 1024 * 1024)
#define HEAP_FACTOR	100

struct client {
	struct imap	*im;		/* own */
	struct imap_boxes boxes;	/* own */
	size_t		 box;		/* the next to be opened */
	size_t		 asked;		/* commands that imap_next() ends */
	unsigned int	 large;		/* messages sent */
	uint64_t	 events;
	size_t		 heap;
	/* The body that came last. */
	bool		 has_body;
	uint64_t	 announced, got;
	bool		 failed;	/* the session is over */
};

static int
begin_body(void *arg, uint64_t size, struct err *e)
{
	struct client *c = arg;

	(void)e;
	c->has_body = true;
	c->announced = size;
	c->got = 0;
	return 0;
}

static int
take_body(void *arg, const void *p, size_t n, struct err *e)
{
	struct client *c = arg;

	(void)p, (void)e;
	MUST(c->has_body && n <= c->announced - c->got);
	c->got += n;
	return 0;
}

static void
check_message(struct client *c, const struct imap_event *ev)
{
	MUST(ev->meta.uid != 0);
	MUST(!ev->meta.has_date || ev->meta.internaldate != NULL);
	if (ev->body == BODY_GIVEN)
		MUST(c->has_body && c->got == c->announced &&
		    ev->body_size == c->got);
	c->has_body = false;
}

/* MODIFIED and COPYUID are of what was asked about (all of the same: on_some()), or not believed. */
static void
check_told(const struct imap_event *ev)
{
	MUST((ev->moved == NULL) == (ev->uidvalidity == 0));
	MUST(ev->uidvalidity <= UID_MAX);
	if (ev->uids == NULL) {
		MUST(ev->moved == NULL);
		return;
	}
	MUST(!ev->odd && !uidset_empty(ev->uids));
	MUST(uidset_max(ev->uids) <= 3);
	MUST(ev->moved == NULL ||
	    uidset_count(ev->moved) == uidset_count(ev->uids));
}

static void
check_event(struct client *c, const struct imap_event *ev)
{
	const struct mail_state *box = &ev->box;

	switch (ev->kind) {
	case IMAP_BOX:
		MUST(c->asked-- > 0);
		MUST(ev->cookie == c && ev->text != NULL);
		MUST(ev->permanent == NULL || *ev->permanent != ' ');
		MUST(box->uidvalidity <= UID_MAX && box->uidnext <= UID_MAX &&
		    box->exists <= UID_MAX);
		break;
	case IMAP_DONE:
		MUST(c->asked-- > 0);
		MUST(ev->cookie == c && ev->text != NULL);
		check_told(ev);
		break;
	case IMAP_MESSAGE:
		check_message(c, ev);
		break;
	case IMAP_VANISHED:
	case IMAP_UIDS:
		MUST(ev->uids != NULL);
		break;
	case IMAP_EXPUNGED:
		break;
	case IMAP_APPENDED:
		MUST(c->asked-- > 0);
		MUST(ev->cookie == c && ev->text != NULL);
		MUST(ev->uidvalidity <= UID_MAX);
		MUST((ev->uids == NULL) == (ev->uidvalidity == 0));
		break;
	}
	/* The shortest response has a few bytes. */
	MUST(++c->events <= 2 * dbl.received);
}

static void
check_heap(const struct client *c)
{
	MUST(__sanitizer_get_current_allocated_bytes() <=
	    c->heap + HEAP_FIXED + HEAP_FACTOR * dbl.received);
}

/* Take ${most} events. */
static void
take_events(struct client *c, uint64_t most)
{
	struct imap_event ev;
	struct err e;
	int r = 1;

	while (most-- > 0 && (r = imap_next(c->im, &ev, &e)) == 1)
		check_event(c, &ev);
	if (r == -1)
		c->failed = true;
	/* All that was asked is answered when all is answered. */
	if (r == 0)
		MUST(c->asked == 0);
}

static void
check_boxes(const struct imap_boxes *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		MUST(b->v[i].wire != NULL && b->v[i].name != NULL &&
		    b->v[i].attributes != NULL);
		MUST(i == 0 || strcmp(b->v[i - 1].name, b->v[i].name) < 0);
	}
}

static int
list(struct client *c, bool sizes, struct err *e)
{
	struct imap_boxes boxes;

	if (imap_list(c->im, sizes, &boxes, e) == -1)
		return -1;
	imap_boxes_release(&c->boxes);
	c->boxes = boxes;
	c->box = 0;
	check_boxes(&boxes);
	return 0;
}

static int
status(struct client *c, struct err *e)
{
	struct mail_box **v;
	size_t i;
	int rc;

	v = xreallocarray(NULL, c->boxes.n + 1, sizeof(*v));
	for (i = 0; i < c->boxes.n; i++)
		v[i] = &c->boxes.v[i];
	rc = imap_status(c->im, v, c->boxes.n, true, e);
	free(v);
	return rc;
}

static int
examine(struct client *c, const struct imap_resync *known, struct err *e)
{
	const char *wire = c->boxes.n == 0 ? "INBOX" :
	    c->boxes.v[c->box++ % c->boxes.n].wire;

	c->asked++;
	return imap_examine(c->im, wire, known, c, e);
}

static int
fetch(struct client *c, bool all, unsigned int items, uint64_t since,
    struct err *e)
{
	struct uidset uids = UIDSET_INIT;
	int rc;

	uidset_add_range(&uids, 1, 10);
	uidset_add(&uids, UID_MAX);
	c->asked++;
	rc = imap_fetch(c->im, all ? NULL : &uids, items, since, c, e);
	uidset_release(&uids);
	return rc;
}

static int
pour(void *arg, const struct sink *to, struct err *e)
{
	char text[10000];

	memset(text, 'x', sizeof(text));
	return sink_write(to, text, *(const size_t *)arg, e);
}

/* Append one message, or several in one command. */
static int
append(struct client *c, int messages, size_t size, struct err *e)
{
	const struct imap_append what = { size, "\\Seen", NULL };
	const struct source body = { pour, &size };
	int r = 1;

	if (imap_append_begin(c->im, "INBOX", c, e) == -1)
		return -1;
	c->asked++;
	if (!imap_can(c->im, CAP_MULTIAPPEND))
		messages = 1;
	/* What is refused is refused to the end. */
	while (messages-- > 0) {
		bool refused = r == 0;

		if ((r = imap_append_add(c->im, &what, &body, e)) == -1)
			return -1;
		MUST(r == 0 || !refused);
	}
	return imap_append_end(c->im, e);
}

/* What changes or deletes messages: 1:3. */
static int
on_some(struct client *c, char letter, struct err *e)
{
	struct uidset uids = UIDSET_INIT;
	int rc = 0;

	uidset_add_range(&uids, 1, 3);
	c->asked++;
	if (letter == 't')
		rc = imap_store(c->im, &uids, "+FLAGS.SILENT (\\Seen)", c, e);
	else if (letter == 'M')
		rc = imap_mark(c->im, &uids, true, 7, c, e);
	else if (letter == 'X' && imap_can_expunge(c->im))
		rc = imap_expunge(c->im, &uids, c, e);
	else if (letter == 'V' && imap_can_move(c->im))
		rc = imap_move(c->im, &uids, "Trash", c, e);
	else
		c->asked--;
	uidset_release(&uids);
	return rc;
}

static int
choose(struct client *c, bool exact, struct err *e)
{
	c->asked++;
	return exact ? imap_select_exact(c->im, "INBOX", c, e) :
	    imap_select(c->im, "INBOX", c, e);
}

static int
make(struct client *c, struct err *e)
{
	char delimiter;

	MUST(imap_personal(c->im, &delimiter) != NULL);
	return imap_create(c->im, "new", "\\Sent", e) == -1 ||
	    imap_subscribe(c->im, "new", e) == -1 ? -1 : 0;
}

/* One letter of the script.  What waits for its answer is asked only when no event is due: so does the program. */
static int
act(struct client *c, char letter, struct err *e)
{
	static const struct imap_resync known = { 1, 7 };
	uint64_t used = 0, limit = 0;

	if (strchr("lLsqm", letter) != NULL && c->asked > 0)
		return 0;
	if (strchr("erfbcapPBwWtMXVd", letter) != NULL && !imap_room(c->im))
		return 0;
	switch (letter) {
	case 'l': return list(c, false, e);
	case 'L': return list(c, true, e);
	case 's': return status(c, e);
	case 'q': return imap_quota(c->im, &used, &limit, e);
	case 'e': return examine(c, NULL, e);
	case 'r': return examine(c, &known, e);
	case 'f': return fetch(c, true, IMAP_FLAGS | IMAP_DATE, 0, e);
	case 'b': return fetch(c, false, ~0u, 0, e);
	case 'c': return fetch(c, true, IMAP_FLAGS | IMAP_LABELS, 7, e);
	case 'a': c->asked++; return imap_search_all(c->im, c, e);
	case 'd': return fetch(c, true, IMAP_HEADER | IMAP_SIZE, 0, e);
	case 'p': return append(c, 1, 5, e);
	case 'P': return append(c, 3, 7, e);
	/* The double keeps what it is sent. */
	case 'B': return c->large++ < 50 ? append(c, 2, 10000, e) : 0;
	case 'w': return choose(c, false, e);
	case 'W': return choose(c, true, e);
	case 't': case 'M': case 'X': case 'V': return on_some(c, letter, e);
	case 'm': return make(c, e);
	case 'k': dbl.takes = 100; return 0;
	case 'n': take_events(c, 1); return 0;
	case 'N': take_events(c, UINT64_MAX); return 0;
	case 'y': dbl.accepts = 1; return 0;
	case 'x': dbl.no_literals = true; return 0;
	default:
		/* So much is received at a time. */
		if (letter >= '1' && letter <= '9')
			dbl.chunk = (size_t)((letter - '0') * (letter - '0'));
		return 0;
	}
}

/* The server's parts; returns their number. */
static size_t
prepare(struct fuzz_in in, char *parts[PARTS])
{
	struct buf part = BUF_INIT(DOUBLE_MAX);
	struct fuzz_in line;
	size_t n = 0;
	bool more = true;

	while (n < PARTS && more) {
		more = fuzz_line(&in, &line);
		if (more && !(line.n == 1 && *line.p == '|')) {
			buf_add(&part, line.p, line.n);
			if (line.p + line.n < in.p)
				buf_addc(&part, '\n');
			continue;
		}
		parts[n++] = xmemdup0(buf_text(&part), part.n);
		buf_clear(&part);
	}
	buf_release(&part);
	return n;
}

static void
play(struct client *c, struct fuzz_in script)
{
	static const char hint[] = "IMAP4rev1 LITERAL+ LIST-STATUS "
	    "MULTIAPPEND CREATE-SPECIAL-USE LIST-EXTENDED QRESYNC ENABLE NAMESPACE ID OBJECTID";
	struct imap_login login = { .user = "anna" };
	const struct imap_body body = { begin_body, { take_body, c } };
	struct err e;

	if (script.n > 0 && *script.p == 'h')
		login.hint = hint;
	MUST(imap_open(&login, &c->im, &e) == 0);
	imap_body_to(c->im, &body);
	for (; script.n > 0 && !c->failed; script.p++, script.n--) {
		if (act(c, *script.p, &e) == -1 && e.kind != EK_NO)
			c->failed = true;
		check_heap(c);
	}
	if (!c->failed)
		take_events(c, UINT64_MAX);
	check_heap(c);
	imap_boxes_release(&c->boxes);
	imap_close(&c->im);
	MUST(!dbl.open);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct client c = { .heap = __sanitizer_get_current_allocated_bytes() };
	struct fuzz_in in = fuzz_begin(data, n), script = { NULL, 0 };
	char *parts[PARTS];
	size_t parts_n, i;

	double_reset();
	fuzz_line(&in, &script);
	/* Our own tag is always answered, else all ends there. */
	double_on("NOOP", "%T OK\r\n");
	parts_n = prepare(in, parts);
	double_say(parts[0]);
	for (i = 1; i < parts_n; i++)
		double_once("", parts[i]);
	play(&c, script);
	for (i = 0; i < parts_n; i++)
		free(parts[i]);
	double_reset();
	return 0;
}

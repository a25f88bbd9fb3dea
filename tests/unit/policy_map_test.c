/*
 * Where restored folders go (R86), and what they are called there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/name.h"
#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define FOLDERS		8

/* policy only reads them */
static char *
borrow(const char *s)
{
	return (char *)(uintptr_t)s;
}

/* ---- tables ---- */

/* '\0' for the delimiter is '/': flat is written '0'. */
struct folder {
	const char	*name;
	const char	*attributes;	/* NULL: none */
	const char	*to, *how;
	char		 delimiter;
};

struct world {
	const char	*what;
	/* the target: by name; "!" before it: it can't hold messages */
	struct { const char *name, *attributes; } boxes[FOLDERS];
	const char	*prefix;
	char		 delimiter;
	bool		 no_roles, not_below_inbox;
	const char	*into;
	const char	*maps[4];
	struct folder	 f[FOLDERS];
};

static char
delimiter_of(char c)
{
	return c == '\0' ? '/' : c == '0' ? '\0' : c;
}

static size_t
count_maps(const struct world *w)
{
	size_t n = 0;

	while (n < LENGTH(w->maps) && w->maps[n] != NULL)
		n++;
	return n;
}

static struct mail_box
box_of(const char *name, const char *attributes)
{
	bool selectable = *name != '!';

	return (struct mail_box){ .name = borrow(name + !selectable),
	    .attributes = borrow(attributes == NULL ? "" : attributes),
	    .space = MAIL_PERSONAL, .selectable = selectable };
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct mail_box *)a)->name,
	    ((const struct mail_box *)b)->name);
}

static size_t
make(const struct world *w, struct mail_box *boxes, struct policy_move *moves,
    struct policy_target *target)
{
	size_t n;

	for (n = 0; n < FOLDERS && w->boxes[n].name != NULL; n++)
		boxes[n] = box_of(w->boxes[n].name, w->boxes[n].attributes);
	qsort(boxes, n, sizeof(boxes[0]), by_name);
	*target = (struct policy_target){ .boxes = boxes, .n = n,
	    .below_inbox = !w->not_below_inbox,
	    .prefix = w->prefix == NULL ? "" : w->prefix,
	    .delimiter = delimiter_of(w->delimiter), .into = w->into,
	    .maps = w->maps, .maps_n = count_maps(w),
	    .no_roles = w->no_roles };
	for (n = 0; n < FOLDERS && w->f[n].name != NULL; n++) {
		memset(&moves[n], 0xff, sizeof(moves[n]));
		moves[n].name = w->f[n].name;
		moves[n].delimiter = delimiter_of(w->f[n].delimiter);
		moves[n].attributes = w->f[n].attributes == NULL ? "" :
		    w->f[n].attributes;
	}
	return n;
}

static const struct mail_box *
box_named(const struct policy_target *target, const char *name)
{
	size_t i;

	for (i = 0; i < target->n; i++)
		if (strcmp(target->boxes[i].name, name) == 0)
			return &target->boxes[i];
	return NULL;
}

static void
check(const struct world *worlds, size_t n)
{
	struct mail_box boxes[FOLDERS];
	struct policy_move moves[FOLDERS];
	struct policy_target target;
	struct err e = { .kind = EK_NONE };
	size_t i, k, count;

	for (i = 0; i < n; i++) {
		const struct world *w = &worlds[i];

		count = make(w, boxes, moves, &target);
		if (policy_map(moves, count, &target, &e) == -1)
			fail_msg("%s: %s", w->what, e.text);
		for (k = 0; k < count; k++) {
			const char *how = w->f[k].how;
			const struct mail_box *b = box_named(&target,
			    moves[k].to);

			if (strcmp(moves[k].to, w->f[k].to) != 0)
				fail_msg("%s: %s goes to %s", w->what,
				    w->f[k].name, moves[k].to);
			if ((how == NULL) != (moves[k].how == NULL) ||
			    (how != NULL && strcmp(how, moves[k].how) != 0))
				fail_msg("%s: %s: how: %s", w->what,
				    w->f[k].name, moves[k].how);
			if (b != NULL && strcmp(b->attributes,
			    "\\NonExistent") == 0)
				b = NULL;
			if (moves[k].box != b)
				fail_msg("%s: %s: another box", w->what,
				    w->f[k].name);
		}
		policy_map_release(moves, count);
		assert_null(moves[0].to);
	}
}

#define DOT	"'.' is no character for names there"
#define TAKEN	"another folder has the name"

static void
test_map_translates_delimiters_and_namespaces(void **state)
{
	static const struct world t[] = {
		{ .what = "the same server", .f = {
		    { .name = "INBOX", .to = "INBOX" },
		    { .name = "a/b", .to = "a/b" },
		    { .name = "v1.2", .to = "v1.2" } } },
		{ .what = "another delimiter", .delimiter = '.', .f = {
		    { .name = "INBOX", .to = "INBOX" },
		    { .name = "a/b/c", .to = "a.b.c" },
		    { .name = "a/v1.2", .to = "a.v1_2", .how = DOT } } },
		{ .what = "and back", .f = {
		    { .name = "a.b.c", .to = "a/b/c", .delimiter = '.' },
		    { .name = "x/y.z", .to = "x_y/z", .delimiter = '.', .how =
		    "'/' is no character for names there" } } },
		{ .what = "a prefix", .prefix = "INBOX.", .delimiter = '.',
		    .f = {
		    { .name = "INBOX", .to = "INBOX" },
		    { .name = "a/b", .to = "INBOX.a.b" },
		    { .name = "INBOX/c", .to = "INBOX.c" } } },
		{ .what = "a prefix dropped", .f = {
		    { .name = "INBOX", .to = "INBOX", .delimiter = '.' },
		    { .name = "INBOX.a", .to = "a", .delimiter = '.' },
		    { .name = "INBOX.a.b", .to = "a/b", .delimiter = '.' } } },
		{ .what = "a prefix for a prefix", .prefix = "INBOX/", .f = {
		    { .name = "INBOX.a", .to = "INBOX/a",
		    .delimiter = '.' } } },
		{ .what = "the same prefix", .prefix = "INBOX.",
		    .delimiter = '.', .boxes = { { "INBOX.a", NULL } }, .f = {
		    { .name = "INBOX.a", .to = "INBOX.a", .delimiter = '.' },
		    { .name = "INBOX.b", .to = "INBOX.b",
		    .delimiter = '.' } } },
		{ .what = "no prefix: one is not below INBOX", .f = {
		    { .name = "INBOX", .to = "INBOX" },
		    { .name = "INBOX/a", .to = "INBOX/a" },
		    { .name = "b", .to = "b" } } },
		{ .what = "no prefix: one that is not chosen isn't either",
		    .not_below_inbox = true, .f = {
		    { .name = "INBOX/a", .to = "INBOX/a" } } },
		{ .what = "no prefix: only the letters", .f = {
		    { .name = "INBOXes", .to = "INBOXes" } } },
		{ .what = "no prefix: flat", .f = {
		    { .name = "INBOX.a", .to = "INBOX.a",
		    .delimiter = '0' } } },
		{ .what = "no prefix: it is so on the target, too",
		    .boxes = { { "INBOX/a", NULL } }, .f = {
		    { .name = "INBOX", .to = "INBOX" },
		    { .name = "INBOX/a", .to = "INBOX/a" },
		    { .name = "INBOX/b", .to = "INBOX/b" } } },
		{ .what = "no prefix: INBOX would be left", .f = {
		    { .name = "INBOX.a", .to = "INBOX/a", .delimiter = '.' },
		    { .name = "INBOX.inbox.b", .to = "INBOX/inbox/b",
		    .delimiter = '.' } } },
		{ .what = "flat", .delimiter = '0', .f = {
		    { .name = "a", .to = "a" },
		    { .name = "b/c/d", .to = "b_c_d", .how =
		    "there are no folders within folders there" } } },
		{ .what = "from flat", .f = {
		    { .name = "a", .to = "a", .delimiter = '0' },
		    { .name = "b/c", .to = "b_c", .delimiter = '0', .how =
		    "'/' is no character for names there" } } },
		{ .what = "a strange delimiter", .delimiter = '_', .f = {
		    { .name = "a/b_c", .to = "a_b-c", .how =
		    "'_' is no character for names there" } } },
		{ .what = "someone else's folder is found without the prefix",
		    .prefix = "INBOX.", .delimiter = '.',
		    .boxes = { { "shared.x", NULL } }, .f = {
		    { .name = "shared/x", .to = "shared.x" },
		    { .name = "shared/y", .to = "INBOX.shared.y" } } },
	};

	(void)state;
	check(t, LENGTH(t));
}

static void
test_map_changes_what_can_not_be_where_one_sees_it(void **state)
{
	static const struct world t[] = {
		{ .what = "characters", .f = {
		    { .name = "a\001b\177c\302\200d", .to = "a_b_c_d", .how =
		    "control characters can't be in a name" },
		    { .name = "50%", .to = "50%" },
		    { .name = "*", .to = "*" },
		    { .name = "Entw\303\274rfe", .to = "Entw\303\274rfe" } } },
		{ .what = "parts", .f = {
		    { .name = "a//b", .to = "a/_/b", .how =
		    "a part of it has no name" },
		    { .name = "a/", .to = "a/_", .how =
		    "a part of it has no name" },
		    { .name = "", .to = "_", .how =
		    "a part of it has no name" } } },
		{ .what = "undecodable", .f = {
		    { .name = "\xff" "Entw\374rfe", .to = "Entw_rfe", .how =
		    "the name can't be decoded" },
		    { .name = "\xff" "a&b/c", .to = "a&b/c", .how =
		    "the name can't be decoded" } } },
		{ .what = "two at once", .delimiter = '.', .f = {
		    { .name = "a.\001", .to = "a__", .how = DOT
		    "; control characters can't be in a name" } } },
		{ .what = "but a folder that is there is the right place",
		    .boxes = { { "a//b", NULL }, { "a\001", NULL },
		    { "c_", NULL }, { "\xff" "Entw\374rfe", NULL } }, .f = {
		    { .name = "a//b", .to = "a//b" },
		    { .name = "a\001", .to = "a\001" },
		    { .name = "\xff" "Entw\374rfe",
		    .to = "\xff" "Entw\374rfe" },
		    { .name = "c\001", .to = "c_", .how =
		    "control characters can't be in a name" } } },
		{ .what = "with the prefix, too", .prefix = "INBOX.",
		    .delimiter = '.', .boxes = { { "INBOX.a\001", NULL } },
		    .f = {
		    { .name = "a\001", .to = "INBOX.a\001" } } },
		{ .what = "unless its bytes mean something else there",
		    .delimiter = '.', .boxes = { { "a.b", NULL },
		    { "\xff" "x\374/y", NULL } }, .f = {
		    { .name = "a.b", .to = "a_b", .how = DOT },
		    { .name = "\xff" "x\374/y", .to = "x_.y", .how =
		    "the name can't be decoded" } } },
	};

	(void)state;
	check(t, LENGTH(t));
}

static void
test_map_gives_no_two_folders_one_name(void **state)
{
	static const struct world t[] = {
		{ .what = "the later one", .delimiter = '.', .f = {
		    { .name = "x/a.b", .to = "x.a_b", .how = DOT },
		    { .name = "x/a\001b", .to = "x.a_b~2", .how =
		    "control characters can't be in a name; " TAKEN },
		    { .name = "x/a\002b", .to = "x.a_b~3", .how =
		    "control characters can't be in a name; " TAKEN } } },
		{ .what = "what keeps its name comes first",
		    .delimiter = '.', .f = {
		    { .name = "a.b", .to = "a_b~3", .how = DOT "; " TAKEN },
		    { .name = "a_b", .to = "a_b" },
		    { .name = "a_b~2", .to = "a_b~2" } } },
		{ .what = "two delimiters", .f = {
		    { .name = "a/b", .to = "a/b" },
		    { .name = "a.b", .to = "a/b~2", .delimiter = '.',
		    .how = TAKEN } } },
		{ .what = "letters' case is no matter", .f = {
		    { .name = "Work", .to = "Work" },
		    { .name = "work", .to = "work" } } },
		{ .what = "but INBOX's", .f = {
		    { .name = "Inbox", .to = "INBOX~2", .how = TAKEN },
		    { .name = "INBOX", .to = "INBOX" } } },
		{ .what = "a name only", .boxes = { { "!a", "\\Noselect" },
		    { "!b", "\\NonExistent" }, { "!c", "\\Noselect" },
		    { "!c~2", "\\Noselect" } }, .f = {
		    { .name = "a", .to = "a~2", .how = TAKEN },
		    { .name = "b", .to = "b" },
		    { .name = "c", .to = "c~3", .how = TAKEN } } },
		{ .what = "a strange delimiter", .delimiter = '~',
		    .boxes = { { "!a", "\\Noselect" } }, .f = {
		    { .name = "a", .to = "a-2", .how = TAKEN } } },
	};

	(void)state;
	check(t, LENGTH(t));
}

/* ${n} bytes of a name, then ${tail}; what it goes to, to be freed. */
static char *
mapped(const char *piece, size_t n, const char *tail, bool *cut)
{
	struct policy_target target = { .prefix = "", .delimiter = '/' };
	struct policy_move move = { .delimiter = '/', .attributes = "" };
	struct buf b = BUF_INIT(SIZE_MAX);
	struct err e;
	char *to;

	while (b.n < n)
		buf_adds(&b, piece);
	buf_adds(&b, tail);
	move.name = buf_text(&b);
	assert_int_equal(policy_map(&move, 1, &target, &e), 0);
	*cut = move.how != NULL;
	if (*cut)
		assert_string_equal(move.how, "the name is too long");
	else
		assert_string_equal(move.to, move.name);
	to = xstrdup(move.to);
	policy_map_release(&move, 1);
	buf_release(&b);
	return to;
}

static void
test_map_cuts_names_that_the_wire_can_not_carry(void **state)
{
	/* Room for "~2" is kept. */
	static const struct {
		const char	*piece, *tail;
		size_t		 n;
		bool		 cut;
	} t[] = {
		{ "a", "", NAME_MAX_WIRE - 25, false },
		{ "a", "", NAME_MAX_WIRE - 24, false },
		{ "a", "", NAME_MAX_WIRE - 23, true },
		{ "a", "", NAME_MAX_WIRE, true },
		{ "a", "/b", NAME_MAX_WIRE - 25, true },
		{ "a", "\303\274", NAME_MAX_WIRE - 29, false },
		{ "a", "\303\274", NAME_MAX_WIRE - 28, true },
		{ "\303\274", "", 2 * 3062, false },
		{ "\303\274", "", 2 * 3063, true },
		{ "a", "", 5 * NAME_MAX_WIRE, true },
	};
	size_t i, n;
	char *to, *wire;
	bool cut;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		to = mapped(t[i].piece, t[i].n, t[i].tail, &cut);
		wire = name_to_wire(to);
		n = strlen(to);
		if (cut != t[i].cut || strlen(wire) > NAME_MAX_WIRE - 24)
			fail_msg("%zu: cut %d, %zu bytes on the wire", i, cut,
			    strlen(wire));
		assert_true(utf8_valid(to, n));
		assert_true(to[n - 1] != '/');
		if (cut)
			assert_true(strlen(wire) > NAME_MAX_WIRE - 40);
		free(wire);
		free(to);
	}
}

static void
test_map_follows_special_uses(void **state)
{
	static const struct world t[] = {
		{ .what = "by role", .boxes = { { "Deleted", "\\Trash" },
		    { "Gesendet", "\\Sent" } }, .f = {
		    { .name = "Sent Items", .attributes = "\\Sent",
		    .to = "Gesendet", .how = "it is for \\Sent" },
		    { .name = "Sent Items/2020", .to = "Sent Items/2020" },
		    { .name = "Trash", .attributes = "\\HasNoChildren \\trash",
		    .to = "Deleted", .how = "it is for \\Trash" },
		    { .name = "Junk", .attributes = "\\Junk",
		    .to = "Junk" } } },
		{ .what = "the others", .boxes = { { "D", "\\Drafts" },
		    { "J", "\\Junk" }, { "K", "\\Archive" } }, .f = {
		    { .name = "a", .attributes = "\\Drafts", .to = "D",
		    .how = "it is for \\Drafts" },
		    { .name = "b", .attributes = "\\Junk", .to = "J",
		    .how = "it is for \\Junk" },
		    { .name = "c", .attributes = "\\Archive", .to = "K",
		    .how = "it is for \\Archive" } } },
		{ .what = "no_roles", .no_roles = true,
		    .boxes = { { "Gesendet", "\\Sent" } }, .f = {
		    { .name = "Sent", .attributes = "\\Sent",
		    .to = "Sent" } } },
		{ .what = "no places of their own", .boxes = {
		    { "A", "\\All" }, { "F", "\\Flagged" },
		    { "I", "\\Important" } }, .f = {
		    { .name = "a", .attributes = "\\All", .to = "a" },
		    { .name = "f", .attributes = "\\Flagged", .to = "f" },
		    { .name = "i", .attributes = "\\Important",
		    .to = "i" } } },
		{ .what = "two on the target", .boxes = { { "S", "\\Sent" },
		    { "T", "\\Sent" } }, .f = {
		    { .name = "Sent", .attributes = "\\Sent",
		    .to = "Sent" } } },
		{ .what = "one that is none", .boxes = { { "!R", "\\Sent" },
		    { "S", "\\Sent" } }, .f = {
		    { .name = "Sent", .attributes = "\\Sent", .to = "S",
		    .how = "it is for \\Sent" } } },
		{ .what = "the one of two that is called so",
		    .boxes = { { "Sent", "\\Sent" } }, .f = {
		    { .name = "Messages", .attributes = "\\Sent",
		    .to = "Messages" },
		    { .name = "Sent", .attributes = "\\Sent", .to = "Sent" },
		    { .name = "More", .attributes = "\\Sent",
		    .to = "More" } } },
		{ .what = "else the first",
		    .boxes = { { "Gesendet", "\\Sent" } }, .f = {
		    { .name = "A", .attributes = "\\Sent", .to = "Gesendet",
		    .how = "it is for \\Sent" },
		    { .name = "B", .attributes = "\\Sent", .to = "B" } } },
		{ .what = "the name is taken by a role",
		    .boxes = { { "Sent", "\\Sent" } }, .f = {
		    { .name = "Sent", .to = "Sent~2", .how = TAKEN },
		    { .name = "Sent Items", .attributes = "\\Sent",
		    .to = "Sent", .how = "it is for \\Sent" } } },
		{ .what = "over the prefix and the delimiter",
		    .prefix = "INBOX.", .delimiter = '.',
		    .boxes = { { "INBOX.Sent", "\\Sent" } }, .f = {
		    { .name = "Sent", .attributes = "\\Sent",
		    .to = "INBOX.Sent" } } },
		{ .what = "INBOX is no role", .boxes = {
		    { "INBOX", "\\Sent" } }, .f = {
		    { .name = "Sent", .attributes = "\\Sent",
		    .to = "Sent" } } },
		{ .what = "INBOX is INBOX", .boxes = { { "S", "\\Sent" } },
		    .f = {
		    { .name = "INBOX", .attributes = "\\Sent",
		    .to = "INBOX" } } },
	};
	struct mail_box theirs = box_of("shared/Sent", "\\Sent");
	struct policy_target target = { .boxes = &theirs, .n = 1,
	    .prefix = "", .delimiter = '/' };
	struct policy_move move = { .name = "Sent", .delimiter = '/',
	    .attributes = "\\Sent" };
	struct err e;

	(void)state;
	check(t, LENGTH(t));
	theirs.space = MAIL_SHARED;
	assert_int_equal(policy_map(&move, 1, &target, &e), 0);
	assert_string_equal(move.to, "Sent");
	policy_map_release(&move, 1);
}

static void
test_map_puts_all_below_into(void **state)
{
	static const struct world t[] = {
		{ .what = "into", .into = "Old/2020",
		    .boxes = { { "Gesendet", "\\Sent" } }, .f = {
		    { .name = "INBOX", .to = "Old/2020/INBOX",
		    .how = "as --into says" },
		    { .name = "Sent", .attributes = "\\Sent",
		    .to = "Old/2020/Sent", .how = "as --into says" },
		    { .name = "a/b", .to = "Old/2020/a/b",
		    .how = "as --into says" } } },
		{ .what = "whole names", .into = "Old", .f = {
		    { .name = "INBOX.a", .delimiter = '.',
		    .to = "Old/INBOX/a", .how = "as --into says" } } },
		{ .what = "delimiters", .into = "/Old//v1.2/",
		    .prefix = "INBOX.", .delimiter = '.', .f = {
		    { .name = "a/b", .to = "INBOX.Old.v1_2.a.b",
		    .how = "as --into says; " DOT } } },
		{ .what = "into INBOX", .into = "inbox/x",
		    .prefix = "INBOX.", .delimiter = '.', .f = {
		    { .name = "a", .to = "INBOX.x.a",
		    .how = "as --into says" } } },
		{ .what = "taken", .into = "Old", .f = {
		    { .name = "a\001", .to = "Old/a_~2", .how =
		    "as --into says; control characters can't be in a name; "
		    TAKEN },
		    { .name = "a_", .to = "Old/a_",
		    .how = "as --into says" } } },
	};

	(void)state;
	check(t, LENGTH(t));
}

#define MAP	"as --map says"

static void
test_map_takes_the_first_map_that_matches(void **state)
{
	static const struct world t[] = {
		{ .what = "a name", .maps = { "a=b", "*=c" }, .f = {
		    { .name = "a", .to = "b", .how = MAP },
		    { .name = "x", .to = "c", .how = MAP },
		    { .name = "y/z", .to = "c", .how = MAP } } },
		{ .what = "what '*' stands for", .maps = {
		    "Work/*=Old/Work/*", "%-%/*=*/%_%", "x*y=z*" }, .f = {
		    { .name = "Work/a/b", .to = "Old/Work/a/b", .how = MAP },
		    { .name = "Work", .to = "Work" },
		    { .name = "p-q/r/s", .to = "r/s/p_q", .how = MAP },
		    { .name = "xy", .to = "z", .how = MAP },
		    { .name = "x1y2y", .to = "z1y2", .how = MAP } } },
		{ .what = "as little as will do", .maps = { "*b*=*-*",
		    "*%z=[*]/[%]" }, .f = {
		    { .name = "abcb", .to = "a-cb", .how = MAP },
		    { .name = "x/yz", .to = "[x/]/[y]", .how = MAP } } },
		{ .what = "delimiters", .delimiter = '.', .prefix = "INBOX.",
		    .maps = { "a/*=x/*", "b=v1.2" }, .f = {
		    { .name = "a/p/q", .to = "INBOX.x.p.q", .how = MAP },
		    { .name = "a/p.q", .to = "INBOX.x.p_q",
		    .how = MAP "; " DOT },
		    { .name = "b", .to = "INBOX.v1_2",
		    .how = MAP "; " DOT } } },
		{ .what = "their delimiters", .maps = { "a.*=x/*" }, .f = {
		    { .name = "a.b.c", .to = "x/b/c", .delimiter = '.',
		    .how = MAP },
		    { .name = "a.b/c", .to = "x/b_c", .delimiter = '.',
		    .how = MAP "; '/' is no character for names there" } } },
		{ .what = "someone else's folder", .prefix = "INBOX.",
		    .delimiter = '.', .boxes = { { "shared.x", NULL } },
		    .maps = { "a=shared/x", "b=shared/y" }, .f = {
		    { .name = "a", .to = "shared.x", .how = MAP },
		    { .name = "b", .to = "INBOX.shared.y", .how = MAP } } },
		{ .what = "'='", .maps = { "a\\=b=c\\=d=e", "p\\q=r\\s" },
		    .f = {
		    { .name = "a=b", .to = "c=d=e", .how = MAP },
		    { .name = "p\\q", .to = "r\\s", .how = MAP } } },
		{ .what = "INBOX", .maps = { "inbox=Old", "in*/x=inbox",
		    "y=Inbox/z", "inbox/A=no" }, .f = {
		    { .name = "INBOX/a", .to = "INBOX/a" },
		    { .name = "INBOX", .to = "Old", .how = MAP },
		    { .name = "INBOX/x", .to = "INBOX", .how = MAP },
		    { .name = "y", .to = "INBOX/z", .how = MAP } } },
		{ .what = "nothing is left", .maps = { "a*=/*" }, .f = {
		    { .name = "a", .to = "_", .how = MAP
		    "; a part of it has no name" },
		    { .name = "ab", .to = "b", .how = MAP } } },
		{ .what = "neither into nor roles", .into = "Old",
		    .boxes = { { "Gesendet", "\\Sent" } },
		    .maps = { "Sent=S" }, .f = {
		    { .name = "Sent", .attributes = "\\Sent", .to = "S",
		    .how = MAP },
		    { .name = "a", .to = "Old/a",
		    .how = "as --into says" } } },
		{ .what = "two that become one, with one that is called so",
		    .maps = { "x*=a" }, .f = {
		    { .name = "x1", .to = "a", .how = MAP },
		    { .name = "a", .to = "a" },
		    { .name = "x2", .to = "a", .how = MAP } } },
		{ .what = "but none that had to be changed",
		    .maps = { "x=a_", "y=b~2" }, .f = {
		    { .name = "a\001", .to = "a_~2", .how =
		    "control characters can't be in a name; " TAKEN },
		    { .name = "x", .to = "a_", .how = MAP },
		    { .name = "b/c", .to = "b/c" },
		    { .name = "y", .to = "b~2", .how = MAP } } },
		{ .what = "to itself", .maps = { "*=*" }, .f = {
		    { .name = "a/b", .to = "a/b" } } },
		{ .what = "out of a prefix", .maps = { "INBOX.a=b" }, .f = {
		    { .name = "INBOX.a", .to = "b", .delimiter = '.',
		    .how = MAP },
		    { .name = "INBOX.c", .to = "c", .delimiter = '.' } } },
	};

	(void)state;
	check(t, LENGTH(t));
}

static void
test_map_refuses_maps_that_say_nothing(void **state)
{
	static const struct { const char *map, *why; } t[] = {
		{ "a", "'a' has no '=' in it" },
		{ "", "'' has no '=' in it" },
		{ "a\\=b", "'a\\=b' has no '=' in it" },
		{ "a=", "'a=' has no name behind its '='" },
		{ "a=//", "'a=//' has no name behind its '='" },
		{ "=b", "'=b' has no name before its '='" },
		{ "a=*", "'a=*' has more '*' or '%' behind its '=' than "
		    "before" },
		{ "%a*=%%*", "'%a*=%%*' has more '*' or '%' behind its '=' "
		    "than before" },
	};
	const char *maps[] = { "*=x", NULL };
	struct policy_target target = { .prefix = "", .delimiter = '/',
	    .maps = maps, .maps_n = 2 };
	struct policy_move move = { .name = "a", .delimiter = '/',
	    .attributes = "" };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		maps[1] = t[i].map;
		memset(&e, 0, sizeof(e));
		assert_int_equal(policy_map(&move, 1, &target, &e), -1);
		assert_int_equal(e.kind, EK_USAGE);
		assert_string_equal(e.text, t[i].why);
		policy_map_release(&move, 1);
		/* Also where there is no folder at all. */
		assert_int_equal(policy_map(&move, 0, &target, &e), -1);
	}
	target.maps_n = 1;
	target.into = "/";
	assert_int_equal(policy_map(&move, 1, &target, &e), -1);
	assert_string_equal(e.text, "'/' is not the name of a folder");
	target.into = "";
	assert_int_equal(policy_map(&move, 1, &target, &e), -1);
	assert_int_equal(e.kind, EK_USAGE);
}

/* ---- names that a server would not make ---- */

static void
test_map_check_finds_maps_about_no_folder(void **state)
{
	static const struct { const char *map, *why, *next; } t[] = {
		{ "Work=x", NULL, NULL },
		{ "inbox=x", NULL, NULL },
		{ "W*=x", NULL, NULL },
		{ "Work/%=x", NULL, NULL },
		{ "a\\=b=x", NULL, NULL },
		{ "Wrok=x", "--map: the vault has no folder 'Wrok'",
		    "did you mean 'Work'?" },
		{ "%/none=x", "--map: the vault has no folder '%/none'",
		    "before the '=' stands a folder of the vault, as mailkeep "
		    "folders lists them; * stands for any text" },
		{ "Work", "'Work' has no '=' in it",
		    "a map of folders is written OLD=NEW" },
	};
	static const struct policy_move moves[] = {
		{ .name = "INBOX", .delimiter = '/' },
		{ .name = "Work", .delimiter = '/' },
		{ .name = "Work/Old", .delimiter = '/' },
		{ .name = "a=b", .delimiter = '/' },
	};
	const char *maps[] = { "*=x", NULL };
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		maps[1] = t[i].map;
		memset(&e, 0, sizeof(e));
		assert_int_equal(policy_map_check(maps, 2, moves,
		    LENGTH(moves), &e), t[i].why == NULL ? 0 : -1);
		if (t[i].why == NULL)
			continue;
		assert_int_equal(e.kind, EK_USAGE);
		assert_string_equal(e.text, t[i].why);
		assert_string_equal(e.next, t[i].next);
	}
}

static void
test_safer_leaves_what_no_server_objects_to(void **state)
{
	static const struct {
		const char	*name;
		char		 delimiter;
		const char	*safer;		/* NULL: it is */
	} t[] = {
		{ "Work", '/', NULL },
		{ "a b/c-d_e.f/(g)&h+i@j", '/', NULL },
		{ "Entw\303\274rfe/\346\227\245", '/', NULL },
		{ "", '/', NULL },
		{ "a.b.c", '.', NULL },
		{ "a/b", '.', "a_b" },
		{ "a/b", '\0', "a_b" },
		{ "a_b/c;d", '_', "a_b-c-d" },
		{ "a!\"#$%'*,:;<=>?[\\]^`{|}~b", '/',
		    "a_______________________b" },
		{ ".a/.b/c.", '/', "_a/_b/c." },
		{ "~a/#b", '/', "_a/_b" },
		{ " a /b c/ ", '/', "_a_/b c/_" },
		{ "a\tb\177", '/', "a_b_" },
		{ "INBOX.x:y", '.', "INBOX.x_y" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(t); i++) {
		char *got = policy_safer(t[i].name, t[i].delimiter), *again;

		if ((got == NULL) != (t[i].safer == NULL) ||
		    (got != NULL && strcmp(got, t[i].safer) != 0))
			fail_msg("%s: %s", t[i].name, got);
		again = got == NULL ? NULL : policy_safer(got,
		    t[i].delimiter);
		assert_null(again);
		free(got);
	}
}

/* ---- whatever the names ---- */

static uint32_t
dice(uint64_t *seed, uint32_t sides)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % sides;
}

/* Up to ${most} of these characters. */
static void
random_text(uint64_t *seed, const char *of, uint32_t most, char *out)
{
	uint32_t n = dice(seed, most + 1);

	for (; n > 0; n--)
		*out++ = of[dice(seed, (uint32_t)strlen(of))];
	*out = '\0';
}

static void
test_map_matches_as_name_match_does(void **state)
{
	struct policy_move move = { .name = "", .delimiter = '/',
	    .attributes = "" };
	struct policy_target target = { .prefix = "", .delimiter = '/',
	    .maps_n = 1 };
	char name[8 + 6], glob[8], map[32], want[32];
	const char *text = map;
	uint64_t seed = 1;
	struct err e;
	size_t i, matched = 0;

	(void)state;
	target.maps = &text;
	for (i = 0; i < 20000; i++) {
		/* No empty parts: these are not for the new name. */
		random_text(&seed, "aab/", 8, name + 1);
		name[0] = 'a';
		random_text(&seed, "ab/*%", 6, glob + 1);
		glob[0] = "a*%"[dice(&seed, 3)];
		if (strstr(name, "//") != NULL ||
		    name[strlen(name) - 1] == '/' ||
		    strstr(glob, "//") != NULL)
			continue;
		snprintf(map, sizeof(map), "%s=x/%s", glob, glob);
		move.name = name;
		assert_int_equal(policy_map(&move, 1, &target, &e), 0);
		snprintf(want, sizeof(want), "%s%s",
		    name_match(glob, name, '/') ? "x/" : "", name);
		if (strcmp(move.to, want) != 0)
			fail_msg("%s: %s goes to %s", map, name, move.to);
		matched += move.how != NULL;
		policy_map_release(&move, 1);
	}
	assert_true(matched > 1000);
}

/* A name in which all that is difficult is likely. */
static char *
random_name(uint64_t *seed)
{
	static const char *const pieces[] = { "a", "a", "b", "INBOX", "inbox",
	    "/", "/", ".", "_", "~2", "%", "*", "\001", "\177", "\374",
	    "\303\274", "\302\205", "&", "=", "Sent", " ", "\360\237\223\253",
	    "\357\273\277" };
	struct buf b = BUF_INIT(SIZE_MAX);
	uint32_t n = 1 + dice(seed, 5);
	char *text, *name;

	/* Some are as long as names can be. */
	if (dice(seed, 400) == 0)
		n = 2000 + dice(seed, 3000);
	while (n-- > 0)
		buf_adds(&b, pieces[dice(seed, LENGTH(pieces))]);
	text = buf_take(&b);
	if (dice(seed, 4) == 0)
		name = name_from_wire(text);
	else {
		char *wire = name_to_wire(text);

		name = name_from_wire(wire);
		free(wire);
	}
	free(text);
	return name;
}

#define MOST	12

struct random_world {
	uint64_t	 seed;
	struct mail_box	 boxes[2 * MOST];
	struct policy_move moves[MOST];
	struct policy_target target;
	const char	*map;
	size_t		 n;
};

static bool
has_box(const struct random_world *w, const char *name)
{
	return box_named(&w->target, name) != NULL;
}

static void
add_box(struct random_world *w, const char *name, bool selectable,
    const char *attributes)
{
	struct mail_box *b = &w->boxes[w->target.n++];

	memset(b, 0, sizeof(*b));
	b->name = xstrdup(name);
	b->attributes = xstrdup(attributes);
	b->selectable = selectable;
	qsort(w->boxes, w->target.n, sizeof(*b), by_name);
}

static void
random_box(struct random_world *w)
{
	static const char *const kinds[] = { "", "", "", "", "\\Sent",
	    "\\Noselect", "\\NonExistent" };
	char *name = random_name(&w->seed);
	uint32_t kind = dice(&w->seed, LENGTH(kinds));

	if (!has_box(w, name))
		add_box(w, name, kind < 5 || strcmp(name, "INBOX") == 0,
		    strcmp(name, "INBOX") == 0 ? "" : kinds[kind]);
	free(name);
}

static void
random_world(struct random_world *w, uint64_t seed)
{
	static const char delimiters[] = { '/', '/', '.', '\0', '_', '~' };
	static const char *const maps[] = { "*a*=x/*/*", "%/%=a", "*=*" };
	static const char *const intos[] = { "Old", "inbox/v1.2", "a/b" };
	size_t i, k;
	char *name;

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->target.boxes = w->boxes;
	w->target.delimiter = delimiters[dice(&w->seed, LENGTH(delimiters))];
	w->target.prefix = dice(&w->seed, 3) > 0 ? "" :
	    w->target.delimiter == '.' ? "INBOX." : "INBOX/";
	if (dice(&w->seed, 4) == 0)
		w->target.into = intos[dice(&w->seed, LENGTH(intos))];
	w->target.no_roles = dice(&w->seed, 3) == 0;
	w->target.below_inbox = dice(&w->seed, 2) == 0;
	w->target.maps = &w->map;
	if (dice(&w->seed, 4) == 0) {
		w->target.maps_n = 1;
		w->map = maps[dice(&w->seed, LENGTH(maps))];
	}
	for (i = dice(&w->seed, MOST); i > 0; i--)
		random_box(w);
	while (w->n < MOST) {
		name = random_name(&w->seed);
		for (k = 0; k < w->n && strcmp(w->moves[k].name, name) != 0;)
			k++;
		if (k < w->n) {
			free(name);
			break;
		}
		w->moves[w->n].name = name;
		w->moves[w->n].attributes = dice(&w->seed, 4) == 0 ?
		    "\\Sent" : "";
		w->moves[w->n++].delimiter =
		    delimiters[dice(&w->seed, LENGTH(delimiters))];
	}
}

static void
release_world(struct random_world *w)
{
	size_t i;

	policy_map_release(w->moves, w->n);
	for (i = 0; i < w->n; i++)
		free(borrow(w->moves[i].name));
	for (i = 0; i < w->target.n; i++)
		mail_box_release(&w->boxes[i]);
}

static bool
is_mapped(const struct random_world *w, const struct policy_move *m)
{
	char *old;
	bool matches;

	if (w->target.maps_n == 0)
		return false;
	old = xmemdup0(w->map, strcspn(w->map, "="));
	matches = name_match(old, m->name, m->delimiter);
	free(old);
	return matches;
}

/* What must be so of one folder; returns a word where it is not. */
static const char *
broken(const struct random_world *w, const struct policy_move *m)
{
	const struct mail_box *b = box_named(&w->target, m->to);
	const char *s = m->to;
	char *wire = name_to_wire(m->to), *back = name_from_wire(wire);
	bool survives = strcmp(back, m->to) == 0;
	size_t len, n = strlen(s);
	uint32_t cp;

	free(wire);
	free(back);
	if (b != NULL && strcmp(b->attributes, "\\NonExistent") == 0)
		b = NULL;
	if (b != m->box)
		return "the box";
	if (b != NULL && !b->selectable && !is_mapped(w, m))
		return "can't hold messages";
	if (!survives)
		return "does not survive the wire";
	if (n == 0)
		return "empty";
	if (b != NULL)
		return NULL;
	for (; n > 0; s += len, n -= len)
		if ((len = utf8_next(s, n, &cp)) == 0)
			return "no UTF-8";
		else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return "control characters";
	return NULL;
}

static void
check_world(const struct random_world *w, uint64_t seed)
{
	const char *why;
	size_t i, k;

	for (i = 0; i < w->n; i++) {
		const struct policy_move *m = &w->moves[i];

		if ((why = broken(w, m)) != NULL)
			fail_msg("seed %llu: %s to %s: %s",
			    (unsigned long long)seed, m->name, m->to, why);
		for (k = 0; k < i; k++)
			if (strcmp(w->moves[k].to, m->to) == 0 &&
			    !is_mapped(w, m) && !is_mapped(w, &w->moves[k]))
				fail_msg("seed %llu: %s and %s share %s",
				    (unsigned long long)seed, m->name,
				    w->moves[k].name, m->to);
	}
}

/* Map again, and compare. */
static void
check_again(struct random_world *w, uint64_t seed, const char *what)
{
	struct policy_move again[MOST];
	struct err e;
	size_t i;

	memcpy(again, w->moves, sizeof(again));
	assert_int_equal(policy_map(again, w->n, &w->target, &e), 0);
	for (i = 0; i < w->n; i++)
		if (strcmp(again[i].to, w->moves[i].to) != 0)
			fail_msg("seed %llu: %s: %s went to %s, now to %s",
			    (unsigned long long)seed, what, again[i].name,
			    w->moves[i].to, again[i].to);
	policy_map_release(again, w->n);
}

/* What restoring does with a name; boxes move, so nothing may point at them. */
static void
make_box(struct random_world *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->target.n; i++)
		if (strcmp(w->boxes[i].name, name) == 0)
			break;
	if (i == w->target.n)
		add_box(w, name, true, "");
	else if (strcmp(w->boxes[i].attributes, "\\NonExistent") == 0) {
		w->boxes[i].attributes[0] = '\0';
		w->boxes[i].selectable = true;
	}
}

static void
test_map_is_sound_whatever_the_names(void **state)
{
	struct random_world w;
	struct err e;
	uint64_t seed;
	size_t i;

	(void)state;
	for (seed = 1; seed <= 2000; seed++) {
		random_world(&w, seed);
		assert_int_equal(policy_map(w.moves, w.n, &w.target, &e), 0);
		check_world(&w, seed);
		check_again(&w, seed, "again");
		/* When all are there, they are where they were. */
		for (i = 0; i < w.n; i++)
			make_box(&w, w.moves[i].to);
		check_again(&w, seed, "when all are there");
		release_world(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_map_translates_delimiters_and_namespaces),
		cmocka_unit_test(
		    test_map_changes_what_can_not_be_where_one_sees_it),
		cmocka_unit_test(test_map_gives_no_two_folders_one_name),
		cmocka_unit_test(
		    test_map_cuts_names_that_the_wire_can_not_carry),
		cmocka_unit_test(test_map_follows_special_uses),
		cmocka_unit_test(test_map_puts_all_below_into),
		cmocka_unit_test(test_map_takes_the_first_map_that_matches),
		cmocka_unit_test(test_map_matches_as_name_match_does),
		cmocka_unit_test(test_map_refuses_maps_that_say_nothing),
		cmocka_unit_test(test_map_check_finds_maps_about_no_folder),
		cmocka_unit_test(test_safer_leaves_what_no_server_objects_to),
		cmocka_unit_test(test_map_is_sound_whatever_the_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * exit.c - the kinds of errors by name, what to do about each where nobody knew better, and which exit status matters
 * most.
 */
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "cmd/cmd.h"

const char *
exit_kind(enum err_kind kind)
{
	static const char *const names[] = {
		[EK_NONE] = "none", [EK_FAIL] = "fail", [EK_USAGE] = "usage",
		[EK_CONFIG] = "config", [EK_PARTIAL] = "partial",
		[EK_AUTH] = "auth", [EK_TLS] = "tls", [EK_CORRUPT] = "corrupt",
		[EK_LOCKED] = "locked", [EK_SPACE] = "space",
		[EK_REFUSED] = "refused", [EK_NOVAULT] = "novault",
		[EK_STALE] = "stale", [EK_TEMP] = "temp",
		[EK_CANCELLED] = "cancelled", [EK_PROTO] = "proto",
		[EK_NO] = "no",
	};

	return names[kind];
}

const char *
exit_advice(enum err_kind kind)
{
	switch (kind) {
	case EK_CONFIG:
		return "mailkeep.conf(5) describes the settings";
	case EK_AUTH:
		return "mailkeep.conf(5) tells where a password may come from";
	case EK_TLS:
		return "imaps:// is for port 993, imap:// for STARTTLS on "
		    "port 143";
	case EK_CORRUPT:
		return "mailkeep verify tells what is damaged, and what to do";
	case EK_LOCKED:
		return "run it again when the other one has ended";
	case EK_SPACE:
		return "make room and run it again";
	case EK_NOVAULT:
		return "a newer mailkeep can read it";
	case EK_TEMP:
		return "if the server's name and port are right, run it "
		    "again later";
	case EK_PROTO:
		return "-vv shows what the server said";
	default:
		return NULL;
	}
}

void
exit_saved(struct err *e, uint64_t added, const char *which, const char *next)
{
	char n[TEXT_MAX];
	const struct err was = *e;

	err_set(e, EK_CANCELLED, "%s; %s %s message%s safe", was.text,
	    text_count(n, added), which, added == 1 ? " is" : "s are");
	e->sys = was.sys;
	err_next(e, "run it again: %s", next);
}

int
exit_add(struct err *e, const char *more)
{
	const struct err was = *e;

	err_set(e, was.kind, "%s; %s", was.text, more);
	e->sys = was.sys;
	memcpy(e->next, was.next, sizeof(e->next));
	return -1;
}

/* How much a status matters beside another one: the lower, the more. */
static size_t
rank(int status)
{
	/* First what more of the same would make worse or never mend; last what mends itself. */
	static const int order[] = { 6, 8, 9, 5, 4, 10, 7, 2, 1, 3, 11, 75, 0 };
	const size_t n = sizeof(order) / sizeof(order[0]);
	size_t i;

	if (status > 128)
		return 0;
	for (i = 0; i < n; i++)
		if (order[i] == status)
			return i + 1;
	return rank(1);		/* one that we never give counts as an error */
}

int
exit_worst(int a, int b)
{
	return rank(b) < rank(a) ? b : a;
}

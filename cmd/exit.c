/*
 * exit.c - the kinds of errors by name, and which exit status matters most.
 */
#include <stddef.h>

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

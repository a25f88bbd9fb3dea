/*
 * flow.h - how bytes cross rooms: a source pours itself into a sink.
 *
 * Neither side sees the other's buffers.  A pack entry, a spooled message and a test string are all just sources; a
 * digest, a file and a terminal are all just sinks.
 */
#ifndef BASE_FLOW_H
#define BASE_FLOW_H

#include <stddef.h>

#include "base/err.h"

/* write(arg, p, n, e): take ${n} bytes.  Return 0, or -1 with ${e} filled, which ends the flow. */
struct sink {
	int	(*write)(void *, const void *, size_t, struct err *);
	void	*arg;
};

/*
 * pour(arg, sink, e): give every byte to ${sink}, in order.  Return 0, or -1: what arrived is then not to be
 * trusted.
 */
struct source {
	int	(*pour)(void *, const struct sink *, struct err *);
	void	*arg;
};

static inline int
sink_write(const struct sink *s, const void *p, size_t n, struct err *e)
{
	return n == 0 ? 0 : s->write(s->arg, p, n, e);
}

static inline int
source_pour(const struct source *s, const struct sink *to, struct err *e)
{
	return s->pour(s->arg, to, e);
}

#endif

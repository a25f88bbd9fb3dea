/*
 * mail_uidset_fuzz.c - a set of UIDs holds what was put into it and not taken out, in any order and from any text.
 *
 * Each line of the input changes the set: "+1:3,7" adds by uidset_parse(), "-" removes, "&" intersects, "|" adds
 * another set, "." adds range by range.
 * seconds: 2
 */
#include "fuzz.h"
#include "mail/uidset.h"

#define STEPS	64
#define POINTS	512
#define PARTS	200

struct step {
	char		 kind;
	struct uidset	 set;	/* own */
};

static struct step steps[STEPS];
static size_t steps_n;
static uint32_t points[POINTS];
static size_t points_n;

static void
note(uint64_t v)
{
	if (v >= 1 && v <= UID_MAX && points_n < POINTS)
		points[points_n++] = (uint32_t)v;
}

static void
check_shape(const struct uidset *s)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < s->n; i++) {
		MUST(s->r[i].first >= 1 && s->r[i].first <= s->r[i].last);
		/* Apart, not only in order. */
		MUST(i == 0 || s->r[i].first - 1 > s->r[i - 1].last);
		count += (uint64_t)s->r[i].last - s->r[i].first + 1;
	}
	MUST(uidset_count(s) == count);
	MUST(uidset_empty(s) == (s->n == 0));
	MUST(uidset_min(s) == (s->n == 0 ? 0 : s->r[0].first));
	MUST(uidset_max(s) == (s->n == 0 ? 0 : s->r[s->n - 1].last));
}

/* Whether ${v} is in the sequence-set ${text}, read in the plainest way. */
static bool
text_has(struct fuzz_in text, uint32_t v)
{
	while (text.n > 0) {
		const char *comma = memchr(text.p, ',', text.n);
		struct fuzz_in part = { text.p, comma == NULL ? text.n :
		    (size_t)(comma - text.p) };
		uint64_t a, b, swap;

		text.p += part.n + (comma != NULL);
		text.n -= part.n + (comma != NULL);
		a = b = fuzz_number(&part);
		if (part.n > 0)
			b = fuzz_number(&part);
		if (a > b)
			swap = a, a = b, b = swap;
		if (v >= a && v <= b)
			return true;
	}
	return false;
}

/* What the steps so far make of one UID. */
static bool
model_has(uint32_t v)
{
	bool in = false;
	size_t i, j;

	for (i = 0; i < steps_n; i++) {
		bool named = false;

		for (j = 0; j < steps[i].set.n; j++)
			named |= v >= steps[i].set.r[j].first &&
			    v <= steps[i].set.r[j].last;
		switch (steps[i].kind) {
		case '-': in = in && !named; break;
		case '&': in = in && named; break;
		default: in = in || named; break;
		}
	}
	return in;
}

/* Written in portions and read again it is the same. */
static void
check_format(const struct uidset *s)
{
	struct buf text = BUF_INIT(1024 * 1024);
	struct uidset again = UIDSET_INIT;
	size_t at = 0, before, from;

	while (at < s->n) {
		from = text.n;
		before = at;
		at = uidset_format(s, at, 40, &text);
		MUST(at > before);
		MUST(text.n - from <= 40);
		MUST(uidset_parse(text.p + from, text.n - from, s->n,
		    &again) == 0);
	}
	MUST(again.n == s->n);
	MUST(s->n == 0 ||
	    memcmp(again.r, s->r, s->n * sizeof(*s->r)) == 0);
	uidset_release(&again);
	buf_release(&text);
}

static void
apply(struct uidset *s, const struct step *step, struct fuzz_in text)
{
	const struct uidset *with = &step->set;
	struct uidset both = UIDSET_INIT, swap;
	size_t i;

	switch (step->kind) {
	case '-':
		if (with->n == 1 && with->r[0].first == with->r[0].last)
			uidset_remove(s, with->r[0].first);
		else
			uidset_remove_set(s, with);
		break;
	case '&':
		uidset_intersect(s, with, &both);
		swap = *s, *s = both, both = swap;
		break;
	case '|':
		uidset_add_set(s, with);
		break;
	case '.':
		for (i = with->n; i-- > 0;)
			uidset_add_range(s, with->r[i].first, with->r[i].last);
		break;
	default:
		MUST(uidset_parse(text.p, text.n, PARTS, s) == 0);
		break;
	}
	uidset_release(&both);
}

static void
one_line(struct uidset *s, struct fuzz_in line)
{
	struct step *step = &steps[steps_n];
	struct fuzz_in text = { fuzz_copy(line.p + 1, line.n - 1), line.n - 1 };
	size_t i, n = s->n;

	step->kind = *line.p;
	step->set = (struct uidset)UIDSET_INIT;
	if (uidset_parse(text.p, text.n, PARTS, &step->set) == -1) {
		/* It is as it was. */
		MUST(step->set.n == 0);
		MUST(uidset_parse(text.p, text.n, PARTS, s) == -1);
		MUST(s->n == n);
		uidset_release(&step->set);
	} else {
		check_shape(&step->set);
		for (i = 0; i < step->set.n; i++) {
			note((uint64_t)step->set.r[i].first - 1);
			note(step->set.r[i].first);
			note(step->set.r[i].last);
			note((uint64_t)step->set.r[i].last + 1);
		}
		for (i = 0; i < points_n; i++)
			MUST(uidset_has(&step->set, points[i]) ==
			    text_has(text, points[i]));
		steps_n++;
		apply(s, step, text);
	}
	free((void *)(uintptr_t)text.p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n), line;
	struct uidset s = UIDSET_INIT;
	size_t i;

	steps_n = points_n = 0;
	note(1);
	note(UID_MAX);
	while (steps_n < STEPS && fuzz_line(&in, &line))
		if (line.n > 0)
			one_line(&s, line);
	check_shape(&s);
	for (i = 0; i < points_n; i++)
		MUST(uidset_has(&s, points[i]) == model_has(points[i]));
	check_format(&s);
	for (i = 0; i < steps_n; i++)
		uidset_release(&steps[i].set);
	uidset_release(&s);
	return 0;
}

/*
 * had.c - see had.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "job/had.h"

/* Half a SHA-256 is enough: to find two messages that agree in 128 bits is beyond anybody. */
struct had_content {
	uint8_t		key[DIGEST_SIZE / 2];
	uint32_t	left;
};

void
had_add(struct had *h, const struct digest *sha256)
{
	struct had_content *c;

	h->v = mem_grow(h->v, &h->cap, h->n + 1, sizeof(*h->v));
	c = &h->v[h->n++];
	memcpy(c->key, sha256->b, sizeof(c->key));
	c->left = 1;
}

static int
compare(const struct had_content *a, const struct had_content *b)
{
	return memcmp(a->key, b->key, sizeof(a->key));
}

static void
swap(struct had_content *a, struct had_content *b)
{
	struct had_content t = *a;

	*a = *b;
	*b = t;
}

/*
 * In place: qsort(3) may take as much memory again.  What is sorted are digests, so any of them is a good one to divide
 * by; equal ones, of which there may be many, come to stand in the middle and are done.
 */
static void
sort(struct had_content *v, size_t n)
{
	while (n > 1) {
		struct had_content pivot = v[n / 2];
		size_t low = 0, at = 0, high = n;

		while (at < high) {
			int r = compare(&v[at], &pivot);

			if (r < 0)
				swap(&v[low++], &v[at++]);
			else if (r > 0)
				swap(&v[--high], &v[at]);
			else
				at++;
		}
		/* The larger part by this loop: the other one is at most half. */
		if (low < n - high) {
			sort(v, low);
			v += high;
			n -= high;
		} else {
			sort(v + high, n - high);
			n = low;
		}
	}
}

void
had_sort(struct had *h)
{
	size_t i, last = 0;

	sort(h->v, h->n);
	/* Equal ones become one with their number. */
	for (i = 1; i < h->n; i++)
		if (compare(&h->v[last], &h->v[i]) == 0)
			h->v[last].left += h->v[i].left;
		else
			h->v[++last] = h->v[i];
	h->n = h->n == 0 ? 0 : last + 1;
}

bool
had_take(struct had *h, const struct digest *sha256)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int r = memcmp(h->v[mid].key, sha256->b,
		    sizeof(h->v[mid].key));

		if (r == 0) {
			if (h->v[mid].left == 0)
				return false;
			h->v[mid].left--;
			return true;
		}
		if (r < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

void
had_release(struct had *h)
{
	free(h->v);
	*h = (struct had){ NULL, 0, 0 };
}

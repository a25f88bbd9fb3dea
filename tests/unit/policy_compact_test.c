/*
 * Which packs and manifests are put together, from the figures alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))
#define MIB		(1024 * 1024)
#define BELOW		(32 * MIB)

/* Packs as "FOLDER:BYTES"; what they come to as the numbers of batches. */
struct plan {
	const char	*name;
	struct { uint64_t folder, raw; size_t batch; } p[12];
};

static const struct plan plans[] = {
	{ "none", { { 0, 0, 0 } } },
	{ "one alone stays", { { 0, 100, 0 } } },
	{ "two", { { 0, 100, 1 }, { 0, 200, 1 } } },
	{ "below, not at it", { { 0, BELOW - 1, 1 }, { 0, BELOW, 0 },
	    { 0, BELOW + 1, 0 }, { 0, 1, 1 } } },
	{ "large ones between don't part them", { { 0, 5, 1 },
	    { 0, 300 * MIB, 0 }, { 0, 5, 1 }, { 0, 100 * MIB, 0 },
	    { 0, 5, 1 } } },
	{ "exactly full", { { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 },
	    { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 },
	    { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 },
	    { 0, 8 * MIB, 1 } } },
	{ "one byte more: and what is over is one alone", {
	    { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 },
	    { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 },
	    { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 }, { 0, 8 * MIB + 1, 0 } } },
	{ "and a second batch", {
	    { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 },
	    { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 },
	    { 0, 31 * MIB, 1 }, { 0, 31 * MIB, 1 }, { 0, 9 * MIB, 2 },
	    { 0, 9 * MIB, 2 } } },
	{ "folders apart", { { 1, 5, 1 }, { 1, 5, 1 }, { 2, 5, 0 },
	    { 3, 5, 1 }, { 3, 5, 1 } } },
	{ "folders that don't fit one commit", { { 1, 30 * MIB, 1 },
	    { 1, 30 * MIB, 1 }, { 1, 30 * MIB, 1 }, { 1, 30 * MIB, 1 },
	    { 2, 30 * MIB, 1 }, { 2, 30 * MIB, 1 }, { 2, 30 * MIB, 1 },
	    { 2, 30 * MIB, 1 }, { 3, 9 * MIB, 2 }, { 3, 8 * MIB, 2 },
	    { 4, 1, 2 }, { 4, 1, 2 } } },
};

static void
test_packs_go_together_by_folder_up_to_what_fits(void **state)
{
	struct policy_pack packs[12];
	size_t i, k, n, most, got;

	(void)state;
	for (i = 0; i < LENGTH(plans); i++) {
		const struct plan *t = &plans[i];

		memset(packs, 0xff, sizeof(packs));
		for (n = most = 0; n < LENGTH(t->p) && t->p[n].raw > 0; n++) {
			packs[n].folder = t->p[n].folder;
			packs[n].raw = t->p[n].raw;
			if (t->p[n].batch > most)
				most = t->p[n].batch;
		}
		got = policy_compact(packs, n, BELOW);
		if (got != most)
			fail_msg("%s: %zu batches", t->name, got);
		for (k = 0; k < n; k++)
			if (packs[k].batch != t->p[k].batch)
				fail_msg("%s: pack %zu: batch %zu", t->name,
				    k, packs[k].batch);
	}
}

static void
test_pack_larger_than_a_full_one_stays_whatever_is_asked(void **state)
{
	struct policy_pack packs[3] = { { 0, 5, 9 }, { 0, 300 * MIB, 9 },
	    { 0, 5, 9 } };

	(void)state;
	assert_int_equal(policy_compact(packs, 3, UINT64_MAX), 1);
	assert_int_equal(packs[0].batch, 1);
	assert_int_equal(packs[1].batch, 0);
	assert_int_equal(packs[2].batch, 1);
}

/* What a run leaves: those that stay, and one for each folder of a batch. */
static size_t
carry_out(struct policy_pack *packs, size_t n, struct policy_pack *out)
{
	size_t i, k, m = 0;

	for (i = 0; i < n; i++) {
		for (k = 0; k < m; k++)
			if (packs[i].batch != 0 && out[k].batch ==
			    packs[i].batch && out[k].folder == packs[i].folder)
				break;
		if (k == m)
			out[m++] = (struct policy_pack){ packs[i].folder, 0,
			    packs[i].batch };
		out[k].raw += packs[i].raw;
	}
	return m;
}

static void
test_what_was_compacted_is_left_alone(void **state)
{
	struct policy_pack packs[1000], left[1000];
	size_t i, n;

	(void)state;
	for (i = 0; i < LENGTH(packs); i++)
		packs[i] = (struct policy_pack){ i / 300,
		    (i * 7919 % 40 + 1) * MIB, 0 };
	assert_true(policy_compact(packs, LENGTH(packs), BELOW) > 10);
	n = carry_out(packs, LENGTH(packs), left);
	assert_in_range(n, 200, 400);
	for (i = 0; i < n; i++)
		assert_true(left[i].raw <= 256 * MIB);
	assert_int_equal(policy_compact(left, n, BELOW), 0);
}

/* ---- manifests ---- */

struct files {
	const char	*name;
	struct policy_manifests f[8];
	uint64_t	head, least;
	struct policy_manifests want;	/* first 0: none */
};

#define SMALL	POLICY_BUNDLE_SMALL

static const struct files files[] = {
	{ "an empty vault", { { 0, 0, 0 } }, 0, 2, { 0, 0, 0 } },
	{ "one is no bundle", { { 1, 1, 10 } }, 1, 1, { 0, 0, 0 } },
	{ "too few", { { 1, 1, 10 }, { 2, 2, 20 } }, 2, 3, { 0, 0, 0 } },
	{ "enough", { { 1, 1, 10 }, { 2, 2, 20 }, { 3, 3, 30 } }, 3, 3,
	    { 1, 3, 60 } },
	{ "those of this run wait", { { 1, 1, 10 }, { 2, 2, 20 },
	    { 3, 3, 30 } }, 2, 2, { 1, 2, 30 } },
	{ "those in a bundle don't count", { { 1, 3, 60 }, { 2, 2, 20 },
	    { 3, 3, 30 }, { 4, 4, 40 } }, 4, 2, { 0, 0, 0 } },
	{ "a small bundle joins", { { 1, 3, 60 }, { 4, 4, 40 },
	    { 5, 5, 50 } }, 5, 2, { 1, 5, 150 } },
	{ "each manifest weighs once", { { 1, 3, 60 }, { 2, 2, 20 },
	    { 4, 4, 40 }, { 5, 5, 50 } }, 5, 2, { 1, 5, 150 } },
	{ "a large one doesn't", { { 1, 3, SMALL }, { 4, 4, 40 },
	    { 5, 5, 50 } }, 5, 2, { 4, 5, 90 } },
	{ "just one too many bytes", { { 1, 3, SMALL - 1 }, { 4, 4, 40 },
	    { 5, 5, 50 } }, 5, 2, { 1, 5, SMALL + 89 } },
	{ "several small ones up to a large one", { { 1, 9, SMALL },
	    { 10, 19, 7 }, { 20, 29, 8 }, { 30, 30, 1 }, { 31, 31, 2 } }, 31,
	    2, { 10, 31, 18 } },
	{ "the larger of two that end alike", { { 1, 9, 9 }, { 5, 9, 5 },
	    { 10, 10, 1 }, { 11, 11, 1 } }, 11, 2, { 1, 11, 11 } },
	{ "one new manifest and a bundle", { { 1, 9, 9 }, { 10, 10, 1 } }, 10,
	    1, { 1, 10, 10 } },
	{ "more than go into one", { { 1, 1, 10 } }, 600000, 100,
	    { 1, 500000, 10 } },
};

static void
test_manifests_are_bundled_when_there_are_enough(void **state)
{
	struct policy_manifests got;
	size_t i, n;
	bool is;

	(void)state;
	for (i = 0; i < LENGTH(files); i++) {
		const struct files *t = &files[i];

		for (n = 0; n < LENGTH(t->f) && t->f[n].first > 0; n++)
			;
		memset(&got, 0, sizeof(got));
		is = policy_bundle(t->f, n, t->head, t->least, &got);
		if (is != (t->want.first != 0))
			fail_msg("%s: %s", t->name, is ? "yes" : "no");
		if (is && (got.first != t->want.first ||
		    got.last != t->want.last || got.size != t->want.size))
			fail_msg("%s: %d-%d, %d bytes", t->name,
			    (int)got.first, (int)got.last, (int)got.size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packs_go_together_by_folder_up_to_what_fits),
		cmocka_unit_test(test_pack_larger_than_a_full_one_stays_whatever_is_asked),
		cmocka_unit_test(test_what_was_compacted_is_left_alone),
		cmocka_unit_test(test_manifests_are_bundled_when_there_are_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

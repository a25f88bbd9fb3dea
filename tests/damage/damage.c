/*
 * damage.c - random damage to vaults, and whether it is found (R66 - R72).
 *
 *	damage [-v] [-k] [-j JOBS] [-s FIRST] [-n DAMAGES] [-o KIND] DIRECTORY
 *
 * Each damage has a number and is done to a copy of one of the vaults of scene.c, in a process of its own, which must
 * not crash, nor take long, nor much memory.  judge.c tells what is looked at.  What went wrong is printed with its
 * number; -s NUMBER -n 1 -v -k does it again and keeps the vault.  -o: only damages of the kind that begins so.
 *
 * At last comes a table: how many damages of each kind there were, and how many of them a quick verify finds, one that
 * reads the packs, one that knows the head's hash; how many catalogs mended themselves.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "damage.h"

#define KINDS_MAX	64
#define JOBS_MAX	64
#define SECONDS		60
#define RSS_MAX		(128 * 1024)	/* KiB */

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED	1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED	1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED	0
#endif

struct row {
	uint64_t	 n, quick, full, hash, told, mended, repaired;
};

/* What a worker has done, in shared memory. */
struct worker {
	struct outcome	 outcome;
	struct row	 rows[KINDS_MAX];
	uint64_t	 wrong;
	uint64_t	 expected[EXPECTS];
	uint64_t	 lost;
	long		 rss;		/* KiB, the most */
	double		 slowest;	/* seconds */
	uint64_t	 slowest_number;
};

static struct worker *workers;
static bool verbose, keep;
static uint64_t first = 1, count = 1000;
static unsigned int jobs = 1;
static size_t only = ANY_KIND;
/* Not main's own: the leak check looks for them in other processes, too. */
static struct scene all[SCENES];
static char *top;

/* Nothing here has to outlive a power cut. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
show_log(void *arg, enum log_level level, const char *scope, const char *line)
{
	(void)arg, (void)level, (void)scope;
	fprintf(stderr, "     %s\n", line);
}

/* ---- one damage ---- */

static void
damage(uint64_t number, const char *scratch, struct outcome *o)
{
	struct rng rng = { number * UINT64_C(0x2545f4914f6cdd1d) };
	struct hurt h = { .all = all, .s = &all[number % SCENES],
	    .rng = &rng, .what = BUF_INIT(1 << 16) };

	alarm(SECONDS);
	if (verbose)
		log_to(show_log, NULL, LOG_INFO);
	judge(&h, only, scratch, o);
	buf_release(&h.what);
}

static void
tell(struct worker *w, uint64_t number)
{
	const struct outcome *o = &w->outcome;

	if (o->wrong[0] != '\0') {
		w->wrong++;
		printf("damage %" PRIu64 ": %s\n%s", number, o->what,
		    o->wrong);
	} else if (verbose) {
		printf("damage %" PRIu64 ": %s:%s%s%s%s%s, costs %" PRIu64
		    ", lost %" PRIu64 "\n", number, o->what, o->quick ? " quick" : "",
		    o->full ? " full" : "", o->hash ? " hash" : "",
		    o->told ? " told" : "", o->repaired ? " repaired" : "",
		    o->costs, o->lost);
	}
	fflush(stdout);
}

static void
add(struct worker *w)
{
	const struct outcome *o = &w->outcome;
	struct row *r = &w->rows[o->kind];

	r->n++;
	r->quick += o->quick;
	r->full += o->full;
	r->hash += o->hash;
	r->told += o->told || o->full;
	r->mended += o->mended;
	r->repaired += o->repaired;
	w->expected[o->expect]++;
	w->lost += o->lost;
}

static void
do_one(struct worker *w, uint64_t number, const char *scratch)
{
	struct outcome *o = &w->outcome;
	struct rusage use;
	double began = seconds(), took;
	int status;
	pid_t pid;

	memset(o, 0, sizeof(*o));
	remove_tree(scratch);
	if (mkdir(scratch, 0755) == -1)
		err(1, "%s", scratch);
	fflush(NULL);
	if ((pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		damage(number, scratch, o);
		/* Now and then with the leak check of an ordinary end. */
		if (number % 16 == 0)
			exit(0);
		_exit(0);
	}
	if (wait4(pid, &status, 0, &use) == -1)
		err(1, "wait");
	took = seconds() - began;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		snprintf(o->wrong, sizeof(o->wrong), "it ended with %s %d\n",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) :
		    WEXITSTATUS(status));
	else if (!SANITIZED && use.ru_maxrss > RSS_MAX)
		snprintf(o->wrong, sizeof(o->wrong), "it took %ld KiB\n",
		    use.ru_maxrss);
	if (took > w->slowest) {
		w->slowest = took;
		w->slowest_number = number;
	}
	if (use.ru_maxrss > w->rss)
		w->rss = use.ru_maxrss;
	add(w);
	tell(w, number);
	if (!keep && o->wrong[0] == '\0')
		remove_tree(scratch);
}

/* ---- all of them ---- */

/* A worker's own copies: hard links to them come and go. */
static void
take_copies(const char *dir)
{
	char *to;
	size_t i;

	for (i = 0; i < SCENES; i++) {
		to = xasprintf("%s/s%zu", dir, i);
		copy_tree(all[i].path, to, false);
		free(all[i].path);
		all[i].path = to;
	}
}

static void
work(unsigned int me)
{
	char *dir = xasprintf("%s/w%u", top, me), *scratch;
	uint64_t i;

	if (mkdir(dir, 0755) == -1)
		err(1, "%s", dir);
	take_copies(dir);
	for (i = me; i < count; i += jobs) {
		scratch = xasprintf("%s/d%" PRIu64, dir, first + i);
		do_one(&workers[me], first + i, scratch);
		free(scratch);
	}
	/* Nothing that was done to the copies may have reached them. */
	scratch = path_of(dir, "cache");
	for (i = 0; i < SCENES; i++)
		judge_sound(&all[i], scratch);
	free(scratch);
	free(dir);
}

static void
sum_up(void)
{
	static const char *const expected[EXPECTS] = { "found", "an error",
	    "by hash", "told", "the catalog's", "clean", "anything" };
	struct worker sum = { .wrong = 0 };
	size_t i, k;

	printf("%-24s%8s%8s%8s%8s%8s%8s%8s\n", "damage", "n", "quick",
	    "read", "hash", "told", "mended", "repair");
	for (k = 0; k < hurt_kinds_n; k++) {
		struct row r = { .n = 0 };

		for (i = 0; i < jobs; i++) {
			const struct row *w = &workers[i].rows[k];

			r.n += w->n;
			r.quick += w->quick;
			r.full += w->full;
			r.hash += w->hash;
			r.told += w->told;
			r.mended += w->mended;
			r.repaired += w->repaired;
		}
		printf("%-24s%8" PRIu64 "%8" PRIu64 "%8" PRIu64 "%8" PRIu64
		    "%8" PRIu64 "%8" PRIu64 "%8" PRIu64 "\n",
		    hurt_kinds[k].name, r.n, r.quick, r.full, r.hash, r.told,
		    r.mended, r.repaired);
	}
	for (i = 0; i < jobs; i++) {
		const struct worker *w = &workers[i];

		sum.wrong += w->wrong;
		sum.lost += w->lost;
		if (w->rss > sum.rss)
			sum.rss = w->rss;
		for (k = 0; k < EXPECTS; k++)
			sum.expected[k] += w->expected[k];
		if (w->slowest > sum.slowest) {
			sum.slowest = w->slowest;
			sum.slowest_number = w->slowest_number;
		}
	}
	printf("to be");
	for (k = 0; k < EXPECTS; k++)
		printf(" %s: %" PRIu64 "%s", expected[k], sum.expected[k],
		    k + 1 < EXPECTS ? "," : "\n");
	printf("%" PRIu64 " messages given up by repairs; slowest: damage %"
	    PRIu64 ", %.2f s; at most %ld KiB\n", sum.lost,
	    sum.slowest_number, sum.slowest, sum.rss);
	printf("%" PRIu64 " damages, %" PRIu64 " wrong\n", count, sum.wrong);
}

static void
read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "vkj:s:n:o:")) != -1)
		switch (c) {
		case 'v':
			verbose = true;
			break;
		case 'k':
			keep = true;
			break;
		case 'j':
			jobs = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 's':
			first = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			count = strtoull(optarg, NULL, 10);
			break;
		case 'o':
			for (only = 0; only < hurt_kinds_n; only++)
				if (strncmp(hurt_kinds[only].name, optarg,
				    strlen(optarg)) == 0)
					break;
			if (only == hurt_kinds_n)
				errx(2, "no such kind");
			break;
		default:
			exit(2);
		}
	if (optind + 1 != argc || jobs < 1 || jobs > JOBS_MAX)
		errx(2, "usage: damage [-v] [-k] [-j JOBS] [-s FIRST] "
		    "[-n DAMAGES] [-o KIND] DIRECTORY");
}

int
main(int argc, char **argv)
{
	bool failed = false;
	char *cache;
	unsigned int i;
	int status;

	read_options(argc, argv);
	if ((top = realpath(argv[optind], NULL)) == NULL)
		err(1, "%s", argv[optind]);
	workers = mmap(NULL, jobs * sizeof(*workers), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (workers == MAP_FAILED)
		err(1, "mmap");
	cache = path_of(top, "cache");
	for (i = 0; i < SCENES; i++) {
		scene_make(&all[i], i, top);
		all[i].findings = judge_sound(&all[i], cache);
	}
	free(cache);
	fflush(NULL);
	for (i = 0; i < jobs; i++)
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			work(i);
			fflush(NULL);
			_exit(0);
		default:
			break;
		}
	while (wait(&status) != -1)
		failed = failed || status != 0;
	sum_up();
	for (i = 0; i < jobs; i++)
		failed = failed || workers[i].wrong > 0;
	for (i = 0; i < SCENES; i++)
		scene_release(&all[i]);
	free(top);
	return failed;
}

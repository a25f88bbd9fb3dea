/*
 * history.c - backups through random histories of a mailbox (R114), checked against what the server knows of itself.
 *
 *	history [-v] [-k] [-j JOBS] [-s FIRST] [-n SEEDS] DIRECTORY
 *
 * Each seed is an account and a vault (tar or mbox) and some ten runs of job_backup(), each in a process of its
 * own: between runs and during runs messages come, go, move and change flags, folders come, go and change names,
 * UIDVALIDITY and UIDNEXT change, the server can more or less, answers no, or leaves messages out; connections are
 * cut at any byte, and the process is killed at any moment.  After each run the vault's manifests are read and
 *
 *	- no message is recorded that never was there; contents are stored (once, in the tar container), folders and
 *	  epochs known
 *	- after a run that ended, whatever was delivered whole is in the vault (R17)
 *	- after exit 0, each message that was there all the time is in the vault with its flags, and none that was
 *	  not (R5)
 *	- after an undisturbed run the vault's state is the server's: folders, UIDs, contents, flags, dates; what
 *	  can't be had is named
 *	- an undisturbed run comes to an end with 0, or 3 where something can't be had or most of a folder is gone
 *	  (R6, R43)
 *	- what went away while a run of prune that was interrupted meant to delete it is put down to that run, and
 *	  nothing else is
 *	- where nothing changed no body is asked for (R4), and without its catalog the vault asks for the same (R44)
 *
 * A history that went wrong is printed with its seed, and its vault kept; -s SEED -n 1 -v shows it again.  -k keeps
 * all.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/log.h"
#include "hooks.h"
#include "job/job.h"
#include "judge.h"
#include "sim.h"

#define DAY	86400

extern char **environ;

/* What both processes see. */
struct shared {
	int64_t		 clock;
	struct rng	 random;
	int		 rc;
	struct err	 err;
	struct job_backup_report report;
	uint64_t	 calls;		/* of the hooks */
	bool		 returned;	/* job_backup() did */
};

struct totals {
	unsigned int	 seeds, runs, complete, partial, temporary, killed, cancelled,
			 other, cuts, again, pruned;
};

struct history {
	uint64_t	 seed;
	struct rng	 rng, prune_rng;
	struct world	 w;
	struct sim	 s;
	struct judge	 j;
	char		*path;		/* own; of the vault */
	uint32_t	 runs;
	bool		 full;		/* the run compares everything */
	bool		 failed;
	struct totals	*totals;
};

static struct shared *shared;
static bool verbose;

/* ---- the client's process ---- */

static int64_t
now(void *arg)
{
	(void)arg;
	/* Time runs fast at times, so that commits happen in the middle of folders. */
	shared->clock += rng_below(&shared->random, 8) == 0 ?
	    rng_below(&shared->random, 45) : 0;
	return shared->clock;
}

static uint64_t
any(void *arg)
{
	(void)arg;
	return rng_next(&shared->random);
}

static int
password(void *arg, const char *prompt, struct buf *out, struct err *e)
{
	(void)arg, (void)prompt, (void)e;
	return buf_adds(out, "secret");
}

static void
show_event(void *arg, const struct job_event *ev)
{
	static const char *const kinds[] = { "plan", "folder", "problem",
	    "progress", "damage", "note" };

	(void)arg;
	if (verbose && ev->kind != JOB_PROGRESS)
		fprintf(stderr, "     %s: %s: %s (%" PRIu64 " %" PRIu64 " %"
		    PRIu64 ")\n", kinds[ev->kind],
		    ev->folder == NULL ? "" : ev->folder,
		    ev->reason == NULL ? "" : ev->reason, ev->messages,
		    ev->flags, ev->gone);
}

static void
show_log(void *arg, enum log_level level, const char *scope, const char *line)
{
	(void)arg, (void)level, (void)scope;
	fprintf(stderr, "     %s\n", line);
}

static const struct vault_env env = { now, any, NULL, "history 1", NULL };

static struct account *
make_account(uint16_t port)
{
	struct account *a = account_new();
	char *url = xasprintf("imap://anna@127.0.0.1:%u", (unsigned int)port);
	struct err e;

	if (setting_apply(a, "insecure_plaintext", "yes", NULL, &e) == -1 ||
	    account_url(a, url, &e) == -1)
		errx(1, "%s", e.text);
	free(url);
	return a;
}

static int
back_up(const struct history *h, const char *path)
{
	struct account *a = make_account(h->s.port);
	struct job_backup_opts opts = { .full = h->full, .account = a,
	    .ask = { password, NULL }, .listener = { show_event, NULL } };
	struct vault *v;
	int rc;

	if (vault_open(path, VAULT_WRITE, &env, &v, &shared->err) == -1) {
		account_free(&a);
		return -1;
	}
	rc = job_backup(v, &opts, &shared->report, &shared->err);
	shared->returned = true;
	vault_close(&v);
	account_free(&a);
	return rc;
}

/* A child that does nothing but one backup; its pipe ends when it does. */
static pid_t
start_client(const struct history *h, const char *path, int64_t die_at,
    int *done)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		err(1, "pipe");
	fflush(NULL);
	memset(&shared->err, 0, sizeof(shared->err));
	memset(&shared->report, 0, sizeof(shared->report));
	shared->returned = false;
	if ((pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		cancel_install();
		hooks_arm(&shared->calls, die_at);
		if (verbose)
			log_to(show_log, NULL, LOG_INFO);
		shared->rc = back_up(h, path);
		/* Now and then with the leak check that comes with an ordinary end. */
		if (h->seed % 16 == 0 && h->runs % 4 == 0)
			exit(0);
		_exit(0);
	}
	close(ends[1]);
	*done = ends[0];
	return pid;
}

/* ---- one run ---- */

enum outcome { COMPLETE, PARTIAL, TEMPORARY, KILLED, CANCELLED, OTHER };

static void
wrong(struct history *h, const char *what, const char *text)
{
	if (!h->failed)
		printf("seed %" PRIu64 ", run %u: %s: %s\n", h->seed, h->runs,
		    what, text);
	else
		printf("  also: %s: %s\n", what, text);
	h->failed = true;
}

static enum outcome
outcome_of(struct history *h, int status, int64_t die_at)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    (h->s.killed || die_at != 0))
		return KILLED;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		wrong(h, "the client crashed", WIFSIGNALED(status) ?
		    strsignal(WTERMSIG(status)) : "by itself");
		return OTHER;
	}
	if (shared->rc == 0)
		return COMPLETE;
	switch (shared->err.kind) {
	case EK_PARTIAL:
		return PARTIAL;
	case EK_TEMP:
		return TEMPORARY;
	case EK_PROTO:
		/* A BYE in the middle of a line of the sign-in. */
		return h->s.plan.bye ? TEMPORARY : OTHER;
	case EK_CANCELLED:
		return CANCELLED;
	default:
		return OTHER;
	}
}

static void
show_run(const struct history *h, enum outcome o)
{
	static const char *const words[] = { "complete", "partial",
	    "temporary", "killed", "cancelled", "other" };

	printf("%.*s  => run %u %s: %s%s (%u examined, %u bodies)\n",
	    (int)h->s.said.n, buf_text(&h->s.said), h->runs, words[o],
	    shared->err.kind == EK_NONE ? "" : shared->err.text,
	    h->full ? " (full)" : "", h->s.examines, h->s.bodies);
	fflush(stdout);
}

static enum outcome
run(struct history *h, const char *path, const struct disturbance *d,
    int64_t die_at)
{
	enum outcome o;
	int done, status;
	pid_t pid;

	h->s.plan = *d;
	pid = start_client(h, path, die_at, &done);
	sim_run(&h->s, pid, done);
	close(done);
	if (waitpid(pid, &status, 0) == -1)
		err(1, "waitpid");
	o = outcome_of(h, status, die_at);
	if (verbose)
		show_run(h, o);
	if (h->s.broken != NULL)
		wrong(h, "the program broke a law", h->s.broken);
	h->totals->runs++;
	h->totals->complete += o == COMPLETE;
	h->totals->partial += o == PARTIAL;
	h->totals->temporary += o == TEMPORARY;
	h->totals->killed += o == KILLED;
	h->totals->cancelled += o == CANCELLED;
	h->totals->other += o == OTHER;
	return o;
}

/* What holds after each run, however it ended. */
static void
examine(struct history *h, enum outcome o)
{
	size_t i;

	judge_read(&h->j, h->runs);
	for (i = 0; i < h->w.n; i++)
		h->w.boxes[i]->known_next = judge_known(&h->j, h->w.boxes[i]);
	/* A reset takes along what was on its way; a signal, what was not read yet. */
	if (o != KILLED && o != CANCELLED && h->s.resets == 0)
		judge_delivered(&h->j, &h->s.delivered);
	if (o == OTHER)
		complain(&h->j, "it failed: %s", shared->err.text);
	else if (shared->returned && o != KILLED &&
	    shared->report.commit != h->j.head)
		complain(&h->j, "it reports commit %" PRIu64 ", there are %"
		    PRIu64, shared->report.commit, h->j.head);
}

static void
verdict(struct history *h, const char *what)
{
	if (h->j.complaints > 0)
		wrong(h, what, buf_text(&h->j.why));
}

static void
examine_catalog(struct history *h)
{
	struct vault *v;
	struct err e;

	if (vault_open(h->path, VAULT_READ, &env, &v, &e) == -1) {
		complain(&h->j, "the vault can't be opened: %s", e.text);
		return;
	}
	judge_catalog(&h->j, v);
	vault_close(&v);
}

/* ---- plans ---- */

static void
plan_cuts(struct history *h, struct disturbance *d)
{
	uint32_t i, n = 1 + rng_scaled(&h->rng, 2);

	for (i = 0; i < n && i < 4; i++)
		d->cut_at[i] = 1 + rng_scaled(&h->rng, 16);
	d->reset = one_in(&h->rng, 3);
	d->bye = one_in(&h->rng, 3);
	h->totals->cuts += n;
}

static void
plan(struct history *h, struct disturbance *d, int64_t *die_at)
{
	uint32_t i, n;

	memset(d, 0, sizeof(*d));
	*die_at = 0;
	if (!one_in(&h->rng, 3)) {
		n = 1 + rng_below(&h->rng, 5);
		for (i = 0; i < n; i++)
			d->change_at[i] = 1 + rng_scaled(&h->rng, 6);
		d->rough = one_in(&h->rng, 3);
	}
	if (one_in(&h->rng, 3))
		plan_cuts(h, d);
	if (one_in(&h->rng, 5))
		for (i = 0; i < 1 + rng_below(&h->rng, 3); i++)
			d->refuse_at[i] = 1 + rng_scaled(&h->rng, 5);
	switch (rng_below(&h->rng, 8)) {
	case 0:
		d->kill_at = 1 + rng_scaled(&h->rng, 7);
		break;
	case 1:
		*die_at = 1 + rng_scaled(&h->rng, 5);
		if (one_in(&h->rng, 2))
			*die_at = -*die_at;
		break;
	case 2:
		d->term_at = 1 + rng_scaled(&h->rng, 7);
		break;
	default:
		break;
	}
}

/* ---- a history ---- */

static void
intend(struct history *h, struct vault_txn *t, const struct kept_epoch *p)
{
	struct record rec = { .kind = REC_PRUNE_INTENT };
	struct uidset all = UIDSET_INIT, some = UIDSET_INIT, range = UIDSET_INIT;
	uint32_t first, most;
	struct err e;

	judge_live(&h->j, p->number, &all);
	most = uidset_max(&all);
	if (most > 0) {
		first = 1 + rng_below(&h->prune_rng, most);
		uidset_add_range(&range, first, first +
		    rng_below(&h->prune_rng, most));
		uidset_intersect(&all, &range, &some);
	}
	rec.u.prune_intent = (struct rec_prune_intent){ p->folder, p->number,
	    &some, one_in(&h->prune_rng, 3), one_in(&h->prune_rng, 4) };
	if (!uidset_empty(&some) && vault_put(t, &rec, &e) == -1)
		errx(1, "%s", e.text);
	uidset_release(&all);
	uidset_release(&some);
	uidset_release(&range);
}

/* A run of prune commits what it means to delete, and is heard of no more. */
static void
interrupted_prune(struct history *h)
{
	struct vault_txn *t = NULL;
	struct vault *v;
	struct err e;
	size_t i;

	if (vault_open(h->path, VAULT_WRITE, &env, &v, &e) == -1 ||
	    vault_begin(v, "prune", &t, &e) == -1)
		errx(1, "%s", e.text);
	for (i = 0; i < h->j.epochs_n; i++)
		if (one_in(&h->prune_rng, 2))
			intend(h, t, &h->j.epochs[i]);
	if (vault_commit(t, &e) == -1)
		errx(1, "%s", e.text);
	vault_abort(&t);
	vault_close(&v);
	judge_read(&h->j, h->runs);
}

static void
between_runs(struct history *h)
{
	struct buf text = BUF_INIT(1 << 20);
	uint32_t n = rng_scaled(&h->rng, 5);
	char *catalog;

	h->w.run = 0;
	if (h->runs > 0 && one_in(&h->prune_rng, 4)) {
		interrupted_prune(h);
		buf_adds(&text, "prune; ");
	}
	if (one_in(&h->rng, 5))
		world_toggle(&h->w);
	while (n-- > 0)
		world_change(&h->w, true, &text);
	shared->clock += rng_scaled(&h->rng, 20);
	if (one_in(&h->rng, 10))
		shared->clock -= DAY;
	if (one_in(&h->rng, 10)) {
		catalog = xasprintf("%s/catalog.sqlite", h->path);
		unlink(catalog);
		free(catalog);
		buf_adds(&text, "catalog deleted; ");
	}
	if (verbose) {
		printf("-- %s\n", buf_text(&text));
		fflush(stdout);
	}
	buf_release(&text);
	h->full = one_in(&h->rng, 12);
}

static void
next_run(struct history *h)
{
	h->w.run = ++h->runs;
	h->s.net.s = h->seed ^ h->runs << 20;
	shared->random.s = h->seed * 77 + h->runs;
}

static void
disturbed_run(struct history *h)
{
	struct disturbance d;
	int64_t die_at;
	enum outcome o;

	plan(h, &d, &die_at);
	next_run(h);
	o = run(h, h->path, &d, die_at);
	examine(h, o);
	if (o == COMPLETE)
		judge_fair(&h->j);
	verdict(h, "after a disturbed run");
}

static void
quiet_run(struct history *h)
{
	static const struct disturbance none;
	enum outcome o;

	next_run(h);
	o = run(h, h->path, &none, 0);
	examine(h, o);
	judge_same(&h->j);
	if (judge_ill(&h->j) && o != PARTIAL)
		complain(&h->j, "something is missing, and it doesn't say so");
	else if (o != COMPLETE && !judge_sick(&h->j) && !judge_shrunk(&h->j))
		complain(&h->j, "nothing is missing, and it says: %s",
		    shared->err.text);
	verdict(h, "after an undisturbed run");
	if (o == COMPLETE || o == PARTIAL)
		world_seen(&h->w);
}

/* Whether a run that finds nothing changed may still have to fetch: where the server gives it nothing to go by. */
static bool
must_fetch(const struct world *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (!w->boxes[i]->noselect && w->boxes[i]->no_uidvalidity)
			return true;
	return false;
}

/* Whether STATUS alone tells that nothing changed. */
static bool
all_told(const struct world *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (!w->boxes[i]->noselect && (w->boxes[i]->no_uidvalidity ||
		    w->boxes[i]->no_modseq))
			return false;
	return (w->features & HAS_CONDSTORE) != 0;
}

/* Nothing changed: R4. */
static void
idle_run(struct history *h)
{
	uint64_t packs = h->j.packs;

	h->full = false;
	quiet_run(h);
	if (judge_sick(&h->j))
		return;
	if (h->s.bodies > 0 && !must_fetch(&h->w))
		complain(&h->j, "nothing changed, and it fetched %u bodies",
		    h->s.bodies);
	if (h->j.packs != packs && h->j.container == CONTAINER_TAR)
		complain(&h->j, "nothing changed, and there is a new pack");
	if (h->s.examines > 0 && all_told(&h->w))
		complain(&h->j, "nothing changed, and it opened %u folders",
		    h->s.examines);
	h->totals->again++;
	verdict(h, "after a run without changes");
}

static int
remove_entry(const char *path, const struct stat *st, int kind,
    struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void
copy_tree(char *from, char *to)
{
	char *argv[] = { (char *)(uintptr_t)"cp", (char *)(uintptr_t)"-r",
	    from, to, NULL };
	int status;
	pid_t pid;

	if ((errno = posix_spawnp(&pid, "cp", NULL, NULL, argv, environ)) !=
	    0 || waitpid(pid, &status, 0) == -1 || status != 0)
		err(1, "cp");
}

/* The same run with and without the catalog: the server is asked the same (R44). */
static void
twin_runs(struct history *h)
{
	static const struct disturbance none;
	char *twin = xasprintf("%s.twin", h->path);
	char *catalog = xasprintf("%s/catalog.sqlite", twin), *first;
	int64_t clock = shared->clock;
	enum outcome o;

	copy_tree(h->path, twin);
	unlink(catalog);
	next_run(h);
	o = run(h, twin, &none, 0);
	first = xstrdup(buf_text(&h->s.requests));
	h->runs--;
	shared->clock = clock;
	quiet_run(h);
	if (o == OTHER)
		complain(&h->j, "without the catalog it failed");
	if (strcmp(first, buf_text(&h->s.requests)) != 0)
		complain(&h->j, "without the catalog it asked otherwise: %s\n"
		    "-- with it: %s", first, buf_text(&h->s.requests));
	verdict(h, "with and without a catalog");
	remove_tree(twin);
	free(first);
	free(catalog);
	free(twin);
}

static void
begin(struct history *h, const char *directory, uint64_t seed)
{
	struct account *a;
	enum container container;
	struct err e;

	memset(h, 0, sizeof(*h));
	h->seed = seed;
	h->rng.s = seed ^ 0x5bd1e9955bd1e995u;
	h->prune_rng.s = seed ^ 0x9ddfea08eb382d69u;
	h->path = xasprintf("%s/seed-%" PRIu64, directory, seed);
	world_init(&h->w, seed);
	h->s.w = &h->w;
	if (sim_listen(&h->s) == -1)
		err(1, "listen");
	container = one_in(&h->rng, 3) ? CONTAINER_MBOX : CONTAINER_TAR;
	shared->clock = 1700000000 + (int64_t)rng_below(&h->rng, 1 << 20);
	shared->random.s = seed;
	a = make_account(h->s.port);
	remove_tree(h->path);
	if (vault_create(h->path, container, a, &env, &e) == -1)
		errx(1, "%s", e.text);
	account_free(&a);
	judge_init(&h->j, &h->w, h->path, container);
}

static bool
live_through(const char *directory, uint64_t seed, bool keep,
    struct totals *totals)
{
	struct history h;
	uint32_t rounds;

	begin(&h, directory, seed);
	h.totals = totals;
	if (verbose)
		printf("== seed %" PRIu64 "\n", seed);
	for (rounds = 3 + rng_below(&h.rng, 6); rounds > 0 && !h.failed;
	    rounds--) {
		between_runs(&h);
		if (!one_in(&h.rng, 3))
			disturbed_run(&h);
		else if (one_in(&h.rng, 4))
			twin_runs(&h);
		else
			quiet_run(&h);
	}
	if (!h.failed)
		quiet_run(&h);
	if (!h.failed && one_in(&h.rng, 2))
		idle_run(&h);
	if (!h.failed) {
		examine_catalog(&h);
		verdict(&h, "at the end");
	}
	totals->seeds++;
	totals->pruned += (unsigned int)h.j.pruned;
	if (!h.failed && !keep)
		remove_tree(h.path);
	else if (!keep)
		printf("  (vault: %s)\n", h.path);
	judge_release(&h.j);
	sim_release(&h.s);
	world_release(&h.w);
	free(h.path);
	return !h.failed;
}

/* ---- the program ---- */

static void
add_totals(struct totals *t, const struct totals *one)
{
	const unsigned int *from = (const unsigned int *)one;
	unsigned int *to = (unsigned int *)t;
	size_t i;

	for (i = 0; i < sizeof(*t) / sizeof(*to); i++)
		to[i] += from[i];
}

/* Seeds ${first}, ${first} + ${step}, ...: the number that went wrong. */
static unsigned int
work(const char *directory, uint64_t first, uint64_t n, uint64_t step,
    bool keep, struct totals *totals)
{
	unsigned int bad = 0;
	uint64_t i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < n && bad < 10; i += step) {
		bad += !live_through(directory, first + i, keep, totals);
		fflush(stdout);
	}
	munmap(shared, sizeof(*shared));
	return bad;
}

static uint64_t
number(const char *s)
{
	char *end;
	unsigned long long v = strtoull(s, &end, 10);

	if (*s == '\0' || *end != '\0')
		errx(2, "not a number: %s", s);
	return v;
}

int
main(int argc, char **argv)
{
	uint64_t first = 1, n = 300, jobs = 1, j;
	struct totals *totals, all = { .seeds = 0 };
	bool keep = false;
	int c, status, bad = 0;

	while ((c = getopt(argc, argv, "vkj:s:n:")) != -1)
		switch (c) {
		case 'v': verbose = true; break;
		case 'k': keep = true; break;
		case 'j': jobs = number(optarg); break;
		case 's': first = number(optarg); break;
		case 'n': n = number(optarg); break;
		default: return 2;
		}
	if (optind + 1 != argc || jobs < 1 || jobs > 256)
		errx(2, "usage: history [-v] [-k] [-j JOBS] [-s FIRST] "
		    "[-n SEEDS] DIRECTORY");
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	totals = mmap(NULL, jobs * sizeof(*totals), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED)
		err(1, "mmap");
	for (j = 0; j < jobs; j++)
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			c = work(argv[optind], first + j, n > j ? n - j : 0,
			    jobs, keep, &totals[j]) > 0;
			exit(c);
		}
	while (wait(&status) != -1)
		bad += status != 0;
	for (j = 0; j < jobs; j++)
		add_totals(&all, &totals[j]);
	printf("%u seeds, %u runs: %u complete, %u partial, %u temporary, "
	    "%u killed, %u cancelled, %u other; %u cuts, %u without changes; %u messages pruned\n",
	    all.seeds, all.runs, all.complete, all.partial, all.temporary,
	    all.killed, all.cancelled, all.other, all.cuts, all.again,
	    all.pruned);
	return bad > 0 || all.seeds < n;
}

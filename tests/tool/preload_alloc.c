/*
 * preload_alloc.c - LD_PRELOAD: let an allocation fail, of the program or of any library that it uses, from the moment
 * that main() begins.
 *
 *	MK_ALLOC_AT	the number of the allocation, from 1
 *	MK_ALLOC_HOW	once; on: this one and all that come after it
 *	MK_ALLOC_LOG	at the end, a line for each place that allocates: the number of the first allocation from there,
 *			and of all, and what called for it; then "all N".  A place is a chain of callers.
 *	MK_ALLOC_TRACE	append the callers of the first allocation that fails and, behind a line "crash", those of what
 *			crashes
 */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dlfcn.h>
#include <pthread.h>

#define DEPTH	10		/* callers that make a place */
#define PLACES	(1 << 16)

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static struct place {
	uint64_t	 hash;
	void		*callers[DEPTH];
	int		 depth;
	unsigned long	 first, n;
} *places;
static atomic_ulong serial;
static atomic_bool armed, traced;
static unsigned long at;
static bool lasting;
static const char *log_name, *trace_name;
static __thread bool inside;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void
write_callers(const char *title)
{
	void *callers[64];
	int fd, n;

	inside = true;
	n = backtrace(callers, 64);
	fd = open(trace_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd != -1) {
		(void)!write(fd, title, strlen(title));
		backtrace_symbols_fd(callers, n, fd);
		close(fd);
	}
	inside = false;
}

static void
on_crash(int sig)
{
	write_callers("crash\n");
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
trace(void)
{
	if (trace_name != NULL && !atomic_exchange(&traced, true))
		write_callers("");
}

/* Note where allocation ${n} comes from. */
static void
locate(unsigned long n)
{
	void *callers[DEPTH + 3];
	uint64_t hash = 14695981039346656037u;
	struct place *p;
	int depth, i;
	size_t slot;

	inside = true;
	depth = backtrace(callers, DEPTH + 3) - 3;
	for (i = 0; i < depth; i++)
		hash = (hash ^ (uintptr_t)callers[i + 3]) * 1099511628211u;
	pthread_mutex_lock(&mutex);
	for (slot = hash % PLACES;; slot = (slot + 1) % PLACES) {
		p = &places[slot];
		if (p->n == 0 || p->hash == hash)
			break;
	}
	if (p->n++ == 0) {
		p->hash = hash;
		p->first = n;
		p->depth = depth < 0 ? 0 : depth;
		memcpy(p->callers, callers + 3,
		    (size_t)p->depth * sizeof(callers[0]));
	}
	pthread_mutex_unlock(&mutex);
	inside = false;
}

/* Whether this allocation fails. */
static bool
fails(void)
{
	unsigned long n;

	if (!armed || inside)
		return false;
	n = atomic_fetch_add(&serial, 1) + 1;
	if (places != NULL)
		locate(n);
	if (at == 0 || n < at || (n > at && !lasting))
		return false;
	trace();
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	/* A block that shrinks to nothing is let go. */
	return (n > 0 || p == NULL) && fails() ? NULL : __libc_realloc(p, n);
}

void *
memalign(size_t to, size_t n)
{
	return fails() ? NULL : __libc_memalign(to, n);
}

void *
aligned_alloc(size_t to, size_t n)
{
	return fails() ? NULL : __libc_memalign(to, n);
}

int
posix_memalign(void **out, size_t to, size_t n)
{
	void *p = fails() ? NULL : __libc_memalign(to, n);

	if (p == NULL)
		return ENOMEM;
	*out = p;
	return 0;
}

/* "lib+0x12 < lib+0x34": the innermost callers. */
static void
print_place(FILE *f, const struct place *p)
{
	Dl_info info;
	int i;

	fprintf(f, "%lu %lu", p->first, p->n);
	for (i = 0; i < p->depth && i < 6; i++) {
		if (dladdr(p->callers[i], &info) == 0 ||
		    info.dli_fname == NULL)
			continue;
		fprintf(f, " %s:%s", strrchr(info.dli_fname, '/') == NULL ?
		    info.dli_fname : strrchr(info.dli_fname, '/') + 1,
		    info.dli_sname == NULL ? "?" : info.dli_sname);
	}
	fputc('\n', f);
}

static void
report(void)
{
	FILE *f;
	size_t i;

	armed = false;
	if (places == NULL || (f = fopen(log_name, "we")) == NULL)
		return;
	for (i = 0; i < PLACES; i++)
		if (places[i].n > 0)
			print_place(f, &places[i]);
	fprintf(f, "all %lu\n", (unsigned long)serial);
	fclose(f);
}

static int (*real_main)(int, char **, char **);

static int
begin(int argc, char **argv, char **env)
{
	void *warm[1];
	const char *how = getenv("MK_ALLOC_HOW"), *n = getenv("MK_ALLOC_AT");

	at = n == NULL ? 0 : strtoul(n, NULL, 10);
	lasting = how != NULL && strcmp(how, "on") == 0;
	if ((trace_name = getenv("MK_ALLOC_TRACE")) != NULL) {
		signal(SIGSEGV, on_crash);
		signal(SIGBUS, on_crash);
		signal(SIGABRT, on_crash);
	}
	if ((log_name = getenv("MK_ALLOC_LOG")) != NULL) {
		places = __libc_calloc(PLACES, sizeof(*places));
		atexit(report);
	}
	/* It loads a library the first time. */
	backtrace(warm, 1);
	armed = true;
	return real_main(argc, argv, env);
}

typedef int start_fn(int (*)(int, char **, char **), int, char **,
    void (*)(void), void (*)(void), void (*)(void), void *);
start_fn __libc_start_main;

int
__libc_start_main(int (*fn)(int, char **, char **), int argc, char **argv,
    void (*init)(void), void (*fini)(void), void (*end)(void), void *stack)
{
	start_fn *next = __extension__ (start_fn *)dlsym(RTLD_NEXT,
	    "__libc_start_main");

	real_main = fn;
	return next(begin, argc, argv, init, fini, end, stack);
}

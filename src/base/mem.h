/*
 * mem.h - allocation of small things whose size we choose.
 *
 * These don't return NULL: a program that can't get a few hundred bytes can do nothing useful any more, so they call
 * the function that cmd/main.c left with mem_on_failure() (it says so and exits 1; the vault is safe at any point).
 * What grows with what a peer sends lives in a struct buf with a limit instead.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

/* mem_on_failure(fn): call ${fn}, which must not return, when memory runs out.  Without it: abort(). */
void mem_on_failure(void (*)(void));

/* mem_fail(): what is called then; also for a library that can do nothing more, which is for want of memory. */
_Noreturn void mem_fail(void);

void *xmalloc(size_t)
    __attribute__((malloc, alloc_size(1), returns_nonnull));
void *xcalloc(size_t, size_t)
    __attribute__((malloc, alloc_size(1, 2), returns_nonnull));

/* xreallocarray(p, n, size): room for ${n} things of ${size}; the product is checked. */
void *xreallocarray(void *, size_t, size_t)
    __attribute__((alloc_size(2, 3), returns_nonnull));

char *xstrdup(const char *)
    __attribute__((malloc, returns_nonnull));
/* xmemdup0(p, n): a copy of ${n} bytes with a NUL behind them. */
char *xmemdup0(const void *, size_t)
    __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *, ...)
    __attribute__((format(printf, 1, 2), malloc, returns_nonnull));

/*
 * mem_grow(p, cap, need, size): make ${*cap}, the room in the array ${p} of things of ${size}, at least ${need} by
 * doubling; return the array, moved or not.
 */
void *mem_grow(void *, size_t *, size_t, size_t)
    __attribute__((returns_nonnull));

/* mem_wipe(p, n): overwrite a secret in a way that the compiler keeps. */
void mem_wipe(void *, size_t);

#endif

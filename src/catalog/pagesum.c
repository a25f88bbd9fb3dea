/*
 * pagesum.c - a VFS for SQLite that ends each page of a database with a
 * checksum of the rest and looks at it whenever a page is read.
 *
 * SQLite notices damage to its own structures but not to what is stored in
 * them, and a catalog with one wrong UID would make a backup pass a message
 * over.  SQLite leaves the last bytes of a page alone where it is told to
 * (SQLITE_FCNTL_RESERVE_BYTES); all else goes to the VFS below.  The
 * write-ahead log has checksums of its own, and its pages come by here when
 * they are copied into the database.  Other programs that open such a file see
 * nothing unusual.
 */
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "catalog/db.h"

#define SUM_SIZE	8
#define SUM_WORDS	((PAGESUM_PAGE - SUM_SIZE) / 8)
#define HEADER_SIZE	100	/* SQLite reads this much by itself */

struct sumfile {
	sqlite3_file	 base;	/* ours, as SQLite sees it */
	sqlite3_file	*real;	/* the lower one, behind this struct */
};

static sqlite3_vfs *below;

static sqlite3_file *
real(sqlite3_file *f)
{
	return ((struct sumfile *)f)->real;
}

/*
 * The sum of a page.  Each step is a bijection of what came before, so a change
 * within one word always shows, any other but for one in 2^64.  The number goes
 * in so that two pages that changed places show too.
 */
static uint64_t
page_sum(const uint8_t *page, sqlite3_int64 off)
{
	uint64_t sum = (uint64_t)off / PAGESUM_PAGE + 1, w;
	size_t i;

	for (i = 0; i < SUM_WORDS; i++) {
		memcpy(&w, page + i * 8, 8);
		sum = (sum ^ le64toh(w)) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 32;
	}
	return htole64(sum);
}

/*
 * A page within the file that was never written, since its content did not
 * matter; SQLite refuses it as a tree's page.
 */
static bool
never_written(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGESUM_PAGE - 1) == 0;
}

static int
check(const uint8_t *page, sqlite3_int64 off)
{
	uint64_t sum = page_sum(page, off);

	if (memcmp(page + PAGESUM_PAGE - SUM_SIZE, &sum, SUM_SIZE) == 0 ||
	    never_written(page))
		return SQLITE_OK;
	return SQLITE_IOERR_DATA;
}

/*
 * A whole page.  What lies behind the end of a file that was cut reads as
 * zeros, which no sum fits.
 */
static int
read_page(sqlite3_file *r, void *page, sqlite3_int64 off)
{
	int rc, bad;

	rc = r->pMethods->xRead(r, page, PAGESUM_PAGE, off);
	if (rc != SQLITE_OK && rc != SQLITE_IOERR_SHORT_READ)
		return rc;
	bad = check(page, off);
	return bad == SQLITE_OK ? rc : bad;
}

static int
sum_read(sqlite3_file *f, void *p, int n, sqlite3_int64 off)
{
	sqlite3_file *r = real(f);
	uint8_t page[PAGESUM_PAGE];
	int rc;

	if (off % PAGESUM_PAGE != 0 || n <= HEADER_SIZE || n > PAGESUM_PAGE)
		return r->pMethods->xRead(r, p, n, off);
	if (n == PAGESUM_PAGE)
		return read_page(r, p, off);
	/*
	 * Part of a page (newer versions read long texts so) can be trusted
	 * only when the whole can.
	 */
	rc = read_page(r, page, off);
	if (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ)
		memcpy(p, page, (size_t)n);
	return rc;
}

static int
sum_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 off)
{
	sqlite3_file *r = real(f);
	uint8_t page[PAGESUM_PAGE];
	uint64_t sum;

	if (n != PAGESUM_PAGE || off % PAGESUM_PAGE != 0)
		return r->pMethods->xWrite(r, p, n, off);
	sum = page_sum(p, off);
	memcpy(page, p, PAGESUM_PAGE - SUM_SIZE);
	memcpy(page + PAGESUM_PAGE - SUM_SIZE, &sum, SUM_SIZE);
	return r->pMethods->xWrite(r, page, n, off);
}

static int
sum_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int
sum_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int
sum_sync(sqlite3_file *f, int flags)
{
	return real(f)->pMethods->xSync(real(f), flags);
}

static int
sum_size(sqlite3_file *f, sqlite3_int64 *out)
{
	return real(f)->pMethods->xFileSize(real(f), out);
}

static int
sum_lock(sqlite3_file *f, int lock)
{
	return real(f)->pMethods->xLock(real(f), lock);
}

static int
sum_unlock(sqlite3_file *f, int lock)
{
	return real(f)->pMethods->xUnlock(real(f), lock);
}

static int
sum_reserved(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int
sum_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int
sum_sector(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int
sum_traits(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int
sum_shm_map(sqlite3_file *f, int region, int size, int extend,
    void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), region, size, extend, out);
}

static int
sum_shm_lock(sqlite3_file *f, int off, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), off, n, flags);
}

static void
sum_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int
sum_shm_unmap(sqlite3_file *f, int remove)
{
	return real(f)->pMethods->xShmUnmap(real(f), remove);
}

/*
 * Version 2 has shared memory for the log but no mapped pages, which would pass
 * sum_read() by.
 */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = sum_close,
	.xRead = sum_read,
	.xWrite = sum_write,
	.xTruncate = sum_truncate,
	.xSync = sum_sync,
	.xFileSize = sum_size,
	.xLock = sum_lock,
	.xUnlock = sum_unlock,
	.xCheckReservedLock = sum_reserved,
	.xFileControl = sum_control,
	.xSectorSize = sum_sector,
	.xDeviceCharacteristics = sum_traits,
	.xShmMap = sum_shm_map,
	.xShmLock = sum_shm_lock,
	.xShmBarrier = sum_shm_barrier,
	.xShmUnmap = sum_shm_unmap,
};

static int
sum_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
    int *flags_out)
{
	struct sumfile *sf = (struct sumfile *)f;
	int rc;

	(void)vfs;
	/*
	 * Journals and scratch files are the lower VFS's own; there is room for
	 * its file in ours.
	 */
	if ((flags & SQLITE_OPEN_MAIN_DB) == 0)
		return below->xOpen(below, name, f, flags, flags_out);
	sf->base.pMethods = NULL;
	sf->real = (sqlite3_file *)(sf + 1);
	rc = below->xOpen(below, name, sf->real, flags, flags_out);
	/*
	 * SQLite closes what has methods, also after a failure; so does this
	 * file then.
	 */
	if (sf->real->pMethods != NULL)
		sf->base.pMethods = &methods;
	return rc;
}

const char *
pagesum_vfs(void)
{
	static sqlite3_vfs ours;

	if (below != NULL)
		return ours.zName;
	if ((below = sqlite3_vfs_find(NULL)) == NULL)
		return NULL;
	/*
	 * The lower one's functions serve unchanged: what they need of it
	 * stands in the copy.
	 */
	ours = *below;
	ours.zName = "mailkeep";
	ours.pNext = NULL;
	ours.szOsFile = (int)sizeof(struct sumfile) + below->szOsFile;
	ours.xOpen = sum_open;
	if (sqlite3_vfs_register(&ours, 0) != SQLITE_OK)
		below = NULL;
	return below == NULL ? NULL : ours.zName;
}

int
pagesum_reserve(sqlite3 *db)
{
	int n = SUM_SIZE;

	return sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES,
	    &n) == SQLITE_OK ? 0 : -1;
}

bool
pagesum_kept(sqlite3 *db)
{
	int n = -1;

	return sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES,
	    &n) == SQLITE_OK && n == SUM_SIZE;
}

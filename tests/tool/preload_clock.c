/*
 * preload_clock.c - LD_PRELOAD: a clock of the tests' own for time(2).  MK_CLOCK_START is what it says first
 * (seconds since 1970), MK_CLOCK_STEP how much later, or earlier, it is at each further look; MK_CLOCK is how
 * much later it is, all the time.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static atomic_llong looks;

time_t
time(time_t *out)
{
	const char *start = getenv("MK_CLOCK_START");
	const char *step = getenv("MK_CLOCK_STEP");
	const char *later = getenv("MK_CLOCK");
	struct timespec ts;
	time_t now;

	if (clock_gettime(CLOCK_REALTIME, &ts) == -1)
		return (time_t)-1;
	now = start == NULL ? ts.tv_sec : (time_t)atoll(start);
	if (later != NULL)
		now += (time_t)atoll(later);
	if (step != NULL)
		now += (time_t)(atoll(step) * atomic_fetch_add(&looks, 1));
	if (out != NULL)
		*out = now;
	return now;
}

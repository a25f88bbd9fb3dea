/*
 * preload_fam.c - LD_PRELOAD for Courier's imapd: a file alteration monitor that is there and has nothing to tell.
 *
 * Courier asks for one at each sign-in.  The real library looks for its daemon first, for more than a second where
 * there is none.
 */
#include <sys/eventfd.h>
#include <unistd.h>

/* As fam.h has it. */
struct connection {
	int	 fd;
	void	*client;
};
struct request {
	int	 number;
};
struct event;

int FAMOpen(struct connection *);
int FAMClose(struct connection *);
int FAMMonitorDirectory(struct connection *, const char *, struct request *, void *);
int FAMMonitorFile(struct connection *, const char *, struct request *, void *);
int FAMCancelMonitor(struct connection *, const struct request *);
int FAMNextEvent(struct connection *, struct event *);
int FAMPending(struct connection *);

int
FAMOpen(struct connection *c)
{
	c->client = NULL;
	c->fd = eventfd(0, EFD_CLOEXEC);	/* never readable */
	return c->fd == -1 ? -1 : 0;
}

int
FAMClose(struct connection *c)
{
	return close(c->fd);
}

int
FAMMonitorDirectory(struct connection *c, const char *name, struct request *r, void *arg)
{
	(void)c, (void)name, (void)arg;
	r->number = 1;
	return 0;
}

int
FAMMonitorFile(struct connection *c, const char *name, struct request *r, void *arg)
{
	return FAMMonitorDirectory(c, name, r, arg);
}

int
FAMCancelMonitor(struct connection *c, const struct request *r)
{
	(void)c, (void)r;
	return 0;
}

int
FAMNextEvent(struct connection *c, struct event *e)
{
	(void)c, (void)e;
	return -1;
}

int
FAMPending(struct connection *c)
{
	(void)c;
	return 0;
}

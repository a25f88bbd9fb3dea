/*
 * backup.h - what the files of a backup share.
 *
 * A backup visits folders.  All commands of a visit are known before it begins (policy_visit()), so visits are
 * pipelined: the next folder is opened on the wire while this one's messages arrive.  What a visit brought is
 * settled when its last command is answered; where it does not add up, the folder is visited again, more carefully.
 */
#ifndef JOB_BACKUP_H
#define JOB_BACKUP_H

#include "base/buf.h"
#include "job/due.h"
#include "job/job.h"
#include "mail/date.h"
#include "mail/uidset.h"
#include "policy/policy.h"

/* ---- intern.c: texts that come again and again, as numbers ---- */

struct intern;

struct intern *intern_new(void);
void intern_free(struct intern **);
/* intern_put(i, s, id_out): NULL has a number of its own, 0.  0, or -1: too many different ones. */
int intern_put(struct intern *, const char *, uint32_t *);
const char *intern_text(const struct intern *, uint32_t);

/* ---- listing.c: what the server lists, in 24 bytes a message ---- */

struct listed {
	union {
		int64_t	date;		/* LISTED_NO_DATE where not asked or not sent */
		int64_t	size;		/* against.c keeps the size in its place, likewise */
	};
	uint32_t	uid;
	uint32_t	flags, labels;	/* intern numbers; 0 where not asked or not sent */
	uint32_t	at;		/* the listing's own: which one it was */
};
#define LISTED_NO_DATE	INT64_MIN

struct listing;

struct listing *listing_new(void);
void listing_free(struct listing **);
int listing_add(struct listing *, const struct listed *, struct err *);
uint64_t listing_count(const struct listing *);
/*
 * listing_sort(l): by UID; what is said of one UID in several entries becomes one.  The number of UIDs that were
 * listed more than once.
 */
uint64_t listing_sort(struct listing *);
const struct listed *listing_at(const struct listing *, uint64_t);
/* listing_fill(l, i, flags): the flags of an entry whose flags were not told. */
void listing_fill(struct listing *, uint64_t, uint32_t);
/* listing_uids(l, out): adds the UIDs of a sorted listing. */
void listing_uids(const struct listing *, struct uidset *);

/* ---- compare.c: what is listed against what is known ---- */

struct changes {
	struct uidset	 want;		/* listed, not known */
	struct uidset	 gone;		/* known, not listed */
	const struct listed **flags;	/* own; of the listing: known with other flags, by flags, labels, UID */
	size_t		 flags_n, flags_cap;
	bool		 reused;	/* a known UID has another INTERNALDATE: it is another message */
	uint64_t	 untold;	/* known, and their flags could not be compared */
	uint64_t	 same;		/* known and listed */
};
void changes_release(struct changes *);
/*
 * compare_all(c, epoch, listing, in, out, e): a sorted listing of the whole folder.  compare_some(): one of what
 * changed; gone stays empty.  What changed has its flags, though only its labels may have been told.
 */
int compare_all(struct catalog *, uint64_t epoch, struct listing *, struct intern *, struct changes *, struct err *);
int compare_some(struct catalog *, uint64_t epoch, struct listing *, struct intern *, struct changes *, struct err *);
/* compare_set(c, epoch, all, out, e): like compare_all() where only the UIDs are known. */
int compare_set(struct catalog *, uint64_t epoch, const struct uidset *, struct changes *, struct err *);
/* compare_known(c, epoch, in, out, e): adds what is known of the UIDs ${in}. */
int compare_known(struct catalog *, uint64_t epoch, const struct uidset *, struct uidset *, struct err *);

/* ---- the backup ---- */

/* A folder of the server that was chosen. */
struct folder {
	struct mail_box	*box;		/* borrowed from the listing */
	int		 rank;		/* policy_rank() */
	uint64_t	 number;	/* in the vault */
	uint64_t	 renamed_from;	/* it may be this folder of the vault under a new name, 0: it isn't */
	unsigned int	 visits;	/* so far */
	unsigned int	 breaks;	/* connections that were lost over it in a row */
	uint64_t	 added_then;	/* messages, at the last of them */
	unsigned int	 laters;	/* "not now" in a row without a word on when */
	bool		 dates_change;	/* INTERNALDATE tells nothing of its messages */
	bool		 done;
	/* for the report */
	uint64_t	 added, bytes, flags, gone;
	bool		 noted_size;	/* a wrong RFC822.SIZE was mentioned */
	bool		 noted_unreadable;	/* ... answers that could not be understood were */
};

/* Facts of a message that come in more than one response. */
#define EARLY_MAX	128

struct held {
	bool		 set;
	struct mail_meta meta;		/* its strings are in the buffers */
	struct buf	 date, flags, labels, emailid, threadid;
};

enum visit_kind {
	VISIT_COMPARE,		/* as planned by policy */
	VISIT_FETCH,		/* bodies of exactly these UIDs; the comparison was made */
};

struct visit {
	struct visit	*next;		/* own: the next one in the pipeline */
	struct folder	*f;
	enum visit_kind	 kind;
	struct policy_visit plan;
	/* sending */
	int64_t		 sent_at;	/* its last command, by backup_ms() */
	bool		 examined;	/* EXAMINE is on the wire */
	bool		 condstore;	/* ... with that parameter */
	bool		 listed;	/* the listing commands are */
	struct uidset	 ask;		/* bodies to ask for */
	size_t		 ask_range;	/* next range of it, */
	uint32_t	 ask_uid;	/* from this UID */
	uint32_t	 ask_step;	/* UIDs a command */
	unsigned int	 unanswered;
	bool		 all_sent;
	/* what is known and found */
	struct known_epoch known;	/* epoch 0: nothing */
	struct vault_box where;		/* where messages go, once opened */
	bool		 opened, refused, later;
	unsigned int	 laters;	/* FETCHes refused so in a row, with no message between */
	bool		 replaced;	/* MAILBOXID was not the one that was expected */
	bool		 moved;		/* UIDVALIDITY was not the one that was expected */
	bool		 unknown;	/* EXAMINE was BAD */
	bool		 fetch_refused;	/* the server said NO to a FETCH */
	uint64_t	 backoff_ms;
	char		*why;		/* own: the server's words */
	struct mail_state box;		/* at EXAMINE */
	uint64_t	 exists;	/* at the end */
	struct listing	*listing;	/* own */
	struct uidset	 searched;	/* what SEARCH said */
	struct uidset	 vanished;	/* gone, by the server's word; not yet intersected with what is known */
	bool		 expunged;	/* some left unnamed */
	uint64_t	 told;		/* responses without a body */
	struct uidset	 arrived;	/* stored or known by content or id, in this visit */
	uint64_t	 added;		/* of these, not known before in this epoch */
	uint64_t	 below;		/* of these, below UIDNEXT at EXAMINE */
	struct uidset	 nil, spoiled;	/* not delivered, and how */
	struct mail_state settled;	/* FETCH: the state that the comparison ends with */
	bool		 settled_full;
	uint64_t	 untold;	/* messages whose flags could not be compared */
	bool		 open;		/* something was named that the next run has to compare anew */
};

/* Visits in the order of their commands.  Folders that nobody has come to yet have none. */
struct queue {
	struct visit	*first, *last;	/* own: on the wire, or next on it */
	struct visit	*sending;	/* the first that is not all sent; NULL: the next folder's is made */
	size_t		 reached;	/* folders whose visits were made */
	struct visit	*put_off, *put_off_last;	/* own: over, to be made again when all others are through */
};

struct backup {
	struct vault	*v;
	const struct job_backup_opts *opts;
	struct job_backup_report *report;
	struct catalog	*catalog;	/* the vault's */
	struct imap	*im;		/* own */
	struct connect_secret *secret;	/* own */
	struct vault_txn *txn;		/* own */
	struct due	 due;		/* to be committed */
	struct run_counts safe;		/* what the last commit of this run made durable */
	uint64_t	 head;		/* last commit of the run before */
	struct imap_boxes boxes;	/* own */
	bool		 listing_trusted;	/* what is not listed is gone */
	struct folder	*folders;	/* own: the chosen ones, in the order of visits */
	size_t		 folders_n;
	bool		 all_chosen;	/* no personal folder was left out */
	struct queue	 queue;
	struct policy_server server;
	bool		 gmail;
	struct intern	*texts;		/* own */
	struct held	*early;		/* own: facts whose body has not come, by UID modulo EARLY_MAX */
	struct held	 late;		/* a body waiting for its facts */
	struct visit	*late_visit;
	uint64_t	 total, done;	/* messages, for progress */
	unsigned int	 breaks;	/* connections lost since the last progress */
	uint64_t	 last_folder, last_epoch;	/* the highest numbers given */
	uint64_t	 problems;	/* what was named as missing or odd: the run is not complete */
	char		*problem;	/* own: the first of them, or NULL */
	uint64_t	 put_off;	/* folders that the server would not show now */
	uint64_t	 lost_packs;
	double		 waited;	/* seconds, on the server's demand; */
	int64_t		 waited_from;	/* ... the last time since then, by backup_ms() */
	bool		 signed_in;	/* the run leaves a trace */
	bool		 give_up;	/* a new connection is no help */
};

/* plan.c: list the folders, choose and order, and say what to do about each. */
int plan_folders(struct backup *, struct err *);
int plan_visits(struct backup *, struct err *);
/* plan_box(boxes, name): the folder of that name, or NULL. */
struct mail_box *plan_box(const struct imap_boxes *, const char *);

/* place.c: which folders of the vault they are. */
/* place_all(b, e): record what LIST says.  The chosen folders stand in the order of the listing here. */
int place_all(struct backup *, struct err *);
/* place_rename(b, f, e): the folder that may be a renamed one is; place_apart(): it isn't, but a new one. */
int place_rename(struct backup *, struct folder *, struct err *);
int place_apart(struct backup *, struct folder *, struct err *);

/* queue.c */
/* queue_put(b, v): the next one to be sent, or so. */
void queue_put(struct backup *, struct visit *);
/* queue_put_off(b, v): it came to nothing; once more when all others are through. */
void queue_put_off(struct backup *, struct visit *);
/* queue_next(b, out, e): the visit whose commands are to be sent; NULL where all is sent. */
int queue_next(struct backup *, struct visit **, struct err *);
/* queue_take(b): the first visit, now the caller's. */
struct visit *queue_take(struct backup *);
/* queue_restart(b, e): what is on the wire will never be answered: those visits are made again. */
int queue_restart(struct backup *, struct err *);
void queue_release(struct backup *);

/* visit.c: a visit is made, and sent. */
/* visit_plan(b, f, known_out, plan_out, e): what policy says, from what is known now (epoch 0: nothing). */
int visit_plan(struct backup *, const struct folder *, struct known_epoch *, struct policy_visit *, struct err *);
/* visit_new(b, f, kind, e): a visit as planned now; a VISIT_FETCH gets its UIDs (ask) from the caller. */
struct visit *visit_new(struct backup *, struct folder *, enum visit_kind, struct err *);
/*
 * visit_again(b, old, e): one more after ${old}: careful, where that was opened; but a folder that may be a renamed one
 * still has to prove it.
 */
struct visit *visit_again(struct backup *, const struct visit *, struct err *);
void visit_free(struct visit **);
/* visit_refused_later(v): the server said "not now" so often that it is asked for nothing more. */
bool visit_refused_later(const struct visit *);
/* visit_send(b, v, e): put its next command on the wire. */
int visit_send(struct backup *, struct visit *, struct err *);

/* take.c: what is answered. */
int take_event(struct backup *, struct visit *, const struct imap_event *, struct err *);
/* take_body_begins(b, size, e), take_body_goes_on(b, p, n, e): the session hands over a body. */
int take_body_begins(void *, uint64_t, struct err *);
int take_body_goes_on(void *, const void *, size_t, struct err *);
/* take_flush(b, e): a body that waited for more facts is stored with those it has. */
int take_flush(struct backup *, struct err *);

/* held.c: facts that wait for a body, and the body that waits for facts.  held_forget(): those of another folder. */
void held_begin(struct backup *);
void held_forget(struct backup *);
void held_end(struct backup *);
/* held_early(b, uid): where facts of a message wait whose body has not come; it may hold another's. */
struct held *held_early(const struct backup *, uint32_t uid);
/* held_put(h, m): hold what ${m} tells, beside what is held of the same message. */
void held_put(struct held *, const struct mail_meta *);
/* held_add(h, m, newer): the same, whichever message it is; of a fact that is held already the ${newer} one counts. */
void held_add(struct held *, const struct mail_meta *, bool newer);

/* find.c */
struct findings {
	struct changes	changes;
	struct uidset	lacking;	/* on the server, and not here */
	struct uidset	over;		/* was lacking before, and is not on the server */
	bool		trusted;	/* the figures add up */
};
/* find_all(b, v, out, e): compare what a visit brought with what is known, in the way that it was planned. */
int find_all(struct backup *, struct visit *, struct findings *, struct err *);
void find_release(struct findings *);

/* settle.c: what a visit came to. */
int settle(struct backup *, struct visit *, struct err *);

/* link.c: the session, and what becomes of a backup when it ends early. */
int link_open(struct backup *, struct err *);
void link_close(struct backup *);
/* link_renew(b, e): after the error ${e} another session, with all visits made again; none where nothing is left. */
int link_renew(struct backup *, struct err *);
/*
 * link_wait(b, v, e): the server said "not now" in this visit, so wait.  1 done, 0 no patience is left with this
 * folder: take it as a plain refusal, -1: EK_TEMP, nor with the server.
 */
int link_wait(struct backup *, const struct visit *, struct err *);
/* backup_ms(): milliseconds on a clock that only goes on. */
int64_t backup_ms(void);

/* backup.c */
int64_t backup_now(const struct backup *);
void backup_event(struct backup *, const struct job_event *);
/* backup_problem(b, folder, uids, reason): name what is missing or odd; the run ends with exit status 3 by that. */
void backup_problem(struct backup *, const char *folder, const struct uidset *, const char *reason);
/* backup_shrunk(b, folder, live, gone): a problem if so much of a folder vanished at once that somebody should know. */
void backup_shrunk(struct backup *, const char *folder, uint64_t live, uint64_t gone);
/* backup_fail(b, f, why, later): nothing more can be done for a folder; ${later}: the server may show it later. */
void backup_fail(struct backup *, struct folder *, const char *why, bool later);
void backup_note(struct backup *, const char *, ...) __attribute__((format(printf, 2, 3)));
/* backup_progress(b): a message more. */
void backup_progress(struct backup *);
/* backup_commit(b, e): what is recorded is durable; backup_commit_due(): if enough of it has come together. */
int backup_commit(struct backup *, struct err *);
int backup_commit_due(struct backup *, struct err *);

#endif

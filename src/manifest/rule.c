/*
 * rule.c - the rules of the format that writer and reader share: names, the
 * seal, and how a pack's frames add up.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "manifest/line.h"

#define FILE_NAME_BYTES	255	/* NAME_MAX of every file system that we know */

const char *const rule_type[REC_KINDS] = {
	[REC_RUN_BEGIN] = "run-begin",
	[REC_RUN_END] = "run-end",
	[REC_SERVER] = "server",
	[REC_FOLDER] = "folder",
	[REC_EPOCH] = "epoch",
	[REC_BLOB] = "blob",
	[REC_MESSAGE] = "message",
	[REC_FLAGS] = "flags",
	[REC_GONE] = "gone",
	[REC_MISSING] = "missing",
	[REC_PACK] = "pack",
	[REC_FRAMES] = "frames",
	[REC_RETIRE] = "retire",
	[REC_PRUNE_INTENT] = "prune-intent",
	[REC_PRUNED] = "pruned",
	[REC_PRUNE_KEPT] = "prune-kept",
	[REC_NOTE] = "note",
};

const char *const rule_space[RULE_SPACES] = {
	[MAIL_PERSONAL] = "personal",
	[MAIL_OTHER] = "other",
	[MAIL_SHARED] = "shared",
	[MAIL_IMPORTED] = "imported",
};

const char *const rule_form[RULE_FORMS] = {
	[BLOB_PLAIN] = NULL,
	[BLOB_LF] = "lf",
	[BLOB_RAW] = "raw",
};

static size_t
digits(const char *s)
{
	return strspn(s, "0123456789");
}

bool
rule_pack(const char *s)
{
	size_t n;

	if (strlen(s) > FILE_NAME_BYTES)
		return false;
	if ((n = digits(s)) < 8 || s[n] != '-')
		return false;
	s += n + 1;
	if ((n = digits(s)) < 1 || s[n] != '-')
		return false;
	s += n + 1;
	if (strspn(s, "0123456789abcdef") != 8)
		return false;
	s += 8;
	if (strncmp(s, ".f", 2) == 0) {
		if ((n = digits(s + 2)) < 1)
			return false;
		s += 2 + n;
	}
	return strcmp(s, ".tar.zst") == 0 || strcmp(s, ".mbox.zst") == 0;
}

bool
manifest_is_pack(const char *name)
{
	return rule_pack(name);
}

enum container
rule_container(const char *name)
{
	return strstr(name, ".mbox.") != NULL ? CONTAINER_MBOX : CONTAINER_TAR;
}

bool
rule_vault(const char *id)
{
	size_t n = strspn(id, "0123456789-abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n >= 1 && n <= 63 && id[n] == '\0';
}

static void
put_le32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v & 0xff);
	p[1] = (unsigned char)(v >> 8 & 0xff);
	p[2] = (unsigned char)(v >> 16 & 0xff);
	p[3] = (unsigned char)(v >> 24);
}

void
rule_seal(const struct digest *d, unsigned char out[SEAL_SIZE])
{
	put_le32(out, SEAL_MAGIC);
	put_le32(out + 4, DIGEST_SIZE);
	memcpy(out + SEAL_HEADER, d->b, DIGEST_SIZE);
}

void
rule_index(uint64_t n, unsigned char out[INDEX_HEADER])
{
	put_le32(out, INDEX_MAGIC);
	put_le32(out + 4, (uint32_t)(8 * n));
}

void
rule_put64(unsigned char *p, uint64_t v)
{
	put_le32(p, (uint32_t)(v & UINT32_MAX));
	put_le32(p + 4, (uint32_t)(v >> 32));
}

uint64_t
rule_get64(const unsigned char *p)
{
	uint64_t v = 0;
	int i;

	for (i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

const char *
rule_run_end(const struct frame_run *run)
{
	if (run->pack == NULL)
		return NULL;
	if (run->n != run->frames)
		return "frames of the pack before are missing";
	if (run->offset != run->data || run->sum != run->raw)
		return "the frames of the pack before don't add up to it";
	return NULL;
}

const char *
rule_run_pack(struct frame_run *run, const struct rec_pack *pack)
{
	const char *why;

	if ((why = rule_run_end(run)) != NULL)
		return why;
	if (pack->tail > pack->size)
		return "the tail is larger than the pack";
	rule_run_release(run);
	run->pack = xstrdup(pack->pack);
	run->frames = pack->frames;
	run->data = pack->size - pack->tail;
	run->raw = pack->raw;
	return NULL;
}

const char *
rule_run_offsets(const struct frame_run *run, struct frame *f, size_t n)
{
	uint64_t offset = run->offset;
	size_t i;

	for (i = 0; i < n; i++) {
		f[i].offset = offset;
		if (__builtin_add_overflow(offset, f[i].size, &offset))
			return "the sizes overflow";
	}
	return NULL;
}

const char *
rule_run_frames(struct frame_run *run, const struct rec_frames *rec)
{
	uint64_t offset = run->offset, sum = run->sum;
	size_t i;

	if (run->pack == NULL || strcmp(run->pack, rec->pack) != 0)
		return "not of the pack recorded last";
	if (rec->from != run->n)
		return "not the next frames of the pack";
	if (rec->n > run->frames - run->n)
		return "more frames than the pack has";
	for (i = 0; i < rec->n; i++) {
		if (rec->frames[i].offset != offset)
			return "an offset is not the end of the frame before";
		if (__builtin_add_overflow(offset, rec->frames[i].size,
		    &offset) || __builtin_add_overflow(sum,
		    rec->frames[i].raw, &sum))
			return "the sizes overflow";
	}
	run->n += rec->n;
	run->offset = offset;
	run->sum = sum;
	return NULL;
}

void
rule_run_release(struct frame_run *run)
{
	free(run->pack);
	*run = (struct frame_run){ NULL, 0, 0, 0, 0, 0, 0 };
}

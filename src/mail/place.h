/*
 * place.h - where the bytes of a message are: in which pack, and how they stand in it.
 */
#ifndef MAIL_PLACE_H
#define MAIL_PLACE_H

#include <stdbool.h>
#include <stdint.h>

enum container {
	CONTAINER_TAR,
	CONTAINER_MBOX,
};

/* How a message's bytes stand in its pack. */
enum blob_form {
	BLOB_PLAIN,	/* tar: as they are */
	BLOB_LF,	/* mbox: CRLF became LF, From lines quoted */
	BLOB_RAW,	/* mbox: From lines quoted, nothing else changed */
};

/*
 * Where a blob is: in frame ${frame} (from 0) of pack ${pack}, ${stored} bytes from ${offset} of the decompressed
 * frame.
 */
struct place {
	const char	*pack;		/* file name in packs/; borrowed */
	uint64_t	 frame;
	uint64_t	 offset;
	uint64_t	 stored;
	enum blob_form	 form;
	bool		 newline_added;	/* mbox: a final newline that was not there */
};

/* One zstd frame of a pack. */
struct frame {
	uint64_t	offset;		/* in the file */
	uint64_t	size;		/* compressed */
	uint64_t	raw;		/* decompressed */
};

#endif

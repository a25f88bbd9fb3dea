/*
 * mail_name_fuzz.c - names of folders: two that differ on the wire differ everywhere, what goes back is what came,
 * and a path is harmless.
 *
 * The first byte of the input is the delimiter (a newline: none); the next lines are names, the last one a pattern.
 * seconds: 3
 */
#include "fuzz.h"
#include "mail/name.h"

#define NAMES	6

/* Whether both are INBOX, or with a delimiter the same folder in it, but for the case. */
static bool
inbox_alike(const char *a, const char *b, char delimiter)
{
	static const char inbox[] = "inbox";
	size_t i;

	for (i = 0; i < 5; i++)
		if ((a[i] | 0x20) != inbox[i] || (b[i] | 0x20) != inbox[i])
			return false;
	return strcmp(a + 5, b + 5) == 0 &&
	    (a[5] == '\0' || (delimiter != '\0' && a[5] == delimiter));
}

/* A component as man mailkeep-vault(5) has it. */
static void
check_component(struct fuzz_in c)
{
	const char *p = c.p;
	size_t n = c.n, len;
	uint32_t cp;

	MUST(n > 0 && n <= 200);
	MUST(*p != '.' && *p != '-' && *p != ' ');
	MUST(p[n - 1] != '.' && p[n - 1] != ' ');
	MUST(n < 4 || memcmp(p + n - 4, ".eml", 4) != 0);
	for (; n > 0; p += len, n -= len) {
		MUST((len = utf8_next(p, n, &cp)) > 0);
		MUST(cp < 0x80 || (cp >= 0xa0 && cp != 0xfeff &&
		    !(cp >= 0x2028 && cp <= 0x202e) &&
		    !(cp >= 0x2066 && cp <= 0x2069)));
		MUST(cp >= 0x80 || (cp >= '0' && cp <= '9') ||
		    ((cp | 0x20) >= 'a' && (cp | 0x20) <= 'z') ||
		    strchr("._+@[](),=& -%~", (int)cp) != NULL);
	}
}

static void
check_path(const char *name, char delimiter, struct buf *out)
{
	struct fuzz_in in, part;
	const char *slash;
	size_t components = 1;

	buf_adds(out, "INBOX/");
	MUST(name_path(name, delimiter, out) == 0);
	in = (struct fuzz_in){ out->p + 6, out->n - 6 };
	MUST(in.n > 0 && in.n <= NAME_MAX_PATH);
	while ((slash = memchr(in.p, '/', in.n)) != NULL) {
		part = (struct fuzz_in){ in.p, (size_t)(slash - in.p) };
		check_component(part);
		in.p += part.n + 1;
		in.n -= part.n + 1;
		components++;
	}
	check_component(in);
	MUST(components <= 32);
}

/* One name from the wire; returns it, with its path. */
static char *
check_name(const char *wire, char delimiter, struct buf *path)
{
	char *name = name_from_wire(wire), *back;
	const char *raw = name_undecodable(name);

	MUST(raw != NULL ? strcmp(raw, wire) == 0 :
	    utf8_valid(name, strlen(name)));
	MUST(strcmp(name_shown(name), raw == NULL ? name : raw) == 0);
	back = name_to_wire(name);
	MUST(strcmp(back, wire) == 0 || inbox_alike(back, wire, '\0'));
	free(back);
	MUST(name_match("*", name, delimiter));
	MUST(name_match("%", name, '\0'));
	if (delimiter != '%')
		MUST(name_match(name_shown(name), name, delimiter));
	check_path(name, delimiter, path);
	return name;
}

/* A name from elsewhere: it goes to the wire and comes back. */
static void
check_foreign(const char *text)
{
	char *wire = name_to_wire(text);
	char *name = name_from_wire(wire);

	if (text[0] != '\xff' && utf8_valid(text, strlen(text)) &&
	    name_undecodable(name) == NULL)
		MUST(strcmp(name, text) == 0 || inbox_alike(name, text, '\0'));
	free(name);
	free(wire);
}

/* Globs by their definition, in time that doubles with each star. */
static bool
plain_match(const char *p, const char *s, const char *start, char delimiter,
    bool inbox, int *patience)
{
	for (; *p != '\0'; p++, s++) {
		if (--*patience < 0)
			return false;
		if (*p == '*' || *p == '%') {
			for (;; s++) {
				if (plain_match(p + 1, s, start, delimiter,
				    inbox, patience))
					return true;
				if (*s == '\0' || (*p == '%' &&
				    delimiter != '\0' && *s == delimiter))
					return false;
			}
		}
		if (*s == '\0')
			return false;
		if (*p != *s && !(inbox && s - start < 5 &&
		    (*p | 0x20) == (*s | 0x20)))
			return false;
	}
	return *s == '\0';
}

static void
check_match(const char *pattern, const char *name, char delimiter)
{
	const char *s = name_shown(name);
	int patience = 20000;
	bool inbox = inbox_alike(s, s, delimiter), want;

	want = plain_match(pattern, s, s, delimiter, inbox, &patience);
	if (patience >= 0)
		MUST(name_match(pattern, name, delimiter) == want);
}

static void
check_pair(char *const *wire, char *const *name, struct buf *path, size_t i,
    size_t j)
{
	bool same = strcmp(name[i], name[j]) == 0;

	MUST(same == (strcmp(wire[i], wire[j]) == 0 ||
	    inbox_alike(wire[i], wire[j], '\0')));
	MUST(same == (strcmp(path[i].p, path[j].p) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct fuzz_in in = fuzz_begin(data, n), line;
	char *wire[NAMES], *name[NAMES], delimiter;
	struct buf path[NAMES];
	size_t i, j, count = 0;

	if (n == 0)
		return 0;
	delimiter = *in.p == '\n' ? '\0' : *in.p;
	in.p++;
	in.n--;
	while (count < NAMES && fuzz_line(&in, &line)) {
		wire[count] = fuzz_text(line);
		buf_init(&path[count], NAME_MAX_PATH + 10);
		name[count] = check_name(wire[count], delimiter, &path[count]);
		check_foreign(wire[count]);
		count++;
	}
	for (i = 0; i < count; i++) {
		check_match(wire[count - 1], name[i], delimiter);
		for (j = 0; j < i; j++)
			check_pair(wire, name, path, i, j);
	}
	for (i = 0; i < count; i++) {
		free(wire[i]);
		free(name[i]);
		buf_release(&path[i]);
	}
	return 0;
}

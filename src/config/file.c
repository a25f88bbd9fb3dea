/*
 * file.c - the config file, read by libconfuse.  The one file that includes it.
 *
 * Every setting is a string to libconfuse; what it means is setting_apply()'s
 * business.  It reports through a function that is given nothing of ours, hence
 * the one static pointer here; its own scanner is one global state anyway.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <confuse.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/text.h"
#include "config/account.h"
#include "config/setting.h"
#include "config/sift.h"

#define CONFIG_MAX	(1024 * 1024)
#define NAME_BYTES	64	/* of a section: people type it */

struct reading {
	struct config	*c;		/* borrowed */
	char		*folder;	/* own: where relative paths begin */
	struct err	*e;		/* borrowed */
	bool		 failed;	/* ${e} is filled */
	const cfg_t	*section;	/* the one that is being read */
	uint64_t	 seen;		/* settings met in it, one bit each */
};

static struct reading *reading;

static int
refuse(struct err *e, const char *path, size_t line)
{
	e->kind = EK_CONFIG;
	return err_add(e, "%s:%zu", path, line);
}

/* The word that libconfuse does not know, where that is what it says; to be freed. */
static char *
unknown_name(const char *text)
{
	static const char says[] = "no such option '";
	const char *name = text + strlen(says), *end;

	if (strncmp(text, says, strlen(says)) != 0 ||
	    (end = strrchr(name, '\'')) == NULL)
		return NULL;
	return xmemdup0(name, (size_t)(end - name));
}

/* A word that is no setting, or stands where none can. */
static void
refuse_name(bool in_section, const char *name, struct err *e)
{
	const struct setting *s = setting_find(name);
	struct near near;

	if (!in_section && s != NULL && s->in_file) {
		err_set(e, EK_CONFIG, "settings stand inside account NAME { }, "
		    "and '%s' does not", name);
		return;
	}
	err_set(e, EK_CONFIG, "no such %s '%s'",
	    in_section ? "setting" : "section", name);
	if (in_section && strcmp(name, "password") == 0)
		err_next(e, "no password belongs into this file: set "
		    "password_command, password_file or credential");
	near_begin(&near, name, strlen(name));
	if (!in_section)
		near_try(&near, "account");
	for (s = settings; in_section && s < settings + settings_n; s++)
		if (s->in_file)
			near_try(&near, s->name);
	if (near.best != NULL)
		err_next(e, "did you mean '%s'?", near.best);
}

/* What libconfuse calls an option is a setting here. */
static void
in_our_words(const char *text, struct err *e)
{
	const char *option = strstr(text, "option");

	if (option == NULL)
		err_set(e, EK_CONFIG, "%s", text);
	else
		err_set(e, EK_CONFIG, "%.*ssetting%s", (int)(option - text),
		    text, option + strlen("option"));
}

static void on_error(cfg_t *, const char *, va_list)
    __attribute__((format(printf, 2, 0)));

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct err *e = reading->e;
	char text[ERR_TEXT_MAX], *name;

	/* The first one tells it best. */
	if (reading->failed)
		return;
	reading->failed = true;
	vsnprintf(text, sizeof(text), fmt, ap);
	if ((name = unknown_name(text)) != NULL) {
		refuse_name(cfg->title != NULL, name, e);
		free(name);
	} else
		in_our_words(text, e);
	refuse(e, reading->c->path, (size_t)cfg->line);
}

/* The account of a section, made when it is first met. */
static struct account *
section(struct config *c, const char *name)
{
	struct account *a;
	size_t i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->accounts[i]->name, name) == 0)
			return c->accounts[i];
	a = account_new();
	a->name = xstrdup(name);
	c->accounts = xreallocarray(c->accounts, c->n + 1,
	    sizeof(c->accounts[0]));
	c->accounts[c->n++] = a;
	return a;
}

/*
 * Whether ${s} has been set before in this section.  Only += may add to what is
 * there: libconfuse clears a list at = and then counts the new value alone.
 */
static bool
is_again(const cfg_t *cfg, cfg_opt_t *opt, const struct setting *s)
{
	uint64_t mark = (uint64_t)1 << (s - settings);
	bool seen;

	if (reading->section != cfg) {
		reading->section = cfg;
		reading->seen = 0;
	}
	seen = (reading->seen & mark) != 0;
	reading->seen |= mark;
	return seen && (s->type != SETTING_LIST || cfg_opt_size(opt) == 1);
}

/* libconfuse has read a value.  Return 0, or -1 to end it all. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	const struct setting *s = setting_find(opt->name);
	struct err *e = reading->e;
	struct account *a;

	/*
	 * libconfuse would find a section's option by a path such as
	 * "account=work|user", too.
	 */
	if (cfg->title == NULL) {
		refuse_name(false, s->name, e);
		goto bad;
	}
	a = section(reading->c, cfg->title);
	if (is_again(cfg, opt, s))
		err_set(e, EK_CONFIG, "%s is set twice", s->name);
	else if (setting_apply(a, s->name, value, reading->folder, e) == 0) {
		*(const char **)result = value;
		return 0;
	}
bad:
	refuse(e, reading->c->path, (size_t)cfg->line);
	reading->failed = true;
	return -1;
}

/* A name is a word on the command line, and a part of a credential's name. */
static int
check_name(const char *name, struct err *e)
{
	size_t n = strlen(name), len;
	const char *s = name;
	uint32_t cp;

	if (n == 0 || n > NAME_BYTES || strchr(".-", *s) != NULL)
		goto bad;
	for (; n > 0; s += len, n -= len) {
		if ((len = utf8_next(s, n, &cp)) == 0 || text_harmful(cp) ||
		    cp == 0xa0)
			goto bad;
		if (len == 1 && strchr("._-+@", *s) == NULL &&
		    !(cp >= '0' && cp <= '9') && !(cp >= 'A' && cp <= 'Z') &&
		    !(cp >= 'a' && cp <= 'z'))
			goto bad;
	}
	return 0;
bad:
	err_set(e, EK_CONFIG, "'%s' can't be the name of an account", name);
	return err_next(e, "use letters, digits and . _ - + @, at most %d "
	    "bytes, with no . or - in front", NAME_BYTES);
}

/* What can be said of a section only when it is whole. */
static int
finish_section(struct config *c, cfg_t *sec, struct err *e)
{
	struct account *a = section(c, cfg_title(sec));
	const struct setting *s;
	cfg_opt_t *opt;

	if (check_name(a->name, e) == -1)
		return -1;
	for (s = settings; s < settings + settings_n; s++) {
		if (s->type != SETTING_LIST || !s->in_file)
			continue;
		/* folders = {}: no value, but a word all the same. */
		opt = cfg_getopt(sec, s->name);
		if ((opt->flags & CFGF_MODIFIED) == 0 ||
		    cfg_opt_size(opt) > 0)
			continue;
		if (setting_given(a, s))
			return err_set(e, EK_CONFIG, "%s is set twice",
			    s->name);
		if (setting_apply(a, s->name, "", NULL, e) == -1)
			return -1;
	}
	return account_one_secret(a, e);
}

/* What libconfuse is to know of a section; to be freed. */
static cfg_opt_t *
section_options(void)
{
	cfg_opt_t *opts, *to;
	const struct setting *s;

	opts = to = xcalloc(settings_n + 1, sizeof(*opts));
	for (s = settings; s < settings + settings_n; s++) {
		if (!s->in_file)
			continue;
		if (s->type == SETTING_LIST)
			*to++ = (cfg_opt_t)CFG_STR_LIST_CB(s->name, NULL,
			    CFGF_NODEFAULT, on_value);
		else
			*to++ = (cfg_opt_t)CFG_STR_CB(s->name, NULL,
			    CFGF_NODEFAULT, on_value);
	}
	*to = (cfg_opt_t)CFG_END();
	return opts;
}

static int
parse(struct config *c, const char *text, const struct sift *lines,
    struct err *e)
{
	cfg_opt_t *account = section_options();
	cfg_opt_t root[] = {
		CFG_SEC("account", account,
		    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_END()
	};
	cfg_t *cfg;
	unsigned int i;
	int r, rc = -1;

	if ((cfg = cfg_init(root, CFGF_NONE)) == NULL) {
		err_set(e, EK_FAIL, "libconfuse can't begin");
		goto out;
	}
	cfg_set_error_function(cfg, on_error);
	r = cfg_parse_buf(cfg, text);
	if (reading->failed)
		goto out;
	if (r != CFG_SUCCESS) {
		err_set(e, EK_CONFIG, "libconfuse can't read it");
		refuse(e, c->path, (size_t)cfg->line);
		goto out;
	}
	for (i = 0; i < cfg_size(cfg, "account") && i < lines->n; i++)
		if (finish_section(c, cfg_getnsec(cfg, "account", i),
		    e) == -1) {
			refuse(e, c->path, lines->starts[i]);
			goto out;
		}
	rc = 0;
out:
	if (cfg != NULL)
		cfg_free(cfg);
	free(account);
	return rc;
}

/*
 * The commands in a config file are run with our rights: nobody else may have
 * written them.  A file that others can read is fine, since it holds no
 * secrets.
 */
static int
check_owner(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1) {
		err_sys(e, "%s", path);
		e->kind = EK_CONFIG;
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return err_set(e, EK_CONFIG, "%s is not a file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, EK_CONFIG, "%s belongs to another user",
		    path);
	if ((st.st_mode & 022) != 0) {
		err_set(e, EK_CONFIG, "%s can be written by others "
		    "(mode %04o)", path, (unsigned int)st.st_mode & 07777);
		return err_next(e, "chmod go-w %s", path);
	}
	return 0;
}

/* All of ${fd}, as large as a config may be. */
static int
read_all(int fd, const char *path, struct buf *b, struct err *e)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			err_sys(e, "%s", path);
			e->kind = EK_CONFIG;
			return -1;
		}
		if (buf_add(b, piece, (size_t)n) == -1)
			return err_set(e, EK_CONFIG,
			    "%s is larger than %d bytes", path, CONFIG_MAX);
	}
	return 0;
}

/*
 * A symbolic link is followed: many keep their config in a repository and link
 * to it.
 */
static int
read_file(const char *path, bool must_exist, struct buf *b, struct err *e)
{
	int fd, rc = -1;

	if (strcmp(path, "/dev/null") == 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd == -1) {
		if (!must_exist && (errno == ENOENT || errno == ENOTDIR))
			return 0;
		err_sys(e, "%s", path);
		e->kind = EK_CONFIG;
		return -1;
	}
	if (check_owner(fd, path, e) == 0)
		rc = read_all(fd, path, b, e);
	close(fd);
	return rc;
}

/* Where the config file is by itself, or NULL in a world without a home. */
static char *
usual_path(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	/*
	 * A relative one is to be ignored, says the XDG Base Directory
	 * Specification.
	 */
	if (xdg != NULL && *xdg == '/')
		return xasprintf("%s/mailkeep/config", xdg);
	if (home != NULL && *home == '/')
		return xasprintf("%s/.config/mailkeep/config", home);
	return NULL;
}

/*
 * The folder that ${path} is in, as an absolute path or as one from the current
 * directory; NULL for just that.
 */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return NULL;
	return slash == path ? xstrdup("/") :
	    xmemdup0(path, (size_t)(slash - path));
}

int
config_load(const char *path, struct config **out, struct err *e)
{
	struct buf text = BUF_INIT(CONFIG_MAX);
	struct sift lines = { 0 };
	struct reading r = { .e = e };
	struct config *c;
	int rc = -1;

	c = xcalloc(1, sizeof(*c));
	c->path = path == NULL ? usual_path() : xstrdup(path);
	r.c = c;
	if (c->path != NULL) {
		if (read_file(c->path, path != NULL, &text, e) == -1)
			goto out;
		r.folder = folder_of(c->path);
	}
	if (text.n > 0) {
		if (sift_text(&lines, text.p, text.n, e) == -1) {
			refuse(e, c->path, lines.line);
			goto out;
		}
		reading = &r;
		rc = parse(c, text.p, &lines, e);
		reading = NULL;
	} else
		rc = 0;
out:
	if (rc == 0)
		*out = c;
	else
		config_free(&c);
	free(r.folder);
	sift_release(&lines);
	buf_release(&text);
	return rc;
}

void
config_free(struct config **cp)
{
	struct config *c = *cp;
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++)
		account_free(&c->accounts[i]);
	free(c->accounts);
	free(c->path);
	free(c);
	*cp = NULL;
}

const struct account *
config_account(const struct config *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->accounts[i]->name, name) == 0)
			return c->accounts[i];
	return NULL;
}

/* ${path} as an absolute one without "//", "." and "..", or NULL. */
static char *
normal(const char *path)
{
	char *cwd = NULL, *whole, *to;
	const char *s;
	size_t n;

	if (*path != '/' && (cwd = getcwd(NULL, 0)) == NULL)
		return NULL;
	whole = xasprintf("%s/%s", cwd == NULL ? "" : cwd, path);
	free(cwd);
	/* In place: what is written never overtakes what is read. */
	for (s = to = whole; *s != '\0'; s += n) {
		s += strspn(s, "/");
		n = strcspn(s, "/");
		if (n == 2 && memcmp(s, "..", 2) == 0) {
			while (to > whole && *--to != '/')
				;
		} else if (n > 0 && !(n == 1 && *s == '.')) {
			*to++ = '/';
			memmove(to, s, n);
			to += n;
		}
	}
	*to = '\0';
	return whole;
}

static bool
same_path(const char *a, const char *b)
{
	char *x = normal(a), *y = normal(b);
	bool same;

	same = x != NULL && y != NULL && strcmp(x, y) == 0;
	free(x);
	free(y);
	return same;
}

const struct account *
config_by_vault(const struct config *c, const char *path)
{
	struct stat st, other;
	bool there = stat(path, &st) == 0;
	const char *vault;
	size_t i;

	for (i = 0; i < c->n; i++) {
		if ((vault = c->accounts[i]->vault) == NULL)
			continue;
		if ((stat(vault, &other) == 0) != there)
			continue;
		if (there ? st.st_dev == other.st_dev &&
		    st.st_ino == other.st_ino : same_path(vault, path))
			return c->accounts[i];
	}
	return NULL;
}

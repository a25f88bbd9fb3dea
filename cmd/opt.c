/*
 * opt.c - see opt.h.  Knows rows and the words of a command line, no verb and no file.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/near.h"
#include "base/text.h"
#include "cmd/opt.h"
#include "cmd/ui.h"

#define HELP_WIDTH	80	/* and less on a narrow terminal */
#define HELP_LEFT	34	/* a longer option has its help on the next line */
#define HELP_NARROW	70	/* on a narrower terminal they all have, from */
#define HELP_INDENT	8

/* A command line being read. */
struct walk {
	const struct opt_set *sets;
	size_t		 n;
	int64_t		 now;
	char		**argv;
	int		 argc;
	int		 i;		/* the word that is being read */
};

/* A row and the set that it is of. */
struct found {
	const struct opt_set *set;
	const struct opt *opt;		/* NULL: none */
};

static const struct opt no_rows[] = { OPT_END };

static const struct opt *
rows_of(const struct opt_set *set)
{
	return set->rows == NULL ? no_rows : set->rows;
}

static struct found
find(const struct opt_set *sets, size_t n, char letter, const char *name,
    size_t len)
{
	const struct opt *o;
	size_t i;

	for (i = 0; i < n; i++)
		for (o = rows_of(&sets[i]); o->type != OPT_T_END; o++)
			if (name == NULL ? o->letter == letter :
			    strlen(o->name) == len &&
			    memcmp(o->name, name, len) == 0)
				return (struct found){ &sets[i], o };
	return (struct found){ NULL, NULL };
}

const struct opt *
opt_row(const struct opt_set *sets, size_t n, char letter, const char *name,
    size_t len)
{
	return find(sets, n, letter, name, len).opt;
}

/* Another set before ${set} has the name, so that this row can't be reached. */
static bool
hidden(const struct opt_set *sets, size_t n, const struct opt_set *set,
    const struct opt *o)
{
	return find(sets, n, 0, o->name, strlen(o->name)).set != set;
}

bool
opt_takes_value(const struct opt *o)
{
	return o->arg != NULL && o->type != OPT_T_MAYBE;
}

/* What people try. */
static bool
is_password(const char *name, size_t len)
{
	static const char *const names[] = { "pass", "passwd", "password" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return true;
	return false;
}

/* Options that begin so are told, where there are several: no guess is worth more. */
static bool
several(const struct walk *w, const char *name, size_t len, struct err *e)
{
	struct buf list = BUF_INIT(ERR_NEXT_MAX);
	const struct opt *o;
	size_t i, n = 0;

	for (i = 0; len > 0 && i < w->n; i++)
		for (o = rows_of(&w->sets[i]); o->type != OPT_T_END; o++)
			if (strncmp(o->name, name, len) == 0 &&
			    !hidden(w->sets, w->n, &w->sets[i], o))
				buf_addf(&list, "%s--%s", n++ == 0 ? "" : ", ",
				    o->name);
	if (n > 1)
		err_next(e, "which one: %s?", buf_text(&list));
	buf_release(&list);
	return n > 1;
}

static int
unknown(const struct walk *w, const char *name, size_t len, struct err *e)
{
	const struct opt *o;
	struct near near;
	size_t i;

	if (is_password(name, len)) {
		err_set(e, EK_USAGE, "no password belongs on the command line");
		return err_next(e, "leave it out to be asked, or give "
		    "--password-file");
	}
	/* What stands behind a = is not repeated: it may be a secret. */
	err_set(e, EK_USAGE, "unknown option --%.*s", (int)len, name);
	if (several(w, name, len, e))
		return -1;
	near_begin(&near, name, len);
	for (i = 0; i < w->n; i++)
		for (o = rows_of(&w->sets[i]); o->type != OPT_T_END; o++)
			near_try(&near, o->name);
	if (near.best != NULL)
		err_next(e, "did you mean --%s?", near.best);
	return -1;
}

static void
words_add(struct words *w, const char *s)
{
	w->v = mem_grow(w->v, &w->cap, w->n + 1, sizeof(*w->v));
	w->v[w->n++] = xstrdup(s);
}

static int
store_choice(int *field, const char *words, const char *value, struct err *e)
{
	size_t len = strlen(value), n;
	const char *p;
	int i = 0;

	for (p = words; ; p += n + 1, i++) {
		n = strcspn(p, "|");
		if (n == len && memcmp(p, value, n) == 0) {
			*field = i;
			return 0;
		}
		if (p[n] == '\0')
			return err_set(e, EK_USAGE, "'%s' is none of %s",
			    value, words);
	}
}

int
opt_date(const char *value, int64_t now, int64_t *out, struct err *e)
{
	size_t n = strlen(value);
	int64_t end;

	if (n > 0 && strchr("smhdwy", value[n - 1]) != NULL)
		return text_parse_age(value, now, out, e);
	if (text_parse_date(value, out, &end, e) == 0)
		return 0;
	return err_set(e, EK_USAGE, "'%s' is neither a date such as 2026-03-01 "
	    "or 2026-03-01 14:30 nor an age such as 2y", value);
}

static int
store_setting(struct account *account, const struct opt *o, const char *value,
    struct err *e)
{
	const char *name = settings[o->offset].name;
	size_t n = strlen(name);

	if (setting_apply(account, name, value, NULL, e) == 0)
		return 0;
	/* It is called by the name that it has here, not by that in the file. */
	if (strncmp(e->text, name, n) == 0 && strncmp(e->text + n, ": ", 2) == 0)
		memmove(e->text, e->text + n + 2, strlen(e->text + n + 2) + 1);
	return -1;
}

/* ${value} is NULL for a flag that has none. */
static int
store(const struct walk *w, struct found f, const char *value, struct err *e)
{
	const struct opt *o = f.opt;
	void *field = o->type == OPT_T_SETTING ? f.set->target :
	    (char *)f.set->target + o->offset;
	int r = 0;

	switch (o->type) {
	case OPT_T_FLAG:
		*(bool *)field = true;
		return 0;
	case OPT_T_COUNT:
		++*(unsigned int *)field;
		return 0;
	case OPT_T_TEXT:
		*(const char **)field = value;
		return 0;
	case OPT_T_MAYBE:
		*(const char **)field = value == NULL ? "" : value;
		return 0;
	case OPT_T_LIST:
		words_add(field, value);
		return 0;
	case OPT_T_U64:
		if (text_u64(value, strlen(value), field) == -1)
			r = err_set(e, EK_USAGE, "'%s' is not a number", value);
		break;
	case OPT_T_SIZE:
		r = text_parse_size(value, field, e);
		break;
	case OPT_T_AGE:
		r = text_parse_age(value, w->now, field, e);
		break;
	case OPT_T_DATE:
		r = opt_date(value, w->now, field, e);
		break;
	case OPT_T_CHOICE:
		r = store_choice(field, o->arg, value, e);
		break;
	case OPT_T_SETTING:
		r = store_setting(field, o, value, e);
		break;
	case OPT_T_END:
		break;
	}
	return r == -1 ? err_add(e, "--%s", o->name) : 0;
}

/* The next word, for an option that needs a value and stood alone. */
static int
next_word(struct walk *w, const struct opt *o, const char **value_out,
    struct err *e)
{
	if (w->i + 1 >= w->argc)
		return err_set(e, EK_USAGE, "--%s needs a value: %s", o->name,
		    o->arg);
	*value_out = w->argv[++w->i];
	return 0;
}

static int
long_option(struct walk *w, const char *name, struct err *e)
{
	size_t len = strcspn(name, "=");
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	struct found f = find(w->sets, w->n, 0, name, len);

	if (f.opt == NULL)
		return unknown(w, name, len, e);
	if (opt_takes_value(f.opt)) {
		if (value == NULL && next_word(w, f.opt, &value, e) == -1)
			return -1;
	} else if (value != NULL && f.opt->type != OPT_T_SETTING &&
	    f.opt->type != OPT_T_MAYBE)
		return err_set(e, EK_USAGE, "--%s takes no value", f.opt->name);
	return store(w, f, value, e);
}

/* -a, -abc, -cVALUE or -c VALUE. */
static int
short_options(struct walk *w, const char *letters, struct err *e)
{
	const char *value;
	struct found f;

	for (; *letters != '\0'; letters++) {
		f = find(w->sets, w->n, *letters, NULL, 0);
		if (f.opt == NULL)
			return err_set(e, EK_USAGE, "unknown option -%c",
			    *letters);
		if (opt_takes_value(f.opt)) {
			value = letters + 1;
			if (*value == '\0' &&
			    next_word(w, f.opt, &value, e) == -1)
				return -1;
			return store(w, f, value, e);
		}
		if (store(w, f, NULL, e) == -1)
			return -1;
	}
	return 0;
}

int
opt_parse(const struct opt_set *sets, size_t n, int64_t now, bool leading,
    int *argc, char **argv, struct err *e)
{
	struct walk w = { sets, n, now, argv, *argc, 0 };
	int kept = 0, r;

	for (; w.i < w.argc; w.i++) {
		char *word = argv[w.i];

		if (word[0] != '-' || word[1] == '\0') {
			if (leading)
				break;
			argv[kept++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			w.i++;
			break;
		}
		r = word[1] == '-' ? long_option(&w, word + 2, e) :
		    short_options(&w, word + 1, e);
		if (r == -1)
			return -1;
	}
	for (; w.i < w.argc; w.i++)
		argv[kept++] = argv[w.i];
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}

void
opt_release(const struct opt_set *set)
{
	const struct opt *o;
	struct words *w;

	if (set->target == NULL)
		return;
	for (o = rows_of(set); o->type != OPT_T_END; o++) {
		if (o->type != OPT_T_LIST)
			continue;
		w = (struct words *)(void *)((char *)set->target + o->offset);
		while (w->n > 0)
			free(w->v[--w->n]);
		free(w->v);
		*w = (struct words){ NULL, 0, 0 };
	}
}

const struct opt *
opt_settings(void)
{
	static struct opt *rows;	/* made once, kept to the end */
	size_t i, n = 0;

	if (rows != NULL)
		return rows;
	rows = xcalloc(settings_n + 1, sizeof(*rows));
	for (i = 0; i < settings_n; i++)
		if (settings[i].option != NULL)
			rows[n++] = (struct opt){ 0, settings[i].option,
			    OPT_T_SETTING, i, settings[i].arg,
			    settings[i].help };
	return rows;
}

int
opt_arguments(const char *synopsis, int argc, char *const *argv, struct err *e)
{
	const char *p = synopsis;
	int depth = 0, needed = 0, allowed = 0;
	bool any = false;
	size_t n;

	for (;;) {
		p += strspn(p, " ");
		if (*p == '\0')
			break;
		if (p[0] == '|' && p[1] == ' ') {
			if (argc <= allowed)
				return 0;
			needed = allowed = 0;
			p++;
			continue;
		}
		/* An option that must be given, and its value. */
		if (p[0] == '-') {
			p += strcspn(p, " ");
			p += strspn(p, " ");
			p += strcspn(p, " ");
			continue;
		}
		for (; *p == '['; p++)
			depth++;
		n = strcspn(p, " ]");
		if (n == 3 && memcmp(p, "...", 3) == 0)
			any = true;
		else if (n != 7 || memcmp(p, "options", 7) != 0) {
			allowed++;
			if (depth == 0 && ++needed > argc)
				return err_set(e, EK_USAGE, "%.*s is missing",
				    (int)n, p);
		}
		for (p += n; *p == ']'; p++)
			depth--;
	}
	if (argc > allowed && !any)
		return err_set(e, EK_USAGE, "'%s' is one argument too many",
		    argv[allowed]);
	return 0;
}

/* "  -n, --dry-run" or "      --folder FOLDER" */
static void
help_left(struct buf *out, const struct opt *o)
{
	if (o->letter != 0)
		buf_addf(out, "  -%c, --%s", o->letter, o->name);
	else
		buf_addf(out, "      --%s", o->name);
	if (o->arg != NULL)
		buf_addf(out, opt_takes_value(o) ? " %s" : "%s", o->arg);
}

/* Words of help from column ${left} to ${width}; what stands in ${line} begins the first line. */
static void
help_wrap(struct ui *ui, struct buf *line, size_t left, size_t width,
    const char *help)
{
	size_t n;

	if (line->n + 2 > left) {
		ui_print(ui, "%s", buf_text(line));
		buf_clear(line);
	}
	for (; *help != '\0'; help += n + strspn(help + n, " ")) {
		n = strcspn(help, " ");
		if (line->n > left && line->n + 1 + n > width) {
			ui_print(ui, "%s", buf_text(line));
			buf_clear(line);
		}
		if (line->n > left)
			buf_addc(line, ' ');
		while (line->n < left)
			buf_addc(line, ' ');
		buf_add(line, help, n);
	}
	ui_print(ui, "%s", buf_text(line));
	buf_clear(line);
}

static size_t
help_width(const struct ui *ui)
{
	size_t width = ui_width(ui);

	return width == 0 || width > HELP_WIDTH ? HELP_WIDTH : width;
}

static size_t
help_column(const struct opt_set *sets, size_t n)
{
	struct buf line = BUF_INIT(1024);
	const struct opt *o;
	size_t i, left = 0;

	for (i = 0; i < n; i++)
		for (o = rows_of(&sets[i]); o->type != OPT_T_END; o++) {
			buf_clear(&line);
			help_left(&line, o);
			if (line.n + 2 > left && line.n + 2 <= HELP_LEFT)
				left = line.n + 2;
		}
	buf_release(&line);
	return left;
}

void
opt_help(struct ui *ui, const struct opt_set *sets, size_t n)
{
	size_t width = help_width(ui), i;
	size_t left = width < HELP_NARROW ? HELP_INDENT : help_column(sets, n);
	struct buf line = BUF_INIT(1024);
	const struct opt *o;

	for (i = 0; i < n; i++) {
		if (rows_of(&sets[i])->type == OPT_T_END)
			continue;
		ui_print(ui, "%s", "");
		if (strcmp(sets[i].group, "own") == 0)
			ui_print(ui, "Options:");
		else if (strcmp(sets[i].group, "account") == 0)
			ui_print(ui, "Account options, as in mailkeep.conf(5):");
		else
			ui_print(ui, "Options of every verb:");
		for (o = rows_of(&sets[i]); o->type != OPT_T_END; o++) {
			if (hidden(sets, n, &sets[i], o))
				continue;
			help_left(&line, o);
			help_wrap(ui, &line, left, width, o->help);
		}
	}
	buf_release(&line);
}

static int
dump_line(const char *verb, const struct opt *o, const char *group,
    struct ui *ui, struct err *e)
{
	struct sink to = ui_text(ui);
	struct buf line = BUF_INIT(4096);
	int r;

	buf_addf(&line, "%s\t", verb);
	if (o->letter != 0)
		buf_addf(&line, "-%c ", o->letter);
	buf_addf(&line, "--%s\t%s\t%s\t%s\n", o->name,
	    opt_takes_value(o) ? o->arg : "", o->help, group);
	r = sink_write(&to, line.p, line.n, e);
	buf_release(&line);
	return r;
}

static void
dump_object(const char *verb, const struct opt *o, const char *group,
    struct ui *ui)
{
	struct json_out *j = ui_json_begin(ui, "option");

	json_str(j, "verb", verb);
	json_str(j, "name", o->name);
	if (o->letter != 0)
		json_strn(j, "letter", &o->letter, 1);
	if (opt_takes_value(o))
		json_str(j, "argument", o->arg);
	json_str(j, "help", o->help);
	json_str(j, "group", group);
	ui_json_end(ui);
}

int
opt_dump(const char *verb, const struct opt_set *sets, size_t n,
    struct ui *ui, struct err *e)
{
	const struct opt *o;
	size_t i;

	for (i = 0; i < n; i++)
		for (o = rows_of(&sets[i]); o->type != OPT_T_END; o++) {
			if (hidden(sets, n, &sets[i], o))
				continue;
			if (ui_json(ui))
				dump_object(verb, o, sets[i].group, ui);
			else if (dump_line(verb, o, sets[i].group, ui, e) == -1)
				return -1;
		}
	return 0;
}

/*
 * What is laid out: rows in columns, and how far a long work has come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>

#include "cmd/plain.h"
#include "cmd/progress.h"
#include "cmd/table.h"
#include "tests/unit/cmd_stage.h"

static void
test_progress_line_fits_any_width_and_drops_the_least_needful(void **state)
{
	static const struct progress p = { .title = "work",
	    .where = "Archive/2019\033", .bytes = 6979321856,
	    .bytes_total = 9878424780, .items = 8112, .items_total = 12004 };
	static const struct { size_t columns; bool utf8; const char *want; }
	    t[] = {
		{ 120, true, "  work   "
		    "\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2501"
		    "\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2501\u2578"
		    "           70 %   6.5/9.2 GiB   "
		    "31.4 MiB/s   1 m 28 s left   Archive/2019\\x1B   "
		    "8,112/12,004" },
		{ 100, false, "  work   ##############......    70 %   6.5/9.2 GiB   "
		    "31.4 MiB/s   1 m 28 s left   Archive/2019\\x1B" },
		{ 90, false, "  work   #######...    70 %   6.5/9.2 GiB   "
		    "31.4 MiB/s   1 m 28 s left   Archive/2019\\x1B" },
		{ 88, false, "  work   #######...    70 %   6.5/9.2 GiB   "
		    "31.4 MiB/s   1 m 28 s left   Archive/201..." },
		{ 80, false, "  work   #############......    70 %   6.5/9.2 GiB   "
		    "31.4 MiB/s   1 m 28 s left" },
		{ 50, false, "  work    70 %   6.5/9.2 GiB   1 m 28 s left" },
		{ 30, false, "  work    70 %   6.5/9.2 GiB" },
		{ 16, false, "  work    70 %" },
		{ 8, false, "  wor..." },
		{ 0, false, "" },
	};
	static const struct progress_rate rate = { 32925286.4, 7 };
	struct buf out = BUF_INIT(4096);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_clear(&out);
		progress_line(&out, &p, rate, t[i].columns, t[i].utf8);
		assert_string_equal(buf_text(&out), t[i].want);
	}
	for (i = 0; i < 200; i++) {
		buf_clear(&out);
		progress_line(&out, &p, rate, i, i % 2 == 0);
		assert_true(plain_width(buf_text(&out)) <= i);
	}
	buf_release(&out);
}

static void
test_progress_line_makes_do_with_what_is_known(void **state)
{
	static const struct { struct progress p; struct progress_rate rate;
	    const char *want; } t[] = {
		{ { 0 }, { 0, 0 }, "  0" },
		{ { .items = 1234 }, { 0, 10 }, "  1,234" },
		{ { .title = "x", .bytes = 2048 }, { 1024, 0 },
		    "  x   2.0 KiB   1.0 KiB/s" },
		{ { .items = 1, .items_total = 2 }, { 0, 0.5 },
		    "  ##############..............    50 %   1/2   2.0 s left"
		},
		/* Done is not told before it is so, nor more than all. */
		{ { .items = 999, .items_total = 1000 }, { 0, 0 },
		    "  ###########################.    99 %   999/1,000" },
		{ { .items = 3, .items_total = 2 }, { 0, 0 },
		    "  ############################   100 %   3/2" },
		/* Without the bytes' total the items tell how far it is. */
		{ { .bytes = 5, .items = 1, .items_total = 4 }, { 2048, 1 },
		    "  #######.....................    25 %   5 B   2.0 KiB/s   "
		    "3.0 s left   1/4" },
	};
	struct buf out = BUF_INIT(4096);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf_clear(&out);
		progress_line(&out, &t[i].p, t[i].rate, 80, false);
		assert_string_equal(buf_text(&out), t[i].want);
	}
	buf_release(&out);
}

static void
test_rate_is_that_of_the_last_seconds(void **state)
{
	struct progress_pace pace;
	struct progress p = { .bytes_total = 1000000 };
	struct progress_rate rate;
	int i;

	(void)state;
	memset(&pace, 0, sizeof(pace));
	rate = progress_rate(&pace, 100, &p);
	assert_true(rate.bytes == 0 && rate.items == 0);
	p.bytes = 50;
	rate = progress_rate(&pace, 100.5, &p);
	assert_true(rate.bytes == 0 && rate.items == 0);
	p.bytes = 300;
	p.items = 30;
	rate = progress_rate(&pace, 103, &p);
	assert_true(rate.bytes > 99.9 && rate.bytes < 100.1);
	assert_true(rate.items > 9.9 && rate.items < 10.1);
	/* Slower from now on: in the end only that counts. */
	for (i = 0; i < 100; i++) {
		p.bytes += 1;
		rate = progress_rate(&pace, 104 + i, &p);
		assert_true(rate.bytes > 0.9);
		assert_true(i < PROGRESS_PACE || rate.bytes < 1.1);
		assert_true(i < PROGRESS_PACE || rate.items == 0);
	}
	/* The work begins anew: nothing is known. */
	p.bytes = 0;
	rate = progress_rate(&pace, 300, &p);
	assert_true(rate.bytes == 0);
}

static const struct table_column columns[] = {
	{ "ID", TABLE_RIGHT, 0, 0, 0 },
	{ "FROM", TABLE_LEFT, 4, 1, 0 },
	{ "SUBJECT", TABLE_LEFT, 6, 2, 0 },
	{ "SIZE", TABLE_RIGHT, 0, 0, 0 },
};

static void
fill(struct ui *ui)
{
	struct table *t = table_new(ui, columns, 4);

	table_cell(t, "%d.%d", 3, 18);
	table_cell(t, "%s", "Steuerb\xc3\xbcro K\xc3\xbchn");
	table_styled(t, UI_BOLD, "%s", "Bescheid 2025\nX");
	table_cell(t, "1.3 MiB");
	table_cell(t, "12.7");
	table_cell(t, "\xe5\x8f\x97\xe4\xbf\xa1\xe7\xae\xb1");
	table_cell(t, "%s", "");
	table_cell(t, "812 B");
	table_end(&t);
	assert_null(t);
}

static void
test_table_in_a_file_is_aligned_and_uncut(void **state)
{
	struct stage s;

	(void)state;
	stage_files(&s, &plain);
	fill(s.ui);
	stage_end(&s, 0,
	    "  ID  FROM             SUBJECT              SIZE\n"
	    "3.18  Steuerb\xc3\xbcro K\xc3\xbchn  Bescheid 2025\\nX  1.3 MiB\n"
	    "12.7  \xe5\x8f\x97\xe4\xbf\xa1\xe7\xae\xb1"
	    "                               812 B\n", "");
}

static void
test_table_on_a_terminal_shares_the_room_by_weight(void **state)
{
	struct stage s;

	(void)state;
	stage_terminal(&s, 40, &plain);
	fill(s.ui);
	assert_shown(&s,
	    "  ID  FROM      SUBJECT             SIZE\n"
	    "3.18  Steuerb\u2026  Bescheid 2025\\\u2026  1.3 MiB\n"
	    "12.7  \xe5\x8f\x97\xe4\xbf\xa1\xe7\xae\xb1"
	    "                       812 B\n");
	terminal_end(&s);
	/* No narrower than the columns' least. */
	stage_terminal(&s, 10, &plain);
	fill(s.ui);
	assert_shown(&s,
	    "  ID  FROM  SUBJE\u2026     SIZE\n"
	    "3.18  Ste\u2026  Besch\u2026  1.3 MiB\n"
	    "12.7  \xe5\x8f\x97\u2026             812 B\n");
	terminal_end(&s);
}

static void
test_table_leaves_out_the_least_needful_columns_first(void **state)
{
	static const struct table_column four[] = {
		{ "ID", TABLE_LEFT, 0, 0, 0 }, { "DATE", TABLE_LEFT, 0, 0, 2 },
		{ "SUBJECT", TABLE_LEFT, 6, 1, 0 },
		{ "SIZE", TABLE_RIGHT, 0, 0, 1 },
	};
	static const struct { unsigned short width; const char *want; } t[] = {
		{ 30, "ID   DATE     SUBJECT     SIZE\n"
		    "1.1  2026-01  Hello wor\u2026  10 B\n" },
		{ 26, "ID   DATE     SUBJE\u2026  SIZE\n"
		    "1.1  2026-01  Hello\u2026  10 B\n" },
		{ 25, "ID   DATE     SUBJECT\n1.1  2026-01  Hello world\n" },
		{ 20, "ID   DATE     SUBJE\u2026\n1.1  2026-01  Hello\u2026\n" },
		{ 19, "ID   SUBJECT\n1.1  Hello world\n" },
		{ 3, "ID   SUBJE\u2026\n1.1  Hello\u2026\n" },
	};
	struct table *table;
	struct stage s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		stage_terminal(&s, t[i].width, &plain);
		table = table_new(s.ui, four, 4);
		table_cell(table, "1.1");
		table_cell(table, "2026-01");
		table_cell(table, "Hello world");
		table_cell(table, "10 B");
		table_end(&table);
		assert_shown(&s, t[i].want);
		terminal_end(&s);
	}
}

/* ${rows} rows, of which only the last has something in the second column, or none. */
static char *
sparse_rows(int rows, bool any)
{
	static const struct table_column three[] = {
		{ "A", TABLE_LEFT, 0, 0, 0 }, { "B", TABLE_LEFT, 0, 0, 0 },
		{ "C", TABLE_LEFT, 0, 0, 0 },
	};
	struct table *t;
	struct stage s;
	char *got;
	int i;

	stage_files(&s, &plain);
	t = table_new(s.ui, three, 3);
	table_sparse(t, 1);
	for (i = 1; i <= rows; i++) {
		table_cell(t, "a");
		table_cell(t, "%s", any && i == rows ? "b" : "");
		table_cell(t, "c");
	}
	table_end(&t);
	assert_int_equal(ui_finish(&s.ui, 0), 0);
	got = contents(s.out);
	close(s.out);
	close(s.err);
	return got;
}

static void
test_table_leaves_out_a_sparse_column_only_when_all_of_it_is_empty(void **state)
{
	char *got = sparse_rows(2, false);

	(void)state;
	assert_string_equal(got, "A  C\na  c\na  c\n");
	free(got);
	got = sparse_rows(2, true);
	assert_string_equal(got, "A  B  C\na     c\na  b  c\n");
	free(got);
	/* What comes after the titles is not known before them. */
	got = sparse_rows(TABLE_LOOK - 1, false);
	assert_begins(got, "A  C\n");
	free(got);
	got = sparse_rows(TABLE_LOOK + 1, true);
	assert_begins(got, "A  B  C\n");
	assert_non_null(strstr(got, "a  b  c\n"));
	free(got);
}

static void
test_table_says_what_belongs_to_a_row_below_it(void **state)
{
	struct table *t;
	struct stage s;

	(void)state;
	stage_terminal(&s, 20, &plain);
	t = table_new(s.ui, columns, 2);
	table_cell(t, "1");
	table_below(t, "-> a name that\n%s", "goes on");
	table_cell(t, "Anna");
	table_cell(t, "2");
	table_cell(t, "Bert");
	table_end(&t);
	assert_shown(&s, "ID  FROM\n 1  Anna\n    -> a name\n"
	    "    that\\ngoes on\n 2  Bert\n");
	terminal_end(&s);
}

/* One long text takes no more than its share, and what a column doesn't need the others get. */
static void
test_table_is_not_pushed_apart_by_one_long_text(void **state)
{
	static const struct table_column three[] = {
		{ "A", TABLE_LEFT, 2, 1, 0 }, { "B", TABLE_LEFT, 2, 3, 0 },
		{ "C", TABLE_LEFT, 0, 0, 0 },
	};
	char text[201];
	struct table *t;
	struct stage s;
	char *got;
	int k;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (k = 0; k < 2; k++) {
		if (k == 0)
			stage_terminal(&s, 30, &plain);
		else
			stage_files(&s, &plain);
		t = table_new(s.ui, three, 3);
		table_cell(t, "four");
		table_cell(t, "%s", text);
		table_cell(t, "end");
		table_cell(t, "four");
		table_cell(t, "short");
		table_cell(t, "end");
		table_end(&t);
		if (k == 0) {
			assert_shown(&s,
			    "A     B                    C\n"
			    "four  xxxxxxxxxxxxxxxxxx\u2026  end\n"
			    "four  short                end\n");
			terminal_end(&s);
			continue;
		}
		assert_int_equal(ui_finish(&s.ui, 0), 0);
		got = contents(s.out);
		assert_int_equal(strlen(got), 6 + TABLE_PAD + 2 + 2 +
		    6 + strlen(text) + 2 + 4 + 6 + TABLE_PAD + 2 + 4);
		assert_non_null(strstr(got, text));
		free(got);
		close(s.out);
		close(s.err);
	}
}

static void
test_table_without_rows_prints_nothing_and_titles_may_be_missing(void **state)
{
	static const struct table_column bare[] = {
		{ NULL, TABLE_LEFT, 0, 0, 0 }, { NULL, TABLE_LEFT, 0, 0, 0 },
	};
	struct table *t;
	struct stage s;

	(void)state;
	stage_files(&s, &plain);
	t = table_new(s.ui, columns, 4);
	table_end(&t);
	table_end(&t);
	t = table_new(s.ui, bare, 2);
	table_cell(t, "a");
	table_cell(t, "b");
	table_cell(t, "ccc");
	table_cell(t, "%s", "");
	table_end(&t);
	stage_end(&s, 0, "a    b\nccc\n", "");
}

/* Rows after the first TABLE_LOOK don't change the widths, and are not held. */
static void
test_table_settles_its_widths_after_a_look_ahead(void **state)
{
	static const struct table_column two[] = {
		{ "A", TABLE_LEFT, 0, 0, 0 }, { "B", TABLE_LEFT, 0, 0, 0 },
	};
	static const struct { size_t row; const char *first; } t[] = {
		{ TABLE_LOOK - 1, "A     B\n" },
		{ TABLE_LOOK, "A  B\n" },
	};
	struct table *table;
	struct stage s;
	size_t i, k;
	char *got;

	(void)state;
	for (k = 0; k < 2; k++) {
		stage_files(&s, &plain);
		table = table_new(s.ui, two, 2);
		for (i = 0; i < TABLE_LOOK + 1; i++) {
			table_cell(table, "%s", i == t[k].row ? "long" : "x");
			table_cell(table, "y");
		}
		table_end(&table);
		assert_int_equal(ui_finish(&s.ui, 0), 0);
		got = contents(s.out);
		assert_memory_equal(got, t[k].first, strlen(t[k].first));
		assert_non_null(strstr(got, "\nlong  y\n"));
		free(got);
		close(s.out);
		close(s.err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_progress_line_fits_any_width_and_drops_the_least_needful),
		cmocka_unit_test(
		    test_progress_line_makes_do_with_what_is_known),
		cmocka_unit_test(test_rate_is_that_of_the_last_seconds),
		cmocka_unit_test(test_table_in_a_file_is_aligned_and_uncut),
		cmocka_unit_test(test_table_on_a_terminal_shares_the_room_by_weight),
		cmocka_unit_test(
		    test_table_leaves_out_the_least_needful_columns_first),
		cmocka_unit_test(
		    test_table_leaves_out_a_sparse_column_only_when_all_of_it_is_empty),
		cmocka_unit_test(
		    test_table_says_what_belongs_to_a_row_below_it),
		cmocka_unit_test(
		    test_table_is_not_pushed_apart_by_one_long_text),
		cmocka_unit_test(
		    test_table_without_rows_prints_nothing_and_titles_may_be_missing),
		cmocka_unit_test(
		    test_table_settles_its_widths_after_a_look_ahead),
	};

	unsetenv("COLUMNS");
	setenv("TERM", "dumb", 1);
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * As many as may be, and one more (R113, R116).
 * flavour: plain
 */
#include <sys/resource.h>

#include "imap_stage.h"

#define FOLDERS_MAX	1000000
#define CHATTER_MAX	1000000

static void
test_a_million_folders_and_no_more(void **state)
{
	static const char caps[] = "* CAPABILITY IMAP4rev1\r\n%T OK\r\n";
	struct imap_boxes boxes;
	int over, i;

	for (over = 0; over <= 1; over++) {
		setup(state);
		double_on("CAPABILITY", caps);
		double_on("LIST", "");
		open_session(NULL);
		wire_flush(NULL);
		for (i = 0; i < FOLDERS_MAX + over; i++)
			buf_addf(&dbl.answers, "* LIST () \"/\" %d\r\n", i);
		/* The tag of the LIST to come. */
		buf_addf(&dbl.answers, "%.*s3 OK\r\n", (int)(strchr(dbl.tag[0],
		    '.') + 1 - dbl.tag[0]), dbl.tag[0]);
		if (over == 0) {
			assert_int_equal(imap_list(im, false, &boxes, &e), 0);
			assert_int_equal(boxes.n, FOLDERS_MAX);
			assert_int_equal(boxes.unreadable, 0);
			imap_boxes_release(&boxes);
		} else {
			assert_int_equal(imap_list(im, false, &boxes, &e), -1);
			assert_int_equal(e.kind, EK_PROTO);
			assert_string_equal(e.text, "the server lists more "
			    "than 1000000 folders");
		}
		imap_close(&im);
	}
}

/* Folders of the longest names, and their STATUS apart: memory is bounded by bytes, not only by number (R113). */
static void
test_long_names_have_a_limit_together(void **state)
{
	static char name[8192 + 1];
	struct imap_boxes boxes;
	int status, i;

	memset(name, 'n', sizeof(name) - 1);
	for (status = 0; status <= 1; status++) {
		setup(state);
		double_on("CAPABILITY", "* CAPABILITY IMAP4rev1\r\n%T OK\r\n");
		open_session(NULL);
		wire_flush(NULL);
		for (i = 0; i < 7000; i++)
			buf_addf(&dbl.answers, status ?
			    "* STATUS %.*s ()\r\n" : "* LIST () \"/\" %.*s\r\n",
			    8192, name);
		assert_int_equal(imap_list(im, false, &boxes, &e), -1);
		assert_int_equal(e.kind, EK_PROTO);
		assert_string_equal(e.text,
		    "the server's list of folders takes more than 32 MiB");
		imap_close(&im);
	}
}

static void
chatter(const char *text, uint64_t times, bool answer)
{
	static char all[64];

	ready("IMAP4rev1");
	snprintf(all, sizeof(all), "%s", text);
	dbl.flood = times;
	dbl.flood_text = all;
	double_on("UID", answer ? text : "");
	assert_int_equal(imap_search_all(im, NULL, &e), 0);
}

/* Lines for ever, of a kind that says nothing: there is an end to it, and the memory is bounded all the time. */
static void
test_a_server_that_only_talks_is_left(void **state)
{
	static const char *const texts[] = { "* OK Still here\r\n", "\r\n", "* 5 EXISTS\r\n",
	    "* CAPABILITY IMAP4rev1\r\n", "+ go on\r\n", "* X\r\n", "* NAMESPACE NIL NIL NIL\r\n",
	    "* ID NIL\r\n", "X\r\n" };
	struct rusage before, after;
	struct imap_event ev;
	size_t i;

	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		setup(state);
		chatter(texts[i], CHATTER_MAX + 1, false);
		assert_int_equal(next(&ev), -1);
		assert_int_equal(e.kind, EK_TEMP);
		assert_string_equal(e.text, "the server talks, but answers nothing");
		assert_int_equal(dbl.flood, 0);
		imap_close(&im);
		/* One less is patience enough. */
		if (i > 0)
			continue;
		setup(state);
		chatter(texts[i], CHATTER_MAX, false);
		assert_int_equal(next(&ev), -1);
		assert_string_equal(e.text, "the server has nothing to say");
		imap_close(&im);
	}
	getrusage(RUSAGE_SELF, &after);
	assert_true(after.ru_maxrss - before.ru_maxrss < 8 * 1024);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		/* Memory first, while there is none of the other. */
		TEST(test_a_server_that_only_talks_is_left),
		TEST(test_long_names_have_a_limit_together),
		TEST(test_a_million_folders_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

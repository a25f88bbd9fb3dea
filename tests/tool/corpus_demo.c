/*
 * corpus_demo.c - a mailbox that is pleasant to look at, with every oddity that real ones have.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "corpus.h"

#define DEMO_COUNT	300
#define YEARS		3

/* Ordinary letters: what they are about. */
struct theme {
	const char	*folder;
	unsigned	 share;		/* of 100 */
	const char	*flags, *keywords;
	bool		 sent;		/* by Anna, whose mailbox it is */
	const char	*const subjects[12];
	const char	*const sentences[14];
};

#define OBSERVATORY							\
	{ "Night plan for Thursday", "Mirror cleaning on Monday",	\
	  "Minutes of the dome committee", "Re: Spare parts for the drive", \
	  "New finder chart attached", "Visitors on Saturday evening",	\
	  "Weather station is back", "Re: Visitors on Saturday evening", \
	  "Calibration frames, please", "Who has the key to the roof?", \
	  "Time series of March", NULL },				\
	{ "The dome opened without a squeak tonight.",			\
	  "Seeing was 1.4 arc seconds and got better after midnight.",	\
	  "Please bring the red torches back to the control room.",	\
	  "The guide camera loses its star whenever the wind turns north.", \
	  "We have three hours on the big telescope and five targets.",	\
	  "I wrote the finder chart for M 51 on the blackboard.",	\
	  "Tomáš will bake again, so nobody needs to bring food.",	\
	  "The humidity sensor reads 104 per cent, which I doubt.",	\
	  "Flat fields were taken at dusk and look fine.",		\
	  "Could somebody check the oil of the azimuth drive?",		\
	  "The school class asked better questions than the committee.", \
	  "Next clear night is forecast for Thursday.", NULL }

#define TRAVEL								\
	{ "Zugverbindung nach Hallstatt", "Hütte am Dachstein: Zusage",	\
	  "Re: Wanderkarten", "Photos of the lake", "Österreich im Juni?", \
	  "Packliste", "Your booking is confirmed", NULL },		\
	{ "Der Zug fährt um 7:12 Uhr, in Salzburg steigen wir um.",	\
	  "Die Hütte hat noch zwölf Betten und einen alten Hund.",	\
	  "Bitte denkt an Regenjacken, es ist das Salzkammergut.",	\
	  "Über den Pass sind es fünf Stunden ohne Pausen.",		\
	  "I put the map on the kitchen table, next to the cake.",	\
	  "The lake was so still that you could count the mountains twice.", \
	  "Grüße von der Terrasse!", NULL }

#define FAMILY								\
	{ "Dinner on Sunday?", "Re: Dinner on Sunday?", "Oma's 80th birthday", \
	  "The cat is back", "Recipe for plum dumplings", "School play",	\
	  "Pictures from the garden", "Re: The cat is back", NULL },	\
	{ "Can you bring the big pot?", "We are eight, or nine if Jörg comes.", \
	  "She slept on the piano, as always.", "The plums are ripe a week early.", \
	  "Don't tell Oma about the accordion player.",			\
	  "The costume needs wings by Friday.", "Love from all of us.",	\
	  "The tomatoes have won, the slugs have lost.", NULL }

#define BILLS								\
	{ "Rechnung 2025-0117", "Ihre Stromrechnung", "Receipt for your order", \
	  "Zahlungserinnerung", "Beleg: Buchhandlung am Markt",		\
	  "Rechnung 2025-0244", "Invoice for hosting", NULL },		\
	{ "Der Betrag von 84,20 € wird am 15. abgebucht.",		\
	  "Vielen Dank für Ihren Einkauf.",				\
	  "Your receipt is attached for your records.",			\
	  "Bitte überweisen Sie innerhalb von 14 Tagen.",		\
	  "Der Zählerstand wurde geschätzt.",				\
	  "No action is needed if you have paid already.", NULL }

#define STARS								\
	{ "[astronomy] Nova in Cassiopeia?", "Re: [astronomy] Nova in Cassiopeia?", \
	  "[astronomy] Which eyepiece for planets", "[astronomy] Monthly digest", \
	  "Re: [astronomy] Which eyepiece for planets",			\
	  "[astronomy] Star party, second announcement", NULL },		\
	{ "> Has anybody else seen it?", "> It was about magnitude 8 last night.", \
	  "I saw it too, a bit brighter than the chart says.",		\
	  "Comparison stars are on the usual page.",			\
	  "A wide field shows more than a long focus does.",		\
	  "Clear skies to all of you.",					\
	  "The second announcement has the map that the first one lacked.", \
	  NULL }

static const struct theme themes[] = {
	{ "INBOX", 12, "S", "", false, OBSERVATORY },
	{ "INBOX", 8, "", "", false, FAMILY },
	{ "INBOX", 4, "FS", "$Important", false, TRAVEL },
	{ "Archive/2024", 14, "S", "", false, OBSERVATORY },
	{ "Archive/2025", 14, "RS", "", false, FAMILY },
	{ "Family", 8, "S", "", false, FAMILY },
	{ "Lists/astronomy", 14, "S", "$NotJunk NonJunk", false, STARS },
	{ "Rechnungen & Belege", 6, "S", "paid", false, BILLS },
	{ "Sent", 8, "S", "", true, FAMILY },
	{ "Travel/Österreich", 4, "S", "", false, TRAVEL },
	{ "Work/Observatory", 6, "RS", "$Forwarded", true, OBSERVATORY },
	{ "Work/Observatory/Dome", 2, "S", "", false, OBSERVATORY },
};

static const char *const folders[] = { "INBOX", "Archive/2024", "Archive/2025",
    "Drafts", "Family", "Family/写真", "Junk", "Lists/astronomy",
    "Rechnungen & Belege", "Sent", "Trash", "Travel/Österreich",
    "Work/Observatory", "Work/Observatory/Dome", NULL };

/* Letters that programs have stumbled over.  Where there is no text it is made by the function. */
struct odd {
	const char	*folder, *flags, *keywords;
	const char	*text;
	void		(*make)(struct buf *, struct chance *);
};

#define HEAD(subject)	"From: Ben Carter <ben@example.co.uk>\n"		\
	"To: anna@example.org\nSubject: " subject "\n"			\
	"Date: Tue, 06 May 2025 09:41:00 +0100\n"

static void
make_long_line(struct buf *b, struct chance *c)
{
	size_t i;

	buf_adds(b, HEAD("One line of 12,000 characters") "\n");
	for (i = 0; i < 12000; i++)
		buf_addc(b, (char)('a' + chance_below(c, 26)));
	buf_addc(b, '\n');
}

static void
make_long_header(struct buf *b, struct chance *c)
{
	size_t i;

	for (i = 0; i < 200; i++)
		buf_addf(b, "Received: by hop%zu.example.net (Postfix) id "
		    "%08llX; Tue, 06 May 2025 08:%02zu:00 +0000\n", i,
		    (unsigned long long)(chance_bits(c) >> 32), i % 60);
	buf_adds(b, HEAD("It went round and round") "\nFinally here.\n");
}

static void
make_long_subject(struct buf *b, struct chance *c)
{
	size_t i;

	buf_adds(b, "From: Ben Carter <ben@example.co.uk>\nSubject: A subject");
	for (i = 0; i < 60; i++) {
		buf_adds(b, "\n that goes on ");
		text_words(b, c, 2);
	}
	buf_adds(b, "\nDate: Tue, 06 May 2025 09:41:00 +0100\n\nSee above.\n");
}

/* A picture: a grey square as a portable graymap. */
static void
make_picture(struct buf *b, struct chance *c)
{
	struct buf pgm = BUF_INIT(1 << 20);
	size_t i;

	buf_adds(b, HEAD("=?UTF-8?B?5YaZ55yf?= of the moon")
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=moon\n\n"
	    "--moon\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\nDas ist der Mond über dem "
	    "Dach.\n\n--moon\nContent-Type: image/x-portable-graymap\n"
	    "Content-Disposition: attachment;\n"
	    " filename*=UTF-8''%E6%9C%88.pgm\n"
	    "Content-Transfer-Encoding: base64\n\n");
	buf_adds(&pgm, "P5\n256 256\n255\n");
	for (i = 0; i < 65536; i++) {
		int64_t x = (int64_t)(i % 256) - 128, y = (int64_t)(i / 256) - 128;
		uint64_t noise = chance_below(c, 24);

		buf_addc(&pgm, (char)(x * x + y * y < 10000 ? 200 + noise :
		    noise));
	}
	text_base64_of(b, pgm.p, pgm.n);
	buf_adds(b, "--moon--\n");
	buf_release(&pgm);
}

static void
make_attachment(struct buf *b, struct chance *c)
{
	buf_adds(b, HEAD("Rechnung 2025-0301") "MIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=\"b=1\"\n\n--b=1\n\n"
	    "Die Rechnung finden Sie im Anhang.\n--b=1\n"
	    "Content-Type: application/pdf; name=\"Rechnung 2025-0301.pdf\"\n"
	    "Content-Disposition: attachment\n"
	    "Content-Transfer-Encoding: base64\n\n");
	text_base64(b, c, 80000, 0.1);
	buf_adds(b, "--b=1--\n");
}

static const struct odd odds[] = {
	{ "Archive/2024", "S", "", "", NULL },
	{ "Archive/2024", "S", "", "Subject: A header and nothing else\n", NULL },
	{ "Archive/2024", "S", "", "\nThis message has no header at all.\n", NULL },
	{ "INBOX", "", "", HEAD("No newline at the end") "\nThe last line just sto", NULL },
	{ "INBOX", "S", "", HEAD("An empty body") "\n", NULL },
	{ "INBOX", "S", "", HEAD("Sch\xf6ne Gr\xfc\xdf" "e in Latin-1")
	    "\nVon h\xfc" "ben nach dr\xfc" "ben.\n", NULL },
	{ "INBOX", "S", "", HEAD("Raw UTF-8: größer, früher, 早い") "\n…\n", NULL },
	{ "INBOX", "RS", "$Forwarded", HEAD("=?ISO-2022-JP?B?GyRCJUYlOSVIGyhC?= from Tokyo")
	    "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B%F%9%H\x1b(B\n", NULL },
	{ "INBOX", "S", "", HEAD("=?utf-8?q?Split_in_the_middle_of_=C3?= =?utf-8?q?=A4?=") "\nIt happens.\n", NULL },
	{ "INBOX", "S", "", HEAD("=?x-unknown?q?What_charset=3F?=") "\nNobody knows.\n", NULL },
	{ "Archive/2025", "S", "", HEAD("From the beginning of a line")
	    "\nFrom here on it is easy to go wrong:\n>From there, too.\n>>From everywhere.\nFrom \n", NULL },
	{ "Archive/2025", "S", "", HEAD("Dots") "\n.\n..\n...\n.\n", NULL },
	{ "Archive/2025", "S", "", "From: somebody@example.com\nSubject: Neither date nor id\n\nWhen was it?\n", NULL },
	{ "Archive/2025", "S", "", "From: somebody@example.com\nDate: yesterday, about noon\n"
	    "Subject: A date of sorts\n\n?\n", NULL },
	{ "Archive/2025", "S", "", "From: somebody@example.com\nDate: Fri, 13 Feb 2061 25:61:61 +9900\n"
	    "Subject: From the future\n\nComet Halley is back.\n", NULL },
	{ "Archive/2025", "S", "", "Subject: From nobody\nDate: Tue, 06 May 2025 09:41:00 +0100\n\n"
	    "Who wrote this?\n", NULL },
	{ "INBOX", "S", "", HEAD("Twice the same") "Message-ID: <twice@example.org>\n\nIdentical twins.\n", NULL },
	{ "INBOX", "S", "", HEAD("Twice the same") "Message-ID: <twice@example.org>\n\nIdentical twins.\n", NULL },
	{ "INBOX", "S", "", HEAD("The same Message-ID") "Message-ID: <twice@example.org>\n\n"
	    "But not the same text.\n", NULL },
	{ "INBOX", "FS", "$Label1 $Label2 todo a-very-long-keyword_with.dots", HEAD("Many keywords")
	    "\nTidy.\n", NULL },
	{ "INBOX", "S", "", HEAD("Trailing blanks and tabs   \t") "\nHere: \t \n\tand here   \n", NULL },
	{ "INBOX", "S", "", "From: \"Doe, Jane (the other one)\" <jane@example.com>,\n"
	    " =?utf-8?q?J=C3=B6rg?= <j@example.net>\n"
	    "To: undisclosed-recipients:;\nSubject: Two authors, no recipients\n\nHello all.\n", NULL },
	{ "Sent", "S", "", HEAD("Forwarded: see below")
	    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
	    "--x\n\nThis came today:\n\n--x\nContent-Type: message/rfc822\n\n"
	    "From: a@example.com\nSubject: The one inside\n\nBody of the one inside.\n--x--\n", NULL },
	{ "Work/Observatory", "S", "", HEAD("Invitation: dome committee") "MIME-Version: 1.0\n"
	    "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Dome committee\n"
	    "DTSTART:20250512T180000Z\nEND:VEVENT\nEND:VCALENDAR\n", NULL },
	{ "Work/Observatory", "S", "", HEAD("=?utf-8?b?zqPOts6xzrzOvs65?=") "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: base64\n\nzprOsc67zrfOvM6tz4HOsSEK\n", NULL },
	{ "Family", "S", "", HEAD("Caf=E9 =?iso-8859-1?q?Caf=E9?=") "Content-Type: text/plain; charset=iso-8859-1\n"
	    "Content-Transfer-Encoding: quoted-printable\n\n"
	    "Wir treffen uns im Caf=E9, wie immer um drei, und wer zu sp=\n"
	    "=E4t kommt, zahlt.\n", NULL },
	{ "Junk", "", "$Junk", HEAD("You have won \x1b]0;owned\x07 a prize")
	    "\n\x1b[2J\x1b[31mClick here.\x1b[0m\n", NULL },
	{ "Junk", "", "$Junk", HEAD("Invoice \xe2\x80\xae" "fdp.exe") "Content-Type: text/html\n\n"
	    "<html><body><h1>Urgent</h1></body></html>\n", NULL },
	{ "Junk", "ST", "", HEAD("../../etc/passwd") "\n%s%n\n", NULL },
	{ "Trash", "ST", "", HEAD("Deleted, but not yet gone") "\nStill here.\n", NULL },
	{ "Trash", "S", "", HEAD("Old news") "\nNothing new.\n", NULL },
	{ "Family/写真", "S", "", NULL, make_picture },
	{ "Rechnungen & Belege", "FS", "paid", NULL, make_attachment },
	{ "Archive/2025", "S", "", NULL, make_long_line },
	{ "Archive/2025", "S", "", NULL, make_long_header },
	{ "Archive/2025", "S", "", NULL, make_long_subject },
};
#define ODDS	(sizeof(odds) / sizeof(odds[0]))

const char *const *
demo_folders(void)
{
	return folders;
}

static const char *
one_of(struct chance *c, const char *const *v)
{
	size_t n = 0;

	while (v[n] != NULL)
		n++;
	return v[chance_below(c, n)];
}

static void
compose(struct buf *b, struct chance *c, const struct theme *t, int64_t date)
{
	const struct person *other = &persons[1 + chance_below(c, persons_n - 1)];
	uint64_t paragraphs = 1 + chance_below(c, 3), sentences;

	buf_clear(b);
	buf_adds(b, "Date: ");
	text_date(b, date);
	buf_addc(b, '\n');
	text_address(b, "From", t->sent ? &persons[0] : other);
	text_address(b, "To", t->sent ? other : &persons[0]);
	text_header(b, "Subject", one_of(c, t->subjects));
	buf_adds(b, "Message-ID: ");
	text_id(b, c, strchr(other->address, '@') + 1);
	buf_adds(b, "\nMIME-Version: 1.0\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n");
	while (paragraphs-- > 0) {
		for (sentences = 1 + chance_below(c, 3); sentences > 0;
		    sentences--)
			buf_addf(b, "%s\n", one_of(c, t->sentences));
		buf_addc(b, '\n');
	}
	buf_addf(b, "-- \n%s\n", t->sent ? persons[0].name : other->name);
}

static const struct theme *
pick_theme(struct chance *c)
{
	size_t n = sizeof(themes) / sizeof(themes[0]), i;
	uint64_t at = chance_below(c, 100);

	for (i = 0; i + 1 < n && at >= themes[i].share; i++)
		at -= themes[i].share;
	return &themes[i];
}

static void
make_odd(const struct odd *o, struct chance *c, int64_t date, struct buf *b,
    letter_fn *fn, void *arg)
{
	struct letter l = { o->folder, o->flags, o->keywords, date, b };

	buf_clear(b);
	if (o->make != NULL)
		o->make(b, c);
	else
		buf_adds(b, o->text);
	fn(arg, &l);
}

/* The ones that come later: all into INBOX, the last one just now. */
static void
make_new(uint64_t seed, size_t count, int64_t latest, letter_fn *fn, void *arg)
{
	struct buf b = BUF_INIT(MAIL_MAX);
	struct chance c;
	size_t i;

	for (i = 0; i < count; i++) {
		struct letter l = { "INBOX", "", "", latest -
		    (int64_t)(count - 1 - i) * 60, &b };

		chance_start(&c, seed, (uint64_t)2 << 56 | i);
		compose(&b, &c, &themes[i % 3], l.date);
		fn(arg, &l);
	}
	buf_release(&b);
}

int
demo_make(const char *shape, uint64_t seed, size_t count, int64_t latest,
    letter_fn *fn, void *arg)
{
	struct buf b = BUF_INIT(MAIL_MAX);
	struct chance c;
	int64_t step, date;
	size_t i, k = 0;

	if (strcmp(shape, "new") == 0) {
		make_new(seed, count == 0 ? 3 : count, latest, fn, arg);
		return 0;
	}
	if (strcmp(shape, "demo") != 0)
		return -1;
	if (count == 0)
		count = DEMO_COUNT;
	if (count < ODDS)
		count = ODDS;
	step = 86400 * 365 * YEARS / (int64_t)count;
	for (i = 0; i < count; i++) {
		date = latest - (int64_t)(count - 1 - i) * step;
		chance_start(&c, seed, (uint64_t)1 << 56 | i);
		date -= (int64_t)chance_below(&c, (uint64_t)step);
		/* The odd ones are spread over the years. */
		if (k < ODDS && i * ODDS / count >= k) {
			make_odd(&odds[k++], &c, date, &b, fn, arg);
		} else {
			const struct theme *t = pick_theme(&c);
			struct letter l = { t->folder, t->flags, t->keywords,
			    date, &b };

			compose(&b, &c, t, date);
			fn(arg, &l);
		}
	}
	buf_release(&b);
	return 0;
}

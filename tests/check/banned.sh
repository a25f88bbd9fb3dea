# What the source may not hold: functions that can't be used safely, typedefs that hide what a thing is, notes to self.
. "$TOP/tests/lib-source.sh"

mapfile -t files < <(sources)
code "${files[@]}" >"$TMPDIR/code"
mapfile -t all < <(find src cmd tests -name '*.[ch]' | LC_ALL=C sort)
code "${all[@]}" >"$TMPDIR/all"

# banned PATTERN WHY [FILE]
banned()
{
	complain_of "$2" < <(grep -E "^[^:]*:[0-9]+:.*($1)" "${3-$TMPDIR/code}" || :)
}

banned '\<(strcpy|strcat|stpcpy|v?sprintf|strtok|gets) *\(' "has no limit: use struct buf, snprintf" "$TMPDIR/all"
banned '\<(atoi|atol|atoll|atof|v?[fs]?scanf) *\(' "can't tell an error: text_u64"
banned '\<(strncpy|strncat|strdupa|alloca) *\(' "says nothing when it cuts, or takes the stack: struct buf"
banned '\<(mktemp|tmpnam|tempnam|tmpfile|mkstemp) *\(' "temporary files are made by io.h"
banned '(^|[^.>])\<(rand|srand|random|drand48) *\(' "can be guessed: random_bytes"
banned '\<(localtime|gmtime|ctime|asctime|strerror|strtok|setlocale|getpwuid|readdir_r) *\(' "not for threads: the _r form" \
	<(grep -Ev '^(cmd/main\.c|src/mail/decode\.c):' "$TMPDIR/code" | grep -Ev '\<strerror *\(' || :)
# Allocation by hand is base/mem.h's; libraries that allocate are freed by free().
banned '\<(malloc|calloc|realloc|reallocarray|strdup|strndup|v?asprintf) *\(' "base/mem.h allocates" \
	<(grep -v '^src/base/mem\.c:' "$TMPDIR/code" || :)
# Function types only.
banned '\<typedef\>' "a struct is seen to be one: no typedef but of functions" \
	<(grep -Ev '\<typedef [a-z_0-9 ]+[ *]+[a-z_0-9]+\(' "$TMPDIR/code" | grep -Ev 'typedef.*\(\*?[a-z_]+\)\(' || :)
banned '\<return *\([^()]*\) *;' "return needs no parentheses"

# Notes to self, and // comments.
complain_of "no notes to self" < <(grep -nE '\<(TODO|FIXME)\>|\<XXX:' "${all[@]}" Makefile || :)
complain_of "/* */ is the house's comment" < <(grep -nE '(^|[;{}[:blank:]])//' "${all[@]}" | grep -vE '"[^"]*//|\*.*//' || :)
complain_of "blank at the end of a line" < <(grep -nE '[ 	]$' "${all[@]}" Makefile || :)
complain_of "indented by tabs" < <(grep -nE '^ {8}' "${all[@]}" || :)

verdict

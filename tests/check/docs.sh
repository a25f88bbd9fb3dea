# The manual pages say what the option tables say, in both directions: verbs, synopses, summaries, options and their
# arguments, exit statuses; and the completions know each option.  Each type and member of JSON objects is described, and
# nothing else is.
: "${TOP:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
export TOP
. "$TOP/tests/lib-source.sh"
need mandoc col

# compare WHAT EXPECTED GOT: two files of lines; what only one of them has is drift.
compare()
{
	local line

	LC_ALL=C sort -u -o "$2" "$2"
	LC_ALL=C sort -u -o "$3" "$3"
	while IFS= read -r line; do
		complain "$1 lacks $line"
	done < <(LC_ALL=C comm -23 "$2" "$3")
	while IFS= read -r line; do
		complain "$1 has $line, which the program hasn't"
	done < <(LC_ALL=C comm -13 "$2" "$3")
}

# items PAGE [SECTION]: the .It lines of a page, or of one section or subsection of it, as "-c --config FILE".
items()
{
	awk -v want="${2-}" '
		/^\.S[hs] / { section = substr($0, 5) }
		/^\.It (Fl|Cm|[0-9])/ && (want == "" || section == want) {
			out = dash = ""
			# What stands behind Ns may be left out.
			for (i = 2; i <= NF && $i != "Ns"; i++) {
				if ($i == "Fl")
					dash = "-"
				else if ($i == "Ar" || $i == "Cm")
					dash = ""
				else if ($i != ",")
					out = out (out == "" ? "" : " ") dash $i
			}
			print out
		}' "$1"
}

# synopsis PAGE: its words, as they are shown.
synopsis()
{
	mandoc -T ascii -O width=500 "$1" | col -bx | awk '
		/^[A-Z]/ { on = $0 == "SYNOPSIS"; next }
		on && NF > 0 { $1 = $1; print }'
}

# dumped VERB GROUP COLUMN: of the option tables; any verb for "".
dumped()
{
	awk -F '\t' -v verb="$1" -v group="$2" -v column="$3" '
		(verb == "" || $1 == verb) && $5 == group { print $column }' "$TMPDIR/dump"
}

# options PAGE SECTION VERB GROUP: there the page has the options of that group, and no other ones.
options()
{
	paste -d ' ' <(dumped "$3" "$4" 2) <(dumped "$3" "$4" 3) | sed 's/ $//' >"$TMPDIR/want"
	items "$1" "$2" | sed -n '/^-/p' >"$TMPDIR/got"
	compare "$1: it" "$TMPDIR/want" "$TMPDIR/got"
}

# json_words FILE: the types and members of the JSON objects that it makes, if any.
json_words()
{
	tr '\n\t' '  ' <"$1" | { grep -oE '(ui_json_begin|json_[a-z0-9]+|object_begin)\([^;"]*, "[a-z0-9_]+"' || :; } |
		sed 's/.*"\(.*\)"/\1/'
}

# described PAGE [SECTION]: what stands behind .Li or .It Li there.
described()
{
	awk -v want="${2-}" '
		/^\.Sh / { section = substr($0, 5) }
		/^\.(It )?Li / && (want == "" || section == want) {
			for (i = $1 == ".It" ? 3 : 2; i <= NF; i++)
				if ($i ~ /^[a-z0-9_]+$/)
					print $i
		}' "$1"
}

mailkeep help --dump >"$TMPDIR/dump"
dumped '' verb 1 >"$TMPDIR/verbs"
[ -s "$TMPDIR/verbs" ] || fail "mailkeep help --dump names no verb"

while IFS= read -r verb; do
	page=man/mailkeep-$verb.1
	if [ ! -f "$page" ]; then
		complain "$page is missing"
		continue
	fi
	options "$page" '' "$verb" own
	summary=$(dumped "$verb" verb 4)
	grep -qxF ".Nd $summary" "$page" || complain "$page: .Nd is not '$summary'"
	mailkeep "$verb" -h >"$TMPDIR/help"
	usage=$(sed -n '1s/^usage: //p' "$TMPDIR/help")
	[ "$(synopsis "$page")" = "$usage" ] || complain "$page: the synopsis is not '$usage'"
	grep -q '^\.Xr mailkeep 1' "$page" || complain "$page: it doesn't refer to mailkeep(1)"
	if [ -n "$(dumped "$verb" account 2)" ] && ! grep -q '^\.Xr mailkeep\.conf 5' "$page"; then
		complain "$page: the verb takes account options, and it doesn't refer to mailkeep.conf(5)"
	fi
done <"$TMPDIR/verbs"

# What every verb may print is described in mailkeep(1), progress where it is made.
cat cmd/*.c >"$TMPDIR/all.c"
json_words "$TMPDIR/all.c" >"$TMPDIR/any"
while IFS= read -r verb; do
	page=man/mailkeep-$verb.1
	[ -f "$page" ] || continue
	json_words "cmd/$verb.c" >"$TMPDIR/want"
	described "$page" >"$TMPDIR/got"
	while IFS= read -r word; do
		grep -qx "$word" "$TMPDIR/got" || complain "$page: .Li $word is missing, which is in the JSON"
	done <"$TMPDIR/want"
	while IFS= read -r word; do
		grep -qx "$word" "$TMPDIR/any" || complain "$page: no JSON has $word"
	done < <(described "$page" OUTPUT)
done <"$TMPDIR/verbs"

for page in man/mailkeep-*.1; do
	verb=${page#man/mailkeep-}
	grep -qx "${verb%.1}" "$TMPDIR/verbs" || complain "$page describes no verb"
done

# The overview: every verb, the options of every verb, those of accounts, the exit statuses.
cp "$TMPDIR/verbs" "$TMPDIR/want"
items man/mailkeep.1 VERBS >"$TMPDIR/got"
compare 'man/mailkeep.1: VERBS' "$TMPDIR/want" "$TMPDIR/got"
options man/mailkeep.1 OPTIONS '' global
options man/mailkeep.1 'Account options' '' account
printf '%s\n' 0 130 143 >"$TMPDIR/want"
sed -n '/^err_status/,/^}/s/.*return \([1-9][0-9]*\);.*/\1/p' src/base/err.c >>"$TMPDIR/want"
items man/mailkeep.1 'EXIT STATUS' | tr ' ' '\n' >"$TMPDIR/got"
compare 'man/mailkeep.1: EXIT STATUS' "$TMPDIR/want" "$TMPDIR/got"

awk -F '\t' '$5 != "verb" { sub(/^-. /, "", $2); print substr($2, 3) }' "$TMPDIR/dump" | LC_ALL=C sort -u >"$TMPDIR/names"
for shell in bash zsh fish; do
	while IFS= read -r name; do
		grep -qE -- "(--|-l )$name([^a-z-]|\$)" "completions/mailkeep.$shell" ||
			complain "completions/mailkeep.$shell: it lacks --$name"
	done <"$TMPDIR/names"
done

verdict

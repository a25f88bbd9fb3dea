# shellcheck shell=bash
#
# tests/lib-source.sh - what the checks of the source share.
#
#	code FILE...		"FILE:LINE:CODE" of C source: no comments, nothing in strings and character constants
#	complain TEXT		say what is wrong, as FILE:LINE: TEXT; verdict fails if there was anything
#	sources			the program's files: src/ and cmd/

. "$TOP/tests/lib.sh"
cd "$TOP"

complaints=0
complain()
{
	echo "$*"
	complaints=$((complaints + 1))
}

# complain_of TEXT: for each line on stdin.
complain_of()
{
	local line

	while IFS= read -r line; do
		complain "$line${1:+: $1}"
	done
}

verdict()
{
	[ $complaints = 0 ] || fail "$complaints complaints"
}

sources()
{
	find src cmd -name '*.[ch]' | LC_ALL=C sort
}

code()
{
	awk '
	FNR == 1 { inside = 0 }
	{
		line = $0
		out = ""
		while (line != "") {
			if (inside) {
				if ((at = index(line, "*/")) == 0)
					break
				line = substr(line, at + 2)
				inside = 0
				out = out " "
			} else if (match(line, /["\047]|\/[*\/]/)) {
				out = out substr(line, 1, RSTART - 1)
				what = substr(line, RSTART, RLENGTH)
				line = substr(line, RSTART + RLENGTH)
				if (what == "//")
					break
				if (what == "/*") {
					inside = 1
					continue
				}
				# #include "file.h" stays readable.
				if (out ~ /^[ \t]*#[ \t]*include/) {
					out = out what line
					break
				}
				while (line != "" && (c = substr(line, 1, 1)) != what)
					line = substr(line, c == "\\" ? 3 : 2)
				line = substr(line, 2)
				out = out what what
			} else {
				out = out line
				line = ""
			}
		}
		print FILENAME ":" FNR ":" out
	}' "$@"
}

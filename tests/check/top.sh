# The top level holds what the design says, and nothing else; nothing of this machine is in the source.
. "$TOP/tests/lib-source.sh"

for f in * .[!.]*; do
	case $f in
	Makefile | README.md | CHANGELOG.md | LICENSE | cmd | src | tests | man | completions | build | .*) ;;
	*) complain "$f: not at the top level" ;;
	esac
done
for d in src/*/; do
	case $d in
	src/base/ | src/mail/ | src/imap/ | src/pack/ | src/manifest/ | src/catalog/ | src/config/ | src/policy/ | \
		src/foreign/ | src/vault/ | src/job/) ;;
	*) complain "$d: no such room in the design" ;;
	esac
done

# Paths of the machine that it is written on, and files that only its owner can read.
mapfile -t files < <(find Makefile ./*.md .ci cmd src tests man completions -type f 2>/dev/null | sed 's#^\./##' | LC_ALL=C sort)
if [ "$TOP" != / ]; then
	complain_of "a path of this machine" < <(grep -nF -e "$TOP/" "${files[@]}" || :)
fi
for f in "${files[@]}"; do
	case $f in
	tests/run | tests/deps | tests/demo | .ci/run) [ -x "$f" ] || complain "$f: can't be run" ;;
	esac
done

verdict

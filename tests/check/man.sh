# The manual: mandoc has nothing to say about any page, every page that one refers to exists, and every verb has its page.
. "$TOP/tests/lib-source.sh"
need mandoc

for page in man/*.[1-8]; do
	# A date in the future is a matter of clocks, and other people's pages are not ours to look for.
	complain_of '' < <(mandoc -T lint -W style "$page" 2>&1 | sed "s#^mandoc: ##" | grep -Ev 'STYLE: referenced manual not found|legacy man\(7\) date|date is in the future|outdated mandoc.db' || :)
	while read -r name section; do
		case $name in
		mailkeep*) [ -e "man/$name.$section" ] || complain "$page: it refers to $name($section), which is not there" ;;
		esac
	done < <(sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1 \2/p' "$page")
	name=${page##*/}
	grep -q "^\.Dt $(tr '[:lower:]' '[:upper:]' <<<"${name%.*}") ${name##*.}" "$page" || complain "$page:1: .Dt is not the file's name"
done

if [ -x "$BUILD/mailkeep" ] && mailkeep help --dump >"$TMPDIR/dump" 2>/dev/null; then
	while read -r verb; do
		[ -e "man/mailkeep-$verb.1" ] || complain "man/mailkeep-$verb.1: the verb $verb has no page"
	done < <(cut -f 1 "$TMPDIR/dump" | { grep -xE '[a-z]+' || :; } | sort -u)
fi

verdict

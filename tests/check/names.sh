# What a room exports: every symbol that the linker sees is declared in a header of its room, has the name that STYLE asks
# for (a door's: <room>_..., a helper's shared inside the room: <its header or file>_..., or <a struct of that header>_...),
# and is used outside its file.
# flavour: plain
. "$TOP/tests/lib-source.sh"
need nm

# The words with which the names of a door may begin.
words()
{
	case $1 in
	base/digest) echo 'digest hasher random' ;;
	base/io) echo 'io outfile' ;;
	base/mem) echo 'mem x' ;;
	base/text) echo 'text utf8' ;;
	mail/flags) echo 'flags labels' ;;
	base/* | mail/*) echo "${1#*/}" ;;
	config) echo 'config account setting settings secret' ;;
	*) echo "$1" ;;
	esac
}

# begins NAME WORD...
begins()
{
	local name=$1 w

	shift
	for w; do
		[[ $name != "$w" && $name != "$w"_* && ! ($w = x && $name == x[a-z]*) ]] || return 0
	done
	return 1
}

objects=()
for f in $(sources | grep '\.c$') tests/unit/*_test.c; do
	o=$BUILD/${f%.c}.o
	if [ -e "$o" ]; then
		objects+=("${o#"$TOP/"}")
	else
		complain "$f: not built (make objects)"
	fi
done

# "FILE SYMBOL" of what each object defines for others, and wants from others.
nm -A -g --defined-only "${objects[@]}" | sed -n 's#^[^:]*build/[a-z]*/\(.*\)\.o:[^ ]* [TDBRVC] \(.*\)#\1 \2#p' >"$TMPDIR/defined"
nm -A -u "${objects[@]}" | sed -n 's#^[^:]*build/[a-z]*/\(.*\)\.o:  *[UwvW] \(.*\)#\1 \2#p' >"$TMPDIR/wanted"
awk '{ print $2 }' "$TMPDIR/wanted" | sort -u >"$TMPDIR/used"

while read -r file symbol; do
	case $file in
	tests/* | cmd/main) continue ;;
	cmd/*) dir=cmd ;;
	*) dir=${file%/*} ;;
	esac
	room=${dir#src/}
	grep -qxF "$symbol" "$TMPDIR/used" || complain "$file.c: $symbol is used in no other file: make it static"
	mapfile -t headers < <(grep -lwF "$symbol" "$dir"/*.h || :)
	[ ${#headers[@]} -gt 0 ] || { complain "$file.c: $symbol is in no header of $room/: make it static"; continue; }
	allowed=("${file##*/}")
	for h in "${headers[@]}"; do
		h=${h##*/}
		h=${h%.h}
		if [ "$room" = base ] || [ "$room" = mail ]; then
			read -ra more <<<"$(words "$room/$h")"
		# A door may have parts of its own, which it includes.
		elif [ "$h" = "$room" ] || grep -qF "#include \"$room/$h.h\"" "$dir/$room.h" 2>/dev/null; then
			read -ra more <<<"$(words "$room")"
		else
			mapfile -t more < <(sed -n 's/^struct \([a-z_0-9]*\) {$/\1/p' "$dir/$h.h")
			more+=("${h/#private/$room}")
		fi
		allowed+=("${more[@]}")
	done
	begins "$symbol" "${allowed[@]}" ||
		complain "$file.c: $symbol: the names of ${headers[*]} begin with $(printf '%s\n' "${allowed[@]}" | sort -u | sed 's/$/_/' | paste -sd ' ')"
done <"$TMPDIR/defined"

verdict

# The laws of the house: which room may include which, who may use a library, who may print, who may exit.
. "$TOP/tests/lib-source.sh"

floor()
{
	case $1 in
	base) echo 0 ;;
	mail) echo 1 ;;
	imap | pack | manifest | catalog | config | policy | foreign) echo 2 ;;
	vault) echo 3 ;;
	job) echo 4 ;;
	cmd) echo 5 ;;
	*) echo 9 ;;
	esac
}

# room FILE
room()
{
	case $1 in
	src/*) set -- "${1#src/}" ;;
	esac
	echo "${1%%/*}"
}

# The landlord of a library, as a pattern of files.
landlord()
{
	case $1 in
	curl/*) echo 'src/imap/wire.c' ;;
	zstd.h | zstd_errors.h) echo 'src/pack/*|src/manifest/*' ;;
	archive.h | archive_entry.h) echo 'src/pack/*|src/foreign/*' ;;
	sqlite3.h) echo 'src/catalog/*' ;;
	openssl/*) echo 'src/base/digest.c' ;;
	jansson.h) echo 'src/base/json.c' ;;
	zlib.h) echo 'src/imap/deflate.c' ;;
	confuse.h) echo 'src/config/file.c' ;;
	gmime/* | glib*) echo 'src/mail/decode.c' ;;
	pthread.h | threads.h) echo 'src/pack/*' ;;
	*) echo '*' ;;
	esac
}

mapfile -t files < <(sources)
code "${files[@]}" >"$TMPDIR/code"

# found PATTERN EXCEPT: lines of code.
found()
{
	grep -E "^[^:]*:[0-9]+:.*($1)" "$TMPDIR/code" | grep -Ev "$2" || :
}

include='^([^:]+):([0-9]+):[ 	]*#[ 	]*include[ 	]*[<"]([^>"]+)[>"]'
while IFS= read -r line; do
	[[ $line =~ $include ]] || continue
	file=${BASH_REMATCH[1]} where=${BASH_REMATCH[1]}:${BASH_REMATCH[2]} what=${BASH_REMATCH[3]}
	if [[ $line != *'"'* ]]; then
		owner=$(landlord "$what")
		case "|$owner|" in
		'|*|') ;;
		*)	allowed=0
			IFS='|' read -ra owners <<<"$owner"
			for o in "${owners[@]}"; do
				# shellcheck disable=SC2053
				[[ $file != $o ]] || allowed=1
			done
			[ $allowed = 1 ] || complain "$where: <$what> belongs to $owner" ;;
		esac
		continue
	fi
	own=$(room "$file") other=${what%%/*}
	if [[ $what != */* ]]; then
		complain "$where: includes are written \"room/file.h\": $what"
	elif [ "$other" = "$own" ]; then
		:
	elif [ "$(floor "$other")" = 9 ]; then
		complain "$where: there is no room $other"
	elif [ "$(floor "$other")" -ge "$(floor "$own")" ]; then
		complain "$where: $own/ may not look into $other/, which is not below it"
	elif [ "$other" != base ] && [ "$other" != mail ] && [ "$what" != "$other/$other.h" ]; then
		complain "$where: from outside the room only $other/$other.h"
	fi
	[ "$own" = "$other" ] || [ "$own" != cmd ] || [ "$other" != imap ] || complain "$where: cmd/ works through job/"
done < <(grep '#' "$TMPDIR/code")

# Only cmd/ui.c touches stdout, stderr and the terminal; cmd/main.c hands it their numbers.
stdio='\<(v?f?printf|f?puts|putchar|f?putc|f?puts|fwrite|perror|psignal|errx?|warnx?|getpass|isatty|tc[gs]etattr) *\('
complain_of "only cmd/ui.c prints" < <(found "$stdio|\<(stdout|stderr)\>" '^cmd/ui\.c:')
complain_of "only cmd/ui.c prints" < <(found '\<STD(OUT|ERR)_FILENO\>' '^cmd/(ui|main)\.c:')

# Only cmd/ ends the program; base/cancel.c does at the second signal.  (abort() is for our own mistakes, as assert() is.)
complain_of "only cmd/ ends the program" < <(found '\<(exit|_exit|_Exit|quick_exit) *\(' '^(cmd/|src/base/cancel\.c:)')

# Other programs are started by posix_spawn, and nothing reaches a shell but the user's own commands.
complain_of "posix_spawn is what starts programs" < <(found '\<(system|popen|v?fork|execv?p?e?|execl[pe]?) *\(' '^$')

verdict

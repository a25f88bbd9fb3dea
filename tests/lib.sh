# shellcheck shell=bash
#
# tests/lib.sh - what the tests' scripts share; each begins with
#
#	. "$TOP/tests/lib.sh"
#
# The script ends at the first command that fails, and says which one it was.  TMPDIR is its own; servers that it started
# are stopped when it ends.  By hand, without tests/run:  TOP=$PWD bash tests/e2e/tar.sh
#
#	fail WORDS...			say why, and end
#	skip WORDS...			this can't run here, and why
#	need COMMAND...			skip where one of these is not installed
#	expect_exit N COMMAND...	it must end with that status; its output is in $TMPDIR/out and $TMPDIR/err
#	same A B			two files must be the same; shows how they differ
#	said PATTERN [FILE]		FILE ($TMPDIR/err) must have a line with this glob somewhere in it; not_said: must not
#	wait_for SECONDS COMMAND...	until it succeeds
#	tls_certificates		makes $TLS, a directory of certificates: see there
# and from lib-dovecot.sh the servers: dovecot_start, imapd_start and what belongs to them; from lib-cyrus.sh cyrus_start,
# from lib-courier.sh courier_start.

set -eEuo pipefail

# By hand: the same surroundings that tests/run gives.  The demo brings a directory of its own, which stays.
: "${BUILD:=$TOP/build/san}"
if [ -n "${LIB_DIR-}" ]; then
	export TMPDIR=$LIB_DIR HOME=$LIB_DIR PATH=$BUILD:$BUILD/tests/tool:$PATH
elif [ -z "${TMPDIR-}" ] || [ "${TMPDIR#"$TOP/build/tmp/"}" = "$TMPDIR" ]; then
	mkdir -p "$TOP/build/tmp"
	TMPDIR=$(mktemp -d "$TOP/build/tmp/hand.XXXXXX")
	chmod 755 "$TMPDIR"
	export BUILD TMPDIR HOME=$TMPDIR TZ=UTC LC_ALL=C.UTF-8 PATH=$BUILD:$BUILD/tests/tool:$PATH
	by_hand=1
fi
PATH=$PATH:/usr/sbin:/sbin

fail()
{
	echo "FAILED: $*" >&2
	exit 1
}

skip()
{
	echo "$*"
	exit 77
}

need()
{
	local c

	for c; do
		command -v "$c" >/dev/null || skip "$c is not installed"
	done
}

expect_exit()
{
	local want=$1 rc=0

	shift
	"$@" >"$TMPDIR/out" 2>"$TMPDIR/err" || rc=$?
	[ "$rc" = "$want" ] && return 0
	echo "--- stdout"
	tail -n 20 "$TMPDIR/out"
	echo "--- stderr"
	tail -n 20 "$TMPDIR/err"
	fail "exit $rc instead of $want: $*"
}

same()
{
	cmp -s -- "$1" "$2" && return 0
	diff -u -- "$1" "$2" | head -n 40 || :
	fail "$1 and $2 are not the same"
}

# said_in FILE PATTERN: whether a line of it matches.
said_in()
{
	local line

	while IFS= read -r line || [ -n "$line" ]; do
		# shellcheck disable=SC2053
		[[ $line != *$2* ]] || return 0
	done <"$1"
	return 1
}

said()
{
	local file=${2-$TMPDIR/err}

	said_in "$file" "$1" && return 0
	head -n 40 "$file"
	fail "$file doesn't say: $1"
}

not_said()
{
	local file=${2-$TMPDIR/err}

	said_in "$file" "$1" || return 0
	head -n 40 "$file"
	fail "$file should not say: $1"
}

wait_for()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# at_end COMMAND: run it when the script ends, the latest first.
endings=()
at_end()
{
	endings=("$1" ${endings[@]+"${endings[@]}"})
}

ending()
{
	local rc=$? c

	trap - EXIT ERR
	set +e
	for c in ${endings[@]+"${endings[@]}"}; do
		eval "$c"
	done
	[ -z "${by_hand-}" ] || rm -rf "$TMPDIR"
	exit $rc
}
trap ending EXIT
trap 'exit 143' TERM INT
trap 'echo "FAILED: ${BASH_SOURCE[0]+${BASH_SOURCE[0]##*/}}:$LINENO: $BASH_COMMAND" >&2' ERR

# tls_certificates: see that build/tls has them, and set TLS to it.  CA.pem is the authority that tests trust; of each
# other name there are NAME.pem (with the chain) and NAME.key:
#	server		good, for localhost, 127.0.0.1 and ::1
#	host		good, but for another host
#	expired, future	not valid any more, not valid yet
#	self		signed by itself
#	other		signed by an authority that nobody knows
tls_certificates()
{
	TLS=$TOP/build/tls
	[ -e "$TLS/ready" ] && [ -z "$(find "$TLS/ready" -mtime +20)" ] && return 0
	need openssl
	mkdir -p "$TOP/build"
	(
		flock 9
		[ -e "$TLS/ready" ] && [ -z "$(find "$TLS/ready" -mtime +20)" ] && exit 0
		rm -rf "$TLS"
		mkdir "$TLS"
		cd "$TLS"
		tls_make >log 2>&1 || { cat log; fail "can't make certificates"; }
		touch ready
	) 9>"$TOP/build/tls.lock" || fail "can't make certificates"
}

tls_make()
{
	local name here='subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
	local day='%Y%m%d%H%M%SZ'

	cat >conf <<-END
		[ca]
		default_ca = here
		[here]
		database = index
		new_certs_dir = issued
		default_md = sha256
		policy = any
		copy_extensions = none
		unique_subject = no
		rand_serial = yes
		[any]
		commonName = supplied
	END
	mkdir issued
	: >index
	for name in CA stranger; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 60 -subj "/CN=mailkeep tests: $name" \
			-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -keyout $name.key -out $name.pem
	done
	tls_issue server CA "$here" -startdate "$(date -u -d -1day +$day)" -enddate "$(date -u -d +50days +$day)"
	tls_issue host CA subjectAltName=DNS:imap.example.org -startdate "$(date -u -d -1day +$day)" -enddate "$(date -u -d +50days +$day)"
	tls_issue expired CA "$here" -startdate "$(date -u -d -9days +$day)" -enddate "$(date -u -d -2days +$day)"
	tls_issue future CA "$here" -startdate "$(date -u -d +30days +$day)" -enddate "$(date -u -d +50days +$day)"
	tls_issue other stranger "$here" -startdate "$(date -u -d -1day +$day)" -enddate "$(date -u -d +50days +$day)"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 50 -subj /CN=localhost -addext "$here" \
		-keyout self.key -out self.pem
	rm -rf issued index* ext conf
	openssl verify -CAfile CA.pem server.pem host.pem && [ -s expired.pem ] && [ -s future.pem ] && [ -s other.pem ] && [ -s self.pem ]
}

# tls_issue NAME AUTHORITY NAMES OPTION...
tls_issue()
{
	local name=$1 by=$2

	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
	printf '%s\nextendedKeyUsage=serverAuth\n' "$3" >ext
	shift 3
	openssl ca -config conf -batch -notext -cert "$by.pem" -keyfile "$by.key" -extfile ext -in "$name.csr" -out "$name.pem" "$@"
	rm -f "$name.csr"
}

# shellcheck source=tests/lib-servers.sh
. "$TOP/tests/lib-servers.sh"
# shellcheck source=tests/lib-dovecot.sh
. "$TOP/tests/lib-dovecot.sh"
# shellcheck source=tests/lib-cyrus.sh
. "$TOP/tests/lib-cyrus.sh"
# shellcheck source=tests/lib-courier.sh
. "$TOP/tests/lib-courier.sh"

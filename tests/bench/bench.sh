#!/usr/bin/env bash
#
# tests/bench/bench.sh - measure mailkeep against the limit, on a mail server of its own: make bench.
#
# The limit is a client that asks as fast as IMAP allows and throws away what comes (drain.c); with -z it also hashes
# and compresses, the simplest thing that can be called a backup.  All clients talk TLS to one Dovecot on this machine,
# with Maildirs that tests/tool/corpus makes; all is in the page cache.  They take turns, so that what else the machine
# does meets all of them, and medians are shown: compare the ratios, not the seconds.
#
# Of a restore the limit is a client that has all messages in memory, and appends them as fast as IMAP allows
# (append.c): into a new account each time, that of a Dovecot as it is, and that of one without MULTIAPPEND.
#
# Of a prune it is a client that marks and expunges these UIDs without a look at anything.  A prune also reads the proof in
# the vault, and what is compared from the server: what these cost by themselves is measured beside it, and taken off.
#
#	BENCH=quick	the sets S (10,000 mixed) and L (small ones, 30,000 of them), few rounds, restores of 2,000 messages,
#			prunes of 10,000 (P): about four minutes
#	(nothing)	S, P and L whole (100,000), other programs that are installed on S, and the parts
#	BENCH=full	B (large ones) and R (as a mailing list's) as well, and the other programs on all sets
#	BENCH_SETS=...	these sets ("S R")
#	BENCH_DIR=...	mailboxes and vaults are there: on a tmpfs no disk sets the pace
#	BENCH_ROUNDS=n	rounds of what takes long; what takes under a second has four more
#
# Prints tables, and leaves all figures in build/bench.json.

set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$TOP" || exit
BUILD=$TOP/build/plain
rounds=5 sets=(S L P) l_count=0 quick=''
case ${BENCH-} in
quick) quick=1 rounds=3 l_count=30000 ;;
full) sets=(S L B R P) ;;
'') ;;
*) echo "BENCH is quick, full or nothing" >&2; exit 2 ;;
esac
[ -z "${BENCH_SETS-}" ] || read -ra sets <<<"$BENCH_SETS"
long=${BENCH_ROUNDS-$rounds}
short=$((long + 4))	# of what takes well below a second
slow=$((long < 3 ? long : 3))	# of what takes half a minute
RTT=40

unset MAKEFLAGS MFLAGS MAKELEVEL
make --no-print-directory -s -j"$(nproc)" -f tests/bench/build.mk all tools bench-tools || exit
mkdir -p build
LIB_DIR=$(mktemp -d "${BENCH_DIR:-$TOP/build}/bench.XXXXXX")
chmod 755 "$LIB_DIR"	# the server may have to run as somebody else
# shellcheck source=tests/lib.sh
. "$TOP/tests/lib.sh"
at_end 'rm -rf "$LIB_DIR"'
PATH=$BUILD/tests/bench:$PATH
# Somebody may build while we measure.
mkdir "$LIB_DIR/bin" "$LIB_DIR/figures"
cp "$BUILD/mailkeep" "$LIB_DIR/bin"
PATH=$LIB_DIR/bin:$PATH
export XDG_STATE_HOME=$LIB_DIR/state
cd "$LIB_DIR"

# ---- the servers ----

TARGETS=999 target=0

# What a provider has: a certificate with an RSA key, no log of each word.  The current server has MULTIAPPEND, the
# other one, "single", hasn't.
serve()
{
	local name settings i

	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout rsa.key -out rsa.pem 2>/dev/null
	chmod 644 rsa.key
	DOVECOT_PASSWORD=bench
	settings="
		rawlog_dir =
		ssl_cert = <$LIB_DIR/rsa.pem
		ssl_key = <$LIB_DIR/rsa.key"
	dovecot_start -n single -d MULTIAPPEND -x "$settings"
	dovecot_start -x "$settings"
	# Accounts to restore to.
	for name in "${!dovecot_dir[@]}"; do
		for ((i = 1; i <= TARGETS; i++)); do
			echo "to$i:{PLAIN}$DOVECOT_PASSWORD"
		done >>"${dovecot_dir[$name]}/users"
	done
	export DRAIN_PASSWORD=$DOVECOT_PASSWORD
	(umask 077; echo "$DOVECOT_PASSWORD" >password)
}

# account USER SHAPE COUNT: a mailbox.  Dovecot folds the case of users, so they are small.
account()
{
	echo "$1:{PLAIN}$DOVECOT_PASSWORD" >>"$DOVECOT_DIR/users"
	corpus "$2" "$3" "$(dovecot_mail "$1")"
	dovecot_own
	# The server makes its indexes now, and the files get into memory.
	drain -c rsa.pem all "$DOVECOT_TLS_PORT" "$1" >"$1.totals"
}

# new_account: an empty one, $to; what the last one has goes away.
new_account()
{
	[ "$target" = 0 ] || rm -rf "$DOVECOT_DIR/mail/to$target" "$XDG_STATE_HOME"
	[ $((++target)) -le $TARGETS ] || fail "too few accounts"
	to=to$target
}

# ---- measuring ----

# sample CASE WHO COMMAND...: one more figure.  What fails is no figure.
sample()
{
	local file=figures/$1.$2

	shift 2
	meter "$file" "$@" 2>"$LIB_DIR/said" || { cat "$LIB_DIR/said"; fail "$*"; }
}

# figures_of FILE: "runs wall fastest cpu rss": medians, the shortest wall time, the largest resident set.
figures_of()
{
	local n

	n=$(wc -l <"$1")
	echo "$n $(sort -n -k 1,1 "$1" | awk -v n="$n" 'NR == int((n + 1) / 2) { print $1 }') \
$(sort -n -k 1,1 "$1" | awk 'NR == 1 { print $1 }') \
$(awk '{ print $2 + $3 }' "$1" | sort -n | awk -v n="$n" 'NR == int((n + 1) / 2)') \
$(awk '$4 > max { max = $4 } END { print max + 0 }' "$1")"
}

# show CASE TITLE MESSAGES WHO=WORDS...: the table of a case.  The first one is the limit.
show()
{
	local case=$1 title=$2 messages=$3 who limit='' n wall fastest cpu rss

	shift 3
	printf '\n%-36s%8s%7s%8s%9s%8s\n' "$title" 'wall s' ratio 'CPU s' us/mail 'RSS MB'
	for who; do
		[ -s "figures/$case.${who%%=*}" ] || continue
		read -r n wall fastest cpu rss <<<"$(figures_of "figures/$case.${who%%=*}")"
		: "${limit:=$wall}"
		awk -v what="${who#*=}" -v wall="$wall" -v limit="$limit" -v cpu="$cpu" -v rss="$rss" -v n="$messages" 'BEGIN {
			printf "  %-34s%8.3f%7.2f%8.3f%9s%8s\n", what, wall, wall / limit, cpu,
				(n > 0 ? sprintf("%.1f", 1e6 * cpu / n) : ""), (rss > 0 ? sprintf("%.1f", rss / 1024) : "")
		}'
		printf '{"case":"%s","who":"%s","runs":%d,"wall":%s,"wall_min":%s,"limit":%s,"cpu":%s,"messages":%d,"rss_kib":%d}\n' \
			"$case" "${who%%=*}" "$n" "$wall" "$fastest" "$limit" "$cpu" "$messages" "$rss" >>figures.json
	done
}

# make_vault USER NAME [OPTION...]: an empty one.
make_vault()
{
	local user=$1 name=$2

	shift 2
	rm -rf "$name"
	mailkeep -q init --tls-ca rsa.pem --password-file password "$@" "imaps://$user@localhost:${PORT:-$DOVECOT_TLS_PORT}" "$name"
}

bytes_in()
{
	find "$@" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%d\n", n }'
}

# ---- peers, where they are installed ----

# mbsync_server USER: of its configuration.
mbsync_server()
{
	cat <<-END
		IMAPAccount server
		Host localhost
		Port ${PORT:-$DOVECOT_TLS_PORT}
		User $1
		Pass $DOVECOT_PASSWORD
		SSLType IMAPS
		CertificateFile $LIB_DIR/rsa.pem
		SystemCertificates no
		DisableExtension COMPRESS=DEFLATE

		IMAPStore far
		Account server

		MaildirStore near
		Inbox $LIB_DIR/mbsync/INBOX
	END
}

mbsync_setup()
{
	{
		mbsync_server "$1"
		cat <<-END
			Path $LIB_DIR/mbsync/
			SubFolders Verbatim

			Channel all
			Far :far:
			Near :near:
			Patterns *
			Create Near
			Remove Near
			Expunge Near
			Sync Pull
			SyncState *
		END
	} >"mbsync.$1"
	rm -rf mbsync
	mkdir mbsync
}

# push_mbsync CASE MAILDIR: into $to, from a copy, in which it renames the files.
push_mbsync()
{
	{
		mbsync_server "$to"
		cat <<-END
			SubFolders Maildir++

			Channel all
			Far :far:
			Near :near:
			Patterns *
			Create Far
			CopyArrivalDate yes
			Sync Push
			SyncState *
		END
	} >mbsync.push
	rm -rf mbsync
	mkdir mbsync
	cp -a "$2" mbsync/INBOX
	find mbsync -name 'dovecot*' -delete
	sample "$1" mbsync mbsync -q -c mbsync.push -a
	rm -rf mbsync
}

peer_mbsync()
{
	sample "$1" mbsync mbsync -q -c "mbsync.$2" -a
}

doveadm_setup()
{
	rm -rf doveadm
	mkdir doveadm
	[ -z "$as_server" ] || chown nobody doveadm
}

peer_doveadm()
{
	sample "$1" doveadm doveadm -c "$DOVECOT_DIR/conf" -o "mail_location=maildir:$LIB_DIR/doveadm/store" -o rawlog_dir= \
		-o imapc_host=localhost -o "imapc_port=$DOVECOT_TLS_PORT" -o imapc_ssl=imaps -o "imapc_user=$2" \
		-o "imapc_password=$DOVECOT_PASSWORD" -o 'imapc_features=rfc822.size fetch-headers' \
		-o "ssl_client_ca_file=$LIB_DIR/rsa.pem" backup -u "$2" -R imapc:
}

# "doveadm backup" and "doveadm sync" refuse to write to another server: import is what can.
push_doveadm()
{
	doveadm_setup
	cp -a "$2" doveadm/from
	find doveadm -name 'dovecot.*' -delete
	[ -z "$as_server" ] || chown -R nobody doveadm
	sample "$1" doveadm doveadm -c "$DOVECOT_DIR/conf" -o "mail_location=imapc:$LIB_DIR/doveadm/store:INDEX=MEMORY" \
		-o rawlog_dir= -o imapc_host=localhost -o "imapc_port=${PORT:-$DOVECOT_TLS_PORT}" -o imapc_ssl=imaps \
		-o "imapc_user=$to" -o "imapc_password=$DOVECOT_PASSWORD" -o 'imapc_features=rfc822.size fetch-headers' \
		-o "ssl_client_ca_file=$LIB_DIR/rsa.pem" import -u "$to" "maildir:$LIB_DIR/doveadm/from" '' all
	rm -rf doveadm
}

peers=() absent=''
for peer in mbsync doveadm; do
	if [ -n "$quick" ]; then
		continue
	elif command -v "$peer" >/dev/null; then
		peers+=("$peer")
	else
		absent="$absent${absent:+, }$peer"
	fi
done

# ---- the cases ----

# first USER SHAPE: everything, into a new vault.
first()
{
	local user=$1 shape=$2 i messages bytes packs manifests catalog tar peer

	read -r messages bytes <"$user.totals"
	for ((i = 0; i < long; i++)); do
		sample "first.$shape" drain drain -c rsa.pem all "$DOVECOT_TLS_PORT" "$user"
		sample "first.$shape" prototype drain -c rsa.pem -z prototype all "$DOVECOT_TLS_PORT" "$user"
		if [ "$shape" = S ] && [ -z "$quick" ]; then
			make_vault "$user" mbox --container mbox
			sample "first.$shape" mbox mailkeep backup mbox
		fi
		make_vault "$user" "vault.$shape"
		sample "first.$shape" mailkeep mailkeep backup "vault.$shape"
		rm -rf mbox prototype
	done
	# A round of the others, who are slow.
	for peer in ${peers[@]+"${peers[@]}"}; do
		if [ "$shape" = S ] || [ "${BENCH-}" = full ]; then
			"${peer}_setup" "$user"
			"peer_$peer" "first.$shape" "$user"
		fi
	done
	show "first.$shape" "First backup of $shape, $messages x $((bytes / messages)) B" "$messages" 'drain=the limit' \
		'prototype=limit, SHA-256 and zstd -3' mailkeep=mailkeep 'mbox=mailkeep --container mbox' \
		mbsync=mbsync doveadm='doveadm backup'
	packs=$(bytes_in "vault.$shape/packs")
	manifests=$(bytes_in "vault.$shape/manifests")
	catalog=$(bytes_in "vault.$shape/catalog.sqlite")
	tar=$(tar -C "$(dovecot_mail "$user")" --exclude='dovecot*' -cf - . | zstd -q -3 -c | wc -c)
	awk -v p="$packs" -v m="$manifests" -v c="$catalog" -v t="$tar" 'BEGIN {
		printf "  stored: packs %.1f MB, manifests %.1f; tar | zstd -3: %.1f; ratio %.3f\n",
			p / 1e6, m / 1e6, t / 1e6, (p + m) / t
		printf "  catalog, which can be built anew: %.1f MB\n", c / 1e6
	}'
	printf '{"case":"stored.%s","packs":%d,"manifests":%d,"catalog":%d,"tar_zstd":%d}\n' "$shape" "$packs" "$manifests" \
		"$catalog" "$tar" >>figures.json
}

# unchanged USER SHAPE: nothing new, on the vault that first() left.
unchanged()
{
	local user=$1 shape=$2 i peer

	for ((i = 0; i < short; i++)); do
		sample "unchanged.$shape" status drain -c rsa.pem status "$DOVECOT_TLS_PORT" "$user"
		sample "unchanged.$shape" mailkeep mailkeep backup "vault.$shape"
		for peer in ${peers[@]+"${peers[@]}"}; do
			if [ -e "figures/first.$shape.$peer" ] && { [ $i -lt 3 ] || [ "$peer" = mbsync ]; }; then
				"peer_$peer" "unchanged.$shape" "$user"
			fi
		done
	done
	show "unchanged.$shape" "Nothing new in $shape" 0 'status=the limit: one LIST-STATUS' mailkeep=mailkeep mbsync=mbsync \
		doveadm='doveadm backup'
	# Flags alone would show what is new and gone, not that a UID was used again (D10).
	for ((i = 0; i < short; i++)); do
		sample "plain.$shape" dates drain -c rsa.pem dates "$DOVECOT_TLS_PORT" "$user"
		sample "plain.$shape" flags drain -c rsa.pem flags "$DOVECOT_TLS_PORT" "$user"
		sample "plain.$shape" mailkeep mailkeep backup --disable CONDSTORE --disable QRESYNC "vault.$shape"
	done
	show "plain.$shape" "The same without CONDSTORE" 0 'dates=the limit: list flags and dates' \
		'flags=limit, flags alone' mailkeep=mailkeep
}

# there CASE WHO USER: $to must have what USER has.  (mbsync adds a header line, X-TUID.)
there()
{
	local have want

	have=$(drain -c rsa.pem all "$DOVECOT_TLS_PORT" "$to")
	want=$(cat "$3.totals")
	[ "$2" != mbsync ] || have=${have% *} want=${want% *}
	[ "$have" = "$want" ] || fail "$1: $2 brought $have (messages, bytes) of $want"
}

# restored CASE TITLE USER SHAPE MAILDIR BATCH ROUNDS: all of the vault that holds USER's mail into new accounts, as many
# messages in a command as BATCH says.
restored()
{
	local case=$1 title=$2 user=$3 shape=$4 mail=$5 batch=$6 rounds=$7 port=${PORT:-$DOVECOT_TLS_PORT}
	local whose=(append mailkeep checked mbsync doveadm) i k who messages bytes
	local restore=(mailkeep -q restore --yes --tls-ca rsa.pem --password-file password)

	read -r messages bytes <"$user.totals"
	for ((i = 0; i < rounds; i++)); do
		# What one leaves on the disk is the next one's burden: they take turns in being first.
		for ((k = 0; k < ${#whose[@]}; k++)); do
			who=${whose[(i + k) % ${#whose[@]}]}
			new_account
			case $who in
			append)
				append -c rsa.pem -b "$batch" -t "figures/$case.append" "$mail" "$port" "$to" >/dev/null ;;
			mailkeep)
				sample "$case" mailkeep "${restore[@]}" --no-check --to "imaps://$to@localhost:$port" "vault.$shape" ;;
			checked)
				sample "$case" checked "${restore[@]}" --to "imaps://$to@localhost:$port" "vault.$shape" ;;
			*)
				# A round of the others, who are slow.  (doveadm waits for each message: minutes, far away.)
				[[ $i = 0 && " ${peers[*]-} " == *" $who "* && $who${PORT:+, far} != 'doveadm, far' ]] || continue
				"push_$who" "$case" "$mail" ;;
			esac
			[ $i != 0 ] || there "$case" "$who" "$user"
		done
	done
	new_account
	show "$case" "$title, $messages x $((bytes / messages)) B" "$messages" 'append=the limit' mailkeep='mailkeep --no-check' \
		checked='mailkeep, which checks' mbsync='mbsync, Sync Push' doveadm='doveadm import'
}

# back USER SHAPE: restores of the vault that first() or far() left.
back()
{
	local user=$1 shape=$2 mail

	mail=$(dovecot_mail "$user")
	restored "restore.$shape" "Restore of $shape" "$user" "$shape" "$mail" 100 "$long"
	dovecot_use single
	restored "restore-single.$shape" 'Without MULTIAPPEND' "$user" "$shape" "$mail" 1 "$slow"
	dovecot_use one
}

# changed USER SHAPE: 50 new messages, the flags of 100 others changed, 20 gone, anew in each round.
changed()
{
	local user=$1 shape=$2 i at files before after IMAP_USER=$1

	before=$(bytes_in "vault.$shape/packs" "vault.$shape/manifests")
	: >new.all
	for ((i = 0; i < short; i++)); do
		drain -c rsa.pem -s state status "$DOVECOT_TLS_PORT" "$user" >/dev/null
		rm -rf new
		corpus -f eml -s $((100 + i)) "$shape" 50 new
		mapfile -t files < <(find new -type f | LC_ALL=C sort)
		cat "${files[@]}" >>new.all
		at=$((120 * i + 1))
		imap put INBOX '' '' "${files[@]}" >/dev/null
		imap flags INBOX "$at:$((at + 99))" '+FLAGS (\Flagged \Answered)' >/dev/null
		imap expunge INBOX "$((at + 100)):$((at + 119))" >/dev/null
		# Once for nothing: the server brings its indexes up to date.
		drain -c rsa.pem -s state changes "$DOVECOT_TLS_PORT" "$user" >/dev/null
		sample "changed.$shape" changes drain -c rsa.pem -s state changes "$DOVECOT_TLS_PORT" "$user"
		sample "changed.$shape" mailkeep mailkeep backup "vault.$shape"
		[ ! -e "figures/first.$shape.mbsync" ] || peer_mbsync "changed.$shape" "$user"
	done
	after=$(bytes_in "vault.$shape/packs" "vault.$shape/manifests")
	show "changed.$shape" "50 new, 100 flags, 20 gone in $shape" 0 'changes=the limit: QRESYNC, fetch the new' \
		mailkeep=mailkeep mbsync=mbsync
	printf '  grown by %d bytes a round; zstd -3 of the new mails alone: %d\n' $(((after - before) / short)) \
		$(($(zstd -q -3 -c new.all | wc -c) / short))
}

# read_back SHAPE: without the server.
read_back()
{
	local shape=$1 i id show

	id=$(mailkeep list --json "vault.$shape" | awk -F '"' '/"type":"message"/ { if (++n == 5000) id = $0 }
		END { match(id, /"id":"[0-9.]*"/); print substr(id, RSTART + 6, RLENGTH - 7) }')
	show=$(mailkeep help | awk '$1 == "show" { print $1 }')
	for ((i = 0; i < short; i++)); do
		sample "read.$shape" version mailkeep version
		sample "read.$shape" list mailkeep list "vault.$shape"
		[ -z "$show" ] || sample "read.$shape" show mailkeep show --raw "vault.$shape" "$id"
		sample "read.$shape" zstd sh -c 'zstd -qdc "$1"/packs/*' sh "vault.$shape"
		sample "read.$shape" verify mailkeep -q verify "vault.$shape"
		sample "read.$shape" data mailkeep -q verify --read-data "vault.$shape"
	done
	show "read.$shape" "Reading $shape" 0 'version=the program starts and ends' 'show=show one message' \
		'list=list all messages' 'zstd=zstd -dc of all packs' 'verify=verify' 'data=verify --read-data'
	# R75: below 1 s for 100,000 messages; 300 MB/s at the least.
	awk -v raw="$(zstd -qdc "vault.$shape"/packs/* | wc -c)" '
		{ n = split($0, f); if (least == 0 || f[1] < least) least = f[1] }
		END { printf "  read back at %.0f MB of packs a second\n", raw / least / 1e6 }' "figures/read.$shape.data"
}

# far USER SHAPE: the same across a long line.
far()
{
	local user=$1 shape=$2 i messages bytes pid PORT

	read -r messages bytes <"$user.totals"
	delay $((RTT / 2)) "$DOVECOT_TLS_PORT" >delay.port &
	pid=$!
	at_end "kill $pid 2>/dev/null"
	wait_for 5 test -s delay.port
	PORT=$(cat delay.port)
	for ((i = 0; i < long; i++)); do
		sample "far.$shape" drain drain -c rsa.pem all "$PORT" "$user"
		make_vault "$user" "vault.$shape" --offline
		sample "far.$shape" mailkeep mailkeep backup "vault.$shape"
	done
	for ((i = 0; i < short; i++)); do
		sample "far-unchanged.$shape" status drain -c rsa.pem status "$PORT" "$user"
		sample "far-unchanged.$shape" mailkeep mailkeep backup "vault.$shape"
	done
	show "far.$shape" "$RTT ms away: first, $messages x $((bytes / messages)) B" "$messages" 'drain=the limit' mailkeep=mailkeep
	show "far-unchanged.$shape" "$RTT ms away: nothing new" 0 'status=the limit: 5 round trips' mailkeep=mailkeep
	restored "far-restore.$shape" "$RTT ms away: restore" "$user" "$shape" "$(dovecot_mail "$user")" 100 "$long"
	kill $pid
}

# lay_back USER: the mailbox that pruned() began with, and the vault.  Both have files that nobody changes, but for the
# server's own.
lay_back()
{
	local mail

	mail=$(dovecot_mail "$1")
	rm -rf "$mail" vault.prune
	cp -al mail.prune "$mail"
	rm -f "$mail"/dovecot*
	cp -a mail.prune/dovecot* "$mail"
	cp -a vault.before vault.prune
}

# pruned COUNT: what is read and not flagged of a folder of small messages, about three quarters.  It is the same mailbox
# and the same vault each time.
pruned()
{
	local count=$1 user=prune i k who messages bytes whole left mail alone
	local prune=(mailkeep -q prune --folder INBOX --before 2036-01-01 --allow-young --allow-most)
	local deleting=(erase mailkeep full)

	mail=$(dovecot_mail $user)
	echo "$user:{PLAIN}$DOVECOT_PASSWORD" >>"$DOVECOT_DIR/users"
	corpus L "$count" heap
	mkdir -p "$mail"/{cur,new,tmp}
	find heap -path '*/cur/*' -exec mv -t "$mail/cur" {} +
	cp heap/dovecot-keywords "$mail"
	rm -rf heap
	dovecot_own
	read -r whole _ < <(drain -c rsa.pem all "$DOVECOT_TLS_PORT" $user)
	make_vault $user vault.before
	mailkeep backup vault.before
	mv "$mail" mail.prune
	lay_back $user
	"${prune[@]}" --plan list vault.prune >/dev/null
	sets_of list >sets
	messages=$(grep -c '"type":"message"' list)
	bytes=$(awk -F '"bytes":' '/"type":"end"/ { print $2 + 0 }' list)
	left=$((whole - messages))
	for ((i = 0; i < long; i++)); do
		sample prune headers drain -c rsa.pem -s sets headers "$DOVECOT_TLS_PORT" $user
		sample prune data mailkeep -q verify --read-data vault.prune
		sample prune plan "${prune[@]}" vault.prune
		# They take turns in being first.
		for ((k = 0; k < ${#deleting[@]}; k++)); do
			who=${deleting[(i + k) % ${#deleting[@]}]}
			case $who in
			erase)
				sample prune erase drain -c rsa.pem -s sets erase "$DOVECOT_TLS_PORT" $user ;;
			mailkeep)
				sample prune mailkeep sh -c '"$@" >>deleting' sh "${prune[@]}" --json --yes \
					--max-delete "$messages" vault.prune ;;
			full)
				sample prune full "${prune[@]}" --yes --max-delete "$messages" --compare full vault.prune ;;
			esac
			[ "$(find "$mail"/cur "$mail"/new -type f | wc -l)" = "$left" ] ||
				fail "prune: $who left another number of messages than $left"
			lay_back $user
		done
	done
	show prune "Prune of $messages x $((bytes / messages)) B" "$messages" 'erase=the limit: STORE and EXPUNGE' \
		mailkeep=mailkeep 'full=mailkeep --compare full' 'headers=fetching what is compared' \
		'data=reading the proof: verify' 'plan=mailkeep, only the plan'
	alone=$(jq -r 'select(.type == "summary") | .deleting_ms' deleting | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] / 1000 }')
	for who in erase headers data plan mailkeep; do
		figures_of "figures/prune.$who"
	done | awk -v alone="$alone" '{ wall[NR] = $2 } END {
		rest = wall[5] - wall[2] - wall[3] - wall[4]
		printf "  deleting alone, as it tells (deleting_ms): %.3f s, ratio %.2f\n", alone, alone / wall[1]
		printf "  mailkeep without reading the proof, what is compared and the plan: %.3f s, ratio %.2f\n", rest, rest / wall[1]
		printf "{\"case\":\"prune.alone\",\"wall\":%.6f,\"limit\":%.6f,\"ratio\":%.3f}\n", alone, wall[1], alone / wall[1] >>"figures.json"
		printf "{\"case\":\"prune.rest\",\"wall\":%.6f,\"limit\":%.6f,\"ratio\":%.3f}\n", rest, wall[1], rest / wall[1] >>"figures.json"
	}'
	rm -f deleting
	rm -rf "$mail" mail.prune vault.prune vault.before
}

# sets_of LIST: the UIDs of a prune's list as ranges, some hundred on a line, and the folder, as drain wants them.
sets_of()
{
	jq -r 'select(.type == "message") | .uid' "$1" | sort -n | awk '
		function put() {
			if (n == 0)
				return
			line = line (line == "" ? "" : ",") (from == to ? from : from ":" to)
			if (++ranges == 500) {
				print line " INBOX"
				line = ""
				ranges = 0
			}
		}
		n == 0 || $1 != to + 1 { put(); from = $1 }
		{ to = $1; n++ }
		END { put(); if (line != "") print line " INBOX" }'
}

# parts: what single parts cost, by the figures that comments in the source go by.
parts()
{
	local what

	printf '\n'
	json
	for what in 'S 5000' 'L 20000'; do
		rm -rf eml
		# shellcheck disable=SC2086
		corpus -f eml $what eml
		printf '\nPacks of %s: ' "${what% *}"
		frames eml
	done
	rm -rf eml
}

machine()
{
	local cpu load

	load=$(cut -d ' ' -f 1-3 /proc/loadavg)
	cpu=$(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
	cat <<-END
		$(mailkeep version | head -n 1), $(date -u +%F), $(nproc) cores: ${cpu:-unknown}
		Linux $(uname -r), Dovecot $(dovecot --version | cut -d ' ' -f 1) on the same cores, $(stat -f -c %T .)
		TLS with RSA-2048, warm caches, load $load${absent:+
		not installed, so not measured: $absent}
	END
	printf '{"program":"%s","time":"%s","cores":%d,"cpu":"%s","linux":"%s","dovecot":"%s","load":"%s"}\n' \
		"$(mailkeep version | head -n 1)" "$(date -u +%FT%TZ)" "$(nproc)" "$cpu" "$(uname -r)" "$(dovecot --version)" \
		"$load" >figures.json
}

serve
machine
for shape in "${sets[@]}"; do
	[ "$shape" != P ] || { pruned 13410; continue; }
	user=${shape,,}
	[ "$shape" = L ] && count=$l_count || count=0
	account "$user" "$shape" "$count"
	first "$user" "$shape"
	unchanged "$user" "$shape"
	[ "$shape" != S ] || [ -n "$quick" ] || back "$user" "$shape"
	[ "$shape" != S ] || changed "$user" "$shape"
	[ "$shape" != L ] || read_back "$shape"
	rm -rf "vault.$shape" mbsync doveadm "$(dovecot_mail "$user")"
done
account far S 2000
far far S2k
[ -z "$quick" ] || back far S2k
[ -n "$quick" ] || parts
{ echo '['; sed '$!s/$/,/' figures.json; echo ']'; } >"$TOP/build/bench.json"
echo
echo "All figures: build/bench.json"

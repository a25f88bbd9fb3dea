# What is likely to be a mistake is refused, and said with the option that means it; that option alone lifts it, and no other
# does.  A damaged vault, a list of messages that are not so any more, a message that the vault has only Exchange's notice
# of: they are no reason to delete either (R99, R102, R110, R112).
# timeout: 120
# shellcheck disable=SC2086,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"
. "$TOP/tests/lib-prune.sh"

prune_world
guards='empty-folder most young shrunk new-epoch incomplete-backup old-backup'

# go_where AWK: what should go is what this says of the rows; nothing else may.
go_where()
{
	local folder uids

	GO=$TMPDIR/go
	target_state | awk -F '\t' -v now="$PRUNE_NOW" "{ days = (now - \$7) / 86400 } $1" >"$GO"
	target_state | awk -F '\t' -v now="$PRUNE_NOW" "{ days = (now - \$7) / 86400 } !($1)" >"$TMPDIR/stay"
	target_ask XKEEP
	while IFS=$'\t' read -r folder uids; do
		target_ask "XKEEP \"$folder\" $uids"
	done < <(awk -F '\t' '{ uids[$1] = uids[$1] "," $3 } END { for (f in uids) print f "\t" substr(uids[f], 2) }' "$TMPDIR/stay")
}

# guarded NAME: it holds, says so, and is lifted by its own option alone.  $held: how many it holds; else all.
guarded()
{
	local name=$1 g others=()

	trying=$name
	for g in $guards; do
		[ $g = "$name" ] || others+=("--allow-$g")
	done
	EXIT=0 prune -n
	said "--allow-$name" "$TMPDIR/out"
	EXIT=9 prune "${others[@]}"
	said "--allow-$name"
	gone $(($(wc -l <"$GO") - ${held-$(wc -l <"$GO")}))
	no_mistakes
	nobody_marked
	[ -n "${held-}" ] || [ -z "$(target_log ' C: .*UID (STORE|MOVE|EXPUNGE)')" ] || target_trouble "it wrote to the server"
	# Nor does a list get around it.
	mailkeep prune ${POLICY---older-than 1y} --allow-$name --plan "$TMPDIR/list" "$V" >"$TMPDIR/out" 2>"$TMPDIR/err"
	case $POLICY in
	*also-flagged*also-unread*) set -- --also-flagged --also-unread ;;
	*also-flagged*) set -- --also-flagged ;;
	*) set -- ;;
	esac
	POLICY="--execute $TMPDIR/list" EXIT=9 prune "${others[@]}" "$@"
	rm "$TMPDIR/list"
	EXIT=0 prune "--allow-$name"
	no_mistakes
	gone_is_saved
	all_gone
}

empty_folder()
{
	prune_target $full
	POLICY='--older-than 1y --folder Archive/2019 --also-flagged'
	go_where '$1 == "Archive/2019"'
	guarded empty-folder
}
trial empty_folder

most()
{
	prune_target $full
	POLICY='--older-than 1y --folder INBOX --also-flagged --also-unread'
	go_where '$1 == "INBOX" && days > 365 && $6 !~ /Deleted/'
	guarded most
}
trial most

young()
{
	prune_target $full
	POLICY='--older-than 3d --folder Trash'
	go_where '$1 == "Trash" && days > 3 && $6 ~ /Seen/'
	held=1 guarded young
}
trial young

shrunk()
{
	prune_target $full
	target_do 'expunge INBOX 1:30'
	POLICY='--older-than 1y --folder INBOX'
	go_where '$1 == "INBOX" && days > 365 && $6 !~ /Deleted/'
	guarded shrunk
}
trial shrunk

new_epoch()
{
	prune_target $full
	target_do 'renumber Sent'
	expect_exit 0 mailkeep backup "$V"
	POLICY='--older-than 1y --folder Sent'
	go_where '$1 == "Sent" && days > 365'
	guarded new-epoch
}
trial new_epoch

incomplete()
{
	prune_target $full --refuse-command 'EXAMINE .Junk=NO not now'
	expect_exit 3 mailkeep backup "$V"
	target_faults $full
	target_forget
	POLICY='--older-than 1y'
	guarded incomplete-backup
}
trial incomplete

# A backup of some folders is none of the account.
partial()
{
	prune_target $full
	rm -r "$V"
	expect_exit 0 mailkeep init --insecure-plaintext --password-file "$TMPDIR/target.password" "$TARGET" "$V"
	expect_exit 0 mailkeep backup --folder INBOX --folder Archive "$V"
	target_forget
	POLICY='--older-than 1y --folder INBOX'
	go_where '$1 == "INBOX" && days > 365 && $6 ~ /Seen/ && $6 !~ /Flagged|Deleted/'
	EXIT=9 prune --allow-incomplete-backup
	EXIT=9 prune --allow-old-backup
	none_gone
	unharmed
	EXIT=0 prune --allow-incomplete-backup --allow-old-backup
	all_gone
	safe
}
trial partial

old_backup()
{
	prune_target $full
	rm -r "$V"
	expect_exit 0 mailkeep init --insecure-plaintext --password-file "$TMPDIR/target.password" "$TARGET" "$V"
	expect_exit 0 env LD_PRELOAD="$TOP/build/plain/tests/tool/preload_clock.so" MK_CLOCK=-90000 \
		ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" mailkeep backup "$V"
	target_forget
	POLICY='--older-than 1y'
	guarded old-backup
}
trial old_backup

# Several at once: each is told, and all have to be lifted.
several()
{
	trying=several
	prune_target $full --refuse-command 'EXAMINE .Junk=NO not now'
	expect_exit 3 mailkeep backup "$V"
	target_faults $full
	POLICY='--older-than 1y --folder Archive/2019 --also-flagged'
	go_where '$1 == "Archive/2019"'
	EXIT=9 prune --allow-incomplete-backup
	EXIT=9 prune --allow-empty-folder
	none_gone
	EXIT=0 prune --allow-incomplete-backup --allow-empty-folder
	all_gone
	gone_is_saved
	no_mistakes
}
trial several

# More than --max-delete; without it, or without --yes, nothing at all.
maximum()
{
	trying=maximum
	prune_target $full
	expect_exit 9 mailkeep prune --older-than 1y --yes --max-delete 50 "$V"
	expect_exit 2 mailkeep prune --older-than 1y --yes "$V"
	expect_exit 0 mailkeep prune --older-than 1y "$V"
	expect_exit 0 mailkeep prune --older-than 1y --max-delete 50 --yes -n "$V"
	expect_exit 2 mailkeep prune --yes --max-delete 50 "$V"
	none_gone
	unharmed
	[ -z "$(target_log ' C: .*(SELECT|UID (STORE|MOVE|EXPUNGE))')" ] || target_trouble "it wrote to the server"
	expect_exit 0 mailkeep prune --older-than 1y --yes --max-delete 51 "$V"
	all_gone
	safe
}
trial maximum

# damaged WHAT: a byte of a pack is another one, in its messages or behind them, its end is missing, it is missing itself, a manifest is damaged.
damaged()
{
	local pack size

	trying="damaged: $1"
	prune_target $full
	pack=$(echo "$V"/packs/*)
	chmod u+w "$pack"
	size=$(stat -c %s "$pack")
	case $1 in
	tail) printf '\xff' | dd of="$pack" bs=1 seek=$((size - 10)) conv=notrunc 2>/dev/null ;;
	byte) printf '\xff\xff\xff' | dd of="$pack" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null ;;
	short) truncate -s -1 "$pack" ;;
	missing) rm "$pack" ;;
	manifest) chmod u+w "$V"/manifests/*; truncate -s -1 "$V"/manifests/* ;;
	esac
	EXIT=6 prune
	none_gone
	unharmed
	[ -z "$(target_log ' C: .*UID (STORE|MOVE|EXPUNGE)')" ] || target_trouble "it wrote to the server"
	[ "$1" = byte ] || [ "$1" = tail ] || EXIT=6 prune -n
}
for what in byte tail short missing manifest; do
	trial damaged $what
done

# Exchange's notice in place of a message is none.
standin()
{
	local text

	trying=standin
	prune_target $full
	printf -v text '%s\r\n' 'From: Microsoft Exchange Server' 'Subject: Retrieval using the IMAP4 protocol failed for the following message: 12' \
		'' 'The server could not retrieve the following message:'
	target_put INBOX '\Seen' '01-Jan-2020 00:00:00 +0000' "$text"
	expect_exit 3 mailkeep backup "$V"
	target_ask 'XKEEP INBOX 37'
	EXIT=0 prune -n --allow-incomplete-backup
	said "stand-in" "$TMPDIR/out"
	EXIT=any prune --allow-incomplete-backup
	EXIT=any prune --allow-incomplete-backup --compare full
	safe
	all_gone
}
trial standin

# Nothing is there, says the server, or some of it: that is no reason for more to go.
emptied()
{
	trying="emptied $*"
	prune_target "$@"
	EXIT=any prune
	no_mistakes
	gone_is_saved
	nobody_marked
}
trial emptied $full --at 'LIST=swap INBOX Empty'
trial emptied $full --at 'LIST=delete Sent'
trial emptied $full --fetch 'none:INTERNALDATE RFC822.SIZE'
trials_end

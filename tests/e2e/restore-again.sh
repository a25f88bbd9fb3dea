# What is on the target already, however it came there, isn't appended again: from an earlier run whose journal is lost,
# from another program; equal messages are as many as they were (R78, R82, R83, R97).
# timeout: 100
# shellcheck disable=SC2086
. "$TOP/tests/lib.sh"
. "$TOP/tests/lib-target.sh"

V=$TMPDIR/vault
target_vault "$V"

forget()
{
	rm -rf "$HOME/.local/state/mailkeep"
}

all_is_there()
{
	trying='all is there'
	target_start --sample plain
	target_before
	: >"$TMPDIR/wanted"
	nothing_appended "$V"
	target_has_all
	[ -z "$(target_log ' changed ')" ] || target_trouble "flags were changed"
}
trial all_is_there

# Each time without a journal.
folder_after_folder()
{
	local folder

	trying="folder after folder $*"
	target_start "$@"
	for folder in Work Sent 'Work/*' '*' Trash; do
		restore "$V" --folder "$folder"
		forget
	done
	target_has_all
	nothing_appended "$V"
}
trial folder_after_folder
trial folder_after_folder --without UIDPLUS,MULTIAPPEND

# Killed by the loss of its connection, and the journal is gone, too.
lost_journal()
{
	trying="without a journal: $*"
	target_start "$@"
	# When the connection is lost there is no other for it.
	target_faults "$@" --refuse-command 'APPEND=NO'
	try_restore "$V" --no-check || :
	forget
	target_faults
	restore_on "$V"
	target_has_all
	nothing_appended "$V"
}
for way in '' '--without MULTIAPPEND' '--without UIDPLUS,MULTIAPPEND,LITERAL+'; do
	trial lost_journal $way --hang-up-over 100000
done

# With --duplicates all is appended once more, also when it takes several runs.
duplicates()
{
	trying="--duplicates $*"
	target_start --sample plain
	target_before
	target_faults "$@"
	restore_on "$V" --duplicates
	target_has_all
	nothing_appended "$V"
	target_has_all
}
trial duplicates
trial duplicates --without UIDPLUS,MULTIAPPEND
trial duplicates --without MULTIAPPEND --cut after@30
trial duplicates --without UIDPLUS --cut before@30 --cut after@/11

# Of two messages that are equal one is there: the other one is appended.
one_of_two()
{
	trying='one of two'
	target_start "$@"
	target_faults "$@" --quota 22
	EXIT=8 restore "$V" --folder INBOX
	forget
	target_faults
	restore "$V"
	target_has_all
	nothing_appended "$V"
}
trial one_of_two
trial one_of_two --without MULTIAPPEND,UIDPLUS

# Other flags on what is there are somebody's: they stay, and nothing is appended.
other_flags()
{
	trying='other flags'
	target_start --sample plain
	target_imap flags INBOX 1:3 '+FLAGS (\Answered $Mine)'
	target_before
	: >"$TMPDIR/wanted"
	nothing_appended "$V"
	target_has_all
}
trial other_flags

# On a server that changes what it is given, and without a journal, contents can't tell; Message-ID can, where there is one.
by_message_id()
{
	trying=--match
	target_start --rewrite header
	EXIT=3 restore "$V"
	forget
	EXIT=3 restore "$V" --match message-id
	# Eight have none.
	[ "$(target_dump | wc -l)" = $(($(wc -l <"$TMPDIR/wanted") + 8)) ] || target_trouble "$(target_dump | wc -l) messages"
}
trial by_message_id
trials_end

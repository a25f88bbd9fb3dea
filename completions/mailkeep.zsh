#compdef mailkeep
# Completion of mailkeep(1) for zsh.  Generated from "mailkeep help --dump" by tests/check/completions.sh --write.

_mailkeep_verbs() {
	local -a verbs=(
		'init:make a vault for an account'
		'backup:fetch what is new from the server'
		'status:tell how old and how complete the backups are'
		'folders:list the folders on the server'
		'log:list runs and commits'
		'list:list messages of a vault'
		'show:show a message'
		'verify:check that a vault is whole'
		'repair:make a damaged vault whole again'
		'rebuild:make a vault'\''s catalog anew, or lost manifests'
		'compact:put a vault'\''s small files together'
		'export:write messages of a vault to Maildir, mbox, eml, tar, zip'
		'import:put mail of other programs into a vault'
		'restore:put messages of a vault into an account'
		'copy:bring an account into another one'
		'prune:delete from the server what is safe in the vault'
		'quota:tell what fills an account, and what could be freed'
		'help:explain mailkeep or one of its verbs'
		'version:print the version'
	)
	_describe -t verbs verb verbs
}

_mailkeep_accounts() {
	local -a accounts=(${(f)"$(mailkeep help --accounts 2>/dev/null)"})
	_describe -t accounts account accounts
}

_mailkeep() {
	local curcontext=$curcontext state line ret=1
	local -A opt_args

	_arguments -C -s -S \
		'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
		'*-c+[read accounts from this file]:FILE:_files' \
		'*--config=[read accounts from this file]:FILE:_files' \
		'*-h[explain the verb and stop]' \
		'*--help[explain the verb and stop]' \
		'*--json[print data as JSON, one object per line]' \
		'*-q[say only what is wrong]' \
		'*--quiet[say only what is wrong]' \
		'*-v[say more; twice\: also what the server is told]' \
		'*--verbose[say more; twice\: also what the server is told]' \
		'*--version[print the version and stop]' \
		'1:verb:_mailkeep_verbs' \
		'*:: :->verb' && ret=0
	[[ $state == verb ]] || return ret
	case $words[1] in
	init)
		_arguments -s -S \
			'*--container=[how packs hold messages\: files in a tar, or a mailbox]:tar|mbox:(tar mbox)' \
			'*--offline[don'\''t sign in to see whether the account is right]' \
			'*--rebind[change the server or settings of an existing vault, or make a lost vault.json anew]' \
			'*-y[don'\''t ask before changing a vault]' \
			'*--yes[don'\''t ask before changing a vault]' \
			'*--credential=[systemd credential that holds the password]:NAME: ' \
			'*--disable=[do not use this capability of the server]:CAPABILITY: ' \
			'*--folder=[folders to back up; "!PATTERN"\: not these; may be repeated]:PATTERN: ' \
			'*--full-every=[compare everything at least this often (7d)]:AGE: ' \
			'*--insecure-plaintext[with imap\://, allow a connection without TLS]' \
			'*--insecure-plaintext-remote[allow it to other hosts than this one too]' \
			'*--max-rate=[transfer at most this much a second]:SIZE: ' \
			'*--password-command=[shell command that prints the password]:COMMAND: ' \
			'*--password-fd=[read the password from this descriptor]:NUMBER: ' \
			'*--password-file=[read the password from a file of mode 0600]:FILE:_files' \
			'*--proxy=[connect through socks5h\://HOST or http\://HOST]:URL: ' \
			'*--server=[the server, imaps\://\[USER@\]HOST\[\:PORT\]]:URL: ' \
			'*--shared[include other users'\'' and shared folders]' \
			'*--timeout=[silence after which the connection is dead (60)]:SECONDS: ' \
			'*--tls-ca=[trust these certificates instead of the system'\''s]:FILE:_files' \
			'*--tls-pin=[trust only this key of the server, sha256//...]:PIN: ' \
			'*--token-command=[shell command that prints an OAuth access token]:COMMAND: ' \
			'*--user=[the user to sign in as]:NAME: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	backup)
		_arguments -s -S \
			'*-n[say what would be looked at, fetch and write nothing]' \
			'*--dry-run[say what would be looked at, fetch and write nothing]' \
			'*--full[compare every message, trust no shortcut]' \
			'*--wait[wait while another mailkeep writes to the vault]' \
			'*--credential=[systemd credential that holds the password]:NAME: ' \
			'*--disable=[do not use this capability of the server]:CAPABILITY: ' \
			'*--folder=[folders to back up; "!PATTERN"\: not these; may be repeated]:PATTERN: ' \
			'*--full-every=[compare everything at least this often (7d)]:AGE: ' \
			'*--insecure-plaintext[with imap\://, allow a connection without TLS]' \
			'*--insecure-plaintext-remote[allow it to other hosts than this one too]' \
			'*--max-rate=[transfer at most this much a second]:SIZE: ' \
			'*--password-command=[shell command that prints the password]:COMMAND: ' \
			'*--password-fd=[read the password from this descriptor]:NUMBER: ' \
			'*--password-file=[read the password from a file of mode 0600]:FILE:_files' \
			'*--proxy=[connect through socks5h\://HOST or http\://HOST]:URL: ' \
			'*--server=[the server, imaps\://\[USER@\]HOST\[\:PORT\]]:URL: ' \
			'*--shared[include other users'\'' and shared folders]' \
			'*--timeout=[silence after which the connection is dead (60)]:SECONDS: ' \
			'*--tls-ca=[trust these certificates instead of the system'\''s]:FILE:_files' \
			'*--tls-pin=[trust only this key of the server, sha256//...]:PIN: ' \
			'*--token-command=[shell command that prints an OAuth access token]:COMMAND: ' \
			'*--user=[the user to sign in as]:NAME: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	status)
		_arguments -s -S \
			'*--max-age=[exit 11 where the last good backup is older]:AGE: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	folders)
		_arguments -s -S \
			'*--credential=[systemd credential that holds the password]:NAME: ' \
			'*--disable=[do not use this capability of the server]:CAPABILITY: ' \
			'*--folder=[folders to back up; "!PATTERN"\: not these; may be repeated]:PATTERN: ' \
			'*--full-every=[compare everything at least this often (7d)]:AGE: ' \
			'*--insecure-plaintext[with imap\://, allow a connection without TLS]' \
			'*--insecure-plaintext-remote[allow it to other hosts than this one too]' \
			'*--max-rate=[transfer at most this much a second]:SIZE: ' \
			'*--password-command=[shell command that prints the password]:COMMAND: ' \
			'*--password-fd=[read the password from this descriptor]:NUMBER: ' \
			'*--password-file=[read the password from a file of mode 0600]:FILE:_files' \
			'*--proxy=[connect through socks5h\://HOST or http\://HOST]:URL: ' \
			'*--server=[the server, imaps\://\[USER@\]HOST\[\:PORT\]]:URL: ' \
			'*--shared[include other users'\'' and shared folders]' \
			'*--timeout=[silence after which the connection is dead (60)]:SECONDS: ' \
			'*--tls-ca=[trust these certificates instead of the system'\''s]:FILE:_files' \
			'*--tls-pin=[trust only this key of the server, sha256//...]:PIN: ' \
			'*--token-command=[shell command that prints an OAuth access token]:COMMAND: ' \
			'*--user=[the user to sign in as]:NAME: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	log)
		_arguments -s -S \
			'*--last=[only so many of the newest]:N: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	list)
		_arguments -s -S \
			'*-a[also what is gone from the server]' \
			'*--all[also what is gone from the server]' \
			'*--at=[the mailbox as it was then]:COMMIT|DATE: ' \
			'*--before=[what the server received before]:DATE: ' \
			'*--flag=[what has this flag; with ! before it\: has not]:FLAG: ' \
			'*--larger=[what is larger, as 5M]:SIZE: ' \
			'*--pruned=[what this run of prune deleted from the server]:RUN: ' \
			'*--recipient=[what has this in To]:TEXT: ' \
			'*--sender=[what has this in From]:TEXT: ' \
			'*--since=[what the server received since, as 2024 or 30d]:DATE: ' \
			'*--smaller=[what is smaller]:SIZE: ' \
			'*--subject=[what has this in the subject]:TEXT: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	show)
		_arguments -s -S \
			'*--headers[print the header as it was sent]' \
			'*--raw[print the message byte for byte]' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	verify)
		_arguments -s -S \
			'*--against-server[compare with the server; fetch so many messages again]' \
			'*--expect=[exit 6 unless a manifest has this hash\: the head, noted earlier]:HASH: ' \
			'*--read-data[read the packs back, every message; or a part of them]' \
			'*--credential=[systemd credential that holds the password]:NAME: ' \
			'*--disable=[do not use this capability of the server]:CAPABILITY: ' \
			'*--folder=[folders to back up; "!PATTERN"\: not these; may be repeated]:PATTERN: ' \
			'*--full-every=[compare everything at least this often (7d)]:AGE: ' \
			'*--insecure-plaintext[with imap\://, allow a connection without TLS]' \
			'*--insecure-plaintext-remote[allow it to other hosts than this one too]' \
			'*--max-rate=[transfer at most this much a second]:SIZE: ' \
			'*--password-command=[shell command that prints the password]:COMMAND: ' \
			'*--password-fd=[read the password from this descriptor]:NUMBER: ' \
			'*--password-file=[read the password from a file of mode 0600]:FILE:_files' \
			'*--proxy=[connect through socks5h\://HOST or http\://HOST]:URL: ' \
			'*--server=[the server, imaps\://\[USER@\]HOST\[\:PORT\]]:URL: ' \
			'*--shared[include other users'\'' and shared folders]' \
			'*--timeout=[silence after which the connection is dead (60)]:SECONDS: ' \
			'*--tls-ca=[trust these certificates instead of the system'\''s]:FILE:_files' \
			'*--tls-pin=[trust only this key of the server, sha256//...]:PIN: ' \
			'*--token-command=[shell command that prints an OAuth access token]:COMMAND: ' \
			'*--user=[the user to sign in as]:NAME: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	repair)
		_arguments -s -S \
			'*--accept-loss[give up what is nowhere to be had]' \
			'*--offline[don'\''t ask the server]' \
			'*--wait[wait while another mailkeep writes to the vault]' \
			'*--credential=[systemd credential that holds the password]:NAME: ' \
			'*--disable=[do not use this capability of the server]:CAPABILITY: ' \
			'*--folder=[folders to back up; "!PATTERN"\: not these; may be repeated]:PATTERN: ' \
			'*--full-every=[compare everything at least this often (7d)]:AGE: ' \
			'*--insecure-plaintext[with imap\://, allow a connection without TLS]' \
			'*--insecure-plaintext-remote[allow it to other hosts than this one too]' \
			'*--max-rate=[transfer at most this much a second]:SIZE: ' \
			'*--password-command=[shell command that prints the password]:COMMAND: ' \
			'*--password-fd=[read the password from this descriptor]:NUMBER: ' \
			'*--password-file=[read the password from a file of mode 0600]:FILE:_files' \
			'*--proxy=[connect through socks5h\://HOST or http\://HOST]:URL: ' \
			'*--server=[the server, imaps\://\[USER@\]HOST\[\:PORT\]]:URL: ' \
			'*--shared[include other users'\'' and shared folders]' \
			'*--timeout=[silence after which the connection is dead (60)]:SECONDS: ' \
			'*--tls-ca=[trust these certificates instead of the system'\''s]:FILE:_files' \
			'*--tls-pin=[trust only this key of the server, sha256//...]:PIN: ' \
			'*--token-command=[shell command that prints an OAuth access token]:COMMAND: ' \
			'*--user=[the user to sign in as]:NAME: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	rebuild)
		_arguments -s -S \
			'*--quick[leave the messages'\'' header lines for later]' \
			'*--salvage[manifests are lost\: make new ones of what is left]' \
			'*--wait[wait while another mailkeep writes to the vault]' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	compact)
		_arguments -s -S \
			'*--below=[put packs with less mail than that together (32M)]:SIZE: ' \
			'*--drop-orphans[remove what stands in orphans/]' \
			'*-n[say what would be done, change nothing]' \
			'*--dry-run[say what would be done, change nothing]' \
			'*--manifests=[bundle manifests when so many stand alone (100)]:N: ' \
			'*--wait[wait while another mailkeep writes to the vault]' \
			'*--yes[don'\''t ask before orphans are removed]' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	export)
		_arguments -s -S \
			'*-a[also what is gone from the server]' \
			'*--all[also what is gone from the server]' \
			'*--at=[the mailbox as it was then]:COMMIT|DATE: ' \
			'*--before=[what the server received before]:DATE: ' \
			'*-n[say what would be exported, write nothing]' \
			'*--dry-run[say what would be exported, write nothing]' \
			'*--flag=[what has this flag; with ! before it\: has not]:FLAG: ' \
			'*--format=[what to write; else as DIR'\''s name ends, or maildir]:maildir|mbox|eml|tar|zip:(maildir mbox eml tar zip)' \
			'*--larger=[what is larger, as 5M]:SIZE: ' \
			'*--pruned=[what this run of prune deleted from the server]:RUN: ' \
			'*--recipient=[what has this in To]:TEXT: ' \
			'*--sender=[what has this in From]:TEXT: ' \
			'*--since=[what the server received since, as 2024 or 30d]:DATE: ' \
			'*--smaller=[what is smaller]:SIZE: ' \
			'*--subject=[what has this in the subject]:TEXT: ' \
			'*--to=[write there; for tar and zip a file, or - for stdout]:DIR|FILE: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	import)
		_arguments -s -S \
			'*--date-from=[which date of a message counts]:auto|file|header:(auto file header)' \
			'*-n[count what is there, write nothing]' \
			'*--dry-run[count what is there, write nothing]' \
			'*--format=[what SOURCE is]:auto|maildir|mbox|eml|tar:(auto maildir mbox eml tar)' \
			'*--into=[put its folders below this one]:FOLDER: ' \
			'*--quoting=[how an mbox quotes "From " in messages]:mboxrd|mboxo|none:(mboxrd mboxo none)' \
			'*--raw[keep line ends as they are]' \
			'*--wait[wait while another mailkeep writes to the vault]' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	restore)
		_arguments -s -S \
			'*-a[also what is gone from the server]' \
			'*--all[also what is gone from the server]' \
			'*--at=[the mailbox as it was then]:COMMIT|DATE: ' \
			'*--before=[what the server received before]:DATE: ' \
			'*--deleted[keep the flag \\Deleted, too]' \
			'*-n[print the plan, change nothing]' \
			'*--dry-run[print the plan, change nothing]' \
			'*--duplicates[append all, though it may be there already]' \
			'*--fix[append repaired copies of what the server would refuse]' \
			'*--flag=[what has this flag; with ! before it\: has not]:FLAG: ' \
			'*--folder=[only these folders; "!PATTERN"\: not these; may be repeated]:PATTERN: ' \
			'*--into=[put all folders below this one]:FOLDER: ' \
			'*--larger=[what is larger, as 5M]:SIZE: ' \
			'*--map=[call a folder so; patterns will do; may be repeated]:OLD=NEW: ' \
			'*--match=[by what a message that is there is known]:content|message-id:(content message-id)' \
			'*--no-check[don'\''t look at what was appended]' \
			'*--no-roles[Sent, Trash and the like keep their names]' \
			'*--pruned=[what this run of prune deleted from the server]:RUN: ' \
			'*--recipient=[what has this in To]:TEXT: ' \
			'*--sender=[what has this in From]:TEXT: ' \
			'*--since=[what the server received since, as 2024 or 30d]:DATE: ' \
			'*--smaller=[what is smaller]:SIZE: ' \
			'*--subject=[what has this in the subject]:TEXT: ' \
			'*--to=[the account that they go to; but for --pruned it must be given]:URL|ACCOUNT|VAULT: ' \
			'*-y[don'\''t ask]' \
			'*--yes[don'\''t ask]' \
			'*--credential=[systemd credential that holds the password]:NAME: ' \
			'*--disable=[do not use this capability of the server]:CAPABILITY: ' \
			'*--full-every=[compare everything at least this often (7d)]:AGE: ' \
			'*--insecure-plaintext[with imap\://, allow a connection without TLS]' \
			'*--insecure-plaintext-remote[allow it to other hosts than this one too]' \
			'*--max-rate=[transfer at most this much a second]:SIZE: ' \
			'*--password-command=[shell command that prints the password]:COMMAND: ' \
			'*--password-fd=[read the password from this descriptor]:NUMBER: ' \
			'*--password-file=[read the password from a file of mode 0600]:FILE:_files' \
			'*--proxy=[connect through socks5h\://HOST or http\://HOST]:URL: ' \
			'*--server=[the server, imaps\://\[USER@\]HOST\[\:PORT\]]:URL: ' \
			'*--shared[include other users'\'' and shared folders]' \
			'*--timeout=[silence after which the connection is dead (60)]:SECONDS: ' \
			'*--tls-ca=[trust these certificates instead of the system'\''s]:FILE:_files' \
			'*--tls-pin=[trust only this key of the server, sha256//...]:PIN: ' \
			'*--token-command=[shell command that prints an OAuth access token]:COMMAND: ' \
			'*--user=[the user to sign in as]:NAME: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	copy)
		_arguments -s -S \
			'*--before=[what the server received before]:DATE: ' \
			'*--deleted[keep the flag \\Deleted, too]' \
			'*-n[print the plan, change nothing]' \
			'*--dry-run[print the plan, change nothing]' \
			'*--duplicates[append all, though it may be there already]' \
			'*--fix[append repaired copies of what the server would refuse]' \
			'*--flag=[what has this flag; with ! before it\: has not]:FLAG: ' \
			'*--folder=[only these folders; "!PATTERN"\: not these; may be repeated]:PATTERN: ' \
			'*--from-setting=[a setting for FROM, as password_file=FILE; may be repeated]:NAME=VALUE: ' \
			'*--into=[put all folders below this one]:FOLDER: ' \
			'*--larger=[what is larger, as 5M]:SIZE: ' \
			'*--map=[call a folder so; patterns will do; may be repeated]:OLD=NEW: ' \
			'*--match=[by what a message that is there is known]:content|message-id:(content message-id)' \
			'*--no-check[don'\''t look at what was appended]' \
			'*--no-roles[Sent, Trash and the like keep their names]' \
			'*--recipient=[what has this in To]:TEXT: ' \
			'*--sender=[what has this in From]:TEXT: ' \
			'*--since=[what the server received since, as 2024 or 30d]:DATE: ' \
			'*--smaller=[what is smaller]:SIZE: ' \
			'*--subject=[what has this in the subject]:TEXT: ' \
			'*--vault=[the vault where FROM is a server; made if it isn'\''t there]:DIR:_directories' \
			'*--wait[wait while another mailkeep writes to the vault]' \
			'*-y[don'\''t ask]' \
			'*--yes[don'\''t ask]' \
			'*--credential=[systemd credential that holds the password]:NAME: ' \
			'*--disable=[do not use this capability of the server]:CAPABILITY: ' \
			'*--full-every=[compare everything at least this often (7d)]:AGE: ' \
			'*--insecure-plaintext[with imap\://, allow a connection without TLS]' \
			'*--insecure-plaintext-remote[allow it to other hosts than this one too]' \
			'*--max-rate=[transfer at most this much a second]:SIZE: ' \
			'*--password-command=[shell command that prints the password]:COMMAND: ' \
			'*--password-fd=[read the password from this descriptor]:NUMBER: ' \
			'*--password-file=[read the password from a file of mode 0600]:FILE:_files' \
			'*--proxy=[connect through socks5h\://HOST or http\://HOST]:URL: ' \
			'*--server=[the server, imaps\://\[USER@\]HOST\[\:PORT\]]:URL: ' \
			'*--shared[include other users'\'' and shared folders]' \
			'*--timeout=[silence after which the connection is dead (60)]:SECONDS: ' \
			'*--tls-ca=[trust these certificates instead of the system'\''s]:FILE:_files' \
			'*--tls-pin=[trust only this key of the server, sha256//...]:PIN: ' \
			'*--token-command=[shell command that prints an OAuth access token]:COMMAND: ' \
			'*--user=[the user to sign in as]:NAME: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	prune)
		_arguments -s -S \
			'*--allow-empty-folder[delete also all that a folder has]' \
			'*--allow-incomplete-backup[... though the last backup lacked something]' \
			'*--allow-most[delete also more than half of a folder]' \
			'*--allow-new-epoch[... though the folder got a new UIDVALIDITY lately]' \
			'*--allow-old-backup[... though the last backup was more than a day ago]' \
			'*--allow-shrunk[... though the folder has just lost more than half]' \
			'*--allow-young[delete also what came within the last 30 days]' \
			'*--also-flagged[delete also what is flagged]' \
			'*--also-unread[delete also what nobody has read]' \
			'*--before=[what the server received before]:DATE: ' \
			'*--compare=[what is compared with the server\: all of it with full]:headers|full:(headers full)' \
			'*-n[print the plan and stop, also with --yes]' \
			'*--dry-run[print the plan and stop, also with --yes]' \
			'*--execute=[delete what this list names, as --plan wrote it]:FILE:_files' \
			'*--folder=[only these folders; "!PATTERN"\: not these; may be repeated]:PATTERN: ' \
			'*--junk-older-than=[what is that old in the junk folder]:AGE: ' \
			'*--keep-flagged[keep what is flagged, whatever the config file says]' \
			'*--keep-last=[keep so many of the newest in each folder]:N: ' \
			'*--keep-unread[keep what nobody has read, likewise]' \
			'*--larger-than=[what is larger, as 5M]:SIZE: ' \
			'*--largest-first[for --until-free\: the largest, not the oldest]' \
			'*--max-delete=[don'\''t ask; delete nothing if it were more messages]:N: ' \
			'*--move-to-trash[move to the trash, delete nothing]' \
			'*--older-than=[what the server received that long ago, as 2y]:AGE: ' \
			'*--plan=[write a list of what would go; - is stdout]:FILE:_files' \
			'*--recipient=[what has this in To]:TEXT: ' \
			'*--seen[what was read]' \
			'*--sender=[what has this in From]:TEXT: ' \
			'*--subject=[what has this in the subject]:TEXT: ' \
			'*--trash-older-than=[what is that old in the trash]:AGE: ' \
			'*--until-free=[the oldest, until so much of the quota is free]:SIZE|N%: ' \
			'*--yes[delete; without it the plan is printed alone]' \
			'*--credential=[systemd credential that holds the password]:NAME: ' \
			'*--disable=[do not use this capability of the server]:CAPABILITY: ' \
			'*--full-every=[compare everything at least this often (7d)]:AGE: ' \
			'*--insecure-plaintext[with imap\://, allow a connection without TLS]' \
			'*--insecure-plaintext-remote[allow it to other hosts than this one too]' \
			'*--max-rate=[transfer at most this much a second]:SIZE: ' \
			'*--password-command=[shell command that prints the password]:COMMAND: ' \
			'*--password-fd=[read the password from this descriptor]:NUMBER: ' \
			'*--password-file=[read the password from a file of mode 0600]:FILE:_files' \
			'*--proxy=[connect through socks5h\://HOST or http\://HOST]:URL: ' \
			'*--server=[the server, imaps\://\[USER@\]HOST\[\:PORT\]]:URL: ' \
			'*--shared[include other users'\'' and shared folders]' \
			'*--timeout=[silence after which the connection is dead (60)]:SECONDS: ' \
			'*--tls-ca=[trust these certificates instead of the system'\''s]:FILE:_files' \
			'*--tls-pin=[trust only this key of the server, sha256//...]:PIN: ' \
			'*--token-command=[shell command that prints an OAuth access token]:COMMAND: ' \
			'*--user=[the user to sign in as]:NAME: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	quota)
		_arguments -s -S \
			'*--folder=[look only at these folders; "!PATTERN"\: not at these; may be repeated]:PATTERN: ' \
			'*--credential=[systemd credential that holds the password]:NAME: ' \
			'*--disable=[do not use this capability of the server]:CAPABILITY: ' \
			'*--full-every=[compare everything at least this often (7d)]:AGE: ' \
			'*--insecure-plaintext[with imap\://, allow a connection without TLS]' \
			'*--insecure-plaintext-remote[allow it to other hosts than this one too]' \
			'*--max-rate=[transfer at most this much a second]:SIZE: ' \
			'*--password-command=[shell command that prints the password]:COMMAND: ' \
			'*--password-fd=[read the password from this descriptor]:NUMBER: ' \
			'*--password-file=[read the password from a file of mode 0600]:FILE:_files' \
			'*--proxy=[connect through socks5h\://HOST or http\://HOST]:URL: ' \
			'*--server=[the server, imaps\://\[USER@\]HOST\[\:PORT\]]:URL: ' \
			'*--shared[include other users'\'' and shared folders]' \
			'*--timeout=[silence after which the connection is dead (60)]:SECONDS: ' \
			'*--tls-ca=[trust these certificates instead of the system'\''s]:FILE:_files' \
			'*--tls-pin=[trust only this key of the server, sha256//...]:PIN: ' \
			'*--token-command=[shell command that prints an OAuth access token]:COMMAND: ' \
			'*--user=[the user to sign in as]:NAME: ' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: _alternative "directories\:directories\:_directories" "accounts\:accounts\:_mailkeep_accounts"' && ret=0 ;;
	help)
		_arguments -s -S \
			'*--accounts[list the accounts of the config file, one per line]' \
			'*--dump[list all verbs and options in a form for programs]' \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument:_mailkeep_verbs' && ret=0 ;;
	version)
		_arguments -s -S \
			'*--color=[colour what is shown; auto\: on a terminal]:auto|always|never:(auto always never)' \
			'*-c+[read accounts from this file]:FILE:_files' \
			'*--config=[read accounts from this file]:FILE:_files' \
			'*-h[explain the verb and stop]' \
			'*--help[explain the verb and stop]' \
			'*--json[print data as JSON, one object per line]' \
			'*-q[say only what is wrong]' \
			'*--quiet[say only what is wrong]' \
			'*-v[say more; twice\: also what the server is told]' \
			'*--verbose[say more; twice\: also what the server is told]' \
			'*--version[print the version and stop]' \
			'*:argument: ' && ret=0 ;;
	esac
	return ret
}

_mailkeep "$@"

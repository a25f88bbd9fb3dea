#compdef mailkeep
# Completion of mailkeep(1) for zsh.  Generated from "mailkeep help --dump" by tests/check/completions.sh --write.

_mailkeep_verbs() {
	local -a verbs=(
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

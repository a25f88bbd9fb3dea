# Completion of mailkeep(1) for bash.  Generated from "mailkeep help --dump" by tests/check/completions.sh --write.

_mailkeep()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local verb='' opts='' args='' values='' places=0 takes='' i n kind reply

	# --option=value comes as three words.
	if [[ $cur == '=' ]]; then
		cur=''
	elif [[ $prev == '=' ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--color) [[ ${COMP_WORDS[i+1]} == '=' ]] && ((i++)); ((i++)) ;;
		-c|--config) [[ ${COMP_WORDS[i+1]} == '=' ]] && ((i++)); ((i++)) ;;
		-*) ;;
		*) verb=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $verb in
	'')
		opts='--color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='verbs'
		case $prev in
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		;;
	init)
		opts='--container --offline --rebind --yes -y --credential --disable --folder --full-every --insecure-plaintext --insecure-plaintext-remote --max-rate --password-command --password-fd --password-file --proxy --server --shared --timeout --tls-ca --tls-pin --token-command --user --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--container) values='words tar mbox' ;;
		--credential) values=nothing ;;
		--disable) values=nothing ;;
		--folder) values=nothing ;;
		--full-every) values=nothing ;;
		--max-rate) values=nothing ;;
		--password-command) values=nothing ;;
		--password-fd) values=nothing ;;
		--password-file) values=files ;;
		--proxy) values=nothing ;;
		--server) values=nothing ;;
		--timeout) values=nothing ;;
		--tls-ca) values=files ;;
		--tls-pin) values=nothing ;;
		--token-command) values=nothing ;;
		--user) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=2
		takes=' --container --credential --disable --folder --full-every --max-rate --password-command --password-fd --password-file --proxy --server --timeout --tls-ca --tls-pin --token-command --user --color --config -c '
		;;
	backup)
		opts='--dry-run -n --full --wait --credential --disable --folder --full-every --insecure-plaintext --insecure-plaintext-remote --max-rate --password-command --password-fd --password-file --proxy --server --shared --timeout --tls-ca --tls-pin --token-command --user --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--credential) values=nothing ;;
		--disable) values=nothing ;;
		--folder) values=nothing ;;
		--full-every) values=nothing ;;
		--max-rate) values=nothing ;;
		--password-command) values=nothing ;;
		--password-fd) values=nothing ;;
		--password-file) values=files ;;
		--proxy) values=nothing ;;
		--server) values=nothing ;;
		--timeout) values=nothing ;;
		--tls-ca) values=files ;;
		--tls-pin) values=nothing ;;
		--token-command) values=nothing ;;
		--user) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		;;
	status)
		opts='--max-age --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--max-age) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		;;
	folders)
		opts='--credential --disable --folder --full-every --insecure-plaintext --insecure-plaintext-remote --max-rate --password-command --password-fd --password-file --proxy --server --shared --timeout --tls-ca --tls-pin --token-command --user --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--credential) values=nothing ;;
		--disable) values=nothing ;;
		--folder) values=nothing ;;
		--full-every) values=nothing ;;
		--max-rate) values=nothing ;;
		--password-command) values=nothing ;;
		--password-fd) values=nothing ;;
		--password-file) values=files ;;
		--proxy) values=nothing ;;
		--server) values=nothing ;;
		--timeout) values=nothing ;;
		--tls-ca) values=files ;;
		--tls-pin) values=nothing ;;
		--token-command) values=nothing ;;
		--user) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=1
		takes=' --credential --disable --folder --full-every --max-rate --password-command --password-fd --password-file --proxy --server --timeout --tls-ca --tls-pin --token-command --user --color --config -c '
		;;
	log)
		opts='--last --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--last) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=1
		takes=' --last --color --config -c '
		;;
	list)
		opts='--all -a --at --before --flag --larger --pruned --recipient --sender --since --smaller --subject --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--at) values=nothing ;;
		--before) values=nothing ;;
		--flag) values=nothing ;;
		--larger) values=nothing ;;
		--pruned) values=nothing ;;
		--recipient) values=nothing ;;
		--sender) values=nothing ;;
		--since) values=nothing ;;
		--smaller) values=nothing ;;
		--subject) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=1
		takes=' --at --before --flag --larger --pruned --recipient --sender --since --smaller --subject --color --config -c '
		;;
	show)
		opts='--headers --raw --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=1
		takes=' --color --config -c '
		;;
	verify)
		opts='--against-server --expect --read-data --credential --disable --folder --full-every --insecure-plaintext --insecure-plaintext-remote --max-rate --password-command --password-fd --password-file --proxy --server --shared --timeout --tls-ca --tls-pin --token-command --user --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--expect) values=nothing ;;
		--credential) values=nothing ;;
		--disable) values=nothing ;;
		--folder) values=nothing ;;
		--full-every) values=nothing ;;
		--max-rate) values=nothing ;;
		--password-command) values=nothing ;;
		--password-fd) values=nothing ;;
		--password-file) values=files ;;
		--proxy) values=nothing ;;
		--server) values=nothing ;;
		--timeout) values=nothing ;;
		--tls-ca) values=files ;;
		--tls-pin) values=nothing ;;
		--token-command) values=nothing ;;
		--user) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		;;
	repair)
		opts='--accept-loss --offline --wait --credential --disable --folder --full-every --insecure-plaintext --insecure-plaintext-remote --max-rate --password-command --password-fd --password-file --proxy --server --shared --timeout --tls-ca --tls-pin --token-command --user --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--credential) values=nothing ;;
		--disable) values=nothing ;;
		--folder) values=nothing ;;
		--full-every) values=nothing ;;
		--max-rate) values=nothing ;;
		--password-command) values=nothing ;;
		--password-fd) values=nothing ;;
		--password-file) values=files ;;
		--proxy) values=nothing ;;
		--server) values=nothing ;;
		--timeout) values=nothing ;;
		--tls-ca) values=files ;;
		--tls-pin) values=nothing ;;
		--token-command) values=nothing ;;
		--user) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		;;
	rebuild)
		opts='--quick --salvage --wait --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		;;
	compact)
		opts='--below --drop-orphans --dry-run -n --manifests --wait --yes --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--below) values=nothing ;;
		--manifests) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		;;
	export)
		opts='--all -a --at --before --dry-run -n --flag --format --larger --pruned --recipient --sender --since --smaller --subject --to --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--at) values=nothing ;;
		--before) values=nothing ;;
		--flag) values=nothing ;;
		--format) values='words maildir mbox eml tar zip' ;;
		--larger) values=nothing ;;
		--pruned) values=nothing ;;
		--recipient) values=nothing ;;
		--sender) values=nothing ;;
		--since) values=nothing ;;
		--smaller) values=nothing ;;
		--subject) values=nothing ;;
		--to) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=1
		takes=' --at --before --flag --format --larger --pruned --recipient --sender --since --smaller --subject --to --color --config -c '
		;;
	import)
		opts='--date-from --dry-run -n --format --into --quoting --raw --wait --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--date-from) values='words auto file header' ;;
		--format) values='words auto maildir mbox eml tar' ;;
		--into) values=nothing ;;
		--quoting) values='words mboxrd mboxo none' ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=1
		takes=' --date-from --format --into --quoting --color --config -c '
		;;
	restore)
		opts='--all -a --at --before --deleted --dry-run -n --duplicates --fix --flag --folder --into --larger --map --match --no-check --no-roles --pruned --recipient --sender --since --smaller --subject --to --yes -y --credential --disable --full-every --insecure-plaintext --insecure-plaintext-remote --max-rate --password-command --password-fd --password-file --proxy --server --shared --timeout --tls-ca --tls-pin --token-command --user --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--at) values=nothing ;;
		--before) values=nothing ;;
		--flag) values=nothing ;;
		--folder) values=nothing ;;
		--into) values=nothing ;;
		--larger) values=nothing ;;
		--map) values=nothing ;;
		--match) values='words content message-id' ;;
		--pruned) values=nothing ;;
		--recipient) values=nothing ;;
		--sender) values=nothing ;;
		--since) values=nothing ;;
		--smaller) values=nothing ;;
		--subject) values=nothing ;;
		--to) values=nothing ;;
		--credential) values=nothing ;;
		--disable) values=nothing ;;
		--full-every) values=nothing ;;
		--max-rate) values=nothing ;;
		--password-command) values=nothing ;;
		--password-fd) values=nothing ;;
		--password-file) values=files ;;
		--proxy) values=nothing ;;
		--server) values=nothing ;;
		--timeout) values=nothing ;;
		--tls-ca) values=files ;;
		--tls-pin) values=nothing ;;
		--token-command) values=nothing ;;
		--user) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=4
		takes=' --at --before --flag --folder --into --larger --map --match --pruned --recipient --sender --since --smaller --subject --to --credential --disable --full-every --max-rate --password-command --password-fd --password-file --proxy --server --timeout --tls-ca --tls-pin --token-command --user --color --config -c '
		;;
	copy)
		opts='--before --deleted --dry-run -n --duplicates --fix --flag --folder --from-setting --into --larger --map --match --no-check --no-roles --recipient --sender --since --smaller --subject --vault --wait --yes -y --credential --disable --full-every --insecure-plaintext --insecure-plaintext-remote --max-rate --password-command --password-fd --password-file --proxy --server --shared --timeout --tls-ca --tls-pin --token-command --user --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--before) values=nothing ;;
		--flag) values=nothing ;;
		--folder) values=nothing ;;
		--from-setting) values=nothing ;;
		--into) values=nothing ;;
		--larger) values=nothing ;;
		--map) values=nothing ;;
		--match) values='words content message-id' ;;
		--recipient) values=nothing ;;
		--sender) values=nothing ;;
		--since) values=nothing ;;
		--smaller) values=nothing ;;
		--subject) values=nothing ;;
		--vault) values=directories ;;
		--credential) values=nothing ;;
		--disable) values=nothing ;;
		--full-every) values=nothing ;;
		--max-rate) values=nothing ;;
		--password-command) values=nothing ;;
		--password-fd) values=nothing ;;
		--password-file) values=files ;;
		--proxy) values=nothing ;;
		--server) values=nothing ;;
		--timeout) values=nothing ;;
		--tls-ca) values=files ;;
		--tls-pin) values=nothing ;;
		--token-command) values=nothing ;;
		--user) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=2
		takes=' --before --flag --folder --from-setting --into --larger --map --match --recipient --sender --since --smaller --subject --vault --credential --disable --full-every --max-rate --password-command --password-fd --password-file --proxy --server --timeout --tls-ca --tls-pin --token-command --user --color --config -c '
		;;
	prune)
		opts='--allow-empty-folder --allow-incomplete-backup --allow-most --allow-new-epoch --allow-old-backup --allow-shrunk --allow-young --also-flagged --also-unread --before --compare --dry-run -n --execute --folder --junk-older-than --keep-flagged --keep-last --keep-unread --larger-than --largest-first --max-delete --move-to-trash --older-than --plan --recipient --seen --sender --subject --trash-older-than --until-free --yes --credential --disable --full-every --insecure-plaintext --insecure-plaintext-remote --max-rate --password-command --password-fd --password-file --proxy --server --shared --timeout --tls-ca --tls-pin --token-command --user --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--before) values=nothing ;;
		--compare) values='words headers full' ;;
		--execute) values=files ;;
		--folder) values=nothing ;;
		--junk-older-than) values=nothing ;;
		--keep-last) values=nothing ;;
		--larger-than) values=nothing ;;
		--max-delete) values=nothing ;;
		--older-than) values=nothing ;;
		--plan) values=files ;;
		--recipient) values=nothing ;;
		--sender) values=nothing ;;
		--subject) values=nothing ;;
		--trash-older-than) values=nothing ;;
		--until-free) values=nothing ;;
		--credential) values=nothing ;;
		--disable) values=nothing ;;
		--full-every) values=nothing ;;
		--max-rate) values=nothing ;;
		--password-command) values=nothing ;;
		--password-fd) values=nothing ;;
		--password-file) values=files ;;
		--proxy) values=nothing ;;
		--server) values=nothing ;;
		--timeout) values=nothing ;;
		--tls-ca) values=files ;;
		--tls-pin) values=nothing ;;
		--token-command) values=nothing ;;
		--user) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=1
		takes=' --before --compare --execute --folder --junk-older-than --keep-last --larger-than --max-delete --older-than --plan --recipient --sender --subject --trash-older-than --until-free --credential --disable --full-every --max-rate --password-command --password-fd --password-file --proxy --server --timeout --tls-ca --tls-pin --token-command --user --color --config -c '
		;;
	quota)
		opts='--folder --credential --disable --full-every --insecure-plaintext --insecure-plaintext-remote --max-rate --password-command --password-fd --password-file --proxy --server --shared --timeout --tls-ca --tls-pin --token-command --user --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='directories accounts'
		case $prev in
		--folder) values=nothing ;;
		--credential) values=nothing ;;
		--disable) values=nothing ;;
		--full-every) values=nothing ;;
		--max-rate) values=nothing ;;
		--password-command) values=nothing ;;
		--password-fd) values=nothing ;;
		--password-file) values=files ;;
		--proxy) values=nothing ;;
		--server) values=nothing ;;
		--timeout) values=nothing ;;
		--tls-ca) values=files ;;
		--tls-pin) values=nothing ;;
		--token-command) values=nothing ;;
		--user) values=nothing ;;
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=1
		takes=' --folder --credential --disable --full-every --max-rate --password-command --password-fd --password-file --proxy --server --timeout --tls-ca --tls-pin --token-command --user --color --config -c '
		;;
	help)
		opts='--accounts --dump --color --config -c --help -h --json --quiet -q --verbose -v --version'
		args='verbs'
		case $prev in
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		places=1
		takes=' --color --config -c '
		;;
	version)
		opts='--color --config -c --help -h --json --quiet -q --verbose -v --version'
		args=''
		case $prev in
		--color) values='words auto always never' ;;
		-c|--config) values=files ;;
		esac
		;;
	esac
	# Arguments that stand before the cursor.
	for ((i++, n = 0; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i+1]} == '=' ]]; then
			((i += 2))
		elif [[ $takes == *" ${COMP_WORDS[i]} "* ]]; then
			((i++))
		elif [[ ${COMP_WORDS[i]} != -* ]]; then
			((n++))
		fi
	done
	if ((places > 0 && n >= places)); then
		args=''
	fi
	if [[ -z $values && $cur == -* ]]; then
		values="words $opts"
	elif [[ -z $values ]]; then
		values=$args
	fi
	COMPREPLY=()
	while IFS= read -r reply; do
		[[ -n $reply ]] && COMPREPLY+=("$reply")
	done < <(
		if [[ $values == words\ * ]]; then
			compgen -W "${values#words }" -- "$cur"
			exit
		fi
		for kind in $values; do
			case $kind in
			files) compgen -f -- "$cur" ;;
			directories) compgen -d -- "$cur" ;;
			accounts) mailkeep help --accounts 2>/dev/null | while IFS= read -r reply; do
				[[ $reply == "$cur"* ]] && printf '%s\n' "$reply"
				done ;;
			verbs) compgen -W 'init backup status folders log list show verify repair rebuild compact export import restore copy prune quota help version' -- "$cur" ;;
			esac
		done
	)
	if [[ $values == *files* || $values == *directories* ]]; then
		compopt -o filenames 2>/dev/null
	fi
}

complete -F _mailkeep mailkeep

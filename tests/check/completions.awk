# completions.awk - the completions of one shell from "mailkeep help --dump": awk -v shell=bash|zsh|fish -f completions.awk
#
# What is offered for a value or an argument follows from what help calls it: FILE, VAULT, auto|always|never.

BEGIN {
	FS = "\t"
	note = "Generated from \"mailkeep help --dump\" by" \
	    " tests/check/completions.sh --write."
	accounts = "mailkeep help --accounts 2>/dev/null"
}

$5 == "verb" {
	verbs[++nverbs] = $1
	synopsis[$1] = $3
	# An option that must be given, with its value, is no argument.
	sub(/--[a-z-]+ [^ ]+ /, "", synopsis[$1])
	summary[$1] = $4
	next
}

{
	add($1, $2, $3, $4)
	# The options of every verb may stand before the verb, too.
	if ($5 == "global" && !seen[$2]++)
		add("", $2, $3, $4)
}

function add(verb, names, arg, help,	i) {
	i = ++nopts[verb]
	letter[verb, i] = names ~ /^-[^-]/ ? substr(names, 2, 1) : ""
	sub(/^-[^-] /, "", names)
	long[verb, i] = substr(names, 3)
	value[verb, i] = arg
	text[verb, i] = help
}

# "": a flag; words, files, directories, accounts, verbs; else "nothing".
function kind(arg) {
	if (arg == "")
		return ""
	if (arg ~ /\|/ && arg !~ /[A-Z]/)
		return "words"
	if (arg == "FILE")
		return "files"
	if (arg ~ /^(DIR|DIRECTORY|VAULT)$/)
		return "directories"
	if (arg == "ACCOUNT")
		return "accounts"
	if (arg == "VERB")
		return "verbs"
	return "nothing"
}

# The kinds of a verb's arguments, blanks between, each once.  A vault may be named by its account, and the other way round.
function arguments(verb,	n, i, w, list, k, got) {
	n = split(synopsis[verb], w, /[] |.[]+/)
	for (i = 1; i <= n; i++) {
		k = w[i] == "" || w[i] == "options" ? "" : kind(w[i])
		if (w[i] ~ /^(VAULT|ACCOUNT|FROM|TO)$/)
			k = "directories accounts"
		if (k != "" && k != "nothing" && !got[k]++)
			list = list (list == "" ? "" : " ") k
	}
	return list
}

# How many arguments may be an account or a vault; 0: any number.
function places(verb,	n, i, w, at, last) {
	n = split(synopsis[verb], w, " ")
	for (i = 2; i <= n; i++) {
		if (w[i] ~ /^\.\.\./) {
			if (w[i - 1] ~ /ACCOUNT|VAULT|VERB|FROM|^TO$/)
				return 0
			continue
		}
		at = w[i] == "|" ? 0 : at + 1
		if (w[i] ~ /ACCOUNT|VAULT|VERB|FROM|^TO$/ && at > last)
			last = at
	}
	return last
}

function words(arg) {
	gsub(/\|/, " ", arg)
	return arg
}

# A text between single quotes.
function quoted(s) {
	gsub(/'/, "'\\''", s)
	return "'" s "'"
}

# ---------------------------------------------------------------- bash

function bash_verb(verb,	i, opts, name, takes) {
	for (i = 1; i <= nopts[verb]; i++) {
		opts = opts " --" long[verb, i]
		if (letter[verb, i] != "")
			opts = opts " -" letter[verb, i]
	}
	print "\t" (verb == "" ? "''" : verb) ")"
	print "\t\topts=" quoted(substr(opts, 2))
	print "\t\targs=" quoted(verb == "" ? "verbs" : arguments(verb))
	print "\t\tcase $prev in"
	for (i = 1; i <= nopts[verb]; i++) {
		if (value[verb, i] == "")
			continue
		name = "--" long[verb, i]
		if (letter[verb, i] != "")
			name = "-" letter[verb, i] "|" name
		takes = takes " --" long[verb, i]
		if (letter[verb, i] != "")
			takes = takes " -" letter[verb, i]
		print "\t\t" name ") values=" \
		    (kind(value[verb, i]) == "words" ? \
		    quoted("words " words(value[verb, i])) : \
		    kind(value[verb, i])) " ;;"
	}
	print "\t\tesac"
	if (verb != "" && places(verb) > 0) {
		print "\t\tplaces=" places(verb)
		print "\t\ttakes=" quoted(takes " ")
	}
	print "\t\t;;"
}

function bash(	i, list) {
	for (i = 1; i <= nverbs; i++)
		list = list " " verbs[i]
	print "# Completion of mailkeep(1) for bash.  " note
	print ""
	print "_mailkeep()"
	print "{"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}"
	print "\tlocal verb='' opts='' args='' values='' places=0 takes='' i n kind reply"
	print ""
	print "\t# --option=value comes as three words."
	print "\tif [[ $cur == '=' ]]; then"
	print "\t\tcur=''"
	print "\telif [[ $prev == '=' ]]; then"
	print "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}"
	print "\tfi"
	print "\tfor ((i = 1; i < COMP_CWORD; i++)); do"
	print "\t\tcase ${COMP_WORDS[i]} in"
	for (i = 1; i <= nopts[""]; i++)
		if (value["", i] != "")
			print "\t\t" (letter["", i] == "" ? "" : \
			    "-" letter["", i] "|") "--" long["", i] \
			    ") [[ ${COMP_WORDS[i+1]} == '=' ]] && ((i++)); ((i++)) ;;"
	print "\t\t-*) ;;"
	print "\t\t*) verb=${COMP_WORDS[i]}; break ;;"
	print "\t\tesac"
	print "\tdone"
	print "\tcase $verb in"
	bash_verb("")
	for (i = 1; i <= nverbs; i++)
		bash_verb(verbs[i])
	print "\tesac"
	print "\t# Arguments that stand before the cursor."
	print "\tfor ((i++, n = 0; i < COMP_CWORD; i++)); do"
	print "\t\tif [[ ${COMP_WORDS[i+1]} == '=' ]]; then"
	print "\t\t\t((i += 2))"
	print "\t\telif [[ $takes == *\" ${COMP_WORDS[i]} \"* ]]; then"
	print "\t\t\t((i++))"
	print "\t\telif [[ ${COMP_WORDS[i]} != -* ]]; then"
	print "\t\t\t((n++))"
	print "\t\tfi"
	print "\tdone"
	print "\tif ((places > 0 && n >= places)); then"
	print "\t\targs=''"
	print "\tfi"
	print "\tif [[ -z $values && $cur == -* ]]; then"
	print "\t\tvalues=\"words $opts\""
	print "\telif [[ -z $values ]]; then"
	print "\t\tvalues=$args"
	print "\tfi"
	print "\tCOMPREPLY=()"
	print "\twhile IFS= read -r reply; do"
	print "\t\t[[ -n $reply ]] && COMPREPLY+=(\"$reply\")"
	print "\tdone < <("
	print "\t\tif [[ $values == words\\ * ]]; then"
	print "\t\t\tcompgen -W \"${values#words }\" -- \"$cur\""
	print "\t\t\texit"
	print "\t\tfi"
	print "\t\tfor kind in $values; do"
	print "\t\t\tcase $kind in"
	print "\t\t\tfiles) compgen -f -- \"$cur\" ;;"
	print "\t\t\tdirectories) compgen -d -- \"$cur\" ;;"
	# Not compgen -W: it would expand what stands in a name.
	print "\t\t\taccounts) " accounts " | while IFS= read -r reply; do"
	print "\t\t\t\t[[ $reply == \"$cur\"* ]] && printf '%s\\n' \"$reply\""
	print "\t\t\t\tdone ;;"
	print "\t\t\tverbs) compgen -W " quoted(substr(list, 2)) " -- \"$cur\" ;;"
	print "\t\t\tesac"
	print "\t\tdone"
	print "\t)"
	print "\tif [[ $values == *files* || $values == *directories* ]]; then"
	print "\t\tcompopt -o filenames 2>/dev/null"
	print "\tfi"
	print "}"
	print ""
	print "complete -F _mailkeep mailkeep"
}

# ---------------------------------------------------------------- zsh

function zsh_text(s) {
	gsub(/[][\\:]/, "\\\\&", s)
	return s
}

function zsh_function(k) {
	return k == "files" ? "_files" : \
	    k == "directories" ? "_directories" : "_mailkeep_" k
}

function zsh_action(kinds,	n, k, i, out) {
	n = split(kinds, k, " ")
	if (n < 2)
		return n == 0 ? " " : zsh_function(k[1])
	for (i = 1; i <= n; i++)
		out = out " \"" k[i] "\\:" k[i] "\\:" zsh_function(k[i]) "\""
	# The blank keeps _arguments from adding words of its own.
	return " _alternative" out
}

function zsh_verb(verb, indent,	i, s, k) {
	for (i = 1; i <= nopts[verb]; i++) {
		s = "[" zsh_text(text[verb, i]) "]"
		k = kind(value[verb, i])
		if (k == "words")
			s = s ":" value[verb, i] ":(" words(value[verb, i]) ")"
		else if (k != "")
			s = s ":" value[verb, i] ":" \
			    (k == "nothing" ? " " : zsh_action(k))
		if (letter[verb, i] != "")
			print indent quoted("*-" letter[verb, i] \
			    (k == "" ? "" : "+") s) " \\"
		print indent quoted("*--" long[verb, i] (k == "" ? "" : "=") s) " \\"
	}
}

function zsh(	i, v) {
	print "#compdef mailkeep"
	print "# Completion of mailkeep(1) for zsh.  " note
	print ""
	print "_mailkeep_verbs() {"
	print "\tlocal -a verbs=("
	for (i = 1; i <= nverbs; i++)
		print "\t\t" quoted(verbs[i] ":" summary[verbs[i]])
	print "\t)"
	print "\t_describe -t verbs verb verbs"
	print "}"
	print ""
	print "_mailkeep_accounts() {"
	print "\tlocal -a accounts=(${(f)\"$(" accounts ")\"})"
	print "\t_describe -t accounts account accounts"
	print "}"
	print ""
	print "_mailkeep() {"
	print "\tlocal curcontext=$curcontext state line ret=1"
	print "\tlocal -A opt_args"
	print ""
	print "\t_arguments -C -s -S \\"
	zsh_verb("", "\t\t")
	print "\t\t'1:verb:_mailkeep_verbs' \\"
	print "\t\t'*:: :->verb' && ret=0"
	print "\t[[ $state == verb ]] || return ret"
	print "\tcase $words[1] in"
	for (i = 1; i <= nverbs; i++) {
		v = verbs[i]
		print "\t" v ")"
		print "\t\t_arguments -s -S \\"
		zsh_verb(v, "\t\t\t")
		print "\t\t\t" quoted("*:argument:" zsh_action(arguments(v))) \
		    " && ret=0 ;;"
	}
	print "\tesac"
	print "\treturn ret"
	print "}"
	print ""
	print "_mailkeep \"$@\""
}

# ---------------------------------------------------------------- fish

function fish_quoted(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/'/, "\\'", s)
	return "'" s "'"
}

function fish_kind(k, list) {
	if (k == "files")
		return " -r -F"
	if (k == "directories")
		return " -x -a '(__fish_complete_directories)'"
	if (k == "accounts")
		return " -x -a '(" accounts ")'"
	if (k == "verbs")
		return " -x -a '(__mailkeep_verbs)'"
	if (k == "words")
		return " -x -a " fish_quoted(list)
	return k == "" ? "" : " -x"
}

function fish_verb(verb,	i, n, k, if_) {
	if_ = "complete -c mailkeep -n " (verb == "" ? \
	    "'not __mailkeep_verb >/dev/null'" : \
	    "'__mailkeep_is " verb "'")
	for (i = 1; i <= nopts[verb]; i++)
		print if_ (letter[verb, i] == "" ? "" : \
		    " -s " letter[verb, i]) " -l " long[verb, i] \
		    fish_kind(kind(value[verb, i]), words(value[verb, i])) \
		    " -d " fish_quoted(text[verb, i])
	n = split(verb == "" ? "verbs" : arguments(verb), k, " ")
	for (i = 1; i <= n; i++) {
		if (k[i] == "files")
			print if_ " -F"
		else if (k[i] == "directories")
			print if_ " -a '(__fish_complete_directories)'"
		else if (k[i] == "accounts")
			print if_ " -a '(" accounts ")' -d account"
		else
			print if_ " -a '(__mailkeep_verbs)'"
	}
}

function fish(	i) {
	print "# Completion of mailkeep(1) for fish.  " note
	print ""
	print "function __mailkeep_verbs"
	print "    printf '%s\\t%s\\n' \\"
	for (i = 1; i <= nverbs; i++)
		print "        " verbs[i] " " fish_quoted(summary[verbs[i]]) \
		    (i < nverbs ? " \\" : "")
	print "end"
	print ""
	print "# The verb on the command line; fails where there is none yet."
	print "function __mailkeep_verb"
	print "    set -l skip 0"
	print "    for word in (commandline -opc)[2..-1]"
	print "        if test $skip = 1"
	print "            set skip 0"
	print "            continue"
	print "        end"
	print "        switch $word"
	for (i = 1; i <= nopts[""]; i++)
		if (value["", i] != "") {
			print "            case" (letter["", i] == "" ? "" : \
			    " -" letter["", i]) " --" long["", i]
			print "                set skip 1"
		}
	print "            case '-*'"
	print "            case '*'"
	print "                echo $word"
	print "                return 0"
	print "        end"
	print "    end"
	print "    return 1"
	print "end"
	print ""
	print "function __mailkeep_is"
	print "    set -l verb (__mailkeep_verb)"
	print "    and test $verb = $argv[1]"
	print "end"
	print ""
	print "complete -c mailkeep -f"
	fish_verb("")
	for (i = 1; i <= nverbs; i++)
		fish_verb(verbs[i])
}

END {
	if (shell == "bash")
		bash()
	else if (shell == "zsh")
		zsh()
	else
		fish()
}

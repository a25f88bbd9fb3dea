# The completions are what the option tables give (completions.awk), and each shell understands them.  They are written
# anew by:  bash tests/check/completions.sh --write
: "${TOP:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
export TOP
. "$TOP/tests/lib-source.sh"

mailkeep help --dump >"$TMPDIR/dump"
for shell in bash zsh fish; do
	file=completions/mailkeep.$shell
	awk -v shell=$shell -f tests/check/completions.awk "$TMPDIR/dump" >"$TMPDIR/$shell"
	if [ "${1-}" = --write ]; then
		cp "$TMPDIR/$shell" "$file"
	elif ! diff -u "$file" "$TMPDIR/$shell"; then
		complain "$file: not what the options are now: run bash tests/check/completions.sh --write"
	fi
done
[ "${1-}" != --write ] || exit 0
need zsh fish

# Now by the shells themselves, in a place with one file and one directory.
mkdir -p "$TMPDIR/home/directory" "$TMPDIR/home/.config/mailkeep" "$TMPDIR/fpath"
touch "$TMPDIR/home/file"
echo 'account home { server = "imaps://anna@localhost" }' >"$TMPDIR/home/.config/mailkeep/config"
cp completions/mailkeep.zsh "$TMPDIR/fpath/_mailkeep"
export HOME=$TMPDIR/home
cd "$HOME"

# The answers of a shell for the end of a command line; what goes wrong is among them.  Outside of readline there is
# no compopt.
bash_answers()
{
	bash --norc -c '
		compopt() { :; }
		source "$1/completions/mailkeep.bash"
		IFS=" " read -r -a COMP_WORDS <<<"${2//=/ = }"
		[[ $2 == *" " ]] && COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_mailkeep
		printf "%s\n" "${COMPREPLY[@]}"' - "$TOP" "$1" 2>&1
}

# shellcheck disable=SC2016
fish_answers()
{
	fish --no-config -c '
		source $argv[1]/completions/mailkeep.fish
		complete -C $argv[2]' "$TOP" "$1" 2>&1 | cut -f 1
}

# offers LINE ANSWERS: what bash and fish must offer, sorted.
offers()
{
	local got

	got=$(bash_answers "$1" | LC_ALL=C sort -u | paste -sd ' ')
	[ "$got" = "$2" ] || complain "bash offers '$got' for '$1', not '$2'"
	got=$(fish_answers "$1" | LC_ALL=C sort -u | paste -sd ' ')
	[ "$got" = "$2" ] || complain "fish offers '$got' for '$1', not '$2'"
}

offers 'mailkeep vers' version
offers 'mailkeep --vers' --version
offers 'mailkeep -c file vers' version
offers 'mailkeep help vers' version
offers 'mailkeep help --du' --dump
offers 'mailkeep version --qui' --quiet
offers 'mailkeep --color ' 'always auto never'
offers 'mailkeep version --color al' always
offers 'mailkeep --config f' file
offers 'mailkeep version -c f' file
offers 'mailkeep bac' backup
offers 'mailkeep backup --full' '--full --full-every'
offers 'mailkeep init --container ' 'mbox tar'
offers 'mailkeep init --tls-ca f' file
offers 'mailkeep backup h' home
offers 'mailkeep status --max-' --max-age
[ "$(bash_answers 'mailkeep list di')" = directory ] || complain "bash doesn't complete a vault"
[ "$(bash_answers 'mailkeep list --at 7 di')" = directory ] || complain "bash takes an option's value for an argument"
[ "$(bash_answers 'mailkeep list --at=7 di')" = directory ] || complain "bash takes an option's value for an argument"
[ "$(bash_answers 'mailkeep backup home di')" = directory ] || complain "bash doesn't complete a second vault"
[ "$(bash_answers 'mailkeep init imaps://anna@localhost di')" = directory ] || complain "bash doesn't complete a vault behind a server"
[ -z "$(bash_answers 'mailkeep list home di')" ] || complain "bash offers a vault for a folder"
[ "$(bash_answers 'mailkeep version --color=al')" = always ] || complain "bash doesn't complete --color=al"

# zsh_offers LINE PATTERN: zsh answers at a terminal only, so one at a pseudo-terminal must list what matches.
# shellcheck disable=SC2016
zsh_offers()
{
	timeout 30 zsh -f -c '
		zmodload zsh/zpty
		zpty z zsh -f -i
		zpty -w z "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $1/zcompdump"
		zpty -w z "bindkey \"^I\" list-choices; LISTMAX=0; stty cols 200; echo re\"\"ady"
		zpty -r z text "*ready*"
		zpty -n -w z "$2"$'"'\\t'"'
		zpty -r z text "*$~3*"' - "$TMPDIR/fpath" "$1" "$2" || complain "zsh doesn't offer '$2' for '$1'"
}

zsh -n "$TOP/completions/mailkeep.zsh" || complain "zsh can't read its completions"
zsh_offers 'mailkeep ' 'backup*fetch*help*explain*version*print'
zsh_offers 'mailkeep backup h' 'home'
zsh_offers 'mailkeep help --' '--accounts*--color*--dump'
zsh_offers 'mailkeep version --color ' 'always*auto*never'

verdict

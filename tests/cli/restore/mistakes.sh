# What is said to a restore that can't begin.  (The port is one that nobody answers on.)
. "$TOP/tests/lib.sh"
cd "$TMPDIR"

try()
{
	local rc=0

	echo "\$ $1"
	eval "setsid -w $1" 2>&1 </dev/null || rc=$?
	printf '[%s]\n\n' $rc
}

mailkeep init --offline imaps://anna@localhost:1 vault
mkdir -p home/.config/mailkeep "$HOME/.config/mailkeep"
cat >"$HOME/.config/mailkeep/config" <<-END
	account new { server = "imaps://anna@localhost:1" }
	account nowhere { vault = $TMPDIR/nowhere }
END
to='--to imaps://berta@localhost:1'

try 'mailkeep restore'
try 'mailkeep restore vault'
try "mailkeep restore $to nowhere-else"
try 'mailkeep restore vault --to berta@localhost'
try 'mailkeep restore vault --to berta:hunter2@localhost'
try 'mailkeep restore vault --to imaps://localhost:1'
try 'mailkeep restore vault --to imaps://berta:hunter2@localhost:1'
try 'mailkeep restore vault --to imap://berta@imap.example.org --insecure-plaintext'
try 'mailkeep restore vault --to nowhere'
try "mailkeep restore vault $to --into ''"
try "mailkeep restore vault $to --into Old/"
try "mailkeep restore vault $to --map Old"
try "mailkeep restore vault $to --match size"
try "mailkeep restore vault $to 12.3 --since 2024"
try "mailkeep restore vault $to 12.3 --folder INBOX"
try "mailkeep restore vault $to --flag 'two words'"
try "mailkeep restore vault $to --at 7"
# Whose password is asked for: that of the account which they go to.
try "mailkeep restore vault $to"
try 'mailkeep restore vault --to new'
try 'mailkeep restore vault --to vault'

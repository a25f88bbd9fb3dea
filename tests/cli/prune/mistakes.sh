# What is said to a prune that can't begin.  (The port is one that nobody answers on.)
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
mailkeep init --offline imaps://berta@localhost:1 other
mkdir -p "$HOME/.config/mailkeep"
cat >"$HOME/.config/mailkeep/config" <<-END
	account work {
		vault = $TMPDIR/vault
		prune_older_than = 2y
	}
END
echo '{}' >list

try 'mailkeep prune'
try 'mailkeep prune vault more'
try 'mailkeep prune nowhere'
try 'mailkeep prune --older-than vault'
try 'mailkeep prune vault --older-than 2'
try 'mailkeep prune vault --before soon'
try 'mailkeep prune vault --larger-than much'
try 'mailkeep prune vault --keep-last some'
try 'mailkeep prune vault --until-free 100%'
try 'mailkeep prune vault --trash-older-than old'
try "mailkeep prune vault --sender ''"
# What would be every message, or says nothing.
try 'mailkeep prune vault --larger-than 0'
try 'mailkeep prune vault --older-than 2020'
try 'mailkeep prune vault --older-than 2y --largest-first'
try 'mailkeep prune vault --until-free 20'
try 'mailkeep prune vault --older-than 2y --max-delete 10'
try 'mailkeep prune vault --allow'
try 'mailkeep prune vault --compare body'
try 'mailkeep prune vault --also-flagged --keep-flagged'
try 'mailkeep prune vault --also-unread --keep-unread'
try 'mailkeep prune vault --delete'
# Nobody to ask, and nothing that says how much.
try 'mailkeep prune vault --older-than 2y --yes'
try 'mailkeep prune vault --older-than 2y --yes --max-delete few'
# Lists.
for o in '--older-than 2y' '--before 2020' '--larger-than 5M' '--sender bob' '--recipient bob' '--subject hello' \
	'--until-free 20%' '--trash-older-than 7d' '--junk-older-than 7d' '--folder INBOX' --seen --largest-first; do
	try "mailkeep prune vault --execute list $o"
done
try 'mailkeep prune vault --execute nowhere'
try 'mailkeep prune vault --older-than 2y --plan - --json'
try 'mailkeep prune vault --older-than 2y --plan list'
try 'mailkeep prune vault --older-than 2y --plan nowhere/list'
try 'mailkeep prune vault --older-than 2y --plan ./'
# No policy but with the section whose vault it is; a server that isn't there.
try 'mailkeep prune other'
try 'mailkeep prune other --also-unread --keep-last 7'
try 'mailkeep prune vault'
try 'mailkeep prune work --password-command "echo secret"'
[ -z "$(find . -name '.mailkeep*' -newer list)" ] || fail "a list that was not written is left"
try 'mailkeep quota'
try 'mailkeep quota nowhere'
try 'mailkeep quota vault --password-command "echo secret"'

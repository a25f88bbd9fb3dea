# What is said to a copy that can't begin.  (The port is one that nobody answers on.)
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
mkdir full
touch full/file
anna=imaps://anna@localhost:1
berta=imaps://berta@localhost:1

try "mailkeep copy vault"
try "mailkeep copy vault $berta more"
try "mailkeep copy $anna $berta"
try "mailkeep copy vault $berta --vault other"
try "mailkeep copy nothing $berta"
try "mailkeep copy vault nothing"
try "mailkeep copy vault $anna"
try "mailkeep copy vault vault"
try "mailkeep copy $anna $berta --vault full"
try "mailkeep copy imaps://carl@localhost:1 $berta --vault vault"
try "mailkeep copy $anna $berta --vault new --dry-run"
try "mailkeep copy vault $berta --from-setting servr=x"
try "mailkeep copy vault $berta --from-setting timeout=never"
try "mailkeep copy vault $berta --from-setting password-file=nowhere --dry-run"
try "mailkeep copy vault $berta --all"
# The other account comes first: hours may pass before it is needed.
try "mailkeep copy vault $berta"
try "mailkeep copy $anna $berta --vault new"
[ ! -e new ] || fail "it made a vault for an account that it has not seen"

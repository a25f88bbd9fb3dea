# shellcheck shell=bash
#
# tests/lib-servers.sh - what the servers of lib-dovecot.sh, lib-cyrus.sh and lib-courier.sh have in common; lib.sh
# includes it.
#
#	server_user		set $as_server: begins a command that is run as the servers' user
#	server_place NAME	a directory for a server
#	server_own DIR		give it, and all below it, to the servers' user
#	server_tree NAME	set SERVER_TREE to where tests/deps has unpacked that server, and LIBRARIES to its libraries
#
# Debian lets only one IMAP server be installed at a time.  So Dovecot is, and of the others tests/deps unpacks the
# packages below build/servers: nothing of them is set up, and none of them starts by itself.

as_server=

# Nothing needs root.  A root who runs the tests gets servers that run as nobody, so that there is one case.
server_user()
{
	if [ "$(id -u)" = 0 ]; then
		need setpriv
		as_server="setpriv --reuid=nobody --regid=$(id -g nobody) --clear-groups"
	fi
}

# In TMPDIR, or in /tmp where that is too deep for the names of sockets or closed to the user that the server runs as.
server_place()
{
	local dir

	dir=$TMPDIR/$1
	mkdir "$dir"
	chmod 755 "$dir"
	if [ ${#dir} -gt 70 ] || ! $as_server test -x "$dir"; then
		rmdir "$dir"
		dir=$(mktemp -d /tmp/mailkeep-test.XXXXXX)
		chmod 755 "$dir"
	fi
	echo "$dir"
}

server_own()
{
	[ -z "$as_server" ] || chown -R "nobody:$(id -g nobody)" "$1"
}

server_tree()
{
	SERVER_TREE=$TOP/build/servers/$1
	[ -e "$SERVER_TREE/ready" ] || skip "$1 is not there: tests/deps check unpacks it"
	if ! $as_server test -r "$SERVER_TREE/ready"; then
		SERVER_TREE=$(mktemp -d /tmp/mailkeep-test.XXXXXX)
		at_end "rm -rf '$SERVER_TREE'"
		chmod 755 "$SERVER_TREE"
		cp -r "$TOP/build/servers/$1/." "$SERVER_TREE"
	fi
	# shellcheck disable=SC2034
	LIBRARIES=$(find "$SERVER_TREE" -name '*.so.*' -printf '%h\n' | sort -u | paste -sd :)
}

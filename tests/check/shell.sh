# The scripts: shellcheck has nothing to say about any of them.
. "$TOP/tests/lib-source.sh"
need shellcheck

mapfile -t files < <(find tests .ci -name '*.sh' -o -path tests/run -o -path tests/deps -o -path tests/demo -o -path .ci/run | LC_ALL=C sort)
complain_of '' < <(shellcheck -f gcc "${files[@]}" || :)

verdict

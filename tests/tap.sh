# TAP for shell scripts: what scenarios and lints count and compare with.
# Include it, test, and end with tap_done.
#
# shellcheck shell=bash
# shellcheck disable=SC2034	# the including script reads TAP_DONE

TAP_COUNT=0
TAP_FAILED=0
TAP_DONE=

# diag TEXT...: a comment in the output, one for each line
diag() {
	printf '%s\n' "$*" | sed 's/^/# /' >&2
}

pass() {
	TAP_COUNT=$((TAP_COUNT + 1))
	printf 'ok %d - %s\n' "$TAP_COUNT" "$1"
}

fail() {
	TAP_COUNT=$((TAP_COUNT + 1))
	TAP_FAILED=$((TAP_FAILED + 1))
	printf 'not ok %d - %s\n' "$TAP_COUNT" "$1"
	diag "at $(tap_caller)"
}

# The line of the script outside of this file and of lib.sh.
tap_caller() {
	local depth=1
	while [[ ${BASH_SOURCE[$depth]:-} == @("${BASH_SOURCE[0]}"|*/lib.sh) ]]
	do
		depth=$((depth + 1))
	done
	printf '%s line %s' "$(basename "${BASH_SOURCE[$depth]:-?}")" \
	    "${BASH_LINENO[$((depth - 1))]}"
}

# ok DESCRIPTION COMMAND...: the command succeeds
ok() {
	local description=$1
	shift
	if "$@"; then
		pass "$description"
	else
		fail "$description"
	fi
}

# not_ok DESCRIPTION COMMAND...: the command fails
not_ok() {
	local description=$1
	shift
	if "$@"; then
		fail "$description"
	else
		pass "$description"
	fi
}

# is GOT EXPECTED DESCRIPTION
is() {
	if [[ $1 == "$2" ]]; then
		pass "$3"
	else
		fail "$3"
		diag "     got: $1"
		diag "expected: $2"
	fi
}

# isnt GOT UNEXPECTED DESCRIPTION
isnt() {
	if [[ $1 != "$2" ]]; then
		pass "$3"
	else
		fail "$3"
		diag "got what it must not be: $1"
	fi
}

# like GOT EXTENDED-REGULAR-EXPRESSION DESCRIPTION
like() {
	if [[ $1 =~ $2 ]]; then
		pass "$3"
	else
		fail "$3"
		diag "     got: $1"
		diag "no match: $2"
	fi
}

# unlike GOT EXTENDED-REGULAR-EXPRESSION DESCRIPTION
unlike() {
	if [[ $1 =~ $2 ]]; then
		fail "$3"
		diag "      got: $1"
		diag "matches: $2"
	else
		pass "$3"
	fi
}

# same_file FILE FILE DESCRIPTION: byte by byte
same_file() {
	if cmp "$1" "$2" >&2; then
		pass "$3"
	else
		fail "$3"
	fi
}

skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	TAP_DONE=yes
	exit 0
}

# The plan, and the exit status.
tap_done() {
	printf '1..%d\n' "$TAP_COUNT"
	TAP_DONE=yes
	[[ $TAP_FAILED -eq 0 ]] || exit 1
	exit 0
}

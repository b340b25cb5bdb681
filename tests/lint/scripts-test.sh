#!/bin/bash
# No shell script has what shellcheck warns of, and none of the tests sets what a
# daemon does not know: some of them run seldom.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tap.sh
. tests/tap.sh

quiet() {
	local said
	said=$("$@" 2>&1) && return
	diag "$said"
	return 1
}

# Scenarios are many: they are looked at without the library that each includes
# and that is looked at by itself, which takes a tenth of the time.
check() {		# SCRIPT
	case $1 in
	*/scenario/lib.sh) quiet shellcheck -x "$1" ;;
	*/scenario/*) quiet shellcheck --norc \
	    -e SC1091,SC2034,SC2119,SC2120,SC2153,SC2317 "$1" ;;
	*) quiet shellcheck -x "$1" ;;
	esac
}

while IFS= read -r script; do
	ok "$script" check "$script"
done < <(grep -rlE --exclude-dir={.git,node_modules,build} \
    '^(#!/bin/(ba)?sh|# shellcheck shell=)' . | grep -v '/build-' | sort)

# strange_settings SCRIPT...: "DAEMON KEY" where the manual has no such key
strange_settings() {
	local daemon key
	cat "$@" | sed -nE \
	    's/^\s*(stored|commerced)_conf +([a-z][a-z-]+) .*/\1 \2/p' |
	    sort -u | while read -r daemon key; do
		grep -qE "^\.It Cm $key( |\$)" \
		    "$daemon/$daemon.conf.5" ||
		    printf '%s %s\n' "$daemon" "$key"
	done
}
mapfile -t tests < <(find tests -name '*.sh')
# A colour is there to be refused.
is "$(strange_settings "${tests[@]}" | grep -vx 'stored colour' || :)" '' \
    'the tests set what daemons know'
is "$(strange_settings <<<$'stored_conf listens x\n\tcommerced_conf listen x')" \
    'stored listens' 'another key would be seen'
tap_done

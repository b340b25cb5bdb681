#!/bin/bash
# No shell script has what shellcheck warns of.

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
tap_done

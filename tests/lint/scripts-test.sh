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

while IFS= read -r script; do
	ok "$script" quiet shellcheck -x "$script"
done < <(grep -rlE --exclude-dir={.git,node_modules,build} \
    '^(#!/bin/(ba)?sh|# shellcheck shell=)' . | grep -v '/build-' | sort)
tap_done

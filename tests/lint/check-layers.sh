#!/bin/bash
# Who may include whom: the layers of README.md.  Prints what breaks them.
#
#	tests/lint/check-layers.sh [ROOT]

set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
broken=0

complain() {		# WHY, with the offending lines on stdin
	local lines
	lines=$(cat)
	[[ -n $lines ]] || return 0
	printf '%s:\n%s\n' "$1" "$lines"
	broken=1
}

# includes PATTERN PATH...: "#include" lines of C files that match
includes() {
	local pattern=$1
	shift
	grep -rnE --include='*.[ch]' \
	    "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]([.][.]?/)*($pattern)" \
	    "$@" || [[ $? -eq 1 ]]
}

# forbid FOLDER PATTERN WHY
forbid() {
	[[ -d $1 ]] || return 0
	complain "$1: $3" < <(includes "$2" "$1")
}

forbid common '(commerced|stored|player)/' 'common knows no program'
forbid commerced '(stored|player)/' 'programs never include each other'
forbid stored '(commerced|player)/' 'programs never include each other'
forbid player '(commerced|stored)/' 'programs never include each other'
forbid commerced/http 'commerced/db/' 'http reaches the database by the shop'
forbid commerced/shop 'commerced/http/|common/http_|jansson\.h' \
    'the shop knows no HTTP'
forbid commerced/db 'commerced/(http|shop)/|common/http_|jansson\.h' \
    'the database knows neither shop nor HTTP'
forbid stored 'common/sealed_|sqlite3\.h|curl/' \
    'stored has no keys, no database, and calls nobody'

forbid commerced/media 'commerced/(http|shop|db)/|common/http_|jansson\.h' \
    'what files are has nothing to do with the shop'

complain 'microhttpd.h is for common/http_*.c alone' < <(
	includes 'microhttpd\.h' . | grep -vE '^\./common/http_([a-z_]+\.c|internal\.h):')
complain 'gnutls is for common/http_tls.* alone' < <(
	includes 'gnutls/' . | grep -vE '^\./common/http_tls\.[ch]:')
complain 'sqlite3.h is for commerced/db/ alone' < <(
	includes 'sqlite3\.h' . | grep -vE '^\./(commerced/db|tests)/')
complain 'common calls nobody' < <(includes 'curl/' common)
for program in commerced player; do
	[[ -d $program ]] || continue
	files=$(includes 'curl/' "$program" | cut -d : -f 1 | sort -u)
	[[ $(wc -w <<<"$files") -le 1 ]] ||
	    complain "$program: one file alone speaks HTTP as a client" \
	    <<<"$files"
done
complain 'an include names its file from the root' < <(
	grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' \
	    common commerced stored player 2>/dev/null |
	    grep -vE 'include[[:space:]]*"(common|commerced|stored|player)/[a-z0-9_/]+\.h"')
exit "$broken"

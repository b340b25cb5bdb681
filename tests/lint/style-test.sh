#!/bin/bash
# What can be said about style by looking: widths, lengths, calls that are
# never right, markers that stay.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tap.sh
. tests/tap.sh

mapfile -t sources < <(find common commerced stored player tests -name '*.[ch]' \
    -not -path '*/node_modules/*' | sort)

# none DESCRIPTION, with what must not be on stdin
none() {
	is "$(cat)" '' "$1"
}

none 'no line is wider than 80 columns' < <(
	for file in "${sources[@]}"; do
		expand "$file" | awk -v file="$file" \
		    'length > 80 { print file ":" NR ": " length " columns" }'
	done)
none 'no .c file is longer than 600 lines (tests: 800), no header than 300' < <(
	wc -l "${sources[@]}" | awk '$2 == "total" { next }
	    { most = $2 ~ /^tests/ ? 800 : 600 }
	    $1 > ($2 ~ /\.h$/ ? 300 : most) { print $2 ": " $1 }')
none 'no call that has a safer sister' < <(
	grep -nE '(^|[^A-Za-z0-9_.>])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atoll|rand|random|strtok|localtime|gmtime|ctime|asctime|tmpnam|mktemp|alloca)\(' \
	    "${sources[@]}")
none 'no marker that stays' < <(
	grep -nwE '(TODO|FIXME|XXX|HACK)' "${sources[@]}" Makefile README.md)
none 'no blank at the end of a line' < <(
	grep -nE '[[:blank:]]+$' "${sources[@]}")
none 'every file begins by saying what it is for' < <(
	for file in "${sources[@]}"; do
		# For a module, its header says it.
		[[ $(head -c 2 "$file") == '/*' || -e ${file%.c}.h ]] ||
		    printf '%s\n' "$file"
	done)
tap_done

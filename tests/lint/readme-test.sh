#!/bin/bash
# README's tree names every file there is, and nothing that is not there.
#
# The tree is the code block after "## The tree": a line "folder/" in the first
# column, then lines of two blanks, names, two or more blanks, what they are
# for; deeper lines continue the text.  "token" stands for token.c and token.h.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tap.sh
. tests/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# named README: "folder/name" for each name in its tree
named() {
	awk '/^## / { tree = ($0 == "## The tree") }
	    !tree { next }
	    /^```/ { block = !block; next }
	    block && /^[^ ]/ { folder = $1 }
	    block && /^  [^ ]/ {
		line = substr($0, 3)
		sub(/  .*/, "", line)
		count = split(line, names, " ")
		for (i = 1; i <= count; i++)
			print folder names[i]
	    }' "$1" | sed 's,^\./,,' | sort -u
}

# Files as they are named: without .c and .h.
present() {
	find . \( -name .git -o -name node_modules -o -name 'build*' \
	    -o -path './tests/vectors/*' -o -path './tests/fuzz/corpus' \) \
	    -prune -o -type f -printf '%P\n' | sed -E 's/\.[ch]$//' | sort -u
}

# Scenarios and unit tests are many and say by their names what they claim;
# the others here have a README or a run.sh that tells.
rest() {
	grep -vE '^tests/(unit|scenario|web|faults|bench)/|^(README.md|\.gitignore)$'
}

named README.md | rest >"$work/named" || :
present | rest >"$work/present"
ok 'the tree in README names files' test -s "$work/named"
is "$(comm -13 "$work/named" "$work/present")" '' \
    'every file is named in the tree of README'
is "$(comm -23 "$work/named" "$work/present")" '' \
    'every name in the tree of README is a file'
# shellcheck disable=SC2016	# these are backticks of Markdown
printf '## The tree\n```\na/\n  b c   text\n      more\nd/\n  e.sh  text\n```\n' \
    >"$work/readme"
is "$(named "$work/readme" | tr '\n' ' ')" 'a/b a/c d/e.sh ' \
    'the tree is read as it is meant'
tap_done

#!/bin/bash
# mandoc finds nothing in any man page, and every program and every
# configuration file has one.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tap.sh
. tests/tap.sh

pages=(stored/stored.8 stored/stored.conf.5 commerced/commerced.8
    commerced/commerced.conf.5 player/counterfoil.1)
BUILD=${BUILD:-build}

for page in "${pages[@]}"; do
	said=$(mandoc -T lint -W warning "$page" 2>&1) || :
	is "$said" '' "$page"
done

# Every key that a daemon knows is in its page, and no other.
for program in stored commerced; do
	# Their tables are the source, and the rows that both have.
	known=$(sed -nE 's/^	\{ \.name = "([a-z0-9-]+)",.*/\1/p' \
	    "$program/settings.c" common/http_settings.h | sort)
	told=$(sed -n 's/^\.It Cm \([a-z0-9-]*\).*/\1/p' \
	    "$program/$program.conf.5" | sort)
	isnt "$known" '' "$program has settings"
	is "$told" "$known" "$program.conf.5 tells of every key, and no other"
done
tap_done

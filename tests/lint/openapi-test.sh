#!/bin/bash
# docs/api/openapi.yaml describes every route of commerced, and no other; and
# every slug that it names is one that exists.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tap.sh
. tests/tap.sh

description=docs/api/openapi.yaml
served=$(sed -nE 's/^	\{ "([A-Z]+)", "([^"]+)",.*/\1 \2/p' \
    commerced/http/routes.c | sort)
described=$(awk '/^paths:/ { inside = 1; next }
    /^[a-z]/ { inside = 0 }
    inside && /^  \/[^ ]*:$/ { path = substr($1, 1, length($1) - 1) }
    inside && /^    (get|put|post|patch|delete):$/ {
	print toupper(substr($1, 1, length($1) - 1)), path
    }' "$description" | sort)
isnt "$served" '' 'commerced has routes'
is "$described" "$served" 'the description has the same'

known=$(sed -nE 's/^	X\([A-Z0-9_]+, "([a-z-]+)".*/\1/p' common/err.h | sort -u)
# shellcheck disable=SC2016	# the backquotes are those of the text
named=$(grep -oE '(description: "|, |: )`[a-z]+(-[a-z]+)+`' "$description" |
    grep -oE '`[a-z-]+`' | tr -d '`' | sort -u |
    grep -vxE 'private|no-store|upload-max|admin-on-public' || :)
is "$(comm -23 <(printf '%s\n' "$named") <(printf '%s\n' "$known"))" '' \
    'every slug that it names exists'
tap_done

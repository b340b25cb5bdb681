#!/bin/bash
# stored cannot decrypt and has no database: nothing of common/sealed_*.c and
# commerced/ is in it, and it is linked with neither SQLite nor curl.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tap.sh
. tests/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
BUILD=${BUILD:-build}

# Functions and data, whoever may see them, as "name".
defined() {
	nm --defined-only "$@" 2>/dev/null |
	    awk 'NF == 3 && $2 ~ /^[TtDdRrBb]$/ { print $3 }' | sort -u
}

defined "$BUILD"/obj/common/sealed_*.o | grep -E '^(sealed|sealer|opener)_' \
    >"$work/sealed"
defined "$BUILD/stored" >"$work/stored"
defined "$BUILD/commerced" >"$work/commerced"
nm "$BUILD/stored" >"$work/all"

ok 'the objects of common/sealed_* are there to compare with' \
    test -s "$work/sealed"
ok 'stored has its symbols' grep -qx main "$work/stored"
is "$(comm -12 "$work/sealed" "$work/stored")" '' \
    'no function of the sealed file is in stored'
isnt "$(comm -12 "$work/sealed" "$work/commerced")" '' \
    'and the comparison would find one: commerced seals'
is "$(grep -Ei 'unseal|sealed_|sealer_|chacha|x25519|scrypt' "$work/all")" '' \
    'nor anything named like unsealing'
is "$(grep -E ' (sqlite3|curl)_' "$work/all")" '' \
    'nor a call of SQLite or curl'
is "$(readelf -d "$BUILD/stored" | grep -E 'NEEDED.*(sqlite|curl)')" '' \
    'nor one of their libraries'
tap_done

#!/bin/bash
# The layers hold, and the lint that says so notices an include across them.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tap.sh
. tests/tap.sh

check() {
	tests/lint/check-layers.sh "$@" >"$work/said" 2>&1
}

# crosses FILE LINE DESCRIPTION: a tree with that line in FILE is refused
crosses() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree"
	cp -r common commerced stored player "$work/tree/"
	mkdir -p "$(dirname "$work/tree/$1")"
	printf '%s\n' "$2" >>"$work/tree/$1"
	not_ok "$3" check "$work/tree"
	like "$(<"$work/said")" "${1##*/}" '  and the file is named'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ok 'no include crosses a layer' check
[[ $TAP_FAILED -eq 0 ]] || diag "$(<"$work/said")"
crosses common/uuid.c '#include "commerced/settings.h"' \
    'common must not include a program'
crosses stored/main.c '#include "commerced/settings.h"' \
    'stored must not include commerced'
crosses commerced/http/x.c '#include "commerced/db/db.h"' \
    'http must not include db'
crosses commerced/shop/x.c '#include <sqlite3.h>' \
    'the shop must not include sqlite3.h'
crosses commerced/shop/x.h '#  include "commerced/http/member.h"' \
    'the shop must not include http'
crosses commerced/db/x.c '#include "commerced/shop/shop.h"' \
    'db must not include the shop'
crosses common/http_x.c '#include <gnutls/gnutls.h>' \
    'TLS is for one file'
crosses stored/x.c '#include <microhttpd.h>' \
    'stored must not include microhttpd.h'
crosses stored/x.c '#include "common/sealed_header.h"' \
    'stored must not include the sealed file'
crosses player/x.c '	#include "../stored/objects.h"' \
    'a path that climbs up is seen too'
crosses player/x.c '#include "main.h"' \
    'an include must name its file from the root'
rm -rf "$work/tree"
mkdir -p "$work/tree/player"
printf '#include <curl/curl.h>\n' | tee "$work/tree/player/a.c" \
    >"$work/tree/player/b.c"
not_ok 'only one file of a program includes curl' check "$work/tree"
tap_done

#!/bin/bash
# "make install" gives a tree from which both daemons start, with man pages,
# unit files and examples of configuration that name its own places.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/scenario/lib.sh
. tests/scenario/lib.sh

tree=$WORK/tree
make -s install DESTDIR="$tree" PREFIX=/usr OUT="$BUILD" >"$WORK/said" 2>&1 ||
    diag "$(<"$WORK/said")"
for file in usr/bin/counterfoil usr/sbin/commerced usr/sbin/stored \
    usr/lib/systemd/system/{commerced,stored}.service \
    usr/share/man/man1/counterfoil.1 usr/share/man/man8/{commerced,stored}.8 \
    usr/share/man/man5/{commerced,stored}.conf.5 \
    usr/share/doc/counterfoil/{README.md,protocol.md,format.md,api/openapi.yaml} \
    usr/share/doc/counterfoil/examples/{commerced,stored}.conf.example; do
	ok "$file" test -s "$tree/$file"
done
is "$(find "$tree" -perm /022)" '' 'nothing is writable by others'

BUILD=$tree/usr/sbin
start_stored
start_commerced
pass 'both daemons start from it'
http "$SHOP/v1/shop"
status_is 200 'and serve'
stop_daemons

other=$WORK/other
make -s install DESTDIR="$other" PREFIX=/opt/shop OUT="$ROOT/build" \
    >"$WORK/said" 2>&1 || diag "$(<"$WORK/said")"
is "$(grep -rhoE '(/usr)?/sbin/(commerced|stored)|/etc/counterfoil' \
    "$other/opt/shop/lib/systemd" | grep -E '^/usr|^/etc' || :)" '' \
    'another PREFIX leaves no other place in the unit files'
done_testing

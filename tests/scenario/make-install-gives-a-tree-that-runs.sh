#!/bin/bash
# "make install" gives a tree from which both daemons start, with man pages,
# unit files and examples of configuration that name its own places.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

built=$BUILD
unset MAKEFLAGS MAKELEVEL MFLAGS

# install_below FOLDER PREFIX: what was built, without building it again
install_below() {
	make -s -C "$ROOT" install DESTDIR="$1" PREFIX="$2" OUT="$built" \
	    >"$WORK/said" 2>&1 || diag "$(<"$WORK/said")"
}

tree=$WORK/tree
install_below "$tree" /usr
for file in usr/bin/counterfoil usr/sbin/commerced usr/sbin/stored \
    usr/lib/systemd/system/{commerced,stored}.{service,socket} \
    usr/share/man/man1/counterfoil.1 usr/share/man/man8/{commerced,stored}.8 \
    usr/share/man/man5/{commerced,stored}.conf.5 \
    usr/share/doc/counterfoil/{README.md,protocol.md,format.md} \
    usr/share/doc/counterfoil/api/openapi.yaml \
    usr/share/doc/counterfoil/examples/{commerced,stored}.conf.example; do
	ok "$file" test -s "$tree/$file"
done
is "$(find "$tree" -perm /022)" '' 'nothing is writable by others'
is "$(find "$tree/usr" ! -perm -004)" '' 'all below /usr is readable'

BUILD=$tree/usr/sbin
start_stored
start_commerced
pass 'both daemons start from it'
http "$SHOP/v1/shop"
status_is 200 '  and serve'
stop_daemons

other=$WORK/other
install_below "$other" /opt/shop
ok 'another PREFIX has its programs' test -x "$other/opt/shop/sbin/stored"
like "$(cat "$other/opt/shop/lib/systemd/system/stored.service")" \
    'ExecStart=.*/opt/shop/sbin/stored' '  which its unit files start'
is "$(grep -rlE "(^|[^a-z])(/usr/sbin/|/etc/counterfoil/)" \
    "$other/opt/shop/lib/systemd" || :)" "" "  and no other"
done_testing

#!/bin/bash
# The unit files say nothing that systemd does not know, and leave the daemons
# few rights.  systemd need not run for this.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tap.sh
. tests/tap.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Of 100; what is left is the network, which both need.
MOST_EXPOSED=15

exposure() {		# UNIT
	SYSTEMD_PAGER='' systemd-analyze security --offline=true \
	    --threshold="$MOST_EXPOSED" --no-pager "$1" 2>&1
}

for unit in */*.service; do
	# verify wants the program to be there: any program will do.
	sed -E 's,^(ExecStart|ExecStartPre|ExecReload)=([-+!@:]*)/[^ ]+,\1=\2/bin/true,' \
	    "$unit" >"$work/${unit##*/}"
	said=$(systemd-analyze verify --man=no "$work/${unit##*/}" 2>&1) || :
	is "$(grep -F "${unit##*/}" <<<"$said" || :)" '' "$unit: verify"
	if said=$(exposure "$work/${unit##*/}"); then
		pass "$unit: $(tail -n 1 <<<"$said")"
	else
		fail "$unit: exposure at most $MOST_EXPOSED of 100"
		diag "$(grep -F '✗' <<<"$said")"
	fi
done
printf '[Service]\nExecStart=/bin/true\nProtectSytem=strict\n' \
    >"$work/wrong.service"
said=$(systemd-analyze verify --man=no "$work/wrong.service" 2>&1) || :
like "$said" 'ProtectSytem' 'an unknown key would be seen'
sandboxed() {
	exposure "$1" >/dev/null
}

not_ok 'and so would a unit without a sandbox' sandboxed "$work/wrong.service"
tap_done

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

# As they are installed, next to each other; verify wants the program to be
# there: any program will do.
for unit in */*.service */*.socket; do
	sed -E 's,^(ExecStart|ExecStartPre|ExecReload)=([-+!@:]*)/[^ ]+,\1=\2/bin/true,' \
	    "$unit" >"$work/${unit##*/}"
done
# It ends with 0 also where it ignores a key: whatever it says is a finding.
verify() {		# UNIT
	systemd-analyze verify --man=no "$work/$1" 2>&1 || :
}
for unit in */*.service */*.socket; do
	is "$(verify "${unit##*/}")" '' "$unit: verify"
done
for unit in */*.service; do
	if said=$(exposure "$work/${unit##*/}"); then
		pass "$unit: $(tail -n 1 <<<"$said")"
	else
		fail "$unit: exposure at most $MOST_EXPOSED of 100"
		diag "$(grep -F '✗' <<<"$said")"
	fi
done

# A socket opens what its daemon's configuration is told to listen on.
for unit in */*.socket; do
	daemon=${unit##*/}
	daemon=${daemon%.socket}
	name=$(sed -n 's/^FileDescriptorName=//p' "$unit")
	for file in "$daemon/$daemon.conf.example" docs/operations.md; do
		like "$(cat "$file")" "tls-listen = systemd:$name" \
		    "$unit: $file names its socket"
	done
	ok "$unit: its service is there" test -e "$daemon/$daemon.service"
done

printf '[Service]\nExecStart=/bin/true\nProtectSytem=strict\n' \
    >"$work/wrong.service"
like "$(verify wrong.service)" 'ProtectSytem' 'an unknown key would be seen'
printf '[Socket]\nListenStrem=443\nListenStream=443\n' \
    >"$work/stored.socket"
like "$(verify stored.socket)" 'ListenStrem' 'that of a socket too'
sandboxed() {
	exposure "$1" >/dev/null
}

not_ok 'and so would a unit without a sandbox' sandboxed "$work/wrong.service"
tap_done

#!/bin/bash
# The requests that "make fuzz" found worth keeping, sent to the running
# daemons: each is answered as HTTP has it and as documented, nobody sees what
# is another's, and a sound request is served afterwards.

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh

BUILD=${BUILD:-build}
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# What is sent holds secrets in odd places, so its logs are kept apart.
send_all() {		# DAEMON
	env -u SCENARIO_LOGS tests/fuzz/daemon/run.sh "$1" \
	    "$BUILD/test/replay/requests" "requests-$1" >"$said" 2>&1
}

for daemon in stored commerced; do
	ok "$daemon stands all of them" send_all "$daemon"
	count=$(grep -c '^ok .* - ' "$said")
	ok '  and there were many' test "$count" -gt 40
	[[ $TAP_FAILED -eq 0 ]] || diag "$(tail -n 80 "$said")"
done
tap_done

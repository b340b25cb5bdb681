#!/bin/bash
# Tokens are made and refused by the clock: a daemon whose clock stands before
# the day it was built says so at /readyz, and is ready again once it is right.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

readiness_is() {		# ORIGIN TEXT DESCRIPTION
	http "$1/readyz"
	is "$STATUS $(json '"\(.ready) " + (.reasons | join("; "))')" "$2" "$3"
}

WRONG='the clock stands before the day this program was built; set it'

start_stored
start_commerced
readiness_is "$STORAGE_ADMIN" '200 true ' 'stored with the right time is ready'
readiness_is "$COMMERCE_ADMIN" '200 true ' 'and so is commerced'
stop_daemons

# Ten years back.
BACK=(env "LD_PRELOAD=$BUILD/test/shift-clock.so"
    "SHIFT_CLOCK_S=-315360000")
STORED_WRAP=("${BACK[@]}")
COMMERCED_WRAP=("${BACK[@]}")
start_stored
start_commerced
readiness_is "$STORAGE_ADMIN" "503 false $WRONG" \
    'stored ten years back is not, and says why'
readiness_is "$COMMERCE_ADMIN" "503 false $WRONG" 'nor is commerced'
http "$STORAGE_ADMIN/healthz"
status_is 200 'but it is alive'

done_testing

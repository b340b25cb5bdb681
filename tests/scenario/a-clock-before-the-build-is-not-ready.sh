#!/bin/bash
# Tokens are made and refused by the clock: a daemon whose clock stands before
# the day it was built says so at /readyz, and is ready again once it is right.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# stored_says TEXT DESCRIPTION, and commerced_says: at /readyz
stored_says() {
	http "$STORAGE_ADMIN/readyz"
	is "$STATUS $(json '.reasons | join("; ")')" "$1" "$2"
}

commerced_says() {
	http "$COMMERCE_ADMIN/readyz"
	is "$STATUS $(json '.status + ": " + .clock')" "$1" "$2"
}

WRONG='the clock stands before the day this program was built; set it'

start_stored
start_commerced
stored_says '200 ' 'stored with the right time is ready'
commerced_says '200 ok: ok' 'and so is commerced'
stop_daemons

# Ten years back.
BACK=(env "LD_PRELOAD=$BUILD/test/shift-clock.so"
    "SHIFT_CLOCK_S=-315360000")
STORED_WRAP=("${BACK[@]}")
COMMERCED_WRAP=("${BACK[@]}")
start_stored
start_commerced
stored_says "503 $WRONG" 'stored ten years back is not, and says why'
commerced_says "503 failing: ${WRONG#the clock }" 'nor is commerced'
http "$STORAGE_ADMIN/healthz"
status_is 200 'but it is alive'

done_testing

# For scenarios: disks that fail and power that goes (README.md in this folder).
# To be included behind tests/scenario/lib.sh.
#
# shellcheck shell=bash
# shellcheck disable=SC2034	# variables are for the scripts that include this
# shellcheck disable=SC2153	# and from lib.sh

FAULT_CONTROL=$WORK/fault-control

# fault_wrap FOLDER: sets FAULTS, words to put before a daemon's command
fault_wrap() {
	FAULTS=(env "LD_PRELOAD=$BUILD/test/fault.so" "FAULT_FOLDER=$1"
	    FAULT_SYNC=skip "FAULT_CONTROL=$FAULT_CONTROL")
}

# fault_arm CALLS NUMBER ERRNO MODE [PATTERN]: as in inject.c; counts from 0
FAULT_ID=0
fault_arm() {
	FAULT_ID=$((FAULT_ID + 1))
	rm -f "$FAULT_CONTROL.reached"
	printf '%s %s\n' "$FAULT_ID" "$*" >"$FAULT_CONTROL.new"
	mv "$FAULT_CONTROL.new" "$FAULT_CONTROL"
}

# fault_disarm: fills COUNTED, FAILED, and CALL and PLACE of the first failure
fault_disarm() {
	local id
	rm -f "$FAULT_CONTROL"
	COUNTED=0 FAILED=0 CALL='' PLACE=''
	[[ -e $FAULT_CONTROL.reached ]] || return 0
	read -r id COUNTED FAILED CALL PLACE <"$FAULT_CONTROL.reached"
	[[ $id == "$FAULT_ID" ]]
}

# Complaints of a loop: many steps, one test.
COMPLAINTS=()
complain() {
	COMPLAINTS+=("$*")
}

# no_complaints DESCRIPTION
no_complaints() {
	is "$(printf '%s\n' "${COMPLAINTS[@]:0:10}")" '' "$1"
	COMPLAINTS=()
}

# fault_record FOLDER TRACE: sets FAULTS likewise, for a recording
fault_record() {
	FAULTS=(env "LD_PRELOAD=$BUILD/test/fault.so" "FAULT_FOLDER=$1"
	    FAULT_SYNC=skip "FAULT_TRACE=$2" "FAULT_CONTROL=$FAULT_CONTROL")
}

# replay ARGUMENT...: fault-replay; the end of what it says is told
replay() {
	local status=0
	"$BUILD/test/fault-replay" "$@" >"$WORK/replayed" || status=$?
	diag "$(tail -n 8 "$WORK/replayed")"
	return "$status"
}

# storage ACTION...: the client of faults/storage.pl
storage() {
	perl "$ROOT/tests/faults/storage.pl" "$STORAGE" "$COMMERCE_ID" \
	    "$KEY_ID" "$SIGNING_KEYS" "$@"
}

# fault_is_reached: has the call that was ordered been made?  For wait_until,
# after fault_arm ... hold.
fault_is_reached() {
	local id counted rest
	read -r id counted rest <"$FAULT_CONTROL.reached" &&
	    [[ $id == "$FAULT_ID" && $counted -ge 1 ]]
}

# check_books [MARKS]: says what is wrong with the books of commerced
check_books() {
	"$ROOT/tests/faults/check-books.sh" "$COMMERCED_STATE" "$@"
}

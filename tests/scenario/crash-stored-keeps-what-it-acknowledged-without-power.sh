#!/bin/bash
# Whatever a power cut leaves of what was not synced, at any instant of a course
# of uploads and removals: what was acknowledged is there, what is shown is
# whole, and the daemon starts on it and serves.
#
# FAULT_SUBSETS: random subsets for each instant (200); FAULT_STARTS: states that
# the daemon is started on (5); FAULT_SEED.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/faults/faults.sh
. "$ROOT/tests/faults/faults.sh"

TRACE=$WORK/trace
SEED=${FAULT_SEED:-$SRANDOM}
LONG=${CRASH_ROUNDS:-}
SUBSETS=${FAULT_SUBSETS:-${LONG:+1000}}
STARTS=${FAULT_STARTS:-${LONG:+100}}

# must_be_there MARKS: objects whose last mark says stored
must_be_there() {
	awk '{ state[$2] = $1 }
	    END { for (id in state) if (state[id] == "stored") print id }' "$1"
}

serves_state() {	# NUMBER
	local missing
	stored_conf object-root "$WORK/states/$1"
	start_stored
	missing=$(must_be_there "$WORK/states/$1.marks" | storage fetch)
	stop_stored
	[[ -z $missing ]] || complain "state $1: $missing"
	missing=$(find "$WORK/states/$1/incoming" -name '*.tmp')
	[[ -z $missing ]] || complain "state $1: $missing"
}

fault_record "$STORED_ROOT" "$TRACE"
STORED_WRAP=("${FAULTS[@]}")
start_stored
storage record "$TRACE"
stop_stored
STORED_WRAP=()

"$BUILD/test/fault-replay" "$TRACE" end "$WORK/end"
ok 'the trace is complete: it gives the same folder' \
    diff -r "$WORK/end" "$STORED_ROOT" --exclude=lock
ok 'at any instant nothing acknowledged is lost, nothing broken is shown' \
    replay -s "$SEED" -n "${SUBSETS:-200}" "$TRACE" objects

# What the check is worth: a daemon that syncs nothing must not pass it.
grep -avE '^(sync [0-9]+|sync-all)$' "$TRACE" >"$TRACE.unsynced"
not_ok 'without its syncs it would not hold' \
    replay -s "$SEED" "$TRACE.unsynced" objects

replay -s "$SEED" -l "${STARTS:-5}" "$TRACE" write "$WORK/states"
for state in "$WORK"/states/*.marks; do
	serves_state "$(basename "$state" .marks)"
done
no_complaints 'the daemon starts on such a disk and serves'
done_testing

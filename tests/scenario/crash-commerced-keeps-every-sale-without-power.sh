#!/bin/bash
# Whatever a power cut leaves of what was not synced, at any instant of a course
# of registrations, uploads, codes and purchases, first on an empty disk and
# then on one that a kill left: what was acknowledged is in the books, the books
# balance, the sealed files are whole, and the daemon starts on it.
#
# FAULT_STATES: how many states are looked at (200, of all by chance);
# FAULT_WHOLE: how many of one purchase (60); FAULT_STARTS: states that the daemon
# is started on (3); FAULT_SEED.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/faults/faults.sh
. "$ROOT/tests/faults/faults.sh"

SEED=${FAULT_SEED:-$SRANDOM}
LONG=${CRASH_ROUNDS:-}
COUNT=${FAULT_STATES:-${LONG:+20000}}
COUNT=${COUNT:-200}
STARTS=${FAULT_STARTS:-${LONG:+50}}
PURCHASES=${LONG:+40}
WHOLE=${FAULT_WHOLE:-${LONG:+100000000}}
# Many states are written and looked at: in memory where there is some.
STATES=$WORK/states-looked-at
[[ ! -w /dev/shm ]] || STATES=$(mktemp -d /dev/shm/counterfoil-XXXXXX)

scenario_cleanup() {
	[[ -n ${SCENARIO_KEEP:-} ]] || rm -rf "$STATES"
}

mark() {
	printf 'mark %s\n' "$*" >>"$TRACE"
	printf '%s\n' "$*" >>"$WORK/marks"
}

# One sale; the key is known before, that it is paid only after.
pay() {			# KEY ITEM...
	mark "paying $1"
	purchase "$@"
	expect 201
	mark "paid $1"
}

# In a shell of its own, at the same time as others.
pay_apart() {
	(
		trap - ERR EXIT
		BODY=$WORK/body-$1
		HEADERS=$WORK/headers-$1
		pay "$@"
	) &
	CHILDREN+=("$!")
}

# Folders that a process made and had no time to sync: a later upload that
# finds one must not rely on it.
leave_folders() {
	local byte folder parent
	folder=$COMMERCED_STATE/sealed
	parent=$(stat -c %i "$folder")
	for byte in {0..255}; do
		byte=$(printf %02x "$byte")
		[[ ! -e $folder/$byte ]] || continue
		mkdir -m 700 "$folder/$byte"
		printf 'mkdir %s %s %s\n' "$parent" \
		    "$(stat -c %i "$folder/$byte")" "$byte" >>"$TRACE"
	done
}

UPLOADS=0
CODES=0
course() {		# PURCHASES
	local number items=() code
	for number in 1 2 3 4; do
		make_file "$WORK/tune.ogg" $((number * 400))
		make_item "Tune $number" 5 "$WORK/tune.ogg"
		UPLOADS=$((UPLOADS + 1))
		mark "uploaded $UPLOADS"
		items+=("$ITEM")
	done
	for ((number = 0; number < $1; number++)); do
		register "$(random_hex 6)@example.com"
		mark "registered $EMAIL"
		code=$(gift_code 20)
		CODES=$((CODES + 1))
		mark "issued $CODES"
		redeem "$code"
		mark "redeemed $EMAIL 1"
		pay "$(random_hex 8)" "${items[0]}" "${items[1]}"
		CHILDREN=()
		pay_apart "$(random_hex 8)" "${items[2]}"
		pay_apart "$(random_hex 8)" "${items[3]}"
		wait "${CHILDREN[@]}"
	done
}

record() {		# TRACE: and start
	TRACE=$1
	fault_record "$COMMERCED_STATE" "$TRACE"
	COMMERCED_WRAP=("${FAULTS[@]}")
	start_commerced
	# What earlier recordings have promised.
	cp "$WORK/marks" "$TRACE.before"
}

# A kill between a call and its line in the trace, as of the index, which is
# written at any time, would leave a trace that lacks it: while a call is held
# there is none.
kill_between_calls() {
	local client
	fault_arm all 1 EIO hold
	curl -sS --max-time 60 -H "Authorization: Bearer $ADMIN_TOKEN" \
	    --json '{"title": "Held", "creator": "A. Tester", "kind": "track",
	    "price": {"amount": 1, "currency": "EUR"}}' \
	    "$SHOP/admin/v1/items" >/dev/null 2>&1 &
	client=$!
	wait_until 60 fault_is_reached
	kill_commerced
	fault_disarm
	wait "$client" || :
}

same_end() {		# TRACE DESCRIPTION
	"$BUILD/test/fault-replay" "$1" end "$1.end"
	ok "$2" diff -r "$1.end" "$COMMERCED_STATE" --exclude='*lock' \
	    --exclude='*-shm'
}

any_instant() {		# TRACE STATES DESCRIPTION [SUBSETS]
	rm -rf "$STATES"
	ok "$3" replay -s "$SEED" -l "$2" -n "${4:-20}" -m "$1.before" "$1" \
	    run "$STATES" "$ROOT/tests/faults/check-books.sh"
}

# Little enough to be looked at whole: from a start to a kill behind a sale.
one_purchase() {
	TRACE=/dev/null
	COMMERCED_WRAP=()
	start_commerced
	make_item "Tune 5" 5 "$WORK/tune.ogg"
	register "$(random_hex 6)@example.com"
	redeem "$(gift_code 20)"
	stop_commerced
	record "$WORK/trace-4"
	pay "$(random_hex 8)" "$ITEM"
	kill_commerced
}

serves_state() {	# FOLDER
	local key
	COMMERCED_STATE=$1
	commerced_conf state "$1"
	start_commerced
	[[ -n $COMMERCED_PID ]] || complain "$1: does not start"
	admin GET /items
	[[ $STATUS == 200 ]] || complain "$1: $STATUS"
	stop_commerced
	key=$(check_books "$1.marks") || complain "$1: $key"
}

: >"$WORK/marks"
start_stored
record "$WORK/trace-1"
course "${PURCHASES:-2}"
kill_between_calls
same_end "$WORK/trace-1" 'the trace is complete'
is "$(check_books "$WORK/marks")" '' 'the check finds nothing after a kill'
record "$WORK/trace-2"
course "${PURCHASES:-1}"
stop_commerced
same_end "$WORK/trace-2" 'so is that of the second run'
record "$WORK/trace-3"
leave_folders
course 0
kill_commerced
one_purchase
COMMERCED_WRAP=()

any_instant "$WORK/trace-1" "$COUNT" 'no sale is lost on a new disk'
any_instant "$WORK/trace-2" "$COUNT" 'nor after a kill'
any_instant "$WORK/trace-3" 40 'a sealed file does not rely on a folder that is not synced'
any_instant "$WORK/trace-4" "${WHOLE:-60}" \
    "every instant of one purchase, with all that can be lost and torn" 200

# What the check is worth: a daemon that syncs nothing must not pass it.
grep -avE '^(sync [0-9]+|sync-all)$' "$WORK/trace-1" >"$WORK/unsynced"
rm -rf "$STATES"
not_ok 'without its syncs it would not hold' replay -s "$SEED" -l 50 \
    "$WORK/unsynced" run "$STATES" "$ROOT/tests/faults/check-books.sh"

replay -s "$SEED" -l "${STARTS:-3}" -m "$WORK/trace-2.before" \
    "$WORK/trace-2" write "$WORK/states"
for state in "$WORK"/states/*.marks; do
	serves_state "${state%.marks}"
done
no_complaints 'the daemon starts on such a disk and serves'
done_testing

#!/bin/bash
# Every call that writes or syncs the books fails in turn, and every one of an
# upload: what the client is told is true, the repetition with the same key
# tells it again, and nothing is paid twice.  A full disk in the middle of a
# group costs nobody else his answer.  CRASH_ROUNDS: when set, in every mode.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/faults/faults.sh
. "$ROOT/tests/faults/faults.sh"

BOOKS='counterfoil.db*'
CHANGES=create,write,sync,truncate,allocate,unlink
MARKS=$WORK/marks
ITEMS=40		# more than a purchase has calls
LONG=${CRASH_ROUNDS:-}

mark() {
	printf '%s\n' "$*" >>"$MARKS"
}

problem() {
	json '.type // ""' 2>/dev/null | sed 's/^urn:counterfoil://'
}

# After a commit that nobody knows the outcome of the daemon ends by itself.
start_again() {		# WHERE
	reap "$COMMERCED_PID"
	COMMERCED_PID=
	[[ $REAPED -eq 1 ]] || complain "$1: the daemon ends with $REAPED"
	start_commerced
}

# How many purchases the books have under these keys.
in_the_books() {	# KEY...
	local keys
	keys=$(printf "'%s'," "$@")
	sqlite3 -cmd '.timeout 60000' "$COMMERCED_STATE/counterfoil.db" \
	    "SELECT count(*) FROM purchase_key WHERE key IN (${keys%,})"
}

# The same key again: $1 was the first status, $2 the purchase it gave.
# What it is told is what was in the books before.
check_repetition() {	# STATUS PURCHASE KEY ITEM WHERE
	local before
	before=$(in_the_books "$3")
	purchase "$3" "$4"
	case $1-$STATUS-$before in
	201-200-1)
		[[ $(json .id) == "$2" ]] || complain "$5: another purchase" ;;
	500-201-0 | 500-200-1 | 507-201-0) ;;
	*)	complain "$5: first $1, then $STATUS $(problem), with $before" ;;
	esac
	[[ $STATUS != 20[01] ]] || mark "paid $3"
}

# One purchase under a fault that is armed.
attempt() {		# ERRNO ITEM WHERE
	local key status id
	key=$(random_hex 8)
	mark "paying $key"
	purchase "$key" "$2"
	fault_disarm
	status=$STATUS
	id=
	case "$status $(problem)-$1" in
	'201 '-*)	id=$(json .id); mark "paid $key" ;;
	'507 storage-full-ENOSPC' | '507 storage-full-EDQUOT') ;;
	'500 outcome-unknown-'*)
		[[ $1-$CALL != EDQUOT-write ]] ||
		    complain "$3: a quota is an I/O error"
		UNKNOWN=$((UNKNOWN + 1))
		start_again "$3 $CALL" ;;
	*)	complain "$3 $CALL $PLACE: $status $(problem)" ;;
	esac
	daemon_runs "$COMMERCED_PID" || complain "$3 $CALL: the daemon is gone"
	check_repetition "$status" "$id" "$key" "$2" "$3 $CALL $PLACE"
	id=$(check_books "$MARKS") || complain "$3 $CALL $PLACE: $id"
}

each_call_of_a_purchase() {	# CALLS ERRNO MODE
	local number=0
	UNKNOWN=0
	register "$(random_hex 6)@example.com"
	redeem "$(gift_code 1000)"
	while :; do
		number=$((number + 1))
		fault_arm "$1" "$number" "$2" "$3" "$BOOKS"
		attempt "$2" "${items[$number]}" "$number"
		[[ $FAILED -gt 0 ]] || break
	done
	buyer GET /v1/account
	[[ $(json .balance.amount) -eq $((1000 - 5 * number)) ]] ||
	    complain "the balance is $(json .balance.amount)"
	# The log is written in large pieces: a sale is one write and a sync.
	[[ $number -gt 1 ]] || complain 'no call failed'
	# A failed sync is one: it may be there, and nobody knows.
	[[ $1 != *sync* || $UNKNOWN -gt 0 ]] ||
	    complain "no commit had an unknown outcome"
	no_complaints "a purchase, $2, $3: each of $COUNTED calls, \
$UNKNOWN with an unknown outcome"
}

# --- a group ---------------------------------------------------------------------

GROUP=8

waiting() {		# COUNT
	http "$COMMERCE_ADMIN/metrics"
	[[ $(awk '$1 == "commerced_jobs_waiting" { print $2 }' "$BODY") -ge $1 ]]
}

pay_apart() {		# NUMBER
	(
		trap - ERR EXIT
		BODY=$WORK/body-$1
		HEADERS=$WORK/headers-$1
		purchase "${keys[$1]}" "${items[$1]}"
		printf '%s %s\n' "$STATUS" "$(json .id)" >"$WORK/group-$1"
	) &
	CHILDREN+=("$!")
}

# The writer waits in a commit while a group of others comes together; then
# the disk is full at call $1.  IS_GROUP is empty when another thread's sync, a
# checkpoint's, was held instead, so that there was no group.
group() {		# NUMBER MODE
	local i status id
	IS_GROUP=
	keys=()
	CHILDREN=()
	for ((i = 0; i <= GROUP; i++)); do
		keys+=("$(random_hex 8)")
		mark "paying ${keys[$i]}"
	done
	fault_arm sync 1 EIO hold "$BOOKS"
	pay_apart 0
	wait_until 60 fault_is_reached
	for ((i = 1; i <= GROUP; i++)); do
		pay_apart "$i"
	done
	if ! wait_until 30 waiting "$GROUP"; then
		fault_disarm
		wait "${CHILDREN[@]}"
		return 0
	fi
	IS_GROUP=yes
	fault_arm write "$1" ENOSPC "$2" "$BOOKS"
	wait "${CHILDREN[@]}"
	fault_disarm
	REFUSED=0
	for ((i = 0; i <= GROUP; i++)); do
		read -r status id <"$WORK/group-$i"
		[[ $status == @(201|507) ]] || complain "$1 $2: $status"
		[[ $status == 201 ]] || REFUSED=$((REFUSED + 1))
		[[ $status != 201 ]] || mark "paid ${keys[$i]}"
	done
	id=$(check_books "$MARKS") || complain "group $1 $2: $id"
	for ((i = 0; i <= GROUP; i++)); do
		read -r status id <"$WORK/group-$i"
		check_repetition "$status" "$id" "${keys[$i]}" "${items[$i]}" \
		    "group $1 $2"
	done
}

each_step_of_a_group() {	# MODE STEP
	local number=1 refused=0 others=0
	while :; do
		register "$(random_hex 6)@example.com"
		redeem "$(gift_code 1000)"
		group "$number" "$1"
		if [[ -z $IS_GROUP ]]; then
			others=$((others + 1))
			[[ $others -lt 5 ]] || complain 'no group was held'
			[[ $others -lt 5 ]] || break
			continue
		fi
		[[ $FAILED -gt 0 ]] || break
		refused=$((refused + REFUSED))
		number=$((number + $2))
	done
	[[ $1 != once || $refused -eq 0 ]] ||
	    complain "$refused were refused though there was room again"
	no_complaints "a full disk ($1) in a group, each ${2}th of $COUNTED"
}

# --- the books themselves -----------------------------------------------------------

# What a deletion leaves is purged, which syncs the books and gives the log up.
# Where that fails the daemon ends without closing them, which would give up
# the log as well.
a_sync_of_the_books() {
	local ended=$COMMERCED_PID said
	register leaving@example.com
	fault_arm sync 1 EIO once "${BOOKS%?}"
	buyer DELETE /v1/account
	wait_until 60 daemon_ended "$ended" || :
	fault_disarm
	[[ $FAILED -gt 0 ]] || complain 'no sync of the books'
	[[ -s $COMMERCED_STATE/counterfoil.db-wal ]] || complain 'no log is left'
	start_again 'a purge'
	said=$(check_books "$MARKS") || complain "$said"
	[[ $(sqlite3 -cmd '.timeout 60000' "$COMMERCED_STATE/counterfoil.db" \
	    "SELECT count(*) FROM account WHERE email =
	    'leaving@example.com'") -eq 0 ]] || complain 'it came back'
	no_complaints 'a sync of the books that fails ends the daemon'
}

# --- an upload --------------------------------------------------------------------

left_behind() {
	find "$COMMERCED_STATE/sealed/incoming" -type f
}

# What an upload that was refused on its way has left goes a moment later.
nothing_left() {
	[[ -z $(left_behind) ]]
}

each_call_of_an_upload() {	# ERRNO MODE
	local number=0 said
	draft_item "Uploaded $1 $2" 5
	while :; do
		number=$((number + 1))
		fault_arm create,write,sync,rename,mkdir,allocate,truncate \
		    "$number" "$1" "$2" 'sealed*'
		admin PUT "/items/$ITEM/files/file-$number" \
		    -T "$WORK/tune.ogg" -H 'Content-Type: audio/ogg'
		fault_disarm
		[[ $FAILED -gt 0 ]] || break
		[[ $STATUS == "${ANSWERS[$1]}" ]] ||
		    complain "$number $CALL $PLACE: $STATUS $(problem)"
		admin PUT "/items/$ITEM/files/file-$number" \
		    -T "$WORK/tune.ogg" -H 'Content-Type: audio/ogg'
		[[ $STATUS == 20[12] ]] || complain "$number: then $STATUS"
		wait_until 60 nothing_left ||
		    complain "$number $CALL $PLACE: left $(left_behind)"
		said=$(check_books "$MARKS") || complain "$number: $said"
	done
	[[ $STATUS == 20[12] ]] || complain "past the end: $STATUS"
	no_complaints "an upload, $1, $2: each of $COUNTED calls"
}

declare -A ANSWERS=([ENOSPC]=507 [EDQUOT]=507 [EIO]=500)

fault_wrap "$COMMERCED_STATE"
COMMERCED_WRAP=("${FAULTS[@]}")
: >"$MARKS"
start_stored
start_commerced
make_file "$WORK/tune.ogg" 3000
items=()
for ((i = 0; i < ITEMS; i++)); do
	make_item "Tune $i" 5 "$WORK/tune.ogg"
	items+=("$ITEM")
done

each_call_of_a_purchase "$CHANGES" ENOSPC on
each_call_of_a_purchase write EDQUOT on
each_call_of_a_purchase "$CHANGES" EIO once
each_step_of_a_group once 12
a_sync_of_the_books
each_call_of_an_upload EIO once
if [[ -n $LONG ]]; then
	each_call_of_a_purchase "$CHANGES" ENOSPC once
	each_call_of_a_purchase write ENOSPC full
	each_call_of_a_purchase "$CHANGES" EDQUOT on
	each_call_of_a_purchase write EDQUOT full
	each_call_of_a_purchase "$CHANGES" EIO on
	each_call_of_a_purchase write EIO short
	each_step_of_a_group once 1
	each_step_of_a_group on 1
	each_step_of_a_group full 1
	each_call_of_an_upload ENOSPC on
	each_call_of_an_upload EDQUOT once
fi
done_testing

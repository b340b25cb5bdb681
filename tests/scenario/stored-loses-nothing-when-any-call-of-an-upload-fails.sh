#!/bin/bash
# Every call on the disk that an upload makes fails in turn: the client is told,
# nothing is shown that is not whole, nothing is left, and the daemon serves on.

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/faults/faults.sh
. "$ROOT/tests/faults/faults.sh"

CHANGES=create,write,sync,rename,mkdir,allocate,truncate

# The answer that an errno makes of a PUT.
declare -A ANSWERS=([ENOSPC]='507 storage-full' [EDQUOT]='507 storage-full'
    [EIO]='500 storage-error')

# prepare FILE: one token serves all requests for it
prepare() {
	local target
	FILE=$1
	OBJECT=$(sha256 "$FILE")
	SIZE=$(stat -c %s "$FILE")
	target="/objects/$OBJECT?$(query "$(($(date +%s) + 600))" publish)"
	PUT_URL=$STORAGE$target
	PUT_TOKEN=$(sign_url PUT "$PUT_URL")
	DELETE_TOKEN=$(sign_url DELETE "$PUT_URL")
	MEDIA_URL="$STORAGE/media/$OBJECT?$(query "$(($(date +%s) + 600))")"
	MEDIA_TOKEN=$(sign_url GET "$MEDIA_URL")
}

put() {			# [CURL-ARGUMENT...]
	http -X PUT -T "$FILE" -H 'Expect:' \
	    -H "Authorization: Bearer $PUT_TOKEN" "$@" "$PUT_URL"
}

is_served() {
	http -H "Authorization: Bearer $MEDIA_TOKEN" "$MEDIA_URL"
	[[ $STATUS == 200 ]] && cmp -s "$BODY" "$FILE"
}

# As on the first day: every folder is to be made again.
empty_root() {
	rm -rf "${STORED_ROOT:?}"/{objects,incoming}/*
}

files_below() {		# FOLDER
	find "$STORED_ROOT/$1" -type f
}

# What an upload that was refused on its way has left goes a moment later.
nothing_left() {
	[[ -z $(files_below incoming) ]]
}

is_clean() {
	nothing_left || wait_until 60 nothing_left
}

problem() {
	sed -n 's/.*urn:counterfoil:\([a-z-]*\).*/\1/p' "$BODY" | head -n 1
}

# After a fault: what was answered agrees with what is there.
check_outcome() {	# ERRNO STEP
	local step="$2 ($1 at $CALL $PLACE): $STATUS"
	case $STATUS in
	201)	# What fails here is no part of the promise.
		[[ $CALL == @(open|unlink|close) ]] || complain "$step"
		is_served || complain "$step, and it is not there"
		;;
	*)
		[[ "$STATUS $(problem)" == "${ANSWERS[$1]}" ]] ||
		    complain "$step $(problem)"
		[[ -z $(files_below objects) ]] ||
		    complain "$step, and it is shown"
		;;
	esac
	is_clean || complain "$step left $(files_below incoming)"
}

# The same client tries again.
check_repetition() {	# STEP
	put
	[[ $STATUS == 20[01] ]] || complain "$1: then $STATUS"
	is_served || complain "$1: then not served"
	is_clean || complain "$1: then left"
}

# each_call CALLS ERRNO MODE: of a whole upload
each_call() {
	local number=0
	while :; do
		number=$((number + 1))
		empty_root
		fault_arm "$1" "$number" "$2" "$3"
		put
		fault_disarm
		[[ $FAILED -gt 0 ]] || break
		check_outcome "$2" "$3 $number"
		check_repetition "$3 $number"
	done
	[[ $STATUS == 201 ]] || complain "past the end: $STATUS"
	[[ $number -gt 3 ]] || complain "only $number calls"
	no_complaints "a whole upload, $2, $3: each of $COUNTED calls"
}

# The same object again, which is there: it stays, whatever fails.
each_call_of_a_repair() {	# CALLS ERRNO MODE
	local number=0
	empty_root
	put
	while :; do
		number=$((number + 1))
		fault_arm "$1" "$number" "$2" "$3"
		put
		fault_disarm
		[[ $FAILED -gt 0 ]] || break
		[[ $CALL == @(open|unlink|close) ||
		    "$STATUS $(problem)" == "${ANSWERS[$2]}" ]] ||
		    complain "$number $CALL $PLACE: $STATUS"
		is_served || complain "$number $CALL $PLACE: not served"
		is_clean || complain "$number $CALL $PLACE: left" \
		    "$(files_below incoming)"
	done
	[[ $STATUS == 200 ]] || complain "past the end: $STATUS"
	no_complaints "an upload of what is there, $2, $3: each of $COUNTED calls"
}

# Half of a write, and all goes on.
each_short_write() {
	local number=0
	while :; do
		number=$((number + 1))
		empty_root
		fault_arm write "$number" EIO short
		put
		fault_disarm
		[[ $FAILED -gt 0 ]] || break
		[[ $STATUS == 201 ]] || complain "$number: $STATUS"
		is_served || complain "$number: not served"
	done
	[[ $number -gt 2 ]] || complain "only $number writes"
	no_complaints 'a short write is gone on with'
}

# --- pieces ----------------------------------------------------------------------

PIECE=$WORK/piece

put_piece() {		# FROM TO (the last byte)
	dd if="$FILE" of="$PIECE" iflag=skip_bytes,count_bytes bs=64K \
	    skip="$1" count="$(($2 - $1 + 1))" status=none
	http -X PUT -T "$PIECE" -H 'Expect:' \
	    -H "Content-Range: bytes $1-$2/$SIZE" \
	    -H "Authorization: Bearer $PUT_TOKEN" "$PUT_URL"
}

held() {		# how much the daemon says it has
	http -I -H "Authorization: Bearer $PUT_TOKEN" "$PUT_URL"
	header Upload-Offset
}

# What a client that wants to end its upload does.
finish_pieces() {
	local offset
	offset=$(held)
	if [[ $offset != "$SIZE" ]]; then
		put_piece "$offset" $((SIZE - 1))
		# Pieces that went bad are found out at the end, and dropped.
		[[ $STATUS != 422 ]] || put_piece 0 $((SIZE - 1))
	fi
	is_served
}

each_call_of_pieces() {	# CALLS ERRNO MODE
	local number=0 first last
	while :; do
		number=$((number + 1))
		empty_root
		fault_arm "$1" "$number" "$2" "$3"
		put_piece 0 199999
		first=$STATUS
		last=000
		if [[ $first == 204 ]]; then
			put_piece 200000 $((SIZE - 1))
			last=$STATUS
		fi
		fault_disarm
		[[ $FAILED -gt 0 ]] || break
		[[ $last == 201 || -z $(files_below objects) ]] ||
		    complain "$number $CALL $PLACE: $first $last, and shown"
		[[ $first$last == @(204201|204507|204500|507000|500000) ]] ||
		    complain "$number $CALL $PLACE: $first $last"
		finish_pieces || complain "$number $CALL $PLACE: not finished"
		# What could not be removed goes after its time.
		[[ $CALL == @(open|unlink) ]] || is_clean ||
		    complain "$number $CALL $PLACE: left" \
		    "$(files_below incoming)"
	done
	[[ $first$last == 204201 ]] || complain "past the end: $first $last"
	no_complaints "pieces, $2, $3: each of $COUNTED calls"
}

# --- removal ----------------------------------------------------------------------

each_call_of_a_removal() {
	local number=0
	while :; do
		number=$((number + 1))
		empty_root
		put
		fault_arm all "$number" EIO once
		http -X DELETE -H "Authorization: Bearer $DELETE_TOKEN" \
		    "$PUT_URL"
		fault_disarm
		[[ $FAILED -gt 0 ]] || break
		[[ "$STATUS $(problem)" == '500 storage-error' ||
		    $CALL == close && $STATUS == 204 ]] ||
		    complain "$number $CALL: $STATUS"
		http -X DELETE -H "Authorization: Bearer $DELETE_TOKEN" \
		    "$PUT_URL"
		[[ $STATUS == @(204|404) ]] || complain "again: $STATUS"
		[[ -z $(files_below objects) ]] || complain 'still there'
	done
	[[ $STATUS == 204 ]] || complain "past the end: $STATUS"
	no_complaints "a removal, EIO: each of $COUNTED calls"
}

# --- the start --------------------------------------------------------------------

each_call_of_the_start() {
	local number=0
	while :; do
		number=$((number + 1))
		fault_arm all "$number" EIO once
		launch_stored
		wait_until 30 daemon_answers "$STORED_PID" "$STORAGE"
		fault_disarm
		if daemon_runs "$STORED_PID"; then
			is_served || complain "$number $CALL $PLACE: no object"
			kill -TERM "$STORED_PID"
			reap "$STORED_PID"
			[[ $REAPED -eq 0 ]] ||
			    complain "$number $CALL $PLACE: stops $REAPED"
		else
			reap "$STORED_PID"
			[[ $REAPED -eq 1 ]] ||
			    complain "$number $CALL $PLACE: ends $REAPED"
		fi
		STORED_PID=
		[[ $FAILED -gt 0 ]] || break
	done
	no_complaints "the start, EIO: each of $COUNTED calls"
}

fault_wrap "$STORED_ROOT"
STORED_WRAP=("${FAULTS[@]}")
start_stored
make_file "$WORK/object" 600000
prepare "$WORK/object"

each_call all EIO once
each_call all ENOSPC once
each_call "open,$CHANGES" EIO on
each_call "$CHANGES" ENOSPC on
each_call "$CHANGES" EDQUOT on
each_call write ENOSPC full
each_short_write
each_call_of_a_repair all EIO once
each_call_of_a_repair "$CHANGES" ENOSPC on
each_call_of_pieces all EIO once
each_call_of_pieces "$CHANGES" ENOSPC on
each_call_of_a_removal
ok 'a disk that was full or broken is served from' check_repetition end
no_complaints '  with nothing to complain of'
stop_stored
each_call_of_the_start
done_testing

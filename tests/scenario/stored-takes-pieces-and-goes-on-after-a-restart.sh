#!/bin/bash
# An upload in pieces: each where the last ended, the right place told, nothing
# lost by a cut, a restart or a crash, and only the whole is an object.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

start_stored
make_file "$WORK/file" 1000000
SIZE=1000000
OBJECT=$(sha256 "$WORK/file")
TARGET="/objects/$OBJECT?$(query '' publish)"
TOKEN=$(sign_url PUT "$STORAGE$TARGET")
INCOMING=$STORED_ROOT/incoming/$COMMERCE_ID

# cut_out FROM TO FILE: into $WORK/piece
cut_out() {
	tail -c +$(($1 + 1)) "$3" | head -c $(($2 - $1 + 1)) \
	    >"$WORK/piece" || :
}

# piece FROM TO [TOTAL [FILE]]
piece() {
	cut_out "$1" "$2" "${4:-$WORK/file}"
	http -T "$WORK/piece" -H Expect: -H "Authorization: Bearer $TOKEN" \
	    -H "Content-Range: bytes $1-$2/${3:-$SIZE}" "$STORAGE$TARGET"
}

# held: Upload-Offset by HEAD, in $HELD with the status
held() {
	http -I -H "Authorization: Bearer $TOKEN" "$STORAGE$TARGET"
	HELD="$STATUS $(header Upload-Offset)"
}

# offset_is OFFSET DESCRIPTION: what the refusal and HEAD say
offset_is() {
	problem_is 409 offset-mismatch "$2"
	is "$(header Upload-Offset)" "$1" "$2: the right place is told"
}

held
is "$HELD" '404 0' 'nothing is held'
piece 1 99
offset_is 0 'a first piece that is not the first'
piece 0 99999
is "$STATUS $(header Upload-Offset)" '204 100000' 'the first piece'
held
is "$HELD" '200 100000' 'is held'
is "$(header Upload-Complete)" '' 'and not complete'
get_object "$OBJECT"
problem_is 404 object-not-found 'and not to be seen'

for from in 0 99999 100001 999999; do
	piece $from 999999
	offset_is 100000 "a piece at $from"
done
piece 100000 199999 1000001
offset_is 100000 'a piece of another total'

while IFS= read -r value; do
	http -T "$WORK/piece" -H Expect: -H "Authorization: Bearer $TOKEN" \
	    -H "Content-Range: $value" "$STORAGE$TARGET"
	problem_is 400 malformed-request "Content-Range: $value"
done <<VALUES
bytes 100000-199999
bytes 100000-199999/*
bytes */1000000
bytes 100000-/1000000
bytes -199999/1000000
bytes 199999-100000/1000000
bytes 100000-1000000/1000000
bytes=100000-199999/1000000
octets 100000-199999/1000000
bytes 100000-199999/1000000,
bytes 100000-199999/99999999999999999999
bytes 100000-199998/1000000
bytes 100000-200000/1000000
nonsense
VALUES
held
is "$HELD" '200 100000' 'refused pieces change nothing'

# --- a cut, two writers ------------------------------------------------------

# slow_piece FROM TO: in the background, a few bytes at a time
slow_piece() {
	cut_out "$1" "$2" "$WORK/file"
	curl -s -o /dev/null -T "$WORK/piece" -H Expect: --limit-rate 20k \
	    -H "Authorization: Bearer $TOKEN" \
	    -H "Content-Range: bytes $1-$2/$SIZE" "$STORAGE$TARGET" &
	SLOW=$!
}
slow_piece 100000 899999
# The daemon has the pieces open.
is_writing() {
	find "/proc/$STORED_PID/fd" -lname "*/$OBJECT.part" | grep -q .
}
has_grown() {
	[[ $(stat -c %s "$INCOMING/$OBJECT.part") -gt 100000 ]]
}
wait_until 60 is_writing
piece 100000 100009
offset_is 100000 'a second writer'
kill "$SLOW"
wait "$SLOW" 2>/dev/null || :
wait_until 60 has_grown
held_is_file() {
	held
	[[ $HELD == "200 $(stat -c %s "$INCOMING/$OBJECT.part")" ]]
}
ok 'a cut piece keeps what arrived' wait_until 60 held_is_file
AT=${HELD#200 }
diag "cut at $AT"

# --- restarts ------------------------------------------------------------------

stop_stored
start_stored
held
is "$HELD" "200 $AT" 'what is held outlasts a restart'
piece "$AT" 599999 1000001
offset_is "$AT" 'and so does the total'
piece "$AT" 599999
is "$STATUS $(header Upload-Offset)" '204 600000' 'the upload goes on'
slow_piece 600000 999999
wait_until 60 is_writing
kill_stored
wait "$SLOW" 2>/dev/null || :
start_stored
held
is "$STATUS" 200 'what is held outlasts a crash'
AT=${HELD#200 }
ok 'all of it' test "$AT" -ge 600000
piece "$AT" 999999
status_is 201 'the last piece makes the object'
get_object "$OBJECT"
same_file "$BODY" "$WORK/file" 'byte for byte'
ok 'nothing is left of the pieces' test -z "$(find "$INCOMING" -type f)"
held
is "$HELD $(header Upload-Complete)" "200 $SIZE ?1" 'HEAD says it is complete'
piece 0 499999
status_is 204 'an object that is there may be sent again'
piece 500000 999999
status_is 200 'in pieces'

# --- what ends pieces ------------------------------------------------------------

make_file "$WORK/other" 300000
OBJECT=$(sha256 "$WORK/other")
SIZE=300000
TARGET="/objects/$OBJECT?$(query '' publish)"
TOKEN=$(sign_url PUT "$STORAGE$TARGET")
piece 0 99999 300000 "$WORK/file"
status_is 204 'a piece of something else'
piece 100000 299999 300000 "$WORK/other"
problem_is 422 digest-mismatch 'is found out at the end'
held
is "$HELD" '404 0' 'and nothing of it is kept'
ok 'not on the disk either' test -z "$(find "$INCOMING" -type f)"

piece 0 99999 300000 "$WORK/other"
put_object "$WORK/other"
status_is 201 'a whole upload where pieces are held'
ok 'takes their place' test -z "$(find "$INCOMING" -type f)"
stored_request DELETE "/objects/$OBJECT?$(query)"

piece 0 99999 300000 "$WORK/other"
stop_stored
touch -d '-25 hours' "$INCOMING"/*
start_stored
held
is "$HELD" '404 0' 'pieces not continued for a day are gone'
ok 'from the disk, too' test -z "$(find "$INCOMING" -type f)"

# A whole object in one piece.
piece 0 299999 300000 "$WORK/other"
status_is 201 'one piece that is all of it'

done_testing

#!/bin/bash
# Range, If-Range, If-Match and If-None-Match against the daemon: the right
# bytes, the right status, and malformed ones do no harm.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

start_stored
make_file "$WORK/file" 200000
SIZE=200000
put_object "$WORK/file"
expect 201
TARGET="/media/$OBJECT?$(query)"
AUTHORIZATION="Authorization: Bearer $(sign_url GET "$STORAGE$TARGET")"
TAG="\"$OBJECT\""

# get [CURL-ARGUMENT...]
get() {
	http -H "$AUTHORIZATION" "$@" "$STORAGE$TARGET"
}

# part RANGE FROM TO: 206 with exactly these bytes
part() {
	local length=$(($3 - $2 + 1))
	head -c $(($3 + 1)) "$WORK/file" | tail -c "$length" >"$WORK/part"
	get -H "Range: $1"
	is "$STATUS $(header Content-Range) $(header Content-Length) $(sha256 \
	    "$BODY")" "206 bytes $2-$3/$SIZE $length $(sha256 "$WORK/part")" \
	    "Range: $1"
}

# whole DESCRIPTION [CURL-ARGUMENT...]: 200 with all of it
whole() {
	local description=$1
	shift
	get "$@"
	is "$STATUS $(header Content-Range) $(sha256 "$BODY")" \
	    "200  $OBJECT" "$description"
}

# --- one range ---------------------------------------------------------------

part bytes=0-0 0 0
part bytes=0-99 0 99
part bytes=65535-65536 65535 65536
part bytes=1000- 1000 $((SIZE - 1))
part bytes=0- 0 $((SIZE - 1))
part bytes=-1 $((SIZE - 1)) $((SIZE - 1))
part bytes=-70000 $((SIZE - 70000)) $((SIZE - 1))
part bytes=-999999999999999999999 0 $((SIZE - 1))
part bytes=199999- 199999 199999
part bytes=5-999999999999999999999999 5 $((SIZE - 1))
part BYTES=7-8 7 8
part bytes=0007-08 7 8
part bytes=7-8, 7 8
part 'bytes=,,7-8' 7 8
is "$(header ETag) $(header Accept-Ranges)" "$TAG bytes" \
    'a part has the fields of the whole'

for range in bytes=200000- bytes=200000-200001 bytes=-0 \
    bytes=99999999999999999999999- bytes=18446744073709551616-; do
	get -H "Range: $range"
	is "$STATUS $(json .type) $(header Content-Range)" \
	    "416 urn:counterfoil:range-not-satisfiable bytes */$SIZE" \
	    "Range: $range"
done

# --- what is ignored -----------------------------------------------------------

while IFS= read -r range; do
	whole "ignored: Range: $range" -H "Range: $range"
done <<'RANGES'
bytes
bytes=
bytes=,
bytes=,,
bytes=-
bytes=--1
bytes=-1-
bytes=1
bytes=a-b
bytes=1-b
bytes=a-1
bytes=1-2-3
bytes=1--2
bytes=+1-2
bytes=1-+2
bytes=0x1-2
bytes=1.0-2
bytes=1-2.0
bytes=1e1-20
bytes=1 -2
bytes=1- 2
bytes= 1-2
bytes =1-2
bytes =
bytes:1-2
bytes 1-2
bytes=1-2;
bytes=1-2 3-4
bytes=1-2;3-4
bytes=(1-2)
bytes="1-2"
bytes=1/2
bytes=5-2
bytes=1-0
bytes=*
bytes=*/1000
bytes=1-*
bytes==1-2
bytes=bytes=1-2
byte=1-2
bytess=1-2
octets=1-2
none
=1-2
1-2
bytes=١-٢
bytes=0-0,-1
bytes=0-1,2-3
bytes=0-1, a
bytes=5-2,0-1
bytes=0-,0-,0-,0-,0-,0-,0-
bytes=0-1,,2-3
RANGES
whole 'ignored: an empty Range' -H 'Range;'
get -H 'Range: bytes=0-1' -H 'Range: bytes=2-3'
problem_is 400 malformed-request 'two Range fields'
get -I -H 'Range: bytes=0-9'
is "$STATUS $(header Content-Length) $(header Content-Range)" "200 $SIZE " \
    'HEAD knows no ranges'

# --- If-Range -------------------------------------------------------------------

get -H 'Range: bytes=0-9' -H "If-Range: $TAG"
is "$STATUS $(header Content-Length)" '206 10' 'If-Range: the object'
for value in '"other"' "W/$TAG" "$OBJECT" "$TAG, $TAG" '*' \
    'Sun, 22 Nov 2026 12:00:00 GMT' 'nonsense'; do
	whole "If-Range: $value" -H 'Range: bytes=0-9' -H "If-Range: $value"
	whole "If-Range: $value, and a range behind the end" \
	    -H 'Range: bytes=200000-' -H "If-Range: $value"
done

# --- If-Match, If-None-Match --------------------------------------------------------

# not_modified, failed DESCRIPTION [CURL-ARGUMENT...]
not_modified() {
	local description=$1
	shift
	get "$@"
	is "$STATUS $(stat -c %s "$BODY") $(header ETag)" "304 0 $TAG" \
	    "$description"
}

failed() {
	local description=$1
	shift
	get "$@"
	problem_is 412 precondition-failed "$description"
}

for value in "$TAG" "W/$TAG" '*' "\"x\", $TAG" "W/\"x\",W/$TAG" ", $TAG ,"; do
	not_modified "If-None-Match: $value" -H "If-None-Match: $value"
done
not_modified 'If-None-Match in two lines' -H 'If-None-Match: "x"' \
    -H "If-None-Match: $TAG"
get -I -H "If-None-Match: $TAG"
status_is 304 'If-None-Match with HEAD'
for value in '"x"' '""' "${TAG%\"}x\"" "$OBJECT" "$TAG x" "*, $TAG"; do
	whole "If-None-Match: $value" -H "If-None-Match: $value"
done
for value in "$TAG" '*' "\"x\", $TAG"; do
	whole "If-Match: $value" -H "If-Match: $value"
done
whole 'If-Match in two lines' -H "If-Match: $TAG" -H 'If-Match: "x"'
for value in '"x"' "W/$TAG" "$OBJECT" '""'; do
	failed "If-Match: $value" -H "If-Match: $value"
done
get -I -H 'If-Match: "x"'
status_is 412 'If-Match with HEAD'

# RFC 9110, section 13.2.2: If-Match, then If-None-Match, then Range.
failed 'If-Match before If-None-Match' -H 'If-Match: "x"' \
    -H "If-None-Match: $TAG"
not_modified 'If-None-Match after If-Match' -H "If-Match: $TAG" \
    -H "If-None-Match: $TAG"
not_modified 'If-None-Match before Range' -H "If-None-Match: $TAG" \
    -H 'Range: bytes=200000-'
failed 'If-Match before Range' -H 'If-Match: "x"' -H 'Range: bytes=200000-'
whole 'dates count for nothing: an object has none' \
    -H 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT' \
    -H 'If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT'

# --- the empty object ------------------------------------------------------------

: >"$WORK/empty"
put_object "$WORK/empty" -H 'Content-Length: 0'
status_is 201 'an empty object is stored'
get_object "$OBJECT"
is "$STATUS $(header Content-Length)" '200 0' 'and served'
get_object "$OBJECT" -H 'Range: bytes=0-'
is "$STATUS $(header Content-Range)" '416 bytes */0' 'no byte of it exists'
get_object "$OBJECT" -H 'Range: bytes=-5'
is "$STATUS $(header Content-Length)" '200 0' 'its last five are all of it'

done_testing

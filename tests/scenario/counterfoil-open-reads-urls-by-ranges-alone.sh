#!/usr/bin/env bash
# counterfoil open on a URL: by range requests alone, each for no more than is
# needed and bound to the first one's ETag; and what it says to servers that
# answer in wrong ways.
. "$(dirname "$0")/lib.sh"

SEAL=$BUILD/test/tools/seal
COUNTERFOIL=$BUILD/counterfoil
cd "$WORK" || exit
age-keygen -o key.txt 2>/dev/null
secret "$(grep AGE-SECRET-KEY key.txt)"
SIZE=20000001
make_file plain "$SIZE"
"$SEAL" key.txt <plain >sealed
SEALED_SIZE=$(stat -c %s sealed)
OBJECT=$(sha256 sealed)
TOKEN=$(openssl rand 32 | base64url)
printf '%s\n' "$TOKEN" >token.txt
secret "$TOKEN"

free_port
: >requests
node "$ROOT/tests/tools/range-server.mjs" sealed requests "$PORT" &
SERVER_PID=$!
scenario_cleanup() {
	kill "$SERVER_PID" 2>/dev/null || true
}
answers() {
	curl -s -o /dev/null "http://127.0.0.1:$PORT/"
}
ok 'the server answers' wait_until 60 answers
BASE=http://127.0.0.1:$PORT

# open_url ARGUMENT...: fills $status, stderr and requests
open_url() {
	status=0
	: >requests
	"$COUNTERFOIL" open --key key.txt "$@" >opened 2>stderr || status=$?
}

# column NUMBER: of the requests, on one line
column() {
	cut -f "$1" requests | paste -sd ' '
}

# fails_with STATUS WAY REGULAR-EXPRESSION DESCRIPTION
fails_with() {
	open_url --output never "$BASE/$2/x?token=$TOKEN"
	is "$status" "$1" "$4: exit status"
	like "$(cat stderr)" "$3" "$4: what it says"
	is "$(wc -l <stderr)" 1 "$4: in one line"
	unlike "$(cat stderr)" "$TOKEN" "$4: without the token"
	not_ok "$4: no file is left" compgen -G 'never*'
}

# --- what is asked for ----------------------------------------------------------

open_url "$BASE/media/$OBJECT?x"
is "$status" 0 'a whole file is opened'
same_file opened plain 'its content is right'
MIB8=$((8 * 1024 * 1024))
is "$(column 2)" "bytes=0-183 bytes=184-$((183 + MIB8)) \
bytes=$((184 + MIB8))-$((183 + 2 * MIB8)) \
bytes=$((184 + 2 * MIB8))-$((SEALED_SIZE - 1))" \
    'in ranges of at most 8 MiB after the header'
is "$(column 3)" '- "one" "one" "one"' 'bound to the ETag of the first'
is "$(column 4)" '- - - -' 'without Authorization'

open_url --range 65536-65536 "$BASE/media/$OBJECT?x"
dd if=plain bs=1 skip=65536 count=1 of=expected status=none
same_file opened expected 'one byte is opened'
is "$(column 2)" "bytes=0-183 bytes=$((184 + 65552))-$((183 + 2 * 65552))" \
    'by its chunk alone'

open_url --range -70000 "$BASE/media/$OBJECT?x"
tail -c 70000 plain >expected
same_file opened expected 'the last 70000 bytes are opened'
LAST=$((184 + 65552 * (SIZE / 65536)))
is "$(column 2)" "bytes=0-183 bytes=$LAST-$((SEALED_SIZE - 1)) \
bytes=$((LAST - 65552 * 1))-$((SEALED_SIZE - 1))" \
    'once the end is authenticated'

open_url --token-file token.txt --range 0-0 "$BASE/media/$OBJECT?x"
is "$status $(column 4)" "0 Bearer $TOKEN Bearer $TOKEN" \
    'a token from a file goes into Authorization'
open_url --range "$SIZE-" "$BASE/media/$OBJECT?x"
is "$status" 2 'a range beyond the end'
open_url "$BASE/weak/x"
is "$status $(column 3)" '0 - - - -' 'a weak ETag is not put into If-Match'
open_url "$BASE/etagless/x"
is "$status" 0 'a server without ETag is read all the same'

# --- what is not accepted ---------------------------------------------------------

wrong=${OBJECT//[0-7]/8}
open_url --output never "$BASE/media/$wrong?x"
is "$status" 4 'another object than the URL names: exit status'
not_ok 'another object than the URL names: no file' test -e never
fails_with 5 whole 'does not answer range requests' 'a server without ranges'
is "$(wc -l <requests)" 1 'a server without ranges is asked once'
fails_with 5 redirect 'redirect' 'a redirect'
is "$(wc -l <requests)" 1 'a redirect is not followed'
fails_with 5 expired 'It expired at noon.*410.*token-expired.*fresh access' \
    'an expired token'
fails_with 5 plain 'status 403' 'a refusal that is no problem+json'
fails_with 5 control 'x1b' 'control characters in a refusal'
fails_with 5 other 'another range' 'another range than asked for'
fails_with 5 rangeless 'another range' 'no Content-Range'
fails_with 5 changes 'changed' 'another ETag on the way'
fails_with 5 mismatch 'changed' 'a failed If-Match'
fails_with 5 cut 'broke' 'a connection that breaks'
fails_with 5 longer 'longer than it says' 'a body longer than it says'
fails_with 4 altered 'altered' 'altered bytes'

PORT_GONE=$PORT
kill "$SERVER_PID"
wait "$SERVER_PID" 2>/dev/null || true
fails_with 5 media 'cannot be reached' 'no server'
open_url "http://127.0.0.1:$PORT_GONE/ "
is "$status" 5 'a URL with a blank'
open_url 'http://[::1/x'
is "$status" 5 'a broken URL'
open_url 'ftp://127.0.0.1/x'
is "$status" 1 'another scheme is a file name'

done_testing

#!/bin/bash
# Over TLS an object that is asked for again comes from memory: whole, in
# parts, slowly, to many; and a page that the disk does not give ends that
# answer, before anything wrong goes out, and nothing else.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tools/certificates.sh
. "$ROOT/tests/tools/certificates.sh"

free_port; TLS_PORT=$PORT
make_authority "$WORK/authority"
make_certificate "$WORK/authority" "$WORK/server" server
STORAGE=https://127.0.0.1:$TLS_PORT
stored_conf public-origin "$STORAGE"
stored_conf tls-listen "127.0.0.1:$TLS_PORT"
stored_conf tls-certificate "$WORK/server.pem"
stored_conf tls-key "$WORK/server.key"
stored_conf threads 1		# what is kept is a thread's own
tls=(--cacert "$WORK/authority.pem")
launch_stored
wait_until 30 curl -sf -o /dev/null "${tls[@]}" "$STORAGE/healthz"

is_mapped() {		# OBJECT
	grep -q "/$1\\( (deleted)\\)\\?\$" "/proc/$STORED_PID/maps"
}
is_gone() {
	! is_mapped "$1"
}

make_file "$WORK/file" 20000000
put_object "$WORK/file" "${tls[@]}"
status_is 201 'an object is stored'
for time in first second third; do
	get_object "$OBJECT" "${tls[@]}"
	is "$STATUS $(sha256 "$BODY") $(header Content-Length)" \
	    "200 $OBJECT 20000000" "the $time time it comes whole"
done
ok 'by then it is in memory' is_mapped "$OBJECT"
get_object "$OBJECT" "${tls[@]}" --tls-max 1.2
is "$STATUS $(sha256 "$BODY")" "200 $OBJECT" 'over TLS 1.2 too'
for range in 0-0 1-16384 16383-16385 1000000-1999999 19999999-19999999 \
    -100000 5000000-; do
	get_object "$OBJECT" "${tls[@]}" -r "$range"
	cmp -s "$BODY" <(curl -s -r "$range" "file://$WORK/file") &&
	    same=same || same=different
	is "$STATUS $same" '206 same' "bytes $range"
done
stored_request HEAD "/media/$OBJECT?$(query)" "${tls[@]}"
is "$STATUS $(header Content-Length) $(header ETag)" \
    "200 20000000 \"$OBJECT\"" 'HEAD'
get_object "$OBJECT" "${tls[@]}" -H "If-None-Match: \"$OBJECT\""
is "$STATUS $(stat -c %s "$BODY")" '304 0' 'a condition'

# One connection for them all: nothing is left over from one to the next.
target="/media/$OBJECT?$(query)"
token=$(sign_url GET "$STORAGE$target")
bearer=(-H "Authorization: Bearer $token")
curl -sS "${tls[@]}" "${bearer[@]}" -o "$WORK/a" "$STORAGE$target" \
    --next -sS "${tls[@]}" "${bearer[@]}" -I -o "$WORK/b" "$STORAGE$target" \
    --next -sS "${tls[@]}" "${bearer[@]}" -r 10-29 -o "$WORK/c" \
    "$STORAGE$target" \
    --next -sS "${tls[@]}" -o "$WORK/d" "$STORAGE/healthz" \
    --next -sS "${tls[@]}" "${bearer[@]}" -o "$WORK/e" \
    -w '%{num_connects}' "$STORAGE$target" >"$WORK/connects"
is "$(sha256 "$WORK/a") $(stat -c %s "$WORK/c") $(sha256 "$WORK/e")" \
    "$OBJECT 20 $OBJECT" 'several answers over one connection'
is "$(cat "$WORK/connects")" 0 'which is never made anew'

# Slow readers, of which each stops in the middle of records.
pids=()
for i in 1 2 3 4 5 6; do
	curl -sS -f "${tls[@]}" "${bearer[@]}" --limit-rate $((i * 4))M \
	    -o "$WORK/slow-$i" "$STORAGE$target" &
	pids+=("$!")
done
wait "${pids[@]}"
is "$(sha256sum "$WORK"/slow-* | cut -d ' ' -f 1 | sort | uniq -c | xargs)" \
    "6 $OBJECT" 'slow readers get all of it'

# --- a disk that fails ---------------------------------------------------------
make_file "$WORK/other" 3000000
sound=$OBJECT
put_object "$WORK/other" "${tls[@]}"
bad=$OBJECT
for i in 1 2; do
	get_object "$bad" "${tls[@]}"
done
ok 'another object is in memory' is_mapped "$bad"
path=$(find "$STORED_ROOT" -type f -name "$bad")
truncate -s $((1024 * 1024)) "$path"
get_object "$bad" "${tls[@]}"
isnt "$CURL_STATUS" 0 'an answer that its disk does not give is cut'
is "$(stat -c %s "$BODY") $(cmp -n 1048576 "$BODY" "$WORK/other" &&
    echo same)" '1048576 same' 'behind all that it did give, and nothing else'
get_object "$bad" "${tls[@]}" -r 2000000-2999999
isnt "$CURL_STATUS" 0 'so is a part'
get_object "$bad" "${tls[@]}" -r 0-999999
is "$STATUS $(cmp -n 1000000 "$BODY" "$WORK/other" && echo same)" '206 same' \
    'a part that is there is given'
get_object "$sound" "${tls[@]}"
is "$STATUS $(sha256 "$BODY")" "200 $sound" 'another object is served'
ok 'the log says so' grep -q 'a file cannot be read' "$LOGS/stored.log"

# --- what goes, goes from memory ------------------------------------------------
stored_request DELETE "/objects/$sound?$(query '' publish)" "${tls[@]}"
status_is 204 'an object is deleted'
get_object "$sound" "${tls[@]}"
problem_is 404 object-not-found 'and is gone'
ok 'from memory too' wait_until 60 is_gone "$sound"
done_testing

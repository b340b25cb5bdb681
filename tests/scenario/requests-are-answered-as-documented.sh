#!/bin/bash
# The life of well-formed requests on the HTTP layer: refusals that keep the
# connection, bodies of every kind, waiting, answers and their fields.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tools/probe.sh
. "$ROOT/tests/tools/probe.sh"

make_file "$WORK/file" 1000000
make_file "$WORK/big" 5000000
start_probe file="$WORK/file" idle=60 access-log=full \
    access-log-file="$LOGS/access.log" admin-listen=unix:"$WORK/admin.socket"
last='GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

# --- connections ---------------------------------------------------------------
is "$(raw 'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n'"$last")" \
    '404:not-found 200 closed' 'a refusal without a body keeps the connection'
is "$(raw 'POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello'\
"$last")" '404:not-found 200 closed' 'so does one after a small body'
is "$(raw 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n\{20:GET /hello HTTP/1.1\r
Host: x\r\n\r\n}'"$last")" "$(printf '200 %.0s' {1..22})closed" \
    'requests sent at once are answered in turn'
is "$(raw 'GET /hello HTTP/1.0\r\nHost: x\r\n\r\n')" '200 closed' \
    'HTTP/1.0 ends with the answer'

# --- refusals of what carries a body ---------------------------------------------
big='Content-Length: 2000000\r\n'
is "$(raw 'PUT /stream-to-100000 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r
Content-Length: 200000\r\n\r\n')" '413:too-large closed' \
    'too large and announced: refused before a byte is sent'
is "$(raw 'PUT /secret-stream HTTP/1.1\r\nHost: x\r\n'"$big"'\r\n')" \
    '401:session-missing closed' 'a large body is not waited for'
is "$(raw 'PUT /secret-stream HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n' \
    'ab'"$last")" '401:session-missing 200 closed' 'a small one is'
for how in "-T $WORK/big" "-T - -H Content-Length:"; do
	# shellcheck disable=SC2086
	http -H Expect: $how "$PROBE/stream-to-100000" <"$WORK/big"
	problem_is 413 too-large "a stream over its limit: $how"
	# shellcheck disable=SC2086
	http -H Expect: $how "$PROBE/stream-fills" <"$WORK/big"
	problem_is 507 storage-full "a piece that fails: $how"
done
http -T "$WORK/file" "$PROBE/stream-refuses"
problem_is 409 offset-mismatch 'begin refuses'
http -T "$WORK/file" "$PROBE/stream-waits-refuses"
problem_is 409 offset-mismatch 'begin refuses after it waited'

# --- streams -----------------------------------------------------------------------
http -T "$WORK/big" "$PROBE/stream"
is "$STATUS $(json .bytes) $(json .declared)" '201 5000000 5000000' \
    'a stream with a length'
http -T - "$PROBE/stream" <"$WORK/big"
is "$STATUS $(json .bytes) $(json .declared)" '201 5000000 -1' \
    'a stream in chunks'
http -X PUT -d '' "$PROBE/stream"
is "$STATUS $(json .bytes)" '201 0' 'a stream of nothing'
http -T "$WORK/big" "$PROBE/stream-waits"
is "$STATUS $(cat "$BODY")" '200 waited' 'begin and handle both wait'

# --- JSON ---------------------------------------------------------------------------
post() {		# CONTENT-TYPE BYTES
	printf '%b' "$2" >"$WORK/json"
	http -X POST -H "Content-Type: $1" --data-binary "@$WORK/json" \
	    "$PROBE/json"
}
nested() {		# DEPTH
	printf '%s%s' "$(printf '{"a":%.0s' $(seq "$1"))1" \
	    "$(printf '}%.0s' $(seq "$1"))"
}
for type in application/json 'application/json; charset=utf-8' \
    'Application/JSON;charset="UTF-8"'; do
	post "$type" '{"a": [1, 2.5, "\\u00e9", null]}'
	is "$STATUS $(jq -c .a "$BODY")" '200 [1,2.5,"é",null]' "type $type"
done
for type in text/plain application/jsonx 'application/json; charset=latin1' \
    'application/json, text/plain' application/x-www-form-urlencoded; do
	post "$type" '{}'
	problem_is 415 unsupported-media-type "type $type"
done
http -X POST -H Content-Type: --data-binary '{}' "$PROBE/json"
problem_is 415 unsupported-media-type 'no type'
for text in '' '{' '{}}' '[]' '1' 'null' '{"a":1,"a":2}' '{"a":"\x00"}' \
    '{"a":"\\u0000"}' '{"a":"\xff"}' '{"a":"\xed\xa0\x80"}' \
    '{"a":1e999}' '{"a":99999999999999999999}' '{a:1}' "{'a':1}" \
    '{"a":1}x' '\xef\xbb\xbf{}'; do
	post application/json "$text"
	problem_is 400 malformed-json "JSON: ${text:-nothing}"
done
post application/json "$(nested 16)"
status_is 200 'nesting of 16'
post application/json "$(nested 17)"
problem_is 400 malformed-json 'nesting of 17'
post application/json '{"a":"[[[[[[[[[[[[[[[[[[[[[[\\"[[[[["}'
status_is 200 'brackets in a string nest nothing'
{ printf '{"a":"'; head -c 65528 /dev/zero | tr '\0' a; printf '"}'; } \
    >"$WORK/json"
http --json "@$WORK/json" "$PROBE/json"
status_is 200 '65,536 bytes of JSON'
printf ' ' >>"$WORK/json"
http --json "@$WORK/json" "$PROBE/json"
problem_is 413 too-large 'one byte more'
is "$(jq -r .detail "$BODY")" 'Send at most 65536 bytes.' \
    '  and how many are taken'
http --json "@$WORK/json" -H 'Transfer-Encoding: chunked' "$PROBE/json"
problem_is 413 too-large 'one byte more in chunks'
is "$(jq -r .detail "$BODY")" 'Send at most 65536 bytes.' \
    '  and how many are taken'
http -X PATCH -H 'Content-Type: application/merge-patch+json' -d '{}' \
    "$PROBE/json"
status_is 200 'a merge patch has a type of its own'
http -X POST -H 'Content-Type: application/merge-patch+json' -d '{}' \
    "$PROBE/json"
problem_is 415 unsupported-media-type 'which is for PATCH alone'
http -X POST "$PROBE/json-optional"
is "$STATUS $(json .body)" '200 none' 'an optional body that is not there'
http --json '{"body": 1}' "$PROBE/json-optional"
is "$STATUS $(json .body)" '200 1' 'an optional body'
http -X POST -d '{}' "$PROBE/json-optional"
problem_is 415 unsupported-media-type 'an optional body of another type'
http --json "$(nested 40)" "$PROBE/json-optional"
problem_is 413 too-large 'an optional body that is too large'

# --- waiting -------------------------------------------------------------------------
for path in work work-twice hurry; do
	mkdir "$WORK/$path"
	curl -sS -Z --parallel-max 20 --max-time 60 -o "$WORK/$path/#1" \
	    "$PROBE/$path?[1-200]" 2>/dev/null
	is "$(cat "$WORK/$path"/* | sort | uniq -c | xargs)" '200 waited' \
	    "/$path 200 times, 20 at once"
done
given_back() {
	[[ $(ran states) == 0 ]]
}
waits() {
	[[ $(ran states) == 1 ]]
}
RAW_WAIT=0 raw 'GET /wait HTTP/1.1\r\nHost: x\r\n\r\n' >&2
ok 'a request waits although its client has left' wait_until 60 waits
curl -sS "$PROBE/release" >&2
ok 'its state is given back once it is resumed' wait_until 60 given_back
RAW_WAIT=0 raw 'PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab' \
    >&2
ok 'a cut upload gives its state back' wait_until 60 given_back
is "$(ran stream)" 4 'and is never handled'

# --- answers ---------------------------------------------------------------------------
for size in 0 1 16384 16385 1000000; do
	http "$PROBE/file/$size"
	is "$STATUS $(header Content-Length) $(header Content-Type) \
$(cmp -n "$size" "$BODY" "$WORK/file" && echo same)" \
	    "200 $size text/x-probe same" "$size bytes of a file"
	http -I "$PROBE/file/$size"
	is "$STATUS $(header Content-Length)" "200 $size" 'the same for HEAD'
done
is "$(curl -sS -I -o /dev/null -w '%{http_code} %{size_download}' \
    "$PROBE/hello")" '200 0' 'HEAD sends no body'
http -X OPTIONS "$PROBE/hello"
is "$STATUS $(header Allow) $(header Content-Length)" \
    '204 GET, HEAD, DELETE, OPTIONS ' 'OPTIONS is made from the table'
http -X OPTIONS "$PROBE/secret"
is "$STATUS $(header Allow)" '204 GET, HEAD, OPTIONS' \
    'OPTIONS needs no authentication'
http -X OPTIONS "$PROBE/options-of-its-own"
is "$STATUS $(cat "$BODY")" '200 hello' 'a row may name OPTIONS'
http -X PATCH "$PROBE/hello"
problem_is 405 method-not-allowed 'another method'
is "$(header Allow)" 'GET, HEAD, DELETE, OPTIONS' 'it says which are allowed'
http "$PROBE/items/a%2fb"
problem_is 400 malformed-request 'a hidden slash in a segment'
http "$PROBE/items/%c3%a9?a=%41"
is "$(json .item) $(json .query)" 'é a=%41' 'a segment is decoded, a query not'
http -H 'If-Match: "a"' -H 'if-match: "b", "c"' "$PROBE/items/a"
is "$(json .lines) $(json .list)" '2 "a", "b", "c"' \
    'a list may come in several lines'
http "$PROBE/not-modified-file"
is "$STATUS $(header Content-Length) $(header Cache-Control)" \
    '304 5 max-age=60' '304 with the length of the 200'
http "$PROBE/status/304"
is "$STATUS $(header Content-Length)$(header Transfer-Encoding)" '304 ' \
    '304 without one'
http "$PROBE/status/303"
is "$STATUS $(header Cache-Control)" '303 no-store' 'from 300 up: no-store'
http "$PROBE/error/email-taken"
is "$STATUS $(header Cache-Control) $(header X-Kept) $(jq -c . "$BODY")" \
    '409 no-store yes {"type":"urn:counterfoil:email-taken","title":"An account with that e-mail address exists","status":409,"detail":"Said by the probe.","member":"title"}' \
    'a problem, and the fields that were there before it'
is "$(grep -ci '^cache-control:' "$HEADERS")" 1 \
    'what the handler said about keeping it is gone'
http "$PROBE/error/too-many-attempts"
is "$STATUS $(header Retry-After)" '429 60' '429 says when to come back'
http "$PROBE/error/session-missing"
is "$STATUS $(header WWW-Authenticate)" '401 Bearer' '401 says how'
http "$PROBE/silence"
problem_is 500 internal 'a handler that gives no answer'
http "$PROBE/twice"
is "$STATUS $(cat "$BODY")" '200 first' 'a second answer is dropped'
http "$PROBE/injection"
is "$STATUS $(header X-Bad)$(header Set-Cookie) $(header X-Good)" '200  a' \
    'no field is smuggled into an answer'
http -H 'Authorization: Bearer letmein ' "$PROBE/secret"
is "$STATUS $(cat "$BODY")" '200 a friend' 'blanks behind a value do not count'
for path in media/x media/bad; do
	http "$PROBE/$path"
	is "$(header X-Prefix) $(header Access-Control-Allow-Origin)" \
	    'media *' "the fields of the prefix: /$path"
done
problem_is 400 malformed-url 'check_target refuses before the route'
http -X PATCH "$PROBE/media/bad"
problem_is 400 malformed-url 'for any method'
http -H 'Host: a b' "$PROBE/media/x"
is "$STATUS $(header X-Prefix)" '400 media' 'the gate adds them too'

# --- listeners, log, counters --------------------------------------------------------------
http "$PROBE/metrics"
problem_is 404 not-found 'a route of another listener does not exist'
admin_socket() {	# PATH
	http --unix-socket "$WORK/admin.socket" "http://x$1"
}
admin_socket /metrics
status_is 200 'it does on its own'
like "$(cat "$BODY")" 'probe_http_requests_total\{code="507"\} 2' \
    'answers are counted by status'
like "$(cat "$BODY")" 'probe_http_requests_suspended 0' 'nothing is suspended'
not_ok 'a socket that somebody listens on is not taken' timeout 60 \
    "$BUILD/test/tools/http_probe" listen=unix:"$WORK/admin.socket" \
    2>>"$LOGS/probe.log"
http "$PROBE/items/a%0ab\"?token=hidden-in-the-query"
id=$(header X-Request-Id)
logged() {
	grep -q "request=$id " "$LOGS/access.log"
}
ok 'the request id is in the access log' wait_until 60 logged
like "$(grep "request=$id " "$LOGS/access.log")" \
    'peer=127.0.0.1 method=GET path="/items/a%0ab\\x22" status=200 bytes=[0-9]+ duration_ms=[0-9]+$' \
    'its line has the path, escaped'
not_ok 'no query is logged' grep -rq hidden-in-the-query "$LOGS"
like "$(grep 'method=GET path="/hello"' "$LOGS/access.log" | tail -n 1)" \
    ' greeting=hello$' 'notes end the line'
kill -KILL "$PROBE_PID"
reap "$PROBE_PID" 2>/dev/null
ok 'a killed process leaves its Unix socket' test -S "$WORK/admin.socket"
start_probe admin-listen=unix:"$WORK/admin.socket" file="$WORK/file" idle=1
admin_socket /healthz
is "$STATUS $(json .status)" '200 ok' 'which the next one takes over'
http "$PROBE/file/1000001"
is "$CURL_STATUS" 18 'a file that got shorter ends too early, not wrongly'
stop_probe
not_ok 'the Unix socket is gone' test -e "$WORK/admin.socket"
done_testing

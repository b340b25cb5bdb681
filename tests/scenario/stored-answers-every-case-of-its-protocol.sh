#!/bin/bash
# Every row of the table in docs/protocol.md, section 2, and every field of
# the answers, in requests to the daemon.  Bad tokens, ranges and uploads have
# scenarios of their own.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

start_stored

# raw TARGET [CURL-ARGUMENT...]: sent byte for byte, without a token
raw() {
	local target=$1
	shift
	http --request-target "$target" "$@" "$STORAGE/"
}

# cors_is DESCRIPTION: what every answer below /media/ carries
CORS='Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Repr-Digest, Retry-After'
cors_is() {
	is "$(header Access-Control-Allow-Origin)/$(header \
	    Access-Control-Expose-Headers)" "*/$CORS" "$1"
}

make_file "$WORK/file" 300000
SIZE=300000
put_object "$WORK/file"
status_is 201 'an object is stored'
put_object "$WORK/file"
status_is 200 'and stored again'

# --- 200 ----------------------------------------------------------------------

DIGEST=$(printf '%s' "${OBJECT^^}" | basenc -d --base16 | base64 -w 0)
NAME='Caf%C3%A9%20%22waltz%22%20%E2%99%AB.ogg.age'
FIELDS='ETag Accept-Ranges Repr-Digest Content-Type Cache-Control
    Content-Disposition X-Content-Type-Options Referrer-Policy
    Cross-Origin-Resource-Policy Content-Length'

fields() {
	local name
	for name in $FIELDS; do
		printf '%s: %s\n' "$name" "$(header "$name")"
	done
}

EXPECTED="ETag: \"$OBJECT\"
Accept-Ranges: bytes
Repr-Digest: sha-256=:$DIGEST:
Content-Type: application/octet-stream
Cache-Control: private, max-age=3600, no-transform
Content-Disposition: attachment; filename=\"Caf_ _waltz_ _.ogg.age\"; filename*=UTF-8''$NAME
X-Content-Type-Options: nosniff
Referrer-Policy: no-referrer
Cross-Origin-Resource-Policy: cross-origin
Content-Length: $SIZE"

TARGET="/media/$OBJECT?$(query)&name=$NAME"
stored_request GET "$TARGET"
status_is 200 'GET of an object'
is "$(fields)" "$EXPECTED" 'GET gives the documented fields'
cors_is 'GET is open to every page'
same_file "$BODY" "$WORK/file" 'GET gives the bytes that were stored'
stored_request HEAD "$TARGET"
status_is 200 'HEAD of an object'
is "$(fields)" "$EXPECTED" 'HEAD gives the same fields'
cors_is 'HEAD is open to every page'

stored_request GET "$TARGET" -H "If-None-Match: \"$OBJECT\""
status_is 304 'GET of what the client has'
is "$(fields)" "$EXPECTED" '304 gives the same fields'

get_object "$OBJECT"
is "$(header Content-Disposition)" '' 'without a name there is no disposition'

# The longest name, in the longest spelling.
LONGEST=$(printf '%%E2%%99%%AB%.0s' {1..85})
stored_request GET "/media/$OBJECT?$(query '' "$(printf 'g%.0s' {1..64})"
    )&name=$LONGEST"
is "$STATUS $(header Content-Disposition)" "200 attachment; filename=\"$(
    printf '_%.0s' {1..85})\"; filename*=UTF-8''$LONGEST" \
    'a name of 255 bytes'

# The token may stand in the URL of a plain link, with any scheme name.
URL_TOKEN=$(sign_url GET "$STORAGE$TARGET")
http "$STORAGE$TARGET&token=$URL_TOKEN"
status_is 200 'the token as last parameter'
http -H "Authorization: bEARER $URL_TOKEN" "$STORAGE$TARGET"
status_is 200 'the scheme name in any case'
http -H "Authorization: Bearer   $URL_TOKEN" "$STORAGE$TARGET"
status_is 200 'several blanks after the scheme'
http -H 'Host: elsewhere.example.com' \
    -H "Authorization: Bearer $URL_TOKEN" "$STORAGE$TARGET"
status_is 200 'the Host header is ignored'

# --- 400 malformed-url -----------------------------------------------------------

QUERY=$(query)
for target in /media/ /media/x "/media/$OBJECT" "/media/$OBJECT/?$QUERY" \
    "/media/$OBJECT?$QUERY&x=1" "/media/$OBJECT?" /objects /objects/ \
    "/objects/$OBJECT" "/objectsx?$QUERY" "/objects/$OBJECT?$QUERY&name=a" \
    "/objects/$OBJECT?$QUERY&token=$URL_TOKEN" "/objects?$QUERY&after=x" \
    "/objects?$QUERY&after=" "/media/$OBJECT?$QUERY&name=" \
    "/media/$OBJECT?$QUERY&name=a%2Fb" "/media/$OBJECT?$QUERY&name=%2e%2e" \
    "/media/$OBJECT?$QUERY&name=a%00" "/media/$OBJECT?$QUERY&name=%E2%80%AE" \
    "/media/$OBJECT?$QUERY&name=%FF" "/media/$OBJECT?$QUERY&name=%c3%a9"; do
	raw "$target"
	problem_is 400 malformed-url "GET $target"
done
cors_is 'a malformed URL below /media/ may be read by every page'
for method in POST PATCH OPTIONS BREW PUT DELETE; do
	raw "/media/x" -X "$method"
	problem_is 400 malformed-url "$method of a malformed URL"
done
http -H "Authorization: Bearer $URL_TOKEN" "$STORAGE$TARGET&token=$URL_TOKEN"
problem_is 400 malformed-url 'a token in both places'
http -H "Authorization: Basic Zm9vOmJhcg==" "$STORAGE$TARGET&token=$URL_TOKEN"
problem_is 400 malformed-url 'a token in the URL beside another scheme'

# --- 401, 403, 410, 404 --------------------------------------------------------------

http "$STORAGE$TARGET"
problem_is 401 token-missing 'no token'
is "$(header WWW-Authenticate)" Bearer '401 says how to authenticate'
is "$(header Cache-Control)" no-store 'a refusal is kept by no cache'
cors_is 'a refusal may be read by every page'
for value in 'Bearer' 'Bearer ' 'Basic Zm9vOmJhcg==' 'Bearerx' \
    "Digest $URL_TOKEN" "$URL_TOKEN" "Bearer:$URL_TOKEN"; do
	http -H "Authorization: $value" "$STORAGE$TARGET"
	problem_is 401 token-missing "Authorization: ${value/$URL_TOKEN/TOKEN}"
done
http "$STORAGE$TARGET&token="
problem_is 401 token-missing 'an empty token in the URL'
http -H 'Authorization: Bearer wrong' "$STORAGE$TARGET"
problem_is 403 token-refused 'a token that is none'
cors_is '403 may be read by every page'

stored_request GET "/media/$OBJECT?$(query 1000000000)"
problem_is 410 token-expired 'an expired token'
is "$(json .expired_at)" 2001-09-09T01:46:40Z '410 says when it expired'
like "$(json .server_time)" '^20[0-9]{2}-.*Z$' '410 says what time it is'

MISSING=$(printf nothing | sha256sum | cut -d ' ' -f 1)
get_object "$MISSING"
problem_is 404 object-not-found 'GET of no object'
cors_is '404 may be read by every page'
stored_request DELETE "/objects/$MISSING?$(query)"
problem_is 404 object-not-found 'DELETE of no object'
stored_request HEAD "/objects/$MISSING?$(query)"
status_is 404 'HEAD of no object'
is "$(header Upload-Offset)" 0 'of which nothing is held'

# --- a link in a browser behind a proxy: many fields, and the domain's cookies -------
browser=(-H 'Cookie: '"$(printf '%01200d' 0)")
for ((i = 0; i < 30; i++)); do
	browser+=(-H "X-Field-$i: a value of forty characters, as many are")
done
link="/media/$OBJECT?$(query)&name=$(printf 'a%.0s' {1..100})"
link+="&token=$(sign_url GET "$STORAGE$link")"
http "$STORAGE$link" -r 0-9 "${browser[@]::34}"
status_is 206 'a link is followed with 1,200 bytes of cookies and 16 fields more'
http "$STORAGE$link" -r 0-9 "${browser[@]:2}"
status_is 206 'and with thirty, without them'

# --- 404 not-found, 405, 412, 416, 417 ---------------------------------------------

for path in / /media /x/objects "/Media/$OBJECT" /metrics /readyz; do
	raw "$path"
	problem_is 404 not-found "GET $path on the public listener"
done

# allows METHOD TARGET ALLOW
allows() {
	stored_request "$1" "$2"
	problem_is 405 method-not-allowed "$1 ${2%%[?]*}"
	is "$(header Allow | tr -d ' ' | tr , '\n' | sort | paste -s -d ,)" \
	    "$3" "$1 ${2%%[?]*} says what is allowed"
}
for method in POST PUT DELETE PATCH TRACE; do
	allows "$method" "/media/$OBJECT?$(query)" GET,HEAD,OPTIONS
done
for method in GET POST PATCH; do
	allows "$method" "/objects/$OBJECT?$(query)" DELETE,HEAD,OPTIONS,PUT
done
for method in PUT DELETE POST; do
	allows "$method" "/objects?$(query)" GET,HEAD,OPTIONS
done

get_object "$OBJECT" -H 'If-Match: "other"'
problem_is 412 precondition-failed 'If-Match of another object'
# changes METHOD CURL-ARGUMENT...: PUT of what is there, or DELETE of it
changes() {
	stored_request "$1" "/objects/$OBJECT?$(query '' publish)" "${@:2}"
}
for method in PUT DELETE; do
	body=()
	[[ $method == DELETE ]] || body=(-T "$WORK/file")
	for condition in 'If-Match: "other"' "If-Match: W/\"$OBJECT\"" \
	    "If-None-Match: \"$OBJECT\"" 'If-None-Match: *'; do
		changes "$method" -H "$condition" "${body[@]}"
		problem_is 412 precondition-failed "$method with $condition"
	done
done
get_object "$OBJECT"
status_is 200 'what fails its condition changes nothing'
changes PUT -H "If-Match: \"$OBJECT\"" -H 'If-None-Match: "x"' -T "$WORK/file"
status_is 200 'conditions that hold do'
changes DELETE -H 'If-Match: *'
status_is 204 'DELETE of whatever is there'
changes PUT -H 'If-Match: *' -T "$WORK/file"
problem_is 412 precondition-failed 'PUT with If-Match of what is not there'
changes DELETE -H 'If-Match: *'
problem_is 404 object-not-found 'DELETE of what is not there is 404 all the same'
changes PUT -H 'If-None-Match: *' -T "$WORK/file"
status_is 201 'PUT of what must not be there'
get_object "$OBJECT" -H "Range: bytes=$SIZE-"
problem_is 416 range-not-satisfiable 'a range behind the end'
is "$(header Content-Range)" "bytes */$SIZE" '416 says the size'
get_object "$OBJECT" -H 'Expect: a-miracle'
problem_is 417 expectation-failed 'an expectation nobody knows'
get_object "$OBJECT" -H 'Authorization: Bearer x'
problem_is 400 malformed-request 'two Authorization headers'

# --- OPTIONS ---------------------------------------------------------------------

raw "/media/$OBJECT?$(query)" -X OPTIONS -H 'Origin: https://shop.example' \
    -H 'Access-Control-Request-Method: GET'
status_is 204 'a preflight needs no token'
is "$(header Access-Control-Allow-Methods)" 'GET, HEAD' 'its methods'
is "$(header Access-Control-Allow-Headers)" \
    'Authorization, Range, If-Range, If-None-Match, If-Match' 'its headers'
is "$(header Access-Control-Max-Age)" 7200 'and how long it holds'
cors_is 'the preflight names every origin'
raw "/objects/$OBJECT?$(query)" -X OPTIONS
status_is 204 'OPTIONS of what only issuers use'
is "$(header Access-Control-Allow-Methods)" '' 'offers browsers nothing'

# --- HEAD, DELETE, list ---------------------------------------------------------------

stored_request HEAD "/objects/$OBJECT?$(query)"
status_is 200 'HEAD of an object that is there'
is "$(header Upload-Complete) $(header Upload-Offset)" "?1 $SIZE" \
    'says that it is complete'
stored_request GET "/objects?$(query)"
is "$STATUS $(cat "$BODY")" "200 {\"objects\":[{\"object\":\"$OBJECT\",\"sealed_size\":$SIZE}],\"next\":null}" \
    'the list of the issuer'
stored_request HEAD "/objects?$(query)"
status_is 200 'HEAD of the list'
stored_request DELETE "/objects/$OBJECT?$(query)"
status_is 204 'DELETE'
get_object "$OBJECT"
problem_is 404 object-not-found 'what was deleted is gone'

# --- 500, 503 -----------------------------------------------------------------------

put_object "$WORK/file"
PATH_OF_OBJECT=$(object_path "$OBJECT")
mv "$PATH_OF_OBJECT" "$WORK/aside"
ln -s "$WORK/aside" "$PATH_OF_OBJECT"
get_object "$OBJECT"
problem_is 500 storage-error 'a symbolic link in the place of an object'
rm "$PATH_OF_OBJECT"
mv "$WORK/aside" "$PATH_OF_OBJECT"
get_object "$OBJECT"
status_is 200 'and the daemon serves on'

http "$STORAGE_ADMIN/readyz"
is "$STATUS $(json .ready)" '200 true' 'ready'
http "$STORAGE_ADMIN/metrics"
like "$(cat "$BODY")" \
    "stored_tokens_accepted_total\\{commerce=\"$COMMERCE_ID\",key=\"$KEY_ID\"\\} [1-9]" \
    'accepted tokens are counted for each key'
like "$(cat "$BODY")" 'stored_refused_total\{problem="token-refused"\} 1
' 'refusals are counted by problem'

stop_stored
stored_conf connection-limit 2
start_stored
exec {first}<>"/dev/tcp/127.0.0.1/$STORED_PORT" \
    {second}<>"/dev/tcp/127.0.0.1/$STORED_PORT"
is_refused_as_busy() {
	get_object "$OBJECT"
	[[ $STATUS == 503 ]]
}
wait_until 60 is_refused_as_busy
problem_is 503 busy 'above the connection limit'
like "$(header Retry-After)" '^[0-9]+$' '503 says when to come again'
exec {first}>&- {second}>&-
is_served() {
	get_object "$OBJECT"
	[[ $STATUS == 200 ]]
}
ok 'below it again' wait_until 60 is_served

done_testing

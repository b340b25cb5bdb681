#!/bin/bash
# TLS of both daemons: 1.3 and 1.2, tickets, answers of every kind, and a
# certificate that is replaced under load without one failure.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tools/certificates.sh
. "$ROOT/tests/tools/certificates.sh"

free_port; TLS_PORT=$PORT
free_port; SHOP_TLS_PORT=$PORT
make_authority "$WORK/authority"
make_certificate "$WORK/authority" "$WORK/first" first
make_certificate "$WORK/authority" "$WORK/second" second rsa:2048
make_certificate "$WORK/authority" "$WORK/other" other
cp "$WORK/first.pem" "$WORK/server.pem"
cp "$WORK/first.key" "$WORK/server.key"

STORAGE=https://127.0.0.1:$TLS_PORT
stored_conf public-origin "$STORAGE"
stored_conf tls-listen "127.0.0.1:$TLS_PORT [::1]:$TLS_PORT"
stored_conf tls-certificate "$WORK/server.pem"
stored_conf tls-key "$WORK/server.key"
stored_conf max-object-size 40MiB
tls=(--cacert "$WORK/authority.pem")
launch_stored
wait_until 30 curl -sf -o /dev/null "${tls[@]}" "$STORAGE/healthz"

# --- objects --------------------------------------------------------------------
for size in 0 1 16384 16385 100000 20000000; do
	make_file "$WORK/file" "$size"
	put_object "$WORK/file" "${tls[@]}"
	status_is 201 "an object of $size bytes is stored over TLS"
	for version in 1.2 1.3; do
		get_object "$OBJECT" "${tls[@]}" --tlsv$version \
		    --tls-max $version
		is "$STATUS $(sha256 "$BODY")" "200 $OBJECT" \
		    "and comes back over TLS $version"
	done
done
get_object "$OBJECT" "${tls[@]}" -r 1000000-1999999
is "$STATUS $(cmp -n 1000000 "$BODY" "$WORK/file" 0 1000000 && echo same)" \
    '206 same' 'a part of it too'
stored_request HEAD "/media/$OBJECT?$(query)" "${tls[@]}"
is "$STATUS $(header Content-Length)" '200 20000000' 'HEAD'
get_object "$OBJECT" "${tls[@]}" -H "If-None-Match: \"$OBJECT\""
status_is 304 'a condition'
get_object "$(printf '%064d' 1)" "${tls[@]}"
problem_is 404 object-not-found 'what is not there'
get_object "$OBJECT" "${tls[@]}" --connect-to "::[::1]:$TLS_PORT"
status_is 200 'over IPv6'
make_file "$WORK/large" 50000000
put_object "$WORK/large" "${tls[@]}"
problem_is 413 too-large 'an answer that goes out before the body is in'

# --- what TLS is spoken -----------------------------------------------------------
not_ok 'TLS 1.1 is refused' curl -s "${tls[@]}" --tlsv1.0 --tls-max 1.1 \
    --ciphers DEFAULT@SECLEVEL=0 -o /dev/null "$STORAGE/healthz"
greets() {		# CIPHER
	openssl s_client -connect "127.0.0.1:$TLS_PORT" -tls1_2 -cipher "$1" \
	    </dev/null >/dev/null 2>&1
}
ok 'an AEAD cipher with forward secrecy is accepted' \
    greets ECDHE-ECDSA-AES128-GCM-SHA256
not_ok 'one without forward secrecy is refused' greets AES128-GCM-SHA256
not_ok 'so is one in CBC mode' greets ECDHE-ECDSA-AES128-SHA
is "$(perl "$ROOT/tests/tools/raw-request.pl" "$TLS_PORT" \
    'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n' 2>&1 | tail -c 7)" closed \
    'who speaks no TLS is shut'
session() {		# VERSION ARGUMENT...
	local version=$1
	shift
	printf 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' |
	    openssl s_client -connect "127.0.0.1:$TLS_PORT" \
	    "-$version" -ign_eof "$@" 2>/dev/null
}
for version in tls1_2 tls1_3; do
	session "$version" -sess_out "$WORK/session" >/dev/null || :
	ok "a session goes on with its ticket: $version" grep -q '^Reused' \
	    <(session "$version" -sess_in "$WORK/session")
done
is "$(session tls1_3 -alpn h2,http/1.1 | sed -n 's/^ALPN protocol: //p')" \
    http/1.1 'HTTP/1.1 is agreed on'

# --- another certificate ----------------------------------------------------------
shown() {
	openssl s_client -connect "127.0.0.1:$TLS_PORT" </dev/null 2>/dev/null |
	    sed -n 's/^subject=CN = //p'
}
shows() {
	[[ $(shown) == "$1" ]]
}
replace() {		# NAME
	cp "$WORK/$1.pem" "$WORK/server.pem"
	cp "$WORK/$1.key" "$WORK/server.key"
	kill -HUP "$STORED_PID"
}
is "$(shown)" first 'the certificate shown'
make_file "$WORK/file" 100000
put_object "$WORK/file" "${tls[@]}"
target="/media/$OBJECT?$(query)"
token=$(sign_url GET "$STORAGE$target")
load() {		# each download over a connection of its own
	until [[ -e $WORK/enough ]]; do
		curl -sS -f "${tls[@]}" -o "$WORK/loaded-$1" \
		    -H "Authorization: Bearer $token" "$STORAGE$target" &&
		    [[ $(stat -c %s "$WORK/loaded-$1") == 100000 ]] &&
		    echo fine || echo failed
	done >"$WORK/load-$1" 2>"$WORK/load-$1-errors"
}
loads=()
for i in 1 2 3; do
	load "$i" &
	loads+=("$!")
done
slow_one() {
	curl -sS -f "${tls[@]}" -o "$WORK/slow" --limit-rate 50k \
	    -H "Authorization: Bearer $token" "$STORAGE$target"
}
slow_one &
slow=$!
for i in 1 2 3; do
	replace second
	ok 'after SIGHUP the new certificate is shown' \
	    wait_until 60 shows second
	replace first
	ok 'and the first again' wait_until 60 shows first
done
: >"$WORK/enough"
wait "${loads[@]}"
is "$(cat "$WORK"/load-[123] | sort -u)" fine 'no download failed meanwhile'
diag "$(cat "$WORK"/load-[123] | wc -l) downloads"
ok 'nor one that went on' wait "$slow"

cp "$WORK/other.pem" "$WORK/server.pem"
kill -HUP "$STORED_PID"
stays() {
	grep -q 'the old certificate stays' "$LOGS/stored.log"
}
ok 'a key of another certificate is refused' wait_until 60 stays
is "$(shown)" first 'and the old one shown on'
not_ok 'stored -n finds it too' "$BUILD/stored" -n -f "$STORED_CONFIG" \
    2>"$WORK/said"
ok 'and says so' grep -q 'is not the key of the first certificate' "$WORK/said"
cp "$WORK/first.pem" "$WORK/server.pem"
chmod 644 "$WORK/server.key"
not_ok 'a key that others can read is refused' "$BUILD/stored" -n \
    -f "$STORED_CONFIG" 2>/dev/null
chmod 600 "$WORK/server.key"
stop_stored

# --- commerced ---------------------------------------------------------------------
commerced_conf tls-listen "127.0.0.1:$SHOP_TLS_PORT"
commerced_conf tls-certificate "$WORK/second.pem"
launch_commerced
reap "$COMMERCED_PID"
COMMERCED_PID=
is "$REAPED" 1 'without a key commerced does not start'
ok 'and says what is missing' grep -q \
    'tls-listen takes tls-certificate and tls-key' "$LOGS/commerced.log"
commerced_conf tls-key "$WORK/second.key"
start_commerced
buyer GET /v1/shop
is "$STATUS" 200 'the shop without TLS'
SHOP=https://127.0.0.1:$SHOP_TLS_PORT
buyer GET /v1/shop "${tls[@]}"
is "$STATUS $(json .currency)" '200 EUR' 'and with it'
done_testing

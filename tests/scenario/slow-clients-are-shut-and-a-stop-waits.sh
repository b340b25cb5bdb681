#!/bin/bash
# Timeouts and limits of connections, and the stop: it waits for requests
# under way, cuts them when the time is over, shuts idle connections, and
# gives everything back.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tools/probe.sh
. "$ROOT/tests/tools/probe.sh"

last='GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

# --- clients that are slow, or too many ------------------------------------------
start_probe header=1 idle=30 connections=3
is "$(raw 'GET /hel')" ' closed' 'half a request line is shut'
is "$(raw 'GET /hello HTTP/1.1\r\nHost')" ' closed' \
    'half a header is shut'
mapfile -t letters < <(printf 'X%.0s\n' {1..300})
# The last piece would complete the request: an answer to it is a failure.
is "$(raw 'GET /hello HTTP/1.1\r\nX: ' "${letters[@]}" \
    '\r\nHost: x\r\n\r\n')" ' closed' 'a header that drips is shut'
is "$(raw 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n' \
    "${letters[@]}" ' /hello HTTP/1.1\r\nHost: x\r\n\r\n')" \
    '200 closed' 'so is one on a kept connection'
held=()
let_go() {
	local fd
	for fd in "${held[@]}"; do
		exec {fd}>&-
	done
	held=()
}
# The answer may be 503 only once the library has taken the three, which are
# shut if this takes long.
over_limit() {
	let_go
	while [[ ${#held[@]} -lt 3 ]]; do
		exec {fd}<>"/dev/tcp/127.0.0.1/$PROBE_PORT"
		held+=("$fd")
	done
	[[ $(raw "$last") == '503:busy closed' ]]
}
ok 'one connection too many is told so' wait_until 30 over_limit
let_go
within_limit() {
	[[ $(raw "$last") == '200 closed' ]]
}
ok 'once others have left there is room again' wait_until 30 within_limit
# In one segment with the request, of which the library sees no end.
ends_with_request() {
	perl -MIO::Socket::INET -MSocket=IPPROTO_TCP,TCP_CORK -e '
	    my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
	    setsockopt $s, IPPROTO_TCP, TCP_CORK, 1 or die;
	    print $s "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
	    shutdown $s, 1;
	    alarm 10;
	    local $/;
	    print substr(<$s>, 9, 3), "\n"' "$PROBE_PORT"
}
is "$(ends_with_request)" 200 \
    'who ends with the request is answered, and let go before the timeout'
stop_probe
start_probe idle=1 header=30
is "$(raw 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n')" '200 closed' \
    'an idle connection is shut'
is "$(raw 'PUT /stream HTTP/1.1\r\nHost: x\r
Content-Length: 5\r\n\r\nab')" ' closed' 'so is an upload that stands still'
stop_probe

# --- rates ------------------------------------------------------------------------
# on_time COMMAND...: what it says.  It ends with 75 when it was held up itself:
# then it was as slow as those who are cut, and does it again.
on_time() {
	local said status
	for _ in {1..10}; do
		status=0
		said=$("$@") || status=$?
		[[ $status -eq 75 ]] || break
	done
	printf '%s\n' "$said"
}
truncate -s 64M "$WORK/large"
start_probe idle=2 header=30 least-send-rate=10000 \
    least-receive-rate=1000 file="$WORK/large" \
    admin-listen="unix:$WORK/operator.sock"
is "$(raw 'PUT /stream HTTP/1.1\r\nHost: x\r
Content-Length: 1000\r\n\r\n' "${letters[@]}")" ' closed' \
    'who sends a body too slowly is cut'
mapfile -t hundreds < <(printf '\\{100:X}%.0s\n' {1..80})
is "$(RAW_STEADY=yes on_time raw 'PUT /stream HTTP/1.1\r\nHost: x\r
Connection: close\r\nContent-Length: 8000\r\n\r\n' "${hundreds[@]}")" \
    '201 closed' 'who sends fast enough is not'
sip() {			# BYTES-EACH-TENTH
	perl "$ROOT/tests/tools/sip.pl" "$PROBE_PORT" /file/67108864 "$@"
}
is "$(sip 500 60)" 1 'who reads too slowly is cut'
is "$(SIP_STEADY=yes on_time sip 40000 4)" 0 'who reads steadily is not'
gets_all() {
	http --limit-rate 12M "$PROBE/file/67108864"
	[[ $CURL_STATUS == 0 ]]
}
for _ in {1..5}; do	# it has no way to tell that it was held up
	! gets_all || break
done
is "$STATUS $CURL_STATUS $(stat -c %s "$BODY")" '200 0 67108864' \
    'who reads fast enough gets all'
is "$(curl -sS --unix-socket "$WORK/operator.sock" http://x/metrics |
    sed -n 's/^probe_http_connections_slow_total \([1-9]\).*/counted/p')" \
    counted 'those cut are counted'
stop_probe

# --- the stop ---------------------------------------------------------------------
begun() {		# HOW-MANY
	[[ $(ran states) == "$1" ]]
}
connected() {		# HOW-MANY clients, as the server's side sees them
	local port
	printf -v port ':%04X' "$PROBE_PORT"
	[[ $(awk -v port="$port" '$4 == "01" && substr($2, 9) == port' \
	    /proc/net/tcp | wc -l) == "$1" ]]
}
is_stopping() {		# nobody listens any more
	local port
	printf -v port ':%04X' "$PROBE_PORT"
	! awk -v port="$port" '$4 == "0A" && substr($2, 9) == port {
	    found = 1 } END { exit !found }' /proc/net/tcp
}
# A client in the background; what it saw is in $WORK/saw-NAME
client() {		# NAME TEXT...
	local name=$1
	shift
	RAW_WAIT=60 raw "$@" >"$WORK/saw-$name" &
	clients+=("$!")
}
upload='PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc'

start_probe drain=30000
clients=()
client idle 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n'
client waiting 'GET /wait HTTP/1.1\r\nHost: x\r\n\r\n'"$last"
client uploading "$upload" "until:$WORK/stopping" 'defghi'
client fresh ''
wait_until 30 connected 4
wait_until 30 begun 2
{ wait_until 60 is_stopping && : >"$WORK/stopping"; } &
stop_probe
wait "${clients[@]}"
is "$(grep drained "$PROBE_OUT")" 'drained whole' 'a stop waits for requests'
is "$(cat "$WORK/saw-idle")" '200 closed' 'an idle connection is shut'
is "$(cat "$WORK/saw-fresh")" ' closed' 'so is one without a request'
is "$(cat "$WORK/saw-waiting")" '503:busy closed' \
    'a suspended request is answered, and its connection closed'
is "$(cat "$WORK/saw-uploading")" '201 closed' 'an upload under way is finished'

start_probe drain=200 threads=1
clients=()
client uploading "$upload"
client half 'GET /hello HTTP/1.1\r\nHos'
client expecting 'PUT /stream HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r
Content-Length: 9\r\n\r\n'
client chunked 'PUT /stream-waits HTTP/1.1\r\nHost: x\r
Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n'
client waiting 'GET /wait HTTP/1.1\r\nHost: x\r\n\r\n'
wait_until 30 connected 5
wait_until 30 begun 4
stop_probe
wait "${clients[@]}"
is "$(grep drained "$PROBE_OUT")" 'drained cut' \
    'a stop cuts what does not end in time'
is "$(cat "$WORK/saw-uploading" "$WORK/saw-half" "$WORK/saw-expecting" \
    "$WORK/saw-chunked" | xargs)" 'closed closed 100 closed closed' \
    'their connections are closed'
is "$(cat "$WORK/saw-waiting")" '503:busy closed' \
    'a suspended request is answered all the same'
start_probe
stop_probe
is "$(grep drained "$PROBE_OUT")" 'drained whole' 'a stop without a client'
done_testing

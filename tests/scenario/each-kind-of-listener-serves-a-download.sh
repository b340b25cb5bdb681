#!/bin/bash
# IPv4, IPv6, a Unix socket, and sockets that systemd opened, all at once; who
# came is what the log says, and a proxy says it only where it is trusted.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tools/certificates.sh
. "$ROOT/tests/tools/certificates.sh"

free_port; IPV6_PORT=$PORT
free_port; ACTIVATED_PORT=$PORT
activate=(systemd-socket-activate --setenv=ASAN_OPTIONS
    --setenv=UBSAN_OPTIONS --setenv=TSAN_OPTIONS)

# Of the access log; what came before them may be written late.
peers_of_downloads() {
	sed -n 's/.* peer=\([^ ]*\) method=GET path="\/media\/.*/\1/p' \
	    "$LOGS/stored-access.log"
}

there_are_more() {	# THAN
	[[ $(peers_of_downloads | wc -l) -gt $1 ]]
}

# came: the peer of the download behind so many, once it is there
came() {
	wait_until 60 there_are_more "$1"
	peers_of_downloads | tail -n 1
}

# downloads DESCRIPTION PEER CURL-ARGUMENT...: the object, and who came
downloads() {
	local description=$1 peer=$2 before
	shift 2
	before=$(peers_of_downloads | wc -l)
	get_object "$OBJECT" "$@"
	is "$STATUS $(sha256 "$BODY") $(came "$before")" \
	    "200 $OBJECT $peer" "$description"
}

stored_conf listen "127.0.0.1:$STORED_PORT [::1]:$IPV6_PORT \
unix:$WORK/stored.sock systemd:media"
stored_conf trusted-proxies '127.0.0.2 unix'
STORED_WRAP=("${activate[@]}" -l "127.0.0.1:$ACTIVATED_PORT"
    -l "$WORK/activated.sock" --fdname=media:media)
: >"$LOGS/stored-access.log"
launch_stored
# The first who comes starts the daemon.
wait_until 60 curl -sf -o /dev/null "http://127.0.0.1:$ACTIVATED_PORT/healthz"
wait_until 60 daemon_answers "$STORED_PID" "$STORAGE"

make_file "$WORK/file" 200000
put_object "$WORK/file"
status_is 201 'an object is stored'
downloads 'over IPv4' 127.0.0.1
downloads 'over IPv6' ::1 --connect-to "::[::1]:$IPV6_PORT"
downloads 'over a Unix socket' unix --unix-socket "$WORK/stored.sock"
downloads 'over a socket that systemd opened' 127.0.0.1 \
    --connect-to "::127.0.0.1:$ACTIVATED_PORT"
downloads 'over a second one of the same name' unix \
    --unix-socket "$WORK/activated.sock"
not_ok 'no socket of systemd is left unused' \
    grep -q 'that no address names' "$LOGS/stored.log"

# --- for whom a proxy speaks ---------------------------------------------------
said=(-H 'X-Forwarded-For: 198.51.100.7, 203.0.113.9')
downloads 'who is no proxy of ours says nothing' 127.0.0.1 "${said[@]}"
downloads 'a trusted proxy says who came' 203.0.113.9 "${said[@]}" \
    --interface 127.0.0.2
downloads 'also by the Unix socket' 203.0.113.9 "${said[@]}" \
    --unix-socket "$WORK/stored.sock"
downloads 'in more lines than one' 203.0.113.10 \
    --unix-socket "$WORK/stored.sock" "${said[@]}" \
    -H 'X-Forwarded-For: 203.0.113.10, 127.0.0.2'
downloads 'and when it does not, it is the client itself' 127.0.0.2 \
    --interface 127.0.0.2

# --- the log is opened again -----------------------------------------------------
mv "$LOGS/stored-access.log" "$LOGS/stored-access-1.log"
lines=$(wc -l <"$LOGS/stored-access-1.log")
kill -HUP "$STORED_PID"
wait_until 60 test -e "$LOGS/stored-access.log"
get_object "$OBJECT"
wait_until 60 test -s "$LOGS/stored-access.log"
is "$STATUS $(wc -l <"$LOGS/stored-access.log") \
$(wc -l <"$LOGS/stored-access-1.log")" "200 1 $lines" \
    'after SIGHUP lines go to a new file, and none is lost'
stop_stored
not_ok 'the Unix socket that it made is gone' test -e "$WORK/stored.sock"
ok 'that of systemd is not' test -e "$WORK/activated.sock"

# --- commerced ---------------------------------------------------------------------
commerced_conf listen "[::1]:$IPV6_PORT unix:$WORK/shop.sock systemd:shop"
commerced_conf trusted-proxies unix
commerced_conf attempts-by-address 1
COMMERCED_WRAP=("${activate[@]}" -l "127.0.0.1:$COMMERCED_PORT" --fdname=shop)
launch_commerced
wait_until 60 curl -sf -o /dev/null "$SHOP/healthz"
shop_answers() {	# DESCRIPTION CURL-ARGUMENT...
	local description=$1
	shift
	buyer GET /v1/shop "$@"
	status_is 200 "$description"
}
shop_answers 'the shop over a socket that systemd opened'
shop_answers 'over IPv6' --connect-to "::[::1]:$IPV6_PORT"
shop_answers 'over a Unix socket' --unix-socket "$WORK/shop.sock"
sign_in() {		# CLIENT: wrong
	buyer POST /v1/sessions --unix-socket "$WORK/shop.sock" \
	    -H "X-Forwarded-For: $1" --json \
	    '{"email": "nobody@example.com", "password": "not the password"}'
	printf '%s ' "$STATUS"
}
is "$(sign_in 203.0.113.1; sign_in 203.0.113.1; sign_in 203.0.113.2)" \
    '401 429 401 ' 'limits by address are those of the proxy'"'"'s client'
stop_commerced

# --- the socket units that are shipped ---------------------------------------------
# As systemd would: what ListenStream says, but for the address and the port.
socket_unit() {		# DAEMON
	local name
	name=$(sed -n 's/^FileDescriptorName=//p' "$ROOT/$1/$1.socket")
	grep -c '^ListenStream=' "$ROOT/$1/$1.socket" >"$WORK/streams"
	free_port
	UNIT_WRAP=("${activate[@]}" -l "127.0.0.1:$PORT" -l "[::1]:$PORT"
	    "--fdname=$name:$name")
}
make_authority "$WORK/authority"
make_certificate "$WORK/authority" "$WORK/server" server
tls=(--cacert "$WORK/authority.pem")
for daemon in stored commerced; do
	${daemon}_conf listen "unix:$WORK/$daemon-plain.sock"
	${daemon}_conf tls-listen systemd:tls
	${daemon}_conf tls-certificate "$WORK/server.pem"
	${daemon}_conf tls-key "$WORK/server.key"
	socket_unit "$daemon"
	is "$(cat "$WORK/streams")" 2 "$daemon.socket opens two sockets"
	declare -n wrap=${daemon^^}_WRAP
	wrap=("${UNIT_WRAP[@]}")
	"launch_$daemon"
	for host in 127.0.0.1 '[::1]'; do
		ok "$daemon is started by its socket unit and answers $host" \
		    wait_until 60 curl -sf -o /dev/null "${tls[@]}" \
		    "https://$host:$PORT/healthz"
	done
	"stop_$daemon"
done
commerced_conf tls-listen ''
commerced_conf listen systemd:shop

# --- what does not start -----------------------------------------------------------
COMMERCED_WRAP=()
launch_commerced
reap "$COMMERCED_PID"
COMMERCED_PID=
is "$REAPED" 1 'without the socket of systemd it does not start'
ok 'and says why' grep -q 'systemd opened no socket of that name' \
    "$LOGS/commerced.log"
done_testing

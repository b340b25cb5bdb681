#!/bin/bash
# Above the limits a client is told 503 at once, and none hangs: by number, by
# address, and when there is no descriptor left.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tools/probe.sh
. "$ROOT/tests/tools/probe.sh"

# crowd COUNT[@ADDRESS]...: see crowd.pl
crowd() {
	perl "$ROOT/tests/tools/crowd.pl" "$PROBE_PORT" /hello "$@"
}
served() {
	[[ $(crowd 1) == 200=1 ]]
}
# none_left ADMIN-CURL-ARGUMENT...: of a daemon that lists its numbers there,
# who asks being one
none_left() {
	curl -sf "$@" | grep -qE '^[a-z]+_http_connections 1$'
}
all_left() {
	none_left --unix-socket "$WORK/operator.sock" http://x/metrics
}

# --- by number ---------------------------------------------------------------------
start_probe connections=10 admin-listen="unix:$WORK/operator.sock"
is "$(crowd 10)" '200=10' 'up to the limit all are served'
ok 'all have left' wait_until 30 all_left
is "$(crowd 60)" '200=10 503:busy=50' 'above it the others are told busy'
ok 'then there is room again' wait_until 60 served
curl -sS -D "$HEADERS" -o "$BODY" "$PROBE/error/busy" || :
is "$(header Retry-After)" 1 'busy says when to come again'
stop_probe

# 256 descriptors are kept for files and 256 for operators.
start_probe connections=1000
prlimit --pid "$PROBE_PID" --nofile >/dev/null	# it can be asked
stop_probe
(
	ulimit -n 700
	start_probe connections=1000
	printf '%s %s\n' "$PROBE_PID" "$PROBE_PORT" >"$WORK/few"
	trap - EXIT
)
read -r PROBE_PID PROBE_PORT <"$WORK/few"
PROBE=http://127.0.0.1:$PROBE_PORT
ok 'too few descriptors for the limit are warned of' \
    grep -q 'too few file descriptors .* connections=124' "$LOGS/probe.log"
is "$(crowd 300)" '200=124 503:busy=176' \
    'they lower it, and those whom no thread can take are told busy too'
ok 'then there is room again' wait_until 60 served
kill -TERM "$PROBE_PID"
wait_until 60 daemon_ended "$PROBE_PID"
PROBE_PID=

# --- by address --------------------------------------------------------------------
start_probe connections=1000 address-limit=8 proxy=127.0.0.3
is "$(crowd 30 8@127.0.0.2 30@127.0.0.3 | paste -sd /)" \
    '200=8 503:busy=22/200=8/200=30' \
    'one address has its share, others theirs, a trusted proxy all'
all_served() {
	[[ $(crowd 8) == 200=8 ]]
}
ok 'what has left counts no longer' wait_until 60 all_served
stop_probe

# --- without a descriptor ----------------------------------------------------------
start_probe connections=1000
has_descriptors() {	# FEWER-THAN
	local open=("/proc/$PROBE_PID/fd"/*)
	[[ ${#open[@]} -lt $1 ]]
}
served
open=("/proc/$PROBE_PID/fd"/*)
wait_until 60 has_descriptors "$((${#open[@]} + 1))"
limit=$((${#open[@]} + 5))
prlimit --pid "$PROBE_PID" --nofile="$limit:700"
tally=$(crowd 40)
served=${tally#200=}
served=${served%% *}
is "$tally" "200=$served 503:busy=$((40 - served))" \
    'without descriptors some are served, all others told busy'
diag "$tally"
ok 'which is logged, and not for each' \
    test "$(grep -c 'cannot accept' "$LOGS/probe.log")" -eq 1
ok 'then there is room again' wait_until 60 served
prlimit --pid "$PROBE_PID" --nofile=700:700
is "$(crowd 40)" 200=40 'with descriptors all are served'
stop_probe

# --- by grant ----------------------------------------------------------------------
stored_conf grant-limit ''
start_stored
make_file "$WORK/file" 20000000
put_object "$WORK/file"
target() {		# GRANT
	local target
	target="/media/$OBJECT?$(query '' "$1")"
	printf '%s&token=%s' "$target" "$(sign_url GET "$STORAGE$target")"
}
holders=()
one=$(target one)
for ((i = 0; i < 16; i++)); do
	curl -sS --limit-rate 100k -o /dev/null "$STORAGE$one" 2>/dev/null &
	holders+=("$!")
done
# Not asked by a download: it might be the sixteenth.
sixteen_run() {
	curl -sf "$STORAGE_ADMIN/metrics" |
	    grep -q '^stored_http_requests_under_way 17$'
}
ok 'a grant has sixteen downloads' wait_until 30 sixteen_run
http "$STORAGE$one" -r 0-0
problem_is 503 busy 'the next is told that there are no more'
is "$(header Retry-After)" 1 'and when to come again'
http "$STORAGE$(target two)" -r 0-0
status_is 206 'another grant has its own'
kill "${holders[@]}"
wait "${holders[@]}" 2>/dev/null || :
one_again() {
	http "$STORAGE$one" -r 0-0
	[[ $STATUS == 206 ]]
}
ok 'once they have ended there is room again' wait_until 60 one_again
stop_stored

# --- what is only kept gives way -----------------------------------------------------
start_stored
is "$("$BUILD/stored" -T -f "$STORED_CONFIG" | sed -n 's/^connection-limit = //p')" \
    12288 'ten thousand idle ones, and more, are within the limit as it comes'
for ((i = 0; i < 40; i++)); do
	make_file "$WORK/file" $((20000 + i))
	put_object "$WORK/file"
	one=$(target "$i")
	http "$STORAGE$one"
done
kept_open() {
	find "/proc/$STORED_PID/fd" -lname '*/objects/*' | wc -l
}
diag "$(kept_open) kept open"
open=("/proc/$STORED_PID/fd"/*)
prlimit --pid "$STORED_PID" --nofile=$((${#open[@]} + 5))
is "$(perl "$ROOT/tests/tools/crowd.pl" "$STORED_PORT" /healthz 20)" 200=20 \
    'objects that are only kept open are closed for clients who come'
ok 'half of them at once' test "$(kept_open)" -lt 30
http "$STORAGE$one"
status_is 200 'and are opened again'
stop_stored

# --- the daemons --------------------------------------------------------------------
stored_conf connection-limit 5
commerced_conf connection-limit 5
start_stored
start_commerced
for admin in "$STORAGE_ADMIN" "$COMMERCE_ADMIN"; do
	wait_until 30 none_left "$admin/metrics"
done
is "$(perl "$ROOT/tests/tools/crowd.pl" "$STORED_PORT" /healthz 20)" \
    '200=5 503:busy=15' 'stored tells them'
is "$(perl "$ROOT/tests/tools/crowd.pl" "$COMMERCED_PORT" /healthz 20)" \
    '200=5 503:busy=15' 'so does commerced'
done_testing

# For scenarios about the HTTP layer alone: the probe server instead of the
# daemons.  Include after lib.sh.
#
# shellcheck shell=bash

PROBE_PID=
PROBE_PORT=
PROBE=

# start_probe [NAME=VALUE]...: see http_probe.c; what it prints is in $PROBE_OUT
start_probe() {
	PROBE_OUT=$WORK/probe-out
	: >"$PROBE_OUT"
	"$BUILD/test/tools/http_probe" "$@" >"$PROBE_OUT" \
	    2>>"$LOGS/probe.log" &
	PROBE_PID=$!
	wait_until 30 grep -q '^port' "$PROBE_OUT"
	PROBE_PORT=$(sed -n 's/^port //p' "$PROBE_OUT")
	PROBE=http://127.0.0.1:$PROBE_PORT
}

# stop_probe: SIGTERM, and all is given back
stop_probe() {
	kill -TERM "$PROBE_PID"
	reap "$PROBE_PID"
	PROBE_PID=
	is "$REAPED $(grep '^states' "$PROBE_OUT")" '0 states 0' \
	    'the probe stops and has given every state back'
}

scenario_cleanup() {
	[[ -z $PROBE_PID ]] || kill -KILL "$PROBE_PID"
}

# raw TEXT...: bytes there and words back, see raw-request.pl
raw() {
	perl "$ROOT/tests/tools/raw-request.pl" "$PROBE_PORT" "$@"
}

# ran HANDLER: how often it did
ran() {
	curl -sS --max-time 10 "$PROBE/counts" | jq -r --arg name "$1" \
	    '.[$name]'
}

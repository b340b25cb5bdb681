# The row "clients": one good client after objects of 64 KiB, alone and beside
# IDLE idle connections and SLOW slow ones, half of which send their request,
# half of which read their answer by drops.  Included by run.sh behind rows.sh.
#
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154	# variables of the other files

SLOW=${SLOW:-1000}

slow_are_there() {	# NAME
	grep -q ready "$WORK/slow-$1"
}

start_slow() {		# NAME
	: >"$WORK/slow-$1"
	taskset -c "$CLIENT_CORE" "$TOOLS/slow" -r $((SLOW / 2)) \
	    -s $((SLOW - SLOW / 2)) "${PORTS[$1]}" "$WORK/lines-large-$1" \
	    >"$WORK/slow-$1" &
	SLOW_PID=$!
	STARTED[slow]=$SLOW_PID
	wait_until 20 slow_are_there "$1" || die "$1 does not take $SLOW more"
}

# stored cuts those whose header takes too long, and they come again: told, since
# it is work for the server.
stop_slow() {		# NAME
	kill "$SLOW_PID"
	wait "$SLOW_PID" || die "slow clients of $1: no way back in"
	unset 'STARTED[slow]'
	printf '%s %s ' "$1" "$(tail -n 1 "$WORK/slow-$1")" >&2
}

# Each good request over the same connection, then each over one of its own.
row_clients() {
	local name names='stored nginx-large' pair
	printf 'clients ' >&2
	idle_settings $((IDLE + SLOW))
	NGINX_FILES=1000
	lay_out "$STORE/root" $((100 * MIB)) 1
	for name in $names; do
		start_server "$name" "$name" "$STORE/root"
	done
	make_lines "$SLOW"
	for name in $names; do
		mv "$WORK/lines-$name" "$WORK/lines-large-$name"
	done
	lay_out "$STORE/root" $((64 * KIB)) 1
	make_lines 64
	for ((pair = 1; pair <= PAIRS; pair++)); do
		for name in $names; do
			load clients-quiet "$name" "$pair" -c 1
			load fresh-quiet "$name" "$pair" -c 1 -f
			start_slow "$name"
			load clients "$name" "$pair" -c 1 -i "$IDLE"
			load fresh "$name" "$pair" -c 1 -f -i "$IDLE"
			stop_slow "$name"
		done
		printf '.' >&2
	done
	printf '\n' >&2
	stop_servers
	STORED_SETTINGS=()
	NGINX_FILES=$(($(ulimit -n) - 4000))
}

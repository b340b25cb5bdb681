# The rows of the table: what is laid out, who is asked, how.  Included by
# run.sh.  A row appends to RESULTS: "row server pair name=value...".
#
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154	# variables of run.sh and servers.sh

ALL_ROWS='4k-64 4k-1000 64k-64 64k-1000 1m 100m range-64k range-4k many idle
    clients grown'
KIB=1024
MIB=$((1024 * 1024))

# Objects of BYTES below ROOT; their ids are then in $OBJECTS.
lay_out() {		# ROOT BYTES COUNT
	OBJECTS=$1/list-$2-$3
	mkdir -p "$1"
	if [[ ! -s $OBJECTS ]]; then
		"$TOOLS/layout" "$1" "$COMMERCE_ID" "$2" "$3" >"$OBJECTS.new"
		mv "$OBJECTS.new" "$OBJECTS"
	fi
}

# Request lines for each server that runs, a grant for each line.
make_lines() {		# COUNT
	local name
	for name in "${!STYLES[@]}"; do
		"$TOOLS/targets" "${STYLES[$name]}" "$1" "$KEYS" "$ORIGIN" \
		    <"$OBJECTS" >"$WORK/lines-$name"
		check_server "$name" "$WORK/lines-$name" \
		    "$(head -n 1 "$OBJECTS")"
	done
}

# One measurement.  One that failed says so in the table and at the end.
load() {		# ROW SERVER PAIR LOAD-OPTION...
	local row=$1 name=$2 pair=$3 line
	shift 3
	line=$(taskset -c "$CLIENT_CORE" "$TOOLS/load" -d "$RUN_SECONDS" \
	    -p "${PIDS[$name]}" "$@" "${PORTS[$name]}" "$WORK/lines-$name") || {
		printf 'row %s: %s failed\n' "$row" "$name" >&2
		FAILED=1
		line='failed=1'
	}
	printf '%s %s %s %s\n' "$row" "$name" "$pair" "$line" >>"$RESULTS"
}

# All servers in turn, PAIRS times, so that a change of the machine's mood
# falls on each of them alike.
interleave() {		# ROW SERVERS LOAD-OPTION...
	local row=$1 names=$2 pair name
	shift 2
	for ((pair = 1; pair <= PAIRS; pair++)); do
		for name in $names; do
			load "$row" "$name" "$pair" "$@"
		done
		printf '.' >&2
	done
	printf '\n' >&2
}

# The usual row: every server, one size of object.
compare() {		# ROW NGINXES BYTES COUNT LINES LOAD-OPTION...
	local row=$1 bytes=$3 count=$4 lines=$5 name
	local names="limit stored $2 lighttpd"
	shift 5
	printf '%s ' "$row" >&2
	lay_out "$STORE/root" "$bytes" "$count"
	# It keeps every file open that was asked for, until it has no more
	# descriptors, and refuses then.
	LIGHTTPD_KEEPS=simple
	[[ $count -le 1000 ]] || LIGHTTPD_KEEPS=disable
	for name in $names; do
		start_server "$name" "$name" "$STORE/root"
	done
	make_lines "$lines"
	interleave "$row" "$names" "$@"
	stop_servers
}

# idle_settings CONNECTIONS: as shipped, where that serves so many
idle_settings() {
	STORED_SETTINGS=()
	(($1 + 200 <= 12288)) ||
	    STORED_SETTINGS=("connection-limit = $(($1 + 200))")
}

# Memory with 10,000 idle connections, and what they cost the busy ones.
# lighttpd takes no more of them than half of its descriptors.
row_idle() {
	local name names='limit stored nginx-large' pair
	printf 'idle ' >&2
	idle_settings $((IDLE + 800))
	NGINX_FILES=1000
	lay_out "$STORE/root" $((64 * KIB)) 1
	for name in $names; do
		start_server "$name" "$name" "$STORE/root"
	done
	make_lines 64
	for ((pair = 1; pair <= PAIRS; pair++)); do
		for name in $names; do
			load quiet "$name" "$pair" -c 64
			load idle "$name" "$pair" -c 64 -i "$IDLE"
		done
		printf '.' >&2
	done
	printf '\n' >&2
	stop_servers
	STORED_SETTINGS=()
	NGINX_FILES=$(($(ulimit -n) - 4000))
}

# The same 1,000 objects, alone and among a million.
row_grown() {
	local name
	printf 'grown ' >&2
	lay_out "$STORE/root-grown" $((4 * KIB)) "$GROWN"
	lay_out "$STORE/root-1000" $((4 * KIB)) 1000
	start_server stored few "$STORE/root-1000"
	start_server stored grown "$STORE/root-grown"
	make_lines 0
	interleave grown 'few grown' -x -c 64
	stop_servers
}

# Which tuning of nginx is the best depends on the row and on the machine: the
# table takes the better one of those asked.
run_row() {
	local object=$((100 * MIB)) both='nginx-small nginx-large'
	case $1 in
	4k-64) compare "$1" nginx-small $((4 * KIB)) 1 64 -c 64 ;;
	4k-1000) compare "$1" nginx-small $((4 * KIB)) 1 1000 -c 1000 ;;
	64k-64) compare "$1" "$both" $((64 * KIB)) 1 64 -c 64 ;;
	64k-1000) compare "$1" "$both" $((64 * KIB)) 1 1000 -c 1000 ;;
	1m) compare "$1" "$both" $MIB 1 64 -c 64 ;;
	100m) compare "$1" "$both" $object 1 16 -c 16 ;;
	range-64k) compare "$1" "$both" $object 1 64 -c 64 \
	    -r $((64 * KIB)) -s $object ;;
	range-4k) compare "$1" nginx-small $object 1 64 -c 64 \
	    -r $((4 * KIB)) -s $object ;;
	many) compare "$1" "$both" $((64 * KIB)) "$MANY" 0 -x -c 64 ;;
	idle) row_idle ;;
	clients) row_clients ;;
	grown) row_grown ;;
	*) run_tls_row "$1" ;;
	esac
}

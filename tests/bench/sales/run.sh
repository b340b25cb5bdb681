#!/bin/bash
# Durable purchases through HTTP, beside the same daemon with a transaction for
# each: make bench-sales.
#
# From the environment:
#	ROWS		some rows only (64-random 64-sorted 256-random)
#	PAIRS		measurements of each (5)
#	RUN_SECONDS	seconds of each measurement (3)
#	ACCOUNTS, ITEMS	1000000, 1000
#	ALONE		no: without the transaction for each
#	BENCH_DIR	folder that keeps the books for the next time
#	BUILD		where the programs are (build)
#	GROUPED_SETTINGS	lines for the configuration of the first daemon

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/../../scenario/lib.sh"

BENCH=$ROOT/tests/bench/sales
TOOLS=$BUILD/test/bench/sales
PAIRS=${PAIRS:-5}
RUN_SECONDS=${RUN_SECONDS:-3}
ACCOUNTS=${ACCOUNTS:-1000000}
ITEMS=${ITEMS:-1000}
BOOKS=${BENCH_DIR:-$WORK}/books-$ACCOUNTS-$ITEMS
RESULTS=$WORK/results
: >"$RESULTS"
declare -A PIDS=() PORTS=() OPERATOR_PORTS=() NEXT=()

scenario_cleanup() {
	local name
	for name in "${!PIDS[@]}"; do
		kill "${PIDS[$name]}" 2>/dev/null
		wait "${PIDS[$name]}"
	done
}

# A shop with one item, made as people make it; the rest in bulk.
make_books() {
	make_file "$WORK/waltz.ogg" 1000000
	start_stored
	start_commerced
	make_item 'A waltz' 99 "$WORK/waltz.ogg"
	stop_daemons
	"$TOOLS/fill" "$COMMERCED_STATE/counterfoil.db" "$BENCH/books.sql" \
	    "accounts=$ACCOUNTS" "items=$ITEMS"
	mkdir -p "$BOOKS"
	cp -r "$COMMERCED_STATE" "$MASTER_KEYS" "$SIGNING_KEYS" "$BOOKS/"
	rm -rf "$COMMERCED_STATE"
	sync -f "$BOOKS"
}

# start_shop NAME [KEY VALUE]: on a copy of the books, as shipped, but for the
# limit of connections from one address
start_shop() {
	local name=$1
	cp -r "$BOOKS" "$WORK/$name"
	free_port; COMMERCED_PORT=$PORT
	free_port; COMMERCED_ADMIN_PORT=$PORT
	SHOP=http://127.0.0.1:$COMMERCED_PORT
	COMMERCED_CONFIG=$WORK/$name.conf
	commerced_conf listen "127.0.0.1:$COMMERCED_PORT"
	commerced_conf admin-listen "127.0.0.1:$COMMERCED_ADMIN_PORT"
	commerced_conf shop-url "$SHOP"
	commerced_conf state "$WORK/$name/state"
	commerced_conf master-keys "$WORK/$name/master.keys"
	commerced_conf signing-keys "$WORK/$name/signing.keys"
	commerced_conf admin-on-public no
	commerced_conf access-log off
	commerced_conf address-limit 0
	commerced_conf "${2:-commit-group}" "${3:-}"
	start_commerced
	PIDS[$name]=$COMMERCED_PID
	COMMERCED_PID=
	PORTS[$name]=$COMMERCED_PORT
	OPERATOR_PORTS[$name]=$COMMERCED_ADMIN_PORT
	NEXT[$name]=0
	: >"$WORK/$name.acked"
}

# counted NAME: jobs and commits so far
counted() {
	curl -sf "http://127.0.0.1:${OPERATOR_PORTS[$1]}/metrics" | awk '
	    $1 == "commerced_jobs_done_total" { jobs = $2 }
	    $1 == "commerced_commits_total" { commits = $2 }
	    END { print jobs, commits }'
}

# measure ROW NAME: one line of results
measure() {
	local row=$1 name=$2 line before arguments
	arguments=(-c "${row%-*}" -d "$RUN_SECONDS" -p "${PIDS[$name]}"
	    -a "$ACCOUNTS" -b "${NEXT[$name]}")
	[[ $row != *-sorted ]] || arguments+=(-t)
	before=$(counted "$name")
	line=$("$TOOLS/buy" "${arguments[@]}" "${PORTS[$name]}" \
	    "$WORK/items" "$WORK/$name.acked")
	NEXT[$name]=${line##*next=}
	printf 'row=%s name=%s %s %s %s\n' "$row" "$name" \
	    "$(head -n 1 <<<"$line")" \
	    "$(awk -v a="$before" -v b="$(counted "$name")" 'BEGIN {
		split(a, x); split(b, y)
		print "group=" (y[1] - x[1]) / (y[2] - x[2]) }')" \
	    "wal_kib=$(($(stat -c %s "$WORK/$name/state/counterfoil.db-wal") \
	    / 1024))" >>"$RESULTS"
	[[ -z ${VERBOSE:-} ]] || tail -n 1 "$RESULTS" >&2
}

check_books() {		# NAME
	kill -TERM "${PIDS[$1]}"
	reap "${PIDS[$1]}"
	unset "PIDS[$1]"
	cp "$WORK/$1.acked" "$WORK/acked"
	is "$(cd "$WORK" && sqlite3 "$WORK/$1/state/counterfoil.db" \
	    ".read $BENCH/check.sql")" '' \
	    "$1: each of $(wc -l <"$WORK/acked") acknowledged sales is there once, and the books balance"
}

[[ -d $BOOKS ]] || make_books
names=(grouped)
while read -r key value; do
	[[ -z $key ]] || commerced_conf "$key" "$value"
done <<<"${GROUPED_SETTINGS:-}"
start_shop grouped
if [[ ${ALONE:-yes} == yes ]]; then
	names+=(alone)
	start_shop alone commit-group 1
fi
sqlite3 "$BOOKS/state/counterfoil.db" "SELECT lower(format('%s-%s-%s-%s-%s',
    substr(h, 1, 8), substr(h, 9, 4), substr(h, 13, 4), substr(h, 17, 4),
    substr(h, 21))) FROM (SELECT hex(uuid) AS h FROM item)" >"$WORK/items"
disk=$("$TOOLS/sync" "$WORK")
for ((turn = 0; turn < PAIRS; turn++)); do
	for row in ${ROWS:-64-random 64-sorted 256-random}; do
		for name in "${names[@]}"; do
			measure "$row" "$name"
		done
	done
done
diag "fdatasync of a page: $disk; after the runs: $("$TOOLS/sync" "$WORK")"
diag "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1),\
 $(nproc) cores for both sides; $ACCOUNTS accounts, $ITEMS items;\
 $PAIRS turns of $RUN_SECONDS s, medians"
awk -f "$BENCH/report.awk" "$RESULTS"
for name in "${names[@]}"; do
	[[ -n ${UNCHECKED:-} ]] || check_books "$name"
done
[[ -z ${UNCHECKED:-} ]] || pass 'measured'
done_testing

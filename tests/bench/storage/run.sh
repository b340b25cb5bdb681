#!/bin/bash
# stored beside nginx, lighttpd and a bare epoll server: make bench-storage.
#
# From the environment:
#	ROWS		some rows only (all; see rows.sh)
#	PAIRS		measurements of each (5)
#	RUN_SECONDS	seconds of each measurement (3)
#	MANY, GROWN	objects in the rows "many" and "grown" (100000, 1000000)
#	IDLE, SLOW	idle connections, and slow ones of the row "clients"
#			(10000, 1000)
#	TOKEN_IN	header, or link: the token as last parameter (header)
#	BENCH_DIR	folder that keeps the objects for the next time; a
#			temporary one when unset
#	BUILD		where the programs are (build)
#	SERVER_CORE, CLIENT_CORE	0, 1

set -euo pipefail
export LC_ALL=C.UTF-8 TZ=UTC
umask 077
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=$(realpath "${BUILD:-build}")
TOOLS=$BUILD/test/bench/storage
PAIRS=${PAIRS:-5}
RUN_SECONDS=${RUN_SECONDS:-3}
MANY=${MANY:-100000}
GROWN=${GROWN:-1000000}
IDLE=${IDLE:-10000}
SERVER_CORE=${SERVER_CORE:-0}
CLIENT_CORE=${CLIENT_CORE:-1}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-bench.XXXXXX")
STORE=${BENCH_DIR:-$WORK}
RESULTS=$WORK/results
FAILED=0
: >"$RESULTS"

cleanup() {
	local status=$?
	trap - EXIT
	set +e
	stop_servers
	rm -rf "$WORK"
	exit "$status"
}
# A worker of nginx needs a descriptor for each file and connection.
ulimit -n 262144 2>/dev/null || ulimit -n "$(ulimit -Hn)"
# shellcheck source=tests/bench/storage/servers.sh
. "$BENCH/servers.sh"
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# shellcheck source=tests/bench/storage/rows.sh
. "$BENCH/rows.sh"
# shellcheck source=tests/bench/storage/clients.sh
. "$BENCH/clients.sh"
# shellcheck source=tests/bench/storage/tls.sh
. "$BENCH/tls.sh"
ALL_ROWS+=" $TLS_ROWS"

[[ $SERVER_CORE != "$CLIENT_CORE" && $(nproc) -ge 2 ]] ||
    die 'server and client each need a core of their own'
[[ $(ulimit -n) -ge $((IDLE * 2)) || " ${ROWS:-idle} " != *' idle '* ]] ||
    die "too few descriptors for $IDLE idle connections: $(ulimit -n)"
mkdir -p "$STORE"
STORE=$(realpath "$STORE")

for row in ${ROWS:-$ALL_ROWS}; do
	run_row "$row"
done
printf '\n%s, %s cores, Linux %s\n' "$(sed -n \
    's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
    "$(uname -r)"
printf '%s, %s, stored %s, token in the %s\n' \
    "$(nginx -v 2>&1 | sed 's/.*: //')" \
    "$(lighttpd -v | cut -d ' ' -f 1)" \
    "$("$BUILD/stored" -V 2>&1 | head -n 1 | sed 's/^stored //')" "$TOKEN_IN"
printf 'congestion control %s, %s descriptors\n' \
    "$(cat /proc/sys/net/ipv4/tcp_congestion_control)" "$(ulimit -n)"
printf '%s pairs of %s s, medians of paired ratios\n\n' "$PAIRS" "$RUN_SECONDS"
awk -f "$BENCH/report.awk" "$BENCH/goals" "$RESULTS"
exit "$FAILED"

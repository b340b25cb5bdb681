#!/bin/bash
# Look for inputs that break a promise.
#
#	tests/fuzz/run.sh BUILD SECONDS NAME...
#
# FUZZ_JOBS of them at once (1).  requests-stored and requests-commerced are
# whole requests to the running daemons (daemon/run.sh).  Seeds are in
# tests/fuzz/corpus/NAME; what libFuzzer finds interesting grows in
# BUILD/corpus/NAME, which is kept from run to run; an input that crashes is
# left in BUILD/found/ and belongs into the seeds with its fix.  Of what has
# grown, BUILD/test/fuzz/NAME -set_cover_merge=1 EMPTY-FOLDER corpus/NAME GROWN
# takes the fewest that reach as much.

set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
seconds=$2
shift 2
jobs=${FUZZ_JOBS:-1}
status=0

# The target's command, in $command.
target() {		# NAME
	case $1 in
	requests-*)
		command=(env FUZZ_COUNTED=yes FUZZ_EVERY=8
		    "BUILD=$build/test/fuzz/daemon"
		    "SCENARIO_LOGS=$build/found/logs-$1"
		    tests/fuzz/daemon/run.sh "${1#requests-}"
		    "$build/test/fuzz/requests")
		rm -rf "$build/found/logs-$1"
		;;
	*)	command=("$build/test/fuzz/$1") ;;
	esac
}

# In pieces of a minute: for LeakSanitizer a thread is what its number was first,
# and shops on paper begin and end eight of them a second.  When the system's
# numbers have come round, a living one passes for one that ended, and what it
# alone holds for a leak.
fuzz() {		# NAME
	local log=$build/found/$1.log result=nothing left=$seconds part
	target "$1"
	mkdir -p "$build/corpus/$1"
	: >"$log"
	while [[ $left -gt 0 && $result == nothing ]]; do
		part=$((left < 60 ? left : 60))
		[[ $1 != requests-* ]] || part=$left
		"${command[@]}" -max_total_time="$part" -timeout=60 \
		    -rss_limit_mb=2048 -print_final_stats=1 \
		    -artifact_prefix="$build/found/$1-" "$build/corpus/$1" \
		    "tests/fuzz/corpus/$1" >>"$log" 2>&1 || result=found
		left=$((left - part))
	done
	printf '%-20s %10s inputs, %s features: %s\n' "$1" \
	    "$(awk '$1 == "stat::number_of_executed_units:" { n += $2 }
	    END { print n }' "$log")" \
	    "$(sed -n 's/^#[0-9]*\tDONE .* ft: \([0-9]*\) .*/\1/p' "$log" |
	    tail -n 1)" "$result"
	[[ $result == nothing ]] || { tail -n 30 "$log"; return 1; }
}

mkdir -p "$build/found"
printf '%s seconds each, %s at once\n' "$seconds" "$jobs"
for name in "$@"; do
	fuzz "$name" &
	while [[ $(jobs -pr | wc -l) -ge $jobs ]]; do
		wait -n || status=1
	done
done
while [[ -n $(jobs -p) ]]; do
	wait -n || status=1
done
exit "$status"

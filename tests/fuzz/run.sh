#!/bin/bash
# Look for inputs that break a promise.
#
#	tests/fuzz/run.sh BUILD SECONDS NAME...
#
# requests-stored and requests-commerced are whole requests to the running
# daemons (daemon/run.sh).  Seeds are in tests/fuzz/corpus/NAME; what libFuzzer finds interesting grows
# in BUILD/corpus/NAME, which is kept from run to run; an input that crashes
# is left in BUILD/found/ and belongs into the seeds with its fix.

set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
seconds=$2
shift 2
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

for name in "$@"; do
	target "$name"
	printf '== %s, %s s\n' "$name" "$seconds"
	mkdir -p "$build/corpus/$name" "$build/found"
	if ! "${command[@]}" -max_total_time="$seconds" \
	    -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
	    -artifact_prefix="$build/found/$name-" \
	    "$build/corpus/$name" "tests/fuzz/corpus/$name" \
	    >"$build/found/$name.log" 2>&1; then
		tail -n 30 "$build/found/$name.log"
		status=1
	fi
	grep -E '^stat::(number_of_executed_units|average_exec)' \
	    "$build/found/$name.log" || :
done
[[ $status -ne 0 ]] || printf 'Nothing found.\n'
exit "$status"

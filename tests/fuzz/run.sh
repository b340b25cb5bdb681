#!/bin/bash
# Look for inputs that break a promise.
#
#	tests/fuzz/run.sh BUILD SECONDS NAME...
#
# Seeds are in tests/fuzz/corpus/NAME; what libFuzzer finds interesting grows
# in BUILD/corpus/NAME, which is kept from run to run; an input that crashes
# is left in BUILD/found/ and belongs into the seeds with its fix.

set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
seconds=$2
shift 2
status=0

for name in "$@"; do
	printf '== %s, %s s\n' "$name" "$seconds"
	mkdir -p "$build/corpus/$name" "$build/found"
	if ! "$build/test/fuzz/$name" -max_total_time="$seconds" \
	    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
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

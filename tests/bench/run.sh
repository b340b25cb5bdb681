#!/bin/bash
# A first side by side, run by hand: sealing and opening against stock age,
# and the token check.  Medians of ROUNDS interleaved runs; only the ratios are
# worth quoting.

set -euo pipefail
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
ROUNDS=${ROUNDS:-5}
MIB=${MIB:-512}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
age-keygen -o "$work/key" 2>/dev/null
recipient=$(age-keygen -y "$work/key")
head -c "${MIB}M" /dev/urandom >"$work/plain"
age -r "$recipient" -o "$work/sealed" "$work/plain"

seal_ours() { "$BUILD/test/tools/seal" "$work/key" <"$work/plain" >/dev/null; }
seal_age() { age -r "$recipient" <"$work/plain" >/dev/null; }
open_ours() { "$BUILD/counterfoil" open --key "$work/key" "$work/sealed" >/dev/null; }
open_age() { age -d -i "$work/key" <"$work/sealed" >/dev/null; }

# seconds COMMAND: wall time
seconds() {
	local start=$EPOCHREALTIME
	"$1"
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }'
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

compare() {		# WHAT OURS THEIRS
	local i
	: >"$work/ours"
	: >"$work/theirs"
	for ((i = 0; i < ROUNDS; i++)); do
		seconds "$2" >>"$work/ours"
		seconds "$3" >>"$work/theirs"
	done
	awk -v what="$1" -v ours="$(median <"$work/ours")" \
	    -v theirs="$(median <"$work/theirs")" -v mib="$MIB" 'BEGIN {
		printf "%-18s %6.0f MiB/s   age %6.0f MiB/s   ratio of times %.2f\n",
		    what, mib / ours, mib / theirs, ours / theirs }'
}

compare "seal $MIB MiB" seal_ours seal_age
compare "open $MIB MiB" open_ours open_age
"$BUILD/test/bench/token"

#!/bin/bash
# A file through commerced (sealed, spooled, pushed) beside the same by hand
# to the same stored: make bench-upload.
#
# From the environment:
#	SIZE		of the file, as head -c takes it (4G)
#	PAIRS		uploads of each (3)
#	TMPDIR		where the files are: five times SIZE are needed
#	BUILD		where the programs are (build)

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/../../scenario/lib.sh"

SIZE=${SIZE:-4G}
PAIRS=${PAIRS:-3}

commerced_conf publish-wait 300s
commerced_conf access-log off
stored_conf access-log off
start_stored
start_commerced
draft_item 'A film' 999 video
age-keygen -o "$WORK/identity" 2>/dev/null
recipient=$(age-keygen -y "$WORK/identity")
make_file "$WORK/film.mkv" "$SIZE"

# What one of them left is neither in the way nor on its way to the disk when
# the next begins.
tidy() {
	find "$STORED_ROOT/objects" "$COMMERCED_STATE/sealed" -type f -delete
	rm -f "$WORK/film.age"
	sync -f "$WORK"
}

by_shop() {
	admin PUT "/items/$ITEM/files/film-$SRANDOM.mkv" --max-time 3600 \
	    -T "$WORK/film.mkv" -H 'Content-Type: video/x-matroska' \
	    -H 'Expect:'
	expect 201
}

by_hand() {
	age -r "$recipient" -o "$WORK/film.age" "$WORK/film.mkv"
	put_object "$WORK/film.age" --max-time 3600
	expect 201
}

# timed NAME: its seconds, as a line of results
timed() {
	local began
	tidy
	began=${EPOCHREALTIME/./}
	"$1"
	printf '%s %s\n' "$1" $((${EPOCHREALTIME/./} - began)) \
	    >>"$WORK/results"
	diag "$(tail -n 1 "$WORK/results") us"
}

for ((turn = 0; turn < PAIRS; turn++)); do
	timed by_shop
	timed by_hand
done
memory=$(peak_memory_kib "$COMMERCED_PID")
tidy
diag "$(awk -v size="$SIZE" '
    function median(v, n,   i, j, x) {
	for (i = 2; i <= n; i++) {
		x = v[i]
		for (j = i - 1; j > 0 && v[j] > x; j--)
			v[j + 1] = v[j]
		v[j + 1] = x
	}
	return v[int((n + 1) / 2)]
    }
    $1 == "by_shop" { a[++n] = $2 / 1e6 }
    $1 == "by_hand" { b[n] = $2 / 1e6; ratio[n] = a[n] / b[n] }
    END { printf "%s through commerced %.2f s, age, sha256sum and curl %.2f s, ratio %.2f (medians of %d)",
	size, median(a, n), median(b, n), median(ratio, n), n }' \
    "$WORK/results")"
diag "peak memory of commerced: $((memory / 1024)) MiB"
ok 'at most 64 MiB of memory' test "$memory" -le $((64 * 1024))
done_testing

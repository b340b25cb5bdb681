#!/bin/bash
# A large file is published, bought, downloaded and opened while neither daemon
# ever takes more than 64 MiB.  LARGE_MIB: its size (512; 2048 in check-full).

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

size_mib=${LARGE_MIB:-512}
most_kib=$((64 * 1024))
patience=900

free_mib=$(df --output=avail -m "$WORK" | tail -n 1)
[[ $free_mib -gt $((size_mib * 5)) ]] ||
    skip_all "needs $((size_mib * 5)) MiB in $WORK"

# within_memory DAEMON PID
within_memory() {
	local peak
	peak=$(peak_memory_kib "$2")
	diag "$1: peak memory $((peak / 1024)) MiB of $((most_kib / 1024))"
	if is_sanitized; then
		pass "$1: a sanitizer's memory is not measured"
	else
		ok "$1 took at most 64 MiB" test "$peak" -le "$most_kib"
	fi
}

start_stored
start_commerced
make_file "$WORK/large.bin" "$((size_mib * 1024 * 1024))"
draft_item 'A large file' 99 other
upload "$ITEM" "$WORK/large.bin" '' '' --max-time "$patience"
wait_until "$patience" file_is_stored "$ITEM" large.bin
pass "$size_mib MiB are uploaded, sealed and stored"
publish "$ITEM"
register
redeem "$(gift_code 500)"
buy "$ITEM"
is "$(json '.access[0].size')" "$((size_mib * 1024 * 1024))" \
    'the access information has the size'
curl -sSf --max-time "$patience" -H "Authorization: Bearer $TOKEN" "$URL" |
    tee >(sha256sum | cut -d ' ' -f 1 >"$WORK/digest") >"$WORK/large.age"
wait_until 60 test -s "$WORK/digest"
is "$(<"$WORK/digest")" "$OBJECT" 'what was downloaded is the object'
printf '%s\n' "$KEY" >"$WORK/key.txt"
ok 'age opens it to the file that was published' \
    cmp <(age -d -i "$WORK/key.txt" "$WORK/large.age") "$WORK/large.bin"
within_memory commerced "$COMMERCED_PID"
within_memory stored "$STORED_PID"
done_testing

#!/bin/bash
# commerced sends a large file in pieces: cut five times on its way to stored,
# less than 5% of its bytes are sent twice, and the digest is right.
# PUSH_MIB: its size (48; 4096 in check-full).

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

size_mib=${PUSH_MIB:-48}
size=$((size_mib * 1024 * 1024))
patience=900

free_mib=$(df --output=avail -m "$WORK" | tail -n 1)
[[ $free_mib -gt $((size_mib * 3)) ]] ||
    skip_all "needs $((size_mib * 3)) MiB in $WORK"

start_cutting_proxy $((size / 11)) $((size / 5)) $((size / 3)) $((size / 2)) \
    $((size * 9 / 10))

# The default in check-full; here as many pieces as there.
commerced_conf push-piece "$((size / 64 + 1))"
commerced_conf storage-connect-to "${CUTTING_ORIGIN#http://}"
start_stored
start_commerced
# Sealing makes noise of it.
truncate -s "$size" "$WORK/large.bin"
draft_item 'A large file' 99 other
upload "$ITEM" "$WORK/large.bin" '' '' --max-time "$patience"
wait_until "$patience" file_is_stored "$ITEM" large.bin
read -r SENT CUTS <"$CUTTING_COUNT"
SEALED=$(json .sealed_size)
is "$CUTS" 5 'the way was cut five times'
diag "sent $SENT bytes for $SEALED: $(((SENT - SEALED) * 1000 / SEALED)) of" \
    '1000 twice'
ok 'all of it was sent' test "$SENT" -ge "$SEALED"
ok 'less than 5% of it twice' test "$SENT" -lt $((SEALED + SEALED / 20))
OBJECT=$(json .object)
STORED=$(object_path "$OBJECT")
is "$(sha256 "$STORED")" "$OBJECT" 'the digest is right'
is "$(find "$STORED_ROOT/incoming" -type f)" '' 'and nothing is left over'
is "$(grep -c 'storage: not done.*unreachable' "$LOGS/commerced.log")" 5 \
    'commerced logged five failures'
ok 'and counts what it sent' test "$(curl -sf "$COMMERCE_ADMIN/metrics" |
    sed -n 's/^commerced_push_sent_bytes_total //p')" -ge "$SEALED"

# commerced is stopped in the middle, and its successor goes on.
is_half_way() {
	[[ $(cut -d ' ' -f 1 "$CUTTING_COUNT") -gt $((SENT + size / 3)) ]]
}

if [[ -z ${PUSH_MIB:-} ]]; then
	commerced_conf publish-wait 0
	stop_commerced
	start_commerced
	kill -STOP "$STORED_PID"
	truncate -s "$((size + 1))" "$WORK/large.bin"
	upload "$ITEM" "$WORK/large.bin" '' '' --max-time "$patience"
	kill -CONT "$STORED_PID"
	wait_until "$patience" is_half_way
	kill_commerced
	start_commerced
	wait_until "$patience" file_is_stored "$ITEM" large.bin
	read -r AGAIN _ <"$CUTTING_COUNT"
	AGAIN=$((AGAIN - SENT))
	SEALED=$(json .sealed_size)
	diag "sent $AGAIN bytes for $SEALED"
	ok 'a push that was killed in the middle goes on' \
	    test "$AGAIN" -lt $((SEALED + SEALED / 20))
fi

done_testing

#!/bin/bash
# Start the daemons, fill them, and run a program of requests.c against one.
#
#	tests/fuzz/daemon/run.sh stored|commerced PROGRAM [ARGUMENT...]
#
# The daemons are those in BUILD; FUZZ_EVERY is said in requests.c.  Fails when
# the program does, or when a daemon does not end well.

if [[ -n ${FUZZ_COUNTED:-} && -w /dev/shm ]]; then
	export TMPDIR=/dev/shm	# what is written then costs little
fi
. "$(dirname "$0")/../../scenario/lib.sh"
export ASAN_OPTIONS="$ASAN_OPTIONS:quarantine_size_mb=32"

daemon=$1
shift
values=$WORK/values
every=${FUZZ_EVERY:-1}
counted=()
[[ -z ${FUZZ_COUNTED:-} ]] || counted=(env "FUZZ_COUNTERS=$WORK/counters")

for set in stored_conf commerced_conf; do
	"$set" threads 2
	"$set" header-timeout 2
	"$set" idle-timeout 4
	"$set" address-limit 0
done

# A text that is found again wherever an object's bytes went.
private=$(random_hex 16)
{
	printf '%s' "$private"
	head -c 100000 /dev/urandom
} >"$WORK/object"

fill_stored() {
	put_object "$WORK/object"
	expect 201
	printf '%s %s\n' origin "$STORAGE" commerce "$COMMERCE_ID" \
	    key "$KEY_ID" signing-key "$SIGNING_KEY" object "$OBJECT" \
	    private "$private" >"$values"
}

fill_commerced() {
	local bought
	make_item 'Something on sale' 99 "$WORK/object"
	bought=$ITEM
	make_item 'Something else' 0 "$WORK/object"
	register
	redeem "$(gift_code 100000)"
	buy "$bought"
	buyer GET '/v1/items?limit=1'
	expect 200
	printf '%s %s\n' origin "$SHOP" commerce "$COMMERCE_ID" \
	    key "$KEY_ID" signing-key "$SIGNING_KEY" \
	    master-key "$MASTER_KEY" session "$SESSION" admin "$ADMIN_TOKEN" \
	    item "$bought" other "$ITEM" file "$FILE_ID" \
	    purchase "$PURCHASE" account "$ACCOUNT" private "$EMAIL" \
	    cursor "$(json .next)" code "$(gift_code 5)" >"$values"
}

case $daemon in
stored)
	STORED_WRAP=("${counted[@]}")
	start_stored
	fill_stored
	port=$STORED_PORT pid=$STORED_PID
	;;
commerced)
	COMMERCED_WRAP=("${counted[@]}")
	start_stored
	start_commerced
	fill_commerced
	port=$COMMERCED_PORT pid=$COMMERCED_PID
	;;
*)
	printf 'stored or commerced, not %s\n' "$daemon" >&2
	exit 2
	;;
esac

ok "$daemon serves whatever it was sent" env "FUZZ_PORT=$port" \
    "FUZZ_PID=$pid" "FUZZ_VALUES=$values" "FUZZ_EVERY=$every" \
    "${counted[@]}" "$@"
ok "$daemon still runs" daemon_runs "$pid"
done_testing

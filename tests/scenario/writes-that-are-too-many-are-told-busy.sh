#!/bin/bash
# The disk stands still: as many writes wait as the queue takes, the others are
# told to come again at once, and what is read is read.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

QUEUE=8
COUNT=40
make_file "$WORK/waltz.ogg" 10000
commerced_conf write-queue "$QUEUE"
COMMERCED_WRAP=("${HOLD_SYNC[@]}")
start_stored
start_commerced
make_item 'A polka' 1 "$WORK/waltz.ogg"
polka=$ITEM
make_item 'A waltz' 99 "$WORK/waltz.ogg"
register
redeem "$(gift_code 500)"

metric() {		# NAME
	curl -sf "$COMMERCE_ADMIN/metrics" | awk -v name="$1" \
	    '$1 == name { print $2 }'
}
busy_answers() {
	local count
	count=$(metric 'commerced_http_requests_total{code="503"}')
	printf '%s' "${count:-0}"
}
told_busy() {		# COUNT
	[[ $(busy_answers) -ge $1 ]]
}

# Without blanks, as a proxy would send it too: a key is for its bytes.
body() {		# ITEM
	printf '{"items":["%s"],"pay_with":"credit"}' "$1"
}

# buy_at_once KEY ITEM COUNT: all with one key, so that one is a purchase and
# the others repeat it; "STATUS RETRY-AFTER" of each in $WORK/KEY
buy_at_once() {
	local urls=() given i
	for ((i = 0; i < $3; i++)); do
		urls+=(-o "$WORK/$1-$i" "$SHOP/v1/purchases")
	done
	curl -sS -Z --parallel-immediate --max-time 60 \
	    -w '%{http_code} %header{Retry-After}\n' \
	    -H "Authorization: Bearer $SESSION" -H "Idempotency-Key: $1" \
	    --json "$(body "$2")" \
	    "${urls[@]}" >"$WORK/$1" 2>>"$WORK/errors"
	mapfile -t given < <(jq -r '.access[]? |
	    .security_token, .download_key' "$WORK/$1"-*)
	secret "${given[@]}"
}

hold_syncs
buy_at_once first "$polka" 1 &
first=$!
ok 'a purchase waits for the disk' wait_until 60 sync_is_held
buy_at_once others "$ITEM" "$COUNT" &
others=$!
ok 'those that the queue does not take are told at once' \
    wait_until 60 told_busy $((COUNT - QUEUE))
is "$(metric commerced_jobs_waiting)" "$QUEUE" 'the others wait'
http "$SHOP/v1/items/$ITEM"
status_is 200 'an item is read meanwhile'
buyer GET /v1/account
status_is 200 'and an account'
purchase again "$ITEM"
problem_is 503 busy 'one more is told busy'
like "$(header Retry-After)" '^[1-9][0-9]*$' '  and when to come again'
release_syncs
wait "$first" "$others"
is "$(<"$WORK/first")" '201 ' 'then the first one is made'
is "$(sort "$WORK/others" | uniq -c | awk '{ print $2, $3 " x" $1 }' |
    paste -sd ,)" "200  x$((QUEUE - 1)),201  x1,503 1 x$((COUNT - QUEUE))" \
    'and of those that waited one, which the others repeat'
buyer GET /v1/account
is "$(json .balance.amount)" $((500 - 1 - 99)) 'each was paid once'
buyer POST /v1/purchases -H 'Idempotency-Key: others' --json "$(body "$ITEM")"
status_is 200 'who was told busy comes again and finds it made'
done_testing

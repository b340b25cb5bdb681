#!/bin/bash
# Everything that a purchase may be refused for, each with its status and type
# and nothing bought; a key that is used again; two at the same time.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

balance() {
	buyer GET /v1/account
	json .balance.amount
}

start_stored
start_commerced
make_file "$WORK/tune.ogg" 1000
make_item 'First' 100 "$WORK/tune.ogg"; first=$ITEM
make_item 'Second' 150 "$WORK/tune.ogg"; second=$ITEM
make_item 'Dear' 100000 "$WORK/tune.ogg"; dear=$ITEM
make_item 'Free' 0 "$WORK/tune.ogg"; free=$ITEM
make_item 'Withdrawn' 100 "$WORK/tune.ogg"; withdrawn=$ITEM
admin DELETE "/items/$withdrawn"
draft_item 'Draft' 100; draft=$ITEM
unknown=0193a000-0000-7000-8000-000000000000
register
redeem "$(gift_code 1000)"

# --- refused, and nothing happens ----------------------------------------------------
for what in "unknown $unknown" "a draft $draft" "withdrawn $withdrawn"; do
	purchase "$(random_hex 8)" "$first" "${what##* }"
	problem_is 409 item-not-on-sale "an item that is ${what% *}"
	is "$(json '.items | join(" ")')" "${what##* }" '  which is named'
done
purchase "$(random_hex 8)"
problem_is 400 out-of-range 'no item at all'
is "$(json .member)" items '  items is at fault'
mapfile -t many < <(for ((i = 0; i < 101; i++)); do
	printf '0193a000-0000-7000-8000-%012d\n' "$i"
done)
purchase "$(random_hex 8)" "${many[@]}"
problem_is 400 out-of-range '101 items'
purchase "$(random_hex 8)" "$first" "$second" "$first"
problem_is 400 duplicate-item 'the same item twice'
purchase "$(random_hex 8)" "$dear"
problem_is 402 payment-required 'a balance that is too low'
is "$(json '[.missing.amount, .missing.currency] | map(tostring) |
    join(" ")')" '99000 EUR' '  what is missing is said'
buyer POST /v1/purchases --json "{\"items\": [\"$first\"], \"pay_with\": \"credit\"}"
problem_is 400 idempotency-key-missing 'no Idempotency-Key'
for key in "Idempotency-Key: $(printf 'k%.0s' {1..65})" 'Idempotency-Key;' \
    $'Idempotency-Key: a\tb' 'Idempotency-Key: ü'; do
	buyer POST /v1/purchases -H "$key" \
	    --json "{\"items\": [\"$first\"], \"pay_with\": \"credit\"}"
	problem_is 400 out-of-range "a key that is none: ${key:0:24}"
done
buyer POST /v1/purchases -H 'Idempotency-Key: e' --json "{\"items\":
    [\"$first\"], \"pay_with\": \"credit\", \"expect_total\":
    {\"amount\": 99, \"currency\": \"EUR\"}}"
problem_is 409 price-changed 'another total than expected'
is "$(json .total.amount)" 100 '  the total of now is said'
buyer POST /v1/purchases -H 'Idempotency-Key: e' --json "{\"items\":
    [\"$first\"], \"pay_with\": \"invoice\"}"
problem_is 400 out-of-range 'another way to pay'
buyer POST /v1/purchases -H 'Idempotency-Key: e' --json \
    "{\"items\": [\"$first\", 7], \"pay_with\": \"credit\"}"
problem_is 400 wrong-type 'an id that is a number'
buyer POST /v1/purchases -H 'Idempotency-Key: e' --json \
    '{"items": ["not-an-id"], "pay_with": "credit"}'
problem_is 400 out-of-range 'an id that is none'
is "$(balance)" 1000 'nothing was paid so far'
buyer GET /v1/library
is "$(json '.items | length')" 0 'and nothing is owned'

# --- bought, and again ------------------------------------------------------------------
purchase "$(random_hex 8)" "$free"
is "$STATUS $(json .total.amount)" '201 0' 'what is free costs nothing'
key=$(random_hex 16)
purchase "$key" "$first"
is "$STATUS $(header Idempotency-Replayed)" '201 ' 'a purchase'
id=$(json .id)
purchase "$key" "$first"
is "$STATUS $(header Idempotency-Replayed) $(json .id)" "200 true $id" \
    'the same request again is the same purchase'
is "$(json '.access | length')" 1 '  with access made anew'
purchase "$key" "$second"
problem_is 409 idempotency-key-reused 'the same key for another body'
purchase "$(random_hex 8)" "$second" "$first"
problem_is 409 already-owned 'one of them is owned'
is "$(json '.owned | join(" ")')" "$first" '  which is named'
is "$(balance)" 900 'paid once'
buyer POST /v1/purchases -H "Idempotency-Key: quiet" --json "{\"items\":
    [\"$second\"], \"pay_with\": \"credit\", \"access\": false,
    \"expect_total\": {\"amount\": 150, \"currency\": \"EUR\"}}"
is "$STATUS $(json 'has("access")')" '201 false' \
    'bought with the total expected, without access in the answer'
one=$SESSION
register
SESSION_2=$SESSION
redeem "$(gift_code 100)"
purchase "$key" "$first"
status_is 201 "another account's key is another key"
SESSION=$one

# --- two at the same time -----------------------------------------------------------------
# at_once ITEM KEY-1 KEY-2: their statuses, in order
at_once() {
	local item=$1 key pids=() pid
	shift
	for key in "$@"; do
		curl -sS --max-time 60 -o "$WORK/once-$key" -w '%{http_code}\n' \
		    -H "Authorization: Bearer $SESSION" \
		    -H "Idempotency-Key: ${key%-*}" --json "{\"items\":
		    [\"$item\"], \"pay_with\": \"credit\"}" \
		    "$SHOP/v1/purchases" >"$WORK/status-$key" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	for key in "$@"; do
		cat "$WORK/status-$key"
		secret "$(jq -r '.access[]?.security_token' "$WORK/once-$key")" \
		    "$(jq -r '.access[]?.download_key' "$WORK/once-$key")"
	done | sort | tr '\n' ' '
}

for i in 1 2 3; do
	make_item "Race $i" 30 "$WORK/tune.ogg"
	is "$(at_once "$ITEM" same$i-a same$i-b)" '200 201 ' \
	    'two with the same key: one purchase and its repetition'
	make_item "Race again $i" 30 "$WORK/tune.ogg"
	is "$(at_once "$ITEM" one$i-a two$i-b)" '201 409 ' \
	    'two with keys of their own: one purchase, the other owns it already'
done
is "$(balance)" $((1000 - 100 - 150 - 6 * 30)) 'each was paid once'
SESSION=$SESSION_2
make_item 'Last' 60 "$WORK/tune.ogg"; last=$ITEM
redeem "$(gift_code 60)"
make_item 'Rival' 60 "$WORK/tune.ogg"
purchase "$(random_hex 8)" "$last" "$ITEM"
problem_is 402 payment-required 'both together are too much'
purchase "$(random_hex 8)" "$last"
status_is 201 'one is not'
is "$(balance)" 0 'and nothing is left'
done_testing

#!/bin/bash
# Money back line by line: the other lines' files stay; a part that made an
# album cheaper goes back only after it; receipts tell tax and seller.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

refund() {		# PURCHASE KEY [ITEM...]
	local id=$1 key=$2
	shift 2
	admin POST "/purchases/$id/refund" -H "Idempotency-Key: $key" --json \
	    "$(jq -n '{reason: "asked for"} + if $ARGS.positional == [] then {}
	    else {lines: $ARGS.positional} end' --args "$@")"
}

balance() {
	buyer GET /v1/account
	json .balance.amount
}

commerced_conf shop-legal-name 'A Shop Ltd.'
commerced_conf shop-tax-id DE123456789
commerced_conf tax-rate 19
start_stored
start_commerced
items=()
files=()
for i in 0 1 2; do
	make_file "$WORK/track-$i.ogg" $((1000 + i))
	make_item "Track $i" 119 "$WORK/track-$i.ogg"
	items+=("$ITEM")
	files+=("$FILE_ID")
done
draft_item 'Album' 300 album; album=$ITEM
admin PATCH "/items/$album" --json "$(jq -n '{contains: $ARGS.positional}' \
    --args "${items[@]}")"
publish "$album"
register
redeem "$(gift_code 1000)"

# --- a receipt -------------------------------------------------------------------
purchase a "${items[@]:0:2}"
id=$(json .id)
is "$(json '[.seller.legal_name, .seller.tax_id, .tax_rate, .tax.amount] |
    map(tostring) | join(" ")')" 'A Shop Ltd. DE123456789 19.00 38' \
    'a receipt tells seller, tax and rate'
is "$(json '[.lines[].tax.amount] | map(tostring) | join(" ")')" '19 19' \
    '  the tax is contained in each line'

# --- one line --------------------------------------------------------------------
link_url=$(json '.access[0].url')
link_token=$(json '.access[0].security_token')
refund "$id" r1 "${items[0]}"
is "$STATUS $(json '[.status, .refund.amount.amount, .refund.lines[0]] |
    map(tostring) | join(" ")')" "201 part-refunded 119 ${items[0]}" \
    'one line is refunded'
refund "$id" r1 "${items[0]}"
is "$STATUS $(header Idempotency-Replayed) $(json .refund.amount.amount)" \
    '200 true 119' 'the same request again is the same refund'
refund "$id" r1 "${items[1]}"
problem_is 409 idempotency-key-reused 'another with its key is refused'
is "$(balance)" $((1000 - 119)) 'the money came back once'
buyer POST "/v1/library/${files[0]}/access"
problem_is 404 not-found 'fresh access to what was refunded is refused'
download "$link_url" "$link_token" "$WORK/sealed"
status_is 200 '  a link given out before lives until it expires'
access "${files[1]}"
download "$URL" "$TOKEN" "$WORK/sealed"
open_sealed "$KEY" "$WORK/sealed" "$WORK/plain"
ok 'the other line opens as before' cmp "$WORK/plain" "$WORK/track-1.ogg"
buyer GET "/v1/purchases/$id"
is "$(json '[.status, .total.amount, .refunded.amount, .lines[].status] |
    map(tostring) | join(" ")')" 'part-refunded 238 119 refunded paid' \
    'the receipt tells of it'

# --- refused ---------------------------------------------------------------------
refund "$id" r2 "${items[0]}"
problem_is 409 already-refunded 'what is refunded is not refunded again'
refund "$id" r2 "${items[1]}" "${items[1]}"
problem_is 400 duplicate-item 'nor twice at once'
refund "$id" r2 "${items[2]}"
problem_is 400 out-of-range 'nor what was not in it'
refund 0193a000-0000-7000-8000-000000000000 r2
problem_is 404 not-found 'nor without a purchase'
admin POST "/purchases/$id/refund" --json '{"reason": "x"}'
problem_is 400 idempotency-key-missing 'nor without a key'
admin POST "/purchases/$id/refund" -H 'Idempotency-Key: r2' --json '{}'
problem_is 400 wrong-type 'nor without a reason'

# --- deduct, then refund -----------------------------------------------------------
buy "$album"
is "$(json .total.amount)" $((300 - 119)) 'an album less what is owned'
whole=$PURCHASE
refund "$id" r3 "${items[1]}"
problem_is 409 not-refundable 'what was deducted from it stays paid'
is "$(json '.items | join(" ")')" "${items[1]}" '  and is named'
refund "$id" r3
problem_is 409 not-refundable 'also when all is asked for'
refund "$whole" r3
is "$STATUS $(json .refund.amount.amount)" '201 181' 'the album goes back'
refund "$id" r4
is "$STATUS $(json .status)" '201 refunded' '  then the part'
is "$(balance)" 1000 'and nothing was gained or lost'
buyer GET /v1/library
is "$(json '.items | length')" 0 'nothing is owned'
done_testing

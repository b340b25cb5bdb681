#!/bin/bash
# A shop that takes its money elsewhere: its webhook for a paid order, all of
# it curl and jq, asks for a fulfilment, twice, since webhooks are repeated;
# the buyer claims once and downloads.  Gifts go the same way.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# --- the other shop's side --------------------------------------------------------
# Called with the payment provider's event; prints the mail to the buyer.
webhook_paid() {	# EVENT-FILE
	local order
	order=$(jq -r .order "$1")
	admin POST /fulfilments -H "Idempotency-Key: paid-$order" --json \
	    "$(jq '{items: .products, reference: .order}' "$1")"
	expect 201 200
	remember_access
	printf 'Your code: %s\n' "$(json .claim_code)"
}

# claim CODE: as the signed-in buyer
claim() {
	secret "$1" "${1//-/}"
	buyer POST /v1/claims --json "$(jq -n --arg code "$1" '{code: $code}')"
}

start_stored
start_commerced
make_file "$WORK/one.epub" 3000
make_item 'A book' 900 "$WORK/one.epub"; book=$ITEM
make_file "$WORK/two.ogg" 2000
make_item 'A song' 100 "$WORK/two.ogg"; song=$ITEM
draft_item 'A draft' 1; draft=$ITEM
jq -n --arg book "$book" --arg song "$song" \
    '{order: "2026-0017", products: [$book, $song]}' >"$WORK/event"

webhook_paid "$WORK/event" >"$WORK/mail"
is "$STATUS $(json '[.reference, .items[]] | join(" ")')" \
    "201 2026-0017 $book $song" 'a paid order is fulfilled'
webhook_paid "$WORK/event" >"$WORK/mail-again"
is "$STATUS $(header Idempotency-Replayed) $(<"$WORK/mail-again")" \
    "200 true $(<"$WORK/mail")" 'the repeated webhook gets the same code'
code=$(sed 's/Your code: //' "$WORK/mail")

# --- the buyer ---------------------------------------------------------------------
register
claim "$(tr '[:upper:]' '[:lower:]' <<<"$code")"
is "$STATUS $(json '.items | join(" ")') $(json '.access | length')" \
    "200 $book $song 2" 'the buyer claims it, as people type'
take_access '.access[0]'
download "$URL" "$TOKEN" "$WORK/sealed"
open_sealed "$KEY" "$WORK/sealed" "$WORK/plain"
ok '  and opens the book' cmp "$WORK/plain" "$WORK/one.epub"
claim "$code"
is "$STATUS $(json '.access | length')" '200 2' 'again changes nothing'
buyer GET /v1/purchases
is "$(json '.items | length')" 0 'no receipt was made'
purchase a "$song"
problem_is 409 already-owned 'what was claimed is owned'
first=$SESSION
register
claim "$code"
problem_is 409 code-used 'nobody else can claim it'
claim ZZZZ-ZZZZ-ZZZZ-ZZZZ
problem_is 404 code-unknown 'nor what is no code'

# --- refused -----------------------------------------------------------------------
fulfil() {		# KEY BODY
	admin POST /fulfilments -H "Idempotency-Key: $1" --json "$2"
}
fulfil b "{\"items\": [\"$draft\"], \"reference\": \"x\"}"
problem_is 409 item-not-on-sale 'a draft is not fulfilled'
fulfil b "{\"items\": [\"$song\", \"$song\"], \"reference\": \"x\"}"
problem_is 400 duplicate-item 'nothing twice'
fulfil b "{\"items\": [\"$song\"]}"
problem_is 400 wrong-type 'nothing without a reference'
fulfil paid-2026-0017 "{\"items\": [\"$song\"], \"reference\": \"x\"}"
problem_is 409 idempotency-key-reused 'nothing else with the same key'

# --- a gift ------------------------------------------------------------------------
redeem "$(gift_code 100)"
buyer POST /v1/purchases -H 'Idempotency-Key: g' --json "{\"items\":
    [\"$song\"], \"pay_with\": \"credit\", \"as_gift\": true}"
is "$STATUS $(json 'has("access")') $(json .as_gift)" '201 false true' \
    'bought for somebody else: a code, and no access'
code=$(json .claim_code)
gift=$(json .id)
buyer POST /v1/purchases -H 'Idempotency-Key: g' --json "{\"items\":
    [\"$song\"], \"pay_with\": \"credit\", \"as_gift\": true}"
is "$STATUS $(json .claim_code)" "200 $code" 'the repetition shows it again'
buyer GET /v1/library
is "$(json '.items | length')" 0 'the giver does not own it'
SESSION=$first
claim "$code"
problem_is 409 already-owned 'who has it already does not use the code up'
register
claim "$code"
is "$STATUS $(json '.items | join(" ")')" "200 $song" 'another friend claims'
admin POST "/purchases/$gift/refund" -H 'Idempotency-Key: r' \
    --json '{"reason": "asked for"}'
is "$STATUS $(json .status)" '201 refunded' 'the gift is refunded'
buyer GET /v1/library
is "$(json '.items | length')" 0 '  and has ended for the friend'
done_testing

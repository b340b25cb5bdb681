#!/bin/bash
# An album of ten tracks: three are owned and deducted, as the quote said; the
# rest is in the library and opens with age; what is put in later is there too.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

quote() {		# ITEM...
	buyer POST /v1/quotes --json "$(jq -n '{items: $ARGS.positional}' \
	    --args "$@")"
}

contain() {		# CONTAINER ITEM...
	local container=$1
	shift
	admin PATCH "/items/$container" --json "$(jq -n \
	    '{contains: $ARGS.positional}' --args "$@")"
}

start_stored
start_commerced
tracks=()
for i in {0..9}; do
	make_file "$WORK/track-$i.ogg" $((1000 + i))
	make_item "Track $i" 100 "$WORK/track-$i.ogg"
	tracks+=("$ITEM")
done
draft_item 'The album' 700 album; album=$ITEM

# --- made ------------------------------------------------------------------------
contain "$album" "$album"
problem_is 400 out-of-range 'an album does not contain itself'
is "$(json .member)" contains '  contains is at fault'
contain "$album" "${tracks[0]}" "${tracks[0]}"
problem_is 400 duplicate-item 'nor anything twice'
contain "$album" "${tracks[@]:0:9}"
is "$STATUS $(json '.contains | join(" ")')" "200 ${tracks[*]:0:9}" \
    'nine tracks are in it, in their order'
publish "$album"
draft_item 'A bundle' 900 bundle; bundle=$ITEM
draft_item 'A box' 900 bundle; box=$ITEM
contain "$bundle" "$album"
publish "$bundle"
contain "$box" "$bundle"
admin POST "/items/$box/publish"
problem_is 409 not-publishable 'three levels are not put on sale'
is "$(json '.missing | join(" ")')" contains '  for what it contains'
contain "$album" "$box"
problem_is 409 not-publishable 'nor does what is on sale become a ring'
draft_item 'Nothing yet' 1; empty=$ITEM
contain "$album" "${tracks[@]}" "$empty"
problem_is 409 not-publishable 'nor does it give what has no file'
is "$(json '.missing | join(" ")')" "contains/$empty" '  which is named'

# --- bought ----------------------------------------------------------------------
register
redeem "$(gift_code 5000)"
purchase a "${tracks[@]:0:3}"
status_is 201 'three tracks are bought'
quote "$album"
is "$STATUS $(json '[.lines[0].price, .lines[0].deducted, .total] |
    map(.amount) | join(" ")')" '200 700 300 400' \
    'the album is quoted with them deducted'
quote "$album" "${tracks[4]}"
problem_is 409 already-owned 'not together with what it contains'
is "$(json '.owned | join(" ")')" "${tracks[4]}" '  which is named'
quote "$album" "$box"
problem_is 409 item-not-on-sale 'a quote is no way around the shelf'
buyer POST /v1/purchases -H 'Idempotency-Key: b' --json "{\"items\":
    [\"$album\"], \"pay_with\": \"credit\", \"expect_total\":
    {\"amount\": 400, \"currency\": \"EUR\"}}"
is "$STATUS $(json .total.amount) $(json .lines[0].deducted.amount)" \
    '201 400 300' 'and costs what was quoted'
is "$(json '.access | length')" 9 'with access to all that it contains'
take_access '.access[] | select(.name == "track-8.ogg")'
download "$URL" "$TOKEN" "$WORK/sealed"
open_sealed "$KEY" "$WORK/sealed" "$WORK/plain"
is "$(sha256 "$WORK/plain")" "$(sha256 "$WORK/track-8.ogg")" \
    'a track of it opens with age'
buyer GET /v1/account
is "$(json .balance.amount)" $((5000 - 300 - 400)) 'all was paid once'
buyer GET '/v1/library?limit=100'
is "$(json '.items | length') $(json '[.items[].file] | unique |
    length')" '9 9' 'each file is in the library, once'
buyer GET "/v1/items/${tracks[8]}"
is "$(json .owned)" true 'a track of it is owned'
purchase c "${tracks[8]}"
problem_is 409 already-owned 'and not sold again'

# --- later -----------------------------------------------------------------------
contain "$album" "${tracks[@]}"
status_is 200 'a tenth track is put in'
buyer GET '/v1/library?limit=100'
is "$(json '.items | length')" 10 'it is the owner'\''s too'
access "$(json '.items[] | select(.name == "track-9.ogg") | .file')"
contain "$album" "${tracks[@]:1}"
buyer GET "/v1/items/${tracks[3]}"
contain "$album" "${tracks[@]:4}"
buyer GET "/v1/items/${tracks[3]}"
is "$(json .owned)" true 'what is taken out stays with who bought before'
one=$SESSION
register
redeem "$(gift_code 5000)"
buy "$album"
is "$(json '.access | length')" 6 'and is not sold to others'

# What leaves an album before that comes into one that is owned stays out.
draft_item 'A record' 700 album; record=$ITEM
contain "$record" "${tracks[@]:0:2}"
publish "$record"
contain "$record" "${tracks[@]:1:1}"
draft_item 'A shelf' 0 bundle; shelf=$ITEM
contain "$shelf" "${tracks[5]}"
publish "$shelf"
register
buy "$shelf"
contain "$shelf" "${tracks[5]}" "$record"
status_is 200 'an album is put into a bundle that is owned'
buyer GET '/v1/library?limit=100'
is "$(json '[.items[].name] | sort | join(" ")')" \
    'track-1.ogg track-5.ogg' 'its owner gets what is in it, not what was'
buyer GET "/v1/items/${tracks[0]}"
is "$(json .owned)" false '  which is not owned'
SESSION=$one

# --- not on sale yet ----------------------------------------------------------------
admin PATCH "/items/$bundle" --json '{"released": "9999-12-31"}'
quote "$bundle"
problem_is 409 item-not-on-sale 'before its release nothing is on sale'
buyer GET '/v1/items?limit=100'
is "$(json "[.items[].id] | index(\"$bundle\")")" null '  nor listed'
buyer GET "/v1/items/$bundle"
is "$STATUS $(json .released)" '200 9999-12-31' '  but can be looked at'
done_testing

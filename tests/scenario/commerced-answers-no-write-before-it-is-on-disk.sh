#!/bin/bash
# While fsync and fdatasync are held back in commerced, no 2xx leaves it for a
# registration, a redemption, a purchase, or an upload (new or the same again);
# reads go on, and once the syncs are let through, each is answered.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

COMMERCED_WRAP=("${HOLD_SYNC[@]}")
# An upload is answered when it is stored, on a slow machine too.
commerced_conf publish-wait 60s
start_stored
start_commerced
make_file "$WORK/tune.ogg" 100000
make_file "$WORK/other.ogg" 100000
make_item 'A tune' 100 "$WORK/tune.ogg"
register
redeem "$(gift_code 100)"
code=$(gift_code 100)
password=$(random_hex 10)
secret "$password"

answered() {
	[[ -s $WORK/held-status ]]
}

# held EXPECTED-STATUS DESCRIPTION CURL-ARGUMENT...
held() {
	local expected=$1 description=$2 pid
	shift 2
	: >"$WORK/held-status"
	hold_syncs
	curl -sS --max-time 60 -o "$WORK/held-body" -w '%{http_code}' "$@" \
	    >"$WORK/held-status" 2>>"$WORK/held-errors" &
	pid=$!
	ok "$description: a sync is waited for" wait_until 60 sync_is_held
	# Reads are answered while it waits, several one after another.
	for _ in 1 2 3 4 5; do
		http "$SHOP/v1/items/$ITEM"
		expect 200
	done
	not_ok '  no answer leaves while it is held' answered
	release_syncs
	wait "$pid"
	is "$(<"$WORK/held-status")" "$expected" '  and then it is answered'
	secret "$(jq -r '.session_token // empty' "$WORK/held-body")" \
	    "$(jq -r '.access[]?.security_token' "$WORK/held-body")" \
	    "$(jq -r '.access[]?.download_key' "$WORK/held-body")"
}

auth="Authorization: Bearer $SESSION"
people="Authorization: Bearer $ADMIN_TOKEN"
held 201 'a registration' --json \
    "{\"email\": \"held@example.com\", \"password\": \"$password\"}" \
    "$SHOP/v1/accounts"
held 200 'a redemption' -H "$auth" --json "{\"code\": \"$code\"}" \
    "$SHOP/v1/gift-codes/redeem"
held 201 'a purchase' -H "$auth" -H 'Idempotency-Key: held' --json \
    "{\"items\": [\"$ITEM\"], \"pay_with\": \"credit\"}" "$SHOP/v1/purchases"
held 201 'an upload' -H "$people" -H 'Content-Type: audio/ogg' \
    -T "$WORK/other.ogg" "$SHOP/admin/v1/items/$ITEM/files/other.ogg"
held 200 'the same upload again' -H "$people" -H 'Content-Type: audio/ogg' \
    -T "$WORK/other.ogg" "$SHOP/admin/v1/items/$ITEM/files/other.ogg"
held 200 'a change of an item' -X PATCH -H "$people" --json \
    '{"genre": "Dance"}' "$SHOP/admin/v1/items/$ITEM"
done_testing

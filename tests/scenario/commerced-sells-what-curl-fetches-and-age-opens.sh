#!/bin/bash
# The main job from end to end with curl, openssl and age alone: publish, buy,
# download with the token, open with the key; and what an owner sees of it.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# An upload is answered when it is stored, on a slow machine too.
commerced_conf publish-wait 60s
start_stored
start_commerced
make_file "$WORK/waltz.ogg" 300001
make_file "$WORK/notes.pdf" 65536

# --- the shop's people -----------------------------------------------------------
http "$SHOP/v1/shop"
is "$(json '[.name, .commerce_id, .currency, .pay_with[0]] | join("|")')" \
    "A shop under test|$COMMERCE_ID|$CURRENCY|credit" 'the shop says who it is'
like "$(json .server_time)" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$' \
    '  and what time it is'
admin POST /items --json '{"title": "Ein Walzer – Нет", "creator": "A. Tester",
    "kind": "album", "price": {"amount": 299, "currency": "EUR"},
    "genre": "Dance", "description": "Two\nlines", "released": "2024-02-29"}'
status_is 201 'a draft is made'
ITEM=$(json .id)
is "$(header Location)" "/admin/v1/items/$ITEM" '  with its Location'
is "$(json '[.state, .title, .genre, .released, .price.amount,
    (.contains | length), (.files | length), .cover] | map(tostring) |
    join("|")')" 'draft|Ein Walzer – Нет|Dance|2024-02-29|299|0|0|null' \
    '  as it was given'
http "$SHOP/v1/items/$ITEM"
problem_is 404 not-found 'buyers do not see it'
admin POST "/items/$ITEM/publish"
problem_is 409 not-publishable 'nothing to sell yet'
is "$(json '.missing | join(" ")')" files '  what is missing is said'
upload "$ITEM" "$WORK/waltz.ogg" 'a waltz – 1.ogg' 'audio/ogg; codecs=vorbis'
status_is 201 'a file is uploaded and stored'
is "$(json '[.name, .media_type, .size, .version, .state] |
    map(tostring) | join("|")')" \
    'a waltz – 1.ogg|audio/ogg; codecs=vorbis|300001|1|stored' '  as its answer says'
admin PUT "/items/$ITEM/files/notes.pdf" -T - -H 'Content-Type: application/pdf' \
    <"$WORK/notes.pdf"
status_is 201 'so is one in chunks'
size=$(json .sealed_size)
is "$size" $((168 + 16 + 65536 + 16)) '  whose sealed size is that of the format'
upload "$ITEM" "$WORK/waltz.ogg" 'a waltz – 1.ogg' 'audio/ogg; codecs=vorbis'
status_is 200 'the same content again is nothing new'
is "$(json .version)" 1 '  and no version'
publish "$ITEM"
admin POST "/items/$ITEM/publish"
status_is 200 'publishing again changes nothing'
admin PATCH "/items/$ITEM" --json '{"price": {"amount": 250, "currency": "EUR"},
    "genre": null}'
is "$STATUS $(json '[.price.amount, .genre, .title] | map(tostring) |
    join("|")')" '200 250|null|Ein Walzer – Нет' 'PATCH changes what it names'
admin PATCH "/items/$ITEM" -H 'Content-Type: application/merge-patch+json' \
    -d '{"genre": "Dance"}'
is "$STATUS $(json .genre)" '200 Dance' '  also as a merge patch by its own type'
admin PATCH "/items/$ITEM" --json '{"price": {"amount": 240}}'
is "$STATUS $(json '.price | "\(.amount) \(.currency)"')" '200 240 EUR' \
    '  of a price the amount alone'
admin PATCH "/items/$ITEM" --json '{"price": {"currency": "EUR"}}'
is "$STATUS $(json .price.amount)" '200 240' '  or the currency, which it has'
admin PATCH "/items/$ITEM" --json '{"price": {}, "title": "Ein Walzer – Nein"}'
is "$STATUS $(json .price.amount) $(json .title)" '200 240 Ein Walzer – Nein' \
    '  or nothing of it'
for price in '{"currency": "USD"}' '{"amount": null}' '{"currency": null}' \
    '{"tax": 1}' '{"amount": -1}' '{"amount": 1, "currency": null}'; do
	admin PATCH "/items/$ITEM" --json "{\"price\": $price}"
	is "$STATUS" 400 "  but not $price"
done
admin PATCH "/items/$ITEM" --json '{"price": {"amount": 250}}'
admin PATCH "/items/$ITEM" --json '{"title": "Ein Walzer – Нет"}'
is "$STATUS $(json .price.amount)" '200 250' '  and what it does not name stays'
admin POST /items --json '{"title": "T", "creator": "C", "kind": "track",
    "price": {"amount": 1}}'
problem_is 400 wrong-type 'a new item needs the whole price'
admin GET '/items?kind=album'
is "$STATUS $(json '.items | length') $(json .items[0].files[0].state)" \
    '200 1 stored' 'the list of the people tells the state of files'

# --- a buyer -----------------------------------------------------------------------
http -G "$SHOP/v1/items" --data-urlencode 'q=ein wal' --data-urlencode limit=5
is "$STATUS $(json '.items[0].id') $(json .next)" "200 $ITEM null" \
    'search finds it by the beginning of a word'
http -G "$SHOP/v1/facets" --data-urlencode 'q=ein wal' -d limit=5
is "$STATUS $(jq -c . "$BODY")" "200 $(jq -cn '{
    kind: [{value: "album", count: 1}],
    creator: [{value: "A. Tester", count: 1}],
    genre: [{value: "Dance", count: 1}]}')" '  and facets count it'
http "$SHOP/v1/items?sort=popularity"
is "$STATUS $(json '.items[0].id')" "200 $ITEM" '  by popularity as well'
http "$SHOP/v1/items/$ITEM"
is "$(json .owned)" false 'nobody owns it without a session'
is "$(curl -sS -o /dev/null -w '%{http_code}' -I "$SHOP/v1/items/$ITEM")" 200 \
    'HEAD is answered where GET is'
is "$(curl -sS -o /dev/null -D - -X OPTIONS "$SHOP/v1/items/$ITEM" |
    tr -d '\r' | sed -n 's/^Allow: //p')" 'GET, HEAD, OPTIONS' 'and OPTIONS'
register
is "$(json '[.account.email, .account.balance.amount] | map(tostring) |
    join(" ")')" "$EMAIL 0" 'an account has an address and no credit'
redeem "$(gift_code 500)"
is "$(json .balance.amount)" 500 'a gift code is credit'
buy "$ITEM"
is "$(json '[.status, .number, .total.amount, .lines[0].title,
    .lines[0].status, (.access | length)] | map(tostring) | join("|")')" \
    'paid|1|250|Ein Walzer – Нет|paid|2' 'a purchase gives access to both files'
bought=$BODY.bought
cp "$BODY" "$bought"
is "$(header Cache-Control)" 'private, no-store' '  and is kept by no cache'
like "$(header X-Request-Id)" '^[0-9a-f-]{36}$' '  and has a request id'
buyer GET /v1/account
is "$(json .balance.amount)" 250 '  and was paid'
buyer GET "/v1/items/$ITEM"
is "$(json .owned) $(header Cache-Control)" 'true private, no-store' \
    'the item is owned now'

# --- the token, by openssl alone -----------------------------------------------------
is "$TOKEN" "$(sign_url GET "$URL")" \
    'the token is what openssl makes of the URL and the signing key'
like "$URL" "^$STORAGE/media/$OBJECT\\?commerce=$COMMERCE_ID&key=$KEY_ID&expires=[0-9]+&grant=[A-Za-z0-9_-]{22}&name=a%20waltz%20%E2%80%93%201\\.ogg\\.age\$" \
    'the URL has its one form'
expires=$(date -d "$(jq -r '.access[0].expires_at' "$bought")" +%s)
like "$URL" "expires=$expires&" '  with the expiry that the answer tells'
is $(((expires - $(date +%s) + 30) / 60)) 60 '  about an hour from now'

# --- download and open ---------------------------------------------------------------
for i in 0 1; do
	URL=$(jq -r ".access[$i].url" "$bought")
	TOKEN=$(jq -r ".access[$i].security_token" "$bought")
	KEY=$(jq -r ".access[$i].download_key" "$bought")
	download "$URL" "$TOKEN" "$WORK/file.age"
	is "$(sha256 "$WORK/file.age")" "$(jq -r ".access[$i].object" \
	    "$bought")" "file $i: the digest of the download is the object"
	open_sealed "$KEY" "$WORK/file.age" "$WORK/file"
	case $i in
	0) original=waltz.ogg ;;
	*) original=notes.pdf ;;
	esac
	ok "file $i: age opens it to what was published" \
	    cmp "$WORK/file" "$WORK/$original"
done
http "$URL&token=$TOKEN"
status_is 200 'a plain link with the token works too'
# Rows of 24 bytes, and no shorter one; most had no line end or NUL in between.
for original in waltz.ogg notes.pdf; do
	dd if="$WORK/$original" bs=2400 skip=2 count=1 status=none |
	    tr -d '\0\n' | LC_ALL=C fold -b -w 24 |
	    LC_ALL=C grep -a '^.\{24\}$' >"$WORK/parts"
	not_ok "nothing of $original lies on the commerce host in the clear" \
	    env LC_ALL=C grep -rqaF -f "$WORK/parts" "$COMMERCED_STATE"
done
ok '  where it would be found' env LC_ALL=C grep -qaF -f "$WORK/parts" \
    "$WORK/notes.pdf"

# --- what the owner has ----------------------------------------------------------------
file=$(jq -r '.access[0].file' "$bought")
buyer GET /v1/library
is "$(json '[.items[] | select(.completed_at == null)] | length')" 2 \
    'the library has both files, none completed'
access "$file"
is "$(json .object)" "$(jq -r '.access[0].object' "$bought")" \
    'fresh access to the same object'
buyer POST "/v1/library/$file/access" --json '{"version": 1}'
is "$STATUS $(json .version)" '200 1' '  also by the number of its version'
buyer POST "/v1/library/$file/access" --json '{"version": 2}'
problem_is 404 not-found '  not of one that is not there'
size=$(jq -r '.access[0].sealed_size' "$bought")
object=$(jq -r '.access[0].object' "$bought")
buyer POST "/v1/library/$file/completed" \
    --json "{\"object\": \"$object\", \"sealed_size\": $((size + 1))}"
problem_is 422 object-mismatch 'completed with another size'
buyer POST "/v1/library/$file/completed" \
    --json "{\"object\": \"$object\", \"sealed_size\": $size}"
status_is 204 'completed'
buyer GET '/v1/library?unfinished=true'
is "$(json '.items | map(.name) | join(" ")')" notes.pdf \
    'only the other one is unfinished'
purchase_id=$(jq -r .id "$bought")
buyer GET "/v1/purchases/$purchase_id"
is "$STATUS $(json .id) $(json 'has("access")')" "200 $purchase_id false" \
    'the receipt, without access'
buyer GET /v1/purchases
is "$(json '.items | length') $(json .next)" '1 null' 'the list of receipts'

# --- gift codes ---------------------------------------------------------------------------
issue() {		# KEY COUNT
	local code
	admin POST /gift-codes -H "Idempotency-Key: $1" --json \
	    "{\"amount\": {\"amount\": 70, \"currency\": \"EUR\"}, \"count\": $2,
	    \"expires_at\": \"2099-12-31T23:59:59Z\"}"
	while read -r code; do
		secret "$code" "${code//-/}"
	done < <(json '.codes[]?')
}
issue batch 3
is "$STATUS $(json '.codes | unique | length') $(json .expires_at)" \
    '201 3 2099-12-31T23:59:59Z' 'three codes are issued'
like "$(json '.codes[0]')" '^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$' \
    '  in groups of four'
codes=$(json '.codes | join(" ")')
code=$(json '.codes[0]')
issue batch 3
is "$STATUS $(header Idempotency-Replayed) $(json '.codes | join(" ")')" \
    "200 true $codes" 'the same request again shows the same'
issue batch 4
problem_is 409 idempotency-key-reused 'another with the same key is refused'
typed=$(tr 'A-Z01-' 'a-zOI ' <<<"$code")
secret "$typed"
redeem "$typed"
is "$(json .balance.amount)" 320 'a code as people may type it'
redeem "$code"
is "$(json .balance.amount)" 320 'again it adds nothing'

# --- an empty file -------------------------------------------------------------------------
: >"$WORK/empty"
make_item 'Nothing' 0 "$WORK/empty"
buy "$ITEM"
is "$(json '.access[0] | [.size, .sealed_size] | map(tostring) | join(" ")')" \
    '0 200' 'a file of nothing is sold too'
download "$URL" "$TOKEN" "$WORK/empty.age"
open_sealed "$KEY" "$WORK/empty.age" "$WORK/empty.opened"
ok '  and opens to nothing' test ! -s "$WORK/empty.opened"
ITEM=$(jq -r '.lines[0].item' "$bought")

# --- what is another's ------------------------------------------------------------------
register
buyer POST /v1/gift-codes/redeem --json "{\"code\": \"$code\"}"
problem_is 409 code-used "another's code"
buyer GET "/v1/purchases/$purchase_id"
problem_is 404 not-found "another's receipt"
buyer POST "/v1/library/$file/access"
problem_is 404 not-found "access to another's file"
buyer POST "/v1/library/$file/completed" \
    --json "{\"object\": \"$object\", \"sealed_size\": $size}"
problem_is 404 not-found "completing another's file"

# --- who runs it ---------------------------------------------------------------------------
for origin in "$SHOP" "$COMMERCE_ADMIN"; do
	http "$origin/healthz"
	is "$STATUS $(json .status)" '200 ok' "alive, says $origin"
done
http "$COMMERCE_ADMIN/readyz"
is "$STATUS $(json '[.ready, (.reasons | length),
    .files_waiting_for_storage] | map(tostring) | join(" ")')" \
    '200 true 0 0' 'ready'
http "$COMMERCE_ADMIN/metrics"
status_is 200 'metrics'
for line in 'commerced_http_requests_total{code="201"} [1-9]' \
    'commerced_jobs_done_total [1-9]' 'commerced_push_waiting 0' \
    'commerced_push_total{result="stored"} 3'; do
	ok "  ${line% *}" grep -q "^$line" "$BODY"
done

# --- off sale ----------------------------------------------------------------------------
admin DELETE "/items/$ITEM"
status_is 204 'the item is withdrawn'
admin GET "/items/$ITEM"
is "$STATUS $(json .state)" '200 withdrawn' '  which the people see'
buyer GET "/v1/items/$ITEM"
problem_is 404 not-found '  and gone for others'
done_testing

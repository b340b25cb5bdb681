#!/bin/bash
# JSON, queries and paths that are wrong in every way we know: each gets its
# documented status, type and member, and the daemon serves on.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

start_stored
start_commerced
register

# body SLUG MEMBER DESCRIPTION BYTES: to /admin/v1/items, as printf %b writes it
body() {
	printf '%b' "$4" >"$WORK/body"
	admin POST /items -H 'Content-Type: application/json' \
	    --data-binary "@$WORK/body"
	is "$STATUS $(jq -r '[.type, .member // "-"] | join(" ")' "$BODY")" \
	    "400 urn:counterfoil:$1 $2" "$3"
}

# with MEMBERS: an item that is right but for them
with() {
	jq -cn --argjson more "$1" '{title: "T", creator: "C", kind: "track",
	    price: {amount: 1, currency: "EUR"}} + $more'
}

# member SLUG MEMBER MEMBERS
member() {
	printf '%s' "$(with "$3")" >"$WORK/body"
	admin POST /items -H 'Content-Type: application/json' \
	    --data-binary "@$WORK/body"
	is "$STATUS $(jq -r '[.type, .member // "-"] | join(" ")' "$BODY")" \
	    "400 urn:counterfoil:$1 $2" "${3:0:60}: $1"
}

# --- not JSON, or not ours ---------------------------------------------------------
body malformed-json - 'nothing' ''
body malformed-json - 'cut in mid-text' '{"title": "T'
body malformed-json - 'cut before the brace' '{"title": "T"'
body malformed-json - 'more behind it' '{} {}'
body malformed-json - 'an array' '[]'
body malformed-json - 'a text' '"title"'
body malformed-json - 'a member twice' '{"title": "T", "title": "T"}'
body malformed-json - 'a member twice, once escaped' \
    '{"title": "T", "t\\u0069tle": "T"}'
body malformed-json - 'a comma too many' '{"title": "T",}'
body malformed-json - 'single quotes' "{'title': 'T'}"
body malformed-json - 'a comment' '{"title": "T" /* no */}'
body malformed-json - 'UTF-8 with a byte missing' '{"title": "\0303"}'
body malformed-json - 'UTF-8 in too many bytes' '{"title": "\0300\0257"}'
body malformed-json - 'a surrogate in UTF-8' '{"title": "\0355\0240\0200"}'
body malformed-json - 'half a surrogate pair' '{"title": "\\ud800"}'
body malformed-json - 'UTF-16' '\0377\0376{\0000}\0000'
body malformed-json - 'a byte order mark' '\0357\0273\0277{}'
body malformed-json - 'a NUL in the text' '{"title": "T\0000T"}'
body malformed-json - 'an escaped NUL' '{"title": "T\\u0000T"}'
body malformed-json - 'a NUL behind it' '{}\0000'
body malformed-json - 'a raw line end in a string' '{"title": "a\nb"}'
body malformed-json - 'NaN' '{"title": NaN}'
body malformed-json - 'a number beyond 64 bits' \
    '{"price": {"amount": 99999999999999999999, "currency": "EUR"}}'
body malformed-json - '17 levels' "$(printf '{"a":%.0s' {1..17})1$(
    printf '}%.0s' {1..17})"
body malformed-json - '60,000 brackets' "{\"title\": $(
    printf '[%.0s' {1..60000})"
body unknown-member a '16 levels are read, and the member is unknown' \
    "$(printf '{"a":%.0s' {1..16})1$(printf '}%.0s' {1..16})"

# --- members -----------------------------------------------------------------------
body wrong-type title 'nothing given' '{}'
member unknown-member colour '{"colour": "red"}'
member unknown-member Title '{"Title": "T"}'
member unknown-member bonus '{"bonus": []}'
member wrong-type contains '{"contains": "x"}'
member unknown-member "$(printf 'x%.0s' {1..64})" \
    "{\"$(printf 'x%.0s' {1..500})\": 1}"
member wrong-type title '{"title": null}'
member wrong-type title '{"title": 7}'
member wrong-type title '{"title": ["T"]}'
member out-of-range title '{"title": ""}'
member out-of-range title "{\"title\": \"$(printf 'x%.0s' {1..501})\"}"
member out-of-range title '{"title": "a\nb"}'
member out-of-range title '{"title": "a\u009bb"}'
member out-of-range title '{"title": "a\u007fb"}'
member wrong-type kind '{"kind": 1}'
member out-of-range kind '{"kind": "Track"}'
member wrong-type price '{"price": 99}'
member wrong-type price '{"price": null}'
member wrong-type price.amount '{"price": {"currency": "EUR"}}'
member wrong-type price.amount '{"price": {"amount": "1", "currency": "EUR"}}'
member wrong-type price.amount '{"price": {"amount": 1.5, "currency": "EUR"}}'
member out-of-range price.amount '{"price": {"amount": -1, "currency": "EUR"}}'
member out-of-range price.amount \
    '{"price": {"amount": 1000000000001, "currency": "EUR"}}'
member wrong-type price.currency '{"price": {"amount": 1}}'
member out-of-range price.currency '{"price": {"amount": 1, "currency": "USD"}}'
member out-of-range price.currency '{"price": {"amount": 1, "currency": "eur"}}'
member unknown-member price.tax \
    '{"price": {"amount": 1, "currency": "EUR", "tax": 1}}'
member out-of-range released '{"released": "2023-02-29"}'
member out-of-range released '{"released": "2023-2-9"}'
member out-of-range released '{"released": "2023-02-01T00:00:00Z"}'
member wrong-type genre '{"genre": 1}'
member out-of-range description \
    "{\"description\": \"$(printf 'x%.0s' {1..32769})\"}"
admin GET /items
is "$(json '.items | length')" 0 'none of it made an item'

# --- types, sizes --------------------------------------------------------------------
printf '{"title": "%s"}' "$(printf 'x%.0s' {1..65600})" >"$WORK/body"
admin POST /items -H 'Content-Type: application/json' \
    --data-binary "@$WORK/body"
problem_is 413 too-large 'more than 64 KiB'
for type in text/plain application/x-www-form-urlencoded \
    'application/json; charset=latin1' application/jsonp; do
	admin POST /items -H "Content-Type: $type" -d '{}'
	problem_is 415 unsupported-media-type "the type $type"
done
admin POST /items -H 'Content-Type:' -d '{}'
problem_is 415 unsupported-media-type 'no type'
printf '{"title": "A", "creator": "B"}' | gzip >"$WORK/body"
admin POST /items -H 'Content-Type: application/json' \
    -H 'Content-Encoding: gzip' --data-binary "@$WORK/body"
problem_is 415 unsupported-media-type 'a content encoding of JSON'

# --- other bodies ------------------------------------------------------------------------
post() {		# STATUS SLUG MEMBER PATH BODY
	buyer POST "$4" --json "$5" -H "Idempotency-Key: $(random_hex 4)"
	is "$STATUS $(jq -r '[.type, .member // "-"] | join(" ")' "$BODY")" \
	    "$1 urn:counterfoil:$2 $3" "$4 ${5:0:60}"
}

post 400 wrong-type items /v1/purchases '{"items": "x", "pay_with": "credit"}'
post 400 wrong-type pay_with /v1/purchases '{"items": ["'"$ACCOUNT"'"]}'
post 400 unknown-member as_present /v1/purchases \
    '{"items": ["'"$ACCOUNT"'"], "pay_with": "credit", "as_present": true}'
post 400 wrong-type access /v1/purchases \
    '{"items": ["'"$ACCOUNT"'"], "pay_with": "credit", "access": "no"}'
post 400 wrong-type code /v1/gift-codes/redeem '{}'
post 404 code-unknown - /v1/gift-codes/redeem '{"code": "not a code"}'
post 404 code-unknown - /v1/gift-codes/redeem '{"code": "0000-0000-0000-0000"}'
post 400 out-of-range code /v1/gift-codes/redeem \
    "{\"code\": \"$(printf 'x%.0s' {1..65})\"}"
post 400 wrong-type object "/v1/library/$ACCOUNT/completed" '{"sealed_size": 1}'
post 400 out-of-range object "/v1/library/$ACCOUNT/completed" \
    '{"object": "ab", "sealed_size": 1}'
post 400 out-of-range object "/v1/library/$ACCOUNT/completed" \
    "{\"object\": \"$(printf 'A%.0s' {1..64})\", \"sealed_size\": 1}"
post 400 out-of-range sealed_size "/v1/library/$ACCOUNT/completed" \
    "{\"object\": \"$(printf 'a%.0s' {1..64})\", \"sealed_size\": -1}"
post 400 out-of-range version "/v1/library/$ACCOUNT/access" '{"version": 0}'
past_proxy post 400 wrong-type version "/v1/library/$ACCOUNT/access" \
    '{"version": 1.0}'

codes() {		# MEMBER SLUG BODY
	admin POST /gift-codes --json "$3" -H "Idempotency-Key: $(random_hex 4)"
	is "$STATUS $(jq -r '[.type, .member // "-"] | join(" ")' "$BODY")" \
	    "400 urn:counterfoil:$2 $1" "gift codes: $3"
}

eur='{"amount": 1, "currency": "EUR"}'
codes count out-of-range "{\"amount\": $eur, \"count\": 0}"
codes count out-of-range "{\"amount\": $eur, \"count\": 1001}"
codes count wrong-type "{\"amount\": $eur, \"count\": true}"
codes amount.amount out-of-range \
    '{"amount": {"amount": 0, "currency": "EUR"}, "count": 1}'
codes expires_at out-of-range \
    "{\"amount\": $eur, \"count\": 1, \"expires_at\": \"2020-01-01T00:00:00Z\"}"
codes expires_at out-of-range \
    "{\"amount\": $eur, \"count\": 1, \"expires_at\": \"tomorrow\"}"
admin POST /gift-codes --json "{\"amount\": $eur, \"count\": 1}"
problem_is 400 idempotency-key-missing 'gift codes without a key'

# --- queries -----------------------------------------------------------------------------
query_is() {		# SLUG MEMBER QUERY
	http "$SHOP/v1/items?$3"
	is "$STATUS $(jq -r '[.type, .member // "-"] | join(" ")' "$BODY")" \
	    "400 urn:counterfoil:$1 $2" "?$3"
}

query_is unknown-member page page=2
query_is unknown-member q 'q=a&q=a'
query_is unknown-member q 'q=a&%71=b'
past_proxy query_is unknown-member - 'q=a&'
past_proxy query_is unknown-member - '&q=a'
past_proxy query_is unknown-member - '%zz=1'
past_proxy query_is out-of-range q 'q=%ff'
query_is out-of-range q 'q=%00'
past_proxy query_is out-of-range q 'q=%4'
query_is out-of-range q "q=$(printf 'x%.0s' {1..201})"
query_is wrong-type limit limit=many
query_is wrong-type limit limit=
query_is wrong-type limit limit=1.0
query_is out-of-range limit limit=0
query_is out-of-range limit limit=101
query_is out-of-range limit limit=-1
query_is out-of-range limit limit=99999999999999999999
query_is out-of-range kind kind=song
query_is out-of-range sort sort=size
query_is out-of-range sort sort=relevance
query_is malformed-cursor - cursor=x
query_is malformed-cursor - cursor=AAAA
http "$SHOP/v1/facets?sort=size"
problem_is 400 out-of-range 'facets take the same query'
http "$SHOP/v1/facets?page=2"
problem_is 400 unknown-member '  and no other'
for value in yes 1 TRUE ''; do
	buyer GET "/v1/library?unfinished=$value"
	problem_is 400 wrong-type "unfinished=$value"
done

for path in /v1/shop "/v1/items/$ACCOUNT" /v1/account "/v1/library/$ACCOUNT/access"; do
	[[ $path == */access ]] && method=POST || method=GET
	buyer "$method" "$path?colour=red"
	is "$STATUS $(json '[.type, .member] | join(" ")')" \
	    '400 urn:counterfoil:unknown-member colour' \
	    "a query where none is taken: $path"
done

# --- paths, methods ----------------------------------------------------------------------
for path in /v1/items/x /v1/items/01934C00-0000-7000-8000-000000000000 \
    /v1/nothing / /v1/items/ /v1//items /admin/v1/items/x; do
	past_proxy http "$SHOP$path" -H "Authorization: Bearer $ADMIN_TOKEN"
	[[ $path == /v1/items/* ]] && http "$SHOP$path"
	problem_is 404 not-found "the path $path"
done
http -X DELETE "$SHOP/v1/items"
problem_is 405 method-not-allowed 'a method that is not taken'
is "$(header Allow)" 'GET, HEAD, OPTIONS' '  and those that are'
http -X GET -d 'x' "$SHOP/v1/items"
problem_is 400 malformed-request 'a body where none is taken'
http "$COMMERCE_ADMIN/v1/items"
problem_is 404 not-found 'buyers are not served on the admin listener'
http "$SHOP/metrics"
problem_is 404 not-found 'metrics are not public'
admin PUT "/items/0193a000-0000-7000-8000-000000000000/files/a.ogg" \
    -T "$WORK/body" -H 'Content-Type: audio/ogg'
problem_is 404 not-found 'an upload to no item'
draft_item 'For files' 1
for name in %2E%2E a%5Cb a%01b %E2%80%AEgpj.exe "$(printf 'x%.0s' {1..252})"; do
	admin PUT "/items/$ITEM/files/$name" -T "$WORK/body" \
	    -H 'Content-Type: audio/ogg'
	problem_is 400 out-of-range "the file name ${name:0:20}"
done
for type in '' audio 'audio/' 'audio/ogg, x/y' "a/$(printf 'x%.0s' {1..200})"; do
	admin PUT "/items/$ITEM/files/a.ogg" -T "$WORK/body" \
	    -H "Content-Type: $type"
	problem_is 415 unsupported-media-type "the media type '${type:0:20}'"
done
admin PUT "/items/$ITEM/files/a.ogg" -T "$WORK/body" \
    -H 'Content-Type: audio/ogg' -H 'Content-Encoding: gzip'
problem_is 415 unsupported-media-type 'a content encoding'
admin PUT "/items/$ITEM/files/a.ogg" -T "$WORK/body" \
    -H 'Content-Type: audio/ogg' -H 'Content-Range: bytes 0-1/5'
problem_is 400 malformed-request 'a piece of a file'
is "$(find "$COMMERCED_STATE/sealed" -type f | wc -l)" 0 \
    'none of it left a file'
http "$SHOP/v1/shop"
status_is 200 'the daemon serves on'
done_testing

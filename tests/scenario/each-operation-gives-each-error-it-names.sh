#!/bin/bash
# Every operation of docs/api/openapi.yaml gives each error that it names there:
# what is said of who asks, of JSON and of queries by tables, the rest one by
# one.  Whether one is missing is for last-every-answer-is-as-described.sh.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/faults/faults.sh
. "$ROOT/tests/faults/faults.sh"

NOBODY=$(random_hex 4)-0000-7000-8000-000000000000

# ask METHOD PATH [CURL-ARGUMENT...]: by the buyer or, by the path, by the
# shop's people; with a key, for those who want one
ask() {
	local method=$1 path=$2
	shift 2
	set -- -H "Idempotency-Key: $(random_hex 16)" "$@"
	case $path in
	/admin/v1/*) admin "$method" "${path#/admin/v1}" "$@" ;;
	*) buyer "$method" "$path" "$@" ;;
	esac
}

# --- who asks ---

# by_a_session METHOD PATH [JSON]
by_a_session() {
	local name="$1 $2" session=$SESSION
	local arguments=(-X "$1" "$SHOP$2")
	[[ -z ${3:-} ]] || arguments+=(--json "$3")
	http "${arguments[@]}"
	problem_is 401 session-missing "$name: nobody"
	http "${arguments[@]}" -H 'Authorization: Bearer none-of-ours'
	problem_is 401 session-expired "$name: who was signed in once"
	[[ $1 != GET ]] || return 0
	http "${arguments[@]}" -H "Cookie: session=$session" \
	    -H 'Origin: http://elsewhere.example'
	problem_is 403 origin-refused "$name: another site"
}

# by_people METHOD PATH [JSON]
by_people() {
	http -X "$1" -H 'Authorization: Bearer wrong' ${3:+--json "$3"} \
	    "$SHOP/admin/v1$2"
	problem_is 401 admin-token-refused "$1 /admin/v1$2: a wrong token"
}

# --- what is sent ---

# takes_json METHOD PATH GOOD WRONG-TYPE OUT-OF-RANGE: bodies; GOOD need not be
# good for more than its form, an OUT-OF-RANGE of - is none
takes_json() {
	local name="$1 $2"
	printf '%s' "${3%\}}, \"blank\": \"" >"$WORK/large"
	head -c 70000 /dev/zero | tr '\0' ' ' >>"$WORK/large"
	printf '"}' >>"$WORK/large"
	ask "$1" "$2" --json '{"cut": '
	problem_is 400 malformed-json "$name: not JSON"
	ask "$1" "$2" --json "$(jq -c '.colour = "red"' <<<"$3")"
	problem_is 400 unknown-member "$name: a member too many"
	ask "$1" "$2" --json "$4"
	problem_is 400 wrong-type "$name: $4"
	if [[ $5 != - ]]; then
		ask "$1" "$2" --json "$5"
		problem_is 400 out-of-range "$name: ${5:0:40}"
	fi
	ask "$1" "$2" -H 'Content-Type: application/json' \
	    --data-binary "@$WORK/large"
	problem_is 413 too-large "$name: 70,000 bytes"
	ask "$1" "$2" -H 'Content-Type: text/plain' --data-binary "$3"
	problem_is 415 unsupported-media-type "$name: not called JSON"
}

# takes_pages PATH
takes_pages() {
	ask GET "$1?colour=red"
	problem_is 400 unknown-member "GET $1: a parameter too many"
	ask GET "$1?limit=all"
	problem_is 400 wrong-type "GET $1: a limit that is no number"
	ask GET "$1?limit=0"
	problem_is 400 out-of-range "GET $1: a limit of nothing"
	ask GET "$1?cursor=somewhere"
	problem_is 400 malformed-cursor "GET $1: a cursor of somebody else"
}

# --- a shop ---

fault_wrap "$COMMERCED_STATE"
# Codes that are given out a day ago have expired today.
BACK=(env "LD_PRELOAD=$BUILD/test/shift-clock.so" "SHIFT_CLOCK_S=-172800")
COMMERCED_WRAP=("${BACK[@]}")
make_file "$WORK/tune.ogg" 3000
start_stored
start_commerced
register
admin POST "/accounts/$ACCOUNT/reset-code"
status_is 201 'a reset code, two days ago'
old_reset=$(json .code)
admin POST /gift-codes -H 'Idempotency-Key: of-two-days-ago' --json "$(jq -n \
    --arg at "$(date -u -d '1 day ago' +%FT%TZ)" '{count: 1, expires_at: $at,
    amount: {amount: 5, currency: "EUR"}}')"
status_is 201 'a gift code that was good for a day'
old_gift=$(json '.codes[0]')
secret "$old_reset" "$old_gift"
stop_commerced
COMMERCED_WRAP=("${FAULTS[@]}")
start_commerced
make_item 'A tune' 10 "$WORK/tune.ogg"
tune=$ITEM file=$FILE_ID
make_item 'Another' 10 "$WORK/tune.ogg"
another=$ITEM
register
redeem "$(gift_code 1000)"
buy "$tune"
bought=$PURCHASE
long=$(printf 'x%.0s' {1..1100})

buyer POST /v1/gift-codes/redeem --json "{\"code\": \"$old_gift\"}"
problem_is 410 code-expired 'a gift code has its day'
buyer POST /v1/password-resets --json "$(jq -n --arg code "$old_reset" \
    '{code: $code, password: "ten characters"}')"
problem_is 410 code-expired 'so has a reset code'

# --- by tables ---

items="{\"items\": [\"$another\"]}"
wrong_items='{"items": "all"}'
no_items='{"items": []}'
code='{"code": "0000-0000-0000-0000"}'
wrong_code='{"code": 7}'
long_code="{\"code\": \"${long:0:100}\"}"
money='{"amount": 5, "currency": "EUR"}'
email='{"email": "a@example.com", "password": "ten characters"}'
wrong_email='{"email": 7, "password": "ten characters"}'
long_password="{\"email\": \"a@example.com\", \"password\": \"$long\"}"

while IFS='|' read -r method path good wrong range; do
	by_a_session "$method" "$path" "$good"
	[[ -z $good ]] || takes_json "$method" "$path" "$good" "$wrong" "$range"
done <<END
GET|/v1/sessions|||
DELETE|/v1/session|||
DELETE|/v1/sessions/$NOBODY|||
GET|/v1/account|||
PATCH|/v1/account|{"old_password": "$PASSWORD"}|{"old_password": 7}|{"old_password": "$PASSWORD", "password": "$long"}
DELETE|/v1/account|||
GET|/v1/account/export|||
POST|/v1/gift-codes/redeem|$code|$wrong_code|$long_code
POST|/v1/claims|$code|$wrong_code|$long_code
POST|/v1/quotes|$items|$wrong_items|$no_items
POST|/v1/purchases|{"items": ["$another"], "pay_with": "credit"}|{"items": 7, "pay_with": "credit"}|{"items": [], "pay_with": "credit"}
GET|/v1/purchases|||
GET|/v1/purchases/$bought|||
GET|/v1/library|||
POST|/v1/library/$file/access|{"version": 1}|{"version": "1"}|{"version": 0}
POST|/v1/library/$file/completed|{"object": "$OBJECT", "sealed_size": 7}|{"object": 7, "sealed_size": 7}|{"object": "$OBJECT", "sealed_size": 0}
END

while IFS='|' read -r method path good wrong range; do
	by_people "$method" "$path" "$good"
	[[ -z $good ]] || takes_json "$method" "/admin/v1$path" "$good" \
	    "$wrong" "$range"
done <<END
POST|/items|{"title": "T", "creator": "C", "kind": "track", "price": $money}|{"title": 7, "creator": "C", "kind": "track", "price": $money}|{"title": "", "creator": "C", "kind": "track", "price": $money}
GET|/items|||
GET|/items/$tune|||
PATCH|/items/$tune|{"title": "T"}|{"title": 7}|{"title": ""}
DELETE|/items/$tune|||
POST|/items/$tune/publish|||
PUT|/items/$tune/files/tune.ogg|||
GET|/items/$tune/files/tune.ogg|||
DELETE|/items/$tune/files/tune.ogg|||
POST|/gift-codes|{"amount": $money, "count": 1}|{"amount": $money, "count": "1"}|{"amount": $money, "count": 0}
POST|/fulfilments|{"items": ["$tune"], "reference": "r"}|{"items": 7, "reference": "r"}|{"items": [], "reference": "r"}
GET|/purchases|||
GET|/purchases/$bought|||
GET|/accounts|||
GET|/ledger|||
GET|/sales|||
POST|/purchases/$bought/refund|{"reason": "r"}|{"reason": 7}|{"reason": ""}
POST|/accounts/$ACCOUNT/reset-code|||
END

takes_json POST /v1/accounts "$email" "$wrong_email" "$long_password"
takes_json POST /v1/sessions "$email" "$wrong_email" "$long_password"
takes_json POST /v1/password-resets \
    '{"code": "0000-0000-0000-0000", "password": "ten characters"}' \
    '{"code": 7, "password": "ten characters"}' \
    "{\"code\": \"${long:0:100}\", \"password\": \"ten characters\"}"
for path in /v1/items /v1/sessions /v1/purchases /v1/library /admin/v1/items \
    /admin/v1/purchases /admin/v1/accounts /admin/v1/ledger /admin/v1/sales; do
	takes_pages "$path"
done

# --- one by one ---

ask GET '/v1/facets?limit=all'
problem_is 400 wrong-type 'facets: a limit that is no number'
ask DELETE '/v1/account?colour=red'
problem_is 400 unknown-member 'deleting: a parameter too many'
http -X POST -H 'Origin: http://elsewhere.example' --json "$email" \
    "$SHOP/v1/accounts"
problem_is 403 origin-refused 'registering: another site'
ask POST /v1/sessions --json '{"email": "nobody", "password": "x"}'
problem_is 400 email-malformed 'signing in: no address'
ask POST /v1/quotes --json "{\"items\": [\"$another\", \"$another\"]}"
problem_is 400 duplicate-item 'a quote: an item twice'
for path in "PATCH /admin/v1/items/$NOBODY" "DELETE /admin/v1/items/$NOBODY" \
    "POST /admin/v1/items/$NOBODY/publish" \
    "GET /admin/v1/purchases/$NOBODY" \
    "DELETE /admin/v1/items/$tune/files/none.ogg"; do
	body=()
	[[ $path != PATCH* ]] || body=(--json '{"title": "T"}')
	ask "${path% *}" "${path#* }" "${body[@]}"
	problem_is 404 not-found "$path: nothing there"
done
ask DELETE "/admin/v1/items/$tune/files/tune.ogg"
problem_is 409 not-publishable 'the last file of what is on sale stays'
ask POST /admin/v1/items --json "$(jq -n --arg item "$tune" --argjson price \
    "$money" '{title: "T", creator: "C", kind: "album", $price,
    contains: [$item, $item]}')"
problem_is 400 duplicate-item 'an album with an item twice'
admin POST /fulfilments --json "{\"items\": [\"$tune\"], \"reference\": \"r\"}"
problem_is 400 idempotency-key-missing 'a fulfilment without a key'
ask GET /admin/v1/purchases -H 'Accept: text/csv'
is "$STATUS $(header Content-Type | cut -d ';' -f 1)" '200 text/csv' \
    'the receipts as CSV'
ask POST /v1/purchases --json \
    "{\"items\": [\"$another\"], \"pay_with\": \"credit\", \"as_gift\": true}"
expect 201
gift=$(json .claim_code)
ask POST "/admin/v1/purchases/$(json .id)/refund" --json '{"reason": "r"}'
expect 201
ask POST /v1/claims --json "{\"code\": \"$gift\"}"
problem_is 410 code-expired 'a gift that was refunded'
for _ in {1..11}; do
	ask POST /v1/claims --json "$code"
done
problem_is 429 too-many-attempts 'the eleventh wrong claim code in an hour'

# --- a full disk ---

# on_a_full_disk METHOD PATH [CURL-ARGUMENT...]
on_a_full_disk() {
	local name="$1 $2"
	fault_arm create,write,sync,allocate 1 ENOSPC on '*'
	ask "$@"
	fault_disarm
	problem_is 507 storage-full "$name: a full disk"
	isnt "$FAILED" 0 '  which it was'
}

on_a_full_disk POST /admin/v1/items --json "$(jq -n --argjson price "$money" \
    '{title: "T", creator: "C", kind: "track", $price}')"
on_a_full_disk PATCH "/admin/v1/items/$tune" --json '{"title": "A new title"}'
make_file "$WORK/tune.ogg" 3001
on_a_full_disk PUT "/admin/v1/items/$tune/files/tune.ogg" -T "$WORK/tune.ogg" \
    -H 'Content-Type: audio/ogg'
on_a_full_disk POST /admin/v1/fulfilments \
    --json "{\"items\": [\"$tune\"], \"reference\": \"r\"}"
on_a_full_disk POST "/admin/v1/purchases/$bought/refund" --json '{"reason": "r"}'

# --- covers and previews ---

# shown NAME FILE TYPE TOO-MANY-MIB OTHER-FILE
shown() {
	local name=$1 file=$2 type=$3 path etag
	ask PUT "/admin/v1/items/$tune/$name" -T "$file" -H "Content-Type: $type"
	status_is 201 "a $name"
	for path in /v1 /admin/v1; do
		path+=/items/$tune/$name
		ask GET "$path"
		status_is 200 "GET $path"
		etag=$(header ETag)
		ask GET "$path" -r 0-9
		status_is 206 '  in part'
		ask GET "$path" -H "If-None-Match: $etag"
		status_is 304 '  not changed'
		ask GET "$path" -H 'If-Match: "another"'
		problem_is 412 precondition-failed '  which is another'
		ask GET "$path" -r 99999999-
		problem_is 416 range-not-satisfiable '  behind its end'
	done
	http "$SHOP/v1/items/$tune/$name" -H 'Authorization: Bearer none-of-ours'
	problem_is 401 session-expired "the $name, for who was signed in once"
	shown_wrongly "$@"
}

shown_wrongly() {	# the same
	local path=/items/$tune/$1 method
	by_people GET "$path"
	by_people PUT "$path"
	by_people DELETE "$path"
	ask PUT "/admin/v1$path" -T "$2" -H 'Content-Type: text/html'
	problem_is 415 unsupported-media-type "PUT $1: a page"
	ask PUT "/admin/v1$path" -T "$WORK/tune.ogg" -H "Content-Type: $3"
	problem_is 400 picture-malformed "PUT $1: noise"
	ask PUT "/admin/v1$path" -T "$2" -H "Content-Type: $3" \
	    -H 'Content-Range: bytes 0-9/100'
	problem_is 400 malformed-request "PUT $1: a piece"
	truncate -s "$4M" "$WORK/long"
	ask PUT "/admin/v1$path" -T "$WORK/long" -H "Content-Type: $3" -H Expect:
	problem_is 413 too-large "PUT $1: $4 MiB"
	on_a_full_disk PUT "/admin/v1$path" -T "$5" -H "Content-Type: $3"
	ask DELETE "/admin/v1$path"
	status_is 204 "DELETE $1"
	for method in GET DELETE; do
		ask "$method" "/admin/v1$path"
		problem_is 404 not-found "$method $1: none any more"
	done
	ask GET "/v1$path"
	problem_is 404 not-found '  for buyers too'
	ask PUT "/admin/v1/items/$NOBODY/$1" -T "$2" -H "Content-Type: $3"
	problem_is 404 not-found "PUT $1: of no item"
}

make_picture() {
	perl "$ROOT/tests/tools/make-picture.pl" "$@"
}
make_picture png 9 9 >"$WORK/one.png"
make_picture png 8 8 >"$WORK/two.png"
make_picture wav 1 >"$WORK/one.wav"
make_picture wav 2 >"$WORK/two.wav"
shown cover "$WORK/one.png" image/png 6 "$WORK/two.png"
shown preview "$WORK/one.wav" audio/wav 21 "$WORK/two.wav"

# --- too much at once, and too often ---

stop_commerced
COMMERCED_WRAP=()
commerced_conf password-threads 1
commerced_conf password-queue 1
commerced_conf attempts-by-address 1000
commerced_conf attempts-by-account 1000
start_commerced
# Who has bought nothing has little to export: it is asked for often.  By
# another than whose password is set anew: if that is not too much in the end,
# it ends the sessions.
register
reader=$SESSION
register

CROWD=

# crowd COUNT PATH [CURL-ARGUMENT...]: COUNT requests at once, another for each
# that is answered, until crowd_leaves.  In waves, whoever asks between two of
# them would find nobody waiting.
crowd() {
	local count=$1 path=$2
	shift 2
	curl -sS -Z --parallel-immediate --parallel-max "$count" \
	    -o /dev/null "$@" "$SHOP$path#[1-9999999]" >/dev/null 2>&1 &
	CROWD=$!
}

crowd_leaves() {
	kill "$CROWD"
	wait "$CROWD" || :
	CROWD=
}

scenario_cleanup() {
	[[ -z $CROWD ]] || kill "$CROWD"
}

# NUMBER in the path is another one each time, so that no answer is kept.
is_busy() {
	ask "${@/NUMBER/$RANDOM}"
	[[ $STATUS == 503 ]]
}

# busy_in_the_end METHOD PATH [CURL-ARGUMENT...]
busy_in_the_end() {
	wait_until 60 is_busy "$@" || :
	problem_is 503 busy "$1 $2: too many at once"
	like "$(header Retry-After)" '^[0-9]+$' '  and when to come again'
}

right_email=$(jq -n --arg email "$EMAIL" --arg password "$PASSWORD" \
    '{email: $email, password: $password}')
crowd 8 /v1/sessions --json "$right_email"
busy_in_the_end POST /v1/sessions --json "$right_email"
busy_in_the_end POST /v1/accounts --json "$(jq -n \
    --arg email "$(random_hex 6)@example.com" \
    '{email: $email, password: "ten characters"}')"
busy_in_the_end PATCH /v1/account --json "$(jq -n --arg old "$PASSWORD" \
    '{old_password: $old, password: $old}')"
admin POST "/accounts/$ACCOUNT/reset-code"
reset=$(json .code)
secret "$reset"
busy_in_the_end POST /v1/password-resets --json "$(jq -n --arg code "$reset" \
    --arg password "$PASSWORD" '{code: $code, password: $password}')"
crowd_leaves
SESSION=$reader

# What is slow to look up and short to send, so that others wait for it.  The
# last of the crowd may be signing in still.
sqlite3 -cmd '.timeout 60000' "$COMMERCED_STATE/counterfoil.db" "
	INSERT INTO purchase_line (purchase, position, item, title, price)
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
	SELECT purchase, 1000 + i, item, '', 0 FROM n,
	    (SELECT max(purchase) AS purchase, item FROM purchase_line)"
crowd 200 '/admin/v1/purchases?limit=1' -H "Authorization: Bearer $ADMIN_TOKEN"
busy_in_the_end GET '/v1/facets?creator=NUMBER'
busy_in_the_end GET '/admin/v1/items?q=tune&sort=title'
busy_in_the_end GET /v1/account/export
crowd_leaves

stop_commerced
commerced_conf attempts-by-address 5
start_commerced
for _ in {1..6}; do
	ask POST /v1/accounts --json "$right_email"
done
problem_is 429 too-many-attempts 'registering what is taken, too often'
ask POST /v1/password-resets --json \
    '{"code": "0000-0000-0000-0000", "password": "ten characters"}'
problem_is 429 too-many-attempts 'and a reset after that'
done_testing

#!/bin/bash
# Registration, sign-in, cookies, foreign origins, the limit of attempts, and
# the end of sessions.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

commerced_conf attempts-by-account 3
commerced_conf attempts-by-address 12
start_commerced

credentials() {		# EMAIL PASSWORD
	jq -cn --arg email "$1" --arg password "$2" \
	    '{email: $email, password: $password}'
}

sign_in() {		# EMAIL PASSWORD [CURL-ARGUMENT...]
	local body
	body=$(credentials "$1" "$2")
	shift 2
	http --json "$body" "$@" "$SHOP/v1/sessions"
	remember_access
}

# --- registration -----------------------------------------------------------------
for email in '' a a@ @example.com a@b a@b..com 'a b@example.com' a@-b.com \
    "$(printf 'x%.0s' {1..65})@example.com" 'a@example.com,b@example.com' \
    $'a@example.com\n'; do
	http --json "$(credentials "$email" 'long enough to do')" \
	    "$SHOP/v1/accounts"
	problem_is 400 email-malformed "the address '${email:0:20}'"
done
http --json '{"email": "a@example.com", "password": "ninechars"}' \
    "$SHOP/v1/accounts"
problem_is 400 password-too-short 'nine characters'
http --json '{"email": "a@example.com", "password": "ÄÖÜäöüßẞé"}' \
    "$SHOP/v1/accounts"
problem_is 400 password-too-short 'nine characters in more bytes'
http --json "$(credentials a@example.com "$(printf 'x%.0s' {1..1025})")" \
    "$SHOP/v1/accounts"
problem_is 400 out-of-range 'a password of more than 1024 bytes'
register Some.One@Example.COM 'correct horse battery'
is "$(json .account.email)" some.one@example.com 'one spelling is kept'
first=$SESSION
like "$first" '^[A-Za-z0-9_-]{43}$' 'a session token is 43 characters'
is "$(header Set-Cookie)" '' '  and no cookie without Origin'
http --json "$(credentials some.ONE@example.com 'another password')" \
    "$SHOP/v1/accounts"
problem_is 409 email-taken 'the address again'

# --- sign-in -----------------------------------------------------------------------
sign_in some.one@example.com 'correct horse battery'
status_is 201 'signed in'
second=$(json .session_token)
isnt "$second" "$first" '  with a token of its own'
sign_in some.one@example.com 'wrong horse battery'
problem_is 401 sign-in-refused 'a wrong password'
wrong=$(jq -cS . "$BODY")
sign_in nobody@example.com 'correct horse battery'
problem_is 401 sign-in-refused 'an address that nobody has'
is "$(jq -cS . "$BODY")" "$wrong" '  is answered alike'

# --- attempts ----------------------------------------------------------------------
sign_in some.one@example.com 'wrong horse battery'
problem_is 401 sign-in-refused 'a third failure'
sign_in some.one@example.com 'wrong horse battery'
problem_is 429 too-many-attempts 'the fourth for one address is refused'
like "$(header Retry-After)" '^[1-9][0-9]*$' '  with the time to wait'
sign_in some.one@example.com 'correct horse battery'
problem_is 429 too-many-attempts '  also with the right password, from there'
http -H "Authorization: Bearer $first" "$SHOP/v1/account"
status_is 200 '  while sessions that are there go on'
http --interface 127.0.0.2 --json "$(credentials some.one@example.com \
    'correct horse battery')" "$SHOP/v1/sessions"
remember_access
status_is 201 '  and from elsewhere the owner signs in'
for i in {1..9}; do
	sign_in "nobody-$i@example.com" 'correct horse battery'
done
problem_is 429 too-many-attempts 'many accounts from one address'

# --- the web shop's cookie -------------------------------------------------------------
from=(--interface 127.0.0.3)
http "${from[@]}" -H "Origin: $SHOP" \
    --json "$(credentials web@example.com 'correct horse battery')" \
    "$SHOP/v1/accounts"
is "$STATUS $(json 'has("session_token")')" '201 false' \
    'with the Origin of the shop the answer has no token'
cookie=$(header Set-Cookie)
like "$cookie" '^session=[A-Za-z0-9_-]{43}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax$' \
    '  but a cookie for browsers'
cookie=${cookie%%;*}
secret "${cookie#session=}"
http -H "Cookie: a=b; $cookie; c=d" "$SHOP/v1/account"
is "$STATUS $(json .email)" '200 web@example.com' 'which is a session'
http -H "Cookie: x$cookie" "$SHOP/v1/account"
problem_is 401 session-missing 'a cookie of another name is none'
http -H "Cookie: $cookie; $cookie" "$SHOP/v1/account"
problem_is 401 session-missing 'nor are two of the name'
http -H "Cookie: $cookie" -H "Authorization: Bearer $first" "$SHOP/v1/account"
is "$STATUS $(json .email)" '200 some.one@example.com' 'the header counts first'
http -H "Cookie: $cookie" --json '{"code": "x"}' "$SHOP/v1/gift-codes/redeem"
problem_is 403 origin-refused 'a write by cookie needs the Origin'
for origin in https://evil.example null "$SHOP.evil.example" "$SHOP/"; do
	http -H "Cookie: $cookie" -H "Origin: $origin" --json '{"code": "x"}' \
	    "$SHOP/v1/gift-codes/redeem"
	problem_is 403 origin-refused "  and not $origin"
	http "${from[@]}" -H "Origin: $origin" --json '{}' "$SHOP/v1/sessions"
	problem_is 403 origin-refused '  nor is a session begun from there'
done
http -H "Cookie: $cookie" -H "Origin: $SHOP" --json '{"code": "x"}' \
    "$SHOP/v1/gift-codes/redeem"
problem_is 404 code-unknown 'with it the write goes on'
http -X DELETE -H "Cookie: $cookie" -H "Origin: $SHOP" "$SHOP/v1/session"
is "$STATUS $(header Set-Cookie)" \
    '204 session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax' \
    'signing out takes the cookie back'
http -H "Cookie: $cookie" "$SHOP/v1/account"
problem_is 401 session-expired '  and ends the session'
http -H "Cookie: $cookie" "$SHOP/v1/items/0193a000-0000-7000-8000-000000000000"
problem_is 404 not-found 'which does not keep a browser from looking around'

# --- who is nobody -----------------------------------------------------------------------
http "$SHOP/v1/account"
problem_is 401 session-missing 'no session'
is "$(header WWW-Authenticate)" Bearer '  says what is wanted'
for field in 'Basic eDp5' Bearer "Bearer$first" "Token $first"; do
	http -H "Authorization: $field" "$SHOP/v1/account"
	problem_is 401 session-missing "Authorization: ${field:0:8}"
done
for token in "${first}A" "${first:0:42}" "${first:0:42}!" x; do
	http -H "Authorization: Bearer $token" "$SHOP/v1/account"
	problem_is 401 session-expired 'a token that is none'
done
http -H "Authorization: bearer $first" "$SHOP/v1/account"
status_is 200 'the scheme in any case'
for token in '' x "${ADMIN_TOKEN}x" "${ADMIN_TOKEN%?}" "$first"; do
	http -H "Authorization: Bearer $token" "$SHOP/admin/v1/items"
	problem_is 401 admin-token-refused 'an admin token that is none'
done

# --- lists and ends ------------------------------------------------------------------------
SESSION=$first
buyer GET /v1/sessions
is "$(json '[.items[] | select(.current)] | length') $(json '.items | length')" \
    '1 3' 'three sessions, one of them this one'
other=$(json '[.items[] | select(.current | not)][0].id')
told=$(json '[.items[].id] | join(" ")')
buyer GET '/v1/sessions?limit=2'
paged=$(json '[.items[].id] | join(" ")')
buyer GET "/v1/sessions?limit=2&cursor=$(json .next)"
is "$paged $(json '[.items[].id] | join(" ")') $(json .next)" "$told null" \
    '  the same by pages of two'
buyer GET '/v1/sessions?limit=0'
problem_is 400 out-of-range '  not of none'
buyer GET '/v1/sessions?cursor=x'
problem_is 400 malformed-cursor '  nor from nowhere'
buyer DELETE "/v1/sessions/$other"
status_is 204 'another one is ended'
buyer DELETE "/v1/sessions/$other"
problem_is 404 not-found '  once'
buyer DELETE /v1/session
status_is 204 'and this one'
buyer GET /v1/account
problem_is 401 session-expired '  which is over'

# --- wrong codes, and a proxy --------------------------------------------------------------
stop_commerced
commerced_conf trusted-proxies 127.0.0.1
start_commerced
register
# Ten are looked up, and no more.
for i in {1..10}; do
	buyer POST /v1/gift-codes/redeem --json "{\"code\": \"0000-0000-0000-00$i\"}"
done
problem_is 404 code-unknown 'ten wrong codes'
buyer POST /v1/gift-codes/redeem --json '{"code": "0000-0000-0000-0011"}'
problem_is 429 too-many-attempts 'and no eleventh in the hour'
for i in {1..4}; do
	sign_in nobody@example.com 'wrong horse battery' \
	    -H "X-Forwarded-For: 192.0.2.$i, 192.0.2.1"
done
problem_is 429 too-many-attempts 'behind a proxy the last address counts'
sign_in nobody@example.com 'wrong horse battery' \
    -H 'X-Forwarded-For: 192.0.2.1, 192.0.2.2'
problem_is 401 sign-in-refused '  and another one is apart'

# --- more than the password threads can take ----------------------------------------------------
stop_commerced
commerced_conf trusted-proxies ''
commerced_conf session-lifetime 2s
commerced_conf password-threads 1
commerced_conf password-queue 1
commerced_conf attempts-by-account 1000
commerced_conf attempts-by-address 1000
start_commerced
# All in one process, which opens the connections at once.
mapfile -t urls < <(for _ in {1..10}; do
	printf '%s\n' -o /dev/null "$SHOP/v1/sessions"
done)
curl -sS -Z --parallel-immediate --max-time 60 -w '%{http_code} %header{Retry-After}\n' \
    --json "$(credentials nobody@example.com 'correct horse battery')" \
    "${urls[@]}" 2>/dev/null | sort | uniq -c | awk '{ print $2, $3 }' >"$WORK/busy"
is "$(tr '\n' ';' <"$WORK/busy")" '401 ;503 1;' \
    'what the password threads cannot take is told to come again'
sign_in nobody@example.com 'correct horse battery'
problem_is 401 sign-in-refused '  and is heard then'

# --- a lifetime -------------------------------------------------------------------------------
register
is_over() {
	buyer GET /v1/account
	[[ $STATUS == 401 ]]
}
ok 'a session ends when it is not used' wait_until 30 is_over
problem_is 401 session-expired '  and says so'
done_testing

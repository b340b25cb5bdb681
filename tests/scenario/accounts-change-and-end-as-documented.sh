#!/bin/bash
# A new address or password, reset codes, the export, and the end of an account:
# the books keep its number, and of the person nothing is left in any file.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

commerced_conf attempts-by-account 4
commerced_conf attempts-by-address 40
start_stored
start_commerced
make_file "$WORK/waltz.ogg" 1000
make_item 'A march' 99 "$WORK/waltz.ogg"
ANOTHER=$ITEM
make_item 'A waltz' 99 "$WORK/waltz.ogg"

sign_in() {		# EMAIL PASSWORD: in $SESSION when it succeeds
	SESSION=
	buyer POST /v1/sessions --json "$(jq -cn --arg email "$1" \
	    --arg password "$2" '{email: $email, password: $password}')"
	[[ $STATUS != 201 ]] || SESSION=$(json .session_token)
}

change() {		# JSON
	buyer PATCH /v1/account --json "$1"
}

reset_password() {	# CODE PASSWORD
	http --json "$(jq -cn --arg code "$1" --arg password "$2" \
	    '{code: $code, password: $password}')" "$SHOP/v1/password-resets"
}

# --- a new password, a new address ------------------------------------------------
register mover@example.com 'correct horse battery'
first=$SESSION
sign_in mover@example.com 'correct horse battery'
second=$SESSION
secret 'another horse battery'
change '{"password": "another horse battery"}'
problem_is 400 wrong-type 'a change needs the old password'
change '{"old_password": "correct horse battery"}'
problem_is 400 wrong-type '  and something to change'
change '{"old_password": "correct horse battery", "password": "short"}'
problem_is 400 password-too-short '  to what may be'
change '{"old_password": "correct horse battery", "email": "nobody"}'
problem_is 400 email-malformed '  an address, too'
change '{"old_password": "wrong horse battery", "password": "another horse battery"}'
problem_is 401 sign-in-refused 'a wrong old password changes nothing'
change '{"old_password": "correct horse battery", "password": "another horse battery"}'
is "$STATUS $(json .email)" '200 mover@example.com' 'the password is changed'
buyer GET /v1/account
status_is 200 '  this session goes on'
SESSION=$first
buyer GET /v1/account
problem_is 401 session-expired '  and the others have ended'
sign_in mover@example.com 'correct horse battery'
problem_is 401 sign-in-refused 'the old password opens nothing'
sign_in mover@example.com 'another horse battery'
status_is 201 '  the new one does'
register other@example.com
other=$SESSION
SESSION=$second
change '{"old_password": "another horse battery", "email": "Other@example.com"}'
problem_is 409 email-taken 'an address that somebody has'
change '{"old_password": "another horse battery", "email": "Moved@Example.com"}'
is "$STATUS $(json .email)" '200 moved@example.com' 'the address is changed'
for _ in 1 2 3 4; do
	change '{"old_password": "wrong horse battery", "email": "x@example.com"}'
done
problem_is 401 sign-in-refused 'four wrong old passwords'
change '{"old_password": "another horse battery", "email": "x@example.com"}'
problem_is 429 too-many-attempts '  are enough'
SESSION=$other
change '{"old_password": "'"$PASSWORD"'", "email": "other@example.com"}'
status_is 200 '  for that account alone'

# --- reset codes ------------------------------------------------------------------
admin POST "/accounts/$ACCOUNT/reset-code"
is "$STATUS $(header Cache-Control)" '201 private, no-store' \
    'the people issue a reset code'
code=$(json .code)
secret "$code" "${code//-/}" 'a third horse battery'
like "$(json .expires_at)" '^[0-9]{4}-.*Z$' '  which expires'
admin POST /accounts/0193a000-0000-7000-8000-000000000000/reset-code
problem_is 404 not-found '  for nobody there is none'
reset_password 0000-0000-0000-0000 'a third horse battery'
problem_is 404 code-unknown 'a wrong code'
reset_password "$code" short
problem_is 400 password-too-short 'a short password'
http -H 'Origin: https://evil.example' --json '{}' "$SHOP/v1/password-resets"
problem_is 403 origin-refused 'another site'
reset_password "${code,,}" 'a third horse battery'
status_is 204 'the code sets a new password'
SESSION=$other
buyer GET /v1/account
problem_is 401 session-expired '  and ends every session'
reset_password "$code" 'a fourth horse battery'
problem_is 404 code-unknown '  once'
sign_in other@example.com 'a third horse battery'
status_is 201 'the new password opens'

# --- the export ---------------------------------------------------------------------
redeem "$(gift_code 250)"
buy "$ITEM"
bought=$PURCHASE
admin POST /fulfilments -H "Idempotency-Key: $(random_hex 16)" --json \
    "{\"items\": [\"$ITEM\"], \"reference\": \"order 4711\"}"
expect 201
claim_code=$(json .claim_code)
secret "$claim_code" "${claim_code//-/}"
admin POST "/purchases/$bought/refund" \
    -H "Idempotency-Key: $(random_hex 16)" --json '{"reason": "a mistake"}'
expect 201
buyer POST /v1/claims --json "{\"code\": \"$claim_code\"}"
expect 200
buy "$ANOTHER"
buyer GET /v1/account/export
is "$STATUS $(header Cache-Control)" '200 private, no-store' 'the export'
is "$(json '[.account.email, (.sessions | length), .purchases[1].lines[0].title,
    .owned[0].source, .library[0].name, ([.ledger[].amount] | add),
    .ledger[1].kind, (.idempotency_keys | length), .refunds[0].reason,
    .claims[0].reference] | map(tostring) | join("|")')" \
    'other@example.com|1|A waltz|fulfilment|waltz.ogg|151|sale|2|a mistake|order 4711' \
    '  has all that is held'
not_ok '  and no password' grep -qiE 'hash|horse|scrypt' "$BODY"

# --- the end -------------------------------------------------------------------------
buyer DELETE /v1/account
is "$STATUS $(json .type) $(json .balance.amount)" \
    '409 urn:counterfoil:balance-left 151' 'a balance left is not lost unasked'
buyer DELETE '/v1/account?forfeit=maybe'
problem_is 400 wrong-type '  nor by a typing error'
buyer GET /v1/account
status_is 200 '  and the account is there'
buyer DELETE '/v1/account?forfeit=true'
status_is 204 'it is deleted'
buyer GET /v1/account
problem_is 401 session-expired '  with its sessions'
sign_in other@example.com 'a third horse battery'
problem_is 401 sign-in-refused '  and is unknown'
admin POST "/accounts/$ACCOUNT/reset-code"
problem_is 404 not-found '  to the people as well'

# files_are_without TEXT: not in the database, its log or its index of the log
files_are_without() {
	! grep -qaF "$1" "$COMMERCED_STATE"/counterfoil.db*
}
ok 'its address is in no file of the database' \
    wait_until 60 files_are_without other@example.com
ok '  nor is the one that was given up' \
    wait_until 60 files_are_without mover@example.com
ok '  while that of others is' grep -qaF moved@example.com \
    "$COMMERCED_STATE/counterfoil.db"
is "$(sqlite3 -readonly "$COMMERCED_STATE/counterfoil.db" \
    'SELECT count(*) FROM purchase; SELECT count(*) FROM transfer;
    SELECT sum(balance) FROM account_balance' | xargs)" '2 5 0' \
    'the books are whole'
register other@example.com
status_is 201 'the address may register again'

# A kill between the deletion and its purge: the next start does it.
register killed@example.com
commerced_pid=$COMMERCED_PID
buyer DELETE /v1/account
status_is 204 'another one'
kill -KILL "$commerced_pid"
reap "$commerced_pid" 2>/dev/null
COMMERCED_PID=
start_commerced
ok 'and nothing is left after a kill' \
    files_are_without killed@example.com

# --- a session that is not fresh ------------------------------------------------------
register old@example.com
sqlite3 -cmd '.timeout 60000' "$COMMERCED_STATE/counterfoil.db" \
    "UPDATE session SET created_ms = created_ms - 600000 WHERE account =
    (SELECT id FROM account WHERE email = 'old@example.com')"
buyer DELETE /v1/account
problem_is 403 reauthentication-required 'after ten minutes one signs in again'
sign_in old@example.com "$PASSWORD"
buyer DELETE /v1/account
status_is 204 '  and may go then'

# --- by cookie ----------------------------------------------------------------------------
http -H "Origin: $SHOP" --json '{"email": "web@example.com",
    "password": "correct horse battery"}' "$SHOP/v1/accounts"
cookie=$(header Set-Cookie)
cookie=${cookie%%;*}
secret "${cookie#session=}"
http -X DELETE -H "Cookie: $cookie" "$SHOP/v1/account"
problem_is 403 origin-refused 'no other site deletes an account'
http -X DELETE -H "Cookie: $cookie" -H "Origin: $SHOP" "$SHOP/v1/account"
is "$STATUS $(header Set-Cookie)" \
    '204 session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax' \
    'the shop takes the cookie back'
done_testing

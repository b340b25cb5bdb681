#!/bin/bash
# Receipts, accounts, transfers and sales as the shop's people read them: page
# by page, as JSON and as CSV, and the sums agree.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

csv() {			# PATH
	admin GET "$1" -H 'Accept: text/csv'
}

today=$(date -u +%F)	# it may be tomorrow before all is sold
start_stored
start_commerced
make_file "$WORK/tune.ogg" 1000
make_item 'Says "one", twice' 100 "$WORK/tune.ogg"; one=$ITEM
make_item '=two' 250 "$WORK/tune.ogg"; two=$ITEM
register '=1+1@example.com'
first=$ACCOUNT
redeem "$(gift_code 1000)"
buy "$one" "$two"
purchase=$PURCHASE
register
redeem "$(gift_code 1000)"
buy "$one"
admin POST "/purchases/$purchase/refund" -H 'Idempotency-Key: r' --json \
    "{\"lines\": [\"$two\"], \"reason\": \"asked for\"}"
expect 201

admin GET /purchases
is "$STATUS $(json '[.items[].number] | map(tostring) | join(" ")') $(json \
    .next)" '200 2 1 null' 'all receipts, newest first'
is "$(json '.items[1] | [.id, .account, .status, .total.amount,
    .refunded.amount] | map(tostring) | join(" ")')" \
    "$purchase $first part-refunded 350 250" 'a receipt in the list'
admin GET "/purchases/$purchase"
is "$STATUS $(json '[.lines[].status] | join(" ")')" '200 paid refunded' \
    'one receipt, with its lines'
admin GET '/purchases?limit=1'
cursor=$(json .next)
admin GET "/purchases?limit=1&cursor=$cursor"
is "$(json '.items[0].number') $(json .next)" '1 null' 'page by page'
admin GET "/ledger?cursor=$cursor"
problem_is 400 malformed-cursor 'a cursor of another book'

admin GET /accounts
is "$(json '.items | map([.email, .balance.amount, .purchases] |
    map(tostring) | join(" ")) | last')" '=1+1@example.com 900 1' 'accounts'
admin GET /ledger
is "$(json '[.items[] | "\(.kind) \(.amount.amount)"] | join(", ")')" \
    'refund 250, sale 100, gift-code 1000, sale 350, gift-code 1000' \
    'every transfer'
is "$(json '.items[0] | "\(.debit) \(.credit)"')" 'sales account-3' \
    '  with whom it debits and credits'

admin GET "/sales?from=$today&to=9999-12-31"
is "$(json '.items | [map(.sold), map(.paid.amount), map(.returned),
    map(.refunded.amount)] | map(add | tostring) | join(" ")')" \
    '3 450 1 250' 'sales by day'
admin GET '/sales?by=item'
is "$(json '[.items[] | "\(.item) \(.sold) \(.paid.amount) \(.returned)"] |
    join(", ")')" "$two 1 250 1, $one 2 200 0" 'sales by item'
admin GET '/sales?to=2000-01-01'
is "$(json '.items | length')" 0 'none of days gone by'
for query in by=week from=2026-02-30 limit=0 limit=101 'from=2026-01-01&x=1'; do
	admin GET "/sales?$query"
	is "$STATUS" 400 "refused: $query"
done
admin GET '/ledger?by=day'
problem_is 400 unknown-member 'what only sales take'

# --- CSV -----------------------------------------------------------------------
csv /ledger
is "$STATUS $(header Content-Type)" \
    '200 text/csv; charset=utf-8; header=present' 'CSV where it is asked for'
is "$(head -n 1 "$BODY")" \
    $'number,at,kind,debit,credit,amount.amount,reference,currency\r' \
    '  its first line names the columns'
is "$(wc -l <"$BODY") $(sed -n '2s/.*,\(250\),.*\r/\1/p' "$BODY")" '6 250' \
    '  and each of the others is a transfer'
csv '/ledger?limit=2'
cursor=$(header Next-Cursor)
isnt "$cursor" '' 'a cursor where more follow'
csv "/ledger?limit=3&cursor=$cursor"
is "$(wc -l <"$BODY") $(header Next-Cursor)" '4 ' '  leads to the rest'
csv '/sales?by=item'
is "$(grep -c '"Says ""one"", twice"' "$BODY")" 1 'quotes are doubled'
is "$(grep -c "\"'=two\"" "$BODY")" 1 'what looks like a formula is none'
csv /accounts
is "$(grep -c "\"'=1+1@example.com\"" "$BODY")" 1 "  nor is a buyer's address"
buyer GET /admin/v1/accounts
problem_is 401 admin-token-refused 'for the people of the shop alone'
done_testing

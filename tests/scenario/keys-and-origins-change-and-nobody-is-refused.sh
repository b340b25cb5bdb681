#!/bin/bash
# The signing key and then the origin are changed as docs/operations.md says, by
# its very commands, under 200 downloads a second: not one of them is refused.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

RATE=200
LIFE=4
NEW_ORIGIN=http://media-two.example.com
OUR_KEYS=$WORK/commerced.keys
cp "$SIGNING_KEYS" "$OUR_KEYS"
commerced_conf signing-keys "$OUR_KEYS"
commerced_conf token-lifetime "${LIFE}s"
commerced_conf token-rate 1MiB
commerced_conf token-lifetime-most 10s
commerced_conf storage-connect-to "127.0.0.1:$STORED_PORT"

# What the commands of the page call.
systemctl() {		# reload DAEMON
	case $2 in
	stored)		kill -HUP "$STORED_PID" ;;
	commerced)	kill -HUP "$COMMERCED_PID" ;;
	esac
}

journalctl() {		# -u DAEMON -n LINES
	tail -n "$4" "$LOGS/$2.log"
}

stored() {
	"$BUILD/stored" "$@"
}

commerced() {
	"$BUILD/commerced" "$@"
}

# documented NUMBER: does what that block of commands says, with our paths
documented() {
	local commands
	commands=$(awk -v wanted="$1" '
	    /^## / { here = /Change a signing key/ }
	    !here { next }
	    /^ *```sh/ { inside = ++block == wanted; next }
	    /^ *```/ { inside = 0 }
	    inside { sub(/^   /, ""); print }' \
	    "$ROOT/docs/operations.md" |
	    sed -e "s,/etc/counterfoil/stored.keys,$SIGNING_KEYS," \
	    -e "s,/etc/counterfoil/signing.keys,$OUR_KEYS," \
	    -e "s,/etc/counterfoil/stored.conf,$STORED_CONFIG," \
	    -e "s,/etc/counterfoil/commerced.conf,$COMMERCED_CONFIG," \
	    -e "s,127.0.0.1:8091,127.0.0.1:$STORED_ADMIN_PORT,")
	[[ -n $commands ]] || fail "the page has commands $1"
	eval "$commands" >"$WORK/said"
}

# Links as a buyer gets them, several a second.
get_links() {
	local body
	while :; do
		body=$(curl -sS -X POST -H "Authorization: Bearer $SESSION" \
		    "$SHOP/v1/library/$FILE_ID/access" 2>/dev/null) || continue
		jq -r '"\(.expires_at | fromdate) \(.security_token) \(.url)"' \
		    <<<"$body" >>"$WORK/links" || :
		sleep 0.1
	done
}

# count_of STATUS
count_of() {
	sed -n "s/^$1 //p" "$WORK/result"
}

# has_logged DAEMON TEXT
has_logged() {
	grep -q -- "$2" "$LOGS/$1.log"
}

# accepted KEY-ID: tokens, by stored's count
accepted() {
	curl -sf "$STORAGE_ADMIN/metrics" | sed -n \
	    "s/^stored_tokens_accepted_total{.*key=\"$1\"} //p"
}

stands_still() {	# KEY-ID
	local before
	before=$(accepted "$1")
	sleep 1
	[[ $(accepted "$1") -eq $before ]]
}

grows() {		# KEY-ID
	[[ $(accepted "$1") -gt 100 ]]
}

links_are_new() {	# PATTERN: the newest link has it
	tail -n 1 "$WORK/links" | grep -q -- "$1"
}

# Every link that was signed before $1 seconds has expired.
is_past() {
	[[ $(date +%s) -gt $1 ]]
}

start_stored
start_commerced
make_file "$WORK/waltz.ogg" 20000
make_item 'A waltz' 99 "$WORK/waltz.ogg"
register
redeem "$(gift_code 500)"
buy "$ITEM"
FIRST_URL=$URL FIRST_TOKEN=$TOKEN
: >"$WORK/links"
get_links &
LINKS=$!
wait_until 60 test -s "$WORK/links"
perl "$ROOT/tests/tools/steady-load.pl" "$STORED_PORT" "$RATE" \
    "$WORK/links" "$WORK/result" &
LOAD=$!
scenario_cleanup() {
	kill "$LINKS" "$LOAD" 2>/dev/null || :
}
wait_until 60 grows "$KEY_ID"

# --- the key -------------------------------------------------------------------

documented 1
# shellcheck disable=SC2154	# line is of the page
secret "${line##* }"
wait_until 60 has_logged stored 'reloaded keys=2 origins=1'
is "$(accepted 2026b)" 0 'a key that nobody used has its line'
documented 2
wait_until 60 links_are_new key=2026b
wait_until 60 is_past $(($(date +%s) + LIFE + 1))
wait_until 60 stands_still "$KEY_ID"
documented 3
like "$(<"$WORK/said")" 'accepted_total.*key="2026b"} [1-9]' \
    'the page tells where to see it'
ok 'the old key is used no more, the new one is' grows 2026b
sed -i "/ $KEY_ID /d" "$SIGNING_KEYS" "$OUR_KEYS"
kill -HUP "$STORED_PID" "$COMMERCED_PID"
wait_until 60 has_logged stored 'reloaded keys=1'
http -H "Authorization: Bearer $FIRST_TOKEN" "$FIRST_URL"
problem_is 403 token-refused 'the old key is no longer accepted'

# --- the origin ------------------------------------------------------------------

stored_conf public-origin "$NEW_ORIGIN $STORAGE"
write_stored_config
kill -HUP "$STORED_PID"
wait_until 60 has_logged stored 'reloaded keys=1 origins=2'
OLD_LINK=$(tail -n 1 "$WORK/links")
commerced_conf storage-origin "$NEW_ORIGIN"
write_commerced_config
kill -HUP "$COMMERCED_PID"
wait_until 60 links_are_new "$NEW_ORIGIN/"
wait_until 60 is_past $(($(date +%s) + LIFE + 1))
stored_conf public-origin "$NEW_ORIGIN"
write_stored_config
ORIGINS=$(grep -c 'reloaded keys=1 origins=1' "$LOGS/stored.log" || :)
kill -HUP "$STORED_PID"
one_origin_again() {
	[[ $(grep -c 'reloaded keys=1 origins=1' "$LOGS/stored.log") -gt \
	    $ORIGINS ]]
}
wait_until 60 one_origin_again
read -r _ TOKEN URL <<<"$OLD_LINK"
like "$URL" "^$STORAGE/" 'a link of the old origin'
http -H "Authorization: Bearer $TOKEN" "$URL"
problem_is 403 token-refused 'is no longer accepted'
upload "$ITEM" "$WORK/waltz.ogg" another.ogg
wait_until 60 file_is_stored "$ITEM" another.ogg
pass 'uploads are signed for the new origin too'

# --- what the buyers saw ------------------------------------------------------------

kill "$LINKS"
kill -TERM "$LOAD"
wait "$LOAD" || :
while read -r _ token _; do
	secret "$token"
done <"$WORK/links"
diag "$(tr '\n' ' ' <"$WORK/result")with $(wc -l <"$WORK/links") links"
is "$(grep -cvE '^(200|seconds) ' "$WORK/result" || :)" 0 \
    'no download was refused, lost or short'
ok "at about $RATE a second" awk -v n="$(count_of 200)" \
    -v s="$(count_of seconds)" -v r="$RATE" \
    'BEGIN { exit !(n >= 0.8 * r * s) }'

done_testing

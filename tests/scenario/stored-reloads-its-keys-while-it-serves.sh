#!/bin/bash
# SIGHUP takes new keys and origins without a refused download; a broken file
# changes nothing.  And what refuses to start says why.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

start_stored
make_file "$WORK/file" 1000
put_object "$WORK/file"
expect 201

NEW_KEY=$(random_hex 32)
secret "$NEW_KEY"

# with KEY-ID HEX-KEY [ORIGIN]: a download signed so
with() {
	local target
	target="/media/$OBJECT?$(query '' a-grant "$COMMERCE_ID" "$1")"
	http -H "Authorization: Bearer $(sign_url GET \
	    "${3:-$STORAGE}$target" "$COMMERCE_ID" "$2")" "$STORAGE$target"
}

# has_logged COUNT TEXT
has_logged() {
	[[ $(grep -c -- "$2" "$LOGS/stored.log") -ge $1 ]]
}

with 2026b "$NEW_KEY"
problem_is 403 token-refused 'a key that is not listed'
printf '%s 2026b %s\n' "$COMMERCE_ID" "$NEW_KEY" >>"$SIGNING_KEYS"
kill -HUP "$STORED_PID"
wait_until 60 has_logged 1 'reloaded keys=2'
with 2026b "$NEW_KEY"
status_is 200 'a key added by a reload'
with "$KEY_ID" "$SIGNING_KEY"
status_is 200 'beside the old one'

http "$STORAGE_ADMIN/metrics"
like "$(grep accepted_total "$BODY")" 'key="2026b"\} 1' \
    'accepted tokens are told apart by key'

printf 'nonsense\n' >>"$SIGNING_KEYS"
kill -HUP "$STORED_PID"
wait_until 60 has_logged 1 'not reloaded'
pass 'a broken key file is told of'
ok 'with file and line' has_logged 1 "$SIGNING_KEYS:3:"
with 2026b "$NEW_KEY"
status_is 200 'and changes nothing'
sed -i '/nonsense/d' "$SIGNING_KEYS"

stored_conf public-origin 'ftp://wrong'
write_stored_config
kill -HUP "$STORED_PID"
wait_until 60 has_logged 2 'not reloaded'
with 2026b "$NEW_KEY"
status_is 200 'a broken configuration changes nothing'

with 2026b "$NEW_KEY" https://media.example.com
problem_is 403 token-refused 'an origin that is not listed'
stored_conf public-origin "https://media.example.com $STORAGE"
write_stored_config
kill -HUP "$STORED_PID"
wait_until 60 has_logged 1 'reloaded keys=2 origins=2'
with 2026b "$NEW_KEY" https://media.example.com
status_is 200 'an origin added by a reload'
with 2026b "$NEW_KEY"
status_is 200 'beside the old one'

# Under load: keys come and go, and the key that stays is never refused.
TARGET="/media/$OBJECT?$(query)"
AUTHORIZATION="Authorization: Bearer $(sign_url GET "$STORAGE$TARGET")"
for _ in $(seq 2000); do
	printf 'url = "%s"\noutput = /dev/null\n' "$STORAGE$TARGET"
done >"$WORK/urls"
curl -s -K "$WORK/urls" -H "$AUTHORIZATION" -w '%{http_code}\n' \
    >"$WORK/statuses" &
LOAD=$!
while kill -0 "$LOAD" 2>/dev/null; do
	kill -HUP "$STORED_PID"
	sleep 0.02
done
wait "$LOAD"
is "$(sort "$WORK/statuses" | uniq -c | tr -s ' ')" ' 2000 200' \
    'no download is refused while keys are reloaded'

sed -i "/$KEY_ID/d" "$SIGNING_KEYS"
RELOADED=$(grep -c 'reloaded keys=1' "$LOGS/stored.log" || :)
kill -HUP "$STORED_PID"
wait_until 60 has_logged $((RELOADED + 1)) 'reloaded keys=1'
with "$KEY_ID" "$SIGNING_KEY"
problem_is 403 token-refused 'a key removed by a reload'
with 2026b "$NEW_KEY"
status_is 200 'the other one stays'
stop_stored

# --- what does not start ---------------------------------------------------------

# refuses TEXT DESCRIPTION: stored ends with a status and says TEXT
refuses() {
	local said
	write_stored_config
	if said=$(timeout 120 "$BUILD/stored" -f "$STORED_CONFIG" 2>&1); then
		fail "$2"
	else
		like "$said" "$1" "$2"
	fi
}
chmod 644 "$SIGNING_KEYS"
refuses "$SIGNING_KEYS" 'keys that others can read'
chmod 600 "$SIGNING_KEYS"
stored_conf object-root "$WORK/nowhere"
refuses "$WORK/nowhere" 'a root that is not there'
stored_conf object-root "$STORED_ROOT"
stored_conf access-log sometimes
refuses 'access-log' 'an access log of unknown kind'
stored_conf access-log full
stored_conf colour blue
refuses 'stored.conf:[0-9]+: .*colour' 'an unknown key, with file and line'
stored_conf colour ''
write_stored_config
ok 'a right configuration passes -n' "$BUILD/stored" -n -f "$STORED_CONFIG"
"$BUILD/stored" -T -f "$STORED_CONFIG" >"$WORK/first.conf"
"$BUILD/stored" -T -f "$WORK/first.conf" >"$WORK/second.conf"
same_file "$WORK/first.conf" "$WORK/second.conf" '-T reads back to the same'

done_testing

#!/bin/bash
# -n checks, -T prints what reads back as the same; one process for each state
# folder; SIGHUP takes new keys and a new admin token, or keeps the old.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

commerced=$BUILD/commerced
commerced_conf shop-name 'Ein Laden – "№ 1"'
commerced_conf token-lifetime 90m
commerced_conf upload-max 3GiB
commerced_conf listen "127.0.0.1:$COMMERCED_PORT unix:$WORK/public.socket"
write_commerced_config

# --- reading back -------------------------------------------------------------------
"$commerced" -T -f "$COMMERCED_CONFIG" >"$WORK/printed"
"$commerced" -T -f "$WORK/printed" >"$WORK/again"
is "$(<"$WORK/again")" "$(<"$WORK/printed")" \
    '-T prints a configuration that reads back as the same'
like "$(<"$WORK/printed")" 'shop-name = Ein Laden – "№ 1"' \
    '  with what was configured'
like "$(<"$WORK/printed")" 'session-lifetime = ' '  and what was not'
ok '-n finds nothing wrong' "$commerced" -n -f "$COMMERCED_CONFIG"

# wrong LINE PATTERN DESCRIPTION: -n says so, with the file
wrong() {
	cp "$COMMERCED_CONFIG" "$WORK/wrong.conf"
	sed -i "/^${1%% *} /d" "$WORK/wrong.conf"
	printf '%s\n' "$1" >>"$WORK/wrong.conf"
	not_ok "$1" "$commerced" -n -f "$WORK/wrong.conf" 2>"$WORK/said"
	like "$(<"$WORK/said")" "$WORK/wrong.conf.*$2" '  is refused with its file'
}

wrong 'colour = red' colour
wrong 'commerce-id = a b' commerce-id
wrong 'currency = Euro' currency
wrong 'shop-url = https://example.com/shop' shop-url
wrong 'access-log = some' access-log
wrong 'token-lifetime = soon' token-lifetime
wrong 'token-lifetime-most = 5m' token-lifetime-most
wrong 'token-lifetime-most = 9d' token-lifetime-most
wrong 'threads = 257' threads
wrong 'listen = nowhere' listen
chmod 640 "$MASTER_KEYS"
not_ok 'keys that others can read' "$commerced" -n -f "$COMMERCED_CONFIG"
launch_commerced
reap "$COMMERCED_PID"
COMMERCED_PID=
is "$REAPED" 1 '  stop the start'
chmod 600 "$MASTER_KEYS"

# --- serving, one at a time ------------------------------------------------------------
start_stored
start_commerced
http --unix-socket "$WORK/public.socket" http://shop/v1/shop
is "$STATUS $(json .name)" '200 Ein Laden – "№ 1"' 'a Unix socket serves too'
"$commerced" -f "$COMMERCED_CONFIG" 2>"$WORK/said" && second=0 || second=$?
is "$second" 1 'a second process for the same folder does not start'
like "$(<"$WORK/said")" "$COMMERCED_STATE" '  and says why'

# --- SIGHUP ------------------------------------------------------------------------------
reloads() {
	[[ $(grep -c "$1" "$LOGS/commerced.log") -ge $2 ]]
}

make_file "$WORK/tune.ogg" 1000
make_item 'A tune' 10 "$WORK/tune.ogg"
register
redeem "$(gift_code 100)"
buy "$ITEM"
like "$URL" "&key=$KEY_ID&" 'signed with the first key'
new_key=$(random_hex 32)
new_token=$(openssl rand 32 | base64url)
secret "$new_key" "$new_token"
old_keys=$(<"$SIGNING_KEYS")
printf '%s 2027b %s\n%s\n' "$COMMERCE_ID" "$new_key" "$old_keys" \
    >"$SIGNING_KEYS"
printf '%s\n' "$new_token" >"$ADMIN_TOKEN_FILE"
kill -HUP "$STORED_PID" "$COMMERCED_PID"
ok 'SIGHUP reads the admin token again' \
    wait_until 60 reloads 'reloaded the admin token' 1
access "$FILE_ID"
like "$URL" '&key=2027b&' 'and signs with the key that is first now'
is "$TOKEN" "$(sign_url GET "$URL" "$COMMERCE_ID" "$new_key")" '  rightly'
ok '  which the storage takes' wait_until 60 download "$URL" "$TOKEN" \
    "$WORK/tune.age"
admin GET /items
problem_is 401 admin-token-refused 'the old admin token is refused'
ADMIN_TOKEN=$new_token
admin GET /items
status_is 200 '  and the new one taken'

# --- SIGHUP and the master keys ------------------------------------------------------------
sealed_under() {	# of the newest version
	sqlite3 -cmd '.timeout 60000' "$COMMERCED_STATE/counterfoil.db" \
	    'SELECT master_key FROM version ORDER BY id DESC LIMIT 1'
}

is "$(sealed_under)" 1 'sealed under the first master key'
second_master=$(random_hex 32)
secret "$second_master"
printf '2 %s\n1 %s\n' "$second_master" "$MASTER_KEY" >"$MASTER_KEYS"
kill -HUP "$COMMERCED_PID"
ok 'SIGHUP reads the master keys again' \
    wait_until 60 reloads 'reloaded the master keys first=2' 1
old_key=$KEY
access "$FILE_ID"
is "$KEY" "$old_key" 'what was sold opens with the key that it had'
make_item 'Another tune' 10 "$WORK/tune.ogg"
is "$(sealed_under)" 2 '  and what is new is sealed under the new one'
buy "$ITEM"
download "$URL" "$TOKEN" "$WORK/new.age"
open_sealed "$KEY" "$WORK/new.age" "$WORK/new.ogg"
ok '  and opens' cmp "$WORK/tune.ogg" "$WORK/new.ogg"
printf '2 %s\n' "$second_master" >"$MASTER_KEYS"
kill -HUP "$COMMERCED_PID"
ok 'a file without a line that was there is refused' \
    wait_until 60 reloads 'the old master keys stay' 1
FILE_ID=$(sqlite3 -cmd '.timeout 60000' "$COMMERCED_STATE/counterfoil.db" \
    'SELECT lower(hex(uuid)) FROM file ORDER BY id LIMIT 1' |
    sed -E 's/(.{8})(.{4})(.{4})(.{4})/\1-\2-\3-\4-/')
access "$FILE_ID"
is "$KEY" "$old_key" '  and what was sold still opens'
printf '2 %s\n1 %s\n' "$second_master" "$MASTER_KEY" >"$MASTER_KEYS"

printf 'short\n' >"$ADMIN_TOKEN_FILE"
printf 'another.shop k %s\n' "$new_key" >"$SIGNING_KEYS"
kill -HUP "$COMMERCED_PID"
ok 'what is wrong is refused' \
    wait_until 60 reloads 'the old admin token stays' 1
admin GET /items
status_is 200 '  and the token stays'
access "$FILE_ID"
like "$URL" '&key=2027b&' '  and so does the key'
stop_daemons

# --- books of another shop ------------------------------------------------------------------
printf '%s\n' "$old_keys" >"$SIGNING_KEYS"
printf '%s\n' "$ADMIN_TOKEN" >"$ADMIN_TOKEN_FILE"
for setting in 'currency USD' 'commerce-id other.example.com'; do
	commerced_conf "${setting% *}" "${setting#* }"
	[[ $setting != commerce-id* ]] || printf 'other.example.com k %s\n' \
	    "$new_key" >"$SIGNING_KEYS"
	launch_commerced
	reap "$COMMERCED_PID"
	COMMERCED_PID=
	is "$REAPED" 1 "another ${setting% *} than that of the books: no start"
	commerced_conf currency EUR
done
done_testing

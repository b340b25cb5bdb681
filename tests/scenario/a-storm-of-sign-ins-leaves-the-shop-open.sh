#!/bin/bash
# A thousand sign-ins, offered at once: each is answered, heard or told to come
# again, and meanwhile the catalogue is there.  How fast it is, is printed and
# not judged, but for an upper bound; STORM_WAIT=10s (make check-full-large)
# waits as long as the settings do as shipped.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

COUNT=1000
make_file "$WORK/waltz.ogg" 10000
commerced_conf trusted-proxies 127.0.0.1
commerced_conf connection-limit 2048
commerced_conf password-wait "${STORM_WAIT:-3s}"
commerced_conf access-log off
start_stored
start_commerced
for title in A B C D E F; do
	make_item "$title" 99 "$WORK/waltz.ogg"
done
register

ulimit -n 4096
"$ROOT/tests/tools/sign-in-storm.pl" "$COMMERCED_PORT" "$COUNT" "$EMAIL" \
    "$PASSWORD" >"$WORK/storm"
value() {
	sed -n "s/^$1=//p" "$WORK/storm" | grep . || printf '0\n'
}
memory=$(peak_memory_kib "$COMMERCED_PID")
diag "$(tr '\n' ' ' <"$WORK/storm") peak memory $memory KiB"

is "$(grep -vE '^(201|401|429|503|[a-z].*)=' "$WORK/storm" || :)" '' \
    'nothing is answered but 201, 401, 429 and 503 with Retry-After'
is "$(($(value 201) + $(value 401) + $(value 429) + $(value 503)))" "$COUNT" \
    'each sign-in is answered'
ok 'some are heard' test "$(($(value 201) + $(value 401)))" -gt 0
ok 'and those who cannot be are told so' test "$(value 503)" -gt 0
ok 'all within half a minute' test "$(value slowest_ms)" -lt 30000
is "$(value failed)" 0 'the catalogue is there all the time'
ok 'and was looked at' test "$(value looks)" -gt 20
is_sanitized || ok 'in little memory' test "$memory" -lt 200000

http --json "$(jq -n --arg email "$EMAIL" --arg password "$PASSWORD" \
    '{email: $email, password: $password}')" "$SHOP/v1/sessions"
secret "$(json .session_token)"
status_is 201 'afterwards a sign-in is heard as ever'
done_testing

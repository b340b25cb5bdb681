#!/bin/bash
# A download is cut at a random byte and its token expires; the refusal says
# so; fresh access is asked for, and curl goes on at the same byte.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

commerced_conf token-lifetime 3s
commerced_conf token-rate 1TiB
start_stored
start_commerced
make_file "$WORK/film.mp4" 3000000
make_item 'A film' 100 "$WORK/film.mp4"
register
redeem "$(gift_code 100)"
buy "$ITEM"
size=$(json '.access[0].sealed_size')
object=$OBJECT
cut=$((1 + SRANDOM % (size - 1)))

# curl ends by itself when it has as much as that.  Two seconds are short
# where much else runs: then with fresh access once more.
begins() {
	access "$FILE_ID"
	curl -sS -H "Authorization: Bearer $TOKEN" "$URL" 2>/dev/null |
	    head -c "$cut" >"$WORK/film.age" || :
	[[ $(stat -c %s "$WORK/film.age") == "$cut" ]]
}
ok "cut after $cut of $size bytes" wait_until 60 begins
old_url=$URL

is_expired() {
	http -H "Authorization: Bearer $TOKEN" -r "$cut-" "$URL"
	[[ $STATUS != 206 ]]
}
ok 'the token expires' wait_until 30 is_expired
problem_is 410 token-expired 'the storage says that it has expired'
expired=$(date -d "$(json .expired_at)" +%s)
server=$(date -d "$(json .server_time)" +%s)
like "$old_url" "expires=$expired&" '  when it did'
ok '  and its own time, which is not before' test "$server" -ge "$expired"

goes_on() {
	access "$FILE_ID"
	curl -sSf -C - -H "Authorization: Bearer $TOKEN" \
	    -H "If-Range: \"$object\"" -o "$WORK/film.age" "$URL"
}
ok 'with fresh access curl -C - goes on at the same byte' \
    wait_until 60 goes_on
isnt "$URL" "$old_url" 'commerced gives another URL'
is "${URL%%expires=*} ${URL##*grant=}" \
    "${old_url%%expires=*} ${old_url##*grant=}" \
    '  which differs in the expiry alone'
is "$OBJECT" "$object" '  for the same object'
is "$(sha256 "$WORK/film.age")" "$object" 'the digest is right'
open_sealed "$KEY" "$WORK/film.age" "$WORK/film"
ok 'and age opens it' cmp "$WORK/film" "$WORK/film.mp4"
done_testing

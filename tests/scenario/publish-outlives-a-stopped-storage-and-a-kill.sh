#!/bin/bash
# The storage service is away while a second file and a new version arrive for
# an item that is sold already; commerced is killed; both are started: all of
# it becomes stored by itself and is in the owner's library.  Meanwhile nothing
# is given out or put on sale that is not stored.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# library FILTER: of the files of $SESSION
library() {
	buyer GET /v1/library
	json "$1"
}

library_is() {		# FILTER VALUE; for wait_until
	[[ $(library "$1") == "$2" ]]
}

versions='.items | sort_by(.name) | map("\(.name) \(.version)") | join(", ")'

commerced_conf publish-wait 0s
start_stored
start_commerced
make_file "$WORK/one-1" 200000
make_file "$WORK/one-2" 200100
make_file "$WORK/two" 70000
draft_item 'Sold before' 10; sold=$ITEM
upload "$sold" "$WORK/one-1" one.ogg
wait_until 30 file_is_stored "$sold" one.ogg
publish "$sold"
register
redeem "$(gift_code 100)"
buy "$sold"
file=$FILE_ID
is "$(library "$versions")" 'one.ogg 1' 'the owner has the first version'

# --- away --------------------------------------------------------------------------
stop_stored
upload "$sold" "$WORK/two" two.ogg
status_is 202 'a second file is taken while the storage is away'
is "$(json .state) $(header Location)" \
    "pending /admin/v1/items/$sold/files/two.ogg" '  and is pending'
upload "$sold" "$WORK/one-2" one.ogg
is "$STATUS $(json .version) $(json .state)" '202 2 pending' \
    'so is a new version of the first'
is "$(json .id)" "$file" '  of the same file'
upload "$sold" "$WORK/one-2" one.ogg
is "$STATUS $(json .version) $(json .state)" '200 2 pending' \
    'the same content again is nothing new, and still pending'
draft_item 'Not yet' 10; new=$ITEM
upload "$new" "$WORK/two" new.ogg
status_is 202 'a new item gets its file'
admin POST "/items/$new/publish"
problem_is 409 not-publishable '  and cannot be sold before it is stored'
is "$(json '.missing | join(" ")')" files/new.ogg '  which is said by name'
is "$(library "$versions")" 'one.ogg 1' 'the owner still has what is stored'
access "$file"
is "$(json .version)" 1 '  and gets access to that'
buyer GET "/v1/items/$sold"
is "$(json '.files | map("\(.name) \(.version)") | join(", ")')" 'one.ogg 1' \
    'buyers are shown what is stored'
http "$COMMERCE_ADMIN/readyz"
is "$STATUS $(json .files_waiting_for_storage)" '200 3' \
    'readiness tells how many wait'

# --- killed, and started again -------------------------------------------------------
kill_commerced
start_commerced
admin GET "/items/$sold/files/two.ogg"
is "$STATUS $(json .state)" '200 pending' 'after a kill it still is pending'
start_stored
ok 'both become stored by themselves, and are in the library' \
    wait_until 60 library_is "$versions" 'one.ogg 2, two.ogg 1'
ok 'so does the file of the new item' \
    wait_until 60 file_is_stored "$new" new.ogg
admin POST "/items/$new/publish"
status_is 200 '  which can be sold now'
for pair in one.ogg:one-2 two.ogg:two; do
	access "$(library ".items[] | select(.name == \"${pair%:*}\") | .file")"
	download "$URL" "$TOKEN" "$WORK/download.age"
	open_sealed "$KEY" "$WORK/download.age" "$WORK/download"
	ok "${pair%:*} is what was uploaded last" \
	    cmp "$WORK/download" "$WORK/${pair#*:}"
done
buyer POST "/v1/library/$file/access" --json '{"version": 1}'
is "$STATUS $(json .version)" '200 1' 'the version that was bought stays'
take_access ''
download "$URL" "$TOKEN" "$WORK/download.age"
open_sealed "$KEY" "$WORK/download.age" "$WORK/download"
ok '  and opens with a key of its own' cmp "$WORK/download" "$WORK/one-1"

# --- taken off ---------------------------------------------------------------------------
is "$(find "$COMMERCED_STATE/sealed" -type f | wc -l)" 4 \
    'the sealed files are kept here (keep-sealed = yes)'
admin DELETE "/items/$sold/files/one.ogg"
status_is 204 'a file is taken off'
access "$file"
status_is 200 '  but not from who bought it'
draft_item 'Never sold' 10
upload "$ITEM" "$WORK/two" gone.ogg
wait_until 30 file_is_stored "$ITEM" gone.ogg
admin GET "/items/$ITEM/files/gone.ogg"
object=$(json .object)
get_object "$object"
status_is 200 'an object that nobody bought'
admin DELETE "/items/$ITEM/files/gone.ogg"
status_is 204 '  is taken off'
object_is_gone() {
	get_object "$object"
	[[ $STATUS == 404 ]]
}
ok '  and goes from the storage service' wait_until 30 object_is_gone
kept_is_gone() {
	[[ ! -e $COMMERCED_STATE/sealed/${object:0:2}/$object ]]
}
ok '  and from here' wait_until 30 kept_is_gone

# --- keep-sealed = no ----------------------------------------------------------------------
stop_commerced
commerced_conf keep-sealed no
start_commerced
nothing_is_kept() {
	[[ $(find "$COMMERCED_STATE/sealed" -type f | wc -l) -eq 0 ]]
}
ok 'with keep-sealed = no nothing stays here once it is stored' \
    wait_until 30 nothing_is_kept
http "$COMMERCE_ADMIN/readyz"
is "$STATUS $(json .files_waiting_for_storage)" '200 0' 'and nothing waits'

# --- refused, and then not --------------------------------------------------------------------
printf '%s %s %s\n' "$COMMERCE_ID" unknown "$(random_hex 32)" >"$WORK/other.keys"
cat "$SIGNING_KEYS" >>"$WORK/other.keys"
cp "$SIGNING_KEYS" "$WORK/old.keys"
cp "$WORK/other.keys" "$SIGNING_KEYS"
kill -HUP "$COMMERCED_PID"
wait_until 60 grep -q 'reloaded the signing keys' "$LOGS/commerced.log"
draft_item 'Refused' 10
upload "$ITEM" "$WORK/two" refused.ogg
status_is 202 'a storage that does not know our key takes nothing'
ok '  which is logged with its reason' wait_until 60 grep -q \
    'refused status=403 slug=token-refused' "$LOGS/commerced.log"
cp "$WORK/old.keys" "$SIGNING_KEYS"
kill -HUP "$COMMERCED_PID"
ok 'with the right key and SIGHUP it is stored without waiting' \
    wait_until 60 file_is_stored "$ITEM" refused.ogg

# --- stopped while an upload waits to be stored ------------------------------------------------
stop_commerced
stop_stored
commerced_conf publish-wait 120s
start_commerced
curl -sS --max-time 180 -o "$WORK/waiting" -w '%{http_code}' \
    -T "$WORK/one-1" -H "Authorization: Bearer $ADMIN_TOKEN" \
    -H 'Content-Type: audio/ogg' "$SHOP/admin/v1/items/$ITEM/files/late.ogg" \
    >"$WORK/waiting-status" &
waiting=$!
file_is_pending() {
	admin GET "/items/$ITEM/files/late.ogg"
	[[ $STATUS == 200 && $(json .state) == pending ]]
}
wait_until 60 file_is_pending
begun=$SECONDS
stop_commerced
wait "$waiting"
is "$(<"$WORK/waiting-status") $(jq -r .state "$WORK/waiting")" '202 pending' \
    'a stop answers an upload that waits to be stored'
ok '  at once' test $((SECONDS - begun)) -lt 60
done_testing

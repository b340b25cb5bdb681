#!/bin/bash
# Covers and previews: refused when they are not what they say, shown with
# Range and validators to whoever may see the item, and gone with what replaced
# them.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

mounted=
scenario_cleanup() {
	[[ -z $mounted ]] || umount -l "$mounted"
}

make_picture() {	# FILE KIND...
	perl "$ROOT/tests/tools/make-picture.pl" "${@:2}" >"$1"
}

# put cover|preview FILE [CURL-ARGUMENT...]: curl itself sends no Content-Type
put() {
	admin PUT "/items/$ITEM/$1" -T "$2" "${@:3}"
}

# show cover|preview [CURL-ARGUMENT...]: as everybody sees it
show() {
	http "${@:2}" "$SHOP/v1/items/$ITEM/$1"
}

pictures() {		# how many files there are
	find "$COMMERCED_STATE/pictures" -type f | wc -l
}

there_are() {		# COUNT
	[[ $(pictures) == "$1" ]]
}

picture_arrives() {
	[[ -n $(find "$COMMERCED_STATE/pictures/incoming" -type f) ]]
}

start_stored
start_commerced
for kind in 'png 60 40' jpeg gif webp 'wav 2' pdf epub; do
	# shellcheck disable=SC2086	# the words are arguments
	make_picture "$WORK/${kind%% *}" $kind
done
make_file "$WORK/track" 1000
draft_item 'With a cover' 100
is "$(json '[.cover, .preview] | tostring')" '[null,null]' \
    'a new item has neither'

# --- what is taken -------------------------------------------------------------------
put cover "$WORK/png" -H 'Content-Type: image/png'
status_is 201 'a cover is taken'
is "$(json '[.url, .media_type, .size, .sha256] | join(" ")')" \
    "$SHOP/v1/items/$ITEM/cover image/png $(stat -c %s "$WORK/png") $(sha256 \
    "$WORK/png")" '  and described'
put cover "$WORK/png"
status_is 200 '  again, and told by its bytes alone'
show cover
problem_is 404 not-found 'the cover of a draft is not shown'
admin GET "/items/$ITEM/cover"
status_is 200 '  but to the people of the shop'
is "$(sha256 "$BODY") $(header Content-Type)" \
    "$(sha256 "$WORK/png") image/png" '  as it was sent'
for kind in jpeg gif webp png; do
	put cover "$WORK/$kind" -H "Content-Type: image/$kind"
	status_is 200 "$kind is taken instead"
done
ok '  and one file is left' wait_until 60 there_are 1
for type in audio/wav application/pdf application/epub+zip 'Audio/X-Wav; a=b'; do
	file=${type%%;*}
	file=${file##*[/-]}
	put preview "$WORK/$(tr '[:upper:]' '[:lower:]' <<<"${file%+zip}")" \
	    -H "Content-Type: $type"
	expect 200 201
	pass "a preview may be $type"
done
is "$(json .media_type)" audio/x-wav '  which is kept without parameters'
ok '  and one file is left' wait_until 60 there_are 2

# --- what is not ---------------------------------------------------------------------
refused() {		# cover|preview FILE DESCRIPTION [CURL-ARGUMENT...]
	put "$1" "$2" "${@:4}"
	problem_is 400 picture-malformed "$3"
}

size=$(stat -c %s "$WORK/png")
for cut in 1 4 12 $((size - 8)) $((size - 1)); do
	head -c $((size - cut)) "$WORK/png" >"$WORK/cut"
	refused cover "$WORK/cut" "a PNG without its last $cut bytes"
done
for kind in jpeg gif webp; do
	head -c -1 "$WORK/$kind" >"$WORK/cut"
	refused cover "$WORK/cut" "a $kind without its last byte"
	cat "$WORK/$kind" "$WORK/pdf" >"$WORK/more"
	refused cover "$WORK/more" "a $kind with something behind it"
done
for kind in wav pdf epub; do
	head -c -10 "$WORK/$kind" >"$WORK/cut"
	refused preview "$WORK/cut" "a $kind without its last bytes"
done
refused cover "$WORK/jpeg" 'a JPEG that says it is a PNG' \
    -H 'Content-Type: image/png'
refused cover "$WORK/track" 'noise that says it is a JPEG' \
    -H 'Content-Type: image/jpeg'
refused cover "$WORK/wav" 'sound is no cover'
refused preview "$WORK/png" 'a picture is no preview'
refused preview "$WORK/wav" 'a WAV that says it is an MP3' \
    -H 'Content-Type: audio/mpeg'
: >"$WORK/empty"
refused cover "$WORK/empty" 'nothing'
printf '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>' >"$WORK/svg"
refused cover "$WORK/svg" 'SVG, which may hold scripts'
put cover "$WORK/svg" -H 'Content-Type: image/svg+xml'
problem_is 415 unsupported-media-type '  or by its type'
put cover "$WORK/png" -H 'Content-Type: text/html'
problem_is 415 unsupported-media-type 'another type altogether'
put cover "$WORK/png" -H 'Content-Encoding: gzip'
problem_is 415 unsupported-media-type 'a content encoding'
put cover "$WORK/png" -H 'Content-Range: bytes 0-9/20'
problem_is 400 malformed-request 'a piece'
make_picture "$WORK/wide" png 16385 1
refused cover "$WORK/wide" 'a picture of too many pixels'
make_picture "$WORK/many" png 3 3 400000
put cover "$WORK/many"
status_is 200 'four hundred thousand chunks are looked at'
head -c 5242881 /dev/zero >"$WORK/large"
put cover "$WORK/large"
problem_is 413 too-large 'one byte over 5 MiB'
put cover - -H 'Transfer-Encoding: chunked' <"$WORK/large"
problem_is 413 too-large '  also without a length'
head -c 20971521 /dev/zero >"$WORK/large"
put preview "$WORK/large"
problem_is 413 too-large 'one byte over 20 MiB'
# A file of exactly the limit: a chunk of the length that is missing.
# shellcheck disable=SC2016	# these are perl's
perl -MCompress::Zlib=crc32 -0777 -pe '$n = 5242880 - length() - 12;
    $c = "teST" . "\0" x $n;
    substr($_, 33, 0) = pack("N", $n) . $c . pack("N", crc32($c))' \
    "$WORK/png" >"$WORK/exact"
put cover "$WORK/exact"
status_is 200 'exactly 5 MiB'
http -X PUT -T "$WORK/png" "$SHOP/admin/v1/items/$ITEM/cover"
problem_is 401 admin-token-refused 'who is not of the shop'
admin PUT "/items/0192f3a0-0000-7000-8000-000000000000/cover" -T "$WORK/png"
problem_is 404 not-found 'an item that is not there'
ok 'nothing of all that is left' wait_until 60 there_are 2

# --- shown -----------------------------------------------------------------------------
put cover "$WORK/png"
expect 200
upload "$ITEM" "$WORK/track"
[[ $STATUS != 202 ]] || wait_until 60 file_is_stored "$ITEM" track
publish "$ITEM"
http "$SHOP/v1/items/$ITEM"
is "$(json '[.cover, .preview] | join(" ")')" \
    "$SHOP/v1/items/$ITEM/cover $SHOP/v1/items/$ITEM/preview" \
    'an item on sale names both'
http "$SHOP/v1/items?q=cover"
is "$(json '.items[0].cover')" "$SHOP/v1/items/$ITEM/cover" \
    '  in lists too'
show cover
status_is 200 'everybody sees the cover'
is "$(sha256 "$BODY")" "$(sha256 "$WORK/png")" '  byte by byte'
is "$(header Content-Type) $(header X-Content-Type-Options) $(header \
    Cache-Control)" 'image/png nosniff public, max-age=300' '  as a picture'
tag=$(header ETag)
changed=$(header Last-Modified)
is "$tag" "\"$(sha256 "$WORK/png")\"" '  with a strong entity tag'
http -I "$SHOP/v1/items/$ITEM/cover"
is "$STATUS $(header Content-Length) $(header ETag)" "200 $size $tag" 'HEAD'
http -X OPTIONS "$SHOP/v1/items/$ITEM/cover"
is "$STATUS $(header Allow)" '204 GET, HEAD, OPTIONS' 'OPTIONS'
show cover -H "If-None-Match: \"x\", W/$tag"
is "$STATUS $(header ETag) $(wc -c <"$BODY")" "304 $tag 0" 'If-None-Match'
show cover -H "If-Modified-Since: $changed"
status_is 304 'If-Modified-Since'
show cover -H 'If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT'
status_is 200 '  of another day'
show cover -H 'If-Match: "x"'
problem_is 412 precondition-failed 'If-Match'
show cover -H 'If-Unmodified-Since: Sun Nov  6 08:49:37 1994'
problem_is 412 precondition-failed 'If-Unmodified-Since'
show cover -r 10-19
is "$STATUS $(header Content-Range) $(cmp -n 10 -i 10:0 "$WORK/png" "$BODY" &&
    printf same)" "206 bytes 10-19/$size same" 'a range'
show cover -r -5
is "$STATUS $(header Content-Range)" \
    "206 bytes $((size - 5))-$((size - 1))/$size" '  from the end'
show cover -r 1-2,4-5
status_is 200 '  several are not served'
show cover -r "$size-"
problem_is 416 range-not-satisfiable '  beyond the end'
is "$(header Content-Range)" "bytes */$size" '    with the size'
show cover -r 0-1 -H "If-Range: $tag"
status_is 206 'If-Range with the tag'
show cover -r 0-1 -H 'If-Range: "x"'
status_is 200 '  with another one'
show preview -r 44-143
is "$STATUS $(header Content-Type) $(header Content-Length)" \
    '206 audio/x-wav 100' 'a preview plays by ranges'
http "$SHOP/v1/items/$ITEM/cover?v=1"
problem_is 400 unknown-member 'a query is refused'

# --- replaced, while it is read -----------------------------------------------------------
for i in 1 2 3 4 5 6; do
	kind=png
	((i % 2 == 0)) || kind=webp
	# Not by http, whose files of the last answer are one for all.
	curl -sS -o "$WORK/beside" "$SHOP/v1/items/$ITEM/cover" &
	put cover "$WORK/$kind"
	expect 200
	show cover
	is "$STATUS $(sha256 "$BODY")" "200 $(sha256 "$WORK/$kind")" \
	    "round $i: the new one is shown at once"
	wait $!
	like "$(sha256 "$WORK/png") $(sha256 "$WORK/webp")" \
	    "$(sha256 "$WORK/beside")" '  and who read meanwhile got one whole'
done
show cover -H "If-None-Match: \"$(sha256 "$WORK/webp")\""
status_is 200 '  and the old one is not believed to be it'
ok '  and nothing of the others is left' wait_until 60 there_are 2

admin DELETE "/items/$ITEM/preview"
status_is 204 'a preview is taken off what is on sale'
http "$SHOP/v1/items/$ITEM"
is "$(json '.preview')" null '  and named no more at once'
show preview
problem_is 404 not-found '  nor shown'
put preview "$WORK/wav"
status_is 201 '  until there is another'
http "$SHOP/v1/items/$ITEM"
is "$(json '.preview')" "$SHOP/v1/items/$ITEM/preview" '  which is named'

# --- withdrawn ------------------------------------------------------------------------------
register
redeem "$(gift_code 100)"
buy "$ITEM"
admin DELETE "/items/$ITEM"
expect 204
show cover
problem_is 404 not-found 'what is withdrawn is not shown'
show cover -H "Authorization: Bearer $SESSION"
is "$STATUS $(header Cache-Control)" '200 private, no-cache' \
    '  but to its owners'

# --- crashes ----------------------------------------------------------------------------------
head -c 20000000 "$WORK/large" >"$WORK/preview"
curl -sS --max-time 60 -T "$WORK/preview" --limit-rate 1M \
    -H "Authorization: Bearer $ADMIN_TOKEN" \
    "$SHOP/admin/v1/items/$ITEM/preview" >/dev/null 2>&1 &
slow=$!
ok 'an upload is under way' wait_until 60 picture_arrives
kill_commerced
kill -KILL "$slow" 2>/dev/null || :
wait "$slow" 2>/dev/null || :
orphan=$COMMERCED_STATE/pictures/0192f3a0-0000-7000-8000-000000000000
cp "$WORK/png" "$orphan"
# shellcheck disable=SC2016	# these are perl's
wait_until 60 perl -e 'exit(time - (stat $ARGV[0])[10] < 3)' "$orphan"
start_commerced
ok 'the next start removes it, and a picture without a row' \
    wait_until 60 there_are 2
show cover -H "Authorization: Bearer $SESSION"
is "$STATUS $(sha256 "$BODY")" "200 $(sha256 "$WORK/png")" \
    '  and shows what was there'

# --- taken off -----------------------------------------------------------------------------------
admin DELETE "/items/$ITEM/cover"
status_is 204 'a cover is taken off'
admin DELETE "/items/$ITEM/cover"
problem_is 404 not-found '  once'
admin GET "/items/$ITEM"
is "$(json '.cover')" null '  and named no more'
ok '  and its file is gone' wait_until 60 there_are 1
stop_commerced

# --- a full disk ------------------------------------------------------------------------------------
if mkdir "$WORK/small" &&
    mount -t tmpfs -o size=3m tmpfs "$WORK/small" 2>/dev/null; then
	mounted=$WORK/small
	COMMERCED_STATE=$WORK/small
	commerced_conf state "$COMMERCED_STATE"
	start_commerced
	draft_item 'On a small disk' 10
	put cover "$WORK/exact"
	problem_is 507 storage-full 'a full disk'
	ok '  leaves nothing' wait_until 60 there_are 0
	put cover "$WORK/png"
	status_is 201 '  and a smaller one fits'
	stop_commerced
else
	pass 'a full disk # SKIP needs the right to mount a tmpfs'
fi
done_testing

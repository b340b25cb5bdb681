#!/bin/bash
# duration_ms of a file is what its bytes say, whatever its name and type, read
# while it is sealed; null where they say nothing.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

tone() {		# SECONDS
	perl "$ROOT/tests/tools/make-picture.pl" wav "$1"
}

# stored FILE NAME [CURL-ARGUMENT...]
stored() {
	upload "$ITEM" "$1" "$2" audio/wav "${@:3}"
	[[ $STATUS != 202 ]] || wait_until 60 file_is_stored "$ITEM" "$2"
}

start_stored
start_commerced
tone 3 >"$WORK/three"
tone 90 >"$WORK/ninety"
make_file "$WORK/noise" 100000
draft_item 'A tone' 100
stored "$WORK/three" tone
is "$(json .duration_ms)" 3000 'an upload tells how long it plays'
stored "$WORK/ninety" long -H 'Transfer-Encoding: chunked'
is "$(json .duration_ms)" 90000 '  also without a length'
stored "$WORK/noise" noise
is "$(json .duration_ms)" null 'what says nothing has none'
head -c 40000 "$WORK/three" >"$WORK/cut"
stored "$WORK/cut" cut
is "$(json .duration_ms)" 3000 'a file that is cut says what it was to be'
for name in tone.ogg tone.opus tone.mp3 tone.flac tone.m4a tone.webm \
    frag_every_frame.mp4 frag_every_frame+empty_moov.mp4; do
	flags=()
	[[ $name != frag* ]] || flags=(-movflags "+${name%.mp4}")
	ffmpeg -v error -y -i "$WORK/three" -t 2.5 "${flags[@]}" "$WORK/$name"
	upload "$ITEM" "$WORK/$name" "$name" a/b
	got=$(json .duration_ms)
	wanted=$(ffprobe -v error -show_entries format=duration -of csv=p=0 \
	    "$WORK/$name")
	ok "$name plays $got ms, says ffprobe $wanted s" awk -v got="$got" \
	    -v wanted="$wanted" 'BEGIN { d = got - wanted * 1000;
	    exit !(got ~ /^[0-9]+$/ && d * d <= 50 * 50) }'
	admin DELETE "/items/$ITEM/files/$name"
	expect 204
done
publish "$ITEM"
http "$SHOP/v1/items/$ITEM"
is "$(json '[.files[].duration_ms] | tostring')" '[3000,90000,null,3000]' \
    'the item shows them'
register
redeem "$(gift_code 100)"
buy "$ITEM"
buyer GET /v1/library
is "$(json '[.items[] | {name, duration_ms}] | sort_by(.name) |
    map(.duration_ms) | tostring')" '[3000,90000,null,3000]' \
    '  and the library'
stored "$WORK/ninety" tone
http "$SHOP/v1/items/$ITEM"
is "$(json '.files[0].duration_ms')" 90000 'a new version has its own'

# --- files from before it was known --------------------------------------------------
stop_commerced
sqlite3 -cmd '.timeout 60000' "$COMMERCED_STATE/counterfoil.db" \
    'UPDATE version SET duration_ms = NULL'
start_commerced
admin GET "/items/$ITEM/files/tone"
is "$(json .duration_ms)" null 'a file of an older release has none'
stored "$WORK/ninety" tone
is "$STATUS $(json '[.version, .duration_ms] | tostring')" '200 [2,90000]' \
    '  the same content again makes no version, but tells it'
http "$SHOP/v1/items/$ITEM"
is "$(json '.files[0].duration_ms')" 90000 '  and is shown'
done_testing

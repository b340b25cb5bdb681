#!/bin/bash
# How long files play, as commerced reads it while it seals them, beside what
# ffprobe says: of the demo's media, and of some that ffmpeg makes.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/../scenario/lib.sh"

TOLERANCE_MS=50
export DEMO_DIR=${BUILD:-$ROOT/build}/test-media
say() { diag "$*"; }
die() { diag "$*"; exit 1; }
# shellcheck source=demo/media.sh
. "$ROOT/demo/media.sh"
mkdir -p "$DEMO_DIR/cache" "$DEMO_DIR/media"

# as_ffprobe FILE TYPE: one test
as_ffprobe() {
	local wanted got
	wanted=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$1")
	upload "$ITEM" "$1" "$(basename "$1")" "$2"
	got=$(json .duration_ms)
	ok "$(basename "$1") plays $got ms, says ffprobe $wanted s" \
	    awk -v got="$got" -v wanted="$wanted" -v most="$TOLERANCE_MS" \
	    'BEGIN { d = got - wanted * 1000; exit !(got ~ /^[0-9]+$/ &&
	    d <= most && d >= -most) }'
}

commerced_conf publish-wait 0s
start_stored
start_commerced
draft_item 'Media' 0
while IFS='|' read -r package path _ _ _ _ type _; do
	[[ $type == audio/ogg* || $type == audio/mpeg || $type == audio/flac ||
	    $type == video/* ]] || continue
	unpack_file "$package" "$path"
	as_ffprobe "$MEDIA_FILE" "$type"
done <"$ROOT/demo/media.list"

made() {		# NAME TYPE FFMPEG-ARGUMENT...
	ffmpeg -v error -y -f lavfi -i sine=d=7.5 "${@:3}" "$WORK/$1"
	as_ffprobe "$WORK/$1" "$2"
}
made tone.m4a audio/mp4
made tone.wav audio/wav
made tone.opus audio/ogg
made vorbis.ogg audio/ogg
made flac.ogg audio/ogg -c:a flac
made constant.mp3 audio/mpeg -b:a 64k -write_xing 0
made variable.mp3 audio/mpeg -q:a 3 -write_id3v1 1 -metadata title=x
made mono-8000.mp3 audio/mpeg -ar 8000 -ac 1 -b:a 16k
made tone.webm audio/webm
made start.mp4 video/mp4 -movflags faststart
for flags in frag_keyframe frag_keyframe+empty_moov; do
	made "$flags.mp4" video/mp4 -f lavfi -i testsrc2=s=64x64:r=10:d=7 -g 20 \
	    -movflags "+$flags"
done
made first.flac audio/flac -ar 96000
done_testing

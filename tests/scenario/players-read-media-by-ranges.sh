#!/bin/bash
# An unsealed twin of real media, read by ffprobe, ffmpeg and ffplay from stored:
# they find the same in it as on the disk, seek without fetching the whole, and
# go on when the line is cut.  PLAY_MORE: not empty, more kinds of media.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/media.sh
. "$ROOT/tests/media.sh"

export SDL_AUDIODRIVER=dummy SDL_VIDEODRIVER=dummy
FFMPEG=(ffmpeg -nostdin -v error)

# found_in WHERE: all that ffprobe says, but for the name
found_in() {
	ffprobe -v error -show_format -show_streams -show_chapters -of json \
	    "$@" | jq -cS 'del(.format.filename)'
}

# decoded ARGUMENT...: the digest of what comes out
decoded() {
	"${FFMPEG[@]}" "$@" -f md5 -
}

played() {
	ffplay -v quiet -nodisp -autoexit "$@" >"$WORK/played"
}

# bytes_asked_for: since $LINES of the log, all answers together
bytes_asked_for() {
	tail -n +$((LINES + 1)) "$LOGS/stored-access.log" |
	    sed -n 's/.*path="\/media.* bytes=\([0-9]*\).*/\1/p'
}

# twin FILE: put; its link in $TWIN
twin() {
	local target
	FILE=$1
	put_object "$FILE"
	expect 201
	target="/media/$OBJECT?$(query)"
	TWIN="$STORAGE$target&token=$(sign_url GET "$STORAGE$target")"
}

# cut_while THRESHOLD COMMAND...: by way of a line that is cut there; $TWIN is
# then on that line
cut_while() {
	local direct=$TWIN
	start_cutting_proxy -d "$1"
	TWIN=$CUTTING_ORIGIN${TWIN#"$STORAGE"}
	shift
	"$@"
	end_cutting_proxy 1
	TWIN=$direct
}

is_read_over_a_bad_line() {
	is "$(found_in -count_packets -reconnect 1 "$TWIN")" \
	    "$(found_in -count_packets "$FILE")" \
	    "$NAME: ffprobe reads on when the line is cut"
}

decodes_over_a_bad_line() {
	is "$(decoded -reconnect 1 -reconnect_delay_max 1 -i "$TWIN")" \
	    "$(decoded -i "$FILE")" "$NAME: decoded over a line that is cut"
}

# plays FILE SECOND: the same from stored as from the disk
plays() {
	local size
	NAME=$(basename "$1")
	twin "$1"
	size=$(stat -c %s "$1")
	is "$(found_in "$TWIN")" "$(found_in "$FILE")" \
	    "$NAME: ffprobe finds the same"
	is "$(decoded -i "$TWIN")" "$(decoded -i "$FILE")" \
	    "$NAME: ffmpeg decodes the same"
	is "$(decoded -ss "$2" -i "$TWIN" -t 0.5)" \
	    "$(decoded -ss "$2" -i "$FILE" -t 0.5)" \
	    "$NAME: and from second $2 on"
	ok "$NAME: ffplay plays from there" played -ss "$2" -t 0.5 "$TWIN"
	cut_while $((size / 2)) is_read_over_a_bad_line
	cut_while $((size / 3)) decodes_over_a_bad_line
}

start_stored
real_media asc-music usr/share/games/asc/music/frontiers.mp3
plays "$MEDIA_FILE" 60
while [[ -n ${PLAY_MORE:-} ]] && read -r package path; do
	real_media "$package" "usr/share/$path"
	plays "$MEDIA_FILE" 2
done <<'MEDIA'
forensics-samples-files forensics-samples/original-files/movie2/movie-hello.mp4
renpy-demo games/renpy/demo/game/oa4_launch.webm
lebiniou-data lebiniou/test/EP-Le_cri_des_anges-Intro_4-8bits.flac
MEDIA

# A film with its index at the end: it cannot be opened without a range.
"${FFMPEG[@]}" -f lavfi -i testsrc2=size=640x360:rate=25:duration=8 \
    -f lavfi -i sine=frequency=440:duration=8 -c:v mpeg4 -q:v 1 -c:a aac \
    "$WORK/film.mp4"
plays "$WORK/film.mp4" 6
LINES=$(wc -l <"$LOGS/stored-access.log")
found_in "$TWIN" >"$WORK/found"
ok 'film.mp4: the index was asked for by a range' grep -q ' status=206 ' \
    <(tail -n +$((LINES + 1)) "$LOGS/stored-access.log")
diag "asked for: $(bytes_asked_for | tr '\n' ' ')of $(stat -c %s "$FILE")"
done_testing

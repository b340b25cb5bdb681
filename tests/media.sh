# Media for tests: the demo's, fetched once for each build.  To be included
# behind tests/scenario/lib.sh.
#
# shellcheck shell=bash
# shellcheck disable=SC2034	# MEDIA_FILE is for who includes this

DEMO_DIR=$BUILD/test/media
# shellcheck source=demo/media.sh
. "$ROOT/demo/media.sh"

# What demo/media.sh says and how it ends.
say() {
	diag "$*"
}

die() {
	diag "$*"
	exit 1
}

# real_media PACKAGE PATH: in $MEDIA_FILE.  Where the package cannot be had
# (no network), something of the same kind that ffmpeg makes.
real_media() {
	mkdir -p "$DEMO_DIR"
	MEDIA_FILE=$DEMO_DIR/media/${2##*/}
	(unpack_file "$1" "$2") && return
	MEDIA_FILE=$WORK/${2##*/}
	case $MEDIA_FILE in
	*.mp4 | *.webm) set -- -f lavfi -i testsrc2=duration=20 ;;
	*) set -- ;;
	esac
	ffmpeg -nostdin -v error -f lavfi -i sine=frequency=220:duration=120 \
	    "$@" -shortest "$MEDIA_FILE"
}

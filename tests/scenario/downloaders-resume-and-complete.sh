#!/bin/bash
# Everyday downloaders, with the limits as shipped: each is killed or cut in the
# middle, goes on where it was, and has the right bytes under the right name.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

SIZE=12000000
PART=1000000		# at 1 MiB/s: there is time to kill it in the middle
cd "$WORK" || exit 1

# percent TEXT: as the name of a URL is written
percent() {
	perl -e 'print join "", map { /[A-Za-z0-9._~-]/ ? $_ :
	    sprintf "%%%02X", ord } split //, $ARGV[0]' "$1"
}

# link [NAME]: to the twin, signed; for who cannot send a field
link() {
	local target token
	target="/media/$OBJECT?$(query)${1:+&name=$(percent "$1")}"
	token=$(sign_url GET "$STORAGE$target")
	printf '%s%s&token=%s' "$STORAGE" "$target" "$token"
}

# has FILE BYTES: so much of it is there
has() {
	[[ -e $1 && $(stat -c %s "$1") -ge $2 ]]
}

# killed FILE COMMAND...: SIGKILL in the middle of it
killed() {
	local file=$1 pid
	shift
	"$@" >"$WORK/said" 2>&1 &
	pid=$!
	wait_until 60 has "$file" "$PART"
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || :
	not_ok "$file was cut" cmp -s "$file" "$WORK/twin"
	wait_until 60 nothing_is_sent
	LINES=$(wc -l <"$LOGS/stored-access.log")
}

# Requests to stored, without the one that asks this.
under_way() {
	echo $(($(curl -sf "$STORAGE_ADMIN/metrics" |
	    sed -n 's/^stored_http_requests_under_way //p') - 1))
}

nothing_is_sent() {
	[[ $(under_way) -eq 0 ]]
}

# since_then: "STATUS BYTES" of what was asked for after the kill
since_then() {
	tail -n +$((LINES + 1)) "$LOGS/stored-access.log" |
	    sed -n 's/.*path="\/media.* status=\([0-9]*\) bytes=\([0-9]*\).*/\1 \2/p'
}

# completed FILE COMMAND...: it is the twin now
completed() {
	local file=$1
	shift
	ok "$file: goes on" quietly "$@"
	# Its line in the log may come after its last byte.
	wait_until 60 nothing_is_sent
	is "$(sha256 "$file")" "$OBJECT" "$file: is whole"
}

quietly() {
	"$@" >"$WORK/said" 2>&1 || { diag "$(tail -n 5 "$WORK/said")"; false; }
}

stored_conf grant-limit ''		# as shipped
start_stored
make_file "$WORK/twin" "$SIZE"
put_object "$WORK/twin"
expect 201
URL=$(link)
FIELD="Authorization: Bearer ${URL#*token=}"
PLAIN=${URL%&token=*}

# --- curl -----------------------------------------------------------------------

killed by-curl curl -sS --limit-rate 1M -H "$FIELD" -o by-curl "$PLAIN"
HAD=$(stat -c %s by-curl)
completed by-curl curl -sS -C - -H "$FIELD" -o by-curl "$PLAIN"
is "$(since_then)" "206 $((SIZE - HAD))" 'by-curl: asked for the rest alone'
ok 'by-curl: again, when all is there' quietly \
    curl -sS -C - -H "$FIELD" -o by-curl "$PLAIN"
is "$(sha256 by-curl)" "$OBJECT" 'by-curl: stays as it is'

# --- wget -----------------------------------------------------------------------

killed by-wget wget -q --limit-rate=1M --header "$FIELD" -O by-wget "$PLAIN"
HAD=$(stat -c %s by-wget)
completed by-wget wget -q -c --header "$FIELD" -O by-wget "$PLAIN"
is "$(since_then)" "206 $((SIZE - HAD))" 'by-wget: asked for the rest alone'
start_cutting_proxy -d 3000000 6000000 9000000
completed over-a-bad-line wget -q -c --waitretry=0 -O over-a-bad-line \
    "$CUTTING_ORIGIN${URL#"$STORAGE"}"
end_cutting_proxy 3

# --- aria2 ----------------------------------------------------------------------

ARIA=(aria2c -q -x8 -s8 -k1M --no-conf --file-allocation=none
    --auto-save-interval=1)
aria_is_busy() {
	[[ -e by-aria2 && $(($(stat -c '%b * 512' by-aria2))) -ge 1500000 &&
	    $(($(since_then | wc -l) + $(under_way))) -ge 8 ]]
}
# Its first request is for the whole, of which it reads a segment.
parts_asked_for() {
	since_then | grep -c '^206 '
}
LINES=$(wc -l <"$LOGS/stored-access.log")
"${ARIA[@]}" --max-overall-download-limit=750K --header="$FIELD" -o by-aria2 \
    "$PLAIN" >"$WORK/said" 2>&1 &
PID=$!
wait_until 60 aria_is_busy
# It writes down each second what it has.
: >"$WORK/now"
wait_until 60 test by-aria2.aria2 -nt "$WORK/now"
kill -KILL "$PID"
wait "$PID" 2>/dev/null || :
wait_until 60 nothing_is_sent
ok 'by-aria2: in eight segments' test \
    "$(parts_asked_for)" -ge 7
LINES=$(wc -l <"$LOGS/stored-access.log")
# What it had is kept: its first byte, changed meanwhile, is not asked for again.
# Bytes sent would not say so: who is done takes half of another's part, which
# is on its way already.
first_byte_is() {
	printf '%b' "\\x$1" | dd of=by-aria2 bs=1 count=1 conv=notrunc status=none
}
FIRST=$(head -c 1 "$WORK/twin" | od -An -tx1 | tr -d ' ')
first_byte_is "$(printf %02x $((0x$FIRST ^ 255)))"
ok 'by-aria2: goes on' quietly "${ARIA[@]}" -c --header="$FIELD" -o by-aria2 \
    "$PLAIN"
wait_until 60 nothing_is_sent
is "$( { cmp -l by-aria2 "$WORK/twin" || :; } | awk '{ print $1 }')" 1 \
    'by-aria2: asked for what it lacked'
first_byte_is "$FIRST"
is "$(sha256 by-aria2)" "$OBJECT" 'by-aria2: is whole'
start_cutting_proxy -d 2000000 4000000 7000000 8000000
completed on-a-bad-line "${ARIA[@]}" --retry-wait=0 --max-tries=20 \
    -o on-a-bad-line "$CUTTING_ORIGIN${URL#"$STORAGE"}"
end_cutting_proxy 4

# --- names -----------------------------------------------------------------------

# name_is NAME BY-CURL: curl reads the plain name alone, the others the real one
name_is() {
	local name=$1 plain=$2 folder=$WORK/named
	mkdir -p "$folder"
	URL=$(link "$name")
	(cd "$folder" && quietly curl -sS -OJ "$URL")
	is "$(ls -A "$folder")" "$plain" "curl -OJ names it $plain"
	is "$(sha256 "$folder/$plain")" "$OBJECT" 'which is whole'
	rm -rf "$folder"
	mkdir "$folder"
	(cd "$folder" && quietly wget -q --content-disposition \
	    --restrict-file-names=nocontrol "$URL")
	is "$(ls -A "$folder")" "$name" "wget names it $name"
	rm -rf "$folder"
	(quietly "${ARIA[@]}" -d "$folder" "$URL")
	is "$(ls -A "$folder")" "$name" "aria2 names it $name"
	rm -rf "$folder"
}

name_is waltz.ogg.age waltz.ogg.age
name_is 'Ünï – “waltz”.mp3' '_n_ _ _waltz_.mp3'
name_is '日本語.flac' '___.flac'
name_is "it's 100% \"quoted\"; a=b, c.mp4" 'it_s 100_ _quoted__ a_b_ c.mp4'

# Killed under the name that it was given, and gone on with under that.
mkdir "$WORK/named"
cd "$WORK/named" || exit 1
URL=$(link 'Ein "Lied".ogg')
killed 'Ein _Lied_.ogg' curl -sS --limit-rate 1M -OJ "$URL"
completed 'Ein _Lied_.ogg' curl -sS -C - -o 'Ein _Lied_.ogg' "$URL"
cd "$WORK" || exit 1
done_testing

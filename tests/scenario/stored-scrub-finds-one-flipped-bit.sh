#!/bin/bash
# One flipped bit in one object of ten thousand is found by scrubbing, by the
# daemon or without one; the object is put into quarantine and named.  A round
# that a stop cut short goes on where it was.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

MANY=10000

# Objects of 1 to 8 KiB, put where stored puts them; the last one in $OBJECT.
fill_root() {
	perl -MDigest::SHA=sha256_hex -e '
	    my ($root, $count) = @ARGV;
	    open(my $random, "<", "/dev/urandom") or die;
	    for my $i (1 .. $count) {
		read($random, my $bytes, 1024 + 7 * ($i % 1024)) or die;
		my $id = sha256_hex($bytes);
		my $folder = "$root/" . substr($id, 0, 2);
		mkdir $folder;
		$folder .= "/" . substr($id, 2, 2);
		mkdir $folder;
		open(my $out, ">", "$folder/$id") or die;
		print $out $bytes;
		close($out) or die;
		print "$id\n" if $i == $count;
	    }' "$1" "$2"
}

# scrub: exit status in $SCRUBBED, what it said in $SAID
scrub() {
	SCRUBBED=0
	SAID=$("$BUILD/stored" --scrub -f "$STORED_CONFIG" \
	    2>>"$LOGS/scrub.log") || SCRUBBED=$?
}

metric() {		# NAME
	curl -sf "$STORAGE_ADMIN/metrics" | sed -n "s/^$1 //p"
}

status_of() {		# FILTER
	curl -sf "$STORAGE_ADMIN/scrub" | jq -r "$1"
}

mkdir -p "$STORED_ROOT/objects/$COMMERCE_ID"
VICTIM=$(fill_root "$STORED_ROOT/objects/$COMMERCE_ID" "$MANY")
BYTES=$(find "$STORED_ROOT/objects" -type f -printf '%s\n' |
    awk '{ sum += $1 } END { print sum }')

# --- without a daemon -------------------------------------------------------------

stored_conf scrub-rate 0
write_stored_config
scrub
is "$SCRUBBED $SAID" \
    "0 objects=$MANY bytes=$BYTES damaged=0 unreadable=0" \
    'without a daemon: every object is read, and none is damaged'
flip_bit "$(object_path "$VICTIM")"
scrub
is "$SCRUBBED $SAID" "3 damaged commerce=$COMMERCE_ID object=$VICTIM
objects=$MANY bytes=$BYTES damaged=1 unreadable=0" \
    'one flipped bit is found and named'
ok 'the object is in quarantine' \
    test -f "$STORED_ROOT/quarantine/$COMMERCE_ID/$VICTIM"
ok 'and no longer in its place' test ! -e "$(object_path "$VICTIM")"
flip_bit "$STORED_ROOT/quarantine/$COMMERCE_ID/$VICTIM"
mv "$STORED_ROOT/quarantine/$COMMERCE_ID/$VICTIM" "$(object_path "$VICTIM")"

# --- by the daemon ------------------------------------------------------------------

start_stored
get_object "$VICTIM"
status_is 200 'a whole object is served'
flip_bit "$(object_path "$VICTIM")"
scrub
is "$SCRUBBED $SAID" "3 damaged commerce=$COMMERCE_ID object=$VICTIM
objects=$MANY bytes=$BYTES damaged=1 unreadable=0" \
    'by the daemon: the bit is found, named, and followed to the end'
like "$(grep 'scrub: damaged' "$LOGS/stored.log")" "object=$VICTIM" \
    'its log names it'
is "$(metric stored_scrub_damaged_total) $(metric stored_scrub_last_findings)" \
    '1 1' 'its metrics count it'
get_object "$VICTIM"
problem_is 404 object-not-found 'it is no longer served'
scrub
is "$SCRUBBED $SAID" "0 objects=$((MANY - 1)) bytes=$((BYTES - \
    $(stat -c %s "$STORED_ROOT/quarantine/$COMMERCE_ID/$VICTIM"))) \
damaged=0 unreadable=0" 'the next round finds nothing more'
flip_bit "$STORED_ROOT/quarantine/$COMMERCE_ID/$VICTIM"
put_object "$STORED_ROOT/quarantine/$COMMERCE_ID/$VICTIM"
status_is 201 'sent again'
get_object "$VICTIM"
status_is 200 'it is served again'

# The admin listener of another daemon, the same root.
sed "s/^admin-listen = .*/admin-listen = unix:\/${WORK//\//\\/}\/none/" \
    "$STORED_CONFIG" >"$WORK/other.conf"
sed -i 's,unix://*,unix:/,' "$WORK/other.conf"
if "$BUILD/stored" --scrub -f "$WORK/other.conf" >"$WORK/said" 2>&1; then
	fail 'a root in use is not scrubbed beside its daemon'
else
	like "$(<"$WORK/said")" "$STORED_PID" \
	    'a root in use is not scrubbed beside its daemon, which is named'
fi

# --- cut short ------------------------------------------------------------------------

# Objects cost 16 KiB besides their bytes: 4 MiB/s take some 50 s for all.
round_has_begun() {
	[[ $(status_of '.current.objects // 0') -ge 200 ]]
}

stop_stored
stored_conf scrub-rate 4MiB
start_stored
curl -sf -X POST "$STORAGE_ADMIN/scrub" >"$WORK/asked"
wait_until 60 round_has_begun
is "$(status_of .last.ended_at | grep -c Z) $(status_of \
    '.current.round == .last.round + 1')" '1 true' 'a round is under way'
stop_stored
FIRST=$(sed -n 's/^current [0-9]* [0-9]* [0-9]* \([0-9]*\) .*/\1/p' \
    "$STORED_ROOT/scrub")
diag "stopped after $FIRST objects"
ok 'a stop cuts it short' test "$FIRST" -ge 200 -a "$FIRST" -lt "$MANY"
stored_conf scrub-rate 0
start_stored
scrub
is "$SCRUBBED $SAID" "0 objects=$MANY bytes=$BYTES damaged=0 unreadable=0" \
    'the next process ends the same round: all objects, each once'
is "$(metric stored_scrub_objects_total)" "$((MANY - FIRST))" \
    'and has read only those that were left'
stop_stored

# --- the bound ------------------------------------------------------------------------

rm -rf "${STORED_ROOT:?}"/*
stored_conf scrub-rate 1MiB
start_stored
make_file "$WORK/large" $((3 * 1024 * 1024))
put_object "$WORK/large"
BEGAN=${EPOCHREALTIME/./}
scrub
TOOK=$(((${EPOCHREALTIME/./} - BEGAN) / 1000))
diag "3 MiB at 1 MiB/s: $TOOK ms"
is "$SCRUBBED" 0 'a large object is whole'
ok 'reading is no faster than scrub-rate' test "$TOOK" -ge 2900

done_testing

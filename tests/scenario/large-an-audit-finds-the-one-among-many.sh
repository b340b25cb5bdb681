#!/bin/bash
# Among many objects one has a flipped bit: scrubbing finds it, and so does the
# sampled audit when that chunk is drawn, not before.  One that was deleted, one
# that was truncated and one that no books know are named, and nothing else.
# AUDIT_FILES (200); ten thousand in make check-full-large.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

MANY=${AUDIT_FILES:-200}
EACH=100		# files of an item

# Files of up to 2 KiB, and what curl is to do with them.
make_uploads() {
	local number=0
	mkdir "$WORK/files"
	perl -e 'open(my $random, "<", "/dev/urandom") or die;
	    for my $i (0 .. $ARGV[1] - 1) {
		read($random, my $bytes, 1 + ($i * 7) % 2048) or die;
		open(my $out, ">", "$ARGV[0]/$i.bin") or die;
		print $out $bytes;
		close($out) or die;
	    }' "$WORK/files" "$MANY"
	while [[ $number -lt $MANY ]]; do
		[[ $((number % EACH)) -ne 0 ]] ||
		    draft_item "Collection $((number / EACH))" 99 bundle
		printf '%s\n' "url = \"$SHOP/admin/v1/items/$ITEM/files/$number.bin\"" \
		    "upload-file = \"$WORK/files/$number.bin\"" \
		    "header = \"Authorization: Bearer $ADMIN_TOKEN\"" \
		    'header = "Content-Type: application/octet-stream"' \
		    'output = "/dev/null"' \
		    'write-out = "%{http_code}\n"' next
		number=$((number + 1))
	done >"$WORK/uploads"
	sed -i '$d' "$WORK/uploads"
}

start_stored
start_commerced
make_uploads
curl -Z --parallel-max 32 -K "$WORK/uploads" >"$WORK/statuses" \
    2>"$WORK/progress" ||
    diag 'curl ends badly'
is "$(grep -c '^20[12]$' "$WORK/statuses")" "$MANY" "$MANY files are uploaded"
wait_until 60 nothing_waits
audit
is "$AUDITED $SAID" "0 objects=$MANY missing=0 wrong-size=0 orphaned=0 \
damaged=0 sampled=0 sent-again=0" 'all are there'

mapfile -t OBJECTS < <(find "$STORED_ROOT/objects" -type f -printf '%f\n' |
    shuf -n 4)
FLIPPED=${OBJECTS[0]} DELETED=${OBJECTS[1]} TRUNCATED=${OBJECTS[2]}

# --- one bit ----------------------------------------------------------------------

flip_bit "$(object_path "$FLIPPED")"
ROUNDS=0 WRONG=0
while :; do
	ROUNDS=$((ROUNDS + 1))
	audit --sample $((MANY / 5))
	! grep -q "object=$FLIPPED" "$WORK/audit.log" || break
	[[ $AUDITED -eq 0 ]] || WRONG=1
	[[ $ROUNDS -lt 200 ]] || break
done
diag "drawn in round $ROUNDS, each of $((MANY / 5))"
is "$AUDITED $WRONG" '3 0' 'the sampled audit finds it when it is drawn'
is "$(grep -v '^objects=' <<<"$SAID" | grep -o 'damaged object=[0-9a-f]*')" \
    "damaged object=$FLIPPED" 'and names it alone'
flip_bit "$(object_path "$FLIPPED")"
SCRUBBED=0
SAID=$("$BUILD/stored" --scrub -f "$STORED_CONFIG" 2>>"$LOGS/scrub.log") ||
    SCRUBBED=$?
is "$SCRUBBED $(head -n 1 <<<"$SAID")" \
    "3 damaged commerce=$COMMERCE_ID object=$FLIPPED" 'scrubbing finds it'
audit
like "$SAID" "missing object=$FLIPPED .*repair=sent-again" \
    'what scrubbing took away is sent again'

# --- deleted, truncated, never known ------------------------------------------------

stored_request DELETE "/objects/$DELETED?$(query '' withdraw)"
expect 204
truncate -s -1 "$(object_path "$TRUNCATED")"
make_file "$WORK/orphan" 1000
put_object "$WORK/orphan"
expect 201
audit
is "$AUDITED $(grep -oE '^(missing|wrong-size|orphaned|damaged) object=[0-9a-f]*' \
    <<<"$SAID" | sort)" "3 missing object=$DELETED
orphaned object=$OBJECT
wrong-size object=$TRUNCATED" \
    'the deleted, the orphan and the truncated one are named, and no other'
done_testing

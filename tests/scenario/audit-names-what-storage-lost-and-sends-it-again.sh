#!/bin/bash
# commerced --audit names a deleted object, a truncated one and an orphan, and
# sends again what it still holds; --sample finds a flipped bit when its chunk
# is drawn, by the chunk's own tag.  It runs beside the daemon and without it.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# sum_of KEY: of the last line
sum_of() {
	tail -n 1 <<<"$SAID" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# plant BYTES: an object that no books know; its id in $ORPHAN
plant() {
	make_file "$WORK/orphan" "$1"
	put_object "$WORK/orphan"
	expect 201
	ORPHAN=$OBJECT
}

commerced_conf push-piece 64KiB
start_stored
start_commerced
draft_item 'A collection' 99 bundle
OBJECTS=()
for name in one two three four five six; do
	make_file "$WORK/$name.bin" $((RANDOM + 150000))
	upload "$ITEM" "$WORK/$name.bin"
	wait_until 60 file_is_stored "$ITEM" "$name.bin"
	OBJECTS+=("$(json .object)")
done

audit
is "$AUDITED $SAID" "0 objects=6 missing=0 wrong-size=0 orphaned=0 damaged=0 \
sampled=0 sent-again=0" 'what was published is there'
audit --sample 4
is "$AUDITED $(sum_of sampled) $(sum_of damaged)" '0 4 0' \
    'four of six opened: one chunk each'

# Deleted, truncated, never known.
SIZE=$(stat -c %s "$(object_path "${OBJECTS[0]}")")
rm "$(object_path "${OBJECTS[0]}")"
truncate -s -1 "$(object_path "${OBJECTS[1]}")"
plant 1000
audit
is "$AUDITED" 3 'the audit finds something'
like "$SAID" "missing object=${OBJECTS[0]} version=[0-9a-f-]* \
sealed_size=$SIZE repair=sent-again" 'the deleted object is named'
like "$SAID" "wrong-size object=${OBJECTS[1]} .* stored_size=[0-9]* \
repair=sent-again" 'the truncated one is named'
like "$SAID" "orphaned object=$ORPHAN sealed_size=1000" 'the orphan is named'
is "$(tail -n 1 <<<"$SAID")" "objects=6 missing=1 wrong-size=1 orphaned=1 \
damaged=0 sampled=0 sent-again=2" 'and nothing else'
is "$(sha256 "$(object_path "${OBJECTS[0]}")") $(sha256 "$(object_path "${OBJECTS[1]}")")" \
    "${OBJECTS[0]} ${OBJECTS[1]}" 'both are whole again'
audit
is "$AUDITED $(sum_of missing) $(sum_of wrong-size) $(sum_of orphaned)" \
    '3 0 0 1' 'the next one finds the orphan alone'
get_object "$ORPHAN"
status_is 200 'which it did not touch'
stored_request DELETE "/objects/$ORPHAN?$(query '' withdraw)"
audit
is "$AUDITED" 0 'an orphan that was removed is none'

# One bit in the second of three chunks: found when that is drawn.
flip_bit "$(object_path "${OBJECTS[2]}")" $((184 + 65552 + 30000))
FOUND=0 WRONG=0 ROUNDS=0
while [[ $FOUND -eq 0 && $ROUNDS -lt 100 ]]; do
	ROUNDS=$((ROUNDS + 1))
	audit --sample 6
	DRAWN=$(sed -n "s/.*sampled object=${OBJECTS[2]} chunk=\\([0-9]\\).*/\\1/p" \
	    "$WORK/audit.log")
	case $DRAWN-$AUDITED in
	1-3)	FOUND=1 ;;
	[02]-0)	;;
	*)	WRONG=1 ;;
	esac
done
diag "the chunk was drawn in round $ROUNDS"
is "$FOUND $WRONG" '1 0' 'a flipped bit is found when its chunk is drawn'
like "$SAID" "damaged object=${OBJECTS[2]} .* chunk=1 of=3 \
repair=sent-again" 'and named with its chunk'
is "$(sha256 "$(object_path "${OBJECTS[2]}")")" "${OBJECTS[2]}" 'and repaired'
# One bit of the header is in every sample of its object.
flip_bit "$(object_path "${OBJECTS[3]}")" 100
audit --sample 6
is "$AUDITED $(sum_of damaged)" '3 1' 'a flipped bit of the header always'

# Without the daemon; and what is not held here cannot be sent.
stop_commerced
rm "$(object_path "${OBJECTS[4]}")"
rm "$COMMERCED_STATE/sealed/${OBJECTS[4]:0:2}/${OBJECTS[4]}"
audit
is "$AUDITED" 3 'without the daemon: found too'
like "$SAID" "missing object=${OBJECTS[4]} .* repair=not-held-here" \
    'what is not held here is said to be so'
rm "$(object_path "${OBJECTS[5]}")"
stop_stored
audit --sample 2
is "$AUDITED $SAID" '1 ' 'without the storage service there is no result'
like "$(<"$WORK/audit.log")" 'cannot list the objects' 'but a reason'

# More than a page of the list, and objects of another issuer, which are none
# of our business.
ORPHANS=$STORED_ROOT/objects/$COMMERCE_ID
perl -MDigest::SHA=sha256_hex -e '
    for my $i (1 .. 2100) {
	my $id = sha256_hex("orphan $i");
	my $folder = "$ARGV[0]/" . substr($id, 0, 2);
	mkdir $folder;
	$folder .= "/" . substr($id, 2, 2);
	mkdir $folder;
	open(my $out, ">", "$folder/$id") or die;
	print $out "orphan $i";
	close($out) or die;
    }' "$ORPHANS"
mkdir -p "$(dirname "$(object_path "${OBJECTS[4]}" other.example.com)")"
: >"$(object_path "${OBJECTS[4]}" other.example.com)"
start_stored
audit --sample 1000
is "$AUDITED $(tail -n 1 <<<"$SAID")" "3 objects=6 missing=2 wrong-size=0 \
orphaned=2100 damaged=0 sampled=4 sent-again=1" 'a list of several pages'
is "$(grep -c '^orphaned' <<<"$SAID")" 2100 'each orphan is named'

# The disk is lost.
stop_stored
rm -rf "${STORED_ROOT:?}"/*
start_stored
start_commerced
audit
is "$AUDITED $(tail -n 1 <<<"$SAID")" "3 objects=6 missing=6 wrong-size=0 \
orphaned=0 damaged=0 sampled=0 sent-again=5" 'an empty root is filled again'
register
redeem "$(gift_code 500)"
publish "$ITEM"
buy "$ITEM"
download "$URL" "$TOKEN" "$WORK/sealed.age"
open_sealed "$KEY" "$WORK/sealed.age" "$WORK/plain"
ok 'and buyers are served from it' cmp "$WORK/plain" "$WORK/one.bin"

done_testing

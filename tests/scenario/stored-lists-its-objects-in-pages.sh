#!/bin/bash
# The list of an issuer: in order, a thousand a page, each page signed for
# itself, complete however many there are.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# Made on the disk: the list believes names, and reading them is what counts.
COUNT=2345
FOLDER=$STORED_ROOT/objects/$COMMERCE_ID
mkdir -p "$FOLDER"
perl -MDigest::SHA=sha256_hex -e '
	my ($folder, $count) = @ARGV;
	for my $i (1 .. $count) {
		my $object = sha256_hex("object $i");
		my ($ab, $cd) = $object =~ /^(..)(..)/;
		mkdir "$folder/$ab";
		mkdir "$folder/$ab/$cd";
		open my $file, ">", "$folder/$ab/$cd/$object" or die "$!\n";
		print $file "x" x ($i % 7);
	}' "$FOLDER" "$COUNT"
find "$FOLDER" -type f -printf '%f %s\n' | sort >"$WORK/expected"
# What is no object is passed over.
mkdir -p "$FOLDER/zz" "$FOLDER/00/00"
touch "$FOLDER/stray" "$FOLDER/00/stray" "$FOLDER/00/00/stray"
start_stored

# page [AFTER]: one page, as "OBJECT SIZE" lines added to $WORK/listed; $NEXT
page() {
	stored_request GET "/objects?$(query '' audit)${1:+&after=$1}"
	expect 200
	json '.objects[] | "\(.object) \(.sealed_size)"' >>"$WORK/listed"
	NEXT=$(json .next)
	PAGE=$(json '.objects | length')
}

: >"$WORK/listed"
page
is "$PAGE" 1000 'the first page'
is "$NEXT" "$(sed -n '1000s/ .*//p' "$WORK/expected")" \
    'next is the last object of the page'
page "$NEXT"
is "$PAGE" 1000 'the second page'
page "$NEXT"
is "$PAGE $NEXT" "$((COUNT - 2000)) null" 'the last page'
same_file "$WORK/listed" "$WORK/expected" \
    'the pages are all objects, in order, with their sizes'

LAST=$(tail -n 1 "$WORK/expected" | cut -d ' ' -f 1)
page "$LAST"
is "$PAGE $NEXT" '0 null' 'after the last there is nothing'
page "$(printf 'f%.0s' {1..64})"
is "$PAGE $NEXT" '0 null' 'nor after the largest id there is'
page "$(printf '0%.0s' {1..64})"
is "$PAGE" 1000 'after an id that no object has'

# A page is signed with its place.
TARGET="/objects?$(query)"
TOKEN=$(sign_url LIST "$STORAGE$TARGET")
http -H "Authorization: Bearer $TOKEN" "$STORAGE$TARGET&after=$LAST"
problem_is 403 token-refused 'a place that was not signed'

stored_request GET "/objects?$(query '' audit nobody.example.com)"
problem_is 403 token-refused 'an issuer that is not known'

done_testing

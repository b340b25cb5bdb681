#!/bin/bash
# Whatever goes wrong with a PUT - the digest, the length, the connection, the
# disk, another PUT - no part of an object is ever seen, and nothing is left.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

stored_conf max-object-size 2MiB
start_stored
make_file "$WORK/file" 600000
SIZE=600000
OBJECT=$(sha256 "$WORK/file")

# own [OBJECT]: sets $TARGET and $TOKEN for a PUT
own() {
	TARGET="/objects/${1:-$OBJECT}?$(query '' publish)"
	TOKEN=$(sign_url PUT "$STORAGE$TARGET")
}

# put CURL-ARGUMENT...
put() {
	http -X PUT -H "Authorization: Bearer $TOKEN" -H Expect: "$@" \
	    "$STORAGE$TARGET"
}

incoming_is_empty() {
	[[ -z $(find "$STORED_ROOT/incoming" -type f) ]]
}

# nothing_is_left DESCRIPTION: neither to be seen nor on the disk
nothing_is_left() {
	ok "$1: nothing lies in incoming" wait_until 60 incoming_is_empty
	get_object "$OBJECT"
	problem_is 404 object-not-found "$1: no object"
}

own
put -T "$WORK/file" -H 'Transfer-Encoding: chunked'
problem_is 411 length-required 'a chunked upload'
put -T "$WORK/file" -H 'Transfer-Encoding: chunked' -H 'Expect: 100-continue'
problem_is 411 length-required 'a chunked upload that asks first'
http -X PUT -H "Authorization: Bearer $TOKEN" "$STORAGE$TARGET"
problem_is 411 length-required 'no body and no length'
head -c $((2 * 1024 * 1024 + 1)) /dev/zero >"$WORK/large"
put -T "$WORK/large"
problem_is 413 too-large 'larger than max-object-size'
put -T "$WORK/large" -H 'Expect: 100-continue'
problem_is 413 too-large 'the same, asking first'
put -T "$WORK/file" -H 'Content-Range: bytes 0-599999/2097153'
problem_is 413 too-large 'pieces of what is too large'
nothing_is_left 'refused by the header'

head -c $((SIZE - 1)) "$WORK/file" >"$WORK/short"
cp "$WORK/file" "$WORK/wrong"
flip_bit "$WORK/wrong" 300000
put -T "$WORK/wrong"
problem_is 422 digest-mismatch 'one byte is wrong'
put -T "$WORK/short"
problem_is 422 digest-mismatch 'a body that is a byte short'
: >"$WORK/empty"
put -T "$WORK/empty" -H 'Content-Length: 0'
problem_is 422 digest-mismatch 'an empty body'
{ cat "$WORK/file"; printf x; } >"$WORK/long"
put -T "$WORK/long"
problem_is 422 digest-mismatch 'a body that is a byte long'
nothing_is_left 'the wrong bytes'

# --- the connection ------------------------------------------------------------

# send LENGTH BYTES FILE [EXTRA-HEADER]: declares LENGTH, sends BYTES of FILE,
# then closes for writing; prints the statuses that come back
send() {
	perl - "$STORED_PORT" "$TARGET" "$TOKEN" "$@" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $target, $token, $length, $bytes, $path, $extra) = @ARGV;
my $body = '';
open my $file, '<:raw', $path or die "$path: $!\n";
read $file, $body, $bytes;
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
    Timeout => 5) or die "cannot connect: $!\n";
$SIG{PIPE} = 'IGNORE';
my $out = "PUT $target HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\n" .
    (defined $extra ? "$extra\r\n" : '') .
    "Content-Length: $length\r\n\r\n$body";
while (length $out) {
	my $n = syswrite $socket, $out or last;
	substr $out, 0, $n, '';
}
shutdown $socket, 1;
my $in = '';
while (sysread $socket, $in, 4096, length $in) { }
print join(' ', $in =~ /^HTTP\/1\.1 (\d{3})/mg), "\n";
PERL
}

own
for cut in 0 1 4096 262143 262144 262145 $((RANDOM * 18)) $((RANDOM * 18)) \
    $((SIZE - 1)); do
	unlike "$(send "$SIZE" "$cut" "$WORK/file")" '20[01]' \
	    "a connection cut after $cut bytes is not acknowledged"
done
nothing_is_left 'cut connections'

like "$(send "$SIZE" $((SIZE + 1)) "$WORK/long")" '^201( 400)?$' \
    'bytes behind the declared length are not part of the object'
get_object "$OBJECT"
same_file "$BODY" "$WORK/file" 'which is whole'
stored_request DELETE "/objects/$OBJECT?$(query)"
expect 204

# --- two at once ---------------------------------------------------------------

own
put_again() {
	curl -s -o /dev/null -w '%{http_code}\n' -T "$WORK/file" -H Expect: \
	    --limit-rate 2M -H "Authorization: Bearer $TOKEN" \
	    "$STORAGE$TARGET"
}
for _ in 1 2 3 4; do put_again & done >"$WORK/statuses"
for job in $(jobs -p); do
	[[ $job == "$STORED_PID" ]] || wait "$job"
done
is "$(sort "$WORK/statuses" | tr '\n' ' ')" '200 200 200 201 ' \
    'of four uploads at once each is right, and one is the first'
get_object "$OBJECT"
same_file "$BODY" "$WORK/file" 'and the object is whole'
ok 'nothing is left of them' wait_until 60 incoming_is_empty

# A damaged object is repaired by sending it again, also to who reads it.
STORED=$(object_path "$OBJECT")
printf damaged | dd of="$STORED" conv=notrunc status=none
put -T "$WORK/wrong"
problem_is 422 digest-mismatch 'a wrong upload of an object that is there'
get_object "$OBJECT"
is "$(head -c 7 "$BODY")" damaged 'changes nothing'
put -T "$WORK/file"
status_is 200 'the right one'
get_object "$OBJECT"
same_file "$BODY" "$WORK/file" 'repairs it'

# --- the disk --------------------------------------------------------------------

# A folder that cannot be written to.
mv "$STORED_ROOT/incoming" "$WORK/aside"
: >"$STORED_ROOT/incoming"
put -T "$WORK/file"
problem_is 500 storage-error 'no folder to write to'
put -T "$WORK/file" -H "Content-Range: bytes 0-$((SIZE - 1))/$SIZE"
problem_is 500 storage-error 'nor for pieces'
http "$STORAGE_ADMIN/readyz"
is "$STATUS $(json '.reasons[0]')" '503 object-root cannot be written to' \
    '/readyz says so'
get_object "$OBJECT"
same_file "$BODY" "$WORK/file" 'reading goes on'
rm "$STORED_ROOT/incoming"
mv "$WORK/aside" "$STORED_ROOT/incoming"
put -T "$WORK/file"
status_is 200 'and writing, once it is back'

# A disk that is full.
NO_SPACE='no space is left below object-root, or less than free-space-reserve'
stop_stored
DISK=$WORK/disk
mkdir "$DISK"
if mount -t tmpfs -o size=1m,mode=700 tmpfs "$DISK" 2>/dev/null; then
	scenario_cleanup() { umount "$DISK"; }
	stored_conf object-root "$DISK"
	stored_conf free-space-reserve 0
	start_stored
	make_file "$WORK/fits" 700000
	put_object "$WORK/fits"
	status_is 201 'what fits on the disk is stored'
	FITS=$OBJECT
	make_file "$WORK/more" 900000
	put_object "$WORK/more"
	problem_is 507 storage-full 'what does not is refused'
	put_object "$WORK/more" -H 'Expect: 100-continue'
	problem_is 507 storage-full 'before the body, when asked'
	OBJECT=$(sha256 "$WORK/more")
	# A piece that fits goes in, the next does not, and the first stays.
	own
	head -c 100000 "$WORK/more" >"$WORK/piece"
	put -T "$WORK/piece" -H 'Content-Range: bytes 0-99999/900000'
	is "$STATUS $(header Upload-Offset)" '204 100000' 'a piece that fits'
	tail -c +100001 "$WORK/more" >"$WORK/piece"
	put -T "$WORK/piece" -H 'Content-Range: bytes 100000-899999/900000'
	problem_is 507 storage-full 'the piece that does not'
	stored_request HEAD "/objects/$OBJECT?$(query)"
	is "$STATUS $(header Upload-Offset)" '200 100000' 'the first is held'
	stored_request DELETE "/objects/$FITS?$(query)"
	status_is 204 'a full disk can be made room on'
	put -T "$WORK/piece" -H 'Content-Range: bytes 100000-899999/900000'
	status_is 201 'and then the rest goes in'
	get_object "$OBJECT"
	same_file "$BODY" "$WORK/more" 'and is whole'
	ok 'nothing else is left' test -z "$(find "$DISK/incoming" -type f)"
	# Not a byte left, nor room for a folder.
	head -c 2M /dev/zero >"$DISK/filler" 2>/dev/null || :
	http "$STORAGE_ADMIN/readyz"
	is "$STATUS $(json '.reasons[0]')" \
	    "503 $NO_SPACE" '/readyz says so'
	put_object "$WORK/file"
	problem_is 507 storage-full 'not a byte is left'
	rm "$DISK/filler"
	http "$STORAGE_ADMIN/readyz"
	status_is 200 'room again: ready'
	stop_stored

	# 1024 KiB less 684 for the object leave 340 for a reserve of 300.
	rm -rf "${DISK:?}"/*
	stored_conf free-space-reserve 300KiB
	start_stored
	make_file "$WORK/fits" 700000
	put_object "$WORK/fits"
	status_is 201 'what leaves the reserve alone is stored'
	FITS=$OBJECT
	make_file "$WORK/more" 50000
	put_object "$WORK/more"
	problem_is 507 storage-full 'what would not is refused'
	OBJECT=$(sha256 "$WORK/more")
	own
	head -c 10 "$WORK/more" >"$WORK/piece"
	put -T "$WORK/piece" -H 'Content-Range: bytes 0-9/50000'
	problem_is 507 storage-full 'also by its first piece'
	http "$STORAGE_ADMIN/readyz"
	status_is 200 'ready still: smaller ones may come'
	head -c 50000 /dev/zero >"$DISK/filler"
	http "$STORAGE_ADMIN/readyz"
	is "$STATUS $(json '.reasons[0]')" "503 $NO_SPACE" \
	    'the reserve is reached by others: /readyz says so'
	get_object "$FITS"
	same_file "$BODY" "$WORK/fits" 'and reading goes on'
	ok 'nothing is left of them' test -z "$(find "$DISK/incoming" -type f)"
	stop_stored
else
	pass 'full disk # SKIP a file system of a test needs root'
fi

done_testing

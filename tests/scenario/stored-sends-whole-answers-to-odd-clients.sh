#!/bin/bash
# The answers that go past the HTTP library (http_direct.c) arrive whole and
# once: at clients whose buffers are tiny, that ask for several things in one
# breath or byte by byte, that speak HTTP/1.0 or leave in the middle; at every
# place where the pieces of a file are cut.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# client OPTION... <REQUESTS: status lines of the answers and the SHA-256 of
# each body, one line each; of a connection that ends too early, "cut".
#	-b BYTES	receive buffer; also the size of each read
#	-1		send the requests byte by byte
#	-n COUNT	leave when so many bytes came
cat >"$WORK/client.pl" <<'END'
use strict;
use warnings;
use Digest::SHA;
use Getopt::Std;
use IO::Socket::INET;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);
getopts('b:n:1', \my %o) or die;
my ($host, $port) = split /:/, shift;
my $s = IO::Socket::INET->new(Proto => 'tcp') or die $!;
setsockopt($s, SOL_SOCKET, SO_RCVBUF, $o{b}) if $o{b};
setsockopt($s, IPPROTO_TCP, TCP_NODELAY, 1);
connect($s, pack_sockaddr_in($port, inet_aton($host))) or die $!;
my $requests = do { local $/; <STDIN> };
my $count = () = $requests =~ /^GET /mg;
syswrite($s, $_) for $o{1} ? split(//, $requests) : $requests;
my ($buffer, $total) = ('', 0);
sub more {
	my $got = sysread($s, $buffer, $o{b} || 65536, length $buffer);
	exit if defined $o{n} && ($total += $got) >= $o{n};
	return $got;
}
while ($count-- > 0) {
	until ($buffer =~ /\r\n\r\n/) { more() or (print("cut\n"), exit) }
	$buffer =~ s/^(.*?\r\n)\r\n//s;
	my $header = $1;
	my ($left) = $header =~ /^content-length: (\d+)/mi;
	my $sha = Digest::SHA->new(256);
	for (;;) {
		my $part = substr($buffer, 0, $left, '');
		$sha->add($part);
		$left -= length $part or last;
		more() or (print("cut\n"), exit);
	}
	print substr($header, 9, 3), ' ', $sha->hexdigest, "\n";
}
print "more\n" if length $buffer;
END
client() {
	perl "$WORK/client.pl" "$@" "${STORAGE#http://}"
}

# ask OBJECT [FIELD]... [VERSION as HTTP/1.x]: one request
ask() {
	local target field version=1.1
	target="/media/$1?$(query)"
	shift
	if [[ ${1:-} == HTTP/* ]]; then
		version=${1#HTTP/}
		shift
	fi
	printf 'GET %s HTTP/%s\r\nHost: x\r\nAuthorization: Bearer %s\r\n' \
	    "$target" "$version" "$(sign_url GET "$STORAGE$target")"
	for field; do
		printf '%s\r\n' "$field"
	done
	printf '\r\n'
}

# part FILE FROM LENGTH: its SHA-256
part() {
	dd if="$1" bs=64K skip="$2" count="$3" status=none \
	    iflag=skip_bytes,count_bytes,fullblock | sha256sum |
	    cut -d ' ' -f 1
}

stored_conf threads 2
start_stored

# --- where pieces are cut ---------------------------------------------------------

sizes='0 1 16383 16384 16385 61439 61440 61441 65535 65536 65537 122880 126976
    184321 1000003'
wrong=''
for size in $sizes; do
	make_file "$WORK/sized" "$size"
	put_object "$WORK/sized"
	for options in '' '-b 2304'; do
		# shellcheck disable=SC2086	# two words
		[[ $(ask "$OBJECT" | client $options) == "200 $OBJECT" ]] ||
		    wrong+=" $size $options"
	done
done
is "$wrong" '' 'objects around every border arrive, at small buffers too'

make_file "$WORK/large" 3000000
put_object "$WORK/large"
LARGE=$OBJECT
wrong=''
for from in 0 1 4095 4096 61440 100000; do
	for length in 1 4096 61439 61440 65535 65536 65537 200000; do
		[[ $(ask "$LARGE" "Range: bytes=$from-$((from + length - 1))" |
		    client -b 2304) == "206 $(part "$WORK/large" "$from" \
		    "$length")" ]] || wrong+=" $from+$length"
	done
done
is "$wrong" '' 'and so do ranges'

# --- clients ------------------------------------------------------------------------

make_file "$WORK/small" 5000
put_object "$WORK/small"
SMALL=$OBJECT
four() {
	ask "$LARGE"
	ask "$SMALL"
	ask "$LARGE" 'Range: bytes=7-900006'
	ask "$SMALL" 'Range: bytes=10-19'
}
expected="200 $LARGE
200 $SMALL
206 $(part "$WORK/large" 7 900000)
206 $(part "$WORK/small" 10 10)"
is "$(four | client)" "$expected" 'four requests in one breath'
is "$(four | client -b 2304)" "$expected" 'at a client with small buffers'
is "$(four | client -1)" "$expected" 'byte by byte'
is "$(ask "$LARGE" HTTP/1.0 | client)" "200 $LARGE" 'in HTTP/1.0'
is "$( (
	ask "$LARGE" 'Connection: close'
	ask "$SMALL"
) | client)" "200 $LARGE
cut" 'one that wants the connection closed is obeyed'
long='Range: bytes=1-2'
printf -v padding 'X-Padding: %0600d' 0
is "$(ask "$LARGE" "$padding" "$long" "$padding" | client)" \
    "206 $(part "$WORK/large" 1 2)" 'with a long header'

# What a browser says, and the longest name that a URL may hold.
agent='Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML,'
browser=('Connection: keep-alive' 'Accept: */*' 'Accept-Language: en-GB,en;q=0.9'
    "User-Agent: $agent like Gecko) Chrome/138.0.0.0 Safari/537.36"
    'sec-ch-ua: "Not)A;Brand";v="8", "Chromium";v="138"'
    'sec-ch-ua-mobile: ?0' 'sec-ch-ua-platform: "Linux"'
    'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Mode: cors'
    'Sec-Fetch-Dest: empty' 'Referer: https://shop.example.com/library'
    'Accept-Encoding: gzip, deflate, br, zstd' 'Origin: https://shop.example.com')
name=$(for _ in {1..85}; do printf '%%E2%%82%%AC'; done)
target="/media/$LARGE?$(query '' "$(printf '%064d' 0)")&name=$name"
for field in 'X: y' "If-None-Match: \"$LARGE\"" 'Range: bytes=5-9' \
    'Range: bytes=999999999-' "If-Match: \"other\""; do
	for method in GET HEAD; do
		stored_request "$method" "$target" "${browser[@]/#/-H}" \
		    -H "$field"
		printf '%s ' "$STATUS"
	done
done >"$WORK/statuses"
is "$(cat "$WORK/statuses")" '200 200 304 304 206 200 416 200 412 412 ' \
    'a browser with the longest URL is answered, whatever it asks'
STATUSES=
for target in "${target}x" "${target/media/object}" "/media/$LARGE"; do
	stored_request GET "$target" "${browser[@]/#/-H}"
	STATUSES+="$STATUS "
done
is "$STATUSES" '400 404 400 ' 'and refused'

for count in 1 500 70000 1000000; do
	ask "$LARGE" | client -b 2304 -n "$count"
done
under_way() {
	curl -s "$STORAGE_ADMIN/metrics" |
	    grep -q '^stored_http_requests_under_way 1$'
}
ok 'nothing is left of clients that leave in the middle' \
    wait_until 60 under_way
is "$(ask "$LARGE" | client)" "200 $LARGE" 'and others are served'

# --- a file that became shorter, by somebody else's hand ----------------------------

path=$(object_path "$LARGE")
truncate -s 1000000 "$path"
is "$(ask "$LARGE" 'Range: bytes=1500000-1600000' | client)" cut \
    'behind the end of a cut file the connection ends'
ok 'and the log says why' wait_until 30 \
    grep -q 'a file is shorter than it was' "$LOGS/stored.log"

stop_stored
done_testing

#!/bin/bash
# A token opens what it was issued for and nothing else: one bit off, another
# method, issuer, key, order, spelling, place or time is refused.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

OTHER_ID=other.example.com
OTHER_KEY=$(random_hex 32)
NEXT_KEY=$(random_hex 32)
secret "$OTHER_KEY" "$NEXT_KEY"
{
	printf '%s 2026b %s\n' "$COMMERCE_ID" "$NEXT_KEY"
	printf '%s 2026a %s\n' "$OTHER_ID" "$OTHER_KEY"
} >>"$SIGNING_KEYS"
start_stored

make_file "$WORK/file" 5000
put_object "$WORK/file"
expect 201
TARGET="/media/$OBJECT?$(query)&name=waltz.ogg.age"
TOKEN=$(sign_url GET "$STORAGE$TARGET")

# ask TARGET TOKEN [CURL-ARGUMENT...]: the target byte for byte
ask() {
	local target=$1 token=$2
	shift 2
	http --request-target "$target" -H "Authorization: Bearer $token" \
	    "$@" "$STORAGE/"
}

# refused SLUG TARGET TOKEN DESCRIPTION
refused() {
	ask "$2" "$3"
	case $1 in
	malformed-url)	problem_is 400 "$1" "$4" ;;
	token-refused)	problem_is 403 "$1" "$4" ;;
	esac
}

ask "$TARGET" "$TOKEN"
status_is 200 'the token that was issued'

# --- each bit ------------------------------------------------------------------

# Prints "STATUS COUNT" for the answers to all requests with one bit flipped in
# the target, in the token of the header, and in the token of the URL.
flip_bits() {
	perl - "$STORED_PORT" "$TARGET" "$TOKEN" <<'PERL'
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my ($port, $target, $token) = @ARGV;
my %count;

sub ask {
	my ($target, $field) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, Timeout => 5) or die "cannot connect: $!\n";
	my $in = '';
	syswrite $socket, "GET $target HTTP/1.1\r\nHost: x\r\n$field" .
	    "Connection: close\r\n\r\n";
	while (IO::Select->new($socket)->can_read(5)) {
		last if !sysread $socket, $in, 4096, length $in;
		last if $in =~ /\r\n/;
	}
	$count{$in =~ /^HTTP\/1\.1 (\d{3})/ ? $1 : 'none'}++;
}

sub each_flip {
	my ($text, $ask) = @_;
	for my $bit (0 .. 8 * length($text) - 1) {
		my $flipped = $text;
		vec($flipped, $bit, 1) ^= 1;
		$ask->($flipped);
	}
}

my $right = "Authorization: Bearer $token\r\n";
each_flip($target, sub { ask($_[0], $right) });
each_flip($token, sub { ask($target, "Authorization: Bearer $_[0]\r\n") });
each_flip("$target&token=$token", sub { ask($_[0], '') });
printf "%s %d\n", $_, $count{$_} for sort keys %count;
PERL
}

FLIPS=$(flip_bits)
diag "$FLIPS"
is "$(awk '{ n += $2 } END { print n }' <<<"$FLIPS")" \
    $(((2 * ${#TARGET} + 2 * ${#TOKEN} + 7) * 8)) \
    'each bit of target and token was flipped'
is "$(grep -vE '^(400|401|403|404|414) ' <<<"$FLIPS" || :)" '' \
    'and every one was refused'
ask "$TARGET" "$TOKEN"
status_is 200 'the daemon serves on'

# --- another method ------------------------------------------------------------

for method in PUT DELETE LIST HEAD POST get; do
	refused token-refused "$TARGET" "$(sign_url "$method" \
	    "$STORAGE$TARGET")" "a token for $method does not GET"
done
OWN="/objects/$OBJECT?$(query)"
for signed in GET LIST HEAD DELETE; do
	ask "$OWN" "$(sign_url "$signed" "$STORAGE$OWN")" -T "$WORK/file"
	problem_is 403 token-refused "a token for $signed does not PUT"
done
for signed in GET LIST HEAD PUT; do
	ask "$OWN" "$(sign_url "$signed" "$STORAGE$OWN")" -X DELETE
	problem_is 403 token-refused "a token for $signed does not DELETE"
done
ask "$OWN" "$(sign_url GET "$STORAGE$OWN")" -I
status_is 403 'a token for GET does not HEAD /objects'
LIST="/objects?$(query)"
for signed in GET PUT DELETE; do
	refused token-refused "$LIST" "$(sign_url "$signed" "$STORAGE$LIST")" \
	    "a token for $signed does not list"
done
ask "$LIST" "$(sign_url LIST "$STORAGE$LIST")"
status_is 200 'a token for LIST does'
ask "$TARGET" "$TOKEN" -I
status_is 200 'a token for GET also does HEAD'

# --- another issuer, another key ---------------------------------------------------

AS_OTHER="/media/$OBJECT?$(query '' a-grant "$OTHER_ID")"
for unknown in "/media/$OBJECT?$(query '' a-grant nobody.example.com)" \
    "/media/$OBJECT?$(query '' a-grant "$COMMERCE_ID" 1999z)" "$AS_OTHER"; do
	refused token-refused "$unknown" \
	    "$(sign_url GET "$STORAGE$unknown")" "our key: ${unknown#*[?]}"
done
cp "$BODY" "$WORK/refusal"
refused token-refused "$TARGET" \
    "$(sign_url GET "$STORAGE$TARGET" "$COMMERCE_ID" "$OTHER_KEY")" \
    'the key of another issuer'
same_file "$BODY" "$WORK/refusal" 'all of these get the same answer'
refused token-refused "$TARGET" \
    "$(sign_url GET "$STORAGE$TARGET" "$OTHER_ID")" \
    'signed for another issuer than the URL says'
refused token-refused "$TARGET" \
    "$(sign_url GET "$STORAGE$TARGET" "$COMMERCE_ID" "$NEXT_KEY")" \
    'another key of the same issuer'
ROTATED="/media/$OBJECT?$(query '' a-grant "$COMMERCE_ID" 2026b)"
ask "$ROTATED" "$(sign_url GET "$STORAGE$ROTATED" "$COMMERCE_ID" "$NEXT_KEY")"
status_is 200 'which the URL must name'

# as_other METHOD TARGET SIGNED [CURL-ARGUMENT...]: rightly signed by the other
as_other() {
	local method=$1 target=$2 signed=$3
	shift 3
	ask "$target" "$(sign_url "$signed" "$STORAGE$target" "$OTHER_ID" \
	    "$OTHER_KEY")" -X "$method" "$@"
}
OTHER_OWN="/objects/$OBJECT?$(query '' a-grant "$OTHER_ID")"
OTHER_LIST="/objects?$(query '' a-grant "$OTHER_ID")"
as_other GET "$AS_OTHER" GET
problem_is 404 object-not-found 'another issuer does not see our object'
as_other GET "$OTHER_LIST" LIST
is "$(cat "$BODY")" '{"objects":[],"next":null}' 'nor list it'
as_other DELETE "$OTHER_OWN" DELETE
problem_is 404 object-not-found 'nor delete it'
as_other PUT "$OTHER_OWN" PUT -T "$WORK/file"
status_is 201 'its PUT makes a copy of its own'
as_other DELETE "$OTHER_OWN" DELETE
status_is 204 'which it may delete'
ask "$TARGET" "$TOKEN"
status_is 200 'ours is still there'

# --- another URL -----------------------------------------------------------------

# Signed as they stand, so that only the form can be at fault.
EXPIRES=$(($(date +%s) + 600))
C=commerce=$COMMERCE_ID K=key=$KEY_ID E=expires=$EXPIRES G=grant=a-grant
M=/media/$OBJECT
while read -r target; do
	refused malformed-url "$target" "$(sign_url GET "$STORAGE$target")" \
	    "rightly signed: ${target#/media/}"
done <<TARGETS
$M?$K&$E&$G
$M?$C&$E&$G
$M?$C&$K&$G
$M?$C&$K&$E
$M?$K&$C&$E&$G
$M?$C&$E&$K&$G
$M?$C&$K&$G&$E
$M?$C&$K&$E&name=a&$G
$M?$C&$C&$K&$E&$G
$M?$C&$K&$K&$E&$G
$M?$C&$K&$E&$E&$G
$M?$C&$K&$E&$G&$G
$M?$C&$K&$E&$G&name=a&name=a
$M?$C&$K&$E&$G&token=$TOKEN&token=$TOKEN
$M?$C&$K&$E&$G&token=$TOKEN&name=a
$M?$C&$K&$E&$G&x=1
$M?$C&$K&$E&$G&
$M?&$C&$K&$E&$G
$M?$C&&$K&$E&$G
$M?$C;$K;$E;$G
$M?$C&$K&$E&$G#
$M?%63ommerce=$COMMERCE_ID&$K&$E&$G
$M?commerce=%73hop.example.com&$K&$E&$G
$M?$C&$K&$E&grant=%61-grant
$M?$C&$K&expires=%31${EXPIRES:1}&$G
$M?$C&$K&$E&$G&name=%61
$M?$C&$K&$E&$G&name=a+b%2f
$M?commerce=.example.com&$K&$E&$G
$M?commerce=a..b&$K&$E&$G
$M?commerce=../$COMMERCE_ID&$K&$E&$G
$M?commerce=&$K&$E&$G
$M?$C&key=&$E&$G
$M?$C&$K&$E&grant=
$M?$C&$K&expires=&$G
$M?$C&$K&expires=0$EXPIRES&$G
$M?$C&$K&expires=-$EXPIRES&$G
$M?$C&$K&expires=+$EXPIRES&$G
$M?$C&$K&expires=0&$G
$M?$C&$K&expires=0x7fffffff&$G
$M?$C&$K&expires=$EXPIRES.0&$G
$M?$C&$K&expires=100000000000&$G
$M?$C&$K&expires=99999999999999999999&$G
$M?$C&$K&expires=18446744073709551617&$G
/media/../media/$OBJECT?$C&$K&$E&$G
/media/./$OBJECT?$C&$K&$E&$G
/media//$OBJECT?$C&$K&$E&$G
/media/..?$C&$K&$E&$G
/media/%2e%2e/$OBJECT?$C&$K&$E&$G
/media/$OBJECT/..?$C&$K&$E&$G
/media/${OBJECT:0:2}/${OBJECT:2}?$C&$K&$E&$G
/media/${OBJECT^^}?$C&$K&$E&$G
/media/${OBJECT:1}?$C&$K&$E&$G
/media/${OBJECT}0?$C&$K&$E&$G
/media/${OBJECT:1}g?$C&$K&$E&$G
/media/${OBJECT:1}.?$C&$K&$E&$G
/media/?$C&$K&$E&$G
TARGETS
for name in .. ../../lock "${OBJECT^^}" "${OBJECT:1}" "${OBJECT}0" \
    "$OBJECT.part" "%2e%2e"; do
	target="/objects/$name?$C&$K&$E&$G"
	ask "$target" "$(sign_url PUT "$STORAGE$target")" -T "$WORK/file"
	problem_is 400 malformed-url "PUT to the object name $name"
done

# --- another time ------------------------------------------------------------------

# at SECONDS-FROM-NOW or an absolute time
expiring() {
	local target="$M?$C&$K&expires=$1&$G"
	ask "$target" "$(sign_url GET "$STORAGE$target")"
}
expiring $(($(date +%s) + 9 * 86400))
problem_is 403 token-refused 'an expiry nine days ahead'
expiring 99999999999
problem_is 403 token-refused 'the largest expiry there is'
expiring $(($(date +%s) + 7 * 86400))
status_is 200 'an expiry seven days ahead'
expiring $(($(date +%s) - 1))
problem_is 410 token-expired 'the second before'
expiring 1
problem_is 410 token-expired 'the first second'
# The very second: a token is good until then, and not from then on.  Who asks
# may be held up in between, so what counts is when it had the answer before
# that second, and when it asked behind it.
soon() {		# a token of two seconds from now
	SOON=$(($(date +%s) + 2))
	TARGET="$M?$C&$K&expires=$SOON&$G"
	TOKEN=$(sign_url GET "$STORAGE$TARGET")
}
has_expired() {
	local asked=${EPOCHREALTIME/./}
	ask "$TARGET" "$TOKEN"
	# A tenth: the daemon's clock may be one of coarse ticks.
	[[ $STATUS != 200 || $asked -lt $((SOON * 1000000 + 100000)) ]] ||
	    GOOD_FOR_TOO_LONG=yes
	[[ $STATUS != 200 ]]
}
GOOD_FOR_TOO_LONG=
answered_before() {
	soon
	ask "$TARGET" "$TOKEN"
	[[ $(date +%s) -lt $SOON ]]
}
wait_until 60 answered_before
status_is 200 'a token is good before the second of its expiry'
wait_until 60 has_expired
problem_is 410 token-expired 'and not from that second on'
ok 'not a moment sooner' test "$(date +%s)" -ge "$SOON"
is "$GOOD_FOR_TOO_LONG" '' 'nor later'

done_testing

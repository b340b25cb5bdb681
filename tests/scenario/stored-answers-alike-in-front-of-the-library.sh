#!/bin/bash
# A request that http_fast.c serves in front of the HTTP library gets the bytes
# that the library's own way gives it, and is counted, logged and limited
# alike.  What decides between the two is how it comes: whole, it is served in
# front; in two pieces, byte by byte or with others, it is the library's.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# client OPTION... FILE...: sends the requests in the files, and says what comes,
# without the Date and what is of one request alone.
#	-m MODE		whole: each in one write; split: the last byte apart;
#			bytes: byte by byte; together: all in one write
#	-b BYTES	receive buffer
#	-s BYTES	read so many, send the other requests, read on
#	-w FILE		before that, wait until it is there
#	-n BYTES	leave with a reset when so many came
#	-c COUNT	of answers, when there are more than files
#	-e		end our side behind the last
#	-f PID		read nothing and send the first again and again, until one
#			is not taken any more by the daemon, which is process PID;
#			say so on standard error, wait for the file of -w, and
#			print each answer that differs
cat >"$WORK/client.pl" <<'END'
use strict;
use warnings;
use Getopt::Std;
use IO::Select;
use IO::Socket::INET;
use Socket qw(:DEFAULT IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep time);
getopts('m:b:s:w:n:c:ef:', \my %o) or die;
my ($host, $port) = split /:/, $ENV{PEER};
my $s = IO::Socket::INET->new(Proto => 'tcp') or die $!;
setsockopt($s, SOL_SOCKET, SO_RCVBUF, $o{b}) if $o{b};
setsockopt($s, IPPROTO_TCP, TCP_NODELAY, 1);
connect($s, pack_sockaddr_in($port, inet_aton($host))) or die $!;
$SIG{PIPE} = 'IGNORE';
my $select = IO::Select->new($s);
my @requests = map { local (@ARGV, $/) = $_; scalar <> } @ARGV;
my ($in, $first) = ('', 1);
sub more {
	my $got = sysread($s, $in, $o{b} || 65536, length $in);
	if ($o{n} && length $in >= $o{n}) {
		setsockopt($s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
		exit;
	}
	return $got;
}
# Are bytes of ours not acknowledged, or not read by the daemon?  By the kernel's
# table, which may be long.
sub is_queued {
	open my $table, '<', '/proc/net/tcp' or die $!;
	my ($ours, $its) = map { sprintf ':%04X', $_ } $s->sockport, $port;
	while (<$table>) {
		return 1 if /$ours [0-9A-F]{8}$its .. (?!00000000:)/ ||
		    /$its [0-9A-F]{8}$ours .. [0-9A-F]{8}:(?!00000000)/;
	}
	return 0;
}
# Written, and read by the daemon before what follows, unless it answers.
sub put {
	my $end = time + 20;
	syswrite($s, $_[0]);
	while (time < $end && !$select->can_read(0.01)) {
		last if !is_queued();
	}
}
sub answer {
	my ($method) = @_;
	until ($in =~ /\r\n\r\n/) { more() or return print "cut\n" }
	$in =~ s/^(.*?\r\n\r\n)//s;
	my $head = $1;
	my ($left) = $head =~ /^content-length: (\d+)/mi;
	$left = 0 if !defined $left || $method eq 'HEAD' ||
	    $head =~ /^HTTP\/1.1 (204|304)/;
	until (length $in >= $left) { more() or return print "cut\n" }
	my $body = substr $in, 0, $left, '';
	$head =~ s/^Date: \w\w\w, \d\d \w\w\w \d{4} \d\d:\d\d:\d\d GMT\r$/Date/m;
	$head =~ s/^(X-Request-Id): .*/$1/m;
	$body =~ s/(server_time":")[^"]*/$1/;
	print $head, $body, "\n";
}
# Does every thread of the daemon wait for something to happen?
sub is_idle {
	for my $thread (glob "/proc/$o{f}/task/*/stat") {
		open my $file, '<', $thread or next;
		return 0 if <$file> !~ /\) S/;
	}
	return 1;
}
# One that stands still has not taken it yet; one that has nothing to do,
# however often it is looked at, does not want it.
sub is_taken {
	my $idle = 0;
	while ($idle < 20) {
		return 1 if !is_queued();
		$idle = is_idle() ? $idle + 1 : 0;
		sleep 0.002;
	}
	return 0;
}
sub fill {
	my ($count, %answers) = 0;
	do {
		syswrite($s, $requests[0]);
		$count++ < 10000 or die "all are taken\n";
	} while (is_taken());
	print STDERR "$count sent\n";
	sleep 0.01 until -e $o{w};
	for (1 .. $count) {
		open my $out, '>', \my $answer or die $!;
		my $before = select $out;
		answer('GET');
		select $before;
		$answers{$answer}++;
	}
	print keys %answers;
	exit;
}
fill() if $o{f};
my $mode = $o{m} || 'whole';
if ($mode eq 'together') {
	syswrite($s, join '', @requests);
} elsif ($o{s}) {
	put($requests[0]);
	until (length $in >= $o{s}) { more() }
	sleep 0.01 until !$o{w} || -e $o{w};
	syswrite($s, $_) for @requests[1 .. $#requests];
}
for my $i (0 .. $#requests) {
	my $r = $requests[$i];
	if ($mode eq 'split') {
		put(substr $r, 0, -1);
		put(substr $r, -1);
	} elsif ($mode eq 'bytes') {
		put(substr $r, 0, 1);
		syswrite($s, $_) for split //, substr $r, 1;
	} elsif ($mode eq 'whole' && !$o{s}) {
		syswrite($s, $r);
	}
	shutdown($s, 1) if $o{e} && $i == $#requests;
	answer($r =~ /(\w+)/);
}
answer('GET') for @requests + 1 .. $o{c} || 0;
if ($o{e}) {
	print more() ? "more\n" : "ended\n";
}
print "more\n" if length $in;
END
client() {
	PEER=${STORAGE#http://} perl "$WORK/client.pl" "$@" 2>&1
}

# ask NAME METHOD TARGET [FIELD]...: one request, into the file NAME
ask() {
	local name=$1 method=$2 target=$3 field
	shift 3
	{
		printf '%s %s HTTP/1.1\r\nHost: x\r\n' "$method" "$target"
		for field; do
			printf '%s\r\n' "$field"
		done
		printf '\r\n'
	} >"$WORK/$name"
	ASKED+=("$name")
}
ASKED=()

# signed NAME METHOD OBJECT [FIELD]...
signed() {
	local name=$1 method=$2 target
	target="/media/$3?$(query)"
	shift 3
	ask "$name" "$method" "$target" \
	    "Authorization: Bearer $(sign_url GET "$STORAGE$target")" "$@"
}

metric() {		# NAME
	curl -sf "$STORAGE_ADMIN/metrics" | sed -n "s/^$1 //p"
}

fast() {
	metric stored_http_requests_fast_total
}

stored_conf threads 1
stored_conf access-log full
stored_conf grant-limit 3
start_stored
make_file "$WORK/object" 5000
put_object "$WORK/object"
SMALL=$OBJECT
make_file "$WORK/object" 3000000
put_object "$WORK/object"
LARGE=$OBJECT
make_file "$WORK/object" 30000000	# more than the kernel's buffers hold
put_object "$WORK/object"
HUGE=$OBJECT
absent=${SMALL//[0-9]/e}

# --- the same bytes ---------------------------------------------------------------

# Those that are served in front when they come whole, and then the others.
signed small GET "$SMALL"
signed small-head HEAD "$SMALL"
signed large GET "$LARGE"
signed large-head HEAD "$LARGE"
signed part GET "$LARGE" 'Range: bytes=70000-1000000'
signed part-small GET "$SMALL" 'range: bytes=-1'
signed part-if GET "$SMALL" 'Range: bytes=3-9' "If-Range: \"$SMALL\""
signed part-if-other GET "$SMALL" 'Range: bytes=3-9' 'If-Range: "other"'
signed parts GET "$SMALL" 'Range: bytes=0-1,5-6'
signed unchanged GET "$SMALL" "If-None-Match: \"$SMALL\""
signed unchanged-list GET "$SMALL" 'If-None-Match: "a"' \
    "If-None-Match: W/\"$SMALL\""
signed matches HEAD "$LARGE" "If-Match: \"$LARGE\""
signed keep GET "$SMALL" 'Connection: Keep-Alive' 'User-Agent: A (b; c)'
target="/media/$SMALL?$(query)&name=a%20%E2%82%AC.bin"
ask named GET "$target" \
    "Authorization: Bearer $(sign_url GET "$STORAGE$target")"
target="/media/$SMALL?$(query)"
ask link GET "$target&token=$(sign_url GET "$STORAGE$target")"
ask most GET "$target" \
    "Authorization: Bearer $(sign_url GET "$STORAGE$target")" \
    "X-Padding: $(printf '%01300d' 0)" X-{a..q}:\ b
IN_FRONT=("${ASKED[@]}")
ASKED=()
signed fails GET "$SMALL" 'If-Match: "other"'
signed none GET "$SMALL" 'Range: bytes=5000-'
signed nothing GET "$absent"
ask no-token GET "$target"
ask wrong-token GET "$target" 'Authorization: Bearer AAAA'
ask twice GET "$target" 'Authorization: Bearer A' 'Authorization: Bearer A'
target="/media/$SMALL?$(query 1000000000)"
ask expired GET "$target" \
    "Authorization: Bearer $(sign_url GET "$STORAGE$target")"
ask malformed GET "/media/$SMALL"
ask elsewhere GET /objects
ask unknown GET /nowhere
ask health GET /healthz
ask other-method POST "$target" 'Content-Length: 0'
signed closes GET "$SMALL" 'Connection: close'
signed length GET "$SMALL" 'Content-Length: 0'
signed blank GET "$SMALL" 'Accept:  a'

under_way() {		# COUNT: and the one that asks
	[[ $(metric stored_http_requests_under_way) == $(($1 + 1)) ]]
}
# Who has an answer may be told of it before it is counted and logged.
all_ended() {
	wait_until 30 under_way 0
}

# round MODE: all of them, and what that adds to the metrics and the log
round() {
	local name lines
	all_ended
	curl -sf "$STORAGE_ADMIN/metrics" >"$WORK/before"
	lines=$(wc -l <"$LOGS/stored-access.log")
	for name in "${IN_FRONT[@]}" "${ASKED[@]}"; do
		client -m "$1" "$WORK/$name" >"$WORK/$1-$name"
	done
	all_ended
	curl -sf "$STORAGE_ADMIN/metrics" >"$WORK/after"
	awk 'NR == FNR { before[$1] = $2; next }
	    /^stored_(http_requests|download|refused|tokens)/ {
		print $1, $2 - before[$1] }' "$WORK/before" "$WORK/after" \
	    >"$WORK/added"
	sed -n 's/^stored_http_requests_fast_total //p' "$WORK/added" \
	    >"$WORK/$1-fast"
	grep -v fast_total "$WORK/added" >"$WORK/$1-counts"
	tail -n +"$((lines + 1))" "$LOGS/stored-access.log" |
	    sed -E '/ path="\/metrics" /d
		s/^time=[^ ]* request=[^ ]*//; s/duration_ms=[0-9]+//' \
	    >>"$WORK/$1-counts"
}
wrong=''
round split
for mode in whole bytes; do
	round "$mode"
	for name in "${IN_FRONT[@]}" "${ASKED[@]}"; do
		cmp -s "$WORK/split-$name" "$WORK/$mode-$name" ||
		    wrong+=" $name-$mode"
	done
	ok "both ways are counted and logged alike: $mode" \
	    diff "$WORK/split-counts" "$WORK/$mode-counts"
done
is "$wrong" '' 'each request is answered alike, however it comes'
is "$(cat "$WORK"/{split,whole,bytes}-fast | tr '\n' ' ')" \
    "0 ${#IN_FRONT[@]} 0 " 'those that come whole are served in front'
ok 'they are counted' grep -q '^stored_tokens_accepted_total.* 2[0-9]$' \
    "$WORK/whole-counts"
like "$(cat "$WORK/whole-counts")" \
    'method=GET path="/media/[0-9a-f]*" status=206 bytes=930001 ' 'and logged'

# --- several on one connection ------------------------------------------------------

several=(small large-head part fails small unchanged large nothing small)
files=("${several[@]/#/$WORK/}")
client -m split "${files[@]}" >"$WORK/expected"
is "$(grep -c ^HTTP/1.1 "$WORK/expected")" 9 'nine requests are answered'
for mode in whole bytes together; do
	client -m "$mode" "${files[@]}" >"$WORK/said"
	ok "and alike: $mode" cmp "$WORK/expected" "$WORK/said"
done
all_ended
before=$(fast)
client "${files[@]}" >"$WORK/said"
all_ended
is "$(($(fast) - before))" 3 \
    'a connection is in front up to the first that is the library'"'"'s'
signed huge GET "$HUGE"
files=("$WORK"/{huge,small,part,small})
client -m split "${files[@]}" >"$WORK/expected"
client -b 4096 -s 1000 "${files[@]}" >"$WORK/said"
ok 'what is asked while an answer is sent is answered behind it' \
    cmp "$WORK/expected" "$WORK/said"
client -m split -e "$WORK/large" >"$WORK/expected"
client -b 4096 -e "$WORK/large" >"$WORK/said"
ok 'who ends their side behind the request gets the answer, and the end' \
    cmp "$WORK/expected" "$WORK/said"
is "$(tail -n 1 "$WORK/said")" ended 'which is there'

# --- what could be read in two ways, behind a request that was served in front -------

target="/media/$SMALL?$(query)"
authorization="Authorization: Bearer $(sign_url GET "$STORAGE$target")"
get="GET $target HTTP/1.1\\r\\n$authorization\\r\\n"
behind="${get}Host: x\\r\\n\\r\\n"
shapes=(
	"${get}Host: x\\r\\nContent-Length: 5\\r\\n\\r\\nhello"
	"${get}Host: x\\r\\nContent-Length: 0\\r\\nContent-Length: 5\\r\\n\\r\\n"
	"${get}Host: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n"
	"${get}Host: x\\r\\nTransfer-Encoding: x\\r\\n\\r\\n"
	"${get}Host: x\\r\\nTransfer-Encoding : chunked\\r\\n\\r\\n"
	"${get}Host: x\\r\\nExpect: 100-continue\\r\\n\\r\\n"
	"${get}Host: x\\r\\nA: b\\r\\n c\\r\\n\\r\\n"
	"${get}Host: x\\r\\nA: b\\rc\\r\\n\\r\\n"
	"${get}Host: x\\r\\nA: b\\0c\\r\\n\\r\\n"
	"${get}Host: x\\n\\n" "${get}Host: x\\r\\n\\n" "${get}\\r\\n"
	"${get}Host: x\\r\\nHost: y\\r\\n\\r\\n"
	"${get}Host: x\\r\\n$authorization\\r\\n\\r\\n"
	"${get}Host: x\\r\\nUpgrade: h2c\\r\\nConnection: Upgrade\\r\\n\\r\\n"
	"${get/1.1/1.0}Host: x\\r\\n\\r\\n" "${get/1.1/2.0}Host: x\\r\\n\\r\\n"
	"${get/GET/get}Host: x\\r\\n\\r\\n" "\\r\\n${get}Host: x\\r\\n\\r\\n"
	"${get/GET /GET http://x}Host: x\\r\\n\\r\\n"
)
wrong='' answers=''
for i in "${!shapes[@]}"; do
	printf '%b' "${shapes[i]}$behind" >"$WORK/odd"
	files=("$WORK/small" "$WORK/odd" "$WORK/small")
	client -c 4 -m split "${files[@]}" >"$WORK/expected"
	client -c 4 -m whole "${files[@]}" >"$WORK/said"
	cmp -s "$WORK/expected" "$WORK/said" || wrong+=" $i"
	answers+="$(grep -ac '^HTTP/1.1 200' "$WORK/said") "
done
is "$wrong" '' 'what is odd behind them is answered alike'
is "$answers" '1 1 1 1 1 1 1 1 1 1 1 1 1 1 4 2 1 3 4 1 ' \
    'and nothing comes out of it'

# --- left and limited alike ----------------------------------------------------------

LINES=$(wc -l <"$LOGS/stored-access.log")
for count in 1 70000; do
	client -b 4096 -n "$count" "$WORK/huge"
done
ok 'nothing is left of clients that reset the connection' \
    wait_until 60 under_way 0
is "$(tail -n +$((LINES + 1)) "$LOGS/stored-access.log" |
    grep -c 'status=200 .*aborted=yes')" 2 'which the log tells'

target="/media/$HUGE?$(query)"
token=$(sign_url GET "$STORAGE$target")
SIP_TOKEN=$token perl "$ROOT/tests/tools/sip.pl" "${STORAGE##*:}" "$target" 1 \
    60 3 >"$WORK/sipped" &
sipping=$!
ok 'three clients of a grant are sent to' wait_until 60 under_way 3
client "$WORK/small" >"$WORK/said"
like "$(cat "$WORK/said")" '^HTTP/1.1 503 .*' 'the fourth is told to wait'
client -m split "$WORK/small" >"$WORK/expected"
ok 'alike' cmp "$WORK/expected" "$WORK/said"
kill "$sipping"
wait "$sipping" 2>/dev/null || true
ok 'until they leave' wait_until 60 under_way 0
client "$WORK/small" >"$WORK/said"
ok 'then it is served' grep -q '^HTTP/1.1 200 ' "$WORK/said"

# --- gone while it waits -----------------------------------------------------------------

# The last answer has to wait for room, and what was kept ready for it goes
# before any of it is sent.
stop_stored
stored_conf reply-memory 48KiB
stored_conf idle-timeout 600	# who reads nothing is not shut for it
STORED_WRAP=(env MALLOC_PERTURB_=165)	# what is freed is wiped
start_stored
STORED_WRAP=()
make_file "$WORK/object" 16384
put_object "$WORK/object"
signed block GET "$OBJECT"
client -m split "$WORK/block" >"$WORK/expected"
client -b 4096 -f "$STORED_PID" -w "$WORK/others" "$WORK/block" >"$WORK/said" &
client=$!
ok 'a client that reads nothing is sent to' wait_until 60 grep -q sent \
    "$WORK/said"
for i in {1..4}; do
	make_file "$WORK/object" 16384
	put_object "$WORK/object"
	get_object "$OBJECT"
done
ok 'and waits' wait_until 60 under_way 1
: >"$WORK/others"
wait "$client"
sed -i '/^[0-9]* sent$/d' "$WORK/said"
ok 'it gets the answer, while others are asked for' cmp "$WORK/expected" \
    "$WORK/said"
stop_stored
stored_conf reply-memory ''
stored_conf idle-timeout ''
start_stored

# --- an end ------------------------------------------------------------------------------

client -m split "$WORK/huge" >"$WORK/expected"
before=$(fast)
client -b 4096 -s 1000 -w "$WORK/go" "$WORK/huge" >"$WORK/said" &
client=$!
ok 'a large one is under way' wait_until 60 under_way 1
stops=$(grep -c stopping "$LOGS/stored.log")
is_stopping() {
	[[ $(grep -c stopping "$LOGS/stored.log") -gt $stops ]]
}
kill -TERM "$STORED_PID"
ok 'when the daemon is told to stop' wait_until 60 is_stopping
: >"$WORK/go"
wait "$client"
ok 'it waits until all of it is sent' cmp "$WORK/expected" "$WORK/said"
stop_stored
done_testing

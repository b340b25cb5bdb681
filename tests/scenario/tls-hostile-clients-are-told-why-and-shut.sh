#!/bin/bash
# Greetings that fail end with an alert that says why; who speaks HTTP where TLS
# is spoken hears it in HTTP; who stalls, drips, floods or wants what is not to
# be had is shut; and meanwhile others are served.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tools/certificates.sh
. "$ROOT/tests/tools/certificates.sh"

free_port; TLS_PORT=$PORT
make_authority "$WORK/authority"
make_certificate "$WORK/authority" "$WORK/server" server
stored_conf tls-listen "127.0.0.1:$TLS_PORT"
stored_conf tls-certificate "$WORK/server.pem"
stored_conf tls-key "$WORK/server.key"
start_stored
SECURE=https://127.0.0.1:$TLS_PORT
tls=(--cacert "$WORK/authority.pem")
good() {
	curl -sf "${tls[@]}" --max-time 30 -o /dev/null "$SECURE/healthz"
}
ok 'a good client is served' good

# --- what cannot be agreed on ----------------------------------------------------
alert() {		# S_CLIENT-ARGUMENT...: the number of the alert, "none"
	local said
	said=$(openssl s_client -connect "127.0.0.1:$TLS_PORT" "$@" \
	    </dev/null 2>&1) || :
	said=$(sed -n 's/.*SSL alert number \([0-9]*\)$/\1/p' <<<"$said")
	printf '%s' "${said:-none}"
}
is "$(alert -tls1_1 -cipher DEFAULT@SECLEVEL=0)" 70 \
    'TLS 1.1 gets the alert protocol_version'
is "$(alert -tls1_2 -cipher AES128-SHA)" 40 \
    'a cipher without forward secrecy gets handshake_failure'
is "$(alert -tls1_3 -groups P-521)" 40 'so does a group that is not ours'
is "$(alert -alpn h2)" 120 \
    'who speaks HTTP/2 alone gets no_application_protocol'
is "$(alert -alpn h2,http/1.1)" none 'who speaks HTTP/1.1 too gets none'

# alert_to PERL-STRING...: what comes back for these writes, in hexadecimal
alert_to() {
	perl -MIO::Socket::INET -e '
	    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1",
		PeerPort => shift) or die;
	    $SIG{PIPE} = "IGNORE";
	    $SIG{ALRM} = sub { print "silence"; exit };
	    alarm 60;
	    syswrite $s, eval "qq($_)" for @ARGV;
	    my $all = "";
	    while (sysread $s, my $in, 100) { $all .= $in }
	    print unpack("H*", $all), $! ? " $!" : ""' "$TLS_PORT" "$@"
}
is "$(alert_to '\x16\x03\x01\x00\x05hello' '@{[" " x 5000]}')" \
    1503030002020a 'a greeting of nonsense gets unexpected_message'
like "$(alert_to '\x80\x2e\x01\x00\x02@{["x" x 5000]}')" '^150303000202' \
    'that of SSL 2 gets an alert'
like "$(alert_to '\x00\x00\x00\x00\x00\x00')" '^150303000202' \
    'zeros get one too'
# Greetings that announce 16 MB and go on: nothing may be kept of them.
perl -MIO::Socket::INET -e '
    my $port = shift;
    $SIG{PIPE} = "IGNORE";
    my @all = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1",
	PeerPort => $port) or die } 1 .. 50;
    my $part = "\x16\x03\x03\x3e\x80" . "x" x 16000;
    syswrite $_, "\x16\x03\x01\x00\x04\x01\xf4\x24\x00" for @all;
    for (1 .. 100) { $_->blocking(0), syswrite $_, $part for @all }
    alarm 60;
    $_->blocking(1) for @all;
    print scalar(grep { my $all; sysread $_, $all, 100;
	defined $all && $all =~ /^\x15\x03\x03\0\x02\x02/ } @all);
    open my $status, "<", "/proc/$ARGV[0]/status" or die;
    /^VmRSS:\s+(\d+)/ and print " $1" while <$status>' "$TLS_PORT" \
    "$STORED_PID" >"$WORK/said"
read -r told kib <"$WORK/said" || :
is "$told" 50 'greetings of 16 MB get an alert'
is_sanitized || ok "and are not kept: $kib KiB resident" \
    test "$kib" -le 40000

# --- HTTP without TLS -------------------------------------------------------------
http "http://127.0.0.1:$TLS_PORT/healthz"
problem_is 400 malformed-request 'who speaks HTTP hears so in HTTP'
like "$(json .detail)" https 'and what to do'
make_file "$WORK/file" 300000
http -T "$WORK/file" -H 'Expect:' "http://127.0.0.1:$TLS_PORT/objects/x"
problem_is 400 malformed-request 'also with a body behind it'

# --- what is not to be had --------------------------------------------------------
request='GET /healthz HTTP/1.1\nHost: x\n\n'
is "$(tls_talk "$TLS_PORT" tls1_2 "$request")" 1 'a request is answered'
is "$(tls_talk "$TLS_PORT" tls1_2 'R\n' "$request")" 0 \
    'none behind a renegotiation'
is "$(tls_talk "$TLS_PORT" tls1_3 'K\n' "$request")" 1 \
    'one behind a change of keys'
mapfile -t updates < <(printf '%s\n' 'K\n'{,,,,}{,,,,})
is "$(tls_talk "$TLS_PORT" tls1_3 "${updates[@]}" "$request")" 0 \
    'none behind a flood of those'
openssl s_client -connect "127.0.0.1:$TLS_PORT" -tls1_3 -ign_eof \
    -sess_out "$WORK/session" >/dev/null 2>&1 < <(printf \
    'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n') || :
is "$(openssl sess_id -in "$WORK/session" -noout -text |
    grep -c 'Max Early Data: [1-9]' || :)" 0 'a ticket allows no early data'
ok 'a good client is served on' good

# --- who never ends its greeting ----------------------------------------------------
stop_stored
stored_conf header-timeout 1
stored_conf idle-timeout 2
start_stored
# 100 say nothing, 100 the beginning of a greeting, 20 drip one.  Prints when
# the last one was shut, in seconds from the beginning, and how many were not.
cat >"$WORK/stall.pl" <<'END'
use strict; use warnings;
use IO::Socket::INET; use IO::Select; use Time::HiRes qw(time sleep);
my ($port) = @ARGV;
my $hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . "x" x 600;
my ($begin, $last, %drips) = (time, 0);
my $select = IO::Select->new;
for my $i (1 .. 220) {
	my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port) or die "cannot connect: $!\n";
	$select->add($s);
	syswrite $s, substr($hello, 0, 100) if $i % 2 && $i <= 200;
	$drips{$s} = 0 if $i > 200;
}
$SIG{PIPE} = 'IGNORE';
open my $ready, '>', $ARGV[1] or die;
while ($select->count && time - $begin < 60) {
	for my $s ($select->can_read(0.1)) {
		next if sysread $s, my $in, 1000;
		$select->remove($s);
		$last = time - $begin;
	}
	for my $s ($select->handles) {
		syswrite $s, substr $hello, $drips{$s}++, 1
		    if exists $drips{$s};
	}
}
printf "%d %d\n", $last, $select->count;
END
cpu_ms() {
	awk '{ ran += $1 } END { printf "%d", ran / 1e6 }' \
	    "/proc/$STORED_PID/task"/*/schedstat
}
used=$(cpu_ms)
perl "$WORK/stall.pl" "$TLS_PORT" "$WORK/stalled" >"$WORK/shut" &
stalling=$!
wait_until 30 test -e "$WORK/stalled"
served=0
while daemon_runs "$stalling"; do
	asked=${EPOCHREALTIME/./}
	if good; then
		served=$((served + 1))
	elif [[ $((${EPOCHREALTIME/./} - asked)) -lt 900000 ]]; then
		served=-1000	# and was not held up in its own greeting
	fi
done
wait "$stalling"
read -r seconds left <"$WORK/shut"
is "$left" 0 'who stalls, sends half a greeting or drips one is shut'
ok "within its timeout: $seconds s" test "$seconds" -le 20
ok "and meanwhile good clients are served: $served" test "$served" -gt 1
used=$(($(cpu_ms) - used))
is_sanitized || ok "and they cost no core: $used ms" test "$used" -le 500
SECONDS=0
mkfifo "$WORK/silence"
timeout 60 openssl s_client -connect "127.0.0.1:$TLS_PORT" \
    <>"$WORK/silence" >/dev/null 2>&1 || :
ok "who greets and then is silent is shut too: $SECONDS s" \
    test "$SECONDS" -le 20

# --- too many ---------------------------------------------------------------------
stop_stored
stored_conf connection-limit 5
stored_conf header-timeout 30
stored_conf idle-timeout 30
start_stored
pids=()
for i in 1 2 3 4 5; do
	mkfifo "$WORK/held-$i"
	openssl s_client -connect "127.0.0.1:$TLS_PORT" <"$WORK/held-$i" \
	    >/dev/null 2>&1 &
	pids+=("$!")
	exec {fd}>"$WORK/held-$i"
done
is_full() {
	http "${tls[@]}" "$SECURE/healthz"
	[[ $STATUS == 503 ]]
}
ok 'over the limit a client with TLS is told' wait_until 30 is_full
problem_is 503 busy 'and told in HTTP'
kill "${pids[@]}"
wait "${pids[@]}" 2>/dev/null || :
ok 'once others have left there is room again' wait_until 30 good
done_testing

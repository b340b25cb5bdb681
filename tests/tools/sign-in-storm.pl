#!/usr/bin/perl
# A storm of sign-ins, offered at once, while somebody looks at the catalogue.
#
#	sign-in-storm.pl PORT COUNT E-MAIL PASSWORD
#
# COUNT connections ask for POST /v1/sessions in the same moment, each with an
# address of its own in X-Forwarded-For; every tenth with the right password.
# Until all are answered, and for a second at least, GET /v1/items is asked for
# each 5 ms on a connection of its own.  Prints, as name=value on lines:
#
#	STATUS		how often it came; "503-bare": without Retry-After,
#			"none": no answer in a minute
#	slowest_ms	of the sign-ins
#	looks, failed, p50_ms, p99_ms, max_ms	of the catalogue
use strict;
use warnings;
use Errno;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time sleep);

my ($port, $count, $email, $password) = @ARGV;
$SIG{PIPE} = 'IGNORE';

sub connection {
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port, Timeout => 30) || die "cannot connect: $!\n";
}

sub sign_in {
	my ($n) = @_;
	my $body = sprintf '{"email": "%s", "password": "%s"}', $n % 10 ?
	    ("nobody-$n\@example.com", 'a wrong password') :
	    ($email, $password);

	return "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " .
	    sprintf('198.18.%d.%d', $n >> 8, $n & 255) . "\r\n" .
	    "Content-Type: application/json\r\nContent-Length: " .
	    length($body) . "\r\n\r\n$body";
}

# Has the whole answer come?  Its status and header.
sub answer {
	my ($in) = @_;
	my ($header, $status, $length) = $in =~
	    /\A(HTTP\/1.1 (\d+).*?\r\nContent-Length: (\d+).*?\r\n\r\n)/s
	    or return;
	return length($in) >= length($header) + $length ?
	    ($status, $header) : ();
}

# The catalogue is a process of its own, so that its times are its alone.
pipe(my $report, my $told) or die "pipe: $!\n";
my $looker = fork // die "fork: $!\n";
if ($looker == 0) {
	my ($stops, $failed, @times) = (0, 0);
	my $socket = connection();

	$SIG{TERM} = sub { $stops = 1 };
	while (!$stops) {
		my ($from, $in, $status) = (time, '');

		syswrite $socket, "GET /v1/items HTTP/1.1\r\nHost: x\r\n\r\n";
		until (($status) = answer($in)) {
			my $n = sysread $socket, $in, 65536, length $in;
			last unless $n || (!defined $n && $!{EINTR});
		}
		push @times, (time - $from) * 1000;
		next if ($status // '') eq '200' && sleep 0.005;
		$failed++;
		$socket = connection();
	}
	@times = sort { $a <=> $b } @times;
	printf $told "looks=%d\nfailed=%d\np50_ms=%.1f\np99_ms=%.1f\n" .
	    "max_ms=%.1f\n", scalar @times, $failed, $times[@times / 2],
	    $times[@times * 0.99], $times[-1];
	exit 0;
}
close $told;

my (%client_of, %tally);
my $select = IO::Select->new;
for my $n (0 .. $count - 1) {
	my $socket = connection();
	$client_of{$socket} = { n => $n, socket => $socket, in => '' };
	$select->add($socket);
}
my ($began, $slowest) = (time, 0);
syswrite $_->{socket}, sign_in($_->{n}) for values %client_of;
while ($select->count > 0 && (my $left = $began + 60 - time) > 0) {
	for my $socket ($select->can_read($left)) {
		my $client = $client_of{$socket};
		my $n = sysread $socket, $client->{in}, 65536,
		    length $client->{in};
		my ($status, $header) = answer($client->{in});

		next if $n && !defined $status;
		$status //= 'cut';
		$status .= '-bare' if $status =~ /^(?:503|429)$/ &&
		    $header !~ /^retry-after: \d+\r$/mi;
		$tally{$status}++;
		$slowest = time - $began;
		$select->remove($socket);
		close $socket;
	}
}
$tally{none} = $select->count if $select->count > 0;
sleep 0.05 while time < $began + 1;
kill 'TERM', $looker;
print "$_=$tally{$_}\n" for sort keys %tally;
printf "slowest_ms=%d\n", $slowest * 1000;
print <$report>;
waitpid $looker, 0;

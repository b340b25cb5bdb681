#!/usr/bin/perl
# Downloads at a steady rate, each with a link of the file ACCESS that has not
# expired: lines "EXPIRES TOKEN URL", appended to while this runs.
#
#	steady-load.pl PORT RATE ACCESS RESULT
#
# On SIGTERM, RESULT gets a line "STATUS COUNT" for each status that came
# ("0": no answer, "size": a body of another size than the first had), and
# "seconds N".
use strict;
use warnings;
use Errno;
use IO::Socket::INET;
use Time::HiRes qw(time sleep);

my ($port, $rate, $access, $result) = @ARGV;
my ($socket, %count, $size, $stops);
$SIG{TERM} = sub { $stops = 1 };
$SIG{PIPE} = 'IGNORE';

sub good_links {
	my @links;

	open(my $in, '<', $access) or return ();
	while (<$in>) {
		my ($expires, $token, $url) = split;
		push @links, [$expires, $token, $url]
		    if /\n\z/ && $expires > time() + 1;
	}
	return @links;
}

# The status and the size of the body.
sub fetch {
	my ($token, $url) = @_;
	my ($host, $target) = $url =~ m,^http://([^/]+)(/.*)$, or return (0, 0);
	my ($buffer, $header) = ('', '');

	$socket ||= IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $port) or return (0, 0);
	print $socket "GET $target HTTP/1.1\r\nHost: $host\r\n" .
	    "Authorization: Bearer $token\r\n\r\n";
	while ($buffer !~ /\r\n\r\n/) {
		more(\$buffer) or return lost();
	}
	($header, $buffer) = $buffer =~ /\A(.*?)\r\n\r\n(.*)\z/s;
	my ($status) = $header =~ m,^HTTP/1\.1 (\d+),;
	my ($length) = $header =~ /^content-length: (\d+)/mi;
	while (length $buffer < $length) {
		more(\$buffer) or return lost();
	}
	undef $socket if $header =~ /^connection: close/mi;
	return ($status, $length);
}

# The signal to stop comes in the middle of a read, too.
sub more {
	my ($buffer) = @_;
	my $n;

	do {
		$n = sysread $socket, $$buffer, 65536, length $$buffer;
	} while (!defined $n && $!{EINTR});
	return $n;
}

sub lost {
	undef $socket;
	return (0, 0);
}

my $began = time();
my $done = 0;
until ($stops) {
	my $due = $began + $done / $rate;

	sleep($due - time()) if $due > time();
	my @links = good_links();
	if (!@links) {
		sleep(0.01);
		next;
	}
	my ($expires, $token, $url) = @{$links[rand @links]};
	my ($status, $got) = fetch($token, $url);
	# It expired on the way: this process, or all, stood still.
	next if $status == 410 && $expires <= time();
	$done++;
	$size = $got if $status == 200 && !defined $size;
	$status = 'size' if $status == 200 && $got != $size;
	$count{$status}++;
}
open(my $out, '>', $result) or die "result: $!";
print $out "$_ $count{$_}\n" for sort keys %count;
printf $out "seconds %.1f\n", time() - $began;
close($out) or die;

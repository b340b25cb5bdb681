#!/usr/bin/perl
# Clients that read an answer in small sips.
#
#	sip.pl PORT TARGET SIP SECONDS [COUNT]
#
# Each of COUNT clients (1) asks for TARGET and reads at most SIP bytes each
# tenth of a second, with a receive buffer to match, for at most SECONDS.
# Prints how many were cut before the time was over.  SIP_TOKEN of the
# environment is sent as Bearer; with SIP_STEADY there it ends with status 75
# when it was held up between two sips.
use strict;
use warnings;
use Socket;
use Time::HiRes qw(sleep time);

my ($port, $target, $sip, $seconds, $count) = (@ARGV, 1);
my $fields = "Host: x\r\n";
$fields .= "Authorization: Bearer $ENV{SIP_TOKEN}\r\n" if $ENV{SIP_TOKEN};
my @clients;
for (1 .. $count) {
	socket my $socket, PF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
	setsockopt $socket, SOL_SOCKET, SO_RCVBUF, 4096 or die "$!\n";
	connect $socket, sockaddr_in($port, INADDR_LOOPBACK)
	    or die "cannot connect: $!\n";
	syswrite $socket, "GET $target HTTP/1.1\r\n$fields\r\n";
	push @clients, $socket;
}
my ($deadline, $cut) = (time + $seconds, 0);
my ($sipped, $is_late) = (time, 0);
while (@clients && time < $deadline) {
	sleep 0.1;
	$is_late = 1 if time - $sipped > 0.6;
	$sipped = time;
	my @left;
	for my $socket (@clients) {
		my $bytes;
		my $got = recv $socket, $bytes, $sip, MSG_DONTWAIT;
		if (defined $got ? length $bytes : $!{EAGAIN}) {
			push @left, $socket;
		} else {
			$cut++;
		}
	}
	@clients = @left;
}
print "$cut\n";
exit 75 if $ENV{SIP_STEADY} && $is_late;

#!/usr/bin/perl
# Let many connections have a request ready at the same moment.
#
#	ready-at-once.pl PORT PID COUNT
#
# Opens COUNT connections to PORT of this machine and has a request answered
# on each; stops process PID, sends one more request on each, and lets the
# process go on.  Prints how many were answered within 20 seconds of that.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my $request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

# How many of @_ have something to read before the time is over; it is read.
sub answered {
	my $select = IO::Select->new(@_);
	my ($deadline, $count) = (time + 20, 0);
	while ($select->count > 0 && (my $left = $deadline - time) > 0) {
		for my $socket ($select->can_read($left)) {
			$select->remove($socket);
			$count++ if sysread $socket, my $bytes, 65536;
		}
	}
	return $count;
}

sub state_of {
	open my $file, '<', "/proc/$_[0]/stat" or die "no process $_[0]\n";
	my ($state) = <$file> =~ /\) (\S)/;
	return $state;
}

my ($port, $pid, $count) = @ARGV;
my @sockets = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
    PeerPort => $port, Timeout => 20) or die "cannot connect: $!\n" }
    1 .. $count;
syswrite $_, $request for @sockets;
answered(@sockets) == $count or die "not all are answered at first\n";
kill STOP => $pid;
sleep 0.005 until state_of($pid) eq 'T';
syswrite $_, $request for @sockets;
kill CONT => $pid;
print answered(@sockets), "\n";

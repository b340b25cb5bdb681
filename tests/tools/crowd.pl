#!/usr/bin/perl
# A crowd of clients: all connect, then all ask, and none leaves before the
# last one was answered or closed.
#
#	crowd.pl PORT PATH COUNT[@ADDRESS]...
#
# COUNT connections from ADDRESS (127.0.0.1), for each argument one after the
# other.  Prints for each argument how often each answer came, as
# "200=3 503:busy=2": the status with the type of a problem, "closed" without
# an answer, "none" after a minute.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

my ($port, $path, @groups) = @ARGV;
my (@clients, %client_of);
for my $group (0 .. $#groups) {
	my ($count, $from) = split /@/, $groups[$group];
	for (1 .. $count) {
		my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $port, LocalAddr => $from // '127.0.0.1',
		    Timeout => 5) or die "cannot connect: $!\n";
		push @clients, { group => $group, socket => $socket,
		    in => '', word => 'none' };
		$client_of{$socket} = $clients[-1];
	}
}
$SIG{PIPE} = 'IGNORE';
syswrite $_->{socket}, "GET $path HTTP/1.1\r\nHost: x\r\n\r\n" for @clients;
my $select = IO::Select->new(map { $_->{socket} } @clients);
my $deadline = time + 60;
while ($select->count > 0 && (my $left = $deadline - time) > 0) {
	for my $socket ($select->can_read($left)) {
		my $client = $client_of{$socket};
		my $n = sysread $socket, $client->{in}, 65536,
		    length $client->{in};
		my ($status, $length, $body) = $client->{in} =~
		    /^HTTP\/1.1 (\d+).*?\r\nContent-Length: (\d+).*?\r\n\r\n(.*)/s;
		if (defined $body && length $body >= $length) {
			my ($type) = $body =~ /urn:counterfoil:([a-z-]+)/;
			$client->{word} = $status . ($type ? ":$type" : '');
		} elsif (!$n) {
			$client->{word} = 'closed';
		} else {
			next;
		}
		$select->remove($socket);
	}
}
for my $group (0 .. $#groups) {
	my %tally;
	$tally{$_->{word}}++ for grep { $_->{group} == $group } @clients;
	print join(' ', map { "$_=$tally{$_}" } sort keys %tally), "\n";
}

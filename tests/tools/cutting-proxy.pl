#!/usr/bin/perl
# A proxy for TCP that cuts the connection which carries it over a threshold.
#
#	cutting-proxy.pl [-d] LISTEN-PORT TARGET-PORT COUNT-FILE THRESHOLD...
#
# Thresholds are bytes that came from clients (with -d from the server), all
# connections together, in order; behind the last one nothing is cut.
# COUNT-FILE gets "BYTES CUTS" after each change: bytes that came, also those
# nobody read any more.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_RCVBUF);

my $counts_clients = $ARGV[0] ne '-d' || !shift;
my ($port, $target, $count_file, @thresholds) = @ARGV;
my ($bytes, $cuts) = (0, 0);
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
    LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "listen: $!";
# Little is under way at once, as on a line that is slower than this machine.
setsockopt($listener, SOL_SOCKET, SO_RCVBUF, pack('l', 65536));
my $select = IO::Select->new($listener);
my (%peer, %is_client);

sub tell_count {
	open(my $out, '>', "$count_file.new") or die "count: $!";
	print $out "$bytes $cuts\n";
	close($out);
	rename("$count_file.new", $count_file);
}

sub end_pair {
	my ($socket) = @_;
	my $other = delete $peer{$socket};

	delete $peer{$other};
	for ($socket, $other) {
		$select->remove($_);
		close($_);
	}
}

sub accept_pair {
	my $client = $listener->accept or return;
	my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $target);

	return close($client) unless $server;
	($peer{$client}, $peer{$server}) = ($server, $client);
	$is_client{$client} = 1;
	delete $is_client{$server};
	$select->add($client, $server);
}

sub write_all {
	my ($socket, $data) = @_;

	while (length $data) {
		my $n = syswrite($socket, $data);
		return 0 unless defined $n;
		substr($data, 0, $n, '');
	}
	return 1;
}

sub move_bytes {
	my ($socket) = @_;
	my $n = sysread($socket, my $data, 65536);

	return end_pair($socket) unless $n;
	return end_pair($socket) unless write_all($peer{$socket}, $data);
	return if !$is_client{$socket} == $counts_clients;
	$bytes += $n;
	if (@thresholds && $bytes >= $thresholds[0]) {
		shift @thresholds;
		$cuts++;
		my $left = pack('l', 0);
		ioctl($socket, 0x541B, $left);		# FIONREAD
		$bytes += unpack('l', $left);
		end_pair($socket);
	}
	tell_count();
}

$SIG{PIPE} = 'IGNORE';
tell_count();
while (1) {
	for my $socket ($select->can_read) {
		if ($socket == $listener) {
			accept_pair();
		} elsif ($peer{$socket}) {
			move_bytes($socket);
		}
	}
}

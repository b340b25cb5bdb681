#!/usr/bin/perl
# Send bytes to a port of this machine and say what comes back.
#
#	raw-request.pl PORT TEXT...
#
# Each TEXT is one write, a moment after the one before, until one fails; \r \n
# \t \0 \\ and \xNN stand for bytes, and \{N:T} for T repeated N times; a TEXT
# "until:PATH" waits until that file is there.  Prints a word for each answer
# and one for the end: "400:malformed-request" (a problem of ours), "400:html"
# (an error page of the library), "200", "100", "cut" (the answer is not whole),
# "closed" or "open" (still there after 20 seconds without a byte, or after
# RAW_WAIT seconds from the environment).  With RAW_STEADY in the environment it
# ends with status 75 when it was held up between two writes.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my %bytes = (r => "\r", n => "\n", t => "\t", 0 => "\0", '\\' => '\\');

sub unescape {
	my ($text) = @_;
	$text =~ s/\\\{(\d+):((?:[^\\}]|\\[^{])*)\}/$2 x $1/ge;
	$text =~ s/\\(?:x([0-9a-f]{2})|([rnt0\\]))/
	    defined $1 ? chr(hex $1) : $bytes{$2}/gex;
	return $text;
}

# One answer from the front of $$in, as a word.
sub answer {
	my ($in) = @_;
	return 'cut' unless
	    $$in =~ s/^HTTP\/1\.1 (\d\d\d)[^\r]*\r\n((?:[^\r]+\r\n)*)\r\n//;
	my ($status, $fields) = ($1, "\r\n$2");
	return $status if $status < 200 || $status == 204 || $status == 304;
	my ($length) = $fields =~ /\r\nContent-Length: (\d+)\r\n/;
	return "$status:cut" if !defined $length || length $$in < $length;
	my $body = substr $$in, 0, $length, '';
	return "$status:$1" if $body =~ /"type":"urn:counterfoil:([a-z-]+)"/;
	return "$status:html" if $body =~ /^<html>/i;
	return $status;
}

my $port = shift;
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port,
    Timeout => 5) or die "cannot connect: $!\n";
binmode $socket;
$SIG{PIPE} = 'IGNORE';
my ($written, $is_late) = (time, 0);
TEXT: for my $i (0 .. $#ARGV) {
	sleep 0.05 if $i > 0;
	if ($ARGV[$i] =~ /^until:(.*)/) {
		sleep 0.01 until -e $1;
		next;
	}
	my $out = unescape($ARGV[$i]);
	while (length $out) {
		my $n = syswrite $socket, $out or last TEXT;
		substr $out, 0, $n, '';
	}
	$is_late = 1 if time - $written > 0.5;
	$written = time;
}
$is_late = 1 if time - $written > 0.5;
my ($in, $end) = ('', 'open');
my $select = IO::Select->new($socket);
while ($select->can_read($ENV{RAW_WAIT} // 20)) {
	my $n = sysread $socket, $in, 65536, length $in;
	if (!$n) {
		$end = 'closed';
		last;
	}
}
my @words;
while (length $in) {
	push @words, answer(\$in);
	last if $words[-1] =~ /cut/;
}
print "@words $end\n";
exit 75 if $ENV{RAW_STEADY} && $is_late;

#!/usr/bin/perl
# A client of stored for scenarios that cut its power or kill it: it puts and
# gets objects, and writes down what was acknowledged.
#
#	storage.pl ORIGIN COMMERCE-ID KEY-ID KEYS-FILE ACTION...
#
#	record TRACE	a fixed course of uploads, whole and in pieces, and of
#			removals, one after another, with marks in the trace
#	hammer FOLDER COUNT
#			COUNT children put and get at once until the daemon is
#			gone; FOLDER/stored gets a line for each object that was
#			acknowledged; FOLDER/wrong one for each wrong answer;
#			FOLDER/busy a byte for each answer
#	fetch		gets the objects named on standard input; prints those
#			that do not come whole
#
# Core modules alone.

use strict;
use warnings;
use Digest::SHA qw(sha256_hex hmac_sha256);
use IO::Socket::INET;
use MIME::Base64 qw(encode_base64);

my ($origin, $commerce, $key_id, $keys, $action, @rest) = @ARGV;
die "usage: storage.pl ORIGIN COMMERCE-ID KEY-ID KEYS-FILE ACTION...\n"
    if !defined $action;
my ($host) = $origin =~ m{^http://([^/]+)\z} or die "no origin: $origin\n";
my ($key) = map { /^\Q$commerce\E \Q$key_id\E ([0-9a-f]{64})$/ ? $1 : () }
    do { open(my $file, '<', $keys) or die "$keys: $!\n"; <$file> };
die "no key in $keys\n" if !defined $key;
$SIG{PIPE} = 'IGNORE';

sub token {
	my ($method, $url) = @_;
	my $mac = encode_base64(hmac_sha256(
	    "counterfoil-v1\n$method\n$commerce\n$url", pack('H*', $key)), '');
	$mac =~ tr{+/=}{-_}d;
	return $mac;
}

my $socket;

# The answer as { status, fields, body }; undef when there is none.
sub ask {
	my ($method, $signed, $path, $body, @fields) = @_;
	my $target = "$path?commerce=$commerce&key=$key_id&expires="
	    . (time() + 3000) . '&grant=a-grant';

	$socket = undef if $socket && !$socket->connected;
	$socket //= IO::Socket::INET->new($host) or return undef;
	print $socket join("\r\n", "$method $target HTTP/1.1", "Host: $host",
	    'Authorization: Bearer ' . token($signed, "$origin$target"),
	    (defined $body ? 'Content-Length: ' . length $body : ()),
	    @fields, '', '') . ($body // '');
	$socket->flush;
	my $answer = read_answer($method);
	$socket = undef if !defined $answer
	    || ($answer->{fields}{connection} // '') =~ /close/i;
	return $answer;
}

sub read_answer {
	my ($method) = @_;
	local $/ = "\r\n";
	my $line = <$socket> // return undef;
	my ($status) = $line =~ m{^HTTP/1\.1 ([0-9]{3})} or return undef;
	my %fields;

	while (1) {
		$line = <$socket> // return undef;
		last if $line eq "\r\n";
		$fields{lc $1} = $2 if $line =~ /^([^:]+): *(.*)\r\n\z/;
	}
	my $length = $method eq 'HEAD' ? 0 : $fields{'content-length'} // 0;
	my $body = '';
	while (length $body < $length) {
		read($socket, $body, $length - length $body, length $body)
		    or return undef;
	}
	return { status => $status, fields => \%fields, body => $body };
}

sub put {
	my ($object, $bytes, @fields) = @_;
	return ask('PUT', 'PUT', "/objects/$object", $bytes, @fields);
}

sub get {
	my ($object) = @_;
	return ask('GET', 'GET', "/media/$object");
}

# Bytes that are cheap to make, and different each time.
sub make_bytes {
	my ($size) = @_;
	my $seed = pack('N4', map { int rand 2**32 } 1 .. 4);
	my $bytes = $seed . Digest::SHA::sha512($seed)
	    x (1 + int($size / 64));
	return substr($bytes, 0, $size);
}

sub append {
	my ($path, $text) = @_;
	open(my $file, '>>', $path) or die "$path: $!\n";
	syswrite($file, $text) == length $text or die "$path: $!\n";
	close $file;
}

# --- record -------------------------------------------------------------------

sub mark {
	my ($word, $object) = @_;
	append($rest[0], "mark $word $object\n");
}

sub must_be {
	my ($answer, @statuses) = @_;
	my $status = defined $answer ? $answer->{status} : 'no answer';
	die "got $status, not @statuses\n" if !grep { $_ eq $status } @statuses;
}

sub record_pieces {
	my ($object, $bytes, @sizes) = @_;
	my ($from, $total) = (0, length $bytes);

	for my $size (@sizes, $total) {
		my $piece = substr($bytes, $from, $size);
		my $to = $from + length($piece) - 1;
		my $answer = put($object, $piece,
		    "Content-Range: bytes $from-$to/$total");
		must_be($answer, $to + 1 < $total ? 204 : (200, 201));
		$from = $to + 1;
		last if $from == $total;
	}
}

sub record_course {
	my @objects;

	for my $size (0, 1, 511, 512, 513, 65_536, 262_144, 262_145, 600_000,
	    map { 100 + 997 * $_ } 1 .. 12) {
		my $bytes = make_bytes($size);
		my $object = sha256_hex($bytes);

		mark('storing', $object);
		if ($size > 1000 && $size % 2) {
			record_pieces($object, $bytes, 300, 700);
		} else {
			must_be(put($object, $bytes), 201);
		}
		mark('stored', $object);
		push @objects, [$object, $bytes];
	}
	# Removed, stored again, a wrong digest, a second time the same.
	for my $i (2, 5, 8) {
		my ($object, $bytes) = @{$objects[$i]};

		mark('removing', $object);
		must_be(ask('DELETE', 'DELETE', "/objects/$object"), 204);
		mark('removed', $object);
		must_be(put($object, 'something else'), 422);
		next if $i == 2;
		mark('storing', $object);
		must_be(put($object, $bytes), 201);
		mark('stored', $object);
		must_be(put($object, $bytes), 200);
	}
}

# --- hammer -------------------------------------------------------------------

# One of the objects that somebody was told are there.
sub pick {
	my ($path) = @_;
	open(my $file, '<', $path) or return undef;
	my $lines = int((-s $file) / 65) or return undef;
	seek($file, 65 * int rand $lines, 0);
	read($file, my $object, 64) == 64 or return undef;
	return $object;
}

sub wrong {
	my ($folder, $text) = @_;
	append("$folder/wrong", "$text\n");
}

sub hammer_put {
	my ($folder) = @_;
	my $size = int(rand 10) == 0 ? int rand 2_000_000 : int rand 60_000;
	my $bytes = make_bytes($size);
	my $object = sha256_hex($bytes);
	my $answer;

	if ($size > 1000 && rand() < 0.3) {
		my $half = int($size / 2);

		$answer = put($object, substr($bytes, 0, $half),
		    'Content-Range: bytes 0-' . ($half - 1) . "/$size")
		    // return 0;
		wrong($folder, "a piece: $answer->{status}")
		    if $answer->{status} ne '204';
		# Some are never ended.
		return 1 if rand() < 0.3;
		$answer = put($object, substr($bytes, $half),
		    "Content-Range: bytes $half-" . ($size - 1) . "/$size");
	} else {
		$answer = put($object, $bytes);
	}
	return 0 if !defined $answer;
	wrong($folder, "an upload: $answer->{status}")
	    if $answer->{status} ne '201';
	append("$folder/stored", "$object\n") if $answer->{status} eq '201';
	return 1;
}

sub hammer_get {
	my ($folder) = @_;
	my $object = pick("$folder/stored") // return 1;
	my $answer = get($object) // return 0;

	wrong($folder, "$object: $answer->{status}")
	    if $answer->{status} ne '200'
	    || sha256_hex($answer->{body}) ne $object;
	return 1;
}

# What is there is put again, as a client does that missed the answer.
sub hammer_again {
	my ($folder) = @_;
	my $object = pick("$folder/stored") // return 1;
	my $answer = get($object) // return 0;

	$answer = put($object, $answer->{body}) // return 0;
	wrong($folder, "$object again: $answer->{status}")
	    if $answer->{status} ne '200';
	return 1;
}

sub hammer {
	my ($folder, $count) = @_;
	my @acts = ((\&hammer_put) x 5, \&hammer_again, (\&hammer_get) x 4);

	for my $child (1 .. $count) {
		next if fork() // die "fork: $!\n";
		srand(time() ^ ($$ << 8));
		my $goes_on = 1;
		while ($goes_on) {
			$goes_on = $acts[rand @acts]->($folder);
			append("$folder/busy", '.') if $goes_on;
		}
		exit 0;
	}
	1 while wait() != -1;
}

# --- fetch --------------------------------------------------------------------

sub fetch {
	while (my $object = <STDIN>) {
		chomp $object;
		my $answer = get($object);
		print "$object\n" if !defined $answer
		    || $answer->{status} ne '200'
		    || sha256_hex($answer->{body}) ne $object;
	}
}

if ($action eq 'record' && @rest == 1) {
	record_course();
} elsif ($action eq 'hammer' && @rest == 2) {
	hammer(@rest);
} elsif ($action eq 'fetch' && !@rest) {
	fetch();
} else {
	die "storage.pl: not an action: $action @rest\n";
}

#!/usr/bin/perl
# The same requests to stored and to nginx, which serve the same file: are the
# answers the same?
#
#	ask-both.pl DIFFERENCES STORED-PORT NGINX-PORT TARGET TOKEN SIZE MTIME
#
# The requests are made here: every Range below under a few conditions, every
# condition below with a few ranges, by GET and HEAD; other methods; and
# ORACLE_RANDOM (300) at random, for which the seed is printed (ORACLE_SEED
# repeats it).  Compared are status, body, Content-Length, Transfer-Encoding,
# Content-Range, Accept-Ranges, and ETag, where each side's own is "TAG";
# Last-Modified is left out.
#
# What may differ stands in the file DIFFERENCES, which explains itself.  A
# difference that does not, and a line there that allows nothing, is told on
# standard output as a failed test.  Core modules alone.
use strict;
use warnings;
use IO::Socket::INET;
use POSIX qw(strftime);

my ($file, $stored_port, $nginx_port, $target, $token, $size, $mtime) = @ARGV;
die "usage: ask-both.pl DIFFERENCES STORED-PORT NGINX-PORT TARGET TOKEN SIZE " .
    "MTIME\n" if !defined $mtime;
my $seed = srand($ENV{ORACLE_SEED} // time() ^ $$);
my $random = $ENV{ORACLE_RANDOM} // 300;

# --- requests ---------------------------------------------------------------------

# A request is a hash: method, and the fields by name.  Classes say what kind of
# request it is, in the words of DIFFERENCES.

my @ends = ('', 0, 1, 499, $size - 1, $size, $size + 1, '9' x 30);
my @ranges = (undef, map { my $from = $_; map { "bytes=$from-$_" } @ends }
    @ends);
push @ranges, (
    'BYTES=1-5', 'bytes=007-0010', 'bytes=0-4,', 'bytes=,0-4', 'bytes=,,0-4, ,',
    'bytes=0-4 ', 'bytes=0-0,-1', 'bytes=0-9,20-29', 'bytes=0-9, 20-29',
    'bytes=20-29,0-9', 'bytes=0-9,5-14', 'bytes=0-,0-', 'bytes=0-9,9-,-5',
    "bytes=0-4,$size-", "bytes=$size-,-0", join(',', 'bytes=0-0', map {
	$_ * 10 . '-' . ($_ * 10 + 1) } 1 .. 40),
    'bytes', 'bytes=', 'bytes=,', 'bytes=a-b', 'bytes=1', 'bytes=--1',
    'bytes=1-2-3', 'bytes=+1-2', 'bytes=0x1-2', 'bytes=1.0-2', 'bytes= 1-2',
    'bytes =1-2', 'bytes=1 -2', 'bytes=1- 2', 'bytes 1-2', 'bytes:1-2',
    'bytes=1-2;', 'bytes==1-2', 'bytes=0-4,a', 'bytes=5-2,0-4', 'bytes=*',
    'byte=0-4', 'bytess=0-4', 'octets=0-4', 'none=0-4', 'lines=1-2', '0-4',
    'none');

my @tags = ('"TAG"', 'W/"TAG"', '*', '"other"', 'W/"other"', '""', 'TAG',
    '"TAG', '"TAGx"', '"x", "TAG"', '"x","TAG","y"', 'W/"x", W/"TAG"',
    '"x", W/"TAG", "y"', '"a", "b"', ', "TAG" ,', '"x" , "TAG"', '"a,b", "TAG"',
    '*, "TAG"', '"TAG" x');
my %dates = (before => date($mtime - 86400), same => date($mtime),
    after => date($mtime + 86400), broken => 'yesterday',
    'old form' => strftime('%A, %d-%b-%y %H:%M:%S GMT', gmtime $mtime),
    asctime => strftime('%a %b %e %H:%M:%S %Y', gmtime $mtime));

my @conditions = ({});
for my $tag (@tags) {
	push @conditions, map { { $_ => $tag } } 'If-Match', 'If-None-Match',
	    'If-Range';
}
for my $date (sort values %dates) {
	push @conditions, map { { $_ => $date } } 'If-Modified-Since',
	    'If-Unmodified-Since', 'If-Range';
}
for my $first ('"TAG"', '"other"') {
	for my $second ('"TAG"', '"other"') {
		push @conditions, { 'If-Match' => $first,
		    'If-None-Match' => $second }, { 'If-Match' => $first,
		    'If-Range' => $second }, { 'If-None-Match' => $first,
		    'If-Range' => $second };
	}
	for my $date (@dates{'before', 'after'}) {
		push @conditions, { 'If-Match' => $first,
		    'If-Unmodified-Since' => $date }, { 'If-None-Match' =>
		    $first, 'If-Modified-Since' => $date };
	}
}

my @few_conditions = ({}, map({ { 'If-Range' => $_ } } '"TAG"', '"other"'),
    { 'If-None-Match' => '"TAG"' }, { 'If-None-Match' => '"other"' },
    { 'If-Match' => '"other"' });
my @few_ranges = (undef, 'bytes=0-4', 'bytes=-5', "bytes=$size-", 'bytes=5-2',
    'bytes=0-0,-1');
my @methods = qw(OPTIONS POST PUT DELETE PATCH TRACE CONNECT PROPFIND get Get
    BREW);

sub date {
	return strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime $_[0]);
}

sub pick {
	return $_[rand @_];
}

sub request {
	my ($method, $range, $condition) = @_;
	my %request = (method => $method, %$condition);

	$request{Range} = $range if defined $range;
	return \%request;
}

sub random_number {
	return pick('', 0, $size, '9' x (1 + rand 25), int rand $size,
	    $size - 3 + int rand 6);
}

sub random_range {
	my $list = join pick(',', ', ', ' ,'), map {
	    random_number() . pick(('-') x 9, '') . random_number()
	} 1 .. pick(1, 1, 1, 2, 5);
	return pick(('bytes=') x 9, 'Bytes=', 'bytes', 'items=') . $list;
}

sub random_tags {
	return join pick(',', ', ', ' , '), map { pick(@tags) }
	    1 .. pick(1, 1, 2, 4);
}

sub random_request {
	my %request = (method => pick(('GET') x 4, 'HEAD'));

	$request{Range} = random_range() if rand() < 0.8;
	$request{'If-Match'} = random_tags() if rand() < 0.2;
	$request{'If-None-Match'} = random_tags() if rand() < 0.2;
	$request{'If-Range'} = pick(@tags, values %dates) if rand() < 0.2;
	for my $name ('If-Modified-Since', 'If-Unmodified-Since') {
		$request{$name} = pick(values %dates) if rand() < 0.1;
	}
	return \%request;
}

sub all_requests {
	my @requests;

	for my $method ('GET', 'HEAD') {
		for my $range (@ranges) {
			push @requests, map { request($method, $range, $_) }
			    @few_conditions;
		}
		for my $condition (@conditions) {
			push @requests, map { request($method, $_, $condition) }
			    @few_ranges;
		}
	}
	for my $method (@methods) {
		push @requests, map { request($method, $_, {}) } undef,
		    'bytes=0-4';
		push @requests, request($method, undef, $_)
		    for @few_conditions;
	}
	push @requests, map { random_request() } 1 .. $random;
	return @requests;
}

# --- what kind of request is this? --------------------------------------------------

# An element of the list of a Range: what RFC 9110, section 14.1.1 calls an
# int-range or a suffix-range.
sub is_spec {
	my ($spec) = @_;

	return 1 if $spec =~ /^-\d+\z/;
	return 0 if $spec !~ /^(\d+)-(\d*)\z/;
	return $2 eq '' || at_least($2, $1);
}

# Is one number at least the other?  They have any length; from 2^64 on all are
# the same, since no file has so many bytes.
sub at_least {
	my $most = '18446744073709551615';
	my ($a, $b) = map { s/^0+//r } @_;

	for ($a, $b) {
		$_ = $most if length $_ > 20 || length $_ == 20 && $_ gt $most;
	}
	return length $a != length $b ? length $a > length $b : $a ge $b;
}

sub range_class {
	my ($range) = @_;

	return 'none' if !defined $range;
	return 'malformed' if $range !~ /^([!-<>-~]+)=(.*)\z/;
	my ($unit, $list) = (lc $1, $2);
	return 'foreign' if $unit ne 'bytes';
	return 'malformed' if $list =~ /^[ \t]/;
	my @specs = grep { length } map { s/^[ \t]+|[ \t]+\z//gr }
	    split /,/, $list;
	return 'malformed' if !@specs || grep { !is_spec($_) } @specs;
	return @specs > 1 ? 'several' : 'one';
}

sub tags_class {
	my ($list) = @_;
	my $tag = qr/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/;

	return 'none' if !defined $list;
	return 'star' if $list eq '*';
	return $list =~ /^[ \t]*(?:$tag)?(?:[ \t]*,[ \t]*(?:$tag)?)*[ \t]*\z/ ?
	    'list' : 'malformed';
}

sub if_range_class {
	my ($value) = @_;

	return 'none' if !defined $value;
	return $value =~ /^(?:W\/)?"[^"]*"\z/ ? 'tag' :
	    (grep { $_ eq $value } values %dates) ? 'date' : 'malformed';
}

sub classes {
	my ($request) = @_;

	return { 'method' => $request->{method},
	    'Range' => range_class($request->{Range}),
	    'elements' => ($request->{Range} // '') =~ /=,|,[ \t]*(,|\z)/ ?
	    'empty' : 'none',
	    'numbers' => ($request->{Range} // '') =~ /\d{19}/ ? 'huge' : 'none',
	    'If-Match' => tags_class($request->{'If-Match'}),
	    'If-None-Match' => tags_class($request->{'If-None-Match'}),
	    'If-Range' => if_range_class($request->{'If-Range'}),
	    map { $_ => defined $request->{$_} ? 'date' : 'none' }
	    'If-Modified-Since', 'If-Unmodified-Since' };
}

# --- both sides ----------------------------------------------------------------------

my %sides = (stored => { port => $stored_port }, nginx =>
    { port => $nginx_port });
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { die "no answer in time\n" };

sub send_request {
	my ($side, $request) = @_;
	my $text = "$request->{method} $target HTTP/1.1\r\nHost: localhost\r\n"
	    . "Authorization: Bearer $token\r\n";

	for my $name (sort grep { $_ ne 'method' } keys %$request) {
		my $value = $request->{$name};
		$value =~ s/TAG/$side->{tag}/g if defined $side->{tag};
		$text .= "$name: $value\r\n";
	}
	$side->{socket} //= IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $side->{port}) or die "cannot connect: $!\n";
	$side->{socket}->autoflush(1);
	print {$side->{socket}} "$text\r\n";
}

# What of an answer is compared; undef when the connection had ended.
sub read_answer {
	my ($side, $method) = @_;
	my $socket = $side->{socket};
	local $/ = "\r\n";
	my $line = <$socket> // return undef;
	my ($status) = $line =~ m{^HTTP/1\.1 (\d\d\d) } or
	    die "not a status line: $line\n";
	my (%fields, %answer);

	while (defined($line = <$socket>) && $line ne "\r\n") {
		my ($name, $value) = $line =~ /^([^:]+):[ \t]*(.*?)[ \t]*\r\n\z/
		    or die "not a field: $line\n";
		die "twice: $name\n" if exists $fields{lc $name} &&
		    $name =~ /^(Content-|ETag|Accept-Ranges)/i;
		$fields{lc $name} = $value;
	}
	$answer{status} = $status;
	$answer{$_} = $fields{$_} // '' for qw(content-length content-range
	    accept-ranges etag transfer-encoding);
	$side->{etag} = $fields{etag} // '';
	$answer{body} = read_body($side, $method, \%answer, \%fields);
	$answer{etag} =~ s/\Q$side->{tag}\E/TAG/ if defined $side->{tag};
	delete $side->{socket} if
	    ($fields{connection} // '') =~ /close/i;
	return \%answer;
}

sub read_body {
	my ($side, $method, $answer, $fields) = @_;
	my $body = '';

	return '' if $method eq 'HEAD' || $answer->{status} =~ /^(1..|204|304)/;
	die "no length\n" if $answer->{'content-length'} eq '' &&
	    ($fields->{connection} // '') !~ /close/i;
	while ($answer->{'content-length'} eq '' ||
	    length $body < $answer->{'content-length'}) {
		my $n = read $side->{socket}, $body, $answer->{'content-length'}
		    eq '' ? 65536 : $answer->{'content-length'} - length $body,
		    length $body;
		last if !$n;
	}
	die "the body is shorter than its Content-Length\n"
	    if length $body < ($answer->{'content-length'} || 0);
	return $body;
}

sub ask {
	my ($name, $request) = @_;
	my $side = $sides{$name};
	my $answer;

	alarm 60;
	for my $attempt (1, 2) {
		send_request($side, $request);
		$answer = read_answer($side, $request->{method});
		last if defined $answer;
		delete $side->{socket};
	}
	alarm 0;
	die "$name ends the connection: " . text_of($request) . "\n"
	    if !defined $answer;
	return $answer;
}

# --- what may differ -------------------------------------------------------------------

# A difference: when, a list of [name, words]; ignore, differ and as, lists of
# words; stored, nginx, is; and how often it was used.
sub read_differences {
	my @differences;

	open(my $in, '<', $file) or die "$file: $!\n";
	while (<$in>) {
		next if /^(#|\s*$)/;
		if (/^(\S.*)$/) {
			push @differences, { name => $1, when => [], used => 0 };
			next;
		}
		my ($word, $rest) = /^\s+(\S+)\s+(.*)$/ or die "$file: $_";
		my $last = $differences[-1];
		if ($word eq 'when') {
			my ($name, @words) = split ' ', $rest;
			push @{$last->{when}}, [$name, @words];
		} elsif ($word =~ /^(ignore|differ|as)\z/) {
			$last->{$word} = [split ' ', $rest];
		} elsif ($word eq 'stored' || $word eq 'nginx') {
			$last->{$word} = qr/^(?:$rest)\z/;
		} elsif ($word eq 'is') {
			my ($part, $value) = (split(' ', $rest, 2), '');
			$last->{is}{$part} = $value =~ s,SIZE,$size,r;
		} elsif ($word eq 'rfc') {
			$last->{rfc} = 1 if $rest =~ /^\d{4}, [\d.]+: ".{20,}$/;
		} elsif ($word ne '"') {
			die "$file: unknown word $word\n";
		}
	}
	for (@differences) {
		die "$file: $_->{name}: no sentence\n" if !$_->{rfc};
	}
	return @differences;
}

sub applies {
	my ($difference, $classes) = @_;

	for (@{$difference->{when}}) {
		my ($name, @words) = @$_;
		die "$file: unknown: $name\n" if !exists $classes->{$name};
		return 0 if !grep { $_ eq $classes->{$name} ||
		    $_ eq 'any' && $classes->{$name} ne 'none' } @words;
	}
	return 1;
}

# --- comparing --------------------------------------------------------------------------

sub text_of {
	my ($request) = @_;
	return join ' ', $request->{method}, map { "$_: $request->{$_};" }
	    sort grep { $_ ne 'method' } keys %$request;
}

# Names of the members that differ.
sub unequal {
	my ($a, $b) = @_;
	return grep { $a->{$_} ne $b->{$_} } qw(status content-length
	    content-range accept-ranges etag transfer-encoding body);
}

# A list without its empty elements.
sub tidy {
	my ($unit, $list) = $_[0] =~ /^([^=]*=)(.*)\z/ or return $_[0];
	return $unit . join ',', grep { /[^ \t]/ } split /,/, $list;
}

sub read_otherwise {
	my ($request, $name, $how) = @_;

	return if !defined $request->{$name};
	for ($request->{$name}) {
		s/\d{19,}/'9' x 18/ge if $how eq 'shorter';
		$_ = tidy($_) if $how eq 'tidy';
		$_ = $how if $how =~ /^"/;
	}
}

# How the differences explain the answers: a list, or nothing.
sub explain {
	my ($differences, $request, $stored, $nginx) = @_;
	my @found = grep { applies($_, classes($request)) } @$differences;
	my (%fewer, @used);

	# What stored reads otherwise: as nginx does when that is sent.
	%fewer = %$request;
	for my $difference (grep { $_->{ignore} || $_->{as} } @found) {
		my $before = text_of(\%fewer);
		delete @fewer{@{$difference->{ignore}}} if $difference->{ignore};
		read_otherwise(\%fewer, @{$difference->{as}})
		    if $difference->{as};
		push @used, $difference if text_of(\%fewer) ne $before;
	}
	$nginx = ask('nginx', \%fewer) if @used;
	return @used if @used && !unequal($stored, $nginx);
	# Answers of another kind: each part that differs must be allowed.
	my %may;
	for my $difference (grep { $_->{differ} } @found) {
		next if $stored->{status} !~ $difference->{stored} ||
		    $nginx->{status} !~ $difference->{nginx};
		next if grep { $stored->{$_} ne $difference->{is}{$_} }
		    keys %{$difference->{is} // {}};
		my @parts = grep { !$may{$_}++ } @{$difference->{differ}};
		my %differs = map { $_ => 1 } unequal($stored, $nginx);
		push @used, $difference if grep { $differs{$_} } @parts;
	}
	return grep({ !$may{$_} } unequal($stored, $nginx)) ? () : @used;
}

my $tests = 0;
sub test {
	my ($passed, $text, @more) = @_;
	$tests++;
	print $passed ? "ok $text\n" : "not ok $text\n";
	print "  $_\n" for @more;
}

sub shown {
	my ($answer) = @_;
	return join ', ', map { "$_=" . ($_ eq 'body' ?
	    length($answer->{body}) . ' bytes' : $answer->{$_}) }
	    grep { $answer->{$_} ne '' } sort keys %$answer;
}

# Each side's own tag, of a plain answer.
for my $side (values %sides) {
	my ($name) = grep { $sides{$_} == $side } keys %sides;
	my $answer = ask($name, { method => 'GET' });
	die "$name answers $answer->{status}\n" if $answer->{status} ne '200';
	($side->{tag}) = $side->{etag} =~ /^"([^"]+)"\z/ or
	    die "$name has no strong tag\n";
}

my @differences = read_differences();
my ($count, $equal, @bad, %statuses) = (0, 0);
for my $request (all_requests()) {
	my $stored = ask('stored', $request);
	my $nginx = ask('nginx', $request);
	my @used;

	$count++;
	$statuses{$stored->{status}}++;
	if (!unequal($stored, $nginx)) {
		$equal++;
		next;
	}
	@used = explain(\@differences, $request, $stored, $nginx);
	$_->{used}++ for @used;
	push @bad, [text_of($request), 'stored: ' . shown($stored),
	    'nginx:  ' . shown($nginx)] if !@used;
}
print "# seed $seed: $count requests, $equal answered alike; by status: ",
    join(' ', map { "$_:$statuses{$_}" } sort keys %statuses), "\n";
print "# $_->{used} times: $_->{name}\n" for @differences;
test(!@bad, scalar(@bad) . ' differences that nothing allows',
    map { @$_ } @bad[0 .. ($#bad < 9 ? $#bad : 9)]);
test(!!$_->{used}, "used: $_->{name}") for @differences;
test($equal >= 150, 'answered alike, at least 150');

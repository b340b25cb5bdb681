#!/usr/bin/perl
# Many buyers at once, and the shop's people beside them, who go on whatever
# becomes of commerced: they redeem, buy, give, claim, are refunded, and repeat
# each request with its Idempotency-Key until there is an answer.
#
#	buyers.pl ORIGIN ADMIN-TOKEN-FILE MASTER-KEYS FOLDER SEED COUNT
#
# FOLDER/items: lines "ITEM KIND"; FOLDER/buyers: lines "SESSION ACCOUNT", one
# for each of COUNT buyers.  What was asked and what was answered goes to
# FOLDER/N.marks as check-books.sh wants it; what is wrong to FOLDER/wrong; and
# FOLDER/N.counts has how often what was done.
#
# Words on standard input are obeyed by all and then repeated on the output:
#
#	hold	no new request; those without an answer wait too
#	look	(while held) write what the library has to FOLDER/N.owns
#	go	on
#	quit	when all that was begun is answered
#
# Core modules alone.

use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Socket;
use Time::HiRes qw(sleep time);

my ($origin, $token_file, $keys_file, $folder, $seed, $count) = @ARGV;
die "usage: buyers.pl ORIGIN ADMIN-TOKEN-FILE MASTER-KEYS FOLDER SEED COUNT\n"
    if !defined $count;
my ($host) = $origin =~ m{^http://([^/]+)\z} or die "no origin: $origin\n";
my ($admin) = lines($token_file);
my ($master) = map { /^1 ([0-9a-f]{64})$/ ? pack('H*', $1) : () }
    lines($keys_file);
my (@tracks, @items);
for (lines("$folder/items")) {
	my ($id, $kind) = split ' ';
	push @items, $id;
	push @tracks, $id if $kind eq 'track';
}
my @people = map { [split ' '] } lines("$folder/buyers");

# The process of one buyer, or, behind the last, of who publishes.
my ($me, $session, $account, $control, $quitting, %counts);
my ($balance, $claimed_more, %redeemed, %claimed, @purchases, @done) = (0, 0);

sub lines {
	open(my $file, '<', $_[0]) or die "$_[0]: $!\n";
	chomp(my @lines = <$file>);
	return @lines;
}

sub append {
	my ($name, @words) = @_;
	my $line = join(' ', @words) . "\n";
	open(my $file, '>>', "$folder/$name") or die "$name: $!\n";
	syswrite($file, $line) == length $line or die "$name: $!\n";
	close $file;
}

sub mark { append("$me.marks", @_) }
sub wrong { append('wrong', "buyer $me:", @_) }
sub bare { $_[0] =~ tr/-//dr }
sub one_of { $_[int rand @_] }
sub new_key { sprintf '%d-%08x%08x', $me, rand 2**32, rand 2**32 }

# docs/protocol.md, section 3: what the row of a code keeps
sub lookup {
	my ($kind, $code) = @_;
	my $prk = hmac_sha256($master, "\0" x 32);
	my $key = hmac_sha256("counterfoil/v1/$kind-code/lookup\x01", $prk);
	return unpack 'H*', hmac_sha256(bare($code), $key);
}

# --- being held ---------------------------------------------------------------

sub look {
	my ($cursor, @files) = ('');
	do {
		my ($answer, $tries);
		# The connection may be one to the daemon that was killed.
		for ($tries = 0; $tries < 400; $tries++) {
			$answer = ask(connected(), request('GET',
			    "/v1/library?limit=100$cursor", $session));
			last if $answer && $answer->{status} != 503;
			sleep 0.05;
		}
		die "no library\n" if !$answer || $answer->{status} != 200;
		push @files, map { $_->{file} } @{$answer->{json}{items}};
		$cursor = $answer->{json}{next};
		$cursor = '&cursor=' . $cursor if defined $cursor;
	} while (defined $cursor);
	open(my $file, '>', "$folder/$me.owns") or die "$!\n";
	print $file "reads ", bare($account), "\n";
	print $file 'owns ', bare($account), ' ', bare($_), "\n" for @files;
	close $file or die "$!\n";
}

# Before every request: go on only when nothing else is said.
sub gate {
	my $is_held = 0;
	while ($is_held || IO::Select->new($control)->can_read(0)) {
		sysread($control, my $word, 1) or exit 1;
		$is_held = 1 if $word eq 'h';
		$is_held = 0 if $word eq 'g';
		look() if $word eq 'l' && defined $session;
		$quitting = 1 if $word eq 'q';
		syswrite($control, $word) if $word ne 'q';
	}
}

# --- HTTP ---------------------------------------------------------------------

my @sockets;

sub connected {
	my $number = shift // 0;
	$sockets[$number] = undef
	    if $sockets[$number] && !$sockets[$number]->connected;
	return $sockets[$number] //= IO::Socket::INET->new($host);
}

sub request {
	my ($method, $path, $bearer, $body, $key, $type) = @_;
	return join("\r\n", "$method $path HTTP/1.1", "Host: $host",
	    "Authorization: Bearer $bearer",
	    (defined $body ? ('Content-Length: ' . length $body,
	    'Content-Type: ' . ($type // 'application/json')) : ()),
	    (defined $key ? "Idempotency-Key: $key" : ()), '', '')
	    . ($body // '');
}

sub send_all {
	my ($socket, $bytes) = @_;
	my $done = 0;
	while ($done < length $bytes) {
		my $part = syswrite($socket, $bytes, length($bytes) - $done,
		    $done) // return 0;
		$done += $part;
	}
	return 1;
}

# { status, replayed, json }; undef when the connection ended before.
sub answer {
	my ($socket) = @_;
	my ($bytes, $length) = ('');
	while (1) {
		IO::Select->new($socket)->can_read(60)
		    or do { wrong('no answer in a minute'); die "no answer\n" };
		sysread($socket, $bytes, 65536, length $bytes) or return undef;
		next if $bytes !~ /\r\n\r\n/;
		$length //= $-[0] + 4 + ($bytes =~
		    /^Content-Length: (\d+)\r$/mi ? $1 : 0);
		last if length $bytes >= $length;
	}
	my ($status) = $bytes =~ m{^HTTP/1\.1 (\d{3})} or return undef;
	my ($head, $body) = split /\r\n\r\n/, $bytes, 2;
	return { status => $status,
	    replayed => scalar $head =~ /^Idempotency-Replayed: true\r?$/mi,
	    closes => scalar $head =~ /^Connection: close\r?$/mi,
	    json => $body =~ /^[{]/ ? decode_json($body) : undef };
}

sub ask {
	my ($socket, $bytes) = @_;
	my $answer = defined $socket && send_all($socket, $bytes)
	    ? answer($socket) : undef;
	@sockets = () if !$answer || $answer->{closes};
	return $answer;
}

# Until there is an answer; busy is none.
sub insist {
	my @request = @_;
	my $is_repeated = 0;
	while (1) {
		gate();
		my $answer = ask(connected(), request(@request));
		if ($answer && $answer->{status} != 503) {
			$counts{"repeated: $answer->{status}"}++
			    if $is_repeated;
			wrong("@request[0, 1]: $answer->{status}",
			    encode_json($answer->{json} // {}))
			    if $answer->{status} >= 500;
			$answer->{is_repeated} = $is_repeated;
			return $answer;
		}
		$is_repeated = 1;
		sleep 0.005 + rand 0.02;
	}
}

# What an album or a bundle contains is changed meanwhile.
sub buys_a_container {
	my ($method, $path, $bearer, $body) = @_;
	my %is_track = map { $_ => 1 } @tracks;
	return $path eq '/v1/purchases' &&
	    grep { !$is_track{$_} && index($body, $_) >= 0 } @items;
}

# What came with the code of a gift goes when its giver is paid back, which
# another process does.  Who was refused for what the other one of two has
# bought owns all of it, and not all of it by codes.  Of an album that came with
# one, and of a claim whose answer was lost, it is not known what they gave.
sub owned_by_a_gift {
	my ($refusal, $method, $path, $bearer, $body) = @_;
	my $owned = ($refusal->{json} // {})->{owned} // return 0;
	return 0 if $path ne '/v1/purchases';
	my $items = decode_json($body)->{items};
	return $claimed_more || @$owned < @$items ||
	    !grep { !$claimed{$_} } @$items;
}

# Two at the same time: one is the repetition of the other.  Only success is
# remembered: who was refused just before the contents changed, or before a
# gift was taken back, is none.
sub insist_twice {
	my @request = @_;
	gate();
	my @both = map { connected($_) } 0, 1;
	send_all($_, request(@request)) for grep { $_ } @both;
	my @answers = map { $_ ? answer($_) : undef } @both;
	if (grep { !$_ || $_->{closes} || $_->{status} >= 500 } @answers) {
		@sockets = ();
		return insist(@request);
	}
	my ($second, $first) = sort { $a->{status} <=> $b->{status} } @answers;
	$counts{'twice at once'}++;
	return $first if $second->{status} >= 300;
	if ($first->{status} >= 300 && (buys_a_container(@request) ||
	    owned_by_a_gift($first, @request))) {
		$counts{'twice at once, one refused'}++;
		($first, $second) = ($second, insist(@request));
	}
	wrong("twice at once: $first->{status} and $second->{status}",
	    encode_json($first->{json}), encode_json($second->{json}))
	    if $first->{status} != 201 || $second->{status} != 200
	    || !$second->{replayed}
	    || $first->{json}{id} ne $second->{json}{id};
	return $first;
}

sub buyer {
	my ($method, $path, $body, $key) = @_;
	return insist($method, $path, $session,
	    $body && encode_json($body), $key);
}

sub people {
	my ($method, $path, $body, $key) = @_;
	return insist($method, "/admin/v1$path", $admin, encode_json($body),
	    $key);
}

sub is_one_of {
	my ($what, $answer, @statuses) = @_;
	$counts{"$what: $answer->{status}"}++;
	return if grep { $_ == $answer->{status} } @statuses;
	wrong("$what: $answer->{status}", encode_json($answer->{json} // {}));
}

# Remember a request that was answered, to repeat it some time.
sub remember {
	my ($answer, @request) = @_;
	push @done, [$answer->{json}{refund}{id} // $answer->{json}{id},
	    @request];
	shift @done if @done > 50;
}

# Codes are for everybody.
sub share { append(@_) }
sub shared {
	my ($name) = @_;
	open(my $file, '<', "$folder/$name") or return;
	seek($file, -2000, 2);
	my @codes = grep { /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}( [0-9]+)?\z/ }
	    split /\n/, join('', <$file>);
	return @codes ? split(' ', one_of(@codes)) : ();
}

# --- what they do -------------------------------------------------------------

sub redeem {
	my ($code, $amount) = rand() < 0.3 ? shared('gift-codes') : ();
	if (!defined $code) {
		my $answer = people('POST', '/gift-codes', { count => 1,
		    amount => { currency => 'EUR',
		    amount => 1 + int rand 2000 } }, new_key());
		is_one_of('issue', $answer, 201, 200);
		$code = $answer->{json}{codes}[0];
		$amount = $answer->{json}{amount}{amount};
		share('gift-codes', $code, $amount) if rand() < 0.5;
	}
	my $lookup = lookup('gift', $code);
	mark('taking', $lookup, bare($account));
	my $answer = buyer('POST', '/v1/gift-codes/redeem', { code => $code });
	is_one_of('redeem', $answer, 200, 409);
	return if $answer->{status} != 200;
	mark('took', $lookup, bare($account), $amount);
	$balance += $amount if !$redeemed{$code}++;
	wrong("the balance is $answer->{json}{balance}{amount}, not $balance")
	    if $answer->{json}{balance}{amount} != $balance;
}

sub buy {
	my ($key, %wanted) = (new_key(),
	    map { one_of(@items) => 1 } 1 .. 1 + rand 3);
	my $body = encode_json({ items => [sort keys %wanted],
	    pay_with => 'credit',
	    rand() < 0.7 ? (access => JSON::PP::false) : (),
	    rand() < 0.3 ? (as_gift => JSON::PP::true) : () });
	my @request = ('POST', '/v1/purchases', $session, $body, $key);
	mark('paying', $key, bare($account));
	my $answer = rand() < 0.2 ? insist_twice(@request) : insist(@request);
	is_one_of('buy', $answer, 201, 200, 402, 409);
	return if $answer->{status} >= 300;
	my $made = $answer->{json};
	mark('paid', $key, bare($account), bare($made->{id}),
	    "$made->{number}/$made->{total}{amount}");
	$balance -= $made->{total}{amount};
	push @purchases, { id => $made->{id}, lines =>
	    [map { $_->{item} } @{$made->{lines}}] };
	remember($answer, @request);
	return if !defined $made->{claim_code};
	mark('gave', lookup('claim', $made->{claim_code}), bare($made->{id}));
	share('claim-codes', $made->{claim_code});
}

sub refund {
	return if !@purchases;
	my ($purchase, $key) = (one_of(@purchases), new_key());
	my @lines = @{$purchase->{lines}};
	my $body = encode_json({ reason => 'a test',
	    rand() < 0.5 ? (lines => [one_of(@lines)]) : () });
	my @request = ('POST', "/admin/v1/purchases/$purchase->{id}/refund",
	    $admin, $body, $key);
	mark('refunding', $key, bare($purchase->{id}));
	my $answer = rand() < 0.2 ? insist_twice(@request) : insist(@request);
	is_one_of('refund', $answer, 201, 200, 409);
	return if $answer->{status} >= 300;
	my $refund = $answer->{json}{refund};
	mark('refunded', $key, bare($purchase->{id}), bare($refund->{id}),
	    $refund->{amount}{amount});
	$balance += $refund->{amount}{amount};
	remember($answer, @request);
	@purchases = grep { $_ != $purchase } @purchases
	    if $answer->{json}{status} eq 'refunded';
}

sub fulfil {
	my $key = new_key();
	my @request = ('POST', '/admin/v1/fulfilments', $admin, encode_json({
	    items => [one_of(@items)], reference => "order $key" }), $key);
	mark('giving', $key);
	my $answer = insist(@request);
	is_one_of('fulfil', $answer, 201, 200);
	return if $answer->{status} >= 300;
	mark('gave', lookup('claim', $answer->{json}{claim_code}),
	    bare($answer->{json}{id}));
	share('claim-codes', $answer->{json}{claim_code});
	remember($answer, @request);
}

sub claim {
	my ($code) = shared('claim-codes') or return;
	my $lookup = lookup('claim', $code);
	mark('claiming', $lookup, bare($account));
	my $answer = buyer('POST', '/v1/claims', { code => $code });
	is_one_of('claim', $answer, 200, 409, 410);
	$claimed_more = 1 if $answer->{is_repeated};
	return if $answer->{status} != 200;
	mark('claimed', $lookup, bare($account));
	my $text = encode_json($answer->{json});
	my %is_track = map { $_ => 1 } @tracks;
	for (grep { index($text, $_) >= 0 } @items) {
		$claimed{$_} = 1;
		$claimed_more = 1 if !$is_track{$_};
	}
}

sub repeat {
	return if !@done;
	my ($id, @request) = @{one_of(@done)};
	my $answer = insist(@request);
	is_one_of('repeat', $answer, 200);
	wrong("the repetition of $request[4] is another") if !$answer->{replayed}
	    || ($answer->{json}{refund}{id} // $answer->{json}{id}) ne $id;
}

sub compare_balance {
	my $answer = buyer('GET', '/v1/account');
	is_one_of('account', $answer, 200);
	wrong("the balance is $answer->{json}{balance}{amount}, not $balance")
	    if $answer->{json}{balance}{amount} != $balance;
}

# New versions of files, and other contents of albums.
sub upload {
	my $bytes = join '', map { pack 'N', rand 2**32 } 1 .. 1 + rand 40000;
	my $answer = insist('PUT', '/admin/v1/items/' . one_of(@tracks)
	    . '/files/tune.ogg', $admin, $bytes, undef, 'audio/ogg');
	is_one_of('upload', $answer, 200, 201, 202);
	mark('kept', $answer->{json}{object});
}

sub repack {
	my ($album) = lines("$folder/album");
	my %in = map { one_of(@tracks) => 1 } 1 .. 5;
	is_one_of('repack', people('PATCH', "/items/$album",
	    { contains => [sort keys %in] }), 200);
}

# --- the processes ------------------------------------------------------------

my @deeds = ((\&buy) x 8, (\&redeem) x 4, (\&refund) x 4, (\&claim) x 5,
    (\&fulfil) x 2, (\&repeat) x 3, \&compare_balance);

sub live {
	srand $seed + $me;
	($session, $account) = @{$people[$me]} if $me < $count;
	while (!$quitting) {
		gate();
		last if $quitting;
		one_of(defined $session ? @deeds : (\&upload, \&repack))->();
	}
	compare_balance() if defined $session;
	open(my $file, '>', "$folder/$me.counts") or die "$!\n";
	print $file "$_: $counts{$_}\n" for sort keys %counts;
	close $file or die "$!\n";
}

my @controls;

sub start {
	($me) = @_;
	socketpair(my $mine, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
	    or die "socketpair: $!\n";
	my $child = fork // die "fork: $!\n";
	if ($child) {
		push @controls, $mine;
		return;
	}
	# So that they end when their parent does.
	close $_ for $mine, @controls;
	$control = $theirs;
	$SIG{PIPE} = 'IGNORE';
	$SIG{INT} = 'DEFAULT';
	live();
	exit 0;
}

start($_) for 0 .. $count;
$| = 1;
while (my $word = <STDIN>) {
	chomp $word;
	my $letter = substr $word, 0, 1;
	syswrite($_, $letter) for @controls;
	last if $word eq 'quit';
	for (@controls) {
		sysread($_, my $said, 1) or die "a buyer is gone\n";
	}
	print "$word\n";
}
my $failed = 0;
while (wait != -1) {
	$failed++ if $? != 0;
}
die "$failed buyers failed\n" if $failed;
print "quit\n";

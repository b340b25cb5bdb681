#!/bin/bash
# The HTTP library of stored, with its memory for each connection, has those
# connections alone that ask for more than ready answers: not those that wait,
# and none that is served in front of it.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

# A crowd that does as its lines say, each on the FIRST..LAST of its
# connections, and prints a word for each line:
#	open LAST
#	say FIRST LAST FILE		"said"
#	hear FIRST LAST TEXT		how many were told TEXT
#	end FIRST LAST			our side only
#	gone FIRST LAST			how many see the end
#	leave FIRST LAST
cat >"$WORK/crowd.pl" <<'END'
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);
my (@crowd, @in);
$SIG{PIPE} = 'IGNORE';
$| = 1;
# Read from connection $_[0] until $_[1] says so, or the end.
sub hear {
	my ($i, $until) = @_;
	my $select = IO::Select->new($crowd[$i]);
	my $deadline = time + 20;
	until ($until && $in[$i] =~ $until) {
		return 0 if time > $deadline;
		next if !$select->can_read(0.1);
		sysread $crowd[$i], $in[$i], 65536, length $in[$i]
		    or return !$until;
	}
	$in[$i] = '';
	return 1;
}
while (<STDIN>) {
	my ($verb, $first, $last, $word) = split;
	my $count = 0;
	if ($verb eq 'open') {
		for (0 .. $first) {
			push @crowd, IO::Socket::INET->new($ENV{PEER}) || die $!;
			push @in, '';
		}
		print "opened\n";
		next;
	}
	my $text = '';
	$text = do { local (@ARGV, $/) = $word; <> } if $verb eq 'say';
	for my $i ($first .. $last) {
		syswrite $crowd[$i], $text if $verb eq 'say';
		shutdown $crowd[$i], 1 if $verb eq 'end';
		$count += hear($i, qr/\Q$word\E/) if $verb eq 'hear';
		$count += hear($i) if $verb eq 'gone';
		close $crowd[$i] if $verb eq 'leave';
	}
	print $verb =~ /hear|gone/ ? $count : "did", "\n";
}
END
crowd() {
	local answer
	printf '%s\n' "$*" >&"${CROWD[1]}"
	IFS= read -r answer <&"${CROWD[0]}"
	printf '%s' "$answer"
}
start_crowd() {
	coproc CROWD {
		PEER=${STORAGE#http://} perl "$WORK/crowd.pl"
	} 2>"$WORK/crowd.log"
}
end_crowd() {
	eval "exec ${CROWD[1]}>&-"
	wait "$CROWD_PID" || :
}

# stored_http_connections, and of them the library's; the one that asks is both
connections() {
	curl -sf "$STORAGE_ADMIN/metrics" | awk '
	    /^stored_http_connections / { all = $2 - 1 }
	    /^stored_http_library_connections / { its = $2 - 1 }
	    END { print all, its }'
}
they_are() {		# ALL LIBRARY'S
	[[ $(connections) == "$1 $2" ]]
}
get() {			# OBJECT, whole
	local target
	target="/media/$1?$(query)"
	printf 'GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n' \
	    "$target" "$(sign_url GET "$STORAGE$target")"
}

stored_conf threads 2
stored_conf address-limit 0
stored_conf header-timeout 30
start_stored
printf 'the end' >"$WORK/object"
put_object "$WORK/object"
get "$OBJECT" >"$WORK/get"
get "${OBJECT//[0-9]/e}" >"$WORK/get-nothing"
head -c 20 "$WORK/get" >"$WORK/get-begun"
tail -c +21 "$WORK/get" >"$WORK/get-rest"

ok 'who asks for the metrics is the only one' wait_until 60 they_are 0 0
start_crowd
is "$(crowd open 299)" opened '300 clients connect'
ok 'they are counted, and the library has none' wait_until 60 they_are 300 0
crowd say 0 299 "$WORK/get" >"$WORK/said"
is "$(crowd hear 0 299 'the end')" 300 'all get what they ask for'
is "$(connections)" '300 0' 'the library still has none'
crowd say 0 299 "$WORK/get" >"$WORK/said"
is "$(crowd hear 0 299 'the end')" 300 'again and again'
is "$(connections)" '300 0' 'and none then'

crowd say 0 19 "$WORK/get-begun" >"$WORK/said"
ok 'who begins a request and does not go on is the library'"'"'s' \
    wait_until 60 they_are 300 20
crowd say 0 19 "$WORK/get-rest" >"$WORK/said"
is "$(crowd hear 0 19 'the end')" 20 'which answers once they do'
crowd say 20 49 "$WORK/get-nothing" >"$WORK/said"
is "$(crowd hear 20 49 'HTTP/1.1 404')" 30 'what is not there is told'
is "$(connections)" '300 50' 'by the library'
crowd say 0 49 "$WORK/get" >"$WORK/said"
is "$(crowd hear 0 49 'the end')" 50 'it keeps those, and serves them'
is "$(connections)" '300 50' 'and no others'

crowd end 40 59 >"$WORK/said"
is "$(crowd gone 40 59)" 20 'who ends their side sees the end'
ok 'and is counted no longer' wait_until 60 they_are 280 40
crowd leave 0 9 >"$WORK/said"
crowd leave 60 99 >"$WORK/said"
ok 'nor is who leaves' wait_until 60 they_are 230 30

# A stop: the crowd sees the end, whoever has it.
stop_stored
is "$(crowd gone 10 39)" 30 'a stop ends those of the library'
is "$(crowd gone 100 299)" 200 'and those in front of it'
end_crowd

stored_conf idle-timeout 5
start_stored
start_crowd
is "$(crowd open 49)" opened 'with an idle timeout 50 clients connect'
crowd say 0 9 "$WORK/get" >"$WORK/said"
is "$(crowd hear 0 9 'the end')" 10 'ten of them ask'
is "$(crowd gone 0 49)" 50 'then all are shut'
ok 'and nothing is left of them' wait_until 60 they_are 0 0
end_crowd

done_testing

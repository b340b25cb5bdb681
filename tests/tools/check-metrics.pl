#!/usr/bin/perl
# Is standard input a page as Prometheus reads it, and one that promtool's
# linter would pass?  Prints what is wrong, a line each; exits 1 then.
#
#	check-metrics.pl PREFIX [MOST-SERIES]
use strict;
use warnings;

my ($prefix, $most) = @ARGV;
my (%type, %help, %seen, %histogram, $family, %closed, $series);

sub wrong { our $failed = 1; print "line $.: @_\n"; }

# name="value",... as a hash; undef when it is none
sub labels {
	my ($text) = @_;
	my %labels;
	while ($text =~ /\G([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gc) {
		return if exists $labels{$1};
		$labels{$1} = $2;
	}
	return (pos($text) // 0) == length $text ? \%labels : undef;
}

sub number { $_[0] =~ /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/ }

# Lines of a family stand together, behind its head.
sub enter {
	my ($name) = @_;
	return if defined $family && $family eq $name;
	wrong("$name stands at two places") if $closed{$name};
	$closed{$family} = 1 if defined $family;
	$family = $name;
}

sub check_name {
	my ($name, $type) = @_;
	wrong("$name does not begin with ${prefix}_") if $name !~ /^\Q$prefix\E_/;
	wrong("$name: not lower case with single underscores")
	    if $name !~ /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;
	wrong("$name: a counter ends with _total")
	    if ($type eq 'counter') != ($name =~ /_total$/);
	wrong("$name: its type is in its name")
	    if $name =~ /_(?:counter|gauge|histogram|summary|count|sum|bucket|info)$/;
	wrong("$name: not a base unit")
	    if $name =~ /_(?:ms|us|ns|milliseconds|microseconds|minutes|hours|days|kib|mib|kilobytes|megabytes|bits|s|b|percent)(?:_total)?$/;
}

while (my $line = <STDIN>) {
	wrong('no line end') if $line !~ s/\n$//;
	if ($line =~ /^# HELP (\S+) (.+)$/) {
		enter($1);
		wrong("$1: a second HELP") if $help{$1}++;
	} elsif ($line =~ /^# TYPE (\S+) (counter|gauge|histogram)$/) {
		enter($1);
		wrong("$1: TYPE without HELP") if !$help{$1};
		wrong("$1: a second TYPE") if exists $type{$1};
		$type{$1} = $2;
		check_name($1, $2);
	} elsif ($line =~ /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/) {
		my ($name, $text, $value) = ($1, $2 // '', $3);
		my $labels = labels($text);
		my $part = '';
		$series++;
		wrong("$name: labels that are none") if !$labels;
		wrong("$name: $value is no number") if !number($value);
		wrong("$name\{$text} twice") if $seen{"$name\{$text}"}++;
		if (!exists $type{$name} && $name =~ /^(.*)_(bucket|sum|count)$/ &&
		    ($type{$1} // '') eq 'histogram') {
			($name, $part) = ($1, $2);
		}
		wrong("$name without TYPE") if !exists $type{$name};
		enter($name);
		wrong("$name: negative") if ($type{$name} // '') ne 'gauge' &&
		    $value =~ /^-/;
		next if ($type{$name} // '') ne 'histogram' || !$labels;
		my $le = delete $labels->{le};
		my $key = join ',', $name, map { "$_=$labels->{$_}" }
		    sort keys %$labels;
		wrong("$name: le is for buckets") if ($part eq 'bucket') != defined $le;
		if ($part eq 'bucket') {
			my $h = $histogram{$key} //= { le => '-Inf', value => 0 };
			wrong("$key: buckets are not in order") if $h->{le} eq '+Inf' ||
			    ($le ne '+Inf' && $h->{le} ne '-Inf' && $le <= $h->{le});
			wrong("$key: buckets shrink") if $value < $h->{value};
			@$h{'le', 'value'} = ($le, $value);
		} else {
			$histogram{$key}{$part} = $value;
		}
	} else {
		wrong("neither a comment nor a number: $line");
	}
}
for my $name (keys %help) {
	wrong("$name: HELP without TYPE") if !exists $type{$name};
}
for my $key (keys %histogram) {
	my $h = $histogram{$key};
	wrong("$key: no +Inf") if ($h->{le} // '') ne '+Inf';
	wrong("$key: no sum") if !defined $h->{sum};
	wrong("$key: its count is not its last bucket")
	    if !defined $h->{count} || $h->{count} != $h->{value};
}
wrong('nothing') if !$series;
wrong("$series series are too many") if $most && $series > $most;
our $failed;
exit($failed ? 1 : 0);

#!/usr/bin/perl
# Small pictures and excerpts that are what they say, to standard output.
#
#	make-picture.pl png WIDTH HEIGHT [CHUNKS]	noise; so many further chunks
#	make-picture.pl jpeg | gif | webp		as small as can be
#	make-picture.pl wav SECONDS			a tone
#	make-picture.pl pdf | epub			nearly empty
use strict;
use warnings;
use Compress::Zlib qw(compress crc32);

sub chunk {
	my ($name, $data) = @_;
	return pack('N', length $data) . $name . $data .
	    pack('N', crc32($name . $data));
}

sub png {
	my ($width, $height, $chunks) = @_;
	my $rows = '';
	$rows .= "\0" . join '', map { chr int rand 256 } 1 .. $width
	    for 1 .. $height;
	return "\x89PNG\r\n\x1a\n" .
	    chunk('IHDR', pack 'NNCCCCC', $width, $height, 8, 0, 0, 0, 0) .
	    chunk('teST', '') x ($chunks // 0) .
	    chunk('IDAT', compress($rows)) . chunk('IEND', '');
}

sub wav {
	my ($seconds) = @_;
	my $data = pack 'v*', map { int(9000 * sin($_ / 3)) & 0xffff }
	    1 .. 8000 * $seconds;
	return 'RIFF' . pack('V', 36 + length $data) . 'WAVEfmt ' .
	    pack('VvvVVvv', 16, 1, 1, 8000, 16000, 2, 16) .
	    'data' . pack('V', length $data) . $data;
}

sub pdf {
	my $body = "%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n" .
	    "2 0 obj <</Type/Pages/Kids[]/Count 0>> endobj\n";
	return $body . "xref\n0 1\n0000000000 65535 f \n" .
	    "trailer <</Size 3/Root 1 0 R>>\nstartxref\n" .
	    length($body) . "\n%%EOF\n";
}

sub epub {
	my ($name, $data) = ('mimetype', 'application/epub+zip');
	my $entry = pack 'vvvvvVVVv', 20, 0, 0, 0, 0, crc32($data),
	    length $data, length $data, length $name;
	my $file = "PK\3\4" . $entry . pack('v', 0) . $name . $data;
	my $folder = "PK\1\2" . pack('v', 20) . $entry .
	    pack('vvvvVV', 0, 0, 0, 0, 0, 0) . $name;
	return $file . $folder . "PK\5\6" .
	    pack('vvvvVVv', 0, 0, 1, 1, length $folder, length $file, 0);
}

# Made by other programs.
my %ready = (
	gif => '47494638396101000100800000000000ffffff21f90401000000002c0000' .
	    '0000010001000002024401003b',
	webp => '524946461c000000574542505650384c0f0000002f0fc003000710f58ffe' .
	    '0722a2ff0100',
	jpeg => 'ffd8ffdb004300' . 'ff' x 64 . 'ffc0000b080001000101011100' .
	    'ffc400140001' . '00' x 15 . '09' . 'ffc40014100100' .
	    '000000000000000000000000000000ff' . 'ffda0008010100003f0054dfffd9',
);

my ($kind, @rest) = @ARGV;
my %made = (png => \&png, wav => \&wav, pdf => \&pdf, epub => \&epub);
binmode STDOUT;
if ($made{$kind}) {
	print $made{$kind}->(@rest);
} elsif ($ready{$kind}) {
	print pack 'H*', $ready{$kind};
} else {
	die "make-picture.pl: no $kind\n";
}

#!/bin/sh
# check-books.sh STATE [MARKS...]: are the books of a shop as they must be, and
# is all there that was acknowledged?  By the shell of SQLite alone: knows the
# schema and nothing of commerced.  Opening the database is what recovers it
# after a crash.  Prints what is wrong; status 0 when nothing is.
#
# MARKS are files of lines; each says what the shop was asked or had answered.
# Ids, lookups of codes (docs/protocol.md, section 3) and objects are in hex.
#
#	registered E-MAIL
#	issued COUNT			gift codes so far
#	redeemed E-MAIL COUNT		codes so far
#	uploaded COUNT			versions so far
#	kept OBJECT			an upload was accepted
#	paying KEY [ACCOUNT]		asked, not yet answered
#	paid KEY [ACCOUNT PURCHASE NUMBER/TOTAL]
#	refunding KEY PURCHASE		asked
#	refunded KEY PURCHASE REFUND AMOUNT
#	taking LOOKUP ACCOUNT		asked to redeem a gift code
#	took LOOKUP ACCOUNT AMOUNT
#	giving KEY			asked for a fulfilment
#	gave LOOKUP OWNER		the code of a gift (the purchase) or of
#					a fulfilment
#	claiming LOOKUP ACCOUNT		asked
#	claimed LOOKUP ACCOUNT
#	reads ACCOUNT			the library, of which each line
#	owns ACCOUNT FILE		is one
#
# The sealed files of versions that are on this host must be whole.
set -eu

# Many states are looked at: so few processes as can be.
state=$1
shift
marks=${TMPDIR:-/tmp}/check-books.$$.marks
objects=${TMPDIR:-/tmp}/check-books.$$.objects
trap 'rm -f "$marks" "$objects"' EXIT

# SQL and commands on standard input.
ask() {
	sqlite3 -batch -bail -noheader -cmd '.timeout 60000' \
	    -cmd '.output /dev/null' -cmd '.dbconfig no_ckpt_on_close on' \
	    -cmd '.output' "$state/counterfoil.db"
}

# Before migration 12, which makes the last of what the rules name, nothing can
# have been promised: these are books that are being made.
has_no_books() {
	version=$(echo 'PRAGMA user_version;' | ask 2>&1) &&
	    [ "$version" -lt 12 ]
}

# Rows of five columns.
awk '{ print $1 "\t" $2 "\t" $3 "\t" $4 "\t" $5 }' "$@" /dev/null >"$marks"
if ! wrong=$(ask <<END
.output '$objects'
SELECT lower(hex(object)) || '  $state/sealed/' ||
	lower(hex(substr(object, 1, 1))) || '/' || lower(hex(object))
	FROM version WHERE local = 1 AND state IN (0, 1);
.output
CREATE TEMP TABLE mark (word TEXT, a TEXT, b TEXT, c TEXT, d TEXT);
.mode tabs
.import '$marks' mark
UPDATE mark SET b = nullif(b, ''), c = nullif(c, ''), d = nullif(d, '');
BEGIN;
.read '${0%/*}/books.sql'
END
) 2>"$objects"; then
	has_no_books || { echo "the books cannot be read: $wrong"; exit 1; }
	wrong=
	[ ! -s "$marks" ] || wrong='there are no books'
elif [ -s "$objects" ]; then
	wrong=$wrong$(sha256sum --quiet -c "$objects" 2>&1) ||
	    wrong="$wrong (a sealed file is not whole)"
fi

printf '%s' "${wrong:+$wrong
}"
[ -z "$wrong" ]

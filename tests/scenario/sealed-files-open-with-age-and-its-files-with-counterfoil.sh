#!/usr/bin/env bash
# Both ways: what commerced's code seals is opened by stock age, and what stock
# age seals is opened by counterfoil, whole, from a pipe, and by ranges.
. "$(dirname "$0")/lib.sh"

SEAL=$BUILD/test/tools/seal
COUNTERFOIL=$BUILD/counterfoil
cd "$WORK" || exit
age-keygen -o key.txt 2>/dev/null
age-keygen -o other.txt 2>/dev/null
RECIPIENT=$(age-keygen -y key.txt)
OTHER=$(age-keygen -y other.txt)
secret "$(grep AGE-SECRET-KEY key.txt)" "$(grep AGE-SECRET-KEY other.txt)"

# slice FILE FROM TO: those bytes, both included
slice() {
	dd if="$1" iflag=skip_bytes,count_bytes skip="$2" \
	    count=$(($3 - $2 + 1)) status=none
}

for size in 0 1 65535 65536 65537 131072 5242881; do
	make_file plain "$size"
	chunks=$(((size + 65535) / 65536))
	"$SEAL" key.txt <plain >ours
	is "$(stat -c %s ours)" \
	    $((168 + 16 + size + 16 * (chunks > 0 ? chunks : 1))) \
	    "$size bytes: the sealed size is the computed one"
	age -d -i key.txt ours >opened
	same_file opened plain "$size bytes: age opens what we seal"
	not_ok "$size bytes: not with another key" \
	    age -d -i other.txt -o /dev/null ours 2>/dev/null

	age -r "$RECIPIENT" -o theirs plain
	"$COUNTERFOIL" open --key key.txt theirs >opened
	same_file opened plain "$size bytes: we open what age seals"
	"$COUNTERFOIL" open --key key.txt - <theirs >opened
	same_file opened plain "$size bytes: from a pipe, too"
	"$COUNTERFOIL" open --key key.txt --output named ours
	same_file named plain "$size bytes: into a file"
done

# Small pieces in, the same out.
make_file plain 200001
"$SEAL" key.txt 997 <plain >ours
age -d -i key.txt ours >opened
same_file opened plain 'sealing in small pieces gives the same content'

# Several recipients, ours the last one: a longer header.
recipients=()
for _ in 1 2 3 4 5 6 7 8; do
	recipients+=(-r "$OTHER")
done
age "${recipients[@]}" -r "$RECIPIENT" -o theirs plain
"$COUNTERFOIL" open --key key.txt theirs >opened
same_file opened plain 'our stanza is found behind eight others'

for file in ours theirs; do
	for range in 0-0 0-65535 65535-65536 65536-131071 100000-200000 \
	    200000-200000 131072-131072; do
		slice plain "${range%-*}" "${range#*-}" >expected
		"$COUNTERFOIL" open --key key.txt --range "$range" $file >part
		same_file part expected "bytes $range of $file"
	done
	slice plain 199901 200000 >expected
	"$COUNTERFOIL" open --key key.txt --range -100 $file >part
	same_file part expected "the last 100 bytes of $file"
	slice plain 150000 200000 >expected
	"$COUNTERFOIL" open --key key.txt --range 150000- $file >part
	same_file part expected "from byte 150000 to the end of $file"
	"$COUNTERFOIL" open --key key.txt --range 150000-999999999 $file >part
	same_file part expected "an end beyond the end is the end of $file"
done

done_testing

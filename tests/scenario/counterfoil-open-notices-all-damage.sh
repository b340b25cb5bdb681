#!/usr/bin/env bash
# counterfoil open on files that are cut, altered, or not for this key: the
# documented exit status, one line that says what to do, and no file under the
# name that was asked for.
. "$(dirname "$0")/lib.sh"

SEAL=$BUILD/test/tools/seal
COUNTERFOIL=$BUILD/counterfoil
cd "$WORK" || exit
mkdir out
age-keygen -o key.txt 2>/dev/null
age-keygen -o other.txt 2>/dev/null
KEY=$(grep AGE-SECRET-KEY key.txt)
secret "$KEY" "$(grep AGE-SECRET-KEY other.txt)"
make_file plain 150000
"$SEAL" key.txt <plain >sealed
SIZE=$(stat -c %s sealed)

# fails_with STATUS DESCRIPTION ARGUMENT...
fails_with() {
	local expected=$1 description=$2 status=0
	shift 2
	"$COUNTERFOIL" open "$@" >stdout 2>stderr || status=$?
	is "$status" "$expected" "$description: exit status"
	is "$(wc -l <stderr) $(cut -d : -f 1 stderr)" '1 counterfoil' \
	    "$description: one line"
	unlike "$(cat stderr)" AGE-SECRET-KEY- "$description: no key in it"
}

# damaged STATUS DESCRIPTION: the file "bad", opened into a named file
damaged() {
	fails_with "$1" "$2" --key key.txt --output out/content bad
	is "$(ls -A out)" '' "$2: nothing is left in the folder"
}

# flip OFFSET: a bit of that byte
flip() {
	cp sealed bad
	local byte
	byte=$(od -An -tu1 -j "$1" -N 1 sealed)
	# shellcheck disable=SC2059	# the format is made here
	printf "\\x$(printf %02x $((byte ^ 1)))" |
	    dd of=bad bs=1 seek="$1" conv=notrunc status=none
}

for cut in 0 10 167 168 183 184 199 200 65735 65736 65737 131288 \
    $((SIZE - 1)); do
	head -c "$cut" sealed >bad
	damaged 4 "cut at byte $cut"
done
{ cat sealed; printf x; } >bad
damaged 4 'one byte appended'
{ cat sealed; cat sealed; } >bad
damaged 4 'the whole appended again'
for at in 0 21 25 40 90 140 167 168 183 184 65735 65736 100000 \
    $((SIZE - 1)); do
	flip "$at"
	status=4
	# An altered stanza cannot be told from somebody else's.
	if ((at >= 25 && at < 120)); then
		status='[34]'
	fi
	"$COUNTERFOIL" open --key key.txt --output out/content bad \
	    2>stderr && got=0 || got=$?
	like "$got" "^$status\$" "bit flipped in byte $at: exit status"
	is "$(ls -A out)" '' "bit flipped in byte $at: nothing is left"
done
split -b 65552 <(tail -c +185 sealed) chunk.
{ head -c 184 sealed; cat chunk.ab chunk.aa chunk.ac; } >bad
damaged 4 'two chunks swapped'

# What was written before the damage is genuine.
flip 100000
"$COUNTERFOIL" open --key key.txt bad >part 2>/dev/null || true
head -c 65536 plain >expected
same_file part expected 'a stream gives the chunks before the damage'
"$COUNTERFOIL" open --key key.txt --range 0-65535 bad >part
same_file part expected 'ranges that do not touch the damage still open'
fails_with 4 'a range that touches the damage' \
    --key key.txt --range 65536-65536 bad

fails_with 3 'another key' --key other.txt sealed
fails_with 3 'no key in the key file' --key /dev/null sealed
printf '%s\n' "$KEY" >open.txt
chmod 644 open.txt
fails_with 3 'a key file that others can read' --key open.txt sealed
fails_with 1 'no such key file' --key none.txt sealed
fails_with 1 'no such file' --key key.txt none
fails_with 2 'no key' sealed
fails_with 2 'no file' --key key.txt
fails_with 2 'two files' --key key.txt sealed sealed
fails_with 2 'an unreadable range' --key key.txt --range 5-4 sealed
fails_with 2 'a range beyond the end' --key key.txt --range 150000- sealed
fails_with 2 'a range of a pipe' --key key.txt --range 0-1 -
fails_with 2 'a token for a file' --key key.txt --token-file key.txt sealed
fails_with 4 'a file that is not sealed' --key key.txt plain
fails_with 1 'a folder' --key key.txt .
fails_with 1 'an output that cannot be made' \
    --key key.txt --output none/content sealed

# A name that is there already is replaced at the end, and only then.
printf before >out/content
fails_with 4 'damage, and a file with that name' \
    --key key.txt --output out/content bad
is "$(cat out/content)" before 'the file that was there stays'
"$COUNTERFOIL" open --key key.txt --output out/content sealed
same_file out/content plain 'a good file replaces it'
is "$(ls -A out)" content 'and nothing else is left'
is "$(stat -c %a out/content)" 600 'with the mode that the umask says'

# Disk full on standard output.
"$COUNTERFOIL" open --key key.txt sealed 2>stderr >/dev/full && got=0 || got=$?
is "$got" 1 'a full disk: exit status'

# A terminal is not written to.
if command -v script >/dev/null; then
	script -qec "$COUNTERFOIL open --key key.txt sealed" typescript \
	    </dev/null >terminal || true
	like "$(cat terminal)" 'terminal; use --output' \
	    'binary to a terminal is refused'
fi
ok 'help says the options' grep -q -- --range \
    <("$COUNTERFOIL" open --help)
ok 'help lists the commands' grep -q ' open ' <("$COUNTERFOIL" --help)
status=0
"$COUNTERFOIL" shut 2>stderr || status=$?
is "$status" 2 'an unknown command'

done_testing

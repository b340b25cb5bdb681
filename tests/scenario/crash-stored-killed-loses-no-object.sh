#!/bin/bash
# stored is killed in the middle of 32 clients that put and get at once.  After
# each start every object that was acknowledged is there, every visible one is
# whole, and what was not finished lies in incoming/ alone and goes after its
# time.  CRASH_ROUNDS (10).

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/faults/faults.sh
. "$ROOT/tests/faults/faults.sh"

ROUNDS=${CRASH_ROUNDS:-10}
CLIENTS=32
DIARY=$WORK/diary

# At least so many answers in this round, then a moment more.
are_busy() {		# ANSWERS
	[[ $(stat -c %s "$DIARY/busy") -ge $1 ]]
}

# Each with the inode, which tells one that was put again.
visible() {
	(cd "$STORED_ROOT/objects" && find . -type f -printf '%p %i\n' | sort)
}

# Names that are not the digest of what is in them, of a list as above.
not_whole() {		# LIST
	(cd "$STORED_ROOT/objects" && cut -d ' ' -f 1 "$1" |
	    xargs -r sha256sum) |
	    awk '{ name = $2; sub(/.*\//, "", name) } name != $1 { print $2 }'
}

not_there() {
	visible | sed 's,.*/,,; s/ .*//' | sort >"$WORK/visible"
	sort -u "$DIARY/stored" | comm -23 - "$WORK/visible"
}

# Files of an upload and nothing else.
strange() {
	find "$STORED_ROOT" -type f -printf '%P\n' |
	    grep -vE '^(lock|scrub(\.tmp)?|objects/.*)$' |
	    grep -vE '^incoming/[^/]*/[0-9a-f]{64}\.(part|total)$'
}

one_round() {		# NUMBER
	local client busy
	: >"$DIARY/busy"
	: >"$DIARY/wrong"
	visible >"$WORK/before"
	storage hammer "$DIARY" "$CLIENTS" 2>>"$LOGS/hammer.log" &
	client=$!
	wait_until 60 are_busy $((CLIENTS + SRANDOM % 100))
	perl -e 'select undef, undef, undef, rand 0.1'
	kill_stored
	wait "$client" || complain "round $1: the clients end badly"
	busy=$(stat -c %s "$DIARY/busy")
	CUT=$((CUT + $(find "$STORED_ROOT/incoming" -name '*.tmp' | wc -l)))
	ANSWERS=$((ANSWERS + busy))
	[[ ! -s $DIARY/wrong ]] || complain "round $1: $(sort "$DIARY/wrong" |
	    uniq -c | head -n 5)"
	start_stored
	visible | comm -23 - "$WORK/before" >"$WORK/new"
	complain_of "round $1: lost:" not_there
	complain_of "round $1: not whole:" not_whole "$WORK/new"
	complain_of "round $1: left behind:" strange
	tail -n 40 "$DIARY/stored" | storage fetch >"$WORK/unserved"
	complain_of "round $1: not served:" cat "$WORK/unserved"
}

complain_of() {		# WHAT COMMAND...
	local said what=$1
	shift
	said=$("$@" | head -n 5) || :
	[[ -z $said ]] || complain "$what $said"
}

held() {
	find "$STORED_ROOT/incoming" -type f | wc -l
}

mkdir "$DIARY"
: >"$DIARY/stored"
CUT=0 ANSWERS=0
start_stored
for ((round = 1; round <= ROUNDS; round++)); do
	one_round "$round"
done
visible >"$WORK/all"
complain_of 'in the end not whole:' not_whole "$WORK/all"
no_complaints "$ROUNDS kills lose nothing and show nothing broken"
diag "$ANSWERS answers, $(wc -l <"$DIARY/stored") objects acknowledged," \
    "$CUT uploads cut"
ok 'uploads were cut' test "$CUT" -gt 0

isnt "$(held)" 0 'pieces are held'
stop_stored
find "$STORED_ROOT/incoming" -type f -exec touch -d '23 hours ago' {} +
HELD=$(held)
start_stored
is "$(held)" "$HELD" 'for a day'
stop_stored
find "$STORED_ROOT/incoming" -type f -exec touch -d '25 hours ago' {} +
start_stored
is "$(held)" 0 'and no longer'

# A daemon that stays up removes them too.
nothing_is_held() {
	[[ $(held) -eq 0 ]]
}
stop_stored
stored_conf piece-lifetime 5s
start_stored
make_file "$WORK/file" 1000
stored_request PUT "/objects/$(random_hex 32)?$(query '' publish)" \
    -T "$WORK/file" -H 'Expect:' -H 'Content-Range: bytes 0-999/2000'
is "$STATUS $(held)" '204 2' 'a piece is held'
ok 'and removed after its time' wait_until 60 nothing_is_held
done_testing

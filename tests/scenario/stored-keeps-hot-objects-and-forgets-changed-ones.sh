#!/bin/bash
# Answers kept ready are those that would be made anew; an object that was
# removed or replaced is so on every event thread at once, also while it is
# being sent; and no more files are open than the settings allow.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

stored_conf threads 4
start_stored

# From 16 connections at once, which the daemon spreads over its threads:
# statuses and digests of what comes, each with its count.
ask_every_thread() {	# OBJECT
	local target token i
	target="/media/$1?$(query)"
	token=$(sign_url GET "$STORAGE$target")
	rm -f "$WORK"/asked-*
	for i in {1..16}; do
		printf 'url = "%s"\noutput = "%s"\n' "$STORAGE$target" \
		    "$WORK/asked-$i"
	done >"$WORK/urls"
	curl -Z --no-progress-meter --parallel-immediate --parallel-max 16 \
	    -K "$WORK/urls" \
	    -w '%{http_code}\n' -H "Authorization: Bearer $token" |
	    sort | uniq -c
	sha256sum "$WORK"/asked-* | cut -d ' ' -f 1 | uniq -c
}

# hot OBJECT FILE DESCRIPTION: every thread gives these bytes
hot() {
	is "$(ask_every_thread "$1" | tr -s ' \n' ' ')" \
	    " 16 200 16 $(sha256 "$2") " "$3"
}

# gone OBJECT DESCRIPTION: on every thread
gone() {
	is "$(ask_every_thread "$1" | sed -n 1p | tr -s ' ')" ' 16 404' "$2"
}

metric() {		# NAME
	http "$STORAGE_ADMIN/metrics"
	awk -v name="$1" '$1 == name { print $2 }' "$BODY"
}

# How many descriptors of the daemon are files below the object root?
files_open() {
	# One that goes while find looks makes it fail.
	{ find "/proc/$STORED_PID/fd" -lname "$STORED_ROOT/objects/*" \
	    2>/dev/null || true; } | wc -l
}

object_path() {		# OBJECT
	printf '%s/objects/%s/%s/%s/%s' "$STORED_ROOT" "$COMMERCE_ID" \
	    "${1:0:2}" "${1:2:2}" "$1"
}

# --- the same answers ----------------------------------------------------------

# answer METHOD TARGET FIELD: one line of it and its fields, but for the date
answer() {
	stored_request "$1" "$2" -H "$3"
	printf '%s %s %s\n' "$1" "$3" "$STATUS"
	[[ $1 == HEAD ]] || sha256 "$BODY"
	grep -vi '^date:' "$HEADERS"
}

# answers OBJECT: of every kind
answers() {
	local target field
	target="/media/$1?$(query "$EXPIRES")"
	for field in 'X: y' 'Range: bytes=5-9' 'Range: bytes=999999999-' \
	    'If-None-Match: *' "If-Match: \"other\""; do
		answer GET "$target" "$field"
		answer HEAD "$target" "$field"
	done
	answer GET "$target&name=a%20b.age" 'X: y'
	answer GET "$target&name=c.age" "If-None-Match: \"$1\""
}

EXPIRES=$(($(date +%s) + 3600))
make_file "$WORK/small" 1000
make_file "$WORK/large" 200000
put_object "$WORK/small"
SMALL=$OBJECT
put_object "$WORK/large"
LARGE=$OBJECT
for _ in 1 2; do
	answers "$SMALL" >"$WORK/small-answers"
	answers "$LARGE" >"$WORK/large-answers"
done
[[ $(metric 'stored_object_lookups_total{open="yes"}') -gt 0 ]]
pass 'objects are found open'
[[ $(metric stored_ready_answers) -gt 3 ]]
pass 'answers are kept ready'
stop_stored
stored_conf reply-memory 0
start_stored
answers "$SMALL" >"$WORK/small-fresh"
answers "$LARGE" >"$WORK/large-fresh"
is "$(metric stored_ready_answers)" 0 'reply-memory = 0 keeps none'
ok 'a small object: kept answers equal fresh ones' \
    diff "$WORK/small-fresh" "$WORK/small-answers"
ok 'a large object: kept answers equal fresh ones' \
    diff "$WORK/large-fresh" "$WORK/large-answers"
stop_stored
stored_conf reply-memory ''
start_stored

# --- replaced -------------------------------------------------------------------

printf 'damage' | dd of="$(object_path "$LARGE")" conv=notrunc status=none
printf 'damage' | dd of="$(object_path "$SMALL")" conv=notrunc status=none
cp "$(object_path "$LARGE")" "$WORK/large-damaged"
cp "$(object_path "$SMALL")" "$WORK/small-damaged"
hot "$LARGE" "$WORK/large-damaged" 'a damaged large object is handed out so'
hot "$SMALL" "$WORK/small-damaged" 'a damaged small one too'
put_object "$WORK/large"
expect 200
put_object "$WORK/small"
expect 200
hot "$LARGE" "$WORK/large" 'put again, the large one is whole at once'
hot "$SMALL" "$WORK/small" 'and the small one'

# --- removed --------------------------------------------------------------------

[[ $(files_open) -ge 2 ]]
pass 'they are open'
for object in "$LARGE" "$SMALL"; do
	stored_request DELETE "/objects/$object?$(query '' withdraw)"
	expect 204
	gone "$object" 'a removed object is gone at once'
done
is "$(files_open)" 0 'and closed, so that its space is free'
is "$(metric stored_ready_answer_bytes)" 0 'and no answer is left of it'
put_object "$WORK/large"
expect 201
hot "$LARGE" "$WORK/large" 'put once more, it is there at once'

# --- removed while it is sent -----------------------------------------------------

make_file "$WORK/huge" 30000000
put_object "$WORK/huge"
expect 201
HUGE=$OBJECT
TARGET="/media/$HUGE?$(query)"
in_two_halves() {	# more than the buffers on the way hold waits for the file
	head -c 100000
	wait_until 60 test -e "$WORK/removed"
	cat
}
curl -s -H "Authorization: Bearer $(sign_url GET "$STORAGE$TARGET")" \
    "$STORAGE$TARGET" | in_two_halves >"$WORK/huge-got" &
CURL=$!
arrives() { [[ -s $WORK/huge-got ]]; }
wait_until 30 arrives
stored_request DELETE "/objects/$HUGE?$(query '' withdraw)"
expect 204
ok 'removed in the middle of a transfer' \
    test "$(stat -c %s "$WORK/huge-got")" -eq 100000
gone "$HUGE" 'others do not get it any more'
: >"$WORK/removed"
wait "$CURL"
is "$(sha256 "$WORK/huge-got")" "$HUGE" 'the transfer ends well'
closed() {
	[[ -z $(find "/proc/$STORED_PID/fd" -lname "$STORED_ROOT/*(deleted)" \
	    2>/dev/null || true) ]]
}
ok 'and nothing of it stays open' wait_until 60 closed

# --- whose, and with which key ----------------------------------------------------

OTHER_KEY=$(random_hex 32)
secret "$OTHER_KEY"
printf 'other.example.com 1 %s\n' "$OTHER_KEY" >>"$SIGNING_KEYS"
kill -HUP "$STORED_PID"
reloaded() { grep -q 'reloaded keys=2' "$LOGS/stored.log"; }
wait_until 60 reloaded
TARGET="/media/$LARGE?$(query '' a-grant other.example.com 1)"
http -H "Authorization: Bearer $(sign_url GET "$STORAGE$TARGET" \
    other.example.com "$OTHER_KEY")" "$STORAGE$TARGET"
problem_is 404 object-not-found 'a hot object of another issuer does not exist'
hot "$LARGE" "$WORK/large" 'it stays its own'
sed -i '/^shop/d' "$SIGNING_KEYS"
kill -HUP "$STORED_PID"
reloaded() { grep -q 'reloaded keys=1' "$LOGS/stored.log"; }
wait_until 60 reloaded
get_object "$LARGE"
problem_is 403 token-refused 'a hot object needs a key that is in force'
stop_stored

# --- bounds ---------------------------------------------------------------------

printf '%s %s %s\n' "$COMMERCE_ID" "$KEY_ID" "$SIGNING_KEY" >"$SIGNING_KEYS"
stored_conf threads 2
stored_conf open-files 8
stored_conf reply-memory 64KiB
start_stored
OBJECTS=()
for ((i = 0; i < 24; i++)); do
	make_file "$WORK/one" $((15000 + i * 200))
	put_object "$WORK/one"
	OBJECTS+=("$OBJECT")
done
most=0
memory=0
for object in "${OBJECTS[@]}"; do
	ask_every_thread "$object" >"$WORK/asked"
	count=$(files_open)
	most=$((count > most ? count : most))
	bytes=$(metric stored_ready_answer_bytes)
	memory=$((bytes > memory ? bytes : memory))
done
[[ $most -le 8 && $most -ge 6 ]]
pass 'no more files are kept open than open-files says'
diag "at most $most"
[[ $memory -le 65536 && $memory -ge 10000 ]]
pass 'nor more memory than reply-memory says'
diag "at most $memory"

done_testing

#!/bin/bash
# SIGKILL in the middle of uploads: what was acknowledged is there and whole,
# what was not is nowhere, and its temporaries are gone after the start.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

start_stored
make_file "$WORK/kept" 300000
put_object "$WORK/kept"
expect 201
KEPT=$OBJECT

CLIENTS=8
for i in $(seq $CLIENTS); do
	make_file "$WORK/cut-$i" 900000
	OBJECT=$(sha256 "$WORK/cut-$i")
	printf '%s\n' "$OBJECT" >>"$WORK/cut"
	TARGET="/objects/$OBJECT?$(query '' publish)"
	curl -s -o /dev/null -T "$WORK/cut-$i" -H Expect: --limit-rate 20k \
	    -H "Authorization: Bearer $(sign_url PUT "$STORAGE$TARGET")" \
	    "$STORAGE$TARGET" &
done
temporaries() {
	find "$STORED_ROOT/incoming" -name '*.tmp' | wc -l
}
all_are_uploading() {
	[[ $(temporaries) -eq $CLIENTS ]]
}
ok 'uploads are under way' wait_until 30 all_are_uploading
kill_stored
for job in $(jobs -p); do
	wait "$job" 2>/dev/null || :
done
is "$(temporaries)" "$CLIENTS" 'a crash leaves temporaries'
start_stored
is "$(temporaries)" 0 'which are gone after the start'
while read -r object; do
	get_object "$object"
	problem_is 404 object-not-found 'an unfinished object is not there'
done <"$WORK/cut"
get_object "$KEPT"
same_file "$BODY" "$WORK/kept" 'a finished one is, and whole'
stored_request GET "/objects?$(query)"
is "$(json '.objects | length')" 1 'and it is the only one'

# The lock of the killed process does not keep out the next, a living one does.
not_ok 'a second process on one root is refused' \
    "$BUILD/stored" -f "$STORED_CONFIG" 2>"$WORK/second"
like "$(cat "$WORK/second")" "$STORED_ROOT.*$STORED_PID" \
    'with a sentence that names root and process'
get_object "$KEPT"
status_is 200 'the first serves on'

# SIGTERM in the middle of an upload: it may end.
make_file "$WORK/last" 300000
OBJECT=$(sha256 "$WORK/last")
TARGET="/objects/$OBJECT?$(query '' publish)"
is_stopping() {
	[[ $(grep -c stopping "$LOGS/stored.log") -gt $STOPS ]]
}
in_two_halves() {	# the second one once the daemon has been told to stop
	head -c 150000 "$WORK/last"
	wait_until 60 is_stopping
	tail -c +150001 "$WORK/last"
}
STOPS=$(grep -c stopping "$LOGS/stored.log" || :)
in_two_halves | curl -s -o /dev/null -w '%{http_code}' -T - -H Expect: \
    -H Transfer-Encoding: -H 'Content-Length: 300000' \
    -H "Authorization: Bearer $(sign_url PUT "$STORAGE$TARGET")" \
    "$STORAGE$TARGET" >"$WORK/status" &
LAST=$!
is_uploading() {
	[[ $(temporaries) -eq 1 ]]
}
wait_until 30 is_uploading
stop_stored
wait "$LAST" || :
is "$(cat "$WORK/status")" 201 'an upload under way ends before the daemon'
start_stored
get_object "$OBJECT"
same_file "$BODY" "$WORK/last" 'and is there after the next start'

# Longer than stop-timeout it does not wait, and leaves nothing.
stop_stored
stored_conf stop-timeout 1s
start_stored
make_file "$WORK/slow" 900000
TARGET="/objects/$(sha256 "$WORK/slow")?$(query '' publish)"
curl -s -o /dev/null -T "$WORK/slow" -H Expect: --limit-rate 20k \
    -H "Authorization: Bearer $(sign_url PUT "$STORAGE$TARGET")" \
    "$STORAGE$TARGET" &
SLOW=$!
wait_until 30 is_uploading
stop_stored
# It would find out when it next sends, and may have done so.
kill "$SLOW" 2>/dev/null || :
wait "$SLOW" || :
is "$(temporaries)" 0 'an upload that takes too long is cut, and removed'

done_testing

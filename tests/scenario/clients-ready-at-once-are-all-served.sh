#!/bin/bash
# As many clients ready in the same moment as the library asks the kernel for,
# or a multiple: it would hold back what it has and sleep (http_socket.c).

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tools/probe.sh
. "$ROOT/tests/tools/probe.sh"

start_probe threads=1 idle=60
for count in 1 127 128 129 256 384; do
	is "$(perl "$ROOT/tests/tools/ready-at-once.pl" "$PROBE_PORT" \
	    "$PROBE_PID" "$count")" "$count" \
	    "$count clients ready at once are answered at once"
done
stop_probe

stored_conf threads 1
start_stored
is "$(perl "$ROOT/tests/tools/ready-at-once.pl" "$STORED_PORT" \
    "$STORED_PID" 128)" 128 'by stored too'
commerced_conf threads 1
start_commerced
is "$(perl "$ROOT/tests/tools/ready-at-once.pl" "$COMMERCED_PORT" \
    "$COMMERCED_PID" 128)" 128 'and by commerced'
not_ok 'none of them says that epoll_wait is not ours' \
    grep -q 'epoll_wait is not ours' "$LOGS"/*.log
done_testing

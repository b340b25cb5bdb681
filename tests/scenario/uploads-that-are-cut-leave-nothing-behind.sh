#!/bin/bash
# An upload that is cut, killed or does not fit leaves neither a file nor a
# version, and what a crash left is gone after the next start.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

mounted=
scenario_cleanup() {
	[[ -z $mounted ]] || umount -l "$mounted"
}

sealed_files() {
	find "$COMMERCED_STATE/sealed" -type f
}

nothing_is_left() {
	[[ -z $(sealed_files) ]]
}

upload_is_under_way() {
	[[ -n $(sealed_files) ]]
}

# slowly FILE: an upload that goes on until it is killed; its PID in $SLOW
slowly() {
	curl -sS --max-time 60 -T "$WORK/large" --limit-rate 1M \
	    -H "Authorization: Bearer $ADMIN_TOKEN" -H 'Content-Type: a/b' \
	    "$@" "$SHOP/admin/v1/items/$ITEM/files/large" \
	    >"$WORK/slow-body" 2>/dev/null &
	SLOW=$!
}

end_slow() {
	kill -KILL "$SLOW" 2>/dev/null || :
	wait "$SLOW" 2>/dev/null || :
}

start_commerced
make_file "$WORK/large" 20000000
draft_item 'A draft' 10

# --- cut by the client, with and without a length ----------------------------------
for how in 'X-How: length' 'Transfer-Encoding: chunked'; do
	slowly -H "$how"
	ok "${how#*: }: an upload is under way" \
	    wait_until 60 upload_is_under_way
	end_slow
	ok '  the client leaves, and nothing is left' \
	    wait_until 60 nothing_is_left
done
admin GET "/items/$ITEM/files/large"
problem_is 404 not-found 'no version of it is in the books'
printf 'PUT /admin/v1/items/%s/files/short HTTP/1.1\r\nHost: x\r\n%s\r\n%s\r\n%s\r\n\r\n%s' \
    "$ITEM" "Authorization: Bearer $ADMIN_TOKEN" 'Content-Type: a/b' \
    'Content-Length: 100' 'not a hundred' |
    perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(
	PeerAddr => "127.0.0.1:$ARGV[0]"); print $s <STDIN>; $s->flush;
	shutdown $s, 1; print <$s>' "$COMMERCED_PORT" >"$WORK/short"
is "$(head -c 12 "$WORK/short")" '' 'a body that is too short gets no answer'
ok '  and leaves nothing' wait_until 60 nothing_is_left

# --- killed --------------------------------------------------------------------------
slowly
wait_until 60 upload_is_under_way
kill_commerced
end_slow
isnt "$(sealed_files)" '' 'a kill leaves a part of an upload'
object=$(printf 'a%.0s' {1..64})
mkdir -p "$COMMERCED_STATE/sealed/aa"
printf 'x' >"$COMMERCED_STATE/sealed/aa/$object"
# shellcheck disable=SC2016	# these are perl's
wait_until 60 perl -e 'exit(time - (stat $ARGV[0])[10] < 3)' \
    "$COMMERCED_STATE/sealed/aa/$object"
start_commerced
ok 'the next start removes it, and a sealed file without a row' \
    wait_until 60 nothing_is_left
stop_commerced

# --- stopped in the middle --------------------------------------------------------------
commerced_conf stop-timeout 0s
start_commerced
slowly
wait_until 60 upload_is_under_way
stop_commerced
end_slow
is "$(sealed_files)" '' 'a stop in mid-upload leaves nothing'

# --- too large ---------------------------------------------------------------------------
commerced_conf upload-max 1MiB
start_commerced
head -c 1048576 "$WORK/large" >"$WORK/fits"
head -c 1048577 "$WORK/large" >"$WORK/over"
admin PUT "/items/$ITEM/files/over" -T "$WORK/over" -H 'Content-Type: a/b'
problem_is 413 too-large 'one byte over upload-max'
admin PUT "/items/$ITEM/files/over" -T - -H 'Content-Type: a/b' <"$WORK/over"
problem_is 413 too-large '  also without a length'
ok '  leaves nothing' wait_until 60 nothing_is_left
commerced_conf publish-wait 0s
admin PUT "/items/$ITEM/files/fits" -T "$WORK/fits" -H 'Content-Type: a/b' \
    --max-time 60
status_is 202 'as much as upload-max is taken'
stop_commerced

# --- a full disk -----------------------------------------------------------------------------
if mkdir "$WORK/small" &&
    mount -t tmpfs -o size=6m tmpfs "$WORK/small" 2>/dev/null; then
	mounted=$WORK/small
	COMMERCED_STATE=$WORK/small
	commerced_conf state "$COMMERCED_STATE"
	commerced_conf upload-max ''
	start_commerced
	draft_item 'On a small disk' 10
	before=$(df --output=used "$WORK/small" | tail -n 1)
	admin PUT "/items/$ITEM/files/large" -T "$WORK/large" \
	    -H 'Content-Type: a/b'
	problem_is 507 storage-full 'a full disk'
	admin PUT "/items/$ITEM/files/large" -T - -H 'Content-Type: a/b' \
	    <"$WORK/large"
	problem_is 507 storage-full '  also without a length'
	ok '  leaves nothing' wait_until 60 nothing_is_left
	ok '  and gives the space back' test \
	    "$(df --output=used "$WORK/small" | tail -n 1)" -le $((before + 512))
	admin GET /items
	status_is 200 'and the daemon serves on'
	stop_commerced
else
	pass 'a full disk # SKIP needs the right to mount a tmpfs'
fi
done_testing

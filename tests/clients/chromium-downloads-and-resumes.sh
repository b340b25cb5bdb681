#!/bin/bash
# Chromium saves what a link of stored gives, under its name, and goes on by
# itself when the line is cut.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/../scenario/lib.sh"

SIZE=12000000
SAVED=$WORK/saved
DRIVER=

driver() {		# METHOD PATH [JSON]
	curl -sS --max-time 60 -X "$1" "http://127.0.0.1:$DRIVER_PORT$2" \
	    ${3:+-H 'Content-Type: application/json' -d "$3"}
}

driver_is_ready() {
	driver GET /status | jq -e .value.ready
}

start_browser() {
	free_port
	DRIVER_PORT=$PORT
	HOME=$WORK chromedriver --port="$PORT" >"$LOGS/chromedriver.log" 2>&1 &
	DRIVER=$!
	wait_until 30 driver_is_ready
	BROWSER=$(driver POST /session "$(jq -n --arg saved "$SAVED" \
	    --arg profile "$WORK/profile" '{capabilities: {alwaysMatch: {
	    browserName: "chrome", "goog:chromeOptions": {args: [
	    "--headless=new", "--no-sandbox", "--disable-gpu",
	    "--disable-quic", "--no-first-run", "--disable-sync",
	    "--disable-background-networking", "--disable-dev-shm-usage",
	    "--disable-component-update", "--user-data-dir=\($profile)"],
	    prefs: {"download.default_directory": $saved}}}}}')" |
	    tee "$WORK/session" | jq -r '.value.sessionId // empty')
	[[ -n $BROWSER ]] || diag "$(<"$WORK/session")"
	ok 'Chromium is there' test -n "$BROWSER"
}

scenario_cleanup() {
	[[ -z ${BROWSER:-} ]] || driver DELETE "/session/$BROWSER" >/dev/null
	[[ -z $DRIVER ]] || kill "$DRIVER"
}

# saves URL NAME: the twin, under that name, and nothing else
saves() {
	mkdir "$SAVED"
	driver POST "/session/$BROWSER/url" "$(jq -n --arg url "$1" \
	    '{url: $url}')" >/dev/null
	wait_until 60 test -s "$SAVED/$2" || diag "$(ls -la "$SAVED")"
	is "$(ls -A "$SAVED")" "$2" "it is saved as $2"
	is "$(sha256 "$SAVED/$2")" "$OBJECT" 'and whole'
	rm -rf "$SAVED"
}

# link ENCODED-NAME
link() {
	local target
	target="/media/$OBJECT?$(query)&name=$1"
	printf '%s%s&token=%s' "$STORAGE" "$target" \
	    "$(sign_url GET "$STORAGE$target")"
}

stored_conf grant-limit ''		# as shipped
start_stored
make_file "$WORK/twin" "$SIZE"
put_object "$WORK/twin"
expect 201
start_browser
saves "$(link waltz.ogg.age)" waltz.ogg.age
saves "$(link '%C3%9Cn%C3%AF%20%E2%80%93%20waltz.mp3')" 'Ünï – waltz.mp3'

start_cutting_proxy -d 4000000 7000000 10000000
LINES=$(wc -l <"$LOGS/stored-access.log")
URL=$(link cut.flac)
saves "$CUTTING_ORIGIN${URL#"$STORAGE"}" cut.flac
end_cutting_proxy 3
is "$(tail -n +$((LINES + 1)) "$LOGS/stored-access.log" |
    sed -n 's/.*path="\/media.* status=\([0-9]*\) .*/\1/p' | xargs)" \
    '200 206 206 206' 'and each time it asked for the rest'
done_testing

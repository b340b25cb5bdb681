# What every scenario stands on: a temporary folder, free ports, the two
# daemons, HTTP by curl, and TAP.  Use:
#
#	. "$(dirname "$0")/lib.sh"
#	start_stored
#	start_commerced
#	make_item 'A waltz' 99 waltz.ogg
#	register; redeem "$(gift_code 500)"; buy "$ITEM"
#	is "$STATUS" 201 'the purchase is made'
#	done_testing
#
# A command that fails outside of a test ends the script, and the script
# fails.  Nothing here sleeps for luck: wait_until polls for a condition.
#
# From the environment:
#	BUILD		where the programs are (build)
#	SCENARIO_LOGS	folder that keeps the logs and the list of secrets of
#			the whole run; made in the temporary folder when unset
#	SCENARIO_KEEP	not empty: the temporary folder stays
#	CONTRACT_PROXY	the program prism: requests to commerced go through it, and
#			what it says against answers to the file violations
#
# shellcheck shell=bash
# shellcheck disable=SC2034	# variables are for the scripts that include this

set -Eeuo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8 TZ=UTC
umask 077
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/tap.sh
. "$ROOT/tests/tap.sh"
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$ROOT/$BUILD ;;
esac
SCENARIO=$(basename "$0" .sh)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-$SCENARIO.XXXXXX")
SCENARIO_LOGS=${SCENARIO_LOGS:-$WORK/logs}
mkdir -p "$SCENARIO_LOGS/$SCENARIO"
LOGS=$SCENARIO_LOGS/$SCENARIO
: >"$LOGS/secrets"
export ASAN_OPTIONS="${ASAN_OPTIONS:-}${ASAN_OPTIONS:+:}verify_asan_link_order=0"

# The last line of every scenario: stops the daemons, which must end well.
done_testing() {
	stop_daemons
	tap_done
}

# --- the end of the script ---------------------------------------------------

STORED_PID=
COMMERCED_PID=
CONTRACT_PID=
CUTTING_PID=

lib_error() {
	diag "$(basename "${BASH_SOURCE[1]}") line $2: '$3' failed with status $1"
}

lib_cleanup() {
	local status=$? log pid
	trap - EXIT ERR
	set +e
	for pid in $COMMERCED_PID $STORED_PID $CONTRACT_PID \
	    $CUTTING_PID; do
		kill -CONT "$pid" 2>/dev/null
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	if [[ $status -ne 0 || $TAP_FAILED -ne 0 || -z $TAP_DONE ]]; then
		for log in "$LOGS"/*.log; do
			[[ -s $log ]] || continue
			diag "--- the end of $(basename "$log")"
			diag "$(tail -n 40 "$log")"
		done
	fi
	if declare -F scenario_cleanup >/dev/null; then
		scenario_cleanup
	fi
	if [[ -n ${SCENARIO_KEEP:-} ]]; then
		diag "kept: $WORK"
	else
		rm -rf "$WORK"
	fi
	[[ -n $TAP_DONE || $status -ne 0 ]] || status=1
	exit "$status"
}
trap 'lib_error $? $LINENO "$BASH_COMMAND"' ERR
trap lib_cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- small things -------------------------------------------------------------

# wait_until SECONDS COMMAND...: 1 when the command never succeeded in time
wait_until() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		if [[ ${EPOCHREALTIME/./} -ge $deadline ]]; then
			diag "waited in vain for: $*"
			return 1
		fi
		sleep 0.05
	done
}

# secret TEXT...: remember that this must be found in no log
secret() {
	local text
	for text in "$@"; do
		[[ -z $text || $text == null ]] || printf '%s\n' "$text" \
		    >>"$LOGS/secrets"
	done
}

random_hex() {		# BYTES
	openssl rand -hex "$1"
}

base64url() {
	basenc -w 0 --base64url | tr -d '='
}

sha256() {		# FILE
	sha256sum "$1" | cut -d ' ' -f 1
}

# make_file PATH BYTES: incompressible, different each time
make_file() {
	head -c "$2" /dev/urandom >"$1"
}

# A port that is free now, and that no other scenario takes while this one
# runs: the reservation is a file lock.  The port is left in $PORT.
free_port() {
	local folder fd
	folder=${TMPDIR:-/tmp}/counterfoil-ports-$UID
	mkdir -p "$folder"
	while :; do
		PORT=$((20000 + SRANDOM % 12000))
		exec {fd}>"$folder/$PORT"
		if flock -n "$fd" && port_is_free "$PORT"; then
			return 0
		fi
		exec {fd}>&-
	done
}

port_is_free() {
	perl -MIO::Socket::INET -e 'exit(!IO::Socket::INET->new(
	    LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 1,
	    ReuseAddr => 1))' "$1"
}

# --- HTTP ----------------------------------------------------------------------

BODY=$WORK/answer-body
HEADERS=$WORK/answer-headers
STATUS=
CURL_STATUS=0

# http CURL-ARGUMENT...: one request; fills $STATUS ("000": no answer),
# $CURL_STATUS and the files $BODY and $HEADERS.  Never fails by itself.
http() {
	if [[ -n $CONTRACT_PID && -z ${PAST_PROXY:-} ]] &&
	    proxy_can_pass "$@"; then
		request_once "${@/#"$SHOP/"/"$CONTRACT_ORIGIN/"}"
		note_violations
		# Without an id it is what the proxy says by itself.
		[[ -z $(header X-Request-Id) ]] || return 0
	fi
	request_once "$@"
}

request_once() {
	: >"$BODY"
	: >"$HEADERS"
	CURL_STATUS=0
	STATUS=$(curl -sS --max-time 60 --path-as-is -o "$BODY" -D "$HEADERS" \
	    -w '%{http_code} %{method}\t%{url_effective}\t%{content_type}' \
	    "$@" 2>"$WORK/curl-error") || CURL_STATUS=$?
	record_answer "${STATUS#* }"
	STATUS=${STATUS%% *}
}

# record_answer METHOD URL CONTENT-TYPE (in one, parted by tabs): what commerced
# answered, for last-every-answer-is-as-described.sh
record_answer() {
	local method url type body=
	IFS=$'\t' read -r method url type <<<"$1"
	case $url in
	"$SHOP"/*) url=${url#"$SHOP"} ;;
	"$CONTRACT_ORIGIN"/*) url=${url#"$CONTRACT_ORIGIN"} ;;
	"$COMMERCE_ADMIN"/*) url=${url#"$COMMERCE_ADMIN"} ;;
	*) return 0 ;;
	esac
	# 000: none; 100: the connection ended before the answer
	[[ ${STATUS%% *} != [01]?? ]] || return 0
	# Nor one that ended in its middle, as where the daemon is killed
	[[ $CURL_STATUS != @(18|28|56) ]] || return 0
	[[ $type != *json ]] || body=$(<"$BODY")
	printf '%s\t%s\t%s\t%s\t%s\n' "$method" "$url" "${STATUS%% *}" \
	    "$type" "$body" >>"$LOGS/answers"
}

# header NAME: the value in the last answer ("" when it is not there)
header() {
	sed -n "s/^$1: *\\(.*[^[:space:]]\\)[[:space:]]*\$/\\1/Ip" "$HEADERS" |
	    tail -n 1
}

# json FILTER: out of the last body, by jq
json() {
	jq -r "$1" "$BODY"
}

# status_is STATUS DESCRIPTION
status_is() {
	if [[ $STATUS == "$1" ]]; then
		pass "$2"
	else
		fail "$2"
		diag "     got: $STATUS $(head -c 400 "$BODY" | tr -d '\0')"
		diag "expected: $1 $(cat "$WORK/curl-error")"
	fi
}

# problem_is STATUS SLUG DESCRIPTION: status, type and content type
problem_is() {
	local type
	type=$(jq -r '.type // "no type"' "$BODY" 2>/dev/null) || type='no JSON'
	is "$STATUS $type $(header Content-Type)" \
	    "$1 urn:counterfoil:$2 application/problem+json" "$3"
}

# --- a validating proxy -------------------------------------------------------

CONTRACT_ORIGIN=http://nowhere.invalid

# Before every commerced alike: it is there until the scenario ends.
start_contract_proxy() {
	[[ -n ${CONTRACT_PROXY:-} && -z $CONTRACT_PID ]] || return 0
	free_port
	CONTRACT_ORIGIN=http://127.0.0.1:$PORT
	node "$CONTRACT_PROXY" proxy "$ROOT/docs/api/openapi.yaml" "$SHOP" \
	    -p "$PORT" --cors false --validate-request false -v warn \
	    >"$WORK/proxy-said" 2>&1 &
	CONTRACT_PID=$!
	wait_until 120 curl -sf "$CONTRACT_ORIGIN/v1/shop"
}

# It makes text of raw bodies, its own answer to HEAD, and has one address.
proxy_can_pass() {	# CURL-ARGUMENT...
	local argument
	for argument in "$@"; do
		case $argument in
		-T | -I | -F | --head | HEAD | OPTIONS | --data-binary | \
		    -r | Expect:* | Content-Encoding:* | --interface | \
		    */cover | */preview) return 1 ;;
		esac
	done
}

# past_proxy COMMAND...: its requests go straight to commerced, since a proxy
# writes numbers, paths and queries its own way
past_proxy() {
	local PAST_PROXY=yes
	"$@"
}

note_violations() {
	local found
	printf x >>"$LOGS/passed"
	found=$(header sl-violations)
	[[ $found != *'"response"'* ]] || printf '%s %s\n' "$STATUS" \
	    "$found $(head -c 300 "$BODY" | tr -d '\0')" >>"$LOGS/violations"
}

# --- a line that is cut ---------------------------------------------------------

CUTTING_COUNT=$WORK/cutting-count

# start_cutting_proxy [-d] THRESHOLD...: a way to stored that is cut there, see
# tests/tools/cutting-proxy.pl; its origin is $CUTTING_ORIGIN, and what it
# counts in $CUTTING_COUNT.  It is there until its end or that of the scenario.
start_cutting_proxy() {
	local direction=()
	if [[ $1 == -d ]]; then
		direction=(-d)
		shift
	fi
	free_port
	CUTTING_ORIGIN=http://127.0.0.1:$PORT
	# It counts when it listens.  Whether the port is taken is not asked:
	# who asks that takes it.
	rm -f "$CUTTING_COUNT"
	perl "$ROOT/tests/tools/cutting-proxy.pl" "${direction[@]}" "$PORT" \
	    "$STORED_PORT" "$CUTTING_COUNT" "$@" &
	CUTTING_PID=$!
	wait_until 60 test -s "$CUTTING_COUNT"
}

end_cutting_proxy() {	# CUTS
	kill "$CUTTING_PID"
	wait "$CUTTING_PID" 2>/dev/null || :
	CUTTING_PID=
	is "$(cut -d ' ' -f 2 "$CUTTING_COUNT")" "$1" \
	    "times the line was cut: $1"
}

# --- the two daemons --------------------------------------------------------------

COMMERCE_ID=shop.example.com
KEY_ID=2026a
CURRENCY=EUR
free_port; STORED_PORT=$PORT
free_port; STORED_ADMIN_PORT=$PORT
free_port; COMMERCED_PORT=$PORT
free_port; COMMERCED_ADMIN_PORT=$PORT
STORAGE=http://127.0.0.1:$STORED_PORT
STORAGE_ADMIN=http://127.0.0.1:$STORED_ADMIN_PORT
SHOP=http://127.0.0.1:$COMMERCED_PORT
COMMERCE_ADMIN=http://127.0.0.1:$COMMERCED_ADMIN_PORT
STORED_ROOT=$WORK/objects
COMMERCED_STATE=$WORK/state
SIGNING_KEYS=$WORK/signing.keys
MASTER_KEYS=$WORK/master.keys
ADMIN_TOKEN_FILE=$WORK/admin.token
STORED_CONFIG=$WORK/stored.conf
COMMERCED_CONFIG=$WORK/commerced.conf
SIGNING_KEY=$(random_hex 32)
MASTER_KEY=$(random_hex 32)
ADMIN_TOKEN=$(openssl rand 32 | base64url)
secret "$SIGNING_KEY" "$MASTER_KEY" "$ADMIN_TOKEN"
mkdir "$STORED_ROOT" "$COMMERCED_STATE"
printf '%s %s %s\n' "$COMMERCE_ID" "$KEY_ID" "$SIGNING_KEY" >"$SIGNING_KEYS"
printf '1 %s\n' "$MASTER_KEY" >"$MASTER_KEYS"
printf '%s\n' "$ADMIN_TOKEN" >"$ADMIN_TOKEN_FILE"

declare -A STORED_SETTINGS=(
	[listen]=127.0.0.1:$STORED_PORT
	[admin-listen]=127.0.0.1:$STORED_ADMIN_PORT
	[public-origin]=$STORAGE
	[object-root]=$STORED_ROOT
	[signing-keys]=$SIGNING_KEYS
	[grant-limit]=0		# most scenarios have one grant for all
	[access-log]=full
	[access-log-file]=$LOGS/stored-access.log
)
declare -A COMMERCED_SETTINGS=(
	[listen]=127.0.0.1:$COMMERCED_PORT
	[admin-listen]=127.0.0.1:$COMMERCED_ADMIN_PORT
	[admin-on-public]=yes
	[commerce-id]=$COMMERCE_ID
	[shop-name]='A shop under test'
	[shop-url]=$SHOP
	[currency]=$CURRENCY
	[state]=$COMMERCED_STATE
	[master-keys]=$MASTER_KEYS
	[signing-keys]=$SIGNING_KEYS
	[admin-token-file]=$ADMIN_TOKEN_FILE
	[storage-origin]=$STORAGE
	[access-log]=full
	[access-log-file]=$LOGS/commerced-access.log
)
# Words to put before a daemon's command, such as: env LD_PRELOAD=...
STORED_WRAP=()
COMMERCED_WRAP=()

# stored_conf KEY VALUE: for the next start; an empty value leaves the key out
stored_conf() {
	STORED_SETTINGS[$1]=$2
}

commerced_conf() {
	COMMERCED_SETTINGS[$1]=$2
}

write_stored_config() {
	local key
	for key in "${!STORED_SETTINGS[@]}"; do
		[[ -z ${STORED_SETTINGS[$key]} ]] ||
		    printf '%s = %s\n' "$key" "${STORED_SETTINGS[$key]}"
	done >"$STORED_CONFIG"
}

write_commerced_config() {
	local key
	for key in "${!COMMERCED_SETTINGS[@]}"; do
		[[ -z ${COMMERCED_SETTINGS[$key]} ]] ||
		    printf '%s = %s\n' "$key" "${COMMERCED_SETTINGS[$key]}"
	done >"$COMMERCED_CONFIG"
}

# Is the daemon gone, or does it answer?
daemon_answers() {	# PID ORIGIN
	! daemon_runs "$1" || curl -sf --max-time 5 -o /dev/null "$2/healthz"
}

# Alive, and not a zombie that waits to be reaped.
daemon_runs() {		# PID
	local state
	state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' \
	    "/proc/$1/status" 2>/dev/null) || return 1
	[[ -n $state && $state != Z && $state != X ]]
}

daemon_ended() {	# PID
	! daemon_runs "$1"
}

# launch_stored, launch_commerced: write the configuration and start, without
# waiting; for tests of what refuses to start
launch_stored() {
	write_stored_config
	"${STORED_WRAP[@]}" "$BUILD/stored" -f "$STORED_CONFIG" \
	    >>"$LOGS/stored.log" 2>&1 &
	STORED_PID=$!
}

launch_commerced() {
	write_commerced_config
	"${COMMERCED_WRAP[@]}" "$BUILD/commerced" -f "$COMMERCED_CONFIG" \
	    >>"$LOGS/commerced.log" 2>&1 &
	COMMERCED_PID=$!
}

# start_stored, start_commerced: start and wait until it serves
start_stored() {
	launch_stored
	wait_until 60 daemon_answers "$STORED_PID" "$STORAGE"
	daemon_runs "$STORED_PID"
}

start_commerced() {
	launch_commerced
	wait_until 60 daemon_answers "$COMMERCED_PID" "$SHOP"
	daemon_runs "$COMMERCED_PID"
	start_contract_proxy
}

# reap PID: its exit status in $REAPED; killed when it does not end in 60 s
reap() {
	if ! wait_until 60 daemon_ended "$1"; then
		kill -ABRT "$1"
		fail 'a daemon ends within a minute'
	fi
	REAPED=0
	wait "$1" || REAPED=$?
}

# stop_stored, stop_commerced: SIGTERM; a failed test when it ends badly,
# which is also how a leak or a race seen by a sanitizer shows
stop_stored() {
	[[ -n $STORED_PID ]] || return 0
	kill -TERM "$STORED_PID" 2>/dev/null || :
	reap "$STORED_PID"
	STORED_PID=
	[[ $REAPED -eq 0 ]] || fail "stored stops with status 0, not $REAPED"
}

stop_commerced() {
	[[ -n $COMMERCED_PID ]] || return 0
	kill -TERM "$COMMERCED_PID" 2>/dev/null || :
	reap "$COMMERCED_PID"
	COMMERCED_PID=
	[[ $REAPED -eq 0 ]] || fail "commerced stops with status 0, not $REAPED"
}

stop_daemons() {
	stop_commerced
	stop_stored
}

# kill_stored, kill_commerced: SIGKILL, as a power cut for the process
kill_stored() {
	kill -KILL "$STORED_PID"
	reap "$STORED_PID" 2>/dev/null
	STORED_PID=
}

kill_commerced() {
	kill -KILL "$COMMERCED_PID"
	reap "$COMMERCED_PID" 2>/dev/null
	COMMERCED_PID=
}

# peak_memory_kib PID: VmHWM
peak_memory_kib() {
	sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

# Held syncs: with $HOLD_SYNC before a daemon's command (as in
# STORED_WRAP=("${HOLD_SYNC[@]}")) every fsync, fdatasync and msync of it waits
# from hold_syncs to release_syncs.
HOLD_SYNC=(env "LD_PRELOAD=$BUILD/test/hold-sync.so"
    "HOLD_SYNC_FILE=$WORK/hold-sync")

hold_syncs() {
	rm -f "$WORK/hold-sync.waiting"
	: >"$WORK/hold-sync"
}

release_syncs() {
	rm -f "$WORK/hold-sync"
}

# Does at least one call wait since hold_syncs?  For wait_until.
sync_is_held() {
	[[ -s $WORK/hold-sync.waiting ]]
}

# The build has a sanitizer (memory and time then mean little).
is_sanitized() {
	grep -aqE '__(a|t|ub)san_' "$BUILD/stored"
}

# --- tokens, by openssl alone ---------------------------------------------------

# sign_url METHOD URL [COMMERCE-ID] [HEX-KEY]: the token
sign_url() {
	local token
	token=$(printf 'counterfoil-v1\n%s\n%s\n%s' "$1" "${3:-$COMMERCE_ID}" \
	    "$2" | openssl dgst -sha256 -mac HMAC \
	    -macopt "hexkey:${4:-$SIGNING_KEY}" -binary | base64url)
	secret "$token"
	printf '%s' "$token"
}

# query [EXPIRES] [GRANT] [COMMERCE-ID] [KEY-ID]: what follows the "?"
query() {
	printf 'commerce=%s&key=%s&expires=%s&grant=%s' "${3:-$COMMERCE_ID}" \
	    "${4:-$KEY_ID}" "${1:-$(($(date +%s) + 600))}" "${2:-a-grant}"
}

# stored_request METHOD TARGET [CURL-ARGUMENT...]: signed as it must be
stored_request() {
	local method=$1 target=$2 signed=$1
	shift 2
	case $method-$target in
	*-/media/*)	signed=GET ;;
	HEAD-/objects/*) signed=PUT ;;
	*-/objects\?*)	signed=LIST ;;
	esac
	if [[ $method == HEAD ]]; then
		set -- -I "$@"
	else
		set -- -X "$method" "$@"
	fi
	http "$@" -H "Authorization: Bearer $(sign_url "$signed" \
	    "$STORAGE$target")" "$STORAGE$target"
}

# put_object FILE [CURL-ARGUMENT...]: straight to stored; id in $OBJECT
put_object() {
	local file=$1
	shift
	OBJECT=$(sha256 "$file")
	stored_request PUT "/objects/$OBJECT?$(query '' publish)" \
	    -T "$file" -H 'Expect:' "$@"
}

# get_object OBJECT [CURL-ARGUMENT...]
get_object() {
	local object=$1
	shift
	stored_request GET "/media/$object?$(query)" "$@"
}

# object_path OBJECT [COMMERCE-ID]: the file that stored keeps it in
object_path() {
	printf '%s/objects/%s/%s/%s/%s' "$STORED_ROOT" \
	    "${2:-$COMMERCE_ID}" "${1:0:2}" "${1:2:2}" "$1"
}

# flip_bit FILE [OFFSET]: in the byte there, or in its middle
flip_bit() {
	perl -e 'open(my $f, "+<", $ARGV[0]) or die;
	    my $at = $ARGV[1] // int((-s $f) / 2);
	    seek($f, $at, 0); read($f, my $byte, 1);
	    seek($f, -1, 1); print $f chr(ord($byte) ^ 4);
	    close($f) or die' "$@"
}

# audit [ARGUMENT...]: commerced --audit; exit status in $AUDITED, what it said
# in $SAID
audit() {
	AUDITED=0
	SAID=$("$BUILD/commerced" --audit "$@" -f "$COMMERCED_CONFIG" \
	    2>"$WORK/audit.log") || AUDITED=$?
	cat "$WORK/audit.log" >>"$LOGS/audit.log"
}

# --- the shop --------------------------------------------------------------------

SESSION=

# admin METHOD PATH [CURL-ARGUMENT...]: PATH below /admin/v1; a body with
# --json TEXT
admin() {
	local method=$1 path=$2
	shift 2
	http -X "$method" -H "Authorization: Bearer $ADMIN_TOKEN" "$@" \
	    "$SHOP/admin/v1$path"
}

# buyer METHOD PATH [CURL-ARGUMENT...]: PATH as /v1/...; with $SESSION if any
buyer() {
	local method=$1 path=$2
	shift 2
	[[ -z $SESSION ]] || set -- -H "Authorization: Bearer $SESSION" "$@"
	http -X "$method" "$@" "$SHOP$path"
	remember_access
}

# What an answer to a buyer gives that must not be logged.
remember_access() {
	local text
	while read -r text; do
		secret "$text"
	done < <(jq -r '.. | objects | .security_token?, .download_key?,
	    .session_token?, .claim_code? | strings' "$BODY" 2>/dev/null || :)
}

# expect STATUS...: the last answer, as a condition and not as a test
expect() {
	local status
	for status in "$@"; do
		[[ $STATUS != "$status" ]] || return 0
	done
	diag "expected $*, got $STATUS: $(head -c 400 "$BODY" | tr -d '\0')"
	return 1
}

# draft_item TITLE PRICE [KIND]: id in $ITEM
draft_item() {
	admin POST /items --json "$(jq -n --arg title "$1" \
	    --argjson amount "$2" --arg kind "${3:-track}" \
	    --arg currency "$CURRENCY" '{title: $title, creator: "A. Tester",
	    kind: $kind, price: {amount: $amount, currency: $currency}}')"
	expect 201
	ITEM=$(json .id)
}

# upload ITEM FILE [NAME] [MEDIA-TYPE] [CURL-ARGUMENT...]: 200, 201 or 202; the
# file's id in $FILE_ID
upload() {
	local name=${3:-$(basename "$2")}
	admin PUT "/items/$1/files/$(jq -rn --arg n "$name" '$n | @uri')" \
	    -T "$2" -H "Content-Type: ${4:-application/octet-stream}" "${@:5}"
	expect 200 201 202
	FILE_ID=$(json .id)
}

file_is_stored() {	# ITEM NAME
	admin GET "/items/$1/files/$2"
	[[ $STATUS == 200 && $(json .state) == stored ]]
}

# Every version that was accepted is stored.
nothing_waits() {
	http "$COMMERCE_ADMIN/readyz"
	[[ $(json .files_waiting_for_storage) == 0 ]]
}

publish() {		# ITEM
	admin POST "/items/$1/publish"
	expect 200
}

# make_item TITLE PRICE FILE...: on sale; ids in $ITEM and (the last) $FILE_ID
make_item() {
	local title=$1 price=$2 file
	shift 2
	draft_item "$title" "$price"
	for file in "$@"; do
		upload "$ITEM" "$file"
		[[ $STATUS != 202 ]] ||
		    wait_until 60 file_is_stored "$ITEM" "$(basename "$file")"
	done
	publish "$ITEM"
}

# gift_code AMOUNT: prints a code
gift_code() {
	local code
	admin POST /gift-codes -H "Idempotency-Key: $(random_hex 16)" \
	    --json "$(jq -n --argjson amount "$1" --arg currency "$CURRENCY" \
	    '{amount: {amount: $amount, currency: $currency}, count: 1}')"
	expect 201
	code=$(json '.codes[0]')
	secret "$code" "${code//-/}"
	printf '%s' "$code"
}

# register [E-MAIL] [PASSWORD]: a new account; session in $SESSION
register() {
	EMAIL=${1:-buyer-$(random_hex 6)@example.com}
	PASSWORD=${2:-$(random_hex 10)}
	secret "$PASSWORD"
	SESSION=
	buyer POST /v1/accounts --json "$(jq -n --arg email "$EMAIL" \
	    --arg password "$PASSWORD" '{email: $email, password: $password}')"
	expect 201
	SESSION=$(json .session_token)
	ACCOUNT=$(json .account.id)
}

redeem() {		# CODE
	secret "$1"
	buyer POST /v1/gift-codes/redeem --json "$(jq -n --arg code "$1" \
	    '{code: $code}')"
	expect 200
}

# purchase KEY ITEM...: one POST, whatever the answer
purchase() {
	local key=$1
	shift
	buyer POST /v1/purchases -H "Idempotency-Key: $key" \
	    --json "$(jq -n '{items: $ARGS.positional, pay_with: "credit"}' \
	    --args "$@")"
}

# buy ITEM...: must succeed; takes the first file's access apart
buy() {
	purchase "$(random_hex 16)" "$@"
	expect 201
	PURCHASE=$(json .id)
	take_access '.access[0]'
}

# access FILE-ID: fresh media access information
access() {
	buyer POST "/v1/library/$1/access"
	expect 200
	take_access ''
}

# take_access FILTER: $URL, $TOKEN, $KEY, $OBJECT, $FILE_ID of the last body
take_access() {
	URL=$(json "$1.url")
	TOKEN=$(json "$1.security_token")
	KEY=$(json "$1.download_key")
	OBJECT=$(json "$1.object")
	FILE_ID=$(json "$1.file")
	secret "$TOKEN" "$KEY"
}

# download URL TOKEN FILE [CURL-ARGUMENT...]
download() {
	local url=$1 token=$2 file=$3
	shift 3
	http -H "Authorization: Bearer $token" "$@" "$url"
	expect 200 206
	cp "$BODY" "$file"
}

# open_sealed KEY SEALED PLAIN: by the stock age program
open_sealed() {
	printf '%s\n' "$1" >"$WORK/key.txt"
	age -d -i "$WORK/key.txt" -o "$3" "$2"
}

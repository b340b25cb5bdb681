#!/bin/bash
# Search, browse page and item page of a large shop through HTTP, beside the
# naive way of each: make bench-catalogue.
#
# From the environment:
#	ROWS		some rows only: see rows below
#	PAIRS		measurements of each (5)
#	RUN_SECONDS	seconds of each measurement (3)
#	ITEMS, ACCOUNTS, PURCHASES	1000000, 1000000, 10 for each account
#	CONNECTIONS	2
#	BENCH_DIR	folder that keeps the books for the next time: 10 GB
#	BUILD		where the programs are (build)

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/../../scenario/lib.sh"

BENCH=$ROOT/tests/bench/catalogue
PAIRS=${PAIRS:-5}
RUN_SECONDS=${RUN_SECONDS:-3}
ITEMS=${ITEMS:-1000000}
ACCOUNTS=${ACCOUNTS:-1000000}
PURCHASES=${PURCHASES:-10}
CONNECTIONS=${CONNECTIONS:-2}
STEP=1000000		# purchases
BOOKS=${BENCH_DIR:-$WORK}/books-$ITEMS-$ACCOUNTS-$PURCHASES
DATABASE=$BOOKS/state/counterfoil.db
rows=(prefix words sorted browse browse-hot popular creator genre item
    item-hot item-session facets)
RESULTS=$WORK/results
: >"$RESULTS"

# fill FILE NAME=NUMBER...
fill() {
	"$BUILD/test/bench/sales/fill" "$DATABASE" "$BENCH/at.sql" \
	    "$BENCH/$1" "items=$ITEMS" "accounts=$ACCOUNTS" \
	    "purchases=$PURCHASES" "${@:2}"
}

# In steps, since a transaction is kept in memory.
make_books() {
	local begun=$SECONDS first last total=$((ACCOUNTS * PURCHASES))
	rm -rf "$BOOKS"
	mkdir -p "$BOOKS/state"
	cp "$MASTER_KEYS" "$BOOKS/master.keys"
	cp "$SIGNING_KEYS" "$BOOKS/signing.keys"
	start_commerced
	stop_commerced
	fill items.sql
	fill buyers.sql
	for ((first = 1; first <= total; first = last + 1)); do
		last=$((first + STEP - 1 < total ? first + STEP - 1 : total))
		fill sales.sql "first=$first" "last=$last"
	done
	sqlite3 "$DATABASE" 'PRAGMA journal_mode = WAL' >/dev/null
	rm -f "$BOOKS"/state/search.db*
	diag "made the books in $((SECONDS - begun)) s: $(du -h "$DATABASE" |
	    cut -f 1)"
	: >"$BOOKS/made"
}

metric() {		# NAME
	curl -sf "$COMMERCE_ADMIN/metrics" | sed -n "s/^commerced_$1 //p"
}

index_is_there() {
	[[ $(metric search_ready) == 1 && $(metric search_age_seconds) -lt 5 ]]
}

# take NAME SQL: targets, one a line, into a file
take() {
	sqlite3 -readonly "$DATABASE" "$2" >"$WORK/$1"
}

# with_limits NAME: the same targets for pages of 16 to 24, so that there are many
# more than answers are kept; hot rows are answered from what was kept
with_limits() {
	awk '{ for (i = 16; i <= 24; i++)
		print $0 (index($0, "?") ? "&" : "?") "limit=" i }' \
	    "$WORK/$1" >"$WORK/$1.limits"
	mv "$WORK/$1.limits" "$WORK/$1"
}

take_targets() {
	local uuid="lower(format('%s-%s-%s-%s-%s', substr(h, 1, 8),
	    substr(h, 9, 4), substr(h, 13, 4), substr(h, 17, 4),
	    substr(h, 21)))"
	take item "SELECT '/v1/items/' || $uuid FROM (SELECT hex(uuid) AS h
	    FROM item WHERE state = 1 AND id % 7 = 3 LIMIT 100000)"
	head -n 64 "$WORK/item" >"$WORK/item-hot"
	paste "$WORK/item" "$WORK/tokens" | awk -F '\t' '$1 != "" && $2 != ""' \
	    >"$WORK/item-session"
	# First pages of genres and creators, and pages by cursors.
	take names "SELECT DISTINCT creator FROM item WHERE id % 97 = 0
	    LIMIT 3000"
	jq -rR '"/v1/items?creator=" + @uri' "$WORK/names" >"$WORK/creator"
	take names "SELECT DISTINCT genre FROM item WHERE genre IS NOT NULL"
	jq -rR '"/v1/items?genre=" + @uri' "$WORK/names" >"$WORK/genre"
	take names "SELECT DISTINCT substr(word, 1, 3) FROM (SELECT
	    substr(title, 1, instr(title || ' ', ' ') - 1) AS word FROM item
	    WHERE id % 11 = 0) WHERE length(word) >= 3 LIMIT 5000"
	jq -rR '"/v1/items?q=" + @uri' "$WORK/names" >"$WORK/prefix"
	shuf -n 2000 --random-source="$WORK/item" "$WORK/prefix" |
	    sed 's/$/\&sort=title/' >"$WORK/sorted"
	sed 's/items/facets/' "$WORK/prefix" >"$WORK/facets"
	take names "SELECT title FROM item WHERE id % 211 = 0 LIMIT 5000"
	jq -rR '"/v1/items?q=" + @uri' "$WORK/names" >"$WORK/words"
	printf '/v1/items\n' >"$WORK/browse-hot"
	browse_pages newest >"$WORK/browse"
	browse_pages title >>"$WORK/browse"
	browse_pages popularity >"$WORK/popular"
	local row
	for row in prefix words sorted browse popular creator genre facets; do
		with_limits "$row"
	done
}

# browse_pages SORT: one page after the other, from the first on
browse_pages() {
	local target="/v1/items?sort=$1" next i
	for ((i = 0; i < 200; i++)); do
		printf '%s\n' "$target"
		next=$(curl -sf "$SHOP$target" | jq -r '.next // empty')
		[[ -n $next ]] || break
		target="/v1/items?sort=$1&cursor=$next"
	done
}

make_tokens() {		# of the first accounts: SHA-256 of session-N
	local n
	for ((n = 1; n <= 256 && n <= ACCOUNTS; n++)); do
		printf 'session-%s' "$n" | openssl dgst -sha256 -binary |
		    base64url
		printf '\n'
	done >"$WORK/tokens"
}

# measure ROW: one line of results
measure() {
	local line
	line=$("$BUILD/test/bench/storage/load" -x -c "$CONNECTIONS" \
	    -d "$RUN_SECONDS" -p "$COMMERCED_PID" "$COMMERCED_PORT" \
	    "$WORK/$1")
	printf 'row=%s %s\n' "$1" "$line" >>"$RESULTS"
	[[ -z ${VERBOSE:-} ]] || tail -n 1 "$RESULTS" >&2
}

# naive ROW: the same without what was done about it, in SQL alone
naive() {
	printf 'row=%s %s\n' "$1" "$("$BUILD/test/bench/catalogue/naive" \
	    "$1" "$BOOKS/state" "$WORK/$1" "$RUN_SECONDS")" >>"$RESULTS"
}

commerced_conf state "$BOOKS/state"
commerced_conf master-keys "$BOOKS/master.keys"
commerced_conf signing-keys "$BOOKS/signing.keys"
commerced_conf access-log off
commerced_conf address-limit 0
[[ -e $BOOKS/made ]] || make_books
begun=$SECONDS
start_commerced
wait_until 900 index_is_there
diag "the search index was there after $((SECONDS - begun)) s:\
 $(du -h "$BOOKS/state/search.db" | cut -f 1)"
if [[ ! -d $BOOKS/targets ]]; then
	make_tokens
	take_targets
	mkdir "$BOOKS/targets"
	(cd "$WORK" && cp "${rows[@]}" "$BOOKS/targets/")
fi
cp "$BOOKS/targets/"* "$WORK/"
for ((turn = 0; turn < PAIRS; turn++)); do
	for row in ${ROWS:-${rows[@]}}; do
		measure "$row"
	done
done
for row in ${ROWS:-${rows[@]}}; do
	case $row in
	prefix | browse | item) naive "$row" ;;
	esac
done
diag "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1),\
 $(nproc) cores for both sides; $ITEMS items, $ACCOUNTS accounts,\
 $((ACCOUNTS * PURCHASES)) purchases; $CONNECTIONS connections;\
 $PAIRS turns of $RUN_SECONDS s, medians; VmHWM\
 $(($(peak_memory_kib "$COMMERCED_PID") / 1024)) MiB"
awk -f "$BENCH/report.awk" "$RESULTS"
pass 'measured'
done_testing

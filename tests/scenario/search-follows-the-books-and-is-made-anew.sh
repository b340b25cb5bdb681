#!/bin/bash
# What is published, renamed, withdrawn is found, or not, within seconds; the
# search index is made anew when it is deleted, damaged, of other books, or cut
# off while it is made; a full disk leaves the one before.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/faults/faults.sh
. "$ROOT/tests/faults/faults.sh"

INDEX=$COMMERCED_STATE/search.db

# found QUERY: titles that a search finds
found() {
	http -G "$SHOP/v1/items" --data-urlencode "q=$1" "${@:2}"
	[[ $STATUS == 200 ]] || return 1
	json '[.items[].title] | join(", ")'
}

finds() {		# QUERY TITLES
	[[ $(found "$1") == "$2" ]]
}

# soon QUERY TITLES DESCRIPTION
soon() {
	wait_until 60 finds "$1" "$2" || :
	is "$(found "$1")" "$2" "$3"
}

metric() {		# NAME
	curl -sf "$COMMERCE_ADMIN/metrics" |
	    sed -n "s/^commerced_$1 //p"
}

made_more_than() {	# COUNT
	(($(metric search_made_total) > $1))
}

rename_item() {		# ITEM TITLE
	admin PATCH "/items/$1" --json "$(jq -n --arg t "$2" '{title: $t}')"
	expect 200
}

fault_wrap "$COMMERCED_STATE"
COMMERCED_WRAP=("${FAULTS[@]}")
commerced_conf search-reorder 1s
start_stored
start_commerced
make_file "$WORK/tune.ogg" 1000
make_item 'Été à Zürich' 100 "$WORK/tune.ogg"; first=$ITEM
make_item 'Summer music' 200 "$WORK/tune.ogg"; second=$ITEM

soon 'ete' 'Été à Zürich' 'accents do not matter'
soon 'ZURI' 'Été à Zürich' 'nor do capitals; the last word is a prefix'
soon 'zuri ete' '' 'the words before it are whole'
soon 'm' 'Summer music' 'one letter is a prefix too'
rename_item "$second" 'Winter music'
soon 'winter' 'Winter music' 'a new title is found'
soon 'summer' '' 'and the old one is not'
admin DELETE "/items/$first"
expect 204
is "$(found zuri)" '' 'what is withdrawn is out at once'
publish "$first"
soon 'zuri' 'Été à Zürich' 'and in again'
admin PATCH "/items/$first" --json '{"released": "9999-01-01"}'
expect 200
is "$(found zuri)" '' 'what is released later is out at once'
admin PATCH "/items/$first" --json '{"released": null}'
soon 'zuri' 'Été à Zürich' 'and in again when that is taken back'

# Popularity: as of the last time the index was made.
register
redeem "$(gift_code 1000)"
buy "$second"
by_popularity() {
	http "$SHOP/v1/items?sort=popularity&limit=1"
	[[ $(json '.items[0].title') == 'Winter music' ]]
}
wait_until 60 by_popularity
ok 'what is sold comes first by popularity, after a while' by_popularity
cursor=$(json .next)
http "$SHOP/v1/items?sort=popularity&limit=1&cursor=$cursor"
is "$STATUS $(json '.items[].title')" '200 Été à Zürich' \
    'its cursor goes on'

# A cursor of a search survives what comes in before it.
draft_item 'Music A' 1; upload "$ITEM" "$WORK/tune.ogg"; music=$ITEM
wait_until 30 file_is_stored "$music" tune.ogg
publish "$music"
soon 'musi' 'Music A, Winter music' 'the shorter title fits better'
http "$SHOP/v1/items?q=musi&sort=title&limit=1"
cursor=$(json .next)
make_item 'Aaa music' 1 "$WORK/tune.ogg"
wait_until 60 finds 'aaa' 'Aaa music'
http "$SHOP/v1/items?q=musi&sort=title&limit=5&cursor=$cursor"
is "$STATUS $(json '[.items[].title] | join(", ")')" '200 Winter music' \
    'a cursor of a search holds its place'

# Lost and damaged.
made=$(metric search_made_total)
rm "$INDEX"
wait_until 60 made_more_than "$made"
soon 'winter' 'Winter music' 'deleted while it is used: made anew'
stop_commerced
rm -f "$INDEX"*
start_commerced
soon 'winter' 'Winter music' 'deleted while nothing runs: made anew'
stop_commerced
head -c 3000 /dev/urandom | dd of="$INDEX" bs=4096 seek=1 conv=notrunc status=none
start_commerced
wait_until 60 made_more_than 0
soon 'winter' 'Winter music' 'damaged inside: made anew'
stop_commerced
head -c 8192 /dev/urandom >"$INDEX"
start_commerced
soon 'winter' 'Winter music' 'not a database: made anew'
stop_commerced
start_commerced
soon 'winter' 'Winter music' 'an index that is whole'
is "$(metric search_made_total)" 0 '  is used as it is'

# Books from a backup: the index knows more than they do.
stop_commerced
cp "$COMMERCED_STATE/counterfoil.db" "$WORK/backup.db"
start_commerced
rename_item "$second" 'Later music'
soon 'later' 'Later music' 'a change after the backup'
stop_commerced
rm -f "$COMMERCED_STATE/counterfoil.db"*
cp "$WORK/backup.db" "$COMMERCED_STATE/counterfoil.db"
start_commerced
soon 'winter' 'Winter music' 'the backup has the title of before'
rename_item "$second" 'Other music'
soon 'later' '' '  and nothing is left of the later one'

# A disk on which the index alone finds no room.
failed_more() {		# COUNT
	(($(metric search_failures_total) > $1))
}
fault_arm write 1 ENOSPC full 'search.db*'
rename_item "$second" 'Full music'
wait_until 60 failed_more 0
is "$(found other)" 'Full music' 'a full disk leaves the index, with titles of now'
register
redeem "$(gift_code 1000)"
buy "$second"
is "$STATUS" 201 '  and sales go on'
wait_until 60 failed_more 1
fault_disarm
soon 'full' 'Full music' '  and it follows again when there is room'

# Killed while it is made, at one moment after the other.
for call in write:1 write:9 sync:1 unlink:1; do
	stop_commerced
	rm -f "$INDEX"*
	fault_arm "${call%:*}" "${call#*:}" EIO hold 'search.db*'
	launch_commerced
	wait_until 60 fault_is_reached
	kill_commerced
	fault_disarm
	start_commerced
	soon 'full' 'Full music' "killed while it is made, in $call"
	ok '  and nothing of that is left' test ! -e "$INDEX.new"
done
fault_arm rename 1 EIO hold 'search.db*'
rm "$INDEX"
wait_until 60 fault_is_reached
http "$SHOP/v1/items?q=fu"
problem_is 503 busy 'while there is none a search is told to come again'
http "$SHOP/v1/items"
is "$STATUS" 200 '  and the rest goes on'
fault_disarm
soon 'full' 'Full music' '  until it is there'

http "$COMMERCE_ADMIN/readyz"
is "$STATUS $(json .search)" '200 ok' '/readyz says how search is'
done_testing

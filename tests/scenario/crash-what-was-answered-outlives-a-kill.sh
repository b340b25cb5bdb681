#!/bin/bash
# commerced, and every third time stored, is killed at a random moment while
# purchases and an upload are under way.  Whatever was answered is there after
# the restart; whatever was not can be repeated with its key; nothing is paid
# twice; the upload that was accepted becomes stored.  CRASH_ROUNDS (4).

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${CRASH_ROUNDS:-4}
pool=12			# items
price=10

# Buy the pool's items one after another; a line for each attempt.
shopper() {
	local item key
	for item in "${items[@]}"; do
		key=$(random_hex 8)
		purchase "$key" "$item"
		printf '%s %s %s %s\n' "$key" "$item" "$STATUS" \
		    "$(jq -r '.id // "-"' "$BODY" 2>/dev/null)" \
		    >>"$WORK/attempts"
		[[ $STATUS == 201 ]] || return 0
	done
}

# A new version of the first item's file.
uploader() {
	make_file "$WORK/version" 300000
	admin PUT "/items/${items[0]}/files/tune.ogg" -T "$WORK/version" \
	    -H 'Content-Type: audio/ogg'
	printf '%s\n' "$STATUS" >"$WORK/upload"
}

# In a subshell of its own, with files of its own.
apart() {		# NAME COMMAND
	(
		trap - ERR EXIT
		BODY=$WORK/$1-body
		HEADERS=$WORK/$1-headers
		"$2"
	) 2>>"$WORK/$1-errors" &
}

repeat_attempt() {	# KEY ITEM STATUS ID: what is wrong, or nothing
	purchase "$1" "$2"
	case $3-$STATUS in
	201-200)
		[[ $(json .id) == "$4" ]] ||
		    printf 'another purchase for key %s\n' "$1"
		[[ $(header Idempotency-Replayed) == true ]] ||
		    printf 'no replay of key %s\n' "$1"
		;;
	201-*)	printf 'answered, then lost: key %s, now %s\n' "$1" "$STATUS" ;;
	000-201 | 000-200) ;;
	*)	printf 'key %s: %s, then %s\n' "$1" "$3" "$STATUS" ;;
	esac
}

one_round() {		# NUMBER
	local key item status id shopper uploader
	register
	redeem "$(gift_code $((pool * price)))"
	: >"$WORK/attempts"
	: >"$WORK/wrong"
	rm -f "$WORK/upload"
	apart shopper shopper
	shopper=$!
	apart uploader uploader
	uploader=$!
	perl -e 'select undef, undef, undef, rand 0.4'
	kill_commerced
	[[ $(($1 % 3)) -ne 0 ]] || kill_stored
	wait "$shopper" "$uploader" || :
	[[ -n $STORED_PID ]] || start_stored
	start_commerced
	while read -r key item status id; do
		repeat_attempt "$key" "$item" "$status" "$id"
	done <"$WORK/attempts" >>"$WORK/wrong"
	buyer GET '/v1/purchases?limit=100'
	status=$(json '.items | length')
	[[ $status -eq $(wc -l <"$WORK/attempts") ]] || printf \
	    '%s purchases for %s keys\n' "$status" \
	    "$(wc -l <"$WORK/attempts")" >>"$WORK/wrong"
	buyer GET /v1/account
	[[ $(json .balance.amount) -eq $(((pool - status) * price)) ]] ||
	    printf 'the balance is %s after %s purchases\n' \
	    "$(json .balance.amount)" "$status" >>"$WORK/wrong"
	case $(cat "$WORK/upload" 2>/dev/null) in
	20[012])
		wait_until 60 file_is_stored "${items[0]}" tune.ogg ||
		    printf 'an accepted upload is not stored\n' \
		    >>"$WORK/wrong" ;;
	esac
	is "$(<"$WORK/wrong")" '' "round $1: $(grep -c ' 201 ' \
	    "$WORK/attempts" || :) of $(wc -l <"$WORK/attempts") answered"
}

commerced_conf publish-wait 1s
start_stored
start_commerced
make_file "$WORK/tune.ogg" 50000
items=()
for ((i = 0; i < pool; i++)); do
	make_item "Tune $i" "$price" "$WORK/tune.ogg"
	items+=("$ITEM")
done
for ((round = 1; round <= rounds; round++)); do
	one_round "$round"
done
done_testing

#!/bin/bash
# 32 buyers redeem, buy, give, claim, are refunded and try again, while
# commerced is killed at random instants, some of them in the middle of its
# start, and every third time stored with it.  After every start the books hold
# what was answered, once, and balance; and the libraries are what was paid and
# claimed.  Uploads that were accepted become stored.
#
# KILLS: how many (20), with a new shop after each hundred; KILL_SEED: the
# instants, and what the buyers do.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/faults/faults.sh
. "$ROOT/tests/faults/faults.sh"

ROUNDS=${KILLS:-20}
SEED=${KILL_SEED:-$SRANDOM}
COUNT=32
SHOP_ROUNDS=100
TRACKS=24
RANDOM=$((SEED % 32768))

# Of numbers that only the seed decides: an instant below so many milliseconds.
wait_below() {		# MILLISECONDS
	perl -e 'select undef, undef, undef, $ARGV[0] / 1000' \
	    $((RANDOM % $1))
}

# all WORD: every buyer obeys
all() {
	local answer=
	printf '%s\n' "$1" >&"${BUYERS[1]}"
	read -r -t 120 answer <&"${BUYERS[0]}" || :
	[[ $answer == "$1" ]] || complain "the buyers did not $1"
}

catalogue() {
	local i tracks=() albums=()
	make_file "$WORK/tune.ogg" 5000
	for ((i = 0; i < TRACKS; i++)); do
		make_item "Tune $i" $((i * 7)) "$WORK/tune.ogg"
		tracks+=("$ITEM")
		printf '%s track\n' "$ITEM" >>"$PEOPLE/items"
	done
	for ((i = 0; i < 4; i++)); do
		album "Album $i" album 150 "${tracks[@]:i * 6:6}"
		albums+=("$ITEM")
	done
	album 'A bundle' bundle 200 "${albums[0]}" "${albums[3]}"
	printf '%s\n' "${albums[3]}" >"$PEOPLE/album"
}

album() {		# TITLE KIND PRICE ITEM...
	draft_item "$1" "$3" "$2"
	admin PATCH "/items/$ITEM" --json "$(jq -n \
	    '{contains: $ARGS.positional}' --args "${@:4}")"
	expect 200
	publish "$ITEM"
	printf '%s %s\n' "$ITEM" "$2" >>"$PEOPLE/items"
}

people() {
	local i
	for ((i = 0; i < COUNT; i++)); do
		register
		printf '%s %s\n' "$SESSION" "$ACCOUNT" >>"$PEOPLE/buyers"
		printf 'registered %s\n' "$EMAIL" >>"$PEOPLE/0.marks"
	done
}

start_again() {		# ROUND
	[[ -n $STORED_PID ]] || start_stored
	if [[ $(($1 % 4)) -eq 0 ]]; then
		launch_commerced
		wait_below 60
		kill_commerced
	fi
	start_commerced
}

one_round() {		# NUMBER
	wait_below 400
	kill_commerced
	[[ $(($1 % 3)) -ne 0 ]] || kill_stored
	all hold
	start_again "$1"
	all look
	check_books "$PEOPLE"/*.marks "$PEOPLE"/*.owns >"$WORK/found" || :
	complain_of "$WORK/found"
	complain_of "$PEOPLE/wrong"
	no_complaints "kill $1: $(cat "$PEOPLE"/*.marks | wc -l) marks"
	all go
}

complain_of() {		# FILE
	local line
	while IFS= read -r line; do
		complain "$line"
	done <"$1"
	: >"$1"
}

# --- what the check is worth --------------------------------------------------

# damage WHAT-IT-MUST-SAY SQL: on a copy of the books
damage() {
	local said
	cp "$WORK/end/counterfoil.db" "$WORK/damaged/"
	sqlite3 -batch -bail "$WORK/damaged/counterfoil.db" "
		DROP TRIGGER transfer_is_never_changed;
		DROP TRIGGER transfer_is_never_deleted;
		DROP TRIGGER purchase_is_never_deleted;
		CREATE TEMP TABLE one AS SELECT p.* FROM purchase p
			JOIN account a ON a.id = p.account
			WHERE p.total > 0 AND p.status = 0 AND NOT is_gift
			AND p.id < (SELECT max(id) FROM purchase)
			AND NOT EXISTS (SELECT 1 FROM deduction
			WHERE p.id IN (purchase, paid_purchase))
			ORDER BY p.id DESC LIMIT 1;
		$2"
	said=$("$ROOT/tests/faults/check-books.sh" "$WORK/damaged" \
	    "$WORK"/end/*.marks "$WORK"/end/*.owns) || :
	like "$said" "(^|"$'\n'")$1: " "it would be found: $1"
}

all_damages() {
	local forget='DELETE FROM holding WHERE purchase IN
		(SELECT id FROM one);
		DELETE FROM purchase_line WHERE purchase IN
		(SELECT id FROM one);
		DELETE FROM transfer WHERE kind = 2 AND reference IN
		(SELECT id FROM one);
		UPDATE holding SET balance = balance + (SELECT total
		FROM one) WHERE kind = 0
		AND account = (SELECT account FROM one);'
	damage 'a sale that was answered is missing' "$forget
		DELETE FROM purchase WHERE id IN (SELECT id FROM one);
		UPDATE purchase SET id = id - 1
		WHERE id > (SELECT id FROM one)"
	damage 'a receipt number is missing' "$forget
		DELETE FROM purchase WHERE id IN (SELECT id FROM one)"
	damage 'a key was charged twice, or none was' "
		INSERT INTO purchase SELECT (SELECT max(id) + 1 FROM purchase),
		randomblob(16), account, status, created_ms, total, seller,
		is_gift, request_hash FROM one;
		INSERT INTO purchase_line SELECT (SELECT max(id) FROM purchase),
		position, item, title, price, deducted, status, refund
		FROM purchase_line WHERE purchase = (SELECT id FROM one);
		INSERT INTO transfer SELECT NULL, created_ms, account, 2, total,
		2, (SELECT max(id) FROM purchase) FROM one;
		UPDATE holding SET balance = balance - (SELECT total
		FROM one) WHERE kind = 0
		AND account = (SELECT account FROM one)"
	damage 'a purchase is not paid once' "
		INSERT INTO transfer SELECT NULL, created_ms, account, 2, total,
		2, id FROM one;
		UPDATE holding SET balance = balance - (SELECT total
		FROM one) WHERE kind = 0
		AND account = (SELECT account FROM one)"
	damage 'a balance is not what the ledger says' "
		UPDATE holding SET balance = balance + 1
		WHERE kind = 0 AND account = (SELECT account FROM one)"
	damage 'an account lacks a purchase' "
		DELETE FROM holding WHERE kind = 1 AND purchase =
		(SELECT id FROM one)"
	damage 'an account has a purchase of another' "
		UPDATE holding SET account = (SELECT min(id) FROM account
		WHERE id <> holding.account) WHERE kind = 1
		AND purchase = (SELECT id FROM one)"
	damage 'who has gone holds something' "
		INSERT INTO holding (account, kind, key, balance)
		SELECT max(id) + 1, 0, 0, 0 FROM ledger_account"
	damage 'what was paid or claimed gives nothing' "
		DELETE FROM holding WHERE kind = 3
		AND purchase = (SELECT id FROM one)"
	damage 'something is owned that nobody paid or claimed' "
		UPDATE purchase_line SET status = 2 WHERE purchase =
		(SELECT id FROM one)"
	damage 'an album does not give what it contains' "
		DELETE FROM item_inside WHERE item = (SELECT item
		FROM item_content ORDER BY item LIMIT 1)"
	# A buyer may own all there is, so these two are of files.
	damage 'the library has a file too many' "
		UPDATE file SET stored_version = NULL"
	damage 'the library lacks a file' "
		INSERT INTO file SELECT NULL, randomblob(16), l.item, 'another',
		f.media_type, f.stored_version, NULL FROM purchase_line l, file f
		WHERE l.purchase = (SELECT id FROM one)
		AND f.stored_version IS NOT NULL LIMIT 1"
	damage 'a refund that was answered is missing' "
		UPDATE refund SET uuid = randomblob(16) WHERE id = 1"
	damage 'a refund is not paid back once' "
		INSERT INTO transfer SELECT NULL, at_ms, debit_account,
		credit_account, amount, kind, reference FROM transfer
		WHERE kind = 3 LIMIT 1"
	damage 'more was refunded than was asked for' "
		INSERT INTO refund SELECT NULL, randomblob(16), id, 0, 'again',
		created_ms FROM one"
	damage 'a claim that was answered is missing' "
		UPDATE claim SET claimed_by = NULL, claimed_ms = NULL
		WHERE claimed_by IS NOT NULL"
	damage 'a code was claimed by who did not ask' "
		UPDATE claim SET claimed_by = (SELECT id FROM account
		WHERE id <> claimed_by ORDER BY id LIMIT 1)
		WHERE claimed_by IS NOT NULL"
	damage 'a claim gives without being claimed' "
		UPDATE claim_item SET granted = 1"
	damage 'more fulfilments than were asked for' "
		INSERT INTO claim SELECT NULL, randomblob(16), kind, NULL,
		reference, master_key, randomblob(32), sequence, created_ms,
		expires_ms, NULL, NULL FROM claim WHERE kind = 3"
	damage 'a code that was redeemed is not' "
		UPDATE gift_code SET redeemed_by = NULL, redeemed_ms = NULL
		WHERE id = (SELECT min(id) FROM gift_code
		WHERE redeemed_by IS NOT NULL)"
	damage 'a redeemed code was not credited once' "
		INSERT INTO transfer SELECT NULL, at_ms, debit_account,
		credit_account, amount, kind, reference FROM transfer
		WHERE kind = 1 LIMIT 1"
	damage 'an upload that was accepted is missing' "
		UPDATE version SET object = randomblob(32), local = 0
		WHERE number > 1 AND state = 1"
}

# --- one shop after another ---------------------------------------------------

# new_shop NUMBER
new_shop() {
	PEOPLE=$WORK/people-$1
	COMMERCED_STATE=$WORK/state-$1
	mkdir "$PEOPLE" "$COMMERCED_STATE"
	commerced_conf state "$COMMERCED_STATE"
	start_commerced
	catalogue
	people
	: >"$PEOPLE/wrong"
	coproc BUYERS {
		trap - ERR EXIT
		exec perl "$ROOT/tests/tools/buyers.pl" "$SHOP" \
		    "$ADMIN_TOKEN_FILE" "$MASTER_KEYS" "$PEOPLE" \
		    "$((SEED + $1))" "$COUNT" 2>"$WORK/buyers-said"
	}
}

# Nothing waits any more, and each buyer compares.
end_shop() {
	all hold
	wait_until 60 nothing_waits
	all look
	mkdir -p "$WORK/end" "$WORK/damaged"
	ln -sfn "$COMMERCED_STATE/sealed" "$WORK/end/sealed"
	ln -sfn "$COMMERCED_STATE/sealed" "$WORK/damaged/sealed"
	sqlite3 -cmd '.timeout 60000' "$COMMERCED_STATE/counterfoil.db" \
	    ".backup '$WORK/end/counterfoil.db'"
	# Until now: the buyers go on once more.
	rm -f "$WORK"/end/*.marks "$WORK"/end/*.owns
	cp "$PEOPLE"/*.marks "$PEOPLE"/*.owns "$WORK/end/"
	is "$("$ROOT/tests/faults/check-books.sh" "$WORK/end" \
	    "$WORK"/end/*.marks "$WORK"/end/*.owns)" '' 'all is right in the end'
	all go
	all quit
	complain_of "$PEOPLE/wrong"
	complain_of "$WORK/buyers-said"
	no_complaints 'each buyer comes to the end, and to the balance due'
	stop_commerced
	is "$(check_books)" '' 'the books balance when the shop has stopped'
}

diag "KILL_SEED=$SEED"
commerced_conf publish-wait 1s
commerced_conf address-limit 0
start_stored
for ((round = 1; round <= ROUNDS; round++)); do
	[[ $((round % SHOP_ROUNDS)) -ne 1 ]] || new_shop "$round"
	one_round "$round"
	[[ $((round % SHOP_ROUNDS)) -ne 0 && $round -ne $ROUNDS ]] || end_shop
done
all_damages

cat "$WORK"/people-*/*.counts | sed 's/: \([0-9]*\)$/\t\1/' |
    awk -F '\t' '{ n[$1] += $2 }
    END { for (what in n) print what "\t" n[what] }' | sort >"$WORK/counts"
diag "$(<"$WORK/counts")"
for what in 'repeated: 200' 'repeated: 201' 'buy: 201' 'refund: 201' \
    'claim: 200' 'twice at once'; do
	ok "that was done: $what" grep -q "^$what	" "$WORK/counts"
done
done_testing

# What the demo prints: commands to paste, one by one or all at once.
# Included by demo/run.
# shellcheck shell=bash

# A word of the title that a search finds: letters and digits alone.
search_word() {
	local word
	for word in ${1//[^A-Za-z0-9]/ }; do
		if [[ ${#word} -ge 4 ]]; then
			printf '%s' "${word,,}"
			return
		fi
	done
	printf '%s' "${word:-a}"
}

print_walk_through() {
	local env original program word email password
	env=$(printf '%q' "$DEMO_DIR/env")
	original=$(printf '%q' "$FIRST_FILE")
	program=$(printf '%q' "$BUILD/counterfoil")
	word=$(search_word "$FIRST_TITLE")
	email=buyer-$(openssl rand -hex 4)@example.com
	password=$(openssl rand -hex 8)
	cat <<-END

		The shop is open:
		  $SHOP   commerced (admin $COMMERCE_ADMIN)
		  $STORAGE   stored (admin $STORAGE_ADMIN)
		  gift code $GIFT_CODE, worth 20.00 $CURRENCY

		Buy "$FIRST_TITLE" from another terminal. Paste line by line, or all at once:

		# --- walk-through
		. $env && cd "\$(mktemp -d)"

		# What is on sale, and a search
		curl -sS "\$SHOP/v1/items" | jq -r '.items[] | "\\(.price.amount / 100) \\(.price.currency)  \\(.title), by \\(.creator)"'
		curl -sS "\$SHOP/v1/items?q=$word" | jq -r '.items[] | "\\(.id)  \\(.title)"'

		# An account, and money on it
		SESSION=\$(curl -sS "\$SHOP/v1/accounts" --json '{"email": "$email", "password": "$password"}' | jq -r .session_token)
		curl -sS "\$SHOP/v1/gift-codes/redeem" -H "Authorization: Bearer \$SESSION" --json "{\\"code\\": \\"\$GIFT_CODE\\"}" | jq .

		# Buy; repeating the request with its key would buy nothing twice
		curl -sS "\$SHOP/v1/purchases" -H "Authorization: Bearer \$SESSION" -H "Idempotency-Key: \$(openssl rand -hex 16)" --json '{"items": ["$FIRST_ITEM"], "pay_with": "credit"}' >purchase.json
		jq '.access[0]' purchase.json

		# Fetch the sealed file from the storage daemon with URL and security token
		URL=\$(jq -r '.access[0].url' purchase.json)
		TOKEN=\$(jq -r '.access[0].security_token' purchase.json)
		curl -fsS -H "Authorization: Bearer \$TOKEN" -o sealed.age "\$URL"
		echo "\$(jq -r '.access[0].object' purchase.json)  sealed.age" | sha256sum -c

		# Open it with the download key and the stock age program
		(umask 077; jq -r '.access[0].download_key' purchase.json >key.txt)
		NAME=\$(jq -r '.access[0].name' purchase.json)
		age -d -i key.txt -o "\$NAME" sealed.age
		cmp "\$NAME" $original && echo "\$PWD/\$NAME is the published file, byte for byte"

		# Or straight from the URL, by range requests alone
		$program open --key key.txt "\$URL&token=\$TOKEN" >opened
		cmp opened "\$NAME" && echo "and so is what counterfoil opened"
		# --- end; play it with what you like, for instance: mpv "\$NAME"

		Ctrl-C stops both daemons. "make demo" opens the same shop again.
	END
}

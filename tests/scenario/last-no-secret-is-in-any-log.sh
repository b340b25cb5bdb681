#!/bin/bash
# Runs after all other scenarios of a run: none of the tokens, keys, passwords
# and codes that they made or were given is in any log of any daemon.

others=${SCENARIO_LOGS:-}
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

[[ -n $others ]] || skip_all 'it looks at what a whole run has left'
cat "$others"/*/secrets | awk 'length >= 8' | sort -u >"$WORK/secrets"
find "$others" -name '*.log' -size +0 | sort >"$WORK/logs"
if [[ $(wc -l <"$WORK/logs") -eq 0 ]]; then
	skip_all 'no other scenario has run'
fi

# hits FILE...: lines that hold a secret
hits() {
	grep -F -n -f "$WORK/secrets" "$@" || [[ $? -eq 1 ]]
}

diag "$(wc -l <"$WORK/secrets") secrets, $(wc -l <"$WORK/logs") logs"
ok 'the scenarios remembered secrets' \
    test "$(wc -l <"$WORK/secrets")" -ge 10
while IFS= read -r log; do
	is "$(hits "$log" | head -n 3)" '' "${log#"$others/"}"
done <"$WORK/logs"

first=$(head -n 1 "$(head -n 1 "$WORK/logs")")
printf '%s %s\n' "$first" "$(tail -n 1 "$WORK/secrets")" >"$WORK/planted"
isnt "$(hits "$WORK/planted")" '' 'a secret in a log would be found'
done_testing

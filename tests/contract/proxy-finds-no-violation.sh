#!/bin/bash
# Runs after the scenarios of make check-full-contract, which spoke to commerced
# through a validating proxy of others' making: it found no answer that
# docs/api/openapi.yaml does not allow.  And it would have found one.

others=${SCENARIO_LOGS:-}
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/../scenario/lib.sh"

[[ -n $others ]] || skip_all 'it looks at what a whole run has left'
passed=$(cat "$others"/*/passed | wc -c)
diag "$passed answers of $(find "$others" -name passed | wc -l) scenarios"
ok 'a thousand answers went through the proxy' test "$passed" -ge 1000
is "$(find "$others" -name violations -exec cat {} + | head -n 20)" '' \
    'none of them is outside the contract'

# A shop without a name.
node -e 'require("http").createServer((request, reply) => {
    reply.setHeader("Content-Type", "application/json");
    reply.setHeader("X-Request-Id", "none");
    reply.end("{\"currency\": 7}");
}).listen(process.argv[1], "127.0.0.1")' "$COMMERCED_PORT" &
COMMERCED_PID=$!
start_contract_proxy
http "$SHOP/v1/shop"
like "$(cat "$LOGS/violations")" '^200 .*"response"' \
    'what is outside would be found'
kill "$COMMERCED_PID"
COMMERCED_PID=
tap_done

#!/bin/bash
# Runs after all other scenarios of a run: every answer that commerced gave in
# them is one that docs/api/openapi.yaml describes, with a body of its schema,
# and every operation that it describes was tried with success.

others=${SCENARIO_LOGS:-}
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

[[ -n $others ]] || skip_all 'it looks at what a whole run has left'
find "$others" -name answers -size +0 | sort >"$WORK/answers"
[[ -s $WORK/answers ]] || skip_all 'no other scenario has run'
mapfile -t answers <"$WORK/answers"
TAP_DONE=yes
trap 'rm -rf "$WORK"' EXIT
node "$ROOT/tests/tools/check-answers.mjs" "$ROOT/docs/api/openapi.yaml" \
    "$ROOT/common/err.h" "$ROOT/tests/tools/not-provoked" \
    "${answers[@]}"

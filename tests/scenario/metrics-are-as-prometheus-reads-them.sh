#!/bin/bash
# The numbers of both daemons: of the form that Prometheus reads, named as it
# wants them, bounded whatever clients do, and right.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

SERIES_MOST=1000

# page ORIGIN: what is there to watch, in $WORK/page.  Who has an answer may be
# told of it before it is counted: one request is under way, that for the page.
page() {
	wait_until 30 is_alone "$1"
	cp "$BODY" "$WORK/page"
}
is_alone() {
	http "$1/metrics"
	expect 200
	grep -qE '^[a-z]+_http_requests_under_way 1$' "$BODY"
}

# number NAME [LABEL-PATTERN]: the sum over the lines that fit
number() {
	awk -v name="$1" -v labels="${2:-.*}" 'substr($1, 1, length(name)) == name &&
	    substr($1, length(name) + 1) ~ "^(\\{" labels "\\})?$" { sum += $2 }
	    END { printf "%d", sum }' "$WORK/page"
}

# sound PREFIX ORIGIN DESCRIPTION
sound() {
	page "$2"
	is "$(perl "$ROOT/tests/tools/check-metrics.pl" "$1" "$SERIES_MOST" \
	    <"$WORK/page" || :)" '' "$3"
}

# --- the judge judges -----------------------------------------------------------------
judged() {		# TEXT DESCRIPTION
	ok "  it refuses $2" \
	    bash -c "! printf '%b' '$1' | perl \"\$1\" x >/dev/null" - \
	    "$ROOT/tests/tools/check-metrics.pl"
}

good='# HELP x_a_total A.\n# TYPE x_a_total counter\nx_a_total{b="c"} 1\n'
is "$(printf '%b' "$good" | perl "$ROOT/tests/tools/check-metrics.pl" x)" '' \
    'a page that is as it should be passes'
judged '# TYPE x_a_total counter\nx_a_total 1\n' 'a type without help'
judged '# HELP x_a_total A.\nx_a_total 1\n' 'a number without type'
judged '# HELP x_a A.\n# TYPE x_a counter\nx_a 1\n' 'a counter without _total'
judged '# HELP x_a_ms A.\n# TYPE x_a_ms gauge\nx_a_ms 1\n' 'milliseconds'
judged "${good}x_a_total{b=\"c\"} 2\\n" 'a line twice'
judged "${good}x_a_total{b=c} 2\\n" 'labels without quotes'
judged "${good}# HELP y_a A.\\n# TYPE y_a gauge\\ny_a 1\\n" 'another prefix'
head='# HELP x_t T.\n# TYPE x_t histogram\n'
judged "${head}x_t_bucket{le=\"1\"} 2\\nx_t_bucket{le=\"+Inf\"} 1\\nx_t_sum 1\\nx_t_count 1\\n" \
    'buckets that shrink'
judged "${head}x_t_bucket{le=\"1\"} 1\\nx_t_sum 1\\nx_t_count 1\\n" \
    'a histogram without its last bucket'

# --- at rest, and at work --------------------------------------------------------------
start_stored
start_commerced
sound commerced "$COMMERCE_ADMIN" 'the page of a new commerced is sound'
sound stored "$STORAGE_ADMIN" 'the page of a new stored is sound'
make_file "$WORK/track" 5000
make_item 'A track' 250 "$WORK/track"
register
redeem "$(gift_code 1000)"
key=$(random_hex 16)
purchase "$key" "$ITEM"
expect 201
bought=$(json .id)
take_access '.access[0]'
purchase "$key" "$ITEM"
expect 200
download "$URL" "$TOKEN" "$WORK/sealed"
purchase "$(random_hex 16)" "$ITEM"
expect 409
admin POST "/purchases/$bought/refund" -H "Idempotency-Key: $key" \
    --json '{"reason": "because"}'
expect 201
for i in 1 2 3; do
	buyer GET "/v1/items/$ITEM"
	buyer GET "/v1/nothing-$i"
done
http -I "$SHOP/v1/shop"
http -X BREW "$SHOP/v1/shop"
sound commerced "$COMMERCE_ADMIN" 'the page of a busy commerced is sound'

is "$(number commerced_purchases_total) $(number commerced_purchase_lines_total) \
$(number commerced_sold_minor_units_total 'currency="EUR"')" '1 1 250' \
    'one sale, however often it is repeated'
is "$(number commerced_refunds_total) $(number \
    commerced_refunded_minor_units_total 'currency="EUR"')" '1 250' 'one refund'
is "$(number commerced_http_refusals_total 'slug="already-owned"') $(number \
    commerced_http_refusals_total 'slug="not-found"') $(number \
    commerced_http_refusals_total 'slug="method-not-allowed"')" '1 3 1' \
    'refusals by slug'
times=commerced_http_request_duration_seconds
is "$(number ${times}_count 'route="/v1/items/.item.",method="GET",code="2xx"')" \
    3 'requests by route'
is "$(number ${times}_count 'route="/v1/purchases",method="POST",code="2xx"') \
$(number ${times}_count 'route="/v1/purchases",method="POST",code="4xx"')" '2 1' \
    '  and by class of status'
is "$(number ${times}_count 'route="other",method="other",code="4xx"')" 4 \
    'what has no route is other'
ok 'a sale took time' grep -qE \
    "^${times}_sum\\{route=\"/v1/purchases\",method=\"POST\",code=\"2xx\"\\} (0\\.0*[1-9]|[1-9])" \
    "$WORK/page"
is "$(number commerced_commit_group_writes_count)" \
    "$(number commerced_commits_total)" 'every group has a size'
ok '  and every write is in one' test \
    "$(number commerced_commit_group_writes_sum)" -ge 6
is "$(number commerced_jobs_waiting) $(number commerced_push_waiting)" '0 0' \
    'nothing waits for the writer, nor for storage'

# --- bounded -----------------------------------------------------------------------------
before=$(grep -vc '^#' "$WORK/page")
for i in {1..40}; do
	http -X "M$i" "$SHOP/v1/$(random_hex 4)"
	http "$SHOP/v1/items/$(random_hex 4)/cover"
done
page "$COMMERCE_ADMIN"
after=$(grep -vc '^#' "$WORK/page")
ok "forty ways and methods add one route ($before, then $after lines)" \
    test $((after - before)) -le 30
sound stored "$STORAGE_ADMIN" 'the page of a busy stored is sound'

# --- what is away is waited for ------------------------------------------------------------
stop_stored
commerced_conf publish-wait 0s
stop_commerced
start_commerced
draft_item 'Waits' 1
upload "$ITEM" "$WORK/track" waits
page "$COMMERCE_ADMIN"
is "$(number commerced_push_waiting)" 1 'an upload that waits is seen'

if command -v promtool >/dev/null; then
	is "$(promtool check metrics <"$WORK/page" 2>&1)" '' \
	    'promtool has nothing to say about commerced'
	start_stored
	page "$STORAGE_ADMIN"
	is "$(promtool check metrics <"$WORK/page" 2>&1)" '' \
	    '  nor about stored'
else
	pass 'promtool # SKIP make check-full-network installs it'
fi
done_testing

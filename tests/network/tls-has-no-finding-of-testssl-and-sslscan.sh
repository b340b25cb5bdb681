#!/bin/bash
# The TLS of both daemons in the judgement of testssl.sh and sslscan.  What
# they say of the test's own authority is left out: nobody knows it.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/../scenario/lib.sh"
# shellcheck source=tests/tools/certificates.sh
. "$ROOT/tests/tools/certificates.sh"

free_port; STORED_TLS_PORT=$PORT
free_port; SHOP_TLS_PORT=$PORT
make_authority "$WORK/authority"
make_certificate "$WORK/authority" "$WORK/server" localhost
stored_conf tls-listen "127.0.0.1:$STORED_TLS_PORT"
stored_conf tls-certificate "$WORK/server.pem"
stored_conf tls-key "$WORK/server.key"
commerced_conf tls-listen "127.0.0.1:$SHOP_TLS_PORT"
commerced_conf tls-certificate "$WORK/server.pem"
commerced_conf tls-key "$WORK/server.key"
start_stored
start_commerced

# Renegotiation is left out too: testssl.sh takes it for done when its client
# leaves before the server's end reaches it.  Here the answer to a request
# behind it is looked for.
# What is not about TLS, or about who signed: chain, revocation, DNS, HSTS, which
# is for the host of the origin to say.
LEFT_OUT='cert_chain_of_trust|cert_trust|cert_crlDistributionPoints|cert_ocspURL|cert_revocation|cert_caIssuers|cert_extlifeSpan|cert_notAfter|cert_expirationStatus|cert_validityPeriod|OCSP_stapling|DNS_CAArecord|certificate_transparency|HSTS|HPKP|security_headers|banner_.*|cookie_.*|BREACH|engine_problem|overall_grade|grade_cap_reason.*|final_score|optimal_proto|secure_client_renego|scanProblem'

request='GET /healthz HTTP/1.1\nHost: x\n\n'

scan() {		# NAME PORT
	testssl --quiet --warnings off --color 0 --nodns none \
	    --add-ca "$WORK/authority.pem" --jsonfile "$WORK/$1.json" \
	    "127.0.0.1:$2" >"$WORK/$1.text" 2>&1 || :
	sslscan --no-colour "127.0.0.1:$2" >"$WORK/$1.scan" 2>&1 || :
}
judge() {		# NAME PORT
	ok "$1: testssl.sh came to its end" \
	    jq -e 'length > 50' "$WORK/$1.json"
	is "$(jq -r --arg out "^($LEFT_OUT)\$" '.[] | select((.severity |
	    IN("OK", "INFO", "DEBUG") | not) and (.id | test($out) | not)) |
	    "\(.severity) \(.id): \(.finding)"' "$WORK/$1.json")" '' \
	    "$1: without a finding of testssl.sh"
	is "$(sed -n 's/^\(SSLv.\|TLSv[^ ]*\) *enabled$/\1/p' \
	    "$WORK/$1.scan" | xargs)" 'TLSv1.2 TLSv1.3' \
	    "$1: sslscan sees TLS 1.2 and 1.3"
	is "$(sed -n 's/^\(Preferred\|Accepted\) .* bits *\([^ ]*\).*/\2/p' \
	    "$WORK/$1.scan" | sed '/GCM/d; /POLY1305/d')" '' \
	    "$1: and AEAD ciphers alone"
	is "$(sed -n '/Compression enabled/p; / vulnerable to heart/{/not vuln/!p}
	    /Insecure session renegotiation supported/p' "$WORK/$1.scan")" '' \
	    "$1: and nothing else of note"
	is "$(tls_talk "$2" tls1_2 "$request")" 1 "$1: a request is answered"
	is "$(tls_talk "$2" tls1_2 'R\n' "$request")" 0 \
	    "$1: none behind a renegotiation"
}
# Minutes, most of which testssl.sh waits: both at once.
scan stored "$STORED_TLS_PORT" &
scans=("$!")
scan commerced "$SHOP_TLS_PORT" &
scans+=("$!")
wait "${scans[@]}"
judge stored "$STORED_TLS_PORT"
judge commerced "$SHOP_TLS_PORT"
done_testing

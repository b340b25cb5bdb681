#!/bin/bash
# Every shape of malformed HTTP in the table of docs/security.md, over a raw
# socket, each with a second request right behind it: what is refused is
# refused as written there, the connection ends, and the second request is
# never executed.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/tools/probe.sh
. "$ROOT/tests/tools/probe.sh"

start_probe memory=16384 idle=60
behind='GET /items/smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
executed=0

# shape EXPECTED TIMES DESCRIPTION REQUEST: what comes back, and how often the
# request behind it runs
shape() {
	local before=$executed said
	said=$(raw "$4$behind")
	executed=$(ran item)
	is "$said ran $((executed - before))" "$1 ran $2" "$3"
}

# gate DESCRIPTION REQUEST: our gate refuses it
gate() {
	shape '400:malformed-request closed' 0 "gate: $1" "$2"
}

# library WORDS DESCRIPTION REQUEST: libmicrohttpd refuses it by itself
library() {
	shape "$1" 0 "library: $2" "$3"
}

# passes WORDS DESCRIPTION REQUEST: well-formed, or taken for it
passes() {
	shape "$1 200 closed" 1 "passes: $2" "$3"
}

get='GET /hello HTTP/1.1\r\nHost: x\r\n'
json='POST /json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
chunked=$json'Transfer-Encoding: chunked\r\n\r\n'
none='0\r\n\r\n'

# --- the clean forms ---------------------------------------------------------
passes 200 'a plain GET' "$get"'\r\n'
passes 200 'JSON with a length' "$json"'Content-Length: 2\r\n\r\n{}'
passes 200 'JSON in chunks' "$chunked"'2\r\n{}\r\n'"$none"
passes 200 'a chunk extension' "$chunked"'2;a=b\r\n{}\r\n'"$none"
passes 200 'Content-Length: 0 on GET' "$get"'Content-Length: 0\r\n\r\n'
passes 201 'a length with leading zeros' \
    'PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 0002\r\n\r\n{}'
passes 200 'an empty line before the request' '\r\n'"$get"'\r\n'
passes 200 'blanks behind the host' \
    'GET /hello HTTP/1.1\r\nHost: x \t\r\n\r\n'
passes 200 'an upgrade that is not offered' \
    "$get"'Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
passes '100 200' 'Expect: 100-Continue' \
    "$json"'Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n{}'
passes 405:method-not-allowed 'a method in lower case' \
    'get /hello HTTP/1.1\r\nHost: x\r\n\r\n'
passes 405:method-not-allowed 'a long method' \
    '\{100:A} /hello HTTP/1.1\r\nHost: x\r\n\r\n'

# --- two ways to find the end of the body --------------------------------------
gate 'two equal Content-Lengths' \
    "$json"'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}'
gate 'two different Content-Lengths' \
    "$json"'Content-Length: 2\r\nContent-Length: 90\r\n\r\n{}'
gate 'Content-Length, then Transfer-Encoding' \
    "$json"'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n'"$none"
gate 'Transfer-Encoding, then Content-Length' \
    "$json"'Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n'"$none"
for coding in gzip identity 'gzip, chunked' 'chunked, gzip' 'chunked ' \
    '"chunked"' xchunked '' '\x0bchunked' 'chunked;a'; do
	gate "Transfer-Encoding:$coding" \
	    "$json"'Transfer-Encoding:'"$coding"'\r\n\r\n'"$none"
done
gate 'Transfer-Encoding twice' "$json"'Transfer-Encoding: chunked\r
Transfer-Encoding: chunked\r\n\r\n'"$none"
gate 'Transfer-Encoding in HTTP/1.0' 'POST /json HTTP/1.0\r\nHost: x\r
Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'"$none"
gate 'a blank before the colon of Transfer-Encoding' \
    "$json"'Transfer-Encoding : chunked\r\n\r\n'"$none"
gate 'Content-Length of 2^63' \
    'PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775808\r
\r\n{}'
gate 'a body on GET' "$get"'Content-Length: 5\r\n\r\nhello'
gate 'chunks on GET' \
    "$get"'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'"$none"
gate 'a request as the body of GET' "$get"'Content-Length: 48\r\n\r
GET /items/inner HTTP/1.1\r\nHost: x\r\nAccept: a\r\n\r\n'
passes 404:not-found 'a request as the body of an unknown path' \
    'POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 48\r\n\r
GET /items/inner HTTP/1.1\r\nHost: x\r\nAccept: a\r\n\r\n'
for length in -1 +2 0x2 '2, 2' '2 ' ''; do
	library '400 cut closed' "Content-Length: $length" \
	    "$json"'Content-Length: '"$length"'\r\n\r\n{}'
done
library '413 cut closed' 'Content-Length of 2^64' \
    'PUT /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r
\r\n{}'

# --- lines ----------------------------------------------------------------------
gate 'bare LF everywhere' 'GET /hello HTTP/1.1\nHost: x\n\n'
gate 'bare LF behind the request line' \
    'GET /hello HTTP/1.1\nHost: x\r\n\r\n'
gate 'bare LF behind one field' "${get%'\r\n'}"'\nAccept: a\r\n\r\n'
gate 'bare LF as the empty line' "$get"'\n'
gate 'CR in a value' "$get"'Accept: a\rb\r\n\r\n'
gate 'CR CR LF' "${get%'\r\n'}"'\r\r\n\r\n'
gate 'CR in the target' 'GET /hel\rlo HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'a line folded with a blank' "$get"'Accept: a\r\n b\r\n\r\n'
gate 'a line folded with a tab' "$get"'Accept: a\r\n\tb\r\n\r\n'
gate 'a folded line of blanks at the end' \
    "$get"'Accept: a\r\n \r\n\r\n'
gate 'a folded Transfer-Encoding' \
    "$json"'Transfer-Encoding:\r\n chunked\r\n\r\n'"$none"
gate 'a folded first line with a colon' \
    'GET /hello HTTP/1.1\r\n Host: x\r\nHost: x\r\n\r\n'
library '400:html closed' 'a folded first line without a colon' \
    'GET /hello HTTP/1.1\r\n x\r\nHost: x\r\n\r\n'
gate 'NUL in a value' "$get"'Accept: a\0b\r\n\r\n'
gate 'NUL at the end of a value' "$get"'Accept: a\0\r\n\r\n'
gate 'NUL in the target' 'GET /hello\0 HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'a path hidden behind a NUL' \
    'GET /hello\0/../secret HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'NUL in the method' 'GET\0 /hello HTTP/1.1\r\nHost: x\r\n\r\n'
library '400:html closed' 'NUL in a name' "$get"'Acc\0ept: a\r\n\r\n'
library '400:html closed' 'NUL behind the version' \
    'GET /hello HTTP/1.1\0\r\nHost: x\r\n\r\n'
passes 200 'NUL LF is read as CR LF' "$get"'Accept: a\0\n\r\n'

# --- fields -----------------------------------------------------------------------
gate 'a blank before the colon' "$get"'Accept : a\r\n\r\n'
gate 'a tab before the colon' "$get"'Accept\t: a\r\n\r\n'
gate 'an empty name' "$get"': a\r\n\r\n'
gate 'a name that is no token' "$get"'A(b): a\r\n\r\n'
gate 'a name with a byte above 0x7f' "$get"'A\xe9: a\r\n\r\n'
gate 'DEL in a value' "$get"'Accept: a\x7f\r\n\r\n'
gate 'ESC in a value' "$get"'Accept: a\x1b[31m\r\n\r\n'
library '400:html closed' 'a line without a colon' "$get"'Accept\r\n\r\n'
gate 'more than 100 fields' "$get"'\{100:a:b\r\n}\r\n'
library '431:html closed' 'a field that fits no memory' \
    "$get"'Accept: \{20000:a}\r\n\r\n'
library '431:html closed' 'fields that fit no memory' \
    "$get"'\{1000:a:b\r\n}\r\n'
gate 'no Host' 'GET /hello HTTP/1.1\r\n\r\n'
gate 'no Host in HTTP/1.0' 'GET /hello HTTP/1.0\r\n\r\n'
gate 'Host twice' "$get"'Host: x\r\n\r\n'
gate 'two Hosts' "$get"'host: y\r\n\r\n'
for host in '' 'x y' 'u@x' 'x/y' 'x:y' 'x:123456' '[::1' '[]' '::1' 'x,y?'; do
	gate "Host: $host" 'GET /hello HTTP/1.1\r\nHost: '"$host"'\r\n\r\n'
done
for field in 'Authorization: Bearer letmein' 'Range: bytes=0-' \
    'If-Range: "a"' 'Content-Range: bytes 0-1/2' 'Expect: 100-continue' \
    'Idempotency-Key: a' 'Origin: http://x' 'Cookie: a=b' \
    'Content-Type: a/b'; do
	gate "${field%%:*} twice" "$get$field"'\r\n'"${field,,}"'\r\n\r\n'
done
shape '400:malformed-request closed' 0 'gate: an expectation without a body' \
    'GET /hello HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n'
shape '417:expectation-failed closed' 0 'gate: another expectation' \
    "$json"'Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}'

# --- the request line ----------------------------------------------------------------
gate 'absolute form' 'GET http://x/hello HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'authority form' 'CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'asterisk form' 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'a relative target' 'GET hello HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'a blank in the target' 'GET /hel lo HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'two blanks before the target' 'GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'two blanks behind the target' 'GET /hello  HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'a tab in the target' 'GET /hel\tlo HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'a byte above 0x7f in the target' \
    'GET /hell\x80 HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'a method that is no token' 'GE(T /hello HTTP/1.1\r\nHost: x\r\n\r\n'
gate 'HTTP/1.2' 'GET /hello HTTP/1.2\r\nHost: x\r\n\r\n'
library ' closed' 'a blank before the method' \
    ' GET /hello HTTP/1.1\r\nHost: x\r\n\r\n'
library ' closed' 'tabs for blanks' \
    'GET\t/hello\tHTTP/1.1\r\nHost: x\r\n\r\n'
library ' closed' 'a method alone' 'GET\r\n\r\n'
library ' closed' 'a TLS greeting' '\x16\x03\x01\x02\0\x01\xfc\r\n'
library '400:html closed' 'HTTP/0.9' 'GET /hello\r\n\r\n'
library '505:html closed' 'version HTTP/0.9' \
    'GET /hello HTTP/0.9\r\nHost: x\r\n\r\n'
library '505:html closed' 'HTTP/2.0' 'GET /hello HTTP/2.0\r\nHost: x\r\n\r\n'
library '505:html closed' 'the preface of HTTP/2' \
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
library '400:html closed' 'http in lower case' \
    'GET /hello http/1.1\r\nHost: x\r\n\r\n'
library '400:html closed' 'a blank behind the version' \
    'GET /hello HTTP/1.1 \r\nHost: x\r\n\r\n'
library '414:html closed' 'a target that fits no memory' \
    'GET /\{20000:a} HTTP/1.1\r\nHost: x\r\n\r\n'

# --- chunks --------------------------------------------------------------------------
for size in -1 0x2 g '' '2 ' ' 2'; do
	library '400:html closed' "a chunk of \"$size\"" \
	    "$chunked$size"'\r\n{}\r\n'"$none"
done
library '413:html closed' 'a chunk of 2^64' \
    "$chunked"'10000000000000000\r\n{}\r\n'"$none"
library '400:html closed' 'a chunk longer than it says' \
    "$chunked"'2\r\n{}}\r\n'"$none"
library '500:html closed' 'a chunk extension that fits no memory' \
    "$chunked"'2;\{40000:a}\r\n{}\r\n'"$none"
library '400:html closed' 'a trailer without a colon' \
    "$chunked"'2\r\n{}\r\n0\r\nfoo\r\n\r\n'
passes 200 'bare LF between chunks, read as CR LF' \
    "$chunked"'2\n{}\n0\n\n'
passes 200 'bare LF behind a chunk extension, read as CR LF' \
    "$chunked"'2;a\n{}\r\n'"$none"
passes 200 'trailers, which nobody looks at' \
    "$chunked"'2\r\n{}\r\n0\r\nContent-Length: 9\r\nHost: y\r\n\r\n'
passes 401:session-missing 'Authorization in a trailer opens nothing' \
    'PUT /secret-stream HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r
\r\n2\r\n{}\r\n0\r\nAuthorization: Bearer letmein\r\n\r\n'

# --- what the library forgets ----------------------------------------------------------
before=$executed
raw 'GET /hello?\{2000:a&} HTTP/1.1\r\nHost: x\r\n\r\n'"$behind" >&2
executed=$(ran item)
is "$((executed - before))" 0 'parameters that fit no memory reach nobody'
is "$(ran secret) $(curl -sS -H 'Authorization: Bearer letmein' \
    "$PROBE/secret")" '0 a friend' \
    'no shape passed the check that the clean form passes'
stop_probe
is "$(grep drained "$PROBE_OUT")" 'drained whole' \
    'no request is left that the library forgot to end'
done_testing

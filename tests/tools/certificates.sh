# Certificates for scenarios: an authority of the test's own, and servers.
# Include after lib.sh.
#
# shellcheck shell=bash

# make_authority FILE: FILE.pem, FILE.key
make_authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj '/CN=The authority of a test' -days 30 \
	    -addext keyUsage=critical,keyCertSign,cRLSign \
	    -keyout "$1.key" -out "$1.pem" 2>/dev/null
}

# make_certificate AUTHORITY FILE NAME [KEY-ARGUMENT...]: FILE.pem with the
# chain, FILE.key; for 127.0.0.1, ::1 and localhost
make_certificate() {
	local authority=$1 file=$2 name=$3
	shift 3
	[[ $# -gt 0 ]] || set -- ec -pkeyopt ec_paramgen_curve:P-256
	openssl req -newkey "$@" -nodes -subj "/CN=$name" \
	    -keyout "$file.key" -out "$file.csr" 2>/dev/null
	printf '%s\n' 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' \
	    'basicConstraints=critical,CA:FALSE' \
	    'keyUsage=critical,digitalSignature' \
	    'extendedKeyUsage=serverAuth' >"$file.ext"
	openssl x509 -req -in "$file.csr" -CA "$authority.pem" \
	    -CAkey "$authority.key" -set_serial "0x$(random_hex 8)" -days 20 \
	    -extfile "$file.ext" -out "$file.pem" 2>/dev/null
	cat "$authority.pem" >>"$file.pem"
}

# Certificates for scenarios: an authority of the test's own, and servers; and
# a client that talks to them.
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

# tls_talk PORT VERSION TEXT...: how many requests of these are answered.  Each
# text is one write to openssl's client, which has done with the one before by
# then; of R (renegotiate) and K (another key) it makes commands.
tls_talk() (
	port=$1 version=$2 said=$WORK/tls-said
	shift 2
	trap '' PIPE		# it may be gone
	rm -f "$WORK/tls-told"
	mkfifo "$WORK/tls-told"
	openssl s_client -connect "127.0.0.1:$port" "-$version" -crlf \
	    <"$WORK/tls-told" >"$said" 2>&1 &
	exec {told}>"$WORK/tls-told"
	wait_for_tls $! "$said" 'Verify return code' 1
	declare -A times=()
	for text in "$@"; do
		case $text in
		R*) reply=^RENEGOTIATING ;;
		K*) reply=^KEYUPDATE ;;
		*) reply='^HTTP/1.1 ' ;;
		esac
		{ printf '%b' "$text" >&"$told"; } 2>/dev/null || break
		wait_for_tls $! "$said" "$reply" $((++times[$reply]))
	done
	exec {told}>&-
	wait $! || :
	grep -c '^HTTP/1.1 200' "$said" || :
)

# Until the client has said it so often, or is gone.
wait_for_tls() {	# PID FILE PATTERN COUNT
	wait_until 60 tls_said "$@" >&2 || :
}

tls_said() {		# PID FILE PATTERN COUNT
	daemon_ended "$1" || [[ $(grep -c "$3" "$2" || :) -ge $4 ]]
}

# The rows with TLS 1.3: stored and nginx, with one certificate (P-256) and one
# cipher suite (the client offers TLS_AES_128_GCM_SHA256 alone).  Included by
# run.sh behind servers.sh and rows.sh.  Kinds of servers:
#
#	stored-tls	as stored, with TLS
#	nginx-16k	nginx with buffers of one record, reading by sendfile's
#			settings as they are known to be fastest without TLS
#	nginx-64k	buffers of 64 KiB for TLS and of 512 KiB for the file
#	nginx-read	the same without sendfile
#
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154	# variables of the other files

TLS_ROWS='tls-4k tls-64k tls-1m tls-100m tls-full tls-resumed'
TLS_NGINXES='nginx-16k nginx-64k nginx-read'

make_tls_certificate() {
	[[ ! -e $WORK/tls.pem ]] || return 0
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -days 30 \
	    -keyout "$WORK/tls.key" -out "$WORK/tls.pem" 2>"$WORK/tls.log"
}

start_stored_tls() {	# NAME ROOT
	local port=$PORT
	free_port
	STORED_SETTINGS=("tls-listen = 127.0.0.1:$port"
	    "tls-certificate = $WORK/tls.pem" "tls-key = $WORK/tls.key")
	start_stored "$1" "$2"
	STORED_SETTINGS=()
	PORT=$port
}

start_nginx_tls() {	# NAME ROOT BUFFER SENDING-LINES
	LISTEN_WORDS=ssl start_nginx "$1" "$2" "$4
	    ssl_certificate $WORK/tls.pem; ssl_certificate_key $WORK/tls.key;
	    ssl_protocols TLSv1.3; ssl_buffer_size $3;
	    ssl_session_tickets on; ssl_session_cache off;"
}

start_tls_server() {	# KIND NAME ROOT
	make_tls_certificate
	case $1 in
	stored-tls) start_stored_tls "$2" "$3" ;;
	nginx-16k) start_nginx_tls "$2" "$3" 16k 'sendfile on; tcp_nopush off;
	    sendfile_max_chunk 128k;' ;;
	nginx-64k) start_nginx_tls "$2" "$3" 64k 'sendfile on;
	    output_buffers 2 512k;' ;;
	nginx-read) start_nginx_tls "$2" "$3" 64k 'sendfile off;
	    output_buffers 2 512k;' ;;
	*) die "no such server: $1" ;;
	esac
}

compare_tls() {		# ROW BYTES LINES LOAD-OPTION...
	local row=$1 bytes=$2 lines=$3 name
	shift 3
	printf '%s ' "$row" >&2
	lay_out "$STORE/root" "$bytes" 1
	SCHEME=https
	start_server stored-tls stored "$STORE/root"
	for name in $TLS_NGINXES; do
		start_server "$name" "$name" "$STORE/root"
	done
	make_lines "$lines"
	interleave "$row" "stored $TLS_NGINXES" "$@"
	stop_servers
	SCHEME=http
}

run_tls_row() {
	case $1 in
	tls-4k) compare_tls "$1" $((4 * KIB)) 64 -t -c 64 ;;
	tls-64k) compare_tls "$1" $((64 * KIB)) 64 -t -c 64 ;;
	tls-1m) compare_tls "$1" "$MIB" 64 -t -c 64 ;;
	tls-100m) compare_tls "$1" $((100 * MIB)) 16 -t -c 16 ;;
	tls-full) compare_tls "$1" $((4 * KIB)) 64 -t -f -c 32 ;;
	tls-resumed) compare_tls "$1" $((4 * KIB)) 64 -T -f -c 32 ;;
	*) die "no such row: $1; there are: $ALL_ROWS" ;;
	esac
}

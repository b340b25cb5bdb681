# The servers that are compared: start, ask, stop.  Included by run.sh, which
# sets WORK, TOOLS, BUILD, SERVER_CORE and CLIENT_CORE.
#
# start_server KIND NAME ROOT starts one on a free port of 127.0.0.1, pinned to
# SERVER_CORE, and fills PORTS[NAME], PIDS[NAME] (the process that serves) and
# STYLES[NAME] (of the request lines).  Kinds:
#
#	stored		threads = 1, no limit for an address, else as shipped,
#			and STORED_SETTINGS
#	limit		the bare epoll server
#	nginx-small	secure_link, tuned for answers of a few KiB
#	nginx-large	the same for larger ones: as it is known to be fastest
#	lighttpd	mod_magnet with check.lua
#
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154	# variables shared with run.sh

COMMERCE_ID=shop.example.com
PEER_SECRET=0123456789abcdef0123456789abcdef
KEYS=$WORK/signing.keys
ORIGIN=http://media.example.com
TOKEN_IN=${TOKEN_IN:-header}		# or: link
STORED_SETTINGS=()
LIGHTTPD_KEEPS=simple			# or: disable
NGINX_FILES=$(($(ulimit -n) - 4000))	# kept open
SCHEME=http				# or: https (tls.sh)
LISTEN_WORDS=				# of nginx, behind the address
declare -A PORTS=() PIDS=() STYLES=() STARTED=()

printf '%s 2026a %s\n' "$COMMERCE_ID" "$(openssl rand -hex 32)" >"$KEYS"
sed "s/SECRET\"/$PEER_SECRET\"/" "$BENCH/check.lua" >"$WORK/check.lua"

die() {
	printf '%s\n' "$*" >&2
	exit 1
}

# Up to SECONDS_MAX seconds until COMMAND succeeds.
wait_until() {		# SECONDS_MAX COMMAND...
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[[ ${EPOCHREALTIME/./} -lt $deadline ]] || return 1
		sleep 0.05
	done
}

free_port() {
	while :; do
		PORT=$((20000 + SRANDOM % 12000))
		if perl -MIO::Socket::INET -e 'exit(!IO::Socket::INET->new(
		    LocalAddr => "127.0.0.1", LocalPort => $ARGV[0],
		    Listen => 1, ReuseAddr => 1))' "$PORT"; then
			return 0
		fi
	done
}

port_answers() {	# PORT
	curl -sk --max-time 2 -o /dev/null "$SCHEME://127.0.0.1:$1/healthz"
}

# pinned NAME COMMAND...: in the background, its words into a log of its own
pinned() {
	local name=$1
	shift
	taskset -c "$SERVER_CORE" "$@" >"$WORK/$name.log" 2>&1 &
	STARTED[$name]=$!
	PIDS[$name]=$!
}

write_stored_config() {	# PORT ADMIN-PORT ROOT
	cat <<-END
		listen = 127.0.0.1:$1
		admin-listen = 127.0.0.1:$2
		public-origin = $ORIGIN
		object-root = $3
		signing-keys = $KEYS
		threads = 1
		address-limit = 0
		access-log = off
	END
	[[ ${#STORED_SETTINGS[@]} -eq 0 ]] ||
	    printf '%s\n' "${STORED_SETTINGS[@]}"
}

start_stored() {	# NAME ROOT
	local public=$PORT
	free_port
	write_stored_config "$public" "$PORT" "$2" >"$WORK/$1.conf"
	PORT=$public
	pinned "$1" "$BUILD/stored" -f "$WORK/$1.conf"
	STYLES[$1]=stored
	[[ $TOKEN_IN == header ]] || STYLES[$1]=stored-link
}

start_limit() {		# NAME ROOT
	pinned "$1" "$TOOLS/limit" "$PORT" "$2" "$KEYS" "$ORIGIN"
	STYLES[$1]=stored
	[[ $TOKEN_IN == header ]] || STYLES[$1]=stored-link
}

# A worker per core is nginx's way; here one, as there is one core.
write_nginx_config() {	# NAME ROOT SENDING-LINES
	local user=''
	[[ $UID -ne 0 ]] || user='user root root;'
	cat <<-END
		daemon off; $user
		worker_processes 1;
		pid $WORK/$1.pid;
		error_log $WORK/$1.log;
		worker_rlimit_nofile $(ulimit -n);
		events { use epoll; worker_connections $((IDLE + 2000)); multi_accept on; }
		http {
			access_log off;
			tcp_nodelay on;
			$3
			open_file_cache max=$NGINX_FILES inactive=1h;
			open_file_cache_valid 1h;
			keepalive_requests 1000000000;
			keepalive_timeout 1h;
			client_body_temp_path $WORK/$1-body;
			proxy_temp_path $WORK/$1-proxy;
			fastcgi_temp_path $WORK/$1-fastcgi;
			uwsgi_temp_path $WORK/$1-uwsgi;
			scgi_temp_path $WORK/$1-scgi;
			default_type application/octet-stream;
			server {
				listen 127.0.0.1:$PORT backlog=4096 $LISTEN_WORDS;
				root $2/objects/$COMMERCE_ID;
				location = /healthz { return 204; }
				location / {
					secure_link \$arg_md5,\$arg_expires;
					secure_link_md5 "\$secure_link_expires\$uri\$arg_grant $PEER_SECRET";
					if (\$secure_link != "1") { return 403; }
				}
			}
		}
	END
}

start_nginx() {		# NAME ROOT SENDING-LINES
	write_nginx_config "$@" >"$WORK/$1.conf"
	pinned "$1" nginx -e "$WORK/$1.log" -c "$WORK/$1.conf"
	STYLES[$1]=nginx
}

# Connections of lighttpd: at most half of its descriptors.
write_lighttpd_config() {	# NAME ROOT
	cat <<-END
		server.modules = ("mod_magnet")
		server.document-root = "$2/objects/$COMMERCE_ID"
		server.bind = "127.0.0.1"
		server.port = $PORT
		server.errorlog = "$WORK/$1.log"
		server.max-fds = $(ulimit -n)
		server.max-connections = $(($(ulimit -n) / 2))
		server.max-keep-alive-requests = 1000000000
		server.max-keep-alive-idle = 600
		server.listen-backlog = 4096
		server.network-backend = "sendfile"
		server.stat-cache-engine = "$LIGHTTPD_KEEPS"
		magnet.attract-raw-url-to = ("$WORK/check.lua")
		mimetype.assign = ("" => "application/octet-stream")
	END
}

start_lighttpd() {	# NAME ROOT
	write_lighttpd_config "$@" >"$WORK/$1.conf"
	pinned "$1" lighttpd -D -f "$WORK/$1.conf"
	STYLES[$1]=lighttpd
}

start_server() {	# KIND NAME ROOT
	free_port
	case $1 in
	stored) start_stored "$2" "$3" ;;
	limit) start_limit "$2" "$3" ;;
	nginx-small) start_nginx "$2" "$3" 'sendfile on; tcp_nopush on;' ;;
	nginx-large) start_nginx "$2" "$3" \
	    'sendfile on; tcp_nopush off; sendfile_max_chunk 128k;' ;;
	lighttpd) start_lighttpd "$2" "$3" ;;
	*) start_tls_server "$@" ;;
	esac
	PORTS[$2]=$PORT
	if ! wait_until 10 port_answers "$PORT"; then
		tail -n 20 "$WORK/$2.log" >&2
		die "$2 does not answer"
	fi
	if [[ $1 == nginx-* ]]; then
		PIDS[$2]=$(pgrep -P "${STARTED[$2]}")
	fi
}

# Only what was started here, by its number.
stop_servers() {
	local name
	for name in "${!STARTED[@]}"; do
		kill "${STARTED[$name]}" 2>/dev/null || true
	done
	for name in "${!STARTED[@]}"; do
		wait "${STARTED[$name]}" 2>/dev/null || true
	done
	STARTED=() PIDS=() PORTS=() STYLES=()
}

# curl_line NAME LINE CURL-ARGUMENT...: one request line, as load sends it
curl_line() {
	local name=$1 target token arguments=()
	IFS=$'\t' read -r target token <<<"$2"
	shift 2
	[[ -z $token ]] || arguments=(-H "Authorization: Bearer $token")
	curl -sk --max-time 60 "${arguments[@]}" "$@" \
	    "$SCHEME://127.0.0.1:${PORTS[$name]}$target"
}

# The first of the request lines gives the bytes of the object that it names;
# with another first character of its token or MAC it is refused.
check_server() {	# NAME LINES-FILE OBJECT
	local line
	line=$(head -n 1 "$2")
	curl_line "$1" "$line" -f -o "$WORK/checked" ||
	    die "$1 refuses a good request"
	[[ $(sha256sum <"$WORK/checked") == "$3 "* ]] ||
	    die "$1 gives other bytes than those of the object"
	line=$(sed -E 's/((mac|md5|token)=|\t)_/\1-/; t
	    s/((mac|md5|token)=|\t)./\1_/' <<<"$line")
	[[ $(curl_line "$1" "$line" -o /dev/null -w '%{http_code}') == 403 ]] ||
	    die "$1 takes a wrong token"
	rm -f "$WORK/checked"
}

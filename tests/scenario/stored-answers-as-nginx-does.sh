#!/bin/bash
# Ranges, conditions and methods, some thousands in combination, are answered as
# nginx answers them for the same file; where not, tests/oracle/differences
# holds the sentence of RFC 9110 that allows it.
# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

ORACLE=$ROOT/tests/oracle
SIZE=5000
PATH=$PATH:/usr/sbin

nginx_answers() {
	curl -sf -o /dev/null "http://127.0.0.1:$NGINX_PORT/media/$OBJECT"
}

start_nginx() {
	mkdir -p "$WORK/nginx/media"
	cp "$WORK/file" "$WORK/nginx/media/$OBJECT"
	touch -d '3 days ago' "$WORK/nginx/media/$OBJECT"
	free_port
	NGINX_PORT=$PORT
	sed -e "s,FOLDER,$WORK/nginx,g" -e "s,PORT,$PORT," \
	    "$ORACLE/nginx.conf" >"$WORK/nginx.conf"
	nginx -e "$WORK/nginx/nginx.log" -c "$WORK/nginx.conf" &
	NGINX=$!
	wait_until 60 nginx_answers
}

scenario_cleanup() {
	kill "$NGINX" 2>/dev/null || :
}

start_stored
make_file "$WORK/file" "$SIZE"
put_object "$WORK/file"
expect 201
start_nginx
TARGET="/media/$OBJECT?$(query)"
MTIME=$(stat -c %Y "$WORK/nginx/media/$OBJECT")
perl "$ORACLE/ask-both.pl" "$ORACLE/differences" "$STORED_PORT" "$NGINX_PORT" \
    "$TARGET" "$(sign_url GET "$STORAGE$TARGET")" "$SIZE" "$MTIME" \
    >"$WORK/said" || fail 'both are asked to the end'
while IFS= read -r line; do
	case $line in
	'ok '*)		pass "${line#ok }" ;;
	'not ok '*)	fail "${line#not ok }" ;;
	*)		diag "${line#\# }" ;;
	esac
done <"$WORK/said"
done_testing

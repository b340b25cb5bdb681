#!/bin/bash
# slowhttptest in all its modes: slow headers, slow bodies, ranges of Apache's
# killer, slow reading.  Meanwhile it asks whether the service is there, and so
# do we, from another address.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/../scenario/lib.sh"

SECONDS_EACH=${SLOW_SECONDS:-20}
CLIENTS=${SLOW_CLIENTS:-1000}
ulimit -n 8192 2>/dev/null || :
for key in idle-timeout header-timeout; do
	stored_conf $key 5
	commerced_conf $key 5
done
stored_conf address-limit 0
commerced_conf address-limit 0
commerced_conf connection-limit 4096
start_stored
start_commerced
make_file "$WORK/file" 3000000
put_object "$WORK/file"
TARGET="/media/$OBJECT?$(query)"
TARGET+="&token=$(sign_url GET "$STORAGE$TARGET")"

# asks: the time of each good answer in milliseconds, "failed" for others
asks() {
	until [[ -e $WORK/enough ]]; do
		curl -sS -f -o /dev/null --interface 127.0.0.2 --max-time 5 \
		    -w '%{time_total}\n' "$1" 2>/dev/null || echo failed
		sleep 0.05
	done
}
attack() {		# DESCRIPTION GOOD-URL ARGUMENT...
	local description=$1 good=$2 pid
	shift 2
	rm -f "$WORK/enough"
	asks "$good" >"$WORK/times" &
	pid=$!
	slowhttptest -c "$CLIENTS" -r 500 -l "$SECONDS_EACH" -p 3 "$@" \
	    </dev/null >"$WORK/said" 2>&1 || :
	: >"$WORK/enough"
	wait "$pid"
	is "$(sed 's/\x1b\[[0-9;]*m//g' "$WORK/said" |
	    sed -n 's/^service available: *//p' | sort -u | xargs)" YES \
	    "$description: available all the time"
	is "$(grep -c failed "$WORK/times" || :)" 0 \
	    "$description: and every good request is answered"
	diag "$description: $(sort -n "$WORK/times" | awk '{ t[NR] = $1 }
	    END { printf "%d good requests, median %.1f ms, p99 %.1f ms", NR,
	    t[int((NR + 1) / 2)] * 1000, t[int(NR * 0.99) + (NR < 100)] * 1000 }')"
}
for daemon in stored commerced; do
	[[ $daemon == stored ]] && url=$STORAGE || url=$SHOP
	attack "$daemon, slow headers" "$url/healthz" -H -i 2 -u "$url/healthz"
	attack "$daemon, slow bodies" "$url/healthz" -B -i 2 -s 8192 \
	    -u "$url/v1/sessions"
	attack "$daemon, many ranges" "$url/healthz" -R -u "$url/healthz"
done
attack 'stored, slow reading' "$STORAGE/healthz" -X -k 1 -n 2 -z 32 -w 512 \
    -y 1024 -u "$STORAGE$TARGET"
attack 'commerced, slow reading' "$SHOP/healthz" -X -k 3 -n 2 -z 32 -w 512 \
    -y 1024 -u "$SHOP/v1/items"
done_testing

#!/bin/bash
# "make demo" opens a shop, and the commands it prints, pasted one after
# another, give the published file; Ctrl-C stops both daemons; started again it
# keeps its shop.  Other ports and another folder than a person's demo.

set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/tap.sh
. tests/tap.sh

work=$(mktemp -d)
demo=
export BUILD=${BUILD:-build} DEMO_DIR=$work/demo
export DEMO_COMMERCE_PORT=${DEMO_COMMERCE_PORT:-18080}
export DEMO_STORAGE_PORT=${DEMO_STORAGE_PORT:-18081}
export DEMO_COMMERCE_ADMIN_PORT=${DEMO_COMMERCE_ADMIN_PORT:-18090}
export DEMO_STORAGE_ADMIN_PORT=${DEMO_STORAGE_ADMIN_PORT:-18091}

cleanup() {
	[[ -z $demo ]] || kill -TERM -- "-$demo" 2>/dev/null || :
	rm -rf "$work"
}
trap cleanup EXIT

# In a process group of its own, as a terminal would run it.
start_demo() {
	rm -f "$work/said"
	set -m
	make demo "$@" >"$work/said" 2>&1 </dev/null &
	demo=$!
	set +m
	local deadline=$((SECONDS + ${DEMO_START_SECONDS:-900}))
	until [[ -s $DEMO_DIR/env ]] && grep -q 'Ctrl-C stops' "$work/said"; do
		if ! kill -0 "$demo" 2>/dev/null || [[ $SECONDS -gt $deadline ]]
		then
			diag "$(tail -n 40 "$work/said")"
			fail 'the demo starts'
			tap_done
		fi
		sleep 0.2
	done
}

# As Ctrl-C in a terminal: SIGINT for the whole process group.
stop_demo() {
	kill -INT -- "-$demo"
	wait "$demo" || :
	demo=
}

# What stands between the two marks, as lines to type.
commands() {
	sed -n '/^# --- walk-through/,/^# --- end/p' "$work/said"
}

# paste: the commands go to the standard input of a shell, line by line
paste_commands() {
	mkdir -p "$work/tmp"
	rm -rf "$work/tmp"/*
	commands | TMPDIR=$work/tmp bash >"$work/pasted" 2>&1
}

one_file() {		# NAME: the one below the pasted commands' folder
	find "$work/tmp" -name "$1"
}

# Another one beside it; what it says is in $work/second.
second_demo() {		# FOLDER
	DEMO_DIR=$1 demo/run >"$work/second" 2>&1
}

public() {		# the value of a name in the env file
	sed -n "s/^$1=//p" "$DEMO_DIR/env"
}

start_demo
pass 'make demo says that the shop is open'
is "$(stat -c %a "$DEMO_DIR/env")" 600 'its env file is for its owner alone'
for name in SHOP STORAGE COMMERCE_ADMIN STORAGE_ADMIN ADMIN_TOKEN GIFT_CODE \
    COMMERCE_ID SIGNING_KEYS STORED_ROOT COMMERCED_PID STORED_PID; do
	isnt "$(public "$name")" '' "  and has $name"
done
is "$(stat -c %a "$DEMO_DIR"/*.keys "$DEMO_DIR/admin.token" | sort -u)" 600 \
    'so are the keys'
ok 'the printed commands run' paste_commands
original=$DEMO_DIR/media/frontiers.mp3
sold=$(one_file frontiers.mp3)
ok 'they leave the file that was bought' test -s "$sold"
same_file "$sold" "$original" 'age opens it to what was published'
same_file "$(one_file opened)" "$original" \
    'so does counterfoil open, from the URL'
is "$(stat -c %a "$(one_file key.txt)")" 600 'the key file is private'
[[ $TAP_FAILED -eq 0 ]] || diag "$(cat "$work/pasted")"
not_ok 'a second demo in the same folder is refused' second_demo "$DEMO_DIR"
like "$(<"$work/second")" 'another demo runs' '  and says why'
not_ok 'a demo on the same ports is refused' second_demo "$work/other"
like "$(<"$work/second")" "port $DEMO_COMMERCE_PORT is taken.*DEMO_COMMERCE_PORT" \
    '  and says which port, and what to set'
code=$(public GIFT_CODE)
items=$(curl -sS "$(public SHOP)/v1/items" | jq -c '[.items[].id] | sort')
pids="$(public COMMERCED_PID) $(public STORED_PID)"
stop_demo
like "$(tail -n 5 "$work/said")" 'Both daemons stopped' 'Ctrl-C stops both'
for pid in $pids; do
	not_ok "  $pid is gone" test -e "/proc/$pid"
done
unlike "$(cat "$DEMO_DIR"/*.log)" "$code" 'no log has the gift code'

start_demo
is "$(curl -sS "$(public SHOP)/v1/items" | jq -c '[.items[].id] | sort')" \
    "$items" 'started again it keeps its shop'
isnt "$(public GIFT_CODE)" "$code" 'with a new gift code'
ok 'and the commands that it prints now run' paste_commands
same_file "$(one_file frontiers.mp3)" "$original" 'with the same result'
stop_demo

mkdir "$work/mine"
head -c 100000 /dev/urandom >"$work/mine/It's a \$HOME \"tune\".ogg"
: >"$work/mine/z empty.txt"
DEMO_DIR=$work/demo-mine
start_demo MEDIA="$work/mine"
ok 'a folder of one'"'"'s own files is sold as well' paste_commands
same_file "$(one_file 'It*.ogg')" "$work/mine/It's a \$HOME \"tune\".ogg" \
    'whatever their names'
[[ $TAP_FAILED -eq 0 ]] || diag "$(cat "$work/pasted")"
stop_demo
tap_done

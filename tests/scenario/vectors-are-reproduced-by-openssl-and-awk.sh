#!/usr/bin/env bash
# tests/vectors/counterfoil-v1.json with openssl, coreutils, sed and awk alone:
# what is needed to check a shop's tokens, keys and codes by hand, for ever.
. "$(dirname "$0")/lib.sh"

VECTORS=$ROOT/tests/vectors/counterfoil-v1.json

# section NAME MEMBER...: the values of those members, a line for each vector
section() {
	local name=$1
	shift
	awk -v name="$name" -v members="$*" '
	BEGIN { count = split(members, order, " ") }
	/^ "[a-z_]+": \[/ { inside = index($0, "\"" name "\"") > 0 }
	!inside { next }
	/^   "/ {
		member = $0; sub(/^ *"/, "", member); sub(/".*/, "", member)
		value = $0; sub(/^[^:]*: */, "", value); sub(/,$/, "", value)
		gsub(/^"|"$/, "", value)
		values[member] = value
	}
	/^  }/ {
		for (i = 1; i <= count; i++)
			printf "%s%s", values[order[i]], i < count ? " " : "\n"
	}' "$VECTORS"
}

to_bytes() {		# HEX: as bytes
	# shellcheck disable=SC2001,SC2059	# the format is made here
	printf "$(sed 's/../\\x&/g' <<<"$1")"
}

to_hex() {		# bytes on standard input
	od -An -v -tx1 | tr -d ' \n'
}

hmac() {		# HEX-KEY, message on standard input: bytes
	openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" -binary
}

hkdf() {		# HEX-KEY HEX-SALT INFO: in hex
	openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt "hexkey:$1" \
	    ${2:+-kdfopt "hexsalt:$2"} -kdfopt "info:$3" -binary HKDF | to_hex
}

# groups BITS ALPHABET HEX: the hex digits as characters of BITS bits each,
# filled up with zero bits
groups() {
	awk -v width="$1" -v alphabet="$2" -v hex="$3" 'BEGIN {
		for (i = 1; i <= length(hex); i++) {
			value = index("0123456789abcdef", substr(hex, i, 1)) - 1
			for (b = 8; b >= 1; b /= 2) {
				bits = bits (value >= b ? 1 : 0)
				if (value >= b) value -= b
			}
		}
		while (length(bits) % width) bits = bits "0"
		for (i = 1; i <= length(bits); i += width) {
			value = 0
			for (j = 0; j < width; j++)
				value = value * 2 + substr(bits, i + j, 1)
			printf "%s", substr(alphabet, value + 1, 1)
		}
	}'
}

BECH32=qpzry9x8gf2tvdw0s3jn54khce6mua7l

bech32_polymod() {	# VALUE...
	local generator=(0x3b6a57b2 0x26508e6d 0x1ea119fa 0x3d4233dd 0x2a1462b3)
	local sum=1 value top i
	for value in "$@"; do
		top=$((sum >> 25))
		sum=$(((sum & 0x1ffffff) << 5 ^ value))
		for i in 0 1 2 3 4; do
			if (((top >> i) & 1)); then
				sum=$((sum ^ generator[i]))
			fi
		done
	done
	printf '%d' $((sum ^ 1))
}

bech32() {		# PREFIX HEX (BIP 173)
	local prefix=$1 data values=() i code rest sum
	data=$(groups 5 "$BECH32" "$2")
	for ((i = 0; i < ${#prefix}; i++)); do
		printf -v code %d "'${prefix:i:1}"
		values+=($((code >> 5)))
	done
	values+=(0)
	for ((i = 0; i < ${#prefix}; i++)); do
		printf -v code %d "'${prefix:i:1}"
		values+=($((code & 31)))
	done
	for ((i = 0; i < ${#data}; i++)); do
		rest=${BECH32%%"${data:i:1}"*}
		values+=(${#rest})
	done
	sum=$(bech32_polymod "${values[@]}" 0 0 0 0 0 0)
	printf '%s1%s' "$prefix" "$data"
	for i in 25 20 15 10 5 0; do
		printf '%s' "${BECH32:$((sum >> i & 31)):1}"
	done
}

# --- section 2: tokens --------------------------------------------------------

count=0
while read -r key id method url token; do
	got=$(printf 'counterfoil-v1\n%s\n%s\n%s' "$method" "$id" "$url" |
	    hmac "$key" | base64url)
	is "$got" "$token" "token of $method ${url##*/}"
	count=$((count + 1))
done < <(section token signing_key commerce_id method url security_token)
is "$count" 8 'all tokens were there'

# --- section 3: download keys, and their recipients ---------------------------

count=0
while read -r master version key recipient; do
	secret=$(hkdf "$master" "${version//-/}" counterfoil/v1/download-key)
	got=$(bech32 age-secret-key- "$secret" | tr '[:lower:]' '[:upper:]')
	is "$got" "$key" "download key of version $version"
	# An X25519 private key in DER has one fixed beginning; the public one
	# is the end of its own.
	public=$(to_bytes "302e020100300506032b656e04220420$secret" |
	    openssl pkey -inform DER -pubout -outform DER | tail -c 32 | to_hex)
	is "$(bech32 age "$public")" "$recipient" "its recipient"
	count=$((count + 1))
done < <(section download_key master_key version_id download_key recipient)
is "$count" 3 'all download keys were there'

# --- section 3: codes, and what they are looked up by ---------------------------

count=0
while read -r master kind owner index code lookup; do
	key=$(hkdf "$master" '' "counterfoil/v1/$kind")
	mac=$(to_bytes "${owner//-/}$(printf %08x "$index")" | hmac "$key" |
	    to_hex)
	characters=$(groups 5 0123456789ABCDEFGHJKMNPQRSTVWXYZ "${mac:0:20}")
	is "$(sed 's/..../&-/g; s/-$//' <<<"$characters")" "$code" \
	    "$kind $index of $owner"
	key=$(hkdf "$master" '' "counterfoil/v1/$kind/lookup")
	is "$(printf %s "$characters" | hmac "$key" | to_hex)" "$lookup" \
	    'what it is looked up by'
	count=$((count + 1))
done < <(section code master_key kind owner_id index code lookup_hmac)
is "$count" 4 'all codes were there'

# --- section 4: sizes -------------------------------------------------------------

count=0
while read -r size sealed; do
	chunks=$(((size + 65535) / 65536))
	is $((168 + 16 + size + 16 * (chunks > 0 ? chunks : 1))) "$sealed" \
	    "sealed size of $size bytes"
	count=$((count + 1))
done < <(section sealed_size size sealed_size)
is "$count" 7 'all sizes were there'

done_testing

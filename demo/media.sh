# Where the demo's media come from.  Included by demo/run.
# shellcheck shell=bash

# Lines "file|title|creator|kind|genre|media type|price", in order.
GATHERED=()

# fetch_package PACKAGE: its .deb below $DEMO_DIR/cache, path in $PACKAGE_FILE
fetch_package() {
	local folder=$DEMO_DIR/cache/$1
	PACKAGE_FILE=$folder/package.deb
	[[ ! -s $PACKAGE_FILE ]] || return 0
	say "  fetching   the Debian package $1"
	rm -rf "$folder.new"
	mkdir -p "$folder.new"
	if ! download_package "$folder.new" "$1"; then
		refresh_package_lists || :
		download_package "$folder.new" "$1" || die "the Debian package" \
		    "$1 cannot be had: $(tail -n 1 "$DEMO_DIR/apt.log")" \
		    "(MEDIA=folder sells your own files instead)"
	fi
	rm -rf "$folder"
	mv "$folder.new" "$folder"
}

download_package() {	# FOLDER PACKAGE
	(cd "$1" && apt-get download -q \
	    -o Acquire::Retries=5 "$2" >"$DEMO_DIR/apt.log" 2>&1 &&
	    mv -- *.deb package.deb)
}

# shellcheck disable=SC2024	# the log is ours, also under sudo
refresh_package_lists() {
	if [[ $(id -u) -eq 0 ]]; then
		apt-get update -q -o Acquire::Retries=5 \
		    >"$DEMO_DIR/apt.log" 2>&1
	else
		sudo apt-get update -q -o Acquire::Retries=5 \
		    >"$DEMO_DIR/apt.log" 2>&1
	fi
}

# unpack_file PACKAGE PATH: one file of a package, in $DEMO_DIR/media
unpack_file() {
	local file=$DEMO_DIR/media/${2##*/}
	MEDIA_FILE=$file
	[[ ! -s $file ]] || return 0
	fetch_package "$1"
	mkdir -p "$DEMO_DIR/media"
	if ! dpkg-deb --fsys-tarfile "$PACKAGE_FILE" |
	    tar -xO "./$2" >"$file.new"; then
		rm -rf "$file.new" "$DEMO_DIR/cache/$1"
		die "the Debian package $1 has no $2"
	fi
	mv "$file.new" "$file"
}

gather_packages() {
	local package path title creator kind genre type price when
	while IFS='|' read -r package path title creator kind genre type \
	    price when; do
		[[ -n $package && $package != '#'* ]] || continue
		[[ $when == default || ${DEMO_MEDIA:-} == all ]] || continue
		unpack_file "$package" "$path"
		GATHERED+=("$MEDIA_FILE|$title|$creator|$kind|$genre|$type|$price")
	done <"$ROOT/demo/media.list"
}

# describe FILE: "kind|genre|media type|price", by the end of its name
describe() {
	case ${1,,} in
	*.mp3)		echo 'track|music|audio/mpeg|99' ;;
	*.ogg | *.oga | *.opus) echo 'track|music|audio/ogg|99' ;;
	*.flac)		echo 'track|music|audio/flac|120' ;;
	*.m4a)		echo 'track|music|audio/mp4|99' ;;
	*.wav)		echo 'track|music|audio/wav|99' ;;
	*.m4b)		echo 'audiobook|spoken word|audio/mp4|900' ;;
	*.mp4 | *.m4v)	echo 'video|film|video/mp4|300' ;;
	*.webm)		echo 'video|film|video/webm|300' ;;
	*.mkv)		echo 'video|film|video/x-matroska|300' ;;
	*.epub)		echo 'book|reading|application/epub+zip|250' ;;
	*.pdf)		echo 'book|reading|application/pdf|250' ;;
	*.zip)		echo 'software|archive|application/zip|500' ;;
	*)		echo 'other|file|application/octet-stream|100' ;;
	esac
}

gather_folder() {
	local file folder
	folder=$(cd "$MEDIA" 2>/dev/null && pwd) ||
	    die "MEDIA: '$MEDIA' is no folder that can be read"
	while IFS= read -r -d '' file; do
		if [[ $file == *[$'|\n']* ]]; then
			say "  left out   $file (its name has a '|' or a newline)"
			continue
		fi
		GATHERED+=("$file|${file#"$folder"/}|You|$(describe "$file")")
	done < <(find "$folder" -type f -readable ! -path '*/.*' -print0 |
	    sort -z)
	[[ ${#GATHERED[@]} -gt 0 ]] || die "MEDIA: '$MEDIA' holds no file"
}

gather_media() {
	[[ ${DEMO_MEDIA:-default} == @(default|all) ]] ||
	    die "DEMO_MEDIA: '$DEMO_MEDIA' is neither 'all' nor 'default'"
	say 'Media:'
	if [[ -n ${MEDIA:-} ]]; then
		gather_folder
	else
		gather_packages
	fi
}

# Fills $FIRST_FILE, $FIRST_TITLE and $FIRST_ITEM for the walk-through.
# shellcheck disable=SC2034
publish_media() {
	local line file title creator kind genre type price
	FIRST_ITEM=
	for line in "${GATHERED[@]}"; do
		IFS='|' read -r file title creator kind genre type price \
		    <<<"$line"
		publish_file "$file" "$title" "$creator" "$kind" "$genre" \
		    "$type" "$price"
		if [[ -z $FIRST_ITEM ]]; then
			FIRST_ITEM=$ITEM
			FIRST_FILE=$file
			FIRST_TITLE=$title
		fi
	done
}

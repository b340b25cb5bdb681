#!/bin/sh
# Make the C source that holds the migrations: embed-schema.sh OUT NNN-*.sql
set -eu
out=$1
shift
{
	echo '/* Made by commerced/db/embed-schema.sh. */'
	echo '#include "commerced/db/schema.h"'
	number=0
	for file in "$@"; do
		number=$((number + 1))
		case ${file##*/} in
		"$(printf '%03d' "$number")"-*.sql) ;;
		*) echo "$file: migration $number is missing" >&2; exit 1 ;;
		esac
		echo "static const char migration_${number}[] = {"
		od -An -v -tu1 "$file" | sed 's/  */ /g; s/ \([0-9]\)/\1/; s/ /,/g; s/$/,/'
		echo '0 };'
	done
	echo 'const char *const db_migrations[] = {'
	for i in $(seq "$number"); do
		echo "	migration_$i,"
	done
	echo '	0'
	echo '};'
	echo "const int db_migration_count = $number;"
} > "$out.tmp"
mv "$out.tmp" "$out"

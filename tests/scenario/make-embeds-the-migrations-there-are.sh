#!/bin/bash
# make embeds the migrations anew when one was changed, added, renamed or
# removed, and only then.

# shellcheck source=tests/scenario/lib.sh
. "$(dirname "$0")/lib.sh"

unset MAKEFLAGS MAKELEVEL MFLAGS
schema=commerced/db/schema
made=$WORK/tree/out/obj/commerced/db/schema.c

mkdir -p "$WORK/tree/commerced/db"
cp "$ROOT/Makefile" "$ROOT/CHANGES.md" "$WORK/tree"
cp "$ROOT/commerced/db/embed-schema.sh" "$WORK/tree/commerced/db"
cd "$WORK/tree" || exit
mkdir "$schema"
for number in 001 002 003; do
	echo "PRAGMA user_version = $number;" >"$schema/$number-$number.sql"
done

# embed: "made" in $DID when it was made anew
embed() {
	local before=
	[[ ! -e $made ]] || before=$(stat -c '%i' "$made")
	make -s OUT=out out/obj/commerced/db/schema.c >"$WORK/said" 2>&1 || :
	DID=nothing
	[[ $before == "$(stat -c '%i' "$made")" ]] || DID=made
}

# embeds COUNT DESCRIPTION
embeds() {
	embed
	is "$DID $(grep -c '^static const char migration_' "$made")" \
	    "made $1" "$2"
}

embeds 3 'three are embedded'
embed
is "$DID" nothing '  and not a second time'
touch -d '+1 second' "$schema/002-002.sql"
embeds 3 'one that was changed'
touch -d '1 hour ago' "$schema/002-002.sql"
embed
cp "$schema/003-003.sql" "$schema/004-004.sql"
touch -d '1 hour ago' "$schema/004-004.sql"
embeds 4 'an old file that is new here'
rm "$schema/004-004.sql"
embeds 3 'one that is gone'
embed
is "$DID" nothing '  and not a second time'
mv "$schema/003-003.sql" "$schema/003-other.sql"
embeds 3 'another name'
mv "$schema/002-002.sql" "$schema/004-002.sql"
embed
like "$(<"$WORK/said")" 'migration 2 is missing' \
    'a gap in the numbers is refused'
done_testing

-- Covers (kind 0) and previews (kind 1) of items.  uuid names the file in
-- STATE/pictures, which is never changed: another picture has another name.
-- digest: SHA-256.
CREATE TABLE picture (
	item INTEGER NOT NULL REFERENCES item (id),
	kind INTEGER NOT NULL CHECK (kind IN (0, 1)),
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	media_type TEXT NOT NULL,
	size INTEGER NOT NULL CHECK (size > 0),
	digest BLOB NOT NULL CHECK (length(digest) = 32),
	changed_ms INTEGER NOT NULL,
	PRIMARY KEY (item, kind)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 7;

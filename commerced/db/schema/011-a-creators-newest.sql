-- A creator's page, the newest first, without sorting all that they made.
CREATE INDEX item_by_creators_newest ON item (creator, published_ms);

PRAGMA user_version = 11;

-- How long a version plays, where its bytes said so while they were sealed.
ALTER TABLE version ADD COLUMN duration_ms INTEGER CHECK (duration_ms > 0);

PRAGMA user_version = 8;

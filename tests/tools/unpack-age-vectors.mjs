// Write the CCTV age vectors into a folder, one file each, as they are
// published: a text head, an empty line, the age file (still compressed where
// the head says so).
//
//	node tests/tools/unpack-age-vectors.mjs FOLDER

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vectors from 'cctv-age';

const folder = process.argv[2];
if (folder === undefined) {
	console.error('usage: node unpack-age-vectors.mjs FOLDER');
	process.exit(2);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, bytes] of Object.entries(vectors)) {
	if (!/^[a-z0-9_]+$/.test(name) || !(bytes instanceof Uint8Array))
		throw new Error(`an export that is no vector: ${name}`);
	writeFileSync(join(folder, name), bytes);
}

// Write the CCTV age vectors into a folder, one file each: a text head, an
// empty line, the age file (decompressed where the vector is compressed).
//
//	node tests/tools/unpack-age-vectors.mjs FOLDER

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import * as vectors from 'cctv-age';

const folder = process.argv[2];
if (folder === undefined) {
	console.error('usage: node unpack-age-vectors.mjs FOLDER');
	process.exit(2);
}

function plain(vector) {
	const bytes = Buffer.from(vector);
	const end = bytes.indexOf('\n\n') + 2;
	const head = bytes.subarray(0, end).toString();
	if (!head.includes('\ncompressed: '))
		return bytes;
	if (!head.includes('\ncompressed: zlib\n'))
		throw new Error('compressed in an unknown way');
	return Buffer.concat([Buffer.from(head.replace('compressed: zlib\n', '')),
		inflateSync(bytes.subarray(end))]);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, bytes] of Object.entries(vectors)) {
	if (!/^[a-z0-9_]+$/.test(name) || !(bytes instanceof Uint8Array))
		throw new Error(`an export that is no vector: ${name}`);
	writeFileSync(join(folder, name), plain(bytes));
}

// A storage host that answers range requests for one file, rightly or in one
// of many wrong ways: the first part of the path says which.  Each request is
// a line of the log: path, Range, If-Match, Authorization.
//
//	node tests/tools/range-server.mjs FILE LOG PORT

import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [file, log, port] = process.argv.slice(2);
const content = readFileSync(file);
const etag = '"one"';
let count = 0;	// requests since the last one for the beginning

function problem(response, status, slug, detail) {
	const body = JSON.stringify({ type: `urn:counterfoil:${slug}`,
		title: 'A title', status, detail });
	response.writeHead(status, { 'Content-Type':
		'application/problem+json' }).end(body);
}

function partial(response, from, to, change = {}) {
	const body = change.body ?? content.subarray(from, to + 1);
	const fields = { 'Content-Length': body.length, ETag: etag,
		'Content-Range': `bytes ${from}-${to}/${content.length}`,
		...change.fields };
	for (const name of Object.keys(fields))
		if (fields[name] === undefined)
			delete fields[name];
	response.writeHead(206, fields).end(body);
}

// What is wrong begins with the second request, unless it is the first's.
const ways = {
	media: partial,
	whole: (response) => response.writeHead(200).end(content),
	redirect: (response) => response.writeHead(302,
		{ Location: '/media/x' }).end(),
	expired: (response) => problem(response, 410, 'token-expired',
		'It expired at noon'),
	plain: (response) => response.writeHead(403).end('no'),
	control: (response) => problem(response, 403, 'token-refused',
		'a\u001b[31m\nsecond line'),
	other: (response, from, to) => partial(response, from, to, { fields: {
		'Content-Range': `bytes ${from + 1}-${to + 1}/9999999` } }),
	rangeless: (response, from, to) => partial(response, from, to,
		{ fields: { 'Content-Range': undefined } }),
	changes: (response, from, to) => partial(response, from, to, count < 2 ?
		{} : { fields: { ETag: '"two"' } }),
	mismatch: (response, from, to) => count < 2 ?
		partial(response, from, to) :
		problem(response, 412, 'precondition-failed', 'It changed'),
	weak: (response, from, to) => partial(response, from, to,
		{ fields: { ETag: 'W/"one"' } }),
	etagless: (response, from, to) => partial(response, from, to,
		{ fields: { ETag: undefined } }),
	cut: (response, from, to) => {
		if (count < 2)
			return partial(response, from, to);
		response.writeHead(206, { 'Content-Length': to - from + 1,
			ETag: etag, 'Content-Range':
			`bytes ${from}-${to}/${content.length}` });
		response.write(content.subarray(from, from + 1000), () =>
			response.destroy());
	},
	longer: (response, from, to) => partial(response, from, to, {
		body: Buffer.concat([content.subarray(from, to + 1),
			Buffer.from('more')]) }),
	altered: (response, from, to) => {
		const body = Buffer.from(content.subarray(from, to + 1));
		if (from > 0)
			body[0] ^= 1;
		partial(response, from, to, { body });
	},
};

createServer((request, response) => {
	const way = request.url.split('/')[1];
	const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
	appendFileSync(log, [request.url, request.headers.range,
		request.headers['if-match'] ?? '-',
		request.headers.authorization ?? '-'].join('\t') + '\n');
	if (range === null || ways[way] === undefined)
		return problem(response, 404, 'not-found', 'No such way');
	const from = Number(range[1]);
	const to = Math.min(Number(range[2]), content.length - 1);
	count = from === 0 && Number(range[2]) === 183 ? 1 : count + 1;
	ways[way](response, from, to);
}).listen(Number(port), '127.0.0.1');

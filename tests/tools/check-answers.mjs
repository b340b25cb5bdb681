// Holds recorded answers against the OpenAPI description of them.
//
//	node check-answers.mjs openapi.yaml ANSWERS...
//
// A line of ANSWERS: METHOD TARGET STATUS CONTENT-TYPE BODY, parted by tabs, as
// tests/scenario/lib.sh writes them. Prints a line of TAP for each operation
// and status, and one for each operation that was never answered with success.
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const [file, ...records] = process.argv.slice(2);
const api = parse(readFileSync(file, 'utf8'), { maxAliasCount: -1 });
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(api, 'api');

// What every request may be answered with, as info.description says.
const anywhere = new Set(['malformed-request', 'not-found',
  'method-not-allowed', 'expectation-failed', 'internal', 'outcome-unknown',
  'busy', 'storage-full', 'unknown-member']);

const templates = Object.keys(api.paths).map((path) => ({
  path,
  pattern: new RegExp(`^${path.replace(/\{[^}]*\}/g, '[^/]+')}$`),
}));

// A "$ref" of the description, followed.
function resolve(node) {
  while (node?.$ref)
    node = node.$ref.slice(2).split('/').reduce((n, key) => n[key], api);
  return node;
}

const validators = new Map();
function validator(schema) {
  if (!validators.has(schema)) {
    // References are relative to the description, whose id is "api".
    const text = JSON.stringify(schema).replaceAll('"#/', '"api#/');
    validators.set(schema, ajv.compile(JSON.parse(text)));
  }
  return validators.get(schema);
}

// What is wrong with a body by its schema; '' when nothing is.
function wrongBody(response, type, body) {
  const media = response.content?.[type.split(';')[0]];
  if (!response.content)
    return body === '' ? '' : 'a body where none is described';
  if (!media)
    return `content type ${type} is not described`;
  if (!type.includes('json'))
    return '';
  const validate = validator(media.schema);
  return validate(JSON.parse(body)) ? '' : ajv.errorsText(validate.errors);
}

function wrongProblem(response, body) {
  const problem = JSON.parse(body);
  const slug = problem.type.replace('urn:counterfoil:', '');
  const validate = validator({ $ref: '#/components/schemas/Problem' });
  if (!validate(problem))
    return ajv.errorsText(validate.errors);
  return anywhere.has(slug) || response?.description.includes(`\`${slug}\``)
    ? '' : `${slug} is not described`;
}

// [what it is an answer of, what is wrong with it]
function judge(method, target, status, type, body) {
  const path = target.replace(/\?.*/s, '');
  const found = templates.find((t) => t.pattern.test(path));
  const operation = found && api.paths[found.path][method.toLowerCase()];
  const name = `${method} ${operation ? found.path : 'what is not there'}`;
  const response = operation &&
    resolve(operation.responses[status] ?? operation.responses['4XX']);
  if (type.startsWith('application/problem+json'))
    return [name, wrongProblem(response, body)];
  if (!response)
    return [name, 'is not described'];
  return [name, wrongBody(response, type, body)];
}

const results = new Map();
const succeeded = new Set();
for (const line of records.flatMap((r) =>
  readFileSync(r, 'utf8').split('\n').filter(Boolean))) {
  const [method, target, status, type, ...body] = line.split('\t');
  if (!['GET', 'PUT', 'POST', 'PATCH', 'DELETE'].includes(method))
    continue;
  const [name, wrong] = judge(method, target, status, type, body.join('\t'));
  const key = `${name}: ${status}`;
  const result = results.get(key) ?? { count: 0, wrong: [] };
  result.count++;
  if (wrong)
    result.wrong.push(wrong);
  results.set(key, result);
  if (status.startsWith('2'))
    succeeded.add(name);
}

let number = 0;
function test(isGood, text, wrong = []) {
  console.log(`${isGood ? 'ok' : 'not ok'} ${++number} - ${text}`);
  for (const why of new Set(wrong))
    console.log(`# ${why}`);
}

for (const [key, { count, wrong }] of [...results].sort())
  test(wrong.length === 0, `${key} (${count} answers)`, wrong);
for (const [path, item] of Object.entries(api.paths))
  for (const method of ['get', 'put', 'post', 'patch', 'delete'])
    if (item[method])
      test(succeeded.has(`${method.toUpperCase()} ${path}`),
        `${method.toUpperCase()} ${path} was answered with success`);
console.log(`1..${number}`);

// Holds recorded answers against the OpenAPI description of them, and the
// description against what was recorded.
//
//	node check-answers.mjs openapi.yaml err.h not-provoked ANSWERS...
//
// A line of ANSWERS: METHOD TARGET STATUS CONTENT-TYPE BODY, parted by tabs, as
// tests/scenario/lib.sh writes them. err.h has the slugs there are.
// not-provoked has lines "METHOD PATH STATUS [SLUG]  REASON" for what no client
// can bring about; "*" stands for any method or path.
//
// Prints a line of TAP for each operation and status that was recorded: are all
// its answers as described? And one for each answer that is described (a slug
// of an error; a success as JSON, as CSV, or in one of its other types): was it
// ever given?
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import { parse } from 'yaml';

const [file, errors, exceptions, ...records] = process.argv.slice(2);
const api = parse(readFileSync(file, 'utf8'), { maxAliasCount: -1 });
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(api, 'api');

const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'];
const slugs = new Set([...readFileSync(errors, 'utf8')
  .matchAll(/^\tX\([A-Z0-9_]+, "([a-z-]+)"/gm)].map((match) => match[1]));

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

// The slugs that a response names.
function slugsOf(response) {
  return [...response.description.matchAll(/`([a-z-]+)`/g)]
    .map((match) => match[1]).filter((word) => slugs.has(word));
}

// --- answers ---------------------------------------------------------------

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

function wrongProblem(response, problem, slug) {
  const validate = validator({ $ref: '#/components/schemas/Problem' });
  if (!validate(problem))
    return ajv.errorsText(validate.errors);
  return anywhere.has(slug) || (response && slugsOf(response).includes(slug))
    ? '' : `${slug} is not described`;
}

// { name: operation, said: what of it, wrong: what is wrong with it }
function judge(method, target, status, type, body) {
  const path = target.replace(/\?.*/s, '');
  const found = templates.find((t) => t.pattern.test(path));
  const operation = found && api.paths[found.path][method.toLowerCase()];
  const name = `${method} ${operation ? found.path : 'what is not there'}`;
  const response = operation &&
    resolve(operation.responses[status] ?? operation.responses['4XX']);
  if (type.startsWith('application/problem+json')) {
    const problem = JSON.parse(body);
    const said = problem.type.replace('urn:counterfoil:', '');
    return { name, said, wrong: wrongProblem(response, problem, said) };
  }
  if (!response)
    return { name, said: type, wrong: 'is not described' };
  return { name, said: response.content ? type.split(';')[0] : '',
    wrong: wrongBody(response, type, body) };
}

const results = new Map();
const given = new Set();
for (const line of records.flatMap((r) =>
  readFileSync(r, 'utf8').split('\n').filter(Boolean))) {
  const [method, target, status, type, ...body] = line.split('\t');
  if (!methods.includes(method))
    continue;
  const { name, said, wrong } =
    judge(method, target, status, type, body.join('\t'));
  const key = `${name}: ${status}`;
  const result = results.get(key) ?? { count: 0, wrong: [] };
  result.count++;
  if (wrong)
    result.wrong.push(wrong);
  results.set(key, result);
  given.add(`${name} ${status} ${said}`.trim());
}

// --- what is described -----------------------------------------------------

function* described() {
  for (const [path, item] of Object.entries(api.paths))
    for (const method of methods)
      for (const [status, answer] of
        Object.entries(item[method.toLowerCase()]?.responses ?? {})) {
        const response = resolve(answer);
        const types = Object.keys(response.content ?? { '': 0 });
        const said = /^[45]/.test(status) && slugsOf(response).length > 0
          ? slugsOf(response)
          : types.includes('application/json') ? types
            : [types.join(' or ')];
        if (/^\d+$/.test(status))
          for (const what of said)
            yield { method, path, status, what };
      }
}

const excepted = readFileSync(exceptions, 'utf8').split('\n')
  .filter((line) => line && !line.startsWith('#'))
  .map((line) => ({ line, words: line.split(/ {2,}/)[0].split(' ') }));

function isExcepted({ method, path, status, what }) {
  const fits = (word, value) => word === '*' || word === value;
  return excepted.filter(({ words }) => fits(words[0], method) &&
    fits(words[1], path) && fits(words[2], status) &&
    fits(words[3] ?? '*', what));
}

// --- the result ------------------------------------------------------------

let number = 0;
function test(isGood, text, wrong = []) {
  console.log(`${isGood ? 'ok' : 'not ok'} ${++number} - ${text}`);
  for (const why of new Set(wrong))
    console.log(`# ${why}`);
}

for (const [key, { count, wrong }] of [...results].sort())
  test(wrong.length === 0, `${key} (${count} answers)`, wrong);
const used = new Set();
for (const answer of described()) {
  const { method, path, status, what } = answer;
  const name = `${method} ${path} ${status} ${what}`.trim();
  const reasons = isExcepted(answer);
  if (reasons.length === 0) {
    test(what.split(' or ').some((one) =>
      given.has(`${method} ${path} ${status} ${one}`.trim())),
    `${name} was given`);
  } else if (!given.has(name)) {
    reasons.forEach((reason) => used.add(reason.line));
  }
}
for (const { line } of excepted)
  test(used.has(line), `it is true of some answer: ${line}`);
console.log(`1..${number}`);

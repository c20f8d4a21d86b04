import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { invalidField } from '@app/kernel';
import { TABLE_TYPES } from '@app/sheets';
import { type Answer, type Call, problemIn, Refused } from './door.js';
import { EXIT, note, print, printJson } from './output.js';
import { addReadOptions, AS_OF_HELP, asksForMore, formatOf, readMore } from './read-options.js';
import type { Route, RouteOption } from './routes.js';
import { type GlobalOptions, withDoor } from './session.js';
import { viewOf } from './views.js';

const GROUPS: Readonly<Record<string, string>> = {
  policy: '政策',
  enterprise: '企业档案',
  budget: '预算',
  award: '奖补',
  notice: '公示',
  batch: '拨付批次',
  blacklist: '黑名单',
  agency: '服务机构',
  tier: '梯次',
  ladder: '梯次',
  roster: '名单',
  target: '目标任务',
  duty: '按期事项',
  import: '导入',
  title: '称号',
  review: '动态调整',
  'relied-on': '引用追溯: every decision that rests on a record',
  finding: '疑点',
  audit: '监督检查',
};

type Values = Record<string, unknown>;

/** Makes a command of a route: its words become nested commands, its options fields of the request. */
export function addRoute(program: Command, route: Route): void {
  const [names, parameters] = split(route.words);
  let parent = program;
  for (const name of names.slice(0, -1)) {
    parent = parent.commands.find((command) => command.name() === name) ?? parent.command(name).description(GROUPS[name] ?? name);
  }
  const command = parent.command([names.at(-1) as string, ...parameters.map((name) => `<${name}>`)].join(' ')).description(route.help);
  for (const option of route.options ?? []) command.addOption(optionOf(option));
  if (route.method === 'POST') {
    command.option('--effective-on <date>', '生效日期, today when left out');
    command.option('--key <key>', 'idempotency key: use the same one to retry');
    command.option('--if-match <revision>', 'only when the stream stands at this revision');
  } else if (isDocument(route)) {
    command
      .option('--as-of <point>', AS_OF_HELP)
      .requiredOption('--output <path>', 'where to write the file, its format by the ending .xlsx or .csv');
  } else if (route.open !== true) addReadOptions(command);
  command.action(async (...given: unknown[]) => {
    const options = command.optsWithGlobals<Values & GlobalOptions>();
    const values = { ...command.opts<Values>(), ...(isDocument(route) && { format: documentFormat(command.opts()) }) };
    const call = callOf(route, parameters, given.slice(0, parameters.length).map(String), values);
    const isRead = route.method === 'GET' && route.open !== true && !isDocument(route);
    await withDoor(options, route.open === true, async (door, token) => {
      if (isRead && asksForMore(options)) tell((await readMore(door, { ...call, token }, options))?.verdict ?? {}, options);
      else finish({ ...route, path: pathAsked(call) }, await door.call({ ...call, token }), options);
    });
  });
}

/** A table of the ledger's own making, such as a payment list, which is written as a file only. */
const isDocument = (route: Route) => route.method === 'GET' && route.path.endsWith('/file');
const documentFormat = ({ output, format }: { readonly output?: string; readonly format?: string }) =>
  formatOf(output, format, Object.keys(TABLE_TYPES));

/** The route with what was given for its parameters, which may say how the answer reads. */
const pathAsked = ({ path }: Pick<Call, 'path'>): string => path.split('?')[0] ?? path;

function split(words: string): readonly [readonly string[], readonly string[]] {
  const parts = words.split(' ');
  return [parts.filter((part) => !part.startsWith('<')), parts.filter((part) => part.startsWith('<')).map((part) => part.slice(1, -1))];
}

function optionOf({ flag, kind = 'text', required, help }: RouteOption): Option {
  const option = new Option(flag, help);
  if (required === true) option.makeOptionMandatory();
  if (kind === 'number') option.argParser(wholeNumber);
  if (kind === 'boolean' && flag.includes('<')) option.argParser(yesOrNo);
  return option;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
}

function yesOrNo(text: string): boolean {
  if (!['yes', 'no', 'true', 'false'].includes(text)) throw new InvalidArgumentError('must be yes or no');
  return text === 'yes' || text === 'true';
}

function callOf(route: Route, parameters: readonly string[], args: readonly string[], options: Values): Omit<Call, 'token'> {
  const inPath = new Map(parameters.map((name, index) => [name, args[index] as string]));
  const fields: Values = {};
  for (const option of route.options ?? []) {
    const value = options[new Option(option.flag).attributeName()] ?? nameOfFile(route, option, options);
    if (value !== undefined) assign(fields, option.field.split('.'), valueOf(option, value));
  }
  let path = route.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = inPath.get(name) ?? '';
    inPath.delete(name);
    return encodeURIComponent(value);
  });
  if (route.method === 'GET') {
    if (options['asOf'] !== undefined) fields['asOf'] = options['asOf'];
    const query = new URLSearchParams(Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)])).toString();
    if (query !== '') path += `?${query}`;
    return { method: 'GET', path };
  }
  // An argument that has no place in the path belongs to the body: `batch prepare <batch>`.
  const body = {
    ...Object.fromEntries(inPath),
    ...fields,
    ...(options['effectiveOn'] !== undefined && { effectiveOn: options['effectiveOn'] }),
  };
  return {
    method: 'POST',
    path,
    body: route.options?.some(({ field }) => field === 'whole') === true ? { whole: false, ...body } : body,
    ...(typeof options['key'] === 'string' && { idempotencyKey: options['key'] }),
    ...(typeof options['ifMatch'] === 'string' && { ifMatch: options['ifMatch'] }),
  };
}

/** The name of the file that another option names, where this one falls back on it. */
function nameOfFile(route: Route, { fromPath }: RouteOption, options: Values): string | undefined {
  const source = fromPath === undefined ? undefined : route.options?.find(({ field }) => field === fromPath);
  const path = source === undefined ? undefined : options[new Option(source.flag).attributeName()];
  return typeof path === 'string' ? basename(path) : undefined;
}

function assign(target: Values, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) target[name] = value;
  else assign((target[name] ??= {}) as Values, rest, value);
}

function valueOf({ kind, flag }: RouteOption, value: unknown): unknown {
  switch (kind) {
    case 'file':
      return textOf(readFileSync(String(value)));
    case 'json':
      return jsonOf(String(value), flag);
    case 'evidence':
      return (value as string[]).map(evidenceOf);
    default:
      return value;
  }
}

/** A text file as offices have it: UTF-8, or else the GB 18030 that banks and spreadsheets still write. */
export function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030', { fatal: true }).decode(bytes);
  }
}

function jsonOf(text: string, flag: string): unknown {
  try {
    return JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
  } catch (error) {
    throw invalidField(flag.split(' ')[0] ?? flag, 'json', `is not JSON: ${(error as Error).message}`);
  }
}

function evidenceOf(text: string): Values {
  const [title = '', documentNo = '', sha256 = ''] = text.split('|');
  return { title, ...(documentNo !== '' && { documentNo }), ...(sha256 !== '' && { sha256 }) };
}

function finish(route: Route, { status, contentType, content }: Answer, options: GlobalOptions & { readonly output?: string }): void {
  if (status >= 400) throw new Refused(problemIn(content, status));
  if (!contentType.startsWith('application/json')) {
    writeFileSync(options.output as string, content);
    print(
      options.json === true
        ? JSON.stringify({ output: options.output, bytes: content.length })
        : `${options.output}: ${content.length} bytes`,
    );
    return;
  }
  const answer: unknown = JSON.parse(content.toString('utf8'));
  if (options.json === true) printJson(answer);
  else print(viewOf(route, answer));
  tell(answer as Readonly<Record<string, unknown>>, options);
}

/** Says in notes and exit code what an answer says beside what it lists, shown or written. */
function tell(answer: Readonly<Record<string, unknown>>, options: object): void {
  // Books that do not balance or agree are an answer of "no", and so are payments that nobody expected and none has booked.
  const { balanced, reconciled, events, unexpected, clear, assignedOnly } = answer;
  if (assignedOnly === true) note('只列出交办给本人的疑点；全部疑点由审计人员查看');
  const isUnexpected = events !== undefined && Array.isArray(unexpected) && unexpected.length > 0;
  // A list of findings says whether one is open; it is a "no" to whoever asked for the open ones.
  const isOpen = clear === false && (options as { readonly open?: boolean }).open === true;
  if (balanced === false || reconciled === false || isUnexpected || isOpen) process.exitCode = EXIT.no;
}

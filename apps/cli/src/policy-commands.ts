import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { invalidField, Problem } from '@app/kernel';
import {
  assess,
  assessCases,
  type Assessment,
  bundledCatalogue,
  bundledPacks,
  coverage,
  type CoverageRow,
  type Handling,
  type Pack,
  parsePack,
  readBundledSource,
} from '@app/policies';
import { EXIT, note, print, printJson, tableOf } from './output.js';
import type { GlobalOptions } from './session.js';

interface AssessOptions extends GlobalOptions {
  readonly cases?: string;
  readonly pack?: string;
  readonly packFile?: string;
  readonly sourceFile?: string;
  readonly clause?: string;
  readonly on?: string;
  readonly facts?: string;
  readonly simulate?: true;
}

/** Commands that need no ledger: they read packs and compute. */
export function addPolicyCommands(program: Command): void {
  const policy =
    program.commands.find((command) => command.name() === 'policy') ?? program.command('policy').description('policy commands');
  const assessCommand = policy
    .command('assess')
    .description('政策计算器: what a clause grants on given facts; writes nothing')
    .option('--cases <path>', 'JSON Lines of {id, pack, clause, on, facts, simulate?}: one answer a line')
    .option('--pack <id>', 'a bundled pack')
    .option('--pack-file <path>', 'a pack of your own')
    .option('--source-file <path>', 'the source document of that pack')
    .option('--clause <id>')
    .option('--on <date>', '业务日期')
    .option('--facts <path>', 'JSON object of the inputs')
    .option('--simulate', 'computes drafts too');
  assessCommand.action(async () => {
    const options = assessCommand.optsWithGlobals<AssessOptions>();
    if (options.cases !== undefined) await answerCases(options.cases, options);
    else answerOne(options);
  });

  const check = policy
    .command('check <packFile>')
    .description('校验政策包: the format, its references and every quote')
    .option('--source-file <path>', 'the source document; left out for a bundled one');
  check.action((packFile: string) => {
    const { sourceFile, json } = check.optsWithGlobals<AssessOptions>();
    const pack = readPack(packFile, sourceFile);
    if (json === true) printJson({ pack: pack.id, clauses: pack.clauses.length, valid: true });
    else print(`${pack.id}: ${pack.title}, ${pack.clauses.length} clauses, all quotes found in the source`);
  });

  const coverageCommand = policy
    .command('coverage')
    .description('条款覆盖: every rule of the bundled documents, the clause that answers for it and what is done with it today');
  coverageCommand.action(() => {
    showCoverage(coverage(bundledCatalogue(), bundledPacks()), coverageCommand.optsWithGlobals<GlobalOptions>().json === true);
  });
}

const HANDLINGS: Readonly<Record<Handling, string>> = { executable: '可执行', tracked: '已跟踪', registered: '已登记' };

function showCoverage(rows: readonly CoverageRow[], json: boolean): void {
  const isMissing = ({ handling }: CoverageRow) => handling === null;
  if (json) printJson(rows);
  else {
    const said = ({ handling }: CoverageRow) => (handling === null ? '未收录' : HANDLINGS[handling]);
    print(
      tableOf(
        ['编号', '政策', '条款', '处理', '说明'],
        rows.map((row) => [row.id, row.pack ?? '', row.clause ?? '', said(row), row.note]),
      ),
    );
  }
  const counts = Object.entries(HANDLINGS).map(([handling, title]) => `${title}${rows.filter((row) => row.handling === handling).length}`);
  note(`共${rows.length}条：${counts.join('，')}，未收录${rows.filter(isMissing).length}`);
  process.exitCode = rows.some(isMissing) ? EXIT.no : EXIT.done;
}

function readPack(path: string, sourceFile: string | undefined): Pack {
  return parsePack(readFileSync(path, 'utf8'), path, (name) =>
    sourceFile === undefined ? readBundledSource(name) : readFileSync(sourceFile, 'utf8'),
  );
}

function packs(options: AssessOptions): ReadonlyMap<string, Pack> {
  const known = new Map(bundledPacks().map((pack) => [pack.id, pack]));
  if (options.packFile !== undefined) {
    const own = readPack(options.packFile, options.sourceFile);
    // Taken out first, so that it stands last even when a bundled pack has its id.
    known.delete(own.id);
    known.set(own.id, own);
  }
  return known;
}

async function answerCases(path: string, options: AssessOptions): Promise<void> {
  const known = packs(options);
  const input = createReadStream(path);
  // Opening errors have to surface before the first line is read.
  await new Promise<void>((resolve, reject) => input.once('open', () => resolve()).once('error', reject));
  const lines = createInterface({ input, crlfDelay: Infinity });
  const bar = process.stderr.isTTY ? new SingleBar({ format: 'cases {value}', stream: process.stderr }) : undefined;
  bar?.start(0, 0);
  for await (const answer of assessCases(nonBlank(lines), (id) => known.get(id))) {
    if (!process.stdout.write(`${JSON.stringify(answer)}\n`)) await new Promise((resolve) => process.stdout.once('drain', resolve));
    bar?.increment();
  }
  bar?.stop();
}

async function* nonBlank(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) if (line.trim() !== '') yield line;
}

function answerOne(options: AssessOptions): void {
  const { clause, on, facts: factsFile, simulate } = options;
  const known = packs(options);
  const id = options.pack ?? (options.packFile === undefined ? undefined : [...known.keys()].at(-1));
  if (id === undefined || clause === undefined || on === undefined || factsFile === undefined) {
    throw new Problem('invalid', 'missing-options', 'name --cases, or --pack (or --pack-file), --clause, --on and --facts');
  }
  const pack = known.get(id);
  if (pack === undefined)
    throw invalidField('--pack', 'known', `there is no bundled pack ${id}; there are ${[...known.keys()].join(', ')}`);
  const assessment = assess(pack, clause, { on, facts: readFacts(factsFile), ...(simulate && { simulate }) });
  if (options.json === true) printJson({ id: `${id}.${clause}`, ...assessment });
  else print(assessment.trace.map(({ text }) => text).join('\n'));
  process.exitCode = exitCodeOf(assessment);
}

function readFacts(path: string): Record<string, unknown> {
  let facts: unknown;
  try {
    facts = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidField('--facts', 'json', `${path} is not JSON: ${error.message}`);
    throw error;
  }
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts))
    throw invalidField('--facts', 'object', `${path} must hold a JSON object`);
  return facts as Record<string, unknown>;
}

function exitCodeOf({ outcome }: Assessment): number {
  if (outcome === 'invalid') return EXIT.usage;
  return ['payable', 'discretionary', 'passed', 'placed'].includes(outcome) ? EXIT.done : EXIT.no;
}

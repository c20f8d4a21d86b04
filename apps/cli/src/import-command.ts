import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { type Command, Option } from 'commander';
import { IMPORT_KINDS, IMPORT_MODES, type ImportReport, SHEET_TYPES, type SheetFormat } from '@app/imports';
import { invalidField, Problem } from '@app/kernel';
import { type Answer, type Door, problemIn, Refused } from './door.js';
import { EXIT, note, print, printJson, tableOf } from './output.js';
import { type GlobalOptions, withDoor } from './session.js';

const POLL_MS = 200;
/** So often in a row it may be asked in vain, half a minute: where a replica dies, others answer as soon as that has been noticed. */
const MOST_MISSES = 150;
const STAGES = { waiting: '排队', reading: '读取', deciding: '核对', writing: '写入', done: '完成' } as const;
/** Errors shown to a person at once; `--json` has all that were kept. */
const SHOWN_ERRORS = 50;

interface ImportOptions extends GlobalOptions {
  readonly dryRun?: true;
  readonly mode: string;
  readonly effectiveOn?: string;
  readonly key?: string;
  readonly xlsx?: true;
  readonly output?: string;
}

/** `ledger import`: XLSX and CSV files. */
export function addImportCommand(program: Command): void {
  const command = program
    .command('import')
    .description('批量导入: from an XLSX or CSV file; the same file again changes nothing')
    .argument('<kind>', IMPORT_KINDS.join(', '))
    .argument('<file>', 'XLSX, or CSV in UTF-8 or GBK')
    .option('--dry-run', '试运行: decides every row and writes nothing')
    .addOption(new Option('--mode <mode>', 'what happens when some rows are wrong').choices([...IMPORT_MODES]).default('all-or-nothing'))
    .option('--effective-on <date>', '生效日期, today when left out')
    .option('--key <key>', 'idempotency key: use the same one to retry');
  command.action(async (kind: string, file: string) => {
    const options = command.optsWithGlobals<ImportOptions>();
    const content = readFileSync(file);
    const format: SheetFormat = content.subarray(0, 2).toString('latin1') === 'PK' || /\.xlsx?$/i.test(file) ? 'xlsx' : 'csv';
    await withDoor(options, false, async (door, token) => {
      const { mode, dryRun, effectiveOn, key } = options;
      const query = new URLSearchParams({ mode, ...(dryRun && { dryRun: 'true' }), ...(effectiveOn !== undefined && { effectiveOn }) });
      const answer = await door.call({
        method: 'POST',
        path: `/v1/imports/${encodeURIComponent(kind)}?${query.toString()}`,
        file: { contentType: SHEET_TYPES[format], content },
        token,
        ...(key !== undefined && { idempotencyKey: key }),
      });
      finish(await followed(door, token, reportIn(answer), options.json === true), options.json === true);
    });
  });

  const template = command
    .command('template <kind>')
    .description('导入模板: an empty table to fill in, with one row as an example')
    .option('--xlsx', 'a workbook; CSV when left out')
    .option('--output <path>', 'where to write it; a CSV is printed when left out');
  template.action(async (kind: string) => {
    const options = template.optsWithGlobals<ImportOptions>();
    if (options.xlsx === true && options.output === undefined)
      throw invalidField('--output', 'required', 'name the file to write the workbook to');
    await withDoor(options, false, async (door, token) => {
      const path = `/v1/imports/templates/${encodeURIComponent(kind)}?format=${options.xlsx === true ? 'xlsx' : 'csv'}`;
      const { status, content } = await door.call({ method: 'GET', path, token });
      if (status >= 400) throw new Refused(problemIn(content, status));
      if (options.output === undefined) {
        process.stdout.write(content);
        return;
      }
      writeFileSync(options.output, content);
      if (options.json === true) printJson({ output: options.output, bytes: content.length });
      else print(`${options.output}: ${content.length} bytes`);
    });
  });
}

function reportIn({ status, content }: Answer): ImportReport {
  if (status >= 400) throw new Refused(problemIn(content, status));
  return JSON.parse(content.toString('utf8')) as ImportReport;
}

/** Asks until it is over, with a bar where somebody watches. */
async function followed(door: Door, token: string, first: ImportReport, json: boolean): Promise<ImportReport> {
  const bar =
    process.stderr.isTTY && !json ? new SingleBar({ format: '{stage} [{bar}] {value}/{total}', stream: process.stderr }) : undefined;
  bar?.start(first.counts.rows, 0, { stage: STAGES.waiting });
  try {
    for (let [report, misses] = [first, 0]; ;) {
      const { stage, done, total } = report.progress;
      bar?.setTotal(total ?? Math.max(done, report.counts.rows));
      bar?.update(done, { stage: STAGES[stage] });
      if (report.state === 'finished' || report.state === 'failed') return report;
      await sleep(POLL_MS);
      try {
        report = reportIn(await door.call({ method: 'GET', path: `/v1/imports/${report.id}`, token }));
        misses = 0;
      } catch (error) {
        if (!isAway(error) || (misses += 1) > MOST_MISSES) throw error;
      }
    }
  } finally {
    bar?.stop();
  }
}

/** Nobody answers just now, or a balancer does in place of whoever is not there; the import itself goes on. */
function isAway(error: unknown): boolean {
  if (error instanceof Refused) return error.problem.status >= 502;
  return error instanceof Problem && error.code === 'server-unreachable';
}

function finish(report: ImportReport, json: boolean): void {
  const { state, counts, errors, errorCount } = report;
  if (json) printJson(report);
  else {
    if (errorCount > 0) {
      const shown = errors.slice(0, SHOWN_ERRORS);
      print(
        tableOf(
          ['行', '列', '代码', '说明'],
          shown.map(({ row, column, code, message }) => [row === 0 ? '' : row, column ?? '', code, message]),
        ),
      );
      if (errorCount > shown.length) note(`共 ${errorCount} 处错误，列出前 ${shown.length} 处`);
    }
    print(
      `${report.note}（共 ${counts.rows} 行：变更 ${counts.changing}，未变 ${counts.unchanged}，有误 ${counts.rejected}，已写入 ${counts.written}）`,
    );
  }
  // Where nothing is wrong with the file, whoever worked on it has stopped.
  if (state === 'failed') process.exitCode = counts.rows === 0 && errorCount > 0 ? EXIT.usage : EXIT.unavailable;
  else process.exitCode = errorCount > 0 ? EXIT.no : EXIT.done;
}

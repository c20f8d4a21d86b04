import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import {
  CHANGE_FORMS,
  type Difference,
  type Otherwise,
  type Outlook,
  type OutlookSummary,
  type OutlookTotal,
  type RecomputeSummary,
  type WhatIfSummary,
} from '@app/audit';
import { FORECAST_TOTALS_VIEW, FORECAST_VIEW, RECOMPUTATION_VIEW, WHAT_IF_VIEW } from './audit-views.js';
import { readLong } from './long-answer.js';
import { EXIT } from './output.js';
import { addFileOptions, addReadOptions, asksForMore, type ReadOptions, readMore } from './read-options.js';
import { textOf } from './route-command.js';
import { type GlobalOptions, withDoor } from './session.js';

interface RecomputeOptions extends ReadOptions {
  readonly since?: string;
  readonly pack?: string;
  readonly facts?: string;
  readonly from?: string;
}

interface WhatIfOptions extends GlobalOptions, Pick<ReadOptions, 'format' | 'output'> {
  readonly pack?: string;
  readonly set?: readonly string[];
  readonly packFile?: string;
  readonly sourceFile?: string;
}

interface ForecastOptions extends ReadOptions {
  readonly on?: string;
  readonly totals?: boolean;
}

/** Questions about the whole history, answered while they are worked out: `ledger audit recompute`, `audit what-if`, `forecast`. */
export function addAuditCommands(program: Command): void {
  const audit = program.commands.find((command) => command.name() === 'audit') ?? program.command('audit').description('监督检查');

  const recompute = audit
    .command('recompute')
    .description('复算: computes every award again and names those that come out otherwise; 1 when there are any')
    .option('--since <point>', '只看此后有变动的奖补: a position, or a day')
    .option('--pack <text>', '政策包')
    .addOption(
      new Option('--facts <which>', 'stored: as each assessment had them (default); current: as the dossiers know them today').choices([
        'stored',
        'current',
      ]),
    )
    .addOption(
      new Option('--from <source>', 'ledger: reads every event anew instead of the records of awards').choices(['records', 'ledger']),
    );
  addReadOptions(recompute);
  recompute.action(async () => {
    const options = recompute.optsWithGlobals<RecomputeOptions>();
    const { since, pack, facts, from, asOf } = options;
    await withDoor(options, false, async (door, token) => {
      const call = { method: 'GET' as const, path: `/v1/audit/recomputation${queryOf({ since, pack, facts, from, asOf })}`, token };
      // Its list is of what comes out otherwise, and of nothing else.
      const differing = asksForMore(options)
        ? (await readMore(door, call, options))?.isEmpty === false
        : ((await readLong<Difference, RecomputeSummary>(door, call, options.json === true, RECOMPUTATION_VIEW))?.differing ?? 0) > 0;
      if (differing) process.exitCode = EXIT.no;
    });
  });

  const whatIf = audit
    .command('what-if')
    .description('假设测算: replays every award under a changed policy; writes nothing')
    .option('--pack <text>', '政策包 that --set changes')
    .option('--set <change...>', `改动: ${CHANGE_FORMS.join(', ')}`)
    .option('--pack-file <path>', 'the whole changed text, as a YAML pack, instead of --set')
    .option('--source-file <path>', 'the source document its quotes are checked against');
  addFileOptions(whatIf);
  whatIf.action(async () => {
    const options = whatIf.optsWithGlobals<WhatIfOptions>();
    const { pack, set, packFile, sourceFile } = options;
    const body = {
      ...(pack !== undefined && { pack }),
      ...(set !== undefined && { set }),
      ...(packFile !== undefined && { text: textOf(readFileSync(packFile)), file: basename(packFile) }),
      ...(sourceFile !== undefined && { source: textOf(readFileSync(sourceFile)) }),
    };
    await withDoor(options, false, async (door, token) => {
      const call = { method: 'POST' as const, path: '/v1/audit/what-if', body, token };
      if (asksForMore(options)) await readMore(door, call, options);
      else await readLong<Otherwise, WhatIfSummary>(door, call, options.json === true, WHAT_IF_VIEW);
    });
  });

  const forecast = program
    .command('forecast')
    .description('支出预测: what granted awards still have to be paid, by quarter and budget line')
    .option('--on <date>', '业务日期: today, when left out, or later')
    .option('--totals', '汇总: sums by budget line and quarter, instead of the instalments');
  addReadOptions(forecast);
  forecast.action(async () => {
    const options = forecast.optsWithGlobals<ForecastOptions>();
    const { on, asOf, totals = false, json = false } = options;
    await withDoor(options, false, async (door, token) => {
      const path = `/v1/audit/forecast${totals ? '/totals' : ''}${queryOf({ on, asOf })}`;
      const call = { method: 'GET' as const, path, token };
      if (asksForMore(options)) await readMore(door, call, options);
      else if (totals) await readLong<OutlookTotal, OutlookSummary>(door, call, json, FORECAST_TOTALS_VIEW);
      else await readLong<Outlook, OutlookSummary>(door, call, json, FORECAST_VIEW);
    });
  });
}

function queryOf(asked: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

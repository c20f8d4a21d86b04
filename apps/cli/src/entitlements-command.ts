import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import type { Entitlement, EntitlementPage } from '@app/awards';
import { Money } from '@app/kernel';
import { ask, type Door } from './door.js';
import { note, print, tableOf } from './output.js';
import { AS_OF_HELP } from './read-options.js';
import { type GlobalOptions, withDoor } from './session.js';

interface EntitlementOptions extends GlobalOptions {
  readonly pack: string;
  readonly clause?: string;
  readonly on?: string;
  readonly near?: true;
  readonly maxMissing?: string;
  readonly simulate?: true;
  readonly asOf?: string;
}

/** Enterprises a request looks at. */
const PAGE = 500;
const KINDS: Readonly<Record<Entitlement['kind'], string>> = { entitled: '可享', near: '接近', 'black-listed': '失信，不予' };

/** 免申即享: goes through every dossier, a page of enterprises at a time. */
export function addEntitlementsCommand(program: Command): void {
  const command = program
    .command('entitlements')
    .description('免申即享: who is entitled to what and has no award for it; with --json one line each')
    .requiredOption('--pack <text>', '政策包')
    .option('--clause <text>', '条款; every paying clause when left out')
    .option('--on <date>', '业务日期, today when left out')
    .option('--near', '含接近符合: one condition fails, few facts are missing, or facts are not verified')
    .option('--max-missing <number>', 'how many missing facts still count as near, 2 when left out')
    .option('--simulate', 'computes drafts too')
    .option('--as-of <point>', AS_OF_HELP);
  command.action(async () => {
    const options = command.optsWithGlobals<EntitlementOptions>();
    await withDoor(options, false, (door, token) => showAll(door, token, options));
  });
}

async function showAll(door: Door, token: string, options: EntitlementOptions): Promise<void> {
  const bar = process.stderr.isTTY ? new SingleBar({ format: 'enterprises {value}/{total}', stream: process.stderr }) : undefined;
  const counts = new Map<string, number>();
  let seen = 0;
  bar?.start(0, 0);
  try {
    for await (const { items, progress } of pages(door, token, options)) {
      bar?.setTotal(progress.total);
      bar?.update(progress.seen);
      seen = progress.seen;
      for (const { kind } of items) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      await showPage(items, options);
    }
  } finally {
    bar?.stop();
  }
  const found = Object.entries(KINDS).flatMap(([kind, title]) => (counts.has(kind) ? [`${title}${counts.get(kind)}项`] : []));
  note(`已查${seen}家企业：${found.length === 0 ? '没有符合的' : found.join('，')}`);
}

async function* pages(door: Door, token: string, options: EntitlementOptions): AsyncGenerator<EntitlementPage> {
  const { pack, clause, on, near, maxMissing, simulate, asOf } = options;
  const asked = { pack, clause, on, near, maxMissing, simulate, asOf, limit: PAGE };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, String(value));
  for (;;) {
    const page = await ask<EntitlementPage>(door, { method: 'GET', path: `/v1/entitlements?${query.toString()}`, token });
    yield page;
    if (page.next === undefined) return;
    query.set('after', page.next);
  }
}

/** Shown as it comes: nothing of a long list is kept. */
async function showPage(items: readonly Entitlement[], { json }: EntitlementOptions): Promise<void> {
  if (json !== true) {
    if (items.length > 0) print(tableOf(['信用代码', '企业', '条款', '事项', '结果', '金额', '说明'], items.map(cellsOf)));
    return;
  }
  for (const item of items) {
    if (!process.stdout.write(`${JSON.stringify(item)}\n`)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}

function cellsOf(item: Entitlement): readonly string[] {
  const { creditCode, name, clause, title, occasion, kind, amount, ceiling, simulated } = item;
  const sum =
    amount !== undefined ? Money.parse(amount).toChinese() : ceiling !== undefined ? `最高${Money.parse(ceiling).toChinese()}` : '';
  const said = `${simulated === true ? '模拟：' : ''}${KINDS[kind]}`;
  return [creditCode, name, `${clause} ${title}`, occasion === 'once' ? '' : occasion, said, sum, remarkOf(item)];
}

function remarkOf({ failed = [], missing = [], unverified = [], waivable, listing, listedUntil }: Entitlement): string {
  const said = (heading: string, named: readonly { readonly label: string }[]) =>
    named.length === 0 ? [] : [`${heading}：${named.map(({ label }) => label).join('、')}`];
  return [
    ...said(waivable === true ? '未满足（可豁免）' : '未满足', failed),
    ...said('缺少', missing),
    ...said('待核实', unverified),
    ...(listing === undefined ? [] : [`${listing}，至${listedUntil}前`]),
  ].join('；');
}

import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { officeTime } from '@app/kernel';
import { goesOn, type SubscriberStatus, type Verification } from '@app/projections';
import { ask, type Door } from './door.js';
import { EXIT, note, print, printJson, tableOf } from './output.js';
import { type GlobalOptions, withDoor } from './session.js';
import { SUBSCRIBER_STATE } from './terms.js';

const POLL_MS = 200;
/** How long a resumed one is watched. */
const RESUMED_MS = 10_000;
const RESULT = { running: '核对中', equal: '一致', different: '不一致', failed: '未能核对' } as const;
const BESIDE = { rebuild: '重建', verification: '核对' } as const;

/** `ledger projections`: the read models and process managers, and the work operators do on them. */
export function addProjectionsCommand(program: Command): void {
  const projections = program.command('projections').description('读模型: rebuild, verify, resume');
  const onNames = (
    words: string,
    help: string,
    work: (names: readonly string[], door: Door, token: string, json: boolean) => Promise<void>,
  ) => {
    const command = projections.command(words).description(help);
    command.action(async (given: unknown) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const names = Array.isArray(given) ? (given as string[]) : typeof given === 'string' ? [given] : [];
      await withDoor(options, false, (door, token) => work(names, door, token, options.json === true));
    });
  };

  onNames('list', '运行状态: 1 when something has stopped or cannot go on just now', async (_names, door, token, json) => {
    const statuses = await ask<readonly SubscriberStatus[]>(door, { method: 'GET', path: '/v1/subscribers', token });
    show(statuses, json);
    if (!statuses.every(goesOn)) process.exitCode = EXIT.no;
  });

  onNames('resume <name>', '恢复: goes on from the event it stopped at; 1 when it stops again', async ([name = ''], door, token, json) => {
    const begun = await post<readonly SubscriberStatus[]>(door, token, `${encodeURIComponent(name)}/resume`, {});
    const statuses = await resumed(begun, name, door, token);
    show(statuses, json);
    if (statuses.some((status) => status.name === name && !goesOn(status))) process.exitCode = EXIT.no;
  });

  onNames('rebuild [names...]', '重建: builds anew beside what is in use, then swaps; waits for it', async (names, door, token, json) => {
    const asked = new Set(names.length > 0 ? names : await allNames(door, token));
    await post<readonly SubscriberStatus[]>(door, token, 'rebuild', { names: [...asked] });
    const statuses = await followed(door, token, asked, json);
    show(statuses, json);
    if (statuses.some((status) => !goesOn(status) || status.beside?.error !== undefined)) process.exitCode = EXIT.no;
  });

  onNames(
    'verify [names...]',
    '核对: compares every row, former ones too, with read models built anew; 1 when any differs or has stopped',
    async (names, door, token, json) => {
      const asked = new Set(names.length > 0 ? names : await allNames(door, token));
      const begun = await post<readonly Verification[]>(door, token, 'verify', { names: [...asked] });
      await followed(door, token, asked, json);
      const ofAsked = (results: readonly Verification[]) => results.filter(({ name }) => asked.has(name));
      let verified = ofAsked(begun);
      // What is built has ended; comparing the last of it may still take a while.
      while (verified.some(({ state }) => state === 'running')) {
        verified = ofAsked(await ask<readonly Verification[]>(door, { method: 'GET', path: '/v1/subscribers/verifications', token }));
        if (verified.some(({ state }) => state === 'running')) await sleep(POLL_MS);
      }
      showVerified(verified, json);
      if (verified.some(({ state }) => state === 'failed')) process.exitCode = EXIT.unavailable;
      if (verified.some(({ state }) => state === 'different')) process.exitCode = EXIT.no;
      // Rows that agree as far as they go are no answer to what the ledger holds beyond them.
      const statuses = await ask<readonly SubscriberStatus[]>(door, { method: 'GET', path: '/v1/subscribers', token });
      const stopped = statuses.filter((status) => asked.has(status.name) && !goesOn(status));
      for (const { name, state, position, error = '' } of stopped)
        note(`${name}: ${SUBSCRIBER_STATE[state]}，位于账本位置 ${position}，其后未核对：${error}`);
      if (stopped.length > 0) process.exitCode = EXIT.no;
    },
  );
}

async function allNames(door: Door, token: string): Promise<readonly string[]> {
  const statuses = await ask<readonly SubscriberStatus[]>(door, { method: 'GET', path: '/v1/subscribers', token });
  return statuses.filter(({ kind }) => kind === 'projection').map(({ name }) => name);
}

async function post<Result>(door: Door, token: string, path: string, body: unknown): Promise<Result> {
  return ask<Result>(door, { method: 'POST', path: `/v1/subscribers/${path}`, body, token });
}

/** Waits until what was resumed has seen what the others have, or has stopped again; a long way takes it on by itself. */
async function resumed(begun: readonly SubscriberStatus[], name: string, door: Door, token: string): Promise<readonly SubscriberStatus[]> {
  const furthest = Math.max(...begun.map(({ position }) => position));
  const deadline = Date.now() + RESUMED_MS;
  for (let statuses = begun; ;) {
    const own = statuses.find((status) => status.name === name);
    if (own === undefined || own.state === 'stopped' || own.position >= furthest || Date.now() >= deadline) return statuses;
    await sleep(POLL_MS);
    statuses = await ask<readonly SubscriberStatus[]>(door, { method: 'GET', path: '/v1/subscribers', token });
  }
}

/** Waits until nothing is being built beside the named projections, with a bar where somebody watches. */
async function followed(door: Door, token: string, names: ReadonlySet<string>, json: boolean): Promise<readonly SubscriberStatus[]> {
  const bar = process.stderr.isTTY && !json ? new SingleBar({ format: '[{bar}] {value}/{total}', stream: process.stderr }) : undefined;
  bar?.start(1, 0);
  try {
    for (;;) {
      const all = await ask<readonly SubscriberStatus[]>(door, { method: 'GET', path: '/v1/subscribers', token });
      const statuses = all.filter(({ name }) => names.has(name));
      const beside = statuses.flatMap((status) => status.beside ?? []);
      bar?.setTotal(Math.max(1, ...all.map(({ position }) => position)));
      bar?.update(Math.min(...beside.map(({ position }) => position), Number.MAX_SAFE_INTEGER));
      if (beside.every(({ error }) => error !== undefined)) return statuses;
      await sleep(POLL_MS);
    }
  } finally {
    bar?.stop();
  }
}

function show(statuses: readonly SubscriberStatus[], json: boolean): void {
  if (json) return printJson(statuses);
  // Where one process alone can run them, its name tells nobody anything.
  const areShared = statuses.some(({ runBy }) => runBy !== undefined);
  print(
    tableOf(
      ['名称', '类别', '状态', '账本位置', ...(areShared ? ['运行进程'] : []), '说明'],
      statuses.map(({ name, kind, state, position, runBy = '无', error, beside }) => [
        name,
        kind === 'projection' ? '读模型' : '流程',
        SUBSCRIBER_STATE[state],
        position,
        ...(areShared ? [runBy] : []),
        error ??
          (beside === undefined
            ? ''
            : `${BESIDE[beside.purpose]}至 ${beside.position}${beside.error === undefined ? '' : `，停止：${beside.error}`}`),
      ]),
    ),
  );
}

function showVerified(results: readonly Verification[], json: boolean): void {
  if (json) return printJson(results);
  print(
    tableOf(
      ['读模型', '结果', '账本位置', '行数', '不一致', '时间'],
      results.map(({ name, state, position = '', rows = '', different = '', at }) => [
        name,
        RESULT[state],
        position,
        rows,
        different,
        officeTime(new Date(at)),
      ]),
    ),
  );
  for (const { name, differences = [], error } of results) {
    for (const { table, detail } of differences) note(`${table} ${detail}`);
    if (error !== undefined) note(`${name}: ${error}`);
  }
}

import type { Command } from 'commander';
import {
  administratorSettings,
  copyLedger,
  type CopyPhase,
  type EsdbAddress,
  esdbAdapter,
  type LedgerSummary,
  requireWhole,
  storeSettings,
  summaryOf,
} from '@app/event-store';
import { invalidField, Problem } from '@app/kernel';
import { prepareReportingRole, readModelSettings, REPORTING_ROLE, shownReadModels } from '@app/projections';
import { DataFolder } from '../../api/src/data-folder.js';
import { readEnvironment } from '../../api/src/operations/settings.js';
import { EXIT, note, print, printJson, tableOf } from './output.js';
import { isDataFolder, openSource, openTarget, PLACE_HELP } from './places.js';
import { showProgress } from './progress.js';
import type { GlobalOptions } from './session.js';
import { STORE_FINDINGS, termOf } from './terms.js';

/** The groups of users where none are named. */
const ROLES = { service: 'ledger', projector: 'ledger-readers' };

/** `ledger store`: care for the EventStoreDB node that `LEDGER_ESDB_URL` names. The address is never an argument: others could see it. */
export function addStoreCommand(program: Command): void {
  const store = program
    .command('store')
    .description('事件库: prepares and examines the EventStoreDB node named by LEDGER_ESDB_URL; moves ledgers between stores');

  const setup = store
    .command('setup')
    .description('准备事件库: sets its rights, as the administrator of the node in LEDGER_ESDB_ADMIN_URL')
    .option('--role <group>', 'the group of users the ledger writes as', ROLES.service)
    .option('--reader-role <group>', 'the group of users that only follow the ledger', ROLES.projector);
  setup.action(async () => {
    const { role, readerRole, json } = setup.optsWithGlobals<GlobalOptions & { role: string; readerRole: string }>();
    const preparation = await (await esdbAdapter()).prepareStore(addressed().administrator, { service: role, projector: readerRole });
    if (json === true) printJson(preparation);
    else if (preparation.changed.length === 0) print(`${preparation.server}: 权限已就绪，无需更改`);
    else print(`${preparation.server}: 已写入权限设置（${preparation.changed.join('、')}）`);
  });

  const doctor = store
    .command('doctor')
    .description(
      '检查事件库: reports, as the administrator in LEDGER_ESDB_ADMIN_URL, what could hide, destroy or forge events; exit code 1 when it finds something',
    )
    .option('--role <group>', 'as given to setup; with it or the next, others that may write or read are reported too')
    .option('--reader-role <group>', 'as given to setup');
  doctor.action(async () => {
    const { role, readerRole, json } = doctor.optsWithGlobals<GlobalOptions & { role?: string; readerRole?: string }>();
    const { ledger, administrator } = addressed();
    const isTold = role !== undefined || readerRole !== undefined;
    const roles = isTold ? { service: role ?? ROLES.service, projector: readerRole ?? ROLES.projector } : undefined;
    const examination = await (await esdbAdapter()).examineStore(administrator, { ledger, roles });
    const { server, nodes, findings } = examination;
    if (json === true) printJson(examination);
    else {
      note(server);
      for (const { node, version, clockAheadMs } of nodes) {
        const clock = clockAheadMs === null ? '时钟未知' : `时钟差 ${Math.round(clockAheadMs / 1_000)} 秒`;
        note(version === null ? `${node}: 连不上` : `${node}: 版本 ${version}，${clock}`);
      }
      if (findings.length === 0) print('未发现问题');
      else
        print(
          tableOf(
            ['问题', '代码', '事件流', '说明'],
            findings.map(({ code, stream, detail }) => [termOf(STORE_FINDINGS, code), code, stream ?? '', detail]),
          ),
        );
    }
    if (findings.length > 0) process.exitCode = EXIT.no;
  });

  addReporting(store);

  const copy = store
    .command('copy')
    .description('迁移账本: copies a ledger to another store and proves that both hold the same; broken off, it goes on when run again')
    .requiredOption('--from <place>', PLACE_HELP)
    .requiredOption('--to <place>', 'an empty place, or one where an earlier copy of the same ledger was broken off')
    .option('--until <position>', 'where it ends: a position, or now; needed where the source is being written')
    .option('--retire-source', 'once proved, no server starts any more on the data folder it came from: for a move, not for a trial');
  copy.action(async () => {
    const options = copy.optsWithGlobals<GlobalOptions & { from: string; to: string; until?: string; retireSource?: true }>();
    const { from, to, until: words, retireSource: retires = false, json } = options;
    if (words !== undefined && !/^(now|[1-9]\d{0,14})$/.test(words)) throw invalidField('until', 'position', 'must be a position or now');
    if (retires && (words !== undefined || !isDataFolder(from)))
      throw invalidField('retire-source', 'whole-folder', 'is for a data folder that is copied whole, without --until');
    process.umask(0o077);
    const progress = showProgress();
    const source = await openSource(from, words === undefined);
    try {
      const target = await openTarget(to, from);
      try {
        const until = words === undefined ? undefined : words === 'now' ? await source.head() : Number(words);
        if (until !== undefined) note(`复制至账本位置 ${until}`);
        const onProgress = (phase: CopyPhase, position: number, end: number) => progress(PHASES[phase], position, end);
        const copied = await copyLedger(source, target, { until, onProgress });
        progress.stop();
        if (retires) new DataFolder(from).retire(target.name, copied.head);
        if (json === true) printJson({ from: source.name, to: target.name, ...copied });
        else print(`${copied.wasComplete ? '两边已是同一账本' : '迁移完成，两边是同一账本'}：${wordsOf(copied)}`);
      } finally {
        await target.close();
      }
    } finally {
      progress.stop();
      await source.close();
    }
  });

  const digest = store
    .command('digest <place>')
    .description('账本摘要: how many events a ledger holds, to which position, and the digest over all of them');
  digest.action(async (place: string) => {
    const { json } = digest.optsWithGlobals<GlobalOptions>();
    const source = await openSource(place, false);
    const progress = showProgress();
    try {
      await requireWhole(source);
      const head = await source.head();
      const summary = await summaryOf(source.read(), (position) => progress('读取', position, Math.max(head, position)));
      progress.stop();
      if (json === true) printJson({ place: source.name, ...summary });
      else print(wordsOf(summary));
    } finally {
      progress.stop();
      await source.close();
    }
  });
}

const PHASES = { copy: '复制', proof: '核对' } as const;

const wordsOf = ({ events, head, digest }: LedgerSummary) => `${events} 个事件，账本位置至 ${head}，摘要 ${digest}`;

/** The role for reporting tools in the PostgreSQL that `LEDGER_READ_MODELS_URL` names. */
function addReporting(store: Command): void {
  const reporting = store
    .command('reporting')
    .description(
      '报表角色: lets reporting tools read the views of schema reporting, and nothing else; needs a user that may create roles, unless ledger_reporting is there',
    );
  reporting.action(async () => {
    const settings = readModelSettings(readEnvironment());
    if (settings === undefined)
      throw new Problem('invalid', 'setting', 'read models in a file have no roles; name a PostgreSQL in LEDGER_READ_MODELS_URL');
    await prepareReportingRole(settings);
    const { json } = reporting.optsWithGlobals<GlobalOptions>();
    const done = { server: shownReadModels(settings), role: REPORTING_ROLE };
    if (json === true) printJson(done);
    else print(`${done.server}: 角色 ${done.role} 已就绪；用 GRANT ${done.role} TO <用户> 授予报表工具的用户`);
  });
}

/** How the ledger reaches its store, and how its administrator does: the same where only one address is given. */
function addressed(): { readonly ledger: EsdbAddress; readonly administrator: EsdbAddress } {
  const environment = readEnvironment();
  const ledger = storeSettings(environment);
  if (ledger === undefined)
    throw new Problem('invalid', 'store-address', 'the embedded ledger needs no care; name an EventStoreDB node in LEDGER_ESDB_URL');
  return { ledger, administrator: administratorSettings(environment) ?? ledger };
}

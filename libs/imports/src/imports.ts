import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { FACT_VOCABULARY, type FactVocabulary } from '@app/enterprises';
import { type Actor, forbidden, notFound, Problem } from '@app/kernel';
import { Decisions } from './decisions.js';
import { IMPORT_KINDS, type ImportKind, type ImportKindName } from './import-kind.js';
import { type ImportReport, Report } from './import-report.js';
import { certificateImport } from './kinds/certificates.js';
import { enterpriseImport } from './kinds/enterprises.js';
import { factImport } from './kinds/facts.js';
import { actualImport, baselineImport, planImport } from './kinds/targets.js';
import { tierImport } from './kinds/tiers.js';
import { KeptReports } from './kept-reports.js';
import { type ImportOrder, runImport } from './run-import.js';

/** Files waiting for their turn, each on disk. */
const MAX_WAITING = 10;

export interface Upload extends Omit<ImportOrder, 'kind' | 'decide'> {
  readonly kind: ImportKindName;
  readonly bytes: number;
  readonly content: string;
}

/**
 * Imports, one after the other in the background of the process that has read their files. They are no part of the ledger:
 * they end with their process, and what one has not finished is finished by the same file again.
 */
@Injectable()
export class Imports implements BeforeApplicationShutdown {
  private readonly logger = new Logger('imports');
  private readonly kinds: ReadonlyMap<string, ImportKind>;
  private readonly stopping = new AbortController();
  private waiting = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly decisions: Decisions,
    private readonly reports: KeptReports,
    @Inject(FACT_VOCABULARY) vocabulary: FactVocabulary,
  ) {
    const all = [
      enterpriseImport,
      factImport(vocabulary),
      certificateImport,
      tierImport,
      actualImport,
      planImport,
      baselineImport,
    ] as unknown as readonly ImportKind[];
    this.kinds = new Map(all.map((kind) => [kind.name, kind]));
  }

  /** @throws Problem `import-kind-unknown`; `role-required` for who may not bring it in. */
  require(name: string, { roles }: Actor): ImportKind {
    const kind = this.kind(name);
    if (!kind.roles.some((role) => roles.includes(role)))
      throw forbidden('role-required', `this needs the role ${kind.roles.join(' or ')}`);
    return kind;
  }

  /** @throws Problem `import-kind-unknown`. */
  kind(name: string): ImportKind {
    const kind = this.kinds.get(name);
    if (kind === undefined) throw notFound('import-kind-unknown', `there is no import of ${name}; there are ${IMPORT_KINDS.join(', ')}`);
    return kind;
  }

  /** A file nobody else can see and that is gone with this process. @throws Problem `too-many-imports`. */
  async room(): Promise<FileHandle> {
    if (this.waiting >= MAX_WAITING)
      throw new Problem('unavailable', 'too-many-imports', `${this.waiting} imports are waiting; try again later`);
    const folder = await mkdtemp(join(tmpdir(), 'ledger-imports-'));
    try {
      return await open(join(folder, 'upload'), 'wx+', 0o600);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /**
   * Takes its turn after the others, unless the same key has asked for it before: then that one is answered. The file is
   * closed when it is done with.
   * @throws Problem `idempotency-key-reused` for another file or other settings under that key.
   */
  async start({ kind: name, bytes, content, ...order }: Upload): Promise<ImportReport> {
    const { context, mode, dryRun, file } = order;
    const report = new Report({ id: context.commandId, kind: name, mode, dryRun, uploadedBy: context.actor.id, bytes });
    const run = randomUUID();
    const before = await this.reports.begin(run, report, content);
    if (before !== undefined) {
      await file.close();
      return before;
    }
    const decide: ImportOrder['decide'] = (batch, entries) => this.decisions.decide(batch, entries);
    const { signal: stopping } = this.stopping;
    const { last } = this;
    const work = (givenUp: AbortSignal) =>
      this.inTurn(last, { ...order, kind: this.kind(name), decide }, report, AbortSignal.any([stopping, givenUp]));
    this.last = this.reports.follow(run, report, work, stopping).catch((error: unknown) => this.log(error));
    return report.view();
  }

  private async inTurn(last: Promise<void>, order: ImportOrder, report: Report, signal: AbortSignal): Promise<void> {
    this.waiting += 1;
    await last;
    this.waiting -= 1;
    try {
      await runImport(order, report, signal);
    } catch (error) {
      this.log(error);
      report.finish('failed', '系统内部错误，已记录。重新导入同一文件即可继续');
    } finally {
      await order.file.close().catch((error: unknown) => this.log(error));
    }
  }

  /** Before the store closes: what is under way stops between two commands. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.last;
  }

  private log(error: unknown): void {
    this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

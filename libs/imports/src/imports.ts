import { mkdtemp, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { FACT_VOCABULARY, type FactVocabulary } from '@app/enterprises';
import { type Actor, forbidden, notFound, Problem, refused } from '@app/kernel';
import { Decisions } from './decisions.js';
import { IMPORT_KINDS, type ImportKind, type ImportKindName } from './import-kind.js';
import { type ImportReport, Report } from './import-report.js';
import { certificateImport } from './kinds/certificates.js';
import { enterpriseImport } from './kinds/enterprises.js';
import { factImport } from './kinds/facts.js';
import { actualImport, baselineImport, planImport } from './kinds/targets.js';
import { tierImport } from './kinds/tiers.js';
import { type ImportOrder, runImport } from './run-import.js';

/** Files waiting for their turn, each on disk. */
const MAX_WAITING = 10;
/** Reports kept for asking; the oldest finished one goes first. */
const MAX_KEPT = 100;

interface Kept {
  readonly report: Report;
  readonly actor: string;
  /** SHA-256 of the file with what was asked. */
  readonly content: string;
}

export interface Upload extends Omit<ImportOrder, 'kind' | 'decide'> {
  readonly kind: ImportKindName;
  readonly bytes: number;
  readonly content: string;
}

/**
 * Imports, one after the other in the background. They are no part of the ledger: a restart forgets them, and what one
 * has not finished is finished by the same file again.
 */
@Injectable()
export class Imports implements BeforeApplicationShutdown {
  private readonly logger = new Logger('imports');
  private readonly kinds: ReadonlyMap<string, ImportKind>;
  private readonly kept = new Map<string, Kept>();
  private readonly stopping = new AbortController();
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly decisions: Decisions,
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

  /**
   * The import the same key asked for before.
   * @throws Problem `idempotency-key-reused` for another file or other settings under that key.
   */
  known(id: string, content: string): ImportReport | undefined {
    const before = this.kept.get(id);
    if (before === undefined) return undefined;
    if (before.content !== content) throw refused('idempotency-key-reused', 'this idempotency key was used for another import');
    return before.report.view();
  }

  /** A file nobody else can see and that is gone with this process. @throws Problem `too-many-imports`. */
  async room(): Promise<FileHandle> {
    const waiting = [...this.kept.values()].filter(({ report }) => report.state === 'waiting').length;
    if (waiting >= MAX_WAITING) throw new Problem('unavailable', 'too-many-imports', `${waiting} imports are waiting; try again later`);
    const folder = await mkdtemp(join(tmpdir(), 'ledger-imports-'));
    try {
      return await open(join(folder, 'upload'), 'wx+', 0o600);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Takes its turn after the others. The file is closed when it is done with. */
  start({ kind: name, bytes, content, ...order }: Upload): ImportReport {
    const { context, mode, dryRun, file } = order;
    const id = context.commandId;
    const report = new Report({ id, kind: name, mode, dryRun, uploadedBy: context.actor.id, bytes });
    const kind = this.kind(name);
    this.forget();
    this.kept.set(id, { report, actor: context.actor.id, content });
    this.last = this.last.then(async () => {
      try {
        const decide: ImportOrder['decide'] = (batch, entries) => this.decisions.decide(batch, entries);
        await runImport({ ...order, kind, decide }, report, this.stopping.signal);
      } catch (error) {
        this.logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
        report.finish('failed', '系统内部错误，已记录。重新导入同一文件即可继续');
      } finally {
        await file.close();
      }
    });
    return report.view();
  }

  /** For who brought it in, auditors and administrators; for everybody else it does not exist. @throws Problem `import-not-found`. */
  find(id: string, actor: Actor): ImportReport {
    const found = this.kept.get(id);
    if (found === undefined || !maySee(actor, found))
      throw notFound(
        'import-not-found',
        'there is no such import here; after a restart unfinished ones are gone: send the same file again',
      );
    return found.report.view();
  }

  /** The latest first, without their errors. */
  list(actor: Actor): readonly Omit<ImportReport, 'errors'>[] {
    return [...this.kept.values()]
      .filter((one) => maySee(actor, one))
      .reverse()
      .map(({ report }) => {
        const { errors: _listed, ...head } = report.view();
        return head;
      });
  }

  /** Before the store closes: what is under way stops between two commands. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.last;
  }

  private forget(): void {
    for (const [id, { report }] of this.kept) {
      if (this.kept.size < MAX_KEPT) return;
      if (report.state === 'finished' || report.state === 'failed') this.kept.delete(id);
    }
  }
}

function maySee({ id, roles }: Actor, { actor }: Kept): boolean {
  return id === actor || roles.includes('auditor') || roles.includes('administrator');
}

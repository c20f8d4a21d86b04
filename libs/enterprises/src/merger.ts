import { Inject, Injectable } from '@nestjs/common';
import { Executor, type RecordedEvent } from '@app/event-store';
import { type CreditCode, creditCode } from '@app/kernel';
import { type ProcessManager, reactionContext } from '@app/projections';
import { type AbsorbEnterprise, enterpriseDecider } from './decide.js';
import { Dossiers } from './dossiers.js';
import { creditCodeOfStream, enterpriseStream } from './enterprise.js';
import { FACT_VOCABULARY, type FactVocabulary } from './vocabulary.js';

/**
 * Completes a merger on the survivor's side. A survivor that was itself merged meanwhile hands the codes on to its own
 * survivor; an enterprise that meets its own code takes nothing, so that a chain always ends.
 */
@Injectable()
export class Merger implements ProcessManager {
  readonly name = 'enterprise-merger';
  readonly handles: ReadonlySet<string> = new Set(['enterprise-merged', 'enterprise-absorbed']);

  private readonly decider: ReturnType<typeof enterpriseDecider>;

  // Not the command bus: a backlog may be waiting at start, before the bus knows its handlers.
  constructor(
    private readonly executor: Executor,
    private readonly dossiers: Dossiers,
    @Inject(FACT_VOCABULARY) vocabulary: FactVocabulary,
  ) {
    this.decider = enterpriseDecider(vocabulary);
  }

  async react(event: RecordedEvent): Promise<void> {
    if (event.type === 'enterprise-merged') {
      const { survivor, creditCodes } = event.data as { readonly survivor: string; readonly creditCodes: readonly string[] };
      await this.absorb(event, creditCode(survivor), creditCodes);
      return;
    }
    const dossier = await this.dossiers.require(creditCodeOfStream(event.stream));
    const { creditCode: absorbed } = event.data as { readonly creditCode: string };
    if (dossier.status === 'merged') await this.absorb(event, dossier.survivor, [absorbed]);
  }

  private async absorb(event: RecordedEvent, survivor: CreditCode, creditCodes: readonly string[]): Promise<void> {
    const command: AbsorbEnterprise = { type: 'absorb', creditCodes };
    const context = reactionContext(event, this.name, { survivor, ...command });
    await this.executor.execute(this.decider, enterpriseStream(survivor), command, context);
  }
}

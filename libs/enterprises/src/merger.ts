import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { RecordedEvent } from '@app/event-store';
import { type CreditCode, creditCode } from '@app/kernel';
import { type ProcessManager, reactionContext } from '@app/projections';
import type { AbsorbEnterprise } from './decide.js';
import { Dossiers } from './dossiers.js';
import { creditCodeOfStream } from './enterprise.js';
import { RunEnterpriseCommand } from './handlers/run-enterprise-command.js';

/**
 * Completes a merger on the survivor's side. A survivor that was itself merged meanwhile hands the codes on to its own
 * survivor; an enterprise that meets its own code takes nothing, so that a chain always ends.
 */
@Injectable()
export class Merger implements ProcessManager {
  readonly name = 'enterprise-merger';
  readonly handles: ReadonlySet<string> = new Set(['enterprise-merged', 'enterprise-absorbed']);

  constructor(
    private readonly commands: CommandBus,
    private readonly dossiers: Dossiers,
  ) {}

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
    await this.commands.execute(new RunEnterpriseCommand(survivor, command, reactionContext(event, this.name, { survivor, ...command })));
  }
}

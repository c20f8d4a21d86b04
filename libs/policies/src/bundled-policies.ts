import { Inject, Injectable, Logger } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { businessDateAt, CLOCK, type Clock, derivedId, LEDGER_ACTOR } from '@app/kernel';
import { bundledPackIds, bundledPacks } from './bundled-packs.js';
import { RunPolicyCommand } from './handlers/run-policy-command.js';
import { packHash } from './load-pack.js';
import { Policies } from './policies.js';

/** Publishes the packs that come with the program. */
@Injectable()
export class BundledPolicies {
  private readonly logger = new Logger('policies');

  constructor(
    private readonly commands: CommandBus,
    private readonly policies: Policies,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Publishes what the ledger does not know yet. A policy it knows is only ever changed by an administrator's amendment. */
  async publishNew(): Promise<void> {
    const unknown = new Set<string>();
    for (const id of bundledPackIds()) if ((await this.policies.state(id)).status === 'unpublished') unknown.add(id);
    // To read them takes as long as the rest of a start.
    if (unknown.size === 0) return;
    const today = businessDateAt(this.clock.now());
    for (const pack of bundledPacks()) {
      if (!unknown.has(pack.id)) continue;
      const hash = packHash(pack);
      const commandId = derivedId('bundled-policy', pack.id, hash);
      const context = {
        commandId,
        contentHash: hash,
        actor: LEDGER_ACTOR,
        effectiveOn: today,
        today,
        correlationId: commandId,
        causationId: commandId,
      };
      await this.commands.execute(
        new RunPolicyCommand(pack.id, { type: 'publish', pack, evidence: [{ title: pack.title, sha256: pack.source.sha256 }] }, context),
      );
      this.logger.log(`published ${pack.id} (${pack.title})`);
    }
  }
}

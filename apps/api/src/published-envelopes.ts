import { Injectable } from '@nestjs/common';
import type { EnvelopeLookup, LineEnvelope } from '@app/budgets';
import { Policies } from '@app/policies';

/** What the published policies set aside for a budget line of the same name. */
@Injectable()
export class PublishedEnvelopes implements EnvelopeLookup {
  constructor(private readonly policies: Policies) {}

  /** @throws Problem `policy-unknown` for a pack nobody has published. */
  async envelopeOf(pack: string, line: string): Promise<LineEnvelope | undefined> {
    const found = await this.policies.envelope(pack, line);
    if (found === undefined) return undefined;
    const { envelope, version } = found;
    const { clause, amount, rule, title, period } = envelope;
    return { clause, amount, rule, title, period, policy: { pack, clause, version: version.version, hash: version.hash } };
  }
}

import { Injectable } from '@nestjs/common';
import { lookingFrom } from '@app/event-store';
import { type Disclosure, laddersOf, latestVersion, Policies } from '@app/policies';

/** The class of disclosure (公开属性) of published policies, as it is today: what has been withdrawn since is not shown by looking back. */
@Injectable()
export class Disclosures {
  constructor(private readonly policies: Policies) {}

  /** `unstated` for a policy the ledger does not know. */
  async of(pack: string): Promise<Disclosure> {
    const state = await lookingFrom(undefined, () => this.policies.state(pack));
    return latestVersion(state)?.pack.disclosure ?? 'unstated';
  }

  packOfLadder(ladder: string): string | undefined {
    return this.policies.packs().find((pack) => laddersOf(pack).some((one) => one.ladder === ladder))?.id;
  }
}

import { Injectable } from '@nestjs/common';
import { lookingFrom } from '@app/event-store';
import { type Disclosure, laddersOf, latestVersion, Policies } from '@app/policies';
import { type Names, namesOf } from './names.js';

/** What published policies say of the rows of a file. */
@Injectable()
export class Disclosures {
  constructor(private readonly policies: Policies) {}

  /**
   * The class of disclosure (公开属性) of a policy as it is today: what has been withdrawn since is not shown by looking back.
   * `unstated` for a policy the ledger does not know.
   */
  async of(pack: string): Promise<Disclosure> {
    const state = await lookingFrom(undefined, () => this.policies.state(pack));
    return latestVersion(state)?.pack.disclosure ?? 'unstated';
  }

  /** What the policies in the ledger call what records name by code. */
  names(): Names {
    return namesOf(() => this.policies.packs());
  }

  packOfLadder(ladder: string): string | undefined {
    return this.policies.packs().find((pack) => laddersOf(pack).some((one) => one.ladder === ladder))?.id;
  }
}

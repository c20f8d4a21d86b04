import { Injectable } from '@nestjs/common';
import { notFound, refused } from '@app/kernel';
import { laddersOf, Policies, type PolicyState, versionFor, versionInForce } from '@app/policies';
import { ladderIn, type LadderText } from './ladder.js';

/** The ladders of the published policies. */
@Injectable()
export class Ladders {
  constructor(private readonly policies: Policies) {}

  /** The ladder as it may be used on a day. @throws Problem `ladder-unknown`, `ladder-ambiguous`, `policy-not-in-force`. */
  async inForce(ladder: string, on: string): Promise<LadderText> {
    const pack = await this.packOf(ladder);
    const text = ladderIn(await this.policies.versionInForce(pack, on), ladder);
    if (text === undefined) throw unknown(ladder);
    return text;
  }

  /** Whether anything can still be decided by a ladder: its policy may have ended, or no longer know it. */
  async isInForce(ladder: string, on: string): Promise<boolean> {
    const version = versionInForce(await this.policies.state(await this.packOf(ladder)), on);
    return version !== undefined && ladderIn(version, ladder) !== undefined;
  }

  /** The ladder as it last applied, its policy in force still or not: a standing can end when its policy has. A draft's never applied. */
  async applied(ladder: string, on: string): Promise<LadderText> {
    const text = await this.known(ladder, on);
    const { pack } = text;
    if (pack.status === 'draft') throw refused('policy-not-in-force', `${pack.id} is a draft`, { pack: pack.id, on });
    return text;
  }

  /** The ladder to read, of a draft too. @throws Problem `ladder-unknown`, `ladder-ambiguous`. */
  async known(ladder: string, on: string): Promise<LadderText> {
    return this.textOf(await this.policies.state(await this.packOf(ladder)), ladder, on);
  }

  /** The ladder under a version a decision has cited. */
  async cited(pack: string, version: number, ladder: string): Promise<LadderText> {
    const text = ladderIn(await this.policies.version(pack, version), ladder);
    if (text === undefined) throw unknown(ladder);
    return text;
  }

  /** Every ladder of every published policy, by pack. */
  async all(on: string): Promise<readonly LadderText[]> {
    const packs = (await this.policies.published()).map(({ id }) => id);
    const states = await Promise.all(packs.map((pack) => this.policies.state(pack)));
    return states.flatMap((state) => {
      const version = versionFor(state, on);
      return version === undefined ? [] : laddersOf(version.pack).map(({ ladder }) => this.textOf(state, ladder, on));
    });
  }

  private textOf(state: PolicyState, ladder: string, on: string): LadderText {
    const version = versionFor(state, on);
    const latest = state.status === 'unpublished' ? [] : [...state.versions].reverse();
    const text = [...(version === undefined ? [] : [version]), ...latest]
      .map((one) => ladderIn(one, ladder))
      .find((one) => one !== undefined);
    if (text === undefined) throw unknown(ladder);
    return text;
  }

  /** The pack that has a ladder in any of its versions. Two packs with one ladder would share its streams: nothing may be decided then. */
  private async packOf(ladder: string): Promise<string> {
    const found: string[] = [];
    for (const { id } of await this.policies.published()) {
      const state = await this.policies.state(id);
      if (state.status !== 'unpublished' && state.versions.some((version) => ladderIn(version, ladder) !== undefined)) found.push(id);
    }
    if (found.length > 1) throw refused('ladder-ambiguous', `${found.join(' and ')} both have a ladder ${ladder}`, { packs: found });
    const [pack] = found;
    if (pack === undefined) throw unknown(ladder);
    return pack;
  }
}

function unknown(ladder: string) {
  return notFound('ladder-unknown', `no published policy has a ladder ${ladder}`);
}

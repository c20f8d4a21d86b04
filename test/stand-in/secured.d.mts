import type { Authority } from './authority.mjs';
import type { StandInNode } from './node.mjs';

/** The groups of users, as `ledger store setup` is told them. */
export declare const GROUPS: { readonly service: string; readonly projector: string };

export declare class SecuredNode {
  /** Nobody's rights are set yet: they are those of a server as it is delivered. `hosts` and `hoursLeft` are those of its certificate. */
  static start(
    options?: Parameters<typeof StandInNode.start>[0] & { readonly hosts?: readonly string[]; readonly hoursLeft?: number },
  ): Promise<SecuredNode>;
  readonly authority: Authority;
  readonly node: StandInNode;
  /** Puts a file beside the authority's; its path. */
  file(name: string, content: string): string;
  /** How a user connects: `office` is of the service's group, `follower` of the projector's, `stranger` of none, `chief` an administrator by group. */
  urlOf(user: 'admin' | 'chief' | 'office' | 'follower' | 'stranger', password?: string): string;
  stop(): Promise<void>;
}

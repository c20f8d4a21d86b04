import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { nameOn } from '@app/enterprises';
import { businessDateAt, CLOCK, type Clock, type CreditCode } from '@app/kernel';
import { clauseOf, type ClauseReference, Policies } from '@app/policies';
import { Advisor } from './advisor.js';
import { titleOf } from './ladder.js';
import { Ladders } from './ladders.js';
import type { Outlook, ProposalKind } from './propose.js';
import type { LadderText } from './ladder.js';
import { type GateView, gateView, type InputView, inputViews } from './wording.js';

/** 预诊断: how one enterprise stands in a ladder today, or stood on a day, what a review would propose and what it lacks. */
export class DiagnoseEnterprise extends Query<DiagnosisView> {
  constructor(
    readonly ladder: string,
    readonly creditCode: CreditCode,
    readonly on?: string,
  ) {
    super();
  }
}

export interface OutlookView {
  readonly next?: { readonly tier: string; readonly title: string; readonly gates: readonly GateView[] };
  readonly clause?: ClauseReference & { readonly version: number; readonly title: string; readonly gates: readonly GateView[] };
}

export interface DiagnosisView {
  readonly ladder: string;
  readonly pack: string;
  readonly version: number;
  readonly on: string;
  readonly creditCode: string;
  readonly name: string;
  readonly tier: string | null;
  readonly kind: ProposalKind;
  /** Where it should stand, `null` for nowhere; absent where an officer decides. */
  readonly to?: string | null;
  readonly reason: string;
  readonly missing: readonly InputView[];
  readonly outlook: OutlookView;
  /** Why an input of the ladder has no value. */
  readonly unknown: readonly { readonly input: string; readonly detail: string }[];
}

@QueryHandler(DiagnoseEnterprise)
export class DiagnoseEnterpriseHandler implements IQueryHandler<DiagnoseEnterprise> {
  constructor(
    private readonly ladders: Ladders,
    private readonly advisor: Advisor,
    private readonly policies: Policies,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ ladder, creditCode, on = businessDateAt(this.clock.now()) }: DiagnoseEnterprise): Promise<DiagnosisView> {
    const text = await this.ladders.known(ladder, on);
    const { dossier, finding, standing, resolved } = await this.advisor.advise(await this.advisor.measure(text, on), creditCode);
    const { kind, to, reason, missing, outlook } = finding;
    return {
      ladder,
      pack: text.pack.id,
      version: text.version,
      on,
      creditCode,
      name: nameOn(dossier, on),
      tier: standing ?? null,
      kind,
      ...(to !== undefined && { to }),
      reason,
      missing: inputViews(text.pack, missing),
      outlook: await outlookView(text, outlook, this.policies),
      unknown: resolved.unknown.map(({ input, detail }) => ({ input, detail })),
    };
  }
}

/** An outlook in the words of the packs it was made under. */
export async function outlookView(text: LadderText, { next, clause }: Outlook, policies: Policies): Promise<OutlookView> {
  const other = clause && (await policies.version(clause.pack, clause.version)).pack;
  return {
    ...(next && { next: { tier: next.tier, title: titleOf(text, next.tier), gates: next.gates.map((one) => gateView(text.pack, one)) } }),
    ...(clause &&
      other && {
        clause: {
          pack: clause.pack,
          clause: clause.clause,
          version: clause.version,
          title: clauseOf(other, clause.clause).title,
          gates: clause.gates.map((one) => gateView(other, one)),
        },
      }),
  };
}

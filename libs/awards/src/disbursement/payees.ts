import { Injectable } from '@nestjs/common';
import { type Dossier, Dossiers, resolveInputs } from '@app/enterprises';
import { type CreditCode, creditCode } from '@app/kernel';
import { ACCOUNT_FACT } from '@app/policies';
import type { GrantedState } from '../award.js';

/** Whom an award is paid to, and where. */
export interface Payee {
  readonly code: CreditCode;
  readonly name: string;
  readonly account: string;
  readonly accountRecordedBy?: string;
  /** The fact the account was read from. */
  readonly accountFact?: string;
}

/** Why an award cannot be paid to anyone just now. */
export interface NoPayee {
  readonly refusal: string;
  readonly detail: string;
}

const MOST_MERGERS = 10;

/** Finds out whom to pay: asked when an instalment is unlocked, when a batch is prepared, and again when it is frozen. */
@Injectable()
export class Payees {
  constructor(private readonly dossiers: Dossiers) {}

  /** The award's payee, or the successor an approver has confirmed, with its verified account on a day. */
  async of(award: GrantedState, on: string): Promise<Payee | NoPayee> {
    const dossier = await this.dossierOf(award);
    if ('refusal' in dossier) return dossier;
    const inputs = [{ name: ACCOUNT_FACT, label: '收款账户', period: 'none' as const }];
    const [account] = resolveInputs(dossier, inputs, { on, occasion: { kind: 'once' } }).used;
    if (account === undefined || !account.verified || typeof account.value !== 'string') {
      return { refusal: 'account-unverified', detail: `the dossier of ${dossier.name} holds no verified ${ACCOUNT_FACT} (收款账户)` };
    }
    const { recordedBy, factId } = account.source;
    return {
      code: dossier.creditCode,
      name: dossier.name,
      account: account.value,
      accountRecordedBy: recordedBy,
      ...(factId !== undefined && { accountFact: factId }),
    };
  }

  /** The dossier of whoever is paid: the award's payee, or the successor an approver has confirmed. */
  async dossierOf(award: GrantedState): Promise<Dossier | NoPayee> {
    const dossier = await this.lastOf(award.payee);
    if (dossier === undefined) return { refusal: 'enterprise-unknown', detail: `no enterprise is registered under ${award.payee}` };
    if (dossier.creditCode !== award.payee && dossier.creditCode !== award.successor) {
      return {
        refusal: 'payee-merged',
        detail: `the payee has been merged into ${dossier.name} (${dossier.creditCode}); an approver has to confirm it as the successor`,
      };
    }
    return dossier;
  }

  private async lastOf(code: string): Promise<Dossier | undefined> {
    let dossier = await this.dossiers.load(creditCode(code));
    for (let mergers = 0; dossier?.status === 'merged' && mergers < MOST_MERGERS; mergers += 1)
      dossier = await this.dossiers.load(dossier.survivor);
    return dossier;
  }
}

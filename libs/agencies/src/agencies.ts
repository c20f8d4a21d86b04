import { Injectable } from '@nestjs/common';
import { Executor } from '@app/event-store';
import { creditCode } from '@app/kernel';
import { type Agency, agencyStream, isRegisteredOn } from './agency.js';
import { agencyDecider, notRegistered } from './decide.js';

/** The service agencies as the ledger stands now, for features that rely on them. */
@Injectable()
export class Agencies {
  constructor(private readonly executor: Executor) {}

  /** The agency under a credit code; undefined when none was ever registered under it. */
  async load(code: string): Promise<Agency | undefined> {
    const { state } = await this.executor.load(agencyDecider, agencyStream(creditCode(code)));
    return state.status === 'unknown' ? undefined : state;
  }

  /** @throws Problem `agency-not-registered` unless it is registered (备案) on the day. */
  async require(code: string, on: string): Promise<Agency> {
    const agency = await this.load(code);
    if (agency === undefined || !isRegisteredOn(agency, on)) throw notRegistered(creditCode(code), on);
    return agency;
  }
}

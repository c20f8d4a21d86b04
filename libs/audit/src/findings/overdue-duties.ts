import { Injectable } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { Duties, type DutyFinding, GetDutyFindings, type StandingDuty } from '@app/calendar';
import { addDays, type BusinessDate } from '@app/kernel';
import type { About } from './correction.js';
import { codeOfFinding, DUTY_OVERDUE, findingId, type OpenedData } from './finding.js';

/** A duty that is overdue, or was done too late, as a finding: what would be taken down of it, and the first day it was late. */
export interface OverdueDuty {
  readonly id: string;
  readonly day: string;
  /** Whole days it was late on the day one looks from, or when it was done. No part of what is taken down: it grows by itself. */
  readonly daysOver: number;
  readonly opened: OpenedData;
}

/** More duties than all policies of an office set within the longest plans. */
const EVERY_DUTY = 100_000;
const BEGINNING = '1949-10-01';

/**
 * Overdue duties come from time passing, not from an event: they are asked of the calendar for the day one looks from, and
 * taken down once an auditor does something about one; how late one is, the calendar says even then. So the answer for an old
 * vantage is the one of then, a rebuild changes nothing, and a ledger that lay idle over New Year tells of them all the same.
 */
@Injectable()
export class OverdueDuties {
  constructor(
    private readonly queries: QueryBus,
    private readonly duties: Duties,
  ) {}

  /** In the order of their days. */
  async on(day: string): Promise<readonly OverdueDuty[]> {
    const { items } = await this.queries.execute(new GetDutyFindings({ on: day, limit: EVERY_DUTY, late: true }));
    return items.map(overdue);
  }

  /**
   * The duty a finding is about, and how it stands on a day; none where it is about no duty, or the policy does not ask for
   * it any more.
   */
  async ofFinding(id: string, { pack }: About, day: string): Promise<StandingDuty | undefined> {
    if (codeOfFinding(id) !== DUTY_OVERDUE.code || typeof pack !== 'string') return undefined;
    const duties = await this.duties.standing(pack, { from: BEGINNING, until: day }, day);
    return duties.find(({ duty: { policy, period } }) => findingId(DUTY_OVERDUE.code, pack, policy.clause, period) === id);
  }
}

function overdue({ pack, clause, period, action, due, daysOver, doneOn, severity, citation }: DutyFinding): OverdueDuty {
  const { code, title, rule } = DUTY_OVERDUE;
  const detail = `${period}“${action}”应于${due}前办结，${doneOn === undefined ? '尚未办结' : `${doneOn}办结`}（${citation.quote}）`;
  return {
    id: findingId(code, pack, clause, period),
    day: addDays(due as BusinessDate, 1),
    daysOver,
    opened: { code, title, rule, severity, detail, pack, clause, officers: [] },
  };
}

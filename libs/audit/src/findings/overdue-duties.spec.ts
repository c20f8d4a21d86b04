import { describe, expect, it } from '@jest/globals';
import type { QueryBus } from '@nestjs/cqrs';
import type { Duties, DutyFinding, GetDutyFindings, StandingDuty } from '@app/calendar';
import { findingId } from './finding.js';
import { OverdueDuties } from './overdue-duties.js';

const DUTY: DutyFinding = {
  code: 'duty-overdue',
  severity: 'high',
  pack: 'test-2024',
  clause: 'Z1',
  period: '2023',
  action: '公布名单',
  due: '2023-12-31',
  daysOver: 122,
  citation: { file: 'fictional.txt', line: 9, quote: '每年年底前公布名单' },
};

/** What is told of these duties, and what the calendar was asked for. */
async function told(...duties: readonly DutyFinding[]) {
  const asked: GetDutyFindings['filter'][] = [];
  const execute = ({ filter }: GetDutyFindings) => {
    asked.push(filter);
    return Promise.resolve({ items: duties });
  };
  return { found: await new OverdueDuties({ execute } as unknown as QueryBus, {} as Duties).on('2024-05-01'), asked };
}

describe('overdue duties', () => {
  it('Given one nobody has done, Then it is a finding from the day after it was due, as grave as the calendar says', async () => {
    const { found } = await told(DUTY);
    expect(found).toEqual([
      {
        id: findingId('duty-overdue', 'test-2024', 'Z1', '2023'),
        day: '2024-01-01',
        daysOver: 122,
        opened: {
          code: 'duty-overdue',
          title: '履职事项逾期',
          rule: expect.stringContaining('期限届满次日起') as unknown as string,
          severity: 'high',
          detail: '2023“公布名单”应于2023-12-31前办结，尚未办结（每年年底前公布名单）',
          pack: 'test-2024',
          clause: 'Z1',
          officers: [],
        },
      },
    ]);
  });

  it('Given one that was done too late, Then it says when, and is the same finding', async () => {
    const { found } = await told(DUTY, { ...DUTY, daysOver: 3, doneOn: '2024-01-03' });
    const [open, done] = found;
    expect(done).toMatchObject({
      daysOver: 3,
      opened: { detail: '2023“公布名单”应于2023-12-31前办结，2024-01-03办结（每年年底前公布名单）' },
    });
    expect([done?.id, done?.day]).toEqual([open?.id, open?.day]);
  });

  it('Given the same duty of another period, clause or policy, Then it is another finding', async () => {
    const { found } = await told(DUTY, { ...DUTY, period: '2022' }, { ...DUTY, clause: 'Z2' }, { ...DUTY, pack: 'other-2024' });
    expect(new Set(found.map(({ id }) => id)).size).toBe(4);
  });

  it('are asked of the calendar for the day one looks from, all of them, with those done too late', async () => {
    const { asked } = await told();
    expect(asked).toEqual([{ on: '2024-05-01', late: true, limit: 100_000 }]);
  });

  it('are found again by the id of their finding, done or not; what is no finding of a duty, or of none there is, finds none', async () => {
    const instance = (clause: string, period: string) => ({ duty: { policy: { pack: 'test-2024', clause }, period } }) as StandingDuty;
    const asked: unknown[] = [];
    const standing = (...about: readonly unknown[]) => {
      asked.push(about);
      return Promise.resolve([instance('Z1', '2022'), instance('Z2', '2023'), instance('Z1', '2023')]);
    };
    const duties = new OverdueDuties({} as QueryBus, { standing } as unknown as Duties);
    const ofFinding = (code: string, ...place: readonly string[]) =>
      duties.ofFinding(findingId(code, ...place), { pack: 'test-2024' }, '2024-05-01');
    expect(await ofFinding('duty-overdue', 'test-2024', 'Z1', '2023')).toEqual(instance('Z1', '2023'));
    expect(await ofFinding('duty-overdue', 'test-2024', 'Z1', '2021')).toBeUndefined();
    expect(asked[0]).toEqual(['test-2024', { from: '1949-10-01', until: '2024-05-01' }, '2024-05-01']);
    expect(await ofFinding('back-dated', 'test-2024', 'Z1', '2023')).toBeUndefined();
    expect(asked).toHaveLength(2);
  });
});

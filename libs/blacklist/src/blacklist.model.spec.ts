import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Executor } from '@app/event-store';
import { addDays, type BusinessDate, Problem } from '@app/kernel';
import {
  AGENCY,
  FIRM,
  History,
  on,
  opening,
  paper,
  PERSON,
  list,
  objection,
  repair,
  repaired,
  upheld,
  waive,
} from './blacklist.fixture.js';
import { Blacklist } from './blacklist.js';
import type { BlacklistCommand } from './decide.js';
import type { BlacklistState } from './listing.js';
import { blacklistStream, type Subject } from './subject.js';

const FIRST = '2026-04-01';
const later = (day: string, days: number): string => addDays(day as BusinessDate, days);

/** Months written out another way than the program does. */
function afterMonths(day: string, months: number): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10);
}

const TERM = { minor: [1, 3, 0], general: [3, 12, 3], serious: [12, 36, 12] } as const;
type Life = ReturnType<typeof lifeOf>;
interface Span {
  readonly from: string;
  readonly until: string;
  readonly ended?: string;
}

/** One case from its notice to whatever ends its listing. Two lives may share a ground: then the later one may be refused. */
const life = fc
  .record({
    ground: fc.constantFrom('虚报', '挪用', '拒不退回', '串通'),
    openedAfter: fc.nat(900),
    decidedAfter: fc.nat(20),
    listingClass: fc.constantFrom('minor', 'general', 'serious'),
    share: fc.nat(100),
    end: fc.constantFrom('none', 'decline', 'revoke', 'repair'),
    endedAfter: fc.nat(60),
  })
  .map(lifeOf);

function lifeOf({
  ground,
  openedAfter,
  decidedAfter,
  listingClass,
  share,
  end,
  endedAfter,
}: {
  ground: string;
  openedAfter: number;
  decidedAfter: number;
  listingClass: 'minor' | 'general' | 'serious';
  share: number;
  end: 'none' | 'decline' | 'revoke' | 'repair';
  endedAfter: number;
}) {
  const [shortest, longest, minimum] = TERM[listingClass];
  const termMonths = shortest + Math.floor((share * (longest - shortest)) / 100);
  const openedOn = later(FIRST, openedAfter);
  const from = later(openedOn, decidedAfter);
  const endedOn = end === 'repair' ? later(afterMonths(from, minimum), endedAfter) : later(from, endedAfter);
  return { ground, openedOn, from, listingClass, termMonths, end, endedOn };
}

/** Plays the lives side by side, a day at a time, and says what must have effect when. */
function play(lives: readonly Life[]): { readonly state: BlacklistState; readonly spans: readonly Span[] } {
  let history = History.empty;
  const spans: Span[] = [];
  const attempt = (command: BlacklistCommand, context: ReturnType<typeof on>): boolean => {
    try {
      history = history.do(command, context);
      return true;
    } catch (error) {
      if (error instanceof Problem) return false;
      throw error;
    }
  };
  const numbers = new Map<Life, number>();
  const agenda = lives.flatMap((each) => [
    { day: each.openedOn, at: 0, each },
    { day: each.from, at: 1, each },
    { day: each.endedOn, at: 2, each },
  ]);
  for (const { day, at, each } of agenda.sort((one, other) => (one.day < other.day ? -1 : one.day > other.day ? 1 : one.at - other.at))) {
    const { ground, listingClass, termMonths, end } = each;
    const no = numbers.get(each);
    if (at === 0) {
      const before = history.state.cases.length;
      attempt(opening({ ground, listingClass, servedOn: day, reasons: JSON.stringify([day, termMonths]) }), on(day));
      const opened = history.state.cases.length;
      if (opened > before) numbers.set(each, opened);
      if (opened > before) attempt({ ...waive, case: opened, on: day }, on(day));
    } else if (no === undefined) continue;
    else if (at === 1) {
      if (end === 'decline') attempt({ type: 'decline', case: no, reason: '不予列入' }, on(day, 'approver'));
      else if (attempt({ ...list, case: no, termMonths }, on(day, 'approver')))
        spans[no - 1] = { from: day, until: afterMonths(day, termMonths) };
    } else {
      const span = spans[no - 1];
      const expired = span !== undefined && day >= span.until;
      let done = false;
      if (end === 'revoke') {
        attempt({ ...objection, case: no, on: day }, on(day));
        done = attempt({ ...upheld, case: no }, on(day, 'approver', 'approver-2'));
      } else if (end === 'repair') {
        attempt({ ...repair, case: no, on: day }, on(day));
        done = attempt({ ...repaired, case: no, evidence: paper }, on(day, 'approver'));
        // What has run out cannot be repaired.
        expect(done).toBe(span !== undefined && !expired);
      }
      if (done && span !== undefined) spans[no - 1] = { ...span, ended: day };
    }
  }
  return { state: history.state, spans: spans.filter(Boolean) };
}

describe('the effect of listings', () => {
  it('lasts from the decision until the term runs out or the listing ends, whatever else happens', async () => {
    const seen = { none: 0, some: 0, several: 0, ended: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(2_500), { maxLength: 8 }), async (lives, days) => {
        const { state, spans } = play(lives);
        const load = async (_: unknown, stream: string) => ({
          state: stream === blacklistStream(FIRM) ? state : History.empty.state,
          revision: 0,
          position: 0,
        });
        const blacklist = new Blacklist({ load } as unknown as Executor);
        const edges = spans.flatMap(({ from, until, ended = until }) => [from, until, ended].flatMap((day) => [later(day, -1), day]));
        for (const day of new Set([...edges, ...days.map((count) => later(FIRST, count))])) {
          const expected = spans.filter(({ from, until, ended = until }) => from <= day && day < until && day < ended);
          const found = await blacklist.listingsOf([FIRM, FIRM], day);
          expect(found.map(({ from, until }) => `${from} ${until}`).sort()).toEqual(
            expected.map(({ from, until }) => `${from} ${until}`).sort(),
          );
          seen[expected.length === 0 ? 'none' : expected.length === 1 ? 'some' : 'several'] += 1;
        }
        seen.ended += spans.filter(({ ended }) => ended !== undefined).length;
      }),
      { numRuns: 150 },
    );
    // The histories were worth asking about.
    expect(Object.values(seen).every((count) => count > 0)).toBe(true);
  });

  it('binds a credit code in whichever part it was listed, and a person in its own', async () => {
    const load = async (_: unknown, stream: string) => {
      const [, kind = '', id = ''] = /^blacklist-([a-z]+)\.(.+)$/.exec(stream) ?? [];
      const { state } = History.empty
        .do(opening({ subject: { kind, id } as Subject }), on('2026-05-01'))
        .do(list, on('2026-05-10', 'approver'));
      return { state: stream.includes(FIRM.id) === (kind === 'agency') ? state : History.empty.state, revision: 0, position: 0 };
    };
    const blacklist = new Blacklist({ load } as unknown as Executor);
    const found = async (subject: Subject) => (await blacklist.listingsOf([subject], '2026-05-10')).map(({ listing }) => listing);
    const asAgency = `agency.${FIRM.id}.1`;
    expect([await found(FIRM), await found({ ...FIRM, kind: 'agency' })]).toEqual([[asAgency], [asAgency]]);
    expect(await found({ ...AGENCY, kind: 'agency' })).toEqual([`enterprise.${AGENCY.id}.1`]);
    expect(await found(PERSON)).toEqual(['person.P-2024-017.1']);
  });

  it('is asked for several subjects at once, each in its own stream', async () => {
    const asked: string[] = [];
    const listed = History.empty.do(opening({ subject: PERSON }), on('2026-05-01')).do(list, on('2026-05-10', 'approver')).state;
    const load = async (_: unknown, stream: string) => {
      asked.push(stream);
      return { state: stream.includes('person') ? listed : History.empty.state, revision: 0, position: 0 };
    };
    const blacklist = new Blacklist({ load } as unknown as Executor);
    const found = await blacklist.listingsOf([FIRM, { kind: 'person', id: 'p-2024-017' }, PERSON], '2026-05-10');
    expect(found).toEqual([
      {
        listing: 'person.P-2024-017.1',
        subject: PERSON,
        listingClass: 'serious',
        from: '2026-05-10',
        until: '2028-05-10',
        reason: '事实清楚',
      },
    ]);
    expect(asked).toEqual([`blacklist-enterprise.${FIRM.id}`, `blacklist-agency.${FIRM.id}`, 'blacklist-person.P-2024-017']);
    await expect(blacklist.listingsOf([{ kind: 'person', id: '张三' }], '2026-05-10')).rejects.toMatchObject({ code: 'personal-data' });
  });
});

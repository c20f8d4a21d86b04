import { describe, expect, it } from '@jest/globals';
import { addDays, type BusinessDate, withCheckCharacter } from '@app/kernel';
import { type AwardLedger, ledgerForEach, LINE } from '../ledger.fixture.js';

const PAYEE = withCheckCharacter('91360700MA35QWERT');
const BUDGET = `/v1/budgets/${LINE.pack}/${LINE.line}/${LINE.period}`;

interface Account {
  readonly account: string;
  readonly balance: string;
}
type Items = readonly Readonly<Record<string, string>>[];

describe('books and awards on the days between what the bank did and its recording', () => {
  let ledger: AwardLedger;
  ledgerForEach(
    (opened) => (ledger = opened),
    () => ledger,
  );

  async function get(url: string, on: string): Promise<Readonly<Record<string, unknown>>> {
    const { status, body } = await ledger.request('GET', `${url}${url.includes('?') ? '&' : '?'}on=${on}`, 'auditor');
    if (status !== 200) throw new Error(`${url}: ${JSON.stringify(body)}`);
    return body;
  }

  const balanceOf = (accounts: readonly Account[], account: string) => accounts.find((each) => each.account === account)?.balance ?? '0.00';

  /** What is paid, and what is still to be clawed back, as each of them says. */
  async function figuresOn(on: string) {
    const [award] = (await get(`/v1/awards?payee=${PAYEE}`, on))['items'] as Items;
    const trial = (await get('/v1/balances/trial', on)) as { accounts: readonly Account[]; balanced: boolean };
    const [payee] = (await get(`/v1/balances?by=payee&payee=${PAYEE}`, on)) as unknown as readonly { accounts: readonly Account[] }[];
    const line = await get(BUDGET, on);
    const [reservation] = (await get(`${BUDGET}/reservations`, on))['items'] as Items;
    expect(trial.balanced).toBe(true);
    expect(line['reserved']).toBe(balanceOf(trial.accounts, 'reserved'));
    return {
      paid: [
        award?.['paid'],
        balanceOf(trial.accounts, 'spent'),
        balanceOf(payee?.accounts ?? [], 'spent'),
        line['spent'],
        reservation?.['spent'],
      ],
      owed: [award?.['clawbackOutstanding'], balanceOf(trial.accounts, 'clawback-due'), balanceOf(payee?.accounts ?? [], 'clawback-due')],
    };
  }

  it('agree on every day: paid, sent back, paid again, clawed back and received', async () => {
    await ledger.prepare('1000000.00', PAYEE);
    const award = await ledger.granted('T1', PAYEE);
    const bank = async (batch: string, ...rows: readonly (readonly ['paid' | 'returned', string])[]) => {
      const told = rows.map(([result, on]) => ({ line: 1, amount: '200000.00', result, on }));
      await ledger.results(batch, told);
      await ledger.settle();
    };
    const freeze = async (batch: string) => {
      await ledger.prepareBatch(batch, [{ award, instalment: 1 }]);
      await ledger.batch(batch, { type: 'start-freeze' });
      await ledger.settle();
    };
    await freeze('B1');
    ledger.calendar.today = '2024-05-16';
    await bank('B1', ['paid', '2024-05-12']);
    ledger.calendar.today = '2024-05-20';
    await bank('B1', ['returned', '2024-05-18']);
    await freeze('B2');
    ledger.calendar.today = '2024-05-25';
    await bank('B2', ['paid', '2024-05-22']);
    const demand = { type: 'demand-clawback', cause: 'misuse', principal: '80000.00', dueOn: '2024-06-30', reason: '挪用' } as const;
    await ledger.award(award, demand, 'approver-1');
    ledger.calendar.today = '2024-05-30';
    const receipt = { type: 'receive-clawback', clawback: 1, amount: '80000.00', on: '2024-05-27', reference: 'R1' } as const;
    await ledger.award(award, receipt, 'finance-1');
    await ledger.settle();

    for (let day = '2024-05-10' as BusinessDate; day <= '2024-05-31'; day = addDays(day, 1)) {
      const isPaid = (day >= '2024-05-12' && day < '2024-05-18') || day >= '2024-05-22';
      const isOwed = day >= '2024-05-25' && day < '2024-05-27';
      expect({ day, ...(await figuresOn(day)) }).toEqual({
        day,
        paid: Array<string>(5).fill(isPaid ? '200000.00' : '0.00'),
        owed: Array<string>(3).fill(isOwed ? '80000.00' : '0.00'),
      });
    }
  });
});

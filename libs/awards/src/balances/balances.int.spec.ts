import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ReadModels, SqliteReadModels } from '@app/projections';
import { by } from '../award.fixture.js';
import { recorded } from '../list/recorded.fixture.js';
import { BalancesProjection } from './balances.projection.js';
import { GetBalances, GetBalancesHandler, GetTrialBalance, GetTrialBalanceHandler } from './balances.query.js';

const at = by('ledger', '2024-05-20');
const LINES = 100;

describe('sums over the whole ledger', () => {
  let path: string;
  let readModels: ReadModels;

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'balances-'));
    readModels = new SqliteReadModels(join(path, 'read.db'));
    const projection = new BalancesProjection();
    // 100 lines of nearly ten trillion each: more than an amount carries, and more fen than a JavaScript number counts.
    await readModels.fill(projection, LINES, (rows) => {
      for (let line = 1; line <= LINES; line += 1) {
        const event = { type: 'budget-appropriated', data: { amount: '9999999999999.99' } };
        projection.apply(recorded(`budget-test-2024.line-${line}.2024`, 0, event, at, line), rows);
      }
    });
  });
  afterEach(async () => {
    await readModels.close();
    rmSync(path, { recursive: true, force: true });
  });

  it('are exact in the trial balance', async () => {
    expect(await new GetTrialBalanceHandler(readModels).execute(new GetTrialBalance())).toMatchObject({
      accounts: [
        { account: 'appropriation', debit: '0.00', credit: '999999999999999.00', balance: '-999999999999999.00' },
        { account: 'available', debit: '999999999999999.00', credit: '0.00', balance: '999999999999999.00' },
      ],
      difference: '0.00',
      balanced: true,
    });
  });

  it('are exact by group', async () => {
    const [year] = await new GetBalancesHandler(readModels).execute(new GetBalances('year', {}));
    expect(year).toMatchObject({
      group: { period: '2024' },
      accounts: [{ balance: '-999999999999999.00' }, { debit: '999999999999999.00', balance: '999999999999999.00' }],
    });
  });
});

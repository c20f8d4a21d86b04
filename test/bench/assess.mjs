/** assess.G01: one assessment with its whole trace, against its formula in decimal.js alone. */
import { Decimal } from '../../dist/libs/kernel/src/index.js';
import { assess, bundledPacks } from '../../dist/libs/policies/src/index.js';
import { duel, seconds } from './measure.mjs';

const COUNT = 20_000;
/** Expenditures below and above the cap, with and without rounding. */
const EXPENDITURES = ['1234567.89', '8000000.00', '3999999.95', '654321.05'];

async function assessments() {
  const pack = bundledPacks().find(({ id }) => id === 'ganzhou-etdz-2023');
  const policy = { version: 1, hash: '9bee50c4bd09d11adfe2b1cd112703a0ad2e918993e22692256af4cda2859a7f' };
  const source = { factId: 'F1', unit: '税务局', period: '2023', verified: true };
  const sources = {
    'certification.kind': source,
    'enterprise.sme': source,
    'enterprise.techSmeRegistered': source,
    'enterprise.aboveScale': source,
    'rd.expenditure': source,
  };
  const requests = EXPENDITURES.map((expenditure) => ({
    on: '2024-05-20',
    facts: {
      'certification.kind': 'first',
      'enterprise.sme': true,
      'enterprise.techSmeRegistered': true,
      'enterprise.aboveScale': false,
      'rd.expenditure': expenditure,
    },
    sources,
    policy,
  }));
  const checked = assess(pack, 'G01', requests[0]);
  if (checked.amount !== '123456.79') throw new Error(`G01 answers ${JSON.stringify(checked)}`);

  let steps = 0;
  const ours = async () =>
    COUNT /
    (await seconds(() => {
      for (let index = 0; index < COUNT; index += 1) steps += assess(pack, 'G01', requests[index % requests.length]).trace.length;
    }));
  let characters = 0;
  const bare = async () =>
    COUNT /
    (await seconds(() => {
      for (let index = 0; index < COUNT; index += 1) {
        const product = new Decimal(EXPENDITURES[index % EXPENDITURES.length]).times(new Decimal('0.1'));
        characters += Decimal.min(product, new Decimal('400000.00')).toDecimalPlaces(2, Decimal.ROUND_HALF_UP).toFixed(2).length;
      }
    }));
  await ours();
  await bare();
  await duel({ name: 'assess.G01', unit: 'assessments/s', target: 0.2, rounds: 15, traceSteps: checked.trace.length }, ours, bare);
  if (steps + characters === 0) throw new Error('nothing was computed');
}

export const figures = { 'assess.G01': assessments };

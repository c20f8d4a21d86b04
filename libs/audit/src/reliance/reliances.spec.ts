import { describe, expect, it } from '@jest/globals';
import { reliancesOf, type RelyingEvent } from './reliances.js';

const PAYEE = '91360700MA35QWERT7';
const OTHER = '91360700MA35QWERT0';
const AWARD = `etdz.T1.${PAYEE}.2024`;
const ON_AWARD = `award-${AWARD}`;

function reliedOn(type: RelyingEvent['type'], stream: string, data: object, payee = PAYEE) {
  return reliancesOf({ type, data } as RelyingEvent, stream, () => payee).map(
    (one) => `${one.kind} ${one.id}${one.stream === stream ? '' : ` on ${one.stream}`}`,
  );
}
const used = (...sources: readonly object[]) => sources.map((source) => ({ input: 'i', value: true, verified: true, source }));
const FOUND = { clearance: 'env', agency: '环保局', on: '2024-03-01', documentNo: '环函1' };

describe('what a decision relied on', () => {
  it('is every record an assessment read, and every reading its trace cites', () => {
    const assessment = { pack: 'etdz', trace: [{ step: 'interpretation', interpretation: 'rd-year' }, { step: 'gate' }] };
    const sources = used(
      { factId: 'F3' },
      { certificate: 'GR 2023-01', relocation: '2023-05-01' },
      { relocation: '2023-05-01' },
      { title: 'gazelle', period: '2023' },
      {},
    );
    expect(reliedOn('award-assessed', ON_AWARD, { used: sources, assessment })).toEqual([
      `fact ${PAYEE}.F3`,
      `certificate ${PAYEE}.GR202301`,
      `move ${PAYEE}.2023-05-01`,
      `title ${PAYEE}.gazelle.2023`,
      `registration ${PAYEE}`,
      'interpretation etdz.rd-year',
    ]);
  });

  it.each<[RelyingEvent['type'], string, object, readonly string[]]>([
    ['award-grant-started', ON_AWARD, { clearances: [FOUND] }, [`clearance ${PAYEE}.env.环保局.2024-03-01`]],
    ['award-grant-started', ON_AWARD, {}, []],
    ['award-held', ON_AWARD, { listing: `enterprise.${PAYEE}.1` }, [`listing enterprise.${PAYEE}.1`]],
    ['award-held', ON_AWARD, { reason: '待核实' }, []],
    ['award-reviewed', ON_AWARD, {}, []],
    [
      'batch-prepared',
      'batch-B1',
      {
        lines: [
          { award: AWARD, payee: OTHER, accountFact: 'F2' },
          { award: AWARD, payee: PAYEE },
        ],
      },
      [`fact ${OTHER}.F2 on ${ON_AWARD}`],
    ],
    [
      'tier-promoted',
      `tier-pool.${PAYEE}`,
      { creditCode: PAYEE, restsOn: [{ input: 'i', factId: 'F1' }, { input: 'j', certificate: 'GR1' }, { input: 'k' }] },
      [`fact ${PAYEE}.F1`, `certificate ${PAYEE}.GR1`],
    ],
    [
      'tier-proposals-made',
      'tierreview-pool.2024',
      { proposals: [{ creditCode: PAYEE, sources: { i: { factId: 'F1' } } }, { creditCode: OTHER }] },
      [`fact ${PAYEE}.F1`],
    ],
    [
      'tier-recommended',
      'tierreview-pool.2024',
      {
        recommended: [{ creditCode: PAYEE, clearances: [FOUND] }],
        refused: [
          { creditCode: OTHER, code: 'black-listed', missing: [`enterprise.${OTHER}.1`] },
          { creditCode: OTHER, code: 'not-in-ladder', missing: ['seed'] },
        ],
      },
      [`clearance ${PAYEE}.env.环保局.2024-03-01`, `listing enterprise.${OTHER}.1`],
    ],
  ])('is what it says itself: %s', (type, stream, data, expected) => {
    expect(reliedOn(type, stream, data)).toEqual(expected);
  });

  it('is of the successor’s dossier once that is whom the award is decided on', () => {
    expect(reliedOn('instalment-unlocked', ON_AWARD, { used: used({ factId: 'F3' }) }, OTHER)).toEqual([`fact ${OTHER}.F3`]);
  });

  it('is each record once, however many inputs it gave', () => {
    expect(reliedOn('instalment-unlocked', ON_AWARD, { used: used({ factId: 'F3' }, { factId: 'F3' }) })).toHaveLength(1);
  });
});

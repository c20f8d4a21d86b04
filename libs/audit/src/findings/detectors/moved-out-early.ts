import { addYears, type BusinessDate } from '@app/kernel';
import { awardOfStream, awardRecord, type AwardRecord, codeOfStream, type Past, type Recorded, type RelocationAward } from '../past.js';
import { certificateId, RELOCATION_TERM_YEARS } from '../names.js';
import { detector, ofAward, people, personOf, type Sign, yuan } from './detector.js';

/**
 * An enterprise that was paid for moving in, or has absorbed one that was, has moved out again before the term was over, or had
 * before it was granted. No document states a number of years: the second stage falls due when the certificate brought along has
 * run out, so that is the term; where the award rests on none, as long as a certificate is valid.
 */
export const movedOutEarly = detector({
  code: 'moved-out-early',
  title: '迁入企业期限内又迁出',
  severity: 'high',
  rule: `整体迁入奖补的条件（迁入时证书到期前在本地）；所依据的决定没有证书时，按证书有效期${RELOCATION_TERM_YEARS}年计（国科发火〔2016〕32号第九条）`,
  judges: ['award-granted', 'departure-recorded'],
  judge(event, past) {
    if (event.type === 'award-granted') return goneBefore(event, past);
    const { on } = event.data;
    const code = codeOfStream(event.stream);
    const codes = [code, ...(past.get('enterprise', code)?.absorbed ?? [])];
    const paidFor = codes.flatMap((one) => past.get('enterprise', one)?.relocationAwards ?? []);
    const broken = paidFor.filter(({ arrivedOn, until }) => arrivedOn <= on && on <= until);
    return broken.flatMap(({ award, arrivedOn, until, certificate }) => {
      const record = past.get('award', award);
      if (record === undefined || record.isRevoked) return [];
      const { pack, clause, granted } = record;
      const amount = granted?.amount ?? '0.00';
      const detail = `${arrivedOn}迁入，${on}迁出，${said({ until, certificate })}；已就迁入批准${yuan(amount)}`;
      return [{ about: award, award, enterprise: code, pack, clause, amount, detail, officers: personOf(event) }];
    });
  },
});

/** What was recorded before the grant: a departure on the day of the arrival may have come before it. */
function goneBefore({ stream, data: { amount, approver } }: Recorded<'award-granted'>, past: Past): readonly Sign[] {
  const award = awardOfStream(stream);
  const record = awardRecord(past, award);
  const term = termOf(award, record, past);
  const left = term && past.get('enterprise', record.payee)?.departures.find((on) => term.arrivedOn < on && on <= term.until);
  if (term === undefined || left === undefined) return [];
  const detail = `${term.arrivedOn}迁入，${left}已迁出，${said(term)}；仍就迁入批准${yuan(amount)}`;
  return [{ ...ofAward(award, record), amount, detail, officers: people(approver, record.reviewed?.by) }];
}

const said = ({ until, certificate }: { readonly until: string; readonly certificate?: string | undefined }): string =>
  certificate === undefined ? `期限至${until}` : `迁入时的证书${certificate}有效至${until}`;

/** How long the enterprise is to stay; undefined for an award that rests on no move. */
export function termOf(award: string, { payee, assessed }: AwardRecord, past: Past): RelocationAward | undefined {
  const rests = (assessed?.rests ?? []).filter(({ relocation }) => relocation !== undefined);
  const arrivedOn = rests[0]?.relocation;
  if (arrivedOn === undefined) return undefined;
  const certificate = rests.find((rest) => rest.certificate !== undefined)?.certificate;
  const validUntil = certificate && past.get('certificate', certificateId(payee, certificate))?.expiresOn;
  return {
    award,
    arrivedOn,
    until: validUntil ?? addYears(arrivedOn as BusinessDate, RELOCATION_TERM_YEARS),
    ...(validUntil !== undefined && certificate !== undefined && { certificate }),
  };
}

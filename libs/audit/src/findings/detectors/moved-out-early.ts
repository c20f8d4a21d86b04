import { codeOfStream } from '../past.js';
import { detector, personOf, yuan } from './detector.js';
import { RELOCATION_TERM_YEARS } from '../names.js';

/**
 * An enterprise that was paid for moving in has moved out again before the term was over. No document states a number of
 * years: the second stage falls due when the certificate brought along has run out, so that is the term; where the award
 * rests on none, as long as a certificate is valid.
 */
export const movedOutEarly = detector({
  code: 'moved-out-early',
  title: '迁入企业期限内又迁出',
  severity: 'high',
  rule: `整体迁入奖补的条件（迁入时证书到期前在本地）；所依据的决定没有证书时，按证书有效期${RELOCATION_TERM_YEARS}年计（国科发火〔2016〕32号第九条）`,
  judges: ['departure-recorded'],
  judge(event, past) {
    const { on } = event.data;
    const code = codeOfStream(event.stream);
    const enterprise = past.get('enterprise', code);
    const broken = (enterprise?.relocationAwards ?? []).filter(({ arrivedOn, until }) => arrivedOn <= on && on <= until);
    return broken.flatMap(({ award, arrivedOn, until, certificate }) => {
      const record = past.get('award', award);
      if (record === undefined || record.isRevoked) return [];
      const { pack, clause, granted } = record;
      const amount = granted?.amount ?? '0.00';
      const term = certificate === undefined ? `期限至${until}` : `迁入时的证书${certificate}有效至${until}`;
      const detail = `${arrivedOn}迁入，${on}迁出，${term}；已就迁入批准${yuan(amount)}`;
      return [{ about: award, award, enterprise: code, pack, clause, amount, detail, officers: personOf(event) }];
    });
  },
});

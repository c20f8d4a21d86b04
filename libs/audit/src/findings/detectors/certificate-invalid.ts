import { awardOfStream, awardRecord, codeOfStream, type Past, type Recorded, type Rest } from '../past.js';
import { certificateId } from '../names.js';
import { detector, ofAward, people, type Sign, yuan } from './detector.js';

/**
 * An award rests on a certificate that was not valid on the day that counts: by what the dossier said when it was granted, or
 * by a revocation that was recorded later and reaches back to before the grant.
 */
export const certificateInvalid = detector({
  code: 'certificate-invalid',
  title: '所依据的证书当日无效',
  severity: 'high',
  rule: '条款要求有效的证书；国科发火〔2016〕32号第九条（资格自发证之日起三年）',
  judges: ['award-granted', 'certificate-revoked'],
  judge(event, past) {
    if (event.type === 'certificate-revoked') return revokedSince(event, past);
    const { amount, approver } = event.data;
    const award = awardOfStream(event.stream);
    const record = awardRecord(past, award);
    const { assessed, payee } = record;
    const grantedOn = record.starting?.on ?? event.metadata.effectiveOn;
    const faults = (assessed?.rests ?? [])
      .filter(saysHeld)
      .flatMap((rest) => faultOf(past, payee, rest, { assessedOn: assessed?.on ?? '', grantedOn }) ?? []);
    if (faults.length === 0) return [];
    const detail = `批准${yuan(amount)}所依据的${[...new Set(faults)].join('；')}`;
    return [{ ...ofAward(award, record), amount, detail, officers: people(approver, record.reviewed?.by) }];
  },
});

/** Inputs that say a certificate is held. That one has expired, or was none, is no fault of an input that says so. */
const HELD: readonly string[] = ['enterprise.hnte', 'certification.kind', 'certificate.validAtRelocation'];

/** Whether an input says that a certificate is held. */
export function saysHeld(rest: Rest): rest is Held {
  return rest.certificate !== undefined && HELD.includes(rest.input) && rest.value !== false;
}

type Held = Rest & { readonly certificate: string };

function revokedSince({ stream, data: { number, on } }: Recorded<'certificate-revoked'>, past: Past): readonly Sign[] {
  const awards = past.get('certificate-awards', certificateId(codeOfStream(stream), number)) ?? [];
  return awards.flatMap((award) => {
    const record = awardRecord(past, award);
    const { granted, assessed, reviewed, isRevoked } = record;
    if (granted === undefined || isRevoked || on > granted.on) return [];
    const before = on <= (assessed?.on ?? '') ? `认定日${assessed?.on ?? ''}` : `批准日${granted.on}`;
    const detail = `所依据的证书${number}后经撤销，自${on}起无效，不晚于${before}；已批准${yuan(granted.amount)}`;
    const officers = people(granted.approver, reviewed?.by);
    return [{ ...ofAward(award, record), about: award, amount: granted.amount, detail, officers }];
  });
}

function faultOf(
  past: Past,
  payee: string,
  { input, certificate: number, relocation }: Held,
  { assessedOn, grantedOn }: { readonly assessedOn: string; readonly grantedOn: string },
): string | undefined {
  const certificate = past.get('certificate', certificateId(payee, number));
  if (certificate === undefined) return `证书${number}不在企业档案内`;
  const { issuedOn, expiresOn, revokedOn } = certificate;
  const on = input === 'certificate.validAtRelocation' ? (relocation ?? assessedOn) : assessedOn;
  if (revokedOn !== undefined && revokedOn <= grantedOn) return `证书${number}已于${revokedOn}撤销`;
  if (on < issuedOn) return `证书${number}${issuedOn}才颁发，所认定的日期为${on}`;
  if (on > expiresOn) return `证书${number}有效期至${expiresOn}，所认定的日期为${on}`;
  return undefined;
}

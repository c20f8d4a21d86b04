import { awardOfStream, awardRecord, type Past, type Rest } from '../past.js';
import { certificateId } from '../names.js';
import { detector, ofAward, people, yuan } from './detector.js';

/** An award rests on a certificate that was not valid on the day that counts, by what the dossier said when it was granted. */
export const certificateInvalid = detector({
  code: 'certificate-invalid',
  title: '所依据的证书当日无效',
  severity: 'high',
  rule: '条款要求有效的证书；国科发火〔2016〕32号第九条（资格自发证之日起三年）',
  judges: ['award-granted'],
  judge({ stream, data: { amount, approver } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    const { assessed, payee } = record;
    const faults = (assessed?.rests ?? []).flatMap((rest) => faultOf(past, payee, rest, assessed?.on ?? '') ?? []);
    if (faults.length === 0) return [];
    const detail = `批准${yuan(amount)}所依据的${[...new Set(faults)].join('；')}`;
    return [{ ...ofAward(award, record), amount, detail, officers: people(approver, record.reviewed?.by) }];
  },
});

/** Inputs that say a certificate is held. That one has expired, or was none, is no fault of an input that says so. */
const HELD: readonly string[] = ['enterprise.hnte', 'certification.kind', 'certificate.validAtRelocation'];

function faultOf(
  past: Past,
  payee: string,
  { input, value, certificate: number, relocation }: Rest,
  assessedOn: string,
): string | undefined {
  if (number === undefined || !HELD.includes(input) || value === false) return undefined;
  const certificate = past.get('certificate', certificateId(payee, number));
  if (certificate === undefined) return `证书${number}不在企业档案内`;
  const { issuedOn, expiresOn, revokedOn } = certificate;
  const on = input === 'certificate.validAtRelocation' ? (relocation ?? assessedOn) : assessedOn;
  if (revokedOn !== undefined && revokedOn <= assessedOn) return `证书${number}已于${revokedOn}撤销`;
  if (on < issuedOn) return `证书${number}${issuedOn}才颁发，所认定的日期为${on}`;
  if (on > expiresOn) return `证书${number}有效期至${expiresOn}，所认定的日期为${on}`;
  return undefined;
}

import { awardOfStream, awardRecord, type Memories, type Past } from '../past.js';
import { detector, ofAward, people, yuan } from './detector.js';

type Listed = Memories['listings'][number];

/** Money left for an enterprise that was black-listed on the day it was ordered, or on the day the bank paid. */
export const paidWhileListed = detector({
  code: 'paid-while-listed',
  title: '列入失信名单期间拨付',
  severity: 'high',
  rule: '台账规则：企业列入失信名单期间暂缓拨付；《预算法》第五十七条（加强对预算支出的管理和监督）',
  judges: ['instalment-paid', 'instalment-overpaid'],
  judge({ stream, data: { no, amount, batch, line, on } }, past) {
    const award = awardOfStream(stream);
    const record = awardRecord(past, award);
    // Who is paid may be a merged payee's successor.
    const payee = past.get('batch-line', `${batch}/${line}`)?.payee ?? record.payee;
    const orders = (record.granted?.instalments ?? []).flatMap(({ ordered }) => ordered ?? []);
    // What is paid beyond what is due has no order.
    const orderedOn = orders.find((one) => one.batch === batch && one.line === line)?.on;
    const whenOrdered = listingOn(past, payee, orderedOn ?? on);
    const listing = whenOrdered ?? listingOn(past, payee, on);
    if (listing === undefined) return [];
    const payer = past.get('batch', `batch-${batch}`)?.payer;
    const said = whenOrdered
      ? `第${no}期${yuan(amount)}于${orderedOn === undefined ? `${on}付出` : `${orderedOn}列入拨付`}，当日企业在失信名单内`
      : `第${no}期${yuan(amount)}于${on}由银行付出，当日企业已列入失信名单（列入前已送银行，未追回）`;
    return [
      {
        ...ofAward(award, record),
        enterprise: payee,
        amount,
        detail: said,
        ...(whenOrdered === undefined && { severity: 'medium' }),
        officers: people(payer),
        listing: listing.listing,
      },
    ];
  },
});

/** One legal person may be listed as an enterprise or as an agency, and under the codes of those it has absorbed. */
function listingOn(past: Past, payee: string, day: string): Listed | undefined {
  const codes = [payee, ...(past.get('enterprise', payee)?.absorbed ?? [])];
  const listings = ['enterprise', 'agency'].flatMap((kind) => codes.flatMap((code) => past.get('listings', `${kind}.${code}`) ?? []));
  return listings.find(({ from, until, endedOn }) => from <= day && day < until && (endedOn === undefined || day < endedOn));
}

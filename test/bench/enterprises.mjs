/** Fictional enterprises and commands on them, for load. */
import { randomUUID } from 'node:crypto';
import { contentHash, withCheckCharacter } from '../../dist/libs/kernel/src/index.js';

export const CLERK = { id: 'clerk.liu', unit: '科技创新局', roles: ['clerk'] };

/** The n-th credit code of a district, valid with its check character. */
export function creditCodeNo(number, district = '360703') {
  return withCheckCharacter(`91${district}MA${number.toString(10).padStart(7, '0')}`);
}

export function registration(number, district) {
  return {
    creditCode: creditCodeNo(number, district),
    name: `赣州第${number}精密制造有限公司`,
    region: '江西省赣州经济技术开发区',
    registeredOn: '2019-03-15',
    evidence: [{ title: '营业执照副本', documentNo: `赣市监登〔2019〕${number}号` }],
  };
}

/** The n-th fact of an enterprise. */
export function fact(number) {
  return {
    name: 'rd.expenditure',
    value: `${1_000_000 + number}.00`,
    period: '2023',
    sourceUnit: '赣州经济技术开发区税务局',
    evidence: [
      {
        title: '企业所得税年度纳税申报表（A107012）',
        documentNo: `赣开税申〔2024〕${number}号`,
        sha256: '9bee50c4bd09d11adfe2b1cd112703a0ad2e918993e22692256af4cda2859a7f',
      },
    ],
  };
}

/** What the HTTP edge would hand over with a command. */
export function contextOf(command) {
  const commandId = randomUUID();
  return {
    commandId,
    contentHash: contentHash(command),
    actor: CLERK,
    effectiveOn: '2024-05-20',
    today: '2024-05-20',
    correlationId: commandId,
    causationId: commandId,
  };
}

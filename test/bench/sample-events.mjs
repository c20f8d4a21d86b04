/** Events of about 800 bytes with their metadata, dealt out to so many streams. */
import { randomUUID } from 'node:crypto';

export const STREAMS = 64;
export const TYPE = 'fact-recorded';

export function sampleEvent(index) {
  const commandId = randomUUID();
  return {
    id: randomUUID(),
    type: TYPE,
    data: {
      factId: `F${1 + Math.floor(index / STREAMS)}`,
      name: 'rd.expenditure',
      value: `${1_000_000 + index}.00`,
      period: '2023',
      sourceUnit: '赣州经济技术开发区税务局企业所得税管理科',
      corrects: 'F1',
    },
    metadata: {
      effectiveOn: '2024-05-20',
      actor: { id: 'clerk.liu', unit: '科技创新局', roles: ['clerk', 'reviewer'] },
      commandId,
      commandHash: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
      correlationId: commandId,
      causationId: commandId,
      evidence: [
        {
          title: '企业所得税年度纳税申报表（A107012）',
          documentNo: `赣开税申〔2024〕${index}号`,
          sha256: '9bee50c4bd09d11adfe2b1cd112703a0ad2e918993e22692256af4cda2859a7f',
        },
      ],
    },
  };
}

export const streamOf = (index) => `enterprise-91360700MA35${String(index % STREAMS).padStart(6, '0')}`;
export const revisionOf = (index) => Math.floor(index / STREAMS);

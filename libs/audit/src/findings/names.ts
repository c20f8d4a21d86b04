import { lineOfStream } from '@app/budgets';
import { normalisedReference } from '@app/kernel';
import type { AwardRecord } from './past.js';

/** Without an own end in the text, as long as a certificate is valid (国科发火〔2016〕32号第九条: three years). */
export const RELOCATION_TERM_YEARS = 3;
/** Clocks of two processes may differ by less than this. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/** The stream's line as a person names it. */
export const lineName = (stream: string): string => {
  const { pack, line, period } = lineOfStream(stream);
  return `${pack}.${line}.${period}`;
};

export const occasionId = ({ pack, occasion }: Pick<AwardRecord, 'pack' | 'occasion'>): string =>
  `${pack}|${occasion.kind}|${occasion.key}`;
export const certificateId = (code: string, number: string): string => `${code}/${normalisedReference(number)}`;
export const factId = (code: string, fact: string): string => `${code}/${fact}`;
export const reviewId = (ladder: string, year: number): string => `${ladder}.${year}`;
export const subjectOfStream = (stream: string): string => stream.slice('blacklist-'.length);

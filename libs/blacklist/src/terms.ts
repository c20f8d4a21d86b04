import { addDays, type BusinessDate, businessDate, invalidField, isBusinessDate, refused } from '@app/kernel';

/** Lightest first. */
export const LISTING_CLASSES = ['minor', 'general', 'serious'] as const;
/** 轻微, 一般, 严重: how grave the wrong is. */
export type ListingClass = (typeof LISTING_CLASSES)[number];

export interface ClassTerms {
  /** What must be served before credit repair; no term is shorter. 0: repair as soon as the duties are performed. */
  readonly minimumMonths: number;
  readonly maximumMonths: number;
  /** Whether the listing is shown to everybody who uses the ledger. */
  readonly published: boolean;
}

/** One version of the rules, in force from a day until the next version begins. */
export interface ListingTerms {
  readonly from: string;
  readonly title: string;
  readonly citation: string;
  /** Where a figure is not the text's own, and whose it is. */
  readonly note?: string;
  /** A class that is missing is one the rules do not know. */
  readonly classes: Readonly<Partial<Record<ListingClass, ClassTerms>>>;
  /** 陈述申辩: the least number of days a notice must leave. */
  readonly statementDays: number;
  /** 异议: days after the decision in which it can be objected to. */
  readonly objectionDays: number;
  /** Days within which an objection is to be decided. */
  readonly objectionDecisionDays: number;
  /** 信用修复: days within which an application is to be decided. */
  readonly repairDecisionDays: number;
}

// Days are calendar days: the ledger knows no public holidays. An objection follows administrative reconsideration:
// 60 days to apply, 60 days to decide (行政复议法). Ten working days for a repair are counted as two weeks.
const CLOCKS = { statementDays: 5, objectionDays: 60, objectionDecisionDays: 60, repairDecisionDays: 14 } as const;

/** Every version of the rules, oldest first. A new rule is a new entry; what was decided keeps the version it was decided under. */
export const TERMS: readonly ListingTerms[] = [
  {
    from: '2017-07-31',
    title: '关于进一步规范“信用中国”网站和地方信用门户网站行政处罚信息公示工作的通知',
    citation: '发改办财金〔2017〕1171号：公示期限一年，涉及严重失信行为的三年',
    note: '文件只规定公示期限，最短期限（一般三个月、严重一年）按从严掌握设定',
    classes: {
      general: { minimumMonths: 3, maximumMonths: 12, published: true },
      serious: { minimumMonths: 12, maximumMonths: 36, published: true },
    },
    ...CLOCKS,
  },
  {
    from: '2019-07-01',
    title: '关于进一步完善“信用中国”网站及地方信用门户网站行政处罚信息信用修复机制的通知',
    citation: '发改办财金〔2019〕527号：一般失信最短三个月、最长一年，严重失信最短六个月、最长三年',
    classes: {
      general: { minimumMonths: 3, maximumMonths: 12, published: true },
      serious: { minimumMonths: 6, maximumMonths: 36, published: true },
    },
    ...CLOCKS,
  },
  {
    from: '2023-05-01',
    title: '失信行为纠正后的信用信息修复管理办法（试行）',
    citation: '国家发展改革委令第58号：最短公示期三个月，其中重点领域一年，最长公示期三年',
    classes: {
      general: { minimumMonths: 3, maximumMonths: 36, published: true },
      serious: { minimumMonths: 12, maximumMonths: 36, published: true },
    },
    ...CLOCKS,
  },
  {
    from: '2026-04-01',
    title: '信用修复管理办法',
    citation:
      '国家发展改革委令第36号，国办发〔2025〕22号第二条：轻微失信原则上不公示、最长三个月，一般失信三个月至一年，严重失信一年至三年',
    classes: {
      minor: { minimumMonths: 0, maximumMonths: 3, published: false },
      general: { minimumMonths: 3, maximumMonths: 12, published: true },
      serious: { minimumMonths: 12, maximumMonths: 36, published: true },
    },
    ...CLOCKS,
  },
];

/** The rules in force on a day. @throws Problem `listing-terms-unknown` for a day before the first. */
export function termsOn(day: string): ListingTerms {
  const terms = TERMS.findLast(({ from }) => from <= day);
  if (terms === undefined) throw refused('listing-terms-unknown', `no rules on the term of a listing are known for ${day}`, { on: day });
  return terms;
}

/** The version a stored decision names by its first day. @throws Error for one this program does not know. */
export function termsFrom(from: string): ListingTerms {
  const terms = TERMS.find((version) => version.from === from);
  if (terms === undefined) throw new Error(`unknown listing terms of ${from}: this ledger was written by a newer version`);
  return terms;
}

/** @throws Problem `listing-class-unknown` where the rules do not know the class. */
export function classTermsOf({ classes, title, from }: ListingTerms, listingClass: ListingClass): ClassTerms {
  const terms = classes[listingClass];
  if (terms === undefined) {
    throw refused('listing-class-unknown', `${title} (in force from ${from}) knows no class ${listingClass}`, {
      listingClass,
      terms: from,
    });
  }
  return terms;
}

/** @throws Problem `term-out-of-range` outside the class's range. */
export function requireTermInRange(termMonths: number, { minimumMonths, maximumMonths }: ClassTerms, listingClass: ListingClass): void {
  const shortest = Math.max(1, minimumMonths);
  if (Number.isInteger(termMonths) && termMonths >= shortest && termMonths <= maximumMonths) return;
  throw refused('term-out-of-range', `a ${listingClass} listing lasts ${shortest} to ${maximumMonths} months, not ${termMonths}`, {
    listingClass,
    minimumMonths: shortest,
    maximumMonths,
    asked: termMonths,
  });
}

/** The same day of a later month, or its last day where it has no such day. @throws Problem `invalid-input` outside the calendar. */
export function addMonths(date: BusinessDate, months: number): BusinessDate {
  const count = Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1 + months;
  const beginning = `${Math.trunc(count / 12)}-${String((count % 12) + 1).padStart(2, '0')}`;
  for (let day = Number(date.slice(8)); day >= 28; day -= 1) {
    if (isBusinessDate(`${beginning}-${day}`)) return businessDate(`${beginning}-${day}`);
  }
  return businessDate(`${beginning}-${date.slice(8)}`);
}

/** The last day of a period of days that begins the day after. */
export function lastDayOf(day: string, days: number, field: string): BusinessDate {
  if (!Number.isInteger(days)) throw invalidField(field, 'whole-number', 'must be a whole number of days');
  return addDays(businessDate(day, field), days);
}

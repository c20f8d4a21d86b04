import { differenceRows, type Names } from '@app/exports';

type Item = Parameters<typeof differenceRows>[0]['key'];

/** Fields whose values are codes by which the ledger is asked for a thing, and which have no name of their own. */
const CODES = new Set([
  '代码',
  '科目代码',
  '原梯队代码',
  '调整后梯队代码',
  '科目',
  '预算科目',
  '资金盘子',
  '条款',
  '梯次',
  '释义',
  '所取口径',
]);

const ENGLISH_FIELD = /(?:^|[，；：])([A-Za-z][\w.-]*)：/g;
/** A word by itself, with the field it is the value of: ids have figures, points or signs in them. */
const WORD = /(?:^|([^，；：]*)：|[、])([a-z]+(?:-[a-z]+)*)(?=$|[，；、])/g;

/**
 * What an answer of a route says to people in words of the code, where it is told as differences and timelines tell it: names
 * of fields nobody has given a heading, and words without a term. `path` is that of the route after `/v1/`.
 */
export function untoldIn(path: string, answer: unknown, names: Names): readonly string[] {
  return itemsOf(answer).flatMap((item) =>
    differenceRows({ change: 'added', key: {}, item }, path, names).flatMap(([, , heading = '', , text = '']) => [
      ...(/[A-Za-z]/.test(heading) ? [`the field ${heading}`] : []),
      ...[...text.matchAll(ENGLISH_FIELD)].map(([, field]) => `${heading}: the field ${field}`),
      ...[...text.matchAll(WORD)]
        .map(([, field = lastOf(heading), word]) => ({ field, word }))
        .filter(({ field }) => !CODES.has(field))
        .map(({ field, word }) => `${heading}: ${field} ${word}`),
    ]),
  );
}

/** Of 状态·批准·科目, 科目. */
const lastOf = (heading: string) => heading.slice(heading.lastIndexOf('·') + 1);

/** The items of a list under whatever name, or the one object there is; beside its list, an answer may say more. */
function itemsOf(answer: unknown): readonly Item[] {
  if (Array.isArray(answer)) return answer as readonly Item[];
  const object = answer as Item;
  const list = ['items', 'accounts', 'units', 'differences'].map((name) => object[name]).find(Array.isArray);
  return list === undefined ? [object] : (list as readonly Item[]);
}

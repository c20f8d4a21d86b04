import { invalidField } from './problem.js';

/** A calendar day in Asia/Shanghai, `YYYY-MM-DD`. Compares correctly as text. */
export type BusinessDate = string & { readonly __brand: 'BusinessDate' };

/** The last day there is. What is said to have no end is often given this one. */
export const LAST_DAY = '9998-12-31';

const SHAPE = /^(\d{4})-(\d{2})-(\d{2})$/;
const DAY_MS = 86_400_000;
// China has kept UTC+8 without daylight saving time since 1992; the ledger holds no earlier instants.
const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

const epochDay = (date: string) => Date.parse(`${date}T00:00:00Z`) / DAY_MS;

/** Whether a value is an existing calendar day between 1949 and 9998. */
export function isBusinessDate(value: unknown): value is BusinessDate {
  if (typeof value !== 'string' || !SHAPE.test(value) || value < '1949-10-01' || value > LAST_DAY) return false;
  // Plain arithmetic: every command checks several days, and building dates for it would cost more than the rest.
  const [year, month, day] = [Number(value.slice(0, 4)), Number(value.slice(5, 7)), Number(value.slice(8))];
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const longest = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return month >= 1 && month <= 12 && day >= 1 && day <= longest;
}

/** @throws Problem `invalid-input` naming the field unless the text is an existing day. */
export function businessDate(text: unknown, field = 'date'): BusinessDate {
  if (!isBusinessDate(text)) throw invalidField(field, 'date', 'must be an existing day written YYYY-MM-DD');
  return text;
}

/** The day it is in Asia/Shanghai at an instant. */
export function businessDateAt(instant: Date): BusinessDate {
  return new Date(instant.getTime() + SHANGHAI_OFFSET_MS).toISOString().slice(0, 10) as BusinessDate;
}

/** The day of a recorded instant, `2024-05-01T00:00:00.000Z`. */
export function businessDateOf(recordedAt: string): BusinessDate {
  return businessDateAt(new Date(recordedAt));
}

/** An instant as the clocks of the office show it, in Asia/Shanghai to the second: `2024-06-30 12:00:00`. */
export function officeTime(instant: Date): string {
  return new Date(instant.getTime() + SHANGHAI_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** Whole seconds from one recorded instant to another, negative when `to` is earlier. */
export function secondsBetween(from: string, to: string): number {
  return Math.trunc((Date.parse(to) - Date.parse(from)) / 1_000);
}

/** The first instant of a day in Asia/Shanghai. */
export function startOf(date: BusinessDate): Date {
  return new Date(epochDay(date) * DAY_MS - SHANGHAI_OFFSET_MS);
}

/** @throws Problem `invalid-input` when the result lies outside the calendar. */
export function addDays(date: BusinessDate, days: number): BusinessDate {
  const moved = new Date((epochDay(date) + days) * DAY_MS);
  return businessDate(Number.isNaN(moved.getTime()) ? undefined : moved.toISOString().slice(0, 10));
}

/**
 * The same day of a later year; 29 February becomes 28 February where the year has none.
 * @throws Problem `invalid-input` when the result lies outside the calendar.
 */
export function addYears(date: BusinessDate, years: number): BusinessDate {
  const year = String(yearOf(date) + years);
  const moved = `${year}${date.slice(4)}`;
  return date.endsWith('-02-29') && !isBusinessDate(moved) ? businessDate(`${year}-02-28`) : businessDate(moved);
}

/** Whole days from one day to another, negative when `to` is earlier. */
export function daysBetween(from: BusinessDate, to: BusinessDate): number {
  return epochDay(to) - epochDay(from);
}

export function yearOf(date: BusinessDate): number {
  return Number(date.slice(0, 4));
}

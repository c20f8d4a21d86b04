import { describe, expect, it } from '@jest/globals';
import { lookingFrom } from '@app/event-store';
import { Problem } from '@app/kernel';
import { sightOn } from './sight.js';

const TODAY = '2024-06-30';
const there = { position: 7, now: new Date('2024-06-30T04:00:00Z') };
const clerk = { roles: ['clerk'] };

describe('who looks at the black-list', () => {
  it('from the past, or at a day gone by, sees it only with the whole history', () => {
    expect(() => lookingFrom(there, () => sightOn(clerk, undefined, TODAY))).toThrow(Problem);
    expect(() => sightOn(clerk, '2024-06-29', TODAY)).toThrow(Problem);
    expect(() => lookingFrom({ ...there, isPresent: true }, () => sightOn(clerk, '2024-06-29', TODAY))).toThrow(Problem);
    expect(lookingFrom(there, () => sightOn({ roles: ['auditor'] }, '2024-06-29', TODAY))).toBe('history');
  });

  it('as it stands sees as much when a whole list is read from the present as page by page', () => {
    expect(sightOn(clerk, TODAY, TODAY)).toBe('running');
    expect(lookingFrom({ ...there, isPresent: true }, () => sightOn(clerk, TODAY, TODAY))).toBe('running');
  });
});

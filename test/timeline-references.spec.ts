import { describe, expect, it } from '@jest/globals';
import { TIMELINE_EVENT_TYPES } from '@app/audit';
import { COMMAND_NOTED } from '@app/event-store';
import { EVENT_DEFINITIONS } from '../apps/api/src/ledger.module.js';

describe('timelines', () => {
  it('know what every event of the ledger is about', () => {
    expect([...TIMELINE_EVENT_TYPES].sort()).toEqual([...Object.keys(EVENT_DEFINITIONS), COMMAND_NOTED].sort());
  });
});

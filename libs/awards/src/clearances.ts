import { agenciesAsked, clearanceOf, type Dossier } from '@app/enterprises';
import type { Clause, Pack } from '@app/policies';
import type { FoundClearance } from './award-rules.js';

/**
 * What a dossier holds on a day for each clearance (部门核查) a clause asks for, in the clause's order: the findings of the
 * agencies its pack names, and of no others.
 */
export function clearancesFound(pack: Pack, { clearances = [] }: Clause, dossier: Dossier, on: string): readonly FoundClearance[] {
  return clearances.flatMap((clearance) => {
    const agencies = agenciesAsked(pack, clearance);
    // A clearance nobody is named for cannot stand.
    if (agencies.length === 0) return [{ clearance, agency: '', finding: 'absent' }] satisfies FoundClearance[];
    return agencies.map((agency) => found(dossier, clearance, on, agency));
  });
}

function found(dossier: Dossier, clearance: string, on: string, agency: string): FoundClearance {
  const last = clearanceOf(dossier, clearance, on, agency);
  if (last?.finding !== 'clear') return { clearance, agency, finding: last?.finding ?? 'absent' };
  const { finding, on: day, validUntil, documentNo, recordedBy } = last;
  return { finding, clearance, agency, on: day, ...(validUntil !== undefined && { validUntil }), documentNo, recordedBy };
}

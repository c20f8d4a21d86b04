import { clearanceOf, type Dossier } from '@app/enterprises';
import type { Clause, Pack } from '@app/policies';
import type { FoundClearance } from './award-rules.js';

/** What a dossier holds on a day for each clearance (部门核查) a clause asks for, in the clause's order. */
export function clearancesFound(pack: Pack, { clearances = [] }: Clause, dossier: Dossier, on: string): readonly FoundClearance[] {
  return clearances.map((clearance): FoundClearance => {
    const found = clearanceOf(dossier, clearance, on);
    if (found === undefined) return { clearance, agency: agencyOf(pack, clearance), finding: 'absent' };
    const { agency, finding, on: day, validUntil, documentNo } = found;
    if (finding !== 'clear') return { clearance, agency, finding };
    return { finding, clearance, agency, on: day, ...(validUntil !== undefined && { validUntil }), documentNo };
  });
}

/** The agency whose finding it is, by the clause that introduces the clearance. */
function agencyOf(pack: Pack, clearance: string): string {
  for (const { shape } of pack.clauses) if (shape.kind === 'clearance' && shape.clearance === clearance) return shape.agency;
  return '';
}

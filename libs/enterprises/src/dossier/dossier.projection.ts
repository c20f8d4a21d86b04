import { asDomainEvent, type RecordedEvent } from '@app/event-store';
import { normalisedReference, unreachable } from '@app/kernel';
import type { Projection, Rows, Table } from '@app/projections';
import { type CertificateData, creditCodeOfStream, type EnterpriseEvent, type FactData } from '../enterprise.js';
import { enterpriseEvents } from '../enterprise.codec.js';
import {
  certificateTable,
  clearanceTable,
  type EnterpriseFactRow,
  type EnterpriseRow,
  enterpriseTable,
  factTable,
  moveTable,
  nameTable,
  titleTable,
} from './dossier.tables.js';

/** Dossiers as rows: enterprises, their names, facts, certificates, moves, clearances and titles. Nothing recorded is ever dropped. */
export class DossierProjection implements Projection {
  readonly name = 'dossier';
  readonly version = 4;
  readonly tables = [
    enterpriseTable,
    nameTable,
    factTable,
    certificateTable,
    moveTable,
    clearanceTable,
    titleTable,
  ] as unknown as readonly Table<never>[];
  readonly handles: ReadonlySet<string> = new Set(Object.keys(enterpriseEvents));

  apply(recorded: RecordedEvent, rows: Rows): void {
    const event = asDomainEvent<EnterpriseEvent>(recorded);
    const code = creditCodeOfStream(recorded.stream);
    if (event.type === 'enterprise-registered') this.register(event.data, recorded, rows);
    else this.change(event, code, recorded, rows);
  }

  private register(data: Extract<EnterpriseEvent, { type: 'enterprise-registered' }>['data'], recorded: RecordedEvent, rows: Rows): void {
    const { creditCode, name, region = null, registeredOn = null, creditCodeFlagged } = data;
    const { effectiveOn } = recorded.metadata;
    rows.put(enterpriseTable, {
      credit_code: creditCode,
      name,
      name_from: effectiveOn,
      region,
      registered_on: registeredOn,
      credit_code_flagged: creditCodeFlagged ? 1 : 0,
      status: 'registered',
      survivor: null,
      merged_on: null,
      absorbed: '[]',
      absorbed_on: '[]',
      effective_on: effectiveOn,
      facts: 0,
      disputed_facts: 0,
      revision: recorded.revision,
      position: recorded.position,
    });
    putName(rows, creditCode, name, recorded);
  }

  private change(
    event: Exclude<EnterpriseEvent, { type: 'enterprise-registered' }>,
    code: string,
    recorded: RecordedEvent,
    rows: Rows,
  ): void {
    const known = rows.get(enterpriseTable, code);
    if (known === undefined) throw new Error(`${event.type} for ${code}, which was never registered`);
    const enterprise: EnterpriseRow = { ...known, revision: recorded.revision, position: recorded.position };
    const { effectiveOn, actor } = recorded.metadata;
    const { position } = recorded;
    const evidence = JSON.stringify(event.evidence ?? []);
    const put = (changes: Partial<EnterpriseRow> = {}) => rows.put(enterpriseTable, { ...enterprise, ...changes });
    switch (event.type) {
      case 'enterprise-renamed': {
        const { name } = event.data;
        putName(rows, code, name, recorded);
        return put(effectiveOn >= known.name_from ? { name, name_from: effectiveOn } : {});
      }
      case 'fact-recorded': {
        const settled = recordFact(rows, code, event.data, recorded, evidence);
        return put({ facts: known.facts + 1, disputed_facts: known.disputed_facts - settled });
      }
      case 'fact-verified': {
        const fact = factRow(rows, code, event.data.factId);
        const settled = { dispute_reason: null, disputed_by: null, disputed_on: null };
        const checked = { verification: 'verified', checked_by: actor.id, checked_on: effectiveOn, checked_evidence: evidence };
        rows.put(factTable, { ...fact, ...settled, ...checked });
        return put({ disputed_facts: known.disputed_facts - (fact.dispute_reason === null ? 0 : 1) });
      }
      case 'fact-disputed': {
        const fact = factRow(rows, code, event.data.factId);
        rows.put(factTable, { ...fact, dispute_reason: event.data.reason, disputed_by: actor.id, disputed_on: effectiveOn });
        return put({ disputed_facts: known.disputed_facts + (fact.dispute_reason === null ? 1 : 0) });
      }
      case 'certificate-recorded':
        recordCertificate(rows, code, event.data, recorded, evidence);
        return put();
      case 'certificate-revoked': {
        const { number, on, reason } = event.data;
        const certificate = rows.get(certificateTable, code, normalisedReference(number));
        if (certificate === undefined) throw new Error(`${code} holds no certificate ${number}`);
        rows.put(certificateTable, { ...certificate, revoked_on: on, revocation_reason: reason, position });
        return put();
      }
      case 'relocation-recorded': {
        const { no, from, origin, whole, on } = event.data;
        rows.put(moveTable, {
          credit_code: code,
          move_no: no,
          kind: 'arrival',
          moved_on: on,
          moved_from: from,
          origin,
          whole: whole ? 1 : 0,
          evidence,
          position,
        });
        return put();
      }
      case 'departure-recorded': {
        const { no, on } = event.data;
        rows.put(moveTable, {
          credit_code: code,
          move_no: no,
          kind: 'departure',
          moved_on: on,
          moved_from: null,
          origin: null,
          whole: null,
          evidence,
          position,
        });
        return put();
      }
      case 'clearance-recorded': {
        const { clearance, agency, finding, on, validUntil = null, documentNo, note = null } = event.data;
        rows.put(clearanceTable, {
          credit_code: code,
          revision: recorded.revision,
          clearance,
          agency,
          finding,
          found_on: on,
          valid_until: validUntil,
          document_no: documentNo,
          note,
          recorded_by: actor.id,
          evidence,
          position,
        });
        return put();
      }
      case 'title-awarded': {
        const { title, name, grade = null, year, on, documentNo } = event.data;
        rows.put(titleTable, {
          credit_code: code,
          title,
          year,
          name,
          grade,
          awarded_on: on,
          document_no: documentNo,
          withdrawn_on: null,
          withdrawal_reason: null,
          recorded_by: actor.id,
          evidence,
          position,
        });
        return put();
      }
      case 'title-withdrawn': {
        const { title, year, on, reason } = event.data;
        const held = rows.get(titleTable, code, title, year);
        if (held === undefined) throw new Error(`${code} holds no title ${title} for ${year}`);
        rows.put(titleTable, { ...held, withdrawn_on: on, withdrawal_reason: reason, position });
        return put();
      }
      case 'enterprise-merged':
        return put({ status: 'merged', survivor: event.data.survivor, merged_on: effectiveOn });
      case 'absorption-announced':
        return put({});
      case 'enterprise-absorbed':
        return put({ absorbed: appended(known.absorbed, event.data.creditCode), absorbed_on: appended(known.absorbed_on, effectiveOn) });
      default:
        return unreachable(event);
    }
  }
}

const appended = (json: string, item: string) => JSON.stringify([...(JSON.parse(json) as string[]), item]);

const numberOf = (factId: string) => Number(factId.slice(1));

function factRow(rows: Rows, code: string, factId: string): EnterpriseFactRow {
  const row = rows.get(factTable, code, numberOf(factId));
  if (row === undefined) throw new Error(`${code} holds no fact ${factId}`);
  return row;
}

/** How many open disputes the new fact settles by correcting the disputed one. */
function recordFact(rows: Rows, code: string, data: FactData, recorded: RecordedEvent, evidence: string): number {
  const { factId, name, value, period = null, subject = null, sourceUnit, corrects } = data;
  const corrected = corrects === undefined ? undefined : factRow(rows, code, corrects);
  if (corrected !== undefined) rows.put(factTable, { ...corrected, corrected_by_no: numberOf(factId) });
  rows.put(factTable, {
    credit_code: code,
    fact_no: numberOf(factId),
    name,
    value: JSON.stringify(value),
    period,
    subject,
    source_unit: sourceUnit,
    verification: 'reported',
    checked_by: null,
    checked_on: null,
    checked_evidence: null,
    dispute_reason: null,
    disputed_by: null,
    disputed_on: null,
    corrects_no: corrects === undefined ? null : numberOf(corrects),
    corrected_by_no: null,
    recorded_by: recorded.metadata.actor.id,
    effective_on: recorded.metadata.effectiveOn,
    recorded_at: recorded.recordedAt,
    evidence,
    position: recorded.position,
  });
  return corrected !== undefined && corrected.dispute_reason !== null ? 1 : 0;
}

function recordCertificate(rows: Rows, code: string, data: CertificateData, recorded: RecordedEvent, evidence: string): void {
  const { number, kind, certification, issuedOn, expiresOn, issuer } = data;
  const reference = normalisedReference(number);
  const known = rows.get(certificateTable, code, reference);
  rows.put(certificateTable, {
    credit_code: code,
    reference,
    number,
    kind,
    certification,
    issued_on: issuedOn,
    expires_on: expiresOn,
    issuer,
    revoked_on: null,
    revocation_reason: null,
    corrections: known === undefined ? 0 : known.corrections + 1,
    recorded_by: recorded.metadata.actor.id,
    effective_on: recorded.metadata.effectiveOn,
    evidence,
    position: recorded.position,
  });
}

function putName(rows: Rows, code: string, name: string, recorded: RecordedEvent): void {
  rows.put(nameTable, {
    credit_code: code,
    revision: recorded.revision,
    name,
    valid_from: recorded.metadata.effectiveOn,
    evidence: JSON.stringify(recorded.metadata.evidence ?? []),
    recorded_by: recorded.metadata.actor.id,
  });
}

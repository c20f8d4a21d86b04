import { table } from '@app/projections';
import type { Dossier } from '../enterprise.js';

/** One row an enterprise; the name is the latest by day of effect. */
export interface EnterpriseRow {
  readonly credit_code: string;
  readonly name: string;
  readonly name_from: string;
  readonly region: string | null;
  /** Day of registration with the authority. */
  readonly registered_on: string | null;
  readonly credit_code_flagged: number;
  readonly status: Dossier['status'];
  readonly survivor: string | null;
  readonly merged_on: string | null;
  /** JSON array of the credit codes it absorbed, and beside it one of the days since when. */
  readonly absorbed: string;
  readonly absorbed_on: string;
  /** Business date from which the ledger knows it. */
  readonly effective_on: string;
  readonly facts: number;
  readonly disputed_facts: number;
  readonly revision: number;
  readonly position: number;
}

export interface EnterpriseNameRow {
  readonly credit_code: string;
  readonly revision: number;
  readonly name: string;
  readonly valid_from: string;
  readonly evidence: string;
  readonly recorded_by: string;
}

/** One row a fact, kept when it is corrected. `value` and `evidence` are JSON. */
export interface EnterpriseFactRow {
  readonly credit_code: string;
  readonly fact_no: number;
  readonly name: string;
  readonly value: string;
  readonly period: string | null;
  readonly subject: string | null;
  readonly source_unit: string;
  readonly verification: string;
  readonly checked_by: string | null;
  readonly checked_on: string | null;
  readonly checked_evidence: string | null;
  readonly dispute_reason: string | null;
  readonly disputed_by: string | null;
  readonly disputed_on: string | null;
  readonly corrects_no: number | null;
  readonly corrected_by_no: number | null;
  readonly recorded_by: string;
  readonly effective_on: string;
  readonly recorded_at: string;
  readonly evidence: string;
  readonly position: number;
}

/** One row a certificate, by the one spelling of its number. In force on a day: issued_on <= day <= expires_on, and day < revoked_on. */
export interface EnterpriseCertificateRow {
  readonly credit_code: string;
  readonly reference: string;
  readonly number: string;
  readonly kind: string;
  readonly certification: string;
  readonly issued_on: string;
  readonly expires_on: string;
  readonly issuer: string;
  readonly revoked_on: string | null;
  readonly revocation_reason: string | null;
  readonly corrections: number;
  readonly recorded_by: string;
  readonly effective_on: string;
  readonly evidence: string;
  readonly position: number;
}

/** One row a move: arrivals and departures, numbered in order of time. */
export interface EnterpriseMoveRow {
  readonly credit_code: string;
  readonly move_no: number;
  readonly kind: string;
  readonly moved_on: string;
  readonly moved_from: string | null;
  readonly origin: string | null;
  readonly whole: number | null;
  readonly evidence: string;
  readonly position: number;
}

/** One row a finding of an agency, numbered by the revision at which it was recorded. */
export interface EnterpriseClearanceRow {
  readonly credit_code: string;
  readonly revision: number;
  readonly clearance: string;
  readonly agency: string;
  readonly finding: string;
  readonly found_on: string;
  /** The last day on which it counts; null until the next finding. */
  readonly valid_until: string | null;
  readonly document_no: string;
  readonly note: string | null;
  readonly recorded_by: string;
  readonly evidence: string;
  readonly position: number;
}

/** One row a title and year. Held on a day: awarded_on <= day, and day < withdrawn_on. */
export interface EnterpriseTitleRow {
  readonly credit_code: string;
  readonly title: string;
  readonly year: number;
  readonly name: string;
  readonly grade: string | null;
  readonly awarded_on: string;
  readonly document_no: string;
  readonly withdrawn_on: string | null;
  readonly withdrawal_reason: string | null;
  readonly recorded_by: string;
  readonly evidence: string;
  readonly position: number;
}

/** The tables, by name, as queries read them. */
export interface DossierTables {
  readonly enterprise: EnterpriseRow;
  readonly enterprise_name: EnterpriseNameRow;
  readonly enterprise_fact: EnterpriseFactRow;
  readonly enterprise_certificate: EnterpriseCertificateRow;
  readonly enterprise_move: EnterpriseMoveRow;
  readonly enterprise_clearance: EnterpriseClearanceRow;
  readonly enterprise_title: EnterpriseTitleRow;
}

export const enterpriseTable = table<EnterpriseRow>({
  name: 'enterprise',
  columns: {
    credit_code: 'text',
    name: 'text',
    name_from: 'text',
    region: 'text',
    registered_on: 'text',
    credit_code_flagged: 'integer',
    status: 'text',
    survivor: 'text',
    merged_on: 'text',
    absorbed: 'text',
    absorbed_on: 'text',
    effective_on: 'text',
    facts: 'integer',
    disputed_facts: 'integer',
    revision: 'integer',
    position: 'integer',
  },
  key: ['credit_code'],
  indexes: [['name']],
});

export const nameTable = table<EnterpriseNameRow>({
  name: 'enterprise_name',
  columns: { credit_code: 'text', revision: 'integer', name: 'text', valid_from: 'text', evidence: 'text', recorded_by: 'text' },
  key: ['credit_code', 'revision'],
  indexes: [['name']],
});

export const factTable = table<EnterpriseFactRow>({
  name: 'enterprise_fact',
  columns: {
    credit_code: 'text',
    fact_no: 'integer',
    name: 'text',
    value: 'text',
    period: 'text',
    subject: 'text',
    source_unit: 'text',
    verification: 'text',
    checked_by: 'text',
    checked_on: 'text',
    checked_evidence: 'text',
    dispute_reason: 'text',
    disputed_by: 'text',
    disputed_on: 'text',
    corrects_no: 'integer',
    corrected_by_no: 'integer',
    recorded_by: 'text',
    effective_on: 'text',
    recorded_at: 'text',
    evidence: 'text',
    position: 'integer',
  },
  key: ['credit_code', 'fact_no'],
  indexes: [['name', 'period', 'effective_on']],
});

export const certificateTable = table<EnterpriseCertificateRow>({
  name: 'enterprise_certificate',
  columns: {
    credit_code: 'text',
    reference: 'text',
    number: 'text',
    kind: 'text',
    certification: 'text',
    issued_on: 'text',
    expires_on: 'text',
    issuer: 'text',
    revoked_on: 'text',
    revocation_reason: 'text',
    corrections: 'integer',
    recorded_by: 'text',
    effective_on: 'text',
    evidence: 'text',
    position: 'integer',
  },
  key: ['credit_code', 'reference'],
  indexes: [['kind', 'expires_on'], ['reference']],
});

export const moveTable = table<EnterpriseMoveRow>({
  name: 'enterprise_move',
  columns: {
    credit_code: 'text',
    move_no: 'integer',
    kind: 'text',
    moved_on: 'text',
    moved_from: 'text',
    origin: 'text',
    whole: 'integer',
    evidence: 'text',
    position: 'integer',
  },
  key: ['credit_code', 'move_no'],
  indexes: [['kind', 'moved_on']],
});

export const clearanceTable = table<EnterpriseClearanceRow>({
  name: 'enterprise_clearance',
  columns: {
    credit_code: 'text',
    revision: 'integer',
    clearance: 'text',
    agency: 'text',
    finding: 'text',
    found_on: 'text',
    valid_until: 'text',
    document_no: 'text',
    note: 'text',
    recorded_by: 'text',
    evidence: 'text',
    position: 'integer',
  },
  key: ['credit_code', 'revision'],
  indexes: [['clearance', 'found_on']],
});

export const titleTable = table<EnterpriseTitleRow>({
  name: 'enterprise_title',
  columns: {
    credit_code: 'text',
    title: 'text',
    year: 'integer',
    name: 'text',
    grade: 'text',
    awarded_on: 'text',
    document_no: 'text',
    withdrawn_on: 'text',
    withdrawal_reason: 'text',
    recorded_by: 'text',
    evidence: 'text',
    position: 'integer',
  },
  key: ['credit_code', 'title', 'year'],
  indexes: [['title', 'year', 'credit_code']],
});

export type {
  AbsorbEnterprise,
  AwardTitle,
  EnterpriseCommand,
  MergeEnterprise,
  NewFact,
  RecordCertificate,
  RecordClearance,
  RecordFacts,
  RegisterEnterprise,
  WithdrawTitle,
} from './decide.js';
export { enterpriseDecider } from './decide.js';
export { type DossierView, FindDossier } from './dossier/find-dossier.query.js';
export { type EnterpriseSummary, ListEnterprises } from './dossier/list-enterprises.query.js';
export { type TitleHolder, ListTitleHolders } from './dossier/list-title-holders.query.js';
export type { DossierTables } from './dossier/dossier.tables.js';
export { Dossiers } from './dossiers.js';
export {
  type Certificate,
  certificateOf,
  CERTIFICATIONS,
  type Clearance,
  clearanceOf,
  creditCodeOfStream,
  creditCodesOf,
  type Dossier,
  type EnterpriseEvent,
  enterpriseStream,
  type Fact,
  factOf,
  hasDeparted,
  HNTE,
  isInForce,
  lastMove,
  type Move,
  nameOn,
  type Title,
  titlesOf,
} from './enterprise.js';
export { enterpriseEvents } from './enterprise.codec.js';
export { EnterprisesModule, type EnterprisesOptions } from './enterprises.module.js';
export { RunEnterpriseCommand } from './handlers/run-enterprise-command.js';
export {
  type InputSource,
  type Occasion,
  type ResolvableInput,
  type ResolvedInputs,
  resolveInputs,
  type UnknownInput,
  type UsedInput,
} from './resolve-inputs.js';
export {
  agenciesAsked,
  type ClearanceDefinition,
  FACT_VOCABULARY,
  type FactDefinition,
  type FactVocabulary,
  periodFault,
  subjectFault,
  type TitleDefinition,
  valueFault,
  vocabularyOf,
} from './vocabulary.js';
export { nameOnDay } from './dossier/name-on-day.js';

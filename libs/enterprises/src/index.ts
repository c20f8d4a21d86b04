export type { AbsorbEnterprise, EnterpriseCommand, MergeEnterprise, NewFact, RecordFacts, RegisterEnterprise } from './decide.js';
export { enterpriseDecider } from './decide.js';
export { type DossierView, FindDossier } from './dossier/find-dossier.query.js';
export { type EnterpriseSummary, ListEnterprises } from './dossier/list-enterprises.query.js';
export type { DossierTables } from './dossier/dossier.tables.js';
export { Dossiers } from './dossiers.js';
export {
  type Certificate,
  certificateOf,
  creditCodesOf,
  currentFact,
  type Dossier,
  type EnterpriseEvent,
  enterpriseStream,
  type Fact,
  hasDeparted,
  HNTE,
  isInForce,
  lastMove,
  type Move,
  nameOn,
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
export { FACT_VOCABULARY, type FactDefinition, type FactVocabulary, vocabularyOf } from './vocabulary.js';

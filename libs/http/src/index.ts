export { AllowAnyRole, AllowRoles, type AuthenticatedRequest, OpenToAll } from './access.guard.js';
export { refuseDeepBodies } from './body-depth.js';
export { CommandDto, Context } from './command-context.js';
export { IsBusinessDay, IsCreditCode, IsMoney, IsText, MayBeLeftOut } from './decorators.js';
export { EvidenceDto, IsEvidenceList, IsListOf } from './evidence.dto.js';
export { HttpModule } from './http.module.js';
export { cursorKey, type Page, PageDto, pageOf } from './paging.js';
export { type ProblemDocument, sendProblem } from './problem.filter.js';
export { Tokens } from './tokens.js';

import { Body, Controller, HttpCode, Post, Req, type StreamableFile } from '@nestjs/common';
import { AllowRoles, type AuthenticatedRequest } from '@app/http';
import { invalidField } from '@app/kernel';
import { parsePack, readBundledSource } from '@app/policies';
import { jsonLines } from '../json-lines.js';
import { readChanges } from './pack-changes.js';
import { WhatIfDto } from './what-if.dto.js';
import { type Assumption, WhatIf } from './what-if.js';

/** 假设测算 */
@Controller('v1/audit/what-if')
export class WhatIfController {
  constructor(private readonly whatIf: WhatIf) {}

  /** 假设测算: every award replayed under a changed policy; a question that needs a body, not a command: it takes no Idempotency-Key and writes nothing. JSON Lines of progress, differences and a summary */
  @Post()
  @HttpCode(200)
  @AllowRoles('administrator', 'auditor', 'finance')
  async run(@Body() input: WhatIfDto, @Req() request: AuthenticatedRequest): Promise<StreamableFile> {
    const work = await this.whatIf.prepared(assumptionOf(input));
    return jsonLines(work, request.url.split('?')[0] ?? '');
  }
}

function assumptionOf({ pack, set, text, file, source }: WhatIfDto): Assumption {
  if (set === undefined) {
    if (text === undefined) throw invalidField('set', 'one-of', 'say what is changed: pack and set, or text');
    const changed = parsePack(text, file ?? 'text', (name) => source ?? readBundledSource(name));
    if (pack !== undefined && pack !== changed.id) throw invalidField('pack', 'same-pack', `the text is of ${changed.id}, not of ${pack}`);
    return { text: changed };
  }
  if (text !== undefined) throw invalidField('text', 'one-of', 'give single changes or a whole text, not both');
  if (pack === undefined) throw invalidField('pack', 'required', 'name the policy whose text is changed');
  return { pack, set, changes: readChanges(set) };
}

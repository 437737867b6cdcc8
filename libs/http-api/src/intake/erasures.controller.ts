import { createHmac } from 'node:crypto';
import { Controller, Delete, Inject, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { checkCuid, formatInstant } from '@tessera/tag-catalog';
import { Answers } from '../openapi/answers.decorator';
import { ERASURE_EXAMPLE } from '../openapi/examples';
import { HTTP_API_OPTIONS } from '../ports';
import { invalidRequest } from '../problem/http-problem';
import type { ErasureReceipt } from '../users/user-desk';
import { ERASURE_SINK } from './intake-ports';
import type { ErasureSink } from '../messages/message-sink';
import type { IntakeApiOptions } from './intake-ports';

@ApiTags('users')
@Controller('v1/users')
export class ErasuresController {
  constructor(
    @Inject(ERASURE_SINK) private readonly sink: ErasureSink,
    @Inject(HTTP_API_OPTIONS) private readonly options: IntakeApiOptions,
  ) {}

  @Delete(':cuid')
  @Answers({ summary: 'Erase a user everywhere; known or not', example: ERASURE_EXAMPLE, refusals: [503] })
  async erase(@Param('cuid') cuid: string): Promise<ErasureReceipt> {
    const { secret, clock, cuidPattern } = this.options;
    const checked = checkCuid(cuid, cuidPattern ?? undefined);
    if (!checked.ok) throw invalidRequest('/cuid', checked.code, checked.message);
    const nowMs = clock();
    const { offset } = await this.sink.erase(checked.cuid, nowMs);
    return {
      receipt: createHmac('sha256', secret).update(`erasure ${offset}`).digest('base64url'),
      erasedAt: formatInstant(nowMs),
      offset,
    };
  }
}

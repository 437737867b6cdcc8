import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Answers } from '../openapi/answers.decorator';
import { MESSAGE_EXAMPLE, MESSAGES_ANSWER_EXAMPLE } from '../openapi/examples';
import { MessageDesk } from './message-desk';

/** Reads the request as a stream: no body parser, no DTO. */
@ApiTags('messages')
@Controller('v1/messages')
export class MessagesController {
  constructor(@Inject(MessageDesk) private readonly desk: MessageDesk) {}

  @Post()
  @HttpCode(200)
  @Answers({
    summary: 'Write messages: a JSON array, or NDJSON of any length',
    example: MESSAGES_ANSWER_EXAMPLE,
    refusals: [413, 415, 429, 503],
    bodies: {
      'application/json': { schema: { type: 'array', items: { type: 'object' } }, example: [MESSAGE_EXAMPLE] },
      'application/x-ndjson': { schema: { type: 'string' }, example: `${JSON.stringify(MESSAGE_EXAMPLE)}\n` },
    },
  })
  take(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    return this.desk.take(request, response);
  }
}

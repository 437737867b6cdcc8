import { Controller, Get, HttpCode, Post } from '@nestjs/common';

/** Does nothing but what Nest does for every endpoint, a JSON body included. */
@Controller('empty')
export class EmptyEndpointController {
  @Get(':key')
  get(): object {
    return {};
  }

  @Post()
  @HttpCode(200)
  post(): object {
    return {};
  }
}

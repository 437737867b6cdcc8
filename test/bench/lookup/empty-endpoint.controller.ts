import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';

/** Does nothing but what every Nest endpoint does. */
@Controller('empty')
export class EmptyEndpointController {
  @Get(':key')
  get(@Param('key') _key: string): object {
    return {};
  }

  @Post()
  @HttpCode(200)
  post(@Body() _body: unknown): object {
    return {};
  }
}

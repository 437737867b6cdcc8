import { All, Controller } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { notBuilt } from '../problem/http-problem';

/** The paths of the API that need an engine, where there is none. */
@ApiExcludeController()
@Controller('v1')
export class NotBuiltController {
  @All([
    ...['tags', 'tags/*path', 'segmentation/*path', 'lists', 'lists/*path', 'verify'],
    ...['users/batch', 'users/evaluate-batch', 'users/:cuid', 'users/:cuid/*path'],
  ])
  refuse(): never {
    throw notBuilt('This path');
  }
}

import { SetMetadata } from '@nestjs/common';
import type { CustomDecorator } from '@nestjs/common';

export const TAKES_QUERY = 'tessera:takes-query';

/** A route with query parameters. Others refuse any. */
export const TakesQuery = (): CustomDecorator => SetMetadata(TAKES_QUERY, true);

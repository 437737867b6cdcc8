import { SetMetadata } from '@nestjs/common';
import type { CustomDecorator } from '@nestjs/common';

export const IS_OPEN = 'tessera:open';

/** A route that answers without a key, such as a health check. */
export const Open = (): CustomDecorator => SetMetadata(IS_OPEN, true);

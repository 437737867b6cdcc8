import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { MayBeAbsent } from './parse-dto';

/** The query of reads that take nothing else. */
export class MinOffsetQuery {
  @ApiPropertyOptional({ description: 'offset that a write answered: wait until it is visible, at most 10 s' })
  @MayBeAbsent()
  @IsString()
  minOffset?: string;
}

import { ApiPropertyOptional, ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsString } from 'class-validator';
import { MayBeAbsent } from '../requests/parse-dto';
import { IsWholeNumberText } from '../requests/is-whole-number-text.decorator';
import { MinOffsetQuery } from '../requests/min-offset.dto';
import { ReadDto } from '../segmentation/segmentation.dto';

const CUIDS_MAX = 1_000;
const AUDIENCES_MAX = 100;

export class UserEventsQuery extends MinOffsetQuery {
  @ApiPropertyOptional({ description: 'one event type; default: all', example: 'order_paid' })
  @MayBeAbsent()
  @IsString()
  type?: string;

  @ApiPropertyOptional({ description: '1 to 1,000', default: 100, example: '20' })
  @MayBeAbsent()
  @IsWholeNumberText(1, 1_000)
  limit?: string;

  @ApiPropertyOptional({ description: 'only rows before this instant (RFC 3339 with zone)' })
  @MayBeAbsent()
  @IsString()
  before?: string;

  @ApiPropertyOptional({ description: 'nextCursor of the page before' })
  @MayBeAbsent()
  @IsString()
  cursor?: string;
}

export class UsersBatchDto extends ReadDto {
  @ApiProperty({
    description: 'at most 1,000 cuids; answered in the same order',
    type: [String],
    example: ['c000001', 'nobody'],
  })
  @IsArray()
  @ArrayMaxSize(CUIDS_MAX)
  cuids!: unknown[];

  @ApiPropertyOptional({ description: 'only these tags', type: [String], example: ['city'] })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(1_000)
  @IsString({ each: true })
  tags?: string[];
}

export class EvaluateDto extends ReadDto {
  @ApiPropertyOptional({
    description: 'an expression; either this or audiences',
    type: Object,
    example: { tag: 'level', op: 'gte', value: 3 },
  })
  @MayBeAbsent()
  expression?: unknown;

  @ApiPropertyOptional({ description: 'ids of 1 to 100 audiences', type: [String] })
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(AUDIENCES_MAX)
  @IsString({ each: true })
  audiences?: string[];

  @ApiPropertyOptional({ description: 'true: explain why or why not' })
  @MayBeAbsent()
  @IsBoolean()
  why?: boolean;
}

export class EvaluateBatchDto extends EvaluateDto {
  @ApiProperty({
    description: 'at most 1,000 cuids; answered in the same order',
    type: [String],
    example: ['c000001', 'nobody'],
  })
  @IsArray()
  @ArrayMaxSize(CUIDS_MAX)
  cuids!: unknown[];
}
